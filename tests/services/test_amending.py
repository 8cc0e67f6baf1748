"""Commands that are edited or removed after they were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import EventId, Kind, Message, UserId
from calbot.errors import CalendarUnavailable
from calbot.ports import ChatEvent
from calbot.services import startup

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office

TWO_READINGS = "!meet neu Budgetrunde nächsten Freitag 9 Uhr"


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def edited(office: Office, original: EventId, text: str, by: UserId = ANNA, **content: Any) -> ChatEvent:
    """As clients send it: a fallback for those that know no edits, and what the message says now."""
    return office.chat.says(
        ROOM,
        by,
        f"* {text}",
        **{
            "m.new_content": {"msgtype": "m.text", "body": text, "m.mentions": {}, **content},
            "m.relates_to": {"rel_type": "m.replace", "event_id": original},
        },
    )


def removed(office: Office, target: EventId, by: UserId = ANNA) -> ChatEvent:
    office.chat.redacts(ROOM, target)
    return office.chat.sends(ROOM, by, "m.room.redaction", {"redacts": target})


async def record(office: Office, *events: ChatEvent) -> None:
    """As the intake does with all that came in one response, before anything is done about it."""
    await office.world.stores.inbox.accept([raw(event) for event in events], None)


def raw(event: ChatEvent) -> Mapping[str, Any]:
    return {
        "event_id": event.id,
        "room_id": event.room,
        "sender": event.sender,
        "origin_server_ts": event.at,
        "type": event.type,
        "content": event.content,
    }


async def said_then_edited(office: Office, first: str, then: str, after: float = 10.0) -> list[Message]:
    command = office.chat.says(ROOM, ANNA, first)
    await office.hears(command)
    office.clock.advance(timedelta(seconds=after))
    return await office.hears(edited(office, command.id, then))


# --------------------------------------------------------------------------------------------------------------- edits


async def test_a_misunderstood_command_is_mended_by_editing_it(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet nue Runde morgen 10-11")
    assert only(await office.hears(command)).kind is Kind.ERROR
    card = only(await office.hears(edited(office, command.id, "!meet neu Runde morgen 10-11")))
    assert card.kind is Kind.MEETING
    assert len(office.texts()) == 1
    assert office.chat.last(ROOM).reply_to == command.id  # clients show the message, not its edits
    assert await office.world.stores.inbox.unfinished() == []


async def test_what_nothing_came_of_is_mended_too(office: Office) -> None:
    assert only(await said_then_edited(office, "!meet neu Runde gestern 10", "!meet neu Runde morgen 10")).kind is (
        Kind.MEETING
    )
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    command = office.chat.says(ROOM, ANNA, "!meet neu Weitere morgen 12")
    assert only(await office.hears(command)).kind is Kind.ERROR
    office.calendar.unavailable = None
    await office.hears(edited(office, command.id, "!meet neu Weitere morgen 13"))
    assert len(office.texts()) == 2


async def test_what_only_tells_is_told_again(office: Office) -> None:
    said = await said_then_edited(office, "!meet wann morgen 10", "!meet wann morgen 11")
    assert "11:00" in only(said).text


async def test_a_word_to_others_becomes_a_command(office: Office) -> None:
    """The prefix was mistyped, so that nothing was heard at all."""
    assert only(await said_then_edited(office, "!mete liste", "!meet liste")).kind is Kind.AGENDA
    assert await said_then_edited(office, "Hallo", "Hallo zusammen") == []


@pytest.mark.parametrize("language", ["de", "en"])
async def test_once_it_was_done_an_edit_changes_nothing_and_that_is_said_once(office: Office, language: str) -> None:
    office.change_room(language=language)
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    await office.hears(command)
    note = only(await office.hears(edited(office, command.id, "!meet neu Runde morgen 12-13")))
    assert note.kind is Kind.ERROR
    assert ("schon ausgeführt" if language == "de" else "already been carried out") in note.text
    assert await office.hears(edited(office, command.id, "!meet neu Runde morgen 14-15")) == []
    assert len(office.texts()) == 1
    assert "T100000" in office.texts()[0]


async def test_an_edit_after_a_minute_comes_too_late(office: Office) -> None:
    note = only(await said_then_edited(office, "!meet nue Runde morgen 10", "!meet neu Runde morgen 10", 61))
    assert "ersten Minute" in note.text
    assert office.texts() == []
    assert await said_then_edited(office, "!meet nue Runde morgen 10", "!meet neu Runde morgen 10", 3600) == []
    assert only(await said_then_edited(office, "!meet nue Rat morgen 10", "!meet neu Rat morgen 10", 59)).kind is (
        Kind.MEETING
    )


async def test_an_edit_takes_the_question_back(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    question = office.chat.last(ROOM).event
    withdrawn, card = await office.hears(edited(office, command.id, "!meet neu Budgetrunde Fr 27.11. 9 Uhr"))
    assert office.chat.posted[-2].edits == question
    assert withdrawn.kind is not Kind.QUESTION
    assert card.data["start"]["localtime"] == "2026-11-27T09:00:00"
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    await office.hears(office.chat.reacts(ROOM, ANNA, question, "2️⃣"))
    assert len(office.texts()) == 1


async def test_an_edit_may_lead_to_a_question_and_that_to_an_edit(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet nue Rat morgen 10")
    await office.hears(command)
    question = only(await office.hears(edited(office, command.id, TWO_READINGS)))
    assert question.kind is Kind.QUESTION
    said = await office.hears(edited(office, command.id, "!meet neu Rat morgen 11"))
    assert said[-1].kind is Kind.MEETING
    assert len(office.texts()) == 1
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_command_taken_back_by_an_edit_is_none(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    await office.hears(edited(office, command.id, "vergesst es"))
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    assert only(await office.says("!meet 1")).data["code"] == "not_found"
    assert office.texts() == []


async def test_an_edit_that_says_the_same_is_none(office: Office) -> None:
    """Some clients edit by themselves, for a preview of a link."""
    assert await said_then_edited(office, "!meet neu Runde morgen 10", "!meet  neu Runde morgen 10") == []
    assert await said_then_edited(office, TWO_READINGS, TWO_READINGS) == []
    assert len(await office.world.stores.questions.open_for(ROOM, ANNA)) == 1


async def test_nobody_edits_the_command_of_somebody_else(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    assert await office.hears(edited(office, command.id, "!meet neu Rat morgen 11", by=BEN)) == []
    assert len(await office.world.stores.questions.open_for(ROOM, ANNA)) == 1
    assert office.texts() == []


async def test_an_edited_answer_is_one_no_more(office: Office) -> None:
    await office.says(TWO_READINGS)
    answer = office.chat.says(ROOM, ANNA, "!meet 1")
    await office.hears(answer)
    assert "schon ausgeführt" in only(await office.hears(edited(office, answer.id, "!meet 2"))).text
    assert "20261127T090000" in office.texts()[0]


async def test_an_edited_reply_still_replies(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    card = office.chat.last(ROOM).event
    await office.says("!meet neu Rat morgen 12-13")
    relation = {"m.in_reply_to": {"event_id": card}}
    command = office.chat.sends(
        ROOM, ANNA, "m.room.message", {"msgtype": "m.text", "body": "!meet verschieb Do 99", "m.relates_to": relation}
    )
    await office.hears(command)
    said = await office.hears(edited(office, command.id, "!meet verschiebe Do 9 Uhr"))
    assert said[-1].data["title"] == "Runde"


async def test_an_edited_command_in_a_thread_is_answered_there(office: Office) -> None:
    root = EventId("$root")
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
    command = office.chat.sends(
        ROOM, ANNA, "m.room.message", {"msgtype": "m.text", "body": "!meet lsite", "m.relates_to": relation}
    )
    await office.hears(command)
    await office.hears(edited(office, command.id, "!meet liste"))
    assert office.chat.last(ROOM).thread == root


async def test_who_is_meant_by_an_edit_counts_by_its_own_markup(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 99")
    await office.hears(command)
    markup = '!meet neu Runde morgen 10 <a href="https://matrix.to/#/@ben:example.org">Ben</a>'
    card = only(
        await office.hears(
            edited(
                office,
                command.id,
                "!meet neu Runde morgen 10 Ben",
                format="org.matrix.custom.html",
                formatted_body=markup,
            )
        )
    )
    assert card.mentions == (BEN,)


# ------------------------------------------------------------------------------------------------- what is still queued


async def test_of_a_command_and_its_edit_that_waited_together_the_edit_counts(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.clock.advance(timedelta(seconds=30))
    edit = edited(office, command.id, "!meet neu Runde morgen 12-13")
    await record(office, command, edit)
    await office.resume()
    (text,) = office.texts()
    assert "T120000" in text
    assert len(office.said(Kind.MEETING)) == 1
    assert office.said(Kind.ERROR) == []
    assert await office.world.stores.inbox.unfinished() == []


async def test_of_a_command_and_a_late_edit_the_command_counts(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.clock.advance(timedelta(seconds=90))
    await record(office, command, edited(office, command.id, "!meet neu Runde morgen 12-13"))
    await office.resume()
    assert "T100000" in office.texts()[0]
    assert len(office.said(Kind.ERROR)) == 1


async def test_the_last_of_several_edits_counts(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    edits = [edited(office, command.id, f"!meet neu Runde morgen {hour}-{hour + 1}") for hour in (12, 13, 14)]
    await record(office, command, *edits)
    await office.resume()
    assert "T140000" in office.texts()[0]
    assert len(office.texts()) == 1


async def test_an_edit_that_comes_before_the_key_of_its_message(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.chat.rooms[ROOM].sealed.add(command.id)
    await record(office, command)
    edit = edited(office, command.id, "!meet neu Runde morgen 12-13")
    assert only(await office.hears(edit)).kind is Kind.MEETING
    office.chat.rooms[ROOM].sealed.clear()
    incoming = await office.world.stores.inbox.get(command.id)
    assert incoming is not None
    assert await office.handlers.on_event(command, incoming)
    assert len(office.texts()) == 1
    assert "T120000" in office.texts()[0]


async def test_somebody_elses_edit_behind_a_command_does_not_hold_it_up(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    await record(office, command, edited(office, command.id, "!meet neu Runde morgen 12-13", by=BEN))
    await office.resume()
    assert "T100000" in office.texts()[0]


# ---------------------------------------------------------------------------------------------------------- redactions


async def test_a_removed_command_is_not_run_when_its_turn_comes(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    await record(office, command, removed(office, command.id))
    await office.resume()
    assert office.texts() == []
    assert office.chat.messages(ROOM) == []
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_removed_command_has_no_question_any_more(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    question = office.chat.last(ROOM).event
    withdrawn = only(await office.hears(removed(office, command.id)))
    assert office.chat.last(ROOM).edits == question
    assert "nicht mehr offen" in withdrawn.text
    assert only(await office.says("!meet 1")).data["code"] == "not_found"
    assert office.texts() == []


async def test_removed_by_a_moderator(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    pretended = office.chat.sends(ROOM, BEN, "m.room.redaction", {"redacts": command.id})
    assert await office.hears(pretended) == []  # which the homeserver did not carry out
    assert len(await office.hears(removed(office, command.id, by=BEN))) == 1
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []


async def test_removed_while_the_bot_was_down_and_a_question_open(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, TWO_READINGS)
    await office.hears(command)
    await record(office, removed(office, command.id))
    await office.resume()
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    assert [message.kind for message in office.chat.messages(ROOM)] == [Kind.QUESTION, Kind.OK]
    assert await office.world.stores.inbox.unfinished() == []


async def test_removed_after_an_edit(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet nue Rat morgen 10")
    await office.hears(command)
    await office.hears(edited(office, command.id, TWO_READINGS))
    await office.hears(removed(office, command.id))
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    other = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    await record(office, other, edited(office, other.id, "!meet neu Runde morgen 12"), removed(office, other.id))
    await office.resume()
    assert office.texts() == []


async def test_cut_off_before_its_first_effect_and_removed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    monkeypatch.setattr(office.world.stores.undo, "begin", _killed)
    with pytest.raises(asyncio.CancelledError):
        await office.hears(command)
    monkeypatch.undo()
    await record(office, removed(office, command.id))
    await office.resume()
    assert office.texts() == []
    assert office.chat.messages(ROOM) == []


async def test_cut_off_after_its_first_effect_and_removed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is on the calendar: that it is, has to be said."""
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    monkeypatch.setattr(office.world.stores.references, "save_maker", _killed)
    with pytest.raises(asyncio.CancelledError):
        await office.hears(command)
    monkeypatch.undo()
    await record(office, removed(office, command.id))
    await office.resume()
    assert len(office.texts()) == 1
    assert len(office.said(Kind.MEETING)) == 1


async def _killed(*_: object) -> None:
    raise asyncio.CancelledError


async def test_what_was_done_stays_done_when_the_command_is_removed(office: Office) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    await office.hears(command)
    assert await office.hears(removed(office, command.id)) == []
    assert len(office.texts()) == 1


@pytest.mark.parametrize("content", [{}, {"redacts": 7}, {"redacts": ""}, {"redacts": "$unknown"}])
async def test_redactions_of_nothing(office: Office, content: dict[str, Any]) -> None:
    assert await office.hears(office.chat.sends(ROOM, ANNA, "m.room.redaction", content)) == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"m.new_content": None},
        {"m.new_content": {"msgtype": "m.notice", "body": "!meet liste"}},
        {"m.new_content": {"msgtype": "m.text", "body": 7}},
    ],
)
async def test_edits_that_are_none(office: Office, content: dict[str, Any]) -> None:
    command = office.chat.says(ROOM, ANNA, "!meet lsite")
    await office.hears(command)
    relation = {"rel_type": "m.replace", "event_id": command.id}
    edit = office.chat.sends(
        ROOM,
        ANNA,
        "m.room.message",
        {"msgtype": "m.text", "body": "* !meet liste", "m.relates_to": relation, **content},
    )
    assert await office.hears(edit) == []


# ----------------------------------------------------------------------------------------------------------- questions


async def test_a_question_waits_ten_minutes_whatever_restarts_there_are(office: Office) -> None:
    """Each restart asked anew, and waited for ten minutes more."""
    await office.says(TWO_READINGS)
    await office.pass_time(timedelta(minutes=6))
    await office.resume()
    (question,) = await office.world.stores.questions.open_for(ROOM, ANNA)
    assert question.expires_at - office.clock() == timedelta(minutes=4)
    assert len(office.said(Kind.QUESTION)) == 1
    await office.pass_time(timedelta(minutes=5))
    assert await office.world.stores.questions.open_for(ROOM, ANNA) == []
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_question_that_ran_out_while_the_bot_was_down_is_withdrawn_at_the_start(office: Office) -> None:
    await office.says(TWO_READINGS)
    office.clock.advance(timedelta(hours=2))
    await office.resume()
    assert [message.kind for message in office.chat.messages(ROOM)] == [Kind.QUESTION, Kind.OK]
    await startup.begin(office.world)
    await office.alarm.settle()
    assert len(office.chat.messages(ROOM)) == 2


async def test_the_numbers_are_there_to_tap_on(office: Office) -> None:
    await office.says(TWO_READINGS)
    question = office.chat.last(ROOM).event
    await office.alarm.settle()
    taps = [one.content["m.relates_to"] for one in office.chat.posted if one.type == "m.reaction"]
    assert [(tap["event_id"], tap["key"]) for tap in taps] == [(question, "1️⃣"), (question, "2️⃣")]
    await office.hears(office.chat.reacts(ROOM, ANNA, question, "2️⃣"))
    assert "20261204T090000" in office.texts()[0]


async def test_who_answered_before_needs_no_numbers(office: Office) -> None:
    await office.says(TWO_READINGS)
    await office.says("!meet 1")
    await office.alarm.settle()
    assert [one for one in office.chat.posted if one.type == "m.reaction"] == []


async def test_an_answer_in_a_thread_counts_if_it_is_a_real_reply(office: Office) -> None:
    root = EventId("$root")
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    await office.relates(thread, TWO_READINGS)
    question = office.chat.last(ROOM)
    assert question.thread == root
    fallback = {**thread, "m.in_reply_to": {"event_id": question.event}}
    assert await office.relates(fallback, "2") == []
    assert office.texts() == []
    await office.relates({**fallback, "is_falling_back": False}, "2.")
    assert "20261204T090000" in office.texts()[0]
    assert office.chat.last(ROOM).thread == root
    assert CALENDAR in office.chat.last(ROOM).content["io.calbot"]["calendar"]


@pytest.mark.parametrize("answer", ["!meet 2", "!meet 2.", "!meet #2", "!meet 2️⃣", "!meet2", "@calbot 2", "!meet 2)"])
async def test_numbers_as_people_write_them(office: Office, answer: str) -> None:
    await office.says(TWO_READINGS)
    await office.says(answer)
    assert "20261204T090000" in office.texts()[0]


@pytest.mark.parametrize("answer", ["2", "2️⃣", "2."])
async def test_a_bare_number_answers_in_a_direct_chat(office: Office, answer: str) -> None:
    chat = office.chat.add_room("!direct:example.org", ANNA)
    await office.says(TWO_READINGS.removeprefix("!meet "), room=chat)
    await office.says(answer, room=chat)
    await office.says("1", room=chat)  # that all in the room will see it
    assert "20261204T090000" in office.texts()[0]


async def test_a_number_without_an_address_is_none_in_a_room(office: Office) -> None:
    await office.says(TWO_READINGS)
    assert await office.says("2") == []
    assert office.texts() == []
