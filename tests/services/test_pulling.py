"""What comes in between while a calendar is read: it is unmapped, the bot stopped, somebody else looks, or writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import CalendarName, Fetched, Href, Kind
from calbot.core.permissions import PowerLevels
from calbot.errors import CalendarUnavailable
from calbot.services import looking, sync
from tests.dav.faulty import EVENT

from .conftest import ANNA, CALENDAR, ROOM, Office

MANY = 250  # three lots
MINUTE = timedelta(minutes=1)


def event(uid: str, extra: str = "") -> str:
    text = EVENT.format(uid=uid, title=uid).replace("20261124T130000Z", "20261201T130000Z")
    return text.replace("SUMMARY", f"{extra}SUMMARY")


def fill(office: Office) -> None:
    for number in range(MANY):
        office.calendar.put(CALENDAR, f"event-{number:03}", event(f"event-{number:03}"))


def before_lot(office: Office, monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Something happens just before the server is asked for one of the lots."""
    fetch, asked = office.calendar.fetch, 0

    async def acting(calendar: CalendarName, hrefs: Sequence[Href]) -> Fetched:
        nonlocal asked
        asked += 1
        if asked == number:
            act()
        return await fetch(calendar, hrefs)

    monkeypatch.setattr(office.calendar, "fetch", acting)


def unmap(office: Office) -> None:
    settings = office.world.settings
    rooms = {ROOM: replace(settings.rooms[ROOM], calendars=())}
    office.world.in_force.apply(replace(settings, rooms=rooms))


async def stored(office: Office) -> int:
    return len(await office.world.stores.calendars.etags(CALENDAR))


class TestUnmapped:
    @pytest.mark.parametrize("lot", [1, 3])
    async def test_nothing_of_it_is_left(self, office: Office, monkeypatch: pytest.MonkeyPatch, lot: int) -> None:
        fill(office)
        before_lot(office, monkeypatch, lot, lambda: unmap(office))
        await looking.look(office.world, CALENDAR)
        assert await office.world.stores.calendars.calendars() == []
        assert office.world.looks.next(CALENDAR) is None

    async def test_nothing_is_written_back_after_it_was_forgotten(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(office)
        pulling = asyncio.create_task(office.pull())
        forgotten: list[asyncio.Task[None]] = []

        def disconnect() -> None:
            unmap(office)
            forgotten.append(asyncio.create_task(looking.start(office.world)))

        before_lot(office, monkeypatch, 2, disconnect)
        await pulling
        await asyncio.gather(*forgotten)
        assert await office.world.stores.calendars.calendars() == []
        assert await office.world.stores.changes.shown_in(CALENDAR) == []

    async def test_also_where_the_server_fails_by_then(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        office.calendar.put(CALENDAR, "first", event("first"))
        await office.pull()

        def fail() -> None:
            unmap(office)
            raise CalendarUnavailable("calendar_busy")

        before_lot(office, monkeypatch, 1, fail)
        office.calendar.put(CALENDAR, "second", event("second"))
        await looking.look(office.world, CALENDAR)
        assert await office.world.stores.calendars.calendars() == []

    async def test_one_that_is_not_mapped_any_more_is_not_looked_at(self, office: Office) -> None:
        office.calendar.put(CALENDAR, "first", event("first"))
        unmap(office)
        office.calendar.calls.clear()
        await looking.look(office.world, CALENDAR)
        assert office.calendar.calls == []
        assert await stored(office) == 0


@pytest.mark.parametrize("lot", [1, 2, 3])
async def test_stopped_amid_a_look_the_next_one_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, lot: int
) -> None:
    """As by a reload of the plugin: nothing is said to be read that is not, and nothing is told twice."""
    fill(office)
    before = (await office.world.stores.calendars.state(CALENDAR)).cursor
    pulling = asyncio.create_task(office.pull())
    before_lot(office, monkeypatch, lot, pulling.cancel)
    with suppress(asyncio.CancelledError):
        await pulling
    assert pulling.cancelled()
    assert (await office.world.stores.calendars.state(CALENDAR)).cursor == before
    await office.pull()
    assert await stored(office) == MANY
    assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == MANY
    assert len(await office.world.stores.reminders.waiting(ROOM)) == MANY
    assert len([one for one in await office.pass_time(MINUTE) if one.kind is Kind.CHANGE]) <= 1


async def test_stopped_while_it_is_written_nothing_is_half_there(office: Office) -> None:
    fill(office)

    def stop(step: str) -> None:
        if step == "calendar.mirrored":
            pulling.cancel()

    office.world = replace(office.world, passed=stop)
    pulling = asyncio.create_task(sync.pull(office.world, CALENDAR))
    with suppress(asyncio.CancelledError):
        await pulling
    known = await stored(office)
    assert known == await office.world.stores.calendars.count_ahead(CALENDAR, office.clock())
    assert known == len(await office.world.stores.reminders.waiting(ROOM))
    await office.pull()
    assert await stored(office) == MANY


async def test_two_looks_at_once_are_one_after_the_other(office: Office) -> None:
    fill(office)
    office.calendar.calls.clear()
    await asyncio.gather(office.pull(), office.pull(), looking.look(office.world, CALENDAR))
    assert [name for kind, name in office.calendar.calls if kind == "fetch"] == [CALENDAR] * 3  # each lot once
    assert await stored(office) == MANY
    assert len(await office.world.stores.reminders.waiting(ROOM)) == MANY


@pytest.mark.parametrize("first", ["look", "write"])
async def test_a_look_and_a_write_at_once(office: Office, first: str) -> None:
    """A list from before the write must not have what was written forgotten, nor told as somebody else's."""
    for number in range(3):
        office.calendar.put(CALENDAR, f"event-{number}", event(f"event-{number}"))
    await office.pull()
    await office.pass_time(MINUTE)
    office.calendar.put(CALENDAR, "another", event("another"))
    office.calendar.gate = asyncio.Event()
    look = asyncio.create_task(office.pull()) if first == "look" else None
    write = asyncio.create_task(office.says('!meet neu "Budget" 25.11.2026 14:00'))
    look = look or asyncio.create_task(office.pull())
    await asyncio.wait([look, write], timeout=0.05)
    office.calendar.gate.set()
    said, _ = await asyncio.gather(write, look)
    assert [one.kind for one in said] == [Kind.MEETING]
    assert await stored(office) == 5
    told = await office.pass_time(MINUTE)
    assert [one.kind for one in told] == [Kind.CHANGE]
    assert "Budget" not in told[0].text
    assert "another" in told[0].text


async def test_single_dates_of_a_series_in_objects_of_their_own(office: Office) -> None:
    """As who is invited to them gets them from some servers: each is shown, and changed, by itself."""
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    for number, title in enumerate(("Eins", "Zwei"), 1):
        extra = f"RECURRENCE-ID:2026112{number + 4}T130000Z\r\n"
        text = EVENT.format(uid="series", title=title).replace("20261124", f"2026112{number + 4}")
        office.calendar.put(CALENDAR, f"date-{number}", text.replace("SUMMARY", f"{extra}SUMMARY"))
    await office.pull()
    (listed,) = await office.says("!meet liste")
    assert [item["title"] for item in listed.data["items"]] == ["Eins", "Zwei"]
    assert "Zwei" in (await office.says("!meet zeige 2"))[-1].text
    await office.says("!meet ändere 2 titel:Drei")
    await office.says("!meet 1")
    titles = [line for text in office.texts() for line in text.splitlines() if line.startswith("SUMMARY")]
    assert sorted(titles) == ["SUMMARY:Drei", "SUMMARY:Eins"]


class TestOneEventInManyObjects:
    async def test_a_few_are_one_event(self, office: Office) -> None:
        for number in range(3):
            extra = f"RECURRENCE-ID:2026120{number + 1}T130000Z\r\n"
            office.calendar.put(CALENDAR, f"date-{number}", event("series", extra))
        await office.pull()
        assert await office.world.stores.calendars.count_problems(CALENDAR) == 0
        assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == 3

    async def test_what_would_make_it_endless_is_set_aside(self, office: Office) -> None:
        office.calendar.put(CALENDAR, "a", event("series", "RRULE:FREQ=HOURLY\r\n"))
        await office.pull()
        ahead = await office.world.stores.calendars.count_ahead(CALENDAR, office.clock())
        assert ahead > 1_000  # one object may have as many
        for number in range(3):
            office.calendar.put(CALENDAR, f"b{number}", event("series"))
        office.calendar.put(CALENDAR, "c", event("other"))
        await office.pull()
        assert await office.world.stores.calendars.count_problems(CALENDAR) == 3
        assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == ahead + 1
