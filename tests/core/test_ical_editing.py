"""New events, and edits of what others wrote: nothing gets lost that the edit is not about."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core import ical
from calbot.core.ical import Changes, EventDraft
from calbot.core.model import AllDay, Attendee, PartStat, RecurrenceId, Role, Status, Timed, Trigger, Uid, UserId, When
from calbot.errors import BadCalendarData, UserError

from .ical_samples import BERLIN, NOW, calendar, event, expanded, single, times, written

LATER = NOW + timedelta(hours=1)
ANNA = Attendee("Anna Huber", "anna@example.org", None, PartStat.ACCEPTED, Role.CHAIR)
BEN = Attendee('Ben; "B", X', "ben@example.org")
CLEO = Attendee("Cleo", None, UserId("@cleo:example.org"))


def at(text: str, minutes: int = 60, zone: ZoneInfo = BERLIN) -> Timed:
    start = datetime.fromisoformat(text).replace(tzinfo=zone)
    return Timed(start, start + timedelta(minutes=minutes))


def draft(when: When, **more: Any) -> EventDraft:
    return EventDraft(uid=Uid("uid@1"), when=when, title="Jour fixe", **more)


def rid(text: str) -> RecurrenceId:
    return RecurrenceId(text)


# ------------------------------------------------------------------------------------------------------------- new


def test_a_new_event_is_complete() -> None:
    data = ical.build_event(
        draft(
            at("2026-11-24T14:00"),
            location="Raum 4, Rathaus",
            description="a\nb; c",
            link="https://meet.example.org/x",
            organizer=Attendee("Termine", "termine@example.org"),
            attendees=(ANNA, BEN, CLEO),
        ),
        NOW,
    )
    assert "METHOD" not in data
    parsed = icalendar.Calendar.from_ical(data)
    component: Any = parsed.walk("VEVENT")[0]
    assert component["UID"] == "uid@1"
    assert component["SEQUENCE"] == 0
    assert component["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert component["DTSTAMP"].dt == component["CREATED"].dt == component["LAST-MODIFIED"].dt == NOW
    assert component["CONFERENCE"].params["FEATURE"] == "VIDEO"
    assert {str(a): (a.params["PARTSTAT"], a.params.get("RSVP")) for a in component["ATTENDEE"]} == {
        "mailto:anna@example.org": ("ACCEPTED", None),
        "mailto:ben@example.org": ("NEEDS-ACTION", "TRUE"),
    }
    (one,) = expanded(data).occurrences
    assert one.when == at("2026-11-24T14:00")
    assert one.details.attendees == (ANNA, BEN, CLEO)
    assert one.details.link == "https://meet.example.org/x"
    assert one.details.location == "Raum 4, Rathaus"
    assert one.details.description == "a\nb; c"
    assert one.details.organizer == Attendee("Termine", "termine@example.org")
    assert all(len(line.encode()) <= 75 for line in data.split("\r\n"))


def test_the_link_is_the_place_where_there_is_no_other() -> None:
    data = ical.build_event(draft(at("2026-11-24T14:00"), link="https://meet.example.org/x"), NOW)
    assert expanded(data).occurrences[0].details.location == "https://meet.example.org/x"


@pytest.mark.parametrize(
    ("when", "rule", "expected"),
    [
        (at("2026-11-24T14:00"), "FREQ=WEEKLY;UNTIL=20261208", "FREQ=WEEKLY;UNTIL=20261208T130000Z"),
        (at("2026-07-24T00:30"), "FREQ=DAILY;UNTIL=20260725", "FREQ=DAILY;UNTIL=20260724T223000Z"),
        (AllDay(date(2026, 11, 24), date(2026, 11, 25)), "FREQ=WEEKLY;UNTIL=20261208", "FREQ=WEEKLY;UNTIL=20261208"),
        (at("2026-11-24T14:00"), "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "FREQ=WEEKLY;BYDAY=TU;COUNT=3"),
    ],
)
def test_until_has_the_type_that_the_start_asks_for(when: When, rule: str, expected: str) -> None:
    data = ical.build_event(draft(when, rule=rule), NOW)
    assert f"RRULE:{expected}\r\n" in data
    assert len(expanded(data, "2026-01-01", "2027-12-31").occurrences) in (2, 3)


@pytest.mark.parametrize(
    "key",
    [
        *(
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kolkata",
            "Africa/Casablanca",
            "Europe/Dublin",
        ),
        *("America/Sao_Paulo", "Asia/Jerusalem", "Pacific/Apia"),
    ],
)
@pytest.mark.parametrize("year", [2007, 2026])
def test_the_time_zone_written_is_the_zone(key: str, year: int) -> None:
    """Read under a name that nobody knows, the definition alone has to give the same instants for years."""
    zone = ZoneInfo(key)
    data = ical.build_event(draft(at(f"{year}-01-05T09:00", zone=zone), rule="FREQ=WEEKLY;INTERVAL=3;COUNT=80"), NOW)
    anonymous = data.replace(key, "Unknown")
    named = expanded(data, f"{year}-01-01", f"{year + 5}-01-01", zone=zone).occurrences
    defined = expanded(anonymous, f"{year}-01-01", f"{year + 5}-01-01", zone=zone).occurrences
    assert [one.recurrence_id for one in named] == [one.recurrence_id for one in defined]
    assert len(named) > 70


def test_utc_and_all_day_need_no_zone() -> None:
    for when in (at("2026-11-24T14:00", zone=ZoneInfo("UTC")), AllDay(date(2026, 11, 24), date(2026, 11, 26))):
        data = ical.build_event(draft(when, status=Status.TENTATIVE, transparent=True), NOW)
        assert "TZID" not in data
        (one,) = expanded(data).occurrences
        assert one.when == when
        assert (one.details.status, one.details.transparent) == (Status.TENTATIVE, True)


@settings(max_examples=200, deadline=None)
@given(title=st.text(max_size=300), name=st.text(min_size=1, max_size=40))
def test_no_text_breaks_out_of_its_property(title: str, name: str) -> None:
    data = ical.build_event(
        EventDraft(Uid("u"), at("2026-11-24T14:00"), f"a{title}z", attendees=(Attendee(name, "a@b.example"),)), NOW
    )
    (one,) = expanded(data).occurrences
    text = re.sub(r"\r\n?", "\n", f"a{title}z")
    assert one.details.title == re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text)
    assert len(one.details.attendees) == 1
    assert data.count("BEGIN:") == data.count("END:")


# ------------------------------------------------------------------------------------------------------------- edits

# A series as Outlook writes it, with an occurrence moved, one changed otherwise, one taken out, and much else.
THEIRS = (Path(__file__).parents[1] / "data" / "ics" / "outlook-series.ics").read_bytes().decode()
BEFORE = [
    *("2026-11-09 10:00/11:00", "2026-11-24 14:00/15:00", "2026-11-30 10:00/11:00"),
    *("2026-12-07 10:00/11:00", "2026-12-14 10:00/11:00"),
]
# What an edit may touch besides what it is about.
STAMPS = {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"}


def lines_lost(before: str, after: str) -> set[str]:
    """Names of the properties of which a line is not there any more, letter for letter."""
    left = after.replace("\r\n ", "").split("\r\n")
    lost = set()
    for line in before.replace("\r\n ", "").split("\r\n"):
        if line in left:
            left.remove(line)
        else:
            lost.add(line.partition(":")[0].partition(";")[0].upper())
    return lost


def test_the_sample_is_read_as_meant() -> None:
    assert times(THEIRS) == BEFORE


def test_one_occurrence_is_moved_by_an_override() -> None:
    data = ical.moved(
        THEIRS, rid("20261207T090000Z"), at("2026-12-08T09:00", 30), whole_series=False, zone=BERLIN, now=LATER
    )
    assert times(data) == [*BEFORE[:3], "2026-12-08 09:00/09:30", BEFORE[4]]
    assert lines_lost(THEIRS, data) == set()
    moved = next(one for one in expanded(data).occurrences if one.recurrence_id == "20261207T090000Z")
    assert moved.details.title == "Jour fixe"
    assert moved.details.sequence == 5
    assert moved.details.alarms == (Trigger(600),)
    override = data.split("BEGIN:VEVENT")[-1]
    assert "RECURRENCE-ID;TZID=W. Europe Standard Time:20261207T100000" in override
    assert "RRULE" not in override
    assert "EXDATE" not in override
    icalendar.Calendar.from_ical(data)


def test_an_occurrence_that_was_moved_is_moved_again() -> None:
    data = ical.moved(
        THEIRS, rid("20261123T090000Z"), at("2026-11-25T08:00"), whole_series=False, zone=BERLIN, now=LATER
    )
    assert times(data) == [BEFORE[0], "2026-11-25 08:00/09:00", *BEFORE[2:]]
    assert data.count("BEGIN:VEVENT") == 3
    assert lines_lost(THEIRS, data) <= {*STAMPS, "DTSTART", "DTEND"}


@pytest.mark.parametrize("missing", ["20261116T090000Z", "20261208T090000Z", "20261207"])
def test_what_is_no_occurrence_cannot_be_moved_or_cancelled(missing: str) -> None:
    with pytest.raises(UserError) as refused:
        ical.moved(THEIRS, rid(missing), at("2026-12-08T09:00"), whole_series=False, zone=BERLIN, now=LATER)
    assert refused.value.reason == "no_such_occurrence"
    with pytest.raises(UserError):
        ical.cancelled_occurrence(THEIRS, rid(missing), zone=BERLIN, now=LATER)
    assert not ical.has_occurrence(THEIRS, rid(missing), zone=BERLIN)


def test_a_series_is_moved_with_its_exceptions() -> None:
    data = ical.moved(
        THEIRS, rid("20261207T090000Z"), at("2026-12-08T15:30", 45), whole_series=True, zone=BERLIN, now=LATER
    )
    assert times(data) == [
        "2026-11-10 15:30/16:15",
        "2026-11-24 14:00/15:00",  # was moved by itself, and stays where it was put
        *("2026-12-01 15:30/16:15", "2026-12-08 15:30/16:15", "2026-12-15 15:30/16:15"),
    ]
    assert "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=6" in data
    assert lines_lost(THEIRS, data) <= {*STAMPS, "DTSTART", "DTEND", "RRULE", "EXDATE", "RECURRENCE-ID"}
    assert "SEQUENCE:5" in data


@pytest.mark.parametrize(
    ("rule", "start", "to", "possible"),
    [
        ("FREQ=DAILY;COUNT=3", "2026-11-09T10:00", "2026-11-11T12:00", True),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-11-09T10:00", "2026-11-10T10:00", True),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2026-11-09T10:00", "2026-11-10T10:00", False),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-11-09T10:00", "2026-11-17T10:00", True),
        ("FREQ=MONTHLY", "2026-11-09T10:00", "2026-11-12T10:00", True),
        ("FREQ=MONTHLY", "2026-11-09T10:00", "2026-11-30T10:00", False),
        ("FREQ=MONTHLY;BYDAY=2MO", "2026-11-09T10:00", "2026-11-10T10:00", False),
        ("FREQ=MONTHLY;BYDAY=2MO", "2026-11-09T10:00", "2026-11-09T16:00", True),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=9", "2026-11-09T10:00", "2026-11-10T10:00", False),
        ("FREQ=DAILY;BYDAY=MO,TU", "2026-11-09T10:00", "2026-11-10T10:00", False),
    ],
)
def test_a_series_is_moved_where_that_can_be_said_simply(rule: str, start: str, to: str, possible: bool) -> None:
    data = ical.build_event(draft(at(start), rule=rule), NOW)
    if not possible:
        with pytest.raises(UserError) as refused:
            ical.moved(data, None, at(to), whole_series=True, zone=BERLIN, now=LATER)
        assert refused.value.reason == "series_too_complex"
        return
    shift = at(to).start - at(start).start
    moved = ical.moved(data, None, at(to), whole_series=True, zone=BERLIN, now=LATER)
    before = [one.when for one in expanded(data, "2026-11-01", "2027-06-01").occurrences]
    after = [one.when for one in expanded(moved, "2026-11-01", "2027-07-01").occurrences]
    expected = [when.start + shift for when in before if isinstance(when, Timed)]
    assert [when.start for when in after if isinstance(when, Timed)][: len(expected)] == expected


def test_until_moves_along() -> None:
    data = ical.build_event(draft(at("2026-11-09T10:00"), rule="FREQ=WEEKLY;UNTIL=20261123"), NOW)
    later = ical.moved(data, None, at("2026-11-11T22:00"), whole_series=True, zone=BERLIN, now=LATER)
    assert times(later) == [f"2026-11-{day} 22:00/23:00" for day in (11, 18, 25)]
    days = AllDay(date(2026, 11, 9), date(2026, 11, 10))
    data = ical.build_event(draft(days, rule="FREQ=WEEKLY;UNTIL=20261123"), NOW)
    later = ical.moved(
        data, rid("20261116"), AllDay(date(2026, 11, 17), date(2026, 11, 19)), whole_series=True, zone=BERLIN, now=LATER
    )
    assert times(later) == ["2026-11-10/2026-11-12", "2026-11-17/2026-11-19", "2026-11-24/2026-11-26"]
    with pytest.raises(UserError):
        ical.moved(data, None, at("2026-11-11T22:00"), whole_series=True, zone=BERLIN, now=LATER)


@pytest.mark.parametrize(
    ("lines", "when", "expected"),
    [
        (["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"], at("2026-11-25T08:00"), "2026-11-25 08:00/09:00"),
        (
            ["DTSTART;TZID=Europe/Berlin:20261124T090000", "DURATION:PT1H"],
            at("2026-11-25T08:00", 90),
            "2026-11-25 08:00/09:30",
        ),
        (["DTSTART;VALUE=DATE:20261124"], at("2026-11-25T08:00"), "2026-11-25 08:00/09:00"),
        (["DTSTART:20261124T090000Z"], AllDay(date(2026, 11, 25), date(2026, 11, 26)), "2026-11-25/2026-11-26"),
    ],
)
def test_a_single_event_is_moved(lines: list[str], when: When, expected: str) -> None:
    data = single(*lines, "SUMMARY:x", "X-KEEP:1")
    moved = ical.moved(data, None, when, whole_series=False, zone=BERLIN, now=LATER)
    assert times(moved) == [expected]
    assert ical.time_of(moved, None, zone=BERLIN) == when
    assert "SEQUENCE:1" in moved
    assert "DTSTAMP:20261123T110000Z" in moved
    assert "LAST-MODIFIED:20261123T110000Z" in moved
    assert ("BEGIN:VTIMEZONE" in moved) == isinstance(when, Timed)
    icalendar.Calendar.from_ical(moved)


def test_an_occurrence_is_cancelled_by_exdate_together_with_its_override() -> None:
    data = ical.cancelled_occurrence(THEIRS, rid("20261123T090000Z"), zone=BERLIN, now=LATER)
    assert times(data) == [BEFORE[0], *BEFORE[2:]]
    assert "EXDATE;TZID=W. Europe Standard Time:20261123T100000" in data
    assert "SUMMARY:Anders" not in data
    assert not ical.has_occurrence(data, rid("20261123T090000Z"), zone=BERLIN)
    days = ical.build_event(draft(AllDay(date(2026, 11, 9), date(2026, 11, 10)), rule="FREQ=DAILY;COUNT=3"), NOW)
    assert "EXDATE;VALUE=DATE:20261110\r\n" in ical.cancelled_occurrence(days, rid("20261110"), zone=BERLIN, now=LATER)


def test_a_detached_occurrence_becomes_cancelled_once() -> None:
    data = calendar(event("RECURRENCE-ID:20261123T090000Z", "DTSTART:20261123T090000Z"))
    once = ical.cancelled_occurrence(data, rid("20261123T090000Z"), zone=BERLIN, now=LATER)
    assert expanded(once).occurrences[0].details.status is Status.CANCELLED
    assert ical.cancelled_occurrence(once, rid("20261123T090000Z"), zone=BERLIN, now=LATER) == once


def test_editing_a_series_changes_its_overrides_where_they_said_the_same() -> None:
    data = ical.edited(THEIRS, Changes(title="Neu", location="Raum 4"), zone=BERLIN, now=LATER, whole_series=True)
    found = {one.recurrence_id: (one.details.title, one.details.location) for one in expanded(data).occurrences}
    assert found[rid("20261109T090000Z")] == ("Neu", "Raum 4")
    assert found[rid("20261123T090000Z")] == ("Anders", "Raum 4")
    assert found[rid("20261130T090000Z")] == ("Neu", "Raum 5")
    assert 'SUMMARY;LANGUAGE=de;X-PARAM="a;b":Neu' in data
    assert lines_lost(THEIRS, data) <= {"SUMMARY", "DTSTAMP", "LAST-MODIFIED"}


def test_editing_one_occurrence() -> None:
    change = Changes(description="anders", add=(CLEO,), remove=(Attendee("", "ben@example.org"),))
    data = ical.edited(THEIRS, change, zone=BERLIN, now=LATER, recurrence_id=rid("20261207T090000Z"))
    found = {one.recurrence_id: one.details for one in expanded(data).occurrences}
    assert found[rid("20261207T090000Z")].description == "anders"
    assert found[rid("20261207T090000Z")].attendees == (CLEO,)
    assert found[rid("20261214T090000Z")].description == "alt"
    assert "X-ALT-DESC" not in data.split("BEGIN:VEVENT")[-1]
    assert lines_lost(THEIRS, data) == set()


def test_an_empty_text_removes() -> None:
    data = ical.edited(single("DTSTART:20261124T090000Z", "LOCATION:x"), Changes(location=""), zone=BERLIN, now=LATER)
    assert "LOCATION" not in data


def test_line_ends_become_crlf_and_folds_stay() -> None:
    data = ical.edited(THEIRS.replace("\r\n", "\n"), Changes(location="x"), zone=BERLIN, now=LATER, whole_series=True)
    assert data.count("\n") == data.count("\r\n")


property_lines = st.lists(
    st.tuples(
        st.from_regex(r"X-[A-Z]{1,8}", fullmatch=True),
        st.lists(st.from_regex(r';[A-Z]{1,5}=([a-z]{0,5}|"[a-z;:,]{0,8}")', fullmatch=True), max_size=2).map("".join),
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120),
    ).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}"),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(lines=property_lines, before=st.booleans())
def test_whatever_else_is_there_survives_to_the_letter(lines: list[str], before: bool) -> None:
    core = ["DTSTART:20261124T090000Z", "SUMMARY:x"]
    data = single(*lines, *core) if before else single(*core, *lines)
    changed = ical.edited(data, Changes(title="y"), zone=BERLIN, now=LATER)
    changed = ical.moved(changed, None, at("2026-11-25T08:00"), whole_series=False, zone=BERLIN, now=LATER)
    kept = [line for line in changed.replace("\r\n ", "").split("\r\n") if line.startswith("X-")]
    assert kept == lines


def test_time_of() -> None:
    assert ical.time_of(THEIRS, rid("20261123T090000Z"), zone=BERLIN) == at("2026-11-24T14:00")
    assert ical.time_of(THEIRS, rid("20261214T090000Z"), zone=BERLIN) == at("2026-12-14T10:00")
    assert ical.time_of(THEIRS, rid("20261221T090000Z"), zone=BERLIN) is None
    assert ical.time_of(THEIRS, None, zone=BERLIN) == at("2026-11-09T10:00")
    detached = calendar(event("RECURRENCE-ID:20261123T090000Z", "DTSTART:20261125T090000Z"))
    assert ical.time_of(detached, rid("20261123T090000Z"), zone=BERLIN) == Timed(
        datetime(2026, 11, 25, 9, tzinfo=timezone.utc), datetime(2026, 11, 25, 9, tzinfo=timezone.utc)
    )
    assert [written(one) for one in expanded(detached).occurrences] == ["2026-11-25 10:00/10:00"]


ONWARDS = calendar(
    event("DTSTART;TZID=Europe/Berlin:20261109T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4"),
    event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261116T090000Z", "DTSTART:20261116T120000Z", "DURATION:PT2H", "SUMMARY:Neu"
    ),
)


def test_what_holds_for_all_that_follow_is_not_changed_for_one() -> None:
    slot = rid("20261116T090000Z")
    attempts: list[Callable[[], str]] = [
        lambda: ical.moved(ONWARDS, slot, at("2026-11-17T09:00"), whole_series=False, zone=BERLIN, now=LATER),
        lambda: ical.moved(ONWARDS, slot, at("2026-11-17T09:00"), whole_series=True, zone=BERLIN, now=LATER),
        lambda: ical.cancelled_occurrence(ONWARDS, slot, zone=BERLIN, now=LATER),
    ]
    for attempt in attempts:
        with pytest.raises(UserError) as error:
            attempt()
        assert error.value.reason == "series_too_complex"


def test_an_override_is_made_of_what_holds_for_its_slot() -> None:
    data = ical.edited(
        ONWARDS, Changes(location="Raum 4"), zone=BERLIN, now=LATER, recurrence_id=rid("20261123T090000Z")
    )
    found = {one.recurrence_id: one for one in expanded(data).occurrences}
    changed = found[rid("20261123T090000Z")]
    assert (written(changed), changed.details.title, changed.details.location) == (
        "2026-11-23 13:00/15:00",
        "Neu",
        "Raum 4",
    )
    assert written(found[rid("20261130T090000Z")]) == "2026-11-30 13:00/15:00"


def test_additional_dates_move_along_in_the_form_they_have() -> None:
    data = single(
        *(
            "DTSTART;TZID=Europe/Berlin:20261109T100000",
            "DTEND;TZID=Europe/Berlin:20261109T110000",
            "RRULE:FREQ=DAILY;COUNT=1",
        ),
        "RDATE;TZID=Europe/Berlin:20261110T120000",
        "RDATE:20261111T120000Z",
        "RDATE;VALUE=PERIOD:20261112T090000Z/PT30M,20261113T090000Z/20261113T113000Z",
        "EXDATE;VALUE=DATE:20261110",
        "RDATE;VALUE=DATE:20261114",
    )
    moved = ical.moved(data, None, at("2026-11-10T11:00", 60), whole_series=True, zone=BERLIN, now=LATER)
    for line in (
        "RDATE;TZID=Europe/Berlin:20261111T130000",
        "RDATE:20261112T130000Z",
        "RDATE;VALUE=PERIOD:20261113T100000Z/PT30M,20261114T100000Z/20261114T123000Z",
        "EXDATE;VALUE=DATE:20261111",
        "RDATE;VALUE=DATE:20261115",
    ):
        assert f"{line}\r\n" in moved.replace("\r\n ", "")


def test_local_and_floating_ends_of_series_move_along() -> None:
    data = single("DTSTART:20261109T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20261123T100000")
    floating = Timed(at("2026-11-10T12:00").start, at("2026-11-10T13:00").start, floating=True)
    moved = ical.moved(data, None, floating, whole_series=True, zone=BERLIN, now=LATER)
    assert "UNTIL=20261124T120000\r\n" in moved
    assert "DTSTART:20261110T120000\r\n" in moved
    assert len(times(moved)) == 3


def test_a_floating_event_is_written_without_a_zone() -> None:
    floating = Timed(at("2026-11-10T12:00").start, at("2026-11-10T13:00").start, floating=True)
    data = ical.build_event(draft(floating, rule="FREQ=DAILY;UNTIL=20261111"), NOW)
    assert "DTSTART:20261110T120000\r\n" in data
    assert "UNTIL=20261111T120000\r\n" in data
    assert "TZID" not in data


def test_an_object_without_an_event_cannot_be_edited() -> None:
    with pytest.raises(BadCalendarData):
        ical.edited(calendar("BEGIN:VTODO\r\nUID:x\r\nEND:VTODO"), Changes(title="x"), zone=BERLIN, now=LATER)
