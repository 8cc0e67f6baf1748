"""What attendees are told by mail of a change to an event (RFC 5546): who, by which method, and with which text.

Decided from the object before and after. An attendee hears of what is new or different for them, and of nothing else:
an answer, an alarm, somebody else who joins are no news. Of a series, only the dates that changed are sent where that
says all of it, for mail programs understand that best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TypeAlias
from zoneinfo import ZoneInfo

from calbot.core.links import join_link
from calbot.core.model import CalendarName, Href, PartStat, RecurrenceId, Status, When
from calbot.core.people import plain_address

from .building import PRODID, add_missing_zones, set_time
from .content import Component, Line, property_line, write_components
from .reading import ParsedEvent, ParsedObject, address_of, attendee_of, read_object, read_recurrence_id
from .recurrence import series_of
from .scheduling import Agent, agent_of, without_scheduling
from .values import read_text, write_date, write_utc

_Slot: TypeAlias = RecurrenceId | None  # None is the series, or an event outside of one


class Method(str, Enum):
    """RFC 5546, 1.4."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class News(str, Enum):
    """What it is to the person who gets it."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one attendee is told. `recipient` is an address in lower case, `data` the object with its METHOD.

    The rest is what `data` says, for people who read it without a calendar program. `when` is None where the time of
    a date of a series cannot be told. `before`: when it took place until now, if that changed.
    """

    recipient: str
    name: str
    method: Method
    news: News
    data: str
    organizer: str
    title: str
    when: When | None
    before: When | None = None
    rule: str = ""
    location: str = ""
    description: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name is mailed: the ORGANIZER that events must have, and the address that the mail comes from.

    `serves`: the server invites by itself whoever is not left to its clients, and mail goes to those left.
    """

    organizer: str
    address: str
    serves: bool = False


# What invitations carry of an event. Alarms are everybody's own, and what programs keep for themselves is not sent.
_SENT = frozenset(
    [
        *("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE"),
        *("EXDATE", "RECURRENCE-ID", "SUMMARY", "LOCATION", "DESCRIPTION", "URL", "CONFERENCE", "STATUS", "TRANSP"),
        *("CLASS", "PRIORITY", "CATEGORIES", "GEO", "ORGANIZER", "ATTENDEE"),
    ]
)
_CANCELLED = frozenset(
    ["UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SUMMARY", "LOCATION", "ORGANIZER", "ATTENDEE"]
)
_TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION", "URL", "CONFERENCE")
_SERIES = ("RRULE", "RDATE")


def letters(
    before: str | None, after: str | None, sender: Sender, *, zone: ZoneInfo, now: datetime
) -> tuple[Letter, ...]:
    """Whom to tell what, in the order in which attendees are listed. None: the object is not there.

    Nothing about events that somebody else organises.
    """
    old, new = (_Version.read(data, sender, zone) for data in (before, after))
    addresses = dict.fromkeys([*new.guests, *old.guests])
    return tuple(letter for address in addresses for letter in _letters(old, new, address, sender, now))


def _letters(old: _Version, new: _Version, address: str, sender: Sender, now: datetime) -> Iterator[Letter]:
    """At most one of each kind: what is cancelled for them, and what takes place."""
    plan = _plan(old, new, address)
    if plan.cancelled:
        source = old if not new.parts else new
        yield _cancellation(old, source, plan.cancelled, address, sender, now)
    if plan.asked:
        yield _request(old, new, plan.asked, address, sender)


# --------------------------------------------------------------------------------------------------------- deciding


@dataclass(frozen=True, slots=True)
class _Plan:
    """The slots to tell of."""

    cancelled: Sequence[_Slot] = ()
    asked: Sequence[_Slot] = ()


def _plan(old: _Version, new: _Version, address: str) -> _Plan:
    was, now_on = old.slots_of(address), new.slots_of(address)
    if not now_on:
        return _Plan(cancelled=[None] if None in was else sorted(was, key=str))
    if None not in now_on:
        joined = [slot for slot in now_on if slot not in was and not new.is_mere_answer(old, slot, address)]
        return _Plan(
            cancelled=[None] if None in was else [slot for slot in was if slot not in now_on],
            asked=[slot for slot in now_on if slot in joined or None in was or _differs(old, new, slot)],
        )
    if None not in was and new.is_mere_answer(old, None, address):
        return _Plan()
    removed = [slot for slot in new.parts if slot is not None and slot not in now_on and old.takes_place(slot, address)]
    excluded = [slot for slot in new.excluded - old.excluded if old.takes_place(slot, address)]
    gone = sorted({*removed, *excluded}, key=str)
    vanished = any(slot not in new.parts and slot not in new.excluded for slot in was)
    restored = bool(old.excluded - new.excluded)
    if None not in was or vanished or restored or _differs(old, new, None):
        # The series as a whole says which dates it does not have.
        return _Plan(cancelled=removed if None in was else [], asked=[None])
    changed = [slot for slot in now_on if slot is not None and _differs(old, new, slot)]
    return _Plan(cancelled=gone, asked=changed)


def _differs(old: _Version, new: _Version, slot: _Slot) -> bool:
    return old.shown(slot) != new.shown(slot)


@dataclass(frozen=True)
class _Version:
    """An object at one time, as far as it is ours to tell of. Cancelled events are none."""

    parsed: ParsedObject | None
    sender: Sender

    @classmethod
    def read(cls, data: str | None, sender: Sender, zone: ZoneInfo) -> _Version:
        if data is None:
            return cls(None, sender)
        return cls(read_object(data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=zone), sender)

    @cached_property
    def parts(self) -> Mapping[_Slot, ParsedEvent]:
        """The events by slot that take place, and that this sender organises."""
        if self.parsed is None:
            return {}
        series = series_of(self.parsed)
        events: list[tuple[_Slot, ParsedEvent]] = [*series.overrides.items()]
        if series.master is not None:
            events.insert(0, (None, series.master))
        return {slot: event for slot, event in events if self._is_ours(event)}

    def _is_ours(self, event: ParsedEvent) -> bool:
        organizer = event.component.first("ORGANIZER")
        cancelled = event.component.value("STATUS").upper() == Status.CANCELLED.value
        return organizer is not None and address_of(organizer) == self.sender.organizer.lower() and not cancelled

    @cached_property
    def excluded(self) -> frozenset[RecurrenceId]:
        """Dates of the series that do not take place."""
        if self.parsed is None or None not in self.parts:
            return frozenset()
        series = series_of(self.parsed)
        cancelled = (slot for slot in series.overrides if slot not in self.parts and self._is_cancelled(slot))
        return frozenset([*(series.slot_id(moment) for moment in self.parts[None].exdates), *cancelled])

    def _is_cancelled(self, slot: RecurrenceId) -> bool:
        event = series_of(self.parsed).overrides[slot] if self.parsed else None
        return event is not None and event.component.value("STATUS").upper() == Status.CANCELLED.value

    @cached_property
    def guests(self) -> Sequence[str]:
        return tuple(dict.fromkeys(address for event in self.parts.values() for address in self._on(event)))

    def _on(self, event: ParsedEvent) -> Mapping[str, Line]:
        """Whom we have to tell of it, by address. Nobody by an address that is none, nor the organizer."""
        found: dict[str, Line] = {}
        for line in event.component.all("ATTENDEE"):
            address = plain_address(address_of(line))
            left_to_us = agent_of(line) is Agent.CLIENT or (
                not self.sender.serves and agent_of(line) is Agent.SERVER and not line.param("SCHEDULE-STATUS")
            )
            if address is not None and left_to_us and address != self.sender.organizer.lower():
                found[address] = line
        return found

    def slots_of(self, address: str) -> Sequence[_Slot]:
        return [slot for slot, event in self.parts.items() if address in self._on(event)]

    def line_of(self, address: str) -> Line | None:
        return next((on[address] for event in self.parts.values() if address in (on := self._on(event))), None)

    def takes_place(self, slot: RecurrenceId, address: str) -> bool:
        """Whether that date takes place for somebody."""
        event = self.parts.get(slot) or self.parts.get(None)
        return event is not None and slot not in self.excluded and address in self._on(event)

    def when(self, slot: _Slot) -> When | None:
        occurrence = series_of(self.parsed).occurrence(slot) if self.parsed and self.parts else None
        return None if occurrence is None else occurrence.when

    def shown(self, slot: _Slot) -> object:
        """What people see of an event, or of one date of a series; None where that does not take place."""
        event = self.parts.get(slot) or (self.parts.get(None) if slot is not None else None)
        if event is None or slot in self.excluded:
            return None
        component = event.component
        names = (*_TEXTS, *_SERIES) if slot is None else _TEXTS
        texts = [(name, [line.value.strip() for line in component.all(name)]) for name in names]
        return texts, self.when(slot), component.value("STATUS").upper() or Status.CONFIRMED.value

    def is_mere_answer(self, old: _Version, slot: _Slot, address: str) -> bool:
        """Whether somebody is on it now only because they said by themselves that they come."""
        event = self.parts.get(slot)
        line = self._on(event).get(address) if event is not None else None
        answered = line is not None and attendee_of(line).partstat is not PartStat.NEEDS_ACTION
        return answered and bool(old.parts) and not _differs(old, self, slot)


# --------------------------------------------------------------------------------------------------------- composing


def _request(old: _Version, new: _Version, slots: Sequence[_Slot], address: str, sender: Sender) -> Letter:
    """The dates named; with the series go those of its dates that differ and that this attendee is on."""
    wanted = [*slots, *(slot for slot in new.slots_of(address) if slot is not None and slots[0] is None)]
    sent = [_sent(new.parts[slot].component, sender) for slot in dict.fromkeys(wanted)]
    known = bool(old.slots_of(address))
    # What is asked for as a series may be known as one date of it, and the other way round.
    before = old.when(slots[0]) if known else None
    when = new.when(slots[0])
    return _letter(
        new,
        _object(Method.REQUEST, sent, new),
        (address, Method.REQUEST, News.CHANGED if known else News.NEW),
        (slots[0], when, before if before != when else None),
    )


def _cancellation(
    old: _Version, source: _Version, slots: Sequence[_Slot], address: str, sender: Sender, now: datetime
) -> Letter:
    """`source` says the revision. Where all is over, all who were on it are listed (RFC 5546, 3.2.5)."""
    revision = max((event.sequence for event in source.parts.values()), default=0) + (source is old)
    everybody = source is old and slots[0] is None
    sent = []
    for slot in slots:
        component = _slot_component(old, slot)
        component.items = [
            line
            for line in component.lines
            if line.name in _CANCELLED and (line.name != "ATTENDEE" or everybody or address_of(line) == address)
        ]
        component.append(property_line("DTSTAMP", write_utc(now)))
        component.append(property_line("SEQUENCE", str(max(revision, 0))))
        component.append(property_line("STATUS", Status.CANCELLED.value))
        sent.append(_sent(component, sender, names=frozenset({*_CANCELLED, "DTSTAMP", "SEQUENCE", "STATUS"})))
    return _letter(
        old,
        _object(Method.CANCEL, sent, old),
        (address, Method.CANCEL, News.CANCELLED),
        (slots[0], old.when(slots[0]), None),
    )


def _slot_component(version: _Version, slot: _Slot) -> Component:
    """A date of a series as an event of its own, made from the series where it has none."""
    event = version.parts.get(slot)
    if event is not None:
        return event.component.copy()
    component = version.parts[None].component.copy()
    when, parsed = version.when(slot), version.parsed
    component.items = [item for item in component.items if not isinstance(item, Line) or item.name not in _SERIES]
    if slot is not None and when is not None and parsed is not None:
        set_time(component, when, parsed.times)
        component.append(_recurrence_id(slot, component.first("DTSTART")))
    return component


def _recurrence_id(slot: RecurrenceId, start: Line | None) -> Line:
    """In UTC, which every program takes; a day for all-day events."""
    moment = read_recurrence_id(slot)
    if isinstance(moment, datetime) and (start is None or start.param("VALUE") != "DATE"):
        return property_line("RECURRENCE-ID", write_utc(moment))
    return property_line("RECURRENCE-ID", write_date(moment), {"VALUE": "DATE"})


def _sent(component: Component, sender: Sender, names: frozenset[str] = _SENT) -> Component:
    lines: list[Line | Component] = []
    for line in component.lines:
        if line.name == "ORGANIZER" and sender.address.lower() != sender.organizer.lower():
            # Who takes mail for forged unless it comes from the organizer, or from who acts for them (RFC 6047, 3).
            lines.append(without_scheduling(line).with_params({"SENT-BY": f"mailto:{sender.address}"}))
        elif line.name in names:
            lines.append(without_scheduling(line))
    return Component(component.name, lines)


def _object(method: Method, events: Iterable[Component], version: _Version) -> str:
    calendar = Component(
        "VCALENDAR",
        [
            property_line("VERSION", "2.0"),
            property_line("PRODID", PRODID),
            property_line("CALSCALE", "GREGORIAN"),
            property_line("METHOD", method.value),
        ],
    )
    events = list(events)
    used = {line.param("TZID") for event in events for line in event.lines if line.param("TZID")}
    roots = version.parsed.roots if version.parsed else ()
    zones = [part for root in roots for part in root.components if part.name == "VTIMEZONE"]
    calendar.items += [zone for zone in zones if zone.value("TZID") in used]
    calendar.items += events
    add_missing_zones(calendar)
    return write_components([calendar])


def _letter(
    version: _Version,
    data: str,
    kind: tuple[str, Method, News],
    time: tuple[_Slot, When | None, When | None],
) -> Letter:
    address, method, news = kind
    slot, when, before = time
    event = version.parts.get(slot) or version.parts[None]
    component = event.component
    line = version.line_of(address)
    organizer = component.first("ORGANIZER")
    location, description = (read_text(component.value(name)) for name in ("LOCATION", "DESCRIPTION"))
    return Letter(
        recipient=address,
        name=attendee_of(line).name if line is not None else address,
        method=method,
        news=news,
        data=data,
        organizer=attendee_of(organizer).name if organizer is not None else "",
        title=read_text(component.value("SUMMARY")),
        when=when,
        before=before,
        rule=event.rules[0] if slot is None and event.rules else "",
        location=location,
        description=description,
        link=join_link(
            conferences=[conference.value.strip() for conference in component.all("CONFERENCE")],
            url=component.value("URL"),
            location=location,
            description=description,
        ),
    )
