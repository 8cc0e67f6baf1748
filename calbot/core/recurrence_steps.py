"""Steps through recurrence rules (RFC 5545, 3.3.10) within hard bounds.

The periods of a rule (years, months, weeks, …) are computed by their number, so a rule is entered right at the window
asked for, however long ago it began, with COUNT wherever every period has as many occurrences as any other. Every
candidate looked at is paid from a `Budget`; a rule that would cost more than that is refused before the first step
where that can be foreseen (seconds for ever), and after a bounded number of steps where it cannot (30 February). That
is why this is not python-dateutil: its rules cannot be interrupted between two occurrences, and look for one that never
comes until the year 9999.

Where the two differ, this follows the RFC: BYDAY=MO,1TU means either, a BYWEEKNO alone takes its weekday from DTSTART,
and BYSETPOS counts whole weeks also in the first one.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import TypeVar

from calbot.errors import BadCalendarData

from .recurrence_rule import Budget, Frequency, Rule, Until

D = TypeVar("D", date, datetime)

# How long one period lasts, at least.
_PERIOD = {
    Frequency.YEARLY: timedelta(days=365),
    Frequency.MONTHLY: timedelta(days=28),
    Frequency.WEEKLY: timedelta(days=7),
    Frequency.DAILY: timedelta(days=1),
    Frequency.HOURLY: timedelta(hours=1),
    Frequency.MINUTELY: timedelta(minutes=1),
    Frequency.SECONDLY: timedelta(seconds=1),
}

_LEAP_YEAR = 2000


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
    entry = max(_day(start), first)
    if left is not None:
        entry, passed = _entry_of_counted(rule, start, entry, budget)
        left -= passed
        if left <= 1:
            return
    for candidate in _candidates(rule, start, entry, last, budget):
        if _day(candidate) > last:
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


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _entry_of_counted(rule: Rule, start: date | datetime, first: date, budget: Budget) -> tuple[date, int]:
    """Where to enter a rule with COUNT to find what comes from `first` on, and how many it had after its start by then.

    Where every period has as many as any other, those before need not be gone through.
    """
    origin = _day(start)
    uneven = rule.bysetpos or rule.bymonth or rule.bymonthday or rule.byyearday or rule.byweekno
    weekly = rule.freq == Frequency.WEEKLY
    if uneven or not (weekly or (rule.freq == Frequency.DAILY and not rule.byday)):
        return origin, 0
    length = 7 if weekly else 1
    begin = origin.toordinal() - ((origin.weekday() - rule.wkst) % 7 if weekly else 0)
    periods = (first.toordinal() - begin) // (length * rule.interval)
    if periods < 1:
        return origin, 0
    end = date.fromordinal(min(begin + length - 1, date.max.toordinal()))
    in_first = sum(candidate > start for candidate in _candidates(rule, start, origin, end, budget))
    clocks = len(rule.byhour) * len(rule.byminute) * len(rule.bysecond) if isinstance(start, datetime) else 1
    in_others = (periods - 1) * clocks * (len({weekday for _, weekday in rule.byday}) if weekly else 1)
    return date.fromordinal(begin + periods * length * rule.interval), in_first + in_others


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
    rule: Rule, start: date | datetime, entry: date, last: date, budget: Budget
) -> Iterator[date | datetime]:
    """What the rule puts from the period on that the day `entry` is in; some of the first ones may be too early."""
    zone = start.tzinfo if isinstance(start, datetime) else None
    if last < entry:
        return
    _foresee(rule, entry, last, budget)
    if not _has_days(rule):
        return
    if isinstance(start, datetime) and rule.freq > Frequency.DAILY:
        yield from _within_days(rule, start, entry, last, budget)
        return
    clocks = _clocks(rule, budget) if isinstance(start, datetime) else None
    for days in _days_by_period(rule, _day(start), entry, last, budget):
        if clocks is None:
            yield from _at_positions(days, rule.bysetpos)
        else:
            budget.spend(len(days) * len(clocks))
            yield from _at_positions(
                [datetime.combine(day, at, tzinfo=zone) for day in days for at in clocks], rule.bysetpos
            )


def _has_days(rule: Rule) -> bool:
    """Whether any of its months is long enough for any of its days."""
    if not (rule.bymonth and rule.bymonthday):
        return True
    shortest = min(abs(day) for day in rule.bymonthday)
    return any(shortest <= calendar.monthrange(_LEAP_YEAR, month)[1] for month in rule.bymonth)


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
    fits = _Filter(rule)
    if rule.freq == Frequency.YEARLY:
        skip = (entry.year - origin.year) // rule.interval
        for year in range(origin.year + skip * rule.interval, last.year + 1, rule.interval):
            yield _matching(rule, fits, year, rule.bymonth or tuple(range(1, 13)), budget)
    elif rule.freq == Frequency.MONTHLY:
        begin = origin.year * 12 + origin.month - 1
        skip = (entry.year * 12 + entry.month - 1 - begin) // rule.interval
        for month in range(begin + skip * rule.interval, last.year * 12 + last.month, rule.interval):
            budget.spend(1)
            yield _matching(rule, fits, month // 12, (month % 12 + 1,), budget)
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
            yield [day for day in map(date.fromordinal, inside) if fits(day)]


def _matching(rule: Rule, fits: _Filter, year: int, months: tuple[int, ...], budget: Budget) -> list[date]:
    """The days of some months of a year that the rule allows."""
    if not 1 <= year <= 9999:
        return []
    found = []
    for month in months:
        if rule.bymonth and month not in rule.bymonth:
            continue
        length = calendar.monthrange(year, month)[1]
        if rule.bymonthday:
            numbers = sorted({day if day > 0 else length + 1 + day for day in rule.bymonthday})
        else:
            numbers = list(range(1, length + 1))
        budget.spend(len(numbers))
        found += [day for number in numbers if 1 <= number <= length and fits(day := date(year, month, number))]
    return found


class _Filter:
    """Says which days a rule allows, at the same cost however long its lists are."""

    def __init__(self, rule: Rule) -> None:
        self._months = frozenset(rule.bymonth)
        self._monthdays = frozenset(rule.bymonthday)
        self._yeardays = frozenset(rule.byyearday)
        self._weeks = frozenset(rule.byweekno)
        self._wkst = rule.wkst
        # Ordinals count weekdays of a month or of a year; for shorter periods they mean nothing.
        ordinals = rule.freq <= Frequency.MONTHLY
        self._in_month = rule.freq == Frequency.MONTHLY or bool(rule.bymonth)
        self._weekdays: dict[int, set[int]] = {}
        for nth, weekday in rule.byday:
            self._weekdays.setdefault(weekday, set()).add(nth if ordinals else 0)

    def __call__(self, day: date) -> bool:
        if self._months and day.month not in self._months:
            return False
        if self._weekdays and not self._is_weekday(day):
            return False
        if self._monthdays:
            length = calendar.monthrange(day.year, day.month)[1]
            if self._monthdays.isdisjoint((day.day, day.day - length - 1)):
                return False
        if self._yeardays:
            length = 366 if calendar.isleap(day.year) else 365
            number = day.timetuple().tm_yday
            if self._yeardays.isdisjoint((number, number - length - 1)):
                return False
        if self._weeks:
            number, weeks = _week(day, self._wkst)
            return not self._weeks.isdisjoint((number, number - weeks - 1))
        return True

    def _is_weekday(self, day: date) -> bool:
        wanted = self._weekdays.get(day.weekday())
        if wanted is None:
            return False
        if 0 in wanted:
            return True
        if self._in_month:
            number, length = day.day, calendar.monthrange(day.year, day.month)[1]
        else:
            number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
        return not wanted.isdisjoint(((number - 1) // 7 + 1, -((length - number) // 7 + 1)))


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
    fits = _Filter(rule)
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
        if not fits(day):
            continue
        clocks = [time(hour, m, s) for m in minutes or (minute,) for s in seconds or (second % 60,)]
        budget.spend(len(clocks) - 1)
        yield from _at_positions([datetime.combine(day, at, tzinfo=zone) for at in clocks], rule.bysetpos)
