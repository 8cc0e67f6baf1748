"""The objects of calendars as one iCalendar stream that programs subscribe to (RFC 5545, RFC 7986).

A feed is read by whoever has its address, on servers of strangers too. So only what is named here goes out: when and
where something takes place and what it is about, and neither people nor alarms nor what programs noted for themselves.
What goes out is strictly well-formed, whatever the objects are like. Series stay series.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import Status, Uid
from calbot.errors import BadCalendarData

from .building import PRODID
from .content import Component, Line, property_line, read_components, without_pause, write_components
from .values import read_date, read_duration, read_text, write_offset, write_text
from .zones import DefinedZone, Zones, build_vtimezone

LARGEST: Final = 8 << 20  # characters of a feed
_REFRESH: Final = "PT1H"
_DATE = re.compile(r"\d{8}")
_LOCAL = re.compile(r"\d{8}T\d{6}")
_UTC = re.compile(r"\d{8}T\d{6}Z")
_DURATION = re.compile(r"P(?:\d{1,6}W|(?=\d|T\d)(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,6}S)?)?)")
_RULE = re.compile(r"[A-Za-z0-9=;,+-]+")
_WEB = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_NEVER = "19700101T000000Z"
_PUBLIC = ("", "PUBLIC")
_CLASSES = ("PUBLIC", "PRIVATE", "CONFIDENTIAL")
_TRANSPARENCIES = ("OPAQUE", "TRANSPARENT")
_TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION")
_LINKS: Mapping[str, Mapping[str, str]] = {"URL": {}, "CONFERENCE": {"VALUE": "URI"}}
_LIKE_START = ("RECURRENCE-ID", "EXDATE", "RDATE")  # without a zone they are in that of the start


@dataclass(frozen=True, slots=True)
class Subscribed:
    """An object of a feed. `hidden`: of a calendar of which only times are shown."""

    uid: Uid
    data: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """The text of a feed, and how many objects there was no room for."""

    text: str
    left_out: int


def subscription(
    objects: Iterable[Subscribed], *, name: str, busy: str, pause: Callable[[], None] = without_pause
) -> Subscription:
    """`busy` is what hidden events are called. The same objects give the same text. `pause` is called now and then: of
    thousands of objects this takes seconds."""
    zones = _ZonesUsed()
    events: list[str] = []
    size = left_out = 0
    for one in objects:
        pause()
        try:
            text = write_components(list(_events(one, zones, busy, pause)))
        except BadCalendarData:
            continue
        size += len(text)
        if size > LARGEST:
            left_out += 1
        else:
            events.append(text)
    head = [
        property_line("VERSION", "2.0"),
        property_line("PRODID", PRODID),
        property_line("CALSCALE", "GREGORIAN"),
        property_line("NAME", write_text(name)),
        property_line("X-WR-CALNAME", write_text(name)),
        property_line("REFRESH-INTERVAL", _REFRESH, {"VALUE": "DURATION"}),
        property_line("X-PUBLISHED-TTL", _REFRESH),
    ]
    frame = write_components([Component("VCALENDAR", [*head, *zones.definitions()])])
    end = "END:VCALENDAR\r\n"
    return Subscription("".join((frame.removesuffix(end), *events, end)), left_out)


def _events(one: Subscribed, zones: _ZonesUsed, busy: str, pause: Callable[[], None]) -> Iterator[Component]:
    roots = read_components(one.data, pause)
    found = [part for root in roots for part in root.components if part.name == "VEVENT"]
    # As everywhere: an object of which one date is hidden is hidden as a whole.
    hidden = one.hidden or any(part.value("CLASS").upper() not in _PUBLIC for part in found)
    document = _Document(roots, zones)
    seen = set()
    for part in found:
        times, of = document.times(part), (part.value("UID"), part.value("RECURRENCE-ID"))
        if times is None or of in seen:
            continue
        seen.add(of)
        contents = [property_line("SUMMARY", write_text(busy))] if hidden else list(_contents(part))
        yield Component("VEVENT", [*_identity(part, one.uid), *times, *contents, *_standing(part)])


def _identity(part: Component, uid: Uid) -> Iterator[Line]:
    yield property_line("UID", write_text(read_text(part.value("UID")) or uid))
    stamps = {name: part.value(name).upper() for name in ("DTSTAMP", "LAST-MODIFIED", "CREATED")}
    known = {name: stamp for name, stamp in stamps.items() if _UTC.fullmatch(stamp)}
    yield property_line("DTSTAMP", next(iter(known.values()), _NEVER))
    sequence = part.value("SEQUENCE")
    if sequence.isascii() and sequence.isdigit() and len(sequence) < 10:
        yield property_line("SEQUENCE", sequence)


def _contents(part: Component) -> Iterator[Line]:
    for name in _TEXTS:
        if text := read_text(part.value(name)).strip():
            yield property_line(name, write_text(text))
    for name, params in _LINKS.items():
        link = part.value(name)
        if _WEB.fullmatch(link):
            yield property_line(name, link, dict(params))


def _standing(part: Component) -> Iterator[Line]:
    known: Mapping[str, Sequence[str]] = {
        "STATUS": [status.value for status in Status],
        "TRANSP": _TRANSPARENCIES,
        "CLASS": _CLASSES,
    }
    for name, values in known.items():
        if (value := part.value(name).upper()) in values:
            yield property_line(name, value)


class _Document:
    """The times of one object, under the names that zones have in the feed."""

    def __init__(self, roots: Sequence[Component], used: _ZonesUsed) -> None:
        self._roots = roots
        self._zones = Zones(roots)
        self._used = used

    def times(self, part: Component) -> list[Line] | None:
        """None for an event without a start."""
        first = part.first("DTSTART")
        start = self._moments(first, None)[:1] if first is not None else []
        if first is None or not start:
            return None
        lines = [*start, *self._end(part, start[0])]
        lines += [property_line("RRULE", rule) for line in part.all("RRULE") if _RULE.fullmatch(rule := line.value)]
        for name in _LIKE_START:
            for line in part.all(name)[: 1 if name == "RECURRENCE-ID" else None]:
                lines += self._moments(line, first)
        return lines

    def _end(self, part: Component, start: Line) -> list[Line]:
        last, duration = part.first("DTEND"), part.value("DURATION").upper()
        end = self._moments(last, None)[:1] if last is not None else []
        if end and end[0].param("VALUE") == start.param("VALUE"):
            same_clock = end[0].param("TZID") == start.param("TZID")
            return [] if same_clock and end[0].value < start.value else end
        return [] if last or not duration else self._length(duration, start)

    def _length(self, duration: str, start: Line) -> list[Line]:
        try:
            total = read_duration(duration).total()
        except BadCalendarData:
            return []
        if total < timedelta() or (start.param("VALUE") == "DATE" and total % timedelta(days=1)):
            return []
        if not _DURATION.fullmatch(duration):
            duration = f"PT{int(total.total_seconds())}S"
        return [property_line("DURATION", duration)]

    def _moments(self, line: Line, beside: Line | None) -> list[Line]:
        """The line with what can be read of its values; one line for each of their types."""
        by_type: dict[tuple[str, str], list[str]] = {}
        for value in line.value.upper().split(","):
            if (read := self._moment(line, value.strip(), beside)) is not None:
                kind, tzid, text = read
                by_type.setdefault((kind, tzid), []).append(text)
        reach = "THISANDFUTURE" if line.name == "RECURRENCE-ID" and line.param("RANGE").upper() else None
        return [
            property_line(line.name, ",".join(values), {"VALUE": kind, "TZID": tzid, "RANGE": reach})
            for (kind, tzid), values in by_type.items()
        ]

    def _moment(self, line: Line, value: str, beside: Line | None) -> tuple[str, str, str] | None:
        """Type, name of the zone and text of a value."""
        try:
            day = read_date(f"{value[:8]}")
        except BadCalendarData:
            return None
        if _DATE.fullmatch(value):
            return "DATE", "", value
        begin, slash, rest = value.partition("/")
        if slash:
            return self._period(line, begin, rest, beside)
        if _UTC.fullmatch(value):
            return "", "", value
        if not _LOCAL.fullmatch(value):
            return None
        tzid = line.param("TZID") or (beside.param("TZID") if beside is not None else "")
        zone = self._zones.named(tzid) if tzid else None
        if zone is timezone.utc:
            return "", "", f"{value}Z"
        return "", "" if zone is None else self._used.name(tzid, zone, day, self._roots), value

    def _period(self, line: Line, begin: str, rest: str, beside: Line | None) -> tuple[str, str, str] | None:
        start, end = self._moment(line, begin, beside), None
        if line.name != "RDATE" or start is None or start[0]:
            return None
        if _DURATION.fullmatch(rest):
            end = rest
        elif (read := self._moment(line, rest, beside)) is not None and read[:2] == start[:2]:
            end = read[2]
        return None if end is None else ("PERIOD", start[1], f"{start[2]}/{end}")


@dataclass(slots=True)
class _ZonesUsed:
    """The zones of a feed. Those of the tz database are defined under their own names, from when on they are used;
    those that only an object itself defines, as it does, under a name that no other definition has."""

    _known: dict[str, tuple[ZoneInfo, date]] = field(default_factory=dict)
    _own: dict[str, str] = field(default_factory=dict)  # the text of a definition, by name

    def name(self, tzid: str, zone: tzinfo, day: date, roots: Sequence[Component]) -> str:
        if isinstance(zone, ZoneInfo):
            _, since = self._known.get(zone.key, (zone, day))
            self._known[zone.key] = zone, min(day, since)
            return zone.key
        definition = _defined_in(roots, tzid) if isinstance(zone, DefinedZone) else _fixed(zone)
        text = write_components([definition])
        name = _name_of(tzid, text)
        self._own[name] = text
        return name

    def definitions(self) -> list[Component]:
        own = []
        for name, text in self._own.items():
            (zone,) = read_components(text)
            zone.replace("TZID", property_line("TZID", write_text(name)))
            own.append(zone)
        return [*(build_vtimezone(zone, since) for _, (zone, since) in sorted(self._known.items())), *own]


def _name_of(tzid: str, definition: str) -> str:
    """Of the tz database there is none of that name, and programs that keep definitions by name find none but this."""
    legible = re.sub(r"[^A-Za-z0-9 +-]", " ", tzid)[:40].strip()
    return f"{legible} {hashlib.sha256(definition.encode()).hexdigest()[:12]}"


def _fixed(zone: tzinfo) -> Component:
    offset = zone.utcoffset(datetime(1970, 1, 1, tzinfo=timezone.utc)) or timedelta()
    lines = [
        property_line("DTSTART", "19700101T000000"),
        property_line("TZOFFSETFROM", write_offset(offset)),
        property_line("TZOFFSETTO", write_offset(offset)),
    ]
    return Component("VTIMEZONE", [Component("STANDARD", list(lines))])


def _defined_in(roots: Sequence[Component], tzid: str) -> Component:
    """The definition of a zone with nothing in it but its rules."""
    plain = _plain(tzid)
    definition = next(
        part
        for root in roots
        for part in root.components
        if part.name == "VTIMEZONE" and _plain(read_text(part.value("TZID"))) == plain
    )
    rules = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE")
    parts = (part for part in definition.components if part.name in ("STANDARD", "DAYLIGHT"))
    return Component(
        "VTIMEZONE",
        [
            Component(
                part.name, [property_line(line.name, line.value.strip()) for line in part.lines if line.name in rules]
            )
            for part in parts
        ],
    )


def _plain(tzid: str) -> str:
    return tzid.strip().strip("\"'").strip()
