"""Recurrence rules (RFC 5545, 3.3.10): read an RRULE value and step through it within hard bounds.

The periods of a rule (years, months, weeks, …) are computed by their number, so a rule without COUNT is entered right
at the window asked for, however long ago it began. Every candidate looked at is paid from a `Budget`; a rule that
would cost more than that is refused before the first step where that can be foreseen (seconds for ever), and after a
bounded number of steps where it cannot (30 February). That is why this is not python-dateutil: its rules cannot be
interrupted between two occurrences, and look for one that never comes until the year 9999.

Where the two differ, this follows the RFC: BYDAY=MO,1TU means either, a BYWEEKNO alone takes its weekday from DTSTART,
and BYSETPOS counts whole weeks also in the first one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import IntEnum
from typing import TypeVar

from calbot.errors import BadCalendarData

MAX_STEPS = 100_000

D = TypeVar("D", date, datetime)

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?")


class Frequency(IntEnum):
    """From rare to often, so that comparing says which is more often."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


# How long one period lasts, at least, and how many days have to be looked at in it, at most.
_PERIOD = {
    Frequency.YEARLY: timedelta(days=365),
    Frequency.MONTHLY: timedelta(days=28),
    Frequency.WEEKLY: timedelta(days=7),
    Frequency.DAILY: timedelta(days=1),
    Frequency.HOURLY: timedelta(hours=1),
    Frequency.MINUTELY: timedelta(minutes=1),
    Frequency.SECONDLY: timedelta(seconds=1),
}
_DAYS = {Frequency.YEARLY: 366, Frequency.MONTHLY: 31, Frequency.WEEKLY: 7}

# Part of the rule: smallest and largest absolute value, whether it may be negative (and then not zero).
_NUMBERS = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}


@dataclass(frozen=True, slots=True)
class Until:
    """The last moment of a series: a day (inclusive), or a time on that day, in UTC or where the series is."""

    day: date
    clock: time | None = None
    utc: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE. `byday` holds (n, weekday), n = 0 without an ordinal, Monday = 0."""

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: Until | None = None
    bysecond: tuple[int, ...] = ()
    byminute: tuple[int, ...] = ()
    byhour: tuple[int, ...] = ()
    byday: tuple[tuple[int, int], ...] = ()
    bymonthday: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    bymonth: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int = 0


class Budget:
    """How many candidates may still be looked at, for a part out of what there is for the `whole`."""

    def __init__(self, steps: int = MAX_STEPS, whole: Budget | None = None) -> None:
        self._left = steps
        self._whole = whole

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise BadCalendarData("rule_unbounded")
        if self._whole is not None:
            self._whole.spend(steps)

    def refuse_more_than_left(self, steps: float) -> None:
        if steps > self._left:
            raise BadCalendarData("rule_unbounded")


def parts_of(value: str) -> list[tuple[str, str]]:
    """The parts of an RRULE value in their order, names in upper case."""
    parts = []
    for part in value.strip().strip(";").split(";"):
        name, equals, text = part.partition("=")
        if not equals:
            raise BadCalendarData("bad_rule")
        parts.append((name.strip().upper(), text.strip().upper()))
    return parts


def read_rule(value: str) -> Rule:
    parts = dict(parts_of(value))
    try:
        freq = Frequency[parts.pop("FREQ")]
        interval = int(parts.pop("INTERVAL", "1"))
        count = int(parts.pop("COUNT")) if "COUNT" in parts else None
        wkst = WEEKDAYS.index(parts.pop("WKST", "MO"))
    except (KeyError, ValueError) as error:
        raise BadCalendarData("bad_rule") from error
    if interval < 1:
        raise BadCalendarData("bad_rule")
    if count is not None and count < 0:
        count = None  # COUNT=-1 is how some programs say "for ever"
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise BadCalendarData("bad_rule")
    parts.pop("SKIP", None)  # RFC 7529: without another RSCALE there is nothing to skip
    until = read_until(parts.pop("UNTIL")) if parts.get("UNTIL") else None
    byday = _read_weekdays(parts.pop("BYDAY", ""))
    numbers = {name: _read_numbers(name, parts.pop(name, "")) for name in _NUMBERS}
    if any(not name.startswith("X-") for name in parts if name != "UNTIL"):
        raise BadCalendarData("bad_rule")
    return Rule(
        freq,
        interval,
        count,
        until,
        bysecond=tuple(min(second, 59) for second in numbers["BYSECOND"]),
        byminute=numbers["BYMINUTE"],
        byhour=numbers["BYHOUR"],
        byday=byday,
        bymonthday=numbers["BYMONTHDAY"],
        byyearday=numbers["BYYEARDAY"],
        byweekno=numbers["BYWEEKNO"],
        bymonth=numbers["BYMONTH"],
        bysetpos=numbers["BYSETPOS"],
        wkst=wkst,
    )


def read_until(value: str) -> Until:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise BadCalendarData("bad_rule")
    year, month, day, hour, minute, second, utc = match.groups()
    try:
        clock = time(int(hour), int(minute), min(int(second), 59)) if hour else None
        return Until(date(int(year), int(month), int(day)), clock, utc is not None)
    except ValueError as error:
        raise BadCalendarData("bad_rule") from error


def _read_weekdays(value: str) -> tuple[tuple[int, int], ...]:
    days = []
    for item in filter(None, value.split(",")):
        match = _WEEKDAY.fullmatch(item.strip())
        if match is None:
            raise BadCalendarData("bad_rule")
        days.append((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return tuple(dict.fromkeys(days))


def _read_numbers(name: str, value: str) -> tuple[int, ...]:
    low, high, signed = _NUMBERS[name]
    try:
        numbers = {int(item) for item in value.split(",") if item.strip()}
    except ValueError as error:
        raise BadCalendarData("bad_rule") from error
    if any(not low <= abs(number) <= high or (number < 0 and not signed) for number in numbers):
        raise BadCalendarData("bad_rule")
    return tuple(sorted(numbers))


def starts(rule: Rule, start: date | datetime, first: date, last: date, budget: Budget) -> Iterator[date | datetime]:
    """The starts of a series that begins with `start`, in order, up to and including the day `last`.

    Those before the day `first` may be left out or not. Times keep the wall clock and zone of `start`, which itself
    always belongs to the series (RFC 5545, 3.8.5.3) unless the rule ended before it. Two may be the same instant
    where clocks change.
    """
    rule = _completed(rule, start)
    ends = _end(rule.until, start)
    if ends is not None and start > ends:
        return
    left = rule.count
    if left != 0:
        yield start
    last = _last_day(last, ends)
    for candidate in _candidates(rule, start, first, last, budget):
        if (candidate.date() if isinstance(candidate, datetime) else candidate) > last:
            return
        if candidate <= start:
            continue
        if left is not None:
            left -= 1
            if left <= 0:
                return
        if ends is not None and candidate > ends:
            return
        yield candidate


def _completed(rule: Rule, start: date | datetime) -> Rule:
    """What the rule leaves out comes from DTSTART (RFC 5545, 3.3.10, last paragraphs)."""
    by_day = rule.byweekno or rule.byyearday or rule.bymonthday or rule.byday
    if rule.freq == Frequency.YEARLY and not by_day:
        rule = replace(rule, bymonth=rule.bymonth or (start.month,), bymonthday=(start.day,))
    elif rule.freq == Frequency.YEARLY and rule.byweekno and not (rule.byyearday or rule.bymonthday or rule.byday):
        rule = replace(rule, byday=((0, start.weekday()),))
    elif rule.freq == Frequency.MONTHLY and not by_day:
        rule = replace(rule, bymonthday=(start.day,))
    elif rule.freq == Frequency.WEEKLY and not by_day:
        rule = replace(rule, byday=((0, start.weekday()),))
    if not isinstance(start, datetime):
        # On a series of days, parts that set a time are to be ignored; finer steps than days cannot be.
        if rule.freq > Frequency.DAILY:
            raise BadCalendarData("bad_rule")
        return replace(rule, byhour=(), byminute=(), bysecond=())
    if rule.freq < Frequency.HOURLY:
        rule = replace(rule, byhour=rule.byhour or (start.hour,))
    if rule.freq < Frequency.MINUTELY:
        rule = replace(rule, byminute=rule.byminute or (start.minute,))
    if rule.freq < Frequency.SECONDLY:
        rule = replace(rule, bysecond=rule.bysecond or (start.second,))
    return rule


def _end(until: Until | None, start: date | datetime) -> date | datetime | None:
    """UNTIL as something that starts can be compared with, generous where its type does not fit that of DTSTART."""
    if until is None:
        return None
    if not isinstance(start, datetime):
        return until.day
    if until.clock is None:
        return datetime.combine(until.day, time.max, tzinfo=start.tzinfo)
    return datetime.combine(until.day, until.clock, tzinfo=timezone.utc if until.utc else start.tzinfo)


def _last_day(last: date, ends: date | datetime | None) -> date:
    if ends is None:
        return last
    # A day more: the end may be written in another zone than the series.
    day = ends.date() if isinstance(ends, datetime) else ends
    return min(last, day + timedelta(days=1)) if day < date.max else last


def _candidates(
    rule: Rule, start: date | datetime, first: date, last: date, budget: Budget
) -> Iterator[date | datetime]:
    zone = start.tzinfo if isinstance(start, datetime) else None
    origin = start.date() if isinstance(start, datetime) else start
    entry = origin if rule.count is not None else max(origin, first)
    if last < entry:
        return
    _foresee(rule, entry, last, budget)
    if isinstance(start, datetime) and rule.freq > Frequency.DAILY:
        yield from _within_days(rule, start, entry, last, budget)
        return
    clocks = _clocks(rule, budget) if isinstance(start, datetime) else None
    for days in _days_by_period(rule, origin, entry, last, budget):
        if clocks is None:
            yield from _at_positions(days, rule.bysetpos)
        else:
            budget.spend(len(days) * len(clocks))
            yield from _at_positions(
                [datetime.combine(day, at, tzinfo=zone) for day in days for at in clocks], rule.bysetpos
            )


def _foresee(rule: Rule, entry: date, last: date, budget: Budget) -> None:
    periods: float = (last - entry + timedelta(days=1)) / (_PERIOD[rule.freq] * rule.interval)
    if rule.count is not None:
        periods = min(periods, rule.count)
    hours, minutes, seconds = (len(part) or 1 for part in (rule.byhour, rule.byminute, rule.bysecond))
    per_period = {Frequency.HOURLY: minutes * seconds, Frequency.MINUTELY: seconds, Frequency.SECONDLY: 1}
    budget.refuse_more_than_left(int(periods) * per_period.get(rule.freq, hours * minutes * seconds))


def _clocks(rule: Rule, budget: Budget) -> list[time]:
    budget.spend(len(rule.byhour) * len(rule.byminute) * len(rule.bysecond))
    return [time(hour, minute, second) for hour in rule.byhour for minute in rule.byminute for second in rule.bysecond]


def _at_positions(items: list[D], positions: tuple[int, ...]) -> Iterator[D]:
    """BYSETPOS: the n-th of a period's occurrences, counted from its end where negative."""
    if not positions:
        yield from items
        return
    size = len(items)
    for index in sorted({position - 1 if position > 0 else size + position for position in positions}):
        if 0 <= index < size:
            yield items[index]


def _days_by_period(rule: Rule, origin: date, entry: date, last: date, budget: Budget) -> Iterator[list[date]]:
    if rule.freq == Frequency.YEARLY:
        skip = (entry.year - origin.year) // rule.interval
        for year in range(origin.year + skip * rule.interval, last.year + 1, rule.interval):
            yield _matching(rule, year, rule.bymonth or tuple(range(1, 13)), budget)
    elif rule.freq == Frequency.MONTHLY:
        begin = origin.year * 12 + origin.month - 1
        skip = (entry.year * 12 + entry.month - 1 - begin) // rule.interval
        for month in range(begin + skip * rule.interval, last.year * 12 + last.month, rule.interval):
            yield _matching(rule, month // 12, (month % 12 + 1,), budget)
    else:
        length = 7 if rule.freq == Frequency.WEEKLY else 1
        begin = origin.toordinal()
        if length == 7:
            begin -= (origin.weekday() - rule.wkst) % 7
        stride = length * rule.interval
        skip = (entry.toordinal() - begin) // stride
        for ordinal in range(begin + skip * stride, last.toordinal() + 1, stride):
            budget.spend(length)
            inside = range(max(ordinal, 1), min(ordinal + length, date.max.toordinal() + 1))
            yield [day for day in map(date.fromordinal, inside) if _fits(rule, day)]


def _matching(rule: Rule, year: int, months: tuple[int, ...], budget: Budget) -> list[date]:
    """The days of some months of a year that the rule allows."""
    if not 1 <= year <= 9999:
        return []
    found = []
    for month in months:
        length = calendar.monthrange(year, month)[1]
        if rule.bymonthday:
            numbers = sorted({day if day > 0 else length + 1 + day for day in rule.bymonthday})
        else:
            numbers = list(range(1, length + 1))
        budget.spend(len(numbers))
        found += [day for number in numbers if 1 <= number <= length and _fits(rule, day := date(year, month, number))]
    return found


def _fits(rule: Rule, day: date) -> bool:
    if rule.bymonth and day.month not in rule.bymonth:
        return False
    if rule.byday and not any(_is_weekday(rule, day, nth, weekday) for nth, weekday in rule.byday):
        return False
    if rule.bymonthday:
        length = calendar.monthrange(day.year, day.month)[1]
        if day.day not in rule.bymonthday and day.day - length - 1 not in rule.bymonthday:
            return False
    if rule.byyearday:
        length = 366 if calendar.isleap(day.year) else 365
        number = day.timetuple().tm_yday
        if number not in rule.byyearday and number - length - 1 not in rule.byyearday:
            return False
    if rule.byweekno:
        number, weeks = _week(day, rule.wkst)
        if number not in rule.byweekno and number - weeks - 1 not in rule.byweekno:
            return False
    return True


def _is_weekday(rule: Rule, day: date, nth: int, weekday: int) -> bool:
    if day.weekday() != weekday:
        return False
    if nth == 0 or rule.freq > Frequency.MONTHLY:
        return True
    if rule.freq == Frequency.MONTHLY or rule.bymonth:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    else:
        number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    return nth == (number - 1) // 7 + 1 if nth > 0 else nth == -((length - number) // 7 + 1)


def _week(day: date, wkst: int) -> tuple[int, int]:
    """Number of a week and how many its year has: a week belongs to the year that holds four of its days."""
    middle = day.toordinal() - (day.weekday() - wkst) % 7 + 3
    if middle > date.max.toordinal():
        return 1, 52
    year = date.fromordinal(max(middle, 1)).year
    number = (middle - date(year, 1, 1).toordinal()) // 7 + 1
    end = date(year, 12, 31)
    last_middle = end.toordinal() - (end.weekday() - (wkst + 3)) % 7
    return number, (last_middle - date(year, 1, 1).toordinal()) // 7 + 1


def _within_days(rule: Rule, start: datetime, entry: date, last: date, budget: Budget) -> Iterator[datetime]:
    """Steps of hours and less, on the wall clock of the series."""
    zone: tzinfo | None = start.tzinfo
    if rule.freq == Frequency.HOURLY:
        unit, minutes, seconds = 3600, rule.byminute, rule.bysecond
    elif rule.freq == Frequency.MINUTELY:
        unit, minutes, seconds = 60, (), rule.bysecond
    else:
        unit, minutes, seconds = 1, (), ()
    stride = unit * rule.interval
    begin = start.date().toordinal() * 86400 + (start.hour * 3600 + start.minute * 60 + start.second) // unit * unit
    skip = max(0, (entry.toordinal() * 86400 - begin) // stride)
    for moment in range(begin + skip * stride, (last.toordinal() + 1) * 86400, stride):
        budget.spend(1)
        ordinal, second = divmod(moment, 86400)
        hour, minute = second // 3600, second // 60 % 60
        if rule.byhour and hour not in rule.byhour:
            continue
        if rule.freq != Frequency.HOURLY and rule.byminute and minute not in rule.byminute:
            continue
        if rule.freq == Frequency.SECONDLY and rule.bysecond and second % 60 not in rule.bysecond:
            continue
        day = date.fromordinal(ordinal)
        if not _fits(rule, day):
            continue
        clocks = [time(hour, m, s) for m in minutes or (minute,) for s in seconds or (second % 60,)]
        budget.spend(len(clocks) - 1)
        yield from _at_positions([datetime.combine(day, at, tzinfo=zone) for at in clocks], rule.bysetpos)
