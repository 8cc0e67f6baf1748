"""When people of a room are busy. Times only: nothing here learns or tells what takes place.

Only members of the room are asked about. What their own server says comes first; what the room's calendars say of
them is added to it, and is all there is where no server can be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calbot.core.attendance import busy_by_events
from calbot.core.busy import LONGEST, Span, Spans, bounded, merged, without
from calbot.core.model import (
    AccountName,
    AllDay,
    Busy,
    CalendarName,
    Occurrence,
    UserId,
    When,
    instants,
)
from calbot.core.poll_model import Option
from calbot.core.settings import FreeBusy, Hours, Room
from calbot.errors import CalendarUnavailable, Code, UserError

from . import people
from .world import World

FOR_A_SEARCH: Final = timedelta(seconds=10)
FOR_A_HINT: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody. `fully`: by their own server or calendar; otherwise by the room's calendars alone."""

    busy: tuple[Busy, ...]
    fully: bool


async def look(
    world: World,
    room: Room,
    users: Sequence[UserId],
    start: datetime,
    end: datetime,
    *,
    within: timedelta,
) -> Mapping[UserId, Known | None]:
    """When these members of the room are busy between `start` and `end`; None for whom nothing is known.

    The time is cut to `core.busy.LONGEST`. What servers do not tell `within` theirs is left out. UserError (forbidden)
    for somebody who is not in the room.
    """
    members = {member.user for member in await world.chat.members(room.id)}
    for user in users:
        if user not in members:
            raise UserError(Code.FORBIDDEN, "free_time_of_others", name=user)
    return await _look(world, room, users, *bounded(start, end), within=within)


async def _look(
    world: World,
    room: Room,
    users: Sequence[UserId],
    start: datetime,
    end: datetime,
    *,
    within: timedelta,
    ignoring: Occurrence | None = None,
) -> Mapping[UserId, Known | None]:
    """What all sources tell of these members. `ignoring`: an event that does not count, as one that is being moved."""
    calendars = _calendars_to_ask(world, room)
    if not calendars or not users:
        return dict.fromkeys(users)
    addresses = {user: people.address(world, user) for user in users}
    told, summed, (seen, complete) = await asyncio.gather(
        _by_outbox(world, calendars, addresses, start, end, within),
        _by_query(world, calendars, addresses, start, end, within),
        _by_events(world, room, calendars, addresses, start, end, ignoring),
    )
    spans = [instants(ignoring.when, room.timezone)] if ignoring is not None else []

    def known(user: UserId, address: str | None) -> Known | None:
        fully = [source[address] for source in (told, summed) if address is not None and address in source]
        times = [*(one for periods in fully for one in without(periods, spans)), *seen.get(user, ())]
        busy = merged(times, start, end)
        return Known(busy, fully=bool(fully)) if fully or complete or busy else None

    def together() -> dict[UserId, Known | None]:
        return {user: known(user, address) for user, address in addresses.items()}

    return await asyncio.to_thread(together)  # a server may tell ten thousand times of each


async def hints(
    world: World, room: Room, options: Sequence[Option], users: Sequence[UserId]
) -> Mapping[str, tuple[int, int]]:
    """By option id: how many of these people are free, of those who are known. Nothing where nobody is known.

    Quick rather than complete: slow servers do not count, options too far ahead have no hint. A whole day is free for
    who has nothing in the working hours.
    """
    asked = await _members_among(world, room, users)
    hours = world.settings.defaults.working_hours
    spans = {
        option.id: _spans_of(option.when, hours, room)
        for option in options
        if option.when is not None and instants(option.when, room.timezone)[1] > world.clock()
    }
    if not asked or not spans:
        return {}
    start = min(begin for times in spans.values() for begin, _ in times)
    spans = {id: times for id, times in spans.items() if times[-1][1] <= start + LONGEST}
    end = max((last for times in spans.values() for _, last in times), default=start)
    known = await _look(world, room, asked, *bounded(start, end), within=FOR_A_HINT)
    people = [one.busy for one in known.values() if one is not None]
    return await asyncio.to_thread(_free_at, spans, people) if people else {}


def _free_at(spans: Mapping[str, Sequence[Span]], people: Sequence[Sequence[Busy]]) -> Mapping[str, tuple[int, int]]:
    """By option: how many of these people have nothing in its times, of all."""
    taken = [Spans((one.start, one.end) for one in busy) for busy in people]
    return {
        id: (sum(not any(one.hits(*span) for span in wanted) for one in taken), len(taken))
        for id, wanted in spans.items()
    }


async def busy_people(
    world: World, room: Room, users: Sequence[UserId], when: When, *, ignoring: Occurrence | None = None
) -> Mapping[UserId, tuple[Busy, ...]]:
    """Who of these people, as far as they are members of the room, is busy at the time of an event, and when; for a
    warning."""
    if isinstance(when, AllDay):
        return {}
    asked = await _members_among(world, room, users)
    start, end = instants(when, room.timezone)
    if not asked or end <= start:
        return {}
    known = await _look(world, room, asked, *bounded(start, end), within=FOR_A_HINT, ignoring=ignoring)
    surely = {user: tuple(b for b in one.busy if not b.tentative) for user, one in known.items() if one is not None}
    return {user: busy for user, busy in surely.items() if busy}


async def taken_by(
    world: World, room: Room, events: Sequence[Occurrence], users: Iterable[UserId]
) -> Mapping[UserId, Sequence[Busy]]:
    """Whose time these events of the room take, and when."""
    addresses = {user: people.address(world, user) for user in users}
    owners = {one.calendar: _owner(world, one.calendar) for one in events}
    return await asyncio.to_thread(busy_by_events, events, addresses, owners, room.timezone)


async def _members_among(world: World, room: Room, users: Sequence[UserId]) -> list[UserId]:
    members = {member.user for member in await world.chat.members(room.id)}
    return [user for user in dict.fromkeys(users) if user in members and user != world.chat.user]


def _calendars_to_ask(world: World, room: Room) -> list[CalendarName]:
    """The room's calendars, but those whose account must not be asked for free time."""
    settings = world.settings
    return [
        name
        for name in room.calendars
        if settings.accounts[settings.calendars[name].account].freebusy is FreeBusy.MEMBERS
    ]


async def by_outboxes(
    world: World,
    accounts: Sequence[AccountName],
    addresses: Sequence[str],
    start: datetime,
    end: datetime,
    within: timedelta,
) -> dict[str, Sequence[Busy]]:
    """What the accounts' servers tell of people or resources; of each what the first that knows them says. Once all are
    told of, the others are not waited for: a slow server must not delay what others know.
    """

    async def ask(account: AccountName) -> Mapping[str, Sequence[Busy] | None]:
        try:
            return await asyncio.wait_for(
                world.gateway.free_busy(account, addresses, start, end), within.total_seconds()
            )
        except (asyncio.TimeoutError, CalendarUnavailable) as error:
            world.log.info("account %s tells no free times: %s", account, error or type(error).__name__)
            return {}

    asking = [asyncio.ensure_future(ask(account)) for account in accounts] if addresses else []
    told: dict[str, Sequence[Busy]] = {}
    try:
        waiting: Iterable[asyncio.Future[Mapping[str, Sequence[Busy] | None]]] = asking
        while waiting and not told.keys() >= set(addresses):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for answer in (one.result() for one in asking if one in done):
                for address, periods in answer.items():
                    if periods is not None:
                        told.setdefault(address, periods)
    finally:
        for one in asking:
            one.cancel()
    return told


async def _by_outbox(
    world: World,
    calendars: Sequence[CalendarName],
    addresses: Mapping[UserId, str | None],
    start: datetime,
    end: datetime,
    within: timedelta,
) -> Mapping[str, Sequence[Busy]]:
    accounts = list(dict.fromkeys(world.settings.calendars[name].account for name in calendars))
    asked = list(dict.fromkeys(address for address in addresses.values() if address is not None))
    return await by_outboxes(world, accounts, asked, start, end, within)


async def _by_query(
    world: World,
    calendars: Sequence[CalendarName],
    addresses: Mapping[UserId, str | None],
    start: datetime,
    end: datetime,
    within: timedelta,
) -> Mapping[str, Sequence[Busy]]:
    """Of those people to whom one of the calendars belongs, what it says by itself."""
    owned = [name for name in calendars if _owner(world, name) in addresses.values()]

    async def ask(calendar: CalendarName) -> Sequence[Busy] | None:
        try:
            return await asyncio.wait_for(world.gateway.free_busy_query(calendar, start, end), within.total_seconds())
        except (asyncio.TimeoutError, CalendarUnavailable) as error:
            world.log.info("calendar %s tells no free times: %s", calendar, error or type(error).__name__)
            return None

    answers = await asyncio.gather(*(ask(name) for name in owned))
    return {_owner(world, name): periods for name, periods in zip(owned, answers, strict=True) if periods is not None}


def _owner(world: World, calendar: CalendarName) -> str:
    """Whose calendar it is: the organizer that it was given, if that is nobody but the account itself."""
    organizer = world.settings.calendars[calendar].organizer.lower()
    account = world.settings.accounts[world.settings.calendars[calendar].account]
    return organizer if organizer != account.address.lower() else ""


async def _by_events(
    world: World,
    room: Room,
    calendars: Sequence[CalendarName],
    addresses: Mapping[UserId, str | None],
    start: datetime,
    end: datetime,
    ignoring: Occurrence | None,
) -> tuple[Mapping[UserId, Sequence[Busy]], bool]:
    """What the room's own calendars say of these people, and whether they are all there up to `end`."""
    states = [await world.stores.calendars.state(name) for name in calendars]
    complete = all(state.synced_at is not None and (state.horizon is None or end <= state.horizon) for state in states)
    there = await world.stores.calendars.occurrences(calendars, start, end)
    others = [one for one in there if ignoring is None or one.id != ignoring.id]
    owners = {name: _owner(world, name) for name in calendars}
    return await asyncio.to_thread(busy_by_events, others, addresses, owners, room.timezone), complete


def _spans_of(when: When, hours: Hours, room: Room) -> list[Span]:
    """The time of an option; of whole days the working hours."""
    if not isinstance(when, AllDay):
        return [instants(when, room.timezone)]
    over_midnight = timedelta(days=1) if hours.end <= hours.start else timedelta()
    days = [when.start + timedelta(days=number) for number in range(max(1, (when.end - when.start).days))]
    return [
        (
            datetime.combine(day, hours.start, tzinfo=room.timezone),
            datetime.combine(day + over_midnight, hours.end, tzinfo=room.timezone),
        )
        for day in days
    ]
