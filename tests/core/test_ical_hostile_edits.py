"""Edits of objects that strangers wrote: refused where they cannot be made, and never a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from calbot.core.ical import attendees, editing, itip, splitting
from calbot.core.ical.editing import Changes
from calbot.core.model import Attendee, PartStat, RecurrenceId, Timed, Uid
from calbot.errors import CalbotError

from .ical_samples import BERLIN, NOW, single

START, RULE = "DTSTART;TZID=Europe/Berlin:20261124T100000", "RRULE:FREQ=WEEKLY"
SECOND = RecurrenceId("20261201T090000Z")
LATER = Timed(datetime(2026, 12, 2, 10, tzinfo=BERLIN), datetime(2026, 12, 2, 11, tzinfo=BERLIN))
BEN = Attendee("Ben", "ben@example.org", None, PartStat.NEEDS_ACTION)
OURS = itip.Sender("chef@example.org", "calbot@example.org")
INVITED = ("ORGANIZER:mailto:chef@example.org", "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:ben@example.org")

ACTS: dict[str, Callable[[str], object]] = {
    "move": lambda data: editing.moved(data, SECOND, LATER, whole_series=False, zone=BERLIN, now=NOW),
    "move all": lambda data: editing.moved(data, SECOND, LATER, whole_series=True, zone=BERLIN, now=NOW),
    "edit": lambda data: editing.edited(data, Changes(title="x"), zone=BERLIN, now=NOW, recurrence_id=SECOND),
    "cancel": lambda data: editing.cancelled_occurrence(data, SECOND, zone=BERLIN, now=NOW),
    "split": lambda data: splitting.split(data, SECOND, Uid("second"), zone=BERLIN, now=NOW),
    "answer": lambda data: attendees.answered(
        data, BEN, PartStat.ACCEPTED, zone=BERLIN, now=NOW, recurrence_id=SECOND, extent=attendees.Extent.ALL
    ),
    "mail": lambda data: itip.letters(None, data, OURS, zone=BERLIN, now=NOW),
}
OBJECTS = {
    "an end after the last year": single(START, "DTEND:99991231T235959Z", RULE, *INVITED),
    "the last year": single("DTSTART:99991231", "RRULE:FREQ=DAILY", *INVITED),
    "a length beyond all years": single(START, "DURATION:P99999999999W", RULE, *INVITED),
    "an exception in the last year": single(START, RULE, "EXDATE:99991231T235959Z", *INVITED),
    "an exception in the first year": single(START, RULE, "EXDATE;VALUE=DATE:00010101", *INVITED),
    "an end in the last year": single(START, "RRULE:FREQ=WEEKLY;UNTIL=99991231", *INVITED),
    "a week that no month has": single(START, "RRULE:FREQ=WEEKLY;BYDAY=54MO,TU", *INVITED),
    "a revision of many digits": single(START, RULE, f"SEQUENCE:{'9' * 5000}", *INVITED),
    "a revision in other digits": single(START, RULE, "SEQUENCE:٣²", *INVITED),
}


def outcome(act: Callable[[str], object], data: str) -> str:
    try:
        act(data)
    except CalbotError as error:
        return error.reason
    return "done"


@pytest.mark.parametrize("data", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_cannot_be_done_is_refused(act: Callable[[str], object], data: str) -> None:
    assert outcome(act, data) in ("done", "bad_time", "bad_rule", "series_too_complex", "no_such_occurrence")


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "1"), ("7", "8"), ("-3", "1"), ("x", "1"), (str(2**31 - 1), str(2**31 - 1)), ("9" * 5000, str(2**31 - 1))],
)
def test_a_revision_fits_into_what_programs_read(before: str, after: str) -> None:
    """32 bits: RFC 5545, 3.3.8."""
    data = editing.cancelled_occurrence(single(START, RULE, f"SEQUENCE:{before}"), SECOND, zone=BERLIN, now=NOW)
    assert f"SEQUENCE:{after}\r\n" in data
