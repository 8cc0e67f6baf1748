"""Where people are spoken to alone: one room each, encrypted, and no flood of invitations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import Kind, RoomId
from calbot.errors import ChatForbidden, ChatUnavailable, InvitationsLimited
from calbot.services.direct_chats import note, room_for

from .conftest import ANNA, BEN, ROOM, Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def opened(office: Office) -> list[RoomId]:
    return [room for room, state in office.chat.rooms.items() if state.creation_key is not None]


async def test_a_room_is_where_it_is(office: Office) -> None:
    assert await room_for(office.world, ROOM) == ROOM


async def test_it_is_opened_once_encrypted_and_found_again(office: Office) -> None:
    room = await room_for(office.world, ANNA)
    assert office.chat.rooms[room].invited == {ANNA}
    assert office.chat.rooms[room].encrypted
    assert await room_for(office.world, ANNA) == room, "also while nobody has accepted"
    office.chat.enter(room, ANNA)
    office.clock.advance(30 * DAY)
    assert await room_for(office.world, ANNA) == room
    assert await room_for(office.world, BEN) != room
    assert len(opened(office)) == 2


async def test_the_one_that_somebody_speaks_in_is_used(office: Office) -> None:
    room = office.chat.add_room("!dm:example.org", ANNA)
    await office.says("!meet hilfe", room=room)
    assert await room_for(office.world, ANNA) == room
    other = office.chat.add_room("!other:example.org", ANNA)
    await note(office.world, ANNA, other)
    assert await room_for(office.world, ANNA) == room, "the first stays"
    office.chat.put_out(room, ANNA)
    office.world.known.forget(room)
    await note(office.world, ANNA, other)
    assert await room_for(office.world, ANNA) == other


async def test_one_that_is_not_encrypted_is_not_used(office: Office) -> None:
    room = office.chat.add_room("!dm:example.org", ANNA, encrypted=False)
    await office.says("!meet hilfe", room=room)
    assert await room_for(office.world, ANNA) != room


async def test_where_a_third_person_is_it_is_not_said(office: Office) -> None:
    room = await room_for(office.world, ANNA)
    office.chat.enter(room, ANNA)
    office.chat.enter(room, BEN)
    office.world.known.forget(room)
    with pytest.raises(ChatForbidden):
        await room_for(office.world, ANNA)
    office.clock.advance(DAY)
    assert await room_for(office.world, ANNA) != room


async def test_who_left_is_invited_to_a_new_one(office: Office) -> None:
    room = await room_for(office.world, ANNA)
    office.chat.enter(room, ANNA)
    office.clock.advance(30 * DAY)
    office.chat.put_out(room, ANNA)
    office.world.known.forget(room)
    assert await room_for(office.world, ANNA) != room
    assert len(opened(office)) == 2


async def test_who_declines_is_invited_once_a_day_at_most_and_told_nothing_meanwhile(office: Office) -> None:
    room = await room_for(office.world, ANNA)
    office.chat.put_out(room, ANNA)
    office.world.known.forget(room)
    for _ in range(23):
        office.clock.advance(HOUR)
        with pytest.raises(ChatForbidden):
            await room_for(office.world, ANNA)
    office.clock.advance(HOUR)
    assert await room_for(office.world, ANNA) != room
    assert len(opened(office)) == 2


async def test_who_asks_for_something_is_invited_anew_at_once(office: Office) -> None:
    left = await room_for(office.world, ANNA)
    office.chat.enter(left, ANNA)
    office.chat.put_out(left, ANNA)
    (said,) = await office.says("!meet erinnere mich 10m")
    assert said.kind is Kind.OK
    assert len(opened(office)) == 2
    anew = await room_for(office.world, ANNA)
    assert anew != left
    assert office.chat.rooms[anew].invited == {ANNA}
    await office.says("!meet erinnere mich 20m")
    assert len(opened(office)) == 2, "while that invitation waits"
    office.chat.put_out(anew, ANNA)
    office.world.known.forget(anew)
    with pytest.raises(ChatForbidden):
        await room_for(office.world, ANNA)
    assert len(opened(office)) == 2


async def test_who_cannot_be_invited_for_what_they_ask_is_told_so(office: Office) -> None:
    left = await room_for(office.world, ANNA)
    office.chat.put_out(left, ANNA)
    office.chat.refuse(ChatForbidden())
    (said,) = await office.says("!meet erinnere mich 10m")
    assert (said.kind, said.data["code"]) == (Kind.ERROR, "forbidden")
    assert (await office.world.stores.preferences.person(ANNA)).reminders is None


async def test_private_reminders_wait_where_nobody_would_read_them(office: Office) -> None:
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    await office.says("!meet erinnere mich 1m letzter")
    await office.alarm.settle()
    room = await room_for(office.world, ANNA)
    office.chat.put_out(room, ANNA)
    office.world.known.forget(room)
    (due,) = await office.world.stores.reminders.waiting(ANNA)
    await office.until(due.due + timedelta(minutes=2))
    assert office.chat.messages(room) == []
    assert len(opened(office)) == 1
    await office.says("!meet erinnere mich 1m letzter")
    await office.pass_time(timedelta(minutes=6))
    anew = await room_for(office.world, ANNA)
    assert [message.kind for message in office.chat.messages(anew)] == [Kind.REMINDER]
    assert office.chat.messages(room) == []


async def test_what_is_asked_for_in_an_encrypted_direct_chat_is_said_there(office: Office) -> None:
    first = await room_for(office.world, ANNA)
    office.chat.enter(first, ANNA)
    own = office.chat.add_room("!dm:example.org", ANNA)
    await office.says("!meet erinnere 10m", room=own)
    assert await room_for(office.world, ANNA) == own
    plain = office.chat.add_room("!plain:example.org", ANNA, encrypted=False)
    await office.says("!meet erinnere 20m", room=plain)
    assert await room_for(office.world, ANNA) == own


async def test_one_that_somebody_speaks_in_counts_over_an_invitation(office: Office) -> None:
    await room_for(office.world, ANNA)
    own = office.chat.add_room("!dm:example.org", ANNA)
    await office.says("!meet hilfe", room=own)
    assert await room_for(office.world, ANNA) == own


async def test_the_bot_was_put_out_of_it(office: Office) -> None:
    room = await room_for(office.world, ANNA)
    office.chat.kick(room)
    office.world.known.forget(room)
    with pytest.raises(ChatForbidden):
        await room_for(office.world, ANNA)
    office.clock.advance(DAY)
    assert await room_for(office.world, ANNA) != room


async def test_a_lost_answer_makes_no_second_room(office: Office) -> None:
    office.chat.lose_answers()
    with pytest.raises(ChatUnavailable):
        await room_for(office.world, ANNA)
    office.clock.advance(HOUR)
    assert [await room_for(office.world, ANNA)] == opened(office)


async def test_a_limit_on_invitations_is_told_from_one_on_messages(office: Office) -> None:
    office.chat.refuse(ChatUnavailable(retry_after=30))
    with pytest.raises(InvitationsLimited) as refused:
        await room_for(office.world, ANNA)
    assert refused.value.retry_after == 30
    assert await room_for(office.world, ANNA) in opened(office)


async def test_who_does_not_want_to_be_invited_is_not_asked_again_and_again(office: Office) -> None:
    office.chat.refuse(ChatForbidden())
    for _ in range(2):
        with pytest.raises(ChatForbidden):
            await room_for(office.world, ANNA)
        assert opened(office) == []
    office.clock.advance(DAY)
    assert [await room_for(office.world, ANNA)] == opened(office)


async def test_a_mapped_room_is_no_direct_chat(office: Office) -> None:
    """However few people are in it."""
    office.chat.put_out(ROOM, BEN)
    await office.says("!meet status")
    assert await room_for(office.world, ANNA) != ROOM


@pytest.mark.parametrize("step", ["direct.tried", "direct.opened"])
async def test_killed_while_opening_it_makes_one_room(office: Office, step: str) -> None:
    def die(passed: str) -> None:
        if passed == step:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await room_for(replace(office.world, passed=die), ANNA)
    office.clock.advance(HOUR)
    assert [await room_for(office.world, ANNA)] == opened(office)


async def test_who_declined_what_was_opened_before_a_crash_is_told_nothing_there(office: Office) -> None:
    office.chat.lose_answers()
    with pytest.raises(ChatUnavailable):
        await room_for(office.world, ANNA)
    (room,) = opened(office)
    office.chat.put_out(room, ANNA)
    with pytest.raises(ChatForbidden):
        await room_for(office.world, ANNA)
    assert opened(office) == [room]
