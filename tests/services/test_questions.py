"""Questions of the bot: what answers them, what ends them, and what they look like afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import EventId, Kind, Message

from .conftest import ANNA, BEN, ROOM, Office

ASKING = "!meet neu Budgetrunde nächsten Freitag 9 Uhr"


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def asked(office: Office) -> EventId:
    assert only(await office.says(ASKING)).kind is Kind.QUESTION
    return office.chat.last(ROOM).event


def shown(office: Office, question: EventId) -> list[str]:
    """What the question was edited to."""
    return [one.message.text for one in office.chat.posted if one.edits == question and one.message is not None]


@pytest.mark.parametrize("later", ["!meet liste", "!meet neu Jour fixe morgen 10-11", "!meet hilfe"])
async def test_a_number_does_not_answer_what_was_asked_before_another_command(office: Office, later: str) -> None:
    question = await asked(office)
    await office.says(later)
    before = len(office.texts())
    await office.alarm.settle()
    assert "nicht mehr offen" in shown(office, question)[0]
    assert only(await office.says("!meet 2")).data["code"] == "not_found"
    assert "schon vorbei" in only(await office.replies(question, "!meet 2")).text
    assert await office.replies(question, "2") == []
    assert await office.hears(office.chat.reacts(ROOM, ANNA, question, "2️⃣")) == []
    assert len(office.texts()) == before
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_slip_and_the_commands_of_others_leave_the_question_open(office: Office) -> None:
    await asked(office)
    await office.says("!meet lsite")
    await office.says("!meet liste", by=BEN)
    assert only(await office.says("!meet 2")).kind is Kind.MEETING


async def test_after_the_answer_the_question_shows_it(office: Office) -> None:
    question = await asked(office)
    await office.says("!meet 2")
    await office.alarm.settle()
    assert shown(office, question) == [
        "„Budgetrunde“: Welcher Zeitpunkt ist gemeint?\nGewählt: Fr., 04.12.2026, 09:00 Uhr"
    ]


async def test_the_answer_about_polls_means_those_that_were_shown(office: Office) -> None:
    for title in ("Klausur", "Ausflug"):
        await office.says(f'!meet umfrage "{title}" 1.12. 14-15; 2.12. 10')
    choices = only(await office.says("!meet stimme 1", by=BEN)).data["choices"]
    wanted = next(one["number"] for one in choices if "Ausflug" in one["text"])
    await office.says('!meet umfrage "Andere" 3.12. 14-15; 4.12. 10')
    said = await office.says(f"!meet {wanted}", by=BEN)
    assert [one for one in said if one.kind is Kind.QUESTION] == []
    assert any("Ausflug" in one.text for one in said)


@pytest.mark.parametrize("word", ["abbrechen", "nichts", "Stopp!", "never mind", "nevermind"])
async def test_a_question_can_be_dropped(office: Office, word: str) -> None:
    question = await asked(office)
    said = await office.says(f"!meet {word}")
    assert said[0].text == "In Ordnung, ich ändere nichts."
    assert len(shown(office, question)) == 1
    assert "Befehl noch einmal" not in shown(office, question)[0]
    assert "Es ist keine Frage offen" in only(await office.says(f"!meet {word}")).text
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_question_is_dropped_by_a_reply_without_address(office: Office) -> None:
    question = await asked(office)
    await office.replies(question, "abbrechen")
    assert len(shown(office, question)) == 1
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_yes_to_an_event_is_one_while_a_question_is_open(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {ANNA}", by=BEN)
    card = office.chat.last(ROOM).event
    question = await asked(office)
    assert "!meet abbrechen" in only(await office.says("!meet ja")).text
    said = await office.replies(card, "!meet ja")
    assert [one for one in said if one.kind is Kind.ERROR] == []
    await office.alarm.settle()
    assert "PARTSTAT=ACCEPTED" in office.texts()[0].replace("\r\n ", "")
    assert len(shown(office, question)) == 1


async def test_somebody_elses_question_is_said_to_be_theirs(office: Office) -> None:
    await asked(office)
    for word in ("2", "abbrechen"):
        error = only(await office.says(f"!meet {word}", by=BEN))
        assert error.text == "Diese Frage ist an Anna gerichtet."
    assert only(await office.says("!meet 2")).kind is Kind.MEETING


async def test_a_removed_command_needs_not_be_written_again(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, ASKING)
    await office.hears(command)
    question = office.chat.last(ROOM).event
    office.chat.redacts(ROOM, command.id)
    await office.hears(office.chat.sends(ROOM, ANNA, "m.room.redaction", {"redacts": command.id}))
    assert shown(office, question) == ["Diese Frage ist nicht mehr offen, sie hat sich erledigt."]


async def test_a_question_nobody_answered_says_how_to_go_on(office: Office) -> None:
    question = await asked(office)
    await office.pass_time(timedelta(minutes=11))
    assert "schreiben Sie den Befehl noch einmal" in shown(office, question)[0]


@pytest.mark.parametrize("text", ["heute komme ich später", "danke!", "schickt mal die Liste", 'das "meine ich auch'])
async def test_chat_that_begins_with_the_name_of_the_bot_is_left_alone(office: Office, text: str) -> None:
    assert await office.says(f"calbot: {text}") == []
    assert only(await office.says(f"!meet {text}")).kind is Kind.ERROR
    assert only(await office.says(f"calbot: !meet {text}")).kind is Kind.ERROR


async def test_commands_are_heard_by_the_name_alone(office: Office) -> None:
    assert only(await office.says("calbot: liste")).kind is Kind.AGENDA
    assert only(await office.says("calbot: neu Runde irgendwann")).kind is Kind.ERROR


async def test_advice_in_a_reply_is_about_what_was_replied_to(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    card = office.chat.last(ROOM).event
    assert '!meet absagen "keine Themen"' in only(await office.replies(card, "!meet absagen keine Themen")).text
    assert '!meet absagen 3 "keine Themen"' in only(await office.says("!meet absagen 3 keine Themen")).text


async def test_help_about_a_word_with_two_meanings_leads_to_both(office: Office) -> None:
    text = only(await office.says("!meet hilfe termin")).text
    assert "!meet neu TITEL WANN" in text
    assert "!meet hilfe event" in text
    assert "!meet termin" in only(await office.says("!meet hilfe event")).text
