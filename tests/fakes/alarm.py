"""`ports.Alarm` that rings when it is told to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from .clock import FakeClock

Ring = Callable[[], Awaitable[None]]


class FakeAlarm:
    """Rings what is due on a `FakeClock`, in the order of time."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._once: dict[str, tuple[datetime, Ring]] = {}
        self._repeated: dict[str, tuple[datetime, timedelta, Ring]] = {}

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._once[name] = (when, ring)

    def every(self, name: str, seconds: float, ring: Ring, *, jitter: float = 0) -> None:
        self._repeated[name] = (self._clock() + timedelta(seconds=seconds), timedelta(seconds=seconds), ring)

    def cancel(self, name: str) -> None:
        self._once.pop(name, None)

    def set_for(self, name: str) -> datetime | None:
        """When a single alarm will ring."""
        found = self._once.get(name)
        return None if found is None else found[0]

    async def pass_until(self, end: datetime) -> None:
        """Let time pass, ringing each alarm at its time, those set meanwhile included."""
        while (due := self._next()) is not None and due[0] <= end:
            when, name, ring = due
            self._clock.set(max(when, self._clock()))
            if name in self._once:
                del self._once[name]
            else:
                _, interval, _ = self._repeated[name]
                self._repeated[name] = (when + interval, interval, ring)
            await ring()
        self._clock.set(max(end, self._clock()))

    async def settle(self) -> None:
        """Ring what is due now."""
        await self.pass_until(self._clock())

    def _next(self) -> tuple[datetime, str, Ring] | None:
        waiting = [(when, name, ring) for name, (when, ring) in self._once.items()]
        waiting += [(when, name, ring) for name, (when, _, ring) in self._repeated.items()]
        return min(waiting, key=lambda alarm: (alarm[0], alarm[1]), default=None)
