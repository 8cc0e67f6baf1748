"""Answers that come as messages of iTIP (RFC 5546, 3.2.3), and what an organizer makes of them.

An answer counts for the revision that it was given to or a later one, never against a later answer of the same person.
Who was not invited is not added: anybody could send that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import Attendee, CalendarName, Href, PartStat, RecurrenceId, Uid
from calbot.errors import BadCalendarData

from .attendees import Extent, answered
from .editing import lines_of, read_to_edit, written
from .reading import ParsedEvent, attendee_of, read_object, write_recurrence_id
from .recurrence import Series, series_of
from .scheduling import REPLIED_AT

_STAMP: Final = re.compile(r"\d{8}T\d{6}Z")
_ANSWERS: Final = (PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one person answered to an event, or to one date of a series."""

    uid: Uid
    recurrence_id: RecurrenceId | None
    attendee: Attendee
    sequence: int
    at: str  # DTSTAMP, which is in UTC, so that texts compare as times do


def replies_in(data: str, *, zone: ZoneInfo) -> tuple[Reply, ...]:
    """The answers in a message; nothing where it is another kind of message, or no good."""
    try:
        parsed = read_object(data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=zone)
    except BadCalendarData:
        return ()
    if not any(root.value("METHOD").upper() == "REPLY" for root in parsed.roots):
        return ()
    return tuple(reply for event in parsed.events if (reply := _reply(event)) is not None)


def _reply(event: ParsedEvent) -> Reply | None:
    lines = event.component.all("ATTENDEE")
    stamp = event.component.value("DTSTAMP").upper()
    if len(lines) != 1 or not event.uid or not _STAMP.fullmatch(stamp):
        return None
    attendee = attendee_of(lines[0])
    if attendee.address is None or attendee.partstat not in _ANSWERS:
        return None
    slot = None if event.recurrence_id is None else write_recurrence_id(event.recurrence_id)
    return Reply(event.uid, slot, attendee, max(event.sequence, 0), stamp)


def with_reply(data: str, reply: Reply, *, zone: ZoneInfo, now: datetime) -> str | None:
    """The object with the answer in it; None where it is there already, or does not count any more."""
    event = _event_of(series_of(read_to_edit(data, zone)), reply)
    lines = [] if event is None else lines_of(event.component, reply.attendee)
    if event is None or not lines or lines[0].param(REPLIED_AT) >= reply.at or reply.sequence < event.sequence:
        return None
    extent = Extent.ALL if reply.recurrence_id is None else Extent.ONE
    answer = reply.attendee.partstat
    text = answered(data, reply.attendee, answer, zone=zone, now=now, recurrence_id=reply.recurrence_id, extent=extent)
    if text is None:
        return None
    parsed = read_to_edit(text, zone)
    answered_in = _event_of(series_of(parsed), reply)
    if answered_in is not None:
        for line in lines_of(answered_in.component, reply.attendee):
            # For answers that arrive later and are older (RFC 5546, 2.1.5).
            answered_in.component.swap(line, line.with_params({REPLIED_AT: reply.at}))
    return written(parsed)


def _event_of(series: Series, reply: Reply) -> ParsedEvent | None:
    if reply.recurrence_id is None:
        return series.master
    return series.overrides.get(reply.recurrence_id) or series.master
