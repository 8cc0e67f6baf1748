"""Feeds: strictly well-formed, the same times as the calendar has, and nothing but what is meant to go out."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from typing import Any, cast

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given
from hypothesis import strategies as st

from calbot.agenda import main
from calbot.core.ical.subscribing import LARGEST, Subscribed, subscription
from calbot.core.model import Uid

from .strict_ical import faults
from .test_ical_corpus import FILES, FROM, ICS, TO, ZONE, readings

SECRET = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
X-WR-RELCALID:xrel
BEGIN:VEVENT
UID:one
DTSTART;TZID=Europe/Berlin:20261124T140000
DTEND;TZID=Europe/Berlin:20261124T150000
SUMMARY:Haushalt\\; 2027
LOCATION:Raum 4.12
DESCRIPTION:Zeile eins\\nZeile zwei
URL:https://meet.example.org/abc
CONFERENCE;VALUE=URI:javascript:alert(1)
ORGANIZER;CN=Olga Organisatorin:mailto:olga@example.org
ATTENDEE;CN=Anna Huber:mailto:anna.huber@example.org
X-CALBOT-ATTENDEE;CN=Ben:@ben:example.org
CONTACT:Carla\\, 1234
COMMENT:nur intern
ATTACH:https://files.example.org/secret.pdf
X-ALT-DESC;FMTTYPE=text/html:<b>alt</b>
BEGIN:VALARM
ACTION:EMAIL
ATTENDEE:mailto:dora@example.org
TRIGGER:-PT15M
DESCRIPTION:Wecker
END:VALARM
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def feed(*objects: str, hidden: bool = False) -> str:
    kept = [Subscribed(Uid(f"uid-{number}"), data, hidden) for number, data in enumerate(objects)]
    return subscription(kept, name="it-team, presse", busy="belegt").text


def events_in(text: str) -> list[Any]:
    return list(cast("Any", icalendar.Calendar.from_ical(text)).walk("VEVENT"))


def corpus(name: str) -> str:
    return (ICS / name).read_bytes().decode("utf-8-sig")


def event(*lines: str, frame: str = "") -> str:
    body = "".join(f"{line}\r\n" for line in lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{frame}BEGIN:VEVENT\r\nUID:one\r\n{body}END:VEVENT\r\nEND:VCALENDAR\r\n"


def test_what_goes_out_and_what_does_not() -> None:
    text = feed(SECRET)
    assert faults(text) == []
    (found,) = events_in(text)
    assert (found["SUMMARY"], found["LOCATION"]) == ("Haushalt; 2027", "Raum 4.12")
    assert found["DESCRIPTION"] == "Zeile eins\nZeile zwei"
    assert found["URL"] == "https://meet.example.org/abc"
    for kept_in in (
        *("olga", "Olga", "anna", "Anna", "@ben", "Ben", "Carla", "intern", "secret.pdf", "<b>", "dora", "Wecker"),
        *("METHOD", "VALARM", "ORGANIZER", "ATTENDEE", "xrel", "javascript"),
    ):
        assert kept_in not in text


@pytest.mark.parametrize("secrecy", ["CLASS:PRIVATE", "CLASS:CONFIDENTIAL", "CLASS:X-OURS"])
def test_of_a_hidden_event_only_times_go_out(secrecy: str) -> None:
    text = feed(SECRET.replace("UID:one", f"UID:one\r\n{secrecy}"))
    assert text == feed(text), "nothing is left to be taken out"
    (found,) = events_in(text)
    assert (found["SUMMARY"], found["DTSTART"].dt.isoformat()) == ("belegt", "2026-11-24T14:00:00+01:00")
    assert not {"LOCATION", "DESCRIPTION", "URL"} & found.keys()
    assert "Haushalt" not in text


def test_of_a_calendar_that_is_shown_as_busy_likewise() -> None:
    text = feed(SECRET, hidden=True)
    assert "SUMMARY:belegt" in text
    assert not any(secret in text for secret in ("Haushalt", "4.12", "Zeile", "meet.example"))


def test_one_hidden_date_hides_the_series() -> None:
    lines = ("UID:one", "CLASS:PRIVATE", "RECURRENCE-ID:20261201T130000Z", "DTSTART:20261201T130000Z")
    override = "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))
    series = SECRET.replace("END:VCALENDAR", f"{override}END:VCALENDAR")
    assert "Haushalt" not in feed(series)


@pytest.mark.parametrize("name", FILES)
def test_the_corpus_is_well_formed_and_takes_place_at_the_same_times(name: str) -> None:
    text = feed(corpus(name))
    assert faults(text) == []
    out = io.StringIO()
    assert main(["-", "--from", FROM, "--to", TO, "--tz", ZONE], io.StringIO(text), out) == 0
    lines = [line.split("\t") for line in out.getvalue().splitlines()]
    hidden = name == "sogo-private.ics"
    titled = [(start, end, "belegt" if hidden else title) for start, end, title in readings()[name]]
    assert [(start, end, title) for start, end, _, title in lines] == titled


def test_all_of_the_corpus_in_one_feed() -> None:
    text = feed(*(corpus(name) for name in FILES))
    assert faults(text) == []
    assert len(events_in(text)) > len(FILES)


def test_it_opens_in_a_library_for_calendars() -> None:
    text = feed(corpus("outlook-series.ics"), corpus("google-series.ics"), SECRET)
    calendar: Any = icalendar.Calendar.from_ical(text)
    window = datetime(2026, 11, 1, tzinfo=timezone.utc), datetime(2027, 4, 1, tzinfo=timezone.utc)
    found = recurring_ical_events.of(calendar).between(*window)
    assert len(found) == len(readings()["outlook-series.ics"]) + len(readings()["google-series.ics"]) + 1
    assert "\r\nNAME:it-team\\, presse\r\n" in text
    assert "X-WR-CALNAME:it-team\\, presse\r\n" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text


def test_two_definitions_under_one_name_are_two_zones() -> None:
    def defined(hours: str) -> str:
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            f"TZOFFSETFROM:{hours}\r\nTZOFFSETTO:{hours}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        return event("DTSTART;TZID=Customized Time Zone:20261124T140000", frame=zone)

    text = feed(
        defined("+0300"), defined("+0400").replace("UID:one", "UID:two"), defined("+0300").replace("UID:one", "UID:3")
    )
    assert faults(text) == []
    found: Any = icalendar.Calendar.from_ical(text)
    starts = [one["DTSTART"].dt.astimezone(timezone.utc).hour for one in found.walk("VEVENT")]
    assert starts == [11, 10, 11]
    assert len(found.walk("VTIMEZONE")) == 2


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["DTSTART;TZID=UTC:20261124T140000"], ["DTSTART:20261124T140000Z"]),
        (["DTSTART;TZID=Nirgendwo:20261124T140000"], ["DTSTART:20261124T140000"]),
        (["DTSTART:20261124"], ["DTSTART;VALUE=DATE:20261124"]),
        (["DTSTART;TZID=Europe/Berlin:20261124"], ["DTSTART;VALUE=DATE:20261124"]),
        (["DTSTART:20261124T140000Z", "DTEND;VALUE=DATE:20261125"], []),
        (["DTSTART:20261124T140000Z", "DTEND:20261124T130000Z"], []),
        (["DTSTART:20261124T140000Z", "DTEND:20261124T150000Z", "DURATION:PT2H"], ["DTEND:20261124T150000Z"]),
        (["DTSTART:20261124T140000Z", "DURATION:PT"], []),
        (["DTSTART:20261124T140000Z", "DURATION:P1DT"], []),
        (["DTSTART:20261124T140000Z", "DURATION:PT90M"], ["DURATION:PT90M"]),
        (
            ["DTSTART;TZID=W. Europe Standard Time:20261124T140000", "RRULE:FREQ=DAILY", "EXDATE:20261125T140000"],
            ["EXDATE;TZID=Europe/Berlin:20261125T140000", "RRULE:FREQ=DAILY"],
        ),
        (
            ["DTSTART:20261124T140000Z", "EXDATE;VALUE=DATE:20261125,20261231T140000Z,nonsense"],
            ["EXDATE;VALUE=DATE:20261125", "EXDATE:20261231T140000Z"],
        ),
        (
            ["DTSTART:20261124T140000Z", "RDATE;VALUE=PERIOD:20261125T140000Z/PT1H,20261126T140000Z/20261126T150000Z"],
            ["RDATE;VALUE=PERIOD:20261125T140000Z/PT1H,20261126T140000Z/20261126T150000Z"],
        ),
        (["DTSTART:20261124T140000Z", "DTSTAMP:20261101T090000Z", "STATUS:BUSY"], ["DTSTAMP:20261101T090000Z"]),
        (["DTSTART:20261124T140000Z", "SEQUENCE:-1", "TRANSP:transparent"], ["TRANSP:TRANSPARENT"]),
        (["DTSTART:20261124T140000Z", "SUMMARY:a;b\x07c"], [r"SUMMARY:a\;bc"]),
    ],
)
def test_what_is_not_well_formed_is_mended_or_left_out(lines: list[str], kept: list[str]) -> None:
    text = feed(event(*lines))
    assert faults(text) == []
    for line in kept:
        assert f"{line}\r\n" in text
    assert text.count("\nDTEND") == sum(line.startswith("DTEND") for line in kept)
    assert text.count("\nDURATION:") == sum(line.startswith("DURATION") for line in kept)


@pytest.mark.parametrize(
    "data", ["", "nonsense", event("DTSTART:nonsense"), event("SUMMARY:x"), event("DTSTART:20261350")]
)
def test_an_object_that_is_none_harms_no_other(data: str) -> None:
    text = feed(data, SECRET)
    assert faults(text) == []
    assert text.count("BEGIN:VEVENT") == 1


def test_the_same_objects_give_the_same_text() -> None:
    objects = [corpus(name) for name in FILES]
    assert feed(*objects) == feed(*objects)


def test_what_there_is_no_room_for_is_counted() -> None:
    large = event("DTSTART:20261124T140000Z", f"DESCRIPTION:{'x' * 1_000_000}")
    kept = [Subscribed(Uid(str(n)), large.replace("UID:one", f"UID:{n}"), False) for n in range(10)]
    found = subscription(kept, name="it", busy="belegt")
    assert found.left_out == 10 - found.text.count("BEGIN:VEVENT") > 0
    assert len(found.text) < LARGEST + 10_000
    assert faults(found.text) == []


def test_others_get_a_turn_between_two_objects() -> None:
    turns: list[None] = []
    kept = [Subscribed(Uid(str(n)), event("DTSTART:20261124T140000Z"), False) for n in range(20)]
    subscription(kept, name="it", busy="belegt", pause=lambda: turns.append(None))
    assert len(turns) >= 20


LINES = st.lists(
    st.tuples(
        st.sampled_from(
            ["DTSTART", "DTEND", "DURATION", "EXDATE", "RDATE", "RECURRENCE-ID", "SUMMARY", "URL", "STATUS"]
        ),
        st.sampled_from(["", ";TZID=Europe/Berlin", ";VALUE=DATE", ';TZID="x,y"', ";RANGE=THISANDFUTURE", ";X=^n^'"]),
        st.one_of(
            st.sampled_from(["20261124T140000", "20261124", "20261124T140000Z", "20261124T140000Z/PT1H", "PT1H"]),
            st.text(max_size=90),
        ),
    ),
    max_size=8,
)


@given(LINES)
def test_whatever_objects_hold_the_feed_is_well_formed(lines: list[tuple[str, str, str]]) -> None:
    text = feed(event("DTSTART:20261124T130000Z", *(f"{name}{params}:{value}" for name, params, value in lines)))
    assert faults(text) == []
