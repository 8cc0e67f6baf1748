"""The alarm clock rings on time, late rather than never, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone

import pytest

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
