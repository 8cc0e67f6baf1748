"""How the bot and its calendars are doing, and looking at them now."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final, Literal

from calbot.core import messages
from calbot.core.configuration import is_error
from calbot.core.messages import CalendarReport, OutgoingReport, StatusReport
from calbot.core.model import CalendarName, RoomId
from calbot.core.notices import Hold
from calbot.core.pacing import next_look
from calbot.core.permissions import Action
from calbot.core.settings import Access
from calbot.errors import CalendarUnavailable
from calbot.ports import CalendarState, Encryption

from . import reminders, rights, sync
from .requests import Reply, Request
from .world import World

_CRYPTO: Final[dict[Encryption, Literal["verified", "unverified", "off"]]] = {
    Encryption.VERIFIED: "verified",
    Encryption.UNVERIFIED: "unverified",
    Encryption.OFF: "off",
}


async def report(world: World, request: Request) -> Reply:
    """One screen. Mistakes in the configuration are told to admins only: others cannot mend them."""
    value = StatusReport(
        version=world.version,
        calendars=tuple([await _calendar(world, name) for name in request.place.calendars]),
        crypto=_CRYPTO[await world.chat.encryption()],
        room_encrypted=request.place.encrypted,
        notes=tuple(world.remarks()),
        problems=tuple(filter(is_error, world.problems)) if request.sender in world.settings.admins else (),
        outgoing=await _outgoing(world, request.place.room),
    )
    return Reply(messages.status(request.reader, value))


async def sync_now(world: World, request: Request) -> Reply:
    """Look at the calendars of this room now; the answer comes when that is done."""
    calendars = request.place.calendars
    await rights.require(world, request, Action.SETTINGS, None)
    failed = []
    for calendar in calendars:
        try:
            await sync.pull(world, calendar)
        except CalendarUnavailable as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return Reply(messages.ok(request.reader, "synced", calendars=", ".join(calendars)))


async def _outgoing(world: World, room: RoomId) -> OutgoingReport:
    """Agendas and notices that are due here and wait, and reminders that came to nothing."""
    now = world.clock()
    holds = [one.hold for one in await world.stores.notices.waiting([room]) if one.due <= now]
    missed = await reminders.missed(world, room)
    return OutgoingReport(
        waiting=Counter(hold.value for hold in holds if hold is not None and hold is not Hold.SETTLING),
        missed=missed.count if missed else 0,
        missed_since=missed.since if missed else None,
    )


async def _calendar(world: World, name: CalendarName) -> CalendarReport:
    stores, now = world.stores, world.clock()
    state = await stores.calendars.state(name)
    return CalendarReport(
        name=name,
        last_sync=state.synced_at,
        next_sync=_next_look(world, state),
        problem=state.problem,
        ahead=await stores.calendars.count_ahead(name, now),
        next_reminder=await stores.reminders.next_for(name),
        set_aside=await stores.calendars.count_problems(name),
        read_only=world.settings.calendars[name].access is Access.READ_ONLY,
    )


def _next_look(world: World, state: CalendarState) -> datetime | None:
    if state.tried_at is None:
        return None
    wait = next_look(
        interval=world.settings.sync.interval,
        longest=world.settings.sync.max_interval,
        failures=state.failures,
        retry_after=None,
        chance=0.5,
    )
    return state.tried_at + wait
