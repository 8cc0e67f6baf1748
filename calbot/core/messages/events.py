"""What every message about an event shares: its machine-readable part, its name, its join link."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Occurrence, Status, Timed, When

from .text import NAME, NOTHING, Rich, clean, data, join_link, own, say, strong, struck, visible
from .times import elsewhere_text, when_text

_ID = 500  # characters of an identifier from a calendar; the whole event must fit into 64 KiB
BUSY = "busy"  # title in the machine-readable part of what must not be shown


def event_data(reader: Reader, occurrence: Occurrence) -> dict[str, Any]:
    """The `io.calbot` part that describes an event."""
    details = occurrence.details
    return {
        "uid": occurrence.uid[:_ID],
        "recurrence_id": occurrence.recurrence_id,
        "title": BUSY if details.hidden else clean(details.title),
        "calendar": occurrence.calendar,
        **when_data(reader, occurrence.when),
        "status": details.status.value.lower(),
        "sequence": details.sequence,
    }


def when_data(reader: Reader, when: When) -> dict[str, Any]:
    """`start`, `end` and `all_day`. The last day of an all-day event belongs to it, unlike DTEND."""
    if isinstance(when, AllDay):
        first, last = when.start, max(when.start, when.last)
        return {"start": {"date": first.isoformat()}, "end": {"date": last.isoformat()}, "all_day": True}
    seen = when.seen_in(reader.zone) if when.floating else when
    zone = _zone_of(reader, seen)
    return {"start": _instant(seen.start, zone), "end": _instant(seen.end, zone), "all_day": False}


def _zone_of(reader: Reader, when: Timed) -> ZoneInfo:
    zone = when.start.tzinfo
    return zone if isinstance(zone, ZoneInfo) and "/" in zone.key else reader.zone


def _instant(instant: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {
        "utc": utc_text(instant),
        "localtime": instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
        "timezone": zone.key,
    }


def utc_text(instant: datetime) -> str:
    """An instant for machines."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def title(reader: Reader, occurrence: Occurrence) -> Rich:
    """The name that may be shown."""
    if occurrence.details.hidden:
        return say(reader, "event.busy")
    return data(occurrence.details.title) or say(reader, "event.untitled")


def headed(reader: Reader, occurrence: Occurrence) -> Rich:
    """The name as a heading; struck through if the event is cancelled, which the words beside it have to say too."""
    name = title(reader, occurrence)
    return strong(struck(name) if occurrence.details.status is Status.CANCELLED else name)


def when_line(reader: Reader, when: When, *, year: bool = True) -> Rich:
    """Date and time, and the time in the event's own zone where that differs."""
    line = own(when_text(reader, when, year=year))
    away = elsewhere_text(reader, when)
    return say(reader, "when.with_zone", time=line, elsewhere=own(away)) if away else line


def place_line(reader: Reader, occurrence: Occurrence) -> Rich:
    """The place, unless it is nothing but the join link."""
    details = occurrence.details
    place = data(details.location)
    if details.hidden or not place or details.location.strip() == details.link.strip():
        return NOTHING
    return say(reader, "event.place", place=place)


def link_line(reader: Reader, occurrence: Occurrence) -> Rich:
    link = NOTHING if occurrence.details.hidden else join_link(occurrence.details.link)
    return say(reader, "event.link", link=link) if link else NOTHING


def calendar_line(reader: Reader, name: str) -> Rich:
    return say(reader, "event.calendar", calendar=visible(name, NAME)) if name else NOTHING
