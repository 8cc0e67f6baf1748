"""What RFC 5545 and RFC 7986 demand of a stream of events, written down apart from what writes one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

_LINE = re.compile(
    r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*):(.*)'
)
_PARAMETER = re.compile(r';([A-Z0-9-]+)=("[^"]*"|[^";:,]*)')
_TEXT = re.compile(r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f]|\\[\\;,nN])*")
_DATE, _LOCAL, _UTC = re.compile(r"\d{8}"), re.compile(r"\d{8}T\d{6}"), re.compile(r"\d{8}T\d{6}Z")
_DURATION = re.compile(r"P(?:\d+W|\d+D(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?|T(?:\d+H)?(?:\d+M)?(?:\d+S)?)")
_OFFSET = re.compile(r"[+-]\d{4}(?:\d{2})?")
_ONCE = {
    "VCALENDAR": {"VERSION", "PRODID", "CALSCALE", "X-WR-CALNAME", "REFRESH-INTERVAL"},
    "VEVENT": {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SUMMARY", "LOCATION", "DESCRIPTION"),
        *("URL", "STATUS", "TRANSP", "CLASS", "SEQUENCE"),
    },
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE"},
}
_NEEDED = {
    "VCALENDAR": {"VERSION", "PRODID"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
}
_WITHIN = {
    "VCALENDAR": "",
    "VEVENT": "VCALENDAR",
    "VTIMEZONE": "VCALENDAR",
    "STANDARD": "VTIMEZONE",
    "DAYLIGHT": "VTIMEZONE",
}
_VALUES = {
    "STATUS": {"TENTATIVE", "CONFIRMED", "CANCELLED"},
    "TRANSP": {"OPAQUE", "TRANSPARENT"},
    "CLASS": {"PUBLIC", "PRIVATE", "CONFIDENTIAL"},
    "VERSION": {"2.0"},
    "CALSCALE": {"GREGORIAN"},
}
_TEXTS = {"UID", "SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME", "TZID", "TZNAME", "PRODID"}
_MOMENTS = {"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"}
_FREQUENCY = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)")


def faults(text: str) -> list[str]:
    """What is wrong with a whole stream; nothing where all is well."""
    return list(_faults(text))


def _faults(text: str) -> Iterator[str]:
    if not text.endswith("\r\n") or re.search(r"(?<!\r)\n|\r(?!\n)", text):
        yield "line ends"
    for physical in text.split("\r\n"):
        if len(physical.encode()) > 75:
            yield f"too long: {physical[:20]}"
    open_ones: list[tuple[str, dict[str, list[tuple[dict[str, str], str]]]]] = []
    zones: set[str] = set()
    named: set[str] = set()
    identities: set[tuple[str, str]] = set()
    for line in re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            yield f"no content line: {line[:40]!r}"
            continue
        name, value = match[1], match[3]
        params = {key: found.strip('"') for key, found in _PARAMETER.findall(match[2])}
        if name == "BEGIN":
            if _WITHIN.get(value) != (open_ones[-1][0] if open_ones else ""):
                yield f"{value} is out of place"
            open_ones.append((value, {}))
        elif name == "END":
            kind, properties = open_ones.pop()
            if kind != value:
                yield f"{kind} ends as {value}"
            yield from _component(kind, properties)
            if kind == "VTIMEZONE":
                tzid = properties["TZID"][0][1]
                if tzid in zones:
                    yield f"{tzid} is defined twice"
                zones.add(tzid)
            if kind == "VEVENT":
                identity = (properties["UID"][0][1], properties.get("RECURRENCE-ID", [({}, "")])[0][1])
                if identity in identities:
                    yield f"{identity} is there twice"
                identities.add(identity)
        else:
            open_ones[-1][1].setdefault(name, []).append((params, value))
            named |= {params["TZID"]} if "TZID" in params else set()
            yield from _property(name, params, value)
    if open_ones:
        yield "not closed"
    if named - zones:
        yield f"zones that nothing defines: {named - zones}"


def _component(kind: str, properties: dict[str, list[tuple[dict[str, str], str]]]) -> Iterator[str]:
    for name in _NEEDED.get(kind, set()) - properties.keys():
        yield f"{kind} without {name}"
    for name, found in properties.items():
        if name in _ONCE.get(kind, set()) and len(found) > 1:
            yield f"{kind} with {len(found)} of {name}"
    if kind == "VEVENT" and "DTSTART" in properties:
        if {"DTEND", "DURATION"} <= properties.keys():
            yield "both DTEND and DURATION"
        start = properties["DTSTART"][0][0].get("VALUE")
        if "DTEND" in properties and properties["DTEND"][0][0].get("VALUE") != start:
            yield "DTEND of another type than DTSTART"


def _property(name: str, params: dict[str, str], value: str) -> Iterator[str]:
    if name in _TEXTS and not _TEXT.fullmatch(value):
        yield f"{name} is not escaped: {value[:40]!r}"
    if name in _VALUES and value not in _VALUES[name]:
        yield f"{name} must not be {value}"
    if name in ("DTSTAMP", "CREATED", "LAST-MODIFIED") and not _UTC.fullmatch(value):
        yield f"{name} is not in UTC"
    if name in ("TZOFFSETFROM", "TZOFFSETTO") and not _OFFSET.fullmatch(value):
        yield f"{name} is no offset"
    if (name == "DURATION" or params.get("VALUE") == "DURATION") and not _DURATION.fullmatch(value):
        yield f"{name} is no duration: {value}"
    if name == "RRULE" and not _FREQUENCY.search(value):
        yield f"RRULE without FREQ: {value}"
    if name == "SEQUENCE" and not value.isdigit():
        yield "SEQUENCE is no number"
    if name in _MOMENTS:
        for one in value.split(","):
            yield from _moment(name, params, one)


def _moment(name: str, params: dict[str, str], value: str) -> Iterator[str]:
    kind = params.get("VALUE", "")
    begin, slash, _ = value.partition("/")
    if bool(slash) != (kind == "PERIOD"):
        yield f"{name}: {value} is no {kind}"
    shape = _DATE if kind == "DATE" else _LOCAL if "TZID" in params else re.compile(f"{_LOCAL.pattern}Z?")
    if not shape.fullmatch(begin):
        yield f"{name}: {value} is no {kind or 'DATE-TIME'} {params.get('TZID', '')}"
        return
    try:
        datetime.strptime(begin[:8], "%Y%m%d")  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        yield f"{name}: there is no {begin}"
