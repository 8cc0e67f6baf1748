"""What a request for a calendar feed costs: unchanged, sent, and put together anew, against an empty answer of aiohttp.

One room with 500 events, of them 50 series, behind maubot's own web server. The CPU of the whole process is measured,
the client's as well, which is the same in each row.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession, web
from mautrix.util.async_db import Database

from calbot.core.feeds import feed_digest, feed_secret
from calbot.core.model import CalendarObject, EventId, Href
from calbot.core.settings import Sync
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.ports import Feed
from calbot.services import digesting
from calbot.web.pages import Pages
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, CALENDAR, LOG, ROOM, Office, open_office

from .calendars import NOW
from .events import calendar_of

EVENTS, SERIES = 500, 50
REQUESTS = 400
BUILDS = 10
UNCHANGED = 4.0  # times an empty answer
SENT = 6.0
BUILD = 1000.0


async def main() -> int:
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="calbot-bench-"))
        database = Database.create(f"sqlite:{Path(directory) / 'bot.db'}", upgrade_table=upgrade_table)
        await database.start()
        stack.push_async_callback(database.stop)
        office = await open_office(Stores(database), FakeClock(NOW), Sync())
        await fill(office)
        secret = feed_secret(b"bench", EventId("$bench"))
        await office.world.stores.feeds.save(Feed(ANNA, ROOM, feed_digest(secret), NOW))
        app = web.Application()
        app.router.add_get("/empty", empty)
        Pages(office.world, LOG).register(app.router)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        session = await stack.enter_async_context(ClientSession(auto_decompress=False))
        return await measure(office, session, base, f"{base}/feed/{secret}.ics")


async def fill(office: Office) -> None:
    objects = [
        CalendarObject(Href(f"/{number}.ics"), None, calendar_of(number, recurring=number < SERIES))
        for number in range(EVENTS)
    ]
    await office.world.stores.calendars.put(await digesting.digest(office.world, CALENDAR, objects, NOW))


async def empty(_: web.Request) -> web.Response:
    return web.Response(status=304)


async def measure(office: Office, session: ClientSession, base: str, feed: str) -> int:
    async def get(url: str, tag: str = "") -> str:
        async with session.get(url, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}) as response:
            await response.read()
            return response.headers.get("ETag", "")

    async def build() -> None:
        await office.world.stores.calendars.remove(CALENDAR, [Href("/none.ics")])
        await get(feed)

    await get(feed)
    office_clock = office.clock
    office_clock.advance(timedelta(minutes=2))
    tag = await get(feed)
    floor = await cost(lambda: get(f"{base}/empty"), REQUESTS)
    rows = (
        ("unchanged (304)", await cost(lambda: get(feed, tag), REQUESTS, office), UNCHANGED),
        ("sent, compressed", await cost(lambda: get(feed), REQUESTS, office), SENT),
        ("put together anew", await cost(build, BUILDS, office), BUILD),
    )
    print(f"a feed of {EVENTS} events, {SERIES} of them series; an empty answer costs {floor * 1000:.2f} ms")
    missed = False
    for label, seconds, limit in rows:
        ratio = seconds / floor
        missed |= ratio > limit
        print(f"  {label:20} {seconds * 1000:8.2f} ms  {ratio:6.1f} times that (limit {limit:g})")
    return 1 if missed else 0


async def cost(request: Callable[[], Awaitable[object]], times: int, office: Office | None = None) -> float:
    """CPU seconds of one request, with one member list asked for in each minute."""
    gc.collect()
    began = time.process_time()
    for number in range(times):
        if office is not None and number % 10 == 0:
            office.clock.advance(timedelta(seconds=6))
        await request()
    return (time.process_time() - began) / times


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
