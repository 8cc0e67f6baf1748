"""Planning the reminders of 100,000 meetings with 3 lead times each: all at once, and after a few of them were moved.

What a change costs must not depend on how much else there is, so the same changes are made among 1,000 meetings. The
database is a real SQLite file. `stall` is the longest time that nothing else got a turn.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from mautrix.util.async_db import Database

from calbot.core.model import AccountName, CalendarName, Details, Href, Occurrence, RoomId, Timed, Uid
from calbot.core.settings import Account, Alarms, Calendar, Mention, Room, Secret, Settings
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.ports import StoredObject
from calbot.services import planning
from calbot.services.world import InForce, World
from tests.fakes.alarm import FakeAlarm
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

MANY, FEW = 100_000, 1_000
LEADS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=15))
CALENDARS = 10
CHANGES = (1, 10, 100)
ROUNDS = 15
# How much more a change among many may cost than the same among few; and how much more ten times the change may cost
# than in proportion.
BOUND = 2.0
_NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
_BERLIN = ZoneInfo("Europe/Berlin")
_LOT = 1_000
_TICK = 0.001


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    stall: float


async def main() -> int:
    few = await measure(FEW)
    many = await measure(MANY)
    print(f"{MANY:,} meetings, {len(LEADS)} lead times each")
    for name in ("from nothing", "nothing changed"):
        print(f"  all, {name:<16} {many[name].seconds:8.1f} s    stall {many[name].stall * 1000:4.0f} ms")
    for number in CHANGES:
        name = f"{number} moved"
        among = many[name].seconds / few[name].seconds
        print(
            f"  {name:<21} {many[name].seconds * 1000:8.2f} ms   stall {many[name].stall * 1000:4.0f} ms   "
            f"{among:4.2f} x as much as among {FEW:,}"
        )
    steps = [
        many[f"{larger} moved"].seconds / many[f"{smaller} moved"].seconds / (larger / smaller)
        for smaller, larger in pairwise(CHANGES)
    ]
    apart = [many[f"{number} moved"].seconds / few[f"{number} moved"].seconds for number in CHANGES]
    good = max(*steps, *apart) <= BOUND
    verdict = "ok" if good else "TOO MUCH"
    print(f"{verdict}: in proportion to the change within a factor of {BOUND}, whatever else is there")
    return 0 if good else 1


async def measure(meetings: int) -> dict[str, Cost]:
    async with bot() as world:
        for first in range(0, meetings, _LOT):
            await world.stores.calendars.put([stored(number) for number in range(first, min(first + _LOT, meetings))])
        costs = {
            "from nothing": await timed(partial(planning.replan_all, world)),
            "nothing changed": await timed(partial(planning.replan_all, world)),
        }
        waiting = await count_waiting(world, [stored(number).uid for number in range(10)])
        if waiting != 10 * len(LEADS):
            raise SystemExit(f"{waiting} reminders of 10 meetings wait")
        for number in CHANGES:
            rounds = [await moved(world, number, round) for round in range(ROUNDS)]
            costs[f"{number} moved"] = Cost(
                statistics.median(one.seconds for one in rounds), max(one.stall for one in rounds)
            )
    return costs


async def moved(world: World, number: int, round: int) -> Cost:
    """Meetings of one calendar are moved, as a sync finds it, and planned again."""
    later = timedelta(minutes=round + 1)
    objects = [stored(place * CALENDARS, later) for place in range(number)]
    await world.stores.calendars.put(objects)

    async def replan() -> None:
        async with world.stores.transaction():
            await planning.replan(world, objects[0].calendar, [one.uid for one in objects], _NOW)

    return await timed(replan)


async def count_waiting(world: World, uids: Sequence[Uid]) -> int:
    return len(await world.stores.reminders.about(uids))


async def timed(work: Callable[[], Awaitable[None]]) -> Cost:
    stall = 0.0

    async def tick() -> None:
        nonlocal stall
        last = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            stall, last = max(stall, now - last - _TICK), now

    ticking = asyncio.create_task(tick(), name="stall")
    await asyncio.sleep(_TICK)
    began = time.perf_counter()
    await work()
    seconds = time.perf_counter() - began
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    return Cost(seconds, stall)


def stored(number: int, later: timedelta = timedelta(0)) -> StoredObject:
    """A meeting in one of the calendars, some day of the next half year."""
    calendar, uid = _calendar(number % CALENDARS), Uid(f"meeting-{number}")
    start = _NOW + timedelta(days=2, minutes=number * 7 % (180 * 24 * 60)) + later
    href = Href(f"/{calendar}/{uid}.ics")
    when = Timed(start, start + timedelta(hours=1))
    occurrence = Occurrence(calendar, href, uid, None, when, Details(title="Jour fixe", location="Raum 4.12"))
    return StoredObject(calendar, href, None, uid, "", recurring=False, problem=None, occurrences=(occurrence,))


def _calendar(number: int) -> CalendarName:
    return CalendarName(f"calendar-{number}")


@asynccontextmanager
async def bot() -> AsyncIterator[World]:
    """With a room for each calendar."""
    account = Account(AccountName("city"), "https://dav.example.org/", "calbot", Secret("x"))
    names = [_calendar(number) for number in range(CALENDARS)]
    settings = Settings(
        accounts={account.name: account},
        calendars={name: Calendar(name, account.name, f"https://dav.example.org/{name}/") for name in names},
        rooms={RoomId(f"!{name}:example.org"): _room(name) for name in names},
    )
    clock = FakeClock(_NOW)
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as directory:
        database = Database.create(f"sqlite:{Path(directory) / 'calbot.db'}", upgrade_table=upgrade_table)
        await database.start()
        try:
            yield World(
                in_force=InForce.of(settings),
                problems=(),
                stores=Stores(database),
                chat=FakeChat(clock),
                gateway=FakeCalendarGateway(names),
                clock=clock,
                alarm=FakeAlarm(clock),
                catalogs={},
                log=logging.getLogger("bench"),
                version="0.0.0",
                began=_NOW,
                remarks=tuple,
                passed=lambda _: None,
            )
        finally:
            await database.stop()


def _room(calendar: CalendarName) -> Room:
    return Room(
        id=RoomId(f"!{calendar}:example.org"),
        calendars=(calendar,),
        write_to=calendar,
        language="de",
        timezone=_BERLIN,
        duration=timedelta(hours=1),
        reminders=LEADS,
        alarms=Alarms.USE,
        mention=Mention.ATTENDEES,
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
