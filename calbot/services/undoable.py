"""Records what people change in calendars by command, for `undo`: before the first effect, and again after the last."""

from __future__ import annotations

import asyncio

from calbot.core.model import CalendarName, Href, Uid
from calbot.core.undo import Act, Made, Undoable, mark_of
from calbot.ports import StoredObject

from . import audit
from .requests import Request
from .world import World


async def begin(world: World, request: Request, calendar: CalendarName, uid: Uid, href: Href, act: Act) -> None:
    """What the sender is about to do. It can be taken back once it is done."""
    audit.is_about(world, act)
    change = Undoable(request.event.id, request.place.room, request.sender, calendar, uid, href, act, request.now)
    await world.stores.undo.begin(change)


async def done(world: World, request: Request) -> None:
    await world.stores.undo.done(request.event.id, world.clock())


async def complete(world: World, request: Request, act: Act) -> None:
    """It was done, and is known better than before."""
    await world.stores.undo.done(request.event.id, world.clock(), act)


async def made(world: World, request: Request, stored: StoredObject) -> None:
    """The event was written, and this is what it says."""
    await world.stores.undo.done(request.event.id, world.clock(), Made(await mark(stored)))


async def mark(stored: StoredObject) -> str:
    """What an object said when it was stored."""
    hidden = any(one.details.hidden for one in stored.occurrences)
    return await asyncio.to_thread(mark_of, stored.data, hidden=hidden)
