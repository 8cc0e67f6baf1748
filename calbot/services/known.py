"""What was found out about rooms and people, so that not every message asks the homeserver again.

Changes of a room's state arrive with the sync and make it forget that room at once. What decides on rights (whether a
room is exposed, who is in it, and that nobody else is) besides is good for a minute only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import Member, RoomId, UserId
from calbot.core.permissions import Exposure

_GOOD_FOR: Final = timedelta(seconds=60)
_ZONE_GOOD_FOR: Final = timedelta(hours=1)  # people do not change zones from one command to the next


@dataclass(slots=True)
class KnownRooms:
    """By room: the bot's own name there, with whom alone it is there, who is in it, and who could read along."""

    names: dict[RoomId, str] = field(default_factory=dict)
    _direct: dict[tuple[RoomId, UserId], tuple[datetime, bool]] = field(default_factory=dict)
    _members: dict[RoomId, tuple[datetime, Sequence[Member], Collection[UserId]]] = field(default_factory=dict)
    _exposed: dict[RoomId, tuple[datetime, Exposure | None]] = field(default_factory=dict)
    _plain: dict[RoomId, datetime] = field(default_factory=dict)
    _zones: dict[UserId, tuple[datetime, ZoneInfo | None]] = field(default_factory=dict)

    def forget(self, room: RoomId) -> None:
        """Something about the room changed."""
        self.names.pop(room, None)
        self._members.pop(room, None)
        self._exposed.pop(room, None)
        self._plain.pop(room, None)
        for key in [key for key in self._direct if key[0] == room]:
            del self._direct[key]

    def is_direct(self, room: RoomId, user: UserId, now: datetime) -> bool | None:
        """Whether the bot is alone with somebody. That it is not stands until something changes."""
        known = self._direct.get((room, user))
        return None if known is None or (known[1] and now - known[0] >= _GOOD_FOR) else known[1]

    def note_direct(self, room: RoomId, user: UserId, now: datetime, direct: bool) -> None:
        self._direct[room, user] = (now, direct)

    def members(self, room: RoomId, now: datetime) -> Sequence[Member] | None:
        """Who is joined, if that is known and still good."""
        known = self._members.get(room)
        return known[1] if known is not None and now - known[0] < _GOOD_FOR else None

    def joined(self, room: RoomId, now: datetime) -> Collection[UserId] | None:
        """The same, to look somebody up."""
        known = self._members.get(room)
        return known[2] if known is not None and now - known[0] < _GOOD_FOR else None

    def note_members(self, room: RoomId, now: datetime, members: Sequence[Member]) -> None:
        self._members[room] = (now, members, frozenset(member.user for member in members))

    def is_plain(self, room: RoomId, now: datetime) -> bool:
        """Whether it was not encrypted a moment ago."""
        since = self._plain.get(room)
        return since is not None and now - since < _GOOD_FOR

    def note_plain(self, room: RoomId, now: datetime) -> None:
        self._plain[room] = now

    def exposure(self, room: RoomId, now: datetime) -> tuple[Exposure | None] | None:
        """What is known and still good, as a tuple of one; None where it has to be found out."""
        known = self._exposed.get(room)
        return (known[1],) if known is not None and now - known[0] < _GOOD_FOR else None

    def note_exposure(self, room: RoomId, now: datetime, exposure: Exposure | None) -> None:
        self._exposed[room] = (now, exposure)

    def zone(self, user: UserId, now: datetime) -> tuple[ZoneInfo | None] | None:
        """The zone of somebody's profile, in a tuple of one; None where it has to be asked for."""
        known = self._zones.get(user)
        return (known[1],) if known is not None and now - known[0] < _ZONE_GOOD_FOR else None

    def note_zone(self, user: UserId, now: datetime, zone: ZoneInfo | None) -> None:
        self._zones[user] = (now, zone)
