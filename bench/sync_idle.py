"""2,000 idle calendars on one server: how evenly they are asked for, what that costs, and whether memory stays flat.

Twice: in one home, where one request looks at all of them; and each in a collection of its own, where each is looked at
by itself. The server is a small one of our own, in a process of its own. Time is a simulated one: what is measured is
CPU and memory, over 1,000 looks at the home, and 20,000 at single calendars.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from calbot.core.model import AccountName, CalendarName, RoomId
from calbot.core.settings import Calendar, Settings, Sync
from calbot.services import looking
from calbot.services.world import World
from tests.fakes.alarm import FakeAlarm, Ring
from tests.fakes.clock import FakeClock
from tests.services.conftest import settings as office_settings

from .calendars import NOW, bot, in_memory, settings_for, url_on

CALENDARS = 2_000
INTERVAL = timedelta(minutes=5)
ROUNDS = 1_000
PER_CALENDAR = 0.05  # requests in a round, where one looks at all
GROWTH = 8.0  # MiB of the process, over all rounds
CPU = 0.25  # seconds a round of a home; it is read and compared at least once a minute


class QueueAlarm(FakeAlarm):
    """Holds thousands of single alarms, and nothing that repeats itself."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._now = clock
        self._queue: list[tuple[datetime, str, Ring]] = []

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._once[name] = (when, ring)
        heapq.heappush(self._queue, (when, name, ring))

    async def pass_until(self, end: datetime) -> None:
        while self._queue and self._queue[0][0] <= end:
            when, name, ring = heapq.heappop(self._queue)
            if self._once.get(name) == (when, ring):
                del self._once[name]
                self._now.set(max(when, self._now()))
                await ring()
        self._now.set(max(end, self._now()))


@dataclass(frozen=True, slots=True)
class Idle:
    requests: int
    rounds: int
    busiest: int  # requests in a second of the first minutes
    cpu: float
    growth: float  # MiB


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        directory = Path(name)
        server = in_memory(directory, CALENDARS, 0)
        async with server:
            together = await measure(settings(url_on(server, "{}")), made(directory / "together"), ROUNDS)
            alone = await measure(settings(url_on(server, "{}"), apart=True), made(directory / "alone"), 10)
    print(f"{CALENDARS:,} idle calendars on one server")
    for label, one in (("in one home", together), ("each by itself", alone)):
        print(
            f"  {label:<15} {one.requests / one.rounds / CALENDARS:7.4f} requests a calendar and interval   "
            f"busiest second {one.busiest:3}   {one.cpu / one.rounds * 1000:6.1f} ms CPU an interval   "
            f"{one.growth:+5.2f} MiB"
        )
    good = (
        together.requests / together.rounds / CALENDARS <= PER_CALENDAR
        and max(together.busiest, alone.busiest) <= CALENDARS // 20
        and together.cpu / together.rounds <= CPU
        and max(together.growth, alone.growth) <= GROWTH
    )
    print(
        f"  {'ok' if good else 'TOO MUCH'}: at most {PER_CALENDAR} requests a calendar in one home, "
        f"{CALENDARS // 20} in a second, {CPU * 1000:.0f} ms, {GROWTH} MiB"
    )
    return 0 if good else 1


def made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def settings(url: str, *, apart: bool = False) -> Settings:
    """`apart`: as many accounts as there are calendars do not share what they see."""
    base = settings_for(url.format("c0"))
    (account,) = base.accounts.values()
    accounts = {account.name: account}
    calendars = {}
    for number in range(CALENDARS):
        owner = AccountName(f"city-{number // 2}") if apart else account.name
        accounts.setdefault(owner, replace(account, name=owner))
        name = CalendarName(f"c{number}")
        calendars[name] = Calendar(name, owner, url.format(name))
    (room,) = office_settings().rooms.values()
    rooms = {RoomId("!all:example.org"): replace(room, id=RoomId("!all:example.org"), calendars=tuple(calendars))}
    sync = Sync(interval=INTERVAL, max_interval=INTERVAL)
    return replace(base, accounts=accounts, calendars=calendars, rooms=rooms, sync=sync)


async def measure(configured: Settings, directory: Path, rounds: int) -> Idle:
    async with bot(configured, directory) as idle:
        clock = FakeClock(NOW)
        alarm = QueueAlarm(clock)
        world = replace(idle, clock=clock, alarm=alarm)
        seen: Counter[int] = Counter()
        watch(world, seen)
        began = clock()
        await looking.start(world)
        # First all are read.
        await alarm.pass_until(clock() + 2 * INTERVAL)
        before = await settled(alarm, clock)
        requests, cpu, start = seen.total(), time.process_time(), clock()
        await alarm.pass_until(start + INTERVAL * rounds)
        spent = time.process_time() - cpu
        asked = seen.total() - requests
        growth = await settled(alarm, clock) - before
        first = [count for second, count in seen.items() if second - began.timestamp() < 120]
        return Idle(asked, rounds, max(first), spent, growth / (1 << 20))


async def settled(alarm: QueueAlarm, clock: FakeClock) -> int:
    """What the process has after a round more, without what is only waiting to be collected."""
    await alarm.pass_until(clock() + INTERVAL)
    gc.collect()
    return resident()


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def watch(world: World, seen: Counter[int]) -> None:
    """Count requests by the second of the simulated clock."""
    for client in world.gateway._accounts.values():  # type: ignore[attr-defined]
        send = client._transport.send

        async def counting(*arguments: object, send: object = send) -> object:
            seen[int(world.clock().timestamp())] += 1
            return await send(*arguments)  # type: ignore[operator]

        client._transport.send = counting


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
