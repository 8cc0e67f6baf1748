"""What a series means: its first occurrence, and its rule in the words of RFC 5545."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .candidates import MOST_YEARS, Candidates, is_relative, next_anniversary, nth_weekday, read_days, read_week
from .expressions import Ending, InCalendarWeek, InWeek, OnDate, Repeating, Said, Starting, Times
from .hours import DAY, Hours
from .moments import Present, nearest, timed
from .readings import At, Day, Every, Locale, Reason, Unread

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ONE_DAY = timedelta(days=1)
_SEARCHED_DAYS = 800  # a rule without an occurrence in two years is none that people type
_LAST_SAFE_DAY = 28  # later ones are missing in some months, where RFC 5545 leaves them out in silence


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The parts of a phrase that make a series, taken apart."""

    repeating: Repeating
    starting: Starting | None
    ending: Ending | None
    times: Times | None
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    repeating: Repeating
    start: date
    started: bool
    """Whether the start was said."""
    until: date | None
    count: int | None


def merge(parts: list[Repeating]) -> Repeating | Unread:
    """One rule from those of a phrase: "alle zwei Wochen" and "montags" may stand apart."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2 and all(part.frequency == "WEEKLY" for part in parts):
        for one, other in (parts, parts[::-1]):
            if not one.days and other.days and other.interval == 1 and not other.or_monthly:
                return replace(other, interval=one.interval)
    return Unread(Reason.NOT_UNDERSTOOD)


def read_series(
    present: Present,
    recurrence: Recurrence,
    hours: tuple[Hours, ...] | None,
    length: timedelta | None,
    locale: Locale,
) -> list[Every | Unread]:
    """Every meaning of a series; without hours it is all-day."""
    rule = _rule(present, recurrence, locale)
    if isinstance(rule, Unread):
        return [rule]
    repeating = rule.repeating
    rules = [rule]
    if repeating.or_monthly:
        ((_, weekday),) = repeating.days
        monthly = Repeating("MONTHLY", 1, ((repeating.interval, weekday),))
        rules.append(replace(rule, repeating=monthly))
    return [_every(present, one, hour, length) for one in rules for hour in hours or (None,)]


def _every(present: Present, rule: _Rule, hour: Hours | None, length: timedelta | None) -> Every | Unread:
    if hour is not None and hour[0] >= DAY:
        later, (start, end) = _next_day(rule), hour
        if later is None:
            return Unread(Reason.VAGUE)
        return _every(present, later, (start - DAY, None if end is None else end - DAY), length)
    first = _first(present, rule, hour, length)
    if isinstance(first, Unread):
        return first
    if rule.until is not None and rule.until < (first.first if isinstance(first, Day) else first.start.date()):
        return Unread(Reason.CONTRADICTORY)
    return Every(first, _text(rule))


def _next_day(rule: _Rule) -> _Rule | None:
    """The rule of the days that follow those of a rule: "jeden Dienstag 24 Uhr" is each Wednesday at 00:00.

    None where that is not a rule of the same kind: for months, and for several days of every other week.
    """
    repeating = rule.repeating
    if repeating.frequency not in ("DAILY", "WEEKLY") or (repeating.interval > 1 and len(repeating.days) > 1):
        return None
    days = tuple(sorted((number, (weekday + 1) % 7) for number, weekday in repeating.days))
    until = None if rule.until is None else rule.until + _ONE_DAY
    return replace(rule, repeating=replace(repeating, days=days), start=rule.start + _ONE_DAY, until=until)


def _rule(present: Present, recurrence: Recurrence, locale: Locale) -> _Rule | Unread:
    repeating, said = recurrence.repeating, recurrence.said
    if (recurrence.times and recurrence.ending) or (said and (repeating.frequency != "YEARLY" or recurrence.starting)):
        return Unread(Reason.NOT_UNDERSTOOD)
    if repeating.frequency is None:
        return Unread(Reason.VAGUE)
    if locale == "de" and repeating.frequency == "DAILY" and repeating.interval == 8:
        return Unread(Reason.VAGUE)  # "alle acht Tage" is every week to many
    start: date | Unread = present.today
    if recurrence.starting:
        start = _border(recurrence.starting.days, present.today, locale)
    elif said:
        start = _anniversary(said, present.today, locale)
    if isinstance(start, Unread):
        return start
    until: date | Unread | None = None
    if recurrence.ending:
        if recurrence.ending.clock or (recurrence.ending.dash and not recurrence.starting):
            return Unread(Reason.NOT_UNDERSTOOD)
        since = present.today if is_relative(recurrence.ending.days) else start
        until = _border(recurrence.ending.days, since, locale, last=True)
    if isinstance(until, Unread):
        return until
    if until is not None and until > present.today + timedelta(days=366 * MOST_YEARS):
        return Unread(Reason.TOO_FAR)
    completed = _complete(repeating, start, known=bool(recurrence.starting or said))
    if isinstance(completed, Unread):
        return completed
    count = recurrence.times.count if recurrence.times else None
    return _Rule(completed, start, bool(recurrence.starting), until, count)


def _border(said: tuple[Said, ...], today: date, locale: Locale, *, last: bool = False) -> date | Unread:
    week = said[0].day
    if not last and len(said) == 1 and isinstance(week, (InWeek, InCalendarWeek)):
        monday = read_week(week, today)
        return monday if isinstance(monday, Unread) else max(monday, today)
    candidates = read_days(said, today, locale)
    if isinstance(candidates, Unread):
        return candidates
    if candidates.days[0] < today:
        return Unread(Reason.IN_PAST)
    return candidates.days[0] if len(candidates.days) == 1 else Unread(Reason.VAGUE)


def _anniversary(said: tuple[Said, ...], today: date, locale: Locale) -> date | Unread:
    if len(said) == 1 and isinstance(said[0].day, OnDate) and said[0].day.year is None:
        return next_anniversary(said[0].day, today)
    candidates = read_days(said, today, locale)
    if isinstance(candidates, Candidates):
        return candidates.days[0] if len(candidates.days) == 1 else Unread(Reason.VAGUE)
    return candidates


def _complete(repeating: Repeating, start: date, *, known: bool) -> Repeating | Unread:
    """The rule with the day that its start gives, if it names none."""
    match repeating.frequency:
        case "WEEKLY" if not repeating.days:
            return replace(repeating, days=((0, start.weekday()),)) if known else Unread(Reason.VAGUE)
        case "MONTHLY" if not repeating.days:
            day = repeating.month_day or (start.day if known else 0)
            if not day:
                return Unread(Reason.VAGUE)
            if not -1 <= day <= _LAST_SAFE_DAY:
                return Unread(Reason.IMPOSSIBLE)
            return replace(repeating, month_day=day)
        case "YEARLY" if not known:
            return Unread(Reason.VAGUE)
        case _:
            return repeating


def _first(present: Present, rule: _Rule, hour: Hours | None, length: timedelta | None) -> At | Day | Unread:
    days = _days(rule)
    if hour is None:
        for day in days:
            return Day(day, day)
        return Unread(Reason.IMPOSSIBLE)
    return nearest(present, (timed(present, day, hour, length) for day in days))


def _days(rule: _Rule) -> Iterator[date]:
    """The days that a rule names, from its start on. An interval counts from the first of them."""
    repeating = rule.repeating
    if repeating.frequency == "YEARLY":
        years = (rule.start.year, rule.start.year + 1)
        yield from (rule.start.replace(year=year) for year in years if (rule.start.month, rule.start.day) != (2, 29))
        return
    for ahead in range(_SEARCHED_DAYS):
        day = rule.start + timedelta(days=ahead)
        if _matches(repeating, day):
            yield day


def _matches(repeating: Repeating, day: date) -> bool:
    if repeating.frequency == "DAILY":
        return True
    if repeating.month_day is not None:
        return (day + timedelta(days=1)).day == 1 if repeating.month_day == -1 else day.day == repeating.month_day
    return any(
        day.weekday() == weekday and (number == 0 or nth_weekday(day.year, day.month, number, weekday) == day)
        for number, weekday in repeating.days
    )


def _text(rule: _Rule) -> str:
    repeating = rule.repeating
    parts = [f"FREQ={repeating.frequency}"]
    if repeating.interval > 1:
        parts.append(f"INTERVAL={repeating.interval}")
    if repeating.days:
        parts.append("BYDAY=" + ",".join(f"{number or ''}{_WEEKDAYS[weekday]}" for number, weekday in repeating.days))
    if repeating.month_day is not None:
        parts.append(f"BYMONTHDAY={repeating.month_day}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until:%Y%m%d}")
    return ";".join(parts)
