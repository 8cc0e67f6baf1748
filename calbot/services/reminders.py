"""Reminders, sent once when they are due."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core import reminders as rules
from calbot.core.messages import Due
from calbot.core.model import EventId, Member, Message, Recipient, RoomId, is_person
from calbot.core.notices import Hold
from calbot.core.permissions import level_of
from calbot.core.reminders import Reminder
from calbot.core.settings import Mention
from calbot.errors import ChatForbidden
from calbot.ports import Card

from . import direct_chats, people, places, readers, reminder_rules, repeats
from .outbox import Parcel, Urgency
from .reminder_rules import LastLook
from .world import World

_FIRST_LOOK: Final = timedelta(seconds=30)  # after a start, how long late reminders wait for a look at their calendar
_LOOK_AGAIN: Final = timedelta(seconds=2)
_RANK: Final = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """Reminders that could not be sent before the meeting had ended."""

    count: int
    since: datetime


class Reminders:
    """`outbox.Source`."""

    async def due_recipients(self, world: World, now: datetime) -> Mapping[Recipient, Urgency]:
        found = await world.stores.reminders.due_recipients(now)
        return {recipient: Urgency(_RANK, start) for recipient, start in found.items()}

    async def next_due(self, world: World, after: datetime) -> datetime | None:
        return await world.stores.reminders.next_due(after)

    async def parcels(self, world: World, recipient: Recipient, now: datetime) -> Sequence[Parcel]:
        """What was tried before, in the same messages; what is in time, one by one; what is late, together."""
        due = await _after_first_look(world, await world.stores.reminders.due_to(recipient, now), now)
        tried: dict[str, list[Reminder]] = {}
        for one in due:
            if one.batch is not None:
                tried.setdefault(one.batch, []).append(one)
        # Of what was tried it is not known whether it was sent, and in which message.
        split = rules.split_due([one for one in due if one.batch is None], now)
        await _miss(world, recipient, split.too_late, now)
        fresh = [[one] for one in split.on_time] + [list(late.reminders) for late in split.late]
        return [_parcel(world, batch) for batch in (*tried.values(), *fresh)]


def _parcel(world: World, batch: Sequence[Reminder]) -> Parcel:
    ids = [one.id for one in batch]

    async def put_off(until: datetime, _: Hold) -> None:
        await world.stores.reminders.put_off(ids, until)

    return Parcel(
        due=min(one.due for one in batch),
        start=min(one.start for one in batch),
        tried=batch[0].batch is not None,
        send=partial(_send, world, batch),
        put_off=put_off,
        give_up=partial(world.stores.reminders.skip, ids),
    )


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


async def _send(world: World, batch: Sequence[Reminder]) -> bool:
    now = world.clock()
    store, recipient = world.stores.reminders, batch[0].recipient
    ids = [one.id for one in batch]
    key = batch[0].batch or identity.key_for("reminder", *sorted(ids))
    looks = [(one, look) for one in batch if (look := await _last_look(world, one, now))]
    sent = await _arrived(world, batch, key)
    if sent is None and not looks:
        await _miss(world, recipient, [one for one in batch if _is_over(one, now)], now)
        await store.skip(ids)
        return False
    room = await direct_chats.room_for(world, recipient)
    if sent is None:
        await places.require_private(world, room)
        message = await _message(world, recipient, looks, now)
        await store.attempt(ids, key, world.chat.device, now)
        world.passed("reminder.tried")
        sent = await world.chat.post(room, message, key=key)
    world.passed("reminder.posted")
    async with world.stores.transaction():
        await store.sent(ids, sent, now)
        about = (Card(room, look.occurrence.id, look.occurrence.calendar, sent) for _, look in looks)
        await world.stores.references.note_message(*about)
    world.tally.reminders.update(now - one.due > rules.ON_TIME for one in batch)
    world.passed("reminder.sent")
    return True


async def _last_look(world: World, one: Reminder, now: datetime) -> LastLook | None:
    """Nobody wants to hear of a meeting after its end, also where it was tried in time and the homeserver was away."""
    return None if _is_over(one, now) else await reminder_rules.last_look(world, one)


def _is_over(one: Reminder, now: datetime) -> bool:
    return now >= one.end and now - one.due > rules.ON_TIME


async def _arrived(world: World, batch: Sequence[Reminder], key: str) -> EventId | None:
    """The message, if an earlier attempt to send it was none in vain."""
    since = min((one.tried_since for one in batch if one.tried_since is not None), default=None)
    if since is None:
        return None
    room = await direct_chats.room_for(world, batch[0].recipient)
    devices = {one.device for one in batch}
    return await repeats.arrived(world, room, key, since, devices.pop() if len(devices) == 1 else None)


async def _message(
    world: World, recipient: Recipient, looks: Sequence[tuple[Reminder, LastLook]], now: datetime
) -> Message:
    room = looks[0][1].room
    mention_room = False
    mentions: list[Member] = []
    if not is_person(recipient) and room.mention is not Mention.NONE:
        mention_room = room.mention is Mention.ROOM and await _may_mention_room(world, room.id)
        if not mention_room:
            members = await places.members(world, room.id)
            joined = {member.user: member for member in members}
            for _, look in looks:
                attending = people.persons(world, look.occurrence, members)
                mentions += [joined[user] for user in people.to_mention(attending, joined)]
    # Of several lead times for one meeting that come together, the shortest says it all.
    shortest = {look.occurrence.id: (one, look.occurrence) for one, look in sorted(looks, key=_by_lead)}
    items = [
        Due(
            occurrence,
            timedelta(seconds=one.lead),
            late=now - one.due > rules.ON_TIME,
            source=occurrence.calendar if is_person(recipient) else "",
        )
        for one, occurrence in sorted(shortest.values(), key=lambda pair: pair[0].start)
    ]
    personal = await readers.reader_of(world, recipient) if is_person(recipient) else None
    return messages.reminders(
        personal or world.reader(room.language, room.timezone),
        items,
        mentions=tuple(dict.fromkeys(mentions)),
        mention_room=mention_room,
    )


async def _may_mention_room(world: World, room: RoomId) -> bool:
    """Whether `@room` of the bot's notifies anybody. Where that cannot be found out, the attendees are mentioned."""
    try:
        power = await world.chat.power_levels(room)
    except ChatForbidden:
        return False
    return level_of(world.chat.user, power) >= power.notify_room


def _by_lead(pair: tuple[Reminder, LastLook]) -> int:
    """Longest first, so that the shortest is what remains."""
    return -pair[0].lead


# ------------------------------------------------------------------------------------------------------------- missed


async def _miss(world: World, recipient: Recipient, too_late: Sequence[Reminder], now: datetime) -> None:
    """Drop what nobody needs any more, and count what somebody would have needed."""
    if not too_late:
        return
    before = await missed(world, recipient) or Missed(0, now)
    counted = [before.count + len(too_late), before.since.isoformat()]
    async with world.stores.transaction():
        await world.stores.reminders.skip([one.id for one in too_late])
        await world.stores.keeper.put(_missed_name(recipient), json.dumps(counted))
    world.tally.missed_reminders += len(too_late)
    world.log.warning("%s reminders to %s were too late, and are not sent", len(too_late), recipient)


async def missed(world: World, recipient: Recipient) -> Missed | None:
    """How many were too late so far, if any were; for `status`."""
    kept = await world.stores.keeper.get(_missed_name(recipient))
    if kept is None:
        return None
    count, since = json.loads(kept)
    return Missed(count, datetime.fromisoformat(since))


def _missed_name(recipient: Recipient) -> str:
    return f"missed-reminders:{recipient}"
