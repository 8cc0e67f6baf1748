"""Finding a time: searched in what is known of people's free time, then booked by whoever asked, or voted on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from calbot.core import commands, freeslots, identity, messages
from calbot.core.ask import Ask
from calbot.core.commands import USUAL, Find, Misunderstood, New
from calbot.core.dates import At
from calbot.core.freeslots import Frame, Slot
from calbot.core.i18n import Reader
from calbot.core.messages import Inquiry
from calbot.core.model import Busy, Message, Timed, UserId, instants
from calbot.core.settings import Hours, Resource, Room
from calbot.errors import Code, UserError

from . import creating, freebusy, listings, people, places, polls, resources
from .readings import context_of
from .requests import Asked, Picks, Reply, Request
from .world import World

_MOST_DAYS: Final = 60
_EVERYBODY: Final = 20  # people in a room up to which all of them are meant by nobody
_MOST_PEOPLE: Final = 50
_NOTICE: Final = timedelta(minutes=10)  # nobody comes at once, and who asked still has to choose
_HALF_A_DAY: Final = timedelta(hours=6)
_ASK: Final = "slots"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class _Search:
    """Who has to come, who may, and what was found out about when they can."""

    room: Room
    required: tuple[UserId, ...]
    optional: tuple[UserId, ...]
    busy: Mapping[UserId, Sequence[Busy] | None]
    inquiry: Inquiry
    frame: Frame
    blocked: tuple[Busy, ...]


async def find(world: World, request: Request, command: Find) -> Reply | None:
    """The times found, to choose from; with an answer, the event at the time chosen; with `poll`, a vote on them."""
    if command.poll is not None:
        await _open_poll(world, request, command)
        return None
    shown = request.picks.recall(_ASK)
    if shown is not None and shown[1]:
        return await _book(world, request, command, _read_memo(shown[0])[shown[1] - 1])
    search = await _search(world, request, command)
    if shown is None:
        found = await _slots(search)
    else:
        # What was said already has to be said again the same, even if people have become busy meanwhile.
        found = tuple(_rated(when, search) for when in _read_memo(shown[0]))
    message = messages.slots(request.reader, found, search.inquiry)
    if not found:
        return Reply(message)
    choices = tuple(At(slot.start, slot.end) for slot in found)
    raise Asked(Ask(_ASK, choices, memo=_memo(found)), message)


def withdrawn(reader: Reader, picks: Sequence[tuple[str, int]]) -> Message | None:
    """What becomes of a list of times that nobody chose from; None if the question was another."""
    shown = Picks(picks).recall(_ASK)
    return None if shown is None else messages.slots_over(reader, _read_memo(shown[0]))


def _memo(found: Sequence[Slot]) -> str:
    return json.dumps([[int((moment - _EPOCH).total_seconds()) for moment in (one.start, one.end)] for one in found])


def _read_memo(memo: str) -> tuple[Timed, ...]:
    """The times that were shown, in the order of their numbers."""
    return tuple(
        Timed(_EPOCH + timedelta(seconds=start), _EPOCH + timedelta(seconds=end)) for start, end in json.loads(memo)
    )


# ------------------------------------------------------------------------------------------------------------ searching


async def _search(world: World, request: Request, command: Find) -> _Search:
    """Everything that a search has to know; UserError where that makes no sense or nobody may know it."""
    room, required, optional = await _who(world, request, command)
    resource = resources.named(world, command.resource) if command.resource else None
    frame, start, end = await _frame(world, request, room, command)
    everybody = (*required, *optional)
    known, taken, known_as, as_of = await asyncio.gather(
        freebusy.look(world, room, everybody, start, end, within=freebusy.FOR_A_SEARCH),
        _taken(world, resource, start, end),
        people.names(world, room.id),
        listings.stale_since(world, room.calendars),
    )
    inquiry = Inquiry(
        duration=command.duration,
        people=everybody,
        names=known_as,
        direct=request.place.direct,
        unknown=tuple(user for user, one in known.items() if one is None),
        by_calendars=tuple(user for user, one in known.items() if one is not None and not one.fully),
        resource=resource.name if resource else "",
        resource_known=taken is not None,
        as_of=as_of,
    )
    busy = {user: None if one is None else one.busy for user, one in known.items()}
    return _Search(room, required, optional, busy, inquiry, frame, tuple(taken or ()))


async def _taken(world: World, resource: Resource | None, start: datetime, end: datetime) -> Sequence[Busy] | None:
    return () if resource is None else await resources.busy(world, resource, start, end)


async def _who(world: World, request: Request, command: Find) -> tuple[Room, tuple[UserId, ...], tuple[UserId, ...]]:
    """In which of the mapped rooms to look, and for whom: those named and the sender, or all who are in the room."""
    named = (*command.required, *command.optional)
    rooms = request.place.mapped
    if command.calendar is not None:
        rooms = (places.calendar_for_writing(request, command.calendar)[0],)
    if len(named) > _MOST_PEOPLE:
        raise UserError(Code.LIMIT, "find_too_many", maximum=_MOST_PEOPLE)
    room = await _room_of(world, rooms, named)
    if named:
        optional = tuple(user for user in command.optional if user != world.chat.user)
        required = dict.fromkeys((request.sender, *command.required))
        return room, tuple(user for user in required if user not in {world.chat.user, *optional}), optional
    if request.place.direct:
        return room, (request.sender,), ()
    members = [member.user for member in await world.chat.members(room.id) if member.user != world.chat.user]
    if len(members) > _EVERYBODY:
        raise UserError(Code.LIMIT, "find_whom", number=len(members), maximum=_EVERYBODY)
    return room, tuple(dict.fromkeys((request.sender, *members))), ()


async def _room_of(world: World, rooms: Sequence[Room], named: Sequence[UserId]) -> Room:
    """The first of these rooms that all of them are in, with the calendars of all such rooms; the first at all where
    there is none, to be refused there."""
    shared = [room for room in rooms if await _are_in(world, room, named)]
    if not shared:
        return rooms[0]
    return replace(shared[0], calendars=tuple(dict.fromkeys(name for room in shared for name in room.calendars)))


async def _are_in(world: World, room: Room, named: Sequence[UserId]) -> bool:
    return not named or {member.user for member in await world.chat.members(room.id)}.issuperset(named)


async def _frame(world: World, request: Request, room: Room, command: Find) -> tuple[Frame, datetime, datetime]:
    """What slots have to be like, and of which time one has to know who is busy."""
    defaults = world.settings.defaults
    today = request.now.astimezone(room.timezone).date()
    first, last = command.window or (today, today + USUAL)
    if (last - first).days > _MOST_DAYS:
        raise UserError(Code.LIMIT, "find_window", maximum=_MOST_DAYS)
    hours = _hours(defaults.working_hours, *command.hours)
    if command.duration > _length(hours):
        raise UserError(Code.LIMIT, "find_longer_than_hours", start=f"{hours.start:%H:%M}", end=f"{hours.end:%H:%M}")
    now = max(request.now, world.clock())
    start = max(datetime.combine(first, time(), tzinfo=room.timezone), now + _NOTICE)
    end = datetime.combine(last, time(), tzinfo=room.timezone)
    if end <= now:
        raise UserError(Code.IN_PAST, "find_in_past")
    days = await asyncio.to_thread(  # the holidays of a year are computed when they are first asked for
        freeslots.days_to_meet, max(first, today), last, defaults.working_days, defaults.holidays
    )
    if hours.end <= hours.start:
        end += timedelta(days=1)
    frame = Frame(days, hours, room.timezone, command.duration, start, command.buffer)
    return frame, start - command.buffer, end + command.buffer


def _hours(working: Hours, after: time | None, before: time | None) -> Hours:
    """The working hours after or before a time; where they have none there, who asks for it means half a day of it."""
    start = working.start if after is None else after
    end = working.end if before is None else before
    over_midnight = working.end <= working.start
    if (after is None) != (before is None) and end <= start and not over_midnight:
        day = datetime.combine(date.min + timedelta(days=1), end if after is None else start)
        return Hours((day - _HALF_A_DAY).time(), end) if after is None else Hours(start, (day + _HALF_A_DAY).time())
    return Hours(start, end)


def _length(hours: Hours) -> timedelta:
    start, end = (timedelta(hours=one.hour, minutes=one.minute) for one in (hours.start, hours.end))
    return end - start if start < end else end - start + timedelta(days=1)


async def _slots(search: _Search) -> tuple[Slot, ...]:
    return await asyncio.to_thread(
        freeslots.search,
        search.frame,
        search.busy,
        required=search.required,
        optional=search.optional,
        blocked=search.blocked,
    )


def _rated(when: Timed, search: _Search) -> Slot:
    return freeslots.rate(
        when.start,
        when.end,
        search.busy,
        required=search.required,
        optional=search.optional,
        buffer=search.frame.buffer,
    )


# ------------------------------------------------------------------------------------------------- what becomes of them


async def _book(world: World, request: Request, command: Find, when: Timed) -> Reply:
    """The event at a time that was found. Who has become busy meanwhile is said on its card."""
    room, required, optional = await _who(world, request, command)
    chosen = New(
        title=command.title or request.reader.catalog.text("slots.default_title"),
        when=At(when.start.astimezone(room.timezone), when.end.astimezone(room.timezone)),
        attendees=required,
        optional=optional,
        location=command.location,
        description=command.description,
        calendar=command.calendar or room.write_to,
        resource=command.resource,
    )
    return await creating.new(world, request, chosen)


async def _open_poll(world: World, request: Request, command: Find) -> None:
    """A poll over the times found. A repeat takes those of the poll that an earlier run recorded."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "poll_needs_room")
    known = await world.stores.polls.get(identity.poll_key(request.event.id))
    zone = request.reader.zone
    if known is not None:
        times = [instants(option.when, zone) for option in known.options if option.when is not None]
        required, optional = known.required, known.optional
    else:
        search = await _search(world, request, command)
        times = sorted((slot.start, slot.end) for slot in await _slots(search))
        required, optional = search.required, search.optional
        if len(times) < 2:
            raise UserError(Code.NOT_FOUND, "find_too_few_for_poll")
    title = command.title or request.reader.catalog.text("slots.default_title")
    local = [(start.astimezone(zone), end.astimezone(zone)) for start, end in times]
    others = tuple(user for user in required if user != request.sender)
    poll = commands.poll_over(command, title, local, others, optional, context_of(request))
    if isinstance(poll, Misunderstood):
        raise UserError(poll.code, poll.reason, **poll.params)
    await polls.open_poll(world, request, poll)
