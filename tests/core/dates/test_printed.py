"""What the bot prints for a date, anybody can type back: it is read as the same date, in both languages."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.dates import At, Day, Every, Locale, Reading, Unread, read
from calbot.core.i18n import Reader
from calbot.core.messages.readings import reading_line
from calbot.core.messages.times import heading_text, moment_text, when_text
from calbot.core.model import AllDay, Timed, When
from calbot.when import notation
from tests.core.messages.examples import catalog

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "Asia/Kathmandu",
        "Pacific/Auckland",
        "Australia/Lord_Howe",
        "America/St_Johns",
    ]
).map(ZoneInfo)
EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
INSTANTS = st.integers(0, 3 * 366 * 24 * 60).map(lambda minutes: EPOCH + timedelta(minutes=minutes))
# The hours around the changes of the clocks in these zones.
CHANGES = [
    datetime(2026, 10, 25, 0, tzinfo=timezone.utc),
    datetime(2027, 3, 28, 0, tzinfo=timezone.utc),
    datetime(2026, 11, 1, 5, tzinfo=timezone.utc),
    datetime(2027, 4, 3, 14, tzinfo=timezone.utc),
]
NEAR_CHANGES = st.builds(
    lambda change, minutes: change + timedelta(minutes=5 * minutes), st.sampled_from(CHANGES), st.integers(-12, 36)
)
STARTS = st.one_of(INSTANTS, NEAR_CHANGES)
LENGTHS = st.one_of(st.integers(1, 12 * 60), st.integers(1, 6 * 24 * 60), st.sampled_from([30, 60, 24 * 60]))
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def reader_of(locale: Locale, zone: ZoneInfo, now: datetime) -> Reader:
    return Reader(catalog(locale), locale, zone, now.astimezone(zone))


def read_by(reader: Reader, text: str) -> Reading:
    return read(text, locale="de" if reader.locale == "de" else "en", now=reader.now)


def instants(reading: Reading) -> tuple[float, float | None]:
    assert isinstance(reading, At), reading
    return reading.start.timestamp(), None if reading.end is None else reading.end.timestamp()


@pytest.mark.parametrize("locale", ["de", "en"])
@given(zone=ZONES, start=STARTS, length=LENGTHS, year=st.booleans(), hours=st.integers(1, 24 * 200))
def test_an_event_with_a_time(
    locale: Locale, zone: ZoneInfo, start: datetime, length: int, year: bool, hours: int
) -> None:
    end = start + timedelta(minutes=length)
    reader = reader_of(locale, zone, start - timedelta(hours=hours))
    printed = when_text(reader, Timed(start.astimezone(zone), end.astimezone(zone)), year=year)
    reading = read_by(reader, printed)
    if start.astimezone(zone).fold or end.astimezone(zone).fold:  # an hour that comes twice, with its zone behind it
        assert isinstance(reading, Unread) or instants(reading) == (start.timestamp(), end.timestamp()), printed
    else:
        assert instants(reading) == (start.timestamp(), end.timestamp()), printed


@pytest.mark.parametrize("locale", ["de", "en"])
@given(zone=ZONES, there=ZONES, start=STARTS, hours=st.integers(1, 24 * 200))
def test_a_moment_of_an_event_of_another_zone(
    locale: Locale, zone: ZoneInfo, there: ZoneInfo, start: datetime, hours: int
) -> None:
    reader = reader_of(locale, zone, start - timedelta(hours=hours))
    for printed in (
        moment_text(reader, start.astimezone(there)),
        reading_line(reader, At(start.astimezone(zone))).text,
    ):
        assert instants(read_by(reader, printed)) == (start.timestamp(), None), printed


@pytest.mark.parametrize("locale", ["de", "en"])
@given(zone=ZONES, first=DAYS, length=st.one_of(st.just(0), st.integers(0, 40)), year=st.booleans())
def test_whole_days(locale: Locale, zone: ZoneInfo, first: date, length: int, year: bool) -> None:
    last = first + timedelta(days=length)
    now = datetime(first.year, first.month, first.day, 9, tzinfo=zone) - timedelta(days=7)
    reader = reader_of(locale, zone, now)
    when: When = AllDay(first, last + timedelta(days=1))
    printed = when_text(reader, when, year=year)
    assert read_by(reader, printed) == Day(first, last), printed
    if not length:
        assert read_by(reader, heading_text(reader, first)) == Day(first, first)


SERIES = [
    *(("de", phrase) for phrase in ("täglich 9 Uhr", "alle 3 Tage 9 Uhr", "jeden Di 10-11 Uhr", "werktags 9:15")),
    *(("de", phrase) for phrase in ("jeden Mo, Mi und Fr 8 Uhr", "alle 2 Wochen dienstags 14:00-15:30")),
    *(("de", phrase) for phrase in ("jeden ersten Montag im Monat 14 Uhr", "jeden letzten Freitag im Monat")),
    *(("de", phrase) for phrase in ("monatlich am 15. um 10 Uhr", "alle 2 Monate am 1. um 9 Uhr")),
    *(("de", phrase) for phrase in ("jährlich am 24.12. 10 Uhr", "jeden Donnerstag", "dienstags 22-1 Uhr")),
    *(("de", phrase) for phrase in ("jeden Di 10 Uhr bis 22.12.", "jeden Fr 10-11 Uhr 5 mal", "täglich 11 Uhr 3 mal")),
    *(("de", phrase) for phrase in ("täglich außer mittwochs 11 Uhr", "monatlich am letzten Tag 10 Uhr")),
    *(("en", phrase) for phrase in ("daily at 9am", "every 3 days at 9am", "every Tue 10-11", "weekdays at 9:15")),
    *(("en", phrase) for phrase in ("every Mon, Wed and Fri at 8am", "every two weeks on Tue 14:00-15:30")),
    *(("en", phrase) for phrase in ("every first Monday of the month 2pm", "every last Friday of the month")),
    *(("en", phrase) for phrase in ("monthly on the 15th at 10am", "every 2 months on the 1st at 9am")),
    *(("en", phrase) for phrase in ("every year on 24 December at 10am", "every Thursday", "every Tue 10pm-1am")),
    *(("en", phrase) for phrase in ("every Tue 10am until 22 Dec", "every Fri 10-11 5 times", "daily at 11am 3 times")),
]


@pytest.mark.parametrize(("locale", "phrase"), SERIES)
@given(now=INSTANTS)
def test_a_series(locale: Locale, phrase: str, now: datetime) -> None:
    reader = reader_of(locale, BERLIN, now)
    reading = read_by(reader, phrase)
    if not isinstance(reading, Every):
        return  # "until 22 Dec" on the 23rd
    printed = reading_line(reader, reading).text
    again = notation(read_by(reader, printed))
    first = reading.first
    overnight = isinstance(first, At) and first.end is not None and first.end.date() > first.start.date()
    assert again == notation(reading) or (overnight and again == "no"), printed
