"""Now, and an alarm clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from calbot.core.settings import Weekday


class Clock(Protocol):
    """Now, aware."""

    def __call__(self) -> datetime: ...


class Alarm(Protocol):
    """An alarm clock that only rings; the database remembers."""

    def at(self, name: str, when: datetime, ring: Callable[[], Awaitable[None]]) -> None:
        """Ring once at `when` (at once if that is over). A later call with the same name replaces the earlier one."""
        ...

    def every(self, name: str, seconds: float, ring: Callable[[], Awaitable[None]], *, jitter: float = 0) -> None:
        """Ring at an interval; never twice at the same time. The same name replaces."""
        ...

    def cron(
        self, name: str, clock: time, weekday: Weekday | None, zone: ZoneInfo, ring: Callable[[], Awaitable[None]]
    ) -> None:
        """Ring whenever a clock in `zone` shows a time, each day or on one day of the week. The same name replaces.

        Where the clock leaps over that time it may not ring on that day; where it comes twice, it may ring twice.
        """
        ...

    def cancel(self, name: str) -> None: ...
