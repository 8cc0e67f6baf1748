"""In which language people are answered, and on whose clock their times are read: as they chose it themselves, else as
their profile, the room or the organisation has it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.i18n import Reader
from calbot.core.messages import Source
from calbot.core.model import Locale, RoomId, UserId
from calbot.core.settings import Room
from calbot.core.zone_names import zone_of as zone_named
from calbot.errors import CalbotError
from calbot.ports import Card

from .world import World

_PATIENCE: Final = 3.0  # seconds for a profile; the sender waits for their answer


@dataclass(frozen=True, slots=True)
class Habits:
    """In which language somebody is answered, on whose clock the times are meant that they type, and where that clock
    comes from."""

    language: Locale
    zone: ZoneInfo
    source: Source


async def habits_of(world: World, user: UserId, room: Room | None = None) -> Habits:
    """Somebody's in a room, or by themselves."""
    chosen = await world.stores.preferences.person(user)
    otherwise = room or world.settings.defaults
    language = chosen.language
    if language is None or language not in world.catalogs:
        language = otherwise.language
    if chosen.timezone is not None:
        return Habits(language, chosen.timezone, Source.CHOSEN)
    told = await _in_profile(world, user)
    if told is not None:
        return Habits(language, told, Source.PROFILE)
    return Habits(language, otherwise.timezone, Source.ORGANISATION if room is None else Source.ROOM)


async def reader_in(world: World, user: UserId, room: RoomId) -> Reader:
    """Somebody as they are answered in a room: what is edited later is edited as it was said."""
    mapping = world.settings.rooms.get(room)
    return answered(world, await habits_of(world, user, mapping), mapping)


def answered(world: World, habits: Habits, room: Room | None) -> Reader:
    """What is said in a room others read as well, and on its clock."""
    return world.reader(habits.language, habits.zone if room is None else room.timezone)


def reader_of_card(world: World, card: Card, room: Room) -> Reader:
    """A card stays in the language in which it was posted."""
    language = card.language if card.language in world.catalogs else None
    return world.reader(language or room.language, room.timezone)


async def reader_of(world: World, user: UserId) -> Reader:
    """Somebody by themselves, as in a direct chat."""
    habits = await habits_of(world, user)
    return world.reader(habits.language, habits.zone)


async def _in_profile(world: World, user: UserId) -> ZoneInfo | None:
    """The zone of a profile (MSC4175). That there is none is remembered as well; not so what could not be asked."""
    now = world.clock()
    known = world.known.zone(user, now)
    if known is not None:
        return known[0]
    try:
        zone = zone_named(await asyncio.wait_for(world.chat.time_zone(user), _PATIENCE))
    except (CalbotError, asyncio.TimeoutError):
        zone = None  # asked again after as long: a homeserver that is slow now must not delay each command
    world.known.note_zone(user, now, zone)
    return zone
