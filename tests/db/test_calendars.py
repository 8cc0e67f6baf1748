"""The mirror of the calendars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mautrix.util.async_db import Database

from calbot.core.model import (
    AllDay,
    Attendee,
    CalendarName,
    Cursor,
    CuType,
    Details,
    Etag,
    Href,
    Occurrence,
    OccurrenceId,
    PartStat,
    RecurrenceId,
    Role,
    Status,
    Timed,
    Trigger,
    Uid,
    UserId,
    When,
)
from calbot.db.stores import Stores
from calbot.ports import CalendarState, StoredObject
from tests.conftest import OpenDatabase

IT = CalendarName("it-team")
HR = CalendarName("hr")
UTC = timezone.utc
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=BERLIN)


def timed(start: datetime = NOON, hours: float = 1, **kwargs: Any) -> Timed:
    return Timed(start, start + timedelta(hours=hours), **kwargs)


def occurrence(
    uid: str,
    when: When,
    *,
    calendar: CalendarName = IT,
    recurrence_id: str | None = None,
    details: Details | None = None,
) -> Occurrence:
    return Occurrence(
        calendar,
        Href(f"/cal/{uid}.ics"),
        Uid(uid),
        RecurrenceId(recurrence_id) if recurrence_id else None,
        when,
        details or Details(title=uid),
    )


def stored(uid: str, *occurrences: Occurrence, calendar: CalendarName = IT, **kwargs: Any) -> StoredObject:
    values: dict[str, Any] = {
        "etag": Etag('"1"'),
        "data": f"BEGIN:VCALENDAR {uid}",
        "recurring": False,
        "problem": None,
    }
    return StoredObject(calendar, Href(f"/cal/{uid}.ics"), uid=Uid(uid), occurrences=occurrences, **values | kwargs)


def single(uid: str, when: When, *, calendar: CalendarName = IT, details: Details | None = None) -> StoredObject:
    return stored(uid, occurrence(uid, when, calendar=calendar, details=details), calendar=calendar)


def weekly(uid: str, count: int, first: datetime = NOON) -> StoredObject:
    details = Details(title=uid, rule="FREQ=WEEKLY")
    occurrences = [
        occurrence(uid, timed(start), recurrence_id=start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"), details=details)
        for start in (first + timedelta(weeks=week) for week in range(count))
    ]
    return stored(uid, *occurrences, recurring=True, resumes=first + timedelta(weeks=count))


def uids(occurrences: Sequence[Occurrence]) -> list[str]:
    return [found.uid for found in occurrences]


class TestState:
    async def test_of_a_calendar_never_read(self, stores: Stores) -> None:
        assert await stores.calendars.state(IT) == CalendarState(IT)

    async def test_is_kept_and_replaced(self, stores: Stores) -> None:
        first = CalendarState(IT, Cursor("token"), NOON, NOON, 0, None, NOON + timedelta(days=180))
        await stores.calendars.save_state(first)
        assert await stores.calendars.state(IT) == first
        second = CalendarState(IT, None, NOON, NOON + timedelta(minutes=1), 3, "timeout")
        await stores.calendars.save_state(second)
        assert await stores.calendars.state(IT) == second
        assert await stores.calendars.state(HR) == CalendarState(HR)

    async def test_calendars_are_those_of_which_anything_is_stored(self, stores: Stores, clock: Any) -> None:
        await stores.calendars.save_state(CalendarState(CalendarName("state")))
        await stores.calendars.put([single("a", timed(), calendar=CalendarName("object"))])
        await stores.calendars.put([single("b", timed(NOON - timedelta(days=99)), calendar=CalendarName("past"))])
        await stores.calendars.forget_before(clock())
        assert await stores.calendars.calendars() == ["object", "past", "state"]

    async def test_forget_leaves_nothing_of_one_calendar(self, stores: Stores, database: Database) -> None:
        for calendar in (IT, HR):
            await stores.calendars.save_state(CalendarState(calendar, failures=1))
            await stores.calendars.put([single("a", timed(), calendar=calendar)])
        await stores.calendars.forget(IT)
        assert await stores.calendars.calendars() == [HR]
        for count in (
            "SELECT COUNT(*) FROM calendar_state",
            "SELECT COUNT(*) FROM calendar_object",
            "SELECT COUNT(*) FROM component",
            "SELECT COUNT(*) FROM occurrence",
        ):
            assert await database.fetchval(count) == 1


class TestObjects:
    async def test_come_back_as_they_were(self, stores: Stores) -> None:
        anna = Attendee("Anna Müller", "anna@example.org", UserId("@anna:example.org"), PartStat.ACCEPTED, Role.CHAIR)
        rich = Details(
            title="Jour fixe 🎉",
            location="Raum 4.12",
            description="Zeile 1\nZeile 2",
            link="https://meet.example.org/x",
            status=Status.TENTATIVE,
            transparent=True,
            sequence=3,
            rule="FREQ=DAILY;COUNT=4",
            organizer=anna,
            attendees=(
                anna,
                Attendee("Ben", user=UserId("@ben:example.org")),
                Attendee("Raum 4.12", "raum412@example.org", role=Role.NONE, kind=CuType.ROOM),
            ),
            alarms=(Trigger(0), Trigger(900, from_end=True), Trigger(at=NOON)),
        )
        entry = stored(
            "all",
            occurrence("all", timed(), details=rich, recurrence_id="20261124T110000Z"),
            occurrence("all", timed(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)), details=rich),
            occurrence("all", timed(datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN)), details=rich),
            occurrence("all", timed(floating=True), details=rich),
            occurrence("all", timed(datetime(2026, 11, 24, tzinfo=ZoneInfo("America/New_York")))),
            occurrence("all", AllDay(date(2026, 11, 24), date(2026, 11, 26)), details=Details(hidden=True)),
            recurring=True,
            resumes=NOON + timedelta(days=180),
        )
        await stores.calendars.put([entry])
        read = await stores.calendars.get(IT, entry.href)
        assert read == entry
        times = [found.when for found in read.occurrences if isinstance(found.when, Timed)]
        assert [when.start.tzinfo for when in times] == [BERLIN] * 4 + [ZoneInfo("America/New_York")]
        assert [when.start.fold for when in times] == [0, 1, 0, 0, 0]
        assert await stores.calendars.by_uid(IT, Uid("all")) == entry
        assert await stores.calendars.resuming(IT, NOON + timedelta(days=181)) == [entry]
        assert await stores.calendars.resuming(IT, NOON + timedelta(days=180)) == []
        assert await stores.calendars.resuming(HR, NOON + timedelta(days=181)) == []

    async def test_of_an_attendee(self, stores: Stores) -> None:
        invited = Details(attendees=(Attendee(name="100 %", address="r_1@example.org"),))
        other = Details(title="r_1@example.org", attendees=(Attendee(name="R", address="rx1@example.org"),))
        await stores.calendars.put(
            [
                stored("a", occurrence("a", timed(), details=invited)),
                stored("b", occurrence("b", timed(), details=other)),
                single("c", timed()),
            ]
        )
        window = (NOON - timedelta(days=1), NOON + timedelta(days=1))
        found = await stores.calendars.occurrences([IT], *window, attendee="rx1@example.org")
        assert [one.uid for one in found] == ["b"]
        found = await stores.calendars.occurrences([IT], *window, attendee="r_1@example.org", limit=5)
        assert "a" in [one.uid for one in found]
        assert "c" not in [one.uid for one in found]
        assert await stores.calendars.occurrences([IT], *window, attendee="1@example.org") == []

    async def test_unknown_ones_are_none(self, stores: Stores) -> None:
        await stores.calendars.put([single("a", timed())])
        assert await stores.calendars.get(IT, Href("/cal/b.ics")) is None
        assert await stores.calendars.get(HR, Href("/cal/a.ics")) is None
        assert await stores.calendars.by_uid(IT, Uid("b")) is None
        assert await stores.calendars.by_uid(HR, Uid("a")) is None

    async def test_without_etag_and_with_a_problem(self, stores: Stores) -> None:
        entry = stored("bad", etag=None, problem="unbounded_rule")
        await stores.calendars.put([entry, single("good", timed())])
        assert await stores.calendars.get(IT, entry.href) == entry
        assert await stores.calendars.count_problems(IT) == 1
        assert await stores.calendars.etags(IT) == {"/cal/bad.ics": None, "/cal/good.ics": '"1"'}

    async def test_are_replaced_with_their_occurrences(self, stores: Stores, database: Database) -> None:
        await stores.calendars.put([weekly("a", 5), single("b", timed())])
        changed = stored("a", occurrence("a", timed(NOON + timedelta(days=1))), etag=Etag('"2"'))
        await stores.calendars.put([changed])
        assert await stores.calendars.get(IT, changed.href) == changed
        assert await stores.calendars.occurrences_of(IT, Uid("a")) == list(changed.occurrences)
        assert await database.fetchval("SELECT COUNT(*) FROM occurrence") == 2
        assert await database.fetchval("SELECT COUNT(*) FROM component") == 2

    async def test_the_last_of_two_in_one_call_counts(self, stores: Stores) -> None:
        second = single("a", timed(hours=2))
        await stores.calendars.put([single("a", timed()), second])
        assert await stores.calendars.get(IT, second.href) == second

    async def test_details_of_a_series_are_stored_once(self, stores: Stores, database: Database) -> None:
        series = weekly("a", 50)
        moved = occurrence("a", timed(NOON + timedelta(hours=3)), recurrence_id="x", details=Details(title="moved"))
        entry = stored("a", *series.occurrences, moved, recurring=True)
        await stores.calendars.put([entry])
        assert await database.fetchval("SELECT COUNT(*) FROM component") == 2
        read = await stores.calendars.by_uid(IT, Uid("a"))
        assert read == entry
        assert len({id(found.details) for found in read.occurrences}) == 2

    async def test_more_than_one_lot(self, stores: Stores) -> None:
        entries = [single(f"e{n}", timed(NOON + timedelta(minutes=n))) for n in range(250)]
        await stores.calendars.put(entries)
        assert len(await stores.calendars.etags(IT)) == 250
        assert await stores.calendars.get(IT, Href("/cal/e249.ics")) == entries[249]

    async def test_by_uid_prefers_the_one_in_order(self, stores: Stores) -> None:
        broken = StoredObject(IT, Href("/cal/0.ics"), None, Uid("twice"), "", False, "unreadable", ())
        good = single("twice", timed())
        await stores.calendars.put([broken, good])
        assert await stores.calendars.by_uid(IT, Uid("twice")) == good

    async def test_remove(self, stores: Stores, database: Database) -> None:
        await stores.calendars.put([single("a", timed()), single("b", timed()), single("a", timed(), calendar=HR)])
        await stores.calendars.remove(IT, [Href("/cal/a.ics"), Href("/cal/unknown.ics")])
        assert await stores.calendars.etags(IT) == {"/cal/b.ics": '"1"'}
        assert await stores.calendars.etags(HR) == {"/cal/a.ics": '"1"'}
        assert await database.fetchval("SELECT COUNT(*) FROM occurrence") == 2

    async def test_characters_a_database_refuses(self, stores: Stores) -> None:
        entry = single("a", timed(), details=Details(title="nul \0 half \ud83c"))
        await stores.calendars.put([entry])
        read = await stores.calendars.get(IT, entry.href)
        assert read is not None
        assert read.occurrences == entry.occurrences

    async def test_a_failing_put_changes_nothing(self, stores: Stores) -> None:
        await stores.calendars.put([single("a", timed())])
        unstorable = single("c", timed())
        object.__setattr__(unstorable, "href", None)
        with pytest.raises(Exception, match=r"(?i)null"):
            await stores.calendars.put([single("a", timed(hours=2)), single("b", timed()), unstorable])
        assert await stores.calendars.etags(IT) == {"/cal/a.ics": '"1"'}
        read = await stores.calendars.by_uid(IT, Uid("a"))
        assert read is not None
        assert read.occurrences[0].when == timed()

    async def test_are_there_after_a_crash(self, open_database: OpenDatabase) -> None:
        entry = weekly("a", 3)
        await Stores(await open_database()).calendars.put([entry])
        assert await Stores(await open_database()).calendars.by_uid(IT, Uid("a")) == entry


class TestWindow:
    @pytest.mark.parametrize(
        ("when", "found"),
        [
            (timed(NOON, 1), True),
            (timed(NOON - timedelta(hours=1), 1), False),
            (timed(NOON - timedelta(hours=1), 1.1), True),
            (timed(NOON + timedelta(hours=3), 1), False),
            (timed(NOON + timedelta(hours=2.9), 1), True),
            (timed(NOON, 0), True),
            (timed(NOON + timedelta(hours=3), 0), False),
            (timed(NOON - timedelta(days=10), 24 * 30), True),
            (timed(NOON - timedelta(days=100), 24 * 180), True),
            (timed(NOON - timedelta(days=4000), 24 * 8000), True),
            (timed(NOON - timedelta(days=4000), 24 * 3000), False),
            (AllDay(date(2026, 11, 24), date(2026, 11, 25)), True),
            (AllDay(date(2026, 11, 23), date(2026, 11, 24)), True),  # still that day in UTC-12
            (AllDay(date(2026, 11, 25), date(2026, 11, 26)), True),  # that day already in UTC+14
            (AllDay(date(2026, 11, 26), date(2026, 11, 27)), False),
            (AllDay(date(2026, 11, 22), date(2026, 11, 23)), False),
            (timed(NOON - timedelta(hours=14), 1, floating=True), True),
            (timed(NOON + timedelta(hours=14), 1, floating=True), True),
            (timed(NOON + timedelta(hours=18), 1, floating=True), False),
        ],
    )
    async def test_overlap(self, stores: Stores, when: When, found: bool) -> None:
        await stores.calendars.put([single("a", when)])
        assert uids(await stores.calendars.occurrences([IT], NOON, NOON + timedelta(hours=3))) == ["a"] * found

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 600)), max_size=20),
        st.integers(-500, 500),
        st.integers(1, 300),
    )
    async def test_finds_what_a_plain_search_finds(
        self, stores: Stores, spans: list[tuple[int, int]], first: int, length: int
    ) -> None:
        """Whatever the lengths in days, and so the classes."""
        start, end = NOON + timedelta(days=first), NOON + timedelta(days=first + length)
        entries = [single(f"e{n}", timed(NOON + timedelta(days=day), 24 * days)) for n, (day, days) in enumerate(spans)]
        await stores.calendars.forget(IT)
        await stores.calendars.put(entries)
        expected = {
            entry.uid
            for entry, (day, days) in zip(entries, spans, strict=True)
            if day < first + length and (day + days > first or day >= first)
        }
        assert set(uids(await stores.calendars.occurrences([IT], start, end))) == expected

    async def test_order_is_start_then_all_day_then_uid(self, stores: Stores) -> None:
        midnight = datetime(2026, 11, 24, tzinfo=UTC)
        await stores.calendars.put(
            [
                single("c", timed(midnight)),
                single("b", timed(midnight)),
                single("z", AllDay(date(2026, 11, 24), date(2026, 11, 25))),
                single("long", timed(midnight - timedelta(days=50), 24 * 100)),
                single("late", timed(midnight + timedelta(hours=1))),
            ]
        )
        window = midnight, midnight + timedelta(days=1)
        assert uids(await stores.calendars.occurrences([IT], *window)) == ["long", "z", "b", "c", "late"]
        assert uids(await stores.calendars.occurrences([IT], *window, limit=3)) == ["long", "z", "b"]
        assert uids(await stores.calendars.occurrences([IT], *window, limit=0)) == []

    async def test_several_calendars(self, stores: Stores) -> None:
        await stores.calendars.put([single("a", timed(NOON + timedelta(hours=1))), single("b", timed(), calendar=HR)])
        window = NOON, NOON + timedelta(days=1)
        assert uids(await stores.calendars.occurrences([IT], *window)) == ["a"]
        assert uids(await stores.calendars.occurrences([IT, HR, IT], *window)) == ["b", "a"]
        assert uids(await stores.calendars.occurrences([], *window)) == []

    async def test_cancelled_ones_are_included(self, stores: Stores) -> None:
        entry = single("a", timed(), details=Details(status=Status.CANCELLED))
        await stores.calendars.put([entry])
        assert await stores.calendars.occurrences([IT], NOON, NOON + timedelta(days=1)) == list(entry.occurrences)

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("jour", ["title"]),
            ("ÜBERGABE", ["title"]),
            ("straße", ["place"]),
            ("STRASSE", ["place"]),
            ("protokoll", ["text"]),
            ("100%", ["text"]),
            ("100_", []),
            ("_", []),
            ("\\", ["text"]),
            ("e", ["place", "text", "title"]),
            ("nothing", []),
            ("x" * 60_000, []),
            ("", ["place", "text", "title"]),
        ],
    )
    async def test_search(self, stores: Stores, search: str, found: list[str]) -> None:
        await stores.calendars.put(
            [
                single("title", timed(), details=Details(title="Jour fixe Übergabe")),
                single("place", timed(), details=Details(location="Lange Straße 1, Ecke")),
                single("text", timed(), details=Details(description="Protokoll: 100% C:\\daten")),
            ]
        )
        window = NOON, NOON + timedelta(days=1)
        assert uids(await stores.calendars.occurrences([IT], *window, search=search)) == found


class TestOccurrences:
    async def test_one_by_its_id(self, stores: Stores) -> None:
        series = weekly("s", 3)
        await stores.calendars.put([series, single("a", timed()), single("a", timed(hours=2), calendar=HR)])
        second = series.occurrences[1]
        assert await stores.calendars.occurrence([HR, IT], second.id) == second
        assert await stores.calendars.occurrence([IT], OccurrenceId(Uid("s"))) is None
        in_hr = await stores.calendars.occurrence([HR, IT], OccurrenceId(Uid("a")))
        assert in_hr is not None
        assert in_hr.calendar == HR
        assert await stores.calendars.occurrence([], second.id) is None

    async def test_all_of_one_uid_by_start(self, stores: Stores) -> None:
        series = weekly("s", 3)
        shuffled = stored("s", *reversed(series.occurrences), recurring=True)
        await stores.calendars.put([shuffled, single("a", timed())])
        assert await stores.calendars.occurrences_of(IT, Uid("s")) == list(series.occurrences)
        assert await stores.calendars.occurrences_of(HR, Uid("s")) == []

    async def test_all_of_many_events(self, stores: Stores) -> None:
        series = weekly("s", 3)
        await stores.calendars.put([series, single("a", timed()), single("a", timed(hours=2), calendar=HR)])
        unknown = [Uid(f"x{number}") for number in range(1200)]
        found = await stores.calendars.known([IT, HR, IT], [*unknown, Uid("s"), Uid("a")])
        assert sorted((one.calendar, one.uid) for one in found) == [(HR, "a"), (IT, "a"), *[(IT, "s")] * 3]
        assert await stores.calendars.known([IT], []) == []
        assert await stores.calendars.known([], [Uid("s")]) == []

    async def test_which_events_lie_where(self, stores: Stores) -> None:
        await stores.calendars.put([single("a", timed()), single("b", timed())])
        places = [Href(f"/x/{number}") for number in range(1200)]
        assert await stores.calendars.uids(IT, [*places, Href("/cal/a.ics")]) == {"/cal/a.ics": "a"}
        assert await stores.calendars.uids(HR, [Href("/cal/a.ics")]) == {}

    async def test_count_ahead(self, stores: Stores) -> None:
        await stores.calendars.put(
            [
                weekly("s", 3),
                single("running", timed(NOON - timedelta(hours=1), 5)),
                single("off", timed(NOON + timedelta(days=1)), details=Details(status=Status.CANCELLED)),
                single("day", AllDay(date(2026, 12, 24), date(2026, 12, 25))),
            ]
        )
        assert await stores.calendars.count_ahead(IT, NOON) == 3
        assert await stores.calendars.count_ahead(IT, NOON - timedelta(days=1)) == 5
        assert await stores.calendars.count_ahead(HR, NOON) == 0


class TestForgetBefore:
    async def test_contents_go_and_etags_stay(self, stores: Stores, database: Database) -> None:
        """Without the ETag a server that lists everything would have the old objects fetched again at every round."""
        old = single("old", timed(NOON - timedelta(days=40)))
        await stores.calendars.put([old, single("new", timed())])
        await stores.calendars.forget_before(NOON - timedelta(days=30))
        assert await stores.calendars.get(IT, old.href) is None
        assert await stores.calendars.occurrences_of(IT, Uid("old")) == []
        assert await stores.calendars.etags(IT) == {"/cal/new.ics": '"1"', "/cal/old.ics": '"1"'}
        rows = await database.fetch("SELECT * FROM past_object")
        assert [tuple(row) for row in rows] == [(IT, "/cal/old.ics", '"1"')]
        assert await database.fetchval("SELECT COUNT(*) FROM component") == 1

    async def test_a_series_that_is_over_goes(self, stores: Stores, database: Database) -> None:
        series = weekly("s", 3, NOON - timedelta(days=31))
        await stores.calendars.put([replace(series, resumes=None)])
        await stores.calendars.forget_before(NOON)
        assert await stores.calendars.by_uid(IT, Uid("s")) is None
        assert await stores.calendars.etags(IT) == {series.href: series.etag}

    async def test_series_and_problems_stay(self, stores: Stores) -> None:
        series = weekly("s", 3, NOON - timedelta(days=21))
        await stores.calendars.put([series, stored("bad", problem="unreadable")])
        await stores.calendars.forget_before(NOON)
        left = await stores.calendars.by_uid(IT, Uid("s"))
        assert left is not None
        assert (left.data, left.occurrences) == (series.data, ())
        assert await stores.calendars.count_problems(IT) == 1

    async def test_a_past_object_that_comes_back(self, stores: Stores) -> None:
        await stores.calendars.put([single("a", timed(NOON - timedelta(days=40)))])
        await stores.calendars.forget_before(NOON)
        moved = stored("a", occurrence("a", timed()), etag=Etag('"2"'))
        await stores.calendars.put([moved])
        assert await stores.calendars.etags(IT) == {moved.href: '"2"'}
        assert await stores.calendars.get(IT, moved.href) == moved
        await stores.calendars.forget_before(NOON + timedelta(days=9))
        await stores.calendars.remove(IT, [moved.href])
        assert await stores.calendars.etags(IT) == {}

    async def test_only_what_ended_before(self, stores: Stores) -> None:
        await stores.calendars.put([single("long", timed(NOON - timedelta(days=40), 24 * 39))])
        await stores.calendars.forget_before(NOON - timedelta(days=30))
        assert await stores.calendars.by_uid(IT, Uid("long")) is not None


class TestEventsByWhatIsAhead:
    async def test_in_any_calendar(self, stores: Stores) -> None:
        await stores.calendars.put(
            [
                weekly("series", 3),
                single("past", timed(NOON - timedelta(days=1))),
                single("other", timed(), calendar=HR),
                single("same", timed(), calendar=HR),
                single("same", timed(NOON + timedelta(days=1))),
            ]
        )
        about = stores.calendars.occurrences_about
        names = [Uid("series"), Uid("past"), Uid("same"), Uid("same")]
        assert uids(await about(names, after=NOON + timedelta(hours=2))) == ["same", "series", "series"]
        assert len(await about(names, after=NOON)) == 5
        others = await about(names, after=NOON, but=[(HR, Href("/cal/same.ics")), (IT, Href("/cal/series.ics"))])
        assert [(one.calendar, one.uid) for one in others] == [(IT, "same")]
        count_of = stores.calendars.count_of
        assert await count_of(IT, names) == {"series": 3, "past": 1, "same": 1}
        assert await count_of(IT, names, but=[Href("/cal/series.ics")]) == {"past": 1, "same": 1}
        assert await count_of(IT, []) == {}
        assert await about([], after=NOON) == []
        assert sorted(await stores.calendars.upcoming_uids(NOON)) == ["other", "same", "series"]
        assert sorted(await stores.calendars.upcoming_uids(NOON, [HR])) == ["other", "same"]
        assert await stores.calendars.upcoming_uids(NOON, []) == []

    async def test_by_who_is_on_them(self, stores: Stores) -> None:
        anna = Attendee("Anna", address="anna_1@example.org")
        ben = Attendee("Ben", user=UserId("@ben:example.org"))
        await stores.calendars.put(
            [
                single("anna", timed(), details=Details(title="x", attendees=(anna,))),
                single("ben", timed(), details=Details(title="y", attendees=(ben,))),
                single("over", timed(NOON - timedelta(days=1)), details=Details(title="z", attendees=(anna,))),
                single("title", timed(), details=Details(title="annax1@example.org")),
            ]
        )
        mentioning = stores.calendars.mentioning
        assert await mentioning(["anna_1@example.org"], after=NOON) == ["anna"]
        assert await mentioning(["anna_1@example.org", "@ben:example.org"], after=NOON) == ["anna", "ben"]
        assert await mentioning(["nobody@example.org"], after=NOON) == []
