"""Links by which people subscribe to what a room shows: given, replaced, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calbot.core import commands, identity, messages
from calbot.core.ask import Ask, Say
from calbot.core.feeds import feed_address, feed_digest, feed_secret, is_reachable, is_same_digest
from calbot.core.model import Message, RoomId, UserId
from calbot.core.settings import Room
from calbot.errors import ChatForbidden, Code, UserError
from calbot.ports import Feed

from . import audit, direct_chats, places
from .requests import Reply, Request
from .world import World

_SECRET: Final = "feeds"  # noqa: S105 - the name of one
_ASK: Final = "feed_room"


def are_offered(world: World) -> bool:
    return world.settings.web.feeds and is_reachable(world.address)


def remarks(world: World) -> Sequence[Say]:
    """For `status`: what is in the way of feeds that were asked for, where the bot has pages at all."""
    if world.settings.web.feeds and world.address and not are_offered(world):
        return (Say("no_public_url"),)
    return ()


async def give(world: World, request: Request, command: commands.Feed) -> Reply | None:
    """`feed [renew]`. The link goes to the sender alone, in an encrypted chat; in the room only that it was sent.

    Nobody can repeat a link that was given before: what is stored of it does not lead back to it. Where another is to
    take its place, it holds until that has been delivered.
    """
    if not are_offered(world):
        raise UserError(Code.FORBIDDEN, "feeds_off")
    await places.require_calendars(world, request.place)
    room = await _room(world, request)
    await places.require_private(world, room.id)  # whoever comes in while anybody may takes none along
    secret = feed_secret(await world.stores.keeper.secret(_SECRET), request.event.id)
    digest = feed_digest(secret)
    known = await world.stores.feeds.get(request.sender, room.id)
    again = known is not None and is_same_digest(known.digest, digest)
    if known is not None and not again and not command.renew:
        return Reply(messages.feed_known(request.reader, _label(room), known.made_at))
    try:
        chat = await direct_chats.room_asked_for(world, request)
    except ChatForbidden as error:
        raise UserError(Code.FORBIDDEN, "no_direct_chat") from error
    if not again:
        address = feed_address(world.address, secret)
        link = messages.feed_link(request.reader, _label(room), address, renewed=known is not None)
        await _tell(world, chat, link, request)
        world.passed("feed.told")
        await world.stores.feeds.save(Feed(request.sender, room.id, digest, request.now))
        world.passed("feed.saved")
    await audit.subscribed(world, request, room.id)
    return None if chat == request.place.room else Reply(messages.feed_sent(request.reader))


async def _tell(world: World, chat: RoomId, link: Message, request: Request) -> None:
    key = identity.key_for("feed", request.event.id)
    try:
        if chat == request.place.room:
            asked = request.amends or request.event.id
            await world.chat.post(chat, link, key=key, thread=request.thread, reply_to=asked)
        else:
            await world.chat.post(chat, link, key=key)
    except ChatForbidden as error:
        raise UserError(Code.FORBIDDEN, "no_direct_chat") from error


async def _room(world: World, request: Request) -> Room:
    rooms = request.place.mapped
    if len(rooms) == 1:
        return rooms[0]
    names = await places.names_of(world, [room.id for room in rooms])
    choices = tuple(
        Say("feed_room", {"room": name, "calendars": _label(room)}) for room, name in zip(rooms, names, strict=True)
    )
    memo = identity.key_for(_ASK, *(room.id for room in rooms))
    return rooms[request.picks.take(Ask(_ASK, choices, memo=memo))]


def _label(room: Room) -> str:
    return ", ".join(room.calendars)


# ------------------------------------------------------------------------------------------------------------- ending


async def left(world: World, room: RoomId, person: UserId) -> None:
    """Somebody is not in a room any more: their link ends for good, also if they come back."""
    await world.stores.feeds.end(person, room)


async def disconnected(world: World, room: RoomId) -> None:
    """Somebody disconnected a calendar from a room: the links end with the last. What is only missing from the
    configuration, be it for a moment, suspends them."""
    connected = any(not one.removed for one in await world.stores.mappings.of_room(room))
    if not connected and room not in world.settings.rooms:
        await world.stores.feeds.drop(room)
