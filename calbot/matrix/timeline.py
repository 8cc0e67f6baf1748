"""Picks out of a /sync response what is of concern here. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calbot.core.model import RoomId, UserId
from calbot.core.poll_events import POLL_TYPES, REACTION

from .reading import ENCRYPTED

_MESSAGES = frozenset({"m.room.message", REACTION}) | POLL_TYPES
# A redaction is carried out by the server, so that one inside of a ciphertext is none.
_IN_CLEAR = _MESSAGES | {"m.room.redaction"}
# What changes who may do what in a room, who reads along, and where it goes on.
_STATE = frozenset(
    {
        "m.room.encryption",
        "m.room.guest_access",
        "m.room.history_visibility",
        "m.room.join_rules",
        "m.room.member",
        "m.room.power_levels",
        "m.room.tombstone",
    }
)

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StateChange:
    room: RoomId
    type: str
    state_key: str
    sender: UserId
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invitation:
    """`direct`: the inviter means a conversation between the two."""

    room: RoomId
    inviter: UserId
    direct: bool


@dataclass(frozen=True, slots=True)
class RoomUpdate:
    """What is new in a room that the bot is in. `gap`: the token from which older events have to be asked for."""

    room: RoomId
    events: tuple[Raw, ...]
    state: tuple[StateChange, ...]
    gap: str | None
    members_changed: bool = False  # who is in the room, or may come in


@dataclass(frozen=True, slots=True)
class Update:
    rooms: tuple[RoomUpdate, ...]
    invitations: tuple[Invitation, ...]
    left: tuple[RoomId, ...]


def read_update(response: Mapping[str, Any], own: UserId) -> Update:
    rooms = response.get("rooms", {})
    invitations = (_invitation(RoomId(room), data, own) for room, data in rooms.get("invite", {}).items())
    return Update(
        rooms=tuple(_room_update(RoomId(room), data, own) for room, data in rooms.get("join", {}).items()),
        invitations=tuple(invitation for invitation in invitations if invitation is not None),
        left=tuple(RoomId(room) for room in rooms.get("leave", {})),
    )


def is_recorded(raw: Raw, own: UserId) -> bool:
    """Whether an event of a timeline may be something to act on."""
    return raw.get("type") in {*_IN_CLEAR, ENCRYPTED} and raw.get("sender") != own and "state_key" not in raw


def is_acted_on(event_type: str, *, was_encrypted: bool) -> bool:
    """Whether an event is of a type to act on, now that it can be read."""
    return event_type in (_MESSAGES if was_encrypted else _IN_CLEAR)


def is_own_join(raw: Raw, own: UserId) -> bool:
    """Whether the bot came into the room with this event: what was said before was not said to it."""
    if raw.get("type") != "m.room.member" or raw.get("state_key") != own:
        return False
    before = raw.get("unsigned", {}).get("prev_content", {}).get("membership")
    return bool(raw["content"].get("membership") == "join" != before)


def _changes_members(raw: Raw, own: UserId) -> bool:
    if raw.get("type") != "m.room.member" or raw.get("state_key") in {None, own}:
        return False
    before = raw.get("unsigned", {}).get("prev_content", {}).get("membership")
    return bool(raw["content"].get("membership") != before)


def _room_update(room: RoomId, data: Mapping[str, Any], own: UserId) -> RoomUpdate:
    timeline = data.get("timeline", {})
    events: Sequence[Raw] = timeline.get("events", ())
    joined = max((number for number, raw in enumerate(events) if is_own_join(raw, own)), default=None)
    heard = events if joined is None else events[joined:]
    return RoomUpdate(
        room=room,
        events=tuple({**raw, "room_id": room} for raw in heard if is_recorded(raw, own)),
        state=tuple(
            StateChange(room, raw["type"], raw["state_key"], UserId(raw["sender"]), raw["content"])
            for raw in (*data.get("state", {}).get("events", ()), *events)
            if raw.get("type") in _STATE and "state_key" in raw
        ),
        gap=timeline.get("prev_batch") if timeline.get("limited") and joined is None else None,
        members_changed=any(_changes_members(raw, own) for raw in events),
    )


def _invitation(room: RoomId, data: Mapping[str, Any], own: UserId) -> Invitation | None:
    for raw in data.get("invite_state", {}).get("events", ()):
        if raw.get("type") == "m.room.member" and raw.get("state_key") == own:
            return Invitation(room, UserId(raw["sender"]), raw["content"].get("is_direct") is True)
    return None
