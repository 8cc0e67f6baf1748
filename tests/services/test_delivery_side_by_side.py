"""Recipients are served side by side, on the real alarm clock: some at a time, and the slow hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from calbot.core.model import EventId, Kind, Message, RoomId
from calbot.core.notices import Notice, NoticeKind
from calbot.plugin import utc_now
from calbot.scheduling import AlarmClock
from calbot.services import delivery
from calbot.services.notices import Kind as NoticeSort
from calbot.services.notices import Notices, Post
from calbot.services.world import World

from .conftest import ANNA, LOG, Office

ROOMS = [RoomId(f"!room{number:02}:example.org") for number in range(20)]
_PATIENCE = 10.0  # seconds until a test that waits in vain fails


class Doors:
    """Posting in a room takes until its door is opened."""

    def __init__(self, post: Callable[..., Coroutine[Any, Any, EventId]], *, opened: bool) -> None:
        self._post = post
        self._changed = asyncio.Condition()
        self._open = set(ROOMS) if opened else set()
        self.inside: list[RoomId] = []
        self.most = 0
        self.through: list[RoomId] = []

    async def post(self, room: RoomId, message: Message, *, key: str) -> EventId:
        async with self._changed:
            self.inside.append(room)
            self.most = max(self.most, len(self.inside))
            self._changed.notify_all()
            await self._changed.wait_for(lambda: room in self._open)
            self.inside.remove(room)
            self.through.append(room)
            self._changed.notify_all()
        return await self._post(room, message, key=key)

    async def open(self, *rooms: RoomId) -> None:
        async with self._changed:
            self._open.update(rooms)
            self._changed.notify_all()

    def close(self, room: RoomId) -> None:
        self._open.remove(room)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), _PATIENCE)


async def render(_: World, __: object) -> Post:
    return Post(Message(Kind.AGENDA, "Tag", "Tag"))


async def add(world: World, *rooms: RoomId) -> None:
    now = world.clock()
    await world.stores.notices.add([Notice(f"{room} {now}", room, NoticeKind.AGENDA, {}, now) for room in rooms])
    delivery.ring_soon(world)


def world_of(office: Office, alarm: AlarmClock, doors: Doors, monkeypatch: pytest.MonkeyPatch) -> World:
    for room in ROOMS:
        office.chat.add_room(room, ANNA)
    monkeypatch.setattr(office.chat, "post", doors.post)
    world = replace(office.world, alarm=alarm, clock=utc_now)
    delivery.begin(world, Notices({NoticeKind.AGENDA: NoticeSort(render)}))
    return world


async def test_eight_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Doors(office.chat.post, opened=False)
    async with AlarmClock(LOG) as alarm:
        world = world_of(office, alarm, doors, monkeypatch)
        await add(world, *ROOMS)
        await doors.until(lambda: len(doors.inside) == 8)
        await doors.open(*ROOMS)
        await doors.until(lambda: len(doors.through) == len(ROOMS))
    assert doors.most == 8
    assert sorted(doors.through) == ROOMS


async def test_a_slow_room_holds_up_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what becomes due elsewhere while it is being served; what becomes due there comes after it."""
    doors = Doors(office.chat.post, opened=True)
    slow, quick = ROOMS[0], ROOMS[1]
    doors.close(slow)
    async with AlarmClock(LOG) as alarm:
        world = world_of(office, alarm, doors, monkeypatch)
        await add(world, slow)
        await doors.until(lambda: doors.inside == [slow])
        await add(world, quick)
        await doors.until(lambda: doors.through == [quick])
        await add(world, slow, quick)
        await doors.until(lambda: doors.through == [quick, quick])
        assert doors.inside == [slow]
        await doors.open(slow)
        await doors.until(lambda: doors.through == [quick, quick, slow, slow])


async def test_a_stop_in_the_middle_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Doors(office.chat.post, opened=False)
    async with AlarmClock(LOG) as alarm:
        world = world_of(office, alarm, doors, monkeypatch)
        await add(world, *ROOMS)
        await doors.until(lambda: len(doors.inside) == 8)
    doors.inside.clear()
    assert office.chat.posted == []
    await doors.open(*ROOMS)
    async with AlarmClock(LOG) as alarm:
        delivery.begin(replace(world, alarm=alarm), Notices({NoticeKind.AGENDA: NoticeSort(render)}))
        await doors.until(lambda: len(doors.through) == len(ROOMS))
    assert sorted(posted.room for posted in office.chat.posted) == ROOMS
