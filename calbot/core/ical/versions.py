"""Whether two texts are the same version of an object, and whether they say the same to people."""

from __future__ import annotations

from calbot.errors import BadCalendarData

from .content import Component, Line, read_components
from .reading import CALBOT_ATTENDEE, attendees_of
from .values import read_text


def is_same_version(one: str, other: str) -> bool:
    """Whether two texts are the same version of an object, also where a server rewrote one of them.

    Contents count beside the revision: two people can write within the second that DTSTAMP tells apart.
    """
    return is_same_revision(one, other) and _contents(one) == _contents(other)


def is_same_revision(one: str, other: str) -> bool:
    """Whether two texts were stamped by the same change, be it made of the same object or not."""
    return _revision(one) == _revision(other)


# What people write into an event, as against answers and what programs keep there for themselves.
_TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS")
_TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION", "URL", "CONFERENCE", "ATTENDEE", CALBOT_ATTENDEE)
_WRITTEN = frozenset((*_TIMES, *_TEXTS))


def visible_parts(data: str) -> list[list[tuple[str, str, str]]]:
    """What the events of an object say to people, in an order of its own: name, zone and value of each property."""
    return sorted(
        sorted((line.name, line.param("TZID"), line.value.strip()) for line in component.lines if line.name in _WRITTEN)
        for root in read_components(data)
        for component in root.components
        if component.name == "VEVENT"
    )


def _revision(data: str) -> frozenset[tuple[str, ...]]:
    names = ("UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART")
    try:
        roots = read_components(data)
    except BadCalendarData:
        return frozenset({(data,)})
    return frozenset(
        (*(component.value(name) for name in names), *_answers(component))
        for root in roots
        for component in root.components
        if component.name != "VTIMEZONE"
    )


_LISTS = ("EXDATE", "RDATE", "RRULE")
_CONTENTS = (*_LISTS, "DTEND", "DURATION", "SUMMARY", "LOCATION", "DESCRIPTION")


def _contents(data: str) -> list[list[tuple[str, str]]]:
    """What the components of an object say, in an order of its own, and however it is written down."""
    try:
        roots = read_components(data)
    except BadCalendarData:
        return []
    return sorted(
        sorted((name, value) for name in _CONTENTS for line in component.all(name) for value in _values(line))
        for root in roots
        for component in root.components
        if component.name != "VTIMEZONE"
    )


def _values(line: Line) -> list[str]:
    if line.name not in _LISTS:
        values = [" ".join(read_text(line.value).split())]
    else:
        values = [value.strip().upper() for value in line.value.split(";" if line.name == "RRULE" else ",")]
    return [value for value in values if value not in ("", "INTERVAL=1")]


def _answers(component: Component) -> list[str]:
    """Who is on an event with which answer: answers raise no SEQUENCE, and several can come within one second."""
    return sorted(f"{one.address or one.user} {one.partstat.value}" for one in attendees_of(component))
