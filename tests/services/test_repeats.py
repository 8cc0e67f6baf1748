"""What is done again after a day, on another device or after nobody listened is not done twice, and not left undone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import Kind, RoomId, UserId
from calbot.core.poll_events import POLL_END, POLL_RESPONSE, POLL_START
from calbot.core.poll_model import PollState
from calbot.errors import CalendarUnavailable, ChatUnavailable
from calbot.matrix.timeline import Invitation
from calbot.services import startup

from .conftest import ANNA, BEN, CARLA, ROOM, Office
from .test_polls import end, handmade, only, open_poll, response, result, votes
from .test_presence import invite


@pytest.mark.parametrize("change", ["another device", "a day"])
async def test_an_answer_that_arrived_is_not_given_again(office: Office, change: str) -> None:
    """The answer arrived, nobody marked it, and the homeserver has forgotten its transaction id."""
    event = office.chat.says(ROOM, ANNA, '!meet neu "Runde" Fr 10-11 Uhr')
    office.chat.lose_answers()
    office.handlers.close()
    await office.deliver(event)
    office.chat.forget_transactions()
    if change == "a day":
        office.clock.advance(timedelta(hours=30))
    else:
        office.clock.advance(timedelta(minutes=1))
        office.chat.device = "OTHER"
        await startup.begin(office.world)
    await office.resume()
    assert len(office.said(Kind.MEETING)) == 1
    assert len(office.texts()) == 1


async def test_what_of_a_closing_arrived_is_not_sent_again_from_another_device(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 2)
    office.chat.lose_answers(1)  # the end event is there, unknown to the bot
    office.handlers.close()
    await office.says("!meet schließen")
    office.chat.forget_transactions()
    office.clock.advance(timedelta(minutes=1))
    office.chat.device = "OTHER"
    await startup.begin(office.world)
    await office.resume()
    await office.pass_time(timedelta(minutes=2))
    ends = [event for event in office.chat.rooms[ROOM].events if event.type == POLL_END]
    assert len(ends) == 1
    assert len(office.said(Kind.POLL_RESULT)) == 1
    assert len(office.texts()) == 1


async def test_an_end_that_nobody_listened_to_is_found_at_start(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "Fr 12:30"))
    await office.replies(poll.id, "!meet termin", by=BEN)
    office.chat.sends(ROOM, CARLA, POLL_RESPONSE, response(poll.id, "id1"))
    office.chat.sends(ROOM, BEN, POLL_END, end(poll.id))
    await startup.begin(office.world)
    await office.pass_time(timedelta(seconds=15))
    assert (await result(office)).data["start"]["localtime"] == "2026-11-27T12:30:00"


async def test_reactions_close_a_poll_that_waits_for_all(office: Office) -> None:
    poll = await open_poll(office, OPEN_FOR_BEN)
    text_event = next(p.event for p in office.chat.posted if p.message and p.message.kind is Kind.POLL)
    await votes(office, poll, ANNA, 2)
    await office.hears(office.chat.reacts(ROOM, BEN, text_event, "2️⃣"))
    assert (await result(office)).data["start"]["localtime"] == "2026-11-26T10:00:00"


OPEN_FOR_BEN = f'!meet umfrage "Budgetrunde" Mi 14-15; Do 10-11 Uhr {BEN} auto'


async def test_a_poll_pauses_while_the_room_is_open_to_others(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN_FOR_BEN} bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 2)
    members = office.chat.rooms[ROOM].members
    members[UserId("@eve:elsewhere.org")] = "Eve"
    office.world.known.forget(ROOM)
    await office.pass_time(timedelta(hours=11))
    assert office.said(Kind.POLL_RESULT) == []
    assert office.texts() == []
    del members[UserId("@eve:elsewhere.org")]
    office.world.known.forget(ROOM)
    await office.pass_time(timedelta(minutes=10))
    assert (await result(office)).data["outcome"] == "booked"


async def test_an_invitation_is_accepted_when_the_homeserver_is_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = invite(office, "!direct:example.org", ANNA)
    join = office.chat.join
    tries = 0

    async def flaky(room: RoomId) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ChatUnavailable(retry_after=0.001)
        await join(room)

    monkeypatch.setattr(office.chat, "join", flaky)
    await office.handlers.on_invite(Invitation(room, ANNA, direct=True))
    assert office.chat.user in office.chat.rooms[room].members
    assert tries == 2


async def test_a_poll_whose_event_was_written_is_booked_though_nothing_more_can_be_said(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 2)
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet schließen")
    office.calendar.unavailable = None
    assert only(list(office.said(Kind.ERROR))).data["code"] == "calendar_unavailable"
    await office.pass_time(timedelta(minutes=2))
    assert len(await office.world.stores.polls.in_room(ROOM, [PollState.BOOKED])) == 1
