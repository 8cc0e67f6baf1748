"""Events of which the sender was told that they could not be written, though the server may have stored them.

The answer to a write can get lost, and the server be away when it is asked what became of it. Whoever was told that
nothing was written tries again; what turns up later must not stand beside that.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from calbot.core.model import CalendarName, Uid

from .world import World

_KEPT: Final = timedelta(days=7)
_NAME: Final = "disowned"


async def disown(world: World, calendar: CalendarName, uid: Uid) -> None:
    """What turns up under this UID is to be deleted."""
    known = {**await _known(world), f"{calendar} {uid}": world.clock().isoformat()}
    fresh = {name: at for name, at in known.items() if world.clock() - datetime.fromisoformat(at) < _KEPT}
    await world.stores.keeper.put(_NAME, json.dumps(fresh))


async def own(world: World, calendar: CalendarName, uid: Uid) -> None:
    """It is wanted after all, or was dealt with."""
    known = await _known(world)
    if known.pop(f"{calendar} {uid}", None) is not None:
        await world.stores.keeper.put(_NAME, json.dumps(known))


async def of(world: World, calendar: CalendarName) -> frozenset[Uid]:
    pairs = (name.rpartition(" ") for name in await _known(world))
    return frozenset(Uid(uid) for name, _, uid in pairs if name == calendar)


async def _known(world: World) -> dict[str, str]:
    kept: dict[str, str] = json.loads(await world.stores.keeper.get(_NAME) or "{}")
    return kept
