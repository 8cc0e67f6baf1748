"""Rooms that the bot comes into, is put out of, or that go on elsewhere after an upgrade."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.model import RoomId
from calbot.core.poll_model import Poll
from calbot.core.preferences import KEPT_WITHOUT_BOT
from calbot.core.reminders import Reminder
from calbot.errors import ChatForbidden, ChatUnavailable, NotEncrypted, UserError

from . import agendas, announcements, delivery, holds, looking, places, planning, polls_ended, preferences
from .world import World

_AGAIN: Final = timedelta(minutes=1)
_EXPIRY: Final = "rooms:absent"


async def entered(world: World, room: RoomId) -> bool:
    """The bot is in a room, maybe again. Whether that room goes on from a mapped one."""
    if await world.stores.rooms.note_presence(room):
        world.log.info("the bot is in %s again", room)
        await _settle(world)
    old = await world.chat.predecessor(room)
    if old is None or old not in world.settings.rooms or await world.chat.successor(old) != room:
        return False
    await _go_on(world, old, room)
    return True


async def left(world: World, room: RoomId) -> None:
    """The bot left, was kicked or banned. Its mapping is kept for a while, in case that was a mistake."""
    if room not in world.settings.rooms:
        return
    world.log.warning("the bot is no longer in %s, which is mapped to a calendar", room)
    await world.stores.rooms.note_absence(room, world.clock())
    await _wait_for_expiry(world)


async def replaced(world: World, old: RoomId) -> None:
    """A room says where it goes on. The bot follows where that room says so too; it does not stay in another one."""
    if old not in world.settings.rooms:
        return
    new = await world.chat.successor(old)
    if new is None or new in await world.stores.rooms.successors():
        return
    was_there = new in await world.chat.joined_rooms()
    try:
        await world.chat.join(new)
    except ChatForbidden:
        world.log.warning("%s goes on in %s: the bot has to be invited there", old, new)
        return
    if not await entered(world, new) and not was_there:
        world.log.warning("%s does not say that it goes on from %s: the bot leaves it", new, old)
        await world.chat.leave(new)


async def look_around(world: World) -> None:
    """What became of the mapped rooms while the bot was away; in the background, and again if that fails."""
    await _forget_connections(world)
    try:
        joined = set(await world.chat.joined_rooms())
        for room in [room for room in await world.stores.rooms.absences() if room in joined]:
            await entered(world, room)
        for room in [room for room in world.settings.rooms if room not in joined]:
            await world.stores.rooms.note_absence(room, world.clock())
        for room in [room for room in world.settings.rooms if room in joined]:
            with suppress(ChatForbidden):
                await replaced(world, room)
    except ChatUnavailable:
        world.alarm.at("rooms", world.clock() + _AGAIN, partial(look_around, world))
    await _wait_for_expiry(world)


async def _wait_for_expiry(world: World) -> None:
    """Ring when the next mapping has been without the bot for too long."""
    ends = [since + KEPT_WITHOUT_BOT for since in (await world.stores.rooms.absences()).values()]
    ahead = [end for end in ends if end > world.clock()]
    if ahead:
        world.alarm.at(_EXPIRY, min(ahead), partial(_expire, world))


async def _expire(world: World) -> None:
    await _settle(world)
    await _forget_connections(world)
    await _wait_for_expiry(world)


async def _forget_connections(world: World) -> None:
    """What was connected by command to rooms that are given up is not connected again should the bot come back, and
    links to them end: who is in them then, nobody was asked about."""
    for room, since in (await world.stores.rooms.absences()).items():
        if world.clock() - since >= KEPT_WITHOUT_BOT:
            await world.stores.mappings.drop(room)
            await world.stores.feeds.drop(room)


async def _settle(world: World) -> None:
    """Put into force what has become of the rooms."""
    before = world.settings.rooms
    await preferences.put_in_force(world)
    if world.settings.rooms != before:
        await planning.replan_all(world)
        await looking.start(world)
        await agendas.arm(world)


async def _go_on(world: World, old: RoomId, new: RoomId) -> None:
    """Take everything over from a room into the one that replaces it. Up to the transaction it can be repeated."""
    async with world.locks.hold(f"room:{old}"):
        if old not in world.settings.rooms:
            return
        ended = await world.stores.polls.in_room(old, polls_ended.UNFINISHED)
        await _say_where(world, old, new, ended)
        waiting = await world.stores.reminders.waiting(old)
        # What falls due before all is planned anew would be lost. What may have been sent is not sent again there.
        carried = [_carried(one, new) for one in waiting if one.batch is None]
        async with world.stores.transaction():
            await world.stores.rooms.save_successor(old, new)
            await world.stores.rooms.note_presence(old)
            await world.stores.preferences.transfer(old, new)
            await world.stores.mappings.transfer(old, new)
            await world.stores.feeds.transfer(old, new)
            await announcements.go_on(world, old, new)
            await world.stores.undo.transfer(old, new)
            await world.stores.reminders.apply(carried, [one.id for one in waiting])
    await polls_ended.end(world, ended)
    world.log.info("%s goes on in %s", old, new)
    await _settle(world)
    await holds.resume(world)  # those of the polls that ended here are removed
    delivery.ring_soon(world)


def _carried(one: Reminder, new: RoomId) -> Reminder:
    id = identity.reminder_id(new, one.uid, one.recurrence_id, one.start, one.lead)
    return replace(one, id=id, recipient=new, attempts=0, not_before=None)


async def _say_where(world: World, old: RoomId, new: RoomId, ended: Sequence[Poll]) -> None:
    mapping = world.settings.rooms[old]
    reader = world.reader(mapping.language, mapping.timezone)
    message = messages.moved_here(reader, mapping.calendars, [poll.title for poll in ended])
    try:
        await places.require_private(world, new)
        await world.chat.post(new, message, key=identity.key_for("moved-here", old, new))
    except (ChatForbidden, NotEncrypted, UserError) as error:
        world.log.warning("nothing can be said in %s yet: %s", new, error.reason)
