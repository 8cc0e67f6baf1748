"""Splits a series in two, so that one of its occurrences and those after it can be changed or taken away.

RANGE=THISANDFUTURE, which RFC 5545 has for that, is what Outlook, Apple and Thunderbird neither write nor show right.
They all end the series before the occurrence, by UNTIL, and let another series with a UID of its own go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import AllDay, RecurrenceId, Timed, Uid, When
from calbot.core.recurrence_rule import Budget, parts_of, read_rule
from calbot.core.recurrence_steps import starts
from calbot.errors import BadCalendarData, Code, UserError

from .building import moment_line, required, stamp, time_lines
from .content import Component, Line, property_line
from .editing import keep_dates, read_to_edit, written
from .reading import Moment, ParsedEvent, ParsedObject
from .recurrence import Series, series_of
from .series import refuse
from .values import write_date, write_local, write_text, write_utc

_ZONES_APART: Final = timedelta(days=2)
_WINDOWS: Final = (timedelta(days=40), timedelta(days=400), timedelta(days=4000))
_DATES: Final = ("EXDATE", "RDATE")
_KEPT: Final = frozenset({"VEVENT", "VTIMEZONE"})
# What a scheduling server noted about messages of the other object (RFC 6638, 7.2 and 7.3).
_DELIVERY: Final = {"SCHEDULE-STATUS": None, "SCHEDULE-FORCE-SEND": None}


@dataclass(frozen=True, slots=True)
class Halves:
    """`first` keeps the UID and ends before the slot, `second` is a new object that begins with it."""

    first: str
    second: str


def is_first(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo) -> bool:
    """Whether no occurrence is left before this one, so that it and those after it are all there is."""
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    master = series.master
    if master is None:
        return False
    excluded = {series.slot_id(moment) for moment in master.exdates}
    if any(slot < recurrence_id for slot in series.overrides.keys() - excluded):
        return False
    return all(slot in excluded for slot, _ in _slots_before(series, master, recurrence_id, master.start))


def is_only(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo) -> bool:
    """Whether no other occurrence is left of a series."""
    series = series_of(read_to_edit(data, zone))
    master = series.master
    if master is None or any((rule := read_rule(text)).count is None and rule.until is None for text in master.rules):
        return False
    excluded = {*(series.slot_id(moment) for moment in master.exdates), recurrence_id}
    moments = chain(_by_rule(master, _day_of(master.start), date.max), (period.start for period in master.rdates))
    left = chain(series.overrides, map(series.slot_id, moments))
    try:
        return all(slot in excluded for slot in left)
    except (BadCalendarData, OverflowError):  # what is so rare that it takes long to find is there all the same
        return False


def goes_on(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo) -> bool:
    """Whether a series has anything left from a slot on, be it taken out."""
    series = series_of(read_to_edit(data, zone))
    master = series.master
    if any(slot >= recurrence_id for slot in series.overrides):
        return True
    if master is None:
        return False
    dates = (series.slot_id(period.start) for period in master.rdates)
    return bool(_ahead(series, master, recurrence_id)) or any(slot >= recurrence_id for slot in dates)


def ended(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo, now: datetime) -> str:
    """The series without this occurrence and those after it. There have to be some before (`is_first`)."""
    parsed = read_to_edit(data, zone)
    series, master = _series(parsed, recurrence_id)
    rules = master.component.all("RRULE")
    last = _last_before(series, master, recurrence_id)
    for line in rules:
        master.component.swap(line, property_line("RRULE", _until(line.value, last, master)))
    keep_dates(parsed, series, master, _DATES, lambda slot: slot < recurrence_id)
    _keep_overrides(parsed, series, lambda slot: slot < recurrence_id)
    stamp(master.component, now, significant=True)
    return written(parsed)


def split(data: str, recurrence_id: RecurrenceId, uid: Uid, *, zone: ZoneInfo, now: datetime) -> Halves:
    """The series up to this occurrence, and what goes on from it as another one, `uid`.

    UserError where what goes on cannot be said by a rule and dates alone.
    """
    return Halves(ended(data, recurrence_id, zone=zone, now=now), _rest(data, recurrence_id, uid, zone=zone, now=now))


def _rest(data: str, recurrence_id: RecurrenceId, uid: Uid, *, zone: ZoneInfo, now: datetime) -> str:
    parsed = read_to_edit(data, zone)
    series, master = _series(parsed, recurrence_id)
    if any(event.this_and_future for slot, event in series.overrides.items() if slot < recurrence_id):
        refuse()  # its changes would have to be worked into the rule
    component = master.component
    begin, length = _slot(series, master, recurrence_id)
    for line in component.all("RRULE"):
        rule = _counted_on(line.value, series, master, recurrence_id)
        component.swap(line, *([property_line("RRULE", rule)] if rule else []))
    keep_dates(parsed, series, master, _DATES, lambda slot: slot >= recurrence_id)
    # The start stands for the RDATE at its own place from now on.
    keep_dates(parsed, series, master, ["RDATE"], lambda slot: slot != recurrence_id)
    _keep_overrides(parsed, series, lambda slot: slot >= recurrence_id)
    _begin_at(component, _time(begin, master, length), parsed)
    others = [event.component for event in parsed.events if event.uid not in ("", parsed.uid)]
    for root in parsed.roots:
        root.items = [
            item
            for item in root.items
            if isinstance(item, Line) or (item.name in _KEPT and not any(item is other for other in others))
        ]
        for event in root.components:
            if event.name == "VEVENT":
                _become(event, uid, parsed.uid, now)
    return written(parsed)


# ----------------------------------------------------------------------------------------------------------- slots


def _series(parsed: ParsedObject, recurrence_id: RecurrenceId) -> tuple[Series, ParsedEvent]:
    series = series_of(parsed)
    master = series.master
    if master is None or series.occurrence(recurrence_id) is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    if not master.repeats or len(master.rules) > 1 or master.component.first("EXRULE"):
        refuse()
    return series, master


def _slots_before(
    series: Series, master: ParsedEvent, recurrence_id: RecurrenceId, first: Moment
) -> Iterator[tuple[RecurrenceId, Moment]]:
    """What rule, start and RDATEs yield before a slot, from the day of `first` on and maybe some of what is earlier."""
    for moment in _by_rule(master, _day_of(first), _day_after(recurrence_id)):
        if (slot := series.slot_id(moment)) < recurrence_id:
            yield slot, moment
    for period in master.rdates:
        if (slot := series.slot_id(period.start)) < recurrence_id:
            yield slot, period.start


def _by_rule(master: ParsedEvent, first: date, last: date) -> Iterator[Moment]:
    if not master.rules:
        yield master.start
    for text in master.rules:
        yield from starts(read_rule(text), master.start, first, last, Budget())


def _last_before(series: Series, master: ParsedEvent, recurrence_id: RecurrenceId) -> Moment:
    """The last that the rule yields before a slot: what to write into UNTIL. Outlook takes the day of it for the last
    day, which a moment shortly before the slot could get wrong."""
    for back in _WINDOWS:
        first = max(_day_of(master.start), _day_after(recurrence_id) - back)
        found = [
            moment
            for moment in _by_rule(master, first, _day_after(recurrence_id))
            if moment != master.start and series.slot_id(moment) < recurrence_id
        ]
        if found:
            return max(found, key=series.slot_id)
        if first == _day_of(master.start):
            return master.start
    found = list(_by_rule(master, _day_of(master.start), _day_after(recurrence_id)))
    return max((moment for moment in found if series.slot_id(moment) < recurrence_id), key=series.slot_id)


def _slot(series: Series, master: ParsedEvent, recurrence_id: RecurrenceId) -> tuple[Moment, timedelta | None]:
    """The start of a slot on the clock of its series, and how long it takes if its RDATE says so.

    Not what the instant says: 2:30 is that also where the clock leaves it out on this very day.
    """
    ahead = list(_ahead(series, master, recurrence_id))
    for moment in ahead:
        if series.slot_id(moment) == recurrence_id:
            return moment, None
    if master.rules and ahead:
        refuse()  # an RDATE in front of what the rule goes on with: no start says both
    for period in master.rdates:
        if series.slot_id(period.start) == recurrence_id:
            return period.start, period.length.total() if period.length else None
    raise UserError(Code.NOT_FOUND, "no_such_occurrence")


def _ahead(series: Series, master: ParsedEvent, recurrence_id: RecurrenceId) -> Sequence[Moment]:
    """Some of what the rule yields from a slot on, and nothing only where it yields nothing more."""
    day = _day_after(recurrence_id)
    for span in _WINDOWS:
        found = [
            moment
            for moment in _by_rule(master, day - 2 * _ZONES_APART, day + span)
            if series.slot_id(moment) >= recurrence_id
        ]
        if found:
            return found
    return ()


def _day_of(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _day_after(recurrence_id: RecurrenceId) -> date:
    """A day by which the slot is over in every zone."""
    return date(int(recurrence_id[:4]), int(recurrence_id[4:6]), int(recurrence_id[6:8])) + _ZONES_APART


# ------------------------------------------------------------------------------------------------------------ rules


def _until(rule: str, last: Moment, master: ParsedEvent) -> str:
    """The rule with an end in place of any it had: a date, or an instant in UTC, as DTSTART asks for (RFC 5545,
    3.3.10)."""
    if not isinstance(last, datetime):
        text = write_date(last)
    else:
        text = write_local(last) if master.floating else write_utc(last)
    kept = [f"{name}={value}" for name, value in parts_of(rule) if name not in ("COUNT", "UNTIL")]
    return ";".join([*kept, f"UNTIL={text}"])


def _counted_on(rule: str, series: Series, master: ParsedEvent, recurrence_id: RecurrenceId) -> str:
    """The rule with what is left of its COUNT; nothing where nothing is."""
    count = read_rule(rule).count
    if count is None:
        return rule if _ahead(series, master, recurrence_id) else ""
    passed = sum(
        series.slot_id(moment) < recurrence_id
        for moment in _by_rule(master, _day_of(master.start), _day_after(recurrence_id))
    )
    if passed >= count:
        return ""
    return ";".join(f"{name}={count - passed if name == 'COUNT' else value}" for name, value in parts_of(rule))


# ------------------------------------------------------------------------------------------------------- components


def _keep_overrides(parsed: ParsedObject, series: Series, wanted: Callable[[RecurrenceId], bool]) -> None:
    gone = [
        event.component
        for event in parsed.events
        if event.recurrence_id is not None
        and event.uid in ("", parsed.uid)
        and not wanted(series.slot_id(event.recurrence_id))
    ]
    for root in parsed.roots:
        root.items = [item for item in root.items if not any(item is component for component in gone)]


def _time(start: Moment, master: ParsedEvent, length: timedelta | None) -> When:
    if isinstance(start, datetime):
        end = start + length if length is not None else master.length.after(start)
        return Timed(start, end, floating=master.floating)
    return AllDay(start, start + (length if length is not None else master.length.total()))


def _begin_at(component: Component, when: When, parsed: ParsedObject) -> None:
    """Another start, and the end that goes with it; a DURATION, or that there is neither, says so by itself."""
    like = required(component, "DTSTART")
    start = when.start
    floating = isinstance(when, Timed) and when.floating
    component.swap(like, moment_line("DTSTART", start, floating=floating, like=like, times=parsed.times))
    if component.first("DTEND") is not None:
        component.replace("DTEND", time_lines(when, like, parsed.times)[1])


def _become(event: Component, uid: Uid, origin: Uid, now: datetime) -> None:
    """Part of a new object, which has no history yet, and says where it comes from."""
    event.replace("UID", property_line("UID", write_text(uid)))
    stamp(event, now, significant=False)
    event.replace("SEQUENCE", property_line("SEQUENCE", "0"))
    if event.first("CREATED") is not None:
        event.replace("CREATED", property_line("CREATED", write_utc(now)))
    for line in list(event.lines):
        if line.name in ("ATTENDEE", "ORGANIZER") and not _DELIVERY.keys().isdisjoint(line.params):
            event.swap(line, line.with_params(_DELIVERY))
    if event.first("RECURRENCE-ID") is None:
        event.append(property_line("RELATED-TO", write_text(origin), {"RELTYPE": "SIBLING"}))
