"""That people are told which poll something is about, and how to go on from there."""

from __future__ import annotations

import pytest

from calbot.core.model import Kind, Message
from calbot.core.poll_events import POLL_RESPONSE, POLL_START

from .conftest import ANNA, BEN, CARLA, ROOM, Office
from .test_polls import handmade, response


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


@pytest.mark.parametrize("command", ["!meet schließen", "!meet buche", "!meet buche 1", "!meet frist morgen 12 Uhr"])
async def test_who_may_not_decide_is_told_about_which_poll(office: Office, command: str) -> None:
    await office.says('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10')
    error = only(await office.says(command, by=BEN))
    assert error.data["code"] == "forbidden"
    assert "Klausur" in error.text
    assert error.discloses


async def test_two_options_are_no_range(office: Office) -> None:
    await office.says('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10')
    text = next(message.text for message in office.said(Kind.POLL))
    assert "mit 1️⃣ oder 2️⃣ auf diese Nachricht reagieren" in text


async def test_after_a_booking_was_taken_back_it_says_how_to_book_again(office: Office) -> None:
    await office.says('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10')
    await office.says("!meet buche 1")
    said = await office.says("!meet rückgängig")
    assert any("antworten Sie auf die Umfrage mit seiner Nummer: !meet buche 2" in one.text for one in said)


async def test_a_poll_that_was_edited_after_votes_is_named(office: Office) -> None:
    poll = office.chat.sends(ROOM, ANNA, POLL_START, handmade("1.12. 12 Uhr", "2.12. 12:30"))
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0"))
    question = poll.content[POLL_START]["question"]["body"]
    changed = {
        "m.new_content": handmade("3.12. 7 Uhr", "2.12. 12:30"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": poll.id},
    }
    office.chat.sends(ROOM, ANNA, POLL_START, changed)
    assert f"„{question}“" in only(await office.replies(poll.id, "!meet termin")).text
