"""The alarm clock: APScheduler rings, the database remembers what for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Protocol

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger


class Log(Protocol):
    def exception(self, msg: str, *args: object) -> None: ...


Ring = Callable[[], Awaitable[None]]

_FIRST_PAUSE = 30.0  # seconds until an alarm that failed rings again; doubled each time it fails
_LONGEST_PAUSE = 900.0
_UNLIMITED = 1_000_000
_EXECUTOR = "calbot"
_SCHEDULER = "apscheduler.scheduler.calbot"


class AlarmClock:
    """Implements the `Alarm` port; an async context manager that leaves nothing running behind.

    Late alarms ring late instead of being dropped (APScheduler drops after one second by default), missed repetitions
    ring once, and no alarm rings a second time while its first ring is still being answered: then it rings after that.
    An alarm that fails rings again by itself, as whoever was to set it anew may not have come to that.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        # A maubot server logs everything, and APScheduler has five lines to say about each ring. Loggers of our own, so
        # that other plugins keep theirs as they are.
        for name in (_SCHEDULER, f"apscheduler.executors.{_EXECUTOR}"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(
            timezone=timezone.utc,
            logger=logging.getLogger(_SCHEDULER),
            executors={_EXECUTOR: AsyncIOExecutor()},
            # Not 1 instance: APScheduler throws away an alarm that is due while its namesake is being answered.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": _UNLIMITED},
        )
        self._ringing: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, Ring] = {}  # due, while their namesakes are being answered
        self._failures: dict[str, int] = {}
        self._closing = False

    async def __aenter__(self) -> AlarmClock:
        self._scheduler.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._waiting.pop(name, None)
        self._set(name, when, ring)

    def every(self, name: str, seconds: float, ring: Ring, *, jitter: float = 0) -> None:
        # IntervalTrigger counts whole seconds in `seconds` only; jitter of 0 has to be None.
        trigger = IntervalTrigger(seconds=max(1, round(seconds)), timezone=timezone.utc, jitter=round(jitter) or None)
        self._add(trigger, name, ring, once=False)

    def cancel(self, name: str) -> None:
        self._waiting.pop(name, None)
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    async def aclose(self) -> None:
        """Stop ringing, cancel what is being answered, and wait until both are really over."""
        if not self._scheduler.running:
            return
        self._closing = True
        self._scheduler.pause()
        ringing = list(self._ringing.values())
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=False)
        # APScheduler 3 only schedules the shutdown in the loop; it has happened once `running` is False.
        while self._scheduler.running:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)

    def _set(self, name: str, when: datetime, ring: Ring) -> None:
        trigger = DateTrigger(when, timezone.utc)
        self._add(trigger, name, ring, once=True)

    def _add(self, trigger: DateTrigger | IntervalTrigger, name: str, ring: Ring, *, once: bool) -> None:
        self._scheduler.add_job(
            self._ring, trigger, args=(name, ring, once), id=name, replace_existing=True, executor=_EXECUTOR
        )

    async def _ring(self, name: str, ring: Ring, once: bool) -> None:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - the executor always runs coroutines in a task
            raise RuntimeError("alarms ring in a task")
        if self._closing:
            return
        if name in self._ringing:
            if once:
                self._waiting[name] = ring
            return
        self._ringing[name] = task
        try:
            await self._answer(name, ring, once)
            while (following := self._waiting.pop(name, None)) is not None:
                await self._answer(name, following, True)
        finally:
            del self._ringing[name]

    async def _answer(self, name: str, ring: Ring, once: bool) -> None:
        try:
            await ring()
        except asyncio.CancelledError:
            # APScheduler logs a cancelled job as an error with traceback; while closing it is none.
            if not self._closing:
                raise
        except Exception:  # noqa: BLE001 - a border: an alarm that fails must not stop the clock
            self._log.exception("alarm %s failed", name)
            if once:
                self._try_again(name, ring)
        else:
            self._failures.pop(name, None)

    def _try_again(self, name: str, ring: Ring) -> None:
        """After a pause; not sooner either where the alarm was set anew before it failed."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        pause = min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
        earliest = datetime.now(timezone.utc) + timedelta(seconds=pause)
        ring = self._waiting.pop(name, ring)
        job = self._scheduler.get_job(name)
        if job is None:
            self._set(name, earliest, ring)
        elif job.next_run_time is not None and job.next_run_time < earliest:
            self._scheduler.reschedule_job(name, trigger=DateTrigger(earliest, timezone.utc))
