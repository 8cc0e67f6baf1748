"""What 10,000 hostile calendar objects do to everybody else: `!meet liste` while they are read, and while nothing is.

The objects come to the bot as a sync brings them: they are read in a worker thread and set aside, or stored, in a real
SQLite file. Between two commands the loop is watched: `stall` is the longest time that nothing got its turn.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from mautrix.util.async_db import Database

from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.services import startup, sync
from calbot.services.world import InForce, World
from tests.core.ical_samples import calendar, event, single
from tests.fakes.alarm import FakeAlarm
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, BEN, CALENDAR, ROOM, Office, catalogs, settings

OBJECTS = 10_000
COMMANDS = 40
# What any command may be delayed by, against the usual one.
DELAY = 0.100
_NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
_START = "DTSTART:20200101T000000Z"
_HOURS, _MINUTES = (",".join(map(str, range(most))) for most in (24, 60))

# One in so many is of the kind that costs most: as much as is allowed.
_COSTLY = (
    single("DTSTART:00010101T000000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9"),
    single(_START, *["ATTENDEE;CN=x:mailto:a@b"] * 2_000),
    calendar(*["BEGIN:X\r\nEND:X"] * 20_000),
    single("DTSTART:20270201T000000Z", "RRULE:FREQ=HOURLY"),
    single(_START, f"SUMMARY{';A=1' * 100_000}:x"),
)
_COSTLY_EVERY = 200
_SAME_UID_EVERY = 10
_CHEAP = (
    single(_START, "RRULE:FREQ=SECONDLY"),
    single(_START, "RRULE:FREQ=SECONDLY;COUNT=1000000000"),
    single(_START, f"RRULE:FREQ=DAILY;BYHOUR={_HOURS};BYMINUTE={_MINUTES}"),
    single(_START, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    single(_START, "RRULE:FREQ=HOURLY;BYMINUTE=0,1"),
    single("DTSTART:00010101T000000Z", "RRULE:FREQ=DAILY;COUNT=1000000000;UNTIL=00020101"),
    single("DTSTART:99991231T235959Z", "DURATION:P999999W", "RRULE:FREQ=DAILY"),
    single(f"DTSTART;TZID=/{'a/' * 10_000}:20270124T100000"),
    single(_START, f"RDATE:{','.join(['20260101T000000Z'] * 30_000)}"),
    "BEGIN:VCALENDAR\r\n" * 1_000,
    calendar(
        event(_START, "RRULE:FREQ=DAILY;COUNT=3"),
        *[event(f"RECURRENCE-ID:202001{d:02}T000000Z", _START) for d in (1, 2)],
    ),
)


@dataclass(frozen=True, slots=True)
class Commands:
    seconds: list[float]
    stall: float

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]

    def __str__(self) -> str:
        return (
            f"median {statistics.median(self.seconds) * 1000:5.1f} ms   p95 {self.p95 * 1000:5.1f} ms   "
            f"most {max(self.seconds) * 1000:5.1f} ms   stall {self.stall * 1000:4.1f} ms"
        )


async def main() -> int:
    async with an_office() as office:
        for number in range(OBJECTS):
            kinds, place = (_COSTLY, number // _COSTLY_EVERY) if number % _COSTLY_EVERY == 0 else (_CHEAP, number)
            text = kinds[place % len(kinds)]
            if number % _SAME_UID_EVERY:
                text = text.replace("UID:uid-1", f"UID:uid-{number}")
            office.calendar.put(CALENDAR, f"hostile-{number}.ics", text)
        idle = await watched(office, None)
        began = time.perf_counter()
        reading = asyncio.create_task(sync.pull(office.world, CALENDAR), name="reading")
        busy = await watched(office, reading)
        await reading
        seconds = time.perf_counter() - began
        problems = await office.world.stores.calendars.count_problems(CALENDAR)
    print(f"{OBJECTS:,} hostile objects, read in {seconds:.0f} s; {problems:,} of them set aside")
    print(f"  !meet liste, nothing else  {idle}")
    print(f"  !meet liste, while reading {busy}")
    delay = max(busy.seconds) - statistics.median(idle.seconds)
    print(f"{'ok' if delay <= DELAY else 'TOO MUCH'}: a command is delayed by {delay * 1000:.0f} ms at most")
    return 0 if delay <= DELAY else 1


async def watched(office: Office, other: asyncio.Task[None] | None) -> Commands:
    """Commands one after the other; with some other work going on, spread over the time that it takes."""
    stall = 0.0

    async def tick() -> None:
        nonlocal stall
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            stall, last = max(stall, now - last - 0.001), now

    ticking = asyncio.create_task(tick(), name="stall")
    seconds: list[float] = []
    while len(seconds) < COMMANDS and (other is None or not other.done()):
        office.clock.advance(timedelta(minutes=1))
        began = time.perf_counter()
        await office.says("!meet liste")
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.01 if other is None else 0.25)
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    return Commands(seconds, stall)


@asynccontextmanager
async def an_office() -> AsyncIterator[Office]:
    clock = FakeClock(_NOW)
    chat, gateway, alarm = FakeChat(clock), FakeCalendarGateway((CALENDAR,)), FakeAlarm(clock)
    chat.add_room(ROOM, ANNA, BEN)
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as directory:
        database = Database.create(f"sqlite:{Path(directory) / 'calbot.db'}", upgrade_table=upgrade_table)
        await database.start()
        world = World(
            in_force=InForce.of(settings()),
            problems=(),
            stores=Stores(database),
            chat=chat,
            gateway=gateway,
            clock=clock,
            alarm=alarm,
            catalogs=catalogs(),
            log=logging.getLogger("bench"),
            version="0.0.0",
            began=clock(),
            remarks=tuple,
            passed=lambda _: None,
        )
        try:
            await startup.begin(world)
            await alarm.settle()
            yield Office(world, chat, gateway, clock, alarm)
        finally:
            await database.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
