"""What hostile objects may cost, counted in calls of functions: the same on every machine, however busy it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType

import pytest

from calbot.core.ical.content import MAX_LINE, MAX_PARAMETERS
from calbot.core.ical.reading import MAX_ATTENDEES, MAX_DATES, MAX_EVENTS, MAX_LINES, MAX_OBJECT
from calbot.core.recurrence_rule import MAX_STEPS
from calbot.errors import BadCalendarData

from .ical_samples import calendar, event, expanded, single

WINDOW = ("2026-10-24", "2027-05-22")  # what the bot keeps: 30 days back, 180 ahead
START = "DTSTART:20200101T000000Z"
# A few calls for each step, and as many for each line of the largest object.
MOST_CALLS = 40 * MAX_STEPS
AT_ONCE = 3_000
BETWEEN_PAUSES = 150_000


def calls_of(work: Callable[[], object]) -> int:
    counted = 0

    def count(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal counted
        counted += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def outcome(data: str) -> tuple[str | None, int, int]:
    """Why it was refused, how many occurrences there were, and what it cost."""
    reason, number = None, 0

    def read() -> None:
        nonlocal reason, number
        try:
            number = len(expanded(data, *WINDOW).occurrences)
        except BadCalendarData as error:
            reason = error.reason

    cost = calls_of(read)
    return reason, number, cost


def numbers(most: int) -> str:
    return ",".join(map(str, range(most)))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([START, "RRULE:FREQ=SECONDLY"], "rule_unbounded"),
        ([START, "RRULE:FREQ=SECONDLY;COUNT=1000000000"], "rule_unbounded"),
        ([START, "RRULE:FREQ=MINUTELY"], "rule_unbounded"),
        ([START, "RRULE:FREQ=MINUTELY;INTERVAL=3;BYHOUR=3"], "rule_unbounded"),
        ([START, f"RRULE:FREQ=DAILY;BYHOUR={numbers(24)};BYMINUTE={numbers(60)}"], "rule_unbounded"),
        ([START, f"RRULE:FREQ=DAILY;BYSECOND={numbers(60)};BYMINUTE={numbers(60)}"], "rule_unbounded"),
        ([START, "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"], "rule_unbounded"),
        ([START, f"RRULE:FREQ=DAILY;COUNT={'9' * 9000}"], "bad_rule"),
        ([START, f"RRULE:FREQ=DAILY;BYDAY={','.join(['MO'] * 300_000)}"], "bad_rule"),
        ([START, f"RRULE:FREQ=DAILY;{'X-A=1;' * 100_000}"], "bad_rule"),
        (["DTSTART:99991231T235959Z", "DURATION:P1D", "RRULE:FREQ=DAILY"], None),
        (["DTSTART:00010101T000000Z", "RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=30"], None),
        ([START, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], None),
        ([START, "RRULE:FREQ=DAILY;INTERVAL=999999999999999999"], None),
        ([START, "DURATION:P999999W"], "bad_time"),
        ([START, "DURATION:P999999W", "RRULE:FREQ=YEARLY"], "bad_time"),
        (["DTSTART:00000101T000000Z"], "bad_time"),
        ([f"DTSTART:{'1' * 1_000_000}"], "bad_time"),
        ([START, f"RDATE:{','.join(['20260101T000000Z'] * 50_000)}"], "too_many_occurrences"),
        ([START, f"RDATE;VALUE=PERIOD:{','.join(['20260101T000000Z/P1D'] * 40_000)}"], "too_many_occurrences"),
        ([START, "RRULE:FREQ=DAILY", f"EXDATE:{','.join(['20260101T000000Z'] * 50_000)}"], "too_many_occurrences"),
        ([f"DTSTART;TZID=/{'a/' * 400_000}:20261124T100000"], None),
        ([f'DTSTART;TZID="(UTC+01:00){"," * 900_000}":20261124T100000'], None),
        ([START, f"SEQUENCE:{'1' * 900_000}"], None),
        ([START, f"DESCRIPTION:{'x' * MAX_LINE}"], "object_too_big"),
    ],
)
def test_what_is_refused_or_settled_at_once(lines: list[str], reason: str | None) -> None:
    found, _, cost = outcome(single(*lines))
    assert found == reason
    assert cost < AT_ONCE


@pytest.mark.parametrize(
    "lines",
    [
        # Refused after the steps that are allowed, or settled by then.
        ["DTSTART:00010101T000000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9"],
        ["DTSTART:18000101T000000Z", "RRULE:FREQ=DAILY;COUNT=1000000000"],
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=HOURLY;COUNT=4800"],
        [START, "RRULE:FREQ=HOURLY;BYMINUTE=0,1"],
        [START, f"RRULE:FREQ=YEARLY;BYYEARDAY={numbers(367)[2:]};BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=1000000"],
        [
            "DTSTART:19000101T000000Z",
            f"RRULE:FREQ=MONTHLY;BYDAY={','.join(f'{n}MO' for n in range(1, 54))};COUNT=99999",
        ],
        [START, "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10;BYSETPOS=11"],
        [START, *["RRULE:FREQ=DAILY;BYSETPOS=3"] * 20],
        [START, *["RRULE:FREQ=DAILY"] * 20_000],
        [START, *["ATTENDEE;CN=x:mailto:a@b"] * MAX_ATTENDEES],
        [START, f"SUMMARY{';A=1' * 200_000}:x"],
        [START, f"SUMMARY{';A=' + chr(34) * 1}{'x' * 900_000}"],
        [START, f"SUMMARY{(';A=' + chr(34)) * 200_000}:x"],
        [START, f"SUMMARY:{chr(92) + 'n'}{(chr(92) + 'n') * 400_000}"],
        [START, f"DESCRIPTION:{'https://' * 100_000}"],
        [START, *["BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM"] * 20_000],
        [START, f"SUMMARY:{chr(13) + chr(10) + ' '}{(chr(13) + chr(10) + ' ') * 200_000}"],
    ],
)
def test_what_costs_no_more_than_is_allowed(lines: list[str]) -> None:
    assert outcome(single(*lines))[2] < MOST_CALLS


def nested(depth: int) -> str:
    return "BEGIN:VCALENDAR\r\n" + "BEGIN:X\r\n" * depth + "END:X\r\n" * depth + "END:VCALENDAR\r\n"


ZONE_PART = (
    "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=DAILY\r\nEND:STANDARD\r\n"
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (calendar(*["BEGIN:X\r\nEND:X"] * 60_000), None),
        (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * (MAX_EVENTS + 1)), "object_too_big"),
        (single(START, *["ATTENDEE:mailto:a@b"] * (MAX_ATTENDEES + 1)), "object_too_big"),
        (nested(1_000), "not_icalendar"),
        ("BEGIN:VCALENDAR\r\n" * 50_000, "not_icalendar"),
        ("BEGIN:VCALENDAR\n" + "a\n" * MAX_LINES + "END:VCALENDAR\n", "object_too_big"),
        ("BEGIN:VCALENDAR\n" + "\r" * (MAX_LINES + 1) + "END:VCALENDAR\n", "object_too_big"),
        ("BEGIN:VCALENDAR\n" + "\n" * MAX_OBJECT, "object_too_big"),
        (
            calendar(
                f"BEGIN:VTIMEZONE\r\nTZID:X\r\n{ZONE_PART * 3_000}END:VTIMEZONE",
                event("DTSTART;TZID=X:20261124T100000"),
            ),
            None,
        ),
        (calendar(*[event(f"DTSTART;TZID=/{n}/Europe/Berlin:20261124T100000") for n in range(5_000)]), None),
    ],
)
def test_large_documents(data: str, reason: str | None) -> None:
    found, _, cost = outcome(data)
    assert found == reason
    assert cost < MOST_CALLS


DAYS = [f"{datetime(2015, 1, 1, 9) + timedelta(days=n):%Y%m%dT%H%M%SZ}" for n in range(10_000)]  # noqa: DTZ001 - written with a Z
SERIES = ("DTSTART:20150101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")


@pytest.mark.parametrize(
    "data",
    [
        single(*SERIES, f"EXDATE:{','.join(DAYS[1::2])}"),
        single(*SERIES, *[f"EXDATE:{day}" for day in DAYS[1::2]]),
        calendar(
            event(*SERIES), *[event(f"RECURRENCE-ID:{day}", f"DTSTART:{day}", "STATUS:CANCELLED") for day in DAYS]
        ),
        calendar(event(*SERIES), *[event(f"RECURRENCE-ID;RANGE=THISANDFUTURE:{d}", f"DTSTART:{d}") for d in DAYS]),
    ],
)
def test_ten_thousand_exceptions_cost_in_proportion(data: str) -> None:
    reason, number, cost = outcome(data)
    assert reason is None
    assert number in (105, 210)
    assert cost < 500 * len(DAYS)


@pytest.mark.parametrize("number", [MAX_PARAMETERS + 1, 200_000])
def test_more_parameters_than_anybody_writes_are_refused(number: int) -> None:
    reason, _, cost = outcome(single(START, f"SUMMARY{';A=1' * number}:x"))
    assert reason == "object_too_big"
    assert cost < 20 * MAX_PARAMETERS


def test_more_exceptions_than_anybody_has_are_refused() -> None:
    dates = ",".join(["20260101T000000Z"] * (MAX_DATES + 1))
    assert outcome(single(*SERIES, f"EXDATE:{dates}"))[0] == "too_many_occurrences"


def _dates(number: int) -> list[str]:
    return [f"{datetime(1990, 1, 1) + timedelta(days=day):%Y%m%dT000000Z}" for day in range(number)]  # noqa: DTZ001 text


@pytest.mark.parametrize(
    "data",
    [
        calendar(
            event("DTSTART:19900101T000000Z", "RRULE:FREQ=DAILY"),
            *[event(f"RECURRENCE-ID:{date}", f"DTSTART:{date}", "CLASS:PRIVATE") for date in _dates(3_000)],
        ),
        single("DTSTART:19900101T000000Z", *[f"RDATE:{date}" for date in _dates(15_000)]),
        single("DTSTART:19900101T000000Z", "RRULE:FREQ=DAILY", f"EXDATE:{','.join(_dates(15_000))}"),
        single("DTSTART:18000101T000000Z", "RRULE:FREQ=DAILY;COUNT=60000"),
        single("DTSTART:20261101T000000Z", "RRULE:FREQ=HOURLY"),
        calendar(*["BEGIN:X\r\nEND:X"] * 20_000),
    ],
    ids=["exceptions", "dates", "exceptions from the rule", "steps", "occurrences", "components"],
)
def test_what_takes_long_lets_others_have_their_turn(data: str) -> None:
    """However many there are, only so much is done between two pauses."""
    longest = since = 0

    def count(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal since
        since += what in ("call", "c_call")

    def pause() -> None:
        nonlocal longest, since
        longest, since = max(longest, since), 0

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        expanded(data, *WINDOW, pause=pause)
    finally:
        sys.setprofile(before)
    assert max(longest, since) < BETWEEN_PAUSES
