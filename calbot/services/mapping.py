"""Which calendars a room shows: told, connected and disconnected by command. Each command is safe to repeat."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from calbot.core import commands, messages
from calbot.core import preferences as core
from calbot.core.ask import Ask, Say
from calbot.core.audit import is_pseudonym
from calbot.core.i18n import Reader
from calbot.core.messages import CalendarHere, CalendarSeen, CalendarsHere, MappingPlan
from calbot.core.model import CalendarName, Message, RoomId
from calbot.core.permissions import Ground, Verdict, may_map, may_unmap
from calbot.core.preferences import RoomMapping, writable
from calbot.core.settings import Access, Room, Show
from calbot.errors import Code, NotEncrypted, UserError

from . import (
    agendas,
    feeds,
    holds,
    looking,
    places,
    planning,
    polls_ended,
    preferences,
    replies,
    rights,
    room_notes,
    sync,
)
from .requests import Asked, Declined, Reply, Request
from .world import World

_QUESTION: Final = "map"
_SINCE_THEN: Final = frozenset({"invited", "joined"})  # values of m.room.history_visibility
_NAMED: Final = 10  # calendars that an error names


async def of_file(world: World, room: RoomId) -> Room | None:
    """A room as the configuration has it."""
    return core.of_file(world.in_force.file, room, await world.stores.rooms.successors())


async def lost(world: World, request: Request) -> tuple[Say, ...]:
    """What was connected here by command and is no longer in the configuration, for `status`."""
    return tuple(Say("mapping_lost", {"name": name}) for name in await _lost(world, request.place.room))


async def _lost(world: World, room: RoomId) -> list[CalendarName]:
    records = await world.stores.mappings.of_room(room)
    return [one.calendar for one in records if not one.removed and one.calendar not in world.settings.calendars]


# -------------------------------------------------------------------------------------------------------------- telling


async def calendars(world: World, request: Request) -> Reply:
    """`calendars`: those of the room, and those that the sender may connect to it; alone with the bot, all they see."""
    if request.place.direct:
        await places.require_calendars(world, request.place)
        return Reply(messages.calendars_seen(request.reader, _seen(world, request)))
    room = request.place.room
    await places.require_private(world, room)
    here = world.settings.rooms.get(room)
    records = {one.calendar: one for one in await world.stores.mappings.of_room(room) if not one.removed}
    file = await of_file(world, room)
    names = {member.user: member.name for member in await places.members(world, room)}
    shown = []
    for name in here.calendars if here else ():
        record = None if file is not None and name in file.calendars else records.get(name)
        shown.append(
            CalendarHere(
                name,
                writable=_is_writable(world, here, name),
                busy=world.settings.calendars[name].show is Show.BUSY,
                takes_new=here is not None and here.write_to == name,
                by=None if record is None or is_pseudonym(record.by) else names.get(record.by, record.by),
                at=None if record is None else record.at,
            )
        )
    more = tuple(name for name in await may_connect(world, request) if here is None or name not in here.calendars)
    told = CalendarsHere(tuple(shown), more, tuple(await _lost(world, room)))
    return Reply(messages.calendars_here(request.reader, told))


def _seen(world: World, request: Request) -> Sequence[CalendarSeen]:
    return [
        CalendarSeen(
            name,
            writable=any(_is_writable(world, room, name) for room in request.place.mapped),
            busy=world.settings.calendars[name].show is Show.BUSY,
            rooms=tuple(room.id for room in request.place.mapped if name in room.calendars),
        )
        for name in request.place.calendars
    ]


def _is_writable(world: World, room: Room | None, name: CalendarName) -> bool:
    return room is not None and name in writable(room, world.settings.calendars)


# --------------------------------------------------------------------------------------------------------------- rights


async def may_connect(world: World, request: Request) -> tuple[CalendarName, ...]:
    """The calendars that the sender may connect to the room they write in."""
    ground = await rights.ground_of(world, request)
    return tuple(name for name in world.settings.calendars if _verdict(world, request, ground, name))


def _verdict(world: World, request: Request, ground: Ground, calendar: CalendarName) -> Verdict:
    actor = rights.actor(world, request.sender)
    return may_map(actor, world.settings.calendars[calendar].map, request.place.room, ground)


async def _connectable(world: World, request: Request, said: str) -> CalendarName:
    """The calendar of that name, if the sender may connect it; others they are not told of, not even that they are
    there."""
    ground = await rights.ground_of(world, request)
    verdicts = {name: _verdict(world, request, ground, name) for name in world.settings.calendars}
    allowed = [name for name, verdict in verdicts.items() if verdict]
    found = _called(said, allowed)
    if found is not None:
        return found
    named = [
        name for name in verdicts if name not in allowed and request.sender in world.settings.calendars[name].map.users
    ]
    too_low = _called(said, named)
    if too_low is not None:  # whoever is named there knows of it
        rights.enforce(verdicts[too_low])
    await places.require_private(world, request.place.room)  # before any name is named
    if not allowed:
        raise UserError(Code.FORBIDDEN, "map_not_allowed")
    near = difflib.get_close_matches(said.casefold(), {name.casefold(): name for name in allowed}, n=1, cutoff=0.6)
    if near:
        nearest = next(name for name in allowed if name.casefold() == near[0])
        raise UserError(Code.NOT_FOUND, "map_unknown_near", text=said, near=nearest)
    raise UserError(Code.NOT_FOUND, "map_unknown", text=said, known=", ".join(allowed[:_NAMED]))


def _called(said: str, names: Iterable[CalendarName]) -> CalendarName | None:
    there: Mapping[str, CalendarName] = {name.casefold(): name for name in names}
    return there.get(said.casefold())


# ----------------------------------------------------------------------------------------------------------- connecting


async def connect(world: World, request: Request, command: commands.Map) -> Reply:
    """`map NAME [read-only]`: after the sender has agreed to what will be seen by whom."""
    room = _room(request)
    here = world.settings.rooms.get(room)
    shown = _called(command.name, here.calendars if here else ())
    before = None if shown is None else await _by_command(world, room, shown)
    if before is not None and before.command == request.event.id:
        name = before.calendar  # saved before a crash
    elif before is not None and before.read_only == command.read_only:
        await places.require_private(world, room)
        return Reply(messages.ok(request.reader, "already_mapped", calendar=before.calendar))
    else:
        name = await _connectable(world, request, command.name) if before is None else before.calendar
        rights.enforce(_verdict(world, request, await rights.ground_of(world, request), name))
        await _require_seen_by_few(world, request, name)
        if before is None:
            await _agreed(world, request, name, command)
        saved = RoomMapping(room, name, command.read_only, request.sender, request.now, request.event.id)
        await world.stores.mappings.save(saved)
        world.log.info("%s connected calendar %s to room %s", request.sender, name, room)
        world.passed("mapping.saved")
    ended = await polls_ended.without_calendar(world, room, name) if command.read_only else ()
    await _put_in_force(world, request, name)
    return await _told(world, request, world.settings.rooms.get(room), name, connected=True, ended=ended)


def _room(request: Request) -> RoomId:
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "no_room_here")
    return request.place.room


async def _by_command(world: World, room: RoomId, name: CalendarName) -> RoomMapping:
    """How it was connected, if that was by command; UserError where it stands in the file."""
    file = await of_file(world, room)
    record = next((one for one in await world.stores.mappings.of_room(room) if one.calendar == name), None)
    if record is None or record.removed or (file is not None and name in file.calendars):
        await places.require_private(world, room)
        raise UserError(Code.FORBIDDEN, "mapping_in_file", calendar=name, key=f'rooms["{room}"].calendars')
    return record


async def _require_seen_by_few(world: World, request: Request, calendar: CalendarName) -> None:
    """Refuse where more could be read by others than those meant, or in clear."""
    await places.require_private(world, request.place.room)
    if not request.place.encrypted and await places.is_encrypted_anywhere(world, [calendar]):
        raise NotEncrypted("map_encrypted_elsewhere", calendar=calendar)


async def _agreed(world: World, request: Request, calendar: CalendarName, command: commands.Map) -> None:
    """Asked and Declined unless the sender has said yes to it: they, and the room, know then who sees what."""
    settings = world.settings.calendars[calendar]
    members = await places.members(world, request.place.room)
    facts = await world.chat.exposure(request.place.room)
    is_writable = settings.access is Access.READ_WRITE and not command.read_only
    plan = MappingPlan(
        calendar,
        busy=settings.show is Show.BUSY,
        writable=is_writable,
        people=len([one for one in members if one.user != world.chat.user]),
        silenced=await _silenced(world, request, calendar),
        encrypted=request.place.encrypted,
        history=facts.history_visibility not in _SINCE_THEN,
        takes_new=is_writable and _takes_none(world.settings.rooms.get(request.place.room)),
    )
    # Where anything that it says has changed by then, it is asked anew.
    ask = Ask(_QUESTION, (Say("map"), Say("no_map")), {"calendar": calendar}, memo=repr(plan))
    try:
        declined = request.picks.take(ask)
    except Asked:
        question = messages.mapping_question(request.reader, ask, plan).mentioning(request.sender)
        raise Asked(ask, question) from None
    if declined:
        raise Declined(messages.ok(request.reader, "not_connected", calendar=calendar))


def _takes_none(room: Room | None) -> bool:
    """Whether it shows calendars, and new events go to none of them."""
    return room is not None and bool(room.calendars) and room.write_to is None


async def _silenced(world: World, request: Request, calendar: CalendarName) -> int:
    """In how many rooms that are not encrypted nothing is said any more, once an encrypted one has the calendar."""
    others = world.settings.rooms_of(calendar)
    if not request.place.encrypted or await places.is_encrypted_anywhere(world, [calendar]):
        return 0
    return len(others)


# -------------------------------------------------------------------------------------------------------- disconnecting


async def disconnect(world: World, request: Request, command: commands.Unmap) -> Reply:
    """`unmap NAME`: nothing of it is said here any more. Allowed in rooms that are exposed, too: it only takes away."""
    room = _room(request)
    here = world.settings.rooms.get(room)
    records = await world.stores.mappings.of_room(room)
    removed = next((one for one in records if one.removed and one.command == request.event.id), None)
    if removed is None:  # otherwise that was before a crash
        before = await _by_command(world, room, await _connected_here(world, request, command.name))
        configured = world.settings.calendars.get(before.calendar)
        actor, ground = rights.actor(world, request.sender), await rights.ground_of(world, request)
        rights.enforce(may_unmap(actor, configured.map if configured is not None else None, room, ground))
        removed = replace(before, removed=True, by=request.sender, at=request.now, command=request.event.id)
        await world.stores.mappings.save(removed)
        world.log.info("%s disconnected calendar %s from room %s", request.sender, removed.calendar, room)
        world.passed("mapping.removed")
    ended = await polls_ended.without_calendar(world, room, removed.calendar)
    await _put_in_force(world, request, removed.calendar)
    await feeds.disconnected(world, room)
    return await _told(world, request, here, removed.calendar, connected=False, ended=ended)


async def _connected_here(world: World, request: Request, said: str) -> CalendarName:
    """The calendar of that name that is connected here."""
    room, here = request.place.room, world.settings.rooms.get(request.place.room)
    shown = here.calendars if here is not None else ()
    name = _called(said, (*shown, *await _lost(world, room)))
    if name is None:
        if not shown:
            raise UserError(Code.NOT_MAPPED, "not_mapped")
        await places.require_private(world, room)  # before any name is named
        raise UserError(Code.NOT_FOUND, "unmap_unknown", text=said, known=", ".join(shown))
    return name


# ------------------------------------------------------------------------------------------------------------ both ways


async def _put_in_force(world: World, request: Request, calendar: CalendarName) -> None:
    """Let a changed mapping have all that follows from it."""
    planned = await world.stores.calendars.upcoming_uids(world.clock(), [calendar])
    await agendas.catch_up(world)
    await preferences.put_in_force(world)
    kept = set(await world.stores.calendars.calendars())
    mapped = set(sync.mapped(world))
    if (calendar in mapped and calendar not in kept) or kept - mapped:
        await looking.start(world)
        await replies.begin(world)
    await planning.replan_room(world, request.place.room, request.now)
    if calendar in mapped:
        looking.look_soon(world, calendar)
    else:
        await planning.replan_events(world, planned, request.now)
    await agendas.arm(world)
    await holds.resume(world)  # those of polls that ended with it are removed


async def _told(
    world: World,
    request: Request,
    room: Room | None,
    calendar: CalendarName,
    *,
    connected: bool,
    ended: Sequence[str] = (),
) -> Reply:
    """The answer, and the same for the room where that is in another language, or in a thread."""
    name = await world.chat.display_name(request.place.room, request.sender)
    is_writable = connected and _is_writable(world, room, calendar)
    others = room is not None and any(_is_writable(world, room, one) for one in room.calendars if one != calendar)
    takes_new = is_writable and room is not None and len(room.calendars) > 1 and not others
    configured = world.settings.calendars.get(calendar)
    is_busy = configured is not None and configured.show is Show.BUSY

    def said(reader: Reader) -> Message:
        if connected:
            return messages.connected(
                reader,
                calendar,
                by=name,
                writable=is_writable,
                busy=is_busy,
                takes_new=takes_new,
                ended_polls=ended,
            )
        return messages.disconnected(reader, calendar, by=name, ended_polls=ended)

    await room_notes.tell(world, request, room, said)
    return Reply(said(request.reader))
