"""How much of a series is meant: asked where that is not clear."""

from __future__ import annotations

import asyncio
from functools import partial

from calbot.core import identity
from calbot.core.ask import Ask, Say
from calbot.core.commands import Scope
from calbot.core.ical import editing, splitting
from calbot.core.model import Href, Occurrence, Uid

from . import sync
from .requests import Request
from .world import World


def chosen(request: Request, said: Scope, occurrence: Occurrence, question: str) -> Scope:
    """Which part of a series is meant; asked where that is not clear."""
    if occurrence.recurrence_id is None:
        return Scope.THIS
    if said is Scope.UNSAID:
        choices = (occurrence, Say("whole_series"), Say("following"))
        return (Scope.THIS, Scope.ALL, Scope.FOLLOWING)[request.picks.take(Ask(question, choices))]
    return said


async def settled(world: World, request: Request, scope: Scope, old: Occurrence, *, second: Uid | None = None) -> Scope:
    """`scope`; "this and following" of the first that is left of a series is all of it.

    For a run after a crash, to which an earlier one left a series that looks different, it is what it was before:
    `second` is what goes on in place of the rest of it, if anything does.
    """
    if scope is not Scope.FOLLOWING or old.recurrence_id is None:
        return scope
    repeated = request.before is not None
    if repeated and second is not None and await world.gateway.read(old.calendar, await place(world, old, second)):
        return Scope.FOLLOWING
    current = await world.gateway.read(old.calendar, old.href)
    if current is None:
        return Scope.ALL  # whoever writes finds that out
    zone, slot = world.settings.defaults.timezone, old.recurrence_id
    if repeated and second is not None:
        was_moved = partial(editing.was_moved_at, whole_series=True, zone=zone)
        if await asyncio.to_thread(was_moved, current.data, slot, request.now, old.details.sequence):
            return Scope.ALL
    is_first = partial(splitting.is_first, zone=zone)
    return Scope.ALL if await asyncio.to_thread(is_first, current.data, slot) else Scope.FOLLOWING


async def place(world: World, old: Occurrence, uid: Uid) -> Href:
    """Where what goes on in place of the rest of a series is written, or lies already: servers may rename."""
    there = await world.stores.calendars.by_uid(old.calendar, uid)
    if there is None and uid in await world.stores.changes.own_writes(old.calendar):
        # A run that was cut short was about to write it. Wherever the server has put it, the mirror does not know yet.
        await sync.pull(world, old.calendar)
        there = await world.stores.calendars.by_uid(old.calendar, uid)
    return world.gateway.href(old.calendar, identity.resource_name(uid)) if there is None else there.href
