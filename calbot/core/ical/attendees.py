"""Writes what somebody answered to an invitation (PARTSTAT) into an object, and leaves all else in it alone.

That is no new revision: SEQUENCE stays as it is (RFC 5546, 2.1.4). An answer to one occurrence of a series is an
override of it. An answer to the series goes along with the overrides that said the same so far, or nothing yet; who
answered otherwise to a single date meant that date. "This and following" leaves the series whole: the dates before it
keep the answer so far, as overrides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from calbot.core.answers import Answer
from calbot.core.model import Attendee, PartStat, RecurrenceId, Status, instants
from calbot.errors import Code, UserError

from .building import attendee_line, stamp
from .content import Component, Line
from .editing import lines_of, override_of, read_to_edit, written
from .reading import ParsedEvent, ParsedObject, attendee_of, read_recurrence_id
from .recurrence import Series, series_of
from .series import refuse

_MOST_KEPT = 60  # dates before "this and following" that an override is written for

# By slot, None for the series or the single event.
Answers = Mapping[RecurrenceId | None, Answer]


class Extent(str, Enum):
    """How much of a series an answer is for."""

    ONE = "one"
    ALL = "all"
    FOLLOWING = "following"


def answers_of(data: str, who: Attendee, *, zone: ZoneInfo) -> Answers:
    """What somebody known by address or Matrix ID has answered so far, wherever an object says so."""
    series = series_of(read_to_edit(data, zone))
    found: dict[RecurrenceId | None, Answer] = {slot: answer_in(event, who) for slot, event in series.overrides.items()}
    if series.master is not None:
        found[None] = answer_in(series.master, who)
    return found


def answer_to(answers: Answers, recurrence_id: RecurrenceId | None) -> Answer:
    """What holds for an occurrence."""
    return answers.get(recurrence_id, answers.get(None))


def organizer_of(data: str, *, zone: ZoneInfo) -> str:
    """The address of who invites to an event, in lower case; empty where nobody does."""
    for event in read_to_edit(data, zone).events:
        for line in event.component.all("ORGANIZER"):
            if line.value.strip():
                return attendee_of(line).address or ""
    return ""


def answered(
    data: str,
    who: Attendee,
    answer: Answer,
    *,
    zone: ZoneInfo,
    now: datetime,
    recurrence_id: RecurrenceId | None = None,
    extent: Extent = Extent.ONE,
) -> str | None:
    """Write the answer of somebody known by address or Matrix ID; who is not invited is added as `who`, and with no
    answer taken off. None where all of it is there already.

    UserError where the event is cancelled, or there is no such occurrence.
    """
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    if series.master is None or not series.master.repeats:
        changed = [_set(_single(series, recurrence_id), who, answer, now)]
    elif extent is Extent.ONE:
        changed = [_answer_one(parsed, series, recurrence_id, who, answer, now)]
    else:
        first = recurrence_id if extent is Extent.FOLLOWING else None
        changed = [*_keep_before(parsed, series, first, who, answer, now)]
        changed += _answer_series(parsed, series, series.master, first, who, answer, now)
    return written(parsed) if any(changed) else None


def restored(data: str, who: Attendee, before: Answers, *, zone: ZoneInfo, now: datetime) -> str | None:
    """Give somebody the answers back that they had before. None where they have them.

    What has become an override since then had the answer of its series.
    """
    parsed = read_to_edit(data, zone)
    series = series_of(parsed)
    changed = [
        _set(event, who, answer_to(before, slot), now) for slot, event in _events(series) if not _is_cancelled(event)
    ]
    return written(parsed) if any(changed) else None


def answer_in(event: ParsedEvent, who: Attendee) -> Answer:
    """The answer of somebody in one component."""
    lines = lines_of(event.component, who)
    return attendee_of(lines[0]).partstat if lines else None


# --------------------------------------------------------------------------------------------------------- of a series


def _answer_one(
    parsed: ParsedObject,
    series: Series,
    recurrence_id: RecurrenceId | None,
    who: Attendee,
    answer: Answer,
    now: datetime,
) -> bool:
    """The override is only written where it would say something else than what holds already."""
    occurrence = None if recurrence_id is None else series.occurrence(recurrence_id)
    if recurrence_id is None or occurrence is None or series.master is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    if occurrence.details.status is Status.CANCELLED:
        raise UserError(Code.NOT_FOUND, "answer_cancelled")
    event = series.overrides.get(recurrence_id) or series.onwards(recurrence_id) or series.master
    if answer_in(event, who) is answer:
        return False
    return _set_in(override_of(parsed, series, recurrence_id), who, answer, now)


def _keep_before(
    parsed: ParsedObject, series: Series, first: RecurrenceId | None, who: Attendee, answer: Answer, now: datetime
) -> Iterator[bool]:
    """Overrides for the dates ahead that lie before `first`, so that what holds for them does not change."""
    if first is None or series.master is None:
        return
    if any(event.this_and_future for event in parsed.events):
        refuse()
    turn = series.occurrence(first)
    if turn is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    start = instants(turn.when, parsed.zone)[0]
    if answer_in(series.master, who) is answer or start <= now:
        return
    earlier = [
        one.recurrence_id
        for one in series.occurrences((now, start))
        if one.recurrence_id is not None and _is_before(one.recurrence_id, first)
    ]
    if len(earlier) > _MOST_KEPT:
        raise UserError(Code.LIMIT, "answer_too_far", maximum=_MOST_KEPT)
    for slot in earlier:
        if slot not in series.overrides:
            stamp(override_of(parsed, series, slot), now, significant=False)
            yield True


def _answer_series(
    parsed: ParsedObject,
    series: Series,
    master: ParsedEvent,
    first: RecurrenceId | None,
    who: Attendee,
    answer: Answer,
    now: datetime,
) -> list[bool]:
    if _is_cancelled(master):
        raise UserError(Code.NOT_FOUND, "answer_cancelled")
    before = answer_in(master, who)
    changed = [_set(master, who, answer, now)]
    for slot, event in series.overrides.items():
        if _is_cancelled(event) or _is_over(parsed, series, slot, now):
            continue
        if first is not None and _is_before(slot, first):
            continue
        # Who is on the series but not on one date was taken off that date.
        if answer_in(event, who) in {before, PartStat.NEEDS_ACTION} - ({None} if before is not None else set()):
            changed.append(_set(event, who, answer, now))
    return changed


def _is_before(slot: RecurrenceId, other: RecurrenceId) -> bool:
    # Both are of one series, so both are dates, or both are instants in UTC: they sort as text.
    return slot < other if len(slot) == len(other) else str(read_recurrence_id(slot)) < str(read_recurrence_id(other))


def _is_over(parsed: ParsedObject, series: Series, slot: RecurrenceId, now: datetime) -> bool:
    occurrence = series.occurrence(slot)
    return occurrence is None or instants(occurrence.when, parsed.zone)[1] <= now


# ---------------------------------------------------------------------------------------------------------- components


def _events(series: Series) -> Iterator[tuple[RecurrenceId | None, ParsedEvent]]:
    if series.master is not None:
        yield None, series.master
    yield from series.overrides.items()


def _single(series: Series, recurrence_id: RecurrenceId | None) -> ParsedEvent:
    """An event outside a series, or an override whose series is not there."""
    event = series.overrides.get(recurrence_id) if recurrence_id is not None else None
    event = event or series.master
    if event is None:
        raise UserError(Code.NOT_FOUND, "no_such_occurrence")
    if _is_cancelled(event):
        raise UserError(Code.NOT_FOUND, "answer_cancelled")
    return event


def _is_cancelled(event: ParsedEvent) -> bool:
    return event.component.value("STATUS").upper() == Status.CANCELLED.value


def _set(event: ParsedEvent, who: Attendee, answer: Answer, now: datetime) -> bool:
    return _set_in(event.component, who, answer, now)


def _set_in(component: Component, who: Attendee, answer: Answer, now: datetime) -> bool:
    """Whether anything had to be changed."""
    there = lines_of(component, who)
    stale = [line for line in there if answer is None or attendee_of(line).partstat is not answer]
    if not stale and (there or answer is None):
        return False
    for line in stale:
        component.swap(line, *([] if answer is None else [_answered(line, answer)]))
    if answer is not None and not there:
        component.append(attendee_line(replace(who, partstat=answer)))
    stamp(component, now, significant=False)
    return True


def _answered(line: Line, answer: PartStat) -> Line:
    waiting = answer is PartStat.NEEDS_ACTION
    return line.with_params({"PARTSTAT": answer.value, "RSVP": "TRUE" if waiting else None})
