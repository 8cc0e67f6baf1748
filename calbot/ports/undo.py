"""What people did to calendars and may take back."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, EventId, Href, RoomId, Uid, UserId
from calbot.core.undo import Act, Undoable


class UndoStore(Protocol):
    """Changes of calendars, from before their first effect until it is too late to take them back."""

    async def begin(self, change: Undoable) -> None:
        """Record what is about to be done; what a run before this one recorded under the same key stands."""
        ...

    async def began(self, key: str) -> bool:
        """Whether it was begun, under this key."""
        ...

    async def get(self, key: str) -> Undoable | None:
        """What was begun under this key."""
        ...

    async def done(self, key: str, now: datetime, act: Act | None = None) -> None:
        """It was done, just now unless it had been before; `act` completes what was recorded."""
        ...

    async def amend(self, key: str, act: Act) -> None:
        """What was done is known better, whatever became of it since."""
        ...

    async def claim(self, room: RoomId, person: UserId, since: datetime, undo: EventId) -> Undoable | None:
        """What this undo took before, else the last thing that person did here since then and that was not taken back;
        it is taken by this undo from now on."""
        ...

    async def give_back(self, undo: EventId) -> None:
        """What this undo took can be taken again."""
        ...

    async def rename(self, calendar: CalendarName, old: Uid, new: Uid, href: Href) -> None:
        """An event is another object from now on."""
        ...

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        """A room is replaced by another one: what people did there can be taken back in that one. Not what has to do
        with polls, which end with their room."""
        ...

    async def forget(self, calendar: CalendarName) -> None:
        """Everything of a calendar that is no longer shown, or shows less."""
        ...

    async def forget_before(self, instant: datetime) -> None: ...
