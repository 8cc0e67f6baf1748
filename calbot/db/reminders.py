"""Reminders to send, and what became of those whose time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from calbot.core.model import CalendarName, EventId, Recipient, Uid
from calbot.core.reminders import Reminder, ReminderState

from .encoding import (
    from_ms,
    optional_from_ms,
    optional_to_ms,
    read_recipient,
    recurrence_column,
    recurrence_from,
    to_ms,
)
from .transaction import Row, Transactor, parameters

_WAITING = ReminderState.WAITING.value
_RINGS = "CASE WHEN not_before > due_at THEN not_before ELSE due_at END"
_IN_LIST = 500
_READ_HERE = 500  # reminders that take the event loop a few milliseconds


class DatabaseReminders:
    """`ports.ReminderStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def plan_alone(self) -> None:
        await self._sql.stand_in_line("reminder")

    async def about(self, uids: Sequence[Uid]) -> Sequence[Reminder]:
        rows: list[Row] = []
        for lot in _lots(uids):
            query = f"SELECT * FROM reminder WHERE uid IN ({parameters(1, len(lot))})"  # noqa: S608 placeholders only
            rows += await self._sql.rows(query, *lot)
        return await _read_all(rows)

    async def waiting(self, recipient: Recipient) -> Sequence[Reminder]:
        rows = await self._sql.rows("SELECT * FROM reminder WHERE recipient = $1 AND state = $2", recipient, _WAITING)
        return await _read_all(rows)

    async def waiting_about(self, recipient: Recipient | None = None) -> Sequence[Uid]:
        rows = await self._sql.rows(
            "SELECT DISTINCT uid FROM reminder WHERE state = $1 AND (recipient = $2 OR $2 = '')",
            _WAITING,
            recipient or "",
        )
        return [Uid(row["uid"]) for row in rows]

    async def apply(self, insert: Sequence[Reminder], cancel: Sequence[str]) -> None:
        async with self._sql.transaction():
            await self._set_state(cancel, ReminderState.CANCELLED)
            await self._sql.execute_many(
                """INSERT INTO reminder (id, recipient, calendar, uid, recurrence_id, starts_at, ends_at, lead, due_at,
                                         state, batch, tried_since, device, attempts, not_before)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                   ON CONFLICT (id) DO UPDATE SET
                       calendar = excluded.calendar, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                       due_at = excluded.due_at, state = excluded.state
                   WHERE reminder.state IN ('waiting', 'cancelled')""",
                [_columns(reminder) for reminder in insert],
            )

    async def due_to(self, recipient: Recipient, now: datetime) -> Sequence[Reminder]:
        rows = await self._sql.rows(
            "SELECT * FROM reminder WHERE recipient = $1 AND state = $2 AND due_at <= $3 ORDER BY starts_at, id",
            recipient,
            _WAITING,
            to_ms(now),
        )
        return [_read(row) for row in rows]

    async def due_recipients(self, now: datetime) -> Mapping[Recipient, datetime]:
        rows = await self._sql.rows(
            f"""SELECT recipient, MIN(starts_at) AS start FROM reminder
                WHERE state = $1 AND due_at <= $2 AND {_RINGS} <= $2 GROUP BY recipient""",  # noqa: S608 constant
            _WAITING,
            to_ms(now),
        )
        return {read_recipient(row["recipient"]): from_ms(row["start"]) for row in rows}

    async def next_due(self, after: datetime | None = None) -> datetime | None:
        later_than = to_ms(after) if after is not None else -1
        # Two questions with an index each; together they would read all that waits.
        planned = await self._sql.value(
            """SELECT due_at FROM reminder WHERE state = $1 AND due_at > $2
               AND (not_before IS NULL OR not_before <= due_at) ORDER BY due_at LIMIT 1""",
            _WAITING,
            later_than,
        )
        put_off = await self._sql.value(
            "SELECT MIN(not_before) FROM reminder WHERE not_before > $2 AND not_before > due_at AND state = $1",
            _WAITING,
            later_than,
        )
        return optional_from_ms(min((instant for instant in (planned, put_off) if instant is not None), default=None))

    async def attempt(self, ids: Sequence[str], batch: str, device: str, now: datetime) -> None:
        await self._sql.execute_many(
            """UPDATE reminder SET batch = COALESCE(batch, $2), device = COALESCE(device, $3),
                                   tried_since = COALESCE(tried_since, $4), attempts = attempts + 1
               WHERE id = $1""",
            [(id, batch, device, to_ms(now)) for id in ids],
        )

    async def put_off(self, ids: Sequence[str], until: datetime) -> None:
        await self._sql.execute_many(
            "UPDATE reminder SET not_before = $2 WHERE id = $1", [(id, to_ms(until)) for id in ids]
        )

    async def sent(self, ids: Sequence[str], event_id: EventId, now: datetime) -> None:
        await self._sql.execute_many(
            "UPDATE reminder SET state = $2, event_id = $3, sent_at = $4 WHERE id = $1",
            [(id, ReminderState.SENT.value, event_id, to_ms(now)) for id in ids],
        )

    async def skip(self, ids: Sequence[str]) -> None:
        await self._set_state(ids, ReminderState.SKIPPED)

    async def _set_state(self, ids: Sequence[str], state: ReminderState) -> None:
        await self._sql.execute_many(
            "UPDATE reminder SET state = $2 WHERE id = $1 AND state = $3", [(id, state.value, _WAITING) for id in ids]
        )

    async def next_for(self, calendar: CalendarName, recipients: Collection[Recipient]) -> datetime | None:
        nearest: list[int] = []
        for lot in _lots([*recipients]):
            among = parameters(3, len(lot))
            query = f"SELECT MIN({_RINGS}) FROM reminder WHERE calendar = $1 AND state = $2 AND recipient IN ({among})"  # noqa: S608 constants and placeholders only
            rings = await self._sql.value(query, calendar, _WAITING, *lot)
            nearest += [] if rings is None else [rings]
        return optional_from_ms(min(nearest, default=None))

    async def forget_before(self, instant: datetime) -> None:
        """By the end of the event: one sent long ahead of it must stay known, else it would be planned anew."""
        await self._sql.delete_in_lots("reminder", "id", "ends_at < $1", to_ms(instant))


def _lots(items: Sequence[str]) -> list[list[str]]:
    unique = list(dict.fromkeys(items))
    return [unique[at : at + _IN_LIST] for at in range(0, len(unique), _IN_LIST)]


def _columns(reminder: Reminder) -> tuple[object, ...]:
    return (
        reminder.id,
        reminder.recipient,
        reminder.calendar,
        reminder.uid,
        recurrence_column(reminder.recurrence_id),
        to_ms(reminder.start),
        to_ms(reminder.end),
        reminder.lead,
        to_ms(reminder.due),
        reminder.state.value,
        reminder.batch,
        optional_to_ms(reminder.tried_since),
        reminder.device,
        reminder.attempts,
        optional_to_ms(reminder.not_before),
    )


async def _read_all(rows: Sequence[Row]) -> Sequence[Reminder]:
    if len(rows) <= _READ_HERE:
        return [_read(row) for row in rows]
    return await asyncio.to_thread(lambda: [_read(row) for row in rows])


def _read(row: Row) -> Reminder:
    return Reminder(
        id=row["id"],
        recipient=read_recipient(row["recipient"]),
        calendar=CalendarName(row["calendar"]),
        uid=Uid(row["uid"]),
        recurrence_id=recurrence_from(row["recurrence_id"]),
        start=from_ms(row["starts_at"]),
        end=from_ms(row["ends_at"]),
        lead=row["lead"],
        due=from_ms(row["due_at"]),
        state=ReminderState(row["state"]),
        batch=row["batch"],
        tried_since=optional_from_ms(row["tried_since"]),
        device=row["device"],
        attempts=row["attempts"],
        not_before=optional_from_ms(row["not_before"]),
    )
