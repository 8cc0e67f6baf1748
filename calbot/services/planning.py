"""Which reminders wait: planned with every change of a calendar, of mappings, and of what was chosen.

`now` is when the cause became known: what was due before is not asked for, what has become due since is. Whoever plans
is alone with it, or two would each miss what the other has not committed yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core import reminders as core
from calbot.core.ical.recurrence import order_of
from calbot.core.lead_times import Rules
from calbot.core.model import (
    AllDay,
    CalendarName,
    Occurrence,
    Recipient,
    RoomId,
    Uid,
    UserId,
    When,
    instants,
    is_person,
)
from calbot.core.reminders import Reminder
from calbot.ports import StoredObject

from . import delivery, people, preferences, reminder_rules
from .world import World

_LOT: Final = 5  # events planned at once; more at a time leave the collector of garbage more to go through
_ZONES_APART: Final = timedelta(hours=14)
_UTC: Final = ZoneInfo("UTC")
_HERE: Final = 100  # as many occurrences, each for one recipient, take the event loop a few milliseconds


@dataclass(frozen=True, slots=True)
class _Scope:
    """For whom to plan; None: for everybody whom it concerns."""

    rooms: frozenset[RoomId] | None = None
    people: frozenset[UserId] | None = None

    def holds(self, recipient: Recipient) -> bool:
        if is_person(recipient):
            return self.people is None or recipient in self.people
        return self.rooms is None or recipient in self.rooms


async def replan(
    world: World, calendar: CalendarName, uids: Sequence[Uid], now: datetime, *, written: Sequence[StoredObject] = ()
) -> None:
    """Make the stored reminders about these events what they call for now; in the caller's transaction, in which those
    objects were `written`."""
    if uids:
        await world.stores.reminders.plan_alone()
        rooms = frozenset(room.id for room in world.settings.rooms_of(calendar))
        await _replan(world, uids, _Scope(rooms=rooms), now, written)


async def replan_event(world: World, uid: Uid, now: datetime) -> None:
    """Plan one event again for everybody; in the caller's transaction."""
    await world.stores.reminders.plan_alone()
    await _replan(world, [uid], _Scope(), now)


async def replan_all(world: World) -> None:
    """Plan everything again, because rooms, mappings or lead times may have changed."""
    now = world.clock()
    stores = world.stores
    uids = {*await stores.calendars.upcoming_uids(now), *await stores.reminders.waiting_about()}
    await _in_lots(world, uids, _Scope(), now)


async def replan_room(world: World, room: RoomId, now: datetime) -> None:
    """Plan everything again for one room, in which other lead times were chosen, or that shows other calendars now."""
    stores, mapping = world.stores, world.settings.rooms.get(room)
    shown = await stores.calendars.upcoming_uids(now, mapping.calendars) if mapping is not None else ()
    uids = {*shown, *await stores.reminders.waiting_about(room)}
    await _in_lots(world, uids, _Scope(frozenset({room}), frozenset()), now)


async def replan_events(world: World, uids: Sequence[Uid], now: datetime) -> None:
    """Plan events again for everybody: what is known of them has changed all at once."""
    await _in_lots(world, uids, _Scope(), now)


async def replan_person(world: World, user: UserId, now: datetime) -> None:
    """Plan everything again for one person, who chose other lead times for the meetings that they are on."""
    address = people.address(world, user)
    who = [user] if address is None else [user, address]
    stores = world.stores
    uids = {*await stores.calendars.mentioning(who, after=now), *await stores.reminders.waiting_about(user)}
    await _in_lots(world, uids, _Scope(frozenset(), frozenset({user})), now)


async def _in_lots(world: World, uids: Iterable[Uid], scope: _Scope, now: datetime) -> None:
    ordered = sorted(uids)
    for at in range(0, len(ordered), _LOT):
        async with world.stores.transaction():
            await world.stores.reminders.plan_alone()
            await _replan(world, ordered[at : at + _LOT], scope, now)
    delivery.ring_soon(world)


async def _replan(
    world: World, uids: Sequence[Uid], scope: _Scope, now: datetime, written: Sequence[StoredObject] = ()
) -> None:
    stores = world.stores
    private = await preferences.private_leads(world)
    chosen = await reminder_rules.chosen_for(world, uids)
    stored = [one for one in await stores.reminders.about(uids) if scope.holds(one.recipient)]
    # All calendars at once: the same event in two that a room shows calls for one set of reminders.
    known = {(one.calendar, one.href): one for one in written}  # and need not be read again
    others = await stores.calendars.occurrences_about(uids, after=now, but=list(known))
    ahead = [one for entry in known.values() for one in entry.occurrences if not _is_over(one.when, now)]
    occurrences = [*others, *ahead]
    calendars = {one.calendar for one in occurrences}
    mapped = world.settings.rooms
    rooms = mapped.values() if scope.rooms is None else [mapped[room] for room in scope.rooms if room in mapped]
    rules = [reminder_rules.of_room(room, chosen) for room in rooms if not calendars.isdisjoint(room.calendars)]
    users = reminder_rules.concerned(private, occurrences, chosen)
    users |= {one.recipient for one in stored if is_person(one.recipient)}
    users = {user for user in users if scope.holds(user)}
    rules += reminder_rules.of_people(world, private, users, chosen, calendars)
    if len(occurrences) * len(rules) + len(stored) <= _HERE:
        changes = _reconciled(occurrences, rules, stored, now)
    else:
        changes = await asyncio.to_thread(_reconciled, occurrences, rules, stored, now)
    await stores.reminders.apply(changes.insert, changes.cancel)


def _is_over(when: When, now: datetime) -> bool:
    """All-day and floating ones end up to fourteen hours later in other zones."""
    slack = _ZONES_APART if isinstance(when, AllDay) or when.floating else timedelta()
    return instants(when, _UTC)[1] + slack < now


def _reconciled(
    occurrences: Sequence[Occurrence], rules: Sequence[Rules], stored: Sequence[Reminder], now: datetime
) -> core.Reconciled:
    in_order = sorted(occurrences, key=lambda one: order_of(one, _UTC)) if rules else ()
    return core.reconcile((one for each in rules for one in core.plan(in_order, each)), stored, now)
