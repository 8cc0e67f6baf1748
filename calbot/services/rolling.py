"""The horizon moves on: once a day, series are expanded up to the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core.model import CalendarName, CalendarObject

from . import delivery, digesting, planning, sync
from .world import World

_DAY: Final = timedelta(days=1)


async def start(world: World) -> None:
    """A day after the last time, however often the bot was started meanwhile; at once where the horizon was widened."""
    states = await world.stores.calendars.states(sync.mapped(world))
    rolled = [state.horizon - world.settings.sync.horizon for state in states.values() if state.horizon is not None]
    world.alarm.at("roll", min(rolled, default=world.clock()) + _DAY, partial(roll_all, world))


async def roll_all(world: World) -> None:
    now = world.clock()
    for calendar in sync.mapped(world):
        async with sync.mirroring(world, calendar):
            await _roll(world, calendar, now)
    delivery.ring_soon(world)
    world.alarm.at("roll", now + _DAY, partial(roll_all, world))


async def _roll(world: World, calendar: CalendarName, now: datetime) -> None:
    """Expand again those series alone that have something in the days that were added."""
    stores, horizon = world.stores, digesting.window(world, now)[1]
    for lot in sync.lots(await stores.calendars.resuming(calendar, horizon), sync.LOT):
        objects = [CalendarObject(one.href, one.etag, one.data) for one in lot]
        # What was set aside, but is known as it was before, stays both.
        problems = {one.href: one.problem for one in lot}
        stored = await digesting.digest(world, calendar, objects, now, makes_way=True)
        stored = [replace(one, problem=one.problem or problems[one.href]) for one in stored]
        with world.precedence.writing():
            async with stores.transaction():
                await stores.calendars.put(stored)
                await planning.replan(world, calendar, [one.uid for one in stored], now, written=stored)
    state = await stores.calendars.state(calendar)
    await stores.calendars.save_state(replace(state, horizon=horizon))
