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
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    ObjectRows,
    by_start,
    in_order,
    literal,
    object_rows,
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
from .transaction import Row, Transactor, parameters

_FOREVER = 1 << 62
_UNLIMITED = 1 << 31  # LIMIT NULL is PostgreSQL's, LIMIT -1 SQLite's
_LONGEST_SEARCH = 200  # more of a search is not compared; SQLite bounds a pattern at 50,000 bytes
_READ_HERE = 200  # occurrences that take the event loop a few milliseconds
_WRITTEN_HERE = 400
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

    def __init__(self, sql: Transactor) -> None:
        super().__init__(sql)
        self._revisions: Counter[CalendarName] = Counter()

    def revision(self, calendar: CalendarName) -> int:
        return self._revisions[calendar]

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
        self._revisions[calendar] += 1

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
        prepared = await _prepared(list(latest.values()))
        async with self._sql.transaction():
            for at in range(0, len(prepared), _LOT):
                await self._put_lot(prepared[at : at + _LOT])
        self._revisions.update({one.calendar for one in objects})

    async def _put_lot(self, objects: Sequence[ObjectRows]) -> None:
        await self._sql.execute_many(
            """INSERT INTO calendar_object (calendar, href, etag, uid, data, recurring, problem, resumes)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (calendar, href) DO UPDATE SET
                   etag = excluded.etag, data = excluded.data,
                   -- What cannot be read now is still the event that it was: what is bound to that is not forgotten.
                   uid = CASE WHEN excluded.uid = '' THEN calendar_object.uid ELSE excluded.uid END,
                   recurring = excluded.recurring, problem = excluded.problem, resumes = excluded.resumes""",
            [one.columns for one in objects],
        )
        ids: dict[tuple[CalendarName, Href], int] = {}
        for calendar, hrefs in _by_calendar((one.calendar, one.href) for one in objects).items():
            these = f"calendar = $1 AND href IN ({parameters(2, len(hrefs))})"
            await self._sql.execute(f"DELETE FROM past_object WHERE {these}", calendar, *hrefs)  # noqa: S608 placeholders only
            rows = await self._sql.rows(f"SELECT id, href FROM calendar_object WHERE {these}", calendar, *hrefs)  # noqa: S608
            ids.update({(calendar, Href(row["href"])): row["id"] for row in rows})
        await self._sql.execute(f"DELETE FROM component WHERE object IN ({parameters(1, len(ids))})", *ids.values())  # noqa: S608
        await self._sql.execute_many(
            """INSERT INTO component (object, number, calendar, uid, cancelled, details, search)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [(ids[one.calendar, one.href], *row) for one in objects for row in one.components],
        )
        await self._sql.execute_many(
            """INSERT INTO occurrence (object, number, component, calendar, recurrence_id, starts, ends, floating,
                                       starts_at, length_class, earliest, latest)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
            [(ids[one.calendar, one.href], *row) for one in objects for row in one.occurrences],
        )

    async def remove(self, calendar: CalendarName, hrefs: Sequence[Href]) -> None:
        rows = [(calendar, href) for href in hrefs]
        async with self._sql.transaction():
            await self._sql.execute_many("DELETE FROM calendar_object WHERE calendar = $1 AND href = $2", rows)
            await self._sql.execute_many("DELETE FROM past_object WHERE calendar = $1 AND href = $2", rows)
        self._revisions[calendar] += 1

    async def contents(self, calendar: CalendarName, limit: int) -> Sequence[tuple[Uid, str]]:
        """Of more than that: the series, and of the others what was stored last."""
        rows = await self._sql.rows(
            """SELECT uid, href, data FROM calendar_object WHERE calendar = $1 AND problem IS NULL AND data <> ''
               ORDER BY recurring DESC, id DESC LIMIT $2""",
            calendar,
            limit,
        )
        return [(Uid(row["uid"]), row["data"]) for row in sorted(rows, key=lambda row: (row["uid"], row["href"]))]

    async def by_uid(self, calendar: CalendarName, uid: Uid) -> StoredObject | None:
        """One that is in order, if there are several with the same uid; none of which nothing can be read."""
        row = await self._sql.row(
            """SELECT * FROM calendar_object WHERE calendar = $1 AND uid = $2 AND data <> ''
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

    async def occurrences_about(
        self, uids: Sequence[Uid], *, after: datetime, but: Sequence[tuple[CalendarName, Href]] = ()
    ) -> Sequence[Occurrence]:
        unique = list(dict.fromkeys(uids))
        rows: list[Row] = []
        for lot in (unique[at : at + _IN_LIST] for at in range(0, len(unique), _IN_LIST)):
            query = f"{_OCCURRENCE} WHERE c.uid IN ({parameters(2, len(lot))}) AND o.latest >= $1"
            values: list[object] = [to_ms(after), *lot]
            for calendar, hrefs in _by_calendar(but).items():
                first = len(values) + 1
                query += f" AND (b.calendar <> ${first} OR b.href NOT IN ({parameters(first + 1, len(hrefs))}))"
                values += [calendar, *hrefs]
            rows += await self._sql.rows(query, *values)
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

    async def count_of(
        self, calendar: CalendarName, uids: Sequence[Uid], *, but: Sequence[Href] = ()
    ) -> Mapping[Uid, int]:
        found: dict[Uid, int] = {}
        hrefs = but or ("",)  # a list must not be empty
        for at in range(0, len(uids), _IN_LIST):
            lot = uids[at : at + _IN_LIST]
            query = f"""SELECT c.uid, COUNT(*) AS number FROM component c
                JOIN occurrence o ON o.object = c.object AND o.component = c.number
                JOIN calendar_object b ON b.id = c.object
                WHERE c.calendar = $1 AND c.uid IN ({parameters(2, len(lot))})
                  AND b.href NOT IN ({parameters(2 + len(lot), len(hrefs))}) GROUP BY c.uid"""  # noqa: S608 placeholders only
            found.update(
                {Uid(row["uid"]): row["number"] for row in await self._sql.rows(query, calendar, *lot, *hrefs)}
            )
        return found

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
        await self._sql.delete_in_lots("occurrence", "object, number", "latest < $1", to_ms(instant))
        while await self._let_go_of_past():
            pass
        await self._sql.delete_in_lots(
            "component",
            "object, number",
            """NOT EXISTS (SELECT 1 FROM occurrence o
                           WHERE o.object = component.object AND o.component = component.number)""",
        )

    async def _let_go_of_past(self) -> bool:
        """A lot of objects without any time left become past ones; whether there may be more."""
        async with self._sql.transaction():
            rows = await self._sql.rows(
                """SELECT id, calendar, href, etag FROM calendar_object
                   WHERE (NOT recurring OR resumes IS NULL) AND problem IS NULL
                     AND NOT EXISTS (SELECT 1 FROM occurrence o WHERE o.object = calendar_object.id) LIMIT $1""",
                _LOT,
            )
            await self._sql.execute_many(
                """INSERT INTO past_object (calendar, href, etag) VALUES ($1, $2, $3)
                   ON CONFLICT (calendar, href) DO UPDATE SET etag = excluded.etag""",
                [(row["calendar"], row["href"], row["etag"]) for row in rows],
            )
            await self._sql.execute_many("DELETE FROM calendar_object WHERE id = $1", [(row["id"],) for row in rows])
        self._revisions.update({CalendarName(row["calendar"]) for row in rows})
        return len(rows) == _LOT


def _by_calendar(objects: Iterable[tuple[CalendarName, Href]]) -> Mapping[CalendarName, Sequence[Href]]:
    found: dict[CalendarName, list[Href]] = {}
    for calendar, href in objects:
        found.setdefault(calendar, []).append(href)
    return found


async def _prepared(entries: Sequence[StoredObject]) -> Sequence[ObjectRows]:
    """As rows; in a thread where that takes long."""
    if sum(len(entry.occurrences) for entry in entries) <= _WRITTEN_HERE:
        return [object_rows(entry) for entry in entries]
    return await asyncio.to_thread(lambda: [object_rows(entry) for entry in entries])
