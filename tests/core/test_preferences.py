"""What was chosen in rooms stands above the file; rooms that were upgraded keep their mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import AccountName, CalendarName, RoomId
from calbot.core.preferences import RoomPreferences, applied
from calbot.core.settings import Alarms, Calendar, Digest, MapRights, Mention, Room, Settings

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
