"""A clock that stands still until it is set."""

from __future__ import annotations

from datetime import datetime, timedelta


class FakeClock:
    """`ports.Clock`: call it for now; set it, or let time pass."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("aware datetime required")
        self._now = now

    def advance(self, by: timedelta) -> None:
        self._now += by
