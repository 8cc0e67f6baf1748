"""Meetings by chat: write, show, list, move, cancel."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from calbot.core import dates, identity, messages
from calbot.core.ask import Ask, Say
from calbot.core.commands import Cancel, Move, New, Scope, Show
from calbot.core.dates import At, Base, Day
from calbot.core.ical import editing
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.ical.reading import write_recurrence_id
from calbot.core.messages import Headline, Person
from calbot.core.model import (
    AllDay,
    Attachment,
    Attendee,
    CalendarName,
    CalendarObject,
    Occurrence,
    OccurrenceId,
    Role,
    RoomId,
    Status,
    Uid,
    UserId,
    When,
)
from calbot.core.permissions import Action
from calbot.core.resources import attendee_of
from calbot.core.settings import Delivery, Room
from calbot.core.undo import Cancelled, Made, Moved, TakenOut
from calbot.errors import CalendarUnavailable, Code, PreconditionFailed, UserError
from calbot.ports import StoredObject

from . import conflicts, disowned, people, places, references, resources, rights, undoable, writing
from .readings import locales_of, settle
from .requests import Reply, Request
from .world import World

# ------------------------------------------------------------------------------------------------------------- write


async def new(world: World, request: Request, command: New) -> Reply:
    """Write an event, or find that an earlier run of this command has written it."""
    room, calendar = places.calendar_for_writing(request, command.calendar)
    await rights.require(world, request, Action.NEW, calendar)
    if isinstance(command.when, dates.Choice):
        # Where it is in doubt what the title is, the choices show it.
        known = {} if command.titles else {"title": command.title}
        command = command.chosen(request.picks.take(Ask("when", command.when.readings, known)))
    when, rule = settle(request, command.when, command.title, command.duration or room.duration)
    uid = identity.uid_for_command(request.event.id)
    known_as = await people.names(world, room.id)
    attendees = people.invited(world, request.sender, command.attendees, command.optional, known_as)
    resource = resources.named(world, command.resource) if command.resource else None
    if resource is not None:
        attendees = (*attendees, attendee_of(resource))
    link = await meeting_link(world, room, uid) if command.link else ""
    draft = EventDraft(
        uid=uid,
        when=when,
        rule=rule,
        title=command.title,
        location=command.location or (resource.name if resource else ""),
        description=command.description,
        link=link,
        organizer=organizer(world, calendar),
        attendees=attendees,
    )
    data = build_event(draft, request.now)
    invited = [one.user for one in attendees if one.user is not None]
    warnings = await conflicts.of_new(world, request, room, when, invited, calendar=calendar, uid=uid)
    times = await resources.times_of(world, calendar, data, when) if resource is not None and rule else [when]
    async with resources.reserved(world, resource, calendar, uid, times) as reservation:
        resources.require(request.reader, resource, reservation)
        href = world.gateway.href(calendar, identity.resource_name(uid))
        await undoable.begin(world, request, calendar, uid, href, Made())
        stored = await create(world, calendar, uid, data, told=request.place.room)
    await world.stores.references.save_maker(uid, request.sender)
    await undoable.made(world, request, stored)
    written = first_occurrence(stored)
    notes = [
        *invitation_notes(world, calendar, attendees, known_as),
        *resources.notes(resource, attendees, known=reservation.known),
        *warnings,
    ]
    reply = await card_reply(world, request, room, written, headline=Headline.CREATED, notes=notes, invites=True)
    # The card of a series stands for the series, whatever becomes of its first occurrence.
    return replace(reply, about=(calendar, OccurrenceId(uid) if rule else written.id))


async def create(world: World, calendar: CalendarName, uid: Uid, data: str, *, told: RoomId) -> StoredObject:
    """Write an event for somebody who is told at once if that did not work, and so may ask for it again."""
    await disowned.own(world, calendar, uid)
    try:
        return await writing.create(world, calendar, identity.resource_name(uid), data, told=told)
    except CalendarUnavailable:
        await disowned.disown(world, calendar, uid)
        raise


async def move(world: World, request: Request, command: Move) -> Reply:
    """Move one occurrence or a whole series; what the new time leaves out comes from the old one."""
    old = request.before or await references.resolve(world, request, command.ref)
    room = room_of(request, old.calendar)
    await rights.require(world, request, Action.CHANGE, old.calendar, await rights.subject(world, old))
    scope = _scope(request, command.scope, old, "move_series")
    base = _base(old, request.reader.zone)
    reading = dates.read_either(
        command.when, locales=locales_of(request.reader.locale), now=request.now, base=Base.of(base)
    )
    when, _ = settle(request, reading, old.details.title, room.duration, text=command.when)
    if request.before is None and when == old.when:
        where = messages.when_text(request.reader, when)
        return Reply(
            messages.ok(request.reader, "already_there", title=old.details.title, when=where), about=_about(old)
        )
    attending = people.persons(world, old, await world.chat.members(room.id))
    invited = [one.user for one in attending if one.user is not None]
    warnings = await conflicts.of_move(world, request, room, old, when, invited)
    whole = scope is Scope.ALL
    zone = world.settings.defaults.timezone
    change = partial(moved_to, old=old, when=when, whole=whole, zone=zone, now=request.now)
    times = await resources.times_after(world, old, when, change, whole=whole) if request.before is None else ()
    async with resources.moving(world, request.reader, old, times):
        await world.stores.inbox.note(request.event.id, old)
        await undoable.begin(world, request, old.calendar, old.uid, old.href, Moved(old, when, whole))
        stored = await writing.edit(world, old.calendar, old.href, change, told=request.place.room)
    await undoable.done(world, request)
    moved = next((one for one in stored.occurrences if one.when == when), None) or first_occurrence(stored)
    members = await world.chat.members(room.id)
    attending = people.persons(world, moved, members)
    notes = [*change_notes(world, moved), *warnings]
    message = messages.moved(request.reader, old, moved, notes=notes, whole_series=whole)
    await update_card(world, room, moved, attending, series=whole)
    return Reply(
        message.mentioning(*people.to_mention(attending, [member.user for member in members], but=request.sender)),
        about=_about(moved),
    )


async def cancel(world: World, request: Request, command: Cancel) -> Reply:
    """Cancel for everybody: delete an event or a whole series, or take one occurrence out of its series."""
    old = request.before or await references.resolve(world, request, command.ref)
    room = room_of(request, old.calendar)
    await rights.require(world, request, Action.CHANGE, old.calendar, await rights.subject(world, old))
    scope = _scope(request, command.scope, old, "cancel_series")
    await world.stores.inbox.note(request.event.id, old)
    whole = scope is Scope.ALL
    zone = world.settings.defaults.timezone
    await _keep(world, request, old, whole=whole)
    if whole or old.recurrence_id is None:
        unchanged = partial(_check_unchanged, old=old, zone=zone)
        await writing.delete(world, old.calendar, old.href, unchanged, told=request.place.room)
    else:
        taken_out = partial(_taken_out, old=old, zone=zone, now=request.now)
        await writing.edit(world, old.calendar, old.href, taken_out, told=request.place.room)
    await undoable.done(world, request)
    members = await world.chat.members(room.id)
    attending = people.persons(world, old, members)
    reason = command.reason or None
    notes = change_notes(world, old)
    message = messages.cancelled(request.reader, old, reason=reason, notes=notes, whole_series=whole)
    gone = replace(old, details=replace(old.details, status=Status.CANCELLED))
    await update_card(world, room, gone, attending, series=whole)
    return Reply(
        message.mentioning(*people.to_mention(attending, [member.user for member in members], but=request.sender)),
        about=_about(old),
    )


def moved_to(
    current: CalendarObject, *, old: Occurrence, when: When, whole: bool, zone: ZoneInfo, now: datetime
) -> str | None:
    """The edit, unless somebody else moved the event meanwhile, or an earlier run of this command did."""
    found = editing.time_of(current.data, old.recurrence_id, zone=zone)
    if found is None and whole:
        # A series that was moved has other ids for its occurrences.
        found = editing.time_of(current.data, write_recurrence_id(when.start), zone=zone)
    if found == when:
        return None
    if found != old.when:
        raise PreconditionFailed
    return editing.moved(current.data, old.recurrence_id, when, whole_series=whole, zone=zone, now=now)


async def _keep(world: World, request: Request, old: Occurrence, *, whole: bool) -> None:
    """Keep what is about to be cancelled, as the server has it now; nothing but the times of what must not be seen."""
    current = await world.gateway.read(old.calendar, old.href)
    if current is None:
        return  # gone, or an earlier run of this command kept it
    data = "" if old.details.hidden else current.data
    act = Cancelled(old, data, whole) if whole or old.recurrence_id is None else TakenOut(old, data)
    await undoable.begin(world, request, old.calendar, old.uid, old.href, act)


def _taken_out(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo, now: datetime) -> str | None:
    if old.recurrence_id is None or not editing.has_occurrence(current.data, old.recurrence_id, zone=zone):
        return None
    return editing.cancelled_occurrence(current.data, old.recurrence_id, zone=zone, now=now)


def _check_unchanged(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo) -> None:
    if editing.time_of(current.data, old.recurrence_id, zone=zone) != old.when:
        raise PreconditionFailed


def _scope(request: Request, said: Scope, occurrence: Occurrence, question: str) -> Scope:
    """Which part of a series is meant; asked where that is not clear."""
    if occurrence.recurrence_id is None:
        return Scope.THIS
    if said is Scope.FOLLOWING:
        raise UserError(Code.NOT_UNDERSTOOD, "following_not_possible")
    if said is Scope.UNSAID:
        choices = (occurrence, Say("whole_series"))
        return (Scope.THIS, Scope.ALL)[request.picks.take(Ask(question, choices))]
    return said


# -------------------------------------------------------------------------------------------------------------- read


async def show(world: World, request: Request, command: Show) -> Reply:
    """The full card, with the .ics beside it unless the event is hidden."""
    found = await references.resolve(world, request, command.ref)
    room = room_of(request, found.calendar)
    reply = await card_reply(world, request, room, found, description=True)
    stored = await world.stores.calendars.get(found.calendar, found.href)
    if stored is None or found.details.hidden:
        return reply
    return replace(reply, attachment=attachment(found, stored))


# ----------------------------------------------------------------------------------------------------------- pieces


async def card_reply(
    world: World,
    request: Request,
    room: Room,
    occurrence: Occurrence,
    *,
    headline: Headline = Headline.SHOWN,
    notes: Sequence[Say] = (),
    description: bool = False,
    invites: bool = False,
) -> Reply:
    """The card of an occurrence as an answer; one that invites mentions those invited who are in the room."""
    members = await world.chat.members(room.id)
    attending = people.persons(world, occurrence, members)
    message = messages.meeting_card(
        request.reader,
        occurrence,
        people=attending,
        calendar_title=occurrence.calendar,
        notes=notes,
        headline=headline,
        description=description,
    )
    if invites:
        mentioned = people.to_mention(attending, [member.user for member in members], but=request.sender)
        if mentioned:
            message = message.mentioning(*mentioned)
    return Reply(message, about=(occurrence.calendar, occurrence.id), card=True)


async def update_card(
    world: World, room: Room, occurrence: Occurrence, attending: Sequence[Person], *, series: bool = False
) -> None:
    """Edit the card that the room has of an occurrence, or of the whole series, if it has one."""
    id = OccurrenceId(occurrence.uid) if series and occurrence.recurrence_id else occurrence.id
    card = await world.stores.references.card(room.id, id)
    if card is None:
        return
    reader = world.reader(room.language, room.timezone)
    message = messages.meeting_card(
        reader, occurrence, people=attending, calendar_title=occurrence.calendar, headline=Headline.CHANGED
    )
    shown = repr((occurrence.when, occurrence.details, [*attending]))
    key = identity.key_for("card", room.id, occurrence.uid, occurrence.recurrence_id, shown)
    await world.chat.edit(room.id, card.event_id, message, key=key)


def _about(occurrence: Occurrence) -> tuple[CalendarName, OccurrenceId]:
    return occurrence.calendar, occurrence.id


def room_of(request: Request, calendar: CalendarName) -> Room:
    """The mapped room through which the sender sees a calendar."""
    return next(room for room in request.place.mapped if calendar in room.calendars)


def first_occurrence(stored: StoredObject) -> Occurrence:
    """What there is to show of an object that was just written."""
    if not stored.occurrences:
        raise UserError(Code.NOT_UNDERSTOOD, "outside_horizon")
    return min(stored.occurrences, key=lambda one: one.recurrence_id or "")


def organizer(world: World, calendar: CalendarName) -> Attendee | None:
    """Who invites from a calendar: its configured address, none where none is known."""
    address = world.settings.organizer(calendar)
    return Attendee(name=calendar, address=address) if address else None


async def meeting_link(world: World, room: Room, uid: Uid) -> str:
    """A join link that nobody can guess, the same again for the same event; nothing where no template is set."""
    template = world.settings.meeting_links.template
    if not template:
        return ""
    secret = identity.meeting_secret(await world.stores.keeper.secret("meeting-links"), uid)
    return template.replace("{secret}", secret)


def invitation_notes(
    world: World, calendar: CalendarName, attendees: Sequence[Attendee], here: Container[UserId]
) -> list[Say]:
    """What people have to know about invitations: whom they do not reach, and that nobody was mailed."""
    others = [one for one in attendees if one.role is not Role.CHAIR]
    unknown = [one for one in others if one.address is None]
    in_room = [one.name for one in unknown if one.user in here]
    elsewhere = [one.user or one.name for one in unknown if one.user not in here]
    notes = [Say("no_address", {"names": ", ".join(in_room)})] if in_room else []
    if elsewhere:
        notes.append(Say("not_here", {"names": ", ".join(elsewhere)}))
    if len(others) > len(unknown) and world.settings.delivery(calendar) is not Delivery.SERVER:
        notes.append(Say("nobody_invited"))
    return notes


def change_notes(world: World, occurrence: Occurrence) -> list[Say]:
    """That those who are on an event heard nothing of a change by mail."""
    mailed = [one for one in occurrence.details.attendees if one.role is not Role.CHAIR and one.address is not None]
    return (
        [Say("nobody_told")] if mailed and world.settings.delivery(occurrence.calendar) is not Delivery.SERVER else []
    )


def attachment(occurrence: Occurrence, stored: StoredObject) -> Attachment:
    """The object as a file; nothing in it but what is on the calendar anyway."""
    return Attachment(f"{_filename(occurrence.details.title)}.ics", "text/calendar", stored.data.encode())


def _filename(title: str) -> str:
    """A title as a name that every system takes."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, plain.split("-")))[:60] or "event"


def _base(occurrence: Occurrence, zone: ZoneInfo) -> At | Day:
    """An occurrence as what a new time is read against."""
    if isinstance(occurrence.when, AllDay):
        return Day(occurrence.when.start, occurrence.when.last)
    seen = occurrence.when.seen_in(zone)
    return At(seen.start, seen.end)
