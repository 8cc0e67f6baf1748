"""The grammar of series."""

from __future__ import annotations

from collections.abc import Iterable

from .days import ORDINAL, SUFFIX, WEEKDAY
from .expressions import Repeating, Times
from .parsing import (
    Rule,
    constant,
    digits,
    either,
    glued,
    listed,
    mark,
    memoized,
    optional,
    run,
    seq,
    skip,
    spelled,
    where,
    word,
    word_ends,
)
from .vocabulary import Word

_WORKDAYS = tuple((0, weekday) for weekday in range(5))

_EVERY = skip(Word.EVERY)
_EVERY_FEW = skip(Word.EVERY, Word.EVERY_FEW)
_ALWAYS = optional(skip(Word.ALWAYS))
_ON = optional(run(optional(skip(Word.ALWAYS)), optional(skip(Word.ON)), optional(skip(Word.THE))))
_IN_THE = run(optional(skip(Word.IN, Word.OF)), optional(skip(Word.THE)))
_AND = either(mark(",+&/"), run(optional(mark(",")), skip(Word.AND)))
_number = where(
    either(seq(int, digits((1, 2))), word(Word.NUMBER), word(Word.ARTICLE)),
    lambda number: 1 <= number <= 60,
)
_ordinal_interval = where(ORDINAL, lambda number: number >= 1)


def _interval(unit: Word, adverb: Word) -> Rule[int]:
    """How many of a unit lie between: "alle zwei Wochen", "every other week", "wöchentlich"."""
    return either(
        constant(1, skip(adverb)),
        seq(lambda: 1, _EVERY_FEW, skip(unit)),
        where(seq(int, _EVERY_FEW, _number, skip(unit)), lambda number: number > 1),
        constant(2, run(_EVERY, skip(Word.OTHER), skip(unit))),
        where(seq(int, _EVERY, _ordinal_interval, skip(unit)), lambda number: number > 1),
    )


def _compound(days: int) -> Rule[int]:
    """ "14-tägig", "3-wöchentlich"."""
    return seq(
        lambda number, _: number,
        seq(int, digits((1, 2))),
        optional(mark("-", glued=True)),
        glued(where(word(Word.FOLD), lambda unit: unit == days)),
    )


_in_weeks = memoized(
    either(
        _interval(Word.WEEKS, Word.WEEKLY),
        constant(2, skip(Word.FORTNIGHTLY)),
        constant(2, run(_EVERY, skip(Word.FORTNIGHT))),
        where(
            seq(lambda days: days // 7 if days % 7 == 0 else 0, _EVERY_FEW, _number, skip(Word.DAYS)),
            lambda weeks: weeks > 0,
        ),
        _compound(7),
        where(seq(lambda days: days // 7 if days % 7 == 0 else 0, _compound(1)), lambda weeks: weeks > 0),
    )
)
_in_days = either(
    _interval(Word.DAYS, Word.DAILY),
    _compound(1),
)
_in_months = _interval(Word.MONTHS, Word.MONTHLY)
_in_years = _interval(Word.YEARS, Word.YEARLY)
# "alle Dienstag 9 Uhr": each of them, or all people?
_in_doubt = constant(
    Repeating(),
    run(
        skip(Word.EVERY_FEW),
        skip(Word.WEEKDAY, Word.WEEKDAY_PART, Word.PART, Word.TOMORROW_OR_MORNING),
    ),
)

# Weekdays -------------------------------------------------------------------------------------------------------------


def _weekdays_of(items: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((0, weekday) for weekday in sorted({weekday for item in items for weekday in item}))


def _through(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1)) if first < last else ()


_TO = either(mark("-"), skip(Word.UNTIL))
_FROM = optional(skip(Word.FROM))
_habit = word(Word.WEEKDAYS)
_any_name = either(WEEKDAY, _habit)
_name_list = listed(seq(lambda weekday: (weekday,), optional(_EVERY), _any_name), _AND)
_habit_list = listed(seq(lambda weekday: (weekday,), _habit), _AND)
_habit_range = where(seq(_through, _FROM, _habit, _TO, _habit), bool)
_name_range = where(seq(_through, _FROM, _any_name, _TO, _any_name), bool)
_weekday_list = seq(_weekdays_of, _name_list)
_weekday_range = seq(lambda weekdays: _weekdays_of((weekdays,)), _name_range)


def _weekly(interval: int, days: tuple[tuple[int, int], ...] = ()) -> Repeating:
    return Repeating("WEEKLY", interval, days)


def _every_nth(number: int, weekday: int) -> Repeating:
    if number in (1, -1, -2):
        return Repeating("MONTHLY", 1, ((number, weekday),))
    return Repeating("WEEKLY", number, ((0, weekday),), or_monthly=True)


def _without(days: Iterable[int], excepted: tuple[tuple[int, int], ...]) -> Repeating:
    return _weekly(1, tuple((0, day) for day in days if (0, day) not in excepted))


_EXCEPT = run(skip(Word.EXCEPT), optional(skip(Word.ON)))
_on_workdays = either(
    run(optional(skip(Word.ALWAYS, Word.ON)), skip(Word.WORKDAYS)),
    run(optional(skip(Word.ON)), _EVERY, skip(Word.WORKDAY)),
    run(optional(skip(Word.ON)), _EVERY, spelled("working", "business"), skip(Word.DAYS)),
)
_on_weekdays = either(
    # "dienstags", "on Tuesdays"
    seq(lambda items: _weekly(1, _weekdays_of(items)), _ON, _habit_list),
    seq(lambda weekdays: _weekly(1, _weekdays_of((weekdays,))), _ON, _habit_range),
    seq(lambda items: _weekly(1, _weekdays_of(items)), skip(Word.ALWAYS), optional(skip(Word.ON)), _name_list),
    # "jeden Di und Do"
    seq(lambda days: _weekly(1, days), optional(skip(Word.ON)), _EVERY, _weekday_list),
    # "alle zwei Wochen montags", "montags alle zwei Wochen"
    seq(_weekly, _in_weeks, optional(mark(",", glued=True)), _ON, _weekday_list),
    seq(lambda items, interval: _weekly(interval, _weekdays_of(items)), _ON, _habit_list, _in_weeks),
    # "täglich Mo-Fr"
    seq(lambda _, days: _weekly(1, days), where(_in_days, lambda days: days == 1), _weekday_range),
    seq(lambda days: _weekly(1, days), optional(skip(Word.ON)), _EVERY, _weekday_range),
    # "täglich außer mittwochs", "weekdays except Wednesday"
    seq(lambda _, days: _without(range(7), days), where(_in_days, lambda days: days == 1), _EXCEPT, _weekday_list),
    seq(lambda days: _without(range(5), days), _on_workdays, _EXCEPT, _weekday_list),
    # "every other Monday", "jeden zweiten Montag"
    seq(lambda days: _weekly(2, days), optional(skip(Word.ON)), _EVERY, skip(Word.OTHER), _weekday_list),
    seq(_every_nth, optional(skip(Word.ON)), _EVERY, ORDINAL, WEEKDAY),
    # "werktags", "every weekday"
    constant(_weekly(1, _WORKDAYS), _on_workdays),
    # "wöchentlich", with the day still to come
    seq(_weekly, _in_weeks),
)

# Months ---------------------------------------------------------------------------------------------------------------


def _monthly_nth(numbers: tuple[int, ...], weekday: int, interval: int = 1) -> Repeating:
    ordered = sorted(set(numbers), key=lambda number: (number < 0, number))
    return Repeating("MONTHLY", interval, tuple((number, weekday) for number in ordered))


def _monthly_day(day: int, interval: int = 1) -> Repeating:
    return Repeating("MONTHLY", interval, month_day=day)


_ordinals = listed(ORDINAL, _AND, most=5)
_OF_MONTH = run(_IN_THE, optional(_EVERY), skip(Word.MONTHS))
_OF_EACH_MONTH = run(_IN_THE, _EVERY, skip(Word.MONTHS))
_month_day = either(
    seq(int, digits((1, 2)), either(mark(".", glued=True), SUFFIX), word_ends),
    constant(-1, run(spelled("letzten", "last"), skip(Word.DAYS))),
)
_in_month = either(
    seq(_monthly_nth, _ON, _EVERY, _ordinals, WEEKDAY, _OF_MONTH),
    seq(_monthly_nth, _ON, _ordinals, WEEKDAY, _OF_EACH_MONTH),
    seq(_monthly_nth, skip(Word.ALWAYS), _ON, _ordinals, WEEKDAY, _OF_MONTH),
    where(seq(_monthly_nth, _ON, _EVERY, _ordinals, WEEKDAY), lambda repeating: len(repeating.days) > 1),
    seq(
        lambda interval, numbers, weekday: _monthly_nth(numbers, weekday, interval),
        _in_months,
        _ON,
        _ordinals,
        WEEKDAY,
    ),
    seq(_monthly_day, _ON, _EVERY, _month_day, optional(_OF_MONTH)),
    seq(_monthly_day, _ON, either(_month_day, where(word(Word.ORDINAL), lambda day: day == 1)), _OF_EACH_MONTH),
    seq(_monthly_day, skip(Word.ALWAYS), _ON, _month_day, _OF_MONTH),
    seq(
        lambda interval, day: _monthly_day(day, interval),
        _in_months,
        _ON,
        either(_month_day, seq(int, spelled("day"), digits((1, 2)), word_ends)),
    ),
)

# All together ---------------------------------------------------------------------------------------------------------

REPEATING: Rule[Repeating] = memoized(
    either(
        _on_weekdays,
        _in_month,
        seq(lambda interval: Repeating("DAILY", interval), _ALWAYS, _in_days),
        seq(lambda interval: Repeating("YEARLY", interval), _in_years),
        _in_doubt,
    )
)
"""A rule of repetition, without the days between which it holds."""

WEEKDAY_PARTS: Rule[int] = either(
    seq(int, optional(skip(Word.ON)), _EVERY, word(Word.WEEKDAY_PART)),
    seq(int, _ALWAYS, word(Word.WEEKDAY_PARTS)),
)
""" "jeden Dienstagabend", "dienstagabends"."""

EVERY_PART: Rule[int] = seq(int, _EVERY, either(word(Word.PART), word(Word.TOMORROW_OR_MORNING)))
""" "jeden Abend": daily, and a part of the day."""

TIMES: Rule[Times] = memoized(
    seq(
        Times,
        optional(skip(Word.ALTOGETHER)),
        where(
            either(
                seq(
                    int,
                    either(seq(int, digits((1, 2, 3))), word(Word.NUMBER)),
                    optional(mark("-", glued=True)),
                    skip(Word.TIMES),
                ),
                word(Word.COUNT),
            ),
            lambda count: 1 <= count <= 366,
        ),
    )
)
"""How often a series happens."""
