"""How the bot and its calendars are doing, and looking at them now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from calbot.core import messages
from calbot.core.ask import Say
from calbot.core.configuration import is_consequence, is_error
from calbot.core.messages import CalendarReport, MailReport, OutgoingReport, StatusReport
from calbot.core.model import CalendarName, Recipient, RoomId
from calbot.core.notices import Hold
from calbot.core.permissions import Action, Lack, lacking
from calbot.core.settings import Access, Mention, Problem
from calbot.errors import CalendarUnavailable, NotEncrypted, UserError
from calbot.ports import Encryption

from . import configuration, feeds, mapping, places, reminders, rights, sync
from .requests import Reply, Request
from .world import World

_MAIL_SHOWN: Final = timedelta(days=7)  # since it came to nothing
_LACKS: Final = {
    Lack.POLLS: Say("lacks_polls"),
    Lack.REACTIONS: Say("lacks_reactions"),
    Lack.MENTION_ROOM: Say("lacks_mention_room"),
    Lack.END_POLLS: Say("lacks_end_polls"),
}
_CRYPTO: Final[dict[Encryption, Literal["verified", "unverified", "off"]]] = {
    Encryption.VERIFIED: "verified",
    Encryption.UNVERIFIED: "unverified",
    Encryption.OFF: "off",
}


async def report(world: World, request: Request) -> Reply:
    """One screen. Mistakes in the configuration are told to admins only: others cannot mend them."""
    paused = await _paused(world, request)
    names = () if paused else request.place.calendars
    admin = rights.actor(world, request.sender).admin
    previous = await configuration.is_previous_in_force(world)
    value = StatusReport(
        version=world.version,
        calendars=tuple([await _calendar(world, request, name) for name in names]),
        crypto=_CRYPTO[await world.chat.encryption()],
        room_encrypted=request.place.encrypted,
        clock_off=world.clock_watch.off(world.clock()),
        notes=(
            *world.remarks(),
            *feeds.remarks(world),
            *(() if paused else await mapping.lost(world, request)),
            *await _lacking(world, request),
        ),
        problems=tuple(_mistakes(world, previous=previous)) if admin else (),
        previous=admin and previous,
        outgoing=await _outgoing(world, request.place.room, names),
        keys_to_all=not world.settings.privacy.cross_signed_only,
        paused=paused,
    )
    return Reply(messages.status(request.reader, value))


def _mistakes(world: World, *, previous: bool) -> Iterator[Problem]:
    """Where the previous configuration is in force nothing is left out, and only what has to be mended is said."""
    return (one for one in world.problems if is_error(one) and not (previous and is_consequence(one)))


async def _paused(world: World, request: Request) -> str | None:
    """Why nothing of a calendar may be said here: then neither what there is, nor how much."""
    if not request.place.mapped:
        return None
    try:
        await places.require_calendars(world, request.place)
    except (UserError, NotEncrypted) as error:
        return error.reason
    return None


async def _lacking(world: World, request: Request) -> Sequence[Say]:
    """What the bot cannot do in this room."""
    room = world.settings.rooms.get(request.place.room)
    if room is None:
        return ()
    power = await world.chat.power_levels(room.id)
    mentions_room = room.mention is Mention.ROOM
    return [
        _LACKS[one]
        for one in lacking(world.chat.user, power, encrypted=request.place.encrypted, mentions_room=mentions_room)
    ]


async def sync_now(world: World, request: Request) -> Reply:
    """Look at the calendars of this room now; the answer comes when that is done.

    In a direct chat at those of the rooms that the sender may set.
    """
    await rights.require(world, request, Action.SETTINGS, None)
    calendars = [name for name in request.place.calendars if await _may_sync(world, request, name)]
    failed = []
    for calendar in calendars:
        try:
            await sync.pull(world, calendar)
        except CalendarUnavailable as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return Reply(messages.ok(request.reader, "synced", calendars=", ".join(calendars)))


async def _may_sync(world: World, request: Request, calendar: CalendarName) -> bool:
    try:
        await rights.require(world, request, Action.SETTINGS, calendar)
    except UserError:
        return False
    return True


async def _outgoing(world: World, room: RoomId, calendars: Sequence[CalendarName]) -> OutgoingReport:
    """What is due here and waits: agendas and notices, and mail about the calendars; and reminders and mail that came
    to nothing."""
    now = world.clock()
    holds = [one.hold for one in await world.stores.notices.waiting([room]) if one.due <= now]
    missed = await reminders.missed(world, room)
    return OutgoingReport(
        waiting=Counter(hold.value for hold in holds if hold is not None and hold is not Hold.SETTLING),
        missed=missed.count if missed else 0,
        missed_since=missed.since if missed else None,
        mail=await _mail(world, calendars, now),
    )


async def _mail(world: World, calendars: Sequence[CalendarName], now: datetime) -> MailReport:
    waiting, reason = await world.stores.mail.waiting(calendars)
    failed = await world.stores.mail.undelivered(calendars, now - _MAIL_SHOWN)
    return MailReport(waiting, reason, tuple(failed))


def _told(request: Request) -> Sequence[Recipient]:
    """Whose reminders may be spoken of here: a room's own; to one person by themselves, theirs and those of their
    rooms. When somebody else lets themselves be reminded is nobody's business."""
    rooms = [room.id for room in request.place.mapped]
    return [*rooms, request.sender] if request.place.direct else rooms


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
        next_reminder=await stores.reminders.next_for(name, _told(request)),
        set_aside=await stores.calendars.count_problems(name),
        read_only=world.settings.calendars[name].access is Access.READ_ONLY or is_read_only_here,
        refuses=writable is False,
        moved=facts is not None and bool(facts.moved_to),
    )
