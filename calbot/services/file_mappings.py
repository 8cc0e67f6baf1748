"""Rooms are told when the configuration disconnects a calendar from them, or lets it be written there or not any more.

What was there is kept, and held against what is there now. Of a calendar that is new to a room it is told with what
there is in it (`telling.introduce`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from calbot.core import identity, messages
from calbot.core import preferences as core
from calbot.core.model import CalendarName, RoomId
from calbot.core.notices import Notice, NoticeKind
from calbot.core.settings import Access

from . import delivery, presence
from .notices import Kind, Outcome, Post
from .world import World

_KEPT: Final = "file-mappings"
_TOLD_WITHIN: Final = timedelta(days=1)


async def begin(world: World) -> None:
    """Note what to tell; the record of what is there changes with it, or not at all."""
    now_there = {
        room.id: {name: _writable(world, name) for name in room.calendars}
        for room in world.in_force.file.rooms.values()
    }
    kept = await world.stores.keeper.get(_KEPT)
    before: dict[str, dict[str, bool]] = {} if kept is None else json.loads(kept)
    if kept is not None and before == now_there:
        return
    at, successors = world.clock(), await world.stores.rooms.successors()
    notices = [] if kept is None else [
        Notice(
            key=identity.key_for("mapped", room, name, str(connected), at.isoformat()),
            recipient=core.latest(RoomId(room), successors),
            kind=NoticeKind.MAPPED,
            subject={"calendar": name, "connected": connected},
            due=at,
            expires=at + _TOLD_WITHIN,
        )
        for room in sorted({*before, *now_there})
        for name, connected in _changed(before.get(room, {}), now_there.get(RoomId(room), {}))
    ]  # fmt: skip
    async with world.stores.transaction():
        await world.stores.keeper.put(_KEPT, json.dumps(now_there))
        await world.stores.notices.add(notices)
    if notices:
        world.log.info("the configuration connects calendars to rooms in another way: %d changes", len(notices))
        delivery.ring_soon(world)


def _writable(world: World, name: CalendarName) -> bool:
    return world.in_force.file.calendars[name].access is Access.READ_WRITE


def _changed(before: dict[str, bool], after: dict[CalendarName, bool]) -> Sequence[tuple[str, bool]]:
    """Calendars that stay, but may be written now or not any more; and those that went."""
    now = {str(name): writable for name, writable in after.items()}
    return [(name, name in now) for name in before if now.get(name) != before[name]]


async def render(world: World, batch: Sequence[Notice]) -> Outcome:
    """As it is now: what was turned back meanwhile is not worth telling."""
    room = RoomId(batch[0].recipient)
    here = world.settings.rooms.get(room)
    shown = here.calendars if here is not None else ()
    latest = {CalendarName(one.subject["calendar"]): bool(one.subject["connected"]) for one in batch}
    told = {name: connected for name, connected in latest.items() if connected is (name in shown)}
    if not told:
        return None
    writable = {name for name, connected in told.items() if connected and _writable(world, name)}
    return Post(messages.mapped_by_file(presence.reader_of(world, room), told, writable))


KIND: Final = Kind(render, together=lambda notice: notice.recipient)
