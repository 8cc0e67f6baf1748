"""What the bot edits stays in the language in which it was said; so do names of poll options for whom reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import Message, RoomId

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office

HOME = RoomId("!home:example.org")  # Anna's chat with the bot


@pytest.fixture
async def english(office: Office) -> Office:
    """Anna reads English, in a German room and by herself."""
    office.chat.add_room(HOME, ANNA)
    await office.says("!meet lang en", room=HOME)
    return office


def last_edit(office: Office) -> Message:
    message = next(posted.message for posted in reversed(office.chat.posted) if posted.edits)
    assert message is not None
    return message


@pytest.mark.parametrize("room", [ROOM, HOME])
async def test_what_was_chosen(english: Office, room: RoomId) -> None:
    await english.says("!meet new Budget next Friday 9:00", room=room)
    await english.says("!meet 2", room=room)
    await english.pass_time(timedelta(seconds=5))
    assert "Chosen:" in last_edit(english).text


@pytest.mark.parametrize("room", [ROOM, HOME])
async def test_a_question_that_nobody_answered(english: Office, room: RoomId) -> None:
    await english.says("!meet new Budget next Friday 9:00", room=room)
    (withdrawn,) = await english.pass_time(timedelta(minutes=11))
    assert "no longer open" in withdrawn.text


@pytest.mark.parametrize("room", [ROOM, HOME])
async def test_times_that_nobody_chose_from(english: Office, room: RoomId) -> None:
    await english.says("!meet find 1h tomorrow", room=room)
    await english.pass_time(timedelta(minutes=11))
    said = last_edit(english).text
    assert said.startswith("Proposed times (1 hour):\n1. Wed")
    assert said.endswith("For new ones, please write the command again.")


async def test_a_card_of_somebody_who_reads_another_language_now(english: Office) -> None:
    await english.says("!meet new Budget tomorrow 9-10")
    await english.says("!meet lang de", room=HOME)
    await english.says("!meet absagen letzter")
    await english.pass_time(timedelta(minutes=5))
    assert last_edit(english).text.startswith("Cancelled:")


async def test_a_card_that_a_notice_renews(english: Office) -> None:
    await english.says("!meet new Budget tomorrow 9-10")
    english.calendar.remove(CALENDAR, english.name())
    await english.pull()
    await english.pass_time(timedelta(minutes=10))
    assert last_edit(english).text.startswith("Cancelled:")


async def test_a_card_stays_when_the_room_changes_its_language(office: Office) -> None:
    await office.says("!meet neu Haushalt morgen 11-12")
    office.change_room(language="en")
    await office.says("!meet cancel last")
    await office.pass_time(timedelta(minutes=5))
    assert last_edit(office).text.startswith("Abgesagt:")


async def test_options_of_a_poll_are_named_as_they_are_read(english: Office) -> None:
    await english.says('!meet umfrage "Sommerfest" 1.7.2027; 2.7.2027', by=BEN)
    (voted,) = await english.says("!meet vote 1", room=HOME)
    assert "Thu, 1 Jul 2027" in voted.text
    assert "ganztägig" not in voted.text
    await english.says('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10', by=BEN)
    (question,) = await english.says("!meet vote 1", room=HOME)
    assert "first date: Thu" in question.text
    assert "first date: Tue" in question.text
