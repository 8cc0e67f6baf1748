"""Times at which people can meet: searched in their busy times, within the hours in which one meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from .busy import Spans
from .model import Busy, UserId
from .quiet import is_holiday
from .settings import Hours, Weekday

MOST: Final = 5
_A_DAY: Final = 2  # of several days
_A_HALF: Final = 3  # of a single day
_STEP: Final = timedelta(minutes=15)
_QUARTERS: Final = frozenset({15, 45})
_DAY: Final = timedelta(days=1)
_NOON: Final = time(12)
_ONE: Final = time(13)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a slot has to be like: on one of `days`, all of it within `hours` there, on a clock in `zone`.

    It begins at or after `earliest`. `buffer` is what people need to themselves before it and after.
    """

    days: tuple[date, ...]
    hours: Hours
    zone: ZoneInfo
    duration: timedelta
    earliest: datetime
    buffer: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to meet. `missing` are required people who cannot, `absent` optional ones, `unsure` who perhaps can."""

    start: datetime
    end: datetime
    missing: tuple[UserId, ...] = ()
    absent: tuple[UserId, ...] = ()
    unsure: tuple[UserId, ...] = ()

    @property
    def quality(self) -> tuple[int, int, int]:
        """Less is better."""
        return len(self.missing), len(self.absent), len(self.unsure)


def days_to_meet(first: date, end: date, weekdays: Collection[Weekday], holidays: str) -> tuple[date, ...]:
    """The working days from `first` to before `end`; all days where there is none among them: who asks for a Saturday
    means it."""
    days = tuple(first + number * _DAY for number in range((end - first).days))
    numbers = {weekday.number for weekday in weekdays}
    working = tuple(day for day in days if day.weekday() in numbers and not is_holiday(day, holidays))
    return working or days


def search(
    frame: Frame,
    busy: Mapping[UserId, Sequence[Busy] | None],
    *,
    required: Sequence[UserId],
    optional: Sequence[UserId] = (),
    blocked: Sequence[Busy] = (),
) -> tuple[Slot, ...]:
    """At most five slots, the best first: all required can, then most of the optional, nobody in doubt, the earliest.

    Where no slot suits all who are required, those that suit most of them. Whose times are not known (None) is taken
    for free. `blocked` is when nothing can take place at all, as where a room is taken, with reserve or without. Slots
    do not overlap, and of several days none has more than two, one in the morning and one in the afternoon where that
    is as good. The hour after noon is taken where nothing else is as good.
    """
    known = {user: _Times(busy.get(user) or ()) for user in (*required, *optional)}
    closed = Spans((one.start, one.end) for one in blocked)
    slots = [
        _slot_at(start, start + frame.duration, frame.buffer, known, required, optional)
        for start in _starts(frame)
        if not closed.hits(start, start + frame.duration)
    ]
    slots = [slot for slot in slots if len(slot.missing) < max(len(required), 1)]
    if any(not slot.missing for slot in slots):
        slots = [slot for slot in slots if not slot.missing]
    ordered = sorted(_rounded(slots, frame.zone), key=lambda slot: (slot.quality, slot.start))
    return tuple(_spread(ordered, frame))


def rate(
    start: datetime,
    end: datetime,
    busy: Mapping[UserId, Sequence[Busy] | None],
    *,
    required: Sequence[UserId],
    optional: Sequence[UserId] = (),
    buffer: timedelta = timedelta(),
) -> Slot:
    """A given time as a slot: who can."""
    known = {user: _Times(busy.get(user) or ()) for user in (*required, *optional)}
    utc = timezone.utc
    return _slot_at(start.astimezone(utc), end.astimezone(utc), buffer, known, required, optional)


class _Times:
    """The busy times of somebody: those that are certain, and the others."""

    def __init__(self, busy: Sequence[Busy]) -> None:
        self.certain = Spans((one.start, one.end) for one in busy if not one.tentative)
        self.uncertain = Spans((one.start, one.end) for one in busy if one.tentative)


def _slot_at(
    start: datetime,
    end: datetime,
    buffer: timedelta,
    known: Mapping[UserId, _Times],
    required: Sequence[UserId],
    optional: Sequence[UserId],
) -> Slot:
    first, last = start - buffer, end + buffer
    busy = {user for user, times in known.items() if times.certain.hits(first, last)}
    unsure = {user for user, times in known.items() if user not in busy and times.uncertain.hits(first, last)}
    return Slot(
        start,
        end,
        missing=tuple(user for user in required if user in busy),
        absent=tuple(user for user in optional if user in busy),
        unsure=tuple(user for user in (*required, *optional) if user in unsure),
    )


def _starts(frame: Frame) -> Iterator[datetime]:
    """Every quarter of an hour at which a slot can begin, in UTC."""
    utc = timezone.utc
    earliest = frame.earliest.astimezone(utc)
    for day in frame.days:
        opens = datetime.combine(day, frame.hours.start)
        closes = datetime.combine(day, frame.hours.end)
        if closes <= opens:
            closes += _DAY
        end = closes.replace(tzinfo=frame.zone).astimezone(utc)
        local = datetime.combine(day, time(opens.hour))
        while local < closes:
            start = local.replace(tzinfo=frame.zone).astimezone(utc)
            leapt = start.astimezone(frame.zone).replace(tzinfo=None) != local  # a clock change leaves it out
            if opens <= local and not leapt and earliest <= start and start + frame.duration <= end:
                yield start
            local += _STEP


def _rounded(slots: Sequence[Slot], zone: ZoneInfo) -> list[Slot]:
    """Without those at a quarter past or to, if one at the hour or half hour beside them is as good."""
    by_start = {slot.start: slot for slot in slots}

    def is_rounder(slot: Slot) -> bool:
        beside = (by_start.get(slot.start + step) for step in (-_STEP, _STEP))
        return any(other is not None and other.quality <= slot.quality for other in beside)

    return [slot for slot in slots if slot.start.astimezone(zone).minute not in _QUARTERS or not is_rounder(slot)]


def _spread(ordered: Sequence[Slot], frame: Frame) -> list[Slot]:
    """The best ones; of those as good as each other some of each half of each day, and none over lunch if it can be."""
    a_day, a_half = (_A_DAY, 1) if len(frame.days) > 1 else (MOST, _A_HALF)
    chosen: list[Slot] = []
    for _, tier in groupby(ordered, key=lambda slot: slot.quality):
        equal = list(tier)
        clear = [slot for slot in equal if not _is_over_lunch(slot, frame.zone)]
        for slots, most in ((clear, a_half), (clear, a_day), (equal, a_day)):
            for slot in slots:
                if len(chosen) < MOST and _fits(slot, chosen, frame.zone, a_day, most):
                    chosen.append(slot)
    return sorted(chosen, key=lambda slot: (slot.quality, slot.start))


def _is_over_lunch(slot: Slot, zone: ZoneInfo) -> bool:
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (slot.start, slot.end))
    day = start.date()
    return start < datetime.combine(day, _ONE) and datetime.combine(day, _NOON) < end


def _fits(slot: Slot, chosen: Sequence[Slot], zone: ZoneInfo, a_day: int, a_half: int) -> bool:
    """Whether a slot overlaps no other and its day, and its half of the day, have fewer than they may."""
    if any(other.start < slot.end and slot.start < other.end for other in chosen):
        return False
    halves = Counter(_half(other, zone) for other in chosen)
    day, half = _half(slot, zone)
    return halves[day, half] < a_half and halves[day, True] + halves[day, False] < a_day


def _half(slot: Slot, zone: ZoneInfo) -> tuple[date, bool]:
    local = slot.start.astimezone(zone)
    return local.date(), local.time() < _NOON
