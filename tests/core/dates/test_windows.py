"""The windows of a list of events."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calbot.core.dates import Locale, read_window

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
        ("de", "heute 14 Uhr", None),
        ("de", "jeden Tag", None),
        ("de", "gestern", None),
        ("de", "0d", None),
        ("de", "999d", None),
        ("de", "irgendwann", None),
        ("de", "", None),
        ("en", "12/1", None),
    ],
)
def test_a_window_is_the_days_that_are_named(locale: Locale, text: str, expected: str | None) -> None:
    window = read_window(text, locale=locale, now=MONDAY)
    assert (None if window is None else f"{window[0]} {window[1]}") == expected


def test_on_the_last_minute_of_a_week_there_is_one_day_left_of_it() -> None:
    week = read_window("Woche", locale="de", now=SUNDAY)
    assert week is not None
    assert [str(day) for day in week] == ["2026-11-29", "2026-11-30"]
