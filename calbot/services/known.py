"""What was found out about rooms, so that not every message asks the homeserver again.

Changes of a room's state arrive with the sync and make it forget that room at once. Nothing here decides on rights but
whether a room is exposed, which besides is good for a minute only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from calbot.core.model import RoomId, UserId
from calbot.core.permissions import Exposure

_GOOD_FOR: Final = timedelta(seconds=60)


@dataclass(slots=True)
class KnownRooms:
    """By room: the bot's own name there, with whom alone it is there, and whether others could read along."""

    names: dict[RoomId, str] = field(default_factory=dict)
    direct: dict[tuple[RoomId, UserId], bool] = field(default_factory=dict)
    _exposed: dict[RoomId, tuple[datetime, Exposure | None]] = field(default_factory=dict)

    def forget(self, room: RoomId) -> None:
        """Something about the room changed."""
        self.names.pop(room, None)
        self._exposed.pop(room, None)
        for key in [key for key in self.direct if key[0] == room]:
            del self.direct[key]

    def exposure(self, room: RoomId, now: datetime) -> tuple[Exposure | None] | None:
        """What is known and still good, as a tuple of one; None where it has to be found out."""
        known = self._exposed.get(room)
        return (known[1],) if known is not None and now - known[0] < _GOOD_FOR else None

    def note_exposure(self, room: RoomId, now: datetime, exposure: Exposure | None) -> None:
        self._exposed[room] = (now, exposure)
