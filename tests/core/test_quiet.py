"""What can wait waits on public holidays and in quiet hours, and comes as soon as these are over."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.quiet import holiday_name, instant_of, is_holiday, next_allowed, regions
from calbot.core.settings import Hours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Hours(time(20), time(7))
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Africa/Cairo", "Pacific/Apia", "UTC")]


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


class TestHolidays:
    @pytest.mark.parametrize(
        ("day", "region", "name"),
        [
            (date(2026, 12, 25), "DE-BY", "Erster Weihnachtstag"),
            (date(2026, 1, 6), "DE-BY", "Heilige Drei Könige"),
            (date(2026, 1, 6), "DE-BE", None),
            (date(2026, 8, 15), "DE-BY", None),
            (date(2026, 8, 15), "DE-BY catholic", "Mariä Himmelfahrt"),
            (date(2017, 10, 31), "DE-BY", "Reformationstag"),  # once, everywhere
            (date(2026, 12, 25), "", None),
            (date(2026, 12, 25), "DE", "Erster Weihnachtstag"),
            (date(2026, 10, 26), "AT-9", "Nationalfeiertag"),
        ],
    )
    def test_are_those_of_a_region(self, day: date, region: str, name: str | None) -> None:
        assert holiday_name(day, region) == name
        assert is_holiday(day, region) == (name is not None)

    def test_are_called_by_their_names_in_the_language_of_the_reader(self) -> None:
        assert holiday_name(date(2026, 4, 6), "DE-BY", "de") == "Ostermontag"
        assert holiday_name(date(2026, 4, 6), "DE-BY", "en") == "Easter Monday"

    def test_every_region_has_some(self) -> None:
        for code in ("DE", *(code for code in regions().values() if code.startswith(("DE-", "AT-", "CH-")))):
            assert is_holiday(date(2027, 1, 1), code), code
        assert not is_holiday(date(2027, 1, 4), "DE-BY")


class TestNextAllowed:
    @pytest.mark.parametrize(
        ("now", "allowed"),
        [
            ("2026-11-24T08:00", "2026-11-24T08:00"),
            ("2026-11-24T19:59:59", "2026-11-24T19:59:59"),
            ("2026-11-24T20:00", "2026-11-25T07:00"),
            ("2026-11-24T23:59", "2026-11-25T07:00"),
            ("2026-11-25T00:00", "2026-11-25T07:00"),
            ("2026-11-25T06:59:59", "2026-11-25T07:00"),
            ("2026-11-25T07:00", "2026-11-25T07:00"),
            ("2026-11-28T10:00", "2026-11-28T10:00"),  # a Saturday
            ("2026-12-24T21:00", "2026-12-27T07:00"),  # two holidays, and the night after them
            ("2026-12-25T12:00", "2026-12-27T07:00"),
            ("2026-12-31T23:00", "2027-01-02T07:00"),
            ("2027-03-25T20:00", "2027-03-27T07:00"),  # Good Friday
            ("2027-03-28T00:30", "2027-03-28T07:00"),  # a night of 23 hours
            ("2026-10-24T20:00", "2026-10-25T07:00"),  # one of 25
        ],
    )
    def test_over_nights_and_holidays(self, now: str, allowed: str) -> None:
        assert next_allowed(at(now), quiet=NIGHT, holidays="DE-BY", zone=BERLIN) == at(allowed)

    def test_holidays_alone_last_from_midnight_to_midnight(self) -> None:
        allowed = next_allowed(at("2026-12-25T00:00"), quiet=None, holidays="DE-BY", zone=BERLIN)
        assert allowed == at("2026-12-27T00:00")
        assert next_allowed(allowed, quiet=None, holidays="DE-BY", zone=BERLIN) == allowed

    def test_quiet_hours_within_a_day(self) -> None:
        lunch = Hours(time(12), time(13, 30))
        assert next_allowed(at("2026-11-24T12:10"), quiet=lunch, holidays="", zone=BERLIN) == at("2026-11-24T13:30")
        assert next_allowed(at("2026-11-24T13:30"), quiet=lunch, holidays="", zone=BERLIN) == at("2026-11-24T13:30")

    def test_an_end_that_the_clock_leaps_over(self) -> None:
        quiet = Hours(time(22), time(2, 30))
        allowed = next_allowed(at("2027-03-27T23:00"), quiet=quiet, holidays="", zone=BERLIN)
        assert allowed == datetime(2027, 3, 28, 1, 0, tzinfo=timezone.utc)  # when it becomes three

    def test_an_end_that_comes_twice(self) -> None:
        quiet = Hours(time(22), time(2, 30))
        first = next_allowed(at("2026-10-24T23:00"), quiet=quiet, holidays="", zone=BERLIN)
        assert first == datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
        # The clock shows ten past two again: quiet hours, until it shows half past two again.
        again = datetime(2026, 10, 25, 1, 10, tzinfo=timezone.utc)
        assert next_allowed(again, quiet=quiet, holidays="", zone=BERLIN) == again + timedelta(minutes=20)

    def test_the_clock_that_counts_is_that_of_the_zone(self) -> None:
        tokyo = ZoneInfo("Asia/Tokyo")
        noon = at("2026-11-24T12:00")
        assert next_allowed(noon, quiet=NIGHT, holidays="", zone=tokyo) == at("2026-11-25T07:00", tokyo)

    @given(
        st.integers(1_262_304_000, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, timezone.utc)),
        st.tuples(st.times(), st.times()).filter(lambda ends: ends[0] != ends[1]),
        st.sampled_from(ZONES),
        st.sampled_from(("", "DE-BY")),
    )
    def test_it_is_allowed_then_and_not_before(
        self, now: datetime, ends: tuple[time, time], zone: ZoneInfo, holidays: str
    ) -> None:
        quiet = Hours(*(end.replace(second=0, microsecond=0) for end in ends))
        if quiet.start == quiet.end:
            return
        allowed = next_allowed(now, quiet=quiet, holidays=holidays, zone=zone)
        assert now <= allowed
        assert not is_quiet(allowed, quiet, holidays, zone)
        before, step = now, max((allowed - now) / 200, timedelta(minutes=1))
        while before < allowed:
            assert is_quiet(before, quiet, holidays, zone)
            before += step


def is_quiet(instant: datetime, quiet: Hours, holidays: str, zone: ZoneInfo) -> bool:
    """By what the clock shows, without any arithmetic."""
    shown = instant.astimezone(zone)
    over_night = quiet.start > quiet.end
    after, before = shown.time() >= quiet.start, shown.time() < quiet.end
    return is_holiday(shown.date(), holidays) or ((after or before) if over_night else (after and before))


@given(st.dates(date(1990, 1, 1), date(2036, 1, 1)), st.times(), st.sampled_from(ZONES))
def test_an_instant_is_when_the_clock_first_shows_that_time_or_a_later_one(
    day: date, clock: time, zone: ZoneInfo
) -> None:
    clock = clock.replace(microsecond=0)
    found = instant_of(day, clock, zone)
    wanted = datetime.combine(day, clock)
    assert found.astimezone(zone).replace(tzinfo=None) >= wanted
    assert (found - timedelta(seconds=61)).astimezone(zone).replace(tzinfo=None) < wanted


@pytest.mark.parametrize(
    ("day", "clock", "zone", "instant"),
    [
        (date(2027, 3, 28), time(2, 30), "Europe/Berlin", "2027-03-28T01:00"),
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", "2026-10-25T00:30"),
        (date(2026, 4, 24), time(0, 0), "Africa/Cairo", "2026-04-23T22:00"),
        (date(2011, 12, 30), time(7, 30), "Pacific/Apia", "2011-12-30T10:00"),  # a day that did not take place
    ],
)
def test_where_a_clock_leaps_or_goes_back(day: date, clock: time, zone: str, instant: str) -> None:
    assert instant_of(day, clock, ZoneInfo(zone)) == datetime.fromisoformat(instant).replace(tzinfo=timezone.utc)
