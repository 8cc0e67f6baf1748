"""What changed in calendars that the rooms have not heard of yet, and what the bot is about to write there itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, Occurrence, RoomId, Uid
from calbot.core.untold import PastState


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """What people will see of an event once the bot has written it; nothing where the bot deletes it.

    `told` is the room that hears of it by itself.
    """

    calendar: CalendarName
    uid: Uid
    occurrences: tuple[Occurrence, ...]
    written_at: datetime
    told: RoomId | None = None


class ChangeLog(Protocol):
    """The changes of calendars, in order, as long as anybody waits to be told of them."""

    async def append(self, calendar: CalendarName, states: Sequence[PastState], now: datetime) -> tuple[int, int]:
        """Their numbers are given here, none of them a second time; returns the first and the last."""
        ...

    async def between(self, calendar: CalendarName, first: int, last: int | None = None) -> Sequence[PastState]:
        """By number, `last` included; to the end without one."""
        ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete changes that were noted before."""
        ...

    async def forget_states(self, calendar: CalendarName) -> None:
        """Delete all that was noted of a calendar's events, which may be more than is to be seen from now on."""
        ...

    async def announce_write(self, write: OwnWrite) -> None:
        """Insert, or replace by calendar and uid: the one before has been written, or never will be."""
        ...

    async def own_writes(self, calendar: CalendarName) -> Mapping[Uid, OwnWrite]: ...

    async def settle_write(self, calendar: CalendarName, uid: Uid) -> None:
        """It is in the mirror, or was not made."""
        ...

    async def settle_writes_before(self, calendar: CalendarName, instant: datetime) -> None: ...

    async def shown_in(self, calendar: CalendarName) -> Sequence[RoomId]:
        """The rooms that were told that they show this calendar."""
        ...

    async def note_shown(self, calendar: CalendarName, rooms: Sequence[RoomId]) -> None: ...

    async def note_hidden(self, calendar: CalendarName, rooms: Sequence[RoomId]) -> None: ...

    async def forget(self, calendar: CalendarName) -> None:
        """Delete everything about a calendar that nobody sees any more."""
        ...
