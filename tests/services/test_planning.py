"""Planning while others plan, and after a crash between choosing and planning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from calbot.core.model import Kind
from calbot.core.permissions import PowerLevels
from calbot.core.preferences import EventLeads
from calbot.core.reminders import Reminder
from calbot.services import planning
from tests.dav.faulty import EVENT

from .conftest import ANNA, BERLIN, CALENDAR, ROOM, Office
from .kills import Killed

HOUR = timedelta(hours=1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=BERLIN)


async def test_an_event_that_is_moved_while_lead_times_are_chosen_for_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither transaction sees what the other has not committed yet."""
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.alarm.settle()
    world, uid = office.world, (await office.world.stores.calendars.upcoming_uids(office.clock()))[0]
    store = world.stores.reminders
    apply = store.apply
    both, planned = asyncio.Event(), []

    async def together(insert: Sequence[Reminder], cancel: Sequence[str]) -> None:
        planned.append(insert)
        if len(planned) == 2:
            both.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(both.wait(), 0.5)
        await apply(insert, cancel)

    async def choose() -> None:
        async with world.stores.transaction():
            await world.stores.preferences.save_event_leads(EventLeads(ROOM, uid, None, (HOUR,)))
            await planning.replan_event(world, uid, world.clock())

    text = office.texts()[0].replace("T120000", "T160000").replace("T130000", "T170000")
    office.calendar.put(CALENDAR, office.name(), text)
    monkeypatch.setattr(store, "apply", together)
    await asyncio.gather(choose(), office.pull())
    assert [one.due for one in await store.waiting(ROOM)] == [at(15)]


async def test_killed_between_choosing_and_planning_what_fell_due_meanwhile_comes_late(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.until(at(11, 20))
    replan_room = planning.replan_room

    async def die(*_: object) -> None:
        monkeypatch.setattr(planning, "replan_room", replan_room)
        raise Killed

    monkeypatch.setattr(planning, "replan_room", die)
    with pytest.raises(Killed):
        await office.says("!meet erinnere 30m")
    office.clock.advance(timedelta(minutes=32))
    await office.resume()
    (reminder,) = office.said(Kind.REMINDER)
    assert reminder.data["late"]
    assert reminder.data["lead"] == 1800


async def test_what_was_just_written_is_planned_as_what_is_read_again(office: Office) -> None:
    """With what ended a moment ago, or has only just ended somewhere in the world, and alarms that ring for the first
    of a series that is not over."""
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\nEND:VALARM\r\n"
    now = office.clock().astimezone(BERLIN)
    for number, hours in enumerate((-30, -15, -13, -2, -1, 0, 1, 12, 40)):
        start = f"{now + timedelta(hours=hours):%Y%m%dT%H%M%S}"
        day = f"DTSTART;VALUE=DATE:{start[:8]}\r\n"
        for kind, times in (("floating", f"DTSTART:{start}\r\nDURATION:PT1H\r\n"), ("day", day)):
            text = EVENT.format(uid=f"{kind}-{number}", title=kind)
            lines = [line for line in text.split("\r\n") if not line.startswith(("DTSTART", "DTEND", "DURATION"))]
            place = lines.index("END:VEVENT")
            lines[place:place] = [*times.splitlines(), "RRULE:FREQ=DAILY;COUNT=3", *alarm.splitlines()]
            office.calendar.put(CALENDAR, f"{kind}-{number}", "\r\n".join(lines))
    await office.pull()
    store = office.world.stores.reminders
    at_once = sorted(await store.waiting(ROOM), key=lambda one: one.id)
    assert len(at_once) > 18
    await store.apply((), [one.id for one in at_once])
    await planning.replan_all(office.world)
    assert sorted(await store.waiting(ROOM), key=lambda one: one.id) == at_once
