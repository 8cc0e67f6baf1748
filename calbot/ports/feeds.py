"""The links by which people subscribe to what they see in a room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calbot.core.model import RoomId, UserId


@dataclass(frozen=True, slots=True)
class Feed:
    """That somebody has a link to a room's feed. `digest` is of the secret in it, which is kept nowhere."""

    person: UserId
    room: RoomId
    digest: str
    made_at: datetime


class FeedStore(Protocol):
    """One for each person and room, at most."""

    async def save(self, feed: Feed) -> None:
        """Insert, or put it in the place of the one that the person had in that room."""
        ...

    async def get(self, person: UserId, room: RoomId) -> Feed | None: ...

    async def by_digest(self, digest: str) -> Feed | None: ...

    async def of(self, person: UserId) -> Sequence[Feed]:
        """All of somebody, oldest first."""
        ...

    async def end(self, person: UserId, room: RoomId) -> None: ...

    async def forget(self, person: UserId) -> None:
        """End all of somebody."""
        ...

    async def drop(self, room: RoomId) -> None:
        """End all of a room."""
        ...

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        """Let the links to a room be links to the one that replaced it."""
        ...
