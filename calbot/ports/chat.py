"""The rooms the bot is in, on the homeserver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from calbot.core.model import Attachment, EventId, Member, Message, RoomFacts, RoomId, UserId
from calbot.core.permissions import PowerLevels


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """An event of a room, decrypted if it was encrypted. `at` is origin_server_ts in milliseconds.

    `content` is what the sender wrote, untrusted. `type` is the event type, `redacted` whether its content was removed.
    """

    id: EventId
    room: RoomId
    sender: UserId
    at: int
    type: str
    content: Mapping[str, Any]
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Relations:
    """Everything that refers to an event, as the server has it now, oldest first, and who wrote what is unreadable."""

    events: tuple[ChatEvent, ...]
    unreadable: tuple[UserId, ...]


class Encryption(str, Enum):
    """Whether the bot can take part in encrypted rooms."""

    VERIFIED = "verified"  # device signed by the account's own cross-signing key
    UNVERIFIED = "unverified"  # works, but clients that insist on verified devices shut the bot out
    OFF = "off"  # no crypto: the bot is deaf and dumb in encrypted rooms


class Chat(Protocol):
    """The rooms the bot is in.

    Every send carries a key and is safe to repeat with it. Raises ChatUnavailable (try later), ChatForbidden (never),
    NotEncrypted (the message discloses something and the room is encrypted, but the bot cannot encrypt).
    """

    @property
    def user(self) -> UserId: ...

    @property
    def device(self) -> str:
        """The device id, by which the homeserver remembers transaction ids; empty without encryption."""
        ...

    def repeating(self, since: datetime) -> AbstractContextManager[None]:
        """Inside, in this task, each post, send and attach is only done if it is not found to be done since then."""
        ...

    async def post(
        self,
        room: RoomId,
        message: Message,
        *,
        key: str,
        thread: EventId | None = None,
        reply_to: EventId | None = None,
    ) -> EventId: ...

    async def edit(self, room: RoomId, target: EventId, message: Message, *, key: str) -> EventId: ...

    async def attach(self, room: RoomId, file: Attachment, *, key: str, thread: EventId | None = None) -> EventId:
        """Upload and post a file; encrypted where the room is."""
        ...

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, Any], *, key: str) -> EventId:
        """Send an event of another type than a message (polls), encrypted where the room is."""
        ...

    async def react(self, room: RoomId, target: EventId, emoji: str, *, key: str) -> EventId: ...

    async def redact(self, room: RoomId, target: EventId, *, key: str) -> None: ...

    async def event(self, room: RoomId, event: EventId) -> ChatEvent | None:
        """One event, decrypted; None where there is none, or it cannot be read."""
        ...

    async def download(self, event: ChatEvent, limit: int) -> bytes:
        """What a file event (m.file) carries, decrypted if it was encrypted. UserError where it is more than `limit`
        bytes (`file_too_big`), not there (`file_gone`), or not what its sender encrypted (`file_broken`)."""
        ...

    async def sealed(self, room: RoomId, event: EventId) -> ChatEvent | None:
        """One event as it is, encrypted, if all that is missing is its key; that may still come."""
        ...

    async def relations(self, room: RoomId, target: EventId, rel_type: str) -> Relations:
        """All events that relate to `target` by `rel_type` (m.reference, m.annotation), all pages, decrypted."""
        ...

    async def find_by_key(self, room: RoomId, key: str, since: datetime) -> EventId | None:
        """The bot's own message with this `io.calbot.key` sent since then; for when transaction ids are forgotten."""
        ...

    async def members(self, room: RoomId) -> Sequence[Member]:
        """Who is joined now, the bot included, asked of the server."""
        ...

    async def power_levels(self, room: RoomId) -> PowerLevels: ...

    async def is_encrypted(self, room: RoomId) -> bool: ...

    async def exposure(self, room: RoomId) -> RoomFacts:
        """Who else could read along; asked of the server."""
        ...

    async def display_name(self, room: RoomId, user: UserId) -> str:
        """The name the room knows a member by; the Matrix ID if there is none."""
        ...

    async def room_name(self, room: RoomId) -> str:
        """What a room calls itself, else its main address; empty where it has neither."""
        ...

    async def time_zone(self, user: UserId) -> str:
        """What somebody's profile says of their time zone; it may be anything. Empty where it says nothing."""
        ...

    async def successor(self, room: RoomId) -> RoomId | None:
        """Where a room that was upgraded says that it goes on (m.room.tombstone); None where it does not."""
        ...

    async def predecessor(self, room: RoomId) -> RoomId | None:
        """The room that this one says it goes on from (m.room.create)."""
        ...

    async def joined_rooms(self) -> Sequence[RoomId]: ...

    async def join(self, room: RoomId) -> None: ...

    async def leave(self, room: RoomId) -> None:
        """Leave, or decline an invitation; no error where the bot is not in it."""
        ...

    async def is_direct(self, room: RoomId, other: UserId) -> bool:
        """Exactly two joined or invited members: the bot and `other`."""
        ...

    async def open_direct(self, user: UserId, *, key: str) -> RoomId:
        """A new room for the bot and `user` alone, always encrypted; they are invited, and what is said before they
        join they will read. Inside `repeating`, the one that was made with this key since then, if there is one."""
        ...

    async def encryption(self) -> Encryption: ...
