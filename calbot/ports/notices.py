"""Notices to send, and what they tell of: the changes of calendars that the rooms have not heard of yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.model import EventId, Recipient
from calbot.core.notices import Hold, Notice, NoticeKind


class NoticeStore(Protocol):
    """Notices to send, and those sent."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """A key that is there already, whatever has become of it, is left alone."""
        ...

    async def waiting(self, recipients: Sequence[Recipient], kind: NoticeKind | None = None) -> Sequence[Notice]:
        """Due or not; by due time."""
        ...

    async def due_recipients(self, now: datetime) -> Mapping[Recipient, datetime]:
        """Whoever something is due to that is not put off beyond now, with since when."""
        ...

    async def due_to(self, recipient: Recipient, now: datetime) -> Sequence[Notice]:
        """All that waits and is due, whether or not an attempt failed, as what is due later must not come before it;
        not what is held back for another reason. By due time."""
        ...

    async def next_due(self, after: datetime | None = None) -> datetime | None:
        """When the next one is due or to be tried again; what was due by `after` does not count."""
        ...

    async def attempt(self, keys: Sequence[str], batch: str, device: str, now: datetime) -> None:
        """Record, before sending, in which message (its key), since when and under which device id it is being tried.

        The first attempt stands: what is recorded already is not overwritten.
        """
        ...

    async def put_off(self, keys: Sequence[str], until: datetime, hold: Hold) -> None: ...

    async def sent(self, keys: Sequence[str], event_id: EventId, now: datetime) -> None: ...

    async def drop(self, keys: Sequence[str]) -> None:
        """There is nothing to say (any more): never sent."""
        ...

    async def transfer(self, old: Recipient, new: Recipient) -> None:
        """What waits for a room, and was not tried there yet, goes to the one that replaced it."""
        ...

    async def withdraw(self, recipient: Recipient) -> None:
        """Nothing that waits for them is to be sent any more."""
        ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete what was sent or dropped and was due before."""
        ...
