"""What every `Chat` does: the one in memory and the one on a real homeserver, in plain and in encrypted rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import pytest_asyncio

from calbot.core.model import Attachment, EventId, Kind, Member, Message, RoomFacts, RoomId, UserId
from calbot.errors import ChatForbidden, Code, NotEncrypted, UserError
from calbot.ports import ChatEvent, Encryption
from tests.fakes.clock import FakeClock

from .chat_worlds import FakeWorld, SynapseWorld, World, synapse_world

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # mautrix reads deprecated fields of its own.
    pytest.mark.filterwarnings("ignore:The (device_id|sender_key) field in Megolm events:DeprecationWarning"),
]

POLL_START = "org.matrix.msc3381.poll.start"
POLL_RESPONSE = "org.matrix.msc3381.poll.response"
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homeserver_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SynapseWorld]:
    async with synapse_world(tmp_path_factory.mktemp("chat")) as running:
        yield running


@pytest.fixture(params=["memory", pytest.param("synapse", marks=pytest.mark.e2e)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return FakeWorld(FakeClock(datetime.now(timezone.utc)))
    synapse: SynapseWorld = request.getfixturevalue("homeserver_world")
    return synapse


@pytest_asyncio.fixture(params=["plain", "encrypted"], loop_scope="module")
async def room(request: pytest.FixtureRequest, world: World) -> RoomId:
    return await world.room(encrypted=request.param == "encrypted")


def message(text: str = "Jour fixe, 14:00", **fields: Any) -> Message:
    return Message(Kind.MEETING, text, f"<b>{text}</b>", **fields)


def vote(poll: EventId, answer: str) -> dict[str, Any]:
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll},
        POLL_RESPONSE: {"answers": [answer]},
    }


def text(body: str) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body, "m.mentions": {}}


async def test_a_message_arrives_in_both_forms_with_its_part(world: World, room: RoomId) -> None:
    sent = await world.chat.post(room, message(data={"uid": "u1"}), key="first")
    heard = await world.heard(room, sent)
    assert heard.type == "m.room.message"
    assert heard.content == {
        "msgtype": "m.notice",
        "body": "Jour fixe, 14:00",
        "format": "org.matrix.custom.html",
        "formatted_body": "<b>Jour fixe, 14:00</b>",
        "m.mentions": {},
        "io.calbot": {"v": 1, "key": "first", "kind": "meeting", "uid": "u1"},
    }
    assert heard.was_encrypted == await world.chat.is_encrypted(room)


async def test_the_same_key_is_sent_once(world: World, room: RoomId) -> None:
    first = await world.chat.post(room, message(), key="once")
    again = await world.chat.post(room, message(), key="once")
    other = await world.chat.post(room, message(), key="twice")
    assert first == again != other
    assert await world.heard_from_bot(room) == 2


async def test_answers_in_a_thread_and_as_a_reply(world: World, room: RoomId) -> None:
    root = await world.sends(room, "m.room.message", text("!meet liste"))
    in_thread = await world.chat.post(room, message(), key="thread", thread=root)
    reply = await world.chat.post(room, message(), key="reply", reply_to=root)
    both = await world.chat.post(room, message(), key="both", thread=root, reply_to=in_thread)
    relations = [(await world.heard(room, event)).content["m.relates_to"] for event in (in_thread, reply, both)]
    assert relations == [
        {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": root},
        },
        {"m.in_reply_to": {"event_id": root}},
        {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": False,
            "m.in_reply_to": {"event_id": in_thread},
        },
    ]


async def test_an_edit_notifies_only_those_who_were_not_mentioned(world: World, room: RoomId) -> None:
    card = await world.chat.post(room, message().mentioning(world.anna), key="card")
    edit = await world.chat.edit(room, card, message("15:00").mentioning(world.anna, world.ben), key="edit")
    later = await world.chat.edit(room, card, message("16:00").mentioning(world.anna, world.ben), key="later")
    heard = (await world.heard(room, edit)).content
    assert heard["body"] == "* 15:00"
    assert heard["m.mentions"] == {"user_ids": [world.ben]}
    assert heard["m.relates_to"] == {"rel_type": "m.replace", "event_id": card}
    assert heard["m.new_content"]["m.mentions"] == {"user_ids": [world.anna, world.ben]}
    assert heard["m.new_content"]["io.calbot"]["key"] == "edit"
    assert "io.calbot" not in heard
    assert (await world.heard(room, later)).content["m.mentions"] == {}


async def test_a_file_arrives_as_it_was(world: World, room: RoomId) -> None:
    data = "BEGIN:VCALENDAR\r\nSUMMARY:Prüfung\r\nEND:VCALENDAR\r\n".encode()
    sent = await world.chat.attach(room, Attachment("jour-fixe.ics", "text/calendar", data), key="file")
    heard = (await world.heard(room, sent)).content
    assert heard["filename"] == "jour-fixe.ics"
    assert heard["info"] == {"mimetype": "text/calendar", "size": len(data)}
    assert ("file" in heard, "url" in heard) == (
        (True, False) if await world.chat.is_encrypted(room) else (False, True)
    )
    assert await world.download(room, sent) == data


async def test_a_file_of_somebody_elses_is_fetched_as_it_was(world: World, room: RoomId) -> None:
    data = "BEGIN:VCALENDAR\r\nSUMMARY:Prüfung\r\nEND:VCALENDAR\r\n".encode()
    for file in (await world.uploads(room, "termine.ics", data), await _attached(world, room, data)):
        event = await _readable(world, room, file)
        assert await world.chat.download(event, len(data)) == data
        with pytest.raises(UserError) as refused:
            await world.chat.download(event, len(data) - 1)
        assert (refused.value.code, refused.value.reason) == (Code.LIMIT, "file_too_big")


async def test_a_file_that_says_it_is_small_is_not_believed(world: World, room: RoomId) -> None:
    event = await _readable(world, room, await world.uploads(room, "termine.ics", b"x" * 300_000, claimed=10))
    with pytest.raises(UserError) as refused:
        await world.chat.download(event, 1000)
    assert refused.value.reason == "file_too_big"


async def test_a_file_that_is_not_there(world: World, room: RoomId) -> None:
    for url in ("mxc://chat.example.org/doesnotexist", "https://example.org/x", "mxc://chat.example.org/../../v3/sync"):
        content: dict[str, Any] = {"msgtype": "m.file", "body": "a.ics", "url": url, "m.mentions": {}}
        event = await _readable(world, room, await world.sends(room, "m.room.message", content))
        with pytest.raises(UserError) as refused:
            await world.chat.download(event, 1000)
        assert refused.value.reason == "file_gone"


async def _readable(world: World, room: RoomId, event_id: EventId) -> ChatEvent:
    """The event, once its key is there: it comes by another way than the event, and maybe after it."""

    async def read() -> ChatEvent:
        while (event := await world.chat.event(room, event_id)) is None:
            pass  # each look is a request
        return event

    return await asyncio.wait_for(read(), 20)


async def _attached(world: World, room: RoomId, data: bytes) -> EventId:
    return await world.chat.attach(room, Attachment("jour-fixe.ics", "text/calendar", data), key="fetched")


async def test_votes_are_read_in_order_without_those_taken_back(world: World, room: RoomId) -> None:
    poll = await world.chat.send(room, POLL_START, {POLL_START: {"answers": [{"id": "a"}, {"id": "b"}]}}, key="poll")
    heard = await world.heard(room, poll)
    assert (heard.type, heard.was_encrypted) == (POLL_START, await world.chat.is_encrypted(room))
    first = await world.sends(room, POLL_RESPONSE, vote(poll, "a"))
    withdrawn = await world.sends(room, POLL_RESPONSE, vote(poll, "a"))
    last = await world.sends(room, POLL_RESPONSE, vote(poll, "b"))
    await world.sends(room, "m.room.message", text("no vote"))
    await world.redacts(room, withdrawn)
    relations = await world.chat.relations(room, poll, "m.reference")
    assert [event.id for event in relations.events] == [first, last]
    assert [event.content[POLL_RESPONSE] for event in relations.events] == [{"answers": ["a"]}, {"answers": ["b"]}]
    assert {event.sender for event in relations.events} == {world.anna}
    assert relations.events[0].at <= relations.events[1].at
    assert relations.unreadable == ()


async def test_reacts_once(world: World, room: RoomId) -> None:
    card = await world.chat.post(room, message(), key="card")
    first = await world.chat.react(room, card, "1️⃣", key="r1")
    assert await world.chat.react(room, card, "1️⃣", key="r1") == first
    assert await world.chat.react(room, card, "1️⃣", key="again, after a day") == first
    assert await world.chat.react(room, card, "2️⃣", key="r2") != first
    await world.sends(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": card, "key": "👍"}})
    relations = await world.chat.relations(room, card, "m.annotation")
    assert [(event.sender, event.content["m.relates_to"]["key"]) for event in relations.events] == [
        (world.chat.user, "1️⃣"),
        (world.chat.user, "2️⃣"),
        (world.anna, "👍"),
    ]


async def test_reads_one_event(world: World, room: RoomId) -> None:
    said = await world.sends(room, "m.room.message", text("!meet neu"))
    event = await _readable(world, room, said)
    assert (event.id, event.room, event.sender, event.type) == (said, room, world.anna, "m.room.message")
    assert event.content["body"] == "!meet neu"
    assert not event.redacted
    assert await world.chat.event(room, EventId("$nothing")) is None
    assert await world.chat.sealed(room, said) is None
    assert await world.chat.sealed(room, EventId("$nothing")) is None


async def test_tells_what_cannot_be_decrypted_yet_from_what_is_not_there(world: World, room: RoomId) -> None:
    sealed = await world.seals(room)
    assert await world.chat.event(room, sealed) is None
    event = await world.chat.sealed(room, sealed)
    assert event is not None
    assert (event.id, event.room, event.sender, event.type) == (sealed, room, world.anna, "m.room.encrypted")
    assert event.at > 0


async def test_redacts(world: World, room: RoomId) -> None:
    card = await world.chat.post(room, message(), key="card")
    await world.chat.redact(room, card, key="redaction")
    await world.chat.redact(room, card, key="redaction")
    event = await world.chat.event(room, card)
    assert event is not None
    assert event.redacted
    assert "body" not in event.content


async def test_finds_its_own_messages_by_key(world: World, room: RoomId) -> None:
    posted = await world.chat.post(room, message(), key="reminder 1: ä")
    edited = await world.chat.edit(room, posted, message(), key="edit 1")
    poll = await world.chat.send(room, POLL_START, {POLL_START: {}}, key="poll 1")
    await world.sends(room, "m.room.message", {**text("forged"), "io.calbot": {"v": 1, "key": "forged"}})
    found = [
        await world.chat.find_by_key(room, key, LONG_AGO)
        for key in ("reminder 1: ä", "edit 1", "poll 1", "forged", "never sent")
    ]
    assert found == [posted, edited, poll, None, None]
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    assert await world.chat.find_by_key(room, "poll 1", later) is None


async def test_knows_the_room(world: World) -> None:
    room = await world.room(encrypted=True)
    assert set(await world.chat.members(room)) == {
        Member(world.chat.user, "Calbot"),
        Member(world.anna, "Anna"),
    }
    assert await world.chat.display_name(room, world.chat.user) == "Calbot"
    levels = await world.chat.power_levels(room)
    assert (levels.users, levels.state_default, levels.creators) == ({world.anna: 100}, 50, frozenset())
    assert await world.chat.is_encrypted(room)
    assert (await world.chat.exposure(room)).join_rule == RoomFacts().join_rule
    assert room in await world.chat.joined_rooms()


async def test_asks_profiles_for_the_time_zone(world: World) -> None:
    assert await world.chat.time_zone(world.chat.user) == ""
    assert await world.chat.time_zone(UserId(f"{world.anna}-or-nobody")) == ""
    await world.lives_in("Europe/London")
    assert await world.chat.time_zone(world.anna) == "Europe/London"


async def test_tells_a_direct_chat_from_a_room(world: World) -> None:
    direct = await world.room(encrypted=True)
    assert await world.chat.is_direct(direct, world.anna)
    assert not await world.chat.is_direct(direct, world.ben)
    assert not await world.chat.is_direct(await world.room(encrypted=True, ben=True), world.anna)


async def test_accepts_and_declines_invitations(world: World) -> None:
    accepted, declined = await world.invitation(), await world.invitation()
    await world.chat.join(accepted)
    await world.chat.leave(declined)
    joined = await world.chat.joined_rooms()
    assert (accepted in joined, declined in joined) == (True, False)
    with pytest.raises(ChatForbidden):
        await world.chat.join(declined)


async def test_a_room_that_becomes_encrypted_is_heard_of_at_once(world: World) -> None:
    room = await world.room(encrypted=False)
    plain = await world.chat.post(room, message(), key="in clear")
    assert not (await world.heard(room, plain)).was_encrypted
    await world.encrypts(room)
    assert await world.chat.is_encrypted(room)
    secret = await world.chat.post(room, message(), key="encrypted")
    assert (await world.heard(room, secret)).was_encrypted


async def test_knows_where_an_upgraded_room_goes_on(world: World) -> None:
    old = await world.room(encrypted=True)
    assert await world.chat.successor(old) is None
    assert await world.chat.predecessor(old) is None
    new = await world.upgrades(old)
    await world.chat.join(new)
    assert await world.chat.successor(old) == new
    assert await world.chat.predecessor(new) == old


async def test_a_room_it_has_left_is_closed_to_it(world: World, room: RoomId) -> None:
    await world.kicks(room)
    with pytest.raises(ChatForbidden):
        await world.chat.post(room, message(), key="too late")
    with pytest.raises(ChatForbidden):
        await world.chat.members(room)
    await world.chat.leave(room)
    assert room not in await world.chat.joined_rooms()


async def test_without_encryption_nothing_of_a_calendar_leaves_in_clear(world: World) -> None:
    room = await world.room(encrypted=True)
    plain = await world.room(encrypted=False)
    chat = world.deaf
    assert await chat.encryption() is Encryption.OFF
    with pytest.raises(NotEncrypted):
        await chat.post(room, message(), key="secret")
    with pytest.raises(NotEncrypted):
        await chat.edit(room, EventId("$card"), message(), key="edit")
    with pytest.raises(NotEncrypted):
        await chat.attach(room, Attachment("a.ics", "text/calendar", b"x"), key="file")
    with pytest.raises(NotEncrypted):
        await chat.send(room, POLL_START, {POLL_START: {}}, key="poll")
    assert await world.heard_from_bot(room) == 0
    why = await chat.post(room, message("I cannot encrypt", discloses=False), key="why")
    assert not (await world.heard(room, why)).was_encrypted
    assert await chat.post(plain, message(), key="plain")


async def test_a_message_that_no_server_takes_is_refused(world: World, room: RoomId) -> None:
    with pytest.raises(UserError) as refused:
        await world.chat.post(room, message("ä" * 30_000), key="long")
    assert refused.value.code is Code.LIMIT
    assert await world.chat.post(room, message("x" * 15_000, data={"items": ["y" * 15_000]}), key="as long as may be")


@pytest.mark.e2e
async def test_a_device_that_its_owner_signed_is_verified(homeserver_world: SynapseWorld) -> None:
    assert await homeserver_world.chat.encryption() is Encryption.UNVERIFIED
    await homeserver_world.sign_the_bots_device()
    assert await homeserver_world.chat.encryption() is Encryption.VERIFIED


async def test_a_direct_chat_is_for_two_encrypted_and_what_was_said_before_can_be_read(world: World) -> None:
    room = await world.chat.open_direct(world.anna, key="direct-1")
    assert await world.chat.is_encrypted(room)
    assert await world.chat.is_direct(room, world.anna)
    assert [member.user for member in await world.chat.members(room)] == [world.chat.user]
    sent = await world.chat.post(room, message(), key="before-joining")
    await world.joins(room)
    heard = await world.heard(room, sent)
    assert (heard.content["body"], heard.was_encrypted) == ("Jour fixe, 14:00", True)
    after = await world.chat.post(room, message(), key="after-joining")
    assert (await world.heard(room, after)).was_encrypted
    assert await world.chat.is_direct(room, world.anna)
    facts = await world.chat.exposure(room)
    assert facts == RoomFacts(join_rule="invite", history_visibility="shared", guest_access="forbidden")


async def test_a_direct_chat_that_may_have_been_opened_is_looked_for(world: World) -> None:
    room = await world.chat.open_direct(world.anna, key="direct-2")
    with world.chat.repeating(LONG_AGO):
        assert await world.chat.open_direct(world.anna, key="direct-2") == room
        other = await world.chat.open_direct(world.anna, key="direct-3")
    assert other != room
    with world.chat.repeating(datetime.now(timezone.utc) + timedelta(hours=1)):
        assert await world.chat.open_direct(world.anna, key="direct-2") not in (room, other)
