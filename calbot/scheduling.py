"""The alarm clock: APScheduler rings, the database remembers what for.

APScheduler waits by a clock that only counts running time, for moments of the wall clock. Where that is set, or the
machine was suspended, it would ring late by as much, and where the wall clock is set back, what repeats would be silent
for as long. So both clocks are compared every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta, timezone
from time import monotonic
from types import TracebackType
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from calbot import faults
from calbot.core.settings import Weekday
from calbot.errors import StorageUnavailable


class Log(Protocol):
    def warning(self, msg: str, *args: object) -> None: ...

    def error(self, msg: str, *args: object) -> None: ...


Ring = Callable[[], Awaitable[None]]

_FIRST_PAUSE = 30.0  # seconds until an alarm that failed rings again; doubled each time it fails
_LONGEST_PAUSE = 900.0
_UNLIMITED = 1_000_000
_LOOK = 2.0  # seconds between two looks at the clocks: reminders are to be no more than five seconds late
_JUMP = 1.0  # seconds by which the clocks may part between two looks
_EXECUTOR = "calbot"
_SCHEDULER = "apscheduler.scheduler.calbot"


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class AlarmClock:
    """Implements the `Alarm` port; an async context manager that leaves nothing running behind.

    Late alarms ring late instead of being dropped (APScheduler drops after one second by default), missed repetitions
    ring once, and no alarm rings a second time while its first ring is still being answered: then it rings after that.
    An alarm that fails rings again by itself, as whoever was to set it anew may not have come to that.
    """

    def __init__(
        self,
        log: Log,
        *,
        wall: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = monotonic,
        look: float = _LOOK,
    ) -> None:
        self._log = log
        self._wall = wall
        self._steady = steady
        self._look = look
        self._watch: asyncio.Task[None] | None = None
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
        self._watch = asyncio.create_task(self._watch_clocks(), name="calbot clocks")
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

    def cron(self, name: str, clock: time, weekday: Weekday | None, zone: ZoneInfo, ring: Ring) -> None:
        day = None if weekday is None else weekday.value  # APScheduler counts weekdays as we do, and names them so too
        trigger = CronTrigger(day_of_week=day, hour=clock.hour, minute=clock.minute, second=clock.second, timezone=zone)
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
        if self._watch is not None:
            ringing.append(self._watch)
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

    async def _watch_clocks(self) -> None:
        while True:
            wall, steady = self._wall(), self._steady()
            await asyncio.sleep(self._look)
            jump = (self._wall() - wall).total_seconds() - (self._steady() - steady)
            if abs(jump) > _JUMP:
                self._log.warning("the clock jumped by %.1f seconds; the alarms are set anew", jump)
                self._set_anew()

    def _set_anew(self) -> None:
        """Ring at once what became due; and nothing that repeats waits for longer than it would if it began now."""
        now = self._wall()
        for job in self._scheduler.get_jobs():
            if isinstance(job.trigger, IntervalTrigger | CronTrigger):
                self._bring_forward(job, now)
        self._scheduler.wakeup()

    def _bring_forward(self, job: Job, now: datetime) -> None:
        earliest = job.trigger.get_next_fire_time(None, now)
        if isinstance(job.trigger, IntervalTrigger):
            earliest = now + job.trigger.interval  # the trigger counts on from the moment at which it was made
        if earliest is not None and (job.next_run_time is None or earliest < job.next_run_time):
            job.modify(next_run_time=earliest)

    def _add(self, trigger: DateTrigger | IntervalTrigger | CronTrigger, name: str, ring: Ring, *, once: bool) -> None:
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
            # Not while closing: whoever waits for what was cancelled to end would wait for this one instead.
            while not self._closing and (following := self._waiting.pop(name, None)) is not None:
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
        except StorageUnavailable as error:
            self._log.warning("alarm %s has to wait: %s", name, error.reason)
            if once:
                self._try_again(name, ring)
        except Exception as error:  # noqa: BLE001 - a border: an alarm that fails must not stop the clock
            self._log.error("alarm %s failed\n%s", name, faults.of(error))
            if once:
                self._try_again(name, ring)
        else:
            self._failures.pop(name, None)

    def _try_again(self, name: str, ring: Ring) -> None:
        """After a pause; not sooner either where the alarm was set anew before it failed."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        pause = min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
        earliest = self._wall() + timedelta(seconds=pause)
        ring = self._waiting.pop(name, ring)
        job = self._scheduler.get_job(name)
        if job is None:
            self._set(name, earliest, ring)
        elif job.next_run_time is not None and job.next_run_time < earliest:
            self._scheduler.reschedule_job(name, trigger=DateTrigger(earliest, timezone.utc))
