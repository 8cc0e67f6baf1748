"""Sends what is due, be it reminders or notices, under one discipline.

Each recipient is served in order of start, recipients side by side, eight at most, whoever waits for what begins
first before the others. A recipient that nothing can be sent to holds nobody else up; a homeserver that takes nothing
holds up everybody. What is sent is recorded before, under its key, so that after a crash it is sent with the same key
again, or found to be there (`repeats.arrived`).
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot import faults
from calbot.core.model import Recipient, RoomId
from calbot.core.notices import Hold
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, NotEncrypted, UserError

from . import places
from .outbox import Parcel, Source, Urgency
from .world import World

_ALARM: Final = "delivery"
_AT_ONCE: Final = 8  # recipients served at the same time; a homeserver takes no more messages a second for more
_AHEAD: Final = timedelta(seconds=45)  # less than what is found out about a room is good for
_LOOK_AGAIN: Final = timedelta(minutes=5)  # until a recipient is tried again that nothing can be sent to


def begin(world: World, *sources: Source) -> None:
    """From now on, send what becomes due in these."""
    world.outbox.sources = sources
    ring_soon(world)


def ring_soon(world: World) -> None:
    """Something may be due sooner than was known."""
    world.alarm.at(f"{_ALARM}:soon", world.clock(), partial(ring, world))


async def ring(world: World) -> None:
    """Put in line whoever something is due to, see that they are served, and wait for what is due next."""
    async with world.locks.hold(_ALARM):
        now = world.clock()
        try:
            for source in world.outbox.sources:
                for recipient, urgency in (await source.due_recipients(world, now)).items():
                    world.outbox.put(recipient, urgency)
            world.outbox.looked_at = now
            if not world.outbox.is_held(now):
                for number in range(min(_AT_ONCE, len(world.outbox))):
                    world.alarm.at(f"{_ALARM}:{number}", now, partial(_work, world))
        finally:
            await _arm(world, world.outbox.looked_at or now)


async def _arm(world: World, looked_at: datetime) -> None:
    """What was due by then is in line, and will be sent, dropped or put off."""
    due = [await source.next_due(world, looked_at) for source in world.outbox.sources]
    ahead = [instant for instant in due if instant is not None]
    if len(world.outbox) and world.outbox.held_until is not None and world.outbox.is_held(world.clock()):
        ahead.append(world.outbox.held_until)
    if ahead:
        world.alarm.at(_ALARM, min(ahead), partial(ring, world))
        world.alarm.at(f"{_ALARM}:ahead", max(min(ahead) - _AHEAD, world.clock()), partial(_look_ahead, world))
    else:
        world.alarm.cancel(_ALARM)
        world.alarm.cancel(f"{_ALARM}:ahead")


async def _look_ahead(world: World) -> None:
    """Where many are about to get something at the same time, find out before whether they may: each question to the
    homeserver that is left for then delays somebody."""
    soon: dict[Recipient, Urgency] = {}
    for source in world.outbox.sources:
        soon |= await source.due_recipients(world, world.clock() + _AHEAD)
    rooms = iter([one for one in sorted(soon, key=soon.__getitem__) if one in world.settings.rooms])
    if len(soon) > _AT_ONCE and not world.outbox.is_away(world.clock()):

        async def look() -> None:
            for room in rooms:
                await places.look_ahead(world, RoomId(room))

        await asyncio.gather(*(look() for _ in range(_AT_ONCE // 2)))


async def _work(world: World) -> None:
    """Serve one recipient after the other until nobody is left."""
    while (recipient := world.outbox.take(world.clock())) is not None:
        try:
            await _serve(world, recipient)
        except Exception as error:  # noqa: BLE001 - a border
            # A mistake of ours, or of the database's: the others have to hear of their meetings all the same.
            world.log.error("what is due to %s could not be sent\n%s", recipient, faults.of(error))  # noqa: TRY400 not what it says
            world.alarm.at(f"{_ALARM}:again", world.clock() + _LOOK_AGAIN, partial(ring, world))
        finally:
            world.outbox.done(recipient)
    async with world.locks.hold(_ALARM):
        await _arm(world, world.outbox.looked_at or world.clock())  # for what was put off


async def _serve(world: World, recipient: Recipient) -> None:
    """Send what is due to one recipient: first what may have arrived already, then in order of start."""
    now = world.clock()
    parcels: list[Parcel] = []
    for source in world.outbox.sources:
        parcels += await source.parcels(world, recipient, now)
    parcels.sort(key=lambda parcel: (not parcel.tried, parcel.start, parcel.due))
    for place, parcel in enumerate(parcels):
        try:
            sent = await parcel.send()
        except (ChatUnavailable, ChatForbidden, NotEncrypted, UserError) as error:
            if error.code is Code.LIMIT:
                world.log.error("something for %s is too large to be sent, and is dropped", recipient)  # noqa: TRY400 - no traceback: that is all there is to know
                await parcel.give_up()
                continue
            # What comes later has to wait too, or it would arrive before what was due earlier.
            await _put_off(world, recipient, parcels[place:], error)
            return
        if sent and world.outbox.took(recipient):
            world.log.info("the homeserver takes messages again")


async def _put_off(world: World, recipient: Recipient, parcels: list[Parcel], error: CalbotError) -> None:
    now, chance = world.clock(), random.random()  # noqa: S311 - spreads requests, guards nothing
    outbox = world.outbox
    if isinstance(error, ChatUnavailable):
        was_away = outbox.is_away(now)
        until, hold = outbox.refused(recipient, error, now, chance), Hold.UNAVAILABLE
        if outbox.is_away(now) and not was_away:
            world.tally.outages += 1
            world.log.warning("the homeserver takes no messages: all that is due has to wait")
    else:
        until, hold = now + _LOOK_AGAIN * (0.9 + 0.2 * chance), Hold.UNREACHABLE
    if outbox.note_reason(recipient, error.reason) and not outbox.is_away(now):
        world.log.warning("what is due to %s has to wait: %s", recipient, error.reason)
    for parcel in parcels:
        await parcel.put_off(until, hold)
