"""What is said when something was taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbot.core.ask import Say
from calbot.core.messages import undone_booking, undone_cancel, undone_move, undone_new
from calbot.core.model import Details, Kind, Locale, Message, Occurrence

from .examples import LINK, TUESDAY, WEDNESDAY, event, reader
from .test_polls import POLL

MEETING = event("Budgetrunde", WEDNESDAY, details=Details(title="Budgetrunde", location="Rathaus", link=LINK))
MOVED = replace(MEETING, when=TUESDAY)
SERIES = replace(MEETING, details=Details(title="Jour fixe", rule="FREQ=WEEKLY;BYDAY=WE"))


@pytest.mark.parametrize(
    ("locale", "message", "text"),
    [
        (
            "de",
            undone_new(reader("de"), MEETING, notes=[Say("nobody_told")]),
            "Rückgängig gemacht, aus dem Kalender gelöscht: Budgetrunde\nMi., 25.11.2026, 10:00–11:00 Uhr\n\n"
            "Von dieser Änderung wurde niemand per E-Mail benachrichtigt.",
        ),
        (
            "en",
            undone_new(reader("en"), SERIES),
            "Undone, deleted from the calendar: Jour fixe\nWed, 25 Nov 2026, 10:00–11:00\nRepeats: every Wednesday",
        ),
        (
            "de",
            undone_move(reader("de"), MOVED, MEETING),
            "Rückgängig gemacht, zurückverschoben: Budgetrunde\nBisher: Di., 24.11.2026, 14:00–15:00 Uhr\n"
            f"Neu: Mi., 25.11.2026, 10:00–11:00 Uhr\nOrt: Rathaus\nTeilnehmen: {LINK}",
        ),
        (
            "en",
            undone_move(reader("en"), replace(SERIES, when=TUESDAY), SERIES, whole_series=True),
            "Undone, whole series moved back: Jour fixe\nBefore: Tue, 24 Nov 2026, 14:00–15:00\n"
            "Now: Wed, 25 Nov 2026, 10:00–11:00",
        ),
        (
            "de",
            undone_cancel(reader("de"), MEETING),
            "Rückgängig gemacht, findet doch statt: Budgetrunde\nMi., 25.11.2026, 10:00–11:00 Uhr\n"
            f"Ort: Rathaus\nTeilnehmen: {LINK}",
        ),
        (
            "de",
            undone_booking(reader("de"), POLL, MEETING),
            "Buchung zurückgenommen: Budgetrunde\nMi., 25.11.2026, 10:00–11:00 Uhr\n\n"
            "Die Umfrage bleibt geschlossen. Soll doch einer ihrer Termine gelten, antworten Sie auf die Umfrage "
            "mit seiner Nummer: !meet buche 2",
        ),
    ],
)
def test_what_was_taken_back_is_told(locale: Locale, message: Message, text: str) -> None:
    assert message.text == text


def test_the_part_for_machines() -> None:
    gone, back = undone_new(reader(), MEETING), undone_move(reader(), MOVED, MEETING)
    assert (gone.kind, gone.data["status"]) == (Kind.CANCELLED, "cancelled")
    assert (back.kind, back.data["old"]["start"]["localtime"]) == (Kind.CHANGE, "2026-11-24T14:00:00")
    assert back.data["start"]["localtime"] == "2026-11-25T10:00:00"
    restored = undone_cancel(reader(), MEETING)
    assert (restored.kind, restored.data["uid"], restored.data["status"]) == (Kind.OK, MEETING.uid, "confirmed")
    unbooked = undone_booking(reader(), POLL, MEETING)
    assert (unbooked.kind, unbooked.data["poll"], unbooked.data["status"]) == (Kind.CANCELLED, "$poll", "cancelled")


def hidden() -> Occurrence:
    return replace(MEETING, details=Details(hidden=True, title="Personalgespräch", location="Zimmer 3", link=LINK))


@pytest.mark.parametrize(
    "message",
    [
        undone_new(reader(), hidden()),
        undone_move(reader(), replace(hidden(), when=TUESDAY), hidden()),
        undone_cancel(reader(), hidden()),
    ],
)
def test_of_what_must_not_be_seen_only_the_time_is_told(message: Message) -> None:
    for form in (message.text, message.html, str(message.data)):
        assert "Personalgespräch" not in form
        assert "Zimmer" not in form
        assert LINK not in form
    assert "Mi., 25.11.2026, 10:00–11:00 Uhr" in message.text
