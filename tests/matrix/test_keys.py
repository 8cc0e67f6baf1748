"""Which devices may read what the bot sends, and that a gap in a timeline makes it look again who is there."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import aiohttp
import pytest
from mautrix.client import MemorySyncStore
from mautrix.errors import MatrixConnectionError, MForbidden
from mautrix.types import Member, RoomID, TrustState

from calbot.core.model import RoomId
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable
from calbot.matrix.keys import Keys, give_keys_to

from .sync_world import ROOM, ScriptedClient


@pytest.fixture
async def client() -> AsyncIterator[ScriptedClient]:
    async with aiohttp.ClientSession() as session:
        yield ScriptedClient(session, MemorySyncStore())


@pytest.fixture
def keys(client: ScriptedClient) -> Keys:
    return Keys(client, logging.getLogger("tests.keys"))


async def _encrypt_room(client: ScriptedClient) -> None:
    assert client.state_store is not None
    await client.state_store.set_encryption_info(RoomID(ROOM), {"algorithm": "m.megolm.v1.aes-sha2"})


@pytest.mark.parametrize(
    ("only", "trust", "given"),
    [
        (False, TrustState.UNVERIFIED, True),
        (True, TrustState.UNVERIFIED, False),
        (True, TrustState.CROSS_SIGNED_UNTRUSTED, True),  # by a new identity of the owner's
        (True, TrustState.CROSS_SIGNED_TOFU, True),
        (True, TrustState.VERIFIED, True),
    ],
)
async def test_who_gets_keys(client: ScriptedClient, only: bool, trust: TrustState, given: bool) -> None:
    give_keys_to(client, cross_signed_only=only)
    minimum = cast("Any", client.plain_crypto).send_keys_min_trust
    assert (trust >= minimum) == given


async def test_after_a_gap_members_are_asked_for_and_a_new_key_is_used(
    client: ScriptedClient, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def get_joined_members(room: str) -> Mapping[str, Member]:
        asked.append(room)
        return {}

    monkeypatch.setattr(client, "get_joined_members", get_joined_members)
    assert client.plain_crypto is not None
    await keys.forget_members(RoomId(ROOM))
    assert (asked, client.plain_crypto.crypto_store.forgotten) == ([], [])  # not encrypted
    await _encrypt_room(client)
    await keys.forget_members(RoomId(ROOM))
    assert (asked, client.plain_crypto.crypto_store.forgotten) == ([ROOM], [ROOM])


@pytest.mark.parametrize(
    ("error", "expected"),
    [(MForbidden(403, "no"), ChatForbidden), (MatrixConnectionError("down"), ChatUnavailable)],
)
async def test_members_that_cannot_be_had(
    client: ScriptedClient,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    expected: type[CalbotError],
) -> None:
    async def get_joined_members(room: str) -> Mapping[str, Member]:
        raise error

    monkeypatch.setattr(client, "get_joined_members", get_joined_members)
    await _encrypt_room(client)
    with pytest.raises(expected):
        await keys.forget_members(RoomId(ROOM))


async def test_what_is_no_message_of_this_kind_stays_for_mautrix(client: ScriptedClient, keys: Keys) -> None:
    request = {"type": "m.room_key_request", "sender": "@anna:example.org", "content": {}}
    nonsense = {"type": "m.room.encrypted", "sender": "@eva:example.org", "content": {"algorithm": "m.olm.v9"}}
    response = {"to_device": {"events": [request, nonsense]}}
    await keys.take(response)
    assert response == {"to_device": {"events": [request]}}
    assert client.plain_crypto is not None
    assert client.plain_crypto.taken == []
