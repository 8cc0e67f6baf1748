"""The record of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calbot.core.audit import Entry, Outcome
from calbot.core.model import CalendarName, RoomId, Uid, UserId

from .encoding import from_ms, recurrence_column, recurrence_from, storable, to_ms
from .transaction import Row, Transactor


class DatabaseAudit:
    """`ports.AuditLog`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def add(self, entry: Entry) -> bool:
        added = await self._sql.value(
            """INSERT INTO audit (key, cause, done_at, actor, room, action, calendar, uid, recurrence_id, outcome)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING RETURNING key""",
            entry.key,
            entry.cause,
            to_ms(entry.at),
            entry.actor,
            entry.room,
            entry.action,
            entry.calendar,
            None if entry.uid is None else storable(entry.uid),
            recurrence_column(entry.recurrence_id),
            entry.outcome.value,
        )
        return added is not None

    async def settle(self, key: str, outcome: Outcome) -> Entry | None:
        row = await self._sql.row(
            "UPDATE audit SET outcome = $2 WHERE key = $1 AND outcome IN ($3, $4) AND outcome <> $2 RETURNING *",
            key,
            outcome.value,
            Outcome.BEGUN.value,
            Outcome.FAILED.value,  # tried once more, and now the calendar took it
        )
        return None if row is None else _read(row)

    async def begun(self, cause: str) -> Sequence[Entry]:
        rows = await self._sql.rows(
            "SELECT * FROM audit WHERE cause = $1 AND outcome = $2 ORDER BY number", cause, Outcome.BEGUN.value
        )
        return [_read(row) for row in rows]

    async def refused(self, actor: UserId, since: datetime) -> int:
        number: int = await self._sql.value(
            "SELECT COUNT(*) FROM audit WHERE actor = $1 AND done_at >= $2 AND outcome = $3",
            actor,
            to_ms(since),
            Outcome.FORBIDDEN.value,
        )
        return number

    async def newest(self, limit: int) -> Sequence[Entry]:
        rows = await self._sql.rows("SELECT * FROM audit ORDER BY number DESC LIMIT $1", limit)
        return [_read(row) for row in rows]

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("audit", "number", "done_at < $1", to_ms(instant))


def _read(row: Row) -> Entry:
    return Entry(
        key=row["key"],
        cause=row["cause"],
        at=from_ms(row["done_at"]),
        actor=row["actor"],
        room=None if row["room"] is None else RoomId(row["room"]),
        action=row["action"],
        calendar=None if row["calendar"] is None else CalendarName(row["calendar"]),
        uid=None if row["uid"] is None else Uid(row["uid"]),
        recurrence_id=recurrence_from(row["recurrence_id"]),
        outcome=Outcome(row["outcome"]),
    )
