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
from collections.abc import Mapping, Sequence
from datetime import datetime

from calbot.core.model import (
    CalendarName,
    Etag,
    Href,
    Occurrence,
    OccurrenceId,
    Uid,
)
from calbot.ports import StoredObject

from .calendar_rows import (
    LENGTHS,
    add_rows,
    by_start,
    in_order,
    literal,
    object_columns,
    read_occurrences,
    stored_object,
    stored_objects,
)
from .calendar_states import DatabaseCalendarStates
from .encoding import (
    optional_from_ms,
    recurrence_column,
    searchable,
    to_json,
    to_ms,
)
from .transaction import Row, parameters

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


class DatabaseCalendars(DatabaseCalendarStates):
    """`ports.CalendarStore`."""

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
            """INSERT INTO calendar_object (calendar, href, etag, uid, data, recurring, problem, resumes)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (calendar, href) DO UPDATE SET
                   etag = excluded.etag, uid = excluded.uid, data = excluded.data,
                   recurring = excluded.recurring, problem = excluded.problem, resumes = excluded.resumes""",
            [object_columns(entry) for entry in entries],
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
            add_rows(ids[entry.calendar, entry.href], entry, components, occurrences)
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

    async def resuming(self, calendar: CalendarName, before: datetime) -> Sequence[StoredObject]:
        limits = calendar, to_ms(before)
        async with self._sql.transaction():
            objects = await self._sql.rows(
                "SELECT * FROM calendar_object WHERE calendar = $1 AND resumes < $2 ORDER BY href", *limits
            )
            rows = await self._sql.rows(
                _OCCURRENCE + " WHERE b.calendar = $1 AND b.resumes < $2 ORDER BY o.object, o.number", *limits
            )
        return await asyncio.to_thread(stored_objects, objects, rows)  # tens of thousands of occurrences

    async def failing(self, calendar: CalendarName, problem: str) -> Sequence[Href]:
        rows = await self._sql.rows(
            """SELECT href FROM calendar_object WHERE calendar = $1 AND problem IS NOT NULL AND problem = $2
               ORDER BY href""",
            calendar,
            problem,
        )
        return [Href(row["href"]) for row in rows]

    async def hrefs_after(self, calendar: CalendarName, instant: datetime) -> Sequence[Href]:
        rows = await self._sql.rows(
            """SELECT href FROM calendar_object b WHERE calendar = $1 AND EXISTS (
                   SELECT 1 FROM occurrence o WHERE o.object = b.id AND o.latest > $2) ORDER BY href""",
            calendar,
            to_ms(instant),
        )
        return [Href(row["href"]) for row in rows]

    async def next_start(self, calendar: CalendarName, after: datetime) -> datetime | None:
        """Of the shortest class alone, which all appointments belong to: one look into the index."""
        row = await self._sql.row(
            """SELECT starts_at FROM occurrence WHERE calendar = $1 AND length_class = 0 AND earliest > $2
               ORDER BY earliest LIMIT 1""",
            calendar,
            to_ms(after),
        )
        return None if row is None else optional_from_ms(row["starts_at"])

    async def _with_occurrences(self, row: Row | None) -> StoredObject | None:
        if row is None:
            return None
        rows = await self._sql.rows(_OCCURRENCE + " WHERE o.object = $1 ORDER BY o.number", row["id"])
        return stored_object(row, tuple(read_occurrences(rows)))

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
        pattern = "%" if search is None else f"%{literal(searchable(search)[:_LONGEST_SEARCH])}%"
        mentions = "%" if attendee is None else f"%{literal(to_json(attendee))}%"
        most = _UNLIMITED if limit is None else limit
        rows: list[Row] = []
        for calendar in dict.fromkeys(calendars):
            for length_class, longest in enumerate((*LENGTHS, _FOREVER)):
                rows += await self._sql.rows(
                    _OVERLAPPING, calendar, length_class, first - longest, last, first, pattern, most, mentions
                )
        found = in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(in_order, rows)
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
            for occurrence in read_occurrences(rows):
                return occurrence
        return None

    async def occurrences_of(self, calendar: CalendarName, uid: Uid) -> Sequence[Occurrence]:
        rows = await self._sql.rows(_OCCURRENCE + " WHERE c.calendar = $1 AND c.uid = $2", calendar, uid)
        return sorted(read_occurrences(rows), key=by_start)

    async def occurrences_about(self, uids: Sequence[Uid], *, after: datetime) -> Sequence[Occurrence]:
        unique = list(dict.fromkeys(uids))
        rows: list[Row] = []
        for lot in (unique[at : at + _IN_LIST] for at in range(0, len(unique), _IN_LIST)):
            query = f"{_OCCURRENCE} WHERE c.uid IN ({parameters(2, len(lot))}) AND o.latest >= $1"
            rows += await self._sql.rows(query, to_ms(after), *lot)
        return in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(in_order, rows)

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
                f"%{literal(to_json(one))}%",
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
        return in_order(rows) if len(rows) <= _READ_HERE else await asyncio.to_thread(in_order, rows)

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
        over = """FROM calendar_object WHERE (NOT recurring OR resumes IS NULL) AND problem IS NULL
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
