"""Private reminders: through which room somebody sees an event, and whether they still may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from calbot.core.model import CalendarName, Kind, Member, RoomId, UserId
from calbot.core.settings import Calendar
from calbot.services import places, startup, sync

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office

ABROAD = UserId("@dora:other.example")
OTHER = RoomId("!other:example.org")
OTHERS = CalendarName("others")
DM = RoomId("!dm:example.org")


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def reminded(office: Office, user: UserId) -> list[str]:
    """What the bot has told somebody alone."""
    rooms = [room for room, state in office.chat.rooms.items() if state.creation_key and user in state.invited]
    return [message.text for room in rooms for message in office.chat.messages(room, Kind.REMINDER)]


async def add_room(office: Office, *people: UserId, calendars: tuple[CalendarName, ...] = (OTHERS,)) -> None:
    """Another room, on a calendar of its own."""
    office.chat.add_room(OTHER, *people)
    file = office.world.in_force.file
    account = file.calendars[CALENDAR].account
    office.calendar.add(OTHERS)
    office.change(
        rooms={**file.rooms, OTHER: replace(file.rooms[ROOM], id=OTHER, calendars=calendars, write_to=None)},
        calendars={**file.calendars, OTHERS: Calendar(OTHERS, account, "https://dav.example.org/others/")},
    )
    await startup.begin(office.world)
    await office.alarm.settle()


async def invite_ben(office: Office) -> None:
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    await office.says("!meet erinnere mich 10m", BEN)


async def test_who_sees_only_one_of_two_copies_of_an_event_is_reminded(office: Office) -> None:
    """As every team has its own copy of a meeting that it is invited to."""
    await add_room(office, BEN)
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    office.calendar.put(OTHERS, office.name(), office.texts()[0])
    await sync.pull(office.world, OTHERS)
    await office.says("!meet erinnere mich 10m", BEN)
    office.chat.put_out(ROOM, BEN)
    office.world.known.forget(ROOM)
    await office.until(at(14))
    (text,) = reminded(office, BEN)
    assert "Aus dem Kalender: others" in text


async def test_who_sees_both_copies_is_reminded_once(office: Office) -> None:
    await add_room(office, BEN)
    await invite_ben(office)
    office.calendar.put(OTHERS, office.name(), office.texts()[0])
    await sync.pull(office.world, OTHERS)
    await office.until(at(14))
    assert len(reminded(office, BEN)) == 1


async def test_a_copy_that_was_moved_counts_for_those_who_see_it(office: Office) -> None:
    await add_room(office, BEN)
    await invite_ben(office)
    moved = office.texts()[0].replace("T120000", "T150000").replace("T130000", "T160000")
    office.calendar.put(OTHERS, office.name(), moved)
    await sync.pull(office.world, OTHERS)
    office.chat.put_out(ROOM, BEN)
    office.world.known.forget(ROOM)
    await office.until(at(14, 45))
    assert reminded(office, BEN) == []
    await office.until(at(17))
    assert len(reminded(office, BEN)) == 1


async def test_whose_server_is_no_longer_allowed_hears_nothing(office: Office) -> None:
    office.chat.enter(ROOM, ABROAD)
    office.change(allowed_servers=frozenset({"example.org", "other.example"}))
    await startup.begin(office.world)
    await office.says(f"!meet neu Runde heute 12-13 Uhr {ABROAD}")
    await office.says("!meet erinnere mich 10m", ABROAD)
    office.change(allowed_servers=frozenset({"example.org"}))
    await startup.begin(office.world)
    await office.until(at(14))
    assert reminded(office, ABROAD) == []


async def test_many_who_are_reminded_at_once_do_not_each_have_all_rooms_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_room(office, ANNA, BEN, CARLA, calendars=(CALENDAR,))
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN} {CARLA}")
    for user in (ANNA, BEN, CARLA):
        await office.says("!meet erinnere mich 10m", user)
    await office.until(at(11, 49))
    asked: list[RoomId] = []
    of_room = office.chat.members

    async def members(room: RoomId) -> list[Member]:
        asked.append(room)
        return list(await of_room(room))

    monkeypatch.setattr(office.chat, "members", members)
    await office.until(at(11, 51))
    assert [len(reminded(office, user)) for user in (ANNA, BEN, CARLA)] == [1, 1, 1]
    assert asked.count(ROOM) <= 1


async def test_a_room_that_the_bot_was_put_out_of_does_not_silence_direct_chats(office: Office) -> None:
    await add_room(office, BEN)
    await office.says("!meet neu Runde heute 12-13 Uhr")
    office.chat.kick(OTHER)
    office.chat.add_room(DM, BEN)
    office.world.known.forget(OTHER)
    (shown,) = await office.says("!meet liste", BEN, DM)
    assert [item["title"] for item in shown.data["items"]] == ["Runde"]


async def test_who_left_a_room_sees_nothing_of_it_in_the_next_minute(office: Office) -> None:
    await office.says("!meet neu Runde heute 12-13 Uhr")
    office.chat.add_room(DM, BEN)
    await office.says("!meet liste", BEN, DM)
    office.chat.put_out(ROOM, BEN)
    office.clock.advance(timedelta(seconds=61))
    (shown,) = await office.says("!meet liste", BEN, DM)
    assert shown.data["code"] == "not_mapped"


async def test_a_direct_chat_is_looked_at_again_after_a_minute(office: Office) -> None:
    """Should it ever not be heard of that somebody came."""
    office.chat.add_room(DM, BEN)
    assert await places.is_direct(office.world, DM, BEN)
    office.chat.enter(DM, CARLA)
    office.clock.advance(timedelta(seconds=61))
    assert not await places.is_direct(office.world, DM, BEN)
