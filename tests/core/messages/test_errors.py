"""Errors: what was not understood, why, and what would work."""

from __future__ import annotations

import pytest

from calbot.core.messages import error, internal_error
from calbot.core.model import Kind, Locale
from calbot.errors import CalbotError, CalendarReadOnly, CalendarUnavailable, Code, PreconditionFailed, UserError

from .examples import LOCALES, reader


@pytest.mark.parametrize(
    ("raised", "example", "text"),
    [
        (
            UserError(Code.NOT_UNDERSTOOD, "date_impossible", words="31.11.", text="31.11. 9 Uhr"),
            "!meet neu Budget Di 14-15",
            "„31.11.“: Dieses Datum oder diese Uhrzeit gibt es nicht.\nZum Beispiel:\n!meet neu Budget Di 14-15",
        ),
        (
            UserError(Code.NOT_UNDERSTOOD, "unknown_command_near", word="lsite", suggestion="liste"),
            None,
            "Den Befehl „lsite“ kenne ich nicht. Meinten Sie !meet liste?",
        ),
        (
            UserError(
                Code.NOT_UNDERSTOOD,
                "poll_option_not_understood",
                option="Di 25 Uhr",
                words="25 Uhr",
                why="date_impossible",
            ),
            None,
            "„Di 25 Uhr“ kann ich nicht als Termin anbieten: Dieses Datum oder diese Uhrzeit gibt es nicht.",
        ),
        (
            UserError(Code.NOT_UNDERSTOOD, "poll_option_not_understood", option="Budget 3", words="Budget 3"),
            None,
            "„Budget 3“ kann ich nicht als Termin anbieten: Das kann ich nicht als Datum lesen.",
        ),
        (
            CalendarUnavailable("calendar_unavailable"),
            None,
            "Der Kalenderserver antwortet gerade nicht.\nBitte versuchen Sie es später noch einmal.",
        ),
        (CalendarReadOnly(calendar="it-team"), None, "Dieser Termin kann von hier aus nicht geändert werden."),
        (
            PreconditionFailed(),
            None,
            "Dieser Termin wurde inzwischen von anderer Seite geändert. Es wurde nichts eingetragen; "
            "bitte sehen Sie ihn sich noch einmal an.",
        ),
    ],
)
def test_errors_in_words(raised: CalbotError, example: str | None, text: str) -> None:
    message = error(reader(), raised, example=example)
    assert message.text == text
    assert message.kind is Kind.ERROR
    assert message.data == {"code": raised.code.value}
    assert not message.notify


@pytest.mark.parametrize(
    ("reason", "needed", "de", "en"),
    [
        (
            "not_your_event",
            50,
            "Hier dürfen Sie eigene Termine ändern. Die anderer zu ändern, ist der Moderation des Raums vorbehalten. "
            "Bitte fragen Sie dort nach.",
            "You may change your own events here. Changing those of others is reserved for the moderators of the room. "
            "Please ask them.",
        ),
        (
            "not_your_poll",
            50,
            "Das ist der Person vorbehalten, die die Umfrage erstellt hat, sowie der Moderation des Raums.",
            "That is reserved for whoever made the poll and for the moderators of the room.",
        ),
        (
            "level_too_low",
            100,
            "Das ist hier der Administration des Raums vorbehalten. Bitte fragen Sie dort nach.",
            "That is reserved for the administrators of the room here. Please ask them.",
        ),
        (
            "level_too_low",
            75,
            "Das ist hier Personen mit höheren Rechten (Stufe 75) vorbehalten. Bitte fragen Sie dort nach.",
            "That is reserved for people with more rights (level 75) here. Please ask them.",
        ),
    ],
)
def test_a_power_level_is_called_by_its_role(reason: str, needed: int, de: str, en: str) -> None:
    raised = UserError(Code.FORBIDDEN, reason, needed=needed)
    assert error(reader("de"), raised).text == de
    assert error(reader("en"), raised).text == en


@pytest.mark.parametrize(
    ("raised", "de", "en"),
    [
        (
            UserError(Code.STALE_REFERENCE, "question_over"),
            "Diese Frage ist schon vorbei. Gilt der Befehl noch, schreiben Sie ihn bitte noch einmal.",
            "This question is over already. If you still want the command, please write it once more.",
        ),
        (
            UserError(Code.FORBIDDEN, "not_your_question", name="Anna"),
            "Diese Frage ist an Anna gerichtet.",
            "This question is for Anna.",
        ),
        (
            UserError(Code.STALE_REFERENCE, "occurrence_gone"),
            "Diesen Termin der Serie gibt es nicht mehr. Welche es gibt, zeigt !meet liste",
            "This date of the series no longer exists. Those that do: !meet list",
        ),
        (
            UserError(Code.NOT_FOUND, "poll_not_attached"),
            "Um diese Umfrage kümmere ich mich noch nicht. Soll ein Termin daraus werden, antworten Sie darauf mit "
            "!meet termin",
            "I am not looking after this poll yet. To make an event of it, reply to it with !meet event",
        ),
        (
            UserError(Code.NOT_UNDERSTOOD, "auto_needs_people"),
            "auto braucht außer Ihnen mindestens eine Person, die abstimmen muss. Bitte nennen Sie sie mit @.",
            "auto needs at least one person besides you who has to vote. Please name them with @.",
        ),
    ],
)
def test_why_an_answer_or_a_reply_has_no_effect(raised: CalbotError, de: str, en: str) -> None:
    assert error(reader("de"), raised).text == de
    assert error(reader("en"), raised).text == en


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", list(Code))
def test_a_reason_without_a_text_of_its_own_gets_that_of_its_code(locale: Locale, code: Code) -> None:
    message = error(reader(locale), UserError(code, "some_reason_of_tomorrow"))
    assert message.text == reader(locale).catalog.text(f"error.{code.value}")


def test_what_was_typed_is_quoted_as_text() -> None:
    raised = UserError(Code.NOT_UNDERSTOOD, "date_not_understood", words="<b>@room</b>\n\u202e")
    message = error(reader(), raised)
    assert message.text == "„<b>@ room</b>“: Das kann ich nicht als Datum lesen."
    assert message.html == "„&lt;b&gt;@ room&lt;/b&gt;“: Das kann ich nicht als Datum lesen."


@pytest.mark.parametrize(
    ("raised", "discloses"),
    [
        (UserError(Code.FORBIDDEN, "forbidden"), False),
        (UserError(Code.NOT_UNDERSTOOD, "date_vague", words="bald"), False),
        (UserError(Code.CONFLICT, "poll_known", title="Budgetrunde"), True),
    ],
)
def test_an_error_discloses_only_what_comes_from_a_calendar(raised: CalbotError, discloses: bool) -> None:
    assert error(reader(), raised).discloses is discloses


def test_an_internal_error_says_what_to_look_for_in_the_log() -> None:
    message = internal_error(reader(), "$abc:example.org")
    assert message.text.endswith("Bitte melden Sie der Stelle, die diesen Bot betreibt: $abc:example.org")
    assert message.html.endswith("<code>$abc:example.org</code>")
    assert message.data == {"code": "internal"}
