"""Notices to send, and what became of those whose time has come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from calbot.core.model import EventId, Recipient
from calbot.core.notices import Hold, Notice, NoticeKind, NoticeState

from .encoding import from_ms, optional_from_ms, optional_to_ms, read_recipient, to_json, to_ms
from .transaction import Row, Transactor, parameters

_WAITING = NoticeState.WAITING.value
_RINGS = "CASE WHEN not_before > due_at THEN not_before ELSE due_at END"
_IN_LIST = 500


class DatabaseNotices:
    """`ports.NoticeStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def add(self, notices: Sequence[Notice]) -> None:
        await self._sql.execute_many(
            """INSERT INTO notice (key, recipient, kind, subject, due_at, expires_at, state, batch, tried_since,
                                   device, attempts, not_before, hold)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               ON CONFLICT (key) DO NOTHING""",
            [_columns(notice) for notice in notices],
        )

    async def waiting(self, recipients: Sequence[Recipient], kind: NoticeKind | None = None) -> Sequence[Notice]:
        found: list[Notice] = []
        unique = list(dict.fromkeys(recipients))
        for at in range(0, len(unique), _IN_LIST):
            lot = unique[at : at + _IN_LIST]
            query = f"SELECT * FROM notice WHERE state = $1 AND recipient IN ({parameters(2, len(lot))})"  # noqa: S608 placeholders only
            found.extend(_read(row) for row in await self._sql.rows(query, _WAITING, *lot))
        return sorted((one for one in found if kind in (None, one.kind)), key=lambda one: (one.due, one.key))

    async def due_recipients(self, now: datetime) -> Mapping[Recipient, datetime]:
        rows = await self._sql.rows(
            f"""SELECT recipient, MIN(due_at) AS since FROM notice
                WHERE state = $1 AND due_at <= $2 AND {_RINGS} <= $2 GROUP BY recipient""",  # noqa: S608 constant
            _WAITING,
            to_ms(now),
        )
        return {read_recipient(row["recipient"]): from_ms(row["since"]) for row in rows}

    async def due_to(self, recipient: Recipient, now: datetime) -> Sequence[Notice]:
        rows = await self._sql.rows(
            f"""SELECT * FROM notice WHERE recipient = $1 AND state = $2 AND due_at <= $3
                AND ({_RINGS} <= $3 OR hold IN ('{Hold.UNREACHABLE.value}', '{Hold.UNAVAILABLE.value}'))
                ORDER BY due_at, key""",  # noqa: S608 constants
            recipient,
            _WAITING,
            to_ms(now),
        )
        return [_read(row) for row in rows]

    async def next_due(self, after: datetime | None = None) -> datetime | None:
        return optional_from_ms(
            await self._sql.value(
                f"SELECT MIN({_RINGS}) FROM notice WHERE state = $1 AND {_RINGS} > $2",  # noqa: S608 constant
                _WAITING,
                to_ms(after) if after is not None else -1,
            )
        )

    async def attempt(self, keys: Sequence[str], batch: str, device: str, now: datetime) -> None:
        await self._sql.execute_many(
            """UPDATE notice SET batch = COALESCE(batch, $2), device = COALESCE(device, $3),
                                 tried_since = COALESCE(tried_since, $4), attempts = attempts + 1
               WHERE key = $1""",
            [(key, batch, device, to_ms(now)) for key in keys],
        )

    async def put_off(self, keys: Sequence[str], until: datetime, hold: Hold) -> None:
        await self._sql.execute_many(
            "UPDATE notice SET not_before = $2, hold = $3 WHERE key = $1",
            [(key, to_ms(until), hold.value) for key in keys],
        )

    async def sent(self, keys: Sequence[str], event_id: EventId, now: datetime) -> None:
        await self._sql.execute_many(
            "UPDATE notice SET state = $2, event_id = $3, sent_at = $4 WHERE key = $1",
            [(key, NoticeState.SENT.value, event_id, to_ms(now)) for key in keys],
        )

    async def drop(self, keys: Sequence[str]) -> None:
        await self._sql.execute_many(
            "UPDATE notice SET state = $2 WHERE key = $1 AND state = $3",
            [(key, NoticeState.DROPPED.value, _WAITING) for key in keys],
        )

    async def transfer(self, old: Recipient, new: Recipient) -> None:
        await self._sql.execute(
            "UPDATE notice SET recipient = $2 WHERE recipient = $1 AND state = $3 AND batch IS NULL", old, new, _WAITING
        )

    async def withdraw(self, recipient: Recipient) -> None:
        await self._sql.execute(
            "UPDATE notice SET state = $2 WHERE recipient = $1 AND state = $3",
            recipient,
            NoticeState.DROPPED.value,
            _WAITING,
        )

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("notice", "key", "due_at < $1 AND state <> $2", to_ms(instant), _WAITING)


def _columns(notice: Notice) -> tuple[object, ...]:
    return (
        notice.key,
        notice.recipient,
        notice.kind.value,
        to_json(notice.subject),
        to_ms(notice.due),
        optional_to_ms(notice.expires),
        notice.state.value,
        notice.batch,
        optional_to_ms(notice.tried_since),
        notice.device,
        notice.attempts,
        optional_to_ms(notice.not_before),
        notice.hold.value if notice.hold else None,
    )


def _read(row: Row) -> Notice:
    return Notice(
        key=row["key"],
        recipient=read_recipient(row["recipient"]),
        kind=NoticeKind(row["kind"]),
        subject=json.loads(row["subject"]),
        due=from_ms(row["due_at"]),
        expires=optional_from_ms(row["expires_at"]),
        state=NoticeState(row["state"]),
        batch=row["batch"],
        tried_since=optional_from_ms(row["tried_since"]),
        device=row["device"],
        attempts=row["attempts"],
        not_before=optional_from_ms(row["not_before"]),
        hold=Hold(row["hold"]) if row["hold"] is not None else None,
    )
