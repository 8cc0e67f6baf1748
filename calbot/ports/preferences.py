"""What rooms and people have chosen by command or reaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.model import EventId, Recipient, RecurrenceId, RoomId, Uid, UserId
from calbot.core.preferences import EventLeads, PersonPreferences, RoomPreferences, Snooze


class Preferences(Protocol):
    """Choices that stand above the file, until they are taken back."""

    async def rooms(self) -> Mapping[RoomId, RoomPreferences]:
        """All rooms in which anything was chosen."""
        ...

    async def room(self, room: RoomId) -> RoomPreferences: ...

    async def save_room(self, room: RoomId, preferences: RoomPreferences) -> None: ...

    async def people(self) -> Mapping[UserId, PersonPreferences]:
        """Everybody who has chosen anything."""
        ...

    async def person(self, user: UserId) -> PersonPreferences: ...

    async def save_person(self, user: UserId, preferences: PersonPreferences) -> None: ...

    async def event_leads(self, uids: Sequence[Uid]) -> Sequence[EventLeads]:
        """Everybody's lead times for these events."""
        ...

    async def all_event_leads(self) -> Sequence[EventLeads]: ...

    async def save_event_leads(self, leads: EventLeads) -> None:
        """Insert or replace by recipient and event."""
        ...

    async def drop_event_leads(self, recipient: Recipient, uid: Uid, recurrence_id: RecurrenceId | None) -> None: ...

    async def snoozes(self, uids: Sequence[Uid]) -> Sequence[Snooze]: ...

    async def all_snoozes(self) -> Sequence[Snooze]: ...

    async def save_snooze(self, snooze: Snooze) -> None:
        """By reaction and event, a repeat changes nothing."""
        ...

    async def snoozed_by(self, reaction: EventId) -> Sequence[Snooze]: ...

    async def drop_snoozes(self, reaction: EventId) -> None: ...

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        """Let what was chosen in a room hold in the one that replaced it, unless something else was chosen there."""
        ...

    async def forget_gone(self, before: datetime) -> None:
        """Delete what is about events, or single dates, that are in no calendar any more, and snoozes from `before`."""
        ...
