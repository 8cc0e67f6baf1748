"""How the bot and its calendars are doing, and looking at them now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from calbot.core import messages
from calbot.core.configuration import is_error
from calbot.core.messages import CalendarReport, MailReport, OutgoingReport, StatusReport
from calbot.core.model import CalendarName
from calbot.core.notices import Hold
from calbot.core.permissions import Action
from calbot.core.settings import Access
from calbot.errors import CalendarUnavailable
from calbot.ports import Encryption

from . import mapping, reminders, rights, sync
from .requests import Reply, Request
from .world import World

_MAIL_SHOWN: Final = timedelta(days=7)  # since it came to nothing
_CRYPTO: Final[dict[Encryption, Literal["verified", "unverified", "off"]]] = {
    Encryption.VERIFIED: "verified",
    Encryption.UNVERIFIED: "unverified",
    Encryption.OFF: "off",
}


async def report(world: World, request: Request) -> Reply:
    """One screen. Mistakes in the configuration are told to admins only: others cannot mend them."""
    value = StatusReport(
        version=world.version,
        calendars=tuple([await _calendar(world, request, name) for name in request.place.calendars]),
        crypto=_CRYPTO[await world.chat.encryption()],
        room_encrypted=request.place.encrypted,
        notes=(*world.remarks(), *await mapping.lost(world, request)),
        problems=tuple(filter(is_error, world.problems)) if request.sender in world.settings.admins else (),
        outgoing=await _outgoing(world, request),
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


async def _outgoing(world: World, request: Request) -> OutgoingReport:
    """What is due here and waits: agendas, notices and mail; and reminders and mail that came to nothing."""
    now, room = world.clock(), request.place.room
    holds = [one.hold for one in await world.stores.notices.waiting([room]) if one.due <= now]
    missed = await reminders.missed(world, room)
    return OutgoingReport(
        waiting=Counter(hold.value for hold in holds if hold is not None and hold is not Hold.SETTLING),
        missed=missed.count if missed else 0,
        missed_since=missed.since if missed else None,
        mail=await _mail(world, request.place.calendars, now),
    )


async def _mail(world: World, calendars: Sequence[CalendarName], now: datetime) -> MailReport:
    waiting, reason = await world.stores.mail.waiting(calendars)
    failed = await world.stores.mail.undelivered(calendars, now - _MAIL_SHOWN)
    return MailReport(waiting, reason, tuple(failed))


async def _calendar(world: World, request: Request, name: CalendarName) -> CalendarReport:
    is_read_only_here = all(name in room.read_only for room in request.place.mapped if name in room.calendars)
    stores, now = world.stores, world.clock()
    state = await stores.calendars.state(name)
    facts = world.gateway.facts(name)
    writable = state.writable if facts is None or facts.writable is None else facts.writable
    return CalendarReport(
        name=name,
        last_sync=state.synced_at,
        next_sync=world.looks.next(name),
        problem=state.problem,
        ahead=await stores.calendars.count_ahead(name, now),
        next_reminder=await stores.reminders.next_for(name),
        set_aside=await stores.calendars.count_problems(name),
        read_only=world.settings.calendars[name].access is Access.READ_ONLY or is_read_only_here,
        refuses=writable is False,
        moved=facts is not None and bool(facts.moved_to),
    )
