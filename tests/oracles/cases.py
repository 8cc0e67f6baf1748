"""Random rules and calendars, of the kinds that people's programs write, for several readers to agree on.

Left out is what ical.js 2.2 reads in another way than the RFC, and than dateutil:

- hours and days of the month that are not in order: it steps through them as they are listed, and misses exceptions
- BYMONTHDAY or BYDAY alone in a yearly rule: it takes the month of the start, RFC 5545 means every month
- days counted from the end of the month in a yearly rule: it misses some, and even the start
- BYMONTH in a monthly rule: it counts INTERVAL by the months that BYMONTH allows, and misses exceptions
- exceptions to what is not in the series: from two of them on, it lags behind with those that are
- a start that the rule does not hit, UNTIL of another type than the start: the RFC says not what these mean; the bot
  counts the start as an occurrence, and takes UNTIL as generously as its writer must have meant it
- EXDATE as a date beside others as times, RDATE as periods, zones without VTIMEZONE: see the corpus
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import strategies as st

from tests.core.ical_samples import calendar, event

# How many random cases each comparison makes; `make oracles N=…` for other numbers.
CASES = int(os.environ.get("ORACLE_CASES", "120"))

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OWN_ZONE = "Customized Time Zone"
FLOATING, UTC, DAYS = "floating", "UTC", "days"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", OWN_ZONE, UTC, FLOATING, DAYS)

# Offset in winter and summer; when clocks go forward and back, by the clock before.
_CHANGES = {
    "Europe/Berlin": ("+0100", "+0200", "0329T020000", "BYMONTH=3;BYDAY=-1SU", "1025T030000", "BYMONTH=10;BYDAY=-1SU"),
    "America/New_York": ("-0500", "-0400", "0308T020000", "BYMONTH=3;BYDAY=2SU", "1101T020000", "BYMONTH=11;BYDAY=1SU"),
    "Australia/Sydney": ("+1000", "+1100", "1004T020000", "BYMONTH=10;BYDAY=1SU", "0405T030000", "BYMONTH=4;BYDAY=1SU"),
    OWN_ZONE: ("+0300", "+0400", "0329T020000", "BYMONTH=3;BYDAY=-1SU", "1025T030000", "BYMONTH=10;BYDAY=-1SU"),
}
# Zones whose clocks change on the days when those of the calendars do.
CHANGING = tuple(ZoneInfo(name) for name in _CHANGES if name != OWN_ZONE)


def vtimezone(name: str) -> str:
    """The law in force since 2008, by rules: of a list of changes (RDATE), ical.js reads the first only."""
    if name not in _CHANGES:
        parts = _observance("STANDARD", "20080101T000000", "+0530", "+0530")
    else:
        winter, summer, forward, in_spring, back, in_autumn = _CHANGES[name]
        parts = [
            *_observance("DAYLIGHT", f"2009{forward}", winter, summer, f"RRULE:FREQ=YEARLY;{in_spring}"),
            *_observance("STANDARD", f"2009{back}", summer, winter, f"RRULE:FREQ=YEARLY;{in_autumn}"),
        ]
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *parts, "END:VTIMEZONE"])


def _observance(kind: str, onset: str, before: str, after: str, *rule: str) -> list[str]:
    times = (f"DTSTART:{onset}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}")
    return [f"BEGIN:{kind}", *times, *rule, f"END:{kind}"]


def numbers(low: int, high: int, *, signed: bool = False, most: int = 3) -> st.SearchStrategy[str]:
    """Some of them, in order; if `signed`, they may all be negative."""
    lists = st.lists(st.integers(low, high), min_size=1, max_size=most, unique=True)
    if signed:
        lists = st.one_of(lists, lists.map(lambda items: [-number for number in items]))
    return lists.map(lambda items: ",".join(map(str, sorted(items))))


weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join)
ordinals = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, -1, -2]), st.sampled_from(WEEKDAYS)), min_size=1, max_size=3, unique=True
).map(lambda items: ",".join(f"{number}{day}" for number, day in items))


@st.composite
def rules(draw: st.DrawFn, *, times: bool = True) -> str:
    """A rule without an end. Of what RFC 5545 leaves open or is read in more than one way, nothing."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"]))
    parts = {"FREQ": freq}
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(2, 5)))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    if freq == "DAILY":
        kind = draw(st.sampled_from(["", "month", "weekday"]))
    elif freq == "WEEKLY":
        kind = draw(st.sampled_from(["", "weekday", "weekday"]))
    else:
        yearly = ["", "ordinal", "month and day", "month and ordinal"]
        kind = draw(st.sampled_from(["", "day", "ordinal", "weekday"] if freq == "MONTHLY" else yearly))
    if "month" in kind:
        parts["BYMONTH"] = draw(numbers(1, 12))
    if "day" in kind.split():
        parts["BYMONTHDAY"] = draw(numbers(1, 28, signed=freq == "MONTHLY"))
    if "ordinal" in kind:
        parts["BYDAY"] = draw(ordinals)
    if kind == "weekday":
        parts["BYDAY"] = draw(weekdays)
        if freq == "MONTHLY" and draw(st.booleans()):
            parts["BYSETPOS"] = draw(numbers(1, 3, signed=True, most=2))
    if times and freq == "DAILY" and draw(st.booleans()):
        parts["BYHOUR"] = draw(numbers(5, 22))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@dataclass(frozen=True, slots=True)
class Case:
    """A calendar and the window to look at."""

    data: str
    begin: date
    end: date
    reader: ZoneInfo


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two events at most: single ones and series with exceptions, extra dates and overrides, in any order."""
    components: list[str] = []
    used: set[str] = set()
    first = draw(st.dates(date(2025, 1, 1), date(2027, 12, 31)))
    for number in range(draw(st.integers(1, 2))):
        zone = draw(st.sampled_from(ZONES))
        used.add(zone)
        components += draw(events(first, zone, f"uid-{number}"))
    begin = first + timedelta(days=draw(st.integers(-10, 400)))
    zones = [vtimezone(zone) for zone in sorted(used - {UTC, FLOATING, DAYS})]
    return Case(
        calendar(*zones, *draw(st.permutations(components))),
        begin,
        begin + timedelta(days=draw(st.integers(1, 200))),
        draw(st.sampled_from([ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Tokyo")])),
    )


@st.composite
def events(draw: st.DrawFn, first: date, zone: str, uid: str) -> list[str]:
    hour, minute = draw(st.integers(5, 22)), draw(st.sampled_from([0, 15, 30]))  # never when clocks change
    start = datetime(first.year, first.month, first.day, hour, minute)  # noqa: DTZ001 - the zone is written beside it
    rule = draw(rules(times=zone != DAYS)) if draw(st.integers(0, 5)) else ""
    slots = _slots(rule, start) if rule else [start]
    if not slots:
        return draw(events(first, UTC, uid))  # a rule that hits nothing for years
    start = slots[0]
    lines = [written("DTSTART", start, zone), *draw(lengths(start, zone)), f"SUMMARY:{uid}"]
    if not rule:
        return [event(*lines, uid=uid)]
    lines.append(f"RRULE:{rule}{draw(ends(slots, zone))}")
    apart = draw(st.lists(st.sampled_from(range(min(len(slots), 40))), max_size=6, unique=True))
    excluded = draw(st.integers(0, len(apart)))
    if excluded:
        lines += exceptions(draw(st.integers(0, 2)), [slots[place] for place in apart[:excluded]], zone)
    for extra in draw(st.lists(st.integers(1, 300), max_size=2, unique=True)):
        lines.append(written("RDATE", start + timedelta(days=extra, hours=0 if zone == DAYS else 1, minutes=1), zone))
    overrides = [
        draw(override(slots[place], zone, uid, later=bool(place) and draw(st.integers(0, 3)) == 0))
        for place in apart[excluded:]
    ]
    return [event(*lines, uid=uid), *overrides]


def _slots(rule: str, start: datetime) -> list[datetime]:
    """The first dates that the rule hits, by dateutil."""
    found = []
    for slot in rrulestr(f"{rule};COUNT=60", dtstart=start):
        if slot.year > start.year + 8:
            break
        found.append(slot)
    return found


def written(name: str, moment: datetime, zone: str, params: str = "") -> str:
    if zone == DAYS:
        return f"{name};VALUE=DATE{params}:{moment:%Y%m%d}"
    if zone == UTC:
        return f"{name}{params}:{moment:%Y%m%dT%H%M%S}Z"
    tzid = "" if zone == FLOATING else f";TZID={zone}"
    return f"{name}{tzid}{params}:{moment:%Y%m%dT%H%M%S}"


def exceptions(form: int, slots: Sequence[datetime], zone: str) -> list[str]:
    """EXDATE one by one, as a list, or in UTC."""
    if form == 1 and zone not in (UTC, FLOATING, DAYS, OWN_ZONE):
        return [written("EXDATE", _in_utc(slot, zone), UTC) for slot in slots]
    if form == 2:
        lines = [written("EXDATE", slot, zone) for slot in slots]
        head = lines[0].rpartition(":")[0]
        return [f"{head}:{','.join(line.rpartition(':')[2] for line in lines)}"]
    return [written("EXDATE", slot, zone) for slot in slots]


def _in_utc(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)


@st.composite
def lengths(draw: st.DrawFn, start: datetime, zone: str) -> list[str]:
    """An end, a duration, or neither."""
    form = draw(st.integers(0, 3))
    if zone == DAYS:
        days = draw(st.integers(1, 9))
        return [
            [written("DTEND", start + timedelta(days=days), zone)],
            [f"DURATION:P{days}D"],
            ["DURATION:P1W"],
            [],
        ][form]
    minutes = draw(st.integers(1, 4000))
    return [
        [written("DTEND", start + timedelta(minutes=minutes), zone)],
        [f"DURATION:PT{minutes}M"],
        [f"DURATION:PT{minutes // 60}H{minutes % 60}M"],
        [],
    ][form]


@st.composite
def ends(draw: st.DrawFn, slots: Sequence[datetime], zone: str) -> str:
    """None, COUNT, or UNTIL in the type of the start (RFC 5545, 3.3.10)."""
    form = draw(st.integers(0, 2))
    if form == 0:
        return ""
    if form == 1:
        return f";COUNT={draw(st.integers(1, 40))}"
    last = draw(st.sampled_from(slots))
    if zone == DAYS:
        return f";UNTIL={last:%Y%m%d}"
    if zone == FLOATING:
        return f";UNTIL={last:%Y%m%dT%H%M%S}"
    if zone == OWN_ZONE:
        return f";UNTIL={last + timedelta(hours=1):%Y%m%dT%H%M%S}Z"  # generous: it is three or four hours behind
    return f";UNTIL={(last if zone == UTC else _in_utc(last, zone)):%Y%m%dT%H%M%S}Z"


@st.composite
def override(draw: st.DrawFn, slot: datetime, zone: str, uid: str, *, later: bool) -> str:
    """One occurrence, moved by less than a day, or by whole days; `later`: with all that follow."""
    moved = slot + timedelta(
        days=draw(st.integers(-3, 3)), minutes=0 if zone == DAYS else draw(st.sampled_from([0, 7]))
    )
    lines = [
        written("RECURRENCE-ID", slot, zone, ";RANGE=THISANDFUTURE" if later else ""),
        written("DTSTART", moved, zone),
        *draw(lengths(moved, zone)),
        f"SUMMARY:{uid} {'onwards' if later else 'moved'}",
        *(["STATUS:CANCELLED"] if draw(st.integers(0, 4)) == 0 else []),
    ]
    return event(*lines, uid=uid)
