"""Taking on a poll that somebody made in their client: it becomes an event at its end, or now if it has ended.

Where its start event cannot be decrypted yet, the poll is stored without options, and taken on when the key comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import commands, identity, messages
from calbot.core.permissions import Action, Subject
from calbot.core.poll_events import is_start, read_start
from calbot.core.poll_model import Poll, PollOptions, PollState
from calbot.core.settings import Room
from calbot.errors import CalbotError, Code, NotEncrypted, Unavailable, UserError
from calbot.ports import ChatEvent

from . import ballots, handmade, places, poll_cards, rights, running
from .requests import Reply, Request
from .world import World

_PATIENCE: Final = timedelta(minutes=10)  # how long the key to a poll may be late
_AGAIN: Final = timedelta(seconds=15)
_PAUSE: Final = timedelta(minutes=5)  # until a room is looked at again in which nothing may be posted


async def attach(world: World, request: Request, _: commands.Event) -> Reply | None:
    """Take on the poll replied to. Safe to repeat: it is known then by this command."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "poll_needs_room")
    if request.replying_to is None:
        raise UserError(Code.NOT_FOUND, "attach_needs_reply")
    known = await world.stores.polls.at(request.place.room, request.replying_to)
    if known is not None and known.origin != request.event.id:
        raise _refusal(known)
    if known is not None and known.state not in (PollState.OPENING, PollState.OPEN):
        return None  # an earlier run of this command got through, and the result says it all
    event = await world.chat.event(request.place.room, request.replying_to)
    sealed = None if event is not None else await world.chat.sealed(request.place.room, request.replying_to)
    if sealed is not None:
        return await _wait(world, request, await _poll_of(world, request, sealed))
    if event is None or not is_start(event.type):
        raise UserError(Code.NOT_FOUND, "no_poll_there")
    await _take_on(world, known or await _poll_of(world, request, event), event)
    return None


def _refusal(known: Poll) -> UserError:
    if known.state is PollState.OPENING:
        return UserError(Code.CONFLICT, "poll_waits_for_key")
    if known.state is PollState.BOOKED:
        return UserError(Code.CONFLICT, "poll_booked_before", title=known.title)
    if known.state is PollState.ENDED:
        return UserError(Code.CONFLICT, "poll_ended_before", title=known.title)
    return UserError(Code.CONFLICT, "poll_known", title=known.title)


async def _poll_of(world: World, request: Request, event: ChatEvent) -> Poll:
    """The poll that an event is, before its content is looked at. UserError where the sender may not take it on."""
    _, calendar = places.calendar_for_writing(request, None)
    await rights.require(world, request, Action.ATTACH_POLL, calendar, Subject(maker=event.sender))
    return Poll(
        key=identity.poll_key(event.id),
        room=event.room,
        asker=event.sender,
        by_bot=False,
        creator=event.sender,
        created_at=event.at,
        title="",
        options=(),
        max_selections=1,
        behaviour=PollOptions(),
        asked=(),
        required=(),
        optional=(),
        calendar=calendar,
        until=None,
        state=PollState.OPENING,
        thread=request.thread,
        origin=request.event.id,
        attached_by=request.sender,
        start_event=event.id,
    )


# ----------------------------------------------------------------------------------------------------------- taking on


async def _take_on(world: World, poll: Poll, event: ChatEvent | None) -> None:
    """Begin to look after a poll. A repeat does what is left to do."""
    async with world.locks.hold(f"poll-attach:{poll.key}"):
        poll = await world.stores.polls.get(poll.key) or poll
        if poll.state is PollState.OPENING:
            poll = await _read(world, poll, event)
            await world.stores.polls.save(poll)
            world.passed("poll.attached")
        await running.look_now(world, poll.key)
        poll = await world.stores.polls.get(poll.key) or poll
        if poll.state is PollState.OPEN and poll.text_event is None:
            standing = await ballots.standing(world, poll)
            text = await poll_cards.post(world, poll, standing, reply_to=poll.origin)
            async with world.locks.hold(f"poll:{poll.key}"):
                latest = await world.stores.polls.get(poll.key) or poll
                await world.stores.polls.save(replace(latest, text_event=text))
    await running.arm(world)


async def _read(world: World, poll: Poll, event: ChatEvent | None) -> Poll:
    """The poll as it stood at the first vote, open. UserError where no event can come of it."""
    if event is None:
        raise UserError(Code.NOT_FOUND, "poll_key_missing")
    start = None if event.redacted or not is_start(event.type) else read_start(event.content)
    if start is None:
        raise UserError(Code.NOT_FOUND, "no_poll_there")
    room = _room(world, poll)
    cast = await ballots.read_votes(world, poll)
    pinned = await ballots.pinned_start(world, event, start, cast.votes)
    if pinned.changed:
        raise UserError(Code.CONFLICT, "poll_changed", title=pinned.start.question)
    poll = handmade.asking(replace(poll, state=PollState.OPEN), pinned.start, room)
    if poll.until is None:
        raise UserError(Code.NOT_UNDERSTOOD, "no_dates_in_poll", title=poll.title)
    if poll.until <= world.clock():
        raise UserError(Code.IN_PAST, "poll_all_begun", title=poll.title)
    return poll


def _room(world: World, poll: Poll) -> Room:
    room = world.settings.rooms.get(poll.room)
    if room is None:
        raise UserError(Code.NOT_MAPPED, "not_mapped")
    return room


# ------------------------------------------------------------------------------------------------- waiting for its key


async def _wait(world: World, request: Request, poll: Poll) -> Reply:
    await world.stores.polls.save(replace(poll, until=request.now + _PATIENCE))
    _try_again(world, poll.key, _AGAIN)
    minutes = int(_PATIENCE.total_seconds() // 60)
    return Reply(messages.ok(request.reader, "poll_waits_for_key", minutes=minutes))


async def resume(world: World) -> None:
    """Go on with what was waited for before a restart, or cut off by it."""
    for poll in await world.stores.polls.in_state([PollState.OPENING, PollState.OPEN]):
        if _is_unfinished(poll):
            _try_again(world, poll.key, _AGAIN)


async def on_start(world: World, event: ChatEvent) -> None:
    """A poll can be read. If that was waited for, go on."""
    poll = await world.stores.polls.at(event.room, event.id)
    if poll is not None and _is_unfinished(poll):
        _try_again(world, poll.key, timedelta(0))


def _is_unfinished(poll: Poll) -> bool:
    return not poll.by_bot and (
        poll.state is PollState.OPENING or (poll.state is PollState.OPEN and poll.text_event is None)
    )


def _try_again(world: World, key: str, wait: timedelta) -> None:
    world.alarm.at(f"poll-attach:{key}", world.clock() + wait, partial(_retry, world, key))


async def _retry(world: World, key: str) -> None:
    poll = await world.stores.polls.get(key)
    if poll is None or not _is_unfinished(poll):
        return
    try:
        await _go_on(world, poll)
    except Unavailable as error:
        world.log.info("a poll has to be taken on later: %s", error.reason)
        _try_again(world, key, _AGAIN)
    except CalbotError as error:
        # The bot is not in the room any more.
        world.log.info("a poll cannot be taken on: %s", error.reason)
        await world.stores.polls.forget(key)


async def _go_on(world: World, poll: Poll) -> None:
    try:
        await places.require_private(world, poll.room)
    except (UserError, NotEncrypted) as error:
        # Posting pauses, it does not end: the room may be closed to others again.
        world.log.info("a poll is not taken on while others could read along: %s", error.reason)
        _try_again(world, poll.key, _PAUSE)
        return
    event = None if poll.start_event is None else await world.chat.event(poll.room, poll.start_event)
    if event is None and poll.until is not None and world.clock() < poll.until:
        _try_again(world, poll.key, _AGAIN)
        return
    try:
        await _take_on(world, poll, event)
    except UserError as error:
        await _give_up(world, poll, error)


async def _give_up(world: World, poll: Poll, error: UserError) -> None:
    """Say to whoever wanted it why nothing comes of it."""
    message = messages.error(ballots.reader_of(world, poll), error)
    if poll.attached_by is not None:
        message = message.mentioning(poll.attached_by)
    key = identity.key_for("poll-unattached", poll.key, poll.origin)
    await world.chat.post(poll.room, message, key=key, thread=poll.thread, reply_to=poll.origin)
    await world.stores.polls.forget(poll.key)
