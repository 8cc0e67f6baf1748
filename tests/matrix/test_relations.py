"""Votes are counted that are there when they are counted; whose cannot be read is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from mautrix.client import MemorySyncStore

from calbot.core.model import EventId, RoomId
from calbot.matrix.chat import MatrixChat
from calbot.typed_maubot import to_device_event
from tests.fakes.clock import FakeClock

from .sync_world import ANNA, BEN, BOT, ROOM, Script, ScriptedClient, ScriptedServer, response


@pytest.fixture
async def client() -> AsyncIterator[ScriptedClient]:
    async with aiohttp.ClientSession() as session:
        yield ScriptedClient(session, MemorySyncStore())


async def _key_comes(client: ScriptedClient, key: str) -> None:
    assert client.plain_crypto is not None
    (message,) = response("s1", keys=(key,))["to_device"]["events"]
    await client.plain_crypto.handle_to_device_event(to_device_event(message))


async def test_late_keys_are_waited_for_once(
    client: ScriptedClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calbot.matrix.relations._LATE_KEYS", 0.2)
    script, server = Script(clock), ScriptedServer(client)
    await _key_comes(client, "known")
    votes = [
        script.encrypted("$known", "known"),
        script.encrypted("$late", "late"),
        script.encrypted("$never", "never", sender=BEN),
        script.encrypted("$again", "never", sender=BEN),
        script.encrypted("$own", "never", sender=BOT),
        script.event("$broken", "m.room.encrypted", {"algorithm": "of one's own"}, sender="@eva:example.org"),
    ]
    server.answers.append(("/relations/", lambda _: {"chunk": votes[::-1]}))
    chat = MatrixChat(client, logging.getLogger("tests.chat"), server=server)
    reading = asyncio.create_task(chat.relations(RoomId(ROOM), EventId("$poll"), "m.reference"))
    await asyncio.sleep(0)
    await _key_comes(client, "late")
    relations = await reading
    assert [(event.id, event.sender) for event in relations.events] == [("$known", ANNA), ("$late", ANNA)]
    assert relations.unreadable == (BEN, "@eva:example.org")
