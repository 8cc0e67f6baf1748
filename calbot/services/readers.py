"""In which language people are answered, and on whose clock their times are read: as they chose it themselves, else as
their profile, the room or the organisation has it.
"""

from __future__ import annotations

import asyncio
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.i18n import Reader
from calbot.core.messages import Source
from calbot.core.model import Locale, UserId
from calbot.core.settings import Room
from calbot.core.zone_names import zone_of as zone_named
from calbot.errors import CalbotError

from .world import World

_PATIENCE: Final = 3.0  # seconds for a profile; the sender waits for their answer


async def language_of(world: World, user: UserId, room: Room | None = None) -> Locale:
    """In which language somebody is answered, in a room or by themselves."""
    chosen = (await world.stores.preferences.person(user)).language
    if chosen is None or chosen not in world.catalogs:
        return (room or world.settings.defaults).language
    return chosen


async def zone_of(world: World, user: UserId, room: Room | None = None) -> tuple[ZoneInfo, Source]:
    """On whose clock the times are meant that somebody types, and where that comes from."""
    chosen = (await world.stores.preferences.person(user)).timezone
    if chosen is not None:
        return chosen, Source.CHOSEN
    told = await _in_profile(world, user)
    if told is not None:
        return told, Source.PROFILE
    return (room or world.settings.defaults).timezone, Source.ORGANISATION if room is None else Source.ROOM


async def reader_of(world: World, user: UserId) -> Reader:
    """Somebody by themselves, as in a direct chat."""
    zone, _ = await zone_of(world, user)
    return world.reader(await language_of(world, user), zone)


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
