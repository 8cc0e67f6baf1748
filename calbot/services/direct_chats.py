"""The rooms in which people are spoken to alone: found, or opened when there is something to say."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Final

from calbot.core import identity
from calbot.core.model import Recipient, RoomId, UserId, is_person
from calbot.errors import ChatForbidden, ChatUnavailable, InvitationsLimited
from calbot.ports import DirectChat

from . import places, repeats
from .world import World

_AGAIN: Final = timedelta(days=1)  # until somebody is invited anew who left or declined


async def room_for(world: World, recipient: Recipient) -> RoomId:
    """Where to say something to a recipient. ChatForbidden where there is no such room, and none is to be opened.

    Who does not join has what is said there when they do. Who left or declined is invited to a new room, but not again
    and again. A repeat after a crash finds the room that was opened before it.
    """
    if not is_person(recipient):
        return RoomId(recipient)
    async with world.locks.hold(f"direct:{recipient}"):
        return await _room_with(world, recipient)


async def note(world: World, user: UserId, room: RoomId) -> None:
    """Remember that somebody speaks to the bot in a direct chat: what they are told goes there."""
    known = await world.stores.direct_chats.of(user)
    if known is not None and known.room == room:
        return
    async with world.locks.hold(f"direct:{user}"):
        known = await world.stores.direct_chats.of(user) or DirectChat(user)
        if known.room is not None and await _fits(world, known.room, user):
            return
        if await world.chat.is_encrypted(room):
            await world.stores.direct_chats.save(replace(known, room=room))


async def _room_with(world: World, user: UserId) -> RoomId:
    known = await world.stores.direct_chats.of(user) or DirectChat(user)
    if known.room is not None and await _fits(world, known.room, user):
        return known.room
    if known.invited_at is not None and world.clock() - known.invited_at < _AGAIN:
        if known.room is not None and await _is_alone(world, known.room):
            return known.room
        raise ChatForbidden
    return await _open(world, known)


async def _open(world: World, known: DirectChat) -> RoomId:
    """Creating a room has no transaction id: the try is noted before, and what it made is looked for in a repeat."""
    store, now = world.stores.direct_chats, world.clock()
    repeated = known.since is not None
    since = known.since or now
    key = known.key or identity.key_for("direct", known.person, now.isoformat())
    await store.save(replace(known, key=key, since=since))
    world.passed("direct.tried")
    try:
        with world.chat.repeating(since - repeats.CLOCKS_DIFFER) if repeated else nullcontext():
            room = await world.chat.open_direct(known.person, key=key)
    except ChatForbidden:
        await store.save(DirectChat(known.person, invited_at=now))
        raise
    except ChatUnavailable as error:
        if error.retry_after is None:
            raise
        raise InvitationsLimited(retry_after=error.retry_after) from error
    world.passed("direct.opened")
    await store.save(DirectChat(known.person, room, invited_at=now))
    return room


async def _fits(world: World, room: RoomId, user: UserId) -> bool:
    """Whether the two are alone in it, be it that they are only invited, and it is encrypted."""
    try:
        return await places.is_direct(world, room, user) and await world.chat.is_encrypted(room)
    except ChatForbidden:  # the bot is not in it any more
        return False


async def _is_alone(world: World, room: RoomId) -> bool:
    """Whether nobody but the bot is there: then nobody but whom it invites can come."""
    try:
        return {member.user for member in await world.chat.members(room)} == {world.chat.user}
    except ChatForbidden:
        return False
