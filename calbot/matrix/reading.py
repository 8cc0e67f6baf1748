"""Turns events as the server gives them into readable ones: decrypts what is encrypted, keeps what is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from mautrix.client import Client
from mautrix.errors import DecryptionError
from mautrix.types import EncryptedMegolmEventContent, RoomID, SerializerError, SessionID

from calbot.core.model import EventId, RoomId, UserId
from calbot.errors import ChatUnavailable
from calbot.ports import ChatEvent
from calbot.typed_maubot import encrypted_event

from .server import MAUTRIX_REQUEST_ERRORS

ENCRYPTED = "m.room.encrypted"
# What mautrix raises where a payload, which is the sender's, is not as it expects.
_UNEXPECTED = (TypeError, ValueError, KeyError, AttributeError, RecursionError)


class Unreadable(Exception):
    """This event cannot be read, now or later."""


class NoCrypto(Unreadable):
    """The bot takes no part in encryption."""


class KeyMissing(Exception):
    """The key is not there yet; it may still come."""

    def __init__(self, room: RoomId, session: str) -> None:
        super().__init__(f"no key {session} for {room}")
        self.room = room
        self.session = session


class Reader:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, raw: Mapping[str, Any]) -> ChatEvent:
        """The event, decrypted if need be. Raises KeyMissing, Unreadable, or ChatUnavailable.

        `raw` is as in the client-server API, with its `room_id`.
        """
        if raw.get("type") != ENCRYPTED or is_redacted(raw):
            return clear_event(raw)
        crypto = self._client.crypto
        if crypto is None:
            raise NoCrypto
        try:
            event = encrypted_event(raw)
            if not isinstance(event.content, EncryptedMegolmEventContent):
                raise Unreadable
            # Asked first: to say that it has no session, mautrix reads a field that it warns of reading.
            if not await crypto.crypto_store.has_group_session(event.room_id, event.content.session_id):
                raise KeyMissing(RoomId(event.room_id), event.content.session_id)
            decrypted = await crypto.decrypt_megolm_event(event)
            content = decrypted.content.serialize()
        except (DecryptionError, SerializerError, *_UNEXPECTED) as error:
            raise Unreadable from error
        except MAUTRIX_REQUEST_ERRORS as error:  # asking for the sender's devices
            raise ChatUnavailable from error
        return clear_event({**raw, "type": str(decrypted.type), "content": content})

    async def wait_for_key(self, missing: KeyMissing, seconds: float) -> bool:
        """Whether the key came within that time."""
        crypto = self._client.crypto
        if crypto is None:
            return False
        clock = asyncio.get_running_loop().time
        deadline, patience = clock() + seconds, 1.0
        while (remaining := deadline - clock()) > 0:
            # In growing parts: a key that came between asking and waiting for it is seen at the end of the first.
            part, patience = min(remaining, patience), patience * 2
            if await crypto.wait_for_session(RoomID(missing.room), SessionID(missing.session), timeout=part):
                return True
        return False


def is_redacted(raw: Mapping[str, Any]) -> bool:
    unsigned = raw.get("unsigned")
    return isinstance(unsigned, Mapping) and "redacted_because" in unsigned


def clear_event(raw: Mapping[str, Any]) -> ChatEvent:
    """An event that is not encrypted (any more)."""
    at = raw.get("origin_server_ts")
    content = raw.get("content")
    content = _sound(dict(content)) if isinstance(content, Mapping) else {}
    if "redacts" in raw:
        # Where it is written before room version 11.
        content.setdefault("redacts", raw["redacts"])
    return ChatEvent(
        id=EventId(raw["event_id"]),
        room=RoomId(raw["room_id"]),
        sender=UserId(raw["sender"]),
        at=at if isinstance(at, int) else 0,
        type=raw["type"],
        content=content,
        redacted=is_redacted(raw),
    )


def _sound(content: dict[str, Any]) -> dict[str, Any]:
    """With text that is text: halves of surrogate pairs, which JSON can hold, no database or calendar takes."""
    written = json.dumps(content, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return dict(json.loads(written.encode("utf-8", "replace")))
    return content
