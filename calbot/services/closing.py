"""From the last vote to the event: closing a poll, counting it, booking the winner, saying so. Once, whatever happens.

The order is fixed: that the poll closes is stored first; then the end event is sent or found, everything is read again
from the server and counted, the winner stored, the event written, the result posted, then the card and the file; last
go the events that held the other dates. Each step can be repeated. A booked poll that is booked again for another of
its options goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final

from calbot.core import identity, messages, polls
from calbot.core.ask import Say
from calbot.core.audit import BOOKED, Doing
from calbot.core.i18n import Reader
from calbot.core.messages import Headline
from calbot.core.model import EventId, Member, Message, RoomId, instants
from calbot.core.poll_model import Cause, Decision, End, Option, Poll, PollState
from calbot.core.polls import Outcome, Tally, Winner
from calbot.core.settings import Room
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, NotEncrypted, Unavailable, UserError
from calbot.ports import Card

from . import (
    audit,
    ballots,
    booking,
    confirming,
    ending,
    holds,
    inviting,
    people,
    places,
    poll_cards,
    repeats,
    resources,
    showing,
)
from .booking import Booking
from .ending import Ending
from .world import World

STEPS: Final = (
    "poll.closing",  # stored that it closes
    "poll.end",  # the end event is in the room
    "poll.chosen",  # stored what won
    "poll.event",  # the event is on the calendar
    "poll.result",  # said what came out
    "poll.card",
    "poll.file",
    "poll.done",  # stored that it is booked
    "poll.holds",  # nothing is left of the events that held its dates
)
"""What `world.passed` is told on the way of a poll that is booked, in this order."""

ASKED: Final = "poll.asked"  # where the asker has to confirm, the way ends here until that is done

_AGAIN: Final = timedelta(seconds=30)  # until a closing that the outside world interrupted is tried again, at first
_PAUSE: Final = timedelta(minutes=5)  # until then at most, and until a room is looked at in which nothing may be posted


def try_again(world: World, key: str, when: datetime) -> None:
    world.alarm.at(f"poll:{key}", when, partial(retry, world, key))


async def retry(world: World, key: str) -> None:
    try:
        await conclude(world, key)
    except Unavailable as error:
        world.log.warning("closing a poll has to wait: %s", error.reason)


async def begin(world: World, key: str, cause: Cause, end: End) -> bool:
    """Store that a poll closes; False where it has closed before."""

    def closing(poll: Poll) -> Poll | None:
        if poll.state is not PollState.OPEN:
            return None
        return poll.closing(cause, end, identity.uid_for_poll(poll.key, poll.generation))

    return await change(world, key, closing)


async def change(world: World, key: str, to: Callable[[Poll], Poll | None]) -> bool:
    """Store a poll as one that closes, as it is by then; False where `to` finds that there is nothing to close."""
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        changed = None if poll is None else to(poll)
        if changed is None:
            return False
        await world.stores.polls.save(changed)
    world.passed("poll.closing")
    poll_cards.follow(world, key)
    return True


# ---------------------------------------------------------------------------------------------------------- conclude


@dataclass(frozen=True, slots=True)
class _Count:
    """What the votes come to, and what has to be said besides."""

    tally: Tally
    outcome: Outcome
    end: Ending
    members: Sequence[Member]


async def conclude(world: World, key: str) -> None:
    """Do what is left of a closing. Unavailable where the outside world has to come back; then it is tried again."""
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None or poll.state is not PollState.CLOSING:
            return
        room = world.settings.rooms.get(poll.room)
        if room is None:
            world.log.warning("a poll closes in a room that is no longer mapped: no event")
            await _give_up(world, key)
            return
        try:
            async with audit.acting(world, _doing(world, poll)):
                await _conclude_or_refuse(world, poll, room)
        except Unavailable as error:
            try_again(world, poll.key, world.clock() + _wait(world, poll, error))
            raise
        except ChatForbidden:
            world.log.info("a poll closes in a room that the bot may not speak in any more: no event")
            await _give_up(world, key)


def _doing(world: World, poll: Poll) -> Doing:
    """Whoever decided, or ended the poll; of a deadline, whoever set it."""
    by = poll.decision or poll.ended
    actor = poll.asker if by is None or by.sender == world.chat.user else by.sender
    return Doing(actor, BOOKED, identity.key_for("booking", poll.key, poll.revision), poll.room)


def _wait(world: World, poll: Poll, error: Unavailable) -> timedelta:
    """A quarter of the time that it has been tried for: in a long outage not every minute costs a look at all votes."""
    tried = (world.clock() - _began(poll)) / 4
    return max(min(max(tried, _AGAIN), _PAUSE), timedelta(seconds=error.retry_after or 0))


async def _give_up(world: World, key: str) -> None:
    """Leave a poll as what it has come to: booked where its event was written, for the option that it is at."""
    poll = await world.stores.polls.get(key)
    if poll is None:
        return
    there = poll.uid is not None and await world.stores.calendars.by_uid(poll.calendar, poll.uid) is not None
    option = poll.booked or poll.chosen
    state = PollState.BOOKED if there else PollState.ENDED
    await world.stores.polls.save(replace(poll, state=state, chosen=option, booked=option if there else None))
    await holds.release(world, key)


async def _conclude_or_refuse(world: World, poll: Poll, room: Room) -> None:
    try:
        await places.require_private(world, poll.room)
    except (UserError, NotEncrypted) as error:
        # Posting pauses, it does not end: the room may be closed to others again.
        world.log.warning("a poll in %s is not concluded while others could read along: %s", poll.room, error.reason)
        try_again(world, poll.key, world.clock() + _PAUSE)
        return
    async with repeats.sending(world, _began(poll)):
        try:
            if poll.calendar not in room.calendars:
                raise UserError(Code.NOT_MAPPED, "poll_unmapped", title=poll.title)
            await _conclude(world, poll, room)
        except (Unavailable, ChatForbidden):
            raise
        except CalbotError as error:
            # Nothing that time mends: the calendar refuses, or what there is to say cannot be said.
            message = messages.error(world.reader(room.language, room.timezone), error)
            with suppress(NotEncrypted):
                await world.chat.post(poll.room, message, key=_key("poll-error", poll), thread=poll.thread)
            await _give_up(world, poll.key)


def _began(poll: Poll) -> datetime:
    """The earliest that anything of the closing can have been sent."""
    return _instant((poll.decision or poll.ended or End(None, poll.asker, poll.created_at)).at)


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, timezone.utc)


def _key(kind: str, poll: Poll) -> str:
    return identity.key_for(kind, poll.key, poll.revision)


async def _conclude(world: World, poll: Poll, room: Room) -> None:
    reader = world.reader(room.language, room.timezone)
    end = await ending.find_or_send(world, poll, reader)
    world.passed("poll.end")
    members = await world.chat.members(poll.room)
    tally = await ballots.count(world, poll, end.found, end.cutoff, members)
    outcome = polls.decide(poll, tally, now=world.clock(), zone=room.timezone)
    counted = _Count(tally, outcome, end, members)
    if not isinstance(outcome, Winner):
        sent = await _announce(world, poll, room, reader, counted, None)
        world.passed("poll.result")
        await _done(world, replace(poll, state=PollState.ENDED, booked=None, result_event=sent))
        return
    # From here on a repeat must not decide otherwise, though members may have left and dates have begun.
    poll = replace(poll, chosen=outcome.option.id)
    await world.stores.polls.save(poll)
    world.passed("poll.chosen")
    if poll.behaviour.confirm and poll.decision is None:
        await _ask_to_confirm(world, poll, room, reader, counted)
        return
    booked = await booking.write(world, poll, outcome, counted.members)
    world.passed("poll.event")
    sent = await _announce(world, booked.poll, room, reader, counted, booked)
    world.passed("poll.result")
    await _show(world, room, reader, booked, counted.members)
    await _done(world, replace(booked.poll, state=PollState.BOOKED, booked=booked.poll.chosen, result_event=sent))


async def _done(world: World, poll: Poll) -> None:
    await world.stores.polls.save(poll)
    world.passed("poll.done")
    await holds.release(world, poll.key)
    world.passed("poll.holds")


# -------------------------------------------------------------------------------------------------------------- say it


async def _result(world: World, reader: Reader, poll: Poll, counted: _Count, booked: Booking | None) -> Message:
    """What came out; of an event that was moved also that nobody was told so by mail."""
    moved = []
    if booked is not None and booked.moved:
        moved = await inviting.change_notes(world, booked.occurrence, booked.stored)
    return messages.poll_result(
        reader,
        poll,
        counted.tally,
        counted.outcome,
        occurrence=None if booked is None else booked.occurrence,
        people={member.user: member.name for member in counted.members},
        unreadable=counted.end.found.unreadable,
        notes=[*([Say("poll_still_open")] if counted.end.still_open else []), *moved],
    )


async def _announce(
    world: World, poll: Poll, room: Room, reader: Reader, counted: _Count, booked: Booking | None
) -> EventId:
    """Who decided what; what there is to know of the event stands on its card."""
    message = await _result(world, reader, poll, counted, booked)
    by = poll.decision or poll.ended
    here = {member.user for member in counted.members} - {world.chat.user, by.sender if by is not None else None}
    named = (poll.attached_by, *poll.asked, *poll.required, *poll.optional)
    concerned = [user for user in (poll.asker, *counted.tally.ballots, *named) if user is not None and user in here]
    sent = await world.chat.post(
        poll.room, message.mentioning(*concerned), key=_key("poll-result", poll), thread=poll.thread
    )
    if booked is not None:
        occurrence = booked.occurrence
        await world.stores.references.note_message(Card(room.id, occurrence.id, occurrence.calendar, sent))
    return sent


async def _show(world: World, room: Room, reader: Reader, booked: Booking, members: Sequence[Member]) -> None:
    """The card, which later changes edit, and the event as a file."""
    poll, written, references = booked.poll, booked.occurrence, world.stores.references
    attending = people.persons(world, written, members)
    if booked.moved and await references.card(room.id, written.id) is not None:
        await showing.update_card(world, room, written, attending)
    else:
        notes = [
            *await inviting.invitation_notes(
                world, poll.calendar, booked.attendees, {member.user for member in members}, booked.stored
            ),
            *resources.notes_on(world, poll.resource, written, booked.attendees, known=booked.resource_known),
        ]
        card = messages.meeting_card(
            reader,
            written,
            people=attending,
            calendar_title=written.calendar,
            notes=notes,
            headline=Headline.BOOKED,
        )
        sent = await world.chat.post(poll.room, card, key=_key("poll-card", poll), thread=poll.thread)
        await references.save_card(Card(room.id, written.id, written.calendar, sent, reader.locale))
    await references.save_last(room.id, poll.asker, written.calendar, written.id)
    world.passed("poll.card")
    if not written.details.hidden:
        file = showing.attachment(written, booked.stored)
        await world.chat.attach(poll.room, file, key=_key("poll-file", poll), thread=poll.thread)
    world.passed("poll.file")


# ------------------------------------------------------------------------------------------------------------- confirm


async def _ask_to_confirm(world: World, poll: Poll, room: Room, reader: Reader, counted: _Count) -> None:
    """Say what won, and wait for whoever started the poll; nothing is written before."""
    message = await _result(world, reader, poll, counted, None)
    here = {member.user for member in counted.members}
    mentioned = [poll.asker] if poll.asker in here else []
    sent = await world.chat.post(
        poll.room, message.mentioning(*mentioned), key=_key("poll-confirm", poll), thread=poll.thread
    )
    await world.stores.polls.save(replace(poll, state=PollState.CONFIRMING, result_event=sent))
    world.passed(ASKED)
    # An answer may have come before anybody knew that this message is one to answer.
    _heed_at(world, poll.key, world.clock())


async def resume(world: World) -> None:
    """Look what was said meanwhile to polls that have to be confirmed, and wait for the rest of it."""
    for poll in await world.stores.polls.in_state([PollState.CONFIRMING]):
        _heed_at(world, poll.key, world.clock())


async def on_reaction(world: World, room: RoomId, target: EventId) -> None:
    """Somebody reacted to a message; if it asks for confirmation, look again what those who may have said."""
    poll = await world.stores.polls.at(room, target)
    if poll is not None and poll.state is PollState.CONFIRMING and poll.result_event == target:
        await _heed_or_wait(world, poll.key)


def _heed_at(world: World, key: str, when: datetime) -> None:
    world.alarm.at(f"poll-confirm:{key}", when, partial(_heed_or_wait, world, key))


async def _heed_or_wait(world: World, key: str) -> None:
    try:
        await heed(world, key)
    except ChatUnavailable as error:
        world.log.warning("whether a poll is confirmed has to wait: %s", error.reason)
        _heed_at(world, key, world.clock() + max(_AGAIN, timedelta(seconds=error.retry_after or 0)))
    except ChatForbidden:
        world.log.info("a poll is to be confirmed in a room that the bot may not speak in any more: no event")
        async with world.locks.hold(f"poll:{key}"):
            await _give_up(world, key)
    except (UserError, NotEncrypted) as error:
        # Posting pauses, it does not end: the room may be closed to others again.
        world.log.warning("a poll is not ended while others could read along: %s", error.reason)
        _heed_at(world, key, world.clock() + _PAUSE)


async def heed(world: World, key: str) -> None:
    """Look whether a poll that has to be confirmed was, or was declined, or has become too late; book or end it."""
    poll = await world.stores.polls.get(key)
    if poll is None or poll.state is not PollState.CONFIRMING:
        return
    starts = _starts(world, poll)
    verdict = await confirming.verdict(world, poll, before=starts)
    if verdict is not None and verdict.confirmed:
        await change(world, key, partial(confirmed, decision=verdict.by))
        await retry(world, key)
    elif verdict is not None:
        await decline(world, key, verdict.by)
    elif starts <= world.clock():
        await _end_unbooked(world, key, "confirm_expired", None)
    else:
        _heed_at(world, key, starts)


def confirmed(poll: Poll, *, decision: Decision) -> Poll | None:
    """The poll as one whose winner is to be booked after all."""
    if poll.state is not PollState.CONFIRMING:
        return None
    return replace(poll, state=PollState.CLOSING, decision=decision, revision=poll.revision + 1)


async def decline(world: World, key: str, decision: Decision) -> None:
    """End a poll that waits for confirmation without an event; others are left alone."""
    await _end_unbooked(world, key, "declined", decision)


async def _end_unbooked(world: World, key: str, why: str, decision: Decision | None) -> None:
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None or poll.state is not PollState.CONFIRMING:
            return
        room = world.settings.rooms.get(poll.room)
        option = chosen_option(poll)
        if room is not None and option is not None:
            members = {member.user: member.name for member in await world.chat.members(poll.room)}
            reader = world.reader(room.language, room.timezone)
            by = None if decision is None else decision.sender
            message = messages.poll_unbooked(reader, poll, option, why, by=by, people=members)
            mentioned = [poll.asker] if poll.asker in members and decision is None else []
            await places.require_private(world, poll.room)
            async with repeats.sending(world, _starts(world, poll) if decision is None else _instant(decision.at)):
                await world.chat.post(
                    poll.room, message.mentioning(*mentioned), key=_key(f"poll-{why}", poll), thread=poll.thread
                )
        await world.stores.polls.save(replace(poll, state=PollState.ENDED, decision=decision))
        await holds.release(world, key)
    poll_cards.follow(world, key)


def chosen_option(poll: Poll) -> Option | None:
    return next((option for option in poll.options if option.id == poll.chosen), None)


def _starts(world: World, poll: Poll) -> datetime:
    option = chosen_option(poll)
    if option is None or option.when is None:
        return world.clock()
    return instants(option.when, ballots.zone_of(world, poll))[0]
