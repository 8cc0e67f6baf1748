"""Events of which the sender was told that they could not be written, though the server may have stored them.

The answer to a write can get lost, and the server be away when it is asked what became of it. Whoever was told that
nothing was written tries again; what turns up later must not stand beside that.

The second half of a series that was to be split is wanted after all if the first one turns out to have been cut off
where it begins: there, only an answer got lost.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import identity
from calbot.core.ical import splitting
from calbot.core.model import CalendarName, CalendarObject, Href, RecurrenceId, Uid

from .world import World

_KEPT: Final = timedelta(days=7)
_NAME: Final = "disowned"


@dataclass(frozen=True, slots=True)
class Origin:
    """The series that an event was to go on from, and where."""

    href: Href
    recurrence_id: RecurrenceId


async def disown(world: World, calendar: CalendarName, uid: Uid, origin: Origin | None = None) -> None:
    """What turns up under this UID is to be deleted; with an `origin`, unless that ends there."""
    entry = [world.clock().isoformat(), *((origin.href, origin.recurrence_id) if origin else ())]
    known = {**await _known(world), f"{calendar} {uid}": entry}
    fresh = {name: one for name, one in known.items() if world.clock() - datetime.fromisoformat(one[0]) < _KEPT}
    await world.stores.keeper.put(_NAME, json.dumps(fresh))


async def own(world: World, calendar: CalendarName, uid: Uid) -> None:
    """It is wanted after all, or was dealt with."""
    known = await _known(world)
    if known.pop(f"{calendar} {uid}", None) is not None:
        await world.stores.keeper.put(_NAME, json.dumps(known))


async def of(world: World, calendar: CalendarName) -> frozenset[Uid]:
    pairs = (name.rpartition(" ") for name in await _known(world))
    return frozenset(Uid(uid) for name, _, uid in pairs if name == calendar)


async def is_wanted(world: World, calendar: CalendarName, uid: Uid) -> bool:
    """Whether what turned up has to stay, because the series that it goes on from was cut off there."""
    entry = (await _known(world)).get(f"{calendar} {uid}", [])
    if len(entry) < 3:
        return False
    first = await world.gateway.read(calendar, Href(entry[1]))
    if first is None:
        return False
    goes_on = partial(splitting.goes_on, zone=world.settings.defaults.timezone)
    return not await asyncio.to_thread(goes_on, first.data, RecurrenceId(entry[2]))


async def settle(world: World, calendar: CalendarName, origin: CalendarObject) -> None:
    """Find out about what was to go on from this series before anything else is done to it: later nobody could tell
    whether it was cut off by that or by something else."""
    for name, entry in (await _known(world)).items():
        place, _, uid = name.rpartition(" ")
        if place != calendar or len(entry) < 3 or entry[1] != origin.href:
            continue
        goes_on = partial(splitting.goes_on, zone=world.settings.defaults.timezone)
        if await asyncio.to_thread(goes_on, origin.data, RecurrenceId(entry[2])):
            href = world.gateway.href(calendar, identity.resource_name(Uid(uid)))
            there = await world.gateway.read(calendar, href)
            if there is not None:
                await world.gateway.delete(calendar, href, there.etag)
        await own(world, calendar, Uid(uid))


async def _known(world: World) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = json.loads(await world.stores.keeper.get(_NAME) or "{}")
    return kept
