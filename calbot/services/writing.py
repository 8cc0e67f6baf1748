"""Writes to calendars: one writer per calendar, read back, mirrored, reminders replanned.

Every write may be repeated after a crash: a new object is created under a name derived from its cause, an edit is
applied to what the server has now and is a no-op where it has been applied already.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from calbot.core.model import CalendarName, CalendarObject, Href, Uid
from calbot.core.settings import Access
from calbot.errors import (
    BadCalendarData,
    CalendarReadOnly,
    CalendarUnavailable,
    Code,
    PreconditionFailed,
    UserError,
)
from calbot.ports import StoredObject

from . import planning, reminders, sync
from .world import World

_TRIES: Final = 3  # how often an edit is tried against somebody who writes at the same time

# What to make of an object as the server has it now: the new text, or None where nothing is to be changed (any more).
Edit = Callable[[CalendarObject], str | None]


async def create(world: World, calendar: CalendarName, name: str, data: str) -> StoredObject:
    """A new object; the one that is there where this was done before."""
    async with _writing(world, calendar):
        return await _mirror(world, calendar, await world.gateway.create(calendar, name, data))


async def edit(world: World, calendar: CalendarName, href: Href, change: Edit) -> StoredObject:
    """Change an object as it is on the server now; `change` is asked again about what others make of it meanwhile."""
    async with _writing(world, calendar):
        for _ in range(_TRIES):
            current = await world.gateway.read(calendar, href)
            if current is None:
                await _forget(world, calendar, href)
                raise UserError(Code.STALE_REFERENCE, "event_gone")
            data = change(current)
            if data is None:
                return await _mirror(world, calendar, current)
            try:
                return await _mirror(world, calendar, await world.gateway.update(calendar, href, data, current.etag))
            except PreconditionFailed:
                continue
    raise PreconditionFailed


async def delete(world: World, calendar: CalendarName, href: Href, check: Callable[[CalendarObject], None]) -> None:
    """Delete an object unless `check` objects to what the server has now; no error where it is gone already."""
    async with _writing(world, calendar):
        for _ in range(_TRIES):
            current = await world.gateway.read(calendar, href)
            if current is None:
                break
            check(current)
            try:
                await world.gateway.delete(calendar, href, current.etag)
            except PreconditionFailed:
                continue
            break
        else:
            raise PreconditionFailed
        await _forget(world, calendar, href)


@asynccontextmanager
async def _writing(world: World, calendar: CalendarName) -> AsyncIterator[None]:
    """One writer at a time. An outage that a write runs into is known from then on, and so is its end."""
    if world.settings.calendars[calendar].access is Access.READ_ONLY:
        raise CalendarReadOnly(calendar=calendar)
    async with world.locks.hold(sync.lock_name(calendar)):
        try:
            yield
        except CalendarUnavailable as error:
            await sync.note_failure(world, calendar, error)
            raise
    if (await world.stores.calendars.state(calendar)).problem is not None:
        sync.look_soon(world, calendar)


async def _mirror(world: World, calendar: CalendarName, written: CalendarObject) -> StoredObject:
    now = world.clock()
    (stored,) = await sync.digest(world, calendar, [written], now)
    if stored.problem is not None:
        raise BadCalendarData(stored.problem)
    async with world.stores.transaction():
        await world.stores.calendars.put([stored])
        await planning.replan(world, calendar, [stored.uid], now)
    reminders.ring_soon(world)
    return stored


async def _forget(world: World, calendar: CalendarName, href: Href) -> None:
    stored = await world.stores.calendars.get(calendar, href)
    uids: list[Uid] = [] if stored is None else [stored.uid]
    async with world.stores.transaction():
        await world.stores.calendars.remove(calendar, [href])
        await planning.replan(world, calendar, uids, world.clock())
    reminders.ring_soon(world)
