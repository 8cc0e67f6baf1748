"""What is printed for a date is read back as the same date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.dates import At, Locale, read

ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
DATES = {
    "de": ("EEE, d. MMM yyyy", "EEEE, d. MMMM yyyy", "EEE dd.MM.yyyy", "d.M.yy", "d. MMMM y"),
    "en": ("EEE, d MMM yyyy", "EEEE, d MMMM yyyy", "EEEE, MMMM d, yyyy", "EEE, MMM d, yyyy", "yyyy-MM-dd"),
}
TIMES = {"de": ("HH:mm 'Uhr'", "HH:mm", "H.mm 'Uhr'"), "en": ("HH:mm", "h:mm a", "h:mma")}
BABEL = {"de": "de", "en": "en_GB"}


@pytest.mark.parametrize("locale", ["de", "en"])
@given(data=st.data())
def test_a_printed_date_is_read_back(locale: Locale, data: st.DataObject) -> None:
    zone = ZoneInfo(data.draw(ZONES))
    start = (START + timedelta(minutes=data.draw(st.integers(0, 3 * 366 * 24 * 60)))).astimezone(zone)
    end = (start + timedelta(minutes=data.draw(st.integers(5, 600)))).astimezone(zone)
    if start.fold or end.fold or end.utcoffset() != start.utcoffset():
        return  # a time that happens twice is read as the first of the two
    now = (start - timedelta(hours=data.draw(st.integers(1, 24 * 300)))).astimezone(zone)
    day = data.draw(st.sampled_from(DATES[locale]))
    time = data.draw(st.sampled_from(TIMES[locale]))
    printed = format_datetime(start, f"{day}, {time}", tzinfo=zone, locale=BABEL[locale])
    until = format_datetime(end, time, tzinfo=zone, locale=BABEL[locale])
    assert read(printed, locale=locale, now=now) == At(start)
    assert read(f"{printed}–{until}", locale=locale, now=now) == At(start, end)
    assert read(f"{printed} - {until}", locale=locale, now=now) == At(start, end)


@pytest.mark.parametrize(
    ("locale", "text"),
    [("de", "Di., 24. Nov. 2026, 14:00–15:00 Uhr"), ("en", "Tue, 24 Nov 2026, 14:00–15:00")],
)
def test_the_usual_forms(locale: Locale, text: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 11, 23, 10, 0, tzinfo=zone)
    expected = At(datetime(2026, 11, 24, 14, 0, tzinfo=zone), datetime(2026, 11, 24, 15, 0, tzinfo=zone))
    assert read(text, locale=locale, now=now) == expected
