"""Keeps the mirror of a calendar like the calendar, and everything planned from it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from calbot.core import changes
from calbot.core.ical.recurrence import read_and_expand
from calbot.core.model import CalendarName, CalendarObject, Delta, Etag, Href, Uid
from calbot.core.pacing import next_look
from calbot.core.settings import Calendar, Show
from calbot.errors import BadCalendarData, CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.ports import CalendarState, StoredObject

from . import announcements, delivery, disowned, planning
from .world import World

# Parsing and expanding go to a worker thread in lots this small, so that the loop gets its turn in between.
_LOT = 20
_FETCH = 100
_DAY = timedelta(days=1)
_MANY = 5  # objects of a calendar that do not all go at the same time without being looked for again
_EMPTY = "empty"

_T = TypeVar("_T")


def lock_name(calendar: CalendarName) -> str:
    """Whoever reads or writes a calendar's objects on the server holds this lock: one writer, and no stale listing."""
    return f"calendar:{calendar}"


def window(world: World, now: datetime) -> tuple[datetime, datetime]:
    """From when to when occurrences are kept."""
    return now - world.settings.privacy.retention.events, now + world.settings.sync.horizon


async def start(world: World) -> None:
    """Forget calendars that are no longer mapped to any room, then look at each of the others by and by."""
    mapped = _mapped(world)
    for calendar in await world.stores.calendars.calendars():
        if calendar not in mapped:
            world.alarm.cancel(f"sync:{calendar}")
            await world.stores.calendars.forget(calendar)
            await world.stores.changes.forget(calendar)
            await world.stores.undo.forget(calendar)
    for calendar in mapped:
        await _heed_settings(world, calendar)
        _look_again(world, calendar, timedelta(seconds=0))
    world.alarm.at("roll", await _next_roll(world), partial(roll_all, world))


def _mapped(world: World) -> list[CalendarName]:
    """The calendars that somebody sees."""
    return [name for name in world.settings.calendars if world.settings.rooms_of(name)]


async def _heed_settings(world: World, calendar: CalendarName) -> None:
    """Read a calendar anew where it is another one now, or more or less of it is shown: its server says that nothing
    has changed. What must not be shown any more is gone at once, whether or not the server answers."""
    settings = world.settings.calendars[calendar]
    name = f"calendar:{calendar}"
    in_force = json.dumps([settings.url, settings.account, settings.show.value])
    before = await world.stores.keeper.get(name)
    if before not in (None, in_force):
        async with world.locks.hold(lock_name(calendar)):
            await _read_anew(world, calendar, world.clock())
            another = json.loads(before or "[]")[:2] != json.loads(in_force)[:2]
            await announcements.begin_anew(world, calendar, another=another)
            await world.stores.undo.forget(calendar)
    await world.stores.keeper.put(name, in_force)


async def _read_anew(world: World, calendar: CalendarName, now: datetime) -> None:
    stores = world.stores
    for hrefs in _lots(await stores.calendars.etags(calendar), _LOT):
        kept = [one for href in hrefs if (one := await stores.calendars.get(calendar, href))]
        objects = [CalendarObject(one.href, None, one.data) for one in kept if one.problem is None]
        stored = await digest(world, calendar, objects, now)
        async with stores.transaction():
            await stores.calendars.put(stored)
            await planning.replan(world, calendar, [one.uid for one in stored], now)
    await stores.calendars.save_state(replace(await stores.calendars.state(calendar), cursor=None))


async def look(world: World, calendar: CalendarName) -> None:
    """Pull, whatever comes of it, and arrange for the next time."""
    retry_after: float | None = None
    try:
        await pull(world, calendar)
    except CalendarUnavailable as error:
        retry_after = error.retry_after
    finally:
        state = await world.stores.calendars.state(calendar)
        wait = next_look(
            interval=world.settings.sync.interval,
            longest=world.settings.sync.max_interval,
            failures=state.failures,
            retry_after=retry_after,
            chance=random.random(),  # noqa: S311 - spreads requests, guards nothing
        )
        _look_again(world, calendar, wait)


def look_soon(world: World, calendar: CalendarName) -> None:
    """Look now instead of when it would be time."""
    _look_again(world, calendar, timedelta(seconds=0))


def _look_again(world: World, calendar: CalendarName, wait: timedelta) -> None:
    world.alarm.at(f"sync:{calendar}", world.clock() + wait, partial(look, world, calendar))


async def note_failure(world: World, calendar: CalendarName, error: CalendarUnavailable) -> None:
    """Remember that a calendar is unavailable, whoever found out: what is shown of it is marked with its age."""
    state = await world.stores.calendars.state(calendar)
    if state.problem is None:
        world.log.warning("calendar %s is unavailable: %s", calendar, error.reason)
    await world.stores.calendars.save_state(replace(state, problem=error.reason))


async def pull(world: World, calendar: CalendarName) -> None:
    """Bring one calendar up to date. CalendarUnavailable if that did not work; the state then says why."""
    async with world.locks.hold(lock_name(calendar)):
        before = await world.stores.calendars.state(calendar)
        now = world.clock()
        try:
            await _pull(world, world.settings.calendars[calendar], before, now)
        except CalendarUnavailable as error:
            await note_failure(world, calendar, error)
            state = await world.stores.calendars.state(calendar)
            await world.stores.calendars.save_state(replace(state, tried_at=now, failures=before.failures + 1))
            raise
    if before.problem is not None:
        world.log.info("calendar %s is available again", calendar)


async def _pull(world: World, calendar: Calendar, before: CalendarState, now: datetime) -> None:
    delta = await world.gateway.changes(calendar.name, before.cursor)
    if delta.complete or delta.listed or delta.removed:
        known = await world.stores.calendars.etags(calendar.name)
        if await _is_suddenly_empty(world, calendar.name, known, delta):
            # As after a failed restore of the server. Nothing is forgotten, and nobody told, before it is so twice.
            world.log.warning("calendar %s looks empty all at once, and is looked at again", calendar.name)
            await world.stores.calendars.save_state(replace(before, cursor=None, tried_at=now))
            return
        await _take_over(world, calendar.name, changes.listing_changes(known, delta), known.keys(), now)
    await world.stores.calendars.save_state(
        replace(
            before,
            cursor=delta.cursor,
            synced_at=now,
            tried_at=now,
            failures=0,
            problem=None,
            horizon=before.horizon or window(world, now)[1],
        )
    )
    await announcements.settle(world, calendar.name)
    await announcements.introduce(world, calendar.name)
    delivery.ring_soon(world)


async def _is_suddenly_empty(
    world: World, calendar: CalendarName, known: Mapping[Href, Etag | None], delta: Delta
) -> bool:
    """Whether everything seems to be gone from a calendar for the first time."""
    gone = delta.complete or known.keys() <= delta.removed
    empty = len(known) >= _MANY and gone and not delta.listed
    name = f"empty-calendar:{calendar}"
    seen = await world.stores.keeper.get(name) == _EMPTY
    if empty != seen:
        await world.stores.keeper.put(name, _EMPTY if empty else "")
    return empty and not seen


async def _take_over(
    world: World, calendar: CalendarName, listing: changes.ListingChanges, known: Container[Href], now: datetime
) -> None:
    """Bring into the mirror what changed in a calendar, with all that follows from it."""
    unwanted = await disowned.of(world, calendar)
    for hrefs in _lots(listing.to_fetch, _FETCH):
        objects = await world.gateway.fetch(calendar, hrefs)
        stored = await digest(world, calendar, objects, now)
        stored = [one for one in stored if one.uid not in unwanted or not await _deleted(world, one)]
        vanished = [href for href in set(hrefs) - {one.href for one in objects} if href in known]
        await mirror(world, calendar, stored, vanished, now)
    for hrefs in _lots(listing.gone, _FETCH):
        await mirror(world, calendar, [], hrefs, now)


async def mirror(
    world: World, calendar: CalendarName, stored: Sequence[StoredObject], gone: Sequence[Href], now: datetime
) -> None:
    """Put objects into the mirror and take others out, and note in the same transaction whom to tell, and what of it
    has to be remembered when."""
    stores = world.stores
    replaced = await stores.calendars.uids(calendar, [*gone, *(one.href for one in stored)])
    seen = await announcements.compare(world, calendar, stored, gone, now)
    async with stores.transaction():
        await stores.calendars.put(stored)
        await stores.calendars.remove(calendar, gone)
        await planning.replan(world, calendar, sorted({*(one.uid for one in stored), *replaced.values()}), now)
        await announcements.note(world, calendar, seen, now)
    world.passed("calendar.mirrored")


async def _deleted(world: World, one: StoredObject) -> bool:
    """Delete what was said not to be written; what somebody has changed meanwhile is theirs and stays."""
    await disowned.own(world, one.calendar, one.uid)
    try:
        await world.gateway.delete(one.calendar, one.href, one.etag)
    except (PreconditionFailed, CalendarReadOnly):
        await announcements.give_up(world, one.calendar, one.uid)  # nobody takes it for what was asked for
        return False
    return True


async def digest(
    world: World, calendar: CalendarName, objects: Sequence[CalendarObject], now: datetime
) -> list[StoredObject]:
    """Parse and expand objects off the loop. One that is no good is set aside with the reason, and harms no other."""
    hidden = world.settings.calendars[calendar].show is Show.BUSY
    zone = world.settings.defaults.timezone
    work = partial(_digest_lot, calendar=calendar, hidden=hidden, zone=zone, window=window(world, now))
    return [stored for lot in _lots(objects, _LOT) for stored in await asyncio.to_thread(work, lot)]


def _digest_lot(
    objects: Sequence[CalendarObject],
    *,
    calendar: CalendarName,
    hidden: bool,
    zone: ZoneInfo,
    window: tuple[datetime, datetime],
) -> list[StoredObject]:
    return [_digest_one(one, calendar=calendar, hidden=hidden, zone=zone, window=window) for one in objects]


def _digest_one(
    one: CalendarObject, *, calendar: CalendarName, hidden: bool, zone: ZoneInfo, window: tuple[datetime, datetime]
) -> StoredObject:
    try:
        read = read_and_expand(one, calendar=calendar, hidden=hidden, zone=zone, window=window)
    except BadCalendarData as error:
        return StoredObject(calendar, one.href, one.etag, Uid(""), "", False, error.reason, ())
    return StoredObject(calendar, one.href, one.etag, read.uid, read.data, read.recurring, None, read.occurrences)


async def _next_roll(world: World) -> datetime:
    """A day after the last, however often the bot was started meanwhile; at once where the horizon was widened."""
    horizons = [(await world.stores.calendars.state(name)).horizon for name in _mapped(world)]
    rolled = [horizon - world.settings.sync.horizon for horizon in horizons if horizon is not None]
    return min(rolled, default=world.clock()) + _DAY


async def roll_all(world: World) -> None:
    """Move the horizon on: expand series up to the new one, forget what is long over."""
    now = world.clock()
    for calendar in _mapped(world):
        async with world.locks.hold(lock_name(calendar)):
            await _roll(world, calendar, now)
    await world.stores.references.forget_gone(now - world.settings.privacy.retention.events)
    await world.stores.preferences.forget_gone(now - world.settings.privacy.retention.reminders)
    await world.stores.calendars.forget_before(now - world.settings.privacy.retention.events)
    await world.stores.reminders.forget_before(now - world.settings.privacy.retention.reminders)
    await world.stores.polls.forget_before(now - world.settings.privacy.retention.polls)
    await world.stores.inbox.forget_before(now - timedelta(days=7))
    await announcements.forget_old(world, now)
    await world.stores.undo.forget_before(now - _DAY)
    world.alarm.at("roll", now + _DAY, partial(roll_all, world))


async def _roll(world: World, calendar: CalendarName, now: datetime) -> None:
    stores = world.stores
    for lot in _lots(await stores.calendars.recurring(calendar), _LOT):
        objects = [CalendarObject(one.href, one.etag, one.data) for one in lot]
        stored = await digest(world, calendar, objects, now)
        async with stores.transaction():
            await stores.calendars.put(stored)
            await planning.replan(world, calendar, [one.uid for one in stored], now)
    state = await stores.calendars.state(calendar)
    await stores.calendars.save_state(replace(state, horizon=window(world, now)[1]))
    delivery.ring_soon(world)


def _lots(things: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(things)
    while lot := list(islice(rest, size)):
        yield lot
