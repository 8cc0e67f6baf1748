"""Answers by reaction on the card of an event, or on a reminder.

What a reaction says is recorded with the answer before it, and then written to the calendar: at once, or, where
somebody changes their mind faster than that, or the calendar is away, when it can be. So a crash loses nothing, and
taking a reaction back returns to the answer before. Nothing is said in rooms, where the card shows it; whatever does
not work is told whoever reacted, and not again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final

from calbot.core import answers as core
from calbot.core import identity, messages
from calbot.core.answers import Answer, DueAnswer, Reacted
from calbot.core.audit import ANSWERED, Doing
from calbot.core.ical import attendees
from calbot.core.ical.attendees import Extent
from calbot.core.model import CalendarName, EventId, Kind, Message, Occurrence, OccurrenceId, PartStat, RoomId, UserId
from calbot.core.poll_events import annotated_event, plain_reaction
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, NotEncrypted, Unavailable, UserError
from calbot.ports import Card, ChatEvent, InboxState, Incoming

from . import addresses, answers, audit, places, questions, readers, repeats
from .requests import Asked, Picks, Place, Request
from .world import World

_PACE: Final = timedelta(seconds=5)  # between two answers of somebody to one event
_AGAIN: Final = timedelta(minutes=1)  # until a calendar that is away is tried again
_TOLD_FOR: Final = timedelta(minutes=10)  # how long what was told is not told again
_ALARM: Final = "due-answers"
_INVITING: Final = frozenset({Kind.MEETING.value, Kind.REMINDER.value})


async def begin(world: World) -> None:
    """Write what is left over from before the start."""
    if await world.stores.answers.due():
        world.alarm.at(_ALARM, world.clock(), partial(_write_due, world))


# ----------------------------------------------------------------------------------------------------------- reactions


async def on_reaction(world: World, event: ChatEvent, incoming: Incoming) -> bool:
    """Take a reaction for an answer if it is one; whether the inbox has to remember it, as it waits for a choice."""
    key, target = plain_reaction(event.content), annotated_event(event.content)
    given = None if key is None else core.read_reaction(key)
    if given is None or target is None:
        return False
    subjects = await world.stores.references.subjects(event.room, target)
    if not subjects or not await _invites(world, event.room, target, subjects):
        return False
    place = await _place(world, event)
    if place is None:
        return False
    request = await _request(world, event, place, incoming, target)
    try:
        async with repeats.sending(world, _at(event)):
            await _take(world, request, target, given, subjects)
    except Asked as asked:
        await _ask(world, request, asked, incoming)
        return True
    except (ChatUnavailable, ChatForbidden, NotEncrypted):
        raise
    except CalbotError as error:
        message = messages.error(request.reader, error)
        await _tell(world, event.room, event.sender, target, message, error.reason)
    if incoming.state is InboxState.RUNNING:
        await world.stores.inbox.finish(event.id)
        return True
    return False


async def on_redaction(world: World, event: ChatEvent) -> None:
    """Who takes a reaction back answers as before; what was answered in another way since then stands."""
    redacted = event.content.get("redacts")
    gone = await world.stores.answers.by_reaction(EventId(redacted)) if isinstance(redacted, str) else None
    if gone is None:
        return
    there = await world.chat.event(event.room, gone.reaction)
    if there is None or not there.redacted:  # anybody can send a redaction; whether it counts is for the server to say
        return
    store, about = world.stores.answers, (gone.person, gone.calendar, gone.occurrence)
    async with world.locks.hold(_lock(gone.person, gone.occurrence)):
        given = core.standing(await store.given(*about), await _current(world, *about))
        left, given_way = core.taken_back(given, gone.reaction)
        due = [] if given_way is None else [DueAnswer(*about, given_way.before, gone.room, gone.message)]
        async with world.stores.transaction():
            await store.put(*about, left)
            for one in due:
                await store.save_due(one)
        world.passed("answer.noted")
    for one in due:
        if await _write_soon(world, one) is None and event.room not in world.settings.rooms:
            await _say_what_holds(world, one, gone.reaction)


async def _take(world: World, request: Request, target: EventId, given: PartStat, subjects: Sequence[Card]) -> None:
    """UserError where that cannot be answered; what is over or cancelled is not answered by a thumb."""
    await places.require_calendars(world, request.place)
    await addresses.find_out(world, (request.sender,))
    try:
        meant = await answers.which(world, request, [(one.calendar, one.occurrence) for one in subjects])
    except UserError:
        return
    occurrence = meant.occurrence
    await answers.require(world, request, occurrence)
    if occurrence.details.hidden:
        raise UserError(Code.FORBIDDEN, "answer_hidden_typed")
    store, event, about = world.stores.answers, request.event, (request.sender, occurrence.calendar, meant.id)
    async with world.locks.hold(_lock(request.sender, meant.id)):
        if await store.by_reaction(event.id) is None:  # else it was noted before a crash
            current = await _current(world, *about)
            before = core.standing(await store.given(*about), current)
            reacted = Reacted(event.id, event.room, target, *about, given, current, event.at)
            async with world.stores.transaction():
                await store.put(*about, (*before, reacted))
                await store.save_due(DueAnswer(*about, given, event.room, target))
            world.passed("answer.noted")
    due = await store.due_of(*about)
    if due is None or await _write_soon(world, due):
        return
    if request.place.direct:
        message = messages.answered(request.reader, occurrence, given, extent="all" if meant.series else None)
        await _say(world, request.event.room, target, message, identity.key_for("answered", request.event.id))


async def _current(world: World, person: UserId, calendar: CalendarName, id: OccurrenceId) -> Answer:
    """What somebody answers as of now: what is about to be written, else what is on the calendar."""
    due = await world.stores.answers.due_of(person, calendar, id)
    if due is not None:
        return due.answer
    stored = await world.stores.calendars.by_uid(calendar, id.uid)
    if stored is None or not stored.data:
        return None
    me, zone = answers.myself(world, person, ()), world.settings.defaults.timezone
    found = await asyncio.to_thread(attendees.answers_of, stored.data, me, zone=zone)
    return attendees.answer_to(found, id.recurrence_id)


async def _invites(world: World, room: RoomId, target: EventId, subjects: Sequence[Card]) -> bool:
    """Whether the message is a card or a reminder. A thumb below anything else the bot says is none of an answer."""
    message = await world.chat.event(room, target)
    part = None if message is None else message.content.get("io.calbot")
    if isinstance(part, Mapping):
        return part.get("kind") in _INVITING
    card = await world.stores.references.card(room, subjects[0].occurrence)
    return card is not None and card.event_id == target


async def _place(world: World, event: ChatEvent) -> Place | None:
    """Where something of a calendar is shown to the sender."""
    direct = event.room not in world.settings.rooms
    if direct and not await places.is_direct(world, event.room, event.sender):
        return None
    return await places.place_of(world, event.room, event.sender, direct=direct)


# ------------------------------------------------------------------------------------------------------------- writing


async def _write_soon(world: World, due: DueAnswer) -> CalbotError | None:
    """At once, or as soon as that person may answer that event again. What hindered it, and was told."""
    now = world.clock()
    name = _lock(due.person, due.occurrence)
    when = world.pace.earliest(name, now)
    if when > now:
        world.alarm.at(_ALARM, when, partial(_write_due, world))
        return None
    world.pace.hold(name, now + _PACE, now)
    error = await _write(world, due)
    if error is not None:
        await _tell_why(world, due, error)
    return error


async def _write_due(world: World) -> None:
    """Write all that is due; of a calendar that is away, nothing more for now."""
    away: set[CalendarName] = set()
    refused: list[tuple[DueAnswer, CalbotError]] = []
    for due in await world.stores.answers.due():
        if due.calendar in away:
            continue
        error = await _write(world, due)
        if isinstance(error, Unavailable):
            away.add(due.calendar)
        elif error is not None:
            refused.append((due, error))
    if away:
        world.alarm.at(_ALARM, world.clock() + _AGAIN, partial(_write_due, world))
    for due, error in refused:
        try:
            await _tell_why(world, due, error)
        except (ChatForbidden, ChatUnavailable, NotEncrypted) as trouble:
            world.log.info("an answer could not be written, and that not be said: %s", trouble.reason)


async def _write(world: World, due: DueAnswer) -> CalbotError | None:
    """Why it was not written. It stays due where the calendar is away, and is given up where it cannot be written."""
    store = world.stores.answers
    async with world.locks.hold(_lock(due.person, due.occurrence)):
        latest = await store.due_of(due.person, due.calendar, due.occurrence)
        if latest is None:
            return None
        try:
            async with audit.acting(world, await _doing(world, latest)):
                await _put_down(world, latest)
        except Unavailable as error:
            world.alarm.at(_ALARM, world.clock() + _AGAIN, partial(_write_due, world))
            return error
        except CalbotError as error:
            async with world.stores.transaction():
                await store.drop_due(latest)
                await store.put(latest.person, latest.calendar, latest.occurrence, ())
            return error
        world.passed("answer.written")
        await store.drop_due(latest)
    return None


async def _doing(world: World, due: DueAnswer) -> Doing:
    """The same answer to the same version of an event is the same act."""
    stored = await world.stores.calendars.by_uid(due.calendar, due.occurrence.uid)
    answer = None if due.answer is None else due.answer.value
    version = None if stored is None else stored.etag
    key = identity.key_for("answer", due.person, due.calendar, due.occurrence.uid, answer, version)
    return Doing(due.person, ANSWERED, key, due.room)


async def _shown(world: World, due: DueAnswer) -> Occurrence | None:
    """What is answered; of a series any of its dates."""
    found = await world.stores.calendars.occurrence([due.calendar], due.occurrence)
    if found is not None or due.occurrence.recurrence_id is not None:
        return found
    return next(iter(await world.stores.calendars.occurrences_of(due.calendar, due.occurrence.uid)), None)


async def _put_down(world: World, due: DueAnswer) -> None:
    found = await _shown(world, due)
    if found is None:
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    series = due.occurrence.recurrence_id is None and found.recurrence_id is not None
    seen_in = await places.rooms_seen_by(world, due.person, world.settings.rooms_of(due.calendar), enough=1)
    if not seen_in:
        raise UserError(Code.FORBIDDEN, "not_in_room")
    me = answers.myself(world, due.person, await places.members(world, seen_in[0].id))
    await answers.write(world, me, found, due.answer, Extent.ALL if series else Extent.ONE)


# -------------------------------------------------------------------------------------------------------------- saying


async def _ask(world: World, request: Request, asked: Asked, incoming: Incoming) -> None:
    await world.stores.inbox.start(request.event.id, incoming.raw, questions.remembered(request, asked))
    key = identity.key_for("reply", request.event.id, *request.given)
    message = questions.message_of(request, asked)
    sent = await _say(world, request.event.room, request.replying_to, message, key)
    await questions.open_question(world, request, asked, sent)


async def _say_what_holds(world: World, due: DueAnswer, reaction: EventId) -> None:
    """In a direct chat, where no card shows it."""
    shown = await _shown(world, due)
    if shown is not None:
        message = messages.undone_answer(await readers.reader_in(world, due.person, due.room), shown, due.answer)
        await _say(world, due.room, due.message, message, identity.key_for("taken-back", reaction))


async def _tell_why(world: World, due: DueAnswer, error: CalbotError) -> None:
    if isinstance(error, Unavailable):
        await _tell_later(world, due)
    else:
        message = messages.error(await readers.reader_in(world, due.person, due.room), error)
        await _tell(world, due.room, due.person, due.message, message, error.reason)


async def _tell_later(world: World, due: DueAnswer) -> None:
    """Once for all who answer while a calendar is away."""
    name = f"answers-later:{due.room}:{due.calendar}"
    now = world.clock()
    if world.pace.earliest(name, now) <= now:
        world.pace.hold(name, now + _TOLD_FOR, now)
        message = messages.ok(await readers.reader_in(world, due.person, due.room), "answer_later")
        await _say(world, due.room, due.message, message, identity.key_for(name, now.isoformat()))


async def _tell(world: World, room: RoomId, person: UserId, target: EventId, message: Message, reason: str) -> None:
    """Why an answer does not count, mentioning whose it is; the same not twice in a while."""
    name = f"answer-error:{room}:{person}:{target}:{reason}"
    now = world.clock()
    if world.pace.earliest(name, now) <= now:
        world.pace.hold(name, now + _TOLD_FOR, now)
        key = identity.key_for(name, int(now.timestamp() // _TOLD_FOR.total_seconds()))
        await _say(world, room, target, message.mentioning(person), key)


async def _say(world: World, room: RoomId, target: EventId | None, message: Message, key: str) -> EventId:
    return await world.chat.post(room, message, key=key, reply_to=target)


async def _request(world: World, event: ChatEvent, place: Place, incoming: Incoming, target: EventId) -> Request:
    reader = await readers.reader_in(world, event.sender, event.room)
    return Request(
        event=event,
        place=place,
        reader=reader,
        now=min(_at(event), world.clock()).astimezone(reader.zone),
        duration=world.settings.defaults.duration,
        thread=None,
        replying_to=target,
        replying=True,
        picks=Picks(incoming.picks),
        given=tuple(number for _, number in incoming.picks if number),
    )


def _at(event: ChatEvent) -> datetime:
    return datetime.fromtimestamp(event.at / 1000, tz=timezone.utc)


def _lock(person: UserId, occurrence: OccurrenceId) -> str:
    return f"answer:{person}:{occurrence.uid}:{occurrence.recurrence_id}"
