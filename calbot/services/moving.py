"""`move`: gives an event, one occurrence of a series, the rest or the whole of one another time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from calbot.core import dates, identity, messages
from calbot.core.commands import Move, Scope
from calbot.core.dates import At, Base, Day, Unread
from calbot.core.ical import editing
from calbot.core.ical.reading import write_recurrence_id
from calbot.core.messages import Wanted
from calbot.core.model import AllDay, CalendarObject, Occurrence, OccurrenceId, Uid, When
from calbot.core.permissions import Action
from calbot.core.undo import Deed, Moved
from calbot.errors import PreconditionFailed
from calbot.ports import StoredObject

from . import (
    conflicts,
    following,
    inviting,
    overlapping,
    people,
    references,
    resources,
    rights,
    scopes,
    showing,
    undoable,
    writing,
)
from .readings import locales_of, settle
from .requests import Reply, Request
from .world import World


async def move(world: World, request: Request, command: Move) -> Reply:
    """Move one occurrence, it and those after it, or a whole series; what the new time leaves out comes from the old
    one."""
    old = request.before or await references.resolve(world, request, command.ref)
    room = showing.room_of(request, old.calendar)
    await rights.require(world, request, Action.CHANGE, old.calendar, await rights.subject(world, old))
    base = _base(old, request.zone)
    reading = dates.read_either(
        command.when, locales=locales_of(request.reader.locale), now=request.now, base=Base.of(base)
    )
    if isinstance(reading, Unread):
        raise messages.unread_error(reading, command.when)  # before any question
    said = scopes.chosen(request, command.scope, old, "move_series")
    when, _ = settle(request, reading, old.details.title, room.duration, text=command.when)
    if request.before is None and when == old.when:
        where = messages.when_text(request.reader, when)
        return Reply(
            messages.ok(request.reader, "already_there", title=old.details.title, when=where), about=showing.about(old)
        )
    attending = people.persons(world, old, await world.chat.members(room.id))
    invited = [one.user for one in attending if one.user is not None]
    required = people.required(attending)
    warnings = await conflicts.of_move(world, request, room, old, when, invited, required=required)
    uid = identity.uid_for_command(request.event.id)
    scope = await scopes.settled(world, request, said, old, second=uid)
    try:
        stored = await _write(world, request, old, when, scope, uid)
    except PreconditionFailed:
        return await overlapping.reply(world, request, old, Wanted(when=when))
    await undoable.done(world, request)
    if scope is Scope.ALL:
        await let_references_follow(world, request, request.event.id, old, when, stored)
    moved = next((one for one in stored.occurrences if one.when == when), None) or showing.first_occurrence(stored)
    members = await world.chat.members(room.id)
    attending = people.persons(world, moved, members)
    notes = [*await inviting.change_notes(world, moved, stored), *warnings]
    whole, rest = scope is Scope.ALL, scope is Scope.FOLLOWING
    message = messages.moved(request.reader, old, moved, notes=notes, whole_series=whole, following=rest)
    await showing.update_card(world, room, moved, attending, series=whole or rest)
    return Reply(
        message.mentioning(*people.to_mention(attending, [member.user for member in members], but=request.sender)),
        about=showing.about(moved),
    )


async def _write(world: World, request: Request, old: Occurrence, when: When, scope: Scope, uid: Uid) -> StoredObject:
    """The event at its new time, and what is booked with it; of a series that was split, what is at the new one."""
    zone = world.settings.defaults.timezone
    again = request.before is not None
    if scope is Scope.FOLLOWING:
        return await following.change(
            world,
            request,
            old,
            uid,
            deed=Deed.MOVED,
            check=partial(_check_time, old=old, zone=zone),
            change=partial(
                editing.moved, recurrence_id=old.recurrence_id, when=when, whole_series=True, zone=zone, now=request.now
            ),
            when=when,
        )
    whole = scope is Scope.ALL
    change = partial(moved_to, old=old, when=when, whole=whole, zone=zone, now=request.now, again=again)
    times = () if again else await resources.times_after(world, old, when, change, whole=whole)
    async with resources.moving(world, request.reader, old, times):
        await world.stores.inbox.note(request.event.id, old)
        await undoable.begin(world, request, old.calendar, old.uid, old.href, Moved(old, when, whole))
        return await writing.edit(world, old.calendar, old.href, change, told=request.place.room)


async def let_references_follow(
    world: World, request: Request, key: str, old: Occurrence, when: When, stored: StoredObject, *, back: bool = False
) -> None:
    """Numbers, cards and messages about occurrences of a series that was moved mean where they are now. Once: `key`
    names the record of the move, `back` is that it is taken back."""
    slot = old.recurrence_id
    if slot is None or not stored.data:  # nothing is kept of what must not be seen
        return
    zone, stores = world.settings.defaults.timezone, world.stores
    become = await asyncio.to_thread(editing.ids_after_move, stored.data, slot, when, zone=zone)
    rooms = {request.place.room, *(room.id for room in world.settings.rooms_of(old.calendar))}
    async with stores.transaction():
        change = await stores.undo.get(key)
        if change is None or not isinstance(change.act, Moved) or change.act.followed is not back:
            return
        await stores.undo.amend(key, replace(change.act, followed=not back))
        await stores.references.follow(
            old.calendar,
            old.uid,
            lambda id: id if id.recurrence_id is None else OccurrenceId(id.uid, become(id.recurrence_id)),
            sorted(rooms),
        )


def moved_to(
    current: CalendarObject,
    *,
    old: Occurrence,
    when: When,
    whole: bool,
    zone: ZoneInfo,
    now: datetime,
    again: bool = False,
) -> str | None:
    """The edit, unless somebody else moved the event meanwhile, or an earlier run of this command did (`again`)."""
    slot, since = old.recurrence_id, old.details.sequence
    if again and editing.was_moved_at(current.data, slot, now, since, whole_series=whole, zone=zone):
        return None
    found = editing.time_of(current.data, slot, zone=zone)
    if found is None and whole:
        # A series that was moved has other ids for its occurrences.
        found = editing.time_of(current.data, write_recurrence_id(when.start), zone=zone)
    if found == when:
        return None
    if found != old.when:
        raise PreconditionFailed
    return editing.moved(current.data, slot, when, whole_series=whole, zone=zone, now=now)


def _check_time(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo) -> None:
    if editing.time_of(current.data, old.recurrence_id, zone=zone) != old.when:
        raise PreconditionFailed


def _base(occurrence: Occurrence, zone: ZoneInfo) -> At | Day:
    """An occurrence as what a new time is read against."""
    if isinstance(occurrence.when, AllDay):
        return Day(occurrence.when.start, occurrence.when.last)
    seen = occurrence.when.seen_in(zone)
    return At(seen.start, seen.end)
