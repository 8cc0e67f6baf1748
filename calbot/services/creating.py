"""`new`: writes an event."""

from __future__ import annotations

from dataclasses import replace

from calbot.core import dates, identity
from calbot.core.ask import Ask
from calbot.core.commands import New
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.messages import Headline
from calbot.core.model import CalendarName, OccurrenceId, RoomId, Uid
from calbot.core.permissions import Action
from calbot.core.resources import attendee_of
from calbot.core.undo import Made
from calbot.errors import CalendarUnavailable
from calbot.ports import StoredObject

from . import conflicts, consent, disowned, inviting, people, places, resources, rights, showing, undoable, writing
from .readings import settle
from .requests import Reply, Request
from .world import World


async def new(world: World, request: Request, command: New) -> Reply:
    """Write an event, or find that an earlier run of this command has written it."""
    room, calendar = places.calendar_for_writing(request, command.calendar)
    await rights.require(world, request, Action.NEW, calendar)
    if isinstance(command.when, dates.Choice):
        # Where it is in doubt what the title is, the choices show it.
        known = {} if command.titles else {"title": command.title}
        command = command.chosen(request.picks.take(Ask("when", command.when.readings, known)))
    when, rule = settle(request, command.when, command.title, command.duration or room.duration)
    consent.to_be_seen_by_others(request, calendar)
    uid = identity.uid_for_command(request.event.id)
    known_as = await people.names(world, room.id)
    attendees = people.invited(world, request.sender, command.attendees, command.optional, known_as)
    resource = resources.named(world, command.resource) if command.resource else None
    if resource is not None:
        attendees = (*attendees, attendee_of(resource))
    link = await inviting.meeting_link(world, room, uid) if command.link else ""
    draft = EventDraft(
        uid=uid,
        when=when,
        rule=rule,
        title=command.title,
        location=command.location or (resource.name if resource else ""),
        description=command.description,
        link=link,
        organizer=inviting.organizer(world, calendar),
        attendees=attendees,
    )
    data = build_event(draft, request.now)
    invited = [one.user for one in attendees if one.user is not None]
    warnings = await conflicts.of_new(
        world, request, room, when, invited, calendar=calendar, uid=uid, required=command.attendees
    )
    times = await resources.times_of(world, calendar, data, when) if resource is not None and rule else [when]
    async with resources.reserved(world, resource, calendar, uid, times) as reservation:
        resources.require(request.reader, resource, reservation)
        href = world.gateway.href(calendar, identity.resource_name(uid))
        await undoable.begin(world, request, calendar, uid, href, Made())
        stored = await create(world, calendar, uid, data, told=request.place.room)
    await world.stores.references.save_maker(uid, request.sender)
    await undoable.made(world, request, stored)
    written = showing.first_occurrence(stored)
    notes = [
        *await inviting.invitation_notes(world, calendar, attendees, known_as, stored),
        *resources.notes(resource, attendees, known=reservation.known),
        *warnings,
    ]
    reply = await showing.card_reply(
        world, request, room, written, headline=Headline.CREATED, notes=notes, invites=True
    )
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
