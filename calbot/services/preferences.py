"""What was chosen in rooms and by people: put over what the file says, and kept at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from calbot.core.model import RoomId, UserId
from calbot.core.people import address_of, server_of
from calbot.core.preferences import KEPT_WITHOUT_BOT, PersonPreferences, PrivateLeads, RoomPreferences, applied
from calbot.core.settings import People

from . import people
from .world import World


async def put_in_force(world: World) -> None:
    """Whatever changes a preference, a mapping or the id of a room calls this; what is under way sees it at once."""
    async with world.locks.hold("in-force"):  # what was read first must not be put in force last
        chosen = {
            # A language whose texts were taken away again is none any more.
            room: one if one.language in world.catalogs else replace(one, language=None)
            for room, one in (await world.stores.preferences.rooms()).items()
        }
        successors = await world.stores.rooms.successors()
        absences = await world.stores.rooms.absences()
        given_up = [room for room, since in absences.items() if world.clock() - since >= KEPT_WITHOUT_BOT]
        mappings = await world.stores.mappings.all()
        world.in_force.apply(applied(world.in_force.file, chosen, successors, given_up, mappings))


async def private_leads(world: World) -> PrivateLeads:
    """Who wants private reminders of which meetings; read once under the same settings."""
    if world.in_force.private is None:
        chosen = await world.stores.preferences.people()
        own_server = server_of(world.chat.user)
        read = await asyncio.to_thread(_private, chosen, world.settings.people, own_server)
        # Where others read them at the same time, the first to be done is the one that was kept up to date since. No
        # lock: this is called inside of transactions, for which whoever holds the lock may be waiting.
        world.in_force.private = world.in_force.private or read
    return world.in_force.private


def _private(chosen: Mapping[UserId, PersonPreferences], settings: People, own_server: str) -> PrivateLeads:
    found = PrivateLeads()
    for user, preferences in chosen.items():
        found.put(user, preferences.reminders, address_of(user, settings, own_server))
    return found


async def change_person(world: World, user: UserId, change: Callable[[PersonPreferences], PersonPreferences]) -> None:
    """Save what somebody chose for themselves."""
    async with world.locks.hold(f"preferences:{user}"):
        chosen = change(await world.stores.preferences.person(user))
        private = await private_leads(world)
        await world.stores.preferences.save_person(user, chosen)
        private.put(user, chosen.reminders, people.address(world, user))


async def change_room(world: World, room: RoomId, change: Callable[[RoomPreferences], RoomPreferences]) -> None:
    """Save what was chosen for a room, and put it in force."""
    async with world.locks.hold(f"preferences:{room}"):
        await world.stores.preferences.save_room(room, change(await world.stores.preferences.room(room)))
    await put_in_force(world)
