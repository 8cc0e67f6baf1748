"""Polls while they are open: waits for ends, deadlines and the vote that everybody waited for."""

from __future__ import annotations

from functools import partial
from typing import Final

from calbot.core import polls
from calbot.core.model import EventId
from calbot.core.poll_events import is_end
from calbot.core.poll_model import Cause, End, Poll, PollState
from calbot.ports import ChatEvent

from . import ballots, closing
from .world import World

_ALARM: Final = "poll-deadline"


async def resume(world: World) -> None:
    """Finish what a crash or an outage interrupted, and wait for deadlines."""
    for poll in await world.stores.polls.in_state([PollState.CLOSING]):
        closing.try_again(world, poll.key, world.clock())
    for poll in await world.stores.polls.in_state([PollState.OPEN]):
        world.alarm.at(f"poll-end:{poll.key}", world.clock(), partial(_look_for_end, world, poll))
    await arm(world)


async def _look_for_end(world: World, poll: Poll) -> None:
    """An end, or the vote that all waited for, may have come while nobody was listening."""
    if poll.start_event is None:
        return
    related = await world.chat.relations(poll.room, poll.start_event, "m.reference")
    for event in sorted(related.events, key=lambda one: one.at):
        if is_end(event.type):
            await on_end(world, event, poll.start_event)
    if related.events:
        await on_vote(world, related.events[-1], poll.start_event)


async def arm(world: World) -> None:
    """Ring at the next deadline."""
    deadline = await world.stores.polls.next_deadline()
    if deadline is None:
        world.alarm.cancel(_ALARM)
    else:
        world.alarm.at(_ALARM, deadline, partial(_ring, world))


async def _ring(world: World) -> None:
    now = world.clock()
    for poll in await world.stores.polls.in_state([PollState.OPEN]):
        if poll.until is not None and poll.until <= now:
            at = int(poll.until.timestamp() * 1000)
            await closing.begin(world, poll.key, Cause.DEADLINE, End(None, world.chat.user, at))
            closing.try_again(world, poll.key, now)
    await arm(world)


async def on_end(world: World, event: ChatEvent, start: EventId) -> None:
    """Somebody ended a poll in their client; if they may, it closes."""
    poll = await world.stores.polls.at(event.room, start)
    if poll is None or poll.state is not PollState.OPEN:
        return
    power = await world.chat.power_levels(poll.room)
    end = End(event.id, event.sender, event.at)
    if polls.valid_end([end], poll.creator, power, servers=ballots.ending_servers(world)) is None:
        return
    await closing.begin(world, poll.key, Cause.END_EVENT, end)
    await closing.retry(world, poll.key)


async def on_vote(world: World, event: ChatEvent, start: EventId) -> None:
    """Somebody voted; a poll with `auto` closes as soon as all whose vote is needed can do one date."""
    poll = await world.stores.polls.at(event.room, start)
    if poll is None or poll.state is not PollState.OPEN or not poll.behaviour.auto:
        return
    found = await ballots.read_votes(world, poll)
    tally = await ballots.count(world, poll, found, None)
    zone = ballots.zone_of(world, poll)
    if polls.is_unanimous(poll, tally, now=world.clock(), zone=zone):
        await closing.begin(world, poll.key, Cause.UNANIMOUS, End(None, world.chat.user, event.at))
        await closing.retry(world, poll.key)
