"""From a poll in the room to the event on the calendar, once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import EventId, Kind, Message, UserId
from calbot.core.poll_events import POLL_END, POLL_RESPONSE, POLL_START
from calbot.core.poll_model import PollState
from calbot.errors import CalendarUnavailable, ChatUnavailable

from .conftest import ANNA, BEN, CARLA, ROOM, Office

OPEN = f'!meet umfrage "Budgetrunde" Mi 14-15; Do 10; Fr 9:30 dauer:1h {BEN} {CARLA}'


async def open_poll(office: Office, text: str = OPEN) -> EventId:
    """The poll's start event."""
    await office.says(text)
    return next(posted.event for posted in reversed(office.chat.posted) if posted.type == POLL_START)


def response(poll: EventId, *answers: str) -> dict[str, Any]:
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll},
        POLL_RESPONSE: {"answers": list(answers)},
    }


def end(poll: EventId) -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": "m.reference", "event_id": poll}, POLL_END: {}}


async def votes(office: Office, poll: EventId, by: UserId, *numbers: int) -> None:
    office.clock.advance(timedelta(seconds=1))
    answers = [f"option-{number}" for number in numbers]
    await office.hears(office.chat.sends(ROOM, by, POLL_RESPONSE, response(poll, *answers)))


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def result(office: Office) -> Message:
    return only(office.said(Kind.POLL_RESULT))


async def test_a_poll_is_posted_with_its_dates_and_asks_people(office: Office) -> None:
    await office.says(OPEN)
    start = next(posted for posted in office.chat.posted if posted.type == POLL_START)
    question = start.content[POLL_START]
    assert [answer["org.matrix.msc1767.text"] for answer in question["answers"]] == [
        "Mi., 25.11., 14:00–15:00 Uhr",
        "Do., 26.11., 10:00–11:00 Uhr",
        "Fr., 27.11., 09:30–10:30 Uhr",
    ]
    assert question["max_selections"] == 3
    text = only(office.said(Kind.POLL))
    assert text.mentions == (BEN, CARLA)
    assert text.notify


async def test_the_date_that_most_can_do_is_booked(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1, 2)
    await votes(office, poll, BEN, 2, 3)
    await votes(office, poll, CARLA, 2)
    await office.says("!meet schließen")
    booked = await result(office)
    assert booked.data["start"]["localtime"] == "2026-11-26T10:00:00"
    (text,) = office.texts()
    assert "SUMMARY:Budgetrunde" in text
    assert text.replace("\r\n ", "").count("PARTSTAT=ACCEPTED") == 3
    ends = [posted for posted in office.chat.posted if posted.type == POLL_END]
    assert len(ends) == 1
    assert len(office.said(Kind.MEETING)) == 1  # the card
    assert office.chat.last(ROOM).file is not None


async def test_who_voted_otherwise_is_asked_to_answer(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await votes(office, poll, BEN, 1)
    await votes(office, poll, CARLA, 3)
    await office.says("!meet schließen")
    text = office.texts()[0].replace("\r\n ", "")
    carla = next(line for line in text.splitlines() if "carla@example.org" in line)
    assert "PARTSTAT=NEEDS-ACTION" in carla


async def test_the_last_vote_of_a_person_counts_whichever_way(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    await votes(office, poll, ANNA, 1)
    office.clock.advance(timedelta(seconds=5))
    assert "Budgetrunde" in only(await office.says("!meet stimme 3", by=BEN)).text
    office.clock.advance(timedelta(seconds=5))
    text_event = next(p.event for p in office.chat.posted if p.message and p.message.kind is Kind.POLL)
    await office.hears(office.chat.reacts(ROOM, ANNA, text_event, "3️⃣"))
    await office.says("!meet close")
    assert (await result(office)).data["start"]["localtime"] == "2026-11-27T09:30:00"


async def test_without_votes_there_is_no_event_and_it_says_so(office: Office) -> None:
    await open_poll(office)
    await office.says("!meet schließen")
    said = await result(office)
    assert said.data["outcome"] == "no_votes"
    assert office.texts() == []


async def test_votes_that_cannot_be_read_are_named(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    office.chat.sends_unreadable(ROOM, BEN, poll)
    await office.says("!meet schließen")
    assert "Ben" in (await result(office)).text
    assert "entschlüsseln" in (await result(office)).text


async def test_the_end_in_a_client_closes_it(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    office.chat.rooms[ROOM].power = replace(office.chat.rooms[ROOM].power, users={BEN: 50})
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll)))
    assert (await result(office)).data["start"]["localtime"] == "2026-11-25T14:00:00"
    assert [posted.type for posted in office.chat.posted].count(POLL_END) == 0  # there was one


async def test_an_end_by_somebody_who_may_not_is_ignored(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll)))
    assert office.said(Kind.POLL_RESULT) == []
    await votes(office, poll, BEN, 2)
    await votes(office, poll, CARLA, 2)
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    assert (await result(office)).data["start"]["localtime"] == "2026-11-26T10:00:00"


async def test_a_poll_closes_at_its_deadline(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 3)
    assert {message.kind for message in await office.pass_time(timedelta(hours=9))} == {Kind.POLL}
    said = await office.pass_time(timedelta(hours=2))
    assert Kind.POLL_RESULT in [message.kind for message in said]
    assert "20261127T093000" in office.texts()[0]


async def test_without_a_deadline_it_closes_an_hour_before_the_first_date(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 3)
    await office.pass_time(timedelta(hours=28))
    assert office.said(Kind.POLL_RESULT) == []
    await office.pass_time(timedelta(hours=1))
    assert len(office.said(Kind.POLL_RESULT)) == 1


async def test_with_auto_it_closes_when_all_can(office: Office) -> None:
    poll = await open_poll(office, OPEN + " auto")
    await votes(office, poll, ANNA, 1, 3)
    await votes(office, poll, BEN, 3)
    assert office.said(Kind.POLL_RESULT) == []
    await votes(office, poll, CARLA, 2, 3)
    assert (await result(office)).data["start"]["localtime"] == "2026-11-27T09:30:00"


async def test_only_the_asker_or_a_moderator_closes(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    error = only(await office.says("!meet schließen", by=BEN))
    assert error.data["code"] == "forbidden"
    assert office.said(Kind.POLL_RESULT) == []


@pytest.mark.parametrize("lost", range(5))
async def test_an_outage_of_the_homeserver_at_any_step_makes_no_second_event_or_result(
    office: Office, lost: int
) -> None:
    """The answers to the first `lost` sends of the closing are lost: everything is tried again under the same keys."""
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await votes(office, poll, BEN, 2)
    office.chat.lose_answers(lost)
    office.handlers.close()
    await office.says("!meet schließen")
    office.chat.lose_answers(0)
    await office.resume()
    await office.pass_time(timedelta(minutes=10))
    assert len(office.texts()) == 1
    assert len(office.said(Kind.POLL_RESULT)) == 1
    assert len(office.said(Kind.MEETING)) == 1
    stored = await office.world.stores.polls.in_room(ROOM, [PollState.BOOKED])
    assert len(stored) == 1


async def test_the_calendar_away_books_later_by_itself(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    error = only([m for m in await office.says("!meet schließen") if m.kind is Kind.ERROR])
    office.calendar.unavailable = None
    assert error.data["code"] == "calendar_unavailable"
    await office.pass_time(timedelta(minutes=2))
    assert len(office.texts()) == 1
    assert len(office.said(Kind.POLL_RESULT)) == 1


async def test_a_lost_answer_of_the_calendar_books_once(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    office.calendar.lose_answer = True
    await office.says("!meet schließen")
    await office.pass_time(timedelta(minutes=2))
    assert len(office.texts()) == 1
    assert len(office.said(Kind.POLL_RESULT)) == 1


async def test_what_was_decided_stays_decided(office: Office) -> None:
    """After the winner was stored, somebody who leaves changes nothing when the rest is done again."""
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await votes(office, poll, BEN, 1)
    await votes(office, poll, CARLA, 1)
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet schließen")
    office.calendar.unavailable = None
    (closing,) = await office.world.stores.polls.in_state([PollState.CLOSING])
    decided = closing.chosen
    del office.chat.rooms[ROOM].members[BEN], office.chat.rooms[ROOM].members[CARLA]
    await office.pass_time(timedelta(minutes=2))
    (booked,) = await office.world.stores.polls.in_state([PollState.BOOKED])
    assert booked.chosen == decided


async def test_opening_twice_posts_one_poll(office: Office) -> None:
    event = office.chat.says(ROOM, ANNA, OPEN)
    office.chat.lose_answers()
    office.handlers.close()
    await office.deliver(event)
    office.chat.lose_answers(0)
    await office.resume()
    assert [posted.type for posted in office.chat.posted].count(POLL_START) == 1
    assert len(office.said(Kind.POLL)) == 1


def handmade(*answers: str, question: str = "Teamessen?") -> dict[str, Any]:
    return {
        "org.matrix.msc1767.text": question,
        POLL_START: {
            "question": {"org.matrix.msc1767.text": question, "body": question, "msgtype": "m.text"},
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": 1,
            "answers": [{"id": f"id{n}", "org.matrix.msc1767.text": answer} for n, answer in enumerate(answers)],
        },
    }


async def test_a_poll_made_by_hand_is_booked_at_its_end(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30", "egal"))
    said = only(await office.replies(poll.id, "!meet termin", by=BEN))
    assert "egal" in said.text
    await office.hears(office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id1")))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    booked = await result(office)
    assert booked.data["title"] == "Teamessen?"
    assert booked.data["start"]["localtime"] == "2026-11-27T12:30:00"


async def test_a_poll_made_by_hand_that_has_ended_is_booked_at_once(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0"))
    office.chat.sends(ROOM, BEN, POLL_END, end(poll.id))
    await office.replies(poll.id, "!meet event", by=BEN)
    assert (await result(office)).data["start"]["localtime"] == "2026-11-26T12:00:00"


async def test_a_poll_edited_after_the_first_vote_is_not_booked(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    await office.replies(poll.id, "!meet event", by=BEN)
    await office.hears(office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0")))
    edited = {
        "m.new_content": handmade("Mo 7 Uhr", "Fr 12:30"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": poll.id},
    }
    await office.hears(office.chat.sends(ROOM, BEN, POLL_START, edited))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    assert office.said(Kind.POLL_RESULT) == []
    assert only(office.said(Kind.ERROR)).data["code"] == "conflict"
    assert office.texts() == []


async def test_in_a_hidden_poll_reactions_do_not_count(office: Office) -> None:
    poll = await open_poll(office, OPEN + " verdeckt")
    text_event = next(p.event for p in office.chat.posted if p.message and p.message.kind is Kind.POLL)
    await office.hears(office.chat.reacts(ROOM, ANNA, text_event, "3️⃣"))
    await votes(office, poll, BEN, 1)
    await office.says("!meet schließen")
    assert (await result(office)).data["start"]["localtime"] == "2026-11-25T14:00:00"


async def test_closing_a_poll_that_the_bot_does_not_manage_closes_no_other(office: Office) -> None:
    await open_poll(office)
    await open_poll(office, '!meet umfrage "Klausur" Mi 9 Uhr; Do 9 Uhr')
    foreign = office.chat.sends(ROOM, ANNA, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    error = only(await office.replies(foreign.id, "!meet schließen"))
    assert error.kind is Kind.ERROR
    assert office.said(Kind.POLL_RESULT) == []


async def test_auto_needs_people_to_wait_for(office: Office) -> None:
    error = only(await office.says('!meet umfrage "Klausur" Mi 9 Uhr; Do 9 Uhr auto'))
    assert error.kind is Kind.ERROR
    assert [posted.type for posted in office.chat.posted].count(POLL_START) == 0


async def test_an_asker_who_did_not_vote_has_not_accepted(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    await office.says("!meet schließen")
    unfolded = office.texts()[0].replace("\r\n ", "")
    anna = next(line for line in unfolded.splitlines() if "anna@example.org" in line)
    assert "PARTSTAT=NEEDS-ACTION" in anna
    assert "ROLE=CHAIR" in anna


async def test_two_open_polls_are_asked_about(office: Office) -> None:
    first = await open_poll(office)
    second = await open_poll(office, '!meet umfrage "Klausur" Mi 9; Do 9')
    await votes(office, first, ANNA, 1)
    await votes(office, second, ANNA, 1)
    question = only(await office.says("!meet schließen"))
    assert question.kind is Kind.QUESTION
    await office.says("!meet 1")
    assert len(office.said(Kind.POLL_RESULT)) == 1
    await office.replies(first, "!meet schließen")
    titles = {message.data["title"] for message in office.said(Kind.POLL_RESULT)}
    assert len(titles) == len(office.said(Kind.POLL_RESULT)) == 2 or titles == {"Budgetrunde"}


async def test_where_the_bot_may_not_end_it_the_result_says_so(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    await office.replies(poll.id, "!meet event", by=BEN)
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id0"))
    await office.replies(poll.id, "!meet schließen", by=BEN)
    assert [posted.type for posted in office.chat.posted].count(POLL_END) == 0
    assert "offen" in (await result(office)).text


async def test_the_homeserver_away_while_it_closes_waits(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 3)
    await office.pass_time(timedelta(hours=9, minutes=59))
    office.chat.refuse(ChatUnavailable())
    await office.pass_time(timedelta(minutes=5))
    assert len(office.said(Kind.POLL_RESULT)) == 1
