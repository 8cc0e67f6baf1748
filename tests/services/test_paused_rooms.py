"""Rooms in which nothing may be said: every command that touches a calendar is refused there, and none writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbot.core.model import RoomFacts, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.settings import ForeignMembers, Privacy

from .conftest import ANNA, BEN, ROOM, Office

STRANGER = UserId("@eve:evil.example")
COMMANDS = (
    "list",
    "next",
    "show 1",
    "new Runde tomorrow 14:00",
    "cancel 1",
    "move 1 15:00",
    "yes 1",
    "find 1h",
    "polls",
    "poll Runde tomorrow 14:00; tomorrow 15:00",
    "undo",
    "remind",
    "digest",
    "set",
    "calendars",
    "sync",
)


async def refused(office: Office, code: str) -> None:
    office.world.known.forget(ROOM)
    lying = office.texts()
    for command in COMMANDS:
        (said,) = await office.says(f"!meet {command}")
        assert said.data["code"] == code, command
        assert "Haushalt" not in said.text
    assert office.texts() == lying


@pytest.fixture
async def busy(office: Office) -> Office:
    await office.says("!meet new Haushalt tomorrow 14:00")
    await office.says("!meet list")
    return office


async def test_with_members_of_other_servers(busy: Office) -> None:
    busy.chat.enter(ROOM, STRANGER)
    await refused(busy, "forbidden")
    assert await busy.says("!meet list", by=STRANGER) == []
    busy.chat.put_out(ROOM, STRANGER)
    busy.world.known.forget(ROOM)
    assert "Haushalt" in (await busy.says("!meet list"))[0].text


async def test_members_of_other_servers_can_be_allowed_and_are_ignored_all_the_same(busy: Office) -> None:
    busy.change(privacy=Privacy(foreign_members=ForeignMembers.ALLOW))
    busy.chat.enter(ROOM, STRANGER)
    busy.world.known.forget(ROOM)
    assert "Haushalt" in (await busy.says("!meet list"))[0].text
    assert await busy.says("!meet list", by=STRANGER) == []


@pytest.mark.parametrize(
    "facts",
    [
        RoomFacts(join_rule="public"),
        RoomFacts(history_visibility="world_readable"),
        RoomFacts(join_rule="restricted", guest_access="can_join"),
    ],
)
async def test_that_others_can_read(busy: Office, facts: RoomFacts) -> None:
    busy.chat.rooms[ROOM].facts = facts
    await refused(busy, "forbidden")


async def test_are_not_read_through_a_direct_chat_either(busy: Office) -> None:
    """Whoever has come into a public room would only have to ask there."""
    alone = busy.chat.add_room("!alone:example.org", ANNA)
    assert "Haushalt" in (await busy.says("list", room=alone))[0].text
    busy.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    busy.world.known.forget(ROOM)
    for command in COMMANDS:
        for said in await busy.says(command, room=alone):
            assert "Haushalt" not in said.text, command
    (said,) = await busy.says("list", room=alone)
    assert said.data["code"] == "not_mapped"


async def test_that_are_not_encrypted_where_that_is_required(busy: Office) -> None:
    busy.chat.rooms[ROOM].encrypted = False
    busy.change(privacy=Privacy(require_encryption=True))
    await refused(busy, "not_encrypted")
    alone = busy.chat.add_room("!alone:example.org", ANNA, encrypted=False)
    (said,) = await busy.says("!meet list", room=alone)
    assert said.data["code"] == "not_encrypted"


async def test_in_version_12_the_creator_stands_above_what_anybody_may_set(busy: Office) -> None:
    busy.change_room(levels=replace(busy.world.settings.rooms[ROOM].levels, new=100, cancel=100, settings=100))
    busy.chat.rooms[ROOM].power = PowerLevels(creators=frozenset({BEN}))
    for command, ok in (("new Runde tomorrow 9:00", BEN), ("set duration 45m", BEN)):
        (said,) = await busy.says(f"!meet {command}", by=ANNA)
        assert said.data["code"] == "forbidden", command
        (said,) = await busy.says(f"!meet {command}", by=ok)
        assert said.data.get("code") is None, command
