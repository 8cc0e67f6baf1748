"""Dates in words, which the date reader has to read as the same dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core import dates
from calbot.core.dates import Locale
from calbot.core.messages import as_when, when_text
from calbot.core.messages.times import (
    ago_text,
    days_of,
    duration_text,
    elsewhere_text,
    heading_text,
    hour_text,
    hours_text,
    in_text,
    instant_text,
    left_text,
    relative_day,
)
from calbot.core.model import AllDay, Timed, When

from .examples import BERLIN, LOCALES, NOW, TUESDAY, at, reader

LONDON = ZoneInfo("Europe/London")
UTC = timezone.utc


def days(first: date, last: date) -> AllDay:
    return AllDay(first, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("when", "de", "en"),
    [
        (TUESDAY, "Di., 24.11.2026, 14:00–15:00 Uhr", "Tue, 24 Nov 2026, 14:00–15:00"),
        (Timed(at(24, 9, 5), at(24, 9, 5)), "Di., 24.11.2026, 09:05 Uhr", "Tue, 24 Nov 2026, 09:05"),
        (
            Timed(at(27, 22), at(28, 1)),
            "Fr., 27.11., 22:00 Uhr – Sa., 28.11.2026, 01:00 Uhr",
            "Fri, 27 Nov, 22:00 – Sat, 28 Nov 2026, 01:00",
        ),
        (
            Timed(at(31, 22, month=12), at(1, 1, month=1, year=2027)),
            "Do., 31.12.2026, 22:00 Uhr – Fr., 01.01.2027, 01:00 Uhr",
            "Thu, 31 Dec 2026, 22:00 – Fri, 1 Jan 2027, 01:00",
        ),
        (days(date(2026, 11, 24), date(2026, 11, 24)), "Di., 24.11.2026, ganztägig", "Tue, 24 Nov 2026, all day"),
        (
            days(date(2026, 11, 24), date(2026, 11, 26)),
            "Di., 24.11. – Do., 26.11.2026, ganztägig",
            "Tue, 24 Nov – Thu, 26 Nov 2026, all day",
        ),
        (
            days(date(2026, 12, 30), date(2027, 1, 2)),
            "Mi., 30.12.2026 – Sa., 02.01.2027, ganztägig",
            "Wed, 30 Dec 2026 – Sat, 2 Jan 2027, all day",
        ),
        (
            Timed(datetime(2026, 11, 24, 13, tzinfo=UTC), datetime(2026, 11, 24, 14, tzinfo=UTC)),
            "Di., 24.11.2026, 14:00–15:00 Uhr",
            "Tue, 24 Nov 2026, 14:00–15:00",
        ),
        (
            Timed(at(24, 14, zone=LONDON), at(24, 15, zone=LONDON), floating=True),
            "Di., 24.11.2026, 14:00–15:00 Uhr",
            "Tue, 24 Nov 2026, 14:00–15:00",
        ),
    ],
)
def test_when(when: When, de: str, en: str) -> None:
    assert when_text(reader("de"), when) == de
    assert when_text(reader("en"), when) == en


@pytest.mark.parametrize(
    ("when", "de", "en"),
    [
        (TUESDAY, "Di., 24.11., 14:00–15:00 Uhr", "Tue, 24 Nov, 14:00–15:00"),
        (
            Timed(at(11, 9, month=1, year=2027), at(11, 10, month=1, year=2027)),
            "Mo., 11.01.2027, 09:00–10:00 Uhr",
            "Mon, 11 Jan 2027, 09:00–10:00",
        ),
        (days(date(2026, 11, 24), date(2026, 11, 25)), "Di., 24.11. – Mi., 25.11., ganztägig", None),
    ],
)
def test_the_year_is_said_where_it_is_not_the_present_one(when: When, de: str, en: str | None) -> None:
    assert when_text(reader("de"), when, year=False) == de
    if en is not None:
        assert when_text(reader("en"), when, year=False) == en


def test_of_the_two_hours_that_a_clock_change_makes_the_second_is_marked() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    when = Timed(second - timedelta(hours=1), second)
    assert when_text(reader("de"), when) == "So., 25.10.2026, 02:30 Uhr MESZ–02:30 Uhr MEZ"
    assert when_text(reader("en"), when) == "Sun, 25 Oct 2026, 02:30 UTC+2–02:30 UTC+1"
    assert when_text(reader("de"), Timed(second, second)) == "So., 25.10.2026, 02:30 Uhr MEZ"
    assert hour_text(reader("de"), second) == "02:30 Uhr MEZ"


ENDS = st.integers(0, 72).map(lambda quarters: timedelta(minutes=15 * quarters))
STARTS = st.integers(1, 300 * 24 * 4).map(lambda quarters: NOW.astimezone(UTC) + timedelta(minutes=15 * quarters))


@given(st.sampled_from(LOCALES), STARTS, ENDS, st.booleans())
def test_what_is_printed_is_read_as_the_same_time(
    locale: Locale, start: datetime, length: timedelta, year: bool
) -> None:
    begin = start.astimezone(BERLIN)
    end = (start + length).astimezone(BERLIN)
    when = Timed(begin, end)
    if begin.fold or end.fold:
        return  # the second of two equal hours has no name of its own
    reading = dates.read(when_text(reader(locale), when, year=year), locale=locale, now=NOW)
    assert isinstance(reading, dates.At)
    assert as_when(reading) == when


@given(st.sampled_from(LOCALES), st.integers(0, 300), st.integers(0, 20), st.booleans())
def test_what_is_printed_is_read_as_the_same_days(locale: Locale, ahead: int, length: int, year: bool) -> None:
    first = NOW.date() + timedelta(days=ahead)
    when = days(first, first + timedelta(days=length))
    reading = dates.read(when_text(reader(locale), when, year=year), locale=locale, now=NOW)
    assert isinstance(reading, dates.Day)
    assert as_when(reading) == when


@pytest.mark.parametrize(
    ("day", "de", "en"),
    [
        (date(2026, 11, 22), "Gestern, Sonntag, 22. November", "Yesterday, Sunday 22 November"),
        (date(2026, 11, 23), "Heute, Montag, 23. November", "Today, Monday 23 November"),
        (date(2026, 11, 24), "Morgen, Dienstag, 24. November", "Tomorrow, Tuesday 24 November"),
        (date(2026, 11, 25), "Übermorgen, Mittwoch, 25. November", "The day after tomorrow, Wednesday 25 November"),
        (date(2026, 11, 26), "Donnerstag, 26. November", "Thursday 26 November"),
        (date(2027, 1, 4), "Montag, 4. Januar 2027", "Monday 4 January 2027"),
    ],
)
def test_headings(day: date, de: str, en: str) -> None:
    assert heading_text(reader("de"), day) == de
    assert heading_text(reader("en"), day) == en


def test_today_is_that_of_the_reader() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # in Berlin it is Tuesday
    assert relative_day(reader("en", now=late), date(2026, 11, 24)) == "today"
    assert relative_day(reader("en", now=late, zone=LONDON), date(2026, 11, 24)) == "tomorrow"


@pytest.mark.parametrize(
    ("when", "day", "de"),
    [
        (TUESDAY, 24, "14:00–15:00"),
        (Timed(at(24, 14), at(24, 14)), 24, "14:00"),
        (days(date(2026, 11, 24), date(2026, 11, 24)), 24, "ganztägig:"),
        (days(date(2026, 11, 24), date(2026, 11, 26)), 24, "ganztägig bis Do., 26.11.:"),
        (days(date(2026, 11, 20), date(2026, 11, 24)), 24, "ganztägig:"),
        (Timed(at(24, 22), at(25, 1)), 24, "22:00 bis Mi., 25.11., 01:00:"),
        (Timed(at(23, 22), at(24, 1)), 24, "bis 01:00:"),
        (Timed(at(23, 22), at(26, 1)), 24, "ganztägig bis Do., 26.11.:"),
    ],
)
def test_hours_below_a_heading(when: When, day: int, de: str) -> None:
    assert hours_text(reader("de"), when, date(2026, 11, day)) == de


def test_midnight_at_the_end_belongs_to_the_day_before() -> None:
    assert days_of(reader(), Timed(at(24, 22), at(25, 0))) == (date(2026, 11, 24), date(2026, 11, 24))
    assert days_of(reader(), Timed(at(24, 0), at(24, 0))) == (date(2026, 11, 24), date(2026, 11, 24))


@pytest.mark.parametrize(
    ("when", "de"),
    [
        (Timed(at(24, 13, zone=LONDON), at(24, 14, zone=LONDON)), "13:00–14:00 Uhr in London"),
        (
            Timed(at(24, 23, 30, zone=LONDON), at(25, 0, 30, zone=LONDON)),
            "Di., 24.11., 23:30 Uhr – Mi., 25.11., 00:30 Uhr in London",
        ),
        (Timed(at(24, 14, zone=ZoneInfo("Europe/Paris")), at(24, 15, zone=ZoneInfo("Europe/Paris"))), ""),
        (Timed(at(24, 14, zone=ZoneInfo("UTC")), at(24, 15, zone=ZoneInfo("UTC"))), ""),
        (Timed(datetime(2026, 11, 24, 14, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC)), ""),
        (Timed(at(24, 14, zone=LONDON), at(24, 15, zone=LONDON), floating=True), ""),
        (days(date(2026, 11, 24), date(2026, 11, 24)), ""),
    ],
)
def test_the_zone_of_the_event_is_said_where_its_clocks_differ(when: When, de: str) -> None:
    assert elsewhere_text(reader("de"), when) == de


@pytest.mark.parametrize(
    ("minutes", "de", "en"),
    [
        (0, "0 Minuten", "0 minutes"),
        (1, "1 Minute", "1 minute"),
        (45, "45 Minuten", "45 minutes"),
        (60, "1 Stunde", "1 hour"),
        (90, "1 Std. 30 Min.", "1 h 30 min"),
        (120, "2 Stunden", "2 hours"),
        (24 * 60, "1 Tag", "1 day"),
        (26 * 60, "1 Tag 2 Std.", "1 day 2 h"),
        (48 * 60 - 5, "2 Tage", "2 days"),
    ],
)
def test_durations(minutes: int, de: str, en: str) -> None:
    assert duration_text(reader("de"), timedelta(minutes=minutes)) == de
    assert duration_text(reader("en"), timedelta(minutes=minutes)) == en


@pytest.mark.parametrize(
    ("left", "de", "en"),
    [
        (timedelta(seconds=-5), "jetzt", "now"),
        (timedelta(seconds=20), "jetzt", "now"),
        (timedelta(seconds=50), "in 1 Minute", "in 1 minute"),
        (timedelta(minutes=15), "in 15 Minuten", "in 15 minutes"),
        (timedelta(hours=1), "in 1 Stunde", "in 1 hour"),
        (timedelta(minutes=90), "in 1 Std. 30 Min.", "in 1 h 30 min"),
        (timedelta(days=2), "in 2 Tagen", "in 2 days"),
    ],
)
def test_time_left(left: timedelta, de: str, en: str) -> None:
    assert in_text(reader("de"), left) == de
    assert in_text(reader("en"), left) == en


@pytest.mark.parametrize(
    ("seconds", "de", "en"),
    [
        (-3, "gerade eben", "just now"),
        (4, "gerade eben", "just now"),
        (5, "vor 5 Sekunden", "5 seconds ago"),
        (59, "vor 59 Sekunden", "59 seconds ago"),
        (60, "vor 1 Minute", "1 minute ago"),
        (3599, "vor 59 Minuten", "59 minutes ago"),
        (3600, "09:00 Uhr", "09:00"),
        (86400, "So., 22.11., 10:00 Uhr", "Sun, 22 Nov, 10:00"),
    ],
)
def test_how_long_ago(seconds: int, de: str, en: str) -> None:
    instant = NOW - timedelta(seconds=seconds)
    assert ago_text(reader("de"), instant) == de
    assert ago_text(reader("en"), instant) == en


def test_beyond_a_day_days_of_the_calendar_are_counted() -> None:
    assert left_text(reader("de"), at(23, 18)) == "in 8 Stunden"
    assert left_text(reader("de"), at(24, 18)) == "in 1 Tag"
    assert left_text(reader("de"), at(26, 8)) == "in 3 Tagen"


def test_a_moment_is_said_with_its_day_unless_that_is_today() -> None:
    assert instant_text(reader("de"), at(23, 18)) == "18:00 Uhr"
    assert instant_text(reader("en"), at(24, 9)) == "Tue, 24 Nov, 09:00"
