"""What admins are told of their own accord, each alone in an encrypted chat, once: that an account fails for long or
works again, that nothing may be said in a room or may again, that a mapping waits for the bot, that the configuration
has mistakes. Names of accounts, rooms and keys only, nothing of what is in a calendar.

What was told is kept, so that a restart does not tell it again; each outage has its own key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.configuration import is_error
from calbot.core.messages import AdminNews, AdminNewsKind
from calbot.core.model import RoomId, UserId
from calbot.core.notices import Notice, NoticeKind
from calbot.errors import ChatForbidden, ChatUnavailable, NotEncrypted, UserError
from calbot.ports import CalendarState

from . import delivery, places, presence, readers
from .notices import Kind, Outcome, Post
from .world import World

_ALARM: Final = "admin-notices"
_INTERVAL: Final = timedelta(minutes=5)
_LONG: Final = timedelta(minutes=30)  # an outage that is shorter mends itself before anybody has looked
_TOLD_WITHIN: Final = timedelta(days=1)
_KEPT: Final = "outage:"  # names of what is kept begin so


@dataclass(frozen=True, slots=True)
class _Outage:
    """Something that does not work, since when, and why (a catalog id below ``error.``)."""

    kind: AdminNewsKind
    subject: str
    since: str
    reason: str = ""

    @property
    def name(self) -> str:
        return f"{_KEPT}{self.kind.value}:{self.subject}"


async def begin(world: World) -> None:
    """Tell of mistakes in the configuration, and look after the rest from now on."""
    await _tell_mistakes(world)
    world.alarm.at(_ALARM, world.clock() + _INTERVAL, partial(_look, world))


async def _look(world: World) -> None:
    """Compare what does not work now with what admins were told."""
    try:
        known = await _known(world)
        await _look_at_accounts(world, known)
        await _look_at_rooms(world, known)
        await _look_at_absences(world, known)
    finally:
        world.alarm.at(_ALARM, world.clock() + _INTERVAL, partial(_look, world))


async def _look_at_accounts(world: World, known: Mapping[str, _Outage]) -> None:
    """An account fails while none of its calendars could be read for long, and works once one could; one of which
    neither can be said, as after a restart, stays as it was told."""
    read = await _read_by_account(world)
    told = {one.subject: one for one in _of(known, AdminNewsKind.ACCOUNT_FAILS)}
    for account, states in read.items():
        if any(state.problem is None for state in states):
            if account in told:
                await _end_outage(world, told[account], AdminNewsKind.ACCOUNT_WORKS)
            continue
        now = world.clock()
        since = max((world.looks.waiting_since(state) or now for state in states), default=now)
        if now - since >= _LONG:
            reason = states[0].problem or ""
            await _begin_outage(world, _Outage(AdminNewsKind.ACCOUNT_FAILS, account, since.isoformat(), reason))
    await _forget(world, [outage for account, outage in told.items() if account not in read])


async def _read_by_account(world: World) -> Mapping[str, Sequence[CalendarState]]:
    """How far the calendars in use have been read, without those that nobody tried to read yet."""
    settings = world.settings
    states = await world.stores.calendars.states(settings.mapped_calendars)
    found: dict[str, list[CalendarState]] = {}
    for name in settings.mapped_calendars:
        theirs, state = found.setdefault(settings.calendars[name].account, []), states.get(name)
        if state is not None and (state.problem is not None or state.synced_at is not None):
            theirs.append(state)
    return found


async def _look_at_rooms(world: World, known: Mapping[str, _Outage]) -> None:
    """Where something was due and nothing may be said, and where it may be again."""
    rooms, told = world.settings.rooms, {one.subject: one for one in _of(known, AdminNewsKind.ROOM_PAUSED)}
    for recipient in {*world.outbox.reasons(), *told} & rooms.keys():
        reason = await _why_paused(world, RoomId(recipient))
        if reason and recipient not in told:
            outage = _Outage(AdminNewsKind.ROOM_PAUSED, recipient, world.clock().isoformat(), reason)
            await _begin_outage(world, outage)
        elif reason == "" and recipient in told:
            await _end_outage(world, told[recipient], AdminNewsKind.ROOM_RESUMED)
    await _forget(world, [outage for room, outage in told.items() if room not in rooms])


async def _why_paused(world: World, room: RoomId) -> str | None:
    """Why nothing may be said in a room, nothing if it may; None where that cannot be found out."""
    try:
        await places.require_private(world, room)
    except (UserError, NotEncrypted) as error:
        return error.reason
    except (ChatForbidden, ChatUnavailable):
        return None
    return ""


async def _look_at_absences(world: World, known: Mapping[str, _Outage]) -> None:
    """Mapped rooms that the bot is not in: somebody has to invite it."""
    absent = {
        room: since
        for room, since in (await world.stores.rooms.absences()).items()
        if room in world.settings.rooms and world.clock() - since >= _INTERVAL
    }
    for room, since in absent.items():
        await _begin_outage(world, _Outage(AdminNewsKind.MAPPING_WAITS, room, since.isoformat()))
    await _forget(world, [one for one in _of(known, AdminNewsKind.MAPPING_WAITS) if one.subject not in absent])


async def _tell_mistakes(world: World) -> None:
    """Each set of mistakes once; one that is made again later, after it was mended, is told again."""
    wrong = [one for one in world.problems if is_error(one)]
    (told,) = _of(await _known(world), AdminNewsKind.MISTAKES) or (None,)
    subject = identity.key_for("mistakes", *sorted(f"{one.path} {one.expected}" for one in wrong)) if wrong else ""
    if told is not None and told.subject != subject:
        await _forget(world, [told])
        world.log.info("the mistakes in the configuration that admins were told of are mended, or are others by now")
    if wrong:
        outage = _Outage(AdminNewsKind.MISTAKES, subject, world.clock().isoformat(), str(len(wrong)))
        await _begin_outage(world, outage)


# ------------------------------------------------------------------------------------------------------------ keeping


async def _known(world: World) -> Mapping[str, _Outage]:
    found = {}
    for name, value in (await world.stores.keeper.beginning_with(_KEPT)).items():
        since, reason = json.loads(value)
        kind, _, subject = name.removeprefix(_KEPT).partition(":")
        found[name] = _Outage(AdminNewsKind(kind), subject, since, reason)
    return found


def _of(known: Mapping[str, _Outage], kind: AdminNewsKind) -> list[_Outage]:
    return [one for one in known.values() if one.kind is kind]


async def _begin_outage(world: World, outage: _Outage) -> None:
    async with world.locks.hold(outage.name):
        if await world.stores.keeper.get(outage.name) is not None:
            return
        async with world.stores.transaction():
            await world.stores.keeper.put(outage.name, json.dumps([outage.since, outage.reason]))
            await _add(world, outage, outage.kind)
    world.log.warning("admins are told: %s %s %s", outage.kind.value, outage.subject, outage.reason)
    delivery.ring_soon(world)


async def _end_outage(world: World, told: _Outage, news: AdminNewsKind) -> None:
    async with world.stores.transaction():
        await world.stores.keeper.drop([told.name])
        await _add(world, told, news)
    world.log.info("admins are told: %s %s", news.value, told.subject)
    delivery.ring_soon(world)


async def _forget(world: World, told: Sequence[_Outage]) -> None:
    """What is over without news: it was mended where it was made, or is nobody's concern any more."""
    if told:
        await world.stores.keeper.drop([one.name for one in told])


async def _add(world: World, outage: _Outage, news: AdminNewsKind) -> None:
    now = world.clock()
    subject = {"news": news.value, "subject": outage.subject, "since": outage.since, "reason": outage.reason}
    await world.stores.notices.add(
        [
            Notice(
                key=identity.key_for("admin", admin, news.value, outage.subject, outage.since),
                recipient=admin,
                kind=NoticeKind.ADMIN,
                subject=subject,
                due=now,
                expires=now + _TOLD_WITHIN,
            )
            for admin in _admins(world)
        ]
    )


def _admins(world: World) -> Iterable[UserId]:
    return sorted(admin for admin in world.settings.admins if presence.counts(world, admin))


# ------------------------------------------------------------------------------------------------------------- saying


async def render(world: World, batch: Sequence[Notice]) -> Outcome:
    """All that there is to tell an admin, in one message."""
    admin = UserId(batch[0].recipient)
    if admin not in world.settings.admins:
        return None
    news = [
        AdminNews(
            AdminNewsKind(one.subject["news"]),
            one.subject["subject"],
            datetime.fromisoformat(one.subject["since"]),
            one.subject["reason"],
        )
        for one in batch
    ]
    return Post(messages.admin_news(await readers.reader_of(world, admin), news))


KIND: Final = Kind(render, together=lambda notice: notice.recipient)
