"""Recurrence rules (RFC 5545, 3.3.10) as values: what an RRULE says, and what stepping through it may cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum

from calbot.errors import BadCalendarData

MAX_STEPS = 100_000
_STEPS_BETWEEN_PAUSES = 500
_MAX_VALUE = 10_000  # characters; every number there is in every list takes less
_MAX_INTERVAL = 10_000_000  # from there on, nothing comes a second time

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
    """How many candidates may still be looked at, for a part out of what there is for the `whole`. `pause` is called
    now and then, for others to have their turn."""

    def __init__(
        self, steps: int = MAX_STEPS, whole: Budget | None = None, pause: Callable[[], None] | None = None
    ) -> None:
        self._left = steps
        self._whole = whole
        self._pause = pause
        self._next_pause = steps - _STEPS_BETWEEN_PAUSES

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise BadCalendarData("rule_unbounded")
        if self._pause is not None and self._left < self._next_pause:
            self._next_pause = self._left - _STEPS_BETWEEN_PAUSES
            self._pause()
        if self._whole is not None:
            self._whole.spend(steps)

    def refuse_more_than_left(self, steps: float) -> None:
        if steps > self._left:
            raise BadCalendarData("rule_unbounded")


def parts_of(value: str) -> list[tuple[str, str]]:
    """The parts of an RRULE value in their order, names in upper case."""
    if len(value) > _MAX_VALUE:
        raise BadCalendarData("bad_rule")
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
        min(interval, _MAX_INTERVAL),
        count,
        until,
        bysecond=tuple(sorted({min(second, 59) for second in numbers["BYSECOND"]})),
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
