"""What a change made of an object is taken back; what others made of it stays, and where both did the same, nothing."""

from __future__ import annotations

import pytest

from calbot.core import ical
from calbot.core.ical import Changes, reverting, splitting
from calbot.core.ical.reverting import Overlap
from calbot.core.model import Attendee, RecurrenceId

from .ical_samples import BERLIN, NOW, calendar, event, single

BEN = Attendee("Ben", "ben@example.org")
EVENT = single(
    "DTSTART:20261124T090000Z",
    "SUMMARY:Runde",
    "RRULE:FREQ=WEEKLY;COUNT=4",
    "EXDATE:20261201T090000Z",
    "ATTENDEE;PARTSTAT=ACCEPTED;X-SEAT=3:mailto:anna@example.org",
    "X-THEIRS:1",
)
SECOND = RecurrenceId("20261208T090000Z")


def back(data: str, before: str, after: str) -> str | None:
    return reverting.reverted(data, before, after, zone=BERLIN, now=NOW)


def edited(data: str, **changes: object) -> str:
    return ical.edited(data, Changes(**changes), zone=BERLIN, now=NOW, whole_series=True)  # type: ignore[arg-type]


def test_only_what_was_changed_is_put_back() -> None:
    after = edited(EVENT, title="Neu", location="Rathaus", add=(BEN,), remove=(Attendee("", "anna@example.org"),))
    now_is = after.replace("X-THEIRS:1", "X-THEIRS:2").replace("NEEDS-ACTION", "DECLINED")
    undone = back(now_is, EVENT, after)
    assert undone is not None
    assert "SUMMARY:Runde" in undone
    assert "LOCATION" not in undone
    assert "ATTENDEE;PARTSTAT=ACCEPTED;X-SEAT=3:mailto:anna@example.org" in undone  # as it was, to the letter
    assert "ben@example.org" not in undone  # whatever he has answered
    assert "X-THEIRS:2" in undone
    assert "SEQUENCE" not in undone  # nobody has to answer again
    assert back(undone, EVENT, after) is None


def test_where_somebody_changed_the_same_nothing_is_done() -> None:
    after = edited(EVENT, title="Neu")
    with pytest.raises(Overlap):
        back(after.replace("SUMMARY:Neu", "SUMMARY:Ganz neu"), EVENT, after)


def test_another_spelling_of_a_server_is_no_change() -> None:
    after = splitting.ended(EVENT, SECOND, zone=BERLIN, now=NOW)
    rule = next(line for line in after.splitlines() if line.startswith("RRULE"))
    parts = rule.removeprefix("RRULE:").split(";")
    respelled = after.replace(rule, f"RRULE:{';'.join(reversed(parts))}").replace(
        "ATTENDEE;PARTSTAT=ACCEPTED;X-SEAT=3", "ATTENDEE;X-SEAT=3;PARTSTAT=ACCEPTED"
    )
    undone = back(respelled, EVENT, after)
    assert undone is not None
    assert "RRULE:FREQ=WEEKLY;COUNT=4" in undone
    assert "SEQUENCE:2" in undone  # for attendees the series goes on again


def test_an_override_goes_unless_somebody_has_written_into_it() -> None:
    after = ical.edited(EVENT, Changes(title="Anders"), zone=BERLIN, now=NOW, recurrence_id=SECOND)
    undone = back(after, EVENT, after)
    assert undone is not None
    assert "RECURRENCE-ID" not in undone
    with pytest.raises(Overlap):
        back(after.replace("SUMMARY:Anders", "SUMMARY:Ganz anders"), EVENT, after)


def test_an_override_that_was_cut_off_comes_back() -> None:
    own = event("RECURRENCE-ID:20261208T090000Z", "DTSTART:20261208T150000Z", "SUMMARY:Anders", "X-OWN:1")
    before = EVENT.replace("END:VCALENDAR", f"{own}\r\nEND:VCALENDAR")
    after = splitting.ended(before, SECOND, zone=BERLIN, now=NOW)
    assert "X-OWN" not in after
    undone = back(after, before, after)
    assert undone is not None
    assert "X-OWN:1" in undone
    assert undone.index("RRULE") < undone.index("X-OWN:1")


def test_what_is_gone_cannot_be_taken_back() -> None:
    after = edited(EVENT, title="Neu")
    other = calendar(event("DTSTART:20261124T090000Z", uid="other"))
    with pytest.raises(Overlap):
        back(other, EVENT, after)
