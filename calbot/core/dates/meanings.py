"""What a phrase means: its parts put together, as seen from a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone

from .candidates import MOST_YEARS, Candidates, is_relative, read_days
from .expressions import (
    Clock,
    FromNow,
    InCalendarWeek,
    InWeek,
    InZone,
    OnDate,
    OnDayOfMonth,
    Said,
    Span,
    Stamp,
)
from .hours import MIDNIGHT, Hours, ends_after, read_clock
from .moments import Present, from_now, later, local, nearest, timed
from .parts import Parts, sort_parts
from .phrases import Phrase
from .readings import At, Base, Choice, Day, Every, Locale, Reading, Reason, Single, Unread
from .series import Recurrence, merge, read_series
from .zones import seen_here, seen_there

_MOST_CHOICES = 4
_LONGEST_DAYS = 366

_NOT_UNDERSTOOD = Unread(Reason.NOT_UNDERSTOOD)
_VAGUE = Unread(Reason.VAGUE)
_CONTRADICTORY = Unread(Reason.CONTRADICTORY)
_IMPOSSIBLE = Unread(Reason.IMPOSSIBLE)

# What makes a phrase doubtful as a whole, even where it can be understood in another way.
_GRAVE = frozenset(
    {
        Reason.IN_PAST,
        Reason.TOO_FAR,
        Reason.IMPOSSIBLE,
        Reason.SKIPPED_BY_CLOCK_CHANGE,
        Reason.CONTRADICTORY,
        Reason.SERIES,
    }
)

Meanings = list["Single | Unread"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a phrase is read against."""

    present: Present
    locale: Locale
    base: Base | None


def combine(meanings: Iterable[Single | Unread]) -> Reading:
    """One reading from all meanings that a phrase has."""
    found = list(dict.fromkeys(meanings))
    refusals = [one for one in found if isinstance(one, Unread)]
    readings = [one for one in found if not isinstance(one, Unread)]
    for refusal in refusals:
        if refusal.reason in _GRAVE:
            certain = all(one == refusal for one in refusals if one.reason is refusal.reason)
            return refusal if certain else replace(refusal, falls_on=None, meant=None)
    if not readings:
        vague = [one for one in refusals if one.reason is Reason.VAGUE]
        return vague[0] if vague else _NOT_UNDERSTOOD
    if len(readings) == 1:
        return readings[0]
    if len(readings) > _MOST_CHOICES:
        return _VAGUE
    return Choice(tuple(sorted(readings, key=_order)))


def _order(reading: Single) -> tuple[datetime, str]:
    if isinstance(reading, Every):
        return _order(reading.first)[0], reading.rule
    if isinstance(reading, Day):
        return datetime.combine(reading.first, time()), str(reading.last)
    return reading.start.replace(tzinfo=None), str(reading.end)


def read_meanings(phrase: Phrase, situation: Situation) -> Meanings:
    """Every meaning of one way to cover a text."""
    parts = sort_parts(phrase)
    if parts is None:
        return [_NOT_UNDERSTOOD]
    if parts.repeating:
        return _series(parts, situation)
    if parts.times:
        return [_NOT_UNDERSTOOD]
    if parts.between or parts.ending:
        return _range(parts, situation)
    if parts.starting:
        return [_VAGUE]
    if isinstance(parts.time, (FromNow, Stamp)):
        return [_moment(parts, situation)]
    return _single(parts, situation)


# Single dates ---------------------------------------------------------------------------------------------------------


def _single(parts: Parts, situation: Situation) -> Meanings:
    if parts.is_timed:
        return _timed(parts, situation)
    base = situation.base
    if base and base.start is not None and not parts.all_day:
        return _at_time_of_base(parts, situation, base)
    return _all_day(parts, situation)


def _candidates(parts: Parts, situation: Situation) -> Candidates | Unread:
    today = situation.present.today
    if parts.said:
        return read_days(parts.said, today, situation.locale)
    if situation.base:
        return Candidates((situation.base.day,))
    return Candidates((today, today + timedelta(days=1)), nearest=True)


def _timed(parts: Parts, situation: Situation) -> Meanings:
    length, hours, days = parts.length(), parts.hours(), _candidates(parts, situation)
    if parts.all_day:
        return [_CONTRADICTORY]
    if isinstance(hours, Unread):
        return [hours]
    if isinstance(days, Unread):
        return [days]
    if isinstance(length, Unread):
        return [length]
    base = situation.base
    if base and length is None and not isinstance(parts.time, Span):
        length = base.length
    if parts.zone:
        return _in_zone(parts, parts.zone, situation, hours, length)
    return _spans(situation.present, days, hours, length)


def _in_zone(
    parts: Parts, zone: InZone, situation: Situation, hours: Sequence[Hours], length: timedelta | None
) -> Meanings:
    """A time on the clocks of a zone. Where it is another day there, both days are counted from."""
    here, there = situation.present, seen_there(situation.present, zone)
    meanings: Meanings = []
    for today in sorted({here.today, there.today}):
        if parts.said:
            days = read_days(parts.said, today, situation.locale)
        elif situation.base:
            days = Candidates((situation.base.day,))
        else:
            days = Candidates((there.today, there.today + timedelta(days=1)), nearest=True)
        spans = [days] if isinstance(days, Unread) else _spans(there, days, hours, length)
        meanings += [seen_here(here, span, zone) if isinstance(span, At) else span for span in spans]
    return meanings


def _spans(present: Present, days: Candidates, hours: Sequence[Hours], length: timedelta | None) -> Meanings:
    if days.nearest and hours == MIDNIGHT:
        hours = hours[1:]  # midnight by itself is the next one
    if days.nearest:
        return [nearest(present, (timed(present, day, hour, length) for day in days.days)) for hour in hours]
    return _not_over(present, [timed(present, day, hour, length) for day in days.days for hour in hours])


def _not_over(present: Present, spans: Iterable[At | Unread]) -> Meanings:
    """Those that have not begun; a past one is no reading as long as there is another."""
    found: Meanings = []
    passed = False
    for span in spans:
        if isinstance(span, At) and present.is_over(span.start):
            passed = True
        elif isinstance(span, At) and span.start.date() > _horizon(present):
            found.append(Unread(Reason.TOO_FAR))
        else:
            found.append(span)
    return found if found or not passed else [Unread(Reason.IN_PAST)]


def _horizon(present: Present) -> date:
    return present.today + timedelta(days=366 * MOST_YEARS)


def _at_time_of_base(parts: Parts, situation: Situation, base: Base) -> Meanings:
    """A date that keeps the time of the event that is moved, or a new length for it."""
    if base.start is None or not (parts.said or parts.lasting):
        return [_NOT_UNDERSTOOD]
    length, days = parts.length(), _candidates(parts, situation)
    if isinstance(days, Unread):
        return [days]
    if isinstance(length, Unread):
        return [length]
    minutes = base.start.hour * 60 + base.start.minute
    return _spans(situation.present, days, ((minutes, None),), base.length if length is None else length)


def _all_day(parts: Parts, situation: Situation) -> Meanings:
    base = situation.base
    lasting = parts.lasting
    if not (parts.said or (base and parts.all_day)):
        return [_VAGUE if parts.all_day or parts.lasting else _NOT_UNDERSTOOD]
    if lasting and not lasting.days:
        return [_VAGUE]
    days = _candidates(parts, situation)
    if isinstance(days, Unread):
        return [days]
    number = lasting.days if lasting else base.days if base else 1
    return _whole_days(situation.present, ((day, day + timedelta(days=number - 1)) for day in days.days))


def _whole_days(present: Present, ranges: Iterable[tuple[date, date]]) -> Meanings:
    found: Meanings = []
    passed = False
    for first, last in ranges:
        if first < present.today:
            passed = True
        elif last > _horizon(present):
            found.append(Unread(Reason.TOO_FAR))
        elif not 0 <= (last - first).days < _LONGEST_DAYS:
            found.append(_IMPOSSIBLE)
        else:
            found.append(Day(first, last))
    return found if found or not passed else [Unread(Reason.IN_PAST)]


def _moment(parts: Parts, situation: Situation) -> Single | Unread:
    """A moment counted from now, or written with its offset from UTC."""
    if parts.part or parts.all_day:
        return _CONTRADICTORY
    length = parts.length()
    if isinstance(length, Unread):
        return length
    present = situation.present
    if isinstance(parts.time, FromNow):
        if parts.time.time > timedelta(days=_LONGEST_DAYS):
            return Unread(Reason.TOO_FAR)
        start = from_now(present, parts.time.time)
    elif isinstance(parts.time, Stamp):
        utc = local(
            Present(present.now, timezone.utc), parts.time.day, parts.time.clock.hour * 60 + parts.time.clock.minutes
        )
        if isinstance(utc, Unread) or parts.time.clock.hour > 23 or parts.time.clock.minutes > 59:
            return _IMPOSSIBLE
        start = later(present, utc, -parts.time.offset)
    else:
        return _NOT_UNDERSTOOD
    days = read_days(parts.said, present.today, situation.locale) if parts.said else Candidates((start.date(),))
    if isinstance(days, Unread):
        return days
    if start.date() not in days.days:
        return _CONTRADICTORY
    if length is None and situation.base:
        length = situation.base.length
    if present.is_over(start):
        return Unread(Reason.IN_PAST)
    if start.date() > _horizon(present):
        return Unread(Reason.TOO_FAR)
    return At(start, None if length is None else later(present, start, length))


# Ranges ---------------------------------------------------------------------------------------------------------------


def _range(parts: Parts, situation: Situation) -> Meanings:
    if parts.zone:
        return [_NOT_UNDERSTOOD]
    if situation.base and situation.base.start is not None and not parts.time and not parts.all_day:
        return [_VAGUE]  # an event with a time does not become all-day unless that is said
    if parts.between:
        if parts.said or parts.ending or parts.starting or parts.lasting:
            return [_NOT_UNDERSTOOD]
        if parts.is_timed:
            return [_VAGUE]  # each of these days, or from the first to the last?
        return _day_range((Said(parts.between.first),), (Said(parts.between.last),), situation)
    if parts.ending is None or not parts.ends_with_end or parts.lasting or parts.part:
        return [_NOT_UNDERSTOOD]
    if parts.starting and parts.said:
        return [_NOT_UNDERSTOOD]
    first = parts.starting.days if parts.starting else parts.said
    if not first:
        return [_NOT_UNDERSTOOD]
    if parts.time is None and parts.ending.clock is None:
        return _day_range(first, parts.ending.days, situation)
    if not isinstance(parts.time, Clock) or parts.ending.clock is None or parts.all_day:
        return [_VAGUE]
    return _timed_range(first, parts.time, parts.ending.days, parts.ending.clock, situation)


def _share(said: tuple[Said, ...], last: tuple[Said, ...]) -> tuple[Said, ...]:
    """The first days of a range with what is only said with the last: the year, the week."""
    week = tuple(one for one in last if isinstance(one.day, (InWeek, InCalendarWeek)))
    if week and not any(isinstance(one.day, (InWeek, InCalendarWeek)) for one in said):
        return (*said, *week)
    year = next((one.day for one in last if isinstance(one.day, OnDate) and one.day.year), None)
    if year is None:
        return said
    return tuple(replace(one, day=_in_year_of(one.day, year)) if isinstance(one.day, OnDate) else one for one in said)


def _in_year_of(first: OnDate, last: OnDate) -> OnDate:
    if first.year is not None or last.year is None:
        return first
    crosses = (first.month, first.day) > (last.month, last.day)
    return replace(first, year=last.year - 1 if crosses else last.year)


def _last_days(last: tuple[Said, ...], first: date, situation: Situation, *, timed: bool) -> tuple[date, ...] | Unread:
    days = read_days(last, situation.present.today if is_relative(last) else first, situation.locale)
    if isinstance(days, Unread):
        return _IMPOSSIBLE if days.reason is Reason.IN_PAST else days
    if days.nearest:  # "Montag bis Montag", but "Mo 9 Uhr bis Mo 11 Uhr"
        return days.days[:1] if timed else days.days[1:]
    ordered = tuple(day for day in days.days if day >= first)
    return ordered or _IMPOSSIBLE


def _day_range(said: tuple[Said, ...], last: tuple[Said, ...], situation: Situation) -> Meanings:
    if any(isinstance(one.day, OnDayOfMonth) for one in said) and any(isinstance(one.day, OnDate) for one in last):
        return [_NOT_UNDERSTOOD]  # "14th to 18th December" is said of one month, which is a part of its own
    firsts = read_days(_share(said, last), situation.present.today, situation.locale)
    if isinstance(firsts, Unread):
        return [firsts]
    ranges = [(first, _last_days(last, first, situation, timed=False)) for first in firsts.days]
    refused = [days for _, days in ranges if isinstance(days, Unread)]
    if refused:
        return list(refused)
    return _whole_days(
        situation.present,
        ((first, day) for first, days in ranges if not isinstance(days, Unread) for day in days),
    )


def _timed_range(
    said: tuple[Said, ...], clock: Clock, last: tuple[Said, ...], last_clock: Clock, situation: Situation
) -> Meanings:
    present = situation.present
    firsts = read_days(_share(said, last), present.today, situation.locale)
    if isinstance(firsts, Unread):
        return [firsts]
    starts, ends = read_clock(clock, None), read_clock(last_clock, None)
    if isinstance(starts, Unread):
        return [starts]
    if isinstance(ends, Unread):
        return [ends]
    spans: list[At | Unread] = []
    for start in starts:
        for first in _days_ahead(present, firsts, start):
            last_days = _last_days(last, first, situation, timed=True)
            if isinstance(last_days, Unread):
                return [last_days]
            spans += [
                timed(present, first, (start, end), None)
                for day in last_days
                if (day - first).days <= _LONGEST_DAYS
                for end in ends_after(start, last_clock, ends, (day - first).days)
            ]
    return _not_over(present, spans) or [_IMPOSSIBLE]


def _days_ahead(present: Present, days: Candidates, minutes: int) -> tuple[date, ...]:
    """The days, or the nearest of them, where that is meant."""
    if not days.nearest:
        return days.days
    soonest = nearest(present, (timed(present, day, (minutes, None), None) for day in days.days))
    return days.days[-1:] if isinstance(soonest, Unread) else (soonest.start.date(),)


# Series ---------------------------------------------------------------------------------------------------------------


def _series(parts: Parts, situation: Situation) -> Meanings:
    if situation.base:
        return [Unread(Reason.SERIES)]
    if parts.zone and seen_there(situation.present, parts.zone).zone != situation.present.zone:
        return [Unread(Reason.SERIES)]  # its hour here changes with the clocks there
    repeating = merge(list(parts.repeating))
    if isinstance(repeating, Unread) or parts.between:
        return [_NOT_UNDERSTOOD]
    recurrence = Recurrence(repeating, parts.starting, parts.ending, parts.times, parts.said)
    if not parts.is_timed:
        if parts.lasting:
            return [_VAGUE]
        return list(read_series(situation.present, recurrence, None, None, situation.locale))
    if parts.all_day:
        return [_CONTRADICTORY]
    length, hours = parts.length(), parts.hours()
    if isinstance(hours, Unread):
        return [hours]
    if isinstance(length, Unread):
        return [length]
    return list(read_series(situation.present, recurrence, hours, length, situation.locale))
