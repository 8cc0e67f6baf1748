"""The windows of a list of events."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calbot.core.dates import Locale, Reason, Unread, read_window

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
SUNDAY = datetime(2026, 11, 29, 23, 59, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de", "heute", "2026-11-23 2026-11-24"),
        ("de", "morgen", "2026-11-24 2026-11-25"),
        ("de", "Woche", "2026-11-23 2026-11-30"),
        ("de", "diese Woche", "2026-11-23 2026-11-30"),
        ("de", "nächste woche", "2026-11-30 2026-12-07"),
        ("de", "übernächste Woche", "2026-12-07 2026-12-14"),
        ("de", "KW 49", "2026-11-30 2026-12-07"),
        ("de", "14d", "2026-11-23 2026-12-07"),
        ("de", "14t", "2026-11-23 2026-12-07"),
        ("de", "14 Tage", "2026-11-23 2026-12-07"),
        ("de", "nächste 14 Tage", "2026-11-23 2026-12-07"),
        ("de", "3 Wochen", "2026-11-23 2026-12-14"),
        ("de", "Dezember", "2026-12-01 2027-01-01"),
        ("de", "Januar", "2027-01-01 2027-02-01"),
        ("de", "November", "2026-11-23 2026-12-01"),
        ("de", "nächster Monat", "2026-12-01 2027-01-01"),
        ("de", "24.11.", "2026-11-24 2026-11-25"),
        ("de", "24.-26.11.", "2026-11-24 2026-11-27"),
        ("de", "30.11.-4.12.", "2026-11-30 2026-12-05"),
        ("de", "Dienstag", "2026-11-24 2026-11-25"),
        ("de", "Montag", "2026-11-23 2026-11-24"),
        ("de", "nächsten Dienstag", "2026-11-24 2026-12-02"),
        ("en", "today", "2026-11-23 2026-11-24"),
        ("en", "week", "2026-11-23 2026-11-30"),
        ("en", "next week", "2026-11-30 2026-12-07"),
        ("en", "14 days", "2026-11-23 2026-12-07"),
        ("en", "next 7 days", "2026-11-23 2026-11-30"),
        ("en", "Nov 24-26", "2026-11-24 2026-11-27"),
        ("en", "december", "2026-12-01 2027-01-01"),
        ("en", "2026-12-01", "2026-12-01 2026-12-02"),
        ("de", "gestern", "2026-11-22 2026-11-23"),
        ("de", "vorgestern", "2026-11-21 2026-11-22"),
        ("de", "letzte Woche", "2026-11-16 2026-11-23"),
        ("en", "yesterday", "2026-11-22 2026-11-23"),
        ("en", "last week", "2026-11-16 2026-11-23"),
    ],
)
def test_a_window_is_the_days_that_are_named(locale: Locale, text: str, expected: str) -> None:
    window = read_window(text, locale=locale, now=MONDAY)
    assert not isinstance(window, Unread)
    assert f"{window[0]} {window[1]}" == expected


@pytest.mark.parametrize(
    ("locale", "text", "reason"),
    [
        ("de", "heute 14 Uhr", Reason.NOT_UNDERSTOOD),
        ("de", "jeden Tag", Reason.NOT_UNDERSTOOD),
        ("de", "irgendwann", Reason.NOT_UNDERSTOOD),
        ("de", "", Reason.NOT_UNDERSTOOD),
        ("de", "20.11.", Reason.IN_PAST),
        ("de", "letzten Dienstag", Reason.IN_PAST),
        ("de", "0d", Reason.IMPOSSIBLE),
        ("de", "KW 60", Reason.IMPOSSIBLE),
        ("de", "999d", Reason.TOO_FAR),
        ("de", "100000 Tage", Reason.TOO_FAR),
        ("en", "12/1", Reason.VAGUE),
        ("en", "x" * 300, Reason.TOO_LONG),
    ],
)
def test_what_is_no_window_and_why(locale: Locale, text: str, reason: Reason) -> None:
    window = read_window(text, locale=locale, now=MONDAY)
    assert isinstance(window, Unread)
    assert window.reason is reason


def test_on_the_last_minute_of_a_week_there_is_one_day_left_of_it() -> None:
    week = read_window("Woche", locale="de", now=SUNDAY)
    assert not isinstance(week, Unread)
    assert [str(day) for day in week] == ["2026-11-29", "2026-11-30"]
