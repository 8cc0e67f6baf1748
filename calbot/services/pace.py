"""How often something may be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Pace:
    """By name, the earliest that something may be done again; a restart knows nothing of it."""

    _earliest: dict[str, datetime] = field(default_factory=dict)

    def earliest(self, name: str, now: datetime) -> datetime:
        return max(now, self._earliest.get(name, now))

    def hold(self, name: str, until: datetime, now: datetime) -> None:
        """Not before `until`. What is over by now is forgotten."""
        self._earliest = {held: end for held, end in self._earliest.items() if end > now}
        self._earliest[name] = until
