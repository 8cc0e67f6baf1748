"""What the bot has planned, and what it keeps over a restart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, EventId, Recipient, RoomId, Uid
from calbot.core.poll_model import CardState, Poll, PollState, Vote
from calbot.core.reminders import Reminder


class ReminderStore(Protocol):
    """Reminders to send, and those sent."""

    async def plan_alone(self) -> None:
        """Whoever else calls this waits until the caller's transaction ends."""
        ...

    async def about(self, uids: Sequence[Uid]) -> Sequence[Reminder]:
        """Everything stored for these events, for whomever and whatever has become of it."""
        ...

    async def waiting(self, recipient: Recipient) -> Sequence[Reminder]: ...

    async def waiting_about(self, recipient: Recipient | None = None) -> Sequence[Uid]:
        """The events that any wait for, to that recipient or to all."""
        ...

    async def apply(self, insert: Sequence[Reminder], cancel: Sequence[str]) -> None:
        """Add new ones and take waiting ones back.

        One that is there already and waits or was taken back waits (again), with the times as given and what is known
        of attempts kept; one that was sent or skipped is left alone.
        """
        ...

    async def due_recipients(self, now: datetime) -> Mapping[Recipient, datetime]:
        """Whoever anything is due to that is not put off, with the earliest start of what it is about."""
        ...

    async def due_to(self, recipient: Recipient, now: datetime) -> Sequence[Reminder]:
        """All that waits and is due, put off or not: what is due later must not come before it; by start."""
        ...

    async def next_due(self, after: datetime | None = None) -> datetime | None:
        """When the next one is due or to be tried again; what was due by `after` does not count."""
        ...

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

    async def next_for(self, calendar: CalendarName, recipients: Collection[Recipient]) -> datetime | None:
        """When one about this calendar rings next for one of these."""
        ...

    async def forget_before(self, instant: datetime) -> None: ...


class PollStore(Protocol):
    async def save(self, poll: Poll) -> None:
        """Insert or replace by key."""
        ...

    async def get(self, key: str) -> Poll | None: ...

    async def at(self, room: RoomId, event_id: EventId) -> Poll | None:
        """The poll whose start, accompanying text or result this event is."""
        ...

    async def of_event(self, calendar: CalendarName, uid: Uid) -> Poll | None:
        """The poll that this event of a calendar came from."""
        ...

    async def holding(self) -> Sequence[Poll]:
        """Those that are over, of whose holds something may be left on the calendar."""
        ...

    async def in_room(self, room: RoomId, states: Sequence[PollState]) -> Sequence[Poll]:
        """Newest first."""
        ...

    async def in_state(self, states: Sequence[PollState]) -> Sequence[Poll]: ...

    async def next_deadline(self) -> datetime | None:
        """Earliest `until` of the open ones."""
        ...

    async def forget(self, key: str) -> None:
        """As if it had never been known."""
        ...

    async def save_vote(self, key: str, vote: Vote) -> None:
        """A vote by command (the others are read from the server); by event id, a repeat changes nothing."""
        ...

    async def votes(self, key: str) -> Sequence[Vote]: ...

    async def voted_in(self, event_id: EventId) -> Poll | None:
        """The poll that a command was a vote in; None where it was none."""
        ...

    async def forget_vote(self, event_id: EventId) -> None: ...

    async def card(self, key: str) -> CardState:
        """What is known of the text beside a poll."""
        ...

    async def save_card(self, key: str, card: CardState) -> None: ...

    async def without_last_card(self) -> Sequence[str]:
        """The keys of polls that are over, beside which the text does not say so yet."""
        ...

    async def forget_before(self, instant: datetime) -> None: ...


class Keeper(Protocol):
    """Single values that outlive a restart, by name."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...

    async def beginning_with(self, prefix: str) -> Mapping[str, str]:
        """All whose names begin so, by name."""
        ...

    async def drop(self, names: Sequence[str]) -> None: ...

    async def secret(self, name: str) -> bytes:
        """32 random bytes, made at the first call and kept."""
        ...
