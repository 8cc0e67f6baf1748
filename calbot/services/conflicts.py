"""What is in the way of an event: others of the room at that time, and people who are busy then.

Warnings; about people who have to be there, a question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from calbot.core import messages
from calbot.core.ask import Say
from calbot.core.attendance import takes_time
from calbot.core.busy import without
from calbot.core.model import AllDay, CalendarName, Occurrence, Timed, Uid, UserId, When, instants
from calbot.core.settings import Room

from . import consent, freebusy, people
from .requests import Request
from .world import World

_LOOKED_AT: Final = 50  # events out of a file
_SHOWN: Final = 3  # events named in a warning


async def of_new(
    world: World,
    request: Request,
    room: Room,
    when: When,
    users: Sequence[UserId],
    *,
    calendar: CalendarName,
    uid: Uid,
    required: Collection[UserId] = (),
) -> list[Say]:
    """Warnings for an event that is about to be written. Asked or Declined where some of `required` are busy."""
    found = await _events(world, room, when, uid)
    if await world.stores.calendars.by_uid(calendar, uid) is not None:
        return _named(request, found.timed)  # a repeat: people are busy because of the event itself
    return await _all(world, request, room, when, users, required, found)


async def of_move(
    world: World,
    request: Request,
    room: Room,
    old: Occurrence,
    when: When,
    users: Sequence[UserId],
    *,
    required: Collection[UserId] = (),
) -> list[Say]:
    """Warnings for the new time of an event, which is not in its own way; as above."""
    found = await _events(world, room, when, old.uid)
    if request.before is not None:
        return _named(request, found.timed)  # a repeat, as above
    return await _all(world, request, room, when, users, required, found, moving=old)


async def of_import(
    world: World, request: Request, room: Room, events: Sequence[Occurrence], users: Sequence[UserId]
) -> list[Say]:
    """Warnings for events out of a file: of one, what is in its way; of several, how many have something there."""
    if len(events) == 1:
        (one,) = events
        found = await _events(world, room, one.when, one.uid)
        return await _all(world, request, room, one.when, users, (), found)
    ahead = [one for one in events if instants(one.when, room.timezone)[1] > request.now][:_LOOKED_AT]
    number = sum([bool((await _events(world, room, one.when, one.uid)).timed) for one in ahead])
    return [Say("import_conflicts", {"number": number})] if number else []


async def of_added(world: World, request: Request, room: Room, old: Occurrence, users: Sequence[UserId]) -> list[Say]:
    """Who of those that are added to an event, and were not on it, is busy then."""
    if not users or request.before is not None:
        return []
    busy = await freebusy.busy_people(world, room, users, old.when)
    known_as = await people.names(world, room.id) if busy else {}
    return [messages.busy_note(request.reader, [known_as.get(user, user) for user in busy])] if busy else []


async def _all(
    world: World,
    request: Request,
    room: Room,
    when: When,
    users: Sequence[UserId],
    required: Collection[UserId],
    found: _Found,
    *,
    moving: Occurrence | None = None,
) -> list[Say]:
    """The events that are in the way, and who is busy besides: nobody is named for an event that is."""
    busy = await freebusy.busy_people(world, room, users, when, ignoring=moving)
    known_as = await people.names(world, room.id) if busy else {}

    def note(users: Iterable[UserId]) -> Say:
        return messages.busy_note(request.reader, [known_as.get(user, user) for user in users])

    asks = any(user in required and user != request.sender for user in busy)
    consent.to_meet_busy_people(request, str(note(busy).params["names"]) if asks else "", when, moving=moving)
    # What lasts all day is in the way of those only whose time it takes.
    days = [one for one in found.days if (await freebusy.taken_by(world, room, [one], busy))] if busy else []
    named = [*found.timed, *days][:_SHOWN]
    taken = await freebusy.taken_by(world, room, named, busy)
    theirs = {user: [(one.start, one.end) for one in taken.get(user, ())] for user in busy}
    if request.sender in theirs:  # who need not be on an event to know of it
        theirs[request.sender] = [instants(one.when, room.timezone) for one in named]
    others = [user for user, times in busy.items() if any(without(times, theirs[user]))]
    return [*_named(request, named), *([note(others)] if others else [])]


@dataclass(frozen=True, slots=True)
class _Found:
    """What else the room has at a time, apart what lasts all day."""

    timed: tuple[Occurrence, ...] = ()
    days: tuple[Occurrence, ...] = ()


async def _events(world: World, room: Room, when: When, uid: Uid) -> _Found:
    """What takes time then. An event of whole days takes nobody's time."""
    if isinstance(when, AllDay):
        return _Found()
    there = await world.stores.calendars.occurrences(room.calendars, when.start, when.end)
    others = {
        one.id: one
        for one in there
        if one.uid != uid
        and takes_time(one)
        and instants(one.when, room.timezone)[0] < when.end
        and when.start < instants(one.when, room.timezone)[1]
    }
    return _Found(
        tuple(one for one in others.values() if isinstance(one.when, Timed)),
        tuple(one for one in others.values() if isinstance(one.when, AllDay)),
    )


def _named(request: Request, events: Sequence[Occurrence]) -> list[Say]:
    return [messages.conflict_note(request.reader, one) for one in events[:_SHOWN]]
