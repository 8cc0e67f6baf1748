"""Where something is said: which calendars count there, and whether anything of them may be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

from calbot.core.model import CalendarName, Member, RoomId, UserId
from calbot.core.people import server_of
from calbot.core.permissions import Exposure, allowed_servers, exposure
from calbot.core.settings import Room
from calbot.errors import CalbotError, ChatForbidden, Code, NotEncrypted, UserError

from .requests import Place, Request
from .world import World

_AT_ONCE: Final = 8  # questions to the homeserver


async def is_direct(world: World, room: RoomId, user: UserId) -> bool:
    """Whether the bot is alone with `user` in a room that is not mapped."""
    if room in world.settings.rooms:
        return False
    now = world.clock()
    known = world.known.is_direct(room, user, now)
    if known is None:
        known = await world.chat.is_direct(room, user)
        world.known.note_direct(room, user, now, known)
    return known


async def own_name(world: World, room: RoomId) -> str:
    """What the bot is called in a room."""
    if room not in world.known.names:
        world.known.names[room] = await world.chat.display_name(room, world.chat.user)
    return world.known.names[room]


async def names_of(world: World, rooms: Sequence[RoomId]) -> Sequence[str]:
    """What people call rooms; the ID of one that has no name."""
    found: list[str] = []
    for at in range(0, len(rooms), _AT_ONCE):
        lot = rooms[at : at + _AT_ONCE]
        names = await asyncio.gather(*(_name(world, room) for room in lot))
        found += [name or room for room, name in zip(lot, names, strict=True)]
    return found


async def _name(world: World, room: RoomId) -> str:
    try:
        return await world.chat.room_name(room)
    except ChatForbidden:  # the bot is not in it any more
        return ""


async def place_of(world: World, room: RoomId, user: UserId, *, direct: bool) -> Place:
    """The calendars that count where `user` says something."""
    encrypted = await world.chat.is_encrypted(room)
    mapping = world.settings.rooms.get(room)
    if mapping is not None:
        return Place(room, direct=False, encrypted=encrypted, mapped=(mapping,))
    mine = await rooms_seen_by(world, user, world.settings.rooms.values()) if direct else ()
    return Place(room, direct=direct, encrypted=encrypted, mapped=await _not_exposed(world, mine))


async def rooms_seen_by(
    world: World, user: UserId, rooms: Iterable[Room], *, enough: int | None = None
) -> tuple[Room, ...]:
    """Those of the rooms that somebody sees what is mapped to: they are in them, as it was known a minute ago at most,
    and the bot listens to people of their server. `enough`: as many of them will do."""
    if server_of(user) not in allowed_servers(world.settings, world.chat.user):
        return ()
    found: list[Room] = []
    ahead = iter(rooms)
    while (lot := list(islice(ahead, _AT_ONCE))) and (enough is None or len(found) < enough):
        unknown = [room.id for room in lot if world.known.joined(room.id, world.clock()) is None]
        if len(unknown) > 1:
            await asyncio.gather(*(_is_in(world, room, user) for room in unknown))
        found += [room for room in lot if await _is_in(world, room.id, user)]
    return tuple(found)


async def _not_exposed(world: World, rooms: Sequence[Room]) -> tuple[Room, ...]:
    """Without those that anybody may have come into, who would only have to ask in a direct chat instead."""
    found: list[Room] = []
    for at in range(0, len(rooms), _AT_ONCE):
        lot = rooms[at : at + _AT_ONCE]
        exposures = await asyncio.gather(*(_exposure(world, room.id) for room in lot))
        found += [room for room, exposed in zip(lot, exposures, strict=True) if exposed is None]
    return tuple(found)


async def _is_in(world: World, room: RoomId, user: UserId) -> bool:
    now = world.clock()
    joined = world.known.joined(room, now)
    if joined is None:
        try:
            joined = {member.user for member in await members(world, room)}
        except ChatForbidden:  # the bot is not in it
            world.known.note_members(room, now, ())
            return False
    return user in joined


async def members(world: World, room: RoomId) -> Sequence[Member]:
    """Who is joined, as it was known a minute ago at most."""
    known = world.known.members(room, world.clock())
    if known is not None:
        return known
    async with world.locks.hold(f"members:{room}"):  # many may ask at once
        now = world.clock()
        known = world.known.members(room, now)
        if known is None:
            known = await world.chat.members(room)
            world.known.note_members(room, now, known)
        return known


async def require_calendars(world: World, place: Place) -> None:
    """UserError where no calendar counts, or where others could read along; NotEncrypted where contents would leave in
    clear."""
    if not place.mapped:
        raise UserError(Code.NOT_MAPPED, "not_mapped_direct" if place.direct else "not_mapped_here")
    if not place.direct:
        await require_private(world, place.room)
        return
    if place.encrypted:
        return
    if world.settings.privacy.require_encryption:
        raise NotEncrypted("encryption_required")
    if await is_encrypted_anywhere(world, place.calendars):
        raise NotEncrypted("direct_not_encrypted")


async def look_ahead(world: World, room: RoomId) -> None:
    """Find out now what has to be known before anything can be said there in the next moment."""
    with suppress(CalbotError):
        await require_private(world, room)
        await members(world, room)


async def _exposure(world: World, room: RoomId) -> Exposure | None:
    """Why others than those meant could read what is said there, as it was known a minute ago at most."""
    now = world.clock()
    known = world.known.exposure(room, now)
    if known is not None:
        return known[0]
    facts = await world.chat.exposure(room)
    exposed = exposure(
        join_rule=facts.join_rule,
        history_visibility=facts.history_visibility,
        guest_access=facts.guest_access,
        members=[member.user for member in await members(world, room)],
        bot=world.chat.user,
        servers=allowed_servers(world.settings, world.chat.user),
        foreign_members=world.settings.privacy.foreign_members,
    )
    world.known.note_exposure(room, now, exposed)
    return exposed


async def require_private(world: World, room: RoomId) -> None:
    """UserError while the room is exposed; NotEncrypted where it is not encrypted and has to be, for itself or because
    what it shows is said in encrypted rooms as well."""
    exposed = await _exposure(world, room)
    if exposed is not None:
        raise UserError(Code.FORBIDDEN, f"exposed_{exposed.value}")
    if await _is_encrypted(world, room):
        return
    if world.settings.privacy.require_encryption:
        raise NotEncrypted("encryption_required")
    mapping = world.settings.rooms.get(room)
    if mapping is not None and await is_encrypted_anywhere(world, mapping.calendars):
        raise NotEncrypted("encrypted_elsewhere")


async def is_encrypted_anywhere(world: World, calendars: Iterable[CalendarName]) -> bool:
    """Whether one of these calendars is also mapped to an encrypted room: then it is not shown in clear anywhere."""
    shown_in = {room.id: None for calendar in calendars for room in world.settings.rooms_of(calendar)}
    for room in shown_in:
        with suppress(ChatForbidden):  # the bot is not in that room: nothing is said there
            if await _is_encrypted(world, room):
                return True
    return False


async def _is_encrypted(world: World, room: RoomId) -> bool:
    """For whether to say anything at all. Whoever sends it makes sure once more."""
    now = world.clock()
    if world.known.is_plain(room, now):
        return False
    encrypted = await world.chat.is_encrypted(room)
    if not encrypted:
        world.known.note_plain(room, now)
    return encrypted


def calendar_for_writing(request: Request, wanted: str | None) -> tuple[Room, CalendarName]:
    """Where something new goes: the calendar named in the command, else the only one there is; with its room."""
    rooms = request.place.mapped
    if wanted is not None:
        for room in rooms:
            for name in room.calendars:
                if name.casefold() == wanted.casefold():
                    return room, name
        raise UserError(Code.NOT_FOUND, "unknown_calendar", name=wanted, known=", ".join(request.place.calendars))
    choices = {room.write_to: room for room in rooms if room.write_to is not None}
    if not choices:
        raise UserError(Code.READ_ONLY, "no_writable_calendar")
    if len(choices) > 1:
        raise UserError(Code.AMBIGUOUS, "which_calendar", known=", ".join(sorted(choices)))
    ((name, room),) = choices.items()
    return room, name
