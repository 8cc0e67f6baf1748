"""The grammar of times of day, of ranges of them, and of lengths."""

from __future__ import annotations

from datetime import timedelta

from .expressions import Clock, Form, Lasting, Span
from .parsing import (
    Rule,
    constant,
    digits,
    either,
    glued,
    longest,
    mark,
    memoized,
    nothing,
    optional,
    run,
    seq,
    skip,
    spelled,
    where,
    word,
)
from .vocabulary import Word

_NUMBER = digits((1, 2))
_MINUTE = digits((2,), glued=True)
_OCLOCK = skip(Word.CLOCK)
_SHARP = skip(Word.SHARP)
_AT = either(skip(Word.AT), mark("@"))
_MERIDIEM = either(constant(Form.AM, skip(Word.AM)), constant(Form.PM, skip(Word.PM)))
_NO_SECONDS = optional(run(mark(":", glued=True), where(_MINUTE, lambda second: second == "00")))


def _exact(hour: str, minute: str = "00", form: Form = Form.EXACT) -> Clock:
    return Clock(int(hour), int(minute), form)


def _bare(hour: str | int) -> Clock:
    padded = isinstance(hour, str) and len(hour) == 2 and hour.startswith("0")
    return Clock(int(hour), 0, Form.EXACT if padded else Form.BARE)


def _military(text: str) -> Clock:
    return Clock(int(text[:2]), int(text[2:]), Form.EXACT)


def _may_be_clock(clock: Clock) -> bool:
    return clock.hour <= 23 and clock.minutes <= 59


# "2h" and "1h30" are lengths, "14h" and "14h30" hours; a zero in front makes an hour of any number.
_MOST_HOURS = 6


def _is_hour_of_day(clock: Clock) -> bool:
    return clock.hour > _MOST_HOURS


_hour_digits = seq(_bare, _NUMBER)
_hour_name = seq(_bare, where(word(Word.NUMBER), lambda number: number <= 12))
_spelled_hour = seq(_bare, where(word(Word.NUMBER), lambda number: number <= 24))
_hour_12 = where(either(_hour_digits, _hour_name), lambda clock: 1 <= clock.hour <= 12 and clock.form is Form.BARE)
_hour_24 = where(either(_hour_digits, _hour_name), lambda clock: 1 <= clock.hour <= 24)

BARE_HOUR: Rule[Clock] = where(either(_hour_digits, _hour_name), lambda clock: clock.hour <= 23)
"""A number that is an hour only because of what stands around it."""

_bare_end = where(either(_hour_digits, _hour_name), lambda clock: clock.hour <= 24)

_with_colon = seq(_exact, _NUMBER, mark(":", glued=True), _MINUTE, _NO_SECONDS)
_with_dot = seq(_exact, _NUMBER, mark(".", glued=True), _MINUTE)
_with_meridiem = seq(
    lambda hour, form: Clock(hour.hour, hour.minutes, form),
    either(_with_colon, _with_dot, _hour_digits, _hour_name),
    _MERIDIEM,
)
_with_h = either(
    where(seq(lambda clock: clock, either(_with_colon, _with_dot), skip(Word.TIME_H)), _is_hour_of_day),
    where(seq(_exact, _NUMBER, skip(Word.TIME_H)), _is_hour_of_day),
    where(seq(_exact, _NUMBER, skip(Word.TIME_H), digits((2,))), _is_hour_of_day),
    seq(_exact, where(_NUMBER, lambda hour: hour.startswith("0")), glued(skip(Word.TIME_H)), optional(_MINUTE)),
    seq(_military, digits((4,)), spelled("h", "hrs", "hours")),
)
# "drei Uhr dreißig": in the afternoon, as "drei Uhr" is, or at night, as "3 Uhr 30" is.
_with_spoken_minutes = seq(
    lambda hour, form, minutes: Clock(hour.hour, minutes, form),
    either(_hour_digits, _spelled_hour),
    _OCLOCK,
    either(constant(Form.BARE, nothing), constant(Form.EXACT, nothing)),
    where(word(Word.NUMBER), lambda minutes: minutes % 5 == 0),
)
_with_oclock = either(
    seq(lambda clock: clock, either(_with_colon, _with_dot), _OCLOCK),
    seq(lambda clock: clock, either(_hour_digits, _spelled_hour), _OCLOCK),
    seq(_bare, word(Word.ARTICLE), _OCLOCK),  # "ein Uhr"
    seq(_exact, _NUMBER, _OCLOCK, digits((2,))),  # "14 Uhr 30"
    _with_spoken_minutes,
    seq(_military, digits((4,)), _OCLOCK),
)


def _shifted(minutes: int, clock: Clock) -> Clock:
    return Clock(clock.hour, minutes, clock.form)


_FEW_MINUTES = frozenset({5, 10, 20, 25})
_few = where(either(seq(int, digits((1, 2))), word(Word.NUMBER)), lambda number: number in _FEW_MINUTES)
_few_minutes = seq(int, _few, optional(skip(Word.MINUTES)))
_quarter = either(_few_minutes, seq(int, optional(skip(Word.ARTICLE)), word(Word.QUARTER)))
_half_hour = either(
    seq(lambda clock: _shifted(-30, clock), skip(Word.HALF_TO), _hour_12),
    seq(lambda clock: _shifted(30, clock), skip(Word.HALF_PAST), optional(skip(Word.AFTER)), _hour_12),
)
_spoken = either(
    _half_hour,
    seq(
        lambda minutes, clock: Clock(clock.hour, clock.minutes - minutes, clock.form),
        _few_minutes,
        skip(Word.BEFORE),
        seq(lambda clock: _shifted(-30, clock), skip(Word.HALF_TO), _hour_12),
    ),
    seq(
        lambda minutes, clock: Clock(clock.hour, clock.minutes + minutes, clock.form),
        _few_minutes,
        skip(Word.AFTER),
        seq(lambda clock: _shifted(-30, clock), skip(Word.HALF_TO), _hour_12),
    ),
    seq(lambda minutes, clock: _shifted(-minutes, clock), _quarter, skip(Word.BEFORE), _hour_24),
    seq(_shifted, _quarter, skip(Word.AFTER), _hour_24),
    seq(lambda minutes, clock: _shifted(-minutes, clock), word(Word.QUARTER_OF), _hour_12),
    seq(lambda clock: _shifted(-15, clock), spelled("drei"), skip(Word.QUARTER_OF), _hour_12),
)
_spoken_with_meridiem = seq(lambda clock, form: Clock(clock.hour, clock.minutes, form), _spoken, _MERIDIEM)

_full = either(seq(lambda clock: clock, _with_colon), _with_h, _with_oclock, _hour_digits)
_academic = seq(
    lambda clock, later: _shifted(later, clock), where(_full, lambda clock: clock.minutes == 0), word(Word.ACADEMIC)
)
_plain = either(
    _academic,
    seq(lambda clock: clock, _with_colon, optional(_SHARP)),
    where(_with_dot, lambda clock: _may_be_clock(clock) and clock.minutes % 5 == 0),
    seq(lambda clock: clock, _with_meridiem, optional(_SHARP)),
    _with_h,
    seq(lambda clock: clock, _with_oclock, optional(_SHARP)),
)
_named = either(
    _plain,
    seq(lambda clock: clock, _spoken, optional(_OCLOCK)),
    _spoken_with_meridiem,
)

_prefixed = either(
    seq(
        lambda clock: clock,
        either(run(_AT, optional(_SHARP)), _SHARP),
        either(_bare_end, where(_with_dot, _may_be_clock), seq(_military, digits((4,)))),
    ),
    seq(lambda clock: clock, skip(Word.STARTING), _bare_end),  # "Freitag ab 9"
)

CLOCK: Rule[Clock] = memoized(
    either(
        seq(lambda clock: clock, optional(either(_AT, skip(Word.STARTING))), optional(_SHARP), _named),
        seq(lambda clock: clock, spelled("from"), _plain),  # "from 5 to 6pm" is no "five to six"
        _prefixed,
    )
)
"""A time of day that shows by itself that it is one."""

_TO = either(mark("-"), run(skip(Word.UNTIL), optional(skip(Word.AT))))
_WITHIN = run(skip(Word.IN), skip(Word.THE), spelled("zeit"), skip(Word.FROM))  # "in der Zeit von 9 bis 11 Uhr"
NOON = constant(Clock(12, 0, Form.EXACT), skip(Word.NOON))
_midnight = constant(Clock(24, 0, Form.EXACT), skip(Word.MIDNIGHT))
_border = either(_named, NOON)
_last = either(_border, _midnight)

SPAN: Rule[Span] = memoized(
    either(
        seq(
            Span,
            either(skip(Word.FROM, Word.AT, Word.STARTING), _WITHIN),
            either(_border, _bare_end),
            _TO,
            either(_last, _bare_end),
        ),
        seq(Span, _border, _TO, either(_last, _bare_end)),
        seq(Span, _bare_end, _TO, _last),
    )
)
"""A range of times that shows by itself that it is one."""

_military_hour = where(
    seq(_military, digits((4,))),
    lambda clock: _may_be_clock(clock) and clock.minutes % 5 == 0,
)
BARE_MILITARY: Rule[Clock | Span] = either(_military_hour, seq(Span, _military_hour, mark("-"), _military_hour))
""" "1430", "0900-1030", behind a day."""

BARE_SPAN: Rule[Span] = seq(Span, _bare_end, _TO, _bare_end)
"""A range of numbers that are hours only because of what stands around them."""


def _decimal(whole: str, decimals: str) -> float:
    return float(f"{whole}.{decimals}")


_count = either(seq(int, digits((1, 2, 3))), word(Word.NUMBER), word(Word.ARTICLE))
_fraction = seq(_decimal, digits((1, 2)), mark(".,", glued=True), digits((1, 2), glued=True))
_A = optional(skip(Word.ARTICLE))
_HOURS = skip(Word.HOURS)


def _hours(number: float) -> timedelta:
    return timedelta(seconds=round(number * 3600))


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def _hours_and_minutes(hours: int, minutes: int) -> timedelta:
    return timedelta(hours=hours, minutes=minutes)


_MINUTES_OF_LENGTHS = frozenset({"15", "20", "30", "40", "45"})
_clock_length = either(
    seq(_minutes, _count, skip(Word.MINUTES)),
    seq(_hours, either(_count, _fraction), _HOURS),
    seq(
        lambda hours, minutes: _hours_and_minutes(hours, int(minutes)),  # "1 Std 15"
        _count,
        _HOURS,
        where(digits((2,)), lambda minutes: minutes in _MINUTES_OF_LENGTHS),
    ),
    seq(
        _hours_and_minutes,
        _count,
        either(_HOURS, skip(Word.TIME_H)),
        optional(skip(Word.AND)),
        _count,
        skip(Word.MINUTES),
    ),
    seq(
        lambda hours, minutes: _hours_and_minutes(int(hours), int(minutes)),
        digits((1, 2)),
        mark(":", glued=True),
        _MINUTE,
        either(_HOURS, skip(Word.TIME_H)),
    ),
    seq(lambda: _minutes(30), _A, skip(Word.HALF), _A, _HOURS),
    seq(lambda halves: _minutes(30 * halves), word(Word.HALF_HOURS), _HOURS),
    seq(lambda hours: _minutes(60 * hours + 30), _count, skip(Word.AND), skip(Word.ARTICLE), skip(Word.HALF), _HOURS),
    seq(lambda hours: _minutes(60 * hours + 30), _count, _HOURS, skip(Word.AND), skip(Word.ARTICLE), skip(Word.HALF)),
    seq(_minutes, _A, word(Word.HOUR_PARTS)),
    seq(lambda before: _minutes(60 - before), _A, word(Word.QUARTER_OF), _HOURS),
    seq(_minutes, _A, word(Word.QUARTER), optional(run(skip(Word.OF), skip(Word.ARTICLE))), _HOURS),
)

CLOCK_LENGTH: Rule[timedelta] = memoized(_clock_length)
"""A length counted by the clock."""

DAY_LENGTH: Rule[int] = memoized(
    either(
        seq(int, _count, skip(Word.DAYS)),
        seq(lambda weeks: 7 * weeks, _count, skip(Word.WEEKS)),
        seq(lambda _: 14, word(Word.ARTICLE), skip(Word.FORTNIGHT)),
    )
)
"""A length counted by the calendar, in days."""


_length = either(seq(lambda time: Lasting(time=time), CLOCK_LENGTH), seq(lambda days: Lasting(days=days), DAY_LENGTH))
_h_length = seq(
    lambda hours: Lasting(time=_hours(hours)), either(seq(int, digits((1, 2))), _fraction), skip(Word.TIME_H)
)
_h_m_length = seq(
    lambda hours, minutes: Lasting(time=_hours_and_minutes(int(hours), int(minutes))),
    digits((1, 2)),
    glued(skip(Word.TIME_H)),
    _MINUTE,
)
_compact = either(_h_length, _h_m_length)
_LASTING = run(skip(Word.LASTING), optional(mark(":", glued=True)))

LENGTH: Rule[Lasting] = memoized(
    either(
        seq(
            lambda length: length,
            either(run(skip(Word.FOR), optional(_LASTING)), _LASTING),
            either(_length, _compact),
            optional(skip(Word.LASTING)),
        ),
        seq(lambda length: length, _length, optional(skip(Word.LASTING))),
        where(_compact, lambda length: length.time < timedelta(hours=_MOST_HOURS + 1)),
    )
)
"""How long something takes."""

TIME_AWAY: Rule[timedelta] = longest(either(CLOCK_LENGTH, seq(lambda lasting: lasting.time, _compact)))
"""How long it is until something, by the clock."""

WHOLE_LENGTH: Rule[Lasting] = either(
    _length,
    _compact,
    seq(lambda minutes: Lasting(time=_minutes(int(minutes))), digits((4,)), skip(Word.MINUTES)),
    seq(
        lambda hours, minutes: Lasting(time=_hours_and_minutes(int(hours), int(minutes))),
        digits((1, 2)),
        mark(":", glued=True),
        _MINUTE,
    ),
)
"""A length where nothing else can stand, so that "1:30" and "1440m" are such, too."""
