"""Rooms and other things that can be booked with a meeting: which one is meant, whether it is free, its reservation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Final

from calbot.core import resources
from calbot.core.ask import Say
from calbot.core.attendance import takes_time
from calbot.core.busy import LONGEST, Spans, bounded, merged, without
from calbot.core.i18n import Reader
from calbot.core.ical import read_and_expand
from calbot.core.messages import when_text
from calbot.core.model import (
    Attendee,
    Busy,
    CalendarName,
    CalendarObject,
    Href,
    Occurrence,
    Status,
    Uid,
    When,
    instants,
)
from calbot.core.settings import FreeBusy, Resource
from calbot.errors import CalendarUnavailable, Code, PreconditionFailed, UserError

from . import freebusy, sync
from .world import World

_SHOWN: Final = 5  # names of resources in an error


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether a resource can be had: `taken` is the first of the times wanted at which it cannot.

    `known` is False where nobody could say.
    """

    taken: When | None = None
    known: bool = True


def named(world: World, name: str) -> Resource:
    """The resource that somebody means: by its name in any case, or by the beginning of no other one's."""
    known = world.settings.resources
    found = resources.find(name, known)
    if len(found) == 1:
        return known[found[0]]
    if not known:
        raise UserError(Code.NOT_FOUND, "no_resources", name=name)
    if found:
        raise UserError(Code.AMBIGUOUS, "which_resource", name=name, known=_listed(found))
    raise UserError(Code.NOT_FOUND, "unknown_resource", name=name, known=_listed(resources.nearest(name, known)))


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names[:_SHOWN])


def on_event(world: World, occurrence: Occurrence) -> tuple[Resource, ...]:
    """The resources of ours that are booked for an event."""
    return tuple(one for one in world.settings.resources.values() if resources.is_on(one, occurrence))


def notes(resource: Resource | None, attendees: Sequence[Attendee], *, known: bool) -> list[Say]:
    """What has to be said of a resource that is booked: that it is too small, that nobody knows whether it is free."""
    if resource is None:
        return []
    said = [] if known else [Say("resource_not_known", {"name": resource.name})]
    coming = sum(not one.kind.is_resource for one in attendees)
    if resource.capacity is not None and coming > resource.capacity:
        said.append(Say("resource_small", {"name": resource.name, "capacity": resource.capacity, "people": coming}))
    return said


def notes_on(
    world: World, name: str, written: Occurrence, attendees: Sequence[Attendee], *, known: bool = True
) -> list[Say]:
    """The same of an event whose resource may have been left out when it was written, since it was taken."""
    resource = world.settings.resources.get(name)
    if resource is None or written.details.hidden:
        return []
    if not resources.is_on(resource, written):
        return [Say("resource_taken", {"name": name})]
    return notes(resource, attendees, known=known)


@asynccontextmanager
async def reserved(
    world: World,
    resource: Resource | None,
    calendar: CalendarName,
    uid: Uid,
    times: Sequence[When],
    *,
    strict: bool = True,
) -> AsyncIterator[Reservation]:
    """Inside, nobody else takes the resource by way of the bot: write the event `uid` there, if it can be had.

    An event that is written already, by an earlier run, has taken the resource itself, and can have it. Unless
    `strict`, a calendar of the resource that cannot be read leaves it open whether it is free.
    """
    if resource is None:
        yield Reservation()
        return
    async with world.locks.hold(f"resource:{resource.name}"):
        try:
            found = await look(world, resource, times, uid=uid)
        except CalendarUnavailable as error:
            if strict:
                raise
            world.log.info("nobody tells when %s is free: %s", resource.name, error.reason)
            found = Reservation(known=False)
        if found.taken is not None and await _is_written(world, calendar, uid):
            found = Reservation()
        yield found


def require(reader: Reader, resource: Resource | None, reservation: Reservation) -> None:
    """UserError where a resource cannot be had."""
    if resource is not None and reservation.taken is not None:
        when = when_text(reader, reservation.taken)
        raise UserError(Code.CONFLICT, "resource_taken", name=resource.name, when=when)


@asynccontextmanager
async def moving(world: World, reader: Reader, old: Occurrence, times: Sequence[When]) -> AsyncIterator[None]:
    """Inside, nobody else takes by way of the bot what is booked for an event: write its new time there.

    `times` are those that it moves to: UserError where something that is booked is not free then. None of them where an
    earlier run may have moved it, and it could be in its own way.
    """
    async with AsyncExitStack() as held:
        # In order of name: two meetings that both have a room and a beamer must not wait for each other.
        for resource in sorted(on_event(world, old), key=lambda one: one.name):
            await held.enter_async_context(world.locks.hold(f"resource:{resource.name}"))
            if times:
                require(reader, resource, await look(world, resource, times, ignoring=await _itself(world, old, times)))
        yield


async def _itself(world: World, old: Occurrence, times: Sequence[When]) -> Sequence[Occurrence]:
    """What of an event is not in the way of its new times: itself, and all of a series that moves as a whole."""
    return [old] if len(times) == 1 else await world.stores.calendars.occurrences_of(old.calendar, old.uid)


async def times_after(
    world: World, old: Occurrence, when: When, change: Callable[[CalendarObject], str | None], *, whole: bool
) -> Sequence[When]:
    """When an event takes place that is about to be moved to `when` by a change; of a whole series all its times."""
    stored = await world.stores.calendars.get(old.calendar, old.href) if whole and on_event(world, old) else None
    if stored is None:
        return [when]
    try:
        data = await asyncio.to_thread(change, CalendarObject(stored.href, stored.etag, stored.data))
    except PreconditionFailed:
        return [when]  # somebody else has moved it: whoever writes the change finds that out
    return [when] if data is None else await times_of(world, old.calendar, data, when)


async def times_of(world: World, calendar: CalendarName, data: str, first: When) -> Sequence[When]:
    """When a series takes place that is about to be written, as far ahead as anybody is asked for busy times."""
    zone = world.settings.defaults.timezone
    start = instants(first, zone)[0]
    series = CalendarObject(Href(""), None, data)
    expand = partial(read_and_expand, calendar=calendar, hidden=False, zone=zone, window=(start, start + LONGEST))
    return [one.when for one in (await asyncio.to_thread(expand, series)).occurrences] or [first]


async def look(
    world: World,
    resource: Resource,
    times: Sequence[When],
    *,
    uid: Uid | None = None,
    ignoring: Sequence[Occurrence] = (),
) -> Reservation:
    """Whether the resource is free at all these times, as far as they lie within `core.busy.LONGEST`.

    `uid` and `ignoring` are events that do not count. CalendarUnavailable where the calendar of the resource cannot be
    read: without it nothing is certain.
    """
    zone = world.settings.defaults.timezone
    spans = [(when, instants(when, zone)) for when in times]
    start = min(begin for _, (begin, _) in spans).astimezone(timezone.utc)
    near = [(when, span) for when, span in spans if span[1] <= start + LONGEST]
    end = max((until for _, (_, until) in near), default=start).astimezone(timezone.utc)
    if end <= start:
        return Reservation()
    found = await _busy(world, resource, start, end, uid=uid, ignoring=ignoring)
    if found is None:
        return Reservation(known=False)
    taken = Spans((one.start, one.end) for one in found)
    return Reservation(next((when for when, span in near if taken.hits(*span)), None))


async def busy(world: World, resource: Resource, start: datetime, end: datetime) -> Sequence[Busy] | None:
    """When a resource is taken, for a search; None where nobody tells. The time is cut to `core.busy.LONGEST`."""
    try:
        return await _busy(world, resource, *bounded(start, end))
    except CalendarUnavailable as error:
        world.log.info("nobody tells when %s is free: %s", resource.name, error.reason)
        return None


async def _busy(
    world: World,
    resource: Resource,
    start: datetime,
    end: datetime,
    *,
    uid: Uid | None = None,
    ignoring: Sequence[Occurrence] = (),
) -> Sequence[Busy] | None:
    """What its own calendar tells, else the server that delivers invitations to it; and what the bot knows of."""
    told = await _by_calendar(world, resource, start, end)
    if told is None:
        told = await _by_outbox(world, resource, start, end)
    zone = world.settings.defaults.timezone
    calendars, address = list(world.settings.calendars), resource.address.lower()
    own_ids = {one.id for one in ignoring}
    known = [
        Busy(*instants(one.when, zone), one.details.status is Status.TENTATIVE)
        for one in await world.stores.calendars.occurrences(calendars, start, end, attendee=address)
        if resources.is_on(resource, one) and takes_time(one) and one.uid != uid and one.id not in own_ids
    ]
    if told is None and not known:
        return None
    own = [instants(one.when, zone) for one in ignoring]
    return await asyncio.to_thread(lambda: merged([*without(told or (), own), *known], start, end))


async def _by_calendar(world: World, resource: Resource, start: datetime, end: datetime) -> Sequence[Busy] | None:
    calendar = resource.calendar
    if calendar is None or calendar not in world.settings.calendars:
        return None
    if world.settings.accounts[world.settings.calendars[calendar].account].freebusy is FreeBusy.OFF:
        return None
    try:
        return await asyncio.wait_for(
            world.gateway.free_busy_query(calendar, start, end), freebusy.FOR_A_SEARCH.total_seconds()
        )
    except asyncio.TimeoutError as error:
        raise CalendarUnavailable("calendar_timeout") from error


async def _by_outbox(world: World, resource: Resource, start: datetime, end: datetime) -> Sequence[Busy] | None:
    accounts = [name for name, one in world.settings.accounts.items() if one.freebusy is FreeBusy.MEMBERS]
    address = resource.address.lower()
    told = await freebusy.by_outboxes(world, accounts, [address], start, end, freebusy.FOR_A_SEARCH)
    return told.get(address)


async def _is_written(world: World, calendar: CalendarName, uid: Uid) -> bool:
    """Whether an event is on the calendar; asked of the server where the mirror does not have it."""
    if await world.stores.calendars.by_uid(calendar, uid) is None:
        await sync.pull(world, calendar)
    return await world.stores.calendars.by_uid(calendar, uid) is not None
