"""Lead times in words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from calbot.core.messages import EventReminders, LeadsInForce, event_reminders, leads_set
from calbot.core.messages.reminding import lead_words

from .examples import event, reader

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("leads", "german", "english"),
    [
        ((15 * MINUTE,), "15 Minuten vorher", "15 minutes before"),
        ((timedelta(0),), "zum Beginn", "at the start"),
        ((15 * MINUTE, DAY), "1 Tag vorher und 15 Minuten vorher", "1 day before and 15 minutes before"),
        (
            (2 * DAY, HOUR, timedelta(0)),
            "2 Tage vorher, 1 Stunde vorher und zum Beginn",
            "2 days before, 1 hour before and at the start",
        ),
        ((90 * MINUTE,), "1 Std. 30 Min. vorher", "1 h 30 min before"),
        ((DAY + 2 * HOUR + 30 * MINUTE,), "1 Tag 2 Std. 30 Min. vorher", "1 day 2 h 30 min before"),
        ((DAY + MINUTE,), "1 Tag 1 Min. vorher", "1 day 1 min before"),
    ],
)
def test_exactly_and_beyond_doubt(leads: tuple[timedelta, ...], german: str, english: str) -> None:
    assert lead_words(reader(), leads).text == german
    assert lead_words(reader("en"), leads).text == english


def test_what_is_set_is_there_for_machines() -> None:
    said = leads_set(reader(), LeadsInForce((DAY, 15 * MINUTE), alarms=True), LeadsInForce(()))
    assert said.data == {"reminders": {"room": {"leads": [86400, 900], "alarms": True}, "person": {"leads": []}}}
    assert not said.discloses


def test_what_is_set_for_an_event_discloses_it() -> None:
    due = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    said = event_reminders(reader("en"), EventReminders(event(), (HOUR,), due, over=(DAY,)), personal=True)
    assert said.discloses
    assert said.data["reminders"] == {
        "personal": True,
        "series": False,
        "leads": [3600],
        "over": [86400],
        "next": "2026-11-24T12:00:00Z",
    }
    assert said.text.splitlines()[1:3] == ["I remind you privately: 1 hour before.", "Too late for: 1 day before."]
