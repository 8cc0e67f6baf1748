"""Changes of calendars are noted for the rooms that see them; `telling` says what there is to say of them.

What people saw of an event before it changed is noted in the transaction that changes the mirror, with a notice to each
room that sees the calendar: a crash loses nothing and doubles nothing. What is said is found out when it is sent, from
what is noted and what the mirror has by then. So several changes of an event are told as one, what was taken back by
then is not told, and what is over neither.

What the bot writes itself is noted before it is written, as people will see it (`expect`). What then turns up like
that, whoever finds it first and however the server spells it, is not told in the room that asked for it; what somebody
else made of it meanwhile is told as a change of the bot's version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core import changes, identity
from calbot.core.changes import Change
from calbot.core.model import CalendarName, Details, Href, Occurrence, RoomId, Uid, instants
from calbot.core.notices import Hold, Notice, NoticeKind
from calbot.core.untold import EVERY_ROOM, PastState, is_told_by_itself
from calbot.ports import Card, OwnWrite, StoredObject

from . import delivery
from .world import World

TOLD_WITHIN: Final = timedelta(days=7)  # longer than quiet hours and holidays hold anything back
_SETTLING: Final = timedelta(seconds=5)  # after a change, for more of the same
_FEW: Final = 5  # changes at once; more may be a calendar that is being imported, which several looks come across
_SOON: Final = timedelta(hours=1)
_UNSETTLED: Final = timedelta(minutes=15)  # after which a write that did not turn up is taken not to have happened
_ZONES_APART: Final = timedelta(days=1)
_UTC: Final = ZoneInfo("UTC")
_SILENT: Final = "silent"


@dataclass(frozen=True, slots=True)
class Step:
    """What an event was before, and how it differs now. `told`: the room that knows."""

    uid: Uid
    before: tuple[Occurrence, ...]
    differences: tuple[Change, ...]
    told: RoomId | None

    @property
    def announced(self) -> bool:
        return is_told_by_itself(self.told) and any(change.announced for change in self.differences)

    def is_known_in(self, room: RoomId) -> bool:
        return self.told in (room, EVERY_ROOM)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is new in some objects of a calendar, to be noted with them."""

    steps: tuple[Step, ...] = ()
    written: tuple[Uid, ...] = ()  # by the bot: in the mirror from now on


# --------------------------------------------------------------------------------------------------------- own writes


async def expect(
    world: World, calendar: CalendarName, uid: Uid, occurrences: Sequence[Occurrence], told: RoomId | None
) -> None:
    """The bot is about to write an event that people will see like this; not at all where it deletes it."""
    now = world.clock()
    write = OwnWrite(calendar, uid, _as_seen(occurrences, now), now, told)
    await world.stores.changes.announce_write(write)


async def give_up(world: World, calendar: CalendarName, uid: Uid) -> None:
    """The server refused it."""
    await world.stores.changes.settle_write(calendar, uid)


async def settle(world: World, calendar: CalendarName) -> None:
    """The calendar was read: writes that did not turn up, though they had the time to, were not made."""
    await world.stores.changes.settle_writes_before(calendar, world.clock() - _UNSETTLED)
    if await world.stores.keeper.get(_anew(calendar)) == _SILENT:
        await world.stores.keeper.put(_anew(calendar), "")


# -------------------------------------------------------------------------------------------------------- what is new


async def compare(
    world: World, calendar: CalendarName, stored: Sequence[StoredObject], touched: Iterable[Href], now: datetime
) -> Seen:
    """What is new to people once `stored` is in the mirror in place of whatever lies at `touched`.

    Nothing in a calendar that no room was shown yet: all of it is new then. An event that cannot be read any more is
    not taken to be gone.
    """
    log, calendars = world.stores.changes, world.stores.calendars
    own = await log.own_writes(calendar)
    silent = await world.stores.keeper.get(_anew(calendar)) == _SILENT
    if silent or (not own and not await log.shown_in(calendar)):
        return Seen(written=tuple(own))
    hrefs = {*touched, *(one.href for one in stored)}
    replaced = await calendars.uids(calendar, sorted(hrefs))
    unreadable = {replaced.get(one.href) for one in stored if one.problem is not None}
    uids = sorted(({one.uid for one in stored if one.problem is None} | {*replaced.values()}) - unreadable)
    known = await calendars.known([calendar], uids)
    find = partial(
        _steps,
        uids,
        known,
        [one for one in stored if one.problem is None],
        hrefs,
        own,
        now=now,
        horizon=await _horizon(world, calendar, now),
        zone=world.settings.defaults.timezone,
    )
    return Seen(await asyncio.to_thread(find), tuple(uid for uid in uids if uid in own))


def _steps(
    uids: Sequence[Uid],
    known: Sequence[Occurrence],
    stored: Sequence[StoredObject],
    hrefs: set[Href],
    own: Mapping[Uid, OwnWrite],
    *,
    now: datetime,
    horizon: datetime,
    zone: ZoneInfo,
) -> tuple[Step, ...]:
    # All-day and floating events may be over here and lie ahead for those who read in another zone.
    diff = partial(changes.diff, now=now - _ZONES_APART, horizon=horizon, zone=zone)
    before, after = _by_uid(known), _by_uid(one for one in known if one.href not in hrefs)
    for entry in stored:
        after.setdefault(entry.uid, []).extend(entry.occurrences)
    steps: list[Step] = []
    for uid in uids:
        if identity.is_hold(uid):
            continue  # it comes and goes with its poll, and nobody need know who takes one away
        was, is_now = before.get(uid, []), after.get(uid, [])
        differences = diff(was, is_now)
        write = own.get(uid)
        if write is not None and differences:
            # In two steps: what the bot wrote, which one room knows, and what has become of that.
            if ours := diff(was, write.occurrences):
                steps.append(Step(uid, _as_seen(was, now), ours, write.told))
            was = [*write.occurrences]
            differences = diff(was, is_now)
        if differences:
            hidden = any(one.details.hidden for one in is_now)
            steps.append(Step(uid, _as_seen(was, now, hidden=hidden), differences, None))
    return tuple(steps)


def _by_uid(occurrences: Iterable[Occurrence]) -> dict[Uid, list[Occurrence]]:
    found: dict[Uid, list[Occurrence]] = {}
    for one in occurrences:
        found.setdefault(one.uid, []).append(one)
    return found


def _as_seen(occurrences: Iterable[Occurrence], now: datetime, *, hidden: bool = False) -> tuple[Occurrence, ...]:
    """What may have to be told later: not what a series had in the past, nor what no notice shows. `hidden`: by now
    nobody is to see what it said before."""
    return tuple(
        replace(one, details=_without_contents(one.details) if hidden else _told(one.details))
        for one in occurrences
        if one.recurrence_id is None or instants(one.when, _UTC)[1] > now - _ZONES_APART
    )


def _told(details: Details) -> Details:
    return replace(details, description="", alarms=())


def _without_contents(details: Details) -> Details:
    return Details(
        status=details.status,
        transparent=details.transparent,
        hidden=True,
        sequence=details.sequence,
        rule=details.rule,
    )


async def _horizon(world: World, calendar: CalendarName, now: datetime) -> datetime:
    """Up to where series are known."""
    state = await world.stores.calendars.state(calendar)
    return state.horizon or now + world.settings.sync.horizon


# ------------------------------------------------------------------------------------------------------ what is noted


async def note(world: World, calendar: CalendarName, seen: Seen, now: datetime) -> None:
    """Note what is to be told, in the transaction that changes the mirror."""
    log = world.stores.changes
    for uid in seen.written:
        await log.settle_write(calendar, uid)
    if not seen.steps:
        return
    shown = set(await log.shown_in(calendar))
    rooms = [room.id for room in world.settings.rooms_of(calendar) if room.id in shown]
    cards = await _cards(world, [step.uid for step in seen.steps], rooms)
    steps = [step for step in seen.steps if step.announced or step.uid in cards]
    if not steps:
        return
    horizon = await _horizon(world, calendar, now)
    states = [PastState(step.uid, step.before, horizon, step.told) for step in steps]
    first, last = await log.append(calendar, states, now)
    settled = now + _settling(world, steps, now)
    notices = [
        _change(room, calendar, first, last, now, settled)
        for room in rooms
        if any(step.announced and not step.is_known_in(room) for step in steps)
    ]
    for number, step in enumerate(steps, first):
        outdated = (card for card in cards.get(step.uid, ()) if not step.is_known_in(card.room))
        quiet = not step.announced
        notices += [_card(card, calendar, number, now, now + _SETTLING, quiet=quiet) for card in outdated]
    await world.stores.notices.add(notices)
    world.passed("change.noted")


async def _cards(world: World, uids: Sequence[Uid], rooms: Sequence[RoomId]) -> Mapping[Uid, Sequence[Card]]:
    found: dict[Uid, list[Card]] = {}
    for card in await world.stores.references.cards_about(uids):
        if card.room in rooms:
            found.setdefault(card.occurrence.uid, []).append(card)
    return found


def _settling(world: World, steps: Sequence[Step], now: datetime) -> timedelta:
    """How long to wait for more. Who has many of them may be importing a calendar, which several looks come across."""
    told = [change for step in steps if step.announced for change in step.differences if change.announced]
    starts = (
        instants(one.when, _UTC)[0] for change in told for one in (change.before, change.after) if one is not None
    )
    if len(told) <= _FEW or any(start < now + _SOON for start in starts):
        return _SETTLING
    return world.settings.sync.interval + _SETTLING


def _change(room: RoomId, calendar: CalendarName, first: int, last: int, now: datetime, settled: datetime) -> Notice:
    return Notice(
        key=identity.key_for("change", room, calendar, first, last),
        recipient=room,
        kind=NoticeKind.CHANGE,
        subject={"calendar": calendar, "first": first, "last": last},
        due=now,
        expires=now + TOLD_WITHIN,
        not_before=settled,
        hold=Hold.SETTLING,
    )


def _card(card: Card, calendar: CalendarName, number: int, now: datetime, settled: datetime, *, quiet: bool) -> Notice:
    """`quiet`: nothing but answers is different."""
    uid, recurrence_id = card.occurrence.uid, card.occurrence.recurrence_id
    return Notice(
        key=identity.key_for("card", card.room, calendar, uid, recurrence_id, number),
        recipient=card.room,
        kind=NoticeKind.CARD,
        subject={"calendar": calendar, "uid": uid, "recurrence_id": recurrence_id, "number": number, "quiet": quiet},
        due=now,
        expires=now + TOLD_WITHIN,
        not_before=settled,
        hold=Hold.SETTLING,
    )


# -------------------------------------------------------------------------------------------------- what is shown where


async def introduce(world: World, calendar: CalendarName) -> None:
    """Tell rooms that show the calendar for the first time so, once, instead of all that is in it.

    Called when the mirror has all of the calendar.
    """
    log = world.stores.changes
    told = set(await log.shown_in(calendar))
    mapped = {room.id for room in world.settings.rooms_of(calendar)}
    if told == mapped:
        return
    now = world.clock()
    new = sorted(mapped - told)
    # Of a calendar that is empty there is nothing to say.
    anything = await world.stores.calendars.occurrences([calendar], now, now + world.settings.sync.horizon, limit=1)
    async with world.stores.transaction():
        await log.note_hidden(calendar, sorted(told - mapped))
        await log.note_shown(calendar, new)
        await world.stores.notices.add([_shown(room, calendar, now) for room in new if anything])
    delivery.ring_soon(world)


def _shown(room: RoomId, calendar: CalendarName, now: datetime) -> Notice:
    return Notice(
        key=identity.key_for("shown", room, calendar, now.isoformat()),
        recipient=room,
        kind=NoticeKind.SHOWN,
        subject={"calendar": calendar},
        due=now,
        expires=now + TOLD_WITHIN,
        not_before=now + _SETTLING,
        hold=Hold.SETTLING,
    )


async def go_on(world: World, old: RoomId, new: RoomId) -> None:
    """A room is replaced by another one: what waits for it is told there, and nothing that people know already."""
    log = world.stores.changes
    await world.stores.notices.transfer(old, new)
    for calendar in world.settings.rooms[old].calendars:
        if old in await log.shown_in(calendar):
            await log.note_shown(calendar, [new])


async def begin_anew(world: World, calendar: CalendarName, *, another: bool) -> None:
    """More or less of a calendar is shown than before, or it is another one: what waits to be told is of no use, and
    how it looks when it has been read again is told nobody as a change."""
    if another:
        await world.stores.changes.forget(calendar)  # the rooms are shown it as they were the one before
    else:
        await world.stores.changes.forget_states(calendar)
        await world.stores.keeper.put(_anew(calendar), _SILENT)


def _anew(calendar: CalendarName) -> str:
    return f"read-anew:{calendar}"


async def forget_old(world: World, now: datetime) -> None:
    """What no notice can tell any more."""
    await world.stores.changes.forget_before(now - TOLD_WITHIN - timedelta(days=1))
    await world.stores.notices.forget_before(now - world.settings.privacy.retention.reminders)
