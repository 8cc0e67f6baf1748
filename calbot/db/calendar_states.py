"""How far each calendar has been read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from calbot.core.model import CalendarName, Cursor, Mark
from calbot.ports import CalendarState

from .encoding import optional_from_ms, optional_to_ms, to_ms
from .transaction import Row, Transactor, parameters

_IN_LIST = 500


class DatabaseCalendarStates:
    """The half of `ports.CalendarStore` that is about calendars as a whole."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def state(self, calendar: CalendarName) -> CalendarState:
        row = await self._sql.row("SELECT * FROM calendar_state WHERE calendar = $1", calendar)
        return CalendarState(calendar) if row is None else _state(row)

    async def states(self, calendars: Sequence[CalendarName]) -> Mapping[CalendarName, CalendarState]:
        found: dict[CalendarName, CalendarState] = {}
        for lot in _lots(calendars):
            query = f"SELECT * FROM calendar_state WHERE calendar IN ({parameters(1, len(lot))})"  # noqa: S608 placeholders only
            found.update({CalendarName(row["calendar"]): _state(row) for row in await self._sql.rows(query, *lot)})
        return found

    async def save_state(self, state: CalendarState) -> None:
        await self._sql.execute(
            """INSERT INTO calendar_state (calendar, sync_cursor, synced_at, tried_at, failures, problem, horizon,
                                           mark, changed_at, compared_at, writable)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (calendar) DO UPDATE SET
                   sync_cursor = excluded.sync_cursor, synced_at = excluded.synced_at, tried_at = excluded.tried_at,
                   failures = excluded.failures, problem = excluded.problem, horizon = excluded.horizon,
                   mark = excluded.mark, changed_at = excluded.changed_at, compared_at = excluded.compared_at,
                   writable = excluded.writable""",
            state.calendar,
            state.cursor,
            optional_to_ms(state.synced_at),
            optional_to_ms(state.tried_at),
            state.failures,
            state.problem,
            optional_to_ms(state.horizon),
            state.mark,
            optional_to_ms(state.changed_at),
            optional_to_ms(state.compared_at),
            state.writable,
        )

    async def note_unchanged(self, calendars: Sequence[CalendarName], at: datetime) -> None:
        for lot in _lots(calendars):
            await self._sql.execute(
                f"""UPDATE calendar_state SET synced_at = $1, tried_at = $1, failures = 0, problem = NULL
                    WHERE calendar IN ({parameters(2, len(lot))})""",  # noqa: S608 placeholders only
                to_ms(at),
                *lot,
            )

    async def note_failure(self, calendars: Sequence[CalendarName], problem: str, at: datetime) -> None:
        await self._sql.execute_many(
            """INSERT INTO calendar_state (calendar, tried_at, failures, problem) VALUES ($1, $2, 1, $3)
               ON CONFLICT (calendar) DO UPDATE SET
                   tried_at = excluded.tried_at, problem = excluded.problem,
                   failures = calendar_state.failures + 1""",
            [(calendar, to_ms(at), problem) for calendar in calendars],
        )


def _state(row: Row) -> CalendarState:
    writable = row["writable"]
    return CalendarState(
        calendar=CalendarName(row["calendar"]),
        cursor=Cursor(row["sync_cursor"]) if row["sync_cursor"] is not None else None,
        synced_at=optional_from_ms(row["synced_at"]),
        tried_at=optional_from_ms(row["tried_at"]),
        failures=row["failures"],
        problem=row["problem"],
        horizon=optional_from_ms(row["horizon"]),
        mark=Mark(row["mark"]) if row["mark"] is not None else None,
        changed_at=optional_from_ms(row["changed_at"]),
        compared_at=optional_from_ms(row["compared_at"]),
        writable=None if writable is None else bool(writable),
    )


def _lots(calendars: Sequence[CalendarName]) -> Iterator[Sequence[CalendarName]]:
    return (calendars[at : at + _IN_LIST] for at in range(0, len(calendars), _IN_LIST))
