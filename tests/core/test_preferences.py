"""What was chosen in rooms stands above the file; rooms that were upgraded keep their mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import AccountName, CalendarName, EventId, RoomId, UserId
from calbot.core.preferences import ChosenLevels, RoomMapping, RoomPreferences, applied
from calbot.core.settings import (
    Access,
    Alarms,
    Calendar,
    Defaults,
    Digest,
    Levels,
    MapRights,
    Mention,
    Room,
    Settings,
)

A, B, C = RoomId("!a:x"), RoomId("!b:x"), RoomId("!c:x")
IT = CalendarName("it")
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


def room(id: RoomId) -> Room:
    return Room(
        id=id,
        calendars=(IT,),
        write_to=IT,
        language="de",
        timezone=ZoneInfo("Europe/Berlin"),
        duration=timedelta(hours=1),
        reminders=(QUARTER,),
        alarms=Alarms.USE,
        mention=Mention.ATTENDEES,
        digest=Digest(daily=time(7, 30)),
    )


CALENDAR = Calendar(IT, AccountName("city"), "https://dav.example.org/it/", map=MapRights(rooms=frozenset({A})))
FILE = Settings(calendars={IT: CALENDAR}, rooms={A: room(A)})


def test_without_any_the_file_holds() -> None:
    assert applied(FILE, {}, {}) == FILE


def test_what_was_chosen_in_a_room_stands_above_the_file() -> None:
    chosen = RoomPreferences(reminders=(DAY, QUARTER), digest=Digest())
    after = applied(FILE, {A: chosen, B: chosen}, {})
    assert after.rooms == {A: replace(room(A), reminders=(DAY, QUARTER), digest=Digest())}


def test_no_reminders_means_none_of_alarms_either() -> None:
    after = applied(FILE, {A: RoomPreferences(reminders=())}, {})
    assert (after.rooms[A].reminders, after.rooms[A].alarms) == ((), Alarms.IGNORE)
    assert after.rooms[A].digest == Digest(daily=time(7, 30))


@pytest.mark.parametrize(
    ("successors", "expected"),
    [
        ({A: B}, B),
        ({A: B, B: C}, C),
        ({B: C}, A),
        ({A: B, B: A}, A),
        ({A: A}, A),
    ],
)
def test_upgraded_rooms_keep_their_mapping_and_rights(successors: Mapping[RoomId, RoomId], expected: RoomId) -> None:
    after = applied(FILE, {expected: RoomPreferences(reminders=(DAY,))}, successors)
    assert after.rooms == {expected: replace(room(A), id=expected, reminders=(DAY,))}
    assert after.calendars[IT].map.rooms == frozenset({expected})


def test_what_the_file_says_of_the_new_room_stands() -> None:
    file = replace(FILE, rooms={A: room(A), B: replace(room(B), reminders=())})
    assert applied(file, {}, {A: B}).rooms == {B: replace(room(B), reminders=())}


# ----------------------------------------------------------------------------------------------- mappings from the chat

PRESS, READ = CalendarName("press"), CalendarName("read")
TOWN = replace(
    FILE,
    calendars={
        IT: CALENDAR,
        PRESS: replace(CALENDAR, name=PRESS),
        READ: replace(CALENDAR, name=READ, access=Access.READ_ONLY),
    },
    defaults=Defaults(language="en", duration=timedelta(minutes=30), reminders=(DAY,), mention=Mention.ROOM),
)


def connected(room: RoomId, calendar: CalendarName, *, read_only: bool = False, removed: bool = False) -> RoomMapping:
    now = datetime(2026, 11, 24, 8, tzinfo=timezone.utc)
    return RoomMapping(room, calendar, read_only, UserId("@anna:x"), now, EventId("$1"), removed)


def test_a_room_that_the_file_does_not_know_has_the_defaults() -> None:
    assert applied(TOWN, {}, {}, mappings=[connected(B, PRESS)]).rooms[B] == Room(
        id=B,
        calendars=(PRESS,),
        write_to=PRESS,
        language="en",
        timezone=ZoneInfo("Europe/Berlin"),
        duration=timedelta(minutes=30),
        reminders=(DAY,),
        alarms=Alarms.USE,
        mention=Mention.ROOM,
    )


@pytest.mark.parametrize(
    ("mappings", "chosen", "calendars", "write_to", "read_only"),
    [
        ([connected(B, READ), connected(B, PRESS)], None, (READ, PRESS), PRESS, ()),
        ([connected(B, READ)], None, (READ,), None, ()),
        ([connected(B, PRESS, read_only=True), connected(B, IT)], None, (PRESS, IT), IT, (PRESS,)),
        ([connected(B, PRESS), connected(B, IT)], IT, (PRESS, IT), IT, ()),
        ([connected(B, PRESS), connected(B, IT, read_only=True)], IT, (PRESS, IT), PRESS, (IT,)),
        ([connected(B, PRESS)], IT, (PRESS,), PRESS, ()),
        ([connected(A, PRESS)], None, None, None, ()),
        ([connected(B, PRESS, removed=True)], None, None, None, ()),
        ([connected(B, CalendarName("gone"))], None, None, None, ()),
    ],
)
def test_which_calendars_are_shown_and_which_is_written_to(
    mappings: list[RoomMapping],
    chosen: CalendarName | None,
    calendars: tuple[CalendarName, ...] | None,
    write_to: CalendarName | None,
    read_only: tuple[CalendarName, ...],
) -> None:
    found = applied(TOWN, {B: RoomPreferences(write_to=chosen)}, {}, mappings=mappings).rooms.get(B)
    assert (None if found is None else found.calendars) == calendars
    if found is not None:
        assert (found.write_to, found.read_only) == (write_to, frozenset(read_only))


def test_what_the_file_connects_stands_above_what_was_connected_by_command() -> None:
    after = applied(TOWN, {}, {}, mappings=[connected(A, IT, read_only=True), connected(A, PRESS)])
    assert after.rooms[A] == replace(room(A), calendars=(IT, PRESS))


def test_connections_follow_upgrades_and_are_given_up() -> None:
    mappings = [connected(B, PRESS)]
    assert list(applied(TOWN, {}, {B: C}, mappings=mappings).rooms) == [A, C]
    assert list(applied(TOWN, {}, {B: C}, [C], mappings).rooms) == [A]
    assert list(applied(TOWN, {}, {}, [B], mappings).rooms) == [A]


def test_everything_can_be_chosen() -> None:
    chosen = RoomPreferences(
        alarms=Alarms.IGNORE,
        mention=Mention.NONE,
        duration=timedelta(minutes=45),
        levels=ChosenLevels(new=50, settings=0),
    )
    assert applied(FILE, {A: chosen}, {}).rooms[A] == replace(
        room(A),
        alarms=Alarms.IGNORE,
        mention=Mention.NONE,
        duration=timedelta(minutes=45),
        levels=Levels(new=50, cancel=50, settings=0),
    )


def test_alarms_that_were_wanted_ring_without_other_reminders() -> None:
    after = applied(FILE, {A: RoomPreferences(reminders=(), alarms=Alarms.USE)}, {})
    assert (after.rooms[A].reminders, after.rooms[A].alarms) == ((), Alarms.USE)
