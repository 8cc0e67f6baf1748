"""Somebody in two rooms: what is on the calendar of one is never said in the other, nor, once they have left it, in
their direct chat; whatever they type, in whatever order, and whatever they reply to."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from calbot.core.model import AccountName, CalendarName, EventId, RoomId
from calbot.core.settings import Calendar
from calbot.matrix.handlers import Handlers
from calbot.services import startup, sync
from calbot.services.known import KnownRooms
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.chat import Posted

from .conftest import ANNA, BEN, CALENDAR, CARLA, LOG, ROOM, Office

OTHER, ALONE = RoomId("!other:example.org"), RoomId("!alone:example.org")
PRESS = CalendarName("press")
SECRET: Final = {ROOM: "Apfelbaum", OTHER: "Zwetschge"}  # in every title, place and description of a room's calendar
COMMANDS: Final = (
    "list",
    "list heute",
    "search {word}",
    "search {other}",
    "next",
    "show 1",
    "show 2",
    "show 3",
    "show last",
    "show",
    "find 1h tomorrow",
    "find 1h tomorrow @ben:example.org",
    "new {word} tomorrow {hour}:00",
    "new {word} tomorrow {hour}:00 @ben:example.org",
    "new {word} tomorrow {hour}:00 cal:press",
    "new {word} tomorrow {hour}:00 cal:it-team",
    "move 1 {hour}:30",
    "move last {hour}:15",
    "edit 2 loc:{word}",
    "cancel 1",
    "yes 1",
    "no last",
    "remind 20m 1",
    "remind me 20m last",
    "remind",
    "undo",
    "poll {word} tomorrow {hour}:00; tomorrow {hour}:30",
    "vote 1",
    "book 1",
    "polls",
    "status",
    "calendars",
    "sync",
    "help",
    "1",
    "2",
)


def event(calendar: CalendarName, number: int, word: str) -> str:
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            f"UID:{calendar}-{number}",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART:202611{24 + number}T{9 + number:02}0000Z",
            "DURATION:PT1H",
            f"SUMMARY:{word} {number}",
            f"LOCATION:{word}-Saal",
            f"DESCRIPTION:Am {word}",
            *(["RRULE:FREQ=DAILY;COUNT=4"] if number == 2 else []),
            "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


@pytest.fixture
async def town(office: Office) -> Office:
    """Anna in two rooms with a calendar each, and alone with the bot; Carla is in one of them, Ben in the other."""
    gateway = FakeCalendarGateway((CALENDAR, PRESS))
    for room, calendar in ((ROOM, CALENDAR), (OTHER, PRESS)):
        for number in range(4):
            gateway.put(calendar, f"{calendar}-{number}", event(calendar, number, SECRET[room]))
    office.world = replace(office.world, gateway=gateway, known=KnownRooms())
    office.calendar = gateway
    file = office.world.in_force.file
    press = Calendar(PRESS, AccountName("city"), "https://dav.example.org/press/")
    there = replace(file.rooms[ROOM], id=OTHER, calendars=(PRESS,), write_to=PRESS)
    office.change(calendars={**file.calendars, PRESS: press}, rooms={**file.rooms, OTHER: there})
    office.chat.add_room(ROOM, ANNA, CARLA)
    office.chat.add_room(OTHER, ANNA, BEN)
    office.chat.add_room(ALONE, ANNA)
    office.handlers = Handlers(office.world, LOG)
    await startup.begin(office.world)
    await office.alarm.settle()
    for calendar in (CALENDAR, PRESS):
        await sync.pull(office.world, calendar)
    return office


@dataclass
class Walk:
    """Anna types one thing after the other, here and there."""

    office: Office
    chance: random.Random
    left: bool = False

    async def step(self) -> None:
        office, chance = self.office, self.chance
        room = chance.choice((ROOM, OTHER, ALONE))
        if self.left and room == OTHER:
            room = ALONE
        if chance.random() < 0.1:
            self.leave_or_return()
            room = ALONE
        word = chance.choice([SECRET[ROOM]] if room == ROOM else [SECRET[OTHER]] if room == OTHER else ["Runde"])
        typed = chance.choice(COMMANDS).format(word=word, other="a", hour=chance.randint(9, 17))
        content: dict[str, Any] = {}
        if chance.random() < 0.4 and office.chat.posted:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": chance.choice(office.chat.posted).event}}
        seen = len(office.chat.posted)
        if chance.random() < 0.15 and office.chat.posted:
            target: EventId = chance.choice(office.chat.posted).event
            reaction = chance.choice(("👍", "👎", "1️⃣", "2️⃣", "💤"))
            await office.hears(office.chat.reacts(room, ANNA, target, reaction))
        else:
            await office.says(f"!meet {typed}", room=room, **content)
        await office.alarm.settle()
        office.clock.advance(timedelta(seconds=chance.choice((1, 20, 90))))
        for posted in office.chat.posted[seen:]:
            self.check(posted, typed)

    def leave_or_return(self) -> None:
        if self.left:
            self.office.chat.enter(OTHER, ANNA)
        else:
            self.office.chat.put_out(OTHER, ANNA)
        self.office.world.known.forget(OTHER)  # as the sync tells of it
        self.left = not self.left

    def check(self, posted: Posted, typed: str) -> None:
        said = json.dumps(dict(posted.content), ensure_ascii=False, default=str)
        if posted.file is not None:
            said += posted.file.data.decode(errors="replace")
        if posted.room == ROOM:
            assert SECRET[OTHER] not in said, typed
        elif posted.room == OTHER:
            assert SECRET[ROOM] not in said, typed
        elif self.left and posted.edits is None:  # an edit repeats what stands there already
            assert SECRET[OTHER] not in said, typed


@pytest.mark.parametrize("seed", range(8))
async def test_nothing_of_one_is_said_in_the_other(town: Office, seed: int) -> None:
    walk = Walk(town, random.Random(seed))  # noqa: S311 - the same walk in each run
    for room in (ROOM, OTHER):
        await town.says("!meet list", room=room)
    for _ in range(45):
        await walk.step()
    assert len(town.chat.posted) > 20
    said = json.dumps([dict(one.content) for one in town.chat.posted], ensure_ascii=False, default=str)
    assert all(word in said for word in SECRET.values())  # there was something to be kept


async def test_a_list_of_before_names_nothing_of_a_room_that_was_left(town: Office) -> None:
    """The question which of two lists is meant showed titles as they are now, of rooms that the sender had left."""
    await town.says("!meet search Zwetschge", room=ALONE)
    town.chat.put_out(OTHER, ANNA)
    town.world.known.forget(OTHER)
    await town.says("!meet list", room=ALONE)
    (said,) = await town.says("!meet show 1", room=ALONE)
    assert "Zwetschge" not in said.text
    assert "Apfelbaum" in said.text


async def test_a_card_of_another_room_is_nothing_to_reply_to(town: Office) -> None:
    await town.says("!meet new Zwetschge tomorrow 14:00", room=OTHER)
    card = town.chat.last(OTHER).event
    relation: dict[str, Any] = {"m.relates_to": {"m.in_reply_to": {"event_id": card}}}
    for room in (ROOM, ALONE):
        for command in ("show", "move 15 Uhr", "cancel", "yes", "edit loc:Rathaus"):
            (said,) = await town.says(f"!meet {command}", room=room, **relation)
            assert said.data["code"] in ("not_found", "not_understood"), command
            assert "Zwetschge" not in said.text


async def test_a_poll_belongs_to_its_room_also_where_the_calendar_is_shown_in_another(town: Office) -> None:
    """Whoever saw the calendar elsewhere could end a poll with the level that they have in a room of their own."""
    own = RoomId("!own:example.org")
    rooms = town.world.in_force.file.rooms
    town.change(rooms={**rooms, own: replace(rooms[OTHER], id=own)})
    power = replace(town.chat.rooms[OTHER].power, users={CARLA: 100})
    town.chat.add_room(own, CARLA, power=power)
    town.chat.enter(OTHER, CARLA)
    town.world.known.forget(OTHER)
    with_carla = town.chat.add_room("!carla:example.org", CARLA)
    await town.says("!meet poll Zwetschge tomorrow 14:00; tomorrow 15:00", by=BEN, room=OTHER)
    for command in ("close", "book 1", "until tomorrow 9:00"):
        (said,) = await town.says(f"!meet {command}", by=CARLA, room=with_carla)
        assert said.data["code"] == "forbidden", command
        (said,) = await town.says(f"!meet {command}", by=CARLA, room=own)
        assert said.data["code"] == "not_found", command
