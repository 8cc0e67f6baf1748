"""Times to choose from: numbered, with who cannot, and with how much is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.freeslots import Slot
from calbot.core.messages import Inquiry, slots, slots_over
from calbot.core.model import Kind, Locale, Timed, UserId
from calbot.matrix.content import require_size

from .examples import ANNA, BEN, CARLA, NAMES, at, reader
from .test_text import read

INQUIRY = Inquiry(timedelta(minutes=90), (ANNA, BEN, CARLA), NAMES)
FREE = Slot(at(24, 14), at(24, 15, 30))
PARTLY = Slot(at(25, 9), at(25, 10, 30), missing=(BEN,), absent=(CARLA,), unsure=(ANNA,))


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            "Freie Zeiten (1 Std. 30 Min.) für Anna Huber, Ben Maier und Carla Roth:\n"
            "1. Di., 24.11.2026, 14:00–15:30 Uhr\n\n"
            "Welchen Termin soll ich eintragen?\n"
            "Bitte antworten Sie mit der Ziffer als Reaktion (1️⃣ für 1) oder mit !meet 1.",
        ),
        (
            "en",
            "Free times (1 h 30 min) for Anna Huber, Ben Maier and Carla Roth:\n"
            "1. Tue, 24 Nov 2026, 14:00–15:30\n\n"
            "Which one shall I put on the calendar?\n"
            "Please answer with the number as a reaction (1️⃣ for 1) or with !meet 1.",
        ),
    ],
)
def test_times_to_choose_from(locale: Locale, text: str) -> None:
    message = slots(reader(locale), [FREE], INQUIRY)
    assert message.text == text
    assert message.kind is Kind.SLOTS
    assert (message.notify, message.mentions, message.discloses) == (False, (), True)
    (item,) = message.data["items"]
    assert item["ref"] == 1
    assert item["start"] == {
        "utc": "2026-11-24T13:00:00Z",
        "localtime": "2026-11-24T14:00:00",
        "timezone": "Europe/Berlin",
    }
    assert item["all_day"] is False


def test_who_cannot_stands_beside_the_time() -> None:
    message = slots(reader(), [PARTLY], INQUIRY)
    assert message.text.startswith("Keine Zeit (1 Std. 30 Min.) passt allen")
    remarks = "ohne Ben Maier; optional, fehlt: Carla Roth; unter Vorbehalt: Anna Huber"
    assert f"1. Mi., 25.11.2026, 09:00–10:30 Uhr ({remarks})" in message.text
    (item,) = message.data["items"]
    assert (item["missing"], item["optional_missing"], item["tentative"]) == ([BEN], [CARLA], [ANNA])


def test_how_much_is_known() -> None:
    known = replace(INQUIRY, unknown=(BEN,), by_calendars=(ANNA, CARLA), as_of=at(23, 9))
    text = slots(reader(), [FREE], known).text
    assert "Nicht geprüft, da mir keine Termine bekannt sind: Ben Maier" in text
    assert "Nur die Kalender dieses Raums sind berücksichtigt für: Anna Huber und Carla Roth" in text
    assert "09:00" in text
    everybody = replace(INQUIRY, by_calendars=(ANNA, BEN, CARLA))
    assert "Berücksichtigt sind nur die Kalender dieses Raums." in slots(reader(), [FREE], everybody).text


@pytest.mark.parametrize(
    ("known", "text"),
    [(True, "Saal ist zu diesen Zeiten frei."), (False, "Ob Saal frei ist, konnte ich nicht feststellen.")],
)
def test_the_room_that_is_to_be_free(known: bool, text: str) -> None:
    inquiry = replace(INQUIRY, resource="Saal", resource_known=known)
    assert text in slots(reader(), [FREE], inquiry).text


def test_none() -> None:
    message = slots(reader(), [], INQUIRY)
    assert message.text.startswith(
        "Keine freie Zeit (1 Std. 30 Min.) gefunden für Anna Huber, Ben Maier und Carla Roth."
    )
    assert message.data["items"] == []
    assert "Ziffer" not in message.text


def test_over() -> None:
    message = slots_over(reader(), [Timed(FREE.start, FREE.end)])
    assert message.text.startswith("Vorgeschlagene Zeiten (1 Std. 30 Min.):\n1. Di., 24.11.2026, 14:00–15:30 Uhr")
    assert message.data == {"items": []}


def test_names_are_data_and_bounded() -> None:
    people = tuple(UserId(f"@p{number}:example.org") for number in range(50))
    hostile = dict.fromkeys(people, "@room <b>x</b> [a](https://evil.example)")
    inquiry = replace(INQUIRY, people=people, names=hostile, unknown=people[:20])
    slot = replace(FREE, missing=people)
    message = slots(reader(), [slot] * 5, inquiry)
    assert "<b>" not in message.html
    assert "@room" not in message.text
    shown = read(message.html)
    assert shown.tags == {"p", "strong", "br", "code"}
    assert shown.text.strip() == message.text
    require_size({"body": message.text, "formatted_body": message.html, "io.calbot": dict(message.data)})
