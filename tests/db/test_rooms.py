"""What has become of rooms that the bot was in."""

from __future__ import annotations

from datetime import timedelta

from calbot.core.model import RoomId
from calbot.db.stores import Stores
from tests.fakes.clock import FakeClock

HERE, THERE = RoomId("!here:example.org"), RoomId("!there:example.org")


async def test_the_first_instant_of_an_absence_stands(stores: Stores, clock: FakeClock) -> None:
    first = clock()
    await stores.rooms.note_absence(HERE, first)
    await stores.rooms.note_absence(HERE, first + timedelta(days=1))
    await stores.rooms.note_absence(THERE, first - timedelta(days=1))
    assert dict(await stores.rooms.absences()) == {THERE: first - timedelta(days=1), HERE: first}
    assert list(await stores.rooms.absences()) == [THERE, HERE]


async def test_presence_ends_an_absence(stores: Stores, clock: FakeClock) -> None:
    await stores.rooms.note_absence(HERE, clock())
    assert await stores.rooms.note_presence(HERE)
    assert not await stores.rooms.note_presence(HERE)
    assert await stores.rooms.absences() == {}


async def test_a_room_has_one_successor(stores: Stores) -> None:
    assert await stores.rooms.successors() == {}
    await stores.rooms.save_successor(HERE, THERE)
    await stores.rooms.save_successor(HERE, RoomId("!else:example.org"))
    assert await stores.rooms.successors() == {HERE: "!else:example.org"}
