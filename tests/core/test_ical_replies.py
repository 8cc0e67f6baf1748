"""Answers that come as messages: which of them count, and what they change."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.ical.building import EventDraft, build_event
from calbot.core.ical.content import read_components
from calbot.core.ical.editing import moved
from calbot.core.ical.replies import Reply, replies_in, with_reply
from calbot.core.ical.scheduling import REPLIED_AT
from calbot.core.model import Attendee, PartStat, RecurrenceId, Timed, Uid

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=timezone.utc)
START = datetime(2026, 12, 1, 14, tzinfo=BERLIN)
SECOND = RecurrenceId("20261208T130000Z")


def event(rule: str = "") -> str:
    draft = EventDraft(
        uid=Uid("uid-1"),
        when=Timed(START, START.replace(hour=15)),
        title="Budgetrunde",
        rule=rule,
        organizer=Attendee("it-team", "termine@example.org"),
        attendees=(Attendee("Anna", "anna@example.org"), Attendee("Ben", "ben@example.org")),
    )
    return build_event(draft, NOW)


def message(
    partstat: str = "ACCEPTED",
    *,
    method: str = "REPLY",
    who: str = "mailto:ben@example.org",
    stamp: str = "20261124T080000Z",
    more: str = "",
) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:uid-1\r\n"
        f"DTSTAMP:{stamp}\r\nDTSTART:20261201T130000Z\r\nORGANIZER:mailto:termine@example.org\r\n"
        f"ATTENDEE;PARTSTAT={partstat}:{who}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def reply(text: str) -> Reply:
    (found,) = replies_in(text, zone=BERLIN)
    return found


def answers(data: str | None) -> dict[str, list[str]]:
    assert data is not None
    found: dict[str, list[str]] = {}
    for root in read_components(data):
        for part in root.components:
            for line in part.all("ATTENDEE"):
                found.setdefault(line.value.removeprefix("mailto:").partition("@")[0], []).append(
                    line.param("PARTSTAT")
                )
    return found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (message(method="REQUEST"), "an invitation"),
        (message(method="COUNTER"), "another proposal"),
        (message("NEEDS-ACTION"), "no answer"),
        (message("DELEGATED"), "somebody else is sent"),
        (message(stamp="20261124T080000"), "no instant"),
        (message(stamp=""), "no time at all"),
        (message(more="ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org\r\n"), "in the name of two"),
        ("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n", "nothing in it"),
        ("Guten Tag", "no calendar"),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(text: str, why: str) -> None:
    assert replies_in(text, zone=BERLIN) == (), why


def test_an_answer_is_written_and_nothing_else_changes() -> None:
    after = with_reply(event(), reply(message("DECLINED")), zone=BERLIN, now=NOW)
    assert answers(after) == {"anna": ["NEEDS-ACTION"], "ben": ["DECLINED"]}
    assert after is not None
    assert "SEQUENCE:0" in after
    assert with_reply(after, reply(message("DECLINED")), zone=BERLIN, now=NOW) is None


def test_a_later_answer_counts_and_an_earlier_one_does_not() -> None:
    first = with_reply(event(), reply(message("ACCEPTED")), zone=BERLIN, now=NOW)
    assert first is not None
    assert f"{REPLIED_AT}=20261124T080000Z" in first.replace("\r\n ", "")
    earlier = reply(message("DECLINED", stamp="20261124T075959Z"))
    assert with_reply(first, earlier, zone=BERLIN, now=NOW) is None
    later = with_reply(first, reply(message("TENTATIVE", stamp="20261124T080001Z")), zone=BERLIN, now=NOW)
    assert answers(later)["ben"] == ["TENTATIVE"]


def test_an_answer_to_an_older_revision_does_not_count() -> None:
    when = Timed(START.replace(hour=9), START.replace(hour=10))
    data = moved(event(), None, when, whole_series=False, zone=BERLIN, now=NOW)
    assert with_reply(data, reply(message()), zone=BERLIN, now=NOW) is None
    assert with_reply(data, reply(message(more="SEQUENCE:1\r\n")), zone=BERLIN, now=NOW) is not None


def test_who_was_not_invited_is_not_added() -> None:
    stranger = reply(message(who="mailto:eve@partner.example"))
    assert with_reply(event(), stranger, zone=BERLIN, now=NOW) is None


def test_an_answer_to_one_date_is_for_that_date() -> None:
    series = event("FREQ=WEEKLY;COUNT=4")
    after = with_reply(series, reply(message("DECLINED", more=f"RECURRENCE-ID:{SECOND}\r\n")), zone=BERLIN, now=NOW)
    assert answers(after)["ben"] == ["NEEDS-ACTION", "DECLINED"]


def test_an_answer_to_the_series_is_for_all_of_it() -> None:
    after = with_reply(event("FREQ=WEEKLY;COUNT=4"), reply(message()), zone=BERLIN, now=NOW)
    assert answers(after)["ben"] == [PartStat.ACCEPTED.value]
