"""Calendars that were connected to rooms by command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.model import RoomId
from calbot.core.preferences import RoomMapping


class MappingStore(Protocol):
    """By room and calendar, one mapping; those that were removed are known for a while."""

    async def all(self) -> Sequence[RoomMapping]:
        """All that stand, in the order in which they were made."""
        ...

    async def of_room(self, room: RoomId) -> Sequence[RoomMapping]:
        """Those of a room, the removed ones as well."""
        ...

    async def save(self, mapping: RoomMapping) -> None:
        """Insert, or replace what is there for the same room and calendar."""
        ...

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        """Let what was connected to a room be connected to the one that replaced it, unless that was already."""
        ...

    async def drop(self, room: RoomId) -> None:
        """Delete all of a room."""
        ...

    async def forget_removed(self, before: datetime) -> None:
        """Delete those that were removed before."""
        ...
