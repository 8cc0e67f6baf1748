"""Of a /sync response only what is of concern is kept."""

from __future__ import annotations

from typing import Any

import pytest

from calbot.core.model import RoomId, UserId
from calbot.matrix.timeline import Invitation, StateChange, is_acted_on, read_update

BOT, ANNA = UserId("@calbot:example.org"), UserId("@anna:example.org")
ROOM = RoomId("!room:example.org")
POLL = "org.matrix.msc3381.poll"


def event(id: str, event_type: str = "m.room.message", sender: str = ANNA, **fields: Any) -> dict[str, Any]:
    return {"event_id": id, "type": event_type, "sender": sender, "content": {}, "origin_server_ts": 1, **fields}


def own_join(id: str, before: str | None = "invite") -> dict[str, Any]:
    unsigned = {"prev_content": {"membership": before}} if before else {}
    return event(id, "m.room.member", BOT, state_key=BOT, content={"membership": "join"}, unsigned=unsigned)


def joined(*events: dict[str, Any], **timeline: Any) -> dict[str, Any]:
    return {"rooms": {"join": {ROOM: {"timeline": {"events": list(events), **timeline}}}}}


def recorded(response: dict[str, Any]) -> list[str]:
    return [raw["event_id"] for room in read_update(response, BOT).rooms for raw in room.events]


def test_what_people_do_is_recorded_in_order() -> None:
    response = joined(
        event("$1"),
        event("$2", "m.room.encrypted"),
        event("$3", "m.reaction"),
        event("$4", "m.room.redaction"),
        event("$5", f"{POLL}.response"),
        event("$6", "m.poll.end"),
    )
    assert recorded(response) == ["$1", "$2", "$3", "$4", "$5", "$6"]
    assert {raw["room_id"] for room in read_update(response, BOT).rooms for raw in room.events} == {ROOM}


@pytest.mark.parametrize(
    "ignored",
    [event("$1", sender=BOT), event("$1", "m.sticker"), event("$1", "m.room.message", state_key="")],
)
def test_all_else_is_not(ignored: dict[str, Any]) -> None:
    assert recorded(joined(ignored)) == []


def test_what_was_said_before_the_bot_came_was_not_said_to_it() -> None:
    assert recorded(joined(event("$before"), own_join("$join"), event("$after"))) == ["$after"]
    assert recorded(joined(event("$before"), own_join("$rename", "join"), event("$after"))) == ["$before", "$after"]
    (room,) = read_update(joined(own_join("$join"), limited=True, prev_batch="p"), BOT).rooms
    assert room.gap is None


def test_a_gap_is_noticed() -> None:
    (room,) = read_update(joined(event("$1"), limited=True, prev_batch="p"), BOT).rooms
    assert room.gap == "p"
    (room,) = read_update(joined(event("$1"), limited=False, prev_batch="p"), BOT).rooms
    assert room.gap is None


@pytest.mark.parametrize(
    ("before", "after", "who", "changed"),
    [
        ("invite", "join", ANNA, True),
        (None, "invite", ANNA, True),
        ("join", "leave", ANNA, True),
        ("join", "join", ANNA, False),  # another name
        ("invite", "join", BOT, False),
    ],
)
def test_who_is_in_the_room_has_changed(before: str | None, after: str, who: UserId, changed: bool) -> None:
    unsigned = {"prev_content": {"membership": before}} if before else {}
    member = event("$m", "m.room.member", who, state_key=who, content={"membership": after}, unsigned=unsigned)
    (room,) = read_update(joined(own_join("$0"), member) if who == BOT else joined(member), BOT).rooms
    assert room.members_changed is changed


def test_state_comes_from_before_the_timeline_and_from_it() -> None:
    response = joined(event("$t", "m.room.tombstone", state_key="", content={"replacement_room": "!new:example.org"}))
    response["rooms"]["join"][ROOM]["state"] = {"events": [event("$n", "m.room.name", state_key="")]}
    (room,) = read_update(response, BOT).rooms
    assert room.state == (StateChange(ROOM, "m.room.tombstone", "", ANNA, {"replacement_room": "!new:example.org"}),)


def test_invitations_and_rooms_that_are_left() -> None:
    invite = event("", "m.room.member", state_key=BOT, content={"membership": "invite", "is_direct": True})
    response = {
        "rooms": {
            "invite": {
                ROOM: {"invite_state": {"events": [event("", "m.room.name", state_key=""), invite]}},
                "!corrupt:example.org": {"invite_state": {"events": []}},
            },
            "leave": {"!left:example.org": {"timeline": {"events": []}}},
        }
    }
    update = read_update(response, BOT)
    assert update.invitations == (Invitation(ROOM, ANNA, direct=True),)
    assert update.left == ("!left:example.org",)
    assert read_update({}, BOT).rooms == ()


def test_a_ciphertext_contains_no_redaction() -> None:
    assert is_acted_on("m.room.redaction", was_encrypted=False)
    assert not is_acted_on("m.room.redaction", was_encrypted=True)
    assert is_acted_on(f"{POLL}.end", was_encrypted=True)
    assert not is_acted_on("m.room.member", was_encrypted=True)
