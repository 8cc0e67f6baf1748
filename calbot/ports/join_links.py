"""Events that ask for a join link, and those that have got theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, Href, Uid


@dataclass(frozen=True, slots=True)
class WantedLink:
    """An object in which somebody typed the word for a join link."""

    calendar: CalendarName
    uid: Uid
    href: Href


class JoinLinks(Protocol):
    async def note(self, wanted: Sequence[WantedLink], now: datetime) -> None:
        """Remember these, each event of a calendar once: what was noted or dealt with before stays as it is."""
        ...

    async def waiting(self) -> Sequence[WantedLink]:
        """Those that were not dealt with yet, the oldest first."""
        ...

    async def done(self, wanted: WantedLink, now: datetime) -> None: ...

    async def forget_before(self, instant: datetime) -> None:
        """Those that were dealt with before that."""
        ...

    async def forget(self, calendar: CalendarName) -> None:
        """All of a calendar."""
        ...
