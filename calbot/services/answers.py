"""Answers to invitations: by command, by reaction (`reacting`), and in place of a cancellation that was meant for one.

They are written to the PARTSTAT of whoever answers, where the event is ours: nobody invites to it, or the calendar
itself does. A repeat finds the answer written, and says the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core import messages
from calbot.core.answers import Answer
from calbot.core.ask import Ask, Say
from calbot.core.commands import ByReply, Cancel, Rsvp, Scope
from calbot.core.ical import attendees, editing
from calbot.core.ical.attendees import Answers, Extent
from calbot.core.model import (
    Attendee,
    CalendarName,
    CalendarObject,
    Member,
    Occurrence,
    OccurrenceId,
    PartStat,
    Role,
    Status,
    UserId,
    instants,
)
from calbot.core.people import is_attendee
from calbot.core.permissions import Action, is_own
from calbot.core.settings import Access
from calbot.core.undo import Answered, Undoable
from calbot.core.untold import ON_CARDS
from calbot.errors import CalendarReadOnly, Code, UserError

from . import addresses, people, places, references, rights, showing, undoable, writing
from .requests import Declined, Reply, Request
from .world import World

_EXTENTS: Final[Mapping[Scope, Extent]] = {Scope.ALL: Extent.ALL, Scope.FOLLOWING: Extent.FOLLOWING}
_MOST_CHOICES: Final = 5


@dataclass(frozen=True, slots=True)
class Meant:
    """What is answered. `series`: not one date was spoken of but all of them, of which this is the next."""

    occurrence: Occurrence
    series: bool = False

    @property
    def id(self) -> OccurrenceId:
        return OccurrenceId(self.occurrence.uid) if self.series else self.occurrence.id


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that is on the calendar. `added`: the person was not on the event before. `kept`: how many single
    dates keep an answer of their own."""

    changed: bool
    added: bool
    kept: int


# ------------------------------------------------------------------------------------------------------------- commands


async def answer(world: World, request: Request, command: Rsvp) -> Reply:
    """Answer for the sender, and say so. The cards of the event follow by themselves."""
    meant = await _meant(world, request, command)
    return await _answer(world, request, meant, command.answer, command.scope)


async def in_place_of_cancelling(world: World, request: Request, command: Cancel, old: Occurrence) -> Reply | None:
    """Who is on an event that somebody else made may mean only their own part when they cancel: asked. None: they mean
    all of it, or it is not for them to answer."""
    subject = await rights.subject(world, old)
    if is_own(rights.actor(world, request.sender), subject):
        return None
    asked = any(request.picks.was_asked(key) for key in ("cancel_part", "cancel_own_part"))
    if not asked and not (_is_coming(world, request.sender, old) and await _can_answer(world, request, old)):
        return None
    choices = (Say("cancel_own_part"), Say("cancel_for_all"))
    if not await _may(world, request, Action.CHANGE, old):
        choices = (Say("cancel_own_part"), Say("cancel_nothing"))
    key = "cancel_part" if choices[1].id == "cancel_for_all" else "cancel_own_part"
    if request.picks.take(Ask(key, choices, {"title": old.details.title}, memo=old.uid)) == 0:
        return await _answer(world, request, Meant(old), PartStat.DECLINED, command.scope)
    if key == "cancel_part":
        return None
    raise Declined(messages.ok(request.reader, "not_cancelled"))


async def _answer(world: World, request: Request, meant: Meant, given: PartStat, scope: Scope) -> Reply:
    occurrence = meant.occurrence
    await require(world, request, occurrence)
    extent = _extent(request, scope, meant)
    await _require_ahead(world, request, occurrence, extent)
    noted = replace(occurrence, recurrence_id=None) if meant.series else occurrence
    await world.stores.inbox.note(request.event.id, noted)
    me = myself(world, request.sender, await places.members(world, showing.room_of(request, occurrence.calendar).id))
    again = await world.stores.undo.began(request.event.id)
    slot = None if extent is Extent.ALL else occurrence.recurrence_id
    before = await _before(world, me, occurrence, given, extent)
    if before is not None:
        act = Answered(slot, given, tuple(before.items()))
        await undoable.begin(world, request, occurrence.calendar, occurrence.uid, occurrence.href, act)
    done = await write(world, me, occurrence, given, extent)
    # What was said by reaction before, and may not even be written yet, does not count any more.
    await world.stores.answers.forget_given(request.sender, occurrence.calendar, occurrence.uid)
    world.passed("answer.written")
    changed = done.changed or again
    if changed:
        await undoable.done(world, request)
    message = messages.answered(
        request.reader,
        occurrence,
        given,
        extent=extent.value if occurrence.recurrence_id else None,
        already=not changed,
        notes=_notes(me, done, silent=addresses.is_silent(world, request.sender)),
    )
    about = OccurrenceId(occurrence.uid, occurrence.recurrence_id if extent is Extent.ONE else None)
    return Reply(message, about=(occurrence.calendar, about))


async def take_back(world: World, request: Request, change: Undoable, act: Answered) -> Reply:
    """Answer as before, unless something else was answered since."""
    calendar, zone = change.calendar, world.settings.defaults.timezone
    members = await places.members(world, showing.room_of(request, calendar).id)
    me, before = myself(world, request.sender, members), dict(act.before)

    def restored(current: CalendarObject) -> str | None:
        _require_ours(world, calendar, attendees.organizer_of(current.data, zone=zone))
        found = attendees.answers_of(current.data, me, zone=zone)
        answer = attendees.answer_to(found, act.recurrence_id)
        if answer is act.answer:
            return attendees.restored(current.data, me, before, zone=zone, now=world.clock())
        if answer is not attendees.answer_to(before, act.recurrence_id):
            raise UserError(Code.CONFLICT, "undo_changed")
        return None  # an earlier run of this command has done it

    await writing.edit(world, calendar, change.href, restored, told=ON_CARDS)
    id = OccurrenceId(change.uid, act.recurrence_id)
    occurrence = await references.look_up(world, request, calendar, id)
    message = messages.undone_answer(request.reader, occurrence, attendees.answer_to(before, act.recurrence_id))
    return Reply(message, about=(calendar, id))


# ------------------------------------------------------------------------------------------------------------- what to


async def _meant(world: World, request: Request, command: Rsvp) -> Meant:
    """The event named; without a name the one replied to, else what was spoken of last."""
    if request.before is not None:  # what an earlier run of this command found
        before = request.before
        return await look_up(world, request, before.calendar, before.id)
    if request.replying_to is not None and command.ref in (None, ByReply()):
        subjects = await world.stores.references.subjects(request.place.room, request.replying_to)
        if len(subjects) > 1:
            return await which(world, request, [(one.calendar, one.occurrence) for one in subjects])
        return await look_up(world, request, *await references.meant(world, request, ByReply()))
    if command.ref is not None:
        return await look_up(world, request, *await references.meant(world, request, command.ref))
    return await which(world, request, await _spoken_of(world, request))


async def _spoken_of(world: World, request: Request) -> Sequence[tuple[CalendarName, OccurrenceId]]:
    """What the bot last told the sender, and what it said here last, such as a reminder; else what waits for an answer
    of theirs."""
    store, room = world.stores.references, request.place.room
    last = await store.last(room, request.sender)
    spoken = [(one.calendar, one.occurrence) for one in await store.newest(room)]
    spoken += [] if last is None else [last]
    if await _open(world, request, spoken):
        return spoken
    address = people.address(world, request.sender)
    ahead = await world.stores.calendars.occurrences(
        request.place.calendars,
        request.now,
        request.now + world.settings.sync.horizon,
        attendee=address or request.sender,
    )
    waiting = {
        one.uid: one
        for one in reversed(ahead)
        if is_ahead(one, request.now, request.reader.zone)
        and _answer_on(world, one, request.sender) is PartStat.NEEDS_ACTION
    }
    return [(one.calendar, one.id) for one in list(reversed(waiting.values()))[:_MOST_CHOICES]]


async def which(world: World, request: Request, named: Sequence[tuple[CalendarName, OccurrenceId]]) -> Meant:
    """The one of these that can be answered; asked where there are several."""
    several = await _open(world, request, named)
    if not several:
        raise UserError(Code.NOT_FOUND, "rsvp_which")
    if len(several) == 1 and not request.picks.was_asked("answer_which"):
        return several[0]
    return several[request.picks.take(Ask("answer_which", tuple(one.occurrence for one in several)))]


async def _open(
    world: World, request: Request, named: Sequence[tuple[CalendarName, OccurrenceId]]
) -> tuple[Meant, ...]:
    """Those that are shown here, and not over; a series and one of its dates are both the series."""
    found: dict[OccurrenceId, Meant] = {}
    for calendar, id in named:
        try:
            meant = await look_up(world, request, calendar, id)
        except UserError:  # gone, or not shown here any more
            continue
        if is_ahead(meant.occurrence, request.now, request.reader.zone):
            known = found.get(meant.occurrence.id)
            found[meant.occurrence.id] = meant if known is None or meant.series else known
    return tuple(found.values())


async def look_up(world: World, request: Request, calendar: CalendarName, id: OccurrenceId) -> Meant:
    occurrence = await references.look_up(world, request, calendar, id)
    return Meant(occurrence, series=id.recurrence_id is None and occurrence.recurrence_id is not None)


def _extent(request: Request, said: Scope, meant: Meant) -> Extent:
    """A date that was named is that date; where the series was, it is asked."""
    if meant.occurrence.recurrence_id is None:
        return Extent.ONE
    if said in _EXTENTS:
        return _EXTENTS[said]
    if said is Scope.THIS or not meant.series:
        return Extent.ONE
    ask = Ask("answer_series", (meant.occurrence, Say("whole_series")))
    return (Extent.ONE, Extent.ALL)[request.picks.take(ask)]


# ------------------------------------------------------------------------------------------------------ what is allowed


async def require(world: World, request: Request, occurrence: Occurrence) -> None:
    """UserError where the sender cannot answer from here."""
    if world.settings.calendars[occurrence.calendar].access is Access.READ_ONLY:
        raise UserError(Code.READ_ONLY, "answer_read_only")
    await rights.require(world, request, Action.ANSWER, occurrence.calendar, await rights.subject(world, occurrence))
    if occurrence.details.status is Status.CANCELLED:
        raise UserError(Code.STALE_REFERENCE, "answer_cancelled")
    organizer = occurrence.details.organizer
    _require_ours(world, occurrence.calendar, organizer.address or "" if organizer else "")


def _require_ours(world: World, calendar: CalendarName, organizer: str) -> None:
    """Whoever invites from elsewhere would not get to know an answer that is written here."""
    if organizer and organizer.lower() != world.settings.organizer(calendar).lower():
        raise UserError(Code.READ_ONLY, "answer_elsewhere")


async def _require_ahead(world: World, request: Request, occurrence: Occurrence, extent: Extent) -> None:
    concerned = [occurrence]
    if extent is not Extent.ONE:
        concerned += await world.stores.calendars.occurrences_of(occurrence.calendar, occurrence.uid)
    if not any(is_ahead(one, request.now, request.reader.zone) for one in concerned):
        raise UserError(Code.IN_PAST, "answer_past", title=occurrence.details.title)


def is_ahead(occurrence: Occurrence, now: datetime, zone: ZoneInfo) -> bool:
    """Whether it takes place, and is not over."""
    return occurrence.details.status is not Status.CANCELLED and instants(occurrence.when, zone)[1] > now


async def _may(world: World, request: Request, action: Action, occurrence: Occurrence) -> bool:
    try:
        await rights.require(world, request, action, occurrence.calendar, await rights.subject(world, occurrence))
    except UserError:
        return False
    return True


async def _can_answer(world: World, request: Request, occurrence: Occurrence) -> bool:
    try:
        await require(world, request, occurrence)
    except UserError:
        return False
    return is_ahead(occurrence, request.now, request.reader.zone)


def _is_coming(world: World, user: UserId, occurrence: Occurrence) -> bool:
    return _answer_on(world, occurrence, user) not in (None, PartStat.DECLINED)


def _answer_on(world: World, occurrence: Occurrence, user: UserId) -> Answer:
    address = people.address(world, user)
    return next((one.partstat for one in occurrence.details.attendees if is_attendee(one, user, address)), None)


# ------------------------------------------------------------------------------------------------------------- writing


def myself(world: World, user: UserId, members: Iterable[Member]) -> Attendee:
    """Whoever answers, as they are added to an event that they were not invited to."""
    known_as = {member.user: member.name for member in members}
    return people.attendee(world, user, known_as, role=Role.OPTIONAL)


async def _before(world: World, me: Attendee, occurrence: Occurrence, given: Answer, extent: Extent) -> Answers | None:
    """What they had answered until now; None where there is nothing to change about it."""
    current = await world.gateway.read(occurrence.calendar, occurrence.href)
    if current is None:
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    zone, data, slot = world.settings.defaults.timezone, current.data, occurrence.recurrence_id

    def look() -> Answers | None:
        text = attendees.answered(data, me, given, zone=zone, now=world.clock(), recurrence_id=slot, extent=extent)
        return None if text is None else attendees.answers_of(data, me, zone=zone)

    return await asyncio.to_thread(look)


async def write(world: World, me: Attendee, occurrence: Occurrence, given: Answer, extent: Extent) -> Given:
    """Put an answer on the calendar. UserError where the event has become another one, or never was ours."""
    zone, now, slot = world.settings.defaults.timezone, world.clock(), occurrence.recurrence_id
    seen: list[tuple[Answers, Answers]] = []

    def change(current: CalendarObject) -> str | None:
        _require_ours(world, occurrence.calendar, attendees.organizer_of(current.data, zone=zone))
        if extent is Extent.ONE and editing.time_of(current.data, slot, zone=zone) != occurrence.when:
            raise UserError(Code.CONFLICT, "answer_moved")
        text = attendees.answered(current.data, me, given, zone=zone, now=now, recurrence_id=slot, extent=extent)
        answers = partial(attendees.answers_of, who=me, zone=zone)
        seen[:] = [(answers(current.data), answers(text or current.data))]
        return text

    try:
        await writing.edit(world, occurrence.calendar, occurrence.href, change, told=ON_CARDS)
    except CalendarReadOnly as error:
        raise UserError(Code.READ_ONLY, "answer_read_only") from error
    before, after = seen[0]
    own = [one for slot, one in after.items() if slot is not None and one not in (None, given)]
    return Given(
        changed=before != after,
        added=given is not None and all(one is None for one in before.values()),
        kept=len(own) if extent is Extent.ALL else 0,
    )


def _notes(me: Attendee, done: Given, *, silent: bool) -> list[Say]:
    """`silent`: the server that could know an address did not answer."""
    notes = []
    if done.added:
        notes.append(Say("answer_added"))
    if me.address is None:
        notes.append(Say("answer_address_later" if silent else "answer_no_address"))
    if done.kept:
        notes.append(Say("answer_kept", {"number": done.kept}))
    return notes
