"""Answers to invitations that were given by reaction, and those that still have to be written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.answers import DueAnswer, Reacted
from calbot.core.model import CalendarName, EventId, OccurrenceId, Uid, UserId


class AnswerStore(Protocol):
    async def given(self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> Sequence[Reacted]:
        """The reactions of somebody to this occurrence, or to a series as a whole, that stand; oldest first."""
        ...

    async def by_reaction(self, reaction: EventId) -> Reacted | None: ...

    async def put(
        self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId, given: Sequence[Reacted]
    ) -> None:
        """What stands from now on, in place of what did."""
        ...

    async def forget_given(self, person: UserId, calendar: CalendarName, uid: Uid) -> None:
        """Somebody has answered in another way: no reaction to this event, or a date of it, stands any more, nor is
        anything due that was said by one."""
        ...

    async def rename(self, calendar: CalendarName, old: Uid, new: Uid) -> None:
        """What was answered to an event was answered to the one that it became."""
        ...

    async def due(self) -> Sequence[DueAnswer]:
        """All that still have to be written, longest first."""
        ...

    async def due_of(self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> DueAnswer | None: ...

    async def save_due(self, due: DueAnswer) -> None:
        """Insert, or replace by person and occurrence."""
        ...

    async def drop_due(self, due: DueAnswer) -> None:
        """It is written, or cannot be; unless another one has taken its place meanwhile."""
        ...

    async def forget_gone(self, before: datetime) -> None:
        """Delete what is about events that are in no calendar any more, and reactions from `before`."""
        ...
