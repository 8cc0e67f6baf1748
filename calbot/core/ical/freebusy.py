"""VFREEBUSY (RFC 5545, 3.6.4): asking for somebody's free time, and what the answer says of it. Times only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Final
from uuid import UUID, uuid5

from calbot.core.busy import merged
from calbot.core.model import Busy
from calbot.errors import BadCalendarData

from .building import PRODID
from .content import Component, Line, property_line, read_components, write_components
from .reading import MAX_OBJECT
from .values import read_date_time, read_duration, write_utc

_NAMESPACE: Final = UUID("0b3a4c52-2f7a-5d1e-9c33-8a0f4f1d7c5e")
_MAX_PERIODS: Final = 4_000  # of one person in two months
_NOT_TAKEN: Final = "FREE"
_UNCERTAIN: Final = "BUSY-TENTATIVE"


def build_request(organizer: str, attendees: Sequence[str], start: datetime, end: datetime, now: datetime) -> str:
    """What is posted to a scheduling outbox (RFC 6638, 5). Addresses are without ``mailto:``."""
    asked = " ".join((organizer, *attendees, start.isoformat(), end.isoformat(), now.isoformat()))
    lines = [
        property_line("UID", str(uuid5(_NAMESPACE, asked))),
        property_line("DTSTAMP", write_utc(now)),
        property_line("DTSTART", write_utc(start)),
        property_line("DTEND", write_utc(end)),
        property_line("ORGANIZER", f"mailto:{organizer}"),
        *(property_line("ATTENDEE", f"mailto:{address}") for address in attendees),
    ]
    head = [property_line("VERSION", "2.0"), property_line("PRODID", PRODID), property_line("METHOD", "REQUEST")]
    return write_components([Component("VCALENDAR", [*head, Component("VFREEBUSY", list(lines))])])


def read_freebusy(data: str, start: datetime, end: datetime) -> tuple[Busy, ...] | None:
    """The busy times from `start` to `end`, merged; None where the text has no VFREEBUSY.

    What is listed as free does not count, and nor does a period that is none. BadCalendarData for what is no
    iCalendar at all, or too much of it.
    """
    if len(data) > MAX_OBJECT:
        raise BadCalendarData("object_too_big")
    found = [
        component for root in read_components(data) for component in root.components if component.name == "VFREEBUSY"
    ]
    if not found:
        return None
    periods: list[Busy] = []
    for component in found:
        for line in component.all("FREEBUSY"):
            kind = line.param("FBTYPE").upper()
            if kind != _NOT_TAKEN:
                # RFC 5545, 3.2.9: what is not known counts as BUSY.
                periods += _periods(line, tentative=kind == _UNCERTAIN)
            if len(periods) > _MAX_PERIODS:
                raise BadCalendarData("object_too_big")
    return merged(periods, start, end)


def _periods(line: Line, *, tentative: bool) -> list[Busy]:
    found = []
    for value in line.value.split(","):
        begin, _, until = value.strip().partition("/")
        try:
            # Both are in UTC (RFC 5545, 3.8.2.6); servers that leave out the Z mean it as well.
            start = read_date_time(begin, timezone.utc)
            lasts = until[:1] in "+-Pp"
            end = read_duration(until).after(start) if lasts else read_date_time(until, timezone.utc)
        except (BadCalendarData, OverflowError):
            continue
        found.append(Busy(start, end, tentative))
    return found
