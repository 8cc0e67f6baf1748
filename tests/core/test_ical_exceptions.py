"""What takes an occurrence out of a series, in the forms that programs write, and slots where clocks change."""

from __future__ import annotations

import pytest

from .ical_samples import BERLIN, calendar, event, expanded, single, times

TWICE_A_DAY = ("DTSTART;TZID=Europe/Berlin:20261123T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYHOUR=9,15;COUNT=6")
DAYS = ("DTSTART;VALUE=DATE:20261123", "RRULE:FREQ=DAILY;COUNT=3")


def test_a_day_takes_out_all_that_begins_on_it() -> None:
    data = single(*TWICE_A_DAY, "EXDATE;VALUE=DATE:20261124")
    assert times(data) == [
        *("2026-11-23 09:00/10:00", "2026-11-23 15:00/16:00"),
        *("2026-11-25 09:00/10:00", "2026-11-25 15:00/16:00"),
    ]


def test_a_day_takes_out_overrides_of_what_begins_on_it() -> None:
    moved = event("RECURRENCE-ID;TZID=Europe/Berlin:20261124T150000", "DTSTART;TZID=Europe/Berlin:20261126T150000")
    data = calendar(event(*TWICE_A_DAY, "EXDATE;VALUE=DATE:20261124"), moved)
    assert "2026-11-26 15:00/15:00" not in times(data)
    assert len(times(data)) == 4


def test_a_time_takes_out_one_of_several_on_a_day() -> None:
    data = single(*TWICE_A_DAY, "EXDATE:20261124T140000Z")
    assert len(times(data)) == 5
    assert "2026-11-24 15:00/16:00" not in times(data)


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;VALUE=DATE:20261124",
        "EXDATE:20261124",
        "EXDATE:20261124T000000",
        "EXDATE:20261124T000000Z",
        "EXDATE;TZID=Europe/Berlin:20261124T000000",
        "EXDATE;TZID=America/New_York:20261124T000000",
        "EXDATE:20261123T230000Z",  # midnight in Berlin, as Exchange writes it
    ],
)
def test_days_are_taken_out_by_their_midnight_too(exdate: str) -> None:
    assert times(single(*DAYS, exdate)) == ["2026-11-23/2026-11-24", "2026-11-25/2026-11-26"]


def test_an_override_outside_the_rule_is_an_occurrence_of_its_own() -> None:
    data = calendar(
        event("DTSTART;TZID=Europe/Berlin:20261123T090000", "RRULE:FREQ=DAILY;COUNT=2"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000", "DTSTART;TZID=Europe/Berlin:20261123T110000"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20261201T090000", "DTSTART;TZID=Europe/Berlin:20261201T120000"),
    )
    assert times(data) == [
        *("2026-11-23 09:00/09:00", "2026-11-23 11:00/11:00"),
        *("2026-11-24 09:00/09:00", "2026-12-01 12:00/12:00"),
    ]


@pytest.mark.parametrize(
    ("until", "number"),
    [
        ("20261125T080000Z", 3),  # the last one itself
        ("20261125T075959Z", 2),
        ("20261125T090000", 3),  # without Z: on the clock of the series
        ("20261125T085959", 2),
        ("20261125", 3),  # a day: all of it
        ("20261124T225959Z", 2),  # the end of the day before
        ("20261125T225959Z", 3),  # the end of the day, as Google writes it
    ],
)
def test_until_in_every_form(until: str, number: int) -> None:
    series = ("DTSTART;TZID=Europe/Berlin:20261123T090000", f"RRULE:FREQ=DAILY;UNTIL={until}")
    assert len(times(single(*series))) == number


@pytest.mark.parametrize("until", ["20261125", "20261125T000000Z", "20261125T225959Z", "20261125T000000"])
def test_until_of_days_in_every_form(until: str) -> None:
    assert len(times(single("DTSTART;VALUE=DATE:20261123", f"RRULE:FREQ=DAILY;UNTIL={until}"))) == 3


def test_slots_that_clocks_leave_out_come_later_and_those_they_show_twice_first() -> None:
    """RFC 5545, 3.3.5: half past two in the night of the change is half past three, or the first of both."""
    spring = single(
        "DTSTART;TZID=Europe/Berlin:20260328T023000",
        "DTEND;TZID=Europe/Berlin:20260328T033000",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    assert times(spring) == ["2026-03-28 02:30/03:30", "2026-03-29 03:30/04:30"]
    autumn = expanded(single("DTSTART;TZID=Europe/Berlin:20261025T023000", "DURATION:PT1H")).occurrences[0].when
    assert str(autumn.start) == "2026-10-25 02:30:00+02:00"
    assert str(autumn.end) == "2026-10-25 02:30:00+01:00"


def test_an_exception_in_utc_hits_the_slot_in_the_missing_hour() -> None:
    data = single("DTSTART;TZID=Europe/Berlin:20260328T023000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260329T013000Z")
    assert times(data) == ["2026-03-28 02:30/02:30", "2026-03-30 02:30/02:30"]


def test_whole_days_are_the_same_days_everywhere() -> None:
    data = single("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261108", "RRULE:FREQ=MONTHLY;COUNT=2")
    assert times(data) == ["2026-10-24/2026-11-08", "2026-11-24/2026-12-09"]
    assert times(data, zone=BERLIN) == times(data, zone=type(BERLIN)("Pacific/Kiritimati"))


def test_exrule_is_not_read() -> None:
    data = single("DTSTART:20261123T080000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXRULE:FREQ=DAILY;COUNT=2")
    assert len(times(data)) == 3
