"""Calendars that were connected to rooms by command."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from calbot.core.model import CalendarName, EventId, RoomId, UserId
from calbot.core.preferences import RoomMapping
from calbot.db.stores import Stores

HERE, THERE = RoomId("!here:example.org"), RoomId("!there:example.org")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
PRESS = RoomMapping(HERE, CalendarName("press"), False, UserId("@anna:example.org"), NOW, EventId("$1"))
BOARD = replace(PRESS, calendar=CalendarName("board"), read_only=True, at=NOW + timedelta(seconds=1))


async def test_they_come_back_as_they_were_in_the_order_they_were_made(stores: Stores) -> None:
    for one in (BOARD, PRESS):
        await stores.mappings.save(one)
    assert list(await stores.mappings.all()) == [PRESS, BOARD]
    assert list(await stores.mappings.of_room(HERE)) == [PRESS, BOARD]
    assert await stores.mappings.of_room(THERE) == []


async def test_there_is_one_for_a_room_and_a_calendar(stores: Stores) -> None:
    await stores.mappings.save(PRESS)
    again = replace(PRESS, read_only=True, by=UserId("@ben:example.org"), command=EventId("$2"))
    await stores.mappings.save(again)
    assert list(await stores.mappings.all()) == [again]


async def test_what_was_removed_is_known_to_its_room_for_a_while(stores: Stores) -> None:
    removed = replace(PRESS, removed=True)
    await stores.mappings.save(removed)
    assert await stores.mappings.all() == []
    assert list(await stores.mappings.of_room(HERE)) == [removed]
    await stores.mappings.forget_removed(NOW)
    assert list(await stores.mappings.of_room(HERE)) == [removed]
    await stores.mappings.save(BOARD)
    await stores.mappings.forget_removed(NOW + timedelta(days=1))
    assert list(await stores.mappings.of_room(HERE)) == [BOARD]


async def test_they_move_to_another_room_unless_there_are_some(stores: Stores) -> None:
    there = replace(PRESS, room=THERE, read_only=True)
    for one in (PRESS, BOARD, there):
        await stores.mappings.save(one)
    await stores.mappings.transfer(HERE, THERE)
    assert list(await stores.mappings.all()) == [there, replace(BOARD, room=THERE)]
    await stores.mappings.drop(THERE)
    assert await stores.mappings.all() == []
