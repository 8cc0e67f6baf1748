"""Events that hold the times of a poll's options while people vote: made when it opens, removed when it is over.

Their UIDs follow from the poll, so that whoever places them again makes no second ones, and whoever removes them finds
each of them, also one whose answer got lost. A poll that is over counts as holding until none is left; who removes
them stores that last. None of this keeps a poll from being voted on or booked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.audit import HELD, Doing
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.model import CalendarObject, Status, instants
from calbot.core.poll_model import Option, Poll, PollState
from calbot.core.untold import EVERY_ROOM
from calbot.errors import CalbotError, CalendarUnavailable, ChatForbidden, ChatUnavailable, NotEncrypted, UserError

from . import audit, places, writing
from .world import World

_AGAIN: Final = timedelta(minutes=1)  # until what the calendar did not take is tried again, at first
_LONGEST: Final = timedelta(minutes=10)
_RUNNING: Final = (PollState.OPENING, PollState.OPEN, PollState.CLOSING, PollState.CONFIRMING)


async def place(world: World, poll: Poll) -> None:
    """Hold the time of each option. Where the calendar is away, the poll runs without until it is back.

    A repeat makes what is missing. Whoever calls this holds the lock of the poll, so that it does not end meanwhile.
    """
    if not poll.behaviour.holds:
        return
    try:
        async with audit.acting(world, _doing(poll, "place")):
            for option in poll.options:
                await _place(world, poll, option)
    except CalbotError as error:
        world.log.warning("the dates of a poll could not be held: %s", error.reason)
        if isinstance(error, CalendarUnavailable):
            _try_again(world, poll.key, _wait(world, error, poll.created_at))
        await _say_so(world, poll, error)
    else:
        await world.stores.polls.save(replace(poll, held=True))


async def resume(world: World) -> None:
    """Place what is missing and remove what is left over, by and by."""
    missing = [
        poll for poll in await world.stores.polls.in_state([PollState.OPEN]) if poll.behaviour.holds and not poll.held
    ]
    for poll in (*missing, *await world.stores.polls.holding()):
        _try_again(world, poll.key, timedelta(0))


async def release(world: World, key: str) -> None:
    """Remove what holds the options of a poll that is over. What cannot be removed now is tried again."""
    poll = await world.stores.polls.get(key)
    if poll is None or not poll.behaviour.holds or poll.released or poll.calendar not in world.settings.calendars:
        return
    try:
        async with audit.acting(world, _doing(poll, "remove")):
            for option in poll.options:
                await _remove(world, poll, option)
    except CalbotError as error:
        world.log.warning("the dates of a poll are still held: %s", error.reason)
        if isinstance(error, CalendarUnavailable):
            _try_again(world, key, _wait(world, error, poll.created_at if poll.ended is None else poll.ended.at))
        return
    await world.stores.polls.save(replace(poll, released=True))


def _wait(world: World, error: CalendarUnavailable, since: int) -> timedelta:
    """A quarter of the time that it has been tried for, at the most since that instant (milliseconds)."""
    tried = (world.clock() - datetime.fromtimestamp(since / 1000, timezone.utc)) / 4
    return max(min(max(tried, _AGAIN), _LONGEST), timedelta(seconds=error.retry_after or 0))


def _try_again(world: World, key: str, wait: timedelta) -> None:
    world.alarm.at(f"poll-holds:{key}", world.clock() + wait, partial(_settle, world, key))


async def _settle(world: World, key: str) -> None:
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None or poll.calendar not in world.settings.calendars:
            return
        await (place(world, poll) if poll.state in _RUNNING else release(world, key))


def _doing(poll: Poll, step: str) -> Doing:
    return Doing(poll.asker, HELD, identity.key_for("holds", poll.key, step), poll.room)


async def _place(world: World, poll: Poll, option: Option) -> None:
    room = world.settings.rooms.get(poll.room)
    now = world.clock()
    if option.when is None or room is None or instants(option.when, room.timezone)[0] <= now:
        return
    uid = identity.uid_for_hold(poll.key, option.id)
    draft = EventDraft(
        uid=uid,
        when=option.when,
        title=world.catalogs[room.language].text("hold.title", title=poll.title),
        location=poll.location,
        status=Status.TENTATIVE,
        transparent=True,
    )
    data = build_event(draft, now)
    await writing.create(world, poll.calendar, identity.resource_name(uid), data, told=EVERY_ROOM)


async def _remove(world: World, poll: Poll, option: Option) -> None:
    name = identity.resource_name(identity.uid_for_hold(poll.key, option.id))
    href = world.gateway.href(poll.calendar, name)
    await writing.delete(world, poll.calendar, href, _whatever_it_became, told=EVERY_ROOM)


def _whatever_it_became(_: CalendarObject) -> None:
    """A hold that somebody edited is a hold still."""


async def _say_so(world: World, poll: Poll, error: CalbotError) -> None:
    """Tell the room once that the dates are not held yet, and once that they will not be."""
    room = world.settings.rooms.get(poll.room)
    reason = "holds_later" if isinstance(error, CalendarUnavailable) else "holds_refused"
    if room is None or poll.holds_error == reason:
        return
    message = messages.error(
        world.reader(room.language, room.timezone), UserError(error.code, reason, title=poll.title)
    )
    try:
        await places.require_private(world, poll.room)
        await world.chat.post(poll.room, message, key=identity.key_for(reason, poll.key), thread=poll.thread)
        await world.stores.polls.save(replace(poll, holds_error=reason))
    except (ChatUnavailable, ChatForbidden, NotEncrypted, UserError) as refusal:
        world.log.info("it could not be said that the dates of a poll are not held: %s", refusal.reason)
