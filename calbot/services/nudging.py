"""Reminding those who have not voted, once for each poll, some time before it closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages, polls, quiet
from calbot.core.poll_model import Poll, PollState
from calbot.errors import CalbotError, ChatForbidden, Unavailable

from . import ballots, places, repeats
from .world import World

_AGAIN: Final = timedelta(seconds=30)
_PAUSE: Final = timedelta(minutes=5)  # until a room is looked at again in which nothing may be posted


def planned(world: World, created_at: datetime, until: datetime) -> datetime:
    """When those are due to be reminded who have not voted in a poll that closes at `until`."""
    return polls.nudge_time(created_at, until, world.settings.polls.nudge)


def arm(world: World, poll: Poll) -> None:
    """Ring when it is time to remind people."""
    if poll.state is PollState.OPEN and poll.nudge_at is not None and not poll.nudged:
        _ring_at(world, poll.key, _allowed(world, poll, poll.nudge_at))
    else:
        world.alarm.cancel(_name(poll.key))


def _name(key: str) -> str:
    return f"poll-nudge:{key}"


def _ring_at(world: World, key: str, when: datetime) -> None:
    world.alarm.at(_name(key), when, partial(_ring, world, key))


def _allowed(world: World, poll: Poll, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that it lies in; not where the poll has closed by then."""
    defaults = world.settings.defaults
    allowed = quiet.next_allowed(
        at, quiet=defaults.quiet_hours, holidays=defaults.holidays, zone=ballots.zone_of(world, poll)
    )
    return allowed if poll.until is None or allowed < poll.until else at


async def _ring(world: World, key: str) -> None:
    try:
        await _nudge(world, key)
    except Unavailable as error:
        world.log.info("a reminder of a poll has to wait: %s", error.reason)
        _ring_at(world, key, world.clock() + max(_AGAIN, timedelta(seconds=error.retry_after or 0)))
    except ChatForbidden:
        world.log.info("nobody can be reminded of a poll in a room that the bot may not speak in")
    except CalbotError as error:
        # Posting pauses, it does not end: the room may be closed to others again.
        world.log.warning("nobody is reminded of a poll while others could read along: %s", error.reason)
        _ring_at(world, key, world.clock() + _PAUSE)


async def _nudge(world: World, key: str) -> None:
    async with world.locks.hold(f"poll:{key}"):
        poll, now = await world.stores.polls.get(key), world.clock()
        if poll is None or poll.state is not PollState.OPEN or poll.nudged or poll.nudge_at is None:
            return
        if poll.until is None or poll.until <= now:
            return
        due = _allowed(world, poll, max(now, poll.nudge_at))
        if due > now:
            _ring_at(world, key, due)
            return
        await _remind(world, poll, poll.nudge_at)
        # A repeat after a crash posts under the same key, which the homeserver, or the room, knows.
        await world.stores.polls.save(replace(poll, nudged=True))


async def _remind(world: World, poll: Poll, began: datetime) -> None:
    await places.require_private(world, poll.room)
    standing = await ballots.standing(world, poll)
    silent = set(standing.tally.silent).difference(standing.found.unreadable)
    members = [member for member in standing.members if member.user in silent]
    if not members:
        return
    message = messages.poll_nudge(ballots.reader_of(world, poll), poll, members)
    async with repeats.sending(world, began):
        await world.chat.post(
            poll.room,
            message,
            key=identity.key_for("poll-nudge", poll.key),
            thread=poll.thread,
            reply_to=poll.start_event,
        )
    world.passed("poll.nudged")
