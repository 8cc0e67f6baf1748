"""What a phrase can mean: the values that the date reader returns, and the one that it may start from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Literal, TypeAlias

Locale: TypeAlias = Literal["de", "en"]


class Reason(str, Enum):
    """Why a phrase was not read; the caller words it."""

    NOT_UNDERSTOOD = "not_understood"
    TOO_LONG = "too_long"
    IN_PAST = "in_past"
    TOO_FAR = "too_far"
    IMPOSSIBLE = "impossible"
    """A date or time that does not exist: 31.11., 25:00, KW 60, a range that ends before it starts."""
    SKIPPED_BY_CLOCK_CHANGE = "skipped_by_clock_change"
    CONTRADICTORY = "contradictory"
    """Parts that do not fit together: "Wednesday 24 Nov." where that is a Tuesday, "14 Uhr morgens"."""
    VAGUE = "vague"
    """Understood, but no exact day or hour follows from it: "next week", "tomorrow morning"."""
    SERIES = "series"
    """A series where only a single date can be meant, for example when an event is moved."""


@dataclass(frozen=True, slots=True)
class At:
    """A timed reading in the caller's zone; without an end the caller applies its default duration."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """An all-day reading; both days belong to it."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Every:
    """A series: its first occurrence, and its RRULE value with UNTIL as the last *local date*.

    A calendar wants UNTIL of a timed series as an instant in UTC (RFC 5545, 3.3.10): whoever writes it there
    converts it with the time of the last occurrence.
    """

    first: At | Day
    rule: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Several readings that somebody may mean, ascending; nobody but the sender can choose."""

    readings: tuple[At | Day | Every, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A refusal. `words` is the part that was not understood, as it was typed, if one can be named.

    `falls_on`: for a date that contradicts the weekday beside it, the one that it does fall on; 0 is Monday.
    `meant`: for an hour that contradicts the part of the day beside it, the one probably meant; minutes from midnight.
    """

    reason: Reason
    words: str = ""
    falls_on: int | None = None
    meant: int | None = None


Single: TypeAlias = At | Day | Every
Reading: TypeAlias = At | Day | Every | Choice | Unread


@dataclass(frozen=True, slots=True)
class Base:
    """What holds where a phrase leaves something out.

    A phrase without a date is about `day`. Where `start` is given, a phrase without a time keeps it, and one without
    an end keeps `length`; where it is not, a phrase without a time is all-day and keeps `days`.
    """

    day: date
    start: time | None = None
    length: timedelta | None = None
    days: int = 1
    bare_hours: bool = False
    """Whether a phrase of numbers only ("14-15") speaks of hours."""

    @staticmethod
    def of(event: At | Day) -> Base:
        """For moving an event. A timed one has to be in the zone that the phrase is read in."""
        if isinstance(event, Day):
            return Base(event.first, days=(event.last - event.first).days + 1)
        length = None if event.end is None else timedelta(seconds=event.end.timestamp() - event.start.timestamp())
        return Base(event.start.date(), start=event.start.time(), length=length)

    @staticmethod
    def after(option: At | Day) -> Base:
        """For the next option of a poll, which may leave out the date of the one before."""
        return Base(option.first if isinstance(option, Day) else option.start.date(), bare_hours=True)
