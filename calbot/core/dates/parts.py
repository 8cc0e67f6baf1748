"""The parts of a phrase by their kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from .expressions import (
    AllDay,
    Between,
    Clock,
    Ending,
    Form,
    FromNow,
    InZone,
    Lasting,
    Midnight,
    OnDate,
    Part,
    PhrasePart,
    Repeating,
    Said,
    Span,
    Stamp,
    Starting,
    Times,
)
from .hours import Hours, read_hours
from .readings import Reason, Unread
from .vocabulary import PartOfDay

T = TypeVar("T")

_LONGEST = timedelta(days=14)
_TIMES_OF_DAY = (Clock, Span, Midnight, FromNow, Stamp)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is said of the day, the time, the length, the borders, the repetition: each once, days more often."""

    said: tuple[Said, ...]
    time: Clock | Span | Midnight | FromNow | Stamp | None
    part: Part | None
    zone: InZone | None
    lasting: Lasting | None
    all_day: AllDay | None
    between: Between | None
    starting: Starting | None
    ending: Ending | None
    times: Times | None
    repeating: tuple[Repeating, ...]
    ends_with_end: bool
    """Whether neither a day nor a time follows the end of a range."""

    @property
    def is_timed(self) -> bool:
        return self.time is not None or self.part is not None

    def hours(self) -> tuple[Hours, ...] | Unread:
        """The times of day that may be meant."""
        if isinstance(self.time, (FromNow, Stamp)):
            return Unread(Reason.CONTRADICTORY)
        return read_hours(self.time, self._part_of_day())

    def _part_of_day(self) -> PartOfDay | None:
        """The part of the day; the night of a date is also the hours with which the date begins, if they are written.

        "Nacht 25.11. 00:30" is on the 25th, but "Dienstagnacht um 1" may be on Wednesday.
        """
        if self.part is None:
            return None
        clocks = (self.time.start, self.time.end) if isinstance(self.time, Span) else (self.time,)
        written = all(isinstance(clock, Clock) and clock.form is not Form.BARE for clock in clocks)
        if self.part.part is PartOfDay.LATE_NIGHT and written and any(isinstance(one.day, OnDate) for one in self.said):
            return PartOfDay.AT_NIGHT
        return self.part.part

    def length(self) -> timedelta | Unread | None:
        """How long something with a time takes, if it is said."""
        if self.lasting is None:
            return None
        if isinstance(self.time, Span):
            return Unread(Reason.CONTRADICTORY)
        if self.lasting.days:
            return Unread(Reason.VAGUE)
        return self.lasting.time if timedelta() < self.lasting.time <= _LONGEST else Unread(Reason.IMPOSSIBLE)


def sort_parts(phrase: tuple[PhrasePart, ...]) -> Parts | None:
    """The parts of a phrase; None where their order makes no sense."""

    def one(kind: type[T]) -> T | None:
        return next((part for part in phrase if isinstance(part, kind)), None)

    def places(*kinds: type[PhrasePart]) -> list[int]:
        return [place for place, part in enumerate(phrase) if isinstance(part, kinds)]

    counts, ends = places(Times), places(Ending)
    begun = places(Starting)
    counted = places(Repeating) if begun else places(Repeating, Clock, Span, Midnight)
    if counts and counts[0] < max(counted, default=0):
        return None  # "zweimal täglich" is no series of two
    return Parts(
        tuple(part for part in phrase if isinstance(part, Said)),
        next((part for part in phrase if isinstance(part, _TIMES_OF_DAY)), None),
        one(Part),
        one(InZone),
        one(Lasting),
        one(AllDay),
        one(Between),
        one(Starting),
        one(Ending),
        one(Times),
        tuple(part for part in phrase if isinstance(part, Repeating)),
        not ends or not any(place > ends[0] for place in places(Said, *_TIMES_OF_DAY)),
    )
