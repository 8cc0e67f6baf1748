"""What the state of a room says is read as the specification has it, whoever wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from calbot.core.model import RoomFacts, UserId
from calbot.core.permissions import PowerLevels
from calbot.matrix.rooms import read_power_levels, read_room_facts, read_room_name

ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")


def create(version: str | None = "11", **content: Any) -> dict[str, Any]:
    return {"sender": ANNA, "content": {**({"room_version": version} if version else {}), **content}}


@pytest.mark.parametrize(
    ("content", "creation", "expected"),
    [
        pytest.param({}, create(), PowerLevels(), id="defaults"),
        pytest.param(
            {
                "users": {ANNA: 100, BEN: "50"},
                "users_default": 10,
                "events": {"m.room.name": 50},
                "events_default": 5,
                "state_default": 60,
                "redact": 70,
                "notifications": {"room": 80},
            },
            create(),
            PowerLevels({ANNA: 100, BEN: 50}, 10, {"m.room.name": 50}, 5, 60, 70, 80),
            id="everything said",
        ),
        pytest.param(None, create(), PowerLevels({ANNA: 100}, state_default=0), id="no event: the creator's room"),
        pytest.param(
            {"users": {BEN: 50}},
            create("12", additional_creators=["@eva:example.org", 7]),
            PowerLevels({BEN: 50}, creators=frozenset({ANNA, UserId("@eva:example.org")})),
            id="creators stand above all from version 12 on",
        ),
        pytest.param(
            None, create("12"), PowerLevels(state_default=0, creators=frozenset({ANNA})), id="12 without event"
        ),
        pytest.param({}, create("9"), PowerLevels(), id="9 is not above 12"),
        pytest.param({}, create("org.example.12"), PowerLevels(), id="a version of one's own"),
        pytest.param({}, create(None), PowerLevels(), id="version 1"),
        pytest.param(
            {
                "users": [],
                "events": None,
                "users_default": None,
                "redact": True,
                "notifications": 3,
                "state_default": "x",
            },
            create(),
            PowerLevels(),
            id="nonsense is not said",
        ),
    ],
)
def test_power_levels(content: dict[str, Any] | None, creation: dict[str, Any], expected: PowerLevels) -> None:
    assert read_power_levels(content, creation) == expected


def test_room_facts() -> None:
    assert read_room_facts(None, None, None) == RoomFacts("invite", "shared", "forbidden")
    assert read_room_facts(
        {"join_rule": "public"}, {"history_visibility": "world_readable"}, {"guest_access": "can_join"}
    ) == RoomFacts("public", "world_readable", "can_join")
    assert read_room_facts({"join_rule": 1}, {}, {}) == RoomFacts()


@pytest.mark.parametrize(
    ("name", "alias", "expected"),
    [
        ({"name": "IT team"}, {"alias": "#it:example.org"}, "IT team"),
        ({"name": "  "}, {"alias": "#it:example.org"}, "#it:example.org"),
        (None, {"alias": "#it:example.org"}, "#it:example.org"),
        ({"name": 1}, {"alias": None}, ""),
        (None, None, ""),
    ],
)
def test_room_name(name: dict[str, Any] | None, alias: dict[str, Any] | None, expected: str) -> None:
    assert read_room_name(name, alias) == expected
