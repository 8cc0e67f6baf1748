"""The mirror of the calendars: objects, what their components say, and when they take place.

Which occurrences overlap a window? An index on the start alone would have to be read from its beginning, for an event
may have begun long ago. So each occurrence is put into a class by its length, and the index is (calendar, class,
start): within a class only starts up to that class's greatest length before the window can matter. Nearly everything
is short, so a week is read with little more than that week's rows; the few long events cost a few more rows of their
own class.

All-day and floating occurrences have no instant before a reader's zone is chosen. A local time comes at most 14 hours
before the same time in UTC, and 12 after, so `earliest` and `latest` are widened by 14 hours for these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from calbot.core.model import (
    AllDay,
    CalendarName,
    Cursor,
    Details,
    Etag,
    Href,
    Occurrence,
    OccurrenceId,
    Status,
    Uid,
)
from calbot.ports import CalendarState, StoredObject

from .encoding import (
    date_to_ms,
    decode_details,
    decode_when,
    encode_details,
    encode_when,
    optional_from_ms,
    optional_to_ms,
    recurrence_column,
    recurrence_from,
    searchable,
    storable,
    to_json,
    to_ms,
)
from .transaction import Row, Transactor, parameters

_HOUR = 3_600_000
_ZONE_SLACK = 14 * _HOUR
_LENGTHS = (3 * 24 * _HOUR, 24 * 24 * _HOUR, 192 * 24 * _HOUR)  # of the classes; the last class has no bound
_FOREVER = 1 << 62
_UNLIMITED = 1 << 31  # LIMIT NULL is PostgreSQL's, LIMIT -1 SQLite's
_LONGEST_SEARCH = 200  # more of a search is not compared; SQLite bounds a pattern at 50,000 bytes
_READ_HERE = 200  # occurrences that take the event loop a few milliseconds
_IN_LIST = 500
_LOT = 100  # objects written at once: keeps the event loop free in between

_OCCURRENCE = """
    SELECT o.object, o.component, o.calendar, o.recurrence_id, o.starts, o.ends, o.floating, c.uid, c.details, b.href
    FROM occurrence o
    JOIN component c ON c.object = o.object AND c.number = o.component
    JOIN calendar_object b ON b.id = o.object
"""
_OVERLAPPING = (
    _OCCURRENCE
    + """
    WHERE o.calendar = $1 AND o.length_class = $2 AND o.earliest >= $3 AND o.earliest < $4
      AND (o.latest > $5 OR o.earliest >= $5) AND c.search LIKE $6 ESCAPE '\\' AND c.details LIKE $8 ESCAPE '\\'
    ORDER BY o.starts_at, CASE WHEN LENGTH(o.starts) = 10 THEN 0 ELSE 1 END, c.uid, o.number LIMIT $7
"""
)


class DatabaseCalendars:
    """`ports.CalendarStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    # ------------------------------------------------------------------------------------------------- state

    async def state(self, calendar: CalendarName) -> CalendarState:
        row = await self._sql.row("SELECT * FROM calendar_state WHERE calendar = $1", calendar)
        if row is None:
            return CalendarState(calendar)
        return CalendarState(
            calendar=calendar,
            cursor=Cursor(row["sync_cursor"]) if row["sync_cursor"] is not None else None,
            synced_at=optional_from_ms(row["synced_at"]),
            tried_at=optional_from_ms(row["tried_at"]),
            failures=row["failures"],
            problem=row["problem"],
            horizon=optional_from_ms(row["horizon"]),
        )

    async def save_state(self, state: CalendarState) -> None:
        await self._sql.execute(
            """INSERT INTO calendar_state (calendar, sync_cursor, synced_at, tried_at, failures, problem, horizon)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (calendar) DO UPDATE SET
                   sync_cursor = excluded.sync_cursor, synced_at = excluded.synced_at, tried_at = excluded.tried_at,
                   failures = excluded.failures, problem = excluded.problem, horizon = excluded.horizon""",
            state.calendar,
            state.cursor,
            optional_to_ms(state.synced_at),
            optional_to_ms(state.tried_at),
            state.failures,
            state.problem,
            optional_to_ms(state.horizon),
        )

    async def calendars(self) -> Sequence[CalendarName]:
        rows = await self._sql.rows(
            """SELECT calendar FROM calendar_state UNION SELECT calendar FROM calendar_object
               UNION SELECT calendar FROM past_object"""
        )
        return sorted(CalendarName(row["calendar"]) for row in rows)

    async def forget(self, calendar: CalendarName) -> None:
        async with self._sql.transaction():
            await self._sql.execute("DELETE FROM calendar_object WHERE calendar = $1", calendar)
            await self._sql.execute("DELETE FROM past_object WHERE calendar = $1", calendar)
            await self._sql.execute("DELETE FROM calendar_state WHERE calendar = $1", calendar)

    # ----------------------------------------------------------------------------------------------- objects

    async def etags(self, calendar: CalendarName) -> Mapping[Href, Etag | None]:
        """Of objects whose contents were deleted as past, too: they are known and need not be fetched again."""
        rows = await self._sql.rows(
            """SELECT href, etag FROM calendar_object WHERE calendar = $1
               UNION ALL SELECT href, etag FROM past_object WHERE calendar = $1""",
            calendar,
        )
        return {Href(row["href"]): Etag(row["etag"]) if row["etag"] is not None else None for row in rows}

    async def put(self, objects: Sequence[StoredObject]) -> None:
        latest = {(entry.calendar, entry.href): entry for entry in objects}
        async with self._sql.transaction():
            entries = list(latest.values())
            for at in range(0, len(entries), _LOT):
                await self._put_lot(entries[at : at + _LOT])

    async def _put_lot(self, entries: Sequence[StoredObject]) -> None:
        keys = [(entry.calendar, entry.href) for entry in entries]
        await self._sql.execute_many("DELETE FROM past_object WHERE calendar = $1 AND href = $2", keys)
        await self._sql.execute_many(
            """INSERT INTO calendar_object (calendar, href, etag, uid, data, recurring, problem)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (calendar, href) DO UPDATE SET
                   etag = excluded.etag, uid = excluded.uid, data = excluded.data,
                   recurring = excluded.recurring, problem = excluded.problem""",
            [(e.calendar, e.href, e.etag, storable(e.uid), storable(e.data), e.recurring, e.problem) for e in entries],
        )
        ids: dict[tuple[CalendarName, Href], int] = {}
        for calendar in {entry.calendar for entry in entries}:
            hrefs = [entry.href for entry in entries if entry.calendar == calendar]
            query = (
                f"SELECT id, href FROM calendar_object WHERE calendar = $1 AND href IN ({parameters(2, len(hrefs))})"  # noqa: S608 placeholders only
            )
            rows = await self._sql.rows(query, calendar, *hrefs)
            ids.update({(calendar, Href(row["href"])): row["id"] for row in rows})
        await self._sql.execute_many("DELETE FROM component WHERE object = $1", [(id,) for id in ids.values()])
        components: list[tuple[object, ...]] = []
        occurrences: list[tuple[object, ...]] = []
        for entry in entries:
            _add_rows(ids[entry.calendar, entry.href], entry, components, occurrences)
        await self._sql.execute_many(
            """INSERT INTO component (object, number, calendar, uid, cancelled, details, search)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            components,
        )
        await self._sql.execute_many(
            """INSERT INTO occurrence (object, number, component, calendar, recurrence_id, starts, ends, floating,
                                       starts_at, length_class, earliest, latest)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
            occurrences,
        )

    async def remove(self, calendar: CalendarName, hrefs: Sequence[Href]) -> None:
        rows = [(calendar, href) for href in hrefs]
        async with self._sql.transaction():
            await self._sql.execute_many("DELETE FROM calendar_object WHERE calendar = $1 AND href = $2", rows)
            await self._sql.execute_many("DELETE FROM past_object WHERE calendar = $1 AND href = $2", rows)

    async def by_uid(self, calendar: CalendarName, uid: Uid) -> StoredObject | None:
        """One that is in order, if there are several with the same uid."""
        row = await self._sql.row(
            """SELECT * FROM calendar_object WHERE calendar = $1 AND uid = $2
               ORDER BY CASE WHEN problem IS NULL THEN 0 ELSE 1 END, href LIMIT 1""",
            calendar,
            uid,
        )
        return await self._with_occurrences(row)

    async def get(self, calendar: CalendarName, href: Href) -> StoredObject | None:
        row = await self._sql.row("SELECT * FROM calendar_object WHERE calendar = $1 AND href = $2", calendar, href)
        return await self._with_occurrences(row)

    async def recurring(self, calendar: CalendarName) -> Sequence[StoredObject]:
        async with self._sql.transaction():
            objects = await self._sql.rows(
                "SELECT * FROM calendar_object WHERE calendar = $1 AND recurring ORDER BY href", calendar
            )
            rows = await self._sql.rows(
                _OCCURRENCE + " WHERE o.calendar = $1 AND b.recurring ORDER BY o.object, o.number", calendar
            )
        return await asyncio.to_thread(_stored_objects, objects, rows)  # tens of thousands of occurrences

    async def _with_occurrences(self, row: Row | None) -> StoredObject | None:
        if row is None:
            return None
        rows = await self._sql.rows(_OCCURRENCE + " WHERE o.object = $1 ORDER BY o.number", row["id"])
        return _stored_object(row, tuple(_read_occurrences(rows)))

    # ------------------------------------------------------------------------------------------- occurrences

    async def occurrences(
        self,
        calendars: Sequence[CalendarName],
        start: datetime,
        end: datetime,
        *,
        search: str | None = None,
        attendee: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Occurrence]:
        first, last = to_ms(start), to_ms(end)
        pattern = "%" if search is None else f"%{_literal(searchable(search)[:_LONGEST_SEARCH])}%"
        mentions = "%" if attendee is None else f"%{_literal(to_json(attendee))}%"
        most = _UNLIMITED if limit is None else limit
        rows: list[Row] = []
        for calendar in dict.fromkeys(calendars):
            for length_class, longest in enumerate((*_LENGTHS, _FOREVER)):
                rows += await self._sql.rows(
                    _OVERLAPPING, calendar, length_class, first - longest, last, first, pattern, most, mentions
                )
        found = _in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(_in_order, rows)
        return found if limit is None else found[:limit]

    async def occurrence(self, calendars: Sequence[CalendarName], id: OccurrenceId) -> Occurrence | None:
        for calendar in dict.fromkeys(calendars):
            rows = await self._sql.rows(
                _OCCURRENCE
                + """ WHERE c.calendar = $1 AND c.uid = $2 AND o.recurrence_id = $3
                      ORDER BY b.href, o.number LIMIT 1""",
                calendar,
                id.uid,
                recurrence_column(id.recurrence_id),
            )
            for occurrence in _read_occurrences(rows):
                return occurrence
        return None

    async def occurrences_of(self, calendar: CalendarName, uid: Uid) -> Sequence[Occurrence]:
        rows = await self._sql.rows(_OCCURRENCE + " WHERE c.calendar = $1 AND c.uid = $2", calendar, uid)
        return sorted(_read_occurrences(rows), key=_by_start)

    async def occurrences_about(self, uids: Sequence[Uid], *, after: datetime) -> Sequence[Occurrence]:
        unique = list(dict.fromkeys(uids))
        rows: list[Row] = []
        for lot in (unique[at : at + _IN_LIST] for at in range(0, len(unique), _IN_LIST)):
            query = f"{_OCCURRENCE} WHERE c.uid IN ({parameters(2, len(lot))}) AND o.latest >= $1"
            rows += await self._sql.rows(query, to_ms(after), *lot)
        return _in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(_in_order, rows)

    async def upcoming_uids(self, after: datetime, calendars: Sequence[CalendarName] | None = None) -> Sequence[Uid]:
        query = """SELECT DISTINCT c.uid FROM component c JOIN occurrence o
                       ON o.object = c.object AND o.component = c.number
                   WHERE o.latest >= $1"""
        if calendars is not None and not calendars:
            return []
        if calendars is not None:
            query += f" AND c.calendar IN ({parameters(2, len(calendars))})"
        return [Uid(row["uid"]) for row in await self._sql.rows(query, to_ms(after), *(calendars or ()))]

    async def mentioning(self, who: Sequence[str], *, after: datetime) -> Sequence[Uid]:
        """A look through all details in the database's own thread: rarely needed, and cheaper than an index."""
        found: set[Uid] = set()
        for one in who:
            rows = await self._sql.rows(
                """SELECT DISTINCT c.uid FROM component c JOIN occurrence o
                       ON o.object = c.object AND o.component = c.number
                   WHERE c.details LIKE $1 ESCAPE '\\' AND o.latest >= $2""",
                f"%{_literal(to_json(one))}%",
                to_ms(after),
            )
            found.update(Uid(row["uid"]) for row in rows)
        return sorted(found)

    async def known(self, calendars: Sequence[CalendarName], uids: Sequence[Uid]) -> Sequence[Occurrence]:
        rows: list[Row] = []
        for calendar in dict.fromkeys(calendars):
            for at in range(0, len(uids), _IN_LIST):
                lot = uids[at : at + _IN_LIST]
                query = f"{_OCCURRENCE} WHERE c.calendar = $1 AND c.uid IN ({parameters(2, len(lot))})"
                rows += await self._sql.rows(query, calendar, *lot)
        return _in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(_in_order, rows)

    async def uids(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Mapping[Href, Uid]:
        found: dict[Href, Uid] = {}
        for at in range(0, len(hrefs), _IN_LIST):
            lot = hrefs[at : at + _IN_LIST]
            query = f"SELECT href, uid FROM calendar_object WHERE calendar = $1 AND href IN ({parameters(2, len(lot))})"  # noqa: S608 placeholders only
            found.update({Href(row["href"]): Uid(row["uid"]) for row in await self._sql.rows(query, calendar, *lot)})
        return found

    async def count_ahead(self, calendar: CalendarName, now: datetime) -> int:
        """Those that have not begun and are not cancelled."""
        count: int = await self._sql.value(
            """SELECT COUNT(*) FROM occurrence o
               JOIN component c ON c.object = o.object AND c.number = o.component
               WHERE o.calendar = $1 AND o.starts_at > $2 AND NOT c.cancelled""",
            calendar,
            to_ms(now),
        )
        return count

    async def count_problems(self, calendar: CalendarName) -> int:
        count: int = await self._sql.value(
            "SELECT COUNT(*) FROM calendar_object WHERE calendar = $1 AND problem IS NOT NULL", calendar
        )
        return count

    async def forget_before(self, instant: datetime) -> None:
        over = """FROM calendar_object WHERE NOT recurring AND problem IS NULL
                  AND NOT EXISTS (SELECT 1 FROM occurrence o WHERE o.object = calendar_object.id)"""
        async with self._sql.transaction():
            await self._sql.execute("DELETE FROM occurrence WHERE latest < $1", to_ms(instant))
            await self._sql.execute(
                f"""INSERT INTO past_object (calendar, href, etag) SELECT calendar, href, etag {over}
                    ON CONFLICT (calendar, href) DO UPDATE SET etag = excluded.etag"""
            )
            await self._sql.execute(f"DELETE {over}")
            await self._sql.execute(
                """DELETE FROM component WHERE NOT EXISTS (
                       SELECT 1 FROM occurrence o
                       WHERE o.object = component.object AND o.component = component.number)"""
            )


# ------------------------------------------------------------------------------------------------------- rows to values


def _add_rows(
    id: int,
    entry: StoredObject,
    components: list[tuple[object, ...]],
    occurrences: list[tuple[object, ...]],
) -> None:
    """Details that several occurrences share become one component."""
    numbers: dict[tuple[Uid, Details], int] = {}
    for position, occurrence in enumerate(entry.occurrences):
        details = occurrence.details
        number = numbers.get((occurrence.uid, details))
        if number is None:
            number = numbers[occurrence.uid, details] = len(numbers)
            text = searchable("\n".join((details.title, details.location, details.description)))
            cancelled = details.status is Status.CANCELLED
            uid = storable(occurrence.uid)
            components.append((id, number, entry.calendar, uid, cancelled, encode_details(details), text))
        occurrences.append((id, position, number, entry.calendar, *_time_columns(occurrence)))


def _time_columns(occurrence: Occurrence) -> tuple[object, ...]:
    when = occurrence.when
    starts, ends, floating = encode_when(when)
    if isinstance(when, AllDay):
        starts_at, ends_at = date_to_ms(when.start), date_to_ms(when.end)
    else:
        starts_at, ends_at = to_ms(when.start), to_ms(when.end)
    slack = _ZONE_SLACK if floating or isinstance(when, AllDay) else 0
    earliest, latest = starts_at - slack, ends_at + slack
    length_class = sum(latest - earliest > longest for longest in _LENGTHS)
    recurrence_id = recurrence_column(occurrence.recurrence_id)
    return recurrence_id, starts, ends, floating, starts_at, length_class, earliest, latest


def _read_occurrences(rows: Iterable[Row]) -> Iterator[Occurrence]:
    """Each component's details are read once and shared by its occurrences."""
    seen: dict[tuple[int, int], Details] = {}
    for row in rows:
        component = row["object"], row["component"]
        details = seen.get(component)
        if details is None:
            details = seen[component] = decode_details(row["details"])
        yield Occurrence(
            calendar=CalendarName(row["calendar"]),
            href=Href(row["href"]),
            uid=Uid(row["uid"]),
            recurrence_id=recurrence_from(row["recurrence_id"]),
            when=decode_when(row["starts"], row["ends"], row["floating"]),
            details=details,
        )


def _in_order(rows: Iterable[Row]) -> list[Occurrence]:
    return sorted(_read_occurrences(rows), key=_by_start)


def _stored_object(row: Row, occurrences: tuple[Occurrence, ...]) -> StoredObject:
    return StoredObject(
        calendar=CalendarName(row["calendar"]),
        href=Href(row["href"]),
        etag=Etag(row["etag"]) if row["etag"] is not None else None,
        uid=Uid(row["uid"]),
        data=row["data"],
        recurring=bool(row["recurring"]),
        problem=row["problem"],
        occurrences=occurrences,
    )


def _stored_objects(objects: Sequence[Row], rows: Sequence[Row]) -> Sequence[StoredObject]:
    occurrences: dict[Href, list[Occurrence]] = {}
    for occurrence in _read_occurrences(rows):
        occurrences.setdefault(occurrence.href, []).append(occurrence)
    return [_stored_object(row, tuple(occurrences.get(Href(row["href"]), ()))) for row in objects]


def _by_start(occurrence: Occurrence) -> tuple[int, bool, Uid, str]:
    when = occurrence.when
    if isinstance(when, AllDay):
        return date_to_ms(when.start), False, occurrence.uid, occurrence.recurrence_id or ""
    return to_ms(when.start), True, occurrence.uid, occurrence.recurrence_id or ""


def _literal(text: str) -> str:
    """For LIKE, with nothing in it a wildcard."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
