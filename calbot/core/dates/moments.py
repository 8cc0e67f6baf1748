"""From local days and minutes to instants: clock changes, past and future."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo

from .readings import At, Reason, Unread


@dataclass(frozen=True, slots=True)
class Present:
    """The moment at which a phrase is read."""

    now: datetime
    zone: tzinfo

    @staticmethod
    def at(now: datetime) -> Present:
        if now.tzinfo is None:
            raise ValueError("now has to be aware")
        return Present(now, now.tzinfo)

    @property
    def today(self) -> date:
        return self.now.date()

    def is_ahead(self, start: datetime) -> bool:
        return start.timestamp() > self.now.timestamp()

    def is_over(self, start: datetime) -> bool:
        """Whether a start has passed; the current minute has not."""
        return start.timestamp() < self.now.timestamp() - 60 or start.timestamp() < _minute(self.now)


def _minute(now: datetime) -> float:
    return now.timestamp() // 60 * 60


def local(present: Present, day: date, minutes: int) -> datetime | Unread:
    """A time of day, counted in minutes of the clock from midnight. What is repeated is the first of the two."""
    try:
        naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - gets its zone below
    except OverflowError:
        return Unread(Reason.TOO_FAR)
    moment = naive.replace(tzinfo=present.zone)
    back = moment.astimezone(timezone.utc).astimezone(present.zone)
    return moment if back.replace(tzinfo=None) == naive else Unread(Reason.SKIPPED_BY_CLOCK_CHANGE)


def timed(present: Present, day: date, hours: tuple[int, int | None], length: timedelta | None) -> At | Unread:
    """The span that begins on a day; its length, if given, is by the clock of the world, not by the one on the wall."""
    start_minute, end_minute = hours
    start = local(present, day, start_minute)
    if isinstance(start, Unread):
        return start
    if length is not None:
        return At(start, later(present, start, length))
    if end_minute is None:
        return At(start)
    end = local(present, day, end_minute)
    if isinstance(end, Unread):
        return end
    return At(start, end) if end.timestamp() > start.timestamp() else Unread(Reason.IMPOSSIBLE)


def later(present: Present, start: datetime, length: timedelta) -> datetime:
    return (start.astimezone(timezone.utc) + length).astimezone(present.zone)


def from_now(present: Present, length: timedelta) -> datetime:
    """A moment counted from now, to the minute."""
    moment = datetime.fromtimestamp(_minute(present.now), timezone.utc) + length
    return moment.astimezone(present.zone)


def nearest(present: Present, spans: Iterable[At | Unread]) -> At | Unread:
    """The first span that is still ahead."""
    for span in spans:
        if isinstance(span, Unread):
            return span
        if present.is_ahead(span.start):
            return span
        if present.is_ahead(span.start.replace(fold=1)):
            break  # the second of two equal times is still ahead, and may be meant
    return Unread(Reason.IN_PAST)
