"""The event that a poll becomes: written once, and moved where the poll is booked for another of its options."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from calbot.core import identity, polls
from calbot.core.ical import editing
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.model import (
    Attendee,
    CalendarObject,
    Href,
    Member,
    Occurrence,
    Uid,
    UserId,
    When,
)
from calbot.core.poll_model import Cause, Poll
from calbot.core.polls import Winner
from calbot.core.resources import attendee_of
from calbot.core.undo import Act, Booked, Moved, Rebooked, Undoable
from calbot.errors import Code, PreconditionFailed, UserError
from calbot.ports import StoredObject

from . import addresses, inviting, people, resources, showing, undoable, writing
from .world import World


@dataclass(frozen=True, slots=True)
class Booking:
    """The event as it was written; `moved`: there was one already, at another time. `resource_known`: whether anybody
    could tell that what is booked with it is free."""

    poll: Poll
    stored: StoredObject
    attendees: tuple[Attendee, ...]
    moved: bool
    resource_known: bool = True

    @property
    def occurrence(self) -> Occurrence:
        return showing.first_occurrence(self.stored)


async def write(world: World, poll: Poll, outcome: Winner, members: Sequence[Member]) -> Booking:
    """Write the event of a poll, or move it to the option that was chosen; where that was done before, that is it.

    An event that is gone is written anew, under the UID of the next generation: servers and clients remember what was
    cancelled.
    """
    when = outcome.option.when
    if when is None:
        raise RuntimeError("a winner without a date cannot be booked")
    known_as = {member.user: member.name for member in members}
    await addresses.find_out(world, [one.user for one in polls.participations(poll, outcome)])
    attendees = tuple(
        people.attendee(world, one.user, known_as, role=one.role, partstat=one.partstat)
        for one in polls.participations(poll, outcome)
    )
    if poll.booked is not None:
        moved = await _moved(world, poll, when, attendees)
        if moved is not None:
            return Booking(poll, moved, attendees, moved=True)
        generation = poll.generation + 1
        uid = identity.uid_for_poll(poll.key, generation)
        poll = replace(poll, generation=generation, uid=uid, booked=None)
        await world.stores.polls.save(poll)
    return await _created(world, poll, when, attendees)


async def _created(world: World, poll: Poll, when: When, attendees: tuple[Attendee, ...]) -> Booking:
    uid = poll.uid or identity.uid_for_poll(poll.key, poll.generation)
    room = world.settings.rooms[poll.room]
    resource = world.settings.resources.get(poll.resource)
    name = identity.resource_name(uid)
    async with resources.reserved(world, resource, poll.calendar, uid, [when], strict=False) as reservation:
        # People have voted for this time: a room that is taken by now must not cost them the event.
        free = resource if reservation.taken is None else None
        draft = EventDraft(
            uid=uid,
            when=when,
            title=poll.title,
            location=poll.location or (free.name if free else ""),
            description=poll.description,
            link=await inviting.meeting_link(world, room, uid),
            organizer=inviting.organizer(world, poll.calendar),
            attendees=(*attendees, attendee_of(free)) if free else attendees,
        )
        key = await _record(world, poll, uid, world.gateway.href(poll.calendar, name), Booked(poll.key))
        data = await asyncio.to_thread(build_event, draft, world.clock())
        stored = await writing.create(world, poll.calendar, name, data, told=poll.room)
    await world.stores.references.save_maker(uid, poll.asker)
    if key is not None:
        await world.stores.undo.done(key, world.clock(), Booked(poll.key, await undoable.mark(stored)))
    return Booking(poll, stored, attendees, moved=False, resource_known=reservation.known)


async def _moved(world: World, poll: Poll, when: When, attendees: tuple[Attendee, ...]) -> StoredObject | None:
    """The event that there is, at its new time; None where there is none any more."""
    if poll.uid is None:
        return None
    there = await world.stores.calendars.by_uid(poll.calendar, poll.uid)
    known = () if there is None else there.occurrences
    # What the mirror does not know of may be on the server all the same: a second event would stand beside it.
    href = world.gateway.href(poll.calendar, identity.resource_name(poll.uid)) if there is None else there.href
    change = partial(
        _rebooked,
        known=tuple(one.when for one in known),
        when=when,
        attendees=attendees,
        zone=world.settings.defaults.timezone,
        now=world.clock(),
    )
    try:
        async with _resources_at(world, poll, known, when):
            key = await _record(world, poll, poll.uid, href, _move_of(poll, known, when))
            stored = await writing.edit(world, poll.calendar, href, change, told=poll.room)
    except UserError as error:
        if error.code is Code.STALE_REFERENCE:
            return None
        raise
    if key is not None:
        await world.stores.undo.done(key, world.clock())
    return stored


def _move_of(poll: Poll, known: Sequence[Occurrence], when: When) -> Act:
    """What takes the event back to where it is now: another option, or a time that somebody moved it to."""
    booked = next((one for one in poll.options if one.id == poll.booked), None)
    if known and (booked is None or booked.when != known[0].when):
        return Moved(known[0], when, whole=False)
    return Rebooked(poll.key, poll.booked or "", poll.chosen or "")


def _rebooked(
    current: CalendarObject,
    *,
    known: tuple[When, ...],
    when: When,
    attendees: tuple[Attendee, ...],
    zone: ZoneInfo,
    now: datetime,
) -> str | None:
    """The edit, unless it was done before; PreconditionFailed where somebody moved the event and nobody here knows."""
    found = editing.time_of(current.data, None, zone=zone)
    if found == when:
        return None
    if known and found not in known:
        raise PreconditionFailed
    return editing.rebooked(current.data, when, attendees, zone=zone, now=now)


@asynccontextmanager
async def _resources_at(world: World, poll: Poll, known: Sequence[Occurrence], when: When) -> AsyncIterator[None]:
    """Inside, what is booked with the event is kept for it at its new time: UserError where it cannot be had then."""
    room = world.settings.rooms[poll.room]
    reader = world.reader(room.language, room.timezone)
    async with AsyncExitStack() as held:
        for old in known[:1]:  # no poll is booked as a series
            await held.enter_async_context(resources.moving(world, reader, old, [when] if old.when != when else ()))
        yield


async def _record(world: World, poll: Poll, uid: Uid, href: Href, act: Act) -> str | None:
    """Record for undo what is about to be written, if it was a person who closed the poll or decided."""
    by: UserId | None = None
    if poll.decision is not None:
        by = None if poll.decision.undoes else poll.decision.sender
    elif poll.ended is not None and poll.cause in (Cause.COMMAND, Cause.END_EVENT):
        by = poll.ended.sender
    if by is None or by == world.chat.user:
        return None
    key = identity.key_for("booking", poll.key, poll.revision, poll.generation)
    await world.stores.undo.begin(Undoable(key, poll.room, by, poll.calendar, uid, href, act, world.clock()))
    return key
