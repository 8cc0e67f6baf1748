"""Keeps the mirror of a calendar like the calendar, and everything planned from it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar
from zlib import crc32

from calbot.core import changes
from calbot.core.model import CalendarName, CalendarObject, Delta, Etag, Fetched, Href, Mark, Uid
from calbot.core.settings import Calendar
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.ports import CalendarState, StoredObject

from . import announcements, delivery, digesting, disowned, joining, planning, uninvited
from .world import World

LOT: Final = 20  # objects that are read in next to no time
_FETCH: Final = 100
_LARGE: Final = 1 << 18  # characters that take a while to be read
_ROWS: Final = 1_000  # put into the mirror at once, as nobody else can write meanwhile
_AHEAD: Final = 3  # lots on their way
_APART: Final = 500  # occurrences of an event that is in more than one object
_DAY: Final = timedelta(days=1)
_MANY: Final = 5  # objects of a calendar that do not all go at the same time without being looked for again
_EMPTY: Final = "empty"
_NOT_FETCHED: Final = "not_fetched"
_DIGESTING: Final = "digesting"
_DIGESTING_LITTLE: Final = "digesting-little"

_T = TypeVar("_T")


def lock_name(calendar: CalendarName) -> str:
    """Whoever reads or writes a calendar's objects on the server holds this lock: one writer, and no stale listing."""
    return f"calendar:{calendar}"


def mapped(world: World) -> list[CalendarName]:
    """The calendars that somebody sees."""
    shown = {name for room in world.settings.rooms.values() for name in room.calendars}
    return [name for name in world.settings.calendars if name in shown]


async def forget(world: World, calendar: CalendarName) -> None:
    """Nobody sees it any more."""
    world.alarm.cancel(f"sync:{calendar}")
    await _erase(world, calendar)


async def _erase(world: World, calendar: CalendarName) -> None:
    await world.stores.calendars.forget(calendar)
    await world.stores.changes.forget(calendar)
    await world.stores.undo.forget(calendar)
    await world.stores.join_links.forget(calendar)


@asynccontextmanager
async def mirroring(world: World, calendar: CalendarName) -> AsyncIterator[None]:
    """Nobody else writes a calendar or its mirror meanwhile. If it turns out to have been unmapped by then, nothing of
    it is left behind: it may have been forgotten before all that is done here was written."""
    was_mapped = calendar in mapped(world)
    async with world.locks.hold(lock_name(calendar)):
        try:
            with suppress(_Unmapped):
                yield
        finally:
            if was_mapped and calendar not in mapped(world):
                await _erase(world, calendar)


class _Unmapped(Exception):
    """There is no use in going on."""


async def heed_settings(world: World, calendar: CalendarName) -> None:
    """Read a calendar anew where it is another one now, or more or less of it is shown: its server says that nothing
    has changed. What must not be shown any more is gone at once, whether or not the server answers."""
    settings = world.settings.calendars[calendar]
    name = f"calendar:{calendar}"
    in_force = json.dumps([settings.url, settings.account, settings.show.value])
    before = await world.stores.keeper.get(name)
    if before == in_force:
        return
    if before is not None:
        async with mirroring(world, calendar):
            await _read_anew(world, calendar, world.clock())
            another = json.loads(before or "[]")[:2] != json.loads(in_force)[:2]
            await announcements.begin_anew(world, calendar, another=another)
            await world.stores.undo.forget(calendar)
    await world.stores.keeper.put(name, in_force)


async def _read_anew(world: World, calendar: CalendarName, now: datetime) -> None:
    stores = world.stores
    for hrefs in lots(await stores.calendars.etags(calendar), LOT):
        kept = [one for href in hrefs if (one := await stores.calendars.get(calendar, href))]
        objects = [CalendarObject(one.href, None, one.data) for one in kept if one.data]
        stored = await digesting.digest(world, calendar, objects, now, makes_way=True)
        with world.precedence.writing():
            async with stores.transaction():
                await stores.calendars.put(stored)
                await planning.replan(world, calendar, [one.uid for one in stored], now, written=stored)
    await stores.calendars.save_state(replace(await stores.calendars.state(calendar), cursor=None, mark=None))


async def note_failure(world: World, calendar: CalendarName, error: CalendarUnavailable) -> None:
    """Remember that a calendar is unavailable, whoever found out: what is shown of it is marked with its age."""
    state = await world.stores.calendars.state(calendar)
    if state.problem is None:
        world.log.warning("calendar %s is unavailable: %s", calendar, error.reason)
    await world.stores.calendars.save_state(replace(state, problem=error.reason))


async def pull(world: World, calendar: CalendarName, mark: Mark | None = None) -> None:
    """Bring one calendar up to date. CalendarUnavailable if that did not work; the state then says why.

    `mark`: how it stood when it was looked at together with others.
    """
    async with mirroring(world, calendar):
        before = await world.stores.calendars.state(calendar)
        now = world.clock()
        try:
            await _pull(world, world.settings.calendars[calendar], before, mark, now)
        except CalendarUnavailable as error:
            world.tally.sync_errors[world.settings.calendars[calendar].account] += 1
            await note_failure(world, calendar, error)
            state = await world.stores.calendars.state(calendar)
            await world.stores.calendars.save_state(replace(state, tried_at=now, failures=before.failures + 1))
            raise
        if before.problem is not None:
            world.log.info("calendar %s is available again", calendar)


def is_comparison_due(state: CalendarState, now: datetime) -> bool:
    """About once a day a calendar is compared as a whole, each at its own time: some servers take a token that they no
    longer know for a new one, and say nothing of what was deleted since."""
    share = 0.75 + crc32(state.calendar.encode()) / (1 << 33)
    return state.compared_at is None or now - state.compared_at >= _DAY * share


async def _pull(world: World, calendar: Calendar, before: CalendarState, mark: Mark | None, now: datetime) -> None:
    stores = world.stores.calendars
    comparing = before.cursor is None or is_comparison_due(before, now)
    delta = await world.gateway.changes(calendar.name, None if comparing else before.cursor)
    state = replace(before, cursor=delta.cursor, mark=mark or before.mark, tried_at=now)
    changed = whole = True
    if delta.complete or delta.listed or delta.removed or delta.since:
        known = await stores.etags(calendar.name)
        if delta.since is not None:
            delta, known = await _confirmed(world, calendar.name, delta, delta.since, known)
        if await _is_suddenly_empty(world, calendar.name, known, delta):
            # As after a failed restore of the server. Nothing is forgotten, and nobody told, before it is so twice.
            world.log.warning("calendar %s looks empty all at once, and is looked at again", calendar.name)
            await stores.save_state(replace(before, cursor=None, mark=None, tried_at=now))
            return
        if comparing:
            delta = replace(delta, listed={**delta.listed, **await _to_be_tried(world, calendar.name, delta)})
        listing = changes.listing_changes(known, delta)
        changed = bool(listing.to_fetch or listing.gone)
        whole = await _take_over(world, calendar.name, listing, delta, known.keys(), now)
    else:
        changed = False
    if not whole:
        state = replace(state, cursor=before.cursor, mark=before.mark)  # what could not be fetched is listed once more
    if comparing:
        state = replace(state, compared_at=now, writable=await _is_writable(world, before))
    await stores.save_state(
        replace(
            state,
            synced_at=now,
            failures=0,
            problem=None,
            horizon=before.horizon or digesting.window(world, now)[1],
            changed_at=now if changed else before.changed_at or now,
        )
    )
    await announcements.settle(world, calendar.name)
    await announcements.introduce(world, calendar.name)
    if changed:
        delivery.ring_soon(world)


async def _confirmed(
    world: World, calendar: CalendarName, delta: Delta, since: datetime, known: Mapping[Href, Etag | None]
) -> tuple[Delta, Mapping[Href, Etag | None]]:
    """A list of what is not over yet, with what is really gone of that, and what was known of it. Not all servers find
    everything by its time, so what is missing is asked for."""
    expected = await world.stores.calendars.hrefs_after(calendar, since)
    missing = [href for href in expected if href not in delta.listed]
    fetched = await world.gateway.fetch(calendar, missing) if missing else Fetched(())
    there = {one.href: one.etag or Etag("") for one in fetched.objects}
    removed = frozenset(missing) - there.keys() - fetched.failed
    relevant = {*expected, *delta.listed}
    complete = replace(delta, listed={**delta.listed, **there}, removed=removed)
    return complete, {href: etag for href, etag in known.items() if href in relevant}


async def _to_be_tried(world: World, calendar: CalendarName, delta: Delta) -> Mapping[Href, Etag]:
    """What could not be fetched is asked for again, with an ETag that is none of those stored."""
    failing = await world.stores.calendars.failing(calendar, _NOT_FETCHED)
    return {href: Etag("") for href in failing if href in delta.listed}


async def _is_writable(world: World, before: CalendarState) -> bool | None:
    """What the server says of the right to write, to be shown; whether a write works only shows when it is tried."""
    try:
        return (await world.gateway.probe(before.calendar)).writable
    except CalendarUnavailable:
        return before.writable


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
    world: World,
    calendar: CalendarName,
    listing: changes.ListingChanges,
    delta: Delta,
    known: Container[Href],
    now: datetime,
) -> bool:
    """Bring into the mirror what changed in a calendar, with all that follows from it. Whether that was all."""
    unwanted = await disowned.of(world, calendar)
    was_mapped = calendar in mapped(world)
    whole = True
    async with _fetching(world, calendar, listing.to_fetch, now) as fetching:
        async for lot in fetching:
            kept = [one for one in lot.stored if one.uid not in unwanted or not await _deleted(world, one)]
            stored = await _bounded(world, calendar, kept)
            await uninvited.note(world, calendar, stored)
            for portion in _portions(stored):
                if lot.makes_way:
                    await world.precedence.make_way()
                if was_mapped and calendar not in mapped(world):
                    raise _Unmapped
                await mirror(world, calendar, portion, [], now)
            found = {one.href for one in lot.stored} | lot.failed
            if gone := [href for href in lot.hrefs if href not in found and href in known]:
                await mirror(world, calendar, [], gone, now)
            for href in sorted(lot.failed):
                whole &= await _set_aside(world, calendar, href, delta.listed.get(href))
    for hrefs in lots(listing.gone, _FETCH):
        await mirror(world, calendar, [], hrefs, now)
    return whole


@dataclass(frozen=True, slots=True)
class _Lot:
    """Objects that were asked for, and what came of it."""

    hrefs: Sequence[Href]
    stored: Sequence[StoredObject]
    failed: frozenset[Href]
    makes_way: bool  # for whom people wait


def _portions(stored: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    portion: list[StoredObject] = []
    rows = 0
    for one in stored:
        rows += 1 + len(one.occurrences)
        if portion and rows > _ROWS:
            yield portion
            portion, rows = [], 1 + len(one.occurrences)
        portion.append(one)
    if portion:
        yield portion


@asynccontextmanager
async def _fetching(
    world: World, calendar: CalendarName, hrefs: Sequence[Href], now: datetime
) -> AsyncIterator[AsyncIterator[_Lot]]:
    """Objects lot by lot, in order; while one is put into the mirror, the next are on their way."""
    ahead: deque[asyncio.Task[_Lot]] = deque()

    async def fetch(lot: Sequence[Href]) -> _Lot:
        fetched = await world.gateway.fetch(calendar, lot)
        makes_way = len(hrefs) > LOT or sum(len(one.data) for one in fetched.objects) > _LARGE
        # One at a time, of all calendars: threads that parse side by side get no more done, and each of them keeps the
        # event loop waiting for the interpreter. What is small does not stand in line behind what makes way.
        async with world.locks.hold(_DIGESTING if makes_way else _DIGESTING_LITTLE):
            stored = await digesting.digest(world, calendar, fetched.objects, now, makes_way=makes_way)
        return _Lot(lot, stored, fetched.failed, makes_way)

    async def one_by_one() -> AsyncIterator[_Lot]:
        rest = lots(hrefs, _FETCH)
        while True:
            for lot in islice(rest, _AHEAD - len(ahead)):
                ahead.append(asyncio.create_task(fetch(lot)))
            if not ahead:
                return
            yield await ahead.popleft()

    try:
        yield one_by_one()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _bounded(world: World, calendar: CalendarName, stored: Sequence[StoredObject]) -> list[StoredObject]:
    """Set aside what would have an event in many objects: a UID belongs in one (RFC 4791, 4.1), but not all servers see
    to that, and whatever is done about an event goes through all there is of it."""
    uids = sorted({one.uid for one in stored if one.occurrences})
    numbers = dict(await world.stores.calendars.count_of(calendar, uids, but=[one.href for one in stored]))
    bounded = []
    for one in stored:
        others, own = numbers.get(one.uid, 0), len(one.occurrences)
        if others and own and others + own > _APART:
            bounded.append(StoredObject(calendar, one.href, one.etag, Uid(""), "", False, "too_many_occurrences", ()))
        else:
            numbers[one.uid] = others + own
            bounded.append(one)
    return bounded


async def _set_aside(world: World, calendar: CalendarName, href: Href, etag: Etag | None) -> bool:
    """The server cannot give an object: what is known of it stays, and at the next look it is asked for again. If it
    fails then as well, it is left alone until it changes, or all are compared; whether that is so."""
    kept = await world.stores.calendars.get(calendar, href)
    before = kept or StoredObject(calendar, href, None, Uid(""), "", False, None, ())
    again = before.problem == _NOT_FETCHED
    await world.stores.calendars.put([replace(before, etag=etag if again else None, problem=_NOT_FETCHED)])
    if not again:
        world.log.warning("calendar %s: the server does not give %s, which is set aside", calendar, href)
    return again


async def mirror(
    world: World, calendar: CalendarName, stored: Sequence[StoredObject], gone: Sequence[Href], now: datetime
) -> None:
    """Put objects into the mirror and take others out, and note in the same transaction whom to tell, and what of it
    has to be remembered when."""
    stores = world.stores
    await joining.note(world, calendar, stored)
    replaced = await stores.calendars.uids(calendar, [*gone, *(one.href for one in stored)])
    seen = await announcements.compare(world, calendar, stored, gone, now)
    with world.precedence.writing():
        async with stores.transaction():
            await stores.calendars.put(stored)
            await stores.calendars.remove(calendar, gone)
            # Of what is new and over there is nothing to plan.
            current = {one.uid for one in stored if one.occurrences or one.href in replaced}
            uids = sorted({*current, *replaced.values()})
            await planning.replan(world, calendar, uids, now, written=stored)
            await announcements.note(world, calendar, seen, now)
    world.passed("calendar.mirrored")


async def _deleted(world: World, one: StoredObject) -> bool:
    """Delete what was said not to be written; what somebody has changed meanwhile is theirs and stays."""
    wanted = await disowned.is_wanted(world, one.calendar, one.uid)
    await disowned.own(world, one.calendar, one.uid)
    if wanted:
        return False
    try:
        await world.gateway.delete(one.calendar, one.href, one.etag)
    except (PreconditionFailed, CalendarReadOnly):
        await announcements.give_up(world, one.calendar, one.uid)  # nobody takes it for what was asked for
        return False
    return True


def lots(things: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(things)
    while lot := list(islice(rest, size)):
        yield lot
