"""What is in the way of an event: others of the room at that time, and people who are busy then. Warnings, no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calbot.core import messages
from calbot.core.ask import Say
from calbot.core.attendance import takes_time
from calbot.core.model import AllDay, CalendarName, Occurrence, Timed, Uid, UserId, When, instants
from calbot.core.settings import Room

from . import freebusy, people
from .requests import Request
from .world import World

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
) -> list[Say]:
    """Warnings for an event that is about to be written."""
    found = await _events(world, request, room, when, uid)
    if await world.stores.calendars.by_uid(calendar, uid) is not None:
        return found  # a repeat: people are busy because of the event itself
    return [*found, *await _people(world, request, room, when, users)]


async def of_move(
    world: World, request: Request, room: Room, old: Occurrence, when: When, users: Sequence[UserId]
) -> list[Say]:
    """Warnings for the new time of an event, which is not in its own way."""
    found = await _events(world, request, room, when, old.uid)
    if request.before is not None:
        return found  # a repeat, as above
    return [*found, *await _people(world, request, room, when, users, moving=old)]


async def _people(
    world: World, request: Request, room: Room, when: When, users: Sequence[UserId], *, moving: Occurrence | None = None
) -> list[Say]:
    busy = await freebusy.busy_people(world, room, users, when, ignoring=moving)
    if not busy:
        return []
    known_as = await people.names(world, room.id)
    return [messages.busy_note(request.reader, [known_as.get(user, user) for user in busy])]


async def _events(world: World, request: Request, room: Room, when: When, uid: Uid) -> list[Say]:
    """What else the room has at that time. All-day and transparent events take nobody's time."""
    if isinstance(when, AllDay):
        return []
    found = await world.stores.calendars.occurrences(room.calendars, when.start, when.end)
    others = {
        one.id: one
        for one in found
        if one.uid != uid
        and isinstance(one.when, Timed)
        and takes_time(one)
        and instants(one.when, room.timezone)[0] < when.end
        and when.start < instants(one.when, room.timezone)[1]
    }
    return [messages.conflict_note(request.reader, other) for other in list(others.values())[:_SHOWN]]
