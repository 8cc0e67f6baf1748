"""Moves a series as a whole: its start, rule, exceptions and the overrides, by the same difference."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NoReturn

from calbot.core.model import AllDay, RecurrenceId, Timed, When
from calbot.core.recurrence_rule import WEEKDAYS, Frequency, Rule, parts_of, read_rule
from calbot.errors import Code, UserError

from .building import required, set_time, stamp
from .content import Line, property_line
from .reading import Moment, ParsedEvent, ParsedObject, read_recurrence_id, write_recurrence_id
from .recurrence import Series
from .values import Duration, is_date, is_utc, read_date, read_date_time, write_date, write_local, write_utc


def refuse() -> NoReturn:
    """What is asked for cannot be written so that people find what they expect."""
    raise UserError(Code.NOT_UNDERSTOOD, "series_too_complex")


def move_series(
    parsed: ParsedObject, series: Series, recurrence_id: RecurrenceId | None, when: When, now: datetime
) -> None:
    """Move everything so that the slot named (without one, the first) comes to lie at `when`.

    Times stay in the zone of the series. Overrides that changed something else than the time move along; those that
    were moved by themselves stay where they were put, and remain the exceptions they are.
    """
    master = series.master
    if master is None or series.occurrence(recurrence_id) is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    if isinstance(when, AllDay) != master.is_all_day or any(event.this_and_future for event in parsed.events):
        refuse()
    slot = master.start if recurrence_id is None else read_recurrence_id(recurrence_id)
    shift = _Shift(parsed, master, slot, when)
    if shift.days and not all(_can_shift(read_rule(text), master.start, shift.days) for text in master.rules):
        refuse()
    component = master.component
    for line in component.all("RRULE"):
        component.swap(line, property_line("RRULE", shift.rule(line.value)))
    for name in ("EXDATE", "RDATE"):
        for line in component.all(name):
            component.swap(line, shift.values(line))
    for slot_id, event in series.overrides.items():
        own = required(event.component, "RECURRENCE-ID")
        if event.recurrence_id is not None and write_recurrence_id(event.start) == slot_id:
            length = shift.length if event.length.total() == master.length.total() else event.length
            set_time(event.component, shift.time(event.start, length), parsed.times)
        elif slot_id == recurrence_id:
            set_time(event.component, when, parsed.times)
        event.component.swap(own, shift.values(own))
        stamp(event.component, now, significant=True)
    set_time(component, shift.time(master.start, shift.length), parsed.times)
    stamp(component, now, significant=True)


def naming_after_move(
    parsed: ParsedObject, series: Series, recurrence_id: RecurrenceId, when: When
) -> Callable[[RecurrenceId], RecurrenceId]:
    """What names an occurrence once the series was moved so that the slot named came to lie at `when`."""
    if series.master is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    shift = _Shift(parsed, series.master, read_recurrence_id(recurrence_id), when)
    return lambda id: write_recurrence_id(shift.moment(read_recurrence_id(id)))


class _Shift:
    """By how much a series moves on the clock of its zone, and how long it takes from now on."""

    def __init__(self, parsed: ParsedObject, master: ParsedEvent, slot: Moment, when: When) -> None:
        self._times = parsed.times
        self._master = master
        self._zone = master.start.tzinfo if isinstance(master.start, datetime) else None
        if isinstance(when, Timed) and isinstance(slot, datetime):
            seen = when.seen_in(parsed.zone) if when.floating else when
            start, end, old = self._wall(seen.start), self._wall(seen.end), self._wall(slot)
            self.by = start - old
            self.days = (start.date() - old.date()).days
            self.length = Duration(nominal=end - start)
        elif isinstance(when, AllDay) and not isinstance(slot, datetime):
            self.by = when.start - slot
            self.days = self.by.days
            self.length = Duration(nominal=when.end - when.start)
        else:
            refuse()

    def _wall(self, moment: datetime) -> datetime:
        """What the clock of the series shows, as a time that can be reckoned with."""
        return moment.astimezone(self._zone).replace(tzinfo=timezone.utc)

    def moment(self, moment: Moment) -> Moment:
        if not isinstance(moment, datetime):
            return moment + timedelta(days=self.days)
        return (self._wall(moment) + self.by).replace(tzinfo=self._zone)

    def time(self, start: Moment, length: Duration) -> When:
        moved = self.moment(start)
        if isinstance(moved, datetime):
            return Timed(moved, length.after(moved), floating=self._master.floating)
        return AllDay(moved, moved + length.total())

    def values(self, line: Line) -> Line:
        """The times of EXDATE, RDATE or RECURRENCE-ID, each in the form it had."""
        values = [self._value(line, value) for value in line.value.split(",") if value.strip()]
        return property_line(line.name, ",".join(values), {name: ",".join(v) for name, v in line.params.items()})

    def _value(self, line: Line, value: str) -> str:
        begin, slash, end = value.partition("/")
        if slash:
            kept = end if end.strip()[:1] in "+-Pp" else self._value(line, end)
            return f"{self._value(line, begin)}/{kept}"
        if is_date(begin):
            return write_date(read_date(begin) + timedelta(days=self.days))
        zone = self._zone_of(line)
        moved = self.moment(read_date_time(begin, zone))
        if not isinstance(moved, datetime):
            refuse()
        return write_utc(moved) if is_utc(begin) else write_local(moved.astimezone(zone))

    def _zone_of(self, line: Line) -> tzinfo:
        named = self._times.zones.named(tzid) if (tzid := line.param("TZID")) else None
        return named or self._zone or self._times.zone

    def rule(self, value: str) -> str:
        """The rule with its weekdays and its end moved along."""
        moved = []
        for name, text in parts_of(value):
            if name == "BYDAY" and self.days:
                if not set(text.split(",")) <= {*WEEKDAYS}:
                    refuse()
                days = sorted((WEEKDAYS.index(day) + self.days) % 7 for day in text.split(","))
                moved.append(f"{name}={','.join(WEEKDAYS[day] for day in days)}")
            elif name == "UNTIL":
                moved.append(f"{name}={self._until(text)}")
            else:
                moved.append(f"{name}={text}")
        return ";".join(moved)

    def _until(self, text: str) -> str:
        if is_date(text):
            return write_date(read_date(text) + timedelta(days=self.days))
        if self._zone is None:
            return write_date(read_date(text[:8]) + timedelta(days=self.days))
        moved = self.moment(read_date_time(text, self._zone))
        if not isinstance(moved, datetime):
            refuse()
        return write_utc(moved) if is_utc(text) else write_local(moved)


def _can_shift(rule: Rule, start: Moment, days: int) -> bool:
    """Whether a rule, moved by some days, is again a rule that yields just the old days moved by them."""
    if rule.bysetpos or rule.byyearday or rule.byweekno:
        return False
    if rule.freq == Frequency.WEEKLY and not rule.bymonth and not rule.bymonthday:
        if not rule.byday or rule.interval == 1:
            return True
        # Every other week: all days have to stay in one week, or cross into another together.
        weeks = {((weekday - rule.wkst) % 7 + days) // 7 for _, weekday in rule.byday}
        return len(weeks) == 1
    if rule.byday or rule.bymonth or rule.bymonthday:
        return False
    if rule.freq in (Frequency.MONTHLY, Frequency.YEARLY):
        day = start.date() if isinstance(start, datetime) else start
        moved = day + timedelta(days=days)
        # The same days of every month only where every month has them.
        return (moved.year, moved.month) == (day.year, day.month) and max(day.day, moved.day) <= 28
    return rule.freq == Frequency.DAILY
