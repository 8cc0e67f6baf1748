"""The grammar of days, and of ranges of days that share a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .expressions import (
    Between,
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
from .holidays import names
from .parsing import (
    Rule,
    constant,
    digits,
    either,
    glued,
    listed,
    mark,
    memoized,
    not_before,
    nothing,
    optional,
    run,
    seq,
    skip,
    spelled,
    unless,
    where,
    word,
    word_ends,
)
from .readings import Locale
from .tokens import tokenize
from .vocabulary import Word

Days: TypeAlias = tuple[Said, ...]

_ON = optional(skip(Word.ON))
_THE = optional(skip(Word.THE))
_IN_THE = run(optional(skip(Word.IN, Word.OF, Word.ON)), _THE)
_DOT = mark(".", glued=True)
_COMMA = optional(mark(",", glued=True))
SUFFIX = glued(spelled("st", "nd", "rd", "th", "te", "ten", "ter", "sten"))

_day = seq(int, digits((1, 2)))
_counted = either(seq(int, digits((1, 2, 3))), word(Word.NUMBER), word(Word.ARTICLE))
_year_4 = where(seq(int, digits((4,))), lambda year: year >= 1900)
_year_2 = seq(lambda text: 2000 + int(text), digits((2,), glued=True))
# "24 Nov 26": what could still be an hour is one.
_late_year_2 = seq(lambda text: 2000 + int(text), where(digits((2,)), lambda text: int(text) > 24))
_named_year = optional(seq(int, _COMMA, either(_year_4, _late_year_2)))

WEEKDAY = word(Word.WEEKDAY)
_MONTH = word(Word.MONTH)
ORDINAL: Rule[int] = either(word(Word.ORDINAL), seq(int, digits((1,)), either(_DOT, SUFFIX)))

_which: Rule[Which] = either(
    constant(Which.NEXT, skip(Word.NEXT)),
    constant(Which.COMING, run(optional(skip(Word.THIS)), skip(Word.COMING))),
    constant(Which.THIS, skip(Word.THIS)),
    constant(Which.AFTER_NEXT, skip(Word.AFTER_NEXT)),
    constant(Which.LAST, skip(Word.LAST)),
    constant(Which.BARE, nothing),
)
_weekday = seq(lambda which, weekday: OnWeekday(weekday, which), _which, WEEKDAY)


def _in_calendar(date: OnDate) -> bool:
    return 1 <= date.day <= 31 and 1 <= date.month <= 12


def _year_first(separator: str) -> Rule[OnDate]:
    number = digits((2,), glued=True)
    line = mark(separator, glued=True)
    return seq(lambda year, month, day: OnDate(int(day), int(month), year), _year_4, line, number, line, number)


_numeric = either(
    seq(OnDate, _day, _DOT, _day, _DOT, optional(either(_year_4, _year_2))),
    _year_first("-"),
    _year_first("/"),
)
_loose = where(seq(OnDate, _day, _DOT, seq(int, digits((1, 2)))), _in_calendar)
_glued_day = seq(int, digits((1, 2), glued=True))
_slash = mark("/", glued=True)
_line = mark("-", glued=True)
_with_lines = seq(OnDate, _day, _line, glued(_MONTH), _line, either(_year_4, _year_2))
_either_order = either(
    seq(
        OnEither,
        _day,
        _slash,
        _glued_day,
        either(seq(int, _slash, either(_year_4, _year_2)), seq(lambda: None, nothing)),
    ),
    seq(OnEither, _day, _line, _glued_day, _line, _year_4),
)

_named_day = either(
    seq(int, _day, optional(either(_DOT, SUFFIX))),
    where(word(Word.ORDINAL), lambda number: number > 0),
)
_day_month = seq(OnDate, _named_day, optional(skip(Word.OF)), _MONTH, _named_year)
_month_day = seq(
    lambda month, day, *year: OnDate(day, month, *year),
    _MONTH,
    _THE,
    either(seq(int, _day, optional(SUFFIX)), where(word(Word.ORDINAL), lambda number: number > 0)),
    _named_year,
)

_months_ahead = either(
    constant(0, run(skip(Word.THIS), skip(Word.MONTHS))),
    constant(1, run(either(skip(Word.NEXT), skip(Word.COMING)), skip(Word.MONTHS))),
)
_nth = either(
    seq(
        lambda number, weekday, month, year=None: OnNth(number, weekday, month, 0, year),
        ORDINAL,
        WEEKDAY,
        _IN_THE,
        _MONTH,
        _named_year,
    ),
    seq(
        lambda number, weekday, ahead: OnNth(number, weekday, None, ahead),
        ORDINAL,
        WEEKDAY,
        _IN_THE,
        _months_ahead,
    ),
)

WEEK_AHEAD: Rule[InWeek] = seq(
    InWeek,
    _IN_THE,
    either(
        constant(0, run(skip(Word.THIS), skip(Word.WEEKS))),
        constant(1, run(either(skip(Word.NEXT), skip(Word.COMING)), skip(Word.WEEKS))),
        constant(2, run(skip(Word.AFTER_NEXT), skip(Word.WEEKS))),
        constant(2, run(skip(Word.WEEKS), skip(Word.AFTER), skip(Word.NEXT))),
        constant(-1, run(skip(Word.LAST), skip(Word.WEEKS))),
    ),
)
_of_year = optional(either(seq(int, _slash, either(_year_4, _year_2)), _year_4))
CALENDAR_WEEK: Rule[InCalendarWeek] = either(
    seq(InCalendarWeek, _IN_THE, optional(spelled("calendar")), skip(Word.WEEK_NUMBER), _day, _of_year),
    seq(InCalendarWeek, _IN_THE, _day, _DOT, skip(Word.WEEK_NUMBER), _of_year),
)

_later: Rule[Later] = either(
    seq(lambda number: Later(number, "days"), _counted, skip(Word.DAYS)),
    seq(lambda number: Later(number, "weeks"), _counted, skip(Word.WEEKS)),
    seq(lambda _: Later(2, "weeks"), word(Word.ARTICLE), skip(Word.FORTNIGHT)),
    seq(lambda number: Later(number, "months"), _counted, skip(Word.MONTHS)),
    seq(lambda number: Later(number, "years"), _counted, skip(Word.YEARS)),
)

_from_today = either(
    seq(FromToday, word(Word.DAY_OFFSET)),
    constant(FromToday(1), skip(Word.TOMORROW_OR_MORNING)),
    constant(FromToday(2), run(_THE, skip(Word.DAYS), skip(Word.AFTER), spelled("tomorrow"))),
)


def _one(day: DayExpression) -> Days:
    return (Said(day),)


def _two(one: DayExpression, other: DayExpression) -> Days:
    return (Said(one), Said(other))


# English counts from a day: "a week from Tuesday", "two weeks on Monday", "Tuesday week".
_counted_from = either(
    seq(_one, _later, spelled("from"), skip(Word.NOW)),
    seq(lambda later, day: _two(day, later), _later, spelled("from", "on"), either(_weekday, _from_today)),
    seq(lambda later: _two(FromToday(0), later), _later, spelled("today")),
    seq(
        _two,
        either(seq(OnWeekday, WEEKDAY), _from_today),
        either(constant(Later(1, "weeks"), spelled("week")), constant(Later(2, "weeks"), skip(Word.FORTNIGHT))),
    ),
)
_iso_week = seq(
    lambda year, week, weekday: (Said(InCalendarWeek(int(week), year)), Said(OnWeekday(int(weekday) - 1))),
    _year_4,
    _line,
    glued(spelled("w")),
    digits((2,), glued=True),
    _line,
    where(digits((1,), glued=True), lambda weekday: "1" <= weekday <= "7"),
)
_MARKED = either(run(skip(Word.ON), _THE), skip(Word.THE))
_ALONE = run(word_ends, not_before(Word.MONTH))
_day_of_month = either(
    seq(
        lambda day, months: _one(OnDayOfMonth(day, months)),
        run(_ON, _THE),
        _day,
        either(_DOT, SUFFIX),
        _IN_THE,
        _months_ahead,
    ),
    seq(lambda day: _one(OnDayOfMonth(day)), _MARKED, _day, either(_DOT, SUFFIX), _ALONE),
    seq(lambda day: _one(OnDayOfMonth(day)), _day, SUFFIX, _ALONE),
    seq(
        lambda weekday, day: _two(weekday, OnDayOfMonth(day)),
        _ON,
        _weekday,
        _COMMA,
        _THE,
        _day,
        either(_DOT, SUFFIX),
        _ALONE,
    ),
)


def _feast(locale: Locale) -> Rule[DayExpression]:
    """A day that has a name, with its year if that is said."""
    by_name = (
        constant(feast, run(*(spelled(token.text) for token in tokenize(name) or ()), word_ends))
        for name, feast in names(locale)
    )
    return seq(OnFeast, either(*by_name), _named_year)


def _atom(locale: Locale) -> Rule[Days]:
    dated = [_numeric, _either_order, _with_lines, _day_month, _nth, _weekday, _feast(locale)]
    loose: list[Rule[Days]] = []
    if locale == "en":
        dated.append(_month_day)
    else:
        loose = [
            seq(lambda day: (Said(day),), skip(Word.ON), _THE, _loose),
            seq(lambda day: (Said(day, loose=True),), _loose),
        ]
    single = either(
        seq(lambda day: day, _ON, _THE, either(*dated)),
        _from_today,
        WEEK_AHEAD,
        CALENDAR_WEEK,
        seq(lambda later: later, skip(Word.IN), _later),
    )
    return either(
        seq(_one, single),
        *loose,
        _day_of_month,
        _counted_from,
        _iso_week,
    )


def _consecutive(between: Between) -> bool:
    first, last = between.first, between.last
    return isinstance(first, OnDate) and isinstance(last, OnDate) and last.day == first.day + 1


def _share(first: int, last: int, month: int, year: int | None = None) -> Between:
    return Between(OnDate(first, month, year), OnDate(last, month, year))


def _between(locale: Locale) -> Rule[Between]:
    prefix = run(optional(skip(Word.FROM, Word.ON)), _THE)
    to = either(mark("-"), run(skip(Word.UNTIL), optional(spelled("zum", "einschliesslich")), _THE))
    also = either(mark("/+&"), skip(Word.AND))
    dotted = seq(int, _day, _DOT)
    named = seq(int, _day, optional(either(_DOT, SUFFIX)))
    numeric_month = (seq(int, digits((1, 2))), _DOT, optional(either(_year_4, _year_2)))
    month = either(
        seq(lambda month, *year: (month, *year), *numeric_month),
        seq(lambda month, *year: (month, *year), optional(skip(Word.OF)), _MONTH, _named_year),
    )
    rules = [
        seq(lambda a, b, of: _share(a, b, *of), prefix, dotted, to, dotted, month),
        seq(_share, prefix, _day, mark("-"), dotted, *numeric_month),  # "8-10.12."
        where(seq(lambda a, b, of: _share(a, b, *of), prefix, dotted, also, dotted, month), _consecutive),
        seq(
            _share,
            prefix,
            named,
            to,
            named,
            optional(skip(Word.OF)),
            _MONTH,
            _named_year,
        ),
    ]
    if locale == "en":
        plain = seq(int, _day, optional(SUFFIX))
        rules.append(seq(lambda of, a, b, *y: _share(a, b, of, *y), prefix, _MONTH, plain, to, plain, _named_year))
    return either(*rules)


@dataclass(frozen=True, slots=True)
class DayGrammar:
    """The rules of one language."""

    day: Rule[Days]
    between: Rule[Between]
    first: Rule[Days]
    """Where a series or range begins: a day said in one or more ways, a month, a week."""
    last: Rule[Days]
    """Where one ends: a day, the end of a month or of the year."""


def build_days(locale: Locale) -> DayGrammar:
    day = memoized(_atom(locale))
    more = listed(unless(Word.TOMORROW_OR_MORNING, day), optional(mark(",", glued=True)), most=2)
    days = either(
        day,
        seq(
            lambda said, others: (*said, *(other for group in others for other in group)),
            day,
            optional(mark(",", glued=True)),
            more,
        ),
    )
    end_of_month = seq(EndOf, _THE, skip(Word.END), optional(skip(Word.OF)), _MONTH, _named_year)
    end_of_year = constant(
        EndOf(None),
        either(skip(Word.YEAR_END), run(_THE, skip(Word.END), _IN_THE, optional(skip(Word.THIS)), skip(Word.YEARS))),
    )
    start_of_month = seq(StartOf, _MONTH, optional(_year_4))
    return DayGrammar(
        day,
        memoized(_between(locale)),
        memoized(either(days, seq(_one, start_of_month), constant(_one(FromToday(0)), skip(Word.NOW)))),
        memoized(either(days, seq(_one, end_of_month), seq(_one, end_of_year))),
    )
