"""The alarm clock rings on time, late rather than never, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.settings import Weekday
from calbot.scheduling import AlarmClock

LOG = logging.getLogger("test.alarms")


def now() -> datetime:
    return datetime.now(timezone.utc)


async def test_an_alarm_whose_time_is_over_rings_at_once() -> None:
    rang = asyncio.Event()

    async def ring() -> None:
        rang.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("late", now() - timedelta(days=2), ring)
        await asyncio.wait_for(rang.wait(), 5)


async def test_a_later_alarm_of_the_same_name_replaces_the_earlier() -> None:
    rings: list[str] = []
    done = asyncio.Event()

    async def first() -> None:
        rings.append("first")

    async def second() -> None:
        rings.append("second")
        done.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("same", now() + timedelta(hours=1), first)
        alarms.at("same", now(), second)
        await asyncio.wait_for(done.wait(), 5)
        assert rings == ["second"]


async def test_a_cancelled_alarm_is_silent_and_cancelling_an_unknown_one_is_no_error() -> None:
    rings: list[str] = []
    done = asyncio.Event()

    async def ring() -> None:
        rings.append("cancelled")

    async def other() -> None:
        done.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("gone", now() + timedelta(milliseconds=1), ring)
        alarms.cancel("gone")
        alarms.cancel("never set")
        alarms.at("other", now() + timedelta(milliseconds=2), other)
        await asyncio.wait_for(done.wait(), 5)
    assert rings == []


async def test_closing_cancels_what_is_being_answered_and_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    begun, cleaned = asyncio.Event(), asyncio.Event()

    async def ring() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    async with AlarmClock(LOG) as alarms:
        alarms.every("long", 3600, ring)
        alarms.at("long", now(), ring)
        await asyncio.wait_for(begun.wait(), 5)
    assert cleaned.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_alarm_that_fails_is_logged_and_the_clock_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()

    async def fails() -> None:
        raise RuntimeError("broken ring")

    async def ring() -> None:
        done.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("fails", now(), fails)
        alarms.at("works", now() + timedelta(milliseconds=20), ring)
        await asyncio.wait_for(done.wait(), 5)
    assert "alarm fails failed" in caplog.text


async def test_an_alarm_set_while_it_is_being_answered_rings_after_that() -> None:
    """APScheduler's own limit of instances throws such an alarm away: the bot sent no reminder any more."""
    rings: list[str] = []
    done = asyncio.Event()

    async def ring() -> None:
        rings.append("begun")
        await asyncio.sleep(0.01)
        rings.append("ended")
        if len(rings) < 6:
            alarms.at("reminders", now() - timedelta(seconds=1), ring)
        else:
            done.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("reminders", now(), ring)
        await asyncio.wait_for(done.wait(), 5)
    assert rings == ["begun", "ended"] * 3


async def test_an_alarm_set_from_elsewhere_while_it_is_being_answered_is_kept() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def first() -> None:
        begun.set()
        await go_on.wait()

    async def second() -> None:
        assert go_on.is_set()
        done.set()

    async def other() -> None:
        go_on.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("same", now(), first)
        await asyncio.wait_for(begun.wait(), 5)
        alarms.at("same", now(), second)
        alarms.at("other", now() + timedelta(milliseconds=20), other)
        await asyncio.wait_for(done.wait(), 5)


@pytest.mark.parametrize("sets_itself", [True, False])
async def test_an_alarm_that_failed_rings_again(monkeypatch: pytest.MonkeyPatch, sets_itself: bool) -> None:
    """A database that was locked for a moment must not make the bot deaf for a calendar, nor spin."""
    monkeypatch.setattr("calbot.scheduling._FIRST_PAUSE", 0.05)
    rang: list[datetime] = []
    done = asyncio.Event()

    async def ring() -> None:
        rang.append(now())
        if len(rang) == 3:
            done.set()
            return
        if sets_itself:
            alarms.at("sync", now() - timedelta(seconds=1), ring)
        raise RuntimeError("database is locked")

    async with AlarmClock(LOG) as alarms:
        alarms.at("sync", now(), ring)
        await asyncio.wait_for(done.wait(), 5)
    assert rang[1] - rang[0] >= timedelta(milliseconds=40)
    assert rang[2] - rang[1] >= timedelta(milliseconds=80)


async def test_closing_twice_is_no_error() -> None:
    async with AlarmClock(LOG) as alarms:
        pass
    await alarms.aclose()


async def test_rings_leave_no_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    done = asyncio.Event()

    async def ring() -> None:
        done.set()

    async with AlarmClock(LOG) as alarms:
        alarms.at("quiet", now(), ring)
        await asyncio.wait_for(done.wait(), 5)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("apscheduler")] == []


class Clocks:
    """The wall clock and the steady one, as somebody sets them. The real one is what APScheduler rings by."""

    def __init__(self) -> None:
        self.jumped = timedelta()
        self.looks = 0
        self.looked = asyncio.Event()  # often enough to have compared them

    def wall(self) -> datetime:
        self.looks += 1
        if self.looks >= 5:
            self.looked.set()
        return now() + self.jumped

    def steady(self) -> float:
        return time.monotonic()


async def test_after_a_jump_back_what_repeats_does_not_wait_for_the_clock_to_come_round_again() -> None:
    """As after a start with a clock that was years ahead: no calendar would have been looked at for as long."""
    rings: list[str] = []
    done = asyncio.Event()

    async def every() -> None:
        rings.append("every")
        done.set()

    async def cron() -> None:
        raise AssertionError("not due")

    async def once() -> None:
        raise AssertionError("not due")

    clocks = Clocks()
    async with AlarmClock(LOG, wall=clocks.wall, steady=clocks.steady, look=0.01) as alarms:
        alarms.every("every", 1, every)
        tomorrow = now() + timedelta(days=1)
        alarms.cron("cron", tomorrow.time().replace(microsecond=0), None, ZoneInfo("UTC"), cron)
        alarms.at("once", now() + timedelta(days=400), once)
        jobs = {job.id: job for job in alarms._scheduler.get_jobs()}
        for name in ("every", "cron"):
            jobs[name].modify(next_run_time=now() + timedelta(days=365))
        await asyncio.wait_for(clocks.looked.wait(), 5)
        clocks.jumped = -timedelta(seconds=2)
        await asyncio.wait_for(done.wait(), 5)
        assert jobs["cron"].next_run_time <= tomorrow + timedelta(seconds=1)
        assert jobs["once"].next_run_time > now() + timedelta(days=399)
    assert rings == ["every"]


async def test_after_a_suspension_what_became_due_meanwhile_rings_at_once() -> None:
    """The event loop sleeps on for as long as it was to sleep before the machine was suspended."""
    done = asyncio.Event()

    async def ring() -> None:
        done.set()

    clocks = Clocks()
    async with AlarmClock(LOG, wall=clocks.wall, steady=clocks.steady, look=0.01) as alarms:
        alarms.at("reminders", now() + timedelta(milliseconds=200), ring)
        await asyncio.wait_for(clocks.looked.wait(), 5)
        alarms._scheduler._timeout.cancel()  # what is left of the sleep is longer than any test
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(done.wait(), 0.3)
        clocks.jumped = timedelta(seconds=2)
        await asyncio.wait_for(done.wait(), 5)


async def test_clocks_that_go_alike_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    clocks = Clocks()
    async with AlarmClock(LOG, wall=clocks.wall, steady=clocks.steady, look=0.001):
        await asyncio.wait_for(clocks.looked.wait(), 5)
    assert "jumped" not in caplog.text


@pytest.mark.parametrize("weekday", [None, *Weekday])
async def test_it_rings_when_a_clock_somewhere_shows_a_time(weekday: Weekday | None) -> None:
    async def ring() -> None:
        raise AssertionError("not due")

    zone = ZoneInfo("Asia/Tokyo")
    async with AlarmClock(LOG) as alarms:
        local = (now() + timedelta(hours=1)).astimezone(zone)
        alarms.cron("agenda", local.time().replace(microsecond=0), weekday, zone, ring)
        due = alarms._scheduler.get_job("agenda").next_run_time.astimezone(zone)
        assert due.time() == local.time().replace(microsecond=0)
        assert due - local < timedelta(days=1 if weekday is None else 7)
        assert weekday is None or due.weekday() == weekday.number
        alarms.cron("agenda", local.time(), Weekday.MON, zone, ring)
        assert len(alarms._scheduler.get_jobs()) == 1


async def test_a_ring_by_the_clock_repeats_and_one_that_fails_is_no_end_to_it(caplog: pytest.LogCaptureFixture) -> None:
    failed, rang = asyncio.Event(), asyncio.Event()

    async def ring() -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("broken ring")
        rang.set()

    async with AlarmClock(LOG) as alarms:
        alarms.cron("agenda", dt.time(12), None, ZoneInfo("UTC"), ring)
        job = alarms._scheduler.get_job("agenda")
        job.modify(next_run_time=now())
        await asyncio.wait_for(failed.wait(), 5)
        assert job.next_run_time > now()
        job.modify(next_run_time=now())
        await asyncio.wait_for(rang.wait(), 5)
    assert "alarm agenda failed" in caplog.text


async def test_what_waits_for_a_ring_to_end_does_not_ring_when_that_is_cut_short() -> None:
    """It did, and where it took as long as the first the clock could not be closed."""
    rings = 0
    rang = asyncio.Event()

    async def ring() -> None:
        nonlocal rings
        rings += 1
        rang.set()
        await asyncio.Event().wait()

    async def other() -> None:
        asked.set()

    asked = asyncio.Event()
    alarms = AlarmClock(LOG)
    async with alarms:
        alarms.at("same", now(), ring)
        await asyncio.wait_for(rang.wait(), 5)
        alarms.at("same", now(), ring)
        alarms.at("other", now(), other)
        await asyncio.wait_for(asked.wait(), 5)
        await asyncio.wait_for(alarms.aclose(), 5)
    assert rings == 1
