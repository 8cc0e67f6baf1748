"""Asks the homeserver and the settings what `core.permissions` has to know to decide."""

from __future__ import annotations

from calbot.core.model import CalendarName, Occurrence, RoomId, UserId
from calbot.core.people import server_of
from calbot.core.permissions import Action, Actor, Ground, PowerLevels, Subject, Verdict, allowed_servers, may
from calbot.core.settings import Access, Levels, Room
from calbot.errors import Code, UserError

from . import people, places
from .requests import Request
from .world import World


def actor(world: World, user: UserId) -> Actor:
    address = people.address(world, user)
    return Actor(
        user=user,
        admin=user in world.settings.admins,
        foreign=server_of(user) not in allowed_servers(world.settings, world.chat.user),
        addresses=frozenset() if address is None else frozenset({address}),
    )


async def require(
    world: World,
    request: Request,
    action: Action,
    calendar: CalendarName | None,
    subject: Subject | None = None,
    *,
    room: RoomId | None = None,
) -> None:
    """UserError unless the sender may do that in one of the mapped rooms through which they see `calendar`, or in that
    `room` alone, to which belongs what it is about.

    In a direct chat the rights are those in the mapped rooms, and the highest count.
    """
    rooms = [
        one
        for one in request.place.mapped
        if (calendar is None or calendar in one.calendars) and room in (None, one.id)
    ]
    verdict = Verdict("not_mapped", Code.NOT_MAPPED)
    for one in rooms:
        ground = await _ground(world, request.sender, one, calendar)
        verdict = may(actor(world, request.sender), action, ground, subject)
        if verdict:
            return
    enforce(verdict)


def enforce(verdict: Verdict) -> None:
    """UserError where it is a refusal."""
    if verdict.reason is not None:
        raise UserError(verdict.code, verdict.reason, needed=verdict.needed or 0)


async def require_presence(world: World, request: Request) -> None:
    """UserError where the sender of something in a room is no longer in it. What is said may come late."""
    joined = await _is_joined(world, request.place.room, request.sender)
    enforce(may(actor(world, request.sender), Action.READ, Ground(PowerLevels(), joined=joined)))


async def subject(world: World, occurrence: Occurrence) -> Subject:
    """An event, with who made it through the bot."""
    maker = await world.stores.references.maker(occurrence.uid)
    return Subject(maker=maker, details=occurrence.details)


async def ground_of(world: World, request: Request) -> Ground:
    """The room that a request was sent in, mapped or not."""
    here = world.settings.rooms.get(request.place.room)
    power = await world.chat.power_levels(request.place.room)
    joined = await _is_joined(world, request.place.room, request.sender)
    return Ground(power, Levels() if here is None else here.levels, mapped=here is not None, joined=joined)


async def _ground(world: World, user: UserId, room: Room, calendar: CalendarName | None) -> Ground:
    writable = calendar is None or (calendar not in room.read_only and _is_writable(world, calendar))
    joined = await _is_joined(world, room.id, user)
    return Ground(await world.chat.power_levels(room.id), room.levels, writable=writable, joined=joined)


async def _is_joined(world: World, room: RoomId, user: UserId) -> bool:
    """Whether somebody is in a room now. Before that is denied, the server is asked anew: who has just come may write
    before their coming is known here."""
    if user in {member.user for member in await places.members(world, room)}:
        return True
    world.known.forget(room)
    return user in {member.user for member in await places.members(world, room)}


def _is_writable(world: World, calendar: CalendarName) -> bool:
    """As far as is known: what is refused before a poll is better than what is refused after it."""
    facts = world.gateway.facts(calendar)
    refused = facts is not None and facts.writable is False
    return world.settings.calendars[calendar].access is Access.READ_WRITE and not refused
