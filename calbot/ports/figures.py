"""How much of what there is lies in the database, for those who watch over the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due and waits to be sent. `since`: when the first of it could have been. `held`: what was put off."""

    ready: int = 0
    held: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """`waiting` by what it is: reminder, notice, mail."""

    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    open_polls: int = 0
    feeds: int = 0


class Figures(Protocol):
    async def read(self, now: datetime) -> Stored: ...

    async def write(self, now: datetime) -> None:
        """Write something, to find out whether that is possible."""
        ...
