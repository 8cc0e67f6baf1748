"""Which days an expression can mean, seen from a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from dateutil.relativedelta import relativedelta
from typing_extensions import assert_never

from .expressions import (
    DayExpression,
    EndOf,
    FromToday,
    InCalendarWeek,
    InWeek,
    Later,
    OnDate,
    OnDayOfMonth,
    OnEither,
    OnFeast,
    OnNth,
    OnWeekday,
    Said,
    StartOf,
    Which,
)
from .readings import Locale, Reason, Unread

_WEEK = timedelta(days=7)
_JUST_PASSED = timedelta(days=31)
MOST_YEARS = 10

_PAST = Unread(Reason.IN_PAST)
_IMPOSSIBLE = Unread(Reason.IMPOSSIBLE)
_CONTRADICTORY = Unread(Reason.CONTRADICTORY)
_VAGUE = Unread(Reason.VAGUE)
_TOO_FAR = Unread(Reason.TOO_FAR)
_NOT_UNDERSTOOD = Unread(Reason.NOT_UNDERSTOOD)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The days that may be meant, ascending. `nearest`: the first one whose time is still ahead is meant."""

    days: tuple[date, ...]
    nearest: bool = False


def read_days(said: Sequence[Said], today: date, locale: Locale) -> Candidates | Unread:
    """The days that all these expressions agree on, or why there is none."""
    days = [one.day for one in said]
    shifted = _shift(days, today, locale)
    if shifted is not None:
        return shifted
    weekdays = [day for day in days if isinstance(day, OnWeekday)]
    weeks = [day for day in days if isinstance(day, (InWeek, InCalendarWeek))]
    dated = [day for day in days if not isinstance(day, (OnWeekday, InWeek, InCalendarWeek))]
    if len(weekdays) > 1 or len(weeks) > 1 or len({type(day) for day in dated}) < len(dated):
        return _NOT_UNDERSTOOD
    candidates = _weekday_candidates(weekdays, weeks, today) if not dated else _dated_candidates(dated, today, locale)
    if isinstance(candidates, Unread) or not dated:
        return candidates
    agreed = _agree(candidates.days, weekdays, weeks, today)
    if not agreed:
        # "morgen 9.10": then 9.10 is no date. Beside a weekday it may well be one, with a mistake in it.
        loose = any(one.loose for one in said) and not weekdays
        return _NOT_UNDERSTOOD if loose else _contradiction(candidates.days, weekdays, weeks)
    return Candidates(agreed)


def _contradiction(
    days: tuple[date, ...], weekdays: Sequence[OnWeekday], weeks: Sequence[InWeek | InCalendarWeek]
) -> Unread:
    (day, *others), (weekday, *_) = days or (None,), weekdays or (None,)
    if day is None or others or weekday is None or weeks or day.weekday() == weekday.weekday:
        return _CONTRADICTORY
    return Unread(Reason.CONTRADICTORY, falls_on=day.weekday())


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _shift(days: Sequence[DayExpression], today: date, locale: Locale) -> Candidates | Unread | None:
    """ "heute in zwei Wochen", "Montag in einer Woche", "in zwei Wochen am Dienstag"."""
    if len(days) != 2:
        return None
    match days:
        case [FromToday(ahead), Later() as later]:
            return _one_dated(later, today + timedelta(days=ahead), locale) if ahead >= 0 else _PAST
        case [OnWeekday(weekday, Which.BARE), Later() as later]:
            idiom = later == Later(8, "days") and locale == "de"  # "Freitag in acht Tagen"
            weeks = 1 if idiom else _whole_weeks(later)
            return _VAGUE if weeks is None else _later(Later(weeks, "weeks"), _next(weekday, today))
        case [Later() as later, OnWeekday(weekday, Which.BARE)]:
            weeks = _whole_weeks(later)
            if weeks is None:
                return None
            one = _next(weekday, today) + weeks * _WEEK
            other = monday_of(today) + weeks * _WEEK + timedelta(days=weekday)
            return Candidates(tuple(sorted({one, other})))
        case _:
            return None


def _whole_weeks(later: Later) -> int | None:
    if later.unit == "weeks":
        return later.number
    return later.number // 7 if later.unit == "days" and later.number % 7 == 0 else None


def _next(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _weekday_candidates(
    weekdays: Sequence[OnWeekday], weeks: Sequence[InWeek | InCalendarWeek], today: date
) -> Candidates | Unread:
    if not weekdays:
        return _VAGUE
    weekday = weekdays[0]
    if not weeks:
        return _one_weekday(weekday, today)
    monday = read_week(weeks[0], today)
    if isinstance(monday, Unread):
        return monday
    if weekday.which in (Which.LAST, Which.AFTER_NEXT):
        return _CONTRADICTORY
    return Candidates((monday + timedelta(days=weekday.weekday),))


def _one_weekday(weekday: OnWeekday, today: date) -> Candidates | Unread:
    in_this_week = monday_of(today) + timedelta(days=weekday.weekday)
    ahead = in_this_week > today
    which = weekday.which
    if which is Which.BARE:
        day = _next(weekday.weekday, today)
        return Candidates((day, day + _WEEK), nearest=True) if day == today else Candidates((day,))
    if which is Which.NEXT:
        return Candidates((in_this_week, in_this_week + _WEEK) if ahead else (in_this_week + _WEEK,))
    if which is Which.AFTER_NEXT:
        weeks = (1, 2) if ahead else (2,)
        return Candidates(tuple(in_this_week + week * _WEEK for week in weeks))
    if which is Which.COMING:
        day = _next(weekday.weekday, today)
        return Candidates((day, day + _WEEK) if day == today else (day,))
    if which is Which.THIS:
        return Candidates((in_this_week,)) if in_this_week >= today else _PAST
    if which is Which.LAST:
        return _PAST
    assert_never(which)


def read_week(week: InWeek | InCalendarWeek, today: date) -> date | Unread:
    """The Monday of a week."""
    if isinstance(week, InWeek):
        return monday_of(today) + week.ahead * _WEEK if week.ahead >= 0 else _PAST
    if week.year is not None:
        return _iso_monday(week.year, week.number)
    year = today.isocalendar()[0]
    monday = _iso_monday(year, week.number)
    if isinstance(monday, date) and monday + _WEEK <= today:
        return _iso_monday(year + 1, week.number)
    return monday


def _iso_monday(year: int, number: int) -> date | Unread:
    try:
        return date.fromisocalendar(year, number, 1)
    except ValueError:
        return _IMPOSSIBLE


def is_relative(said: Sequence[Said]) -> bool:
    """Whether days are counted from today even where they end a range that begins later."""
    return any(
        isinstance(one.day, (FromToday, Later, InWeek, InCalendarWeek))
        or (isinstance(one.day, OnWeekday) and one.day.which is not Which.BARE)
        for one in said
    )


def _dated_candidates(dated: Sequence[DayExpression], today: date, locale: Locale) -> Candidates | Unread:
    common: set[date] | None = None
    for day in dated:
        candidates = _one_dated(day, today, locale)
        if isinstance(candidates, Unread):
            return candidates
        common = set(candidates.days) if common is None else common & set(candidates.days)
    return Candidates(tuple(sorted(common or ())))


def _agree(
    days: tuple[date, ...],
    weekdays: Sequence[OnWeekday],
    weeks: Sequence[InWeek | InCalendarWeek],
    today: date,
) -> tuple[date, ...]:
    for weekday in weekdays:
        if weekday.which is Which.BARE:
            days = tuple(day for day in days if day.weekday() == weekday.weekday)
        else:
            named = _one_weekday(weekday, today)
            days = () if isinstance(named, Unread) else tuple(day for day in days if day in named.days)
    for week in weeks:
        monday = read_week(week, today)
        days = () if isinstance(monday, Unread) else tuple(day for day in days if monday_of(day) == monday)
    return days


def _one_dated(day: DayExpression, today: date, locale: Locale) -> Candidates | Unread:
    match day:
        case FromToday(ahead):
            return _PAST if ahead < 0 else Candidates((today + timedelta(days=ahead),))
        case Later(8, "days") if locale == "de":  # "in acht Tagen" is a week to many
            return Candidates((today + _WEEK, today + timedelta(days=8)))
        case Later():
            return _later(day, today)
        case OnDate(number, month, None):
            return _next_one(_yearly(number, month), today)
        case OnDate(number, month, int(year)):
            return _exactly(_date(year, month, number))
        case OnEither():
            return _in_either_order(day, today, locale)
        case OnDayOfMonth(number, None):
            return _day_of_month(number, today)
        case OnDayOfMonth(number, int(months)):
            first = today.replace(day=1) + relativedelta(months=months)
            return _exactly(_date(first.year, first.month, number))
        case OnFeast(feast, None):
            return _next_one(feast, today)
        case OnFeast(feast, int(year)):
            return _exactly(feast(year))
        case OnNth():
            return _nth(day, today)
        case EndOf(month, year):
            return _month_border(month, year, today, last=True)
        case StartOf(month, year):
            return _month_border(month, year, today, last=False)
        case _:
            return _NOT_UNDERSTOOD


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _yearly(day: int, month: int) -> Callable[[int], date | None]:
    return partial(_date, month=month, day=day)


def next_anniversary(date_: OnDate, today: date) -> date | Unread:
    """The next day on which a yearly date comes round, however short ago the last one was."""
    in_year = _yearly(date_.day, date_.month)
    ahead = (day for day in map(in_year, range(today.year, today.year + 2)) if day is not None and day >= today)
    return next(ahead, _IMPOSSIBLE)


def _exactly(day: date | None) -> Candidates | Unread:
    return _IMPOSSIBLE if day is None else Candidates((day,))


def _next_one(in_year: Callable[[int], date | None], today: date) -> Candidates | Unread:
    """A yearly date: the next one, unless it has just passed, which is more likely a mistake."""
    last_year, this_year, next_year = map(in_year, (today.year - 1, today.year, today.year + 1))
    for passed in (this_year, last_year):
        if passed is not None and timedelta() < today - passed < _JUST_PASSED:
            return _PAST
    if this_year is not None and this_year >= today:
        return Candidates((this_year,))
    return _exactly(next_year)


def _in_either_order(day: OnEither, today: date, locale: Locale) -> Candidates | Unread:
    days: set[date] = set()
    refused: Unread = _IMPOSSIBLE
    for number, month in ((day.first, day.second), (day.second, day.first)):
        candidates = _one_dated(OnDate(number, month, day.year), today, locale)
        if isinstance(candidates, Unread):
            refused = candidates if candidates.reason is Reason.IN_PAST else refused
        elif candidates.days[0] < today:
            refused = _PAST
        else:
            days.update(candidates.days)
    return Candidates(tuple(sorted(days))) if days else refused


def _day_of_month(number: int, today: date) -> Candidates | Unread:
    """ "am 24.": the next one, unless the one that passed is as near."""
    if not 1 <= number <= 31:
        return _IMPOSSIBLE
    first = today.replace(day=1)
    this, coming = (_date(month.year, month.month, number) for month in (first, first + relativedelta(months=1)))
    if this is None:
        return _IMPOSSIBLE
    if this >= today:
        return Candidates((this,))
    if coming is not None and coming - today >= today - this:
        return _PAST
    return _exactly(coming)


def _nth(nth: OnNth, today: date) -> Candidates | Unread:
    if nth.month is None:
        first = today.replace(day=1) + relativedelta(months=nth.months_ahead)
        return _exactly(nth_weekday(first.year, first.month, nth.number, nth.weekday))
    in_year = partial(nth_weekday, month=nth.month, number=nth.number, weekday=nth.weekday)
    return _next_one(in_year, today) if nth.year is None else _exactly(in_year(nth.year))


def nth_weekday(year: int, month: int, number: int, weekday: int) -> date | None:
    """The n-th weekday of a month, counted from its end if negative; None if it has none."""
    first = date(year, month, 1)
    if number > 0:
        day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    else:
        last = first + relativedelta(months=1, days=-1)
        day = last - timedelta(days=(last.weekday() - weekday) % 7 + 7 * (-number - 1))
    return day if day.month == month else None


def _month_border(month: int | None, year: int | None, today: date, *, last: bool) -> Candidates | Unread:
    def border(in_year: int) -> date | None:
        first = _date(in_year, month or 12, 1)
        return first + relativedelta(months=1, days=-1) if first and last and in_year < date.max.year else first

    return _next_one(border, today) if year is None else _exactly(border(year))


def _later(later: Later, day: date) -> Candidates | Unread:
    if later.number > {"days": 3653, "weeks": 521, "months": 120, "years": 10}[later.unit]:
        return _TOO_FAR
    if later.unit == "days":
        return Candidates((day + timedelta(days=later.number),))
    if later.unit == "weeks":
        return Candidates((day + later.number * _WEEK,))
    months = later.number * (12 if later.unit == "years" else 1)
    shifted = day + relativedelta(months=months)
    return Candidates((shifted,)) if shifted.day == day.day else _IMPOSSIBLE  # no 31st in that month
