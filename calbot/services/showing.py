"""Shows events: the card as an answer, the card that a room has, the event as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from calbot.core import identity, messages
from calbot.core.ask import Say
from calbot.core.commands import Show
from calbot.core.ical.exporting import exported
from calbot.core.messages import Headline, Person
from calbot.core.model import Attachment, CalendarName, Occurrence, OccurrenceId
from calbot.core.settings import Room
from calbot.errors import Code, UserError
from calbot.ports import StoredObject

from . import people, readers, references
from .requests import Reply, Request
from .world import World


async def show(world: World, request: Request, command: Show) -> Reply:
    """The full card, with the .ics beside it unless the event is hidden."""
    found = await references.resolve(world, request, command.ref)
    room = room_of(request, found.calendar)
    reply = await card_reply(world, request, room, found, description=True)
    if await _has_card(world, request, found):
        reply = replace(reply, card=False)
    stored = await world.stores.calendars.get(found.calendar, found.href)
    if stored is None or found.details.hidden:
        return reply
    return replace(reply, attachment=await asyncio.to_thread(attachment, found, stored))


async def _has_card(world: World, request: Request, shown: Occurrence) -> bool:
    """Whether there is a card here already, which later changes edit: people scroll up to that one."""
    card = await world.stores.references.card(request.place.room, shown.id)
    if card is None:
        return False
    event = await world.chat.event(card.room, card.event_id)
    return event is None or not event.redacted


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
    """Edit the card that the room has of an occurrence, and with `series` that of the whole series."""
    ids = {OccurrenceId(occurrence.uid): None, occurrence.id: None} if series else {occurrence.id: None}
    cards = [card for id in ids if (card := await world.stores.references.card(room.id, id)) is not None]
    shown = repr((occurrence.when, occurrence.details, [*attending]))
    for event, card in {card.event_id: card for card in cards}.items():
        message = messages.meeting_card(
            readers.reader_of_card(world, card, room),
            occurrence,
            people=attending,
            calendar_title=occurrence.calendar,
            headline=Headline.CHANGED,
        )
        key = identity.key_for("card", room.id, event, occurrence.uid, occurrence.recurrence_id, shown)
        await world.chat.edit(room.id, event, message, key=key)


def about(occurrence: Occurrence) -> tuple[CalendarName, OccurrenceId]:
    """What `last` and a reply to the answer mean."""
    return occurrence.calendar, occurrence.id


def room_of(request: Request, calendar: CalendarName) -> Room:
    """The mapped room through which the sender sees a calendar."""
    return next(room for room in request.place.mapped if calendar in room.calendars)


def first_occurrence(stored: StoredObject) -> Occurrence:
    """What there is to show of an object that was just written."""
    if not stored.occurrences:
        raise UserError(Code.NOT_UNDERSTOOD, "outside_horizon")
    return min(stored.occurrences, key=lambda one: one.recurrence_id or "")


def attachment(occurrence: Occurrence, stored: StoredObject) -> Attachment:
    """The object as a file, a series whole; nothing in it but what is on the calendar anyway."""
    return Attachment(f"{_filename(occurrence.details.title)}.ics", "text/calendar", exported(stored.data).encode())


def _filename(title: str) -> str:
    """A title as a name that every system takes."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, plain.split("-")))[:60] or "event"
