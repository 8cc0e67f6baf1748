"""When calendars are looked at: each by itself, or those that lie together by one request.

Where one request tells how many calendars stand, only those that stand otherwise than when they were last read are
asked for more. Where that request is of no use, because the server does not tell or fails at it, each is looked at by
itself for a while. A calendar that fails waits longer each time, and those that fail are tried one after the other, so
that they take the account's connections away from nobody.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core.model import CalendarName, Mark
from calbot.core.pacing import first_look, interval_between, next_look
from calbot.errors import CalendarUnavailable
from calbot.ports import CalendarState

from . import announcements, rolling, sync
from .looks import Home
from .world import World

_SPLIT: Final = timedelta(hours=1)  # until a request for many that was of no use is tried again
_AT_ONCE: Final = 50  # a home compares no more than one in so many of its calendars whole after one look
# What can only be wrong with the server or the login, whatever it is asked.
_EVERYWHERE: Final = frozenset(
    {"calendar_unreachable", "calendar_tls", "calendar_login", "calendar_secret", "calendar_busy"}
)


async def start(world: World) -> None:
    """Forget calendars that are no longer mapped to any room, then look at each of the others by and by."""
    looks, mapped = world.looks, sync.mapped(world)
    for calendar in await world.stores.calendars.calendars():
        if calendar not in mapped:
            await sync.forget(world, calendar)
    for calendar in {*looks.planned} - set(mapped):
        world.alarm.cancel(f"sync:{calendar}")
    for home in looks.homes:
        world.alarm.cancel(f"sync-home:{home}")
    for calendar in mapped:
        await sync.heed_settings(world, calendar)
    looks.arrange(world.gateway.together(mapped), mapped, world.clock())
    for home in looks.homes:
        _plan_home(world, home, timedelta())
    await _look_at_each(world, [calendar for calendar in mapped if calendar not in looks.home_of])
    await rolling.start(world)


def look_soon(world: World, calendar: CalendarName) -> None:
    """Look now instead of when it would be time."""
    _touch(world, calendar)
    _plan(world, calendar, timedelta())


def was_written(world: World, calendar: CalendarName) -> None:
    """The bot wrote something: soon enough, there is more to see of it."""
    _touch(world, calendar)
    _no_later(world, calendar, world.settings.sync.interval)


def is_read(world: World, calendars: Iterable[CalendarName]) -> None:
    """Somebody wants to see what is in them: look, unless that was done a moment ago or does not work."""
    for calendar in calendars:
        before = world.looks.touched.get(calendar)
        _touch(world, calendar)
        if before is None or world.clock() - before >= world.settings.sync.interval:
            _no_later(world, calendar, timedelta())


def _touch(world: World, calendar: CalendarName) -> None:
    world.looks.touched[calendar] = world.clock()


def _no_later(world: World, calendar: CalendarName, wait: timedelta) -> None:
    looks, when = world.looks, world.clock() + wait
    planned = looks.next(calendar)
    if planned is None or planned <= when or calendar in looks.failing:
        return
    if looks.is_alone(calendar):
        _plan(world, calendar, wait)
    else:
        _plan_home(world, looks.home_of[calendar], wait)


# -------------------------------------------------------------------------------------------------------- one by itself


async def _look_at_each(world: World, calendars: Sequence[CalendarName]) -> None:
    """Those first that were never read, and those that wait longest; not all at the same time."""
    states = await world.stores.calendars.states(calendars)
    first = datetime.min.replace(tzinfo=world.clock().tzinfo)

    def waiting_since(calendar: CalendarName) -> datetime:
        state = states.get(calendar)
        return first if state is None or state.tried_at is None else state.tried_at

    for position, calendar in enumerate(sorted(calendars, key=waiting_since)):
        _plan(world, calendar, first_look(position, len(calendars), world.settings.sync.interval))


def _plan(world: World, calendar: CalendarName, wait: timedelta) -> None:
    when = world.looks.planned[calendar] = world.clock() + wait
    world.alarm.at(f"sync:{calendar}", when, partial(look, world, calendar))


async def look(world: World, calendar: CalendarName) -> None:
    """Pull, whatever comes of it, and arrange for the next time."""
    looks = world.looks
    looks.planned.pop(calendar, None)
    if calendar not in sync.mapped(world):
        return
    mark = looks.marks.pop(calendar, None)
    retry_after: float | None = None
    try:
        if calendar in looks.failing:
            async with world.locks.hold(f"failing:{world.settings.calendars[calendar].account}"):
                await sync.pull(world, calendar, mark)
        else:
            await sync.pull(world, calendar, mark)
    except CalendarUnavailable as error:
        retry_after = error.retry_after
    finally:
        if calendar in sync.mapped(world):
            await _arrange_next(world, calendar, retry_after)


async def _arrange_next(world: World, calendar: CalendarName, retry_after: float | None) -> None:
    looks = world.looks
    state = await world.stores.calendars.state(calendar)
    if state.failures:
        looks.failing.add(calendar)
    else:
        looks.failing.discard(calendar)
        looks.new.discard(calendar)
        await _note_next_start(world, calendar)
    if not state.failures and not looks.is_alone(calendar):
        return
    interval = world.settings.sync.interval if state.failures else _interval(world, state)
    _plan(world, calendar, _wait(world, interval, state.failures, retry_after))


def _interval(world: World, state: CalendarState) -> timedelta:
    now, looks = world.clock(), world.looks
    busy = [at for at in (state.changed_at, looks.touched.get(state.calendar)) if at is not None]
    begins = looks.starts.get(state.calendar)
    return interval_between(
        interval=world.settings.sync.interval,
        longest=world.settings.sync.max_interval,
        quiet=now - max(busy) if busy else None,
        ahead=None if begins is None else begins - now,
    )


def _wait(world: World, interval: timedelta, failures: int, retry_after: float | None) -> timedelta:
    return next_look(
        interval=interval,
        longest=world.settings.sync.max_interval,
        failures=failures,
        retry_after=retry_after,
        chance=random.random(),  # noqa: S311 - spreads requests, guards nothing
    )


async def _note_next_start(world: World, calendar: CalendarName) -> None:
    world.looks.starts[calendar] = await world.stores.calendars.next_start(calendar, world.clock())


# ------------------------------------------------------------------------------------------------------- many together


def _plan_home(world: World, home: Home, wait: timedelta) -> None:
    when = world.looks.homes_planned[home] = world.clock() + wait
    world.alarm.at(f"sync-home:{home}", when, partial(_look_around, world, home))


async def _look_around(world: World, home: Home) -> None:
    """Look at all that lie together, and at those by themselves of which more has to be known."""
    looks, calendars = world.looks, world.looks.homes[home]
    wait = world.settings.sync.interval
    try:
        marks = await world.gateway.marks(calendars)
    except CalendarUnavailable as error:
        wait = await _heed_failure(world, home, error)
    else:
        looks.home_failures.pop(home, None)
        if marks:
            wait = await _compare(world, home, marks)
        else:
            world.log.info("the server of %s does not tell of many calendars at once how they stand", home)
            wait = await _split(world, home)
    finally:
        if home in looks.homes:
            _plan_home(world, home, wait)


async def _compare(world: World, home: Home, marks: Mapping[CalendarName, Mark]) -> timedelta:
    looks, calendars, now = world.looks, world.looks.homes[home], world.clock()
    looks.split.pop(home, None)
    states = await world.stores.calendars.states(calendars)
    same = {name for name, mark in marks.items() if name in states and states[name].mark == mark}
    due = [name for name in calendars if name in same and sync.is_comparison_due(states[name], now)]
    same.difference_update(due[: len(calendars) // _AT_ONCE + 1])
    unchanged = [name for name in calendars if name in same]
    await world.stores.calendars.note_unchanged(unchanged, now)
    await _note_recovered(world, [states[name] for name in unchanged])
    for name in looks.new & same:
        looks.new.discard(name)
        await announcements.introduce(world, name)
    unread = []
    for name in calendars:
        if name in same:
            looks.marks.pop(name, None)
            if looks.planned.pop(name, None) is not None:
                world.alarm.cancel(f"sync:{name}")
            if (begins := looks.starts.get(name, now)) is not None and begins <= now:
                await _note_next_start(world, name)
        else:
            if name in marks:
                looks.marks[name] = marks[name]
            if name not in looks.planned:
                unread.append(name)
    for position, name in enumerate(unread):
        _plan(world, name, first_look(position, len(unread), world.settings.sync.interval))
    working = [name for name in calendars if name not in looks.failing]
    if any(name not in same for name in working):
        return _wait(world, world.settings.sync.interval, 0, None)
    shortest = min((_interval(world, states[name]) for name in working), default=world.settings.sync.max_interval)
    return _wait(world, shortest, 0, None)


async def _note_recovered(world: World, before: Iterable[CalendarState]) -> None:
    recovered = [state.calendar for state in before if state.problem is not None]
    world.looks.failing.difference_update(recovered)
    if recovered:
        world.log.info("available again: calendar %s", ", ".join(recovered[:5]) + (" …" if len(recovered) > 5 else ""))


async def _heed_failure(world: World, home: Home, error: CalendarUnavailable) -> timedelta:
    """Where it cannot be helped by asking for one alone, all are unavailable; otherwise each is asked for itself."""
    looks, calendars, now = world.looks, world.looks.homes[home], world.clock()
    if error.reason not in _EVERYWHERE:
        world.log.info("the calendars beside %s are looked at one by one: %s", home, error.reason)
        return await _split(world, home)
    world.tally.sync_errors.update({world.settings.calendars[name].account for name in calendars})
    failures = looks.home_failures[home] = looks.home_failures.get(home, 0) + 1
    if failures == 1:
        world.log.warning("%d calendars beside %s are unavailable: %s", len(calendars), home, error.reason)
    await world.stores.calendars.note_failure(calendars, error.reason, now)
    looks.failing.update(calendars)
    return _wait(world, world.settings.sync.interval, failures, error.retry_after)


async def _split(world: World, home: Home) -> timedelta:
    looks = world.looks
    looks.split[home] = world.clock() + _SPLIT
    await _look_at_each(world, [name for name in looks.homes[home] if name not in looks.planned])
    return _SPLIT
