"""Looks at calendars: how often, together with others, and what is done with what fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import AccountName, CalendarName, RoomId, Uid
from calbot.core.settings import Calendar, Show, Sync
from calbot.errors import CalendarUnavailable
from calbot.services import digesting, looking, rolling
from tests.dav.faulty import EVENT

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office

MINUTE = timedelta(minutes=1)
NAMES = tuple(CalendarName(f"team-{number}") for number in range(6))


@pytest.fixture
def sync_settings() -> Sync:
    return Sync(interval=MINUTE, max_interval=15 * MINUTE)


def event(uid: str, start: str = "20261201T130000Z", extra: str = "") -> str:
    return EVENT.format(uid=uid, title=uid).replace("20261124T130000Z", start).replace("SUMMARY", f"{extra}SUMMARY")


def asked(office: Office, method: str | None = None) -> Counter[CalendarName]:
    """What the server was asked since the last time, by calendar."""
    found = Counter(name for kind, name in office.calendar.calls if method in (None, kind))
    office.calendar.calls.clear()
    return found


def add_calendars(office: Office, **changes: Any) -> None:
    """Some more calendars in the room, in one collection of the same server."""
    settings = office.world.settings
    calendars = {name: Calendar(name, AccountName("city"), f"https://dav.example.org/{name}/") for name in NAMES}
    for name in NAMES:
        office.calendar.add(name)
    room = replace(settings.rooms[ROOM], calendars=(CALENDAR, *NAMES))
    office.change(calendars={**settings.calendars, **calendars}, rooms={ROOM: room}, **changes)


async def together(office: Office, **changes: Any) -> None:
    office.calendar.home = True
    add_calendars(office, **changes)
    for name in NAMES:
        office.calendar.put(name, "first", event(f"first-{name}"))
    await looking.start(office.world)
    await office.pass_time(MINUTE)
    asked(office)


class TestOneByItself:
    async def test_the_silent_is_looked_at_less_often(self, office: Office) -> None:
        asked(office)
        await office.pass_time(10 * MINUTE)
        assert 8 <= asked(office, "changes")[CALENDAR] <= 11
        await office.pass_time(timedelta(hours=6))
        asked(office)
        await office.pass_time(timedelta(hours=3))
        assert 11 <= asked(office, "changes")[CALENDAR] <= 14

    async def test_after_a_change_it_is_looked_at_often_again(self, office: Office) -> None:
        await office.pass_time(timedelta(hours=9))
        office.calendar.put(CALENDAR, "new", event("new"))
        await office.pass_time(17 * MINUTE)
        asked(office)
        await office.pass_time(10 * MINUTE)
        assert asked(office, "changes")[CALENDAR] >= 8

    async def test_before_something_begins_it_is_looked_at_often(self, office: Office) -> None:
        office.calendar.put(CALENDAR, "later", event("later", "20261124T160000Z"))
        await office.pass_time(timedelta(hours=8))  # 16:00 here, an hour before
        asked(office)
        await office.pass_time(45 * MINUTE)
        far = asked(office, "changes")[CALENDAR]
        await office.pass_time(15 * MINUTE)
        assert asked(office, "changes")[CALENDAR] > far

    @pytest.mark.parametrize("command", ["!meet heute", "!meet naechster"])
    async def test_who_reads_has_it_looked_at(self, office: Office, command: str) -> None:
        await office.pass_time(timedelta(hours=9))
        asked(office)
        await office.says(command)
        await office.alarm.settle()
        assert asked(office, "changes") == {CALENDAR: 1}
        for _ in range(5):
            await office.says(command)
        await office.alarm.settle()
        assert asked(office, "changes") == {}

    async def test_what_the_bot_wrote_is_looked_at_soon(self, office: Office) -> None:
        await office.pass_time(timedelta(hours=9))
        await office.says('!meet neu "Runde" Fr 14 Uhr')
        asked(office)
        await office.pass_time(2 * MINUTE)
        assert asked(office, "changes")[CALENDAR] >= 1

    async def test_one_that_fails_is_not_asked_for_by_every_reader(self, office: Office) -> None:
        office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
        await office.pass_time(timedelta(hours=2))
        asked(office)
        for _ in range(5):
            await office.says("!meet heute")
        await office.alarm.settle()
        assert asked(office) == {}
        office.calendar.unavailable = None
        await office.pass_time(17 * MINUTE)
        assert (await office.world.stores.calendars.state(CALENDAR)).problem is None

    async def test_first_looks_are_spread(self, office: Office) -> None:
        names = [CalendarName(f"many-{number}") for number in range(100)]
        settings = office.world.settings
        for name in names:
            office.calendar.add(name)
        calendars = {name: Calendar(name, AccountName("city"), f"https://dav.example.org/{name}/") for name in names}
        rooms = {ROOM: replace(settings.rooms[ROOM], calendars=(CALENDAR, *names))}
        office.change(calendars={**settings.calendars, **calendars}, rooms=rooms)
        await looking.start(office.world)
        asked(office)
        await office.alarm.settle()
        assert len(asked(office, "changes")) <= 8
        seen: list[int] = []
        for _ in range(4):
            await office.pass_time(MINUTE / 4)
            seen.append(len(asked(office, "changes")))
        assert sum(seen) >= 93
        assert max(seen) <= 30

    async def test_about_once_a_day_all_of_it_is_compared(self, office: Office) -> None:
        """A server restored from a backup takes an old token for a new one and says nothing of what it lost."""
        office.calendar.put(CALENDAR, "kept", event("kept"))
        office.calendar.put(CALENDAR, "lost", event("lost"))
        await office.pass_time(20 * MINUTE)
        collection = office.calendar._collections[CALENDAR]
        del collection.objects[office.calendar.href(CALENDAR, "lost")]
        await office.pass_time(timedelta(hours=12))
        assert len(await office.world.stores.calendars.etags(CALENDAR)) == 2
        await office.pass_time(timedelta(hours=20))
        assert set(await office.world.stores.calendars.etags(CALENDAR)) == {office.calendar.href(CALENDAR, "kept")}


class TestTogether:
    async def test_one_request_looks_at_all(self, office: Office) -> None:
        await together(office)
        await office.pass_time(20 * MINUTE)
        calls = asked(office)
        assert set(calls) == {CALENDAR}
        assert 5 <= calls[CALENDAR] <= 22

    async def test_only_the_one_that_changed_is_asked_further(self, office: Office) -> None:
        await together(office)
        office.calendar.put(NAMES[2], "second", event("second"))
        await office.pass_time(2 * MINUTE)
        assert asked(office, "changes") == {NAMES[2]: 1}
        assert len(await office.world.stores.calendars.etags(NAMES[2])) == 2

    async def test_all_are_up_to_date_with_that(self, office: Office) -> None:
        await together(office)
        await office.pass_time(30 * MINUTE)
        for name in NAMES:
            state = await office.world.stores.calendars.state(name)
            assert state.synced_at is not None
            assert office.clock() - state.synced_at <= 17 * MINUTE
            following = office.world.looks.next(name)
            assert following is not None
            assert following > office.clock()

    async def test_of_whom_nothing_is_told_is_asked_each_time(self, office: Office) -> None:
        office.calendar.unmarked = {NAMES[0]}
        await together(office)
        await office.pass_time(5 * MINUTE)
        calls = asked(office, "changes")
        assert set(calls) == {NAMES[0]}
        assert calls[NAMES[0]] >= 4

    async def test_a_home_that_tells_nothing_is_left_alone_for_a_while(self, office: Office) -> None:
        office.calendar.unmarked = {CALENDAR, *NAMES}
        await together(office)
        await office.pass_time(20 * MINUTE)
        calls = office.calendar.calls
        assert sum(kind == "marks" for kind, _ in calls) == 0
        assert set(asked(office, "changes")) == {CALENDAR, *NAMES}
        office.calendar.unmarked = set()
        await office.pass_time(timedelta(hours=2))
        asked(office)
        await office.pass_time(20 * MINUTE)
        assert asked(office, "changes") == {}

    async def test_a_home_that_fails_stops_nobody(self, office: Office) -> None:
        await together(office)
        office.calendar.home_unavailable = CalendarUnavailable("calendar_server_error")
        office.calendar.put(NAMES[1], "second", event("second"))
        await office.pass_time(18 * MINUTE)
        assert len(await office.world.stores.calendars.etags(NAMES[1])) == 2
        for name in NAMES:
            assert (await office.world.stores.calendars.state(name)).problem is None

    async def test_an_outage_of_the_server_is_one_failure_and_ends_for_all(
        self, office: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        await together(office)
        office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
        await office.pass_time(timedelta(hours=2))
        assert sum(asked(office).values()) <= 16
        states = await office.world.stores.calendars.states(NAMES)
        assert {state.problem for state in states.values()} == {"calendar_unreachable"}
        assert sum("unavailable" in record.message for record in caplog.records) == 1
        office.calendar.unavailable = None
        office.calendar.put(NAMES[3], "second", event("second"))
        await office.pass_time(17 * MINUTE)
        states = await office.world.stores.calendars.states(NAMES)
        assert {state.problem for state in states.values()} == {None}
        assert len(await office.world.stores.calendars.etags(NAMES[3])) == 2

    async def test_a_reader_has_the_home_looked_at(self, office: Office) -> None:
        await together(office)
        await office.pass_time(timedelta(hours=9))
        office.calendar.put(NAMES[4], "second", event("second", "20261124T160000Z"))
        asked(office)
        await office.says("!meet heute")
        await office.alarm.settle()
        calls = office.calendar.calls
        assert [kind for kind, _ in calls] == ["marks", "changes", "fetch"]
        assert "second" in (await office.says("!meet heute"))[0].text

    async def test_each_is_compared_as_a_whole_about_once_a_day(self, office: Office) -> None:
        await together(office)
        await office.pass_time(timedelta(hours=36))
        calls = asked(office, "changes")
        assert set(calls) == {CALENDAR, *NAMES}
        assert set(calls.values()) <= {1, 2}

    async def test_a_room_that_is_new_to_them_is_told_of_them(self, office: Office) -> None:
        await together(office)
        other = replace(office.world.settings.rooms[ROOM], id=RoomId("!other:example.org"))
        office.chat.add_room(other.id, ANNA, BEN)
        office.change(rooms={**office.world.settings.rooms, other.id: other})
        await looking.start(office.world)
        await office.pass_time(MINUTE)
        assert other.id in await office.world.stores.changes.shown_in(NAMES[0])


class TestObjectsThatFail:
    async def test_what_cannot_be_fetched_is_asked_for_again_and_then_left_alone(self, office: Office) -> None:
        stores = office.world.stores.calendars
        bad = office.calendar.href(CALENDAR, "bad")
        office.calendar.put(CALENDAR, "good", event("good"))
        office.calendar.put(CALENDAR, "bad", event("bad"))
        office.calendar.failing = {bad}
        await office.pull()
        assert await stores.count_problems(CALENDAR) == 1
        assert await stores.by_uid(CALENDAR, Uid("good")) is not None
        asked(office)
        await office.pull()
        assert asked(office, "fetch") == {CALENDAR: 1}
        await office.pull()
        assert asked(office, "fetch") == {}
        office.calendar.failing = set()
        office.calendar.put(CALENDAR, "bad", event("bad"))
        await office.pull()
        assert await stores.count_problems(CALENDAR) == 0
        assert len(await stores.etags(CALENDAR)) == 2

    async def test_what_was_known_of_it_stays(self, office: Office) -> None:
        stores = office.world.stores.calendars
        office.calendar.put(CALENDAR, "bad", event("bad"))
        await office.pull()
        office.calendar.put(CALENDAR, "bad", event("bad", "20261202T130000Z"))
        office.calendar.failing = {office.calendar.href(CALENDAR, "bad")}
        for _ in range(3):
            await office.pull()
        assert await stores.count_problems(CALENDAR) == 1
        assert await stores.count_ahead(CALENDAR, office.clock()) == 1
        assert "bad" in (await office.says("!meet liste 14t"))[0].text

    async def test_at_the_daily_comparison_it_is_tried_once_more(self, office: Office) -> None:
        stores = office.world.stores.calendars
        office.calendar.put(CALENDAR, "bad", event("bad"))
        office.calendar.failing = {office.calendar.href(CALENDAR, "bad")}
        for _ in range(3):
            await office.pull()
        office.calendar.failing = set()
        await office.pass_time(timedelta(hours=36))
        assert await stores.count_problems(CALENDAR) == 0
        assert await stores.count_ahead(CALENDAR, office.clock()) == 1


class TestRoll:
    async def test_only_series_with_something_in_the_new_days_are_expanded(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rules = {"daily": "FREQ=DAILY", "yearly": "FREQ=YEARLY", "over": "FREQ=DAILY;COUNT=5", "weekly": "FREQ=WEEKLY"}
        for name, rule in rules.items():
            office.calendar.put(CALENDAR, name, event(name, extra=f"RRULE:{rule}\r\n"))
        await office.pull()
        expanded: Counter[str] = Counter()
        digest = digesting.digest

        async def counted(world: Any, calendar: Any, objects: Any, now: Any, **options: Any) -> Any:
            expanded.update(one.href.rpartition("/")[2] for one in objects)
            return await digest(world, calendar, objects, now, **options)

        monkeypatch.setattr(digesting, "digest", counted)
        for _ in range(14):
            office.clock.set(office.clock() + timedelta(days=1))
            await rolling.roll_all(office.world)
        assert expanded == {"daily.ics": 14, "weekly.ics": 2}
        end = office.clock() + office.world.settings.sync.horizon
        stored = await office.world.stores.calendars.occurrences([CALENDAR], end - timedelta(days=7), end)
        assert Counter(one.uid for one in stored) == {"daily": 7, "weekly": 1}

    async def test_a_horizon_that_was_widened_is_filled(self, office: Office) -> None:
        office.calendar.put(CALENDAR, "yearly", event("yearly", extra="RRULE:FREQ=YEARLY\r\n"))
        await office.pull()
        assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == 1
        office.change(sync=Sync(horizon=timedelta(days=800)))
        await rolling.start(office.world)
        await office.pass_time(MINUTE)
        assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == 3


async def test_what_is_shown_less_of_is_cut_down_though_it_could_not_be_fetched_again(office: Office) -> None:
    office.calendar.put(CALENDAR, "bad", event("Geheimsache"))
    await office.pull()
    office.calendar.put(CALENDAR, "bad", event("Geheimsache", "20261202T130000Z"))
    office.calendar.failing = {office.calendar.href(CALENDAR, "bad")}
    await office.pull()
    shown = office.world.settings.calendars[CALENDAR]
    office.change(calendars={CALENDAR: replace(shown, show=Show.BUSY)})
    await looking.start(office.world)
    kept = await office.world.stores.calendars.get(CALENDAR, office.calendar.href(CALENDAR, "bad"))
    assert kept is not None
    assert "Geheimsache" not in kept.data.replace("UID:Geheimsache", "")
    assert all(one.details.hidden for one in kept.occurrences)
