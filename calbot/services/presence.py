"""The bot's coming and going: what it says when it joins a room, and to whoever it cannot understand."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import commands, identity, messages
from calbot.core.i18n import Reader
from calbot.core.model import Member, Message, RoomId, UserId
from calbot.core.people import server_of
from calbot.core.permissions import allowed_servers
from calbot.errors import ChatUnavailable, NotEncrypted
from calbot.ports import Encryption

from . import dispatch, places, rooms
from .world import World

_LOOK_AGAIN: Final = timedelta(minutes=1)


def counts(world: World, user: UserId) -> bool:
    """Whether what somebody says is heard at all: people of servers that are not allowed are ignored."""
    return server_of(user) in allowed_servers(world.settings, world.chat.user)


async def invited(world: World, room: RoomId, inviter: UserId, *, direct: bool) -> None:
    """Accept invitations from allowed servers, and say what the bot can do there; turn down all others."""
    if not counts(world, inviter):
        world.log.info("an invitation from a server that is not allowed was turned down")
        await world.chat.leave(room)
        return
    await world.chat.join(room)
    world.known.forget(room)
    if await rooms.entered(world, room):
        return  # it goes on from another one, and has been greeted as such
    direct = direct or await places.is_direct(world, room, inviter)  # not every client says so in the invitation
    key = identity.key_for("welcome", room, inviter)
    try:
        await world.chat.post(room, _welcome(world, room, direct=direct), key=key)
    except NotEncrypted:
        await not_understood(world, room, inviter, crypto=False)


def _welcome(world: World, room: RoomId, *, direct: bool) -> Message:
    reader = reader_of(world, room)
    mapping = world.settings.rooms.get(room)
    if mapping is not None:
        return messages.welcome(reader, mapping.calendars)
    if direct:
        return dispatch.help_message(reader, commands.Help(), dispatch.in_direct_chats())
    return messages.welcome_unmapped(reader, room)


async def not_understood(world: World, room: RoomId, sender: UserId, *, crypto: bool) -> None:
    """Tell somebody once why the bot cannot read them; the whole room once, if it is the bot that cannot encrypt."""
    if room not in world.settings.rooms or not counts(world, sender):
        return
    reader = reader_of(world, room)
    whom = sender if crypto else "everybody"
    key = identity.key_for("unreadable", room, whom, world.chat.device)
    if await world.stores.keeper.get(key) is not None:
        return
    if crypto:
        name = await world.chat.display_name(room, sender)
        message = messages.cannot_read_hint(reader, Member(sender, name))
    else:
        message = messages.not_encrypted_hint(reader)
    await world.chat.post(room, message, key=key)
    await world.stores.keeper.put(key, "told")


async def log_encryption(world: World) -> None:
    """Say in the log, once at start, whether the bot can take part in encrypted rooms."""
    try:
        encryption = await world.chat.encryption()
    except ChatUnavailable:
        world.alarm.at("encryption", world.clock() + _LOOK_AGAIN, partial(log_encryption, world))
        return
    match encryption:
        case Encryption.VERIFIED:
            world.log.info("Encryption works, and the device %s is verified", world.chat.device)
        case Encryption.UNVERIFIED:
            world.log.warning(
                "Encryption works, but the device %s is not verified: clients that insist on it shut the bot out",
                world.chat.device,
            )
        case Encryption.OFF:
            world.log.warning("Encryption is off: the bot says nothing of a calendar in encrypted rooms")


def reader_of(world: World, room: RoomId) -> Reader:
    """Whoever reads in a room, in its language and zone."""
    mapping = world.settings.rooms.get(room)
    if mapping is not None:
        return world.reader(mapping.language, mapping.timezone)
    return world.reader(world.settings.defaults.language, world.settings.defaults.timezone)
