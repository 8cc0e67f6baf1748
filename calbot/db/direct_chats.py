"""The rooms in which people are spoken to alone."""

from __future__ import annotations

from calbot.core.model import RoomId, UserId
from calbot.ports import DirectChat

from .encoding import optional_from_ms, optional_to_ms
from .transaction import Transactor


class DatabaseDirectChats:
    """`ports.DirectChats`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def of(self, person: UserId) -> DirectChat | None:
        row = await self._sql.row("SELECT * FROM direct_chat WHERE person = $1", person)
        if row is None:
            return None
        return DirectChat(
            person=UserId(row["person"]),
            room=RoomId(row["room"]) if row["room"] is not None else None,
            invited_at=optional_from_ms(row["invited_at"]),
            key=row["trying"],
            since=optional_from_ms(row["trying_since"]),
        )

    async def save(self, chat: DirectChat) -> None:
        await self._sql.execute(
            """INSERT INTO direct_chat (person, room, invited_at, trying, trying_since) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (person) DO UPDATE SET room = excluded.room, invited_at = excluded.invited_at,
                   trying = excluded.trying, trying_since = excluded.trying_since""",
            chat.person,
            chat.room,
            optional_to_ms(chat.invited_at),
            chat.key,
            optional_to_ms(chat.since),
        )
