"""What the bot has planned, and what it keeps over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, EventId, RoomId, Uid
from calbot.core.poll_model import Poll, PollState, Vote
from calbot.core.reminders import Reminder


class ReminderStore(Protocol):
    """Reminders to send, and those sent."""

    async def about(self, rooms: Sequence[RoomId], uids: Sequence[Uid]) -> Sequence[Reminder]:
        """Everything stored for these events in these rooms, whatever has become of it."""
        ...

    async def waiting(self, room: RoomId) -> Sequence[Reminder]: ...

    async def waiting_rooms(self) -> Sequence[RoomId]:
        """The rooms in which any wait."""
        ...

    async def apply(self, insert: Sequence[Reminder], cancel: Sequence[str]) -> None:
        """Add new ones and take waiting ones back.

        One that is there already and waits or was taken back waits (again), with the times as given and what is known
        of attempts kept; one that was sent or skipped is left alone.
        """
        ...

    async def due(self, now: datetime) -> Sequence[Reminder]:
        """Waiting, due, and not put off beyond now; by start, then room."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def attempt(self, ids: Sequence[str], batch: str, device: str, now: datetime) -> None:
        """Record, before sending, in which message (its key), since when and under which device id it is being tried.

        The first attempt stands: what is recorded already is not overwritten.
        """
        ...

    async def put_off(self, ids: Sequence[str], until: datetime) -> None: ...

    async def sent(self, ids: Sequence[str], event_id: EventId, now: datetime) -> None: ...

    async def skip(self, ids: Sequence[str]) -> None:
        """Too late or no longer right: never sent."""
        ...

    async def next_for(self, calendar: CalendarName) -> datetime | None: ...

    async def forget_before(self, instant: datetime) -> None: ...


class PollStore(Protocol):
    async def save(self, poll: Poll) -> None:
        """Insert or replace by key."""
        ...

    async def get(self, key: str) -> Poll | None: ...

    async def at(self, room: RoomId, event_id: EventId) -> Poll | None:
        """The poll whose start or accompanying text this event is."""
        ...

    async def in_room(self, room: RoomId, states: Sequence[PollState]) -> Sequence[Poll]:
        """Newest first."""
        ...

    async def in_state(self, states: Sequence[PollState]) -> Sequence[Poll]: ...

    async def next_deadline(self) -> datetime | None:
        """Earliest `until` of the open ones."""
        ...

    async def save_vote(self, key: str, vote: Vote) -> None:
        """A vote by command (the others are read from the server); by event id, a repeat changes nothing."""
        ...

    async def votes(self, key: str) -> Sequence[Vote]: ...

    async def forget_before(self, instant: datetime) -> None: ...


class Keeper(Protocol):
    """Single values that outlive a restart, by name."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...

    async def secret(self, name: str) -> bytes:
        """32 random bytes, made at the first call and kept."""
        ...
