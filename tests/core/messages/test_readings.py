"""How dates were read, and questions about them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from calbot.core.ask import Ask, Say
from calbot.core.dates import At, Choice, Day, Every, Reading, Reason, Unread
from calbot.core.messages import question, when_answer
from calbot.core.model import Kind, Locale

from .examples import LOCALES, WEDNESDAY, at, event, reader

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("locale", "text", "reading", "answer"),
    [
        (
            "de",
            "morgen 14-15",
            At(at(24, 14), at(24, 15)),
            "„morgen 14-15“ lese ich so:\nDi., 24.11.2026, 14:00–15:00 Uhr\nDas ist morgen.",
        ),
        (
            "en",
            "tomorrow 2pm",
            At(at(24, 14)),
            "I read “tomorrow 2pm” as:\nTue, 24 Nov 2026, 14:00\nThat is tomorrow.\n"
            "Without an end, an event here lasts 1 hour.",
        ),
        (
            "de",
            "30.11.-2.12.",
            Day(date(2026, 11, 30), date(2026, 12, 2)),
            "„30.11.-2.12.“ lese ich so:\nMo., 30.11. – Mi., 02.12.2026, ganztägig",
        ),
        (
            "de",
            "nächsten Dienstag um 10",
            Choice((At(at(24, 10)), At(at(1, 10, month=12)))),
            "„nächsten Dienstag um 10“ kann Verschiedenes heißen:\n"
            "1. Di., 24.11.2026, 10:00 Uhr\n2. Di., 01.12.2026, 10:00 Uhr",
        ),
        (
            "de",
            "jeden Freitag 10-11 bis 18.12.",
            Every(At(at(27, 10), at(27, 11)), "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261218"),
            "„jeden Freitag 10-11 bis 18.12.“ lese ich so:\n"
            "jeden Freitag, bis Fr., 18.12.2026, erstmals Fr., 27.11.2026, 10:00–11:00 Uhr",
        ),
        (
            "en",
            "every odd day",
            Every(Day(date(2026, 11, 25), date(2026, 11, 25)), "FREQ=MONTHLY;BYMONTHDAY=-2"),
            "I read “every odd day” as:\nA series, first on Wed, 25 Nov 2026, all day",
        ),
    ],
)
def test_what_was_read(locale: Locale, text: str, reading: Reading, answer: str) -> None:
    message = when_answer(reader(locale), text, reading, duration=HOUR)
    assert message.text == answer
    assert message.kind is Kind.OK
    assert not message.discloses


def test_readings_for_programs() -> None:
    first = At(at(27, 10))
    every = when_answer(reader(), "x", Every(first, "FREQ=DAILY"), duration=HOUR)
    assert every.data["readings"] == [
        {
            "start": {"utc": "2026-11-27T09:00:00Z", "localtime": "2026-11-27T10:00:00", "timezone": "Europe/Berlin"},
            "end": None,
            "all_day": False,
            "rule": "FREQ=DAILY",
        }
    ]
    choice = when_answer(reader(), "x", Choice((first, Day(date(2026, 11, 24), date(2026, 11, 24)))), duration=HOUR)
    assert [one["all_day"] for one in choice.data["readings"]] == [False, True]


@pytest.mark.parametrize(
    ("reading", "code", "text"),
    [
        (
            Unread(Reason.VAGUE, "nächste Woche"),
            "not_understood",
            "„nächste Woche“: Daraus ergibt sich kein genauer Tag mit Uhrzeit.\nZum Beispiel:\n!meet wann morgen",
        ),
        (
            Unread(Reason.IN_PAST),
            "in_past",
            "„bald, nächste Woche“: Dieser Zeitpunkt ist schon vorbei.\nZum Beispiel:\n!meet wann morgen",
        ),
    ],
)
def test_what_was_not_read(reading: Unread, code: str, text: str) -> None:
    message = when_answer(reader(), "bald, nächste Woche", reading, duration=HOUR, example="!meet wann morgen")
    assert message.text == text
    assert message.kind is Kind.ERROR
    assert message.data == {"code": code}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_its_words(reason: Reason) -> None:
    texts = {when_answer(reader(locale), "x", Unread(reason), duration=HOUR).text for locale in LOCALES}
    assert len(texts) == len(LOCALES)


# ------------------------------------------------------------------------------------------------------------ questions


def test_a_question_about_a_series() -> None:
    message = question(reader(), Ask("move_series", (event(when=WEDNESDAY), Say("whole_series"))))
    assert message.text == (
        "Was soll verschoben werden?\n\n"
        "1. Jour fixe IT, Mi., 25.11.2026, 10:00–11:00 Uhr\n2. die ganze Serie\n\n"
        "Bitte antworten Sie mit der Ziffer als Reaktion (1️⃣ für 1) oder mit !meet 1."
    )
    assert message.kind is Kind.QUESTION
    assert message.notify
    choices = message.data["choices"]
    assert [choice["number"] for choice in choices] == [1, 2]
    assert choices[0]["event"]["uid"] == "20ab@example.org"
    assert choices[1] == {"number": 2, "text": "die ganze Serie"}


def test_a_question_about_a_time() -> None:
    choices = (At(at(24, 10)), Every(At(at(24, 10)), "FREQ=DAILY"), Day(date(2026, 11, 24), date(2026, 11, 24)))
    message = question(reader("en"), Ask("when", choices, {"text": "x"}))
    assert message.text == (
        "Which time do you mean?\n\n"
        "1. Tue, 24 Nov 2026, 10:00\n2. every day, first on Tue, 24 Nov 2026, 10:00\n3. Tue, 24 Nov 2026, all day\n\n"
        "Please answer with the number as a reaction (1️⃣ for 1) or with !meet 1."
    )


@pytest.mark.parametrize(
    ("locale", "first"), [("de", "„Auto“: Welcher Zeitpunkt ist gemeint?"), ("en", "“Auto”: which time do you mean?")]
)
def test_a_question_about_the_time_of_something_names_it(locale: Locale, first: str) -> None:
    message = question(reader(locale), Ask("when", (At(at(24, 10)), At(at(25, 10))), {"text": "x", "title": "Auto"}))
    assert message.text.splitlines()[0] == first


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Welche Umfrage ist gemeint?\n\n1. „Auto“ (erster Termin: Do., 26.11., 15:00 Uhr)"),
        ("en", "Which poll do you mean?\n\n1. “Auto” (first date: Do., 26.11., 15:00 Uhr)"),
    ],
)
def test_a_question_about_polls_tells_them_apart_by_their_first_date(locale: Locale, text: str) -> None:
    poll = Say("poll", {"title": "Auto", "first": "Do., 26.11., 15:00 Uhr"})
    assert question(reader(locale), Ask("which_poll", (poll, poll))).text.startswith(f"{text}\n2. ")


def test_more_choices_than_there_are_reactions_are_answered_by_typing() -> None:
    polls = tuple(Say("poll", {"title": f"<b>{number}", "first": "x"}) for number in range(11))
    message = question(reader(), Ask("which_poll", polls))
    assert message.text.endswith("Bitte antworten Sie mit der Nummer, zum Beispiel !meet 1.")
    assert "1. „&lt;b&gt;0“ (erster Termin: x)<br>" in message.html
