"""The one way out: decides whether an event leaves encrypted, in clear or not at all, and sends it once."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from mautrix.client import Client
from mautrix.errors import CryptoError
from mautrix.types import EventType, RoomID

from calbot import outages
from calbot.core.model import EventId, RoomId
from calbot.errors import ChatUnavailable, NotEncrypted, StorageUnavailable
from calbot.typed_maubot import event_content

from .content import require_size, transaction_id
from .reading import ENCRYPTED
from .server import MAUTRIX_REQUEST_ERRORS, Server, refusal_of, room_path

# Servers and push rules have to read these, so that clients leave them in clear also in encrypted rooms.
_ALWAYS_CLEAR = frozenset({"m.reaction"})
# Seconds. The sync tells at once of a room that becomes encrypted; this is for the case that it lags behind.
_PLAIN_FOR: Final = 60.0


@contextmanager
def _keys_at_hand() -> Iterator[None]:
    """Where the database cannot be worked with in which mautrix has its keys, nothing can be said for now."""
    try:
        with outages.told(connecting=True):
            yield
    except StorageUnavailable as error:
        raise ChatUnavailable(error.reason) from error


class Sender:
    def __init__(self, client: Client, server: Server) -> None:
        self._client = client
        self._server = server
        self._encrypted: set[RoomId] = set()
        self._plain_until: dict[RoomId, float] = {}  # by the steady clock
        self._encrypting: defaultdict[RoomId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def is_encrypted(self, room: RoomId) -> bool:
        """Known or asked of the server; whoever cannot tell raises ChatUnavailable and never takes a room for plain."""
        if room in self._encrypted:
            return True
        with _keys_at_hand():
            return await self._ask_whether_encrypted(room)

    async def _ask_whether_encrypted(self, room: RoomId) -> bool:
        store = self._client.state_store
        if store is not None and await store.is_encrypted(RoomID(room)):
            self._encrypted.add(room)  # for good: encryption cannot be switched off
            return True
        if store is not None and time.monotonic() < self._plain_until.get(room, 0.0):
            return False
        content = await self._server.state(room, "m.room.encryption")
        if content is None:
            self._plain_until[room] = time.monotonic() + _PLAIN_FOR
            return False
        if store is not None:
            # mautrix takes from there when to rotate keys, and which rooms need new ones as somebody's devices change.
            await store.set_encryption_info(RoomID(room), dict(content))
        self._encrypted.add(room)
        return True

    async def send(
        self, room: RoomId, event_type: str, content: Mapping[str, Any], *, key: str, discloses: bool
    ) -> EventId:
        """Send an event once for each key. NotEncrypted if it discloses something and would have to leave in clear."""
        require_size(content)
        if event_type not in _ALWAYS_CLEAR and await self.is_encrypted(room):
            if self._client.crypto is not None:
                event_type, content = ENCRYPTED, await self._encrypt(room, event_type, content)
            elif discloses:
                raise NotEncrypted("no_encryption")
        # A repeat is encrypted anew, but has the same transaction id: the server answers with the first event's id.
        path = room_path(room, "send", event_type, transaction_id(key))
        answer = await self._server.request("PUT", path, body=content)
        return EventId(answer["event_id"])

    async def _encrypt(self, room: RoomId, event_type: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = EventType.find(event_type, EventType.Class.MESSAGE)
        # One at a time: mautrix fails where a second share of the room's key begins just as the first one ends.
        async with self._encrypting[room]:
            try:
                with _keys_at_hand():
                    encrypted = await self._client.encrypt(RoomID(room), kind, event_content(content))
            except CryptoError as error:
                raise NotEncrypted("encryption_failed") from error
            except MAUTRIX_REQUEST_ERRORS as error:  # asking for devices, or sending them keys
                raise refusal_of(error) from error
        serialized: Mapping[str, Any] = encrypted.serialize()
        return serialized
