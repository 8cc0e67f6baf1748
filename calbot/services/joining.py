"""Puts join links into events in which somebody typed `@matrix` as the place, in whatever program.

What was seen is noted before it goes into the mirror, so that a crash in between loses nothing, and remembered when it
was dealt with: an event gets its link once, and who takes it out again, be it another bot, is not argued with.

Hidden events are left alone. Nobody here would see their link, and what hides them is not to be read for a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core.audit import LINKED
from calbot.core.ical import joining
from calbot.core.model import CalendarName, CalendarObject, Href, Member, RoomId, Uid, instants
from calbot.core.people import address_of, server_of
from calbot.core.settings import Access
from calbot.core.untold import COMPLETION
from calbot.errors import (
    BadCalendarData,
    CalendarUnavailable,
    ChatForbidden,
    ChatUnavailable,
    PreconditionFailed,
    UserError,
)
from calbot.ports import StoredObject, WantedLink

from . import audit, inviting, places, writing
from .world import World

_ALARM: Final = "join-links"
_AGAIN: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=400)  # longer than yearly series are away between two of their times


async def note(world: World, calendar: CalendarName, stored: Sequence[StoredObject]) -> None:
    """Note which of these objects, just read from the server, ask for a link."""
    if not world.settings.meeting_links.template or not _is_writable(world, calendar):
        return
    now, zone = world.clock(), world.settings.defaults.timezone
    wanted = []
    for one in stored:
        places_said = {id(found.details): found.details.location for found in one.occurrences}
        if not any(joining.asks_for_link(place) for place in places_said.values()):
            continue
        if any(instants(found.when, zone)[1] > now for found in one.occurrences):
            wanted.append(WantedLink(calendar, one.uid, one.href))
    if wanted:
        await world.stores.join_links.note(wanted, now)
        world.alarm.at(_ALARM, now, partial(put_in, world))


async def begin(world: World) -> None:
    """Go on with what a stop has left."""
    if await world.stores.join_links.waiting():
        world.alarm.at(_ALARM, world.clock(), partial(put_in, world))


async def put_in(world: World) -> None:
    """Put the links in that are waited for. What cannot be written now is tried again."""
    await world.stores.join_links.forget_before(world.clock() - _KEPT)
    failing: set[CalendarName] = set()
    for wanted in await world.stores.join_links.waiting():
        if wanted.calendar in failing:
            continue
        if wanted.calendar in world.settings.calendars and world.settings.meeting_links.template:
            try:
                await _put_in_one(world, wanted.calendar, wanted.uid, wanted.href)
            except (CalendarUnavailable, PreconditionFailed, ChatUnavailable):
                failing.add(wanted.calendar)
                continue
            except (UserError, BadCalendarData) as error:  # gone, or not to be written after all
                world.log.info("no join link in an event of %s: %s", wanted.calendar, error.reason)
        await world.stores.join_links.done(wanted, world.clock())
    if failing:
        world.alarm.at(_ALARM, world.clock() + _AGAIN, partial(put_in, world))


async def _put_in_one(world: World, calendar: CalendarName, uid: Uid, href: Href) -> None:
    rooms = world.settings.rooms_of(calendar)
    if not rooms:
        return
    link = await inviting.meeting_link(world, rooms[0], uid)
    organizers = await _organizers(world, calendar)
    zone, now = world.settings.defaults.timezone, world.clock()

    def linked(current: CalendarObject) -> str | None:
        return joining.with_link(current.data, link, organizers=organizers, zone=zone, now=now)

    async with audit.acting(world, audit.by_bot(world, LINKED, calendar, uid)):
        await writing.edit(world, calendar, href, linked, told=COMPLETION)
    world.passed("join_link.written")


async def _organizers(world: World, calendar: CalendarName) -> frozenset[str]:
    """Whose events these may be: the calendar's, the account's, and those of people in the rooms that show it."""
    account = world.settings.accounts[world.settings.calendars[calendar].account]
    own = {world.settings.organizer(calendar).lower(), account.address.lower()}
    principal = await world.gateway.principal(account.name)
    if principal is not None:
        own.update(principal.addresses)
    server = server_of(world.chat.user)
    rooms = world.settings.rooms_of(calendar)
    for members in await asyncio.gather(*(_members(world, room.id) for room in rooms)):
        own.update(address_of(member.user, world.settings.people, server) or "" for member in members)
    return frozenset(own - {""})


async def _members(world: World, room: RoomId) -> Sequence[Member]:
    """Nobody, where the bot is not in the room."""
    try:
        return await places.members(world, room)
    except ChatForbidden:
        return ()


def _is_writable(world: World, calendar: CalendarName) -> bool:
    facts = world.gateway.facts(calendar)
    known = facts is None or facts.writable is not False
    return known and world.settings.calendars[calendar].access is Access.READ_WRITE
