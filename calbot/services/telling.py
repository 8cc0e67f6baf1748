"""What is said of changes: in a message, on the cards of events, and when a room shows a calendar at first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import changes, messages, quiet
from calbot.core.changes import Change, ChangeKind, Field
from calbot.core.messages import Headline
from calbot.core.model import (
    CalendarName,
    Member,
    Occurrence,
    OccurrenceId,
    RecurrenceId,
    RoomId,
    Status,
    Uid,
    UserId,
    instants,
    is_person,
)
from calbot.core.notices import Hold, Notice, NoticeKind
from calbot.core.settings import Room
from calbot.core.untold import Range, untold

from . import people, places, readers
from .notices import Edit, Kind, Outcome, Post, Wait
from .world import World

_LONGEST_SETTLING: Final = timedelta(minutes=5)
_URGENT: Final = timedelta(hours=1)  # what begins that soon after the quiet hours does not wait for their end
_COUNTED: Final = timedelta(weeks=4)  # how far ahead events are counted, as the text says


# ------------------------------------------------------------------------------------------------------------ changes


async def tell_changes(world: World, batch: Sequence[Notice]) -> Outcome:
    """What changed, in one message; what else changes meanwhile is waited for."""
    now = world.clock()
    room = _room(world, batch[0])
    if room is None:
        return None
    until = await _still_settling(world, batch, now)
    if until is not None:
        return Wait(until, Hold.SETTLING)
    found = await _changes(world, room, batch, now)
    if not found:
        return None
    allowed = _next_allowed(world, room, now)
    if allowed > now and not any(_begins_before(change, allowed + _URGENT, room) for change in found):
        return Wait(allowed, Hold.QUIET)
    summary = changes.summarised(found)
    calendars = dict.fromkeys(one.calendar for change in found if (one := change.after or change.before))
    members = await places.members(world, room.id)
    message = messages.change_notice(
        world.reader(room.language, room.timezone),
        summary,
        by=await _maker(world, found, members),
        calendar_title=", ".join(calendars) if len(room.calendars) > 1 else "",
    )
    if isinstance(summary, changes.Summary):
        return Post(message)
    concerned = [user for change in summary for user in _concerned(world, change, members)]
    return Post(message.mentioning(*concerned), about=_about(summary))


async def _maker(world: World, found: Sequence[Change], members: Sequence[Member]) -> str:
    """Who wrote all of it by command elsewhere, as this room calls them; empty where it was not one of its members."""
    if any(change.kind is not ChangeKind.CREATED or change.hidden or change.after is None for change in found):
        return ""
    uids = {change.after.uid for change in found if change.after is not None}
    makers = {await world.stores.references.maker(uid) for uid in uids}
    names = {member.user: member.name for member in members}
    (maker, *others) = makers
    return "" if maker is None or others else names.get(maker, "")


async def _still_settling(world: World, batch: Sequence[Notice], now: datetime) -> datetime | None:
    """Until when to wait for changes that have just begun to come in, if not for too long already."""
    if batch[0].batch is not None:
        return None
    waiting = await world.stores.notices.waiting([batch[0].recipient], NoticeKind.CHANGE)
    latest = max((one.not_before for one in waiting if one.hold is Hold.SETTLING and one.not_before), default=now)
    until = min(latest, batch[0].due + _LONGEST_SETTLING)
    return until if until > now else None


async def _changes(world: World, room: Room, batch: Sequence[Notice], now: datetime) -> tuple[Change, ...]:
    ranges: dict[CalendarName, list[Range]] = {}
    for one in batch:
        calendar = CalendarName(one.subject["calendar"])
        if calendar in room.calendars:
            ranges.setdefault(calendar, []).append(Range(one.subject["first"], one.subject["last"]))
    noted = {
        calendar: await world.stores.changes.between(calendar, min(told.first for told in theirs))
        for calendar, theirs in ranges.items()
    }
    uids = sorted({state.uid for states in noted.values() for state in states})
    current = await world.stores.calendars.known(room.calendars, uids)
    find = partial(untold, noted, ranges, current, room=room.id, calendars=room.calendars, now=now, zone=room.timezone)
    return await asyncio.to_thread(find)


def _next_allowed(world: World, room: Room, now: datetime) -> datetime:
    defaults = world.settings.defaults
    return quiet.next_allowed(now, quiet=defaults.quiet_hours, holidays=defaults.holidays, zone=room.timezone)


def _begins_before(change: Change, instant: datetime, room: Room) -> bool:
    return any(
        instants(one.when, room.timezone)[0] < instant for one in (change.before, change.after) if one is not None
    )


def _concerned(world: World, change: Change, members: Sequence[Member]) -> tuple[UserId, ...]:
    """Whoever has to be somewhere at another time, or not at all: the attendees in the room who did not decline."""
    moved = change.kind in (ChangeKind.CANCELLED, ChangeKind.REMOVED) or Field.TIME in change.fields
    shown = change.after or change.before
    if not moved or change.hidden or shown is None:
        return ()
    return people.to_mention(people.persons(world, shown, members), [member.user for member in members])


def _about(told: Sequence[Change]) -> tuple[CalendarName, OccurrenceId] | None:
    """What a reply to the message means, where it is about one event."""
    shown = told[0].after or told[0].before
    if len(told) > 1 or shown is None:
        return None
    return shown.calendar, shown.id if told[0].count == 1 else OccurrenceId(shown.uid)


# -------------------------------------------------------------------------------------------------------------- cards


async def renew_card(world: World, batch: Sequence[Notice]) -> Outcome:
    """Let the card of an event show it as it is now; struck through where it is gone."""
    room, subject = _room(world, batch[0]), batch[-1].subject
    calendar, id = CalendarName(subject["calendar"]), OccurrenceId(Uid(subject["uid"]), subject["recurrence_id"])
    card = None if room is None else await world.stores.references.card(room.id, id)
    if room is None or card is None or calendar not in room.calendars:
        return None
    shown = await _shown(world, calendar, id, batch[-1].subject["number"], room)
    if shown is None:
        return None
    members = await places.members(world, room.id)
    message = messages.meeting_card(
        readers.reader_of_card(world, card, room),
        shown,
        people=people.persons(world, shown, members),
        calendar_title=shown.calendar,
        headline=Headline.SHOWN if all(one.subject["quiet"] for one in batch) else Headline.CHANGED,
    )
    return Edit(card.event_id, message)


async def _shown(world: World, calendar: CalendarName, id: OccurrenceId, number: int, room: Room) -> Occurrence | None:
    """What a card shows: its occurrence; of a series the next one; else what there was, as cancelled."""
    now = world.clock()
    found = await world.stores.calendars.occurrence([calendar], id)
    if found is not None:
        return found
    if id.recurrence_id is None:
        left = _taking_place(await world.stores.calendars.occurrences_of(calendar, id.uid))
        if left:
            return _next(left, now, room)
    noted = await world.stores.changes.between(calendar, number, number)
    was = [one for state in noted for one in state.before if id.recurrence_id in (None, one.recurrence_id)]
    if not was:
        return None
    gone = _next(was, now, room)
    return replace(gone, details=replace(gone.details, status=Status.CANCELLED))


def _taking_place(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    return [one for one in occurrences if one.details.status is not Status.CANCELLED]


def _next(occurrences: Sequence[Occurrence], now: datetime, room: Room) -> Occurrence:
    ordered = sorted(occurrences, key=lambda one: instants(one.when, room.timezone))
    return next((one for one in ordered if instants(one.when, room.timezone)[1] > now), ordered[-1])


# ---------------------------------------------------------------------------------------------------- what is new here


async def introduce(world: World, batch: Sequence[Notice]) -> Outcome:
    """That a room shows a calendar from now on, and how much is in it. Nothing to say of an empty one."""
    room, now = _room(world, batch[0]), world.clock()
    if room is None:
        return None
    counts: dict[str, int] = {}
    for one in batch:
        calendar = CalendarName(one.subject["calendar"])
        if calendar in room.calendars:
            found = await world.stores.calendars.occurrences([calendar], now, now + _COUNTED)
            counts[calendar] = len(_taking_place(found))
    if not any(counts.values()):
        return None
    reader = world.reader(room.language, room.timezone)
    return Post(messages.calendars_shown(reader, counts))


# -------------------------------------------------------------------------------------------------------------- kinds


def _room(world: World, notice: Notice) -> Room | None:
    """The room as it is mapped now."""
    return None if is_person(notice.recipient) else world.settings.rooms.get(RoomId(notice.recipient))


def _card_of(notice: Notice) -> tuple[str, str, RecurrenceId | None]:
    return notice.subject["calendar"], notice.subject["uid"], notice.subject["recurrence_id"]


KINDS: Final[Mapping[NoticeKind, Kind]] = {
    NoticeKind.CHANGE: Kind(tell_changes, together=lambda notice: notice.recipient),
    NoticeKind.CARD: Kind(renew_card, together=_card_of),
    NoticeKind.SHOWN: Kind(introduce, together=lambda notice: notice.recipient),
}
