"""What the date reader promises beside the tables: reasons, bases, languages, bounds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.dates import (
    At,
    Base,
    Choice,
    Day,
    Every,
    Locale,
    Reason,
    Unread,
    read,
    read_duration,
    read_either,
)
from calbot.when import notation

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("phrase", "reason", "words"),
    [
        ("", Reason.NOT_UNDERSTOOD, ""),
        ("Dienstg 10 Uhr", Reason.NOT_UNDERSTOOD, "Dienstg"),
        ("morgen 14 Uhr vielleicht", Reason.NOT_UNDERSTOOD, "vielleicht"),
        ("am Dienstag mit Anna 14 Uhr", Reason.NOT_UNDERSTOOD, "mit"),
        ("morgen 14 Uhr evtl?", Reason.NOT_UNDERSTOOD, "evtl"),
        ("bitte morgen 14 Uhr", Reason.NOT_UNDERSTOOD, "bitte"),
        ("morgen 14 Uhr, bitte!", Reason.NOT_UNDERSTOOD, "bitte"),
        ("22.11. 9:00", Reason.IN_PAST, ""),
        ("heute 9 Uhr", Reason.IN_PAST, ""),
        ("letzten Dienstag 9 Uhr", Reason.IN_PAST, ""),
        ("31.11. 9:00", Reason.IMPOSSIBLE, ""),
        ("morgen 25:00", Reason.IMPOSSIBLE, ""),
        ("KW 60 Mittwoch", Reason.IMPOSSIBLE, ""),
        ("Fr 15-14 Uhr", Reason.IMPOSSIBLE, ""),
        ("26.11. bis 24.11.", Reason.IMPOSSIBLE, ""),
        ("28.3.2027 2:30", Reason.SKIPPED_BY_CLOCK_CHANGE, ""),
        ("morgen 14 Uhr morgens", Reason.CONTRADICTORY, ""),
        ("jeden Freitag 10 Uhr bis 25.11.", Reason.CONTRADICTORY, ""),
        ("nächste Woche", Reason.VAGUE, ""),
        ("morgen abend", Reason.VAGUE, ""),
        ("24.-26.11. 9 Uhr", Reason.VAGUE, ""),
        ("24.11.2099 9 Uhr", Reason.TOO_FAR, ""),
        ("in 999 Wochen", Reason.TOO_FAR, ""),
        ("Di " * 100, Reason.TOO_LONG, ""),
        ("1 " * 90, Reason.TOO_LONG, ""),
    ],
)
def test_a_refusal_names_its_reason(phrase: str, reason: Reason, words: str) -> None:
    assert read(phrase, locale="de", now=NOW) == Unread(reason, words)


@pytest.mark.parametrize(
    ("locale", "phrase", "falls_on"),
    [
        ("de", "Mi 24.11. 10 Uhr", 1),
        ("de", "Montag, den 25. Dezember 2026", 4),
        ("en", "Mon 24 Nov 10am", 1),
        ("en", "monday, tomorrow", 1),
        ("de", "KW 49 Mi 24.11.", None),
        ("en", "mon 10/12", None),  # October or December
    ],
)
def test_a_wrong_weekday_is_told_the_right_one(locale: Locale, phrase: str, falls_on: int | None) -> None:
    assert read(phrase, locale=locale, now=NOW) == Unread(Reason.CONTRADICTORY, falls_on=falls_on)


@pytest.mark.parametrize(
    ("locale", "phrase", "meant"),
    [
        ("de", "abends 7:30", (19, 30)),
        ("de", "Di 7.30 Uhr abends", (19, 30)),
        ("de", "Di 07:30 abends", (19, 30)),
        ("de", "morgen sieben Uhr dreißig abends", (19, 30)),
        ("de", "3:00 nachmittags", (15, 0)),
        ("de", "morgen 12:30 nachts", (0, 30)),
        ("de", "heute Abend 7-10:30", (22, 30)),
        ("en", "tonight at 8:30", (20, 30)),
        ("en", "every monday evening 7:30", (19, 30)),
        ("de", "morgen 14:30 vormittags", None),
        ("de", "Di 10 Uhr nachmittags", None),
        ("en", "tomorrow 3:30pm in the morning", None),
    ],
)
def test_a_wrong_part_of_the_day_is_told_the_right_hour(
    locale: Locale, phrase: str, meant: tuple[int, int] | None
) -> None:
    minutes = None if meant is None else meant[0] * 60 + meant[1]
    assert read(phrase, locale=locale, now=NOW) == Unread(Reason.CONTRADICTORY, meant=minutes)


def test_readings_are_in_the_zone_of_now() -> None:
    reading = read("Di 14-15", locale="de", now=NOW)
    assert reading == At(at(24, 14), at(24, 15))
    assert isinstance(reading, At)
    assert reading.start.tzinfo is BERLIN


def test_now_has_to_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        read("morgen", locale="de", now=datetime(2026, 11, 23))  # noqa: DTZ001 - what is tested


def test_seconds_of_now_do_not_matter() -> None:
    now = NOW.replace(second=40)
    assert read("heute 10 Uhr", locale="de", now=now) == At(at(23, 10))
    assert read("in 30 min", locale="de", now=now) == At(at(23, 10, 30))


@pytest.mark.parametrize(
    ("phrase", "locales", "expected"),
    [
        ("tomorrow 2pm", ("de", "en"), "at 2026-11-24T14:00"),
        ("morgen 14 Uhr", ("en", "de"), "at 2026-11-24T14:00"),
        ("Di 10", ("en", "de"), "at 2026-11-24T10:00"),
        ("morgen 2pm", ("de", "en"), "no"),
        ("tomorrow 14 Uhr", ("de", "en"), "no"),
        ("heute 9 Uhr", ("en", "de"), "no"),
    ],
)
def test_the_other_language_is_tried_but_never_mixed(phrase: str, locales: tuple[Locale, ...], expected: str) -> None:
    assert notation(read_either(phrase, locales=locales, now=NOW)) == expected


def test_a_refusal_in_the_first_language_is_final_unless_it_was_not_understood() -> None:
    assert read_either("31.11. 9:00", locales=("de", "en"), now=NOW) == Unread(Reason.IMPOSSIBLE)
    assert read_either("foo", locales=("de", "en"), now=NOW) == Unread(Reason.NOT_UNDERSTOOD, "foo")


EVENT = Base.of(At(at(24, 14), at(24, 15, 30)))
OPEN_ENDED = Base.of(At(at(24, 14)))
ALL_DAY = Base.of(Day(date(2026, 11, 24), date(2026, 11, 25)))


@pytest.mark.parametrize(
    ("phrase", "base", "expected"),
    [
        # a bare time keeps the date, a bare date the time and the length
        ("16 Uhr", EVENT, "at 2026-11-24T16:00/2026-11-24T17:30"),
        ("um 9", EVENT, "at 2026-11-24T09:00/2026-11-24T10:30"),
        ("16-17 Uhr", EVENT, "at 2026-11-24T16:00/2026-11-24T17:00"),
        ("Mi", EVENT, "at 2026-11-25T14:00/2026-11-25T15:30"),
        ("25.11.", EVENT, "at 2026-11-25T14:00/2026-11-25T15:30"),
        ("Mi 9-10", EVENT, "at 2026-11-25T09:00/2026-11-25T10:00"),
        ("Mi 16 Uhr", EVENT, "at 2026-11-25T16:00/2026-11-25T17:30"),
        ("Mi für 30 min", EVENT, "at 2026-11-25T14:00/2026-11-25T14:30"),
        ("für 2 Stunden", EVENT, "at 2026-11-24T14:00/2026-11-24T16:00"),
        ("in 2 Stunden", EVENT, "at 2026-11-23T12:00/2026-11-23T13:30"),
        ("heute", EVENT, "at 2026-11-23T14:00/2026-11-23T15:30"),
        ("nächsten Mi", EVENT, "choice 2026-11-25T14:00/2026-11-25T15:30 | 2026-12-02T14:00/2026-12-02T15:30"),
        ("16 Uhr", OPEN_ENDED, "at 2026-11-24T16:00"),
        # all-day only if that is said
        ("Mi ganztägig", EVENT, "day 2026-11-25/2026-11-25"),
        ("ganztägig", EVENT, "day 2026-11-24/2026-11-24"),
        ("24.-26.11.", EVENT, "no"),
        ("24.-26.11. ganztägig", EVENT, "day 2026-11-24/2026-11-26"),
        ("morgen für 3 Tage", EVENT, "no"),
        ("Do", ALL_DAY, "day 2026-11-26/2026-11-27"),
        ("Do 9-10", ALL_DAY, "at 2026-11-26T09:00/2026-11-26T10:00"),
        ("16 Uhr", ALL_DAY, "at 2026-11-24T16:00"),
        # neither series nor bare numbers
        ("jeden Mi 10 Uhr", EVENT, "no"),
        ("14-15", EVENT, "no"),
        ("16", EVENT, "no"),
        ("gestern", EVENT, "no"),
    ],
)
def test_what_a_move_leaves_out_comes_from_the_event(phrase: str, base: Base, expected: str) -> None:
    assert notation(read(phrase, locale="de", now=NOW, base=base)) == expected


def test_an_event_is_not_moved_by_a_series() -> None:
    assert read("jeden Mi 10 Uhr", locale="de", now=NOW, base=EVENT) == Unread(Reason.SERIES)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("16 Uhr", "at 2026-11-24T16:00"),
        ("16-17", "at 2026-11-24T16:00/2026-11-24T17:00"),
        ("10", "at 2026-11-24T10:00"),
        ("halb drei", "at 2026-11-24T14:30"),
        ("Mi 10", "at 2026-11-25T10:00"),
        ("Mi", "day 2026-11-25/2026-11-25"),
    ],
)
def test_the_next_option_of_a_poll_takes_the_date_of_the_one_before(phrase: str, expected: str) -> None:
    base = Base.after(At(at(24, 14), at(24, 15)))
    assert notation(read(phrase, locale="de", now=NOW, base=base)) == expected


@pytest.mark.parametrize(
    ("text", "locale", "minutes"),
    [
        ("45m", "de", 45),
        ("1h30", "de", 90),
        ("1h30m", "en", 90),
        ("1,5h", "de", 90),
        ("1.5h", "en", 90),
        ("90 min", "de", 90),
        ("1:30", "de", 90),
        ("2 Stunden", "de", 120),
        ("eine halbe Stunde", "de", 30),
        ("1 Std. 15 Min.", "de", 75),
        ("an hour and a half", "en", 90),
        ("24h", "de", 24 * 60),
        ("1d", "en", 24 * 60),
        ("1 Tag", "de", 24 * 60),
        ("2t", "de", 48 * 60),
        ("1 week", "en", 7 * 24 * 60),
        ("90", "de", None),
        ("bald", "de", None),
        ("1h und", "de", None),
        ("", "de", None),
        ("9" * 300, "de", None),
    ],
)
def test_a_length_in_an_option(text: str, locale: Locale, minutes: int | None) -> None:
    assert read_duration(text, locale=locale) == (None if minutes is None else timedelta(minutes=minutes))


ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo"]
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2035, 12, 31))  # noqa: DTZ001 - the zone is drawn beside it
PIECES = st.sampled_from(
    """
    heute morgen übermorgen Di dienstag dienstags nächsten diesen kommenden jeden alle zwei Wochen Tage KW 48 49 53 in
    am um von bis ab für und - , . : / ( ) 24.11. 31.12. 29.2. 9.10 14:30 2:30 24:00 14 3 0 Uhr h halb viertel vor nach
    früh abends nachts mittags ganztägig ersten letzten Montag Freitag im Monat Dezember täglich werktags mal 5x min
    Stunden tomorrow next week tuesday every other 2pm 12am 11/30 01/12/2027 noon midnight half past quarter to first of
    30th Nov until times 2026-11-30 T14:00 Z all day for an hour ½ ² ٣ 🎉 9999999
    """.split()  # noqa: SIM905 - a list of so many is easier to read so
)
JUNK = st.lists(PIECES, max_size=14).flatmap(
    lambda pieces: st.sampled_from(["", " ", "\t"]).map(lambda blank: blank.join(pieces))
)


@given(text=JUNK | st.text(max_size=60), locale=st.sampled_from(["de", "en"]), moment=MOMENTS, zone=ZONES)
def test_whatever_is_typed_gets_a_sound_reading(text: str, locale: Locale, moment: datetime, zone: str) -> None:
    now = moment.replace(tzinfo=ZoneInfo(zone))
    reading = read(text, locale=locale, now=now)
    options = reading.readings if isinstance(reading, Choice) else (reading,)
    if isinstance(reading, Choice):
        assert len(set(options)) == len(options) >= 2
    for option in options:
        if isinstance(option, Unread):
            continue
        span = option.first if isinstance(option, Every) else option
        if isinstance(span, Day):
            assert now.date() <= span.first <= span.last
        else:
            assert span.start.timestamp() > now.timestamp() - 60
            assert span.start.astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone)) == span.start
            assert span.end is None or span.end.timestamp() > span.start.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10_000,
        "(" * 10_000,
        "morgen " * 2_000,
        "9" * 199,
        "- " * 99,
        "\ud800",
        "\x00\x1f",
        "Di\u202e 10",
        "0" * 60 + " Uhr",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_is_refused_or_read_without_harm(text: str) -> None:
    for locale in ("de", "en"):
        reading = read(text, locale=locale, now=NOW)
        assert isinstance(reading, Unread) or reading == At(at(24, 10))
