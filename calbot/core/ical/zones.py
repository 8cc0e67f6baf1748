"""Time zones: which one a TZID means, and how to write one down.

A TZID that names an IANA zone, by its own name, by Windows' name for it or behind a vendor's prefix, means that zone,
even if the VTIMEZONE beside it says something else: names are kept up to date by everybody's tz database, whereas the
definitions that travel with events are often cut down to the rules of one year, or stem from before the last change
of law. Only a name that nobody knows is taken from its VTIMEZONE. A name that is neither known nor defined leaves the
time floating.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calbot.core.recurrence_rule import WEEKDAYS, Budget, read_rule
from calbot.core.recurrence_steps import starts
from calbot.errors import BadCalendarData

from .content import Component, property_line
from .values import is_date, read_date_time, read_offset, read_text, write_local, write_offset

MAX_TZID = 255  # characters; who names a zone at greater length has something else in mind
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_SHOWN_NAME = re.compile(r"\(?(?:UTC|GMT)(?:([+-])(\d\d?)(?:[:.]?(\d\d))?)?(?:\)|$|(?= ))", re.IGNORECASE)
_NUMBERED = re.compile(r"[ -]\d{1,3}$")
_SEASON = re.compile(r" (?:standard|daylight|summer) time$", re.IGNORECASE)
_LONGEST_PATH = 3  # steps of the longest name: "America/Argentina/Buenos_Aires"
_UTC_NAMES = frozenset({"UTC", "Z", "ZULU", "ETC/UTC", "ETC/UCT", "GMT", "ETC/GMT", "TZONE://MICROSOFT/UTC"})
# Since 2026 in CLDR's list of Windows' names, and not in icalendar's.
_NEWER_WINDOWS_NAMES: Final = {
    "Alberta Standard Time": "America/Edmonton",
    "British Columbia Standard Time": "America/Vancouver",
    "Manitoba Standard Time": "America/Winnipeg",
}
# Names without a place in them that people are shown, and abbreviations that are no IANA names.
_CUSTOMARY_NAMES: Final = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "coordinated universal time": "Etc/UTC",
    "mitteleuropäische zeit": "Europe/Berlin",
    "central european time": "Europe/Berlin",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "cest": "Europe/Berlin",
}
# Definitions are worked out for these years; what lies outside has the offset at the edge.
_DEFINED_FROM, _DEFINED_TO = date(1969, 12, 31), date(2099, 12, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_YEARS_COMPARED = 6
_YEARS_LISTED = 20


class DefinedZone(tzinfo):
    """The zone that a VTIMEZONE defines, where its name says nothing."""

    def __init__(self, name: str, initial: timedelta, changes: list[tuple[float, timedelta]]) -> None:
        self._name = name
        self._initial = initial
        self._instants = [instant for instant, _ in changes]
        self._offsets = [initial, *(offset for _, offset in changes)]
        seconds = [offset.total_seconds() for offset in self._offsets]
        # On the wall, a change takes place when the later (fold 0) or the earlier (fold 1) of both clocks shows it
        # (PEP 495).
        self._walls = tuple(
            [
                instant + pick(before, after)
                for instant, before, after in zip(self._instants, seconds, seconds[1:], strict=False)
            ]
            for pick in (max, min)
        )

    def utcoffset(self, moment: datetime | None) -> timedelta:
        if moment is None:
            return self._initial
        wall = (moment.replace(tzinfo=timezone.utc) - _EPOCH).total_seconds()
        return self._offsets[bisect_right(self._walls[moment.fold], wall)]

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return self._name

    def fromutc(self, moment: datetime) -> datetime:
        instant = (moment.replace(tzinfo=timezone.utc) - _EPOCH).total_seconds()
        offset = self._offsets[bisect_right(self._instants, instant)]
        wall = moment + offset
        earlier = self.utcoffset(wall.replace(fold=0))
        return wall.replace(fold=0 if earlier == offset else 1)


class Zones:
    """What the TZIDs of one document mean."""

    def __init__(self, roots: Iterable[Component]) -> None:
        self._definitions = {
            _plain(read_text(zone.value("TZID"))): zone
            for root in roots
            for zone in root.components
            if zone.name == "VTIMEZONE"
        }
        self._known: dict[str, tzinfo | None] = {}
        self._budget = Budget()

    def named(self, tzid: str) -> tzinfo | None:
        if tzid not in self._known:
            self._known[tzid] = self._find(tzid)
        return self._known[tzid]

    def _find(self, tzid: str) -> tzinfo | None:
        if zone := iana_zone(tzid):
            return zone
        if definition := self._definitions.get(_plain(tzid)):
            for hint in ("X-LIC-LOCATION", "TZID-ALIAS-OF"):
                if zone := iana_zone(definition.value(hint)):
                    return zone
            try:
                if defined := _defined_zone(tzid, definition, self._budget):
                    return defined
            except BadCalendarData:
                pass  # a definition that cannot be read is none
        return _guessed_zone(tzid)


@lru_cache(maxsize=512)
def iana_zone(tzid: str) -> tzinfo | None:
    """The zone that a name stands for: IANA's or Windows', quoted, in other case, or behind a vendor's path."""
    name = _plain(tzid)
    if len(name) > MAX_TZID:
        return None
    if name.upper() in _UTC_NAMES:
        return timezone.utc
    if key := _windows_names().get(name.lower()):
        return ZoneInfo(key)
    # "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "http://tzurl.org/zoneinfo/Europe/Berlin"
    steps = name.strip("/").split("/")[-_LONGEST_PATH:]
    paths = ["/".join(steps[n:]) for n in range(len(steps))] if len(steps) > 1 else [name]
    return next((zone for path in paths if (zone := _zone(path) or _zone(path.title()))), None)


def _plain(tzid: str) -> str:
    return tzid.strip().strip("\"'").strip()


def _zone(key: str) -> ZoneInfo | None:
    if not _KEY.fullmatch(key) or len(key) > 64:
        return None
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=1)
def _windows_names() -> Mapping[str, str]:
    return {windows.lower(): iana for windows, iana in {**_NEWER_WINDOWS_NAMES, **WINDOWS_TO_OLSON}.items()}


@lru_cache(maxsize=1)
def _zones_by_city() -> Mapping[str, str]:
    return {key.rsplit("/", 1)[1].replace("_", " ").lower(): key for key in sorted(available_timezones()) if "/" in key}


@lru_cache(maxsize=512)
def _guessed_zone(tzid: str) -> tzinfo | None:
    """What a name that is nobody's seems to mean, where nothing defines it."""
    name = _plain(tzid)
    if len(name) > MAX_TZID:
        return None
    if known := _CUSTOMARY_NAMES.get(name.lower()):
        return ZoneInfo(known)
    if match := _SHOWN_NAME.match(name):
        return _shown_zone(match, name[match.end() :])
    # "W. Europe Standard Time 1" and "Europe/Berlin-2" are Outlook's and Apple's for a second definition of the zone,
    # "W. Europe" is Domino's.
    base = _NUMBERED.sub("", name)
    windows = _windows_names().get(f"{_SEASON.sub('', base).lower()} standard time")
    return ZoneInfo(windows) if windows else iana_zone(base) if base != name else None


def _shown_zone(match: re.Match[str], rest: str) -> tzinfo | None:
    """What Outlook shows people, "(UTC+01:00) Amsterdam, Berlin, Bern": the first place known, else the offset."""
    for place in re.split(r"[,;/]", rest):
        name = place.strip().lower()
        if key := _CUSTOMARY_NAMES.get(name) or _zones_by_city().get(name):
            return ZoneInfo(key)
    size = timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))
    return timezone(-size if match[1] == "-" else size) if size < timedelta(hours=24) else None


def _defined_zone(tzid: str, definition: Component, budget: Budget) -> DefinedZone | None:
    changes: dict[float, tuple[timedelta, timedelta]] = {}
    for part in definition.components:
        before, after = read_offset(part.value("TZOFFSETFROM")), read_offset(part.value("TZOFFSETTO"))
        clock = timezone(before)
        onset = read_date_time(part.value("DTSTART"), clock)
        onsets = {onset}
        for line in part.all("RRULE"):
            rule = read_rule(line.value)
            onsets.update(
                moment
                for moment in starts(rule, onset, _DEFINED_FROM, _DEFINED_TO, budget)
                if isinstance(moment, datetime)
            )
        for line in part.all("RDATE"):
            values = [value.partition("/")[0] for value in line.value.split(",")]
            budget.spend(len(values))
            onsets.update(read_date_time(f"{v}T000000" if is_date(v) else v, clock) for v in values)
        changes.update(((moment - _EPOCH).total_seconds(), (before, after)) for moment in onsets)
    if not changes:
        return None
    ordered = sorted(changes.items())
    return DefinedZone(tzid, ordered[0][1][0], [(instant, after) for instant, (_, after) in ordered])


# ------------------------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of clocks. `wall` is what the clocks showed just when it came, before they were set."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def pattern(self) -> tuple[object, ...]:
        return (self.wall.month, self.wall.weekday(), self.wall.time(), self.before, self.after, self.name)

    @property
    def nth(self) -> int:
        return (self.wall.day - 1) // 7 + 1

    @property
    def is_last(self) -> bool:
        return self.wall.day + 7 > calendar.monthrange(self.wall.year, self.wall.month)[1]


@lru_cache(maxsize=64)
def _changes_in(zone: ZoneInfo, year: int) -> tuple[_Change, ...]:
    if year == MAXYEAR:
        return ()
    found = []
    day = datetime(year, 1, 1, tzinfo=timezone.utc)
    offset = day.astimezone(zone).utcoffset()
    while day.year == year:
        following = day + timedelta(days=1)
        after = following.astimezone(zone).utcoffset()
        if offset is not None and after is not None and after != offset:
            low, high = 0, 86400
            while high - low > 1:
                middle = (low + high) // 2
                if (day + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            instant = day + timedelta(seconds=high)
            name = instant.astimezone(zone).tzname() or ""
            found.append(_Change(instant.astimezone(timezone(offset)), offset, after, name))
        day, offset = following, after
    return tuple(found)


def build_vtimezone(zone: ZoneInfo, first: date) -> Component:
    """A VTIMEZONE for times from `first` on, under the IANA name: yearly rules, or a list where there are none."""
    result = Component("VTIMEZONE", [property_line("TZID", zone.key)])
    begin = max(first.year - 1, 1970)
    years = [_changes_in(zone, year) for year in range(begin, begin + _YEARS_COMPARED)]
    if not any(years):
        offset = datetime(begin, 1, 1, tzinfo=zone)
        size = offset.utcoffset() or timedelta()
        result.items.append(_observance("STANDARD", "19700101T000000", size, size, offset.tzname() or "", None))
        return result
    if len({len(year) for year in years}) == 1:
        same_place = list(zip(*years, strict=True))
        rules = [_yearly_rule(changes) for changes in same_place]
        if all(rules):
            for changes, rule in zip(same_place, rules, strict=True):
                result.items.append(_observance_of(changes[0], ("RRULE", rule)))
            return result
    for change in (c for year in range(begin, begin + _YEARS_LISTED) for c in _changes_in(zone, year)):
        result.items.append(_observance_of(change, None))
    return result


def _yearly_rule(changes: tuple[_Change, ...]) -> str:
    """The RRULE that describes one change of each year, or nothing."""
    if len({change.pattern for change in changes}) != 1:
        return ""
    one = changes[0]
    if all(change.is_last for change in changes):
        nth = -1
    elif len({change.nth for change in changes}) == 1:
        nth = one.nth
    else:
        return ""
    return f"FREQ=YEARLY;BYMONTH={one.wall.month};BYDAY={nth}{WEEKDAYS[one.wall.weekday()]}"


def _observance_of(change: _Change, rule: tuple[str, str] | None) -> Component:
    kind = "DAYLIGHT" if change.after > change.before else "STANDARD"
    return _observance(kind, write_local(change.wall), change.before, change.after, change.name, rule)


def _observance(
    kind: str, onset: str, before: timedelta, after: timedelta, name: str, rule: tuple[str, str] | None
) -> Component:
    lines = [
        property_line("DTSTART", onset),
        property_line("TZOFFSETFROM", write_offset(before)),
        property_line("TZOFFSETTO", write_offset(after)),
        *([property_line("TZNAME", name)] if name else []),
        *([property_line(*rule)] if rule else []),
    ]
    return Component(kind, list(lines))
