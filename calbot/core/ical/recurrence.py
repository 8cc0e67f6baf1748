"""When events take place: the occurrences of a calendar object in a window (RFC 5545, 3.8.5).

An occurrence of a series is known by the start that the rule gave it, its slot; an override replaces a slot, wherever
it moves it. An override whose slot the series does not have is an occurrence all the same, as is one without any
master: invitations to a single date of somebody's series come like that. EXDATE takes a slot out together with its
override.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

from calbot.core.model import (
    AllDay,
    CalendarName,
    CalendarObject,
    Occurrence,
    RecurrenceId,
    Timed,
    Uid,
    When,
    instants,
)
from calbot.core.recurrence_rule import MAX_STEPS, Budget, read_rule
from calbot.core.recurrence_steps import starts
from calbot.errors import BadCalendarData

from .content import without_pause
from .horizon import resumes
from .reading import Moment, ParsedEvent, ParsedObject, read_object, read_recurrence_id, write_recurrence_id
from .redaction import without_contents
from .values import Duration

MAX_OCCURRENCES = 5_000


_END_OF_TIME = datetime(9999, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A calendar object as it is stored: `data` is cut down where the object is hidden, and `resumes` is from when on
    a series has to be expanded further."""

    uid: Uid
    recurring: bool
    data: str
    occurrences: tuple[Occurrence, ...]
    resumes: datetime | None = None


def read_and_expand(
    obj: CalendarObject,
    *,
    calendar: CalendarName,
    hidden: bool,
    zone: ZoneInfo,
    window: tuple[datetime, datetime],
    pause: Callable[[], None] = without_pause,
) -> Expanded:
    """Parse an object once and say all that is stored of it; BadCalendarData where it has to be set aside.

    `window` bounds what series are expanded; what happens once is there however far ahead it lies. `pause` is called
    now and then, for others to have their turn.
    """
    parsed = read_object(obj.data, calendar=calendar, href=obj.href, hidden=hidden, zone=zone, pause=pause)
    recurring = parsed.is_recurring
    span = window if recurring else (window[0], _END_OF_TIME)
    occurrences = expand(parsed, window=span, budget=Budget(pause=pause))
    data = without_contents(parsed.roots, pause) if parsed.hidden else obj.data
    return Expanded(parsed.uid, recurring, data, occurrences, resumes(parsed, window[1]) if recurring else None)


def expand(
    parsed: ParsedObject, *, window: tuple[datetime, datetime], budget: Budget | None = None
) -> tuple[Occurrence, ...]:
    """All occurrences that overlap [start, end), cancelled ones included, sorted by start, all-day first, then uid.

    Raises BadCalendarData where a series would take more than a bounded number of steps, or all together more than
    `budget`.
    """
    whole = budget or Budget()
    found: list[Occurrence] = []
    try:
        for uid, events in _by_uid(parsed).items():
            found += Series(parsed, uid, events, Budget(MAX_STEPS, whole)).occurrences(window)
    except OverflowError as error:  # dates beyond the years that there are
        raise BadCalendarData("bad_time") from error
    return tuple(sorted(found, key=lambda occurrence: order_of(occurrence, parsed.zone)))


def order_of(occurrence: Occurrence, zone: ZoneInfo) -> tuple[datetime, bool, str, str]:
    """Sorts by start, all-day first, then uid."""
    start = instants(occurrence.when, zone)[0]
    return start, isinstance(occurrence.when, Timed), occurrence.uid, occurrence.recurrence_id or ""


def overlaps(when: When, window: tuple[datetime, datetime], zone: ZoneInfo) -> bool:
    """Whether a time reaches into [start, end); one that takes no time has to lie in it."""
    start, end = instants(when, zone)
    return start < window[1] and (end > window[0] or start == end == window[0])


def _by_uid(parsed: ParsedObject) -> dict[Uid, list[ParsedEvent]]:
    events: dict[Uid, list[ParsedEvent]] = {}
    whole = parsed.uid
    for event in parsed.events:
        events.setdefault(event.uid or whole, []).append(event)
    return events


def series_of(parsed: ParsedObject) -> Series:
    """The events of the object's UID (RFC 4791, 4.1: there is no other in an object)."""
    return Series(parsed, parsed.uid, _by_uid(parsed).get(parsed.uid, []), Budget())


class Series:
    """The events of one UID: a master, if there is one, and its overrides by slot."""

    def __init__(self, parsed: ParsedObject, uid: Uid, events: Sequence[ParsedEvent], budget: Budget) -> None:
        self._parsed = parsed
        self._uid = uid
        self._budget = budget
        self._pause = parsed.times.pause
        # Of several with one identity the last revision counts (RFC 5546, 2.1.5).
        in_order = sorted(events, key=lambda event: event.sequence)
        masters = [event for event in in_order if event.recurrence_id is None]
        self.master = masters[-1] if masters else None
        self.overrides: dict[RecurrenceId, ParsedEvent] = {}
        for event in in_order:
            if event.recurrence_id is not None:
                self.overrides[self.slot_id(event.recurrence_id)] = event
                self._pause()
        onwards = [item for item in self.overrides.items() if item[1].this_and_future]
        self._onwards = sorted(onwards, key=lambda item: item[0])
        self._onwards_from = [slot_id for slot_id, _ in self._onwards]

    def occurrences(self, window: tuple[datetime, datetime]) -> list[Occurrence]:
        master = self.master
        found: list[Occurrence] = []
        if master is not None:
            self._budget.spend(len(master.exdates) + len(self.overrides))
            taken = self._excluded | self.overrides.keys()
            slots = islice(self._slots(master, *self._days(master, window)), MAX_OCCURRENCES + len(taken) + 1)
            put = list(slots)
            if len(put) > MAX_OCCURRENCES + len(taken):
                raise BadCalendarData("too_many_occurrences")
            for start, length in put:
                self._pause()
                slot_id = write_recurrence_id(start)
                if slot_id not in taken and _day(start) not in self._excluded_days:
                    taken.add(slot_id)
                    found.append(self._regular(master, slot_id, start, length))
        for slot_id, event in self.overrides.items():
            self._pause()
            if self._reaches(event, window) and not self.is_excluded(slot_id):
                found.append(self._occurrence(slot_id, event, event.start, event.length))
        inside = [occurrence for occurrence in found if overlaps(occurrence.when, window, self._parsed.zone)]
        if len(inside) > MAX_OCCURRENCES:
            raise BadCalendarData("too_many_occurrences")
        return inside

    def occurrence(self, recurrence_id: RecurrenceId | None) -> Occurrence | None:
        """One occurrence, wherever it was moved; of a series without a recurrence id, its first."""
        master = self.master
        if recurrence_id in self.overrides and not self.is_excluded(recurrence_id):
            event = self.overrides[recurrence_id]
            return self._occurrence(recurrence_id, event, event.start, event.length)
        if master is None or (recurrence_id is not None and self.is_excluded(recurrence_id)):
            return None
        if recurrence_id is None:
            return self._occurrence(write_recurrence_id(master.start), master, master.start, master.length)
        day = _day(read_recurrence_id(recurrence_id)).toordinal()
        span = date.fromordinal(max(day - 2, 1)), date.fromordinal(min(day + 2, date.max.toordinal()))
        for start, length in self._slots(master, *span):
            if write_recurrence_id(start) == recurrence_id:
                return self._regular(master, recurrence_id, start, length)
        return None

    def is_excluded(self, recurrence_id: RecurrenceId) -> bool:
        if recurrence_id in self._excluded or not self._excluded_days:
            return recurrence_id in self._excluded
        slot = read_recurrence_id(recurrence_id)
        if self.master is not None and isinstance(self.master.start, datetime) and isinstance(slot, datetime):
            slot = slot.astimezone(self.master.start.tzinfo)
        return _day(slot) in self._excluded_days

    @cached_property
    def _excluded(self) -> set[RecurrenceId]:
        excluded = set()
        for moment in self.master.exdates if self.master else ():
            self._pause()
            excluded.add(self.slot_id(moment))
        return excluded

    @cached_property
    def _excluded_days(self) -> set[date]:
        """Days named by EXDATE in a series of times. RFC 5545 wants times there; who writes a day means all of it."""
        if self.master is None or self.master.is_all_day:
            return set()
        return {moment for moment in self.master.exdates if not isinstance(moment, datetime)}

    def _reaches(self, event: ParsedEvent, window: tuple[datetime, datetime]) -> bool:
        return overlaps(_when(event.start, event.length, floating=event.floating), window, self._parsed.zone)

    def onwards(self, recurrence_id: RecurrenceId) -> ParsedEvent | None:
        """The last override before a slot that is for all that follow."""
        place = bisect_left(self._onwards_from, recurrence_id)
        return self._onwards[place - 1][1] if place else None

    def slot_id(self, moment: Moment) -> RecurrenceId:
        """What a RECURRENCE-ID or EXDATE names: where its type is not that of the series, the slot of that day."""
        return write_recurrence_id(_like(moment, self.master.start, self._parsed.zone) if self.master else moment)

    def _slots(self, master: ParsedEvent, first: date, last: date) -> Iterator[tuple[Moment, Duration | None]]:
        """Where rules and RDATEs put occurrences from one day to another, and how long they are if an RDATE says so."""
        for period in master.rdates:
            self._budget.spend(1)
            if first <= _day(period.start) <= last:
                yield _like(period.start, master.start, self._parsed.zone), period.length
        if not master.rules:
            yield master.start, None
        for text in master.rules:
            for start in starts(read_rule(text), master.start, first, last, self._budget):
                if first <= _day(start) <= last:
                    yield start, None

    def _days(self, master: ParsedEvent, window: tuple[datetime, datetime]) -> tuple[date, date]:
        """The days on which a slot can be that reaches into the window: zones are less than two days apart."""
        later = [event for _, event in self._onwards]
        shifts = [timedelta(), *(_day(event.start) - _day(event.recurrence_id or event.start) for event in later)]
        lengths = [event.length.total() for event in (master, *later)]
        lengths += [period.length.total() for period in master.rdates if period.length]
        first = window[0].toordinal() - (max(lengths) + max(shifts)).days - 3
        last = window[1].toordinal() - min(shifts).days + 3
        ends = date.max.toordinal() - 3
        return date.fromordinal(min(max(first, 1), ends)), date.fromordinal(min(max(last, 1), ends))

    def _regular(
        self, master: ParsedEvent, slot_id: RecurrenceId, start: Moment, length: Duration | None
    ) -> Occurrence:
        """A slot without an override of its own: as the master says, or the last THISANDFUTURE before it."""
        event = self.onwards(slot_id)
        if event is None or event.recurrence_id is None:
            return self._occurrence(slot_id, master, start, length or master.length)
        return self._occurrence(slot_id, event, _shifted(start, event.recurrence_id, event.start), event.length)

    def _occurrence(self, slot_id: RecurrenceId, event: ParsedEvent, start: Moment, length: Duration) -> Occurrence:
        master = self.master
        in_series = master is None or master.repeats or bool(self.overrides)
        details = event.details
        if master is not None and event is not master and master.rules:
            details = replace(details, rule=master.rules[0])
        return Occurrence(
            calendar=self._parsed.calendar,
            href=self._parsed.href,
            uid=self._uid,
            recurrence_id=slot_id if in_series else None,
            when=_when(start, length, floating=event.floating),
            details=details,
        )


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _like(moment: Moment, start: Moment, zone: ZoneInfo) -> Moment:
    """A day or time of a series whose start is of the other type: at the time of the start, or the day of the time.

    Exchange names the day of a whole-day series by its midnight at the reader's place, in UTC.
    """
    if isinstance(start, datetime) and not isinstance(moment, datetime):
        return datetime.combine(moment, start.timetz())
    if isinstance(moment, datetime) and not isinstance(start, datetime):
        elsewhere = moment.tzinfo is timezone.utc and moment.time() != time.min
        return (moment.astimezone(zone) if elsewhere else moment).date()
    return moment


def _shifted(start: Moment, origin: Moment, moved: Moment) -> Moment:
    """A slot moved as far as THISANDFUTURE moved its first, on the clock: nine stays nine when clocks change."""
    if isinstance(start, datetime) and isinstance(origin, datetime) and isinstance(moved, datetime):
        return start + (_wall(moved, start.tzinfo) - _wall(origin, start.tzinfo))
    day = _day(start) + (_day(moved) - _day(origin))
    return datetime.combine(day, moved.timetz()) if isinstance(moved, datetime) else day


def _wall(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=timezone.utc)


def _when(start: Moment, length: Duration, *, floating: bool) -> When:
    if not isinstance(start, datetime):
        try:
            return AllDay(start, start + max(timedelta(days=length.total().days), timedelta(days=1)))
        except OverflowError as error:
            raise BadCalendarData("bad_time") from error
    end = length.after(start)
    if not floating:
        # A zone that only this object knows means nothing to anybody else. In the others, a time that clocks left out
        # is shown as what it became.
        zone = start.tzinfo if isinstance(start.tzinfo, ZoneInfo) else timezone.utc
        start, end = (moment.astimezone(timezone.utc).astimezone(zone) for moment in (start, end))
    return Timed(start, end, floating=floating)
