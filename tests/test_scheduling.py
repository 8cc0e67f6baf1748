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


async def test_closing_twice_is_no_error() -> None:
    async with AlarmClock(LOG) as alarms:
        pass
    await alarms.aclose()
