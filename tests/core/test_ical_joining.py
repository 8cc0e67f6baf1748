"""The word for a join link in a place: where it counts, and what is put in its stead."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.ical.joining import asks_for_link, with_link
from calbot.core.ical.reading import read_object
from calbot.core.model import CalendarName, Href

NOW = datetime(2026, 11, 24, 7, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")
LINK = "https://video.example.org/abc"
OURS = frozenset({"termine@example.org", "anna@example.org"})


def data(*components: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *components, "END:VCALENDAR", ""])


def vevent(location: str, *lines: str) -> str:
    head = ["BEGIN:VEVENT", "UID:u", "DTSTAMP:20261101T000000Z", "DTSTART:20261125T090000Z", "DURATION:PT1H"]
    return "\r\n".join([*head, "SEQUENCE:4", f"LOCATION:{location}", *lines, "X-OWN;A=b:kept", "END:VEVENT"])


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("@matrix", True),
        ("@Matrix", True),
        ("  @MATRIX  ", True),
        ("Raum 4.12, @matrix", True),
        ("Rathaus (@matrix)", True),
        ("Rathaus/@matrix", True),
        ("@matrix, Rathaus", True),
        ("wir treffen uns in @matrix.", True),
        ("@matrix:example.org", False),
        ("@matrix.example.org", False),
        ("anna@matrix", False),
        ("anna@matrix.org", False),
        ("@matrixraum", False),
        ("matrix", False),
        ("@meet", False),
        ("https://matrix.to/#/@matrix:example.org", False),
        ("", False),
    ],
)
def test_only_the_word_by_itself_asks_for_a_link(location: str, asked: bool) -> None:
    assert asks_for_link(location) is asked


def linked(text: str) -> str | None:
    return with_link(text, LINK, organizers=OURS, zone=BERLIN, now=NOW)


def test_the_word_gives_way_to_the_link_and_all_else_stays() -> None:
    before = data(vevent("Raum 4.12\\, @matrix"))
    after = linked(before)
    assert after is not None
    assert f"LOCATION:Raum 4.12\\, {LINK}" in after
    assert f"CONFERENCE;VALUE=URI;FEATURE=VIDEO:{LINK}" in after
    assert "SEQUENCE:4" in after
    changed = {line for line in after.splitlines() if line not in before.splitlines()}
    assert {line.partition(":")[0].partition(";")[0] for line in changed} == {
        "LOCATION",
        "CONFERENCE",
        "DTSTAMP",
        "LAST-MODIFIED",
    }
    parsed = read_object(after, calendar=CalendarName(""), href=Href(""), hidden=False, zone=BERLIN)
    assert parsed.events[0].details.link == LINK
    assert linked(after) is None


def test_all_of_a_series_gets_it() -> None:
    override = vevent("@matrix", "RECURRENCE-ID:20261126T090000Z")
    elsewhere = vevent("Rathaus", "RECURRENCE-ID:20261127T090000Z")
    after = linked(data(vevent("@matrix", "RRULE:FREQ=DAILY;COUNT=5"), override, elsewhere))
    assert after is not None
    assert after.count(f"LOCATION:{LINK}") == 2
    assert "LOCATION:Rathaus" in after


def test_a_conference_that_is_there_stays() -> None:
    after = linked(data(vevent("@matrix", "CONFERENCE;VALUE=URI:https://other.example.org/x")))
    assert after is not None
    assert after.count("CONFERENCE") == 1


@pytest.mark.parametrize(
    ("organizer", "theirs"),
    [
        ("ORGANIZER:mailto:termine@example.org", False),
        ("ORGANIZER;CN=Anna:MAILTO:Anna@Example.org", False),
        ("ORGANIZER:", False),
        ("ORGANIZER:mailto:fremd@elsewhere.example", True),
        ("ORGANIZER;EMAIL=anna@example.org:mailto:fremd@elsewhere.example", True),
    ],
)
def test_events_of_others_are_left_alone(organizer: str, theirs: bool) -> None:
    assert (linked(data(vevent("@matrix", organizer))) is None) is theirs


def test_nothing_to_do_is_nothing() -> None:
    assert linked(data(vevent("Rathaus"))) is None
