"""What it costs to find that a calendar of 10,000 events did not change: requests, and CPU time of the bot itself.

The floor is a bare sync-collection REPORT by the same HTTP client with the same login, in the same run. `gateway` is
the question as the bot asks it, `sync` the whole round with the database. The server is a small one of our own, in a
process of its own: what it takes is not counted.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from yarl import URL

from calbot.core.model import Cursor
from calbot.dav import xml
from calbot.dav.transport import Transport
from calbot.services import sync

from .calendars import AUTHORIZATION, NAME, bot, counted, in_memory, settings_for, url_on

EVENTS = 10_000
ROUNDS = 12  # of each kind in turn
LOT = 20  # repetitions in a round: one alone is too short to be measured
# The question may cost this much more than its floor.
BOUND = 1.3


@dataclass(slots=True)
class Costs:
    """CPU seconds of single repetitions, and how many requests they made."""

    name: str
    seconds: list[float] = field(default_factory=list)
    requests: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def per_sync(self) -> float:
        return self.requests / (len(self.seconds) * LOT)


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        directory = Path(name)
        server = in_memory(directory, 1, EVENTS)
        async with server:
            costs = await measure(url_on(server, "c0"), directory)
    floor = costs[0]
    print(f"A calendar of {EVENTS:,} events that did not change")
    for one in costs:
        print(
            f"  {one.name:<8} {one.median * 1000:6.2f} ms CPU   {one.per_sync:4.2f} requests   "
            f"{one.median / floor.median:5.2f} x floor"
        )
    ratio = costs[1].median / floor.median
    good = ratio <= BOUND and all(one.per_sync == 1 for one in costs)
    print(f"  {'ok' if good else 'TOO MUCH'}: at most {BOUND} x floor and one request for an unchanged calendar")
    return 0 if good else 1


async def measure(url: str, directory: Path) -> list[Costs]:
    settings = settings_for(url)
    (account,) = settings.accounts.values()
    client = Transport(account)
    async with bot(settings, directory) as world, aclosing(client):
        await sync.pull(world, NAME)
        cursor = (await world.stores.calendars.state(NAME)).cursor or Cursor("")
        if await world.stores.calendars.count_ahead(NAME, world.clock()) < EVENTS // 20 or not cursor:
            raise SystemExit("the first sync did not bring the calendar")
        headers = {**AUTHORIZATION, "Depth": "0"}
        return await in_turn(
            {
                "floor": lambda: client.send("REPORT", URL(url), xml.sync_collection(cursor), headers),
                "gateway": lambda: world.gateway.changes(NAME, cursor),
                "sync": lambda: sync.pull(world, NAME),
            }
        )


async def in_turn(kinds: dict[str, Callable[[], Awaitable[object]]]) -> list[Costs]:
    costs = [Costs(name) for name in kinds]
    with counted() as traffic:
        for number in range(ROUNDS + 1):
            for one, ask in zip(costs, kinds.values(), strict=True):
                requests, begin = traffic.requests, time.process_time()
                for _ in range(LOT):
                    await ask()
                if number:  # the first round warms up
                    one.seconds.append((time.process_time() - begin) / LOT)
                    one.requests += traffic.requests - requests
    return costs


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
