"""What events say: details, hidden ones, attendees, redaction."""

from __future__ import annotations

import icalendar
import pytest

from calbot.core.ical import details_of, is_same_version, read_object, redacted, uid_of
from calbot.core.model import (
    Attendee,
    CalendarName,
    Details,
    Href,
    PartStat,
    RecurrenceId,
    Role,
    Status,
    UserId,
)

from .ical_samples import BERLIN, calendar, event, expanded, single

START = "DTSTART;TZID=Europe/Berlin:20261124T100000"
SECRETS = [
    "SUMMARY:Geheim",
    "DESCRIPTION:geheim",
    "LOCATION:geheim",
    "ATTENDEE;CN=geheim:mailto:geheim@example.org",
    "ORGANIZER:mailto:geheim@example.org",
    "URL:https://geheim.example/",
    "X-ANYTHING:geheim",
    "COMMENT:geheim",
    "CATEGORIES:geheim",
    "RRULE:FREQ=WEEKLY;COUNT=3",
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:geheim\r\nTRIGGER:-PT5M\r\nEND:VALARM",
]


def details(*lines: str) -> Details:
    (one,) = expanded(single(START, *lines)).occurrences
    return one.details


def test_texts_without_their_escapes() -> None:
    found = details(
        r"SUMMARY:a\, b\; c\\n d", r"LOCATION;LANGUAGE=de:Zimmer 1\nRathaus", "DESCRIPTION:ein\r\n  \tText\x07"
    )
    assert (found.title, found.location, found.description) == ("a, b; c\\n d", "Zimmer 1\nRathaus", "ein \tText")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'ATTENDEE;CN="Huber, Anna";PARTSTAT=ACCEPTED;ROLE=CHAIR:MAILTO:Anna.Huber@Example.org',
            Attendee("Huber, Anna", "anna.huber@example.org", None, PartStat.ACCEPTED, Role.CHAIR),
        ),
        ("ATTENDEE:mailto:a@b.example", Attendee("a@b.example", "a@b.example")),
        ("ATTENDEE;EMAIL=A@b.example;CN=A:/principals/a/", Attendee("A", "a@b.example")),
        ("ATTENDEE;CN=A:urn:uuid:1", Attendee("A", "urn:uuid:1")),
        ("ATTENDEE;CN=Tom ^'T^' ^^:mailto:t@b.example", Attendee('Tom "T" ^', "t@b.example")),
        ("ATTENDEE;PARTSTAT=X-NEW;ROLE=X-NEW:mailto:t@b.example", Attendee("t@b.example", "t@b.example")),
        (
            "X-CALBOT-ATTENDEE;CN=Ben;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:@ben:example.org",
            Attendee("Ben", None, UserId("@ben:example.org"), PartStat.DECLINED, Role.OPTIONAL),
        ),
    ],
)
def test_attendees(line: str, expected: Attendee) -> None:
    assert details(line).attendees == (expected,)


def test_organizer_status_sequence_transparency() -> None:
    found = details("ORGANIZER;CN=Org:mailto:Org@example.org", "STATUS:TENTATIVE", "SEQUENCE:3", "TRANSP:TRANSPARENT")
    assert found.organizer == Attendee("Org", "org@example.org")
    assert (found.status, found.sequence, found.transparent) == (Status.TENTATIVE, 3, True)
    assert details("STATUS:WHATEVER", "SEQUENCE:x") == Details()


@pytest.mark.parametrize("line", ["CLASS:PRIVATE", "CLASS:CONFIDENTIAL", "CLASS:X-OTHER", "class:private"])
def test_of_hidden_events_only_times_and_status_are_known_and_stored(line: str) -> None:
    result = expanded(single(START, line, *SECRETS))
    assert [one.details for one in result.occurrences] == [Details(hidden=True, rule="FREQ=WEEKLY;COUNT=3")] * 3
    assert "geheim" not in result.data.lower()
    again = expanded(result.data)
    assert again.occurrences == result.occurrences


def test_a_calendar_shown_as_busy_hides_what_is_public() -> None:
    result = expanded(single(START, "CLASS:PUBLIC", *SECRETS), hidden=True)
    assert all(one.details.hidden and not one.details.title for one in result.occurrences)
    assert "geheim" not in result.data.lower()


def test_a_private_exception_hides_the_series() -> None:
    data = calendar(
        event(START, *SECRETS),
        event("RECURRENCE-ID:20261201T090000Z", "DTSTART:20261201T120000Z", "CLASS:PRIVATE", "SUMMARY:Geheim"),
    )
    assert all(one.details.hidden for one in expanded(data).occurrences)


def test_public_events_are_stored_as_they_are() -> None:
    data = single(START, *SECRETS)
    assert expanded(data).data == data


def test_redaction_keeps_zones_and_drops_texts_in_them() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nCOMMENT:geheim\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nTZNAME:geheim\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    data = redacted(
        calendar(
            zone,
            event("DTSTART;TZID=Ours;X-P=geheim:20261124T100000", *SECRETS),
            "BEGIN:VTODO\r\nSUMMARY:geheim\r\nEND:VTODO",
        )
    )
    assert "geheim" not in data
    assert icalendar.Calendar.from_ical(data).walk("VTIMEZONE")
    (first, *_) = expanded(data).occurrences
    assert first.recurrence_id == "20261124T070000Z"


def test_details_of_master_and_override() -> None:
    data = calendar(
        event(START, "RRULE:FREQ=DAILY", "SUMMARY:Master"),
        event("RECURRENCE-ID:20261125T090000Z", START, "SUMMARY:Override"),
    )
    parsed = read_object(data, calendar=CalendarName("c"), href=Href("h"), hidden=False, zone=BERLIN)
    master, override = details_of(parsed), details_of(parsed, RecurrenceId("20261125T090000Z"))
    assert master
    assert master.title == "Master"
    assert override
    assert override.title == "Override"
    assert details_of(parsed, RecurrenceId("20261126T090000Z")) is None


def test_uid_of() -> None:
    assert uid_of(single(START)) == "uid-1"
    assert uid_of(calendar("BEGIN:VTODO\r\nUID:todo\\, 1\r\nEND:VTODO")) == "todo, 1"
    assert uid_of("rubbish") is None


def test_the_same_version_is_recognised_through_a_rewriting_server() -> None:
    data = single(START, "RRULE:FREQ=DAILY;COUNT=3", "SEQUENCE:1")
    rewritten = single("SEQUENCE:1", "RRULE:COUNT=3;FREQ=DAILY", START).replace("\r\n", "\n")
    assert is_same_version(data, rewritten)
    assert not is_same_version(data, data.replace("SEQUENCE:1", "SEQUENCE:2"))
    assert not is_same_version(data, "rubbish")


def test_another_answer_within_the_same_second_is_another_version() -> None:
    """Answers raise no SEQUENCE, and DTSTAMP counts seconds: somebody else's was taken for the bot's own, and lost."""
    data = single(START, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.org", "ATTENDEE:mailto:cleo@example.org")
    rewritten = single(
        START,
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;SCHEDULE-STATUS=1.2:MAILTO:cleo@example.org",
        "ATTENDEE;SCHEDULE-STATUS=2.0;PARTSTAT=ACCEPTED:mailto:Ben@example.org",
    )
    assert is_same_version(data, rewritten)
    assert not is_same_version(data, data.replace("ACCEPTED", "DECLINED"))


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("SUMMARY", "Budgetrunde", "Jour fixe"),
        ("LOCATION", "Rathaus", ""),
        ("DTEND", "20261124T160000Z", "20261124T170000Z"),
        ("RRULE", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=4"),
    ],
)
def test_another_text_within_the_same_second_is_another_version(name: str, before: str, after: str) -> None:
    """Texts raise no SEQUENCE, and DTSTAMP counts seconds."""
    start = "DTSTART:20261124T140000Z"
    one, other = (single(start, f"{name}:{text}") for text in (before, after))
    assert is_same_version(one, one.replace("\r\n", "\n"))
    assert not is_same_version(one, other)


def test_a_version_that_a_server_has_written_down_again() -> None:
    start = "DTSTART:20261124T140000Z"
    ours = single(
        start,
        "SUMMARY:Rat\\, Haus",
        "DESCRIPTION:",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "EXDATE:20261201T140000Z,20261208T140000Z",
    )
    theirs = single(
        start,
        "SUMMARY;LANGUAGE=de:Rat, Haus ",
        "EXDATE:20261208T140000Z",
        "EXDATE:20261201T140000Z",
        "RRULE:COUNT=3;FREQ=WEEKLY;INTERVAL=1",
        "X-SERVER:1",
    )
    assert is_same_version(ours, theirs)


def test_lines_that_are_none_harm_nobody() -> None:
    found = details("SUMMARY:Titel", "DESCRIPTION:a line that", "was not folded", "", ";=:", 'X-A;B="unfinished:c')
    assert (found.title, found.description) == ("Titel", "a line that")
