"""Taking an edit back: an occurrence that takes place after all, an event under another UID, an event booked anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calbot.core.ical import cancelled_occurrence, editing, moved
from calbot.core.model import Attendee, PartStat, RecurrenceId, Timed, Uid, UserId
from calbot.core.undo import mark_of

from .ical_samples import BERLIN, NOW, calendar, event, expanded, single, times

LATER = NOW + timedelta(hours=1)
SERIES = ("DTSTART;TZID=Europe/Berlin:20261125T100000", "DTEND;TZID=Europe/Berlin:20261125T110000", "RRULE:FREQ=WEEKLY")
FIRST, SECOND = RecurrenceId("20261125T090000Z"), RecurrenceId("20261202T090000Z")


def at(text: str, minutes: int = 60) -> Timed:
    start = datetime.fromisoformat(text).replace(tzinfo=BERLIN)
    return Timed(start, start + timedelta(minutes=minutes))


def taken_out(data: str, slot: RecurrenceId = SECOND) -> str:
    return cancelled_occurrence(data, slot, zone=BERLIN, now=NOW)


def restored(data: str, before: str, slot: RecurrenceId = SECOND, when: str = "2026-12-02T10:00") -> str | None:
    return editing.restored_occurrence(data, before, slot, at(when), zone=BERLIN, now=LATER)


def week(data: str) -> list[str]:
    return times(data, "2026-11-23", "2026-12-14")


ALL = ["2026-11-25 10:00/11:00", "2026-12-02 10:00/11:00", "2026-12-09 10:00/11:00"]


# ------------------------------------------------------------------------------------------------------- restored


@pytest.mark.parametrize("kept", [True, False])
def test_an_occurrence_takes_place_after_all(kept: bool) -> None:
    before = single(*SERIES, "SUMMARY:Jour fixe")
    gone = taken_out(before)
    assert week(gone) == [ALL[0], ALL[2]]
    back = restored(gone, before if kept else "")
    assert back is not None
    assert week(back) == ALL
    assert "EXDATE" not in back
    assert "SEQUENCE:2" in back


def test_other_exceptions_stay() -> None:
    before = single(*SERIES, "EXDATE;TZID=Europe/Berlin:20261125T100000,20261209T100000")
    written = taken_out(before).replace("\r\nEXDATE;TZID=Europe/Berlin:20261202T100000", "")
    merged = written.replace("20261125T100000,20261209", "20261125T100000,20261202T100000,20261209")
    back = restored(merged, before)
    assert back is not None
    assert week(back) == [ALL[1]]
    assert "EXDATE;TZID=Europe/Berlin:20261125T100000,20261209T100000" in back


def test_what_it_said_of_its_own_comes_back() -> None:
    own = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261202T100000",
        "DTSTART;TZID=Europe/Berlin:20261203T150000",
        "DTEND;TZID=Europe/Berlin:20261203T163000",
        "SUMMARY:Ausnahmsweise",
        "X-OF-ITS-OWN;P=1:value",
    )
    before = calendar(event(*SERIES, "SUMMARY:Jour fixe"), own)
    back = restored(taken_out(before), before, when="2026-12-03T15:00")
    assert back is not None
    assert week(back) == [ALL[0], "2026-12-03 15:00/16:30", ALL[2]]
    assert "X-OF-ITS-OWN;P=1:value" in back


def test_without_what_it_said_its_time_comes_back() -> None:
    before = single(*SERIES)
    shifted = moved(before, SECOND, at("2026-12-03T15:00"), whole_series=False, zone=BERLIN, now=NOW)
    back = restored(taken_out(shifted), "", when="2026-12-03T15:00")
    assert back is not None
    assert week(back) == [ALL[0], "2026-12-03 15:00/16:00", ALL[2]]


def test_what_takes_place_anyway_is_left_alone() -> None:
    before = single(*SERIES)
    assert restored(before, before) is None


def test_a_date_without_its_series_is_confirmed_again() -> None:
    lone = single("RECURRENCE-ID:20261202T090000Z", *SERIES[:2], "STATUS:TENTATIVE")
    gone = taken_out(lone)
    assert "STATUS:CANCELLED" in gone
    back = restored(gone, lone)
    assert back is not None
    assert "STATUS:TENTATIVE" in back
    assert restored(back, lone) is None


# -------------------------------------------------------------------------------------------------------- renamed


def test_a_series_with_its_exceptions_gets_another_uid() -> None:
    own = event("RECURRENCE-ID:20261202T090000Z", *SERIES[:2], "SUMMARY:x", "X-Y:z")
    data = editing.renamed(calendar(event(*SERIES, "SEQUENCE:3"), own), Uid("new"), zone=BERLIN, now=LATER)
    assert data.count("UID:new\r\n") == 2
    assert "uid-1" not in data
    assert "SEQUENCE:3" in data
    assert "X-Y:z" in data


# -------------------------------------------------------------------------------------------------------- rebooked

ANNA = Attendee("Anna", "anna@example.org", UserId("@anna:example.org"), PartStat.ACCEPTED)
BEN = Attendee("Ben", "ben@example.org", UserId("@ben:example.org"), PartStat.NEEDS_ACTION)
CARLA = Attendee("Carla", None, UserId("@carla:example.org"), PartStat.ACCEPTED)
BOOKED = single(
    *SERIES[:2],
    "SUMMARY:Budgetrunde",
    "SEQUENCE:0",
    "ATTENDEE;CN=Anna;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Anna@example.org",
    "ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED;X-A=b:mailto:ben@example.org",
    "ATTENDEE;CN=Dora;PARTSTAT=TENTATIVE:mailto:dora@example.org",
    "ATTENDEE;CN=Emil;PARTSTAT=DECLINED:mailto:emil@example.org",
    "STATUS:CONFIRMED",
)


def test_an_event_moves_with_the_answers_to_its_new_time() -> None:
    data = editing.rebooked(BOOKED, at("2026-11-27T09:30"), (ANNA, BEN, CARLA), zone=BERLIN, now=LATER)
    (one,) = expanded(data).occurrences
    assert one.when == at("2026-11-27T09:30")
    assert one.details.sequence == 1
    answers = {attendee.name: attendee.partstat for attendee in one.details.attendees}
    assert answers == {
        "Anna": PartStat.ACCEPTED,
        "Ben": PartStat.NEEDS_ACTION,
        "Dora": PartStat.NEEDS_ACTION,
        "Emil": PartStat.DECLINED,
        "Carla": PartStat.ACCEPTED,
    }
    assert "X-A=b" in data
    lines = data.replace("\r\n ", "").splitlines()
    assert [("RSVP=TRUE" in line) for line in lines if "mailto:" in line] == [False, True, True, False]


def test_a_cancelled_one_takes_place_again() -> None:
    cancelled = BOOKED.replace("STATUS:CONFIRMED", "STATUS:CANCELLED")
    assert "STATUS:CONFIRMED" in editing.rebooked(cancelled, at("2026-11-27T09:30"), (), zone=BERLIN, now=LATER)


# ------------------------------------------------------------------------------------------------------------ marks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED"),
        ("SEQUENCE:0", "SEQUENCE:5"),
        ("DTSTAMP:20261101T000000Z", "DTSTAMP:20261102T000000Z\r\nX-SERVER:y"),
        ("UID:uid-1", "UID:uid-2"),
    ],
)
def test_answers_and_bookkeeping_do_not_change_the_mark(old: str, new: str) -> None:
    assert old in BOOKED
    assert mark_of(BOOKED.replace(old, new), hidden=False) == mark_of(BOOKED, hidden=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SUMMARY:Budgetrunde", "SUMMARY:Andere"),
        ("20261125T110000", "20261125T113000"),
        ("mailto:dora", "mailto:fritz"),
        ("STATUS:CONFIRMED", "STATUS:CANCELLED"),
        ("STATUS:CONFIRMED", "STATUS:CONFIRMED\r\nLOCATION:Rathaus"),
    ],
)
def test_what_people_write_changes_the_mark(old: str, new: str) -> None:
    assert old in BOOKED
    assert mark_of(BOOKED.replace(old, new), hidden=False) != mark_of(BOOKED, hidden=False)


def test_of_a_hidden_event_only_its_times_count() -> None:
    assert mark_of(BOOKED.replace("Budgetrunde", "x"), hidden=True) == mark_of(BOOKED, hidden=True)
    assert mark_of(BOOKED.replace("T110000", "T120000"), hidden=True) != mark_of(BOOKED, hidden=True)


def test_moving_there_and_back_leaves_the_mark() -> None:
    back = moved(
        moved(BOOKED, None, at("2026-11-27T09:30"), whole_series=False, zone=BERLIN, now=NOW),
        None,
        at("2026-11-25T10:00"),
        whole_series=False,
        zone=BERLIN,
        now=LATER,
    )
    assert mark_of(back, hidden=False) == mark_of(BOOKED, hidden=False)
