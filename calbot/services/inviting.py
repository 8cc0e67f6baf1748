"""What an event needs beside what its writer says: who invites, a join link, a word on who tells of it, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

from calbot.core import identity
from calbot.core.ask import Say
from calbot.core.ical.scheduling import failures
from calbot.core.model import Attendee, CalendarName, Occurrence, Role, Uid, UserId
from calbot.core.settings import Delivery, Room
from calbot.ports import StoredObject

from . import invitations
from .world import World


def organizer(world: World, calendar: CalendarName) -> Attendee | None:
    """Who invites from a calendar: its configured address, none where none is known."""
    address = world.settings.organizer(calendar)
    return Attendee(name=calendar, address=address) if address else None


async def meeting_link(world: World, room: Room, uid: Uid) -> str:
    """A join link that nobody can guess, the same again for the same event; nothing where no template is set."""
    template = world.settings.meeting_links.template
    if not template:
        return ""
    secret = identity.meeting_secret(await world.stores.keeper.secret("meeting-links"), uid)
    return template.replace("{secret}", secret)


@dataclass(frozen=True, slots=True)
class _Notes:
    """The catalog ids of what is said about those who have an address, below ``note.``"""

    by_mail: Callable[[str], Say]
    by_server: Callable[[str], Say]
    in_vain: Callable[[str], Say]
    by_nobody: Say


_INVITED: Final = _Notes(
    lambda names: Say("invited_by_mail", {"names": names}),
    lambda names: Say("invited_by_server", {"names": names}),
    lambda names: Say("not_invited", {"names": names}),
    Say("nobody_invited"),
)
_TOLD: Final = _Notes(
    lambda names: Say("told_by_mail", {"names": names}),
    lambda names: Say("told_by_server", {"names": names}),
    lambda names: Say("not_told", {"names": names}),
    Say("nobody_told"),
)


async def invitation_notes(
    world: World,
    calendar: CalendarName,
    attendees: Sequence[Attendee],
    here: Container[UserId],
    stored: StoredObject | None = None,
) -> list[Say]:
    """What people have to know about invitations: who sends them, and whom they do not reach."""
    others = [one for one in attendees if one.role is not Role.CHAIR]
    unknown = [one for one in others if one.address is None]
    in_room = [one.name for one in unknown if one.user in here]
    elsewhere = [one.user or one.name for one in unknown if one.user not in here]
    notes = [Say("no_address", {"names": ", ".join(in_room)})] if in_room else []
    if elsewhere:
        notes.append(Say("not_here", {"names": ", ".join(elsewhere)}))
    known = [one for one in others if one.address is not None]
    return [*notes, *await _notes(world, calendar, known, stored, _INVITED)] if known else notes


async def change_notes(world: World, occurrence: Occurrence, stored: StoredObject | None = None) -> list[Say]:
    """Who tells those on an event that it changed."""
    known = [one for one in occurrence.details.attendees if one.role is not Role.CHAIR and one.address is not None]
    if not known:
        return []
    organizer = occurrence.details.organizer
    ours = world.settings.organizer(occurrence.calendar).lower()
    if organizer is None or organizer.address != ours:
        # Nobody tells of it in our name: not we by mail, and a server not either.
        return [_TOLD.by_nobody]
    return await _notes(world, occurrence.calendar, known, stored, _TOLD)


async def _notes(
    world: World, calendar: CalendarName, known: Sequence[Attendee], stored: StoredObject | None, say: _Notes
) -> list[Say]:
    by = await invitations.way(world, calendar)
    if by is Delivery.NONE:
        return [say.by_nobody]
    if by is Delivery.EMAIL:
        return [say.by_mail(_names(known))]
    data = "" if stored is None else stored.data
    failed = {one.attendee.address for one in await asyncio.to_thread(failures, data)} if data else set()
    notes = []
    if reached := [one for one in known if one.address not in failed]:
        notes.append(say.by_server(_names(reached)))
    if missed := [one for one in known if one.address in failed]:
        notes.append(say.in_vain(_names(missed)))
    return notes


def _names(attendees: Sequence[Attendee]) -> str:
    return ", ".join(one.name for one in attendees)
