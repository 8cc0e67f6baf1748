"""Answers in objects of others: the right ones change, and nothing else does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.ical.attendees import Extent, answered, answers_of, organizer_of, restored
from calbot.core.model import Attendee, CuType, PartStat, RecurrenceId, Role, UserId
from calbot.errors import UserError

from .ical_samples import BERLIN, NOW, calendar, event, expanded, single, times

LATER = NOW + timedelta(hours=1)
THEIRS = (Path(__file__).parents[1] / "data" / "ics" / "outlook-series.ics").read_bytes().decode()
BEN = Attendee("Ben", "ben@example.org", UserId("@ben:example.org"), role=Role.OPTIONAL)
YES, NO, MAYBE, OPEN = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.NEEDS_ACTION
START = ("DTSTART:20261124T090000Z", "DTEND:20261124T100000Z")
WEEKLY = ("DTSTART;TZID=Europe/Berlin:20261109T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10")
INVITED = "ATTENDEE;CN=Ben;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@example.org"


def slot(day: int, month: int = 11) -> RecurrenceId:
    return RecurrenceId(f"2026{month:02}{day:02}T090000Z")


def override(id: RecurrenceId, *lines: str) -> str:
    return event(f"RECURRENCE-ID:{id}", f"DTSTART:{id}", "DURATION:PT1H", *lines)


def said(data: str | None, who: Attendee = BEN) -> dict[str, PartStat | None]:
    """What somebody is seen to have answered, by occurrence."""
    assert data is not None
    found = {}
    for one in expanded(data).occurrences:
        theirs = [a for a in one.details.attendees if who.address == a.address or (who.user and who.user == a.user)]
        found[one.recurrence_id or ""] = theirs[0].partstat if theirs else None
    return found


def lines_lost(before: str, after: str) -> set[str]:
    left = after.replace("\r\n ", "").split("\r\n")
    lost = set()
    for line in before.replace("\r\n ", "").split("\r\n"):
        if line in left:
            left.remove(line)
        else:
            lost.add(line.partition(":")[0].partition(";")[0].upper())
    return lost


# --------------------------------------------------------------------------------------------------------- one event


@pytest.mark.parametrize(
    "line",
    [
        INVITED,
        "ATTENDEE:mailto:ben@example.org",
        "ATTENDEE:MAILTO:Ben@Example.ORG",
        "attendee;PARTSTAT=TENTATIVE:Mailto:BEN@EXAMPLE.ORG",
        "ATTENDEE;EMAIL=Ben@example.org:urn:uuid:2a1f6c1e-0000-4000-8000-000000000000",
        "ATTENDEE;X-NUM-GUESTS=0;CUTYPE=INDIVIDUAL;PARTSTAT=X-FOO;CN=\"Ben; 'B'\":mailto:ben@example.org",
        "X-CALBOT-ATTENDEE;CN=Ben;PARTSTAT=NEEDS-ACTION:@ben:example.org",
    ],
)
def test_who_is_invited_is_found_however_the_address_is_written(line: str) -> None:
    data = answered(single(*START, line), BEN, YES, zone=BERLIN, now=LATER)
    assert data is not None
    (one,) = expanded(data).occurrences
    assert [a.partstat for a in one.details.attendees] == [YES], "and nobody is added"
    assert "RSVP" not in data


def test_an_answer_keeps_everything_else_and_is_no_new_revision() -> None:
    data = answered(THEIRS, BEN, NO, zone=BERLIN, now=LATER, extent=Extent.ALL)
    assert data is not None
    assert "ATTENDEE;X-NUM=7;PARTSTAT=DECLINED;CN=Ben:mailto:BEN@example.org" in data
    assert "SEQUENCE:4" in data
    assert lines_lost(THEIRS, data) <= {"ATTENDEE", "DTSTAMP", "LAST-MODIFIED"}
    assert times(data) == times(THEIRS)


@pytest.mark.parametrize("who", [BEN, Attendee("Cleo", None, UserId("@cleo:example.org"), role=Role.OPTIONAL)])
def test_who_is_not_invited_is_added_with_the_answer(who: Attendee) -> None:
    data = answered(single(*START), who, MAYBE, zone=BERLIN, now=LATER)
    assert data is not None
    (one,) = expanded(data).occurrences
    (added,) = one.details.attendees
    assert (added.partstat, added.role, added.kind, added.name) == (MAYBE, Role.OPTIONAL, CuType.INDIVIDUAL, who.name)


def test_an_answer_that_is_there_changes_nothing() -> None:
    once = answered(single(*START, INVITED), BEN, YES, zone=BERLIN, now=LATER)
    assert once is not None
    assert answered(once, BEN, YES, zone=BERLIN, now=LATER + timedelta(hours=1)) is None
    assert answered(single(*START), BEN, None, zone=BERLIN, now=LATER) is None


def test_taken_back_it_is_open_again_and_asks_for_an_answer() -> None:
    yes = answered(single(*START, INVITED), BEN, YES, zone=BERLIN, now=LATER)
    assert yes is not None
    data = answered(yes, BEN, OPEN, zone=BERLIN, now=LATER)
    assert data is not None
    assert "ATTENDEE;CN=Ben;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@example.org" in data


def test_who_was_not_on_it_before_is_taken_off_again() -> None:
    before = single(*START, "ATTENDEE:mailto:cleo@example.org")
    yes = answered(before, BEN, YES, zone=BERLIN, now=LATER)
    assert yes is not None
    data = answered(yes, BEN, None, zone=BERLIN, now=LATER)
    assert data is not None
    assert [a.address for a in expanded(data).occurrences[0].details.attendees] == ["cleo@example.org"]


def test_whoever_is_on_it_twice_answers_once() -> None:
    twice = single(*START, INVITED, "X-CALBOT-ATTENDEE;CN=Ben;PARTSTAT=NEEDS-ACTION:@ben:example.org")
    data = answered(twice, BEN, NO, zone=BERLIN, now=LATER)
    assert data is not None
    assert [a.partstat for a in expanded(data).occurrences[0].details.attendees] == [NO, NO]


@pytest.mark.parametrize("extent", Extent)
def test_nothing_is_answered_to_what_is_cancelled(extent: Extent) -> None:
    gone = single(*START, "STATUS:CANCELLED", INVITED)
    with pytest.raises(UserError, match="answer_cancelled"):
        answered(gone, BEN, YES, zone=BERLIN, now=LATER, extent=extent)
    series = calendar(event(*WEEKLY, INVITED, "STATUS:CANCELLED"))
    with pytest.raises(UserError, match="answer_cancelled"):
        answered(series, BEN, YES, zone=BERLIN, now=NOW, recurrence_id=slot(30), extent=extent)


# ---------------------------------------------------------------------------------------------------------- a series


def test_one_date_of_a_series() -> None:
    data = answered(calendar(event(*WEEKLY, INVITED)), BEN, NO, zone=BERLIN, now=LATER, recurrence_id=slot(30))
    answers = said(data)
    assert answers.pop(slot(30)) is NO
    assert set(answers.values()) == {OPEN}
    assert data is not None
    assert data.count("BEGIN:VEVENT") == 2
    assert "SEQUENCE" not in data


def test_no_override_for_what_holds_already() -> None:
    series = calendar(event(*WEEKLY, INVITED.replace("NEEDS-ACTION", "ACCEPTED")))
    assert answered(series, BEN, YES, zone=BERLIN, now=LATER, recurrence_id=slot(30)) is None


@pytest.mark.parametrize("missing", [slot(24), None])
def test_no_such_date(missing: RecurrenceId | None) -> None:
    with pytest.raises(UserError, match="no_such_occurrence"):
        answered(calendar(event(*WEEKLY, INVITED)), BEN, NO, zone=BERLIN, now=LATER, recurrence_id=missing)


def test_a_series_takes_along_what_said_the_same_or_nothing() -> None:
    other = INVITED.replace("NEEDS-ACTION", "DECLINED")
    series = calendar(
        event(*WEEKLY, INVITED),
        override(slot(16), INVITED),  # over
        override(slot(30), INVITED),
        override(slot(7, 12), other),  # answered by itself
        override(slot(14, 12)),  # taken off that date
        override(slot(21, 12), INVITED, "STATUS:CANCELLED"),
    )
    answers = said(answered(series, BEN, YES, zone=BERLIN, now=NOW, extent=Extent.ALL))
    assert answers[slot(16)] is OPEN
    assert answers[slot(30)] is YES
    assert answers[slot(7, 12)] is NO
    assert answers[slot(14, 12)] is None
    assert answers[slot(28, 12)] is YES


def test_who_joins_a_series_joins_the_dates_that_others_answered() -> None:
    series = answered(calendar(event(*WEEKLY, INVITED)), BEN, NO, zone=BERLIN, now=NOW, recurrence_id=slot(30))
    assert series is not None
    cleo = Attendee("Cleo", "cleo@example.org", role=Role.OPTIONAL)
    data = answered(series, cleo, YES, zone=BERLIN, now=NOW, extent=Extent.ALL)
    assert set(said(data, cleo).values()) == {YES}
    assert said(data)[slot(30)] is NO


def test_this_and_following_leaves_the_dates_before_it_as_they_are() -> None:
    series = calendar(event(*WEEKLY, INVITED), override(slot(21, 12), INVITED))
    data = answered(series, BEN, NO, zone=BERLIN, now=NOW, recurrence_id=slot(14, 12), extent=Extent.FOLLOWING)
    answers = said(data)
    assert [answers[one] for one in (slot(30), slot(7, 12))] == [OPEN, OPEN]
    assert {answers[one] for one in answers if one >= slot(14, 12)} == {NO}
    assert data is not None
    assert times(data) == times(series)
    assert data.count("UNTIL") == 0, "and it stays one series"


def test_this_and_following_from_the_next_date_on_is_the_series() -> None:
    series = calendar(event(*WEEKLY, INVITED))
    now = datetime(2026, 11, 23, 10, 30, tzinfo=timezone.utc)
    data = answered(series, BEN, NO, zone=BERLIN, now=now, recurrence_id=slot(30), extent=Extent.FOLLOWING)
    assert data is not None
    assert data.count("BEGIN:VEVENT") == 1


def test_who_is_not_invited_joins_from_a_date_on() -> None:
    data = answered(
        calendar(event(*WEEKLY)), BEN, YES, zone=BERLIN, now=NOW, recurrence_id=slot(7, 12), extent=Extent.FOLLOWING
    )
    answers = said(data)
    assert answers[slot(30)] is None
    assert answers[slot(7, 12)] is YES


def test_this_and_following_has_a_bound() -> None:
    daily = calendar(event("DTSTART:20261109T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", INVITED))
    with pytest.raises(UserError, match="answer_too_far"):
        answered(
            daily,
            BEN,
            NO,
            zone=BERLIN,
            now=NOW,
            recurrence_id=RecurrenceId("20270301T090000Z"),
            extent=Extent.FOLLOWING,
        )


def test_a_date_that_came_without_its_series() -> None:
    data = answered(calendar(override(slot(30), INVITED)), BEN, YES, zone=BERLIN, now=NOW, recurrence_id=slot(30))
    assert said(data) == {slot(30): YES}


def test_all_day_series() -> None:
    series = calendar(event("DTSTART;VALUE=DATE:20261109", "RRULE:FREQ=WEEKLY;COUNT=4", INVITED))
    data = answered(series, BEN, MAYBE, zone=BERLIN, now=NOW, recurrence_id=RecurrenceId("20261130"))
    assert said(data)["20261130"] is MAYBE
    assert data is not None
    assert "RECURRENCE-ID;VALUE=DATE:20261130" in data


# ------------------------------------------------------------------------------------------------------- taken back


@pytest.mark.parametrize("extent", Extent)
@pytest.mark.parametrize("line", [INVITED, "X-OTHER:1"])
def test_what_was_answered_before_comes_back(extent: Extent, line: str) -> None:
    series = calendar(event(*WEEKLY, line), override(slot(7, 12), INVITED.replace("NEEDS-ACTION", "TENTATIVE")))
    before = answers_of(series, BEN, zone=BERLIN)
    data = answered(series, BEN, NO, zone=BERLIN, now=NOW, recurrence_id=slot(30), extent=extent)
    assert data is not None
    back = restored(data, BEN, before, zone=BERLIN, now=LATER)
    assert said(back) == said(series)
    assert back is not None
    assert restored(back, BEN, before, zone=BERLIN, now=LATER) is None


def test_who_invites() -> None:
    assert organizer_of(single(*START), zone=BERLIN) == ""
    assert organizer_of(single(*START, "ORGANIZER;CN=X:MAILTO:Anna@Example.org"), zone=BERLIN) == "anna@example.org"


answers = st.sampled_from([YES, NO, MAYBE, OPEN, None])
days = st.sampled_from([slot(30), slot(7, 12), slot(14, 12), slot(21, 12)])


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(answers, days, st.sampled_from(Extent)), min_size=1, max_size=5))
def test_times_and_others_never_change_and_a_repeat_does_nothing(
    steps: list[tuple[PartStat | None, RecurrenceId, Extent]],
) -> None:
    first = calendar(event(*WEEKLY, INVITED, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:cleo@example.org", "X-Y;Z=1:ä"))
    cleo = Attendee("Cleo", "cleo@example.org")
    data = first
    for answer, day, extent in steps:
        new = answered(data, BEN, answer, zone=BERLIN, now=NOW, recurrence_id=day, extent=extent) or data
        assert times(new) == times(first)
        assert set(said(new, cleo).values()) == {YES}
        assert new.count("X-Y;Z=1:ä") == new.count("BEGIN:VEVENT")
        if extent is Extent.ONE:
            assert said(new)[day] is answer
        assert answered(new, BEN, answer, zone=BERLIN, now=LATER, recurrence_id=day, extent=extent) is None
        data = new
