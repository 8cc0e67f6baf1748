"""Changes objects as their owners left them: what an edit does not concern stays as it is, to the letter.

SEQUENCE grows where times, rules or exceptions change (RFC 5546, 2.1.4); DTSTAMP and LAST-MODIFIED always. A series is
changed as a whole together with its exceptions; one occurrence by an override with its RECURRENCE-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from calbot.core.model import Attendee, CalendarName, Details, Href, PartStat, RecurrenceId, Status, Uid, When
from calbot.errors import BadCalendarData, Code, UserError

from .building import add_missing_zones, attendee_line, moment_line, organizer_line, required, set_time, stamp
from .content import Component, Line, property_line, write_components
from .reading import CALBOT_ATTENDEE, ParsedEvent, ParsedObject, attendee_of, read_object, read_recurrence_id
from .recurrence import Series, series_of
from .series import move_series, naming_after_move, refuse
from .values import read_text, write_text, write_utc

# Properties that make a series, and have no place in one of its occurrences.
_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different; None leaves alone, an empty text removes.

    `organizer` is who invites, where somebody is added to an event to which nobody invited so far.
    """

    title: str | None = None
    location: str | None = None
    description: str | None = None
    add: tuple[Attendee, ...] = ()
    remove: tuple[Attendee, ...] = ()
    organizer: Attendee | None = None


def time_of(data: str, recurrence_id: RecurrenceId | None, *, zone: ZoneInfo) -> When | None:
    """When one occurrence takes place, or the event (the first occurrence) without an id; None where there is none."""
    occurrence = series_of(read_to_edit(data, zone)).occurrence(recurrence_id)
    return occurrence.when if occurrence else None


def was_moved_at(
    data: str, recurrence_id: RecurrenceId | None, now: datetime, since: int, *, whole_series: bool, zone: ZoneInfo
) -> bool:
    """Whether a command that was given `now` has moved this already, whose SEQUENCE was `since` before."""
    series = series_of(read_to_edit(data, zone))
    event = None if whole_series or recurrence_id is None else series.overrides.get(recurrence_id)
    master = series.master
    if event is None and master is not None and (whole_series or recurrence_id is None or not master.repeats):
        event = master
    if event is None or event.component.value("LAST-MODIFIED") != write_utc(now):
        return False
    # What was named may have been an exception of the series, with a SEQUENCE of its own.
    events = [event, *series.overrides.values()] if whole_series else [event]
    return any(
        one.component.value("LAST-MODIFIED") == write_utc(now)
        and one.component.value("SEQUENCE") not in ("", str(since))
        for one in events
    )


def has_occurrence(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo) -> bool:
    return time_of(data, recurrence_id, zone=zone) is not None


def moved(
    data: str, recurrence_id: RecurrenceId | None, when: When, *, whole_series: bool, zone: ZoneInfo, now: datetime
) -> str:
    """Move an event, one occurrence of a series, or the whole series so that this occurrence comes to be at `when`.

    Raises UserError where a rule cannot be adapted to it in the way people would expect.
    """
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    if series.master is not None and series.master.repeats:
        if whole_series:
            try:
                move_series(parsed, series, recurrence_id, when, now)
            except OverflowError as error:  # dates beyond the years that there are
                raise BadCalendarData("bad_time") from error
            return written(parsed)
        component = override_of(parsed, series, recurrence_id)
    else:
        component = _single(series, recurrence_id)
    set_time(component, when, parsed.times)
    stamp(component, now, significant=True)
    return written(parsed)


def ids_after_move(
    data: str, recurrence_id: RecurrenceId, when: When, *, zone: ZoneInfo
) -> Callable[[RecurrenceId], RecurrenceId]:
    """What names the occurrences of a series that was moved (see `moved`); `data` is as before or after that."""
    parsed = read_to_edit(data, zone)
    return naming_after_move(parsed, series_of(parsed), recurrence_id, when)


def edited(
    data: str,
    changes: Changes,
    *,
    zone: ZoneInfo,
    now: datetime,
    recurrence_id: RecurrenceId | None = None,
    whole_series: bool = False,
) -> str:
    """Change what an event, an occurrence or a whole series says; the very same text where it says all of it already.

    In a series, overrides follow where they said the same as the series; what they say of their own stays. What
    nothing is changed in stays as it is, to its stamps.
    """
    parsed = read_to_edit(data, zone)
    components = _affected(parsed, recurrence_id, whole_series=whole_series)
    before = [list(component.items) for component in components]
    texts = {"SUMMARY": changes.title, "LOCATION": changes.location, "DESCRIPTION": changes.description}
    for name, text in texts.items():
        said = components[0].value(name)
        if text is None or text == read_text(said):
            continue
        for component in components:
            if component.value(name) == said:
                _set_text(component, name, text)
    for component in components:
        _set_attendees(component, changes)
    changed = [component for component, items in zip(components, before, strict=True) if component.items != items]
    for component in changed:
        stamp(component, now, significant=False)
    return written(parsed) if changed else data


def said(
    data: str, recurrence_id: RecurrenceId | None, *, whole_series: bool, zone: ZoneInfo
) -> tuple[Details, When] | None:
    """What an edit with these arguments would change, and when that takes place; None where there is no such thing."""
    series = series_of(read_to_edit(data, zone))
    occurrence = series.occurrence(recurrence_id)
    if occurrence is None:
        return None
    if whole_series and series.master is not None and series.master.repeats:
        return series.master.details, occurrence.when
    return occurrence.details, occurrence.when


def cancelled_occurrence(data: str, recurrence_id: RecurrenceId, *, zone: ZoneInfo, now: datetime) -> str:
    """Take one occurrence out of its series by EXDATE; one that came without its series becomes CANCELLED."""
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    if series.occurrence(recurrence_id) is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    override = series.overrides.get(recurrence_id)
    if series.master is None:
        component = _single(series, recurrence_id)
        if component.value("STATUS").upper() == Status.CANCELLED.value:
            return data
        component.replace("STATUS", property_line("STATUS", Status.CANCELLED.value))
        stamp(component, now, significant=True)
        return written(parsed)
    if override is not None:
        if override.this_and_future:
            refuse()
        for root in parsed.roots:
            root.items = [item for item in root.items if item is not override.component]
    master = series.master.component
    line = _slot_line("EXDATE", parsed, series.master, recurrence_id)
    if others := master.all("EXDATE"):
        master.swap(others[-1], others[-1], line)
    else:
        master.append(line)
    stamp(master, now, significant=True)
    return written(parsed)


def restored_occurrence(
    data: str, before: str, recurrence_id: RecurrenceId, when: When, *, zone: ZoneInfo, now: datetime
) -> str | None:
    """Put an occurrence back that `cancelled_occurrence` took out of `before`; None where it takes place already.

    Without `before` only its time comes back, which is `when`.
    """
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    override = series_of(read_to_edit(before, zone)).overrides.get(recurrence_id) if before else None
    if series.master is None:
        component = _single(series, recurrence_id)
        if component.value("STATUS").upper() != Status.CANCELLED.value:
            return None
        status = override.component.first("STATUS") if override else None
        component.replace("STATUS", *([status] if status else []))
        stamp(component, now, significant=True)
        return written(parsed)
    if series.occurrence(recurrence_id) is not None:
        return None
    keep_dates(parsed, series, series.master, ["EXDATE"], lambda slot: slot != recurrence_id)
    stamp(series.master.component, now, significant=True)
    if override is not None:
        restored = override.component.copy()
        stamp(restored, now, significant=True)
        _insert_event(parsed, series.master, restored)
        return written(parsed)
    text = written(parsed)
    if time_of(text, recurrence_id, zone=zone) not in (None, when):
        return moved(text, recurrence_id, when, whole_series=False, zone=zone, now=now)
    return text


def renamed(data: str, uid: Uid, *, zone: ZoneInfo, now: datetime) -> str:
    """The same event or series as another object, for the calendar to take it as new."""
    parsed = read_to_edit(data, zone)
    for event in parsed.events:
        event.component.replace("UID", property_line("UID", write_text(uid)))
        stamp(event.component, now, significant=False)
    return written(parsed)


def rebooked(data: str, when: When, attendees: Iterable[Attendee], *, zone: ZoneInfo, now: datetime) -> str:
    """Move an event to another time, with the answers of `attendees` to that time; who is not on it is added.

    Others stay on it, but what they agreed to was another time. UserError where somebody made a series of it.
    """
    parsed = read_to_edit(data, zone)
    if parsed.is_recurring:
        refuse()
    component = _single(series_of(parsed), None)
    set_time(component, when, parsed.times)
    if component.value("STATUS").upper() == Status.CANCELLED.value:
        component.replace("STATUS", property_line("STATUS", Status.CONFIRMED.value))
    lines: dict[str, Line] = {}
    for line in component.lines:
        if line.name in ("ATTENDEE", CALBOT_ATTENDEE):
            known = attendee_of(line)
            lines[known.user or known.address or ""] = line
    for attendee in attendees:
        line = attendee_line(attendee)
        # Somebody may have been written down by Matrix ID before their address was known.
        names = (attendee.address.lower() if attendee.address else None, attendee.user)
        there = next((lines.pop(name) for name in names if name in lines), None)
        if there is None:
            component.append(line)
        else:
            component.swap(
                there, there.with_params({"PARTSTAT": attendee.partstat.value, "RSVP": line.param("RSVP") or None})
            )
    for line in lines.values():
        if attendee_of(line).partstat in (PartStat.ACCEPTED, PartStat.TENTATIVE):
            component.swap(line, line.with_params({"PARTSTAT": PartStat.NEEDS_ACTION.value, "RSVP": "TRUE"}))
    stamp(component, now, significant=True)
    return written(parsed)


# ------------------------------------------------------------------------------------------------------- components


def read_to_edit(data: str, zone: ZoneInfo) -> ParsedObject:
    parsed = read_object(data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=zone)
    if not parsed.events:
        raise BadCalendarData("no_event")
    return parsed


def written(parsed: ParsedObject) -> str:
    for root in parsed.roots:
        add_missing_zones(root)
    return write_components(list(parsed.roots))


def _affected(parsed: ParsedObject, recurrence_id: RecurrenceId | None, *, whole_series: bool) -> list[Component]:
    """What an edit is about; the master first."""
    series = series_of(parsed)
    if series.master is None or not series.master.repeats:
        return [_single(series, recurrence_id)]
    if whole_series:
        return [series.master.component, *(event.component for event in series.overrides.values())]
    return [override_of(parsed, series, recurrence_id)]


def _single(series: Series, recurrence_id: RecurrenceId | None) -> Component:
    """An event outside a series, or an override whose series is not there."""
    event = series.master if recurrence_id is None else series.overrides.get(recurrence_id)
    if event is None and series.occurrence(recurrence_id) is not None:
        event = series.master
    if event is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    return event.component


def override_of(parsed: ParsedObject, series: Series, recurrence_id: RecurrenceId | None) -> Component:
    """The component of one occurrence of a series, made from what holds for it if it has none of its own."""
    occurrence = series.occurrence(recurrence_id) if recurrence_id else None
    if recurrence_id is None or occurrence is None or series.master is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    if event := series.overrides.get(recurrence_id):
        if event.this_and_future:
            refuse()
        return event.component
    component = (series.onwards(recurrence_id) or series.master).component.copy()
    component.items = [item for item in component.items if isinstance(item, Component) or item.name not in _SERIES]
    start = component.first("DTSTART")
    set_time(component, occurrence.when, parsed.times)
    line = _slot_line("RECURRENCE-ID", parsed, series.master, recurrence_id)
    if start is not None:
        component.swap(required(component, "DTSTART"), line, required(component, "DTSTART"))
    _insert_event(parsed, series.master, component)
    return component


def _insert_event(parsed: ParsedObject, master: ParsedEvent, component: Component) -> None:
    """Put an override behind the events of its series."""
    root = next(root for root in parsed.roots if any(item is master.component for item in root.items))
    last = max(i for i, item in enumerate(root.items) if isinstance(item, Component) and item.name == "VEVENT")
    root.items.insert(last + 1, component)


def keep_dates(
    parsed: ParsedObject,
    series: Series,
    master: ParsedEvent,
    names: Sequence[str],
    wanted: Callable[[RecurrenceId], bool],
) -> None:
    """Of the dates in the properties of a series with these names, EXDATE or RDATE, leave those at wanted places."""
    for line in chain.from_iterable(map(master.component.all, names)):
        values = [value for value in line.value.split(",") if value.strip()]
        slots = [series.slot_id(period.start) for period in parsed.times.moments(line, master.start)]
        kept = [value for value, slot in zip(values, slots, strict=True) if wanted(slot)]
        if len(kept) < len(values):
            params = {param: ",".join(texts) for param, texts in line.params.items()}
            master.component.swap(line, *([property_line(line.name, ",".join(kept), params)] if kept else []))


def _slot_line(name: str, parsed: ParsedObject, master: ParsedEvent, recurrence_id: RecurrenceId) -> Line:
    """A slot in the form that DTSTART has (RFC 5545, 3.8.4.4 and 3.8.5.1)."""
    slot = read_recurrence_id(recurrence_id)
    start = required(master.component, "DTSTART")
    if isinstance(slot, datetime) and isinstance(master.start, datetime):
        slot = slot.astimezone(master.start.tzinfo)
    return moment_line(name, slot, floating=master.floating, like=start, times=parsed.times)


# ------------------------------------------------------------------------------------------------------- properties


# What programs keep beside a text, and would show in its place: Outlook's HTML, Apple's and Exchange's maps.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "DESCRIPTION": ("X-ALT-DESC",),
    "LOCATION": ("X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "GEO"),
}


def _set_attendees(component: Component, changes: Changes) -> None:
    for attendee in changes.remove:
        for line in lines_of(component, attendee):
            component.swap(line)
    for attendee in changes.add:
        if not lines_of(component, attendee):
            component.append(attendee_line(attendee))
    organizer = changes.organizer
    if organizer is not None and component.first("ATTENDEE") is not None and component.first("ORGANIZER") is None:
        component.append(organizer_line(organizer))


def _set_text(component: Component, name: str, text: str) -> None:
    line = component.first(name)
    params = {key: ",".join(values) for key, values in line.params.items() if key != "ALTREP"} if line else {}
    component.replace(name, *([property_line(name, write_text(text), params)] if text else []))
    for other in _BESIDE.get(name, ()):
        component.replace(other)


def lines_of(component: Component, attendee: Attendee) -> list[Line]:
    found = []
    for line in component.lines:
        if line.name in ("ATTENDEE", CALBOT_ATTENDEE):
            known = attendee_of(line)
            same_address = attendee.address is not None and known.address == attendee.address.lower()
            if same_address or (attendee.user is not None and known.user == attendee.user):
                found.append(line)
    return found
