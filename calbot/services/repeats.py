"""Whether the homeserver still knows what an earlier attempt sent.

It forgets transaction ids after about a day, and knows them per device. What began before that is looked for in the
room before it is sent again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Final

from calbot.core.model import EventId, RoomId

from .world import World

TRANSACTIONS_KEPT: Final = timedelta(hours=12)  # half of what homeservers keep them for
CLOCKS_DIFFER: Final = timedelta(hours=1)  # at most, the homeserver's and ours
_DEVICE: Final = "device"
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


async def note_device(world: World) -> None:
    """Remember since when the bot has been on this device; on its first one it has always been."""
    kept = await world.stores.keeper.get(_DEVICE)
    if kept is None or json.loads(kept)[0] != world.chat.device:
        since = _ALWAYS if kept is None else world.clock()
        await world.stores.keeper.put(_DEVICE, json.dumps([world.chat.device, since.isoformat()]))


@asynccontextmanager
async def sending(world: World, began: datetime) -> AsyncIterator[None]:
    """Send things that may have been sent before, at the earliest when `began`."""
    if not await _may_be_forgotten(world, began):
        yield
        return
    with world.chat.repeating(began - CLOCKS_DIFFER):
        yield


async def _may_be_forgotten(world: World, began: datetime) -> bool:
    kept = await world.stores.keeper.get(_DEVICE)
    other_device = kept is not None and began < datetime.fromisoformat(json.loads(kept)[1])
    return other_device or world.clock() - began > TRANSACTIONS_KEPT


async def arrived(world: World, room: RoomId, key: str, since: datetime, device: str | None) -> EventId | None:
    """What was first tried to be sent at `since` from `device`, if it did arrive and the homeserver may have forgotten
    the transaction id. None where it is safe to send it (again)."""
    if device == world.chat.device and world.clock() - since < TRANSACTIONS_KEPT:
        return None
    return await world.chat.find_by_key(room, key, since - CLOCKS_DIFFER)
