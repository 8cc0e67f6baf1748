"""Writes to calendars: one writer per calendar, read back, mirrored, reminders replanned.

Every write may be repeated after a crash: a new object is created under a name derived from its cause, an edit is
applied to what the server has now and is a no-op where it has been applied already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from calbot.core.model import CalendarName, CalendarObject, Href, Occurrence, RoomId, Uid
from calbot.core.settings import Access
from calbot.errors import (
    BadCalendarData,
    CalbotError,
    CalendarReadOnly,
    CalendarUnavailable,
    Code,
    PreconditionFailed,
    Unavailable,
    UserError,
)
from calbot.ports import StoredObject

from . import announcements, delivery, sync
from .world import World

_TRIES: Final = 3  # how often an edit is tried against somebody who writes at the same time

# What to make of an object as the server has it now: the new text, or None where nothing is to be changed (any more).
Edit = Callable[[CalendarObject], str | None]


async def create(
    world: World, calendar: CalendarName, name: str, data: str, *, told: RoomId | None = None
) -> StoredObject:
    """A new object; the one that is there where this was done before."""
    async with _writing(world, calendar):
        async with _expecting(world, calendar, Href(""), data, told):
            written = await world.gateway.create(calendar, name, data)
        return await _mirror(world, calendar, written)


async def edit(
    world: World, calendar: CalendarName, href: Href, change: Edit, *, told: RoomId | None = None
) -> StoredObject:
    """Change an object as it is on the server now; `change` is asked again about what others make of it meanwhile."""
    async with _writing(world, calendar):
        for _ in range(_TRIES):
            current = await world.gateway.read(calendar, href)
            if current is None:
                await _forget(world, calendar, href)
                raise UserError(Code.STALE_REFERENCE, "event_gone")
            data = await asyncio.to_thread(change, current)
            kept = await world.stores.calendars.get(calendar, href)
            if data is None or kept is None or kept.etag != current.etag:
                # What somebody else made of it until now is theirs, and told as that.
                stored = await _mirror(world, calendar, current)
            if data is None:
                return stored
            try:
                async with _expecting(world, calendar, href, data, told):
                    written = await world.gateway.update(calendar, href, data, current.etag)
            except PreconditionFailed:
                continue
            return await _mirror(world, calendar, written)
    raise PreconditionFailed


async def delete(
    world: World,
    calendar: CalendarName,
    href: Href,
    check: Callable[[CalendarObject], None],
    *,
    told: RoomId | None = None,
) -> None:
    """Delete an object unless `check` objects to what the server has now; no error where it is gone already."""
    async with _writing(world, calendar):
        for _ in range(_TRIES):
            current = await world.gateway.read(calendar, href)
            if current is None:
                break
            await asyncio.to_thread(check, current)
            try:
                async with _expecting(world, calendar, href, None, told):
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


@asynccontextmanager
async def _expecting(
    world: World, calendar: CalendarName, href: Href, data: str | None, told: RoomId | None
) -> AsyncIterator[None]:
    """Note, before it is written (deleted: no `data`), what people will see: so it is not taken for the work of others
    when it turns up. Forgotten where the server refuses it, and not where its answer is lost."""
    occurrences: tuple[Occurrence, ...] = ()
    if data is None:
        kept = await world.stores.calendars.get(calendar, href)
        uid = Uid("") if kept is None else kept.uid
    else:
        (written,) = await sync.digest(world, calendar, [CalendarObject(href, None, data)], world.clock())
        uid, occurrences = written.uid, written.occurrences
    await announcements.expect(world, calendar, uid, occurrences, told)
    world.passed("write.expected")
    try:
        yield
    except CalbotError as error:
        if not isinstance(error, Unavailable):
            await announcements.give_up(world, calendar, uid)
        raise
    world.passed("write.done")


async def _mirror(world: World, calendar: CalendarName, written: CalendarObject) -> StoredObject:
    now = world.clock()
    (stored,) = await sync.digest(world, calendar, [written], now)
    if stored.problem is not None:
        raise BadCalendarData(stored.problem)
    await sync.mirror(world, calendar, [stored], [], now)
    delivery.ring_soon(world)
    return stored


async def _forget(world: World, calendar: CalendarName, href: Href) -> None:
    await sync.mirror(world, calendar, [], [href], world.clock())
    delivery.ring_soon(world)
