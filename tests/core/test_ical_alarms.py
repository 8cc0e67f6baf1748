"""Alarms as calendar programs write them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from calbot.core.ical.alarms import MAX_ALARMS
from calbot.core.model import Trigger

from .ical_samples import expanded, single

START = "DTSTART;TZID=Europe/Berlin:20261124T100000"
MINUTE, HOUR, DAY = 60, 3600, 86400


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=timezone.utc)


def triggers(*alarms: str) -> tuple[Trigger, ...]:
    """Of an event with these alarms, each the lines of a VALARM."""
    components = ["\r\n".join(["BEGIN:VALARM", *alarm.strip().split("\n"), "END:VALARM"]) for alarm in alarms]
    (one,) = expanded(single(START, "DURATION:PT1H", *components)).occurrences
    return one.details.alarms


@pytest.mark.parametrize(
    ("what", "trigger", "expected"),
    [
        ("before the start", "TRIGGER:-PT15M", Trigger(15 * MINUTE)),
        ("as Google writes it", "TRIGGER:-P0DT0H30M0S", Trigger(30 * MINUTE)),
        ("as DavMail writes it", "TRIGGER;RELATED=START:-PT00H15M00S", Trigger(15 * MINUTE)),
        ("as Thunderbird writes it", "TRIGGER;VALUE=DURATION:-P1D", Trigger(DAY)),
        ("a week before", "TRIGGER:-P1W", Trigger(7 * DAY)),
        ("at the start", "TRIGGER:PT0S", Trigger(0)),
        ("after the start, on the morning of a day", "TRIGGER:PT9H", Trigger(-9 * HOUR)),
        ("before the end", "TRIGGER;RELATED=END:-PT5M", Trigger(5 * MINUTE, from_end=True)),
        ("in any case", "trigger;related=end:-pt5m", Trigger(5 * MINUTE, from_end=True)),
        ("at an instant", "TRIGGER;VALUE=DATE-TIME:20261124T083000Z", Trigger(at=at(8, 30))),
        ("at an instant, wrongly without a zone", "TRIGGER;VALUE=DATE-TIME:20261124T093000", Trigger(at=at(8, 30))),
    ],
)  # fmt: skip
def test_when_they_go_off(what: str, trigger: str, expected: Trigger) -> None:
    assert triggers(f"ACTION:DISPLAY\nDESCRIPTION:Reminder\n{trigger}") == (expected,), what
    assert triggers(f"{trigger}\nACTION:audio\nATTACH;VALUE=URI:Basso") == (expected,), what


@pytest.mark.parametrize(
    ("what", "alarm"),
    [
        ("mail", "ACTION:EMAIL\nATTENDEE:mailto:a@x.org\nSUMMARY:x\nDESCRIPTION:x\nTRIGGER:-PT5M"),
        ("a program", "ACTION:PROCEDURE\nATTACH:ftp://x.org/a.sh\nTRIGGER:-PT5M"),
        (
            "Apple's sign that there is none",
            "X-WR-ALARMUID:6A4D2C2A-0F4A-4C1B-8D5B-0C9B3C1B1D55\nUID:6A4D2C2A-0F4A-4C1B-8D5B-0C9B3C1B1D55\n"
            "TRIGGER;VALUE=DATE-TIME:19760401T005545Z\nX-APPLE-DEFAULT-ALARM:TRUE\nACTION:NONE",
        ),
        (
            "at a place",
            "ACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nX-APPLE-PROXIMITY:DEPART\n"
            "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Home:geo:52.5,13.4",
        ),
        ("at a place, as RFC 9074 has it", "ACTION:DISPLAY\nTRIGGER:-PT5M\nPROXIMITY:ARRIVE"),
        ("put off by one person", "ACTION:DISPLAY\nTRIGGER:20261124T085500Z\nRELATED-TO;RELTYPE=SNOOZE:x"),
        ("no trigger", "ACTION:DISPLAY"),
        ("no action", "TRIGGER:-PT5M"),
        ("nonsense", "ACTION:DISPLAY\nTRIGGER:rubbish"),
        ("a date", "ACTION:DISPLAY\nTRIGGER;VALUE=DATE:20261124"),
        ("no such time", "ACTION:DISPLAY\nTRIGGER:20261341T990000Z"),
        ("before all time", "ACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:00010101T000000"),
    ],
)  # fmt: skip
def test_which_are_not_for_the_room(what: str, alarm: str) -> None:
    assert triggers(alarm) == (), what
    assert triggers(alarm, "ACTION:DISPLAY\nTRIGGER:-PT5M") == (Trigger(5 * MINUTE),), "and the others are"


def test_what_somebody_acknowledged_rings_for_the_room_all_the_same() -> None:
    assert triggers(
        "X-WR-ALARMUID:B1\nUID:B1\nTRIGGER:-PT30M\nATTACH;VALUE=URI:Chord\nACTION:AUDIO\n"
        "ACKNOWLEDGED:20261117T083005Z\nX-LIC-ERROR;X-LIC-ERRORTYPE=VALUE-PARSE-ERROR:x"
    ) == (Trigger(30 * MINUTE),)


@pytest.mark.parametrize(
    ("what", "lines", "expected"),
    [
        ("twice more", "REPEAT:2\nDURATION:PT5M", [15, 10, 5]),
        ("beyond the start", "REPEAT:2\nDURATION:PT10M", [15, 5, -5]),
        ("no pause", "REPEAT:2", [15]),
        ("a pause alone", "DURATION:PT5M", [15]),
        ("a pause of nothing", "REPEAT:2\nDURATION:PT0S", [15]),
        ("backwards", "REPEAT:2\nDURATION:-PT5M", [15]),
        ("never", "REPEAT:0\nDURATION:PT5M", [15]),
        ("nonsense", "REPEAT:-2\nDURATION:PT5M", [15]),
        ("for ever", "REPEAT:9999999999999\nDURATION:PT1M", [15 - minute for minute in range(MAX_ALARMS)]),
    ],
)
def test_repeated_ones(what: str, lines: str, expected: list[int]) -> None:
    found = triggers(f"ACTION:DISPLAY\nTRIGGER:-PT15M\n{lines}")
    assert found == tuple(Trigger(minutes * MINUTE) for minutes in expected), what


def test_a_repeated_one_at_an_instant() -> None:
    found = triggers("ACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20261124T083000Z\nREPEAT:1\nDURATION:PT15M")
    assert found == (Trigger(at=at(8, 30)), Trigger(at=at(8, 45)))


def test_each_time_counts_once_and_the_first_few_only() -> None:
    assert triggers(*["ACTION:DISPLAY\nTRIGGER:-PT5M"] * 30) == (Trigger(5 * MINUTE),)
    many = [f"ACTION:DISPLAY\nTRIGGER:-PT{minutes}M" for minutes in range(300)]
    assert triggers(*many) == tuple(Trigger(minutes * MINUTE) for minutes in range(MAX_ALARMS))
