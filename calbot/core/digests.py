"""Which agendas are posted by themselves, and when.

==========  =====================================================  ==================================================
            daily                                                  weekly
==========  =====================================================  ==================================================
tells       its day                                                seven days from the day it is set for; with a
                                                                   Monday, that is the ISO week
holiday     not posted                                             posted on the next day that is none
quiet hours posted when they end, unless the day is over by then   posted when they end
both        left out if the weekly one of that day comes within    posted: it says it all
            three hours
missed      posted up to three hours late, within its day          posted late, within the day on which it was due
==========  =====================================================  ==================================================

What is late is not posted in quiet hours either. It is read when it is posted and tells what is ahead then, so nothing
in it is late, and it does not say that it is. The clock is the reader's: an agenda set for a time over which it leaps
is due at the leap, one for a time that comes twice at the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from . import quiet
from .model import Occurrence, OccurrenceId, Status, instants
from .settings import Defaults, Digest, Hours, Weekday

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_SAME_MORNING: Final = timedelta(hours=3)
_STILL_OF_USE: Final = timedelta(hours=3)  # a daily one that is late
_LOOK_AHEAD: Final = 60  # days in which any agenda comes, whatever holds it back


class Period(str, Enum):
    """How much an agenda tells."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Agenda:
    """One agenda that is to come. Period, day and clock, for which it was set, name it.

    `day` is the first that it tells, `last` the last. `set_for` is when it would come if nothing held it back, `due`
    when it comes, and `expires` from when on it does not any more; all three in UTC.
    """

    period: Period
    day: date
    clock: time
    last: date
    set_for: datetime
    due: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Bell:
    """When a clock in `zone` has to ring for an agenda: each day, or on one day of the week."""

    clock: time
    weekday: Weekday | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Schedule:
    """A digest on its reader's clock, with what holds it back."""

    digest: Digest
    zone: ZoneInfo
    quiet_hours: Hours | None = None
    holidays: str = ""

    @classmethod
    def of(cls, digest: Digest, zone: ZoneInfo, defaults: Defaults) -> Schedule:
        return cls(digest, zone, defaults.quiet_hours, defaults.holidays)

    def bells(self) -> Iterator[Bell]:
        if self.digest.daily is not None:
            yield Bell(self.digest.daily, None, self.zone)
        if self.digest.weekly is not None:
            weekday, clock = self.digest.weekly
            yield Bell(clock, weekday, self.zone)


def asks_for(digest: Digest, period: Period, day: date, clock: time) -> bool:
    """Whether it still asks for an agenda that was set for that day and time."""
    if period is Period.DAILY:
        return digest.daily == clock
    return digest.weekly is not None and digest.weekly[0].number == day.weekday() and digest.weekly[1] == clock


def last_day(period: Period, day: date) -> date:
    """The last day that an agenda tells."""
    return day if period is Period.DAILY else day + _WEEK - _DAY


def set_between(schedule: Schedule, after: datetime, until: datetime) -> tuple[Agenda, ...]:
    """The agendas set for a time after `after` and not after `until` that still come; in order of time.

    Those that are held back beyond `until` are among them. None comes that was set for more than a week before.
    """
    after = max(after, until - _WEEK - _DAY)
    first, last = after.astimezone(schedule.zone).date(), until.astimezone(schedule.zone).date()
    found = (
        agenda
        for ahead in range((last - first).days + 1)
        for agenda in _of_day(schedule, first + ahead * _DAY)
        if after < agenda.set_for <= until < agenda.expires
    )
    return tuple(sorted(found, key=lambda agenda: agenda.due))


def next_due(schedule: Schedule, now: datetime) -> Agenda | None:
    """The one that comes next, after `now`; None if none ever does, as quiet hours or holidays leave no time for it."""
    return min(
        (agenda for agenda in _around(schedule, now) if agenda.due > now), key=lambda agenda: agenda.due, default=None
    )


def _around(schedule: Schedule, now: datetime) -> Iterator[Agenda]:
    """Those that may come after `now`: one that holidays hold back was set for up to a week before."""
    today = now.astimezone(schedule.zone).date()
    for ahead in range(-7, _LOOK_AHEAD):
        yield from _of_day(schedule, today + ahead * _DAY)


def _of_day(schedule: Schedule, day: date) -> Iterator[Agenda]:
    """The agendas that are set for a day, those left out."""
    if (daily := _daily(schedule, day)) is not None and not _is_told_by_weekly(schedule, daily):
        yield daily
    if (weekly := _weekly(schedule, day)) is not None:
        yield weekly


def _daily(schedule: Schedule, day: date) -> Agenda | None:
    clock = schedule.digest.daily
    if clock is None or quiet.is_holiday(day, schedule.holidays):
        return None
    set_for = quiet.instant_of(day, clock, schedule.zone)
    due = _allowed(schedule, set_for)
    if due.astimezone(schedule.zone).date() != day:
        return None
    return Agenda(Period.DAILY, day, clock, day, set_for, due, min(due + _STILL_OF_USE, _end_of_turn(schedule, due)))


def _weekly(schedule: Schedule, day: date) -> Agenda | None:
    if schedule.digest.weekly is None:
        return None
    weekday, clock = schedule.digest.weekly
    if day.weekday() != weekday.number:
        return None
    last = last_day(Period.WEEKLY, day)
    set_for = quiet.instant_of(day, clock, schedule.zone)
    for ahead in range(7):
        if not quiet.is_holiday(day + ahead * _DAY, schedule.holidays):
            due = _allowed(schedule, quiet.instant_of(day + ahead * _DAY, clock, schedule.zone))
            return Agenda(Period.WEEKLY, day, clock, last, set_for, due, _end_of_turn(schedule, due))
    return None


def _is_told_by_weekly(schedule: Schedule, daily: Agenda) -> bool:
    for before in range(7):
        weekly = _weekly(schedule, daily.day - before * _DAY)
        if weekly is not None:
            return abs(weekly.due - daily.due) <= _SAME_MORNING
    return False


def _allowed(schedule: Schedule, at: datetime) -> datetime:
    return quiet.next_allowed(at, quiet=schedule.quiet_hours, holidays=schedule.holidays, zone=schedule.zone)


def _end_of_turn(schedule: Schedule, due: datetime) -> datetime:
    """When the day ends on which an agenda is due, or quiet hours begin after that."""
    day = due.astimezone(schedule.zone).date()
    end = quiet.instant_of(day + _DAY, time.min, schedule.zone)
    if schedule.quiet_hours is None:
        return end
    begins = quiet.instant_of(day, schedule.quiet_hours.start, schedule.zone)
    return min(end, begins) if begins > due else end


def told(found: Iterable[Occurrence], zone: ZoneInfo, days: tuple[date, date], now: datetime) -> tuple[Occurrence, ...]:
    """What an agenda of these days, the last one included, tells of what was found: what takes place and is not over.

    The same event in two calendars is one event.
    """
    start = max(now, quiet.instant_of(days[0], time.min, zone))
    end = quiet.instant_of(days[1] + _DAY, time.min, zone)
    once: dict[OccurrenceId, Occurrence] = {}
    for one in found:
        begins, ends = instants(one.when, zone)
        in_days = begins < end and (start < ends or begins == ends >= start)
        if in_days and one.details.status is not Status.CANCELLED:
            once.setdefault(one.id, one)
    return tuple(once.values())
