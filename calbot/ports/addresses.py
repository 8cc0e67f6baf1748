"""Addresses of people that calendar servers were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calbot.core.model import UserId


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """What a search for somebody found; None where nobody, or more than one, could be meant."""

    person: UserId
    address: str | None
    searched_at: datetime


class AddressStore(Protocol):
    async def addresses(self) -> Mapping[UserId, str]:
        """All that were found."""
        ...

    async def of(self, person: UserId) -> FoundAddress | None: ...

    async def save(self, found: FoundAddress) -> None: ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete what was not searched for again since."""
        ...
