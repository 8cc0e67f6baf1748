"""`edit`: changes what an event, one occurrence of a series, the rest or the whole of one says, and who is on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from zoneinfo import ZoneInfo

from calbot.core import identity, messages
from calbot.core.ask import Say
from calbot.core.commands import Edit, Scope
from calbot.core.ical import editing
from calbot.core.ical.editing import Changes
from calbot.core.messages import Wanted
from calbot.core.model import Attendee, CalendarObject, Details, Occurrence, Role, Uid, UserId
from calbot.core.permissions import Action
from calbot.core.resources import attendee_of
from calbot.core.settings import Resource, Room
from calbot.core.undo import Deed, Edited
from calbot.errors import Code, PreconditionFailed, UserError
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
from .requests import Reply, Request
from .world import World


@dataclass(slots=True)
class _Seen:
    """What an event said before the edit, as far as this run has found out, and what was recorded of it."""

    before: Details
    record: Edited | None = field(default=None)


@dataclass(frozen=True, slots=True)
class _People:
    """Who is put on an event and taken off, and what is to be said of those for whom nothing changes."""

    add: tuple[Attendee, ...]
    remove: tuple[Attendee, ...]
    notes: tuple[Say, ...]


async def edit(world: World, request: Request, command: Edit) -> Reply:
    """Change what was said to be different, unless somebody else has changed the same meanwhile."""
    old = request.before or await references.resolve(world, request, command.ref)
    room = showing.room_of(request, old.calendar)
    await rights.require(world, request, Action.CHANGE, old.calendar, await rights.subject(world, old))
    scope = scopes.chosen(request, command.scope, old, "edit_series")
    known_as = await people.names(world, room.id)
    concerned = _people(world, command, old, known_as)
    resource = resources.named(world, command.resource) if command.resource else None
    changes = _changes(world, command, old, concerned, resource)
    uid = identity.uid_for_command(request.event.id)
    scope = await scopes.settled(world, request, scope, old, second=uid)
    if await _says_so_already(world, request, old, changes, scope):
        return Reply(messages.ok(request.reader, "already_so", title=_title(request, old)), about=showing.about(old))
    warnings = await conflicts.of_added(
        world, request, room, old, [one.user for one in concerned.add if one.user and not _is_on(one, old)]
    )
    seen = _Seen(old.details)
    try:
        async with _booked(world, request, old, resource, scope) as known:
            stored = await _write(world, request, old, changes, scope, uid, seen)
    except PreconditionFailed:
        wanted = Wanted(title=command.title, location=changes.location, description=command.description)
        return await overlapping.reply(world, request, old, wanted)
    await _note(world, request, old, scope, seen, stored)
    new = _shown(stored, old)
    if seen.record is None and request.before is None:
        return Reply(messages.ok(request.reader, "already_so", title=_title(request, new)), about=showing.about(new))
    notes = [
        *await _told(world, old, new, concerned, known_as, stored),
        *(resources.notes(resource, new.details.attendees, known=known) if resource else ()),
        *concerned.notes,
        *warnings,
    ]
    after = await _after(world, new, stored, scope)
    return await _reply(world, request, room, old, after, seen.before, scope, concerned, notes)


# ------------------------------------------------------------------------------------------------------ what is wanted


def _people(world: World, command: Edit, old: Occurrence, known_as: dict[UserId, str]) -> _People:
    wanted = [
        people.attendee(world, user, known_as, role=Role.REQUIRED if user in command.add else Role.OPTIONAL)
        for user in (*command.add, *command.optional)
        if user != world.chat.user
    ]
    unwanted = [people.attendee(world, user, known_as) for user in command.remove]
    if old.details.hidden:
        return _People(tuple(wanted), tuple(unwanted), ())  # who is on it is not known
    already = [one.name for one in wanted if _is_on(one, old)]
    never = [one.name for one in unwanted if not _is_on(one, old)]
    notes = [Say("already_on", {"names": ", ".join(already)})] if already else []
    if never:
        notes.append(Say("not_on", {"names": ", ".join(never)}))
    return _People(tuple(wanted), tuple(unwanted), tuple(notes))


def _is_on(person: Attendee, occurrence: Occurrence) -> bool:
    return any(
        (person.address is not None and one.address == person.address.lower())
        or (person.user is not None and one.user == person.user)
        for one in occurrence.details.attendees
    )


def _changes(world: World, command: Edit, old: Occurrence, concerned: _People, resource: Resource | None) -> Changes:
    """The place follows the room that is booked, where it was that of the one before, or none."""
    booked = resources.on_event(world, old)
    location = command.location
    if command.resource is not None and location is None:
        named = {one.name.casefold() for one in booked}
        if not old.details.location or old.details.location.casefold() in named:
            location = resource.name if resource else ""
    others = [attendee_of(one) for one in booked if command.resource is not None and one != resource]
    return Changes(
        title=command.title,
        location=location,
        description=command.description,
        add=(*concerned.add, *((attendee_of(resource),) if resource else ())),
        remove=(*concerned.remove, *others),
        organizer=inviting.organizer(world, old.calendar),
    )


async def _told(
    world: World,
    old: Occurrence,
    new: Occurrence,
    concerned: _People,
    known_as: dict[UserId, str],
    stored: StoredObject,
) -> list[Say]:
    """Who tells those who are added, else those on the event."""
    if concerned.add:
        return await inviting.invitation_notes(world, old.calendar, concerned.add, known_as, stored)
    return await inviting.change_notes(world, new, stored)


@asynccontextmanager
async def _booked(
    world: World, request: Request, old: Occurrence, resource: Resource | None, scope: Scope
) -> AsyncIterator[bool]:
    """Inside, the resource can be had for the event: UserError where it cannot. Whether anybody knows."""
    if resource is None or request.before is not None or resource in resources.on_event(world, old):
        yield True
        return
    times = [old.when]
    if scope is not Scope.THIS:
        known = await world.stores.calendars.occurrences_of(old.calendar, old.uid)
        first = old.recurrence_id if scope is Scope.FOLLOWING else None
        times = [one.when for one in known if first is None or (one.recurrence_id or "") >= first]
    async with resources.reserved(world, resource, old.calendar, Uid(""), times) as reservation:
        resources.require(request.reader, resource, reservation)
        yield reservation.known


# --------------------------------------------------------------------------------------------------------------- write


async def _says_so_already(world: World, request: Request, old: Occurrence, changes: Changes, scope: Scope) -> bool:
    """Whether the rest of a series need not be split off, because all of it says so already."""
    kept = await world.stores.calendars.get(old.calendar, old.href)
    if scope is not Scope.FOLLOWING or kept is None or old.details.hidden or request.before is not None:
        return False
    zone = world.settings.defaults.timezone
    edited = partial(editing.edited, zone=zone, now=request.now, whole_series=True)
    return await asyncio.to_thread(edited, kept.data, changes) == kept.data


async def _write(
    world: World, request: Request, old: Occurrence, changes: Changes, scope: Scope, uid: Uid, seen: _Seen
) -> StoredObject:
    zone, whole = world.settings.defaults.timezone, scope is not Scope.THIS and old.recurrence_id is not None
    kept = await world.stores.calendars.get(old.calendar, old.href)
    first_run = request.before is None
    base = old.details
    if kept is not None and first_run:
        base = await asyncio.to_thread(_said, kept.data, old, whole=whole, zone=zone)

    def check(current: CalendarObject) -> None:
        theirs = _said(current.data, old, whole=whole, zone=zone)
        # Of a hidden event nobody here knows what it said before.
        if first_run and not old.details.hidden and _overlap(base, theirs, changes):
            raise PreconditionFailed
        seen.before = theirs

    def change(data: str) -> str:
        slot = None if scope is Scope.FOLLOWING else old.recurrence_id
        return editing.edited(data, changes, zone=zone, now=request.now, recurrence_id=slot, whole_series=whole)

    if scope is Scope.FOLLOWING and old.recurrence_id is not None:
        stored = await following.change(world, request, old, uid, deed=Deed.CHANGED, check=check, change=change)
        seen.record = Edited(Deed.CHANGED, old, "", "")  # kept by then, with what was split
        return stored

    def edited(current: CalendarObject) -> str | None:
        data = change(current.data)
        if data == current.data:
            return None
        check(current)
        return data

    async def record(before: str, after: str) -> None:
        before, after = ("", "") if old.details.hidden else (before, after)
        seen.record = Edited(Deed.CHANGED, old, before, after, whole=whole)
        await undoable.begin(world, request, old.calendar, old.uid, old.href, seen.record)

    await world.stores.inbox.note(request.event.id, old)
    return await writing.edit(world, old.calendar, old.href, edited, told=request.place.room, record=record)


def _said(data: str, old: Occurrence, *, whole: bool, zone: ZoneInfo) -> Details:
    """What the part that is meant says. UserError where there is no such occurrence (any more)."""
    found = editing.said(data, old.recurrence_id, whole_series=whole, zone=zone)
    if found is None:
        raise UserError(Code.STALE_REFERENCE, "occurrence_gone")
    return found[0]


def _overlap(base: Details, theirs: Details, changes: Changes) -> bool:
    """Whether somebody else has made something else of what is to be changed. Nobody is in the way of anybody."""
    texts = (
        (changes.title, base.title, theirs.title),
        (changes.location, base.location, theirs.location),
        (changes.description, base.description, theirs.description),
    )
    return any(wanted is not None and was != is_now and is_now != wanted for wanted, was, is_now in texts)


async def _note(
    world: World, request: Request, old: Occurrence, scope: Scope, seen: _Seen, stored: StoredObject
) -> None:
    """For `undo`: it was done, and this is how the server has it."""
    if scope is Scope.FOLLOWING or seen.record is None or old.details.hidden:
        await undoable.done(world, request)
    else:
        await undoable.complete(world, request, replace(seen.record, after=stored.data))


# ----------------------------------------------------------------------------------------------------------------- say


def _shown(stored: StoredObject, old: Occurrence) -> Occurrence:
    same = (one for one in stored.occurrences if one.recurrence_id == old.recurrence_id)
    return next(same, None) or showing.first_occurrence(stored)


async def _after(world: World, new: Occurrence, stored: StoredObject, scope: Scope) -> Occurrence:
    """What is shown of it: of a whole series what that says, not one of its exceptions."""
    if new.details.hidden or scope is not Scope.ALL:
        return new
    said = partial(editing.said, whole_series=True, zone=world.settings.defaults.timezone)
    found = await asyncio.to_thread(said, stored.data, None)
    return new if found is None else replace(new, details=found[0])


def _title(request: Request, occurrence: Occurrence) -> str:
    return request.reader.catalog.text("event.busy") if occurrence.details.hidden else occurrence.details.title


async def _reply(
    world: World,
    request: Request,
    room: Room,
    old: Occurrence,
    new: Occurrence,
    said: Details,
    scope: Scope,
    concerned: _People,
    notes: Sequence[Say],
) -> Reply:
    whole, rest = scope is Scope.ALL, scope is Scope.FOLLOWING
    members = await world.chat.members(room.id)
    attending = people.persons(world, new, members)
    before = replace(old, when=new.when, details=old.details if old.details.hidden else said)
    removed = [one for one in concerned.remove if _is_on(one, before)]
    message = messages.edited(
        request.reader,
        before,
        new,
        added=[one.name for one in concerned.add if not _is_on(one, before)],
        removed=[one.name for one in removed],
        notes=notes,
        whole_series=whole,
        following=rest,
    )
    await showing.update_card(world, room, new, attending, series=whole or rest)
    here = [member.user for member in members]
    # Who is not on it any more has to know that, too.
    off = [one.user for one in removed if one.user in here and one.user != request.sender]
    mentioned = [*people.to_mention(attending, here, but=request.sender), *(user for user in off if user is not None)]
    return Reply(message.mentioning(*mentioned), about=showing.about(new))
