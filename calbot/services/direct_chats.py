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
from .requests import Request
from .world import World

_AGAIN: Final = timedelta(days=1)  # until somebody is invited anew who left or declined


async def room_for(world: World, recipient: Recipient) -> RoomId:
    """Where to say something to a recipient. ChatForbidden where there is no such room, and none is to be opened.

    Who does not join has what is said there when they do. Who left or declined is invited to a new room, but not again
    and again, unless they ask for something (`room_asked_for`); where they would not read it, nothing is said. A repeat
    after a crash finds the room that was opened before it.
    """
    if not is_person(recipient):
        return RoomId(recipient)
    async with world.locks.hold(f"direct:{recipient}"):
        known = await _known(world, recipient)
        if known.room is not None and await _fits(world, known.room, recipient):
            return known.room
        if known.invited_at is not None and world.clock() - known.invited_at < _AGAIN:
            raise ChatForbidden
        return await _open(world, known)


async def room_asked_for(world: World, request: Request) -> RoomId:
    """Where to say what the sender asks to be told alone: in the encrypted direct chat where they ask for it, else in
    the one there is. They are invited at once if they left that: they want it. ChatForbidden where that is refused."""
    sender, place = request.sender, request.place
    async with world.locks.hold(f"direct:{sender}"):
        known = await _known(world, sender)
        if place.direct and place.encrypted:
            if known.room != place.room:
                await world.stores.direct_chats.save(replace(known, room=place.room))
            return place.room
        if known.room is not None:
            world.known.forget(known.room)  # that they left may not have been heard of yet
            if await _fits(world, known.room, sender):
                return known.room
        return await _open(world, known)


async def note(world: World, user: UserId, room: RoomId) -> None:
    """Remember that somebody speaks to the bot in a direct chat: what they are told goes there."""
    known = await world.stores.direct_chats.of(user)
    if known is not None and known.room == room:
        return
    async with world.locks.hold(f"direct:{user}"):
        known = await _known(world, user)
        if known.room is not None and await _is_used(world, known.room, user):
            return
        if await world.chat.is_encrypted(room):
            await world.stores.direct_chats.save(replace(known, room=room))


async def _known(world: World, user: UserId) -> DirectChat:
    return await world.stores.direct_chats.of(user) or DirectChat(user)


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
    if repeated and not await _fits(world, room, known.person):
        raise ChatForbidden  # they declined what was opened before a crash
    return room


async def _fits(world: World, room: RoomId, user: UserId) -> bool:
    """Whether the two are alone in it, be it that they are only invited, and it is encrypted."""
    try:
        return await places.is_direct(world, room, user) and await world.chat.is_encrypted(room)
    except ChatForbidden:  # the bot is not in it any more
        return False


async def _is_used(world: World, room: RoomId, user: UserId) -> bool:
    """The same, and they have come in."""
    return await _fits(world, room, user) and user in {member.user for member in await places.members(world, room)}
