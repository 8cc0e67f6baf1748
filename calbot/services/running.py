"""Polls while they are open: looked at when somebody votes, closed when it is time or somebody ends them.

A look reads everything again, and does what follows: close the poll or show how it stands. Votes make one follow at
once, then at most one in five seconds, the last vote always included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import polls
from calbot.core.model import EventId, RoomId
from calbot.core.poll_events import is_start
from calbot.core.poll_model import Cause, End, Poll, PollState
from calbot.errors import CalbotError, Unavailable
from calbot.ports import ChatEvent

from . import ballots, closing, handmade, nudging, poll_cards
from .ballots import Standing
from .world import World

_ALARM: Final = "poll-deadline"
_PACE: Final = timedelta(seconds=5)
_SHARE: Final = 10  # looking at a large poll takes no more than this fraction of the time
_AGAIN: Final = timedelta(seconds=30)
# After a start, what came meanwhile is acted on in its order first: a vote by command, and only then the end after it.
_CATCHING_UP: Final = timedelta(seconds=15)


async def resume(world: World) -> None:
    """Finish what a crash or an outage interrupted, see what was missed, and wait for deadlines."""
    for poll in await world.stores.polls.in_state([PollState.CLOSING]):
        closing.try_again(world, poll.key, world.clock())
        poll_cards.follow(world, poll.key)
    open_ones = await world.stores.polls.in_state([PollState.OPEN])
    for poll in open_ones:
        nudging.arm(world, poll)
    for key in await world.stores.polls.without_last_card():
        poll_cards.follow(world, key)
    _catch_up(world, [poll.key for poll in open_ones], max(world.clock(), world.began + _CATCHING_UP))
    await arm(world)


def _catch_up(world: World, keys: Sequence[str], when: datetime) -> None:
    if keys:
        world.alarm.at("poll-catch-up", when, partial(_look_at_all, world, keys))


async def _look_at_all(world: World, keys: Sequence[str]) -> None:
    """One after the other: at a start there is more to do than to count polls."""
    failed = []
    for key in keys:
        try:
            poll = await world.stores.polls.get(key)
            if poll is not None:
                await _look_at_start(world, poll)
            await look_now(world, key)
        except Unavailable as error:
            world.log.info("a poll has to be looked at later: %s", error.reason)
            failed.append(key)
        except CalbotError as error:
            world.log.info("how a poll stands cannot be shown: %s", error.reason)
    _catch_up(world, failed, world.clock() + _AGAIN)


async def arm(world: World) -> None:
    """Ring at the next deadline."""
    deadline = await world.stores.polls.next_deadline()
    if deadline is None:
        world.alarm.cancel(_ALARM)
    else:
        world.alarm.at(_ALARM, max(deadline, world.began + _CATCHING_UP), partial(_ring, world))


async def _ring(world: World) -> None:
    now = world.clock()
    for poll in await world.stores.polls.in_state([PollState.OPEN]):
        if poll.until is not None and poll.until <= now:
            at = int(poll.until.timestamp() * 1000)
            await closing.begin(world, poll.key, Cause.DEADLINE, End(None, world.chat.user, at))
            closing.try_again(world, poll.key, now)
    await arm(world)


# --------------------------------------------------------------------------------------------------------- what came


async def on_end(world: World, event: ChatEvent, start: EventId) -> None:
    """Somebody ended a poll in their client; if they may, it closes."""
    poll = await world.stores.polls.at(event.room, start)
    if poll is None or poll.state is not PollState.OPEN:
        return
    power = await world.chat.power_levels(poll.room)
    end = End(event.id, event.sender, event.at)
    if polls.valid_end([end], poll.creator, power, servers=ballots.ending_servers(world)) is not None:
        await _close(world, poll.key, Cause.END_EVENT, end)


async def on_vote(world: World, event: ChatEvent, target: EventId) -> None:
    """Somebody voted in a client."""
    poll = await world.stores.polls.at(event.room, target)
    if poll is not None:
        await voted(world, poll, event)


async def voted(world: World, poll: Poll, event: ChatEvent) -> None:
    """A vote came, however; a poll with `auto` closes with the vote that all have waited for."""
    if poll.state is not PollState.OPEN:
        return
    waited_for = {*poll.required, poll.asker}
    if poll.behaviour.auto and (event.sender in waited_for or poll.behaviour.quorum is not None):
        standing = await ballots.standing(world, poll)
        if _is_settled(world, poll, standing):
            await _close(world, poll.key, Cause.UNANIMOUS, End(None, world.chat.user, event.at))
            return
    look_soon(world, poll.key)


async def on_redaction(world: World, event: ChatEvent) -> None:
    """Something was removed: a poll, which ends it; a vote, which uncovers the one before."""
    target = event.content.get("redacts")
    if not isinstance(target, str) or not target:
        return
    redacted = EventId(target)
    poll = await world.stores.polls.at(event.room, redacted)
    if poll is not None and poll.start_event == redacted:
        await _look_at_start(world, poll)
        return
    poll = await world.stores.polls.voted_in(redacted)
    if poll is not None and await _is_redacted(world, event.room, redacted):
        await world.stores.polls.forget_vote(redacted)
        look_soon(world, poll.key)
    # Which poll a response belonged to, nobody can say any more.
    await on_unclear(world, event.room)


async def on_edit(world: World, event: ChatEvent, start: EventId) -> None:
    """Somebody edited the poll that they made."""
    poll = await world.stores.polls.at(event.room, start)
    if poll is not None and poll.start_event == start and event.sender == poll.creator:
        await _look_at_start(world, poll)
        look_soon(world, poll.key)


async def on_unclear(world: World, room: RoomId) -> None:
    """Something may have changed in the polls of a room."""
    for poll in await world.stores.polls.in_room(room, [PollState.OPEN]):
        look_soon(world, poll.key)


async def _look_at_start(world: World, poll: Poll) -> None:
    """Whether the poll that people vote on is still the one that is stored."""
    if poll.state is not PollState.OPEN or poll.start_event is None:
        return
    event = await world.chat.event(poll.room, poll.start_event)
    if event is None:
        return
    if event.redacted:
        await _close(world, poll.key, Cause.REDACTED, End(None, world.chat.user, event.at))
    elif not poll.by_bot and is_start(event.type):
        await handmade.follow_edits(world, poll.key, event)


async def _is_redacted(world: World, room: RoomId, target: EventId) -> bool:
    event = await world.chat.event(room, target)
    return event is not None and event.redacted


# -------------------------------------------------------------------------------------------------------------- looks


def look_soon(world: World, key: str) -> None:
    """Look at once, or as soon as it may be done again."""
    _look_at(world, key, world.pace.earliest(poll_cards.alarm(key), world.clock()))


def _look_at(world: World, key: str, when: datetime) -> None:
    world.alarm.at(poll_cards.alarm(key), when, partial(_look, world, key))


async def _look(world: World, key: str) -> None:
    """Look at an open poll; later, where the homeserver is away."""
    name, began = poll_cards.alarm(key), world.clock()
    world.pace.hold(name, began + _PACE, began)
    try:
        await look_now(world, key)
    except Unavailable as error:
        world.log.info("a poll has to be looked at later: %s", error.reason)
        _look_at(world, key, world.clock() + max(_AGAIN, timedelta(seconds=error.retry_after or 0)))
    except CalbotError as error:
        # The next vote has it looked at again: others may read along in the room only for now.
        world.log.info("how a poll stands cannot be shown: %s", error.reason)
    ended = world.clock()
    world.pace.hold(name, max(began + _PACE, ended + (ended - began) * _SHARE), ended)


async def look_now(world: World, key: str) -> None:
    """Read everything about a poll, and do what follows."""
    closes = None
    async with poll_cards.alone(world, key):
        poll = await world.stores.polls.get(key)
        if poll is not None and poll.state is PollState.OPEN:
            standing = await ballots.standing(world, poll)
            closes = await _what_closes(world, poll, standing)
            if closes is None:
                await poll_cards.show_standing(world, poll, standing)
    if closes is not None:
        await _close(world, key, *closes)
    elif poll is not None and poll.state is not PollState.OPEN:
        # This look may have replaced the one that was to show the end, or something was decided on the poll anew.
        poll_cards.follow(world, key)


async def _what_closes(world: World, poll: Poll, standing: Standing) -> tuple[Cause, End] | None:
    """An end, or the vote that all waited for, may have come while nobody was listening."""
    if standing.found.ends:
        power = await world.chat.power_levels(poll.room)
        end = polls.valid_end(standing.found.ends, poll.creator, power, servers=ballots.ending_servers(world))
        if end is not None:
            return Cause.END_EVENT, end
    if _is_settled(world, poll, standing):
        at = max(vote.at for vote in standing.found.votes)
        return Cause.UNANIMOUS, End(None, world.chat.user, at)
    return None


def _is_settled(world: World, poll: Poll, standing: Standing) -> bool:
    return poll.behaviour.auto and polls.is_unanimous(
        poll, standing.tally, now=world.clock(), zone=ballots.zone_of(world, poll)
    )


async def _close(world: World, key: str, cause: Cause, end: End) -> None:
    await closing.begin(world, key, cause, end)
    await closing.retry(world, key)
