"""What is on the calendars of a place: the agenda of some days, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from calbot.core import messages
from calbot.core.commands import List, Next
from calbot.core.model import AllDay, CalendarName, Occurrence, Status, Uid, instants
from calbot.ports import Listed

from .requests import Reply, Request
from .world import World

_SHOWN: Final = 20  # events of one agenda
_DAYS: Final = 7  # of an agenda without a window
_AHEAD: Final = timedelta(days=180)  # a search without a window looks this far


async def agenda(world: World, request: Request, command: List) -> Reply:
    """The events of a window, numbered."""
    today = request.now.date()
    days = _AHEAD if command.search else timedelta(days=_DAYS)
    first, last = command.window or (today, today + days)
    last -= timedelta(days=1)
    start, end = _instants(request, first, last)
    since = request.now if command.window is None else start
    found = [
        one
        for one in await world.stores.calendars.occurrences(
            request.place.calendars, start, end, search=command.search or None
        )
        if one.details.status is not Status.CANCELLED and _overlaps(one, since, end, request)
    ]
    found = sorted(_once(found), key=partial(messages.agenda_order, request.reader))
    if command.search and command.window is None:
        # Of a series that matches, the next time is what was looked for, not the twenty after it.
        found = [*_first_of_each(found)]
    items = list(enumerate(found[:_SHOWN], 1))
    message = messages.agenda(
        request.reader,
        items,
        window=(first, last),
        search=command.search or None,
        rest=found[_SHOWN:],
        as_of=await stale_since(world, request.place.calendars),
        with_calendar=len(request.place.calendars) > 1,
    )
    return Reply(message, listed=tuple(Listed(number, one.calendar, one.id) for number, one in items))


async def next_meeting(world: World, request: Request, _: Next) -> Reply:
    """What is going on now or comes next."""
    horizon = request.now + world.settings.sync.horizon
    calendars = request.place.calendars
    coming = (
        one
        for one in await world.stores.calendars.occurrences(calendars, request.now, horizon, limit=50)
        if one.details.status is not Status.CANCELLED and _overlaps(one, request.now, horizon, request)
    )
    # What lasts all day is going on anyway; somebody who asks what is next wants to know where to go.
    ordered = sorted(coming, key=lambda one: (isinstance(one.when, AllDay), instants(one.when, request.reader.zone)))
    as_of = await stale_since(world, calendars)
    if not ordered:
        return Reply(messages.next_meeting(request.reader, None, as_of=as_of))
    first = ordered[0]
    message = messages.next_meeting(request.reader, first, calendar_title=first.calendar, as_of=as_of)
    return Reply(message, about=(first.calendar, first.id))


async def stale_since(world: World, calendars: Sequence[CalendarName]) -> datetime | None:
    """Since when one of these calendars could not be read; None where all are fresh."""
    states = [await world.stores.calendars.state(name) for name in calendars]
    return min((s.synced_at for s in states if s.problem is not None and s.synced_at is not None), default=None)


def _once(found: Sequence[Occurrence]) -> list[Occurrence]:
    """The same event in two calendars of a room is one event."""
    return list({one.id: one for one in reversed(found)}.values())[::-1]


def _first_of_each(ordered: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """Of each event or series the first, at its place in the order."""
    seen: set[Uid] = set()
    for one in ordered:
        if one.uid not in seen:
            seen.add(one.uid)
            yield one


def _instants(request: Request, first: date, last: date) -> tuple[datetime, datetime]:
    zone = request.reader.zone
    return (
        datetime.combine(first, time.min, tzinfo=zone),
        datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone),
    )


def _overlaps(occurrence: Occurrence, start: datetime, end: datetime, request: Request) -> bool:
    """Whether an occurrence is in a window, for a reader in their zone; a moment without length is."""
    begins, ends = instants(occurrence.when, request.reader.zone)
    return begins < end and (start < ends or begins == ends >= start)
