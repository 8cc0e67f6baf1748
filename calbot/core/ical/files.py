"""Files of any number of events, as people export them: each series is read and expanded for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calbot.core.model import CalendarName, Href, Occurrence, Uid
from calbot.core.recurrence_rule import MAX_STEPS, Budget
from calbot.errors import BadCalendarData

from .content import Component, read_components
from .reading import ParsedEvent, ParsedObject, TimeReader
from .recurrence import expand, order_of
from .values import read_text

MAX_FILE = 64 * 1024 * 1024  # characters
_WHOLE = 20 * MAX_STEPS


@dataclass(frozen=True, slots=True)
class FileContents:
    """What takes place, sorted, and which series had to be left out, with the reason."""

    occurrences: tuple[Occurrence, ...]
    problems: tuple[tuple[Uid, str], ...]


def expand_file(data: str, *, zone: ZoneInfo, window: tuple[datetime, datetime]) -> FileContents:
    """All occurrences that overlap the window. BadCalendarData where the file is no calendar, or far too much."""
    if len(data) > MAX_FILE:
        raise BadCalendarData("object_too_big")
    roots = [root for root in read_components(data) if root.name == "VCALENDAR"]
    if not roots:
        raise BadCalendarData("not_icalendar")
    times = TimeReader(roots, zone)
    series: dict[Uid, list[Component]] = {}
    for component in (component for root in roots for component in root.components if component.name == "VEVENT"):
        series.setdefault(Uid(read_text(component.value("UID"))), []).append(component)
    whole = Budget(_WHOLE)
    found: list[Occurrence] = []
    problems: list[tuple[Uid, str]] = []
    for uid, components in series.items():
        # Counts what cannot be charged to rules; beyond the whole there is no going on, whatever the series.
        whole.spend(len(components))
        try:
            events = tuple(ParsedEvent(component, times, hidden=False) for component in components)
            parsed = ParsedObject(CalendarName(""), Href(""), False, zone, times, (), events)
            found += expand(parsed, window=window, budget=whole)
        except BadCalendarData as error:
            problems.append((uid, error.reason))
    return FileContents(tuple(sorted(found, key=lambda occurrence: order_of(occurrence, zone))), tuple(problems))
