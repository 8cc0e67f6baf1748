"""Which reminders wait: planned with every change of a calendar, of rooms and of their settings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import chain
from typing import Final

from calbot.core import reminders as rules
from calbot.core.model import CalendarName, Occurrence, Uid
from calbot.core.reminders import Reminder
from calbot.core.settings import Room

from . import reminders
from .world import World

_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=timezone.utc)


async def replan(world: World, calendar: CalendarName, uids: Sequence[Uid], now: datetime) -> None:
    """Make the stored reminders about these events what they call for now; in the caller's transaction."""
    if not uids:
        return
    stores = world.stores
    rooms = world.settings.rooms_of(calendar)
    stored = await stores.reminders.about([room.id for room in rooms], uids)
    planned: list[Reminder] = []
    for room in rooms:
        # All calendars of the room at once: the same event in two of them calls for one set of reminders.
        about = [await stores.calendars.occurrences_of(name, uid) for name in room.calendars for uid in uids]
        planned += rules.plan(chain.from_iterable(about), room)
    changes = rules.reconcile(planned, stored, now)
    await stores.reminders.apply(changes.insert, changes.cancel)


async def replan_all(world: World) -> None:
    """Plan everything again, because rooms, mappings or lead times may have changed."""
    now = world.clock()
    stores = world.stores
    for room in world.settings.rooms.values():
        # Read before the occurrences: what others plan meanwhile is not among it, and so is not taken back.
        stored = await stores.reminders.waiting(room.id)
        occurrences = await stores.calendars.occurrences(room.calendars, now, _END_OF_TIME)
        changes = await asyncio.to_thread(_planned_anew, occurrences, room, stored, now)
        await stores.reminders.apply(changes.insert, changes.cancel)
    for unmapped in set(await stores.reminders.waiting_rooms()) - world.settings.rooms.keys():
        changes = rules.reconcile((), await stores.reminders.waiting(unmapped), now)
        await stores.reminders.apply(changes.insert, changes.cancel)
    reminders.ring_soon(world)


def _planned_anew(
    occurrences: Sequence[Occurrence], room: Room, stored: Sequence[Reminder], now: datetime
) -> rules.Reconciled:
    return rules.reconcile(rules.plan(occurrences, room), stored, now)
