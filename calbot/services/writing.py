"""Writes to calendars: one writer per calendar, read back, mirrored, reminders replanned.

Every write may be repeated after a crash: a new object is created under a name derived from its cause, an edit is
applied to what the server has now and is a no-op where it has been applied already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from calbot.core.ical import uid_of
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

from . import announcements, audit, delivery, digesting, disowned, invitations, looking, sync
from .world import World

TRIES: Final = 3  # how often an edit is tried against somebody who writes at the same time

# What to make of an object as the server has it now: the new text, or None where nothing is to be changed (any more).
Edit = Callable[[CalendarObject], str | None]

# Told what an object says and what it is going to say, before it is written.
Record = Callable[[str, str], Awaitable[None]]


async def create(
    world: World, calendar: CalendarName, name: str, data: str, *, told: RoomId | None = None, foreign: bool = False
) -> StoredObject:
    """A new object; the one that is there where this was done before. `foreign`: its UID is not of our making, so that
    what has it already may be something else."""
    href = world.gateway.href(calendar, name)
    try:
        async with exclusively(world, calendar):
            async with expecting(world, calendar, href, data, told) as text:
                written = await world.gateway.create(calendar, name, text)
            return await created(world, calendar, href, written)
    except PreconditionFailed:
        if foreign:
            raise
        return await _renamed(world, calendar, href, data, told)


async def _renamed(world: World, calendar: CalendarName, href: Href, data: str, told: RoomId | None) -> StoredObject:
    """What an earlier run wrote and the server put under a name of its own, as that says that the UID is taken."""
    uid = await asyncio.to_thread(uid_of, data)
    async with expecting(world, calendar, href, data, told):
        await sync.pull(world, calendar)
        there = None if uid is None else await world.stores.calendars.by_uid(calendar, uid)
        current = None if there is None else await world.gateway.read(calendar, there.href)
        if current is None:
            raise PreconditionFailed
    async with exclusively(world, calendar):
        return await created(world, calendar, href, current)


async def created(world: World, calendar: CalendarName, href: Href, there: CalendarObject) -> StoredObject:
    """An object that was to lie at `href`, in the mirror; where a server names objects itself, it lies elsewhere."""
    (stored,) = await mirrored(world, calendar, there)
    if there.href != href:
        await invitations.release(world, calendar, href, there.data)
    return stored


async def edit(
    world: World,
    calendar: CalendarName,
    href: Href,
    change: Edit,
    *,
    told: RoomId | None = None,
    record: Record | None = None,
) -> StoredObject:
    """Change an object as it is on the server now; `change` is asked again about what others make of it meanwhile.

    What it raises is raised when the mirror has what it saw.
    """
    async with exclusively(world, calendar):
        for _ in range(TRIES):
            current, stored = await read(world, calendar, href)
            data = await asyncio.to_thread(change, current)
            if data is None:
                return stored
            if record is not None:
                await record(current.data, data)
            try:
                async with expecting(world, calendar, href, data, told, before=current.data) as text:
                    written = await world.gateway.update(calendar, href, text, current.etag)
            except PreconditionFailed:
                continue
            (stored,) = await mirrored(world, calendar, written)
            return stored
    raise PreconditionFailed


async def read(world: World, calendar: CalendarName, href: Href) -> tuple[CalendarObject, StoredObject]:
    """An object as the server has it now, and so the mirror. UserError where it is gone.

    What somebody else made of it until now is theirs, and told as that.
    """
    current = await world.gateway.read(calendar, href)
    if current is None:
        await forget(world, calendar, href)
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    await disowned.settle(world, calendar, current)
    kept = await world.stores.calendars.get(calendar, href)
    if kept is not None and kept.etag is not None and kept.etag == current.etag and kept.problem is None:
        return current, kept
    (stored,) = await mirrored(world, calendar, current)
    return current, stored


async def delete(
    world: World,
    calendar: CalendarName,
    href: Href,
    check: Callable[[CalendarObject], None],
    *,
    told: RoomId | None = None,
) -> None:
    """Delete an object unless `check` objects to what the server has now; no error where it is gone already."""
    async with exclusively(world, calendar):
        for _ in range(TRIES):
            current = await world.gateway.read(calendar, href)
            if current is None:
                break
            await asyncio.to_thread(check, current)
            try:
                async with expecting(world, calendar, href, None, told, before=current.data):
                    await world.gateway.delete(calendar, href, current.etag)
            except PreconditionFailed:
                continue
            break
        else:
            raise PreconditionFailed
        await forget(world, calendar, href)


@asynccontextmanager
async def exclusively(world: World, calendar: CalendarName) -> AsyncIterator[None]:
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
        looking.look_soon(world, calendar)
    else:
        looking.was_written(world, calendar)


@asynccontextmanager
async def expecting(
    world: World,
    calendar: CalendarName,
    href: Href,
    data: str | None,
    told: RoomId | None,
    *,
    before: str | None = None,
) -> AsyncIterator[str]:
    """Note, before it is written (deleted: no `data`), what people will see: so it is not taken for the work of others
    when it turns up; and whom it is to be told to by mail. Forgotten where the server refuses it, and not where its
    answer is lost. Gives the text to be written, which says whom the server is to invite."""
    if data is not None:
        data = await invitations.addressed(world, calendar, before, data)
    occurrences: tuple[Occurrence, ...] = ()
    if data is None:
        kept = await world.stores.calendars.get(calendar, href)
        uid = Uid("") if kept is None else kept.uid
    else:
        (written,) = await digesting.digest(world, calendar, [CalendarObject(href, None, data)], world.clock())
        uid, occurrences = written.uid, written.occurrences
    await announcements.expect(world, calendar, uid, occurrences, told)
    await invitations.draft(world, calendar, href, before, data, told)
    entry = await audit.begin(world, calendar, href, uid)
    world.passed("write.expected")
    try:
        yield data or ""
    except CalbotError as error:
        if isinstance(error, Unavailable):
            invitations.look_later(world)
        else:
            await announcements.give_up(world, calendar, uid)
            await invitations.forget(world, calendar, href)
        raise
    await audit.done(world, entry)
    world.passed("write.done")


async def mirrored(
    world: World, calendar: CalendarName, *written: CalendarObject, gone: Sequence[Href] = ()
) -> list[StoredObject]:
    """Objects as they are on the server, put into the mirror at once, and others taken out of it."""
    now = world.clock()
    stored = await digesting.digest(world, calendar, written, now)
    for one in stored:
        if one.problem is not None:
            raise BadCalendarData(one.problem)
    await sync.mirror(world, calendar, stored, gone, now)
    for there in written:
        await invitations.release(world, calendar, there.href, there.data)
    for href in gone:
        await invitations.release(world, calendar, href, None)
    delivery.ring_soon(world)
    return stored


async def look_at_everything(world: World, calendar: CalendarName) -> None:
    """Let the next look compare all of a calendar, since the mirror is not sure of what it has."""
    state = await world.stores.calendars.state(calendar)
    await world.stores.calendars.save_state(replace(state, cursor=None, mark=None))


async def forget(world: World, calendar: CalendarName, href: Href) -> None:
    await sync.mirror(world, calendar, [], [href], world.clock())
    await invitations.release(world, calendar, href, None)
    delivery.ring_soon(world)
