"""The horizon moves on: once a day, series are expanded up to the new one, and what is long over is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core.model import CalendarName, CalendarObject

from . import addresses, announcements, delivery, planning, sync
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
        async with world.locks.hold(sync.lock_name(calendar)):
            await _roll(world, calendar, now)
    delivery.ring_soon(world)
    await world.stores.references.forget_gone(now - world.settings.privacy.retention.events)
    await world.stores.preferences.forget_gone(now - world.settings.privacy.retention.reminders)
    await addresses.forget_old(world)
    await world.stores.answers.forget_gone(now - world.settings.privacy.retention.reminders)
    await world.stores.calendars.forget_before(now - world.settings.privacy.retention.events)
    await world.stores.reminders.forget_before(now - world.settings.privacy.retention.reminders)
    await world.stores.mail.forget_before(now - world.settings.privacy.retention.reminders)
    await world.stores.polls.forget_before(now - world.settings.privacy.retention.polls)
    await world.stores.inbox.forget_before(now - timedelta(days=7))
    await announcements.forget_old(world, now)
    await world.stores.mappings.forget_removed(now - timedelta(days=7))
    await world.stores.undo.forget_before(now - _DAY)
    world.alarm.at("roll", now + _DAY, partial(roll_all, world))


async def _roll(world: World, calendar: CalendarName, now: datetime) -> None:
    """Expand again those series alone that have something in the days that were added."""
    stores, horizon = world.stores, sync.window(world, now)[1]
    for lot in sync.lots(await stores.calendars.resuming(calendar, horizon), sync.LOT):
        objects = [CalendarObject(one.href, one.etag, one.data) for one in lot]
        # What was set aside, but is known as it was before, stays both.
        problems = {one.href: one.problem for one in lot}
        stored = await sync.digest(world, calendar, objects, now)
        stored = [replace(one, problem=one.problem or problems[one.href]) for one in stored]
        async with stores.transaction():
            await stores.calendars.put(stored)
            await planning.replan(world, calendar, [one.uid for one in stored], now)
    state = await stores.calendars.state(calendar)
    await stores.calendars.save_state(replace(state, horizon=horizon))
