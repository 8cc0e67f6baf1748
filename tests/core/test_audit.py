"""What is recorded of an act, without contents."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.audit import Doing, Outcome, action_of, date_of, entry, line, pseudonym
from calbot.core.commands import (
    ChooseLanguage,
    ChooseSetting,
    ChooseZone,
    Command,
    Digest,
    Feed,
    ForgetMe,
    Last,
    List,
    Map,
    MyData,
    Remind,
    Show,
    Undo,
    Unmap,
    Vote,
)
from calbot.core.model import CalendarName, PartStat, RecurrenceId, RoomId, Uid, UserId
from calbot.core.room_settings import Setting
from calbot.core.undo import Act, Answered, Booked, Cancelled, Moved, TakenOut
from tests.core.messages.examples import WEDNESDAY, event

ANNA = UserId("@anna:example.org")
NOW = datetime(2026, 11, 24, 8, tzinfo=timezone(timedelta(hours=1)))
DOING = Doing(ANNA, "new", "command-1", RoomId("!it:example.org"))
IT, ONE = CalendarName("it-team"), Uid("1")
DAY = RecurrenceId("20261125T090000Z")
SERIES = event(recurrence_id=DAY)
QUARTER = (timedelta(minutes=15),)


@pytest.mark.parametrize(
    ("command", "direct", "action"),
    [
        (Map("it-team"), False, "map"),
        (Unmap("it-team"), False, "unmap"),
        (ChooseSetting(Setting.DURATION, timedelta(hours=1)), False, "set.duration"),
        (ChooseSetting(Setting.DURATION), False, None),
        (ChooseZone("Wien", room=True), False, "set.timezone"),
        (ChooseZone("Wien"), False, None),
        (ChooseLanguage("en", room=True), False, "set.language"),
        (ChooseLanguage("en"), True, None),
        (Remind(QUARTER), False, "set.reminders"),
        (Remind(QUARTER, me=True), False, None),
        (Remind(QUARTER), True, None),
        (Digest(standard=True), False, "set.digest"),
        (Digest(standard=True), True, None),
        (Digest(), False, None),
        (Undo(), True, "undo"),
        (Feed(), True, "feed"),
        (ForgetMe(), True, "forget"),
        (Vote((1,)), False, None),
        (MyData(), True, None),
        (Show(Last()), False, None),
        (List(), False, None),
    ],
)
def test_acts_that_others_have_an_interest_in(command: Command, direct: bool, action: str | None) -> None:
    assert action_of(command, direct=direct) == action


@pytest.mark.parametrize(
    ("act", "date"),
    [
        (Moved(SERIES, WEDNESDAY, whole=False), DAY),
        (Moved(SERIES, WEDNESDAY, whole=True), None),
        (Cancelled(SERIES, "", whole=True), None),
        (TakenOut(SERIES, ""), DAY),
        (Answered(DAY, PartStat.ACCEPTED, ()), DAY),
        (Booked("poll"), None),
    ],
)
def test_the_date_of_a_series(act: Act, date: RecurrenceId | None) -> None:
    assert date_of(act) == date


def test_a_line_has_these_names_and_no_others() -> None:
    said = line(entry(DOING, NOW, Outcome.DONE, IT, ONE, DAY))
    assert "\n" not in said
    assert json.loads(said) == {
        "at": "2026-11-24T07:00:00.000Z",
        "actor": ANNA,
        "room": "!it:example.org",
        "action": "new",
        "calendar": "it-team",
        "uid": "1",
        "recurrence_id": DAY,
        "outcome": "done",
        "key": entry(DOING, NOW, Outcome.DONE, IT, ONE).key,
    }


def test_the_same_act_has_the_same_key_whenever_it_is_repeated() -> None:
    first = entry(DOING, NOW, Outcome.BEGUN, IT, ONE)
    assert entry(DOING, NOW + timedelta(hours=1), Outcome.DONE, IT, ONE, DAY).key == first.key
    others = [
        entry(replace(DOING, key="command-2"), NOW, Outcome.BEGUN, IT, ONE),
        entry(replace(DOING, what="edit"), NOW, Outcome.BEGUN, IT, ONE),
        entry(DOING, NOW, Outcome.BEGUN, IT, Uid("2")),
        entry(DOING, NOW, Outcome.BEGUN, CalendarName("press"), ONE),
        entry(DOING, NOW, Outcome.FORBIDDEN, IT, ONE),
    ]
    assert len({first.key, *(one.key for one in others)}) == 6


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_pseudonym_follows_from_person_and_secret_alone(one: bytes, other: bytes) -> None:
    name = pseudonym(one, ANNA)
    assert name == pseudonym(one, ANNA)
    assert name.startswith("forgotten-")
    assert "anna" not in name
    assert name != pseudonym(one, UserId("@anna:example.com"))
    assert one == other or name != pseudonym(other, ANNA)
