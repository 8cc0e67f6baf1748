"""`ports.Alarm` that rings when it is told to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from calbot.core.settings import Weekday

from .clock import FakeClock

Ring = Callable[[], Awaitable[None]]
Following = Callable[[datetime], datetime]


class FakeAlarm:
    """Rings what is due on a `FakeClock`, in the order of time."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._once: dict[str, tuple[datetime, Ring]] = {}
        self._repeated: dict[str, tuple[datetime, Following, Ring]] = {}

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._once[name] = (when, ring)

    def every(self, name: str, seconds: float, ring: Ring, *, jitter: float = 0) -> None:
        interval = timedelta(seconds=seconds)

        def following(last: datetime) -> datetime:
            """What was missed is not made up for."""
            return last + interval * max(1, (self._clock() - last) // interval + 1)

        self._repeated[name] = (self._clock() + interval, following, ring)

    def cron(self, name: str, clock: time, weekday: Weekday | None, zone: ZoneInfo, ring: Ring) -> None:
        def following(last: datetime) -> datetime:
            last = max(last, self._clock())
            return next(at for day in range(9) if (at := showing(last, day)) is not None and at > last)

        def showing(last: datetime, ahead: int) -> datetime | None:
            day = last.astimezone(zone).date() + timedelta(days=ahead)
            if weekday is not None and day.weekday() != weekday.number:
                return None
            return datetime.combine(day, clock, tzinfo=zone).astimezone(timezone.utc)

        self._repeated[name] = (following(self._clock()), following, ring)

    def cancel(self, name: str) -> None:
        self._once.pop(name, None)
        self._repeated.pop(name, None)

    def forget(self) -> None:
        """Ring no more, as an alarm clock whose process was killed."""
        self._once.clear()
        self._repeated.clear()

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
                _, following, _ = self._repeated[name]
                self._repeated[name] = (following(when), following, ring)
            await ring()
        self._clock.set(max(end, self._clock()))

    async def settle(self) -> None:
        """Ring what is due now."""
        await self.pass_until(self._clock())

    def _next(self) -> tuple[datetime, str, Ring] | None:
        waiting = [(when, name, ring) for name, (when, ring) in self._once.items()]
        waiting += [(when, name, ring) for name, (when, _, ring) in self._repeated.items()]
        return min(waiting, key=lambda alarm: (alarm[0], alarm[1]), default=None)
