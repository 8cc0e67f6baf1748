"""Notices, sent once. What is said of them, and whether anything is, is decided at the moment of sending."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from calbot.core import identity
from calbot.core.model import CalendarName, EventId, Message, OccurrenceId, Recipient, RoomId
from calbot.core.notices import Hold, Notice, NoticeKind
from calbot.ports import Card, Listed

from . import direct_chats, places, repeats
from .outbox import Parcel, Urgency
from .world import World

_RANK = 1  # after all reminders


@dataclass(frozen=True, slots=True)
class Post:
    """Say this. `about` and `listed`: what a reply to it, or a number, means afterwards."""

    message: Message
    about: tuple[CalendarName, OccurrenceId] | None = None
    listed: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """Let an earlier message say this."""

    target: EventId
    message: Message


@dataclass(frozen=True, slots=True)
class Wait:
    """It can wait until then."""

    until: datetime
    hold: Hold


Outcome: TypeAlias = Post | Edit | Wait | None
# What is to be done about notices of one kind to one recipient, which become one message; None: nothing any more.
Renderer: TypeAlias = Callable[[World, Sequence[Notice]], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How notices of a kind are sent. Those that `together` names alike go as one; by default each goes alone."""

    render: Renderer
    together: Callable[[Notice], object] = lambda notice: notice.key


@dataclass(frozen=True, slots=True)
class Notices:
    """`outbox.Source`."""

    kinds: Mapping[NoticeKind, Kind]

    async def due_recipients(self, world: World, now: datetime) -> Mapping[Recipient, Urgency]:
        found = await world.stores.notices.due_recipients(now)
        return {recipient: Urgency(_RANK, since) for recipient, since in found.items()}

    async def next_due(self, world: World, after: datetime) -> datetime | None:
        return await world.stores.notices.next_due(after)

    async def parcels(self, world: World, recipient: Recipient, now: datetime) -> Sequence[Parcel]:
        due = await world.stores.notices.due_to(recipient, now)
        expired = [one.key for one in due if one.expires is not None and one.expires <= now]
        if expired:
            await world.stores.notices.drop(expired)
            world.log.warning("%s notices to %s could not be sent in time, and are dropped", len(expired), recipient)
        batches: dict[object, list[Notice]] = {}
        for one in due:
            if one.key not in expired:
                # What was tried goes in the same message again: it is not known whether that arrived.
                together = (one.batch,) if one.batch is not None else (one.kind, self.kinds[one.kind].together(one))
                batches.setdefault(together, []).append(one)
        return [_parcel(world, self.kinds[batch[0].kind].render, batch) for batch in batches.values()]


def _parcel(world: World, render: Renderer, batch: Sequence[Notice]) -> Parcel:
    keys = [one.key for one in batch]
    return Parcel(
        due=batch[0].due,
        start=batch[0].due,
        tried=batch[0].batch is not None,
        send=partial(_send, world, render, batch),
        put_off=partial(world.stores.notices.put_off, keys),
        give_up=partial(world.stores.notices.drop, keys),
    )


async def _send(world: World, render: Renderer, batch: Sequence[Notice]) -> bool:
    now = world.clock()
    store, keys = world.stores.notices, [one.key for one in batch]
    outcome = await render(world, batch)
    if outcome is None:
        await store.drop(keys)
        return False
    if isinstance(outcome, Wait):
        await store.put_off(keys, outcome.until, outcome.hold)
        return False
    room = await direct_chats.room_for(world, batch[0].recipient)
    key = batch[0].batch or identity.key_for("notice", *sorted(keys))
    sent = await _arrived(world, room, batch, key)
    if sent is None:
        await places.require_private(world, room)
        await store.attempt(keys, key, world.chat.device, now)
        world.passed("notice.tried")
        if isinstance(outcome, Edit):
            sent = await world.chat.edit(room, outcome.target, outcome.message, key=key)
        else:
            sent = await world.chat.post(room, outcome.message, key=key)
    world.passed("notice.posted")
    async with world.stores.transaction():
        await store.sent(keys, sent, now)
        if isinstance(outcome, Post) and outcome.about is not None:
            calendar, occurrence = outcome.about
            await world.stores.references.note_message(Card(room, occurrence, calendar, sent))
        if isinstance(outcome, Post) and outcome.listed:
            await world.stores.references.save_list(room, None, sent, outcome.listed)
    world.passed("notice.sent")
    return True


async def _arrived(world: World, room: RoomId, batch: Sequence[Notice], key: str) -> EventId | None:
    """The message, if an earlier attempt to send it was none in vain."""
    since = min((one.tried_since for one in batch if one.tried_since is not None), default=None)
    return None if since is None else await repeats.arrived(world, room, key, since, batch[0].device)
