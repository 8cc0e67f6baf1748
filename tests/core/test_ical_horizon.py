"""From when on series have to be expanded further."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.ical.horizon import resumes
from calbot.core.ical.reading import ParsedObject, read_object
from calbot.core.ical.recurrence import expand
from calbot.core.model import CalendarName, Href, instants

BERLIN = ZoneInfo("Europe/Berlin")
END = datetime(2027, 6, 1, tzinfo=timezone.utc)
BEGIN = END - timedelta(days=210)


def parsed(*lines: str, more: str = "", start: str = "DTSTART;TZID=Europe/Berlin:20261124T090000") -> ParsedObject:
    body = "\r\n".join(("BEGIN:VEVENT", "UID:a", start, *lines, "END:VEVENT"))
    data = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}\r\n{more}END:VCALENDAR\r\n"
    return read_object(data, calendar=CalendarName("team"), href=Href("/a.ics"), hidden=False, zone=BERLIN)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), None),
        (("RRULE:FREQ=WEEKLY;COUNT=5",), None),
        (("RRULE:FREQ=WEEKLY;UNTIL=20270501T000000Z",), None),
        (("RDATE;TZID=Europe/Berlin:20270420T090000",), None),
        (("RRULE:FREQ=DAILY",), datetime(2027, 6, 1, 7, tzinfo=timezone.utc)),
        (("RRULE:FREQ=WEEKLY",), datetime(2027, 6, 1, 7, tzinfo=timezone.utc)),
        (("RRULE:FREQ=MONTHLY",), datetime(2027, 6, 24, 7, tzinfo=timezone.utc)),
        (("RRULE:FREQ=YEARLY",), datetime(2027, 11, 24, 8, tzinfo=timezone.utc)),
        (("RRULE:FREQ=WEEKLY;COUNT=80",), datetime(2027, 6, 1, 7, tzinfo=timezone.utc)),
        (("RRULE:FREQ=WEEKLY;UNTIL=20270901T000000Z",), datetime(2027, 6, 1, 7, tzinfo=timezone.utc)),
        (("RDATE;TZID=Europe/Berlin:20270420T090000,20280420T090000",), datetime(2028, 4, 20, 7, tzinfo=timezone.utc)),
        (("RRULE:FREQ=YEARLY;INTERVAL=10",), END + timedelta(days=370)),
        (("RRULE:FREQ=DAILY;COUNT=90000",), END + timedelta(hours=7)),
        (("RRULE:FREQ=SECONDLY",), END),
    ],
)
def test_when_more_of_a_series_comes(lines: tuple[str, ...], expected: datetime | None) -> None:
    assert resumes(parsed(*lines), END) == expected


def test_an_override_beyond_what_is_expanded() -> None:
    override = (
        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261201T090000\r\n"
        "DTSTART;TZID=Europe/Berlin:20270801T090000\r\nEND:VEVENT\r\n"
    )
    found = resumes(parsed("RRULE:FREQ=WEEKLY;COUNT=3", more=override), END)
    assert found == datetime(2027, 8, 1, 7, tzinfo=timezone.utc)


def test_a_series_that_was_moved_for_all_that_follow() -> None:
    override = (
        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261201T090000\r\n"
        "DTSTART;TZID=Europe/Berlin:20270301T090000\r\nEND:VEVENT\r\n"
    )
    assert resumes(parsed("RRULE:FREQ=WEEKLY;UNTIL=20270515T000000Z", more=override), END) == END


@settings(deadline=None, max_examples=150)
@given(
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    interval=st.integers(1, 12),
    limit=st.one_of(
        st.just(""),
        st.integers(1, 400).map(lambda count: f";COUNT={count}"),
        st.integers(0, 900).map(lambda days: f";UNTIL={END + timedelta(days=days - 400):%Y%m%dT%H%M%SZ}"),
    ),
    part=st.sampled_from(["", ";BYDAY=MO,FR", ";BYMONTH=3,9", ";BYMONTHDAY=31"]),
    start=st.sampled_from(
        ["DTSTART;TZID=Europe/Berlin:20261124T233000", "DTSTART;VALUE=DATE:20261124", "DTSTART:20261124T003000"]
    ),
    later=st.integers(1, 700),
)
def test_nothing_begins_before_the_series_is_expanded_again(
    freq: str, interval: int, limit: str, part: str, start: str, later: int
) -> None:
    series = parsed(f"RRULE:FREQ={freq};INTERVAL={interval}{part}{limit}", start=start)
    found = resumes(series, END)
    until = END + timedelta(days=later)
    known = {one.recurrence_id for one in expand(series, window=(BEGIN, END))}
    new = [one for one in expand(series, window=(BEGIN, until)) if one.recurrence_id not in known]
    begins = [instants(one.when, BERLIN)[0] for one in new]
    if found is None:
        assert new == []
    else:
        assert all(begin >= found for begin in begins)
        if begins and found < END + timedelta(days=369):
            assert min(begins) == found
