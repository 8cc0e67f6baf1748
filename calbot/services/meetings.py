"""Meetings by chat: write, show, list, move, cancel."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core import dates, identity, messages
from calbot.core.ask import Ask, Say
from calbot.core.commands import Cancel, List, Move, New, Next, Scope, Show
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
    Status,
    Timed,
    Uid,
    UserId,
    When,
    instants,
)
from calbot.core.permissions import Action
from calbot.core.settings import Delivery, Room
from calbot.errors import CalendarUnavailable, Code, PreconditionFailed, UserError
from calbot.ports import Listed, StoredObject

from . import disowned, people, places, references, rights, writing
from .readings import locales_of, settle
from .requests import Reply, Request
from .world import World

_SHOWN: Final = 20  # events of one agenda
_DAYS: Final = 7  # of an agenda without a window
_CONFLICTS: Final = 3  # named on a card
_AHEAD: Final = timedelta(days=180)  # a search without a window looks this far


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
    link = await meeting_link(world, room, uid) if command.link else ""
    draft = EventDraft(
        uid=uid,
        when=when,
        rule=rule,
        title=command.title,
        location=command.location,
        description=command.description,
        link=link,
        organizer=organizer(world, calendar),
        attendees=attendees,
    )
    data = build_event(draft, request.now)
    conflicts = await _conflicts(world, room, when, uid)
    await disowned.own(world, calendar, uid)
    try:
        stored = await writing.create(world, calendar, identity.resource_name(uid), data)
    except CalendarUnavailable:
        await disowned.disown(world, calendar, uid)
        raise
    await world.stores.references.save_maker(uid, request.sender)
    written = first_occurrence(stored)
    notes = [
        *invitation_notes(world, calendar, attendees, known_as),
        *(messages.conflict_note(request.reader, other) for other in conflicts),
    ]
    reply = await card_reply(world, request, room, written, headline=Headline.CREATED, notes=notes, invites=True)
    # The card of a series stands for the series, whatever becomes of its first occurrence.
    return replace(reply, about=(calendar, OccurrenceId(uid) if rule else written.id))


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
    await world.stores.inbox.note(request.event.id, old)
    whole = scope is Scope.ALL
    stored = await writing.edit(
        world,
        old.calendar,
        old.href,
        partial(_moved, old=old, when=when, whole=whole, zone=world.settings.defaults.timezone, now=request.now),
    )
    moved = next((one for one in stored.occurrences if one.when == when), None) or first_occurrence(stored)
    members = await world.chat.members(room.id)
    attending = people.persons(world, moved, members)
    notes = change_notes(world, moved)
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
    if whole or old.recurrence_id is None:
        await writing.delete(world, old.calendar, old.href, partial(_check_unchanged, old=old, zone=zone))
    else:
        await writing.edit(world, old.calendar, old.href, partial(_taken_out, old=old, zone=zone, now=request.now))
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


def _moved(
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


async def agenda(world: World, request: Request, command: List) -> Reply:
    """The events of a window, numbered."""
    today = request.now.date()
    days = _AHEAD if command.search else timedelta(days=_DAYS)
    first, last = command.window or (today, today + days)
    last -= timedelta(days=1)
    start, end = _instants(request, first, last)
    since = request.now if command.window is None else start
    found = [
        one
        for one in await world.stores.calendars.occurrences(
            request.place.calendars, start, end, search=command.search or None
        )
        if one.details.status is not Status.CANCELLED and _overlaps(one, since, end, request)
    ]
    found = sorted(_once(found), key=partial(messages.agenda_order, request.reader))
    if command.search:
        # Of a series that matches, the next time is what was looked for, not the twenty after it.
        found = list({one.uid: one for one in reversed(found)}.values())[::-1]
    items = list(enumerate(found[:_SHOWN], 1))
    message = messages.agenda(
        request.reader,
        items,
        window=(first, last),
        search=command.search or None,
        more=max(0, len(found) - _SHOWN),
        as_of=await stale_since(world, request.place.calendars),
        with_calendar=len(request.place.calendars) > 1,
    )
    return Reply(message, listed=tuple(Listed(number, one.calendar, one.id) for number, one in items))


async def next_meeting(world: World, request: Request, _: Next) -> Reply:
    """What is going on now or comes next."""
    horizon = request.now + world.settings.sync.horizon
    calendars = request.place.calendars
    coming = (
        one
        for one in await world.stores.calendars.occurrences(calendars, request.now, horizon, limit=50)
        if one.details.status is not Status.CANCELLED and _overlaps(one, request.now, horizon, request)
    )
    # What lasts all day is going on anyway; somebody who asks what is next wants to know where to go.
    ordered = sorted(coming, key=lambda one: (isinstance(one.when, AllDay), instants(one.when, request.reader.zone)))
    as_of = await stale_since(world, calendars)
    if not ordered:
        return Reply(messages.next_meeting(request.reader, None, as_of=as_of))
    first = ordered[0]
    message = messages.next_meeting(request.reader, first, calendar_title=first.calendar, as_of=as_of)
    return Reply(message, about=(first.calendar, first.id))


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
    if len(others) > len(unknown) and world.settings.delivery(calendar) is Delivery.NONE:
        notes.append(Say("nobody_invited"))
    return notes


def change_notes(world: World, occurrence: Occurrence) -> list[Say]:
    """That those who are on an event heard nothing of a change by mail."""
    mailed = [one for one in occurrence.details.attendees if one.role is not Role.CHAIR and one.address is not None]
    return [Say("nobody_told")] if mailed and world.settings.delivery(occurrence.calendar) is Delivery.NONE else []


def attachment(occurrence: Occurrence, stored: StoredObject) -> Attachment:
    """The object as a file; nothing in it but what is on the calendar anyway."""
    return Attachment(f"{_filename(occurrence.details.title)}.ics", "text/calendar", stored.data.encode())


def _filename(title: str) -> str:
    """A title as a name that every system takes."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, plain.split("-")))[:60] or "event"


async def stale_since(world: World, calendars: Sequence[CalendarName]) -> datetime | None:
    """Since when one of these calendars could not be read; None where all are fresh."""
    states = [await world.stores.calendars.state(name) for name in calendars]
    return min((s.synced_at for s in states if s.problem is not None and s.synced_at is not None), default=None)


async def _conflicts(world: World, room: Room, when: When, uid: Uid) -> list[Occurrence]:
    """What else the room has at that time. All-day and transparent events take nobody's time."""
    if isinstance(when, AllDay):
        return []
    found = await world.stores.calendars.occurrences(room.calendars, when.start, when.end, limit=50)
    return [
        one
        for one in _once(found)
        if one.uid != uid
        and isinstance(one.when, Timed)
        and not one.details.transparent
        and one.details.status is not Status.CANCELLED
        and instants(one.when, room.timezone)[0] < when.end
        and when.start < instants(one.when, room.timezone)[1]
    ][:_CONFLICTS]


def _once(found: Sequence[Occurrence]) -> list[Occurrence]:
    """The same event in two calendars of a room is one event."""
    return list({one.id: one for one in reversed(found)}.values())[::-1]


def _instants(request: Request, first: date, last: date) -> tuple[datetime, datetime]:
    zone = request.reader.zone
    return (
        datetime.combine(first, time.min, tzinfo=zone),
        datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone),
    )


def _overlaps(occurrence: Occurrence, start: datetime, end: datetime, request: Request) -> bool:
    """Whether an occurrence is in a window, for a reader in their zone; a moment without length is."""
    begins, ends = instants(occurrence.when, request.reader.zone)
    return begins < end and (start < ends or begins == ends >= start)


def _base(occurrence: Occurrence, zone: ZoneInfo) -> At | Day:
    """An occurrence as what a new time is read against."""
    if isinstance(occurrence.when, AllDay):
        return Day(occurrence.when.start, occurrence.when.last)
    seen = occurrence.when.seen_in(zone)
    return At(seen.start, seen.end)
