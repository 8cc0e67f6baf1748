"""Rules in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core import dates
from calbot.core.dates import Locale
from calbot.core.messages.series import series_text

from .examples import LOCALES, NOW, reader


@pytest.mark.parametrize(
    ("rule", "de", "en"),
    [
        ("FREQ=DAILY", "täglich", "every day"),
        ("FREQ=DAILY;INTERVAL=3", "alle 3 Tage", "every 3 days"),
        ("FREQ=WEEKLY", "wöchentlich", "every week"),
        ("FREQ=WEEKLY;BYDAY=TU", "jeden Dienstag", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=TH,TU", "jeden Dienstag und Donnerstag", "every Tuesday and Thursday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "montags bis freitags", "every weekday"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "montags bis freitags", "every weekday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "alle 2 Wochen montags", "every 2 weeks on Monday"),
        ("FREQ=MONTHLY", "monatlich", "every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "monatlich am 15.", "every month on day 15"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "monatlich am 1. und 15.", "every month on day 1 and 15"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "monatlich am letzten Tag", "every month on the last day"),
        ("FREQ=MONTHLY;BYDAY=1MO", "monatlich am ersten Montag", "every month on the first Monday"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "monatlich am ersten Montag", "every month on the first Monday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "monatlich am letzten Freitag", "every month on the last Friday"),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU",
            "alle 3 Monate am zweiten Dienstag",
            "every 3 months on the second Tuesday",
        ),
        ("FREQ=YEARLY", "jährlich", "every year"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3", "jährlich am 3. Mai", "every year on 3 May"),
        (
            "FREQ=YEARLY;BYMONTH=1;BYDAY=-1FR",
            "jährlich am letzten Freitag im Januar",
            "every year on the last Friday of January",
        ),
        ("FREQ=DAILY;COUNT=5", "täglich, 5-mal", "every day, 5 times"),
        ("FREQ=DAILY;COUNT=1", "täglich, 1-mal", "every day, 1 time"),
        # What ends at 00:30 in Berlin ends there on the day after.
        (
            "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261217T233000Z",
            "jeden Freitag, bis Fr., 18.12.2026",
            "every Friday, until Fri, 18 Dec 2026",
        ),
    ],
)
def test_rules_that_people_make(rule: str, de: str, en: str) -> None:
    assert series_text(reader("de"), rule, all_day=False) == de
    assert series_text(reader("en"), rule, all_day=False) == en


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=NEVER",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9,15",
        "FREQ=WEEKLY;BYMONTH=3",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=MONTHLY;BYMONTH=2",
        "FREQ=YEARLY;BYMONTH=1,2",
        "FREQ=YEARLY;BYMONTH=1",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    ],
)
def test_other_rules_get_no_words(rule: str) -> None:
    assert series_text(reader(), rule, all_day=False) == ""


def test_until_is_a_date_for_whole_days_and_for_what_the_date_reader_returns() -> None:
    assert series_text(reader(), "FREQ=DAILY;UNTIL=20261218", all_day=True) == "täglich, bis Fr., 18.12.2026"
    assert series_text(reader(), "FREQ=DAILY;UNTIL=20261218", all_day=False) == "täglich, bis Fr., 18.12.2026"


WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULES = st.one_of(
    st.just("FREQ=DAILY"),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True).map(
        lambda names: f"FREQ=WEEKLY;BYDAY={','.join(sorted(names, key=WEEKDAYS.index))}"
    ),
    st.builds(
        lambda weeks, day: f"FREQ=WEEKLY;INTERVAL={weeks};BYDAY={day}", st.integers(2, 4), st.sampled_from(WEEKDAYS)
    ),
    st.just("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    st.builds(
        lambda nth, day: f"FREQ=MONTHLY;BYDAY={nth}{day}",
        st.sampled_from((1, 2, 3, 4, -1)),
        st.sampled_from(WEEKDAYS),
    ),
)


@given(st.sampled_from(LOCALES), RULES)
def test_what_is_printed_is_read_as_the_same_rule(locale: Locale, rule: str) -> None:
    text = f"{series_text(reader(locale), rule, all_day=False)} 14:30"
    reading = dates.read(text, locale=locale, now=NOW)
    assert isinstance(reading, dates.Every), text
    assert reading.rule == rule
