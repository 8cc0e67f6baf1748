"""The record of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from calbot.core.audit import Entry, Outcome
from calbot.core.model import UserId


class AuditLog(Protocol):
    async def add(self, entry: Entry) -> bool:
        """False where it is recorded already; what became of it stays as it was."""
        ...

    async def settle(self, key: str, outcome: Outcome) -> Entry | None:
        """What became of an act that was begun; None where that was known."""
        ...

    async def begun(self, cause: str) -> Sequence[Entry]:
        """What was begun for that cause, and nobody knows yet what became of it."""
        ...

    async def refused(self, actor: UserId, since: datetime) -> int:
        """How often somebody was refused something since then."""
        ...

    async def newest(self, limit: int) -> Sequence[Entry]: ...

    async def forget_before(self, instant: datetime) -> None: ...
