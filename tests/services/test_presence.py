"""What the bot says when it comes into a room, and when it cannot read or encrypt."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from calbot.core.model import EventId, Kind, RoomId, UserId
from calbot.matrix.delivery import Unread
from calbot.matrix.timeline import Invitation
from calbot.ports import Encryption
from calbot.services import presence

from .conftest import ANNA, BEN, ROOM, Office


def invite(office: Office, room: str, *people: UserId, encrypted: bool = True) -> RoomId:
    id = office.chat.add_room(room, *people, encrypted=encrypted)
    del office.chat.rooms[id].members[office.chat.user]
    office.chat.rooms[id].invited.add(office.chat.user)
    return id


async def test_it_greets_a_mapped_room_with_its_calendar(office: Office) -> None:
    await office.handlers.on_invite(Invitation(ROOM, ANNA, direct=False))
    (greeting,) = office.said(Kind.OK)
    assert "it-team" in greeting.text
    assert "!meet hilfe" in greeting.text
    assert not greeting.notify


async def test_in_a_room_without_a_calendar_it_says_what_an_admin_has_to_do(office: Office) -> None:
    room = invite(office, "!new:example.org", ANNA, BEN)
    await office.handlers.on_invite(Invitation(room, ANNA, direct=False))
    (greeting,) = office.chat.messages(room)
    assert room in greeting.text


async def test_in_a_direct_chat_it_says_what_it_can_do(office: Office) -> None:
    room = invite(office, "!direct:example.org", ANNA)
    await office.handlers.on_invite(Invitation(room, ANNA, direct=True))
    assert [message.kind for message in office.chat.messages(room)] == [Kind.HELP]


async def test_a_direct_chat_is_known_by_its_members(office: Office) -> None:
    room = invite(office, "!direct:example.org", ANNA)
    await office.handlers.on_invite(Invitation(room, ANNA, direct=False))
    assert [message.kind for message in office.chat.messages(room)] == [Kind.HELP]


async def test_invitations_from_other_servers_are_turned_down(office: Office) -> None:
    stranger = UserId("@eve:elsewhere.org")
    room = invite(office, "!trap:elsewhere.org", stranger)
    await office.handlers.on_invite(Invitation(room, stranger, direct=False))
    assert office.chat.rooms[room].invited == set()
    assert office.chat.user not in office.chat.rooms[room].members
    assert office.chat.posted == []


async def test_without_encryption_it_greets_an_encrypted_room_with_what_is_wrong(office: Office) -> None:
    office.chat.crypto = Encryption.OFF
    await office.handlers.on_invite(Invitation(ROOM, ANNA, direct=False))
    (hint,) = office.chat.messages(ROOM)
    assert hint.data["code"] == "not_encrypted"
    assert "it-team" not in hint.text


async def test_who_cannot_be_read_is_told_once(office: Office) -> None:
    for number in range(3):
        await office.handlers.on_unreadable(ROOM, ANNA, EventId(f"$x{number}"), Unread.NO_KEY)
    await office.handlers.on_unreadable(ROOM, BEN, EventId("$y"), Unread.NO_KEY)
    assert [message.mentions for message in office.said(Kind.ERROR)] == [(ANNA,), (BEN,)]


async def test_a_bot_that_cannot_encrypt_tells_the_room_once(office: Office) -> None:
    office.chat.crypto = Encryption.OFF
    for number in range(3):
        await office.handlers.on_unreadable(ROOM, ANNA, EventId(f"$x{number}"), Unread.NO_CRYPTO)
    (hint,) = office.said(Kind.ERROR)
    assert hint.data["code"] == "not_encrypted"


async def test_a_command_in_clear_in_an_encrypted_room_gets_no_contents_without_encryption(office: Office) -> None:
    await office.says("!meet neu Geheim morgen 10-11")
    office.chat.crypto = Encryption.OFF
    (error,) = await office.says("!meet liste")
    assert error.data["code"] == "not_encrypted"
    assert "Geheim" not in error.text


async def test_an_outage_at_the_start_is_outlasted(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    office.chat.down = True
    await presence.log_encryption(office.world)
    assert "Encryption works" not in caplog.text
    office.chat.down = False
    await office.pass_time(timedelta(minutes=1))
    assert "Encryption works" in caplog.text
