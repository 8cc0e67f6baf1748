"""What it costs to find that a calendar of 1,000 events did not change: requests, and CPU time of the bot itself.

The floor is a bare sync-collection REPORT by the same HTTP client with the same login, in the same run. `gateway` is
the question as the bot asks it, `sync` the whole round with the database. The server is a real Radicale.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import niquests
from caldav.async_davclient import AsyncDAVClient
from mautrix.util.async_db import Database

from calbot.core.model import AccountName, CalendarName, Cursor
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav import xml
from calbot.dav.gateway import DavGateway
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.services import sync
from calbot.services.world import InForce, World
from demo import caldav_servers
from demo.process import LOOPBACK, free_port
from tests.fakes.alarm import FakeAlarm
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

EVENTS = 1_000
ROUNDS = 12  # of each kind in turn
LOT = 20  # repetitions in a round: one alone is too short to be measured
USER, PASSWORD = "svc-calbot", "bench"
NAME = CalendarName("team")
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
        server = caldav_servers.radicale(directory / "radicale", free_port(), passwords={USER: PASSWORD}, shared=USER)
        async with server:
            url = f"http://{LOOPBACK}:{server.port}/{USER}/team/"
            await fill(url)
            costs = await measure(url, directory)
    floor = costs[0]
    for one in costs:
        print(
            f"{one.name:<8} {one.median * 1000:6.2f} ms CPU   {one.per_sync:4.2f} requests   "
            f"{one.median / floor.median:5.2f} x floor"
        )
    ratio = costs[1].median / floor.median
    good = ratio <= BOUND and all(one.per_sync == 1 for one in costs)
    print(f"{'ok' if good else 'TOO MUCH'}: at most {BOUND} x floor and one request for an unchanged calendar")
    return 0 if good else 1


async def fill(url: str) -> None:
    """One upload of the whole collection, which is quick."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:event-{n}\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Event {n}\r\n"
        f"DTSTART:2027{n % 12 + 1:02}{n % 28 + 1:02}T090000Z\r\nDURATION:PT1H\r\n"
        f"{'RRULE:FREQ=WEEKLY' if n % 10 == 0 else 'LOCATION:Raum 4'}\r\nEND:VEVENT\r\n"
        for n in range(EVENTS)
    )
    data = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//bench//EN\r\n{events}END:VCALENDAR\r\n"
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "text/calendar; charset=utf-8"}
    async with aiohttp.ClientSession(headers=headers) as http, http.put(url, data=data.encode()) as answer:
        answer.raise_for_status()


async def measure(url: str, directory: Path) -> list[Costs]:
    account = Account(AccountName("city"), url, USER, Secret(PASSWORD))
    settings = Settings(accounts={account.name: account}, calendars={NAME: Calendar(NAME, account.name, url)})
    database = Database.create(f"sqlite:{directory / 'calbot.db'}", upgrade_table=upgrade_table)
    await database.start()
    bare = AsyncDAVClient(
        url=url,
        username=USER,
        password=PASSWORD,
        auth_type="basic",
        features={"http.multiplexing": {"support": "unsupported"}},
        headers={"Accept-Encoding": "identity"},
        enable_rfc6764=False,
    )
    try:
        async with DavGateway(settings) as gateway:
            world = world_with(settings, Stores(database), gateway)
            await sync.pull(world, NAME)
            state = await world.stores.calendars.state(NAME)
            if await world.stores.calendars.count_ahead(NAME, world.clock()) < EVENTS // 20 or not state.cursor:
                raise SystemExit("the first sync did not bring the calendar")
            return await in_turn(
                {
                    "floor": lambda: report(bare, url, state.cursor or Cursor("")),
                    "gateway": lambda: gateway.changes(NAME, state.cursor),
                    "sync": lambda: sync.pull(world, NAME),
                }
            )
    finally:
        await bare.close()
        await database.stop()


def world_with(settings: Settings, stores: Stores, gateway: DavGateway) -> World:
    clock = FakeClock(datetime(2026, 11, 23, 10, tzinfo=timezone.utc))
    return World(
        in_force=InForce.of(settings),
        problems=(),
        stores=stores,
        chat=FakeChat(clock),
        gateway=gateway,
        clock=clock,
        alarm=FakeAlarm(clock),
        catalogs={},
        log=logging.getLogger("bench"),
        version="0.0.0",
        began=clock(),
        remarks=tuple,
        passed=lambda _: None,
    )


async def report(client: AsyncDAVClient, url: str, cursor: Cursor) -> None:
    answer = await client.session.request(
        "REPORT",
        url,
        data=xml.sync_collection(cursor),
        headers={**client.headers, "Content-Type": "application/xml; charset=utf-8", "Depth": "0"},
        auth=client.auth,
        timeout=20,
    )
    if answer.status_code != 207 or not answer.content:
        raise SystemExit(f"the server answered {answer.status_code}")


async def in_turn(kinds: dict[str, Callable[[], Awaitable[object]]]) -> list[Costs]:
    costs = [Costs(name) for name in kinds]
    send = niquests.AsyncSession.request
    sent = 0

    async def counted(session: niquests.AsyncSession, *arguments: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        return await send(session, *arguments, **options)

    with patch.object(niquests.AsyncSession, "request", counted):
        for number in range(ROUNDS + 1):
            for one, ask in zip(costs, kinds.values(), strict=True):
                requests, begin = sent, time.process_time()
                for _ in range(LOT):
                    await ask()
                if number:  # the first round warms up
                    one.seconds.append((time.process_time() - begin) / LOT)
                    one.requests += sent - requests
    return costs


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
