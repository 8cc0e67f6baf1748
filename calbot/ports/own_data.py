"""What is stored about one person, all over the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from calbot.core.model import UserId


class OwnData(Protocol):
    async def about(self, person: UserId, addresses: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """By table, what is stored about somebody, as values of JSON; tables with nothing are left out."""
        ...

    async def forget(self, person: UserId, addresses: Sequence[str], pseudonym: str) -> None:
        """Delete what is only somebody's own. What has to stay for others says `pseudonym` in their place."""
        ...
