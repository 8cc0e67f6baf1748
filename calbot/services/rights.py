"""Asks the homeserver and the settings what `core.permissions` has to know to decide."""

from __future__ import annotations

from calbot.core.model import CalendarName, Occurrence, UserId
from calbot.core.people import server_of
from calbot.core.permissions import Action, Actor, Ground, Subject, Verdict, allowed_servers, may
from calbot.core.settings import Access, Room
from calbot.errors import UserError

from . import people
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
    world: World, request: Request, action: Action, calendar: CalendarName | None, subject: Subject | None = None
) -> None:
    """UserError unless the sender may do that in one of the mapped rooms through which they see `calendar`.

    In a direct chat the rights are those in the mapped rooms, and the highest count.
    """
    rooms = [room for room in request.place.mapped if calendar is None or calendar in room.calendars]
    verdict = Verdict()
    for room in rooms:
        verdict = may(actor(world, request.sender), action, await _ground(world, room, calendar), subject)
        if verdict:
            return
    raise UserError(verdict.code, verdict.reason or "not_mapped", needed=verdict.needed or 0)


async def subject(world: World, occurrence: Occurrence) -> Subject:
    """An event, with who made it through the bot."""
    maker = await world.stores.references.maker(occurrence.uid)
    return Subject(maker=maker, details=occurrence.details)


async def ground_of(world: World, request: Request) -> Ground:
    """The room that a request was sent in, mapped or not."""
    here = world.settings.rooms.get(request.place.room)
    power = await world.chat.power_levels(request.place.room)
    return Ground(power, mapped=here is not None) if here is None else Ground(power, here.levels)


async def _ground(world: World, room: Room, calendar: CalendarName | None) -> Ground:
    writable = calendar is None or (calendar not in room.read_only and _is_writable(world, calendar))
    return Ground(power=await world.chat.power_levels(room.id), levels=room.levels, writable=writable)


def _is_writable(world: World, calendar: CalendarName) -> bool:
    """As far as is known: what is refused before a poll is better than what is refused after it."""
    facts = world.gateway.facts(calendar)
    refused = facts is not None and facts.writable is False
    return world.settings.calendars[calendar].access is Access.READ_WRITE and not refused
