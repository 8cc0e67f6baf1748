"""Polls that somebody made in their client: taken on, as dates, also where their key is late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from calbot.core.model import EventId, Kind
from calbot.core.permissions import PowerLevels
from calbot.core.poll_events import POLL_END, POLL_RESPONSE, POLL_START
from calbot.core.poll_model import PollState
from calbot.core.settings import FreeBusy

from .conftest import ANNA, BEN, BERLIN, CARLA, ROOM, Office
from .poll_room import card, look_at_free_times, stored, text_event
from .test_polls import end, handmade, only, response


@pytest.fixture(autouse=True)
def nobody_tells_who_is_free(office: Office) -> None:
    look_at_free_times(office, FreeBusy.OFF)


# -------------------------------------------------------------------------------------------------------------- by hand


async def test_a_poll_made_by_hand_gets_a_card_that_says_how_it_was_read(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "13 Uhr", "egal"))
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id1"))
    said = only(await office.replies(poll.id, "!meet termin", by=BEN))
    assert said.text.splitlines()[:8] == [
        "Umfrage: Teamessen?",
        "Wenn die Umfrage endet, trage ich den gewählten Termin in den Kalender it-team ein.",
        "Offen bis spätestens Do., 26.11., 13:00 Uhr",
        "",
        "1. Do 12 Uhr → Do., 26.11., 12:00–13:00 Uhr: keine Stimme",
        "2. 13 Uhr → Do., 26.11., 13:00–14:00 Uhr: 1 Stimme (Carla)",
        "3. egal (kann ich nicht als Datum lesen): keine Stimme",
        "",
    ]
    await office.hears(office.chat.reacts(ROOM, ANNA, office.chat.last(ROOM).event, "1️⃣"))
    assert "12:00–13:00 Uhr: 1 Stimme (Anna)" in await card(office)


async def test_several_may_be_chosen_in_a_poll_made_by_hand(office: Office) -> None:
    content = handmade("Do 12 Uhr", "Fr 12 Uhr")
    content[POLL_START]["max_selections"] = 2
    poll = office.chat.sends(ROOM, BEN, POLL_START, content)
    await office.replies(poll.id, "!meet termin", by=BEN)
    await office.hears(office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0", "id1")))
    await office.hears(office.chat.sends(ROOM, ANNA, POLL_RESPONSE, response(poll.id, "id1")))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-27T12:00:00"


@pytest.mark.parametrize(("level", "kind"), [(0, Kind.ERROR), (50, Kind.POLL)])
async def test_a_poll_of_somebody_else_is_taken_on_by_moderators(office: Office, level: int, kind: Kind) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
    office.chat.rooms[ROOM].power = PowerLevels(users={CARLA: level})
    assert only(await office.replies(poll.id, "!meet termin", by=CARLA)).kind is kind


async def test_a_poll_is_taken_on_once(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
    await office.replies(poll.id, "!meet termin", by=BEN)
    error = only(await office.replies(poll.id, "!meet termin", by=BEN))
    assert "kümmere ich mich schon" in error.text
    await office.hears(office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id1")))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    error = only([m for m in await office.replies(poll.id, "!meet termin", by=BEN) if m.kind is Kind.ERROR])
    assert "schon ein Termin geworden" in error.text


async def test_a_repeat_of_taking_on_posts_no_second_card(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
    asked = office.chat.sends(
        ROOM,
        BEN,
        "m.room.message",
        {"msgtype": "m.text", "body": "!meet termin", "m.relates_to": {"m.in_reply_to": {"event_id": poll.id}}},
    )
    office.chat.lose_answers()
    office.handlers.close()
    await office.deliver(asked)
    await office.resume()
    assert len(office.said(Kind.POLL)) == 1
    assert (await stored(office)).text_event == text_event(office)
    assert office.said(Kind.ERROR) == []


async def test_an_edit_before_the_first_vote_is_followed(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
    await office.replies(poll.id, "!meet termin", by=BEN)
    edited = {
        "m.new_content": handmade("Do 13 Uhr", "Fr 13 Uhr"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": poll.id},
    }
    await office.hears(office.chat.sends(ROOM, BEN, POLL_START, edited))
    assert "Do., 26.11., 13:00–14:00 Uhr" in await card(office)
    await office.hears(office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0")))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-26T13:00:00"


async def test_a_poll_all_of_whose_dates_have_begun_is_not_taken_on(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("heute 9 Uhr", "heute 10 Uhr"))
    office.clock.advance(timedelta(hours=3))
    assert only(await office.replies(poll.id, "!meet termin", by=BEN)).data["code"] == "in_past"


async def test_a_poll_that_nobody_ends_is_over_when_nothing_can_win_any_more(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
    await office.replies(poll.id, "!meet termin", by=BEN)
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0"))
    await office.until(datetime(2026, 11, 27, 12, 5, tzinfo=BERLIN))
    assert only(office.said(Kind.POLL_RESULT)).data["outcome"] == "all_begun"


def seal(office: Office, event: EventId) -> None:
    office.chat.rooms[ROOM].sealed.add(event)


async def test_a_poll_whose_key_is_late_is_taken_on_when_it_comes(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    waits = only(await office.replies(poll.id, "!meet termin", by=BEN))
    assert "noch nicht entschlüsseln" in waits.text
    await office.pass_time(timedelta(minutes=1))
    assert office.said(Kind.POLL) == []
    await office.resume()
    again = only(await office.replies(poll.id, "!meet termin", by=BEN))
    assert "Ich versuche es weiter" in again.text
    office.chat.rooms[ROOM].sealed.clear()
    said = await office.pass_time(timedelta(seconds=20))
    assert "Do., 26.11., 12:00–13:00 Uhr" in only(said).text


async def test_the_key_itself_ends_the_waiting(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)
    office.chat.rooms[ROOM].sealed.clear()
    await office.hears(poll)
    await office.alarm.settle()
    assert len(office.said(Kind.POLL)) == 1


async def test_a_key_that_does_not_come_is_given_up(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)
    said = await office.pass_time(timedelta(minutes=15))
    error = only(said)
    assert error.kind is Kind.ERROR
    assert error.mentions == (BEN,)
    office.chat.rooms[ROOM].sealed.clear()
    assert only(await office.replies(poll.id, "!meet termin", by=BEN)).kind is Kind.POLL


async def test_taking_on_goes_on_after_a_crash(office: Office) -> None:
    """Killed between storing the poll that could be read at last and posting its card."""
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)

    def killed(step: str) -> None:
        if step == "poll.attached":
            raise asyncio.CancelledError

    whole = office.world
    office.world = replace(whole, passed=killed)
    await office.resume()
    office.chat.rooms[ROOM].sealed.clear()
    with pytest.raises(asyncio.CancelledError):
        await office.pass_time(timedelta(seconds=20))
    assert office.said(Kind.POLL) == []
    office.world = whole
    await office.resume()
    await office.pass_time(timedelta(seconds=20))
    assert len(office.said(Kind.POLL)) == 1
    assert (await stored(office)).text_event == text_event(office)


async def test_an_outage_while_a_key_is_waited_for(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)
    office.chat.rooms[ROOM].sealed.clear()
    office.chat.down = True
    await office.pass_time(timedelta(minutes=2))
    office.chat.down = False
    await office.pass_time(timedelta(seconds=20))
    assert len(office.said(Kind.POLL)) == 1


async def test_nothing_is_taken_on_while_others_could_read_along(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)
    facts = office.chat.rooms[ROOM].facts
    office.chat.rooms[ROOM].facts = replace(facts, join_rule="public")
    office.chat.rooms[ROOM].sealed.clear()
    office.world.known.forget(ROOM)
    assert await office.pass_time(timedelta(minutes=1)) == []
    office.chat.rooms[ROOM].facts = facts
    office.world.known.forget(ROOM)
    await office.pass_time(timedelta(minutes=6))
    assert len(office.said(Kind.POLL)) == 1


async def test_a_room_left_while_a_key_is_waited_for(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    seal(office, poll.id)
    await office.replies(poll.id, "!meet termin", by=BEN)
    office.chat.kick(ROOM)
    await office.pass_time(timedelta(minutes=1))
    assert await office.world.stores.polls.in_state([PollState.OPENING]) == []


async def test_a_poll_changed_after_the_first_vote_is_not_taken_on(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0"))
    edited = {
        "m.new_content": handmade("Mo 7 Uhr", "Fr 12:30"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": poll.id},
    }
    office.chat.sends(ROOM, BEN, POLL_START, edited)
    assert only(await office.replies(poll.id, "!meet termin", by=BEN)).data["code"] == "conflict"


@pytest.mark.parametrize("answers", [("egal", "wann ihr wollt"), ("Pizza",)])
async def test_a_poll_about_something_else_is_not_taken_on(office: Office, answers: tuple[str, ...]) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade(*answers))
    assert "als Datum lesen" in only(await office.replies(poll.id, "!meet termin", by=BEN)).text
    assert await office.world.stores.polls.in_state(tuple(PollState)) == []


async def test_what_turns_out_to_be_no_poll_is_said(office: Office) -> None:
    message = office.chat.says(ROOM, BEN, "Mahlzeit")
    seal(office, message.id)
    await office.replies(message.id, "!meet termin", by=BEN)
    office.chat.rooms[ROOM].sealed.clear()
    assert "keine Umfrage" in only(await office.pass_time(timedelta(seconds=20))).text


async def test_without_a_reply_there_is_nothing_to_take_on(office: Office) -> None:
    assert "als Antwort auf eine Umfrage" in only(await office.says("!meet termin")).text
