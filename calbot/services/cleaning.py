"""What is over is forgotten: once a day, in lots small enough for nobody to wait for them.

What is bound to an event goes with it; so does everything of a calendar that no room shows any more (`sync.forget`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot import faults
from calbot.errors import StorageUnavailable

from . import addresses, announcements
from .world import World

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_MISSED: Final = "missed-reminders:"
_ALARM: Final = "clean"
_CLEANED: Final = "cleaned"  # when that was


async def begin(world: World) -> None:
    """A day after the last time, however often the bot was started meanwhile."""
    now, keeper = world.clock(), world.stores.keeper
    kept = await keeper.get(_CLEANED)
    if kept is None:
        await keeper.put(_CLEANED, now.isoformat())
    # A clock that was set back must not put it off.
    last = now if kept is None else min(now, datetime.fromisoformat(kept))
    world.alarm.at(_ALARM, last + _DAY, partial(_clean_daily, world))


async def _clean_daily(world: World) -> None:
    now = world.clock()
    await clean(world, now)
    await world.stores.keeper.put(_CLEANED, now.isoformat())
    world.alarm.at(_ALARM, now + _DAY, partial(_clean_daily, world))


async def clean(world: World, now: datetime) -> None:
    """By each rule, whatever is wrong with another."""
    for rule in _rules(world, now):
        try:
            await rule()
        except StorageUnavailable:  # it is away for all of them: they are tried again soon
            raise
        except Exception as error:  # noqa: BLE001 - a border
            world.log.error("something that is over could not be forgotten\n%s", faults.of(error))  # noqa: TRY400 not what it says


def _rules(world: World, now: datetime) -> Sequence[Callable[[], Awaitable[object]]]:
    stores, kept = world.stores, world.settings.privacy.retention
    return (
        partial(stores.calendars.forget_before, now - kept.events),
        partial(stores.references.forget_gone, now - kept.events),
        partial(stores.references.forget_lists, now - kept.events, now),
        partial(stores.preferences.forget_gone, now - kept.reminders),
        partial(stores.answers.forget_gone, now - kept.reminders),
        partial(stores.reminders.forget_before, now - kept.reminders),
        partial(stores.mail.forget_before, now - kept.reminders),
        partial(stores.polls.forget_before, now - kept.polls),
        partial(stores.questions.forget_before, now - _DAY),
        partial(stores.inbox.forget_before, now - _WEEK),
        partial(stores.mappings.forget_removed, now - _WEEK),
        partial(stores.undo.forget_before, now - _DAY),
        partial(stores.audit.forget_before, now - kept.audit),
        partial(addresses.forget_old, world),
        partial(announcements.forget_old, world, now),
        partial(_forget_missed, world, now - kept.reminders),
    )


async def _forget_missed(world: World, before: datetime) -> None:
    counted = await world.stores.keeper.beginning_with(_MISSED)
    old = [name for name, value in counted.items() if datetime.fromisoformat(json.loads(value)[1]) < before]
    await world.stores.keeper.drop(old)
