"""The alarm clock: APScheduler rings, the database remembers what for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from types import TracebackType
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger


class Log(Protocol):
    def exception(self, msg: str, *args: object) -> None: ...


Ring = Callable[[], Awaitable[None]]


class AlarmClock:
    """Implements the `Alarm` port; an async context manager that leaves nothing running behind.

    Late alarms ring late instead of being dropped (APScheduler drops after one second by default), missed repetitions
    ring once, and no alarm rings a second time while its first ring is still being answered.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._scheduler = AsyncIOScheduler(
            timezone=timezone.utc,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._ringing: set[asyncio.Task[None]] = set()
        self._closing = False

    async def __aenter__(self) -> AlarmClock:
        self._scheduler.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._scheduler.add_job(
            self._ring, DateTrigger(when, timezone.utc), args=(name, ring), id=name, replace_existing=True
        )

    def every(self, name: str, seconds: float, ring: Ring, *, jitter: float = 0) -> None:
        # IntervalTrigger counts whole seconds in `seconds` only; jitter of 0 has to be None.
        trigger = IntervalTrigger(seconds=max(1, round(seconds)), timezone=timezone.utc, jitter=round(jitter) or None)
        self._scheduler.add_job(self._ring, trigger, args=(name, ring), id=name, replace_existing=True)

    def cancel(self, name: str) -> None:
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    async def aclose(self) -> None:
        """Stop ringing, cancel what is being answered, and wait until both are really over."""
        if not self._scheduler.running:
            return
        self._closing = True
        self._scheduler.pause()
        ringing = list(self._ringing)
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=False)
        # APScheduler 3 only schedules the shutdown in the loop; it has happened once `running` is False.
        while self._scheduler.running:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)

    async def _ring(self, name: str, ring: Ring) -> None:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - the executor always runs coroutines in a task
            raise RuntimeError("alarms ring in a task")
        self._ringing.add(task)
        try:
            await ring()
        except asyncio.CancelledError:
            # APScheduler logs a cancelled job as an error with traceback; while closing it is none.
            if not self._closing:
                raise
        except Exception:  # noqa: BLE001 - a border: an alarm that fails must not stop the clock
            self._log.exception("alarm %s failed", name)
        finally:
            self._ringing.discard(task)
