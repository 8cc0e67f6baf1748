"""Files of events, taken apart: what may be written of them, and what must not."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core import identity
from calbot.core.ical.content import read_components
from calbot.core.ical.importing import MAX_OBJECTS, FileParts, decoded, first_occurrence, take_apart
from calbot.core.ical.reading import read_object
from calbot.core.model import Attendee, CalendarName, EventId, Href, PartStat, Role, Timed, Uid
from calbot.errors import CalbotError, Code, UserError

NOW = datetime(2026, 11, 24, 7, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")
CORPUS = sorted((Path(__file__).parents[1] / "data" / "ics").glob("*.ics"))
LABEL = "Eingeladen:"


def event(*lines: str, uid: str | None = "a@example.org", start: str = "DTSTART:20261125T090000Z") -> str:
    head = [] if uid is None else [f"UID:{uid}"]
    return "\r\n".join(
        ["BEGIN:VEVENT", *head, "DTSTAMP:20261101T000000Z", start, "SUMMARY:Runde", *lines, "END:VEVENT"]
    )


def calendar(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *parts, "END:VCALENDAR", ""]).encode()


def apart(data: bytes, **kwargs: object) -> FileParts:
    return take_apart(data, now=NOW, label=LABEL, **kwargs)  # type: ignore[arg-type]


def only(data: bytes) -> str:
    (piece,) = apart(data).pieces
    return piece.data


def test_one_object_for_each_uid_with_its_overrides_and_zones() -> None:
    def zone(name: str) -> str:
        standard = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD"
        return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{standard}\r\nEND:VTIMEZONE"

    series = event("RRULE:FREQ=DAILY;COUNT=3", uid="s", start="DTSTART;TZID=Amt:20261125T090000")
    override = event("RECURRENCE-ID;TZID=Amt:20261126T090000", uid="s", start="DTSTART;TZID=Hof:20261126T100000")
    parts = apart(calendar(zone("Amt"), zone("Hof"), zone("Unused"), override, event(uid="b"), series))
    by_uid = {str(piece.uid): piece.data for piece in parts.pieces}
    assert list(by_uid) == ["s", "b"]
    assert by_uid["s"].count("BEGIN:VEVENT") == 2
    assert by_uid["s"].index("RRULE") < by_uid["s"].index("RECURRENCE-ID")
    assert {name for name in ("Amt", "Hof", "Unused") if f"TZID:{name}" in by_uid["s"]} == {"Amt", "Hof"}
    assert "VTIMEZONE" not in by_uid["b"]


def test_what_would_make_a_server_act_is_gone_in_every_spelling() -> None:
    nasty = event(
        "ORGANIZER;CN=Chefin:mailto:chef@example.org",
        "ATTENDEE;CN=Anna Huber;RSVP=TRUE:mailto:anna@example.org",
        "attendee;cn=Ben:MAILTO:ben@example.org",
        "ATTEN\r\n DEE:mailto:folded@example.org",
        "item1.ATTENDEE:mailto:grouped@example.org",
        "ATTENDEE :mailto:blank@example.org",
        "X-CALBOT-ATTENDEE;CN=Carla:@carla:example.org",
        "REQUEST-STATUS:2.0;Success",
        "SCHEDULE-AGENT:SERVER",
        "MALARM:20261125T080000Z;;;boss@example.org;hello",
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\nATTENDEE:mailto:x@example.org\r\nEND:VALARM",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nACTION:email\r\nTRIGGER:-PT5M\r\nEND:VALARM",
        "BEGIN:VALARM\r\naction:Procedure\r\nTRIGGER:-PT5M\r\nATTACH:file:///bin/sh\r\nEND:VALARM",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Runde\r\nEND:VALARM",
        "BEGIN:PARTICIPANT\r\nUID:p\r\nCALENDAR-ADDRESS:mailto:p@example.org\r\nEND:PARTICIPANT",
    )
    data = only(calendar("METHOD:REQUEST", nasty))
    (root,) = read_components(data)
    (component,) = root.components
    names = {line.name for line in (*root.lines, *component.lines)}
    assert not names & {"METHOD", "ORGANIZER", "ATTENDEE", "X-CALBOT-ATTENDEE", "REQUEST-STATUS", "MALARM", ""}
    assert [part.value("ACTION") for part in component.components] == ["DISPLAY"]
    assert "mailto:" not in data.lower()
    assert "SCHEDULE" not in data


def test_who_was_invited_is_said_in_the_description_once() -> None:
    people = (
        "ORGANIZER;CN=Anna Huber:mailto:anna@example.org",
        "ATTENDEE;CN=Anna Huber:mailto:ANNA@example.org",
        "ATTENDEE:mailto:ben@example.org",
    )
    with_text = only(calendar(event(*people, "DESCRIPTION;LANGUAGE=de:Bitte vorbereiten")))
    (parsed,) = read_object(with_text, calendar=CalendarName(""), href=Href(""), hidden=False, zone=BERLIN).events
    assert parsed.details.description == f"Bitte vorbereiten\n\n{LABEL} Anna Huber, ben@example.org"
    assert parsed.details.attendees == ()
    assert parsed.details.organizer is None
    without = only(calendar(event(*people)))
    assert f"DESCRIPTION:{LABEL} Anna Huber\\, ben@example.org" in without


def test_a_list_of_hundreds_of_people_is_cut_short() -> None:
    people = [f"ATTENDEE:mailto:p{number}@example.org" for number in range(300)]
    data = only(calendar(event(*people))).replace("\r\n ", "")
    assert data.count("@example.org") == 50 + 1  # the UID has one, too
    assert "…" in data


def test_what_is_not_understood_stays_as_it_was() -> None:
    kept = (
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "ATTACH;FMTTYPE=text/plain:https://example.org/a.txt",
        "CLASS:PRIVATE",
        "SEQUENCE:3",
        "X-ALT-DESC;FMTTYPE=text/html:<b>x</b>",
        "CATEGORIES;LANGUAGE=de:Amt,Rat",
    )
    lines = only(calendar(event(*kept))).splitlines()
    assert set(kept) <= set(lines)


@pytest.mark.parametrize("method", ["", "METHOD:PUBLISH", "METHOD:REQUEST", "method:request"])
def test_events_and_invitations_are_taken(method: str) -> None:
    assert len(apart(calendar(*filter(None, [method]), event())).pieces) == 1


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("METHOD:CANCEL", "import_cancellation"),
        ("METHOD:REPLY", "import_answer"),
        ("METHOD:COUNTER", "import_method"),
        ("METHOD:REFRESH", "import_method"),
        ("METHOD:ADD", "import_method"),
        ("METHOD;X=1:cancel", "import_cancellation"),
        ("METHOD:PUBLISH\r\nMETHOD:CANCEL", "import_cancellation"),
    ],
)
def test_messages_about_events_are_refused(method: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        apart(calendar(method, event()))
    assert caught.value.reason == reason


def test_other_entries_are_counted_and_old_versions_give_way() -> None:
    todo = "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO"
    old, new = event("SEQUENCE:1", "X-VERSION:old"), event("SEQUENCE:2", "X-VERSION:new")
    parts = apart(calendar(todo, new, old, "BEGIN:VJOURNAL\r\nUID:j\r\nEND:VJOURNAL"))
    (piece,) = parts.pieces
    assert parts.left_out == 3
    assert "X-VERSION:new" in piece.data
    assert "X-VERSION:old" not in piece.data


# ----------------------------------------------------------------------------------------------------------------- uids


def test_a_uid_is_kept_so_that_the_event_is_known_again() -> None:
    (piece,) = apart(calendar(event(uid="040000008200E00074C5B7101A82E008"))).pieces
    assert piece.uid == piece.origin == "040000008200E00074C5B7101A82E008"


@pytest.mark.parametrize(
    "uid",
    [
        identity.uid_for_poll(identity.poll_key(EventId("$poll"))),
        identity.uid_for_command(EventId("$command")).upper(),
        identity.uid_for_hold("poll", "o1"),
        f" {identity.uid_for_poll('poll-x')} ",
        "CalBot-Hold-x",
        "x" * 300,
    ],
)
def test_nobody_plants_an_event_under_a_uid_of_the_bots(uid: str) -> None:
    (piece,) = apart(calendar(event(uid=uid))).pieces
    assert piece.uid not in {uid, uid.strip(), uid.strip().lower()}
    assert uid.strip() not in piece.data
    assert piece.uid == apart(calendar(event(uid=uid))).pieces[0].uid
    assert piece.origin == uid.strip()


def test_a_second_uid_beside_a_harmless_one_is_gone() -> None:
    planted = identity.uid_for_poll("poll-x")
    assert planted not in only(calendar(event(f"UID:{planted}", uid="harmless")))


def test_an_event_without_a_uid_gets_the_same_one_each_time() -> None:
    one, other = event(uid=None), event("LOCATION:Rathaus", uid=None)
    first = apart(calendar(one, other)).pieces
    assert len({piece.uid for piece in first}) == 2
    exported_later = other.replace("DTSTAMP:20261101", "DTSTAMP:20261102")
    assert apart(calendar(exported_later)).pieces[0].uid == first[1].uid
    assert first[0].origin == ""


# ----------------------------------------------------------------------------------------------------- limits, nonsense


def test_too_many_events_are_refused_before_anything_is_read() -> None:
    with pytest.raises(UserError) as caught:
        apart(calendar(*(event(uid=f"u{number}") for number in range(MAX_OBJECTS + 1))))
    assert caught.value.code is Code.LIMIT
    assert len(apart(calendar(*(event(uid=f"u{number}") for number in range(MAX_OBJECTS)))).pieces) == MAX_OBJECTS


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%PDF-1.7", b"\x00\x01", b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCARD\r\nEND:VCARD\r\n"]
)
def test_what_is_no_calendar_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        apart(data)
    assert caught.value.reason == "import_not_readable"


def test_two_zones_of_one_name_are_not_mixed_up() -> None:
    def root(offset: str, more: str) -> str:
        standard = f"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}"
        zone = f"BEGIN:VTIMEZONE\r\nTZID:Amt\r\n{standard}\r\nEND:STANDARD\r\nEND:VTIMEZONE"
        return calendar(zone, event(more, start="DTSTART;TZID=Amt:20261125T090000")).decode()

    data = root("+0100", "RRULE:FREQ=DAILY") + root("+0500", "RECURRENCE-ID;TZID=Amt:20261126T090000")
    parts = apart(data.encode())
    assert (parts.pieces, parts.unreadable) == ((), 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_are_read_in_the_encodings_of_programs(encoding: str) -> None:
    assert "Prüfung" in decoded("SUMMARY:Prüfung".encode(encoding))


def test_control_characters_do_not_reach_the_database() -> None:
    assert "\x00" not in only(calendar(event("LOCATION:Rat\x00haus")))


def test_the_people_of_the_command_are_on_all_of_it() -> None:
    anna = Attendee("Anna", "anna@example.org", role=Role.CHAIR, partstat=PartStat.ACCEPTED)
    ben = Attendee("Ben", "ben@example.org")
    series = event("RRULE:FREQ=DAILY;COUNT=3", "ATTENDEE:mailto:stranger@example.org")
    override = event("RECURRENCE-ID:20261126T090000Z", "ATTENDEE:mailto:stranger@example.org")
    parts = apart(calendar(series, override), invited=(anna, ben), organizer=Attendee("it", "termine@example.org"))
    parsed = read_object(parts.pieces[0].data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=BERLIN)
    assert [[one.address for one in found.details.attendees] for found in parsed.events] == [
        ["anna@example.org", "ben@example.org"]
    ] * 2
    assert {found.details.organizer and found.details.organizer.address for found in parsed.events} == {
        "termine@example.org"
    }


def test_the_first_time_of_what_is_long_over_is_known() -> None:
    data = only(calendar(event(start="DTSTART:19990101T090000Z")))
    found = first_occurrence(data, calendar=CalendarName("c"), href=Href("h"), hidden=False, zone=BERLIN)
    assert found is not None
    assert isinstance(found.when, Timed)
    assert found.when.start.year == 1999


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_programs_export_keeps_its_times(path: Path) -> None:
    """Of each object in the corpus, read before and after."""
    if re.search(rb"(?m)^METHOD:(?!PUBLISH|REQUEST)", path.read_bytes()):
        with pytest.raises(UserError):
            apart(path.read_bytes())
        return
    parts = apart(path.read_bytes())
    before = read_object(
        decoded(path.read_bytes()), calendar=CalendarName(""), href=Href(""), hidden=False, zone=BERLIN
    )
    after = [
        found
        for piece in parts.pieces
        for found in read_object(piece.data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=BERLIN).events
    ]
    times = {(str(one.start), one.length.total(), one.rules, len(one.exdates)) for one in after}
    assert times <= {(str(one.start), one.length.total(), one.rules, len(one.exdates)) for one in before.events}
    assert len(after) + parts.left_out >= len(before.events)


BROKEN = (
    *event("ATTENDEE:mailto:x@example.org", "RRULE:FREQ=DAILY").splitlines(),
    *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VALARM", "END:VALARM", "METHOD:PUBLISH", "ACTION:EMAIL", "\x00", " x"),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(BROKEN),
        max_size=30,
    )
)
def test_no_file_is_too_broken_to_be_refused_in_words(lines: list[str]) -> None:
    data = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]).encode()
    try:
        parts = apart(data)
    except CalbotError:
        return
    for piece in parts.pieces:
        assert "mailto:" not in piece.data
        assert piece.uid != Uid("")
