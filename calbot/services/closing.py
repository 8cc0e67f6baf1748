"""From the last vote to the event: closing a poll, counting it, booking the winner, saying so. Once, whatever happens.

The order is fixed: that the poll closes is stored first; then the end event is sent or found, everything is read again
from the server and counted, the winner stored, the event written, the result posted. Each step can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final

from calbot.core import identity, messages, polls
from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.messages import Headline
from calbot.core.model import Attendee, Member, Occurrence, UserId
from calbot.core.permissions import PowerLevels, level_of
from calbot.core.poll_events import (
    POLL_END,
    read_start,
)
from calbot.core.poll_model import Cause, End, Poll, PollState
from calbot.core.polls import Outcome, Tally, Winner
from calbot.core.settings import Room
from calbot.errors import CalbotError, ChatForbidden, Code, NotEncrypted, Unavailable, UserError
from calbot.ports import Card, StoredObject

from . import ballots, meetings, people, places, repeats, writing
from .world import World

_AGAIN: Final = timedelta(seconds=30)  # until a closing that the outside world interrupted is tried again
_PAUSE: Final = timedelta(minutes=5)  # until a room is looked at again in which nothing may be posted


def try_again(world: World, key: str, when: datetime) -> None:
    world.alarm.at(f"poll:{key}", when, partial(retry, world, key))


async def retry(world: World, key: str) -> None:
    try:
        await conclude(world, key)
    except Unavailable as error:
        world.log.warning("closing a poll has to wait: %s", error.reason)


async def begin(world: World, key: str, cause: Cause, end: End) -> bool:
    """Store that a poll closes; False where it has closed before."""
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None or poll.state is not PollState.OPEN:
            return False
        uid = identity.uid_for_poll(poll.key, poll.generation)
        await world.stores.polls.save(poll.closing(cause, end, uid))
    return True


# ---------------------------------------------------------------------------------------------------------- conclude


async def conclude(world: World, key: str) -> None:
    """Do what is left of a closing. Unavailable where the outside world has to come back; then it is tried again."""
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None or poll.state is not PollState.CLOSING:
            return
        room = world.settings.rooms.get(poll.room)
        if room is None or poll.calendar not in world.settings.calendars:
            world.log.warning("a poll closes in a room that is no longer mapped to its calendar: no event")
            await world.stores.polls.save(replace(poll, state=PollState.ENDED))
            return
        try:
            await _conclude_or_refuse(world, poll, room)
        except Unavailable as error:
            try_again(world, key, world.clock() + max(_AGAIN, timedelta(seconds=error.retry_after or 0)))
            raise
        except ChatForbidden:
            world.log.info("a poll closes in a room that the bot may not speak in any more: no event")
            await world.stores.polls.save(replace(poll, state=PollState.ENDED))


async def _conclude_or_refuse(world: World, poll: Poll, room: Room) -> None:
    try:
        await places.require_private(world, poll.room)
    except (UserError, NotEncrypted) as error:
        # Posting pauses, it does not end: the room may be closed to others again.
        world.log.warning("a poll in %s is not concluded while others could read along: %s", poll.room, error.reason)
        try_again(world, poll.key, world.clock() + _PAUSE)
        return
    try:
        async with repeats.sending(world, _began(poll)):
            await _conclude(world, poll, room)
    except (Unavailable, ChatForbidden):
        raise
    except CalbotError as error:
        # Nothing that time mends: the calendar refuses, or what there is to say cannot be said.
        message = messages.error(world.reader(room.language, room.timezone), error)
        await world.chat.post(
            poll.room, message, key=identity.key_for("poll-error", poll.key, poll.generation), thread=poll.thread
        )
        booked = poll.uid is not None and await world.stores.calendars.by_uid(poll.calendar, poll.uid) is not None
        await world.stores.polls.save(replace(poll, state=PollState.BOOKED if booked else PollState.ENDED))


def _began(poll: Poll) -> datetime:
    """The earliest that anything of the closing can have been sent."""
    return datetime.fromtimestamp((poll.ended.at if poll.ended is not None else poll.created_at) / 1000, timezone.utc)


async def _conclude(world: World, poll: Poll, room: Room) -> None:
    reader = world.reader(room.language, room.timezone)
    cutoff, found, still_open = await _end(world, poll, reader)
    if not poll.by_bot:
        await _require_unchanged(world, poll, found)
    tally = await ballots.count(world, poll, found, cutoff)
    outcome = polls.decide(poll, tally, now=world.clock(), zone=room.timezone)
    members = await world.chat.members(poll.room)
    written: Occurrence | None = None
    stored: StoredObject | None = None
    notes = [Say("poll_still_open")] if still_open else []
    if isinstance(outcome, Winner):
        # From here on a repeat must not decide otherwise, though members may have left and dates have begun.
        poll = replace(poll, chosen=outcome.option.id)
        await world.stores.polls.save(poll)
        stored, attendees = await _book(world, poll, outcome, members)
        written = meetings.first_occurrence(stored)
        notes += meetings.invitation_notes(world, poll.calendar, attendees, {member.user for member in members})
    await _announce(world, poll, room, reader, tally, outcome, written, members, found.unreadable, notes)
    if written is not None and stored is not None:
        await _show(world, poll, room, reader, written, stored, members)
    await world.stores.polls.save(replace(poll, state=PollState.BOOKED if written else PollState.ENDED))


async def _end(world: World, poll: Poll, reader: Reader) -> tuple[int, ballots.Votes, bool]:
    """Up to when votes count (milliseconds), what there is to count, whether clients still show the poll as open."""
    power = await world.chat.power_levels(poll.room)
    found = await ballots.read_votes(world, poll)
    end = polls.valid_end(found.ends, poll.creator, power, servers=ballots.ending_servers(world))
    if end is None and may_end(world, poll, power):
        content = messages.poll_end_content(reader, poll)
        await world.chat.send(poll.room, POLL_END, content, key=identity.key_for("poll-end", poll.key))
        # Only now, with the end's own time on the server, is it certain which votes were in time.
        found = await ballots.read_votes(world, poll)
        end = polls.valid_end(found.ends, poll.creator, power, servers=ballots.ending_servers(world))
    if end is not None:
        return end.at, found, False
    if poll.ended is None:
        raise RuntimeError("a poll closes without a cause")
    return poll.ended.at, found, True


def may_end(world: World, poll: Poll, power: PowerLevels) -> bool:
    """Whether an end event of the bot's would be taken for valid by clients."""
    return poll.creator == world.chat.user or level_of(world.chat.user, power) >= power.redact


async def _require_unchanged(world: World, poll: Poll, found: ballots.Votes) -> None:
    """UserError if a poll that somebody made was edited after it was voted on: nobody knows what the votes were for."""
    event = None if poll.start_event is None else await world.chat.event(poll.room, poll.start_event)
    original = None if event is None or event.redacted else read_start(event.content)
    if event is None or original is None:
        raise UserError(Code.NOT_FOUND, "poll_gone")
    pinned = await ballots.pinned_start(world, event, original, found.votes)
    if pinned.changed or polls.is_changed(poll, pinned.start):
        raise UserError(Code.CONFLICT, "poll_changed")


async def _book(
    world: World, poll: Poll, outcome: Winner, members: Sequence[Member]
) -> tuple[StoredObject, tuple[Attendee, ...]]:
    """Write the event; where it was written before, that one is it."""
    if outcome.option.when is None or poll.uid is None:
        raise RuntimeError("a winner without a date or a poll without a uid cannot be booked")
    known_as = {member.user: member.name for member in members}
    attendees = tuple(
        people.attendee(world, one.user, known_as, role=one.role, partstat=one.partstat)
        for one in polls.participations(poll, outcome)
    )
    room = world.settings.rooms[poll.room]
    draft = EventDraft(
        uid=poll.uid,
        when=outcome.option.when,
        title=poll.title,
        location=poll.location,
        description=poll.description,
        link=await meetings.meeting_link(world, room, poll.uid),
        organizer=meetings.organizer(world, poll.calendar),
        attendees=attendees,
    )
    data = build_event(draft, world.clock())
    stored = await writing.create(world, poll.calendar, identity.resource_name(poll.uid), data)
    await world.stores.references.save_maker(poll.uid, poll.asker)
    return stored, attendees


async def _announce(
    world: World,
    poll: Poll,
    room: Room,
    reader: Reader,
    tally: Tally,
    outcome: Outcome,
    written: Occurrence | None,
    members: Sequence[Member],
    unreadable: Sequence[UserId],
    notes: Sequence[Say],
) -> None:
    message = messages.poll_result(
        reader,
        poll,
        tally,
        outcome,
        occurrence=written,
        people={member.user: member.name for member in members},
        unreadable=unreadable,
        notes=notes,
    )
    closed_by = poll.ended.sender if poll.ended is not None else None
    here = {member.user for member in members} - {world.chat.user, closed_by}
    named = (*poll.asked, *poll.required, *poll.optional)
    concerned = [user for user in (poll.asker, *tally.ballots, *named) if user in here]
    sent = await world.chat.post(
        poll.room,
        message.mentioning(*concerned),
        key=identity.key_for("poll-result", poll.key, poll.generation),
        thread=poll.thread,
    )
    if written is not None:
        await world.stores.references.note_message(Card(room.id, written.id, written.calendar, sent))


async def _show(
    world: World,
    poll: Poll,
    room: Room,
    reader: Reader,
    written: Occurrence,
    stored: StoredObject,
    members: Sequence[Member],
) -> None:
    """The card, which later changes edit, and the event as a file."""
    card = messages.meeting_card(
        reader,
        written,
        people=people.persons(world, written, members),
        calendar_title=written.calendar,
        headline=Headline.BOOKED,
    )
    key = identity.key_for("poll-card", poll.key, poll.generation)
    sent = await world.chat.post(poll.room, card, key=key, thread=poll.thread)
    await world.stores.references.save_card(Card(room.id, written.id, written.calendar, sent))
    await world.stores.references.save_last(room.id, poll.asker, written.calendar, written.id)
    if not written.details.hidden:
        file = meetings.attachment(written, stored)
        await world.chat.attach(
            poll.room, file, key=identity.key_for("poll-file", poll.key, poll.generation), thread=poll.thread
        )
