"""VFREEBUSY: the request that goes to an outbox, and the answers that servers give."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from calbot.core.ical.freebusy import build_request, read_freebusy
from calbot.core.model import Busy
from calbot.errors import BadCalendarData

START, END = datetime(2009, 6, 2, tzinfo=timezone.utc), datetime(2009, 6, 4, tzinfo=timezone.utc)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2009, 6, day, hour, minute, tzinfo=timezone.utc)


def answer(*lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REPLY", "BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY", "END:VCALENDAR"]
    )


def test_the_request_is_as_rfc_6638_shows_it() -> None:
    text = build_request("cyrus@example.com", ["bernard@example.net", "mike@example.org"], START, END, on(2, 19, 4))
    lines = text.split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines.index("METHOD:REQUEST") < lines.index("BEGIN:VFREEBUSY")
    uid = lines[lines.index("BEGIN:VFREEBUSY") + 1]
    assert uid.startswith("UID:")
    assert lines[lines.index("BEGIN:VFREEBUSY") + 2 :] == [
        "DTSTAMP:20090602T190400Z",
        "DTSTART:20090602T000000Z",
        "DTEND:20090604T000000Z",
        "ORGANIZER:mailto:cyrus@example.com",
        "ATTENDEE:mailto:bernard@example.net",
        "ATTENDEE:mailto:mike@example.org",
        "END:VFREEBUSY",
        "END:VCALENDAR",
        "",
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ()),
        (
            [
                "DTSTART:20090602T000000Z",
                "FREEBUSY;FBTYPE=BUSY:20090602T110000Z/20090602T120000Z",
                "FREEBUSY;FBTYPE=BUSY:20090603T170000Z/20090603T180000Z",
            ],
            (Busy(on(2, 11), on(2, 12)), Busy(on(3, 17), on(3, 18))),
        ),
        (
            ["FREEBUSY:20090602T110000Z/PT1H,20090603T170000Z/PT1H30M"],
            (Busy(on(2, 11), on(2, 12)), Busy(on(3, 17), on(3, 18, 30))),
        ),
        (["FREEBUSY;FBTYPE=FREE:20090602T110000Z/PT1H"], ()),
        (["FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20090602T110000Z/PT1H"], (Busy(on(2, 11), on(2, 12)),)),
        (["FREEBUSY;FBTYPE=X-AWAY:20090602T110000Z/PT1H"], (Busy(on(2, 11), on(2, 12)),)),
        (["freebusy;fbtype=busy-tentative:20090602T110000Z/PT1H"], (Busy(on(2, 11), on(2, 12), tentative=True),)),
        (
            ["FREEBUSY;FBTYPE=BUSY-TENTATIVE:20090602T110000Z/PT3H", "FREEBUSY:20090602T120000Z/PT1H"],
            (
                Busy(on(2, 11), on(2, 12), tentative=True),
                Busy(on(2, 12), on(2, 13)),
                Busy(on(2, 13), on(2, 14), tentative=True),
            ),
        ),
        # what begins before or ends after is cut, what lies elsewhere falls away
        (["FREEBUSY:20090601T230000Z/PT2H,20090604T000000Z/PT1H"], (Busy(on(2, 0), on(2, 1)),)),
        # no period, no length, no end, no Z, folded in the middle
        (["FREEBUSY:morgen,20090602T110000Z,20090602T110000Z/,/PT1H,20090602T110000Z/PT"], ()),
        (["FREEBUSY:20090602T110000Z/-PT1H,99991231T235959Z/P9999W"], ()),
        (["FREEBUSY:20090602T110000/20090602T120000"], (Busy(on(2, 11), on(2, 12)),)),
        (["FREEBUSY:20090602T1100", " 00Z/PT1H"], (Busy(on(2, 11), on(2, 12)),)),
        (["SUMMARY:secret", "X-OTHER:1"], ()),
    ],
)
def test_answers(lines: list[str], expected: tuple[Busy, ...]) -> None:
    assert read_freebusy(answer(*lines), START, END) == expected


def test_an_answer_without_free_busy_says_nothing() -> None:
    assert read_freebusy("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", START, END) is None


@pytest.mark.parametrize("text", ["", "<html>Anmeldung</html>", "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\n"])
def test_what_is_no_icalendar_is_refused(text: str) -> None:
    with pytest.raises(BadCalendarData):
        read_freebusy(text, START, END)


def test_too_much_is_refused() -> None:
    many = ["FREEBUSY:" + ",".join(["20090602T110000Z/PT1H"] * 1_000)] * 11
    with pytest.raises(BadCalendarData) as refused:
        read_freebusy(answer(*many), START, END)
    assert refused.value.reason == "object_too_big"
    with pytest.raises(BadCalendarData):
        read_freebusy(answer("COMMENT:" + "x" * 1_048_576), START, END)
