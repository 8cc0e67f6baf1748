"""What is known of direct chats comes back as it was."""

from __future__ import annotations

from datetime import datetime, timezone

from calbot.core.model import RoomId, UserId
from calbot.db.stores import Stores
from calbot.ports import DirectChat

ANNA = UserId("@anna:example.org")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


async def test_come_back_as_they_were(stores: Stores) -> None:
    assert await stores.direct_chats.of(ANNA) is None
    for chat in (
        DirectChat(ANNA, key="k", since=NOW),
        DirectChat(ANNA, RoomId("!r:example.org"), NOW),
        DirectChat(ANNA, invited_at=NOW),
    ):
        await stores.direct_chats.save(chat)
        assert await stores.direct_chats.of(ANNA) == chat
    assert await stores.direct_chats.of(UserId("@ben:example.org")) is None
