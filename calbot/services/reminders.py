"""Reminders, sent once when they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core import reminders as rules
from calbot.core.messages import Due
from calbot.core.model import EventId, Member, Message, Occurrence, OccurrenceId, RoomId
from calbot.core.reminders import Reminder
from calbot.core.settings import Mention, Room
from calbot.errors import ChatForbidden, ChatUnavailable, NotEncrypted, UserError
from calbot.ports import Card

from . import people, places, repeats
from .world import World

_FIRST_DELAY: Final = 5.0  # seconds until a failed send is tried again; doubled each time
_LONGEST_DELAY: Final = 300.0
_HELD_BACK: Final = timedelta(minutes=5)  # until a room is looked at again that must not be posted in
_FIRST_LOOK: Final = timedelta(seconds=30)  # after a start, how long late reminders wait for a look at their calendar
_LOOK_AGAIN: Final = timedelta(seconds=2)
_AT_ONCE: Final = 8  # rooms served at the same time; a homeserver takes no more messages a second for it
_ALARM: Final = "reminders"


def ring_soon(world: World) -> None:
    """Find out when the next one is due, and ring then."""
    world.alarm.at(f"{_ALARM}:plan", world.clock(), partial(_arm, world))


async def _arm(world: World) -> None:
    due = await world.stores.reminders.next_due()
    if due is None:
        world.alarm.cancel(_ALARM)
    else:
        world.alarm.at(_ALARM, due, partial(ring, world))


async def ring(world: World) -> None:
    """Send what is due, room by room in order, rooms side by side; then wait for the next."""
    try:
        now = world.clock()
        due = await _after_first_look(world, await world.stores.reminders.due(now), now)
        await world.stores.reminders.skip([one.id for one in rules.split_due(_fresh(due), now).too_late])
        rooms = list(dict.fromkeys(one.room for one in due))
        turns = asyncio.Semaphore(_AT_ONCE)

        async def serve(room: RoomId) -> None:
            async with turns:
                await _serve(world, room, [one for one in due if one.room == room], now)

        results = await asyncio.gather(*(serve(room) for room in rooms), return_exceptions=True)
        for room, failure in zip(rooms, results, strict=True):
            if failure is not None:
                # A mistake of ours, or of the database's: the other rooms have to hear of their meetings all the same.
                world.log.error("reminders in %s could not be sent", room, exc_info=failure)
                held_back = [one.id for one in due if one.room == room]
                await world.stores.reminders.put_off(held_back, now + _HELD_BACK)
    finally:
        await _arm(world)


async def _after_first_look(world: World, due: Sequence[Reminder], now: datetime) -> list[Reminder]:
    """What is due, less what was due while the bot was away and may have moved: its calendar is looked at first.

    A server that does not answer holds reminders up for no longer than a moment after the start.
    """
    if now - world.began > _FIRST_LOOK:
        return list(due)
    ready: list[Reminder] = []
    for one in due:
        looked = (await world.stores.calendars.state(one.calendar)).tried_at
        if one.due < world.began and (looked is None or looked < world.began):
            await world.stores.reminders.put_off([one.id], now + _LOOK_AGAIN)
        else:
            ready.append(one)
    return ready


def _fresh(due: Sequence[Reminder]) -> list[Reminder]:
    """Those that were not tried before: of the others it is not known whether they were sent, and in which message."""
    return [one for one in due if one.batch is None]


async def _serve(world: World, room: RoomId, due: Sequence[Reminder], now: datetime) -> None:
    """Send what is due in one room: first what was tried before, in the same messages; then what is new."""
    split = rules.split_due(_fresh(due), now)
    tried: dict[str, list[Reminder]] = {}
    for one in due:
        if one.batch is not None:
            tried.setdefault(one.batch, []).append(one)
    fresh = [[one] for one in split.on_time] + [list(late.reminders) for late in split.late]
    batches = [*tried.values(), *sorted(fresh, key=lambda batch: batch[0].start)]
    for place, batch in enumerate(batches):
        try:
            await _send(world, batch, now)
        except (ChatUnavailable, ChatForbidden, NotEncrypted, UserError) as error:
            # What comes later in this room has to wait too, or it would arrive before what was due earlier.
            rest = [one.id for later in batches[place:] for one in later]
            until = now + _delay(batch, error)
            await world.stores.reminders.put_off(rest, until)
            world.log.warning("reminders in %s have to wait until %s: %s", room, until, error.reason)
            return


def _delay(batch: Sequence[Reminder], error: Exception) -> timedelta:
    if not isinstance(error, ChatUnavailable):
        return _HELD_BACK
    waited = min(_FIRST_DELAY * 2.0 ** max(one.attempts for one in batch), _LONGEST_DELAY)
    return timedelta(seconds=max(waited, error.retry_after or 0.0))


async def _send(world: World, batch: Sequence[Reminder], now: datetime) -> None:
    store = world.stores.reminders
    room = world.settings.rooms.get(batch[0].room)
    ids = [one.id for one in batch]
    found = [(one, await _occurrence(world, room, one)) for one in batch]
    right = [
        (one, occurrence)
        for one, occurrence in found
        if occurrence and rules.still_right(one, occurrence, room) and not _is_over(one, now)
    ]
    key = batch[0].batch or identity.key_for("reminder", *sorted(ids))
    sent = await _sent_before(world, batch, key, now)
    if sent is None:
        if room is None or not right:
            await store.skip(ids)
            return
        await places.require_private(world, room.id)
        message = await _message(world, room, right, now)
        await store.attempt(ids, key, world.chat.device, now)
        sent = await world.chat.post(room.id, message, key=key)
    await store.sent(ids, sent, now)
    for one, occurrence in right:
        if occurrence is not None:
            await world.stores.references.note_message(Card(one.room, occurrence.id, one.calendar, sent))


def _is_over(one: Reminder, now: datetime) -> bool:
    """Also where it was tried in time: nobody wants to hear of it when the homeserver is back after the meeting."""
    return now >= one.end and now - one.due > rules.ON_TIME


async def _sent_before(world: World, batch: Sequence[Reminder], key: str, now: datetime) -> EventId | None:
    """The message, if an attempt of which the homeserver may have forgotten the transaction id did arrive."""
    since = min((one.tried_since for one in batch if one.tried_since is not None), default=None)
    if since is None:
        return None
    other_device = any(one.device != world.chat.device for one in batch)
    if not other_device and now - since < repeats.TRANSACTIONS_KEPT:
        return None
    return await world.chat.find_by_key(batch[0].room, key, since - repeats.CLOCKS_DIFFER)


async def _occurrence(world: World, room: Room | None, reminder: Reminder) -> Occurrence | None:
    if room is None:
        return None
    return await world.stores.calendars.occurrence(room.calendars, OccurrenceId(reminder.uid, reminder.recurrence_id))


async def _message(
    world: World, room: Room, batch: Sequence[tuple[Reminder, Occurrence | None]], now: datetime
) -> Message:
    members = await world.chat.members(room.id)
    joined = {member.user: member for member in members}
    mentions: list[Member] = []
    if room.mention is Mention.ATTENDEES:
        for _, occurrence in batch:
            if occurrence is not None:
                attending = people.persons(world, occurrence, members)
                mentions += [joined[user] for user in people.to_mention(attending, joined)]
    # Of several lead times for one meeting that come together, the shortest says it all.
    shortest = {occurrence.id: (one, occurrence) for one, occurrence in sorted(batch, key=_by_lead) if occurrence}
    items = [
        Due(occurrence, timedelta(seconds=one.lead), late=now - one.due > rules.ON_TIME)
        for one, occurrence in sorted(shortest.values(), key=lambda pair: pair[0].start)
    ]
    return messages.reminders(
        world.reader(room.language, room.timezone),
        items,
        mentions=tuple(dict.fromkeys(mentions)),
        mention_room=room.mention is Mention.ROOM,
    )


def _by_lead(pair: tuple[Reminder, Occurrence | None]) -> int:
    """Longest first, so that the shortest is what remains."""
    return -pair[0].lead
