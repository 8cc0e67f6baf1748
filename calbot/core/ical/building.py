"""Writes events: whole new objects, and the properties that edits put into objects of others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from calbot.core.model import AllDay, Attendee, PartStat, Status, Timed, Uid, When
from calbot.core.recurrence_rule import parts_of, read_until
from calbot.errors import BadCalendarData

from .content import Component, Line, property_line, write_components
from .reading import CALBOT_ATTENDEE, Moment, TimeReader
from .values import MAX_INTEGER, read_integer, write_date, write_local, write_text, write_utc
from .zones import build_vtimezone

PRODID = "-//calbot//calbot//EN"


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event to be written. `rule` is an RRULE value whose UNTIL, if any, is the last day, as people say it."""

    uid: Uid
    when: When
    title: str
    rule: str = ""
    location: str = ""
    description: str = ""
    link: str = ""
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    status: Status = Status.CONFIRMED
    transparent: bool = False


def build_event(draft: EventDraft, now: datetime) -> str:
    """A calendar object with its time zone; without METHOD, as RFC 4791, 4.1 wants what is stored."""
    stamp = write_utc(now)
    start, end = time_lines(draft.when)
    lines = [
        property_line("UID", write_text(draft.uid)),
        property_line("DTSTAMP", stamp),
        property_line("CREATED", stamp),
        property_line("LAST-MODIFIED", stamp),
        property_line("SEQUENCE", "0"),
        property_line("SUMMARY", write_text(draft.title)),
        start,
        end,
    ]
    if draft.rule:
        lines.append(property_line("RRULE", rule_value(draft.rule, draft.when)))
    # Programs without CONFERENCE (RFC 7986, 5.11) show the link as the place, unless there is another.
    if location := draft.location or draft.link:
        lines.append(property_line("LOCATION", write_text(location)))
    if draft.description:
        lines.append(property_line("DESCRIPTION", write_text(draft.description)))
    if draft.link:
        lines.append(property_line("URL", draft.link))
        lines.append(property_line("CONFERENCE", draft.link, {"VALUE": "URI", "FEATURE": "VIDEO"}))
    if draft.organizer is not None and draft.organizer.address:
        lines.append(organizer_line(draft.organizer))
    lines += [attendee_line(attendee) for attendee in draft.attendees]
    lines.append(property_line("STATUS", draft.status.value))
    lines.append(property_line("TRANSP", "TRANSPARENT" if draft.transparent else "OPAQUE"))
    calendar = Component("VCALENDAR", [property_line("VERSION", "2.0"), property_line("PRODID", PRODID)])
    calendar.items.append(Component("VEVENT", list(lines)))
    add_missing_zones(calendar)
    return write_components([calendar])


def time_lines(when: When, like: Line | None = None, times: TimeReader | None = None) -> tuple[Line, Line]:
    """DTSTART and DTEND. The zone keeps the name that it has in `like`, if that means the same."""
    if isinstance(when, AllDay):
        return moment_line("DTSTART", when.start), moment_line("DTEND", when.end)
    return (
        moment_line("DTSTART", when.start, floating=when.floating, like=like, times=times),
        # The end is written in the zone of the start, which is what people edit in their programs.
        moment_line("DTEND", _in_zone_of(when), floating=when.floating, like=like, times=times),
    )


def _in_zone_of(when: Timed) -> datetime:
    return when.end if when.floating else when.end.astimezone(when.start.tzinfo)


def moment_line(
    name: str, moment: Moment, *, floating: bool = False, like: Line | None = None, times: TimeReader | None = None
) -> Line:
    if not isinstance(moment, datetime):
        return property_line(name, write_date(moment), {"VALUE": "DATE"})
    if floating:
        return property_line(name, write_local(moment))
    zone = moment.tzinfo
    tzid = like.param("TZID") if like else ""
    if tzid and times and times.zones.named(tzid) == zone:
        return property_line(name, write_local(moment), {"TZID": tzid})
    if isinstance(zone, ZoneInfo) and zone.key.upper() not in ("UTC", "ETC/UTC"):
        return property_line(name, write_local(moment), {"TZID": zone.key})
    return property_line(name, write_utc(moment))


def rule_value(rule: str, when: When) -> str:
    """The rule with UNTIL in the type that DTSTART asks for (RFC 5545, 3.3.10): a date, or an instant in UTC."""
    written = []
    for name, value in parts_of(rule):
        if name == "UNTIL":
            written.append(f"UNTIL={_until(read_until(value).day, when)}")
        else:
            written.append(f"{name}={value}")
    return ";".join(written)


def _until(day: date, when: When) -> str:
    if isinstance(when, AllDay):
        return write_date(day)
    last = datetime.combine(day, when.start.timetz())
    return write_local(last) if when.floating else write_utc(last)


def attendee_line(attendee: Attendee) -> Line:
    """ATTENDEE; for somebody without an address a property that no server tries to mail."""
    waiting = attendee.partstat is PartStat.NEEDS_ACTION
    params: dict[str, str | None] = {
        "CN": attendee.name,
        "ROLE": attendee.role.value,
        "PARTSTAT": attendee.partstat.value,
    }
    if attendee.address is None:
        return property_line(CALBOT_ATTENDEE, write_text(attendee.user or attendee.name), params)
    rsvp = {"RSVP": "TRUE" if waiting else None}
    uri = attendee.address if re.match(r"[a-z][a-z0-9+.-]*:", attendee.address) else f"mailto:{attendee.address}"
    return property_line("ATTENDEE", uri, {"CUTYPE": attendee.kind.value, **params, **rsvp})


def organizer_line(organizer: Attendee) -> Line:
    name = organizer.name if organizer.name != organizer.address else ""
    return property_line("ORGANIZER", f"mailto:{organizer.address}", {"CN": name})


def set_time(component: Component, when: When, times: TimeReader) -> None:
    """Put new times into an event; a DURATION gives way to an end."""
    start, end = time_lines(when, component.first("DTSTART"), times)
    component.replace("DTSTART", start)
    if component.first("DTEND") is None and component.first("DURATION") is not None:
        component.replace("DURATION", end)
    else:
        component.replace("DURATION")
        component.replace("DTEND", end)


def stamp(component: Component, now: datetime, *, significant: bool) -> None:
    """Mark an event as changed now; a new revision where that is `significant` (RFC 5546, 2.1.4)."""
    component.replace("DTSTAMP", property_line("DTSTAMP", write_utc(now)))
    component.replace("LAST-MODIFIED", property_line("LAST-MODIFIED", write_utc(now)))
    if significant:
        sequence = min(max(read_integer(component.value("SEQUENCE")), 0) + 1, MAX_INTEGER)
        component.replace("SEQUENCE", property_line("SEQUENCE", str(sequence)))


def required(component: Component, name: str) -> Line:
    line = component.first(name)
    if line is None:
        raise BadCalendarData("no_start")
    return line


def add_missing_zones(calendar: Component) -> None:
    """A VTIMEZONE for every zone that a VEVENT names and nothing defines (RFC 5545, 3.6.5), before the events."""
    defined = {zone.value("TZID") for zone in calendar.components if zone.name == "VTIMEZONE"}
    used: dict[str, date] = {}
    for component in calendar.components:
        for line in component.lines if component.name == "VEVENT" else ():
            if (tzid := line.param("TZID")) and tzid not in defined:
                day = _first_day(line)
                used[tzid] = min(day, used.get(tzid, day))
    place = calendar.end_of_lines()
    for tzid, day in sorted(used.items(), reverse=True):
        if (zone := _iana(tzid)) is not None:
            calendar.items.insert(place, build_vtimezone(zone, day))


def _first_day(line: Line) -> date:
    digits = line.value.strip()[:8]
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=timezone.utc).date()
    except ValueError:
        return date(1970, 1, 1)


def _iana(tzid: str) -> ZoneInfo | None:
    """Only zones under their own names: a definition under a name of Windows would be one of many for it."""
    try:
        return ZoneInfo(tzid)
    except (ValueError, OSError, KeyError):
        return None
