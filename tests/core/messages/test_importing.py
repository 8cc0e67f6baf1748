"""What a file would put on a calendar: said in words before anything is done."""

from __future__ import annotations

import pytest

from calbot.core.ask import Ask, Say
from calbot.core.messages import Remainder, import_question, imported, nothing_to_import, undone_import
from calbot.core.model import Details, Kind, Locale
from calbot.matrix.content import require_size

from .examples import TUESDAY, WEDNESDAY, event, reader
from .test_text import read

ASK = Ask("import_events", (Say("import_yes"), Say("import_no")))
REMAINDER = Remainder(present=2, unreadable=1, left_out=3, people=True)
WEEKLY = event(when=WEDNESDAY, details=Details(title="Jour fixe", rule="FREQ=WEEKLY;BYDAY=WE"))


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            "2 Termine aus „team.ics“ in den Kalender it-team eintragen?\n\n"
            "• Runde, Di., 24.11.2026, 14:00–15:00 Uhr\n"
            "• Jour fixe, Mi., 25.11.2026, 10:00–11:00 Uhr (Serie: jeden Mittwoch)\n\n"
            "2 Termine der Datei stehen schon im Kalender und bleiben, wie sie sind.\n"
            "Ausgelassen: 1 fehlerhafter Termin der Datei.\n"
            "Ausgelassen: 3 Einträge, die keine Termine oder ältere Fassungen sind.\n"
            "Wer laut Datei eingeladen ist, wird nicht eingeladen, sondern nur im Text des Termins genannt.\n\n"
            "1. ja, eintragen\n2. nein, nichts eintragen\n\n"
            "Bitte antworten Sie mit der Ziffer als Reaktion (1️⃣ für 1) oder mit !meet 1.",
        ),
        (
            "en",
            "Add 2 events from “team.ics” to the calendar it-team?\n\n"
            "• Runde, Tue, 24 Nov 2026, 14:00–15:00\n"
            "• Jour fixe, Wed, 25 Nov 2026, 10:00–11:00 (Repeats: every Wednesday)\n\n"
            "2 events of the file are already on the calendar and stay as they are.\n"
            "Left out: 1 faulty event of the file.\n"
            "Left out: 3 entries that are not events, or older versions of some.\n"
            "Those whom the file invites are not invited; they are only named in the text of the event.\n\n"
            "1. yes, add them\n2. no, add nothing\n\n"
            "Please answer with the number as a reaction (1️⃣ for 1) or with !meet 1.",
        ),
    ],
)
def test_the_question_shows_what_would_be_written(locale: Locale, text: str) -> None:
    events = [event("Runde", TUESDAY), WEEKLY]
    message = import_question(reader(locale), ASK, events, filename="team.ics", calendar="it-team", remainder=REMAINDER)
    assert message.text == text
    assert (message.kind, message.notify, message.discloses) == (Kind.QUESTION, True, True)
    assert [choice["number"] for choice in message.data["choices"]] == [1, 2]
    assert [item["title"] for item in message.data["items"]] == ["Runde", "Jour fixe"]


def test_names_from_a_file_are_text_and_nothing_else() -> None:
    hostile = event("<b>@room</b> [x](https://evil.example)\u202e", TUESDAY)
    message = import_question(
        reader(), ASK, [hostile], filename="<img>@room.ics\n", calendar="it-team", remainder=Remainder()
    )
    assert "<b>@" not in message.html.replace("<strong>", "")
    assert "<img>" not in message.html
    assert "@room" not in message.text
    assert "\u202e" not in message.text
    assert read(message.html).text.split() == message.text.split()


def test_hidden_events_show_their_times_only() -> None:
    hidden = event(when=TUESDAY, details=Details(title="Geheim", hidden=True))
    for message in (
        import_question(reader(), ASK, [hidden], filename="a.ics", calendar="it-team", remainder=Remainder()),
        imported(reader(), [(1, hidden)], number=1, calendar="it-team", remainder=Remainder()),
    ):
        assert "Geheim" not in message.text + str(message.data)
        assert message.data["items"][0]["title"] == "busy"


def test_the_answer_lists_with_numbers_and_fits_into_an_event() -> None:
    items = [(number, event(f"Runde {number}", TUESDAY)) for number in range(1, 21)]
    message = imported(reader(), items, number=500, calendar="it-team", remainder=REMAINDER)
    assert message.kind is Kind.AGENDA
    assert "500 Termine" in message.text
    assert "und 480 weitere" in message.text
    assert [item["ref"] for item in message.data["items"]] == list(range(1, 21))


def test_nothing_new_and_what_was_taken_back() -> None:
    assert nothing_to_import(reader(), Remainder(present=1)).kind is Kind.OK
    assert "1 Termin der Datei steht schon" in nothing_to_import(reader(), Remainder(present=1)).text
    assert undone_import(reader(), gone=3, stayed=0).text == "Der Import ist zurückgenommen: 3 Termine gelöscht."
    assert "1 Termin wurde seitdem geändert" in undone_import(reader(), gone=3, stayed=1).text


def test_titles_of_nothing_but_emoji_leave_room_for_the_message() -> None:
    hostile = event("🎉" * 500, TUESDAY, uid="🎉" * 500)
    question = import_question(
        reader(), ASK, [hostile] * 50, filename="🎉" * 500, calendar="it-team", remainder=REMAINDER
    )
    answer = imported(
        reader(), [(n, hostile) for n in range(1, 21)], number=50, calendar="it-team", remainder=REMAINDER
    )
    for message in (question, answer):
        require_size({"body": message.text, "formatted_body": message.html, "io.calbot": message.data})
        assert 0 < len(message.data["items"]) < 20
