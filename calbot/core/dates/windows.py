"""Reading the window of a list of events: one day, some days, a week, a month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypeVar

from dateutil.relativedelta import relativedelta

from .candidates import monday_of, read_week
from .days import CALENDAR_WEEK, WEEK_AHEAD
from .expressions import InCalendarWeek, InWeek
from .parsing import Rule, Scan, constant, digits, either, optional, run, seq, skip, spelled, where, word
from .phrases import GRAMMARS
from .reader import read
from .readings import Choice, Day, Locale, Reason, Unread
from .tokens import tokenize
from .vocabulary import Word

T = TypeVar("T")
Window = tuple[date, date]

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
MOST_DAYS = 366

_of_the = optional(run(optional(skip(Word.THE)), skip(Word.NEXT, Word.COMING)))
_days: Rule[int] = seq(
    lambda number, unit: number * unit,
    _of_the,
    either(seq(int, digits(range(1, 7))), word(Word.NUMBER)),
    either(constant(1, skip(Word.DAYS)), constant(7, skip(Word.WEEKS))),
)
_past_day: Rule[int] = where(word(Word.DAY_OFFSET), lambda offset: offset < 0)
_past_week = run(optional(skip(Word.THE)), skip(Word.LAST), skip(Word.WEEKS))
_week: Rule[InWeek | InCalendarWeek] = either(constant(InWeek(0), skip(Word.WEEKS)), WEEK_AHEAD, CALENDAR_WEEK)
_named_month: Rule[int] = seq(int, optional(skip(Word.IN)), word(Word.MONTH))
_months_ahead: Rule[int] = either(
    constant(0, run(optional(skip(Word.THIS)), skip(Word.MONTHS))),
    constant(1, run(skip(Word.NEXT, Word.COMING), skip(Word.MONTHS))),
)
_weekend = run(optional(skip(Word.ON, Word.AT)), optional(skip(Word.THE, Word.THIS)), spelled("wochenende", "weekend"))


def read_window(text: str, *, locale: Locale, now: datetime) -> Window | Unread:
    """The days that a text names, the second one exclusive; of the current week and month what is left of them."""
    tokens = tokenize(text)
    if tokens is None:
        return Unread(Reason.TOO_LONG)
    scan, today = Scan.of(tokens, GRAMMARS[locale].lexicon), now.date()
    if not scan.tokens:
        return Unread(Reason.NOT_UNDERSTOOD)
    days = _whole(_days, scan)
    if days is not None:
        if not 1 <= days <= MOST_DAYS:
            return Unread(Reason.TOO_FAR if days else Reason.IMPOSSIBLE)
        return today, today + days * _DAY
    offset = _whole(_past_day, scan)
    if offset is not None:
        return today + offset * _DAY, today + (offset + 1) * _DAY
    if _whole(_past_week, scan) is not None:
        monday = monday_of(today)
        return monday - _WEEK, monday
    week = _whole(_week, scan)
    if week is not None:
        return _rest_of_week(week, today)
    ahead = _whole(_months_ahead, scan)
    if ahead is not None:
        return _rest_of_month(today.replace(day=1) + relativedelta(months=ahead), today)
    month = _whole(_named_month, scan)
    if month is not None:
        return _rest_of_month(date(today.year + (month < today.month), month, 1), today)
    if _whole(_weekend, scan) is not None:
        saturday = monday_of(today) + 5 * _DAY
        return max(saturday, today), saturday + 2 * _DAY
    if Word.UNTIL in scan.meanings[0]:
        return _until(text, locale, now)
    return _days_read(text, locale, now)


def _until(text: str, locale: Locale, now: datetime) -> Window | Unread:
    """ "bis Freitag": from today to the end of the window that the words behind it name."""
    last = read_window(text.partition(" ")[2], locale=locale, now=now)
    if isinstance(last, Unread):
        return last
    today = now.date()
    return (today, last[1]) if today <= last[0] else Unread(Reason.IN_PAST)


def _whole(rule: Rule[T], scan: Scan) -> T | None:
    """What a rule says of the whole text."""
    return next((value for end, value in rule(scan, 0) if end == len(scan.tokens)), None)


def _rest_of_week(week: InWeek | InCalendarWeek, today: date) -> Window | Unread:
    monday = read_week(week, today)
    if isinstance(monday, Unread):
        return monday
    if monday + _WEEK <= today:
        return Unread(Reason.IN_PAST)
    return max(monday, today), monday + _WEEK


def _rest_of_month(first: date, today: date) -> Window:
    return max(first, today), first + relativedelta(months=1)


def _days_read(text: str, locale: Locale, now: datetime) -> Window | Unread:
    """The days that the text means as a date; where it may mean several, all from the first to the last are shown."""
    reading = read(text, locale=locale, now=now)
    if isinstance(reading, Unread):
        return reading
    readings = reading.readings if isinstance(reading, Choice) else (reading,)
    days = [one for one in readings if isinstance(one, Day)]
    if len(days) < len(readings) or not days:
        return Unread(Reason.NOT_UNDERSTOOD)
    if len(days) > 1 and days[0].first == now.date():  # the weekday that is today
        days = days[:1]
    first, last = min(day.first for day in days), max(day.last for day in days)
    spread = last - first > 2 * _WEEK and len(days) > 1
    return Unread(Reason.VAGUE) if spread else (first, last + _DAY)
