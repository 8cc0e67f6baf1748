"""From when on a series has to be expanded further: when its next occurrence beyond what is expanded begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.recurrence_rule import Budget, read_rule
from calbot.core.recurrence_steps import starts
from calbot.errors import BadCalendarData

from .reading import Moment, ParsedEvent, ParsedObject

_AHEAD: Final = timedelta(days=370)  # how far the next occurrence is looked for at once
_ZONES_APART: Final = timedelta(days=2)
_STEPS: Final = 2_000
# A change for this and all that follow may move them: their slots then say little about when they begin.
_MOVED: Final = timedelta(days=400)


def resumes(parsed: ParsedObject, end: datetime) -> datetime | None:
    """When the first occurrence begins that an expansion up to `end` does not hold; a moment before that where it is
    not known exactly; None where nothing more comes."""
    if not parsed.is_recurring:
        return None
    moved = any(event.this_and_future for event in parsed.events)
    after = end - _MOVED if moved else end
    try:
        following = min(_after(parsed, after), default=None)
    except (BadCalendarData, OverflowError):
        return end  # it is set aside when it is expanded up to there, if it must be
    return end if moved and following is not None else following


def _after(parsed: ParsedObject, moment: datetime) -> Iterator[datetime]:
    """Occurrences not before a moment: of each rule the next one, of the others all."""
    for event in parsed.events:
        begins = [event.start, *(period.start for period in event.rdates)]
        for one in begins:
            parsed.times.pause()
            if (start := _instant(one, parsed.zone)) >= moment:
                yield start
        if event.recurrence_id is None:
            for text in event.rules:
                yield from _next_of(event, text, moment, parsed.zone)


def _next_of(event: ParsedEvent, text: str, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    rule = read_rule(text)
    last = _day(moment + _AHEAD)
    counted = 0
    # To know that COUNT is used up, all have to be counted.
    first = _day(moment - _ZONES_APART) if rule.count is None else date.min
    for start in starts(rule, event.start, first, last, Budget(_STEPS)):
        if (instant := _instant(start, zone)) >= moment:
            yield instant
            return
        counted += 1
    over = counted == rule.count or (rule.until is not None and rule.until.day <= last)
    if not over:
        yield moment + _AHEAD  # not within a year


def _day(moment: datetime) -> date:
    return moment.date()


def _instant(moment: Moment, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=zone)
