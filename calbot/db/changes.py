"""The changes of calendars that wait to be told, and what the bot writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from calbot.core.model import CalendarName, RoomId, Uid
from calbot.core.untold import PastState
from calbot.ports import OwnWrite

from .encoding import decode_occurrences, encode_occurrences, from_ms, storable, to_ms
from .transaction import Row, Transactor

_READ_HERE = 50  # states that take the event loop a few milliseconds


class DatabaseChangeLog:
    """`ports.ChangeLog`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def append(self, calendar: CalendarName, states: Sequence[PastState], now: datetime) -> tuple[int, int]:
        async with self._sql.transaction():
            highest: int | None = await self._sql.value(
                "SELECT MAX(number) FROM calendar_change WHERE calendar = $1", calendar
            )
            # Counted from the time, so that a number does not come again when all lower ones have been deleted.
            first = max((highest or 0) + 1, to_ms(now))
            await self._sql.execute_many(
                """INSERT INTO calendar_change (calendar, number, uid, before, horizon, told)
                   VALUES ($1, $2, $3, $4, $5, $6)""",
                [
                    (
                        calendar,
                        number,
                        storable(state.uid),
                        encode_occurrences(state.before),
                        to_ms(state.horizon),
                        state.told,
                    )
                    for number, state in enumerate(states, first)
                ],
            )
        return first, first + len(states) - 1

    async def between(self, calendar: CalendarName, first: int, last: int | None = None) -> Sequence[PastState]:
        rows = await self._sql.rows(
            """SELECT * FROM calendar_change WHERE calendar = $1 AND number >= $2 AND number <= $3 ORDER BY number""",
            calendar,
            first,
            last if last is not None else 1 << 62,
        )
        if len(rows) <= _READ_HERE:
            return _states(rows)
        return await asyncio.to_thread(_states, rows)

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("calendar_change", "calendar, number", "number < $1", to_ms(instant))
        await self._sql.delete_in_lots("own_write", "calendar, uid", "written_at < $1", to_ms(instant))

    async def forget_states(self, calendar: CalendarName) -> None:
        async with self._sql.transaction():
            await self._sql.execute("DELETE FROM calendar_change WHERE calendar = $1", calendar)
            await self._sql.execute("DELETE FROM own_write WHERE calendar = $1", calendar)

    async def announce_write(self, write: OwnWrite) -> None:
        await self._sql.execute(
            """INSERT INTO own_write (calendar, uid, occurrences, written_at, told) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (calendar, uid) DO UPDATE SET
                   occurrences = excluded.occurrences, written_at = excluded.written_at, told = excluded.told""",
            write.calendar,
            storable(write.uid),
            encode_occurrences(write.occurrences),
            to_ms(write.written_at),
            write.told,
        )

    async def own_writes(self, calendar: CalendarName) -> Mapping[Uid, OwnWrite]:
        rows = await self._sql.rows("SELECT * FROM own_write WHERE calendar = $1", calendar)
        return {Uid(row["uid"]): _write(row) for row in rows}

    async def settle_write(self, calendar: CalendarName, uid: Uid) -> None:
        await self._sql.execute("DELETE FROM own_write WHERE calendar = $1 AND uid = $2", calendar, storable(uid))

    async def settle_writes_before(self, calendar: CalendarName, instant: datetime) -> None:
        await self._sql.execute(
            "DELETE FROM own_write WHERE calendar = $1 AND written_at < $2", calendar, to_ms(instant)
        )

    async def shown_in(self, calendar: CalendarName) -> Sequence[RoomId]:
        rows = await self._sql.rows("SELECT room FROM shown_calendar WHERE calendar = $1 ORDER BY room", calendar)
        return [RoomId(row["room"]) for row in rows]

    async def note_shown(self, calendar: CalendarName, rooms: Sequence[RoomId]) -> None:
        await self._sql.execute_many(
            "INSERT INTO shown_calendar (calendar, room) VALUES ($1, $2) ON CONFLICT (calendar, room) DO NOTHING",
            [(calendar, room) for room in rooms],
        )

    async def note_hidden(self, calendar: CalendarName, rooms: Sequence[RoomId]) -> None:
        await self._sql.execute_many(
            "DELETE FROM shown_calendar WHERE calendar = $1 AND room = $2", [(calendar, room) for room in rooms]
        )

    async def forget(self, calendar: CalendarName) -> None:
        async with self._sql.transaction():
            for table in ("calendar_change", "own_write", "shown_calendar"):
                await self._sql.execute(f"DELETE FROM {table} WHERE calendar = $1", calendar)  # noqa: S608 constant


def _states(rows: Sequence[Row]) -> list[PastState]:
    return [
        PastState(
            uid=Uid(row["uid"]),
            before=decode_occurrences(row["before"]),
            horizon=from_ms(row["horizon"]),
            told=RoomId(row["told"]) if row["told"] is not None else None,
            number=row["number"],
        )
        for row in rows
    ]


def _write(row: Row) -> OwnWrite:
    return OwnWrite(
        calendar=CalendarName(row["calendar"]),
        uid=Uid(row["uid"]),
        occurrences=decode_occurrences(row["occurrences"]),
        written_at=from_ms(row["written_at"]),
        told=RoomId(row["told"]) if row["told"] is not None else None,
    )
