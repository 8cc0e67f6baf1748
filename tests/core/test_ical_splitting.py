"""A series split in two has the occurrences that it had, each once, and both halves are series of their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calbot.core import ical
from calbot.core.ical import EventDraft, splitting
from calbot.core.model import AllDay, Occurrence, RecurrenceId, Timed, Uid
from calbot.errors import UserError

from .ical_samples import BERLIN, NOW, calendar, event, expanded, times

LATER = NOW + timedelta(hours=1)
SECOND = Uid("second")
THEIRS = (Path(__file__).parents[1] / "data" / "ics" / "outlook-series.ics").read_bytes().decode()


def rid(text: str) -> RecurrenceId:
    return RecurrenceId(text)


def split(data: str, slot: str) -> splitting.Halves:
    return splitting.split(data, rid(slot), SECOND, zone=BERLIN, now=LATER)


def series(*lines: str, others: tuple[str, ...] = ()) -> str:
    return calendar(event(*lines), *others)


def shown(data: str, begin: str = "2026-01-01", end: str = "2028-01-01") -> list[tuple[object, ...]]:
    """What people see of each occurrence."""
    return [_shown(one) for one in expanded(data, begin, end).occurrences]


def _shown(one: Occurrence) -> tuple[object, ...]:
    details = one.details
    return one.recurrence_id, one.when, details.title, details.location, details.status, details.attendees


# ----------------------------------------------------------------------------------------------------------- examples


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        (("RRULE:FREQ=WEEKLY;COUNT=2",), False),
        (("RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20261201T090000Z"), True),
        (("RRULE:FREQ=WEEKLY;COUNT=1",), True),
        (("RRULE:FREQ=WEEKLY;UNTIL=20261124T090000Z",), True),
        (("RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261201T090000Z"), False),
        (("RRULE:FREQ=WEEKLY;COUNT=1", "RDATE:20261231T090000Z"), False),
        (("RRULE:FREQ=WEEKLY", "EXDATE:20261201T090000Z"), False),
    ],
)
def test_whether_it_is_the_only_one_that_is_left(lines: tuple[str, ...], only: bool) -> None:
    data = series("DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", *lines)
    assert splitting.is_only(data, rid("20261124T090000Z"), zone=BERLIN) is only


def test_of_two_that_are_left_neither_is_the_only_one() -> None:
    lines = ("DTSTART:20261124T090000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261124T090000Z")
    data = series(*lines)
    assert not splitting.is_only(data, rid("20261201T090000Z"), zone=BERLIN)
    assert not splitting.is_only(data, rid("20261208T090000Z"), zone=BERLIN)
    moved = event("RECURRENCE-ID:20261208T090000Z", "DTSTART:20261209T090000Z")
    assert not splitting.is_only(series(*lines, others=(moved,)), rid("20261201T090000Z"), zone=BERLIN)


def test_what_begins_where_clocks_jump_is_as_long_as_before() -> None:
    """The start stays 2:30 on the wall, which is 3:30 on that day: from there to its end it lasts as long as ever."""
    data = series(
        "DTSTART;TZID=Europe/Berlin:20260101T023000",
        "DTEND;TZID=Europe/Berlin:20260101T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
    )
    halves = split(data, "20260329T013000Z")
    assert "DTSTART;TZID=Europe/Berlin:20260329T023000\r\n" in halves.second
    assert "DTEND;TZID=Europe/Berlin:20260329T040000\r\n" in halves.second
    assert times(halves.second, end="2027-04-01") == [
        "2026-03-29 03:30/04:00",
        "2026-10-25 02:30/03:00",
        "2027-03-28 03:30/04:00",
    ]


def test_a_series_of_outlook_is_split_with_its_exceptions() -> None:
    halves = split(THEIRS, "20261130T090000Z")
    assert times(halves.first) == ["2026-11-09 10:00/11:00", "2026-11-24 14:00/15:00"]
    assert times(halves.second) == ["2026-11-30 10:00/11:00", "2026-12-07 10:00/11:00", "2026-12-14 10:00/11:00"]
    assert "UNTIL=20261123T090000Z" in halves.first
    assert "COUNT=3" in halves.second  # six there were, one of them taken out
    assert "EXDATE" in halves.first
    assert "EXDATE" not in halves.second
    assert "SEQUENCE:5" in halves.first
    for half in halves.first, halves.second:
        icalendar.Calendar.from_ical(half)
        assert "BEGIN:VTIMEZONE" in half
        assert "BEGIN:VALARM" in half


def test_what_goes_on_is_an_event_of_its_own_and_says_where_it_comes_from() -> None:
    second = split(THEIRS, "20261130T090000Z").second
    found = icalendar.Calendar.from_ical(second).walk("VEVENT")
    assert {str(one["UID"]) for one in found} == {"second"}
    assert {one["SEQUENCE"] for one in found} == {0}
    (related,) = [one["RELATED-TO"] for one in found if "RELATED-TO" in one]
    assert related.params["RELTYPE"] == "SIBLING"
    assert related != "second"


@pytest.mark.parametrize(
    ("start", "rule", "slot", "until", "rest"),
    [
        # UNTIL is the last that is left, as DTSTART is written: an instant in UTC, on both sides of a clock change.
        (":20261005T100000Z", "FREQ=WEEKLY", "20261019T100000Z", "20261012T100000Z", "FREQ=WEEKLY"),
        (
            ";TZID=Europe/Berlin:20261019T003000",
            "FREQ=WEEKLY;UNTIL=20261130T000000Z",
            "20261101T233000Z",
            "20261025T233000Z",
            "FREQ=WEEKLY;UNTIL=20261130T000000Z",
        ),
        (":20261005T100000", "FREQ=DAILY;COUNT=5", "20261007T080000Z", "20261006T100000", "FREQ=DAILY;COUNT=3"),
        (";VALUE=DATE:20261005", "FREQ=MONTHLY", "20261205", "20261105", "FREQ=MONTHLY"),
        (
            ";TZID=Europe/Berlin:20200106T100000",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=1MO",
            "20270104T090000Z",
            "20260105T090000Z",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=1MO",
        ),
        # Rarer than any window that is looked through first.
        (
            ";VALUE=DATE:19960229",
            "FREQ=YEARLY;INTERVAL=4;COUNT=9",
            "20280229",
            "20240229",
            "FREQ=YEARLY;INTERVAL=4;COUNT=1",
        ),
    ],
)
def test_the_rules_of_both_halves(start: str, rule: str, slot: str, until: str, rest: str) -> None:
    halves = split(series(f"DTSTART{start}", f"RRULE:{rule}"), slot)
    first, second = (half.split("BEGIN:VEVENT")[1] for half in (halves.first, halves.second))
    (first,) = [line for line in first.splitlines() if line.startswith("RRULE")]
    (second,) = [line for line in second.splitlines() if line.startswith("RRULE")]
    assert first.endswith(f";UNTIL={until}")
    assert "COUNT" not in first
    assert second == f"RRULE:{rest}"


def test_a_time_that_the_clock_leaves_out_stays_what_it_was_meant_to_be() -> None:
    """On the night of the change 2:30 is 3:30; the nights after it are not to begin then."""
    data = series("DTSTART;TZID=Europe/Berlin:20270327T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
    second = split(data, "20270328T013000Z").second
    assert "DTSTART;TZID=Europe/Berlin:20270328T023000" in second
    assert times(second) == times(data)[1:]


def test_dates_and_exceptions_go_with_the_half_they_are_in() -> None:
    data = series(
        "DTSTART;TZID=Europe/Berlin:20261005T100000",
        "DTEND;TZID=Europe/Berlin:20261005T110000",
        "RRULE:FREQ=WEEKLY",
        "EXDATE;TZID=Europe/Berlin:20261012T100000,20261026T100000",
        "EXDATE;TZID=Europe/Berlin:20261109T100000",
        "RDATE;TZID=Europe/Berlin:20261007T100000,20261028T150000",
    )
    halves = split(data, "20261019T080000Z")
    assert "EXDATE;TZID=Europe/Berlin:20261012T100000\r\n" in halves.first
    assert "RDATE;TZID=Europe/Berlin:20261007T100000\r\n" in halves.first
    assert "EXDATE;TZID=Europe/Berlin:20261026T100000\r\n" in halves.second
    assert "EXDATE;TZID=Europe/Berlin:20261109T100000\r\n" in halves.second
    assert "RDATE;TZID=Europe/Berlin:20261028T150000\r\n" in halves.second
    assert "20261109" not in halves.first
    assert "20261012" not in halves.second


def test_dates_without_a_rule_are_split() -> None:
    data = series(
        "DTSTART:20261005T100000Z", "DURATION:PT1H", "RDATE:20261007T100000Z,20261009T120000Z,20261010T100000Z"
    )
    halves = split(data, "20261009T120000Z")
    assert times(halves.first) == ["2026-10-05 12:00/13:00", "2026-10-07 12:00/13:00"]
    assert times(halves.second) == ["2026-10-09 14:00/15:00", "2026-10-10 12:00/13:00"]
    assert "RDATE:20261010T100000Z\r\n" in halves.second


@pytest.mark.parametrize(
    "lines",
    [
        ["RRULE:FREQ=WEEKLY", "RRULE:FREQ=MONTHLY"],
        ["RRULE:FREQ=WEEKLY", "EXRULE:FREQ=WEEKLY;INTERVAL=2"],
        ["RRULE:FREQ=WEEKLY", "RDATE:20261020T100000Z"],  # where it is split: the rule goes on another day
    ],
)
def test_what_no_rule_can_say_is_refused(lines: list[str]) -> None:
    data = series("DTSTART:20261006T100000Z", "DURATION:PT1H", *lines)
    slot = "20261021T100000Z" if "RDATE" in lines[-1] else "20261020T100000Z"
    data = data.replace("RDATE:20261020", "RDATE:20261021")
    with pytest.raises(UserError) as refused:
        split(data, slot)
    assert refused.value.reason == "series_too_complex"


def test_a_change_by_others_from_one_date_on_is_not_split_behind_it() -> None:
    others = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261013T100000Z", "DTSTART:20261013T120000Z", "DURATION:PT1H")
    data = series("DTSTART:20261006T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5", others=(others,))
    with pytest.raises(UserError):
        split(data, "20261027T100000Z")
    assert times(splitting.ended(data, rid("20261027T100000Z"), zone=BERLIN, now=LATER)) == times(data)[:3]
    halves = split(data, "20261013T100000Z")
    assert [*times(halves.first), *times(halves.second)] == times(data)


def test_what_is_no_occurrence_is_not_split_at() -> None:
    for slot in ("20261116T090000Z", "20261208T090000Z"):  # taken out, and never one
        with pytest.raises(UserError) as refused:
            split(THEIRS, slot)
        assert refused.value.reason == "no_such_occurrence"


@pytest.mark.parametrize(
    ("slot", "first"), [("20261109T090000Z", True), ("20261123T090000Z", False), ("20261207T090000Z", False)]
)
def test_with_none_left_before_it_is_the_whole_series(slot: str, first: bool) -> None:
    assert splitting.is_first(THEIRS, rid(slot), zone=BERLIN) is first
    without = ical.cancelled_occurrence(THEIRS, rid("20261109T090000Z"), zone=BERLIN, now=LATER)
    assert splitting.is_first(without, rid("20261123T090000Z"), zone=BERLIN)


def test_what_a_scheduling_server_noted_about_the_first_half_is_not_said_of_the_second() -> None:
    data = series(
        "DTSTART:20261006T100000Z",
        "RRULE:FREQ=WEEKLY",
        'ATTENDEE;CN="Huber, Anna";SCHEDULE-STATUS="1.2";PARTSTAT=ACCEPTED:mailto:anna@example.org',
    )
    halves = split(data, "20261020T100000Z")
    assert "SCHEDULE-STATUS" in halves.first.replace("\r\n ", "")
    assert "SCHEDULE-STATUS" not in halves.second
    assert 'ATTENDEE;CN="Huber, Anna";PARTSTAT=ACCEPTED:mailto:anna@example.org' in halves.second.replace("\r\n ", "")


# --------------------------------------------------------------------------------------------------------- properties

RULES = st.builds(
    lambda freq, interval, by, end: f"FREQ={freq}{interval}{by[1] if by[0] in (freq, '') else ''}{end}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.sampled_from(["", ";INTERVAL=2", ";INTERVAL=3"]),
    st.sampled_from(
        [
            ("", ""),
            ("WEEKLY", ";BYDAY=MO,WE,FR"),
            ("WEEKLY", ";BYDAY=SU,TU;WKST=SU"),
            ("WEEKLY", ";BYDAY=MO,TH;BYSETPOS=-1"),
            ("MONTHLY", ";BYDAY=2TU"),
            ("MONTHLY", ";BYMONTHDAY=15,31"),
            ("MONTHLY", ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
            ("YEARLY", ";BYMONTH=3,10;BYDAY=-1SU"),
            ("DAILY", ";BYHOUR=2,9"),
        ]
    ),
    st.sampled_from(["", ";COUNT=2", ";COUNT=7", ";COUNT=30", ";UNTIL=20270501T120000Z"]),
)


@st.composite
def any_series(draw: st.DrawFn) -> str:
    """With exceptions of all kinds, in a zone that changes its clocks, or of days."""
    day = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 300)))
    all_day = draw(st.booleans())
    rule = draw(RULES)
    if all_day:
        rule = rule.replace("T120000Z", "").replace(";BYHOUR=2,9", "")
        when: Timed | AllDay = AllDay(day, day + timedelta(days=draw(st.integers(1, 3))))
    else:
        start = datetime(day.year, day.month, day.day, draw(st.sampled_from([0, 2, 10, 23])), 30, tzinfo=BERLIN)
        when = Timed(start, start + timedelta(minutes=draw(st.sampled_from([30, 90, 600]))))
    data = ical.build_event(EventDraft(Uid("first"), when, "Jour fixe"), NOW)
    data = data.replace("STATUS:", f"RRULE:{rule}\r\nSTATUS:")
    for _ in range(draw(st.integers(0, 4))):
        slots = [one.recurrence_id for one in expanded(data).occurrences[:40]]
        slot = draw(st.sampled_from(slots)) if slots else None
        if slot is None:
            break
        if draw(st.booleans()):
            data = ical.cancelled_occurrence(data, slot, zone=BERLIN, now=NOW)
        else:
            data = ical.edited(data, ical.Changes(title="Anders"), zone=BERLIN, now=NOW, recurrence_id=slot)
    return data


@settings(max_examples=400, deadline=None)
@given(data=any_series(), where=st.integers(0, 60))
def test_both_halves_together_are_the_series(data: str, where: int) -> None:
    slots = [one.recurrence_id for one in expanded(data).occurrences if one.recurrence_id]
    assume(slots)
    slot = slots[where % len(slots)]
    assume(not splitting.is_first(data, slot, zone=BERLIN))
    halves = split(data, slot)
    assert sorted([*shown(halves.first), *shown(halves.second)], key=repr) == sorted(shown(data), key=repr)
    assert all(one[0] is not None and str(one[0]) < slot for one in shown(halves.first))
    assert all(one[0] is None or str(one[0]) >= slot for one in shown(halves.second))
    assert splitting.ended(data, slot, zone=BERLIN, now=LATER) == halves.first


@settings(max_examples=100, deadline=None)
@given(data=any_series())
def test_a_half_is_split_again(data: str) -> None:
    slots = [one.recurrence_id for one in expanded(data).occurrences if one.recurrence_id]
    assume(len(slots) > 3)
    first, second = sorted((slots[1], slots[-1]))
    assume(not splitting.is_first(data, first, zone=BERLIN))
    rest = split(data, first)
    assume(not splitting.is_first(rest.second, second, zone=BERLIN))
    again = splitting.split(rest.second, second, Uid("third"), zone=BERLIN, now=LATER)
    together = [*shown(rest.first), *shown(again.first), *shown(again.second)]
    assert sorted(together, key=repr) == sorted(shown(data), key=repr)
