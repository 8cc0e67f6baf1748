"""What is read equals what was stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.model import AllDay, Attendee, Details, PartStat, Role, Status, Timed, Trigger, UserId
from calbot.db.encoding import (
    date_to_ms,
    decode_details,
    decode_time,
    decode_when,
    encode_details,
    encode_time,
    encode_when,
    from_ms,
    searchable,
    storable,
    to_ms,
)

BERLIN = ZoneInfo("Europe/Berlin")
texts = st.text(st.characters(codec=None))
zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
moments = st.datetimes(timezones=zones, allow_imaginary=True)
attendees = st.builds(
    Attendee,
    name=texts,
    address=st.none() | texts,
    user=st.none() | texts.map(UserId),
    partstat=st.sampled_from(PartStat),
    role=st.sampled_from(Role),
)
triggers = st.builds(
    Trigger,
    st.integers(),
    st.booleans(),
    st.none() | st.datetimes(timezones=st.just(timezone.utc)).map(lambda moment: moment.replace(microsecond=0)),
)
details = st.builds(
    Details,
    title=texts,
    location=texts,
    description=texts,
    link=texts,
    status=st.sampled_from(Status),
    transparent=st.booleans(),
    hidden=st.booleans(),
    sequence=st.integers(min_value=0),
    rule=texts,
    organizer=st.none() | attendees,
    attendees=st.lists(attendees, max_size=3).map(tuple),
    alarms=st.lists(triggers, max_size=3).map(tuple),
)


@given(moments)
def test_times_keep_wall_clock_offset_and_zone(moment: datetime) -> None:
    read = decode_time(encode_time(moment))
    assert read.replace(tzinfo=None, fold=0) == moment.replace(tzinfo=None, fold=0)
    assert read.utcoffset() == moment.utcoffset()
    assert read.tzinfo is moment.tzinfo


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 24, 14, 0, tzinfo=BERLIN), "2026-11-24T14:00:00+01:00[Europe/Berlin]"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), "2026-10-25T02:30:00+02:00[Europe/Berlin]"),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), "2026-10-25T02:30:00+01:00[Europe/Berlin]"),
        (datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN), "2026-03-29T02:30:00+01:00[Europe/Berlin]"),
        (datetime(2026, 11, 24, 14, 0, tzinfo=timezone.utc), "2026-11-24T14:00:00+00:00"),
        (datetime(2026, 11, 24, 14, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-24T14:00:00+02:00"),
    ],
)
def test_times_as_they_are_written(moment: datetime, text: str) -> None:
    assert encode_time(moment) == text
    assert decode_time(text) == moment
    assert decode_time(text).fold == moment.fold


def test_a_zone_without_a_name_keeps_its_offset() -> None:
    class OfAFile(tzinfo):
        def utcoffset(self, _: datetime | None) -> timedelta:
            return timedelta(hours=3)

        def dst(self, _: datetime | None) -> timedelta:
            return timedelta(0)

        def tzname(self, _: datetime | None) -> str:
            return "Stadt"

    moment = datetime(2026, 11, 24, 14, 0, tzinfo=OfAFile())
    assert decode_time(encode_time(moment)) == moment


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2026-11-24T14:00:00+01:00[Europe/Nowhere]", "2026-11-24T14:00:00+01:00"),
        ("2026-11-24T14:00:00+05:00[Europe/Berlin]", "2026-11-24T14:00:00+01:00"),
    ],
    ids=["zone unknown here", "rules of the zone have changed"],
)
def test_times_stored_under_other_zone_data(text: str, meaning: str) -> None:
    assert decode_time(text).isoformat() == meaning


@given(st.dates(), st.dates())
def test_all_day_times_stay_dates(start: date, end: date) -> None:
    when = AllDay(start, end)
    assert decode_when(*encode_when(when)) == when


@given(moments, moments, st.booleans())
def test_timed_and_floating(start: datetime, end: datetime, floating: bool) -> None:
    read = decode_when(*encode_when(Timed(start, end, floating)))
    assert isinstance(read, Timed)
    assert read.floating is floating
    assert encode_when(read) == encode_when(Timed(start, end, floating))


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_instants_have_milliseconds(instant: datetime) -> None:
    assert timedelta(0) <= instant - from_ms(to_ms(instant)) < timedelta(milliseconds=1)


@given(st.dates())
def test_midnight_of_a_date(day: date) -> None:
    assert date_to_ms(day) == to_ms(datetime(day.year, day.month, day.day, tzinfo=timezone.utc))


@given(details)
def test_details(value: Details) -> None:
    text = encode_details(value)
    assert decode_details(text) == value
    assert text.isascii()


@given(texts)
def test_texts_are_made_storable(text: str) -> None:
    for stored in (storable(text), searchable(text)):
        assert "\0" not in stored
        assert stored.encode("utf-8").decode() == stored


@pytest.mark.parametrize(
    ("text", "needle"), [("MÜLLER", "müller"), ("Mu\u0308ller", "MÜLLER"), ("Straße", "STRASSE"), ("ﬁx", "FIX")]
)
def test_searches_know_no_case_and_no_form(text: str, needle: str) -> None:
    assert searchable(needle) in searchable(text)
