"""What would trouble others is only done after a question."""

from __future__ import annotations

import asyncio

import pytest

from calbot.core.model import Kind, Message, UserId

from .conftest import ANNA, BEN, CARLA, ROOM, Office
from .test_finding import busy, everybody_is_known, kill_at

PEOPLE = [UserId(f"@p{number}:example.org") for number in range(5)]


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def test_no_event_at_a_time_at_which_somebody_is_busy(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    question = only(await office.says(f"!meet neu Runde morgen 10-11 {BEN}"))
    assert [choice["text"] for choice in question.data["choices"]] == [
        "ja, trotzdem eintragen",
        "nein, nichts eintragen",
    ]
    declined = only(await office.says("!meet 2"))
    assert declined.kind is Kind.OK
    assert "nichts eingetragen" in declined.text
    assert office.texts() == []
    assert await office.world.stores.inbox.unfinished() == []


@pytest.mark.parametrize(
    "command",
    [
        f"!meet neu Runde morgen 10-11 optional: {BEN}",
        f"!meet neu Runde morgen 11-12 {BEN}",
        "!meet neu Runde morgen 10",
    ],
)
async def test_nobody_is_asked_where_nobody_is_missed(office: Office, command: str) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    assert only(await office.says(command)).kind is Kind.MEETING


async def test_ones_own_other_event_is_a_warning(office: Office) -> None:
    everybody_is_known(office, anna=[busy(25, 10, 11)])
    card = only(await office.says(f"!meet neu Runde morgen 10-11 {BEN}"))
    assert card.kind is Kind.MEETING
    assert "Zu dieser Zeit schon belegt: Anna" in card.text


async def test_a_no_is_kept_though_the_time_has_become_free(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the answer and its confirmation; when the command runs again, nobody is busy any more."""
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    kill_at(monkeypatch, office.chat, "post")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet 2")
    monkeypatch.undo()
    everybody_is_known(office)
    await office.resume()
    assert office.texts() == []
    assert len(office.said(Kind.OK)) == 1


async def test_a_yes_is_kept_and_writes_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    kill_at(monkeypatch, office.chat, "post")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet 1")
    monkeypatch.undo()
    await office.resume()
    assert len(office.texts()) == 1
    assert len(office.said(Kind.MEETING)) == 1


async def test_a_move_to_where_somebody_is_busy_can_be_called_off(office: Office) -> None:
    everybody_is_known(office)
    await office.says(f"!meet neu Runde morgen 10-12 {BEN}")
    everybody_is_known(office, ben=[busy(25, 15, 16)])
    assert only(await office.says("!meet verschiebe last morgen 15-16")).kind is Kind.QUESTION
    assert "bleibt, wo er ist" in only(await office.says("!meet 2")).text
    assert "T100000" in office.texts()[0]


async def test_a_time_chosen_from_a_search_is_not_asked_about_again(office: Office) -> None:
    """The search says who cannot come."""
    everybody_is_known(office, ben=[busy(25, 8, 18)])
    found = only(await office.says(f'!meet finde 1h morgen {BEN} "Runde"'))
    assert "Ben" in found.text
    card = only(await office.says("!meet 1"))
    assert card.kind is Kind.MEETING
    assert "Zu dieser Zeit schon belegt: Ben" in card.text


async def test_an_event_of_many_is_cancelled_after_a_question(office: Office) -> None:
    office.chat.add_room(ROOM, ANNA, BEN, CARLA, *PEOPLE)
    await office.says("!meet neu Runde morgen 10-11 " + " ".join(PEOPLE))
    question = only(await office.says("!meet absagen last"))
    assert question.kind is Kind.QUESTION
    assert "5 Personen" in question.text
    assert "bleibt" in only(await office.says("!meet 2")).text
    assert len(office.texts()) == 1
    await office.says("!meet absagen last")
    said = await office.says("!meet 1")
    assert said[-1].kind is Kind.CANCELLED
    assert office.texts() == []


async def test_an_event_of_few_is_cancelled_at_once(office: Office) -> None:
    office.chat.add_room(ROOM, ANNA, BEN, CARLA, *PEOPLE)
    await office.says("!meet neu Runde morgen 10-11 " + " ".join(PEOPLE[:4]))
    assert (await office.says("!meet absagen last"))[-1].kind is Kind.CANCELLED


async def test_of_a_series_one_question_is_enough(office: Office) -> None:
    office.chat.add_room(ROOM, ANNA, BEN, CARLA, *PEOPLE)
    await office.says("!meet neu Runde jeden Mittwoch 10-11 " + " ".join(PEOPLE))
    await office.says("!meet absagen last")
    assert (await office.says("!meet 2"))[-1].kind is Kind.CANCELLED
    await office.says("!meet neu Runde jeden Mittwoch 10-11 " + " ".join(PEOPLE))
    assert only(await office.says("!meet absagen last alle")).kind is Kind.QUESTION


@pytest.mark.parametrize(("word", "written"), [("ja", 1), ("yes", 1), ("nein", 0), ("no", 0), ("Ja!", 1)])
async def test_yes_and_no_answer_such_a_question(office: Office, word: str, written: int) -> None:
    """And are not taken for the answer to the invitation to another event."""
    await office.says(f"!meet neu Rat morgen 8-9 {BEN}")
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    await office.says(f"!meet {word}")
    assert len(office.texts()) == 1 + written
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []


async def test_yes_in_reply_to_the_question_needs_no_address(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    question = office.chat.last(ROOM).event
    assert await office.replies(question, "ja", by=BEN) == []
    assert only(await office.replies(question, "ja")).kind is Kind.MEETING


async def test_yes_is_no_answer_to_a_question_with_other_choices(office: Office) -> None:
    await office.says(f"!meet neu Rat morgen 8-9 {BEN}")
    before = office.texts()
    await office.says("!meet neu Budgetrunde nächsten Freitag 9 Uhr")
    assert only(await office.says("!meet ja")).data["code"] == "ambiguous"
    assert office.texts() == before
    assert len(await office.world.stores.questions.open_for(ROOM, ANNA)) == 1
