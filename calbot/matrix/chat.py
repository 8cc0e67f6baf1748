"""The `Chat` port on maubot's Matrix client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from logging import Logger
from typing import Any

from mautrix.client import Client
from mautrix.types import TrustState

from calbot.core.model import Attachment, EventId, Member, Message, RoomFacts, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.errors import ChatForbidden, NotEncrypted
from calbot.ports import ChatEvent, Encryption, Relations

from . import direct_chats
from .content import (
    edit_content,
    file_content,
    key_of,
    keyed,
    mentioned_in,
    message_content,
    reaction_content,
    related,
    transaction_id,
)
from .files import fetch_file, store_file
from .history import messages_back
from .keys import ask_for_own_keys
from .reading import KeyMissing, Reader, Unreadable, clear_event
from .relations import own_reaction, read_relations
from .rooms import read_power_levels, read_predecessor, read_room_facts, read_room_name, read_successor
from .sending import Sender
from .server import (
    MAUTRIX_REQUEST_ERRORS,
    AlreadyReacted,
    Missing,
    Server,
    client_path,
    refusal_of,
    room_path,
)

_PROFILE_ZONES = ("m.tz", "us.cloke.msc4175.tz")  # MSC4175, and as it was called before


class MatrixChat:
    """The rooms the bot is in, on their homeserver."""

    def __init__(self, client: Client, log: Logger, *, server: Server | None = None) -> None:
        self._client = client
        self._log = log
        self._server = server or Server(client)
        self._reader = Reader(client)
        self._sender = Sender(client, self._server)
        # Of the task that repeats something, and of no other.
        self._repeating_since: ContextVar[datetime | None] = ContextVar("repeating_since", default=None)
        self._creations: dict[RoomId, Mapping[str, Any]] = {}

    @property
    def user(self) -> UserId:
        return UserId(self._client.mxid)

    @property
    def device(self) -> str:
        return self._client.device_id or ""

    # Sending

    async def post(
        self,
        room: RoomId,
        message: Message,
        *,
        key: str,
        thread: EventId | None = None,
        reply_to: EventId | None = None,
    ) -> EventId:
        if (there := await self._done_before(room, key)) is not None:
            return there
        content = related(message_content(message, key), thread, reply_to)
        return await self._sender.send(room, "m.room.message", content, key=key, discloses=message.discloses)

    async def edit(self, room: RoomId, target: EventId, message: Message, *, key: str) -> EventId:
        mentioned = await self._mentioned(room, target) if message.mentions else frozenset()
        content = edit_content(message, key, target, mentioned)
        return await self._sender.send(room, "m.room.message", content, key=key, discloses=message.discloses)

    async def attach(self, room: RoomId, file: Attachment, *, key: str, thread: EventId | None = None) -> EventId:
        if (there := await self._done_before(room, key)) is not None:
            return there
        encrypted = await self._sender.is_encrypted(room)
        if encrypted and self._client.crypto is None:
            raise NotEncrypted("no_encryption")
        location = await store_file(self._server, file, encrypted=encrypted)
        content = related(file_content(file, location, key), thread, None)
        return await self._sender.send(room, "m.room.message", content, key=key, discloses=True)

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, Any], *, key: str) -> EventId:
        if (there := await self._done_before(room, key)) is not None:
            return there
        return await self._sender.send(room, event_type, keyed(content, key), key=key, discloses=True)

    async def react(self, room: RoomId, target: EventId, emoji: str, *, key: str) -> EventId:
        content = reaction_content(target, emoji)
        try:
            return await self._sender.send(room, "m.reaction", content, key=key, discloses=False)
        except AlreadyReacted:
            there = await own_reaction(self._server, self.user, room, target, emoji)
            if there is not None:
                return there
            raise

    async def redact(self, room: RoomId, target: EventId, *, key: str) -> None:
        await self._server.request("PUT", room_path(room, "redact", target, transaction_id(key)))

    @contextmanager
    def repeating(self, since: datetime) -> Iterator[None]:
        before = self._repeating_since.set(since)
        try:
            yield
        finally:
            self._repeating_since.reset(before)

    async def _done_before(self, room: RoomId, key: str) -> EventId | None:
        since = self._repeating_since.get()
        return None if since is None else await self.find_by_key(room, key, since)

    # Reading

    async def event(self, room: RoomId, event: EventId) -> ChatEvent | None:
        try:
            raw = await self._server.request("GET", room_path(room, "event", event))
            return await self._reader.read({**raw, "room_id": room})
        except (Missing, KeyMissing, Unreadable):
            return None

    async def download(self, event: ChatEvent, limit: int) -> bytes:
        return await fetch_file(self._server, event.content, limit)

    async def sealed(self, room: RoomId, event: EventId) -> ChatEvent | None:
        try:
            raw = {**await self._server.request("GET", room_path(room, "event", event)), "room_id": room}
        except Missing:
            return None
        try:
            await self._reader.read(raw)
        except KeyMissing:
            return clear_event(raw)
        except Unreadable:
            return None
        return None

    async def relations(self, room: RoomId, target: EventId, rel_type: str) -> Relations:
        return await read_relations(self._server, self._reader, self.user, room, target, rel_type)

    async def find_by_key(self, room: RoomId, key: str, since: datetime) -> EventId | None:
        oldest = int(since.astimezone(timezone.utc).timestamp() * 1000)
        async for raw in messages_back(self._server, room, senders=[self.user]):
            if raw["origin_server_ts"] < oldest:
                return None
            try:
                event = await self._reader.read(raw)
            except (KeyMissing, Unreadable):
                continue
            if event.sender == self.user and not event.redacted and key_of(event.content) == key:
                return event.id
        return None

    # Rooms

    async def members(self, room: RoomId) -> Sequence[Member]:
        answer = await self._server.request("GET", room_path(room, "joined_members"))
        return [
            Member(UserId(user), str(profile.get("display_name") or user)) for user, profile in answer["joined"].items()
        ]

    async def display_name(self, room: RoomId, user: UserId) -> str:
        content = await self._server.state(room, "m.room.member", user)
        return str((content or {}).get("displayname") or user)

    async def room_name(self, room: RoomId) -> str:
        types = ("m.room.name", "m.room.canonical_alias")
        return read_room_name(*[await self._server.state(room, event_type) for event_type in types])

    async def time_zone(self, user: UserId) -> str:
        try:
            profile = await self._server.request("GET", client_path("profile", user))
        except (Missing, ChatForbidden):
            return ""
        zone = next((profile[key] for key in _PROFILE_ZONES if key in profile), "")
        return zone if isinstance(zone, str) else ""

    async def power_levels(self, room: RoomId) -> PowerLevels:
        content = await self._server.state(room, "m.room.power_levels")
        return read_power_levels(content, await self._creation(room))

    async def exposure(self, room: RoomId) -> RoomFacts:
        types = ("m.room.join_rules", "m.room.history_visibility", "m.room.guest_access")
        return read_room_facts(*[await self._server.state(room, event_type) for event_type in types])

    async def is_encrypted(self, room: RoomId) -> bool:
        return await self._sender.is_encrypted(room)

    async def is_direct(self, room: RoomId, other: UserId) -> bool:
        joined = await self._server.request("GET", room_path(room, "joined_members"))
        both = {self.user, other}
        if not both.issuperset(joined["joined"]):
            return False
        # Only now the longer list, with those invited.
        answer = await self._server.request("GET", room_path(room, "members"), query={"not_membership": "leave"})
        present = {
            event["state_key"] for event in answer["chunk"] if event["content"].get("membership") in {"join", "invite"}
        }
        return present == both

    async def successor(self, room: RoomId) -> RoomId | None:
        return read_successor(await self._server.state(room, "m.room.tombstone"))

    async def predecessor(self, room: RoomId) -> RoomId | None:
        return read_predecessor(await self._creation(room))

    async def joined_rooms(self) -> Sequence[RoomId]:
        answer = await self._server.request("GET", client_path("joined_rooms"))
        return [RoomId(room) for room in answer["joined_rooms"]]

    async def join(self, room: RoomId) -> None:
        await self._server.request("POST", room_path(room, "join"))

    async def leave(self, room: RoomId) -> None:
        try:
            await self._server.request("POST", room_path(room, "leave"))
        except ChatForbidden:
            self._log.debug("The bot is not in %s", room)

    async def open_direct(self, user: UserId, *, key: str) -> RoomId:
        since = self._repeating_since.get()
        room = since and await direct_chats.find(self._server, self.user, self._creation, key, since)
        room = room or await direct_chats.create(self._server, user, key)
        if await self._sender.is_encrypted(room):
            await direct_chats.let_read(self._client, room)
        return room

    async def encryption(self) -> Encryption:
        crypto = self._client.crypto
        if crypto is None:
            return Encryption.OFF
        try:
            await crypto.get_own_cross_signing_public_keys()  # asks the server where they are not known yet
            trust = await crypto.resolve_trust(crypto.own_identity)
            if trust is TrustState.UNVERIFIED:
                await ask_for_own_keys(crypto)
                trust = await crypto.resolve_trust(crypto.own_identity)
        except MAUTRIX_REQUEST_ERRORS as error:
            raise refusal_of(error) from error
        return Encryption.VERIFIED if trust >= TrustState.CROSS_SIGNED_UNTRUSTED else Encryption.UNVERIFIED

    async def _mentioned(self, room: RoomId, target: EventId) -> frozenset[UserId]:
        """Whom a message mentions in the form that clients show now."""
        raw = await self._server.request("GET", room_path(room, "event", target))
        bundled = raw.get("unsigned", {}).get("m.relations", {}).get("m.replace", {})
        latest = bundled if "content" in bundled else raw
        try:
            event = await self._reader.read({**latest, "room_id": room})
        except (KeyMissing, Unreadable):
            return frozenset()
        return mentioned_in(event.content)

    async def _creation(self, room: RoomId) -> Mapping[str, Any]:
        """The m.room.create event, which never changes."""
        if room not in self._creations:
            path = room_path(room, "state", "m.room.create", "")
            self._creations[room] = await self._server.request("GET", path, query={"format": "event"})
        return self._creations[room]
