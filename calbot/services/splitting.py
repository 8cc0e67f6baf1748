"""Writes a series that is split in two objects, and puts it together again.

The second half is written before the first is cut off: whatever happens in between, nothing is lost. It lies where
the command says, so that a repeat finds it. The mirror gets both at once: nobody sees one without the other.
Where the first half cannot be written, the second is taken away again; where nobody can say whether it was, that is
found out when the server is back (`disowned`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from calbot.core import identity
from calbot.core.ical import is_same_revision, splitting
from calbot.core.ical.splitting import Halves
from calbot.core.model import CalendarName, CalendarObject, Href, Occurrence, RecurrenceId, RoomId, Uid
from calbot.core.undo import mark_of
from calbot.errors import CalbotError, Code, PreconditionFailed, Unavailable, UserError
from calbot.ports import StoredObject

from . import announcements, disowned, invitations, scopes, writing
from .disowned import Origin
from .world import World

# What to make of a series as the server has it now.
Divide = Callable[[CalendarObject], Halves]
Record = Callable[[str, Halves], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """Both halves as they were stored."""

    first: StoredObject
    second: StoredObject


@dataclass(slots=True)
class _Second:
    """What goes on, and where it lies once it was written: servers may rename."""

    uid: Uid
    place: Href


async def split(
    world: World, old: Occurrence, uid: Uid, divide: Divide, *, told: RoomId | None = None, record: Record
) -> Parts:
    """Split the series of `old` there. What goes on is written as `uid`; where that was done before, that is it."""
    if old.recurrence_id is None:
        raise RuntimeError("only a series can be split")
    calendar, origin = old.calendar, Origin(old.href, old.recurrence_id)
    second = _Second(uid, await scopes.place(world, old, uid))
    async with writing.exclusively(world, calendar):
        await disowned.own(world, calendar, uid)
        try:
            for _ in range(writing.TRIES):
                parts = await _split(world, calendar, origin, second, divide, told=told, record=record)
                if parts is not None:
                    return parts
            raise PreconditionFailed
        except Unavailable:
            await _disown(world, calendar, uid, origin)
            raise
        except CalbotError:
            await _withdraw(world, calendar, second, told)
            raise


async def _split(
    world: World,
    calendar: CalendarName,
    origin: Origin,
    second: _Second,
    divide: Divide,
    *,
    told: RoomId | None,
    record: Record,
) -> Parts | None:
    """None where somebody else wrote in between."""
    current, stored = await writing.read(world, calendar, origin.href)
    there = await world.gateway.read(calendar, second.place)
    if not await _goes_on(world, current, origin.recurrence_id):
        if there is None:
            raise UserError(Code.STALE_REFERENCE, "occurrence_gone")
        (rest,) = await writing.mirrored(world, calendar, there)
        return Parts(stored, rest)
    halves = await asyncio.to_thread(divide, current)
    await record(current.data, halves)
    planned = second.place
    written = await _write_second(world, calendar, second, there, halves.second, told)
    world.passed("split.second")
    if written is None:
        return None
    try:
        async with writing.expecting(world, calendar, origin.href, halves.first, told, before=current.data) as text:
            first = await world.gateway.update(calendar, origin.href, text, current.etag)
    except PreconditionFailed:
        return None
    world.passed("split.first")
    parts = Parts(*await writing.mirrored(world, calendar, first, written))
    if second.place != planned:
        await invitations.release(world, calendar, planned, written.data)
    return parts


async def _goes_on(world: World, current: CalendarObject, recurrence_id: RecurrenceId) -> bool:
    goes_on = partial(splitting.goes_on, zone=world.settings.defaults.timezone)
    return await asyncio.to_thread(goes_on, current.data, recurrence_id)


async def _write_second(
    world: World,
    calendar: CalendarName,
    second: _Second,
    there: CalendarObject | None,
    data: str,
    told: RoomId | None,
) -> CalendarObject | None:
    """The second half. One that an earlier try left is brought up to date, unless somebody has changed it since."""
    if there is not None and not await asyncio.to_thread(_is_outdated, there.data, data):
        return there
    # To those who are invited it is new also where an earlier try wrote it.
    async with writing.expecting(world, calendar, second.place, data, told) as text:
        if there is None:
            written = await world.gateway.create(calendar, identity.resource_name(second.uid), text)
            second.place = written.href
            return written
        try:
            return await world.gateway.update(calendar, second.place, text, there.etag)
        except PreconditionFailed:
            return None


def _is_outdated(there: str, data: str) -> bool:
    same = mark_of(there, hidden=False) == mark_of(data, hidden=False)
    return not same and is_same_revision(there, data)


async def _disown(world: World, calendar: CalendarName, uid: Uid, origin: Origin) -> None:
    """What is there of the second half is found out by the next look, which has to look at everything for that."""
    await disowned.disown(world, calendar, uid, origin)
    stored = await world.stores.calendars.by_uid(calendar, uid)
    if stored is not None:
        await writing.forget(world, calendar, stored.href)
        await writing.look_at_everything(world, calendar)


async def _withdraw(world: World, calendar: CalendarName, second: _Second, told: RoomId | None) -> None:
    """Take the second half away again: the first goes on, as nobody has cut it off."""
    try:
        there = await world.gateway.read(calendar, second.place)
        if there is not None:
            # Who was invited to it already, after a crash, is uninvited; others hear of neither.
            await invitations.draft(world, calendar, second.place, there.data, None, told)
            await world.gateway.delete(calendar, second.place, there.etag)
        await writing.forget(world, calendar, second.place)
    except CalbotError as error:
        world.log.info("the second half of a series stays for now: %s", error.reason)
        await disowned.disown(world, calendar, second.uid)
    else:
        await announcements.give_up(world, calendar, second.uid)


async def join(
    world: World,
    calendar: CalendarName,
    href: Href,
    revert: writing.Edit,
    second: Href,
    check: Callable[[CalendarObject], None],
    *,
    told: RoomId | None = None,
) -> StoredObject:
    """Let the first half go on as it did, and delete the second, unless `check` objects to what that says by now."""
    async with writing.exclusively(world, calendar):
        for _ in range(writing.TRIES):
            current, stored = await writing.read(world, calendar, href)
            rest = await world.gateway.read(calendar, second)
            if rest is not None:
                await asyncio.to_thread(check, rest)
            data = await asyncio.to_thread(revert, current)
            written = current
            if data is not None:
                try:
                    async with writing.expecting(world, calendar, href, data, told, before=current.data) as text:
                        written = await world.gateway.update(calendar, href, text, current.etag)
                except PreconditionFailed:
                    continue
            world.passed("join.first")
            if rest is not None:
                try:
                    async with writing.expecting(world, calendar, second, None, told, before=rest.data):
                        await world.gateway.delete(calendar, second, rest.etag)
                except PreconditionFailed:
                    # Somebody is changing it this very moment: it stays, and so the series ends before it.
                    await world.gateway.update(calendar, href, current.data, written.etag)
                    continue
            world.passed("join.second")
            (stored,) = await writing.mirrored(world, calendar, written, gone=[second])
            return stored
    raise PreconditionFailed
