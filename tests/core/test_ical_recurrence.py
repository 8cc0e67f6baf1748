"""Occurrences of whole objects: exceptions, overrides, zones, clock changes, windows, bounds."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.model import AllDay, Status, Timed
from calbot.errors import BadCalendarData

from .ical_samples import calendar, day, event, expanded, single, times

WEEKLY = ("DTSTART;TZID=Europe/Berlin:20261109T100000", "DTEND;TZID=Europe/Berlin:20261109T110000", "SUMMARY:Jour fixe")


def override(recurrence_id: str, *lines: str) -> str:
    return event(f"RECURRENCE-ID;TZID=Europe/Berlin:{recurrence_id}", *lines)


def ids(data: str) -> list[str | None]:
    return [one.recurrence_id for one in expanded(data).occurrences]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"], ["2026-11-24 10:00/11:00"]),
        (["DTSTART:20261124T090000Z"], ["2026-11-24 10:00/10:00"]),
        (["DTSTART:20261124T090000"], ["2026-11-24 09:00/09:00"]),  # floating
        (["DTSTART;TZID=Nowhere/Unknown:20261124T090000", "DURATION:PT15M"], ["2026-11-24 09:00/09:15"]),
        (["DTSTART;TZID=America/New_York:20261124T090000", "DURATION:PT1H30M"], ["2026-11-24 15:00/16:30"]),
        (["DTSTART;TZID=W. Europe Standard Time:20261124T090000", "DURATION:PT1H"], ["2026-11-24 09:00/10:00"]),
        (["DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261124T090000"], ["2026-11-24 01:00/01:00"]),
        (['DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern":20260724T090000'], ["2026-07-24 09:00/09:00"]),
        (["DTSTART;TZID=Asia/Tokyo:20261124T090000Z"], ["2026-11-24 10:00/10:00"]),  # Z wins
        (["DTSTART;VALUE=DATE:20261124"], ["2026-11-24/2026-11-25"]),
        (["DTSTART:20261124"], ["2026-11-24/2026-11-25"]),  # VALUE=DATE forgotten
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261127"], ["2026-11-24/2026-11-27"]),
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124"], ["2026-11-24/2026-11-25"]),
        (["DTSTART;VALUE=DATE:20261124", "DURATION:P2D"], ["2026-11-24/2026-11-26"]),
        (["DTSTART:20261124T090000Z", "DTEND:20261124T080000Z"], ["2026-11-24 10:00/10:00"]),  # ends before it begins
        # Starts and ends of different types or zones.
        (["DTSTART;VALUE=DATE:20261124", "DTEND:20261125T120000Z"], ["2026-11-24/2026-11-26"]),
        (["DTSTART:20261124T090000Z", "DTEND;VALUE=DATE:20261125"], ["2026-11-24 10:00/2026-11-25 01:00"]),
        (
            ["DTSTART;TZID=Europe/Berlin:20261124T090000", "DTEND;TZID=America/New_York:20261124T120000"],
            ["2026-11-24 09:00/18:00"],
        ),
        (["DTSTART:20261124T223000Z", "DURATION:PT3H"], ["2026-11-24 23:30/2026-11-25 02:30"]),
        # Clocks go back on 25 October: a day on the wall has 25 hours, 24 hours are 24 hours.
        (["DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:P1D"], ["2026-10-24 12:00/2026-10-25 12:00"]),
        (["DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:PT24H"], ["2026-10-24 12:00/2026-10-25 11:00"]),
    ],
)
def test_times_of_single_events(lines: list[str], expected: list[str]) -> None:
    assert times(single(*lines)) == expected
    assert ids(single(*lines)) == [None]


def test_floating_times_are_marked_and_follow_the_reader() -> None:
    (one,) = expanded(single("DTSTART:20261124T090000", "DURATION:PT1H")).occurrences
    assert isinstance(one.when, Timed)
    assert one.when.floating
    (zoned,) = expanded(single("DTSTART:20261124T090000Z")).occurrences
    assert isinstance(zoned.when, Timed)
    assert not zoned.when.floating


CUSTOM_ZONE = "\r\n".join(
    [
        *("BEGIN:VTIMEZONE", "TZID:{tzid}"),
        *("BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0600", "TZOFFSETTO:+0500"),
        *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD"),
        *("BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0500", "TZOFFSETTO:+0600"),
        *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE"),
    ]
)


def test_a_zone_that_nobody_knows_is_as_its_definition_says() -> None:
    zone = CUSTOM_ZONE.format(tzid="Customized Time Zone")
    start = "DTSTART;TZID=Customized Time Zone:20261020T120000"
    data = calendar(zone, event(start, "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert times(data) == ["2026-10-20 08:00/09:00", "2026-10-27 08:00/09:00"]
    summer = calendar(zone, event(start.replace("1020", "0720")))
    assert times(summer) == ["2026-07-20 08:00/08:00"]


def test_the_name_of_a_zone_wins_over_a_definition_that_contradicts_it() -> None:
    data = calendar(CUSTOM_ZONE.format(tzid="Europe/Berlin"), event("DTSTART;TZID=Europe/Berlin:20261124T090000"))
    assert times(data) == ["2026-11-24 09:00/09:00"]


def test_a_definition_does_not_leak_into_other_objects() -> None:
    event_in_it = event("DTSTART;TZID=Ours:20261124T120000")
    assert times(calendar(CUSTOM_ZONE.format(tzid="Ours"), event_in_it)) == ["2026-11-24 08:00/08:00"]
    assert times(calendar(event_in_it)) == ["2026-11-24 12:00/12:00"]


def test_a_hostile_definition_costs_no_more_than_a_rule() -> None:
    zone = CUSTOM_ZONE.format(tzid="Hostile").replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "FREQ=SECONDLY")
    started = time.thread_time()
    assert times(calendar(zone, event("DTSTART;TZID=Hostile:20261124T120000"))) == ["2026-11-24 12:00/12:00"]
    assert time.thread_time() - started < 2


def test_a_series_keeps_its_time_on_the_wall() -> None:
    data = single(
        *("DTSTART;TZID=Europe/Berlin:20261020T100000", "DTEND;TZID=Europe/Berlin:20261020T110000"),
        "RRULE:FREQ=WEEKLY;COUNT=3",
    )
    assert times(data) == ["2026-10-20 10:00/11:00", "2026-10-27 10:00/11:00", "2026-11-03 10:00/11:00"]
    assert ids(data) == ["20261020T080000Z", "20261027T090000Z", "20261103T090000Z"]


def test_times_that_clocks_leave_out_or_show_twice() -> None:
    spring = single("DTSTART;TZID=Europe/Berlin:20260328T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    assert times(spring) == ["2026-03-28 02:30/03:30", "2026-03-29 03:30/04:30", "2026-03-30 02:30/03:30"]
    autumn = single("DTSTART;TZID=Europe/Berlin:20261024T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    assert ids(autumn) == ["20261024T003000Z", "20261025T003000Z", "20261026T013000Z"]


def test_a_night_shift_ends_at_the_same_time_on_the_wall() -> None:
    data = single(
        "DTSTART;TZID=Europe/Berlin:20261023T220000",
        "DTEND;TZID=Europe/Berlin:20261024T060000",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    assert times(data) == ["2026-10-23 22:00/2026-10-24 06:00", "2026-10-24 22:00/2026-10-25 06:00"]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20261116T100000",
        "EXDATE:20261116T090000Z",
        "EXDATE:20261116T100000",  # without zone: that of the series
        "EXDATE;VALUE=DATE:20261116",
        "EXDATE;TZID=W. Europe Standard Time:20261116T100000,20261117T100000",
    ],
)
def test_exdate_in_every_form(exdate: str) -> None:
    data = single(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", exdate)
    assert times(data) == ["2026-11-09 10:00/11:00", "2026-11-23 10:00/11:00"]


def test_rdate_dates_times_and_periods() -> None:
    data = single(
        *WEEKLY,
        "RDATE;TZID=Europe/Berlin:20261110T120000,20261111T120000",
        "RDATE;VALUE=PERIOD:20261112T090000Z/PT30M,20261113T090000Z/20261113T113000Z",
        "EXDATE;TZID=Europe/Berlin:20261111T120000",
    )
    assert times(data) == [
        "2026-11-09 10:00/11:00",
        "2026-11-10 12:00/13:00",
        "2026-11-12 10:00/10:30",
        "2026-11-13 10:00/12:30",
    ]


@pytest.mark.parametrize("recurrence_id", ["TZID=Europe/Berlin:20261116T100000", "VALUE=DATE:20261116"])
def test_an_override_replaces_its_slot(recurrence_id: str) -> None:
    moved = event(f"RECURRENCE-ID;{recurrence_id}", "DTSTART:20261118T130000Z", "DURATION:PT2H", "SUMMARY:Moved")
    data = calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3"), moved)
    found = expanded(data).occurrences
    assert [one.details.title for one in found] == ["Jour fixe", "Moved", "Jour fixe"]
    assert times(data)[1] == "2026-11-18 14:00/16:00"
    assert found[1].recurrence_id == "20261116T090000Z"
    assert {one.details.rule for one in found} == {"FREQ=WEEKLY;COUNT=3"}


def test_the_order_of_components_does_not_matter() -> None:
    parts = [
        event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4"),
        override("20261116T100000", "DTSTART:20261118T130000Z"),
        override("20261130T100000", "DTSTART:20261130T130000Z", "STATUS:CANCELLED"),
    ]
    assert expanded(calendar(*parts)).occurrences == expanded(calendar(*reversed(parts))).occurrences


def test_of_two_overrides_of_one_slot_the_higher_sequence_counts() -> None:
    new = override("20261116T100000", "DTSTART:20261116T130000Z", "SEQUENCE:2")
    old = override("20261116T100000", "DTSTART:20261116T150000Z", "SEQUENCE:1")
    data = calendar(new, old, event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert times(data) == ["2026-11-09 10:00/11:00", "2026-11-16 14:00/14:00"]


def test_overrides_moved_into_or_out_of_the_window_are_found_or_not() -> None:
    data = calendar(
        event(*WEEKLY, "RRULE:FREQ=WEEKLY"),
        override("20261109T100000", "DTSTART;TZID=Europe/Berlin:20270601T100000"),
        override("20270607T100000", "DTSTART;TZID=Europe/Berlin:20261201T100000"),
    )
    assert times(data, "2026-11-01", "2026-12-05") == [
        *("2026-11-16 10:00/11:00", "2026-11-23 10:00/11:00", "2026-11-30 10:00/11:00", "2026-12-01 10:00/10:00"),
    ]
    assert times(data, "2027-06-01", "2027-06-08") == ["2027-06-01 10:00/10:00"]


def test_a_detached_override_is_an_occurrence() -> None:
    data = calendar(override("20261116T100000", "DTSTART:20261116T130000Z"))
    assert times(data) == ["2026-11-16 14:00/14:00"]
    assert ids(data) == ["20261116T090000Z"]


def test_an_excluded_slot_takes_its_override_along() -> None:
    data = calendar(
        event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20261116T090000Z"),
        override("20261116T100000", "DTSTART:20261116T130000Z"),
    )
    assert times(data) == ["2026-11-09 10:00/11:00"]


def test_this_and_future() -> None:
    onwards = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261116T100000",
        *("DTSTART;TZID=Europe/Berlin:20261117T140000", "DURATION:PT30M", "SUMMARY:Later"),
    )
    own = override("20261130T100000", "DTSTART;TZID=Europe/Berlin:20261130T080000")
    data = calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=5"), onwards, own)
    assert times(data) == [
        "2026-11-09 10:00/11:00",
        "2026-11-17 14:00/14:30",
        "2026-11-24 14:00/14:30",
        "2026-11-30 08:00/08:00",
        "2026-12-08 14:00/14:30",
    ]
    # Found also where only its moved later ones reach into the window.
    assert times(data, "2026-12-08", "2026-12-09") == ["2026-12-08 14:00/14:30"]


def test_cancelled_occurrences_are_there_and_say_so() -> None:
    data = calendar(
        event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2"),
        override("20261116T100000", "DTSTART;TZID=Europe/Berlin:20261116T100000", "STATUS:CANCELLED"),
    )
    assert [one.details.status for one in expanded(data).occurrences] == [Status.CONFIRMED, Status.CANCELLED]


def test_all_day_series() -> None:
    data = calendar(
        event(
            "DTSTART;VALUE=DATE:20261109",
            "DTEND;VALUE=DATE:20261111",
            "RRULE:FREQ=WEEKLY;UNTIL=20261123",
            "EXDATE;VALUE=DATE:20261116",
        ),
    )
    assert times(data) == ["2026-11-09/2026-11-11", "2026-11-23/2026-11-25"]
    assert ids(data) == ["20261109", "20261123"]


def test_the_window_is_half_open_and_knows_long_events() -> None:
    data = single("DTSTART;TZID=Europe/Berlin:20261109T100000", "DURATION:P9D", "RRULE:FREQ=MONTHLY")
    assert times(data, "2027-02-18", "2027-02-19") == ["2027-02-09 10:00/2027-02-18 10:00"]
    assert times(data, "2027-02-19", "2027-02-20") == []
    short = single("DTSTART;TZID=Europe/Berlin:20261109T000000", "DURATION:PT1H")
    assert times(short, "2026-11-09", "2026-11-10")
    assert not times(short, "2026-11-08", "2026-11-09")
    moment = single("DTSTART;TZID=Europe/Berlin:20261109T000000")
    assert times(moment, "2026-11-09", "2026-11-10")
    assert not times(moment, "2026-11-08", "2026-11-09")


def test_what_happens_once_is_stored_however_far_ahead() -> None:
    once = single("DTSTART:20350101T100000Z")
    assert not times(once, "2026-11-01", "2027-05-01")
    assert len(expanded(once, "2026-11-01", "2027-05-01").occurrences) == 1
    assert not expanded(once, "2036-11-01", "2037-05-01").occurrences
    series = single("DTSTART:20350101T100000Z", "RRULE:FREQ=DAILY;COUNT=3")
    assert not expanded(series, "2026-11-01", "2027-05-01").occurrences


def test_a_long_history_costs_nothing() -> None:
    data = single("DTSTART:19000101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    started = time.thread_time()
    assert len(expanded(data, "2026-11-01", "2026-12-01").occurrences) == 30
    assert time.thread_time() - started < 1


def test_thousands_of_exceptions() -> None:
    first = datetime(2015, 1, 1, 9)  # noqa: DTZ001 - written with a Z
    dates = ",".join(f"{first + timedelta(days=n):%Y%m%dT%H%M%SZ}" for n in range(0, 6000, 2))
    data = single("DTSTART:20150101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", f"EXDATE:{dates}")
    assert len(expanded(data, "2026-11-01", "2026-12-01").occurrences) == 15


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY"], "rule_unbounded"),
        (["DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5"], "rule_unbounded"),
        (["DTSTART:20260101T000000Z", "RRULE:FREQ=HOURLY"], "too_many_occurrences"),
        (["DTSTART:20260101T000000Z", "RRULE:FREQ=HOURLY;COUNT=99999999"], "too_many_occurrences"),
        (["DTSTART:20260101T000000Z", "RRULE:nonsense"], "bad_rule"),
        (["DTSTART:tomorrow"], "bad_time"),
        (["DTSTART:00010101T000000Z", "DTEND:99991231T235959Z"], None),
        (["DTSTART:20261301T000000Z"], "bad_time"),
        (["SUMMARY:no start"], "no_start"),
        (["DTSTART:20260101T000000Z", "DURATION:P999999D"], None),
        (["DTSTART:20260101T000000Z", "EXDATE:rubbish", "RRULE:FREQ=DAILY"], "bad_time"),
        (["DTSTART:20260101T000000Z", f"DESCRIPTION:{'x' * 1024 * 1024}"], "object_too_big"),
    ],
)
def test_what_is_bad_or_without_bounds_is_refused_at_once(lines: list[str], reason: str | None) -> None:
    started = time.thread_time()
    found = None
    try:
        expanded(single(*lines))
    except BadCalendarData as error:
        found = error.reason
    assert found == reason
    assert time.thread_time() - started < 2  # tenths of a second, on a slow machine


@pytest.mark.parametrize(
    "data",
    ["", "BEGIN:VCALENDAR\r\n", "<html></html>", "BEGIN:VEVENT\nEND:VEVENT", "\x00\x01", "BEGIN:VCALENDAR\nEND:VEVENT"],
)
def test_what_is_no_calendar_is_bad_data(data: str) -> None:
    with pytest.raises(BadCalendarData) as refused:
        expanded(data)
    assert refused.value.reason == "not_icalendar"


def test_an_object_without_events_has_none_and_no_problem() -> None:
    todo = "BEGIN:VTODO\r\nUID:todo\r\nDUE:20261124T090000Z\r\nEND:VTODO"
    assert expanded(calendar(todo)).occurrences == ()


def test_line_feeds_byte_order_mark_and_folds() -> None:
    data = "\ufeff" + single("DTSTART:20261124T090000Z", "SUMMARY:Jour\r\n  fixe").replace("\r\n", "\n")
    (one,) = expanded(data).occurrences
    assert one.details.title == "Jour fixe"


def test_several_uids_are_several_events() -> None:
    data = calendar(event("DTSTART:20261125T090000Z"), event("DTSTART;VALUE=DATE:20261124", uid="uid-2"))
    assert [(one.uid, isinstance(one.when, AllDay)) for one in expanded(data).occurrences] == [
        ("uid-2", True),
        ("uid-1", False),
    ]


def test_an_event_without_uid_is_known_by_its_name() -> None:
    assert expanded(calendar(event("DTSTART:20261124T090000Z", uid=""))).uid == "name"


@st.composite
def objects(draw: st.DrawFn) -> str:
    """Series with exceptions and overrides, all of which recurring_ical_events reads the same way."""
    start = draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))).replace(second=0, microsecond=0)  # noqa: DTZ001
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    step = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(days=7), "MONTHLY": timedelta(days=28)}[freq]
    start = start.replace(day=min(start.day, 28), hour=max(start.hour, 4))  # not at the hour when clocks change
    end = f"COUNT={draw(st.integers(1, 40))}"
    zone = "TZID=Europe/Berlin"
    form = "%Y%m%dT%H%M%S"
    slots = st.lists(st.integers(0, 12), max_size=3, unique=True)
    excluded = [start + step * n for n in draw(slots)] if freq != "MONTHLY" else []
    moved = [start + step * n for n in draw(slots)] if freq != "MONTHLY" else []
    lines = [f"DTSTART;{zone}:{start:{form}}", f"DURATION:PT{draw(st.integers(1, 600))}M", f"RRULE:FREQ={freq};{end}"]
    lines += [f"EXDATE;{zone}:{moment:{form}}" for moment in excluded]
    overrides = [
        event(
            f"RECURRENCE-ID;{zone}:{slot:{form}}",
            f"DTSTART;{zone}:{slot + timedelta(hours=draw(st.integers(-30, 30)), minutes=1):{form}}",
            "DURATION:PT30M",
        )
        for slot in moved
        if slot not in excluded
    ]
    return calendar(*draw(st.permutations([event(*lines), *overrides])))


@settings(max_examples=150, deadline=None)
@given(data=objects(), begin=st.integers(0, 500), days=st.integers(1, 200))
def test_agrees_with_recurring_ical_events(data: str, begin: int, days: int) -> None:
    first = day("2026-01-01") + timedelta(days=begin)
    window = (first, first + timedelta(days=days))
    theirs = recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between(*window)
    expected = sorted((one["DTSTART"].dt, one["DTEND"].dt) for one in theirs)
    found = expanded(data, f"{window[0]:%Y-%m-%d}", f"{window[1]:%Y-%m-%d}").occurrences
    ours = [(one.when.start, one.when.end) for one in found]
    starts = [start for start, _ in expected]
    assert [start for start, _ in ours] == starts
    # Where clocks change between start and end, minutes are minutes here and the clock on the wall there.
    steady = [n for n, (start, end) in enumerate(expected) if start.utcoffset() == end.utcoffset()]
    assert [ours[n] for n in steady] == [expected[n] for n in steady]


SAMPLE = calendar(
    CUSTOM_ZONE.format(tzid="Ours"),
    event(
        *WEEKLY,
        "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=9",
        "EXDATE;TZID=Ours:20261116T100000",
        "ATTENDEE;CN=x:mailto:a@b.example",
    ),
    event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T090000Z", "DTSTART;TZID=Ours:20261123T110000", "DURATION:PT1H"),
    event("DTSTART;VALUE=DATE:20261124", "RDATE;VALUE=PERIOD:20261125T000000Z/P1D", "TRIGGER:-PT5M", uid="uid-2"),
)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_damaged_objects_are_read_or_bad_data_and_nothing_else(data: st.DataObject) -> None:
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = min(len(text), begin + data.draw(st.integers(0, 6)))
        text = text[:begin] + data.draw(st.text('0129TZ:;,=-+/PDXU\r\n \x00ä"', max_size=6)) + text[end:]
    try:
        result = expanded(text)
    except BadCalendarData:
        return
    assert len(result.occurrences) <= 5000
