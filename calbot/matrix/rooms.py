"""Reads what the state of a room says: power levels, who else could read along, where it comes from and goes on. Pure.

State is written by people's clients. Whatever is not of the expected type counts as not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calbot.core.model import RoomFacts, RoomId, UserId
from calbot.core.permissions import PowerLevels

# From this room version on the creators stand above all power levels and are not listed among them.
_CREATORS_ABOVE_ALL = 12
_CREATOR_LEVEL = 100


def read_power_levels(content: Mapping[str, Any] | None, create: Mapping[str, Any]) -> PowerLevels:
    """From m.room.power_levels, if there is one, and the m.room.create event."""
    creators = _creators(create)
    if content is None:
        # Then state needs no level either (client-server API, m.room.power_levels).
        return PowerLevels(
            users={} if _above_all(create) else dict.fromkeys(creators, _CREATOR_LEVEL),
            state_default=0,
            creators=creators if _above_all(create) else frozenset(),
        )
    notifications = _mapping(content.get("notifications"))
    return PowerLevels(
        users={UserId(user): level for user, level in _levels(content.get("users")).items()},
        users_default=_level(content.get("users_default"), 0),
        events=_levels(content.get("events")),
        events_default=_level(content.get("events_default"), 0),
        state_default=_level(content.get("state_default"), 50),
        redact=_level(content.get("redact"), 50),
        notify_room=_level(notifications.get("room"), 50),
        creators=creators if _above_all(create) else frozenset(),
    )


def read_room_facts(
    join_rules: Mapping[str, Any] | None, visibility: Mapping[str, Any] | None, guests: Mapping[str, Any] | None
) -> RoomFacts:
    said = RoomFacts()
    return RoomFacts(
        join_rule=_text((join_rules or {}).get("join_rule"), said.join_rule),
        history_visibility=_text((visibility or {}).get("history_visibility"), said.history_visibility),
        guest_access=_text((guests or {}).get("guest_access"), said.guest_access),
    )


def read_room_name(name: Mapping[str, Any] | None, alias: Mapping[str, Any] | None) -> str:
    """From m.room.name, else m.room.canonical_alias; empty where neither says anything."""
    return _text((name or {}).get("name"), "").strip() or _text((alias or {}).get("alias"), "").strip()


def read_successor(tombstone: Mapping[str, Any] | None) -> RoomId | None:
    """The room that an m.room.tombstone leads to."""
    return _room((tombstone or {}).get("replacement_room"))


def read_predecessor(create: Mapping[str, Any]) -> RoomId | None:
    """The room that an m.room.create event says this one replaces."""
    return _room(_mapping(_mapping(create.get("content")).get("predecessor")).get("room_id"))


def _room(value: Any) -> RoomId | None:
    return RoomId(value) if isinstance(value, str) and value.startswith("!") else None


def _creators(create: Mapping[str, Any]) -> frozenset[UserId]:
    content = _mapping(create.get("content"))
    additional = content.get("additional_creators")
    everybody = [create.get("sender"), *(additional if isinstance(additional, list) else ())]
    return frozenset(UserId(user) for user in everybody if isinstance(user, str))


def _above_all(create: Mapping[str, Any]) -> bool:
    version = _mapping(create.get("content")).get("room_version")
    return isinstance(version, str) and version.isdecimal() and int(version) >= _CREATORS_ABOVE_ALL


def _levels(value: Any) -> dict[str, int]:
    return {name: _level(level, 0) for name, level in _mapping(value).items()}


def _level(value: Any, default: int) -> int:
    """Old room versions allow integers written as text."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) else default
