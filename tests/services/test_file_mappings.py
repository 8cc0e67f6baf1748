"""What the configuration connects to rooms, and what not any more, is said there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from calbot.core.model import AccountName, CalendarName, RoomId
from calbot.core.settings import Access, Calendar
from calbot.matrix.timeline import StateChange
from calbot.services import startup

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office

PRESS = CalendarName("press")
OTHER = RoomId("!other:example.org")


async def saved(
    office: Office, mapped: Mapping[RoomId, tuple[CalendarName, ...]], access: Access = Access.READ_WRITE
) -> list[str]:
    """What is said after such a configuration was saved, room before text."""
    file = office.world.in_force.file
    like = next(iter(file.rooms.values()))
    calendar = Calendar(PRESS, AccountName("city"), "https://dav.example.org/press/", access)
    rooms = {room: replace(like, id=room, calendars=names, write_to=names[0]) for room, names in mapped.items()}
    office.change(calendars={**file.calendars, PRESS: calendar}, rooms=rooms)
    if OTHER not in office.chat.rooms:
        office.chat.add_room(OTHER, ANNA, BEN)
        office.calendar.add(PRESS)
    before = len(office.chat.posted)
    await startup.begin(office.world)
    await office.pass_time(timedelta(minutes=2))
    new = office.chat.posted[before:]
    return sorted(f"{one.room} {one.message.text}" for one in new if one.message is not None)


async def test_what_goes_is_said_once(office: Office) -> None:
    first = {ROOM: (CALENDAR,)}
    assert await saved(office, first) == []
    more = {ROOM: (CALENDAR,), OTHER: (PRESS,)}
    assert await saved(office, more) == []  # there is nothing in it yet
    assert await saved(office, more) == []
    gone = (
        "!other:example.org Die Konfiguration hat den Kalender press von diesem Raum getrennt. Aus ihm sage ich hier "
        "nichts mehr."
    )
    assert await saved(office, first) == [gone]
    assert await saved(office, first) == []


async def test_what_may_be_written_is_said(office: Office) -> None:
    mapped = {ROOM: (CALENDAR, PRESS)}
    assert await saved(office, mapped) == []
    (said,) = await saved(office, mapped, access=Access.READ_ONLY)
    assert said.startswith("!it:example.org Von hier aus kann im Kalender press nichts mehr geändert werden")
    (said,) = await saved(office, mapped)
    assert said.startswith("!it:example.org Von hier aus kann jetzt in den Kalender press eingetragen werden")


async def test_what_is_turned_back_before_it_could_be_said_is_not_said(office: Office) -> None:
    mapped = {ROOM: (CALENDAR,), OTHER: (PRESS,)}
    await saved(office, mapped)
    office.chat.down = True
    assert await saved(office, {ROOM: (CALENDAR,)}) == []
    office.chat.down = False
    assert await saved(office, mapped) == []


async def test_a_room_that_was_upgraded_is_told_where_it_is_now(office: Office) -> None:
    new = office.chat.add_room("!it-2:example.org", ANNA, BEN)
    office.chat.rooms[new].predecessor = ROOM
    office.chat.rooms[ROOM].successor = new
    await office.handlers.on_state(StateChange(ROOM, "m.room.tombstone", "", ANNA, {"replacement_room": new}))
    assert await saved(office, {ROOM: (CALENDAR, PRESS)}) == []
    (said,) = await saved(office, {ROOM: (CALENDAR, PRESS)}, access=Access.READ_ONLY)
    assert said.startswith("!it-2:example.org Von hier aus kann im Kalender press nichts mehr geändert werden")
    (said,) = await saved(office, {ROOM: (CALENDAR,)})
    assert said.startswith("!it-2:example.org Die Konfiguration hat den Kalender press von diesem Raum getrennt")
