"""From the text of a calendar object to its events: times resolved to zones, identity, what each says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from calbot.core.links import join_link
from calbot.core.model import (
    Attendee,
    CalendarName,
    CuType,
    Details,
    Href,
    PartStat,
    RecurrenceId,
    Role,
    Status,
    Uid,
    UserId,
)
from calbot.errors import BadCalendarData

from .alarms import triggers_of
from .content import Component, Line, read_components, without_pause
from .values import (
    Duration,
    is_date,
    is_utc,
    midnight,
    read_date,
    read_date_time,
    read_duration,
    read_integer,
    read_text,
    write_date,
    write_utc,
)
from .zones import Zones

# Room for a series with ten thousand exceptions. RFC 4791, 5.2.5 lets servers draw such a line, too.
MAX_OBJECT = 4 * 1024 * 1024  # characters
MAX_LINES = 150_000
MAX_EVENTS = 12_000
MAX_DATES = 20_000  # of EXDATE, and of RDATE, in one event
MAX_ATTENDEES = 2_000
MAX_RULES = 20  # RFC 5545, 3.6.1 would have no more than one

CALBOT_ATTENDEE = "X-CALBOT-ATTENDEE"

Moment = date | datetime  # a day, or an aware instant

# Where programs say how to join: RFC 7986, 5.11, then Google's and Microsoft's.
_CONFERENCES = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
)

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Period:
    """When one RDATE puts an occurrence, and how long that lasts if it is said (PERIOD)."""

    start: Moment
    length: Duration | None = None


class ParsedEvent:
    """One VEVENT: the master of a series or single event, or an override of one occurrence (`recurrence_id` set)."""

    def __init__(self, component: Component, times: TimeReader, hidden: bool) -> None:
        self.component = component
        self._times = times
        self._hidden = hidden
        start = component.first("DTSTART")
        if start is None:
            raise BadCalendarData("no_start")
        self.start: Moment = times.moment(start)
        self.floating = times.is_floating(start)
        self.length = self._length(start)
        override = component.first("RECURRENCE-ID")
        self.recurrence_id: Moment | None = times.moment(override, self.start) if override else None
        self.this_and_future = override is not None and override.param("RANGE").upper() == "THISANDFUTURE"
        self.uid = Uid(read_text(component.value("UID")))
        self.sequence = read_integer(component.value("SEQUENCE"))

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @cached_property
    def rules(self) -> tuple[str, ...]:
        rules = tuple(line.value for line in self.component.all("RRULE") if line.value.strip())
        if len(rules) > MAX_RULES:
            raise BadCalendarData("bad_rule")
        return rules

    @cached_property
    def exdates(self) -> tuple[Moment, ...]:
        return tuple(period.start for period in self._dates("EXDATE"))

    @cached_property
    def rdates(self) -> tuple[Period, ...]:
        return self._dates("RDATE")

    def _dates(self, name: str) -> tuple[Period, ...]:
        lines = self.component.all(name)
        if sum(line.value.count(",") + 1 for line in lines) > MAX_DATES:
            raise BadCalendarData("too_many_occurrences")
        return tuple(period for line in lines for period in self._times.moments(line, self.start))

    @property
    def repeats(self) -> bool:
        return bool(self.rules or self.component.first("RDATE"))

    def _length(self, start: Line) -> Duration:
        end, duration = self.component.first("DTEND"), self.component.first("DURATION")
        if end is not None:
            return length_between(self.start, self._times.moment(end))
        if duration is not None and (length := read_duration(duration.value)).total() >= timedelta():
            return length
        # RFC 5545, 3.6.1: a day without an end is that day, a time without one takes none.
        return Duration(timedelta(days=1)) if self.is_all_day else Duration()

    @cached_property
    def details(self) -> Details:
        component = self.component
        status = _enum(Status, component.value("STATUS"), Status.CONFIRMED)
        transparent = component.value("TRANSP").upper() == "TRANSPARENT"
        rule = self.rules[0] if self.rules else ""
        if self._hidden:
            return Details(
                status=status, transparent=transparent, hidden=True, sequence=max(self.sequence, 0), rule=rule
            )
        if len(component.all("ATTENDEE")) > MAX_ATTENDEES:
            raise BadCalendarData("object_too_big")
        location, description = (read_text(component.value(name)) for name in ("LOCATION", "DESCRIPTION"))
        return Details(
            title=read_text(component.value("SUMMARY")),
            location=location,
            description=description,
            link=join_link(
                conferences=[line.value.strip() for name in _CONFERENCES for line in component.all(name)],
                url=component.value("URL"),
                location=location,
                description=description,
            ),
            status=status,
            transparent=transparent,
            sequence=max(self.sequence, 0),
            rule=rule,
            organizer=next((attendee_of(line) for line in component.all("ORGANIZER") if line.value.strip()), None),
            attendees=attendees_of(component),
            alarms=triggers_of(component, self._times.zone),
        )


class TimeReader:
    """Reads the times of one document. What has no zone, or one that nobody knows, is in the reader's (`zone`).

    `pause` is called with each of many values.
    """

    def __init__(self, roots: Iterable[Component], zone: ZoneInfo, pause: Callable[[], None] = without_pause) -> None:
        self.zones = Zones(roots)
        self.zone = zone
        self.pause = pause

    def is_floating(self, line: Line) -> bool:
        if is_date(line.value) or is_utc(line.value):
            return False
        return not (tzid := line.param("TZID")) or self.zones.named(tzid) is None

    def moment(self, line: Line, beside: Moment | None = None) -> Moment:
        """A DATE or DATE-TIME; without a zone it is in that of `beside`, the start of the same event."""
        return self._moment(line, line.value, beside)

    def moments(self, line: Line, beside: Moment) -> list[Period]:
        """The values of EXDATE and RDATE, periods included."""
        return [self._period(line, value, beside) for value in line.value.split(",") if value.strip()]

    def _period(self, line: Line, value: str, beside: Moment) -> Period:
        self.pause()
        begin, slash, end = value.partition("/")
        start = self._moment(line, begin, beside)
        if not slash:
            return Period(start)
        if end.strip()[:1] in "+-Pp":
            return Period(start, read_duration(end))
        return Period(start, length_between(start, self._moment(line, end, beside)))

    def _moment(self, line: Line, value: str, beside: Moment | None) -> Moment:
        if is_date(value):
            return read_date(value)
        tzid = line.param("TZID")
        zone = self.zones.named(tzid) if tzid else None
        if zone is None and isinstance(beside, datetime):
            zone = beside.tzinfo
        return read_date_time(value, zone or self.zone)


def length_between(start: Moment, end: Moment) -> Duration:
    """From DTSTART to DTEND; on the clock of their zone if both are in the same.

    A weekly shift from 22:00 to 6:00 ends at 6:00 also in the nights when clocks change, as calendar programs show it;
    RFC 5545, 3.8.5.3 would have its hours exact.
    """
    if isinstance(start, datetime) and isinstance(end, datetime):
        if start.tzinfo is end.tzinfo:
            # A start that a clock change leaves out is later on the wall than it is written (RFC 5545, 3.3.5).
            shown = start.astimezone(timezone.utc).astimezone(start.tzinfo)
            begin = start if shown.replace(fold=0) > end.replace(fold=0) else shown
            length = Duration(nominal=end.replace(fold=0) - begin.replace(fold=0))
        else:
            length = Duration(exact=end - start)
        return length if length.total() >= timedelta() else Duration()
    if isinstance(start, datetime):
        return length_between(start, midnight(end, start.tzinfo or timezone.utc))
    if isinstance(end, datetime):
        end = end.date() + timedelta(days=1) if end.time() else end.date()
    # A day that ends on the day it begins is how some programs write one day.
    return Duration(nominal=max(end - start, timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class ParsedObject:
    """A calendar object, read once: everything else asks this."""

    calendar: CalendarName
    href: Href
    hidden: bool
    zone: ZoneInfo
    times: TimeReader
    roots: tuple[Component, ...]
    events: tuple[ParsedEvent, ...]

    @property
    def uid(self) -> Uid:
        """What identifies the object; where that is missing, its name on the server."""
        found = next((event.uid for event in self.events if event.uid), "")
        return Uid(found or self.href.rstrip("/").rsplit("/", 1)[-1].removesuffix(".ics"))

    @property
    def is_recurring(self) -> bool:
        return any(event.repeats for event in self.events)


def read_object(
    data: str,
    *,
    calendar: CalendarName,
    href: Href,
    hidden: bool,
    zone: ZoneInfo,
    limit: int = MAX_OBJECT,
    pause: Callable[[], None] = without_pause,
) -> ParsedObject:
    """Parse an object; without a VEVENT it has no events. `hidden`: the calendar shows nothing but busy times. `pause`
    is called now and then, for others to have their turn.

    One event of an object that is not PUBLIC hides all of them: the exception to a series says what the series is.
    """
    if len(data) > limit or max(data.count("\n"), data.count("\r")) > MAX_LINES:
        raise BadCalendarData("object_too_big")
    roots = [root for root in read_components(data, pause) if root.name == "VCALENDAR"]
    if not roots:
        raise BadCalendarData("not_icalendar")
    times = TimeReader(roots, zone, pause)
    components = [component for root in roots for component in root.components if component.name == "VEVENT"]
    if len(components) > MAX_EVENTS:
        raise BadCalendarData("object_too_big")
    hidden = hidden or not all(is_public(component) for component in components)
    events = []
    for component in components:
        events.append(ParsedEvent(component, times, hidden))
        pause()
    return ParsedObject(calendar, href, hidden, zone, times, tuple(roots), tuple(events))


def is_public(component: Component) -> bool:
    return component.value("CLASS").upper() in ("", "PUBLIC")


def details_of(parsed: ParsedObject, recurrence_id: RecurrenceId | None = None) -> Details | None:
    """What the master says, or, by its recurrence id, an override; None where there is none."""
    for event in parsed.events:
        found = None if event.recurrence_id is None else write_recurrence_id(event.recurrence_id)
        if found == recurrence_id:
            return event.details
    return None


def uid_of(data: str) -> Uid | None:
    """The UID of the first component that has one, of whatever kind; None where there is none to be found."""
    try:
        roots = read_components(data)
    except BadCalendarData:
        return None
    components = (component for root in roots for component in root.components if component.name != "VTIMEZONE")
    return next((Uid(read_text(uid)) for component in components if (uid := component.value("UID"))), None)


def write_recurrence_id(moment: Moment) -> RecurrenceId:
    return RecurrenceId(write_utc(moment) if isinstance(moment, datetime) else write_date(moment))


def read_recurrence_id(recurrence_id: RecurrenceId) -> Moment:
    return read_date(recurrence_id) if is_date(recurrence_id) else read_date_time(recurrence_id, timezone.utc)


def attendees_of(component: Component) -> tuple[Attendee, ...]:
    lines = [line for line in component.lines if line.name in ("ATTENDEE", CALBOT_ATTENDEE)]
    return tuple(attendee_of(line) for line in lines if line.value.strip())


def attendee_of(line: Line) -> Attendee:
    value = read_text(line.value).strip()
    user = UserId(value) if line.name == CALBOT_ATTENDEE else None
    address = None if user else address_of(line)
    return Attendee(
        name=read_text(line.param("CN")) or address or value,
        address=address,
        user=user,
        partstat=_enum(PartStat, line.param("PARTSTAT"), PartStat.NEEDS_ACTION),
        role=_enum(Role, line.param("ROLE"), Role.REQUIRED),
        kind=_enum(CuType, line.param("CUTYPE"), CuType.INDIVIDUAL),
    )


def address_of(line: Line) -> str:
    """The cal-address without ``mailto:``, lower case; where it is no mail, the EMAIL beside it (RFC 7986, 6.2)."""
    value = line.value.strip()
    if value[:7].lower() == "mailto:":
        return value[7:].strip().lower()
    return line.param("EMAIL").removeprefix("mailto:").strip().lower() or value.lower()


def _enum(kind: type[E], value: str, default: E) -> E:
    try:
        return kind(value.strip().upper())
    except ValueError:
        return default
