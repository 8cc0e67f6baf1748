"""What has become of rooms that the bot was in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from calbot.core.model import RoomId


class RoomStore(Protocol):
    """Mapped rooms without the bot, and rooms that go on elsewhere."""

    async def absences(self) -> Mapping[RoomId, datetime]:
        """Since when the bot has not been in a mapped room."""
        ...

    async def note_absence(self, room: RoomId, since: datetime) -> None:
        """What is noted already stands."""
        ...

    async def note_presence(self, room: RoomId) -> bool:
        """Whether the bot was noted as absent."""
        ...

    async def successors(self) -> Mapping[RoomId, RoomId]:
        """By room, the one that replaced it after an upgrade."""
        ...

    async def save_successor(self, old: RoomId, new: RoomId) -> None: ...
