"""`import`: puts the events of a file on a calendar, after the sender has seen what that would be.

Written is under names that follow from the UIDs, so that a repeat after a crash writes nothing twice. What is on the
calendar already stays as it is. Where the calendar server fails on the way, what was written stays, and the same
command goes on from there: it knows again what is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

from calbot.core import identity, messages
from calbot.core.ask import Ask, Say
from calbot.core.commands import Import
from calbot.core.ical import importing
from calbot.core.ical.importing import MAX_BYTES, Piece
from calbot.core.messages import SHOWN_AFTER, Headline, Remainder
from calbot.core.model import (
    Attendee,
    CalendarName,
    CalendarObject,
    Href,
    Occurrence,
    OccurrenceId,
    UserId,
    instants,
)
from calbot.core.permissions import Action
from calbot.core.settings import Room, Show
from calbot.core.undo import Imported, Made, Second
from calbot.errors import BadCalendarData, CalendarUnavailable, Code, PreconditionFailed, UserError
from calbot.ports import ChatEvent, Listed, StoredObject

from . import conflicts, digesting, inviting, people, places, rights, showing, sync, undoable, writing
from .requests import Asked, Declined, Reply, Request
from .world import World

_ASK: Final = "import_events"
_FETCHED: Final = 100  # objects asked for at once
_MOST_WITH_PEOPLE: Final = 20  # events to which somebody can invite others by one command
_FILE_NAMES: Final = frozenset({".ics", ".ical", ".icalendar", ".ifb", ".vcs"})
_FILE_TYPES: Final = frozenset({"text/calendar", "application/ics"})


@dataclass(frozen=True, slots=True)
class _Event:
    """An object that can be written, where it goes, and what there is to show of it."""

    piece: Piece
    href: Href
    shown: Occurrence


@dataclass(frozen=True, slots=True)
class _File:
    """What was sent: its name, a digest of it, and what is in it."""

    name: str
    digest: str
    events: tuple[_Event, ...]
    remainder: Remainder


@dataclass(slots=True)
class _Written:
    """How far the writing has come."""

    events: list[tuple[_Event, StoredObject]]
    present: int = 0
    refused: int = 0
    stopped: CalendarUnavailable | None = None


async def import_file(world: World, request: Request, command: Import) -> Reply:
    """Ask whether the events are meant, then write them, or find that an earlier run of this command has."""
    room, calendar = places.calendar_for_writing(request, command.calendar)
    await rights.require(world, request, Action.NEW, calendar)
    known_as = await people.names(world, room.id)
    invited: tuple[Attendee, ...] = ()
    if command.attendees or command.optional:
        invited = people.invited(world, request.sender, command.attendees, command.optional, known_as)
    file = await _read(world, request, room, calendar, invited)
    if invited and len(file.events) > _MOST_WITH_PEOPLE:
        raise UserError(Code.LIMIT, "import_many_with_people", number=len(file.events), maximum=_MOST_WITH_PEOPLE)
    remembered = _Memo.read(request.picks.recall(_ASK), file)
    present = remembered.present if remembered else await _present(world, calendar, file.events)
    fresh = [event for number, event in enumerate(file.events) if number not in present]
    remainder = replace(file.remainder, present=len(present))
    if not file.events:
        raise UserError(Code.BAD_CALENDAR_DATA, "import_nothing")
    if not fresh:
        return Reply(messages.nothing_to_import(request.reader, remainder))
    if remembered is None or not remembered.picked:
        ask = Ask(_ASK, (Say("import_yes"), Say("import_no")), memo=_Memo(file.digest, frozenset(present)).write())
        await _ask(world, request, room, ask, file, fresh, remainder, invited)
    elif remembered.picked != 1:
        raise Declined(messages.ok(request.reader, "not_imported"))
    written = await _write(world, request, calendar, fresh)
    remainder = replace(remainder, present=remainder.present + written.present, refused=written.refused)
    if written.stopped is not None:
        raise UserError(
            Code.CALENDAR_UNAVAILABLE, "import_stopped", number=len(written.events), total=len(fresh)
        ) from written.stopped
    if not written.events:
        if written.refused:
            raise UserError(Code.CALENDAR_UNAVAILABLE, "import_refused")
        return Reply(messages.nothing_to_import(request.reader, remainder))
    return await _reply(world, request, room, calendar, written.events, remainder, invited, known_as)


@dataclass(frozen=True, slots=True)
class _Memo:
    """What the question was about: a file, of which some events were on the calendar by then. An answer holds for
    that, and a repeat goes by it, since what it wrote itself is there by now."""

    digest: str
    present: frozenset[int]
    picked: int = 0

    def write(self) -> str:
        return f"{self.digest} {','.join(map(str, sorted(self.present)))}"

    @classmethod
    def read(cls, asked: tuple[str, int] | None, file: _File) -> _Memo | None:
        if asked is None:
            return None
        digest, _, numbers = asked[0].partition(" ")
        present = frozenset(int(number) for number in numbers.split(",") if number)
        return cls(digest, present, asked[1]) if digest == file.digest else None


async def _ask(
    world: World,
    request: Request,
    room: Room,
    ask: Ask,
    file: _File,
    fresh: Sequence[_Event],
    remainder: Remainder,
    invited: Sequence[Attendee],
) -> None:
    events = _by_time((event.shown for event in fresh), request)
    users = [one.user for one in invited if one.user is not None]
    message = messages.import_question(
        request.reader,
        ask,
        events,
        filename=file.name,
        calendar=events[0].calendar,
        remainder=remainder,
        notes=await conflicts.of_import(world, request, room, events, users),
    )
    raise Asked(ask, message.mentioning(request.sender))


# ------------------------------------------------------------------------------------------------------------- the file


async def _read(
    world: World, request: Request, room: Room, calendar: CalendarName, invited: Sequence[Attendee]
) -> _File:
    event = await _file_event(world, request)
    data = await world.chat.download(event, MAX_BYTES)
    parts = await asyncio.to_thread(
        importing.take_apart,
        data,
        now=request.now,
        # It is read by whoever reads the calendar.
        label=world.catalogs[room.language].text("import.people_label"),
        invited=invited,
        organizer=inviting.organizer(world, calendar) if invited else None,
    )
    # A file can have an event both under its own UID and under what would be made of another's.
    pieces = list({piece.uid: piece for piece in parts.pieces}.values())
    hrefs = [world.gateway.href(calendar, identity.resource_name(piece.uid)) for piece in pieces]
    objects = [CalendarObject(href, None, piece.data) for href, piece in zip(hrefs, pieces, strict=True)]
    stored = await digesting.digest(world, calendar, objects, world.clock())
    events = []
    for piece, one in zip(pieces, stored, strict=True):
        shown = None if one.problem is not None else await _shown(world, request, calendar, one, piece)
        if shown is not None:
            events.append(_Event(piece, one.href, shown))
    remainder = Remainder(
        unreadable=parts.unreadable + len(parts.pieces) - len(events), left_out=parts.left_out, people=parts.people
    )
    digest = hashlib.sha256(f"{calendar}\n".encode() + data).hexdigest()[:32]
    return _File(_name_of(event.content), digest, tuple(events), remainder)


async def _file_event(world: World, request: Request) -> ChatEvent:
    """The file that the command replies to. UserError where that is something else."""
    if request.replying_to is None:
        raise UserError(Code.NOT_FOUND, "import_no_reply")
    event = await world.chat.event(request.place.room, request.replying_to)
    if event is None:
        sealed = await world.chat.sealed(request.place.room, request.replying_to)
        raise UserError(Code.NOT_FOUND, "import_gone" if sealed is None else "import_sealed")
    if event.redacted:
        raise UserError(Code.NOT_FOUND, "import_gone")
    if event.type != "m.room.message" or event.content.get("msgtype") != "m.file":
        raise UserError(Code.NOT_UNDERSTOOD, "import_no_file")
    info = event.content.get("info")
    mimetype = info.get("mimetype") if isinstance(info, Mapping) else None
    kind = mimetype.partition(";")[0].strip().lower() if isinstance(mimetype, str) else ""
    if PurePosixPath(_name_of(event.content).lower()).suffix not in _FILE_NAMES and kind not in _FILE_TYPES:
        raise UserError(Code.NOT_UNDERSTOOD, "import_other_file", name=_name_of(event.content))
    return event


def _name_of(content: Mapping[str, Any]) -> str:
    name = content.get("filename") or content.get("body")
    return name if isinstance(name, str) else ""


async def _shown(
    world: World, request: Request, calendar: CalendarName, stored: StoredObject, piece: Piece
) -> Occurrence | None:
    """What stands for an object: its next time, else its last that is kept, else its first at all."""
    zone = request.reader.zone
    known = sorted(stored.occurrences, key=lambda one: instants(one.when, zone))
    if known:
        return next((one for one in known if instants(one.when, zone)[1] > request.now), known[-1])
    first = partial(
        importing.first_occurrence,
        piece.data,
        calendar=calendar,
        href=stored.href,
        hidden=world.settings.calendars[calendar].show is Show.BUSY,
        zone=world.settings.defaults.timezone,
    )
    try:
        return await asyncio.to_thread(first)
    except BadCalendarData:
        return None


async def _present(world: World, calendar: CalendarName, events: Sequence[_Event]) -> Collection[int]:
    """Which of the events are on the calendar, as it was last seen or as the server has it now."""
    hrefs = [event.href for event in events]
    there = {
        one.href for lot in sync.lots(hrefs, _FETCHED) for one in (await world.gateway.fetch(calendar, lot)).objects
    }
    found = set()
    for number, event in enumerate(events):
        uids = {event.piece.uid, event.piece.origin} - {""}
        known = [await world.stores.calendars.by_uid(calendar, uid) for uid in sorted(uids)]
        if event.href in there or any(known):
            found.add(number)
    return found


# ---------------------------------------------------------------------------------------------------------- the writing


async def _write(world: World, request: Request, calendar: CalendarName, fresh: Sequence[_Event]) -> _Written:
    """Write them, but for those that somebody else wrote since the question."""
    written = _Written([])
    begun = await world.stores.undo.get(request.event.id)
    if begun is None:
        taken = await _present(world, calendar, fresh)
        written.present = len(taken)
        fresh = [event for number, event in enumerate(fresh) if number not in taken]
        await _begin(world, request, calendar, fresh)
    else:
        ours = {one.uid for one in begun.act.events} if isinstance(begun.act, Imported) else {begun.uid}
        written.present = sum(event.piece.uid not in ours for event in fresh)
        fresh = [event for event in fresh if event.piece.uid in ours]
    for event in fresh:
        name = identity.resource_name(event.piece.uid)
        try:
            data, told = event.piece.data, request.place.room
            stored = await writing.create(world, calendar, name, data, told=told, foreign=True)
        except (PreconditionFailed, BadCalendarData) as error:
            written.present += isinstance(error, PreconditionFailed)
            written.refused += isinstance(error, BadCalendarData)
            continue
        except CalendarUnavailable as error:
            if error.reason == "calendar_refused":
                written.refused += 1
                continue
            if not written.events:
                raise
            written.stopped = error
            break
        await world.stores.references.save_maker(stored.uid, request.sender)
        written.events.append((event, stored))
        world.passed("import.written")
    await _complete(world, request, written)
    return written


async def _begin(world: World, request: Request, calendar: CalendarName, fresh: Sequence[_Event]) -> None:
    if not fresh:
        return
    first = fresh[0]
    planned = Imported(tuple(Second(event.piece.uid, event.href) for event in fresh))
    await undoable.begin(world, request, calendar, first.piece.uid, first.href, Made() if len(fresh) == 1 else planned)


async def _complete(world: World, request: Request, written: _Written) -> None:
    if not written.events:
        return
    begun = await world.stores.undo.get(request.event.id)
    if begun is not None and isinstance(begun.act, Made):
        await undoable.made(world, request, written.events[0][1])
        return
    marks = tuple([Second(stored.uid, stored.href, await undoable.mark(stored)) for _, stored in written.events])
    await undoable.complete(world, request, Imported(marks))


async def _reply(
    world: World,
    request: Request,
    room: Room,
    calendar: CalendarName,
    written: Sequence[tuple[_Event, StoredObject]],
    remainder: Remainder,
    invited: Sequence[Attendee],
    known_as: Mapping[UserId, str],
) -> Reply:
    """The card of one event, the list of several; those invited who are in the room are mentioned."""
    now = [_now(event, stored, request.now, request) for event, stored in written]
    first = written[0][1]
    notes = await inviting.invitation_notes(world, calendar, invited, known_as, first) if invited else []
    if len(now) == 1:
        notes += messages.remainder_notes(request.reader, remainder)
        reply = await showing.card_reply(
            world, request, room, now[0], headline=Headline.CREATED, notes=notes, invites=bool(invited)
        )
        return replace(reply, about=(calendar, OccurrenceId(first.uid) if first.recurring else now[0].id))
    ordered = _by_time(now, request)
    items = list(enumerate(ordered[:SHOWN_AFTER], 1))
    message = messages.imported(
        request.reader, items, number=len(now), calendar=calendar, remainder=remainder, notes=notes
    )
    here = [one.user for one in invited if one.user is not None and one.user in known_as]
    return Reply(
        message.mentioning(*(user for user in here if user != request.sender)),
        listed=tuple(Listed(number, one.calendar, one.id) for number, one in items),
    )


def _by_time(events: Iterable[Occurrence], request: Request) -> list[Occurrence]:
    """In an order that asks for no titles, which may be long, and are cleaned for being shown."""
    return sorted(events, key=lambda one: (instants(one.when, request.reader.zone), one.uid))


def _now(event: _Event, stored: StoredObject, now: datetime, request: Request) -> Occurrence:
    """What was shown of an event before, as it is on the calendar."""
    same = next((one for one in stored.occurrences if one.recurrence_id == event.shown.recurrence_id), None)
    return same or replace(event.shown, href=stored.href)
