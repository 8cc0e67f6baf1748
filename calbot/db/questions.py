"""Questions the bot asked that nobody has answered yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calbot.core.model import EventId, RoomId, UserId
from calbot.ports import Question

from .encoding import from_ms, optional_from_ms, to_ms
from .transaction import Row, Transactor


class DatabaseQuestions:
    """`ports.Questions`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def save(self, question: Question) -> None:
        await self._sql.execute(
            """INSERT INTO question (event_id, room, asker, command, choices, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (event_id) DO UPDATE SET
                   room = excluded.room, asker = excluded.asker, command = excluded.command,
                   choices = excluded.choices, expires_at = excluded.expires_at""",
            question.event_id,
            question.room,
            question.asker,
            question.command,
            question.choices,
            to_ms(question.expires_at),
        )

    async def at(self, room: RoomId, event_id: EventId) -> Question | None:
        row = await self._sql.row("SELECT * FROM question WHERE room = $1 AND event_id = $2", room, event_id)
        return None if row is None else _read(row)

    async def open_for(self, room: RoomId, user: UserId) -> Sequence[Question]:
        rows = await self._sql.rows(
            "SELECT * FROM question WHERE room = $1 AND asker = $2 ORDER BY id DESC", room, user
        )
        return [_read(row) for row in rows]

    async def open_in(self, room: RoomId) -> Sequence[Question]:
        rows = await self._sql.rows("SELECT * FROM question WHERE room = $1 ORDER BY id DESC", room)
        return [_read(row) for row in rows]

    async def close(self, event_id: EventId) -> bool:
        closed = await self._sql.value("DELETE FROM question WHERE event_id = $1 RETURNING id", event_id)
        return closed is not None

    async def expired(self, now: datetime) -> Sequence[Question]:
        rows = await self._sql.rows("SELECT * FROM question WHERE expires_at <= $1 ORDER BY id", to_ms(now))
        return [_read(row) for row in rows]

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("question", "id", "expires_at < $1", to_ms(instant))

    async def next_expiry(self) -> datetime | None:
        return optional_from_ms(await self._sql.value("SELECT MIN(expires_at) FROM question"))


def _read(row: Row) -> Question:
    return Question(
        event_id=EventId(row["event_id"]),
        room=RoomId(row["room"]),
        asker=UserId(row["asker"]),
        command=EventId(row["command"]),
        choices=row["choices"],
        expires_at=from_ms(row["expires_at"]),
    )
