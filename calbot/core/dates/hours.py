"""Which times of day a clock expression can mean, in minutes from the midnight before (1440 is the one after)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TypeAlias

from .expressions import Clock, Form, Midnight, Span
from .readings import Reason, Unread
from .vocabulary import PartOfDay

Hours: TypeAlias = tuple[int, int | None]
"""Start, and end if one is said; an end past 1440 lies on the next day."""

DAY = 1440
MIDNIGHT: tuple[Hours, ...] = ((0, None), (DAY, None))
"""Midnight by name: a day begins with one and ends with one."""

_HALF_DAY = 720
_NOON = 720
_WORKING_AFTERNOON = range(1, 7)
"""Bare hours that offices use for the afternoon."""

_IMPOSSIBLE = Unread(Reason.IMPOSSIBLE)
_CONTRADICTORY = Unread(Reason.CONTRADICTORY)


def read_hours(time: Clock | Span | Midnight | None, part: PartOfDay | None) -> tuple[Hours, ...] | Unread:
    """Every meaning of a time of day, or why it has none."""
    if time is None:
        return ((_NOON, None),) if part is PartOfDay.MIDDAY else Unread(Reason.VAGUE)
    if isinstance(time, Midnight):
        if part in (PartOfDay.EVENING, PartOfDay.LATE_NIGHT):
            return MIDNIGHT[1:]  # "tonight at midnight"
        return _CONTRADICTORY if part else MIDNIGHT
    if isinstance(time, Span):
        return _read_span(time, part)
    minutes = read_clock(time, part)
    return minutes if isinstance(minutes, Unread) else tuple((minute, None) for minute in minutes)


def read_clock(clock: Clock, part: PartOfDay | None) -> tuple[int, ...] | Unread:
    """Every minute of the day that a clock expression can mean."""
    if not _exists(clock):
        return _IMPOSSIBLE
    if part is None:
        return _usual(clock)
    minutes = _held(clock, part.holds)
    if part is PartOfDay.AT_NIGHT and clock.form is Form.BARE and any(minute % DAY < 60 for minute in minutes):
        return Unread(Reason.VAGUE)  # "12 Uhr nachts": at which end of the day?
    if not minutes and part is PartOfDay.LATE_NIGHT and _held(clock, PartOfDay.AT_NIGHT.holds):
        return Unread(Reason.VAGUE)  # "Dienstagnacht um 1": on Tuesday or on Wednesday?
    return minutes or _outside(clock, part.holds)


def _held(clock: Clock, holds: Callable[[int], bool]) -> tuple[int, ...]:
    """The minutes of a clock expression that a part of the day holds."""
    return tuple(minute for minute in _either_half(clock) if holds(minute))


def _outside(clock: Clock, holds: Callable[[int], bool]) -> Unread:
    """The refusal of an hour that lies outside its part of the day: "7:30" in the evening was meant as 19:30."""
    if clock.form is not Form.EXACT or clock.hour > 12:
        return _CONTRADICTORY
    meant = next((minute % DAY for minute in _both_halves(clock) if holds(minute)), None)
    return _CONTRADICTORY if meant is None else replace(_CONTRADICTORY, meant=meant)


def ends_after(start: int, clock: Clock, usual: tuple[int, ...], days: int) -> tuple[int, ...]:
    """The minutes in which a range may end so many days after the one it begins on, from what its clock usually means.

    "Sa 18 Uhr bis So 2 Uhr" may end at night as well, as a range of at most 12 hours does.
    """
    ends = tuple(days * DAY + minute for minute in usual)
    night = days * DAY + _literal(clock)
    return (night, *ends) if night not in ends and start < night <= start + _HALF_DAY else ends


def _exists(clock: Clock) -> bool:
    if clock.form in (Form.AM, Form.PM):
        return 1 <= clock.hour <= 12 and -60 < clock.minutes < 60
    if clock.form is Form.EXACT:
        return 0 <= clock.minutes < 60 and _literal(clock) <= DAY
    return -60 < clock.minutes < 60 and 0 <= _literal(clock) <= DAY


def _literal(clock: Clock) -> int:
    if clock.form is Form.AM:
        return (clock.hour % 12 * 60 + clock.minutes) % DAY
    if clock.form is Form.PM:
        return (clock.hour % 12 + 12) * 60 + clock.minutes
    return clock.hour * 60 + clock.minutes


def _on_dial(clock: Clock) -> bool:
    """Whether the hour is one of a clock with twelve, so that it happens twice a day."""
    return clock.form is Form.BARE and 1 <= clock.hour <= 12


def _either_half(clock: Clock) -> tuple[int, ...]:
    return _both_halves(clock) if _on_dial(clock) else (_literal(clock),)


def _both_halves(clock: Clock) -> tuple[int, ...]:
    morning = (clock.hour % 12 * 60 + clock.minutes) % _HALF_DAY
    return (morning, morning + _HALF_DAY)


def _usual(clock: Clock) -> tuple[int, ...]:
    """What a clock expression means by itself: bare hours from 1 to 6 are in the afternoon."""
    literal = _literal(clock)
    if not _on_dial(clock):
        return (literal,)
    if clock.hour in _WORKING_AFTERNOON:
        return (literal + _HALF_DAY,)
    if clock.hour == 7 and clock.minutes < 0:  # "halb sieben" is after six, which is in the afternoon, but says seven
        return (literal, literal + _HALF_DAY)
    return (literal,)


def _read_span(span: Span, part: PartOfDay | None) -> tuple[Hours, ...] | Unread:
    start, end = span.start, span.end
    if not (_exists(start) and _exists(end)):
        return _IMPOSSIBLE
    pairs = _pairs_in_part(start, end, part) if part else _pairs(start, end)
    if isinstance(pairs, Unread):
        return pairs
    hours = tuple(dict.fromkeys(pair for pair in map(_ordered, pairs) if pair is not None))
    return tuple(sorted(hours)) or _IMPOSSIBLE


def _ordered(pair: tuple[int, int]) -> tuple[int, int] | None:
    """The pair with its end after its start; a range across midnight has at most 12 hours."""
    start, end = pair
    if end > start:
        return pair if (start < DAY and end <= DAY) or end - start <= _HALF_DAY else None
    return (start, end + DAY) if end < start and end + DAY - start <= _HALF_DAY else None


def _pairs_in_part(start: Clock, end: Clock, part: PartOfDay) -> tuple[tuple[int, int], ...] | Unread:
    first = read_clock(start, part)
    if isinstance(first, Unread):
        return first

    def holds_end(minute: int) -> bool:
        return part.holds(minute) or part.holds(minute - 1)

    return tuple(product(first, _held(end, holds_end))) or _outside(end, holds_end)


def _pairs(start: Clock, end: Clock) -> tuple[tuple[int, int], ...]:
    if _has_meridiem(start) != _has_meridiem(end):
        if _written_on_dial(start) or _written_on_dial(end):
            return _nearest_pair(start, end)
        return ((_literal(start), _literal(end)),)
    if not _on_dial(start) and not _on_dial(end):
        return ((_literal(start), _literal(end)),)
    if _on_dial(end) and not _written_on_dial(start):  # "22-1 Uhr": a clock with 24 hours is in use
        return ((_literal(start), _literal(end)),)
    if not _written_on_dial(end):
        return _pairs_to_24(start, _literal(end) or DAY)
    return _pairs_on_dial(start, end)


def _has_meridiem(clock: Clock) -> bool:
    return clock.form in (Form.AM, Form.PM)


def _written_on_dial(clock: Clock) -> bool:
    return not _has_meridiem(clock) and 1 <= clock.hour <= 12


def _nearest_pair(start: Clock, end: Clock) -> tuple[tuple[int, int], ...]:
    """One of the two has am or pm: the other is in the half of the day that makes the range short ("11-1pm")."""

    if end.form is Form.AM and end.hour == 12:  # "10-12am": noon is what many mean by it
        morning = start.hour % 12 * 60 + start.minutes
        return ((morning, _NOON), (morning + _HALF_DAY, DAY))

    def options(clock: Clock) -> tuple[int, ...]:
        return (_literal(clock),) if _has_meridiem(clock) else _both_halves(clock)

    lengths = sorted(((b - a) % DAY, a) for a, b in product(options(start), options(end)))
    length, first = lengths[0]
    return ((first, first + length),) if 0 < length < _HALF_DAY else ()


def _pairs_to_24(start: Clock, end: int) -> tuple[tuple[int, int], ...]:
    """A bare start and an end on a clock with 24 hours: "9-15 Uhr", "6-14 Uhr", "6-20 Uhr"."""
    starts = {_literal(start), *_usual(start)}
    return tuple((first, end) for first in sorted(starts) if first < end)


def _pairs_on_dial(start: Clock, end: Clock) -> tuple[tuple[int, int], ...]:
    """Both within twelve hours, at least one of them bare: "9-5", "6-8", "1:30-3"."""
    literal = (_literal(start), _literal(end))
    if _on_dial(start) != _on_dial(end):
        minutes = _literal(start if not _on_dial(start) else end)
        if minutes < 7 * 60 and literal[0] < literal[1]:  # "3-4:30": 03:00 is as written, 15:00 is meant
            return (literal, (literal[0] + _HALF_DAY, literal[1] + _HALF_DAY))
    usual = tuple(pair for pair in product(_usual(start), _usual(end)) if pair[0] < pair[1])
    if usual:
        return usual
    return tuple(
        (first, first + (literal[1] - literal[0]))
        for first in (literal[0], literal[0] + _HALF_DAY)
        if literal[0] < literal[1]
    )
