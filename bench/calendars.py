"""What the benchmarks of synchronisation have in common: a large calendar on a real server, the bot without a room,
and what it sends and receives."""

from __future__ import annotations

import asyncio
import base64
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
from mautrix.util.async_db import Database

from calbot.core.model import AccountName, CalendarName
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.services.world import InForce, World
from demo import caldav_servers
from demo.process import LOOPBACK, ServerProcess, answers, free_port
from tests.fakes.alarm import FakeAlarm
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

from .events import calendar_of

USER, PASSWORD = "svc-calbot", "bench"
NAME = CalendarName("team")
NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
AUTHORIZATION = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
_ROOT = Path(__file__).parents[1]
_XML = {"Content-Type": "application/xml; charset=utf-8"}


def radicale(directory: Path) -> ServerProcess:
    return caldav_servers.radicale(directory / "radicale", free_port(), passwords={USER: PASSWORD}, shared=USER)


def url_on(server: ServerProcess, name: str = NAME) -> str:
    return f"http://{LOOPBACK}:{server.port}/{USER}/{name}/"


def fill(directory: Path, events: int) -> None:
    """Put a calendar where Radicale stores it; one event in five is a series. An upload would take it minutes."""
    place = directory / "radicale" / "collections" / "collection-root" / USER / NAME
    place.mkdir(parents=True)
    (place / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
    for number in range(events):
        (place / f"event-{number}.ics").write_text(calendar_of(number, recurring=number % 5 == 0), newline="")


def in_memory(directory: Path, calendars: int, events: int) -> ServerProcess:
    """The small server of ours, which costs next to nothing."""
    port = free_port()
    argv = [sys.executable, "-m", "bench.caldav_server", str(port), str(calendars), str(events)]
    ready = partial(answers, f"http://{LOOPBACK}:{port}/{USER}/none/")
    return ServerProcess("caldav", argv, directory, port, ready, env={"PYTHONPATH": str(_ROOT)})


def settings_for(url: str) -> Settings:
    account = Account(AccountName("city"), url, USER, Secret(PASSWORD), timeout=120.0)
    return Settings(accounts={account.name: account}, calendars={NAME: Calendar(NAME, account.name, url)})


@asynccontextmanager
async def bot(settings: Settings, directory: Path) -> AsyncIterator[World]:
    """The bot with a database and a gateway of its own, and no room."""
    database = Database.create(f"sqlite:{directory / 'calbot.db'}", upgrade_table=upgrade_table)
    await database.start()
    try:
        async with DavGateway(settings) as gateway:
            clock = FakeClock(NOW)
            yield World(
                in_force=InForce.of(settings),
                problems=(),
                stores=Stores(database),
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
    finally:
        await database.stop()


async def report(http: aiohttp.ClientSession, url: str, body: bytes, depth: str = "0") -> bytes:
    """A bare REPORT, by the HTTP client that the bot uses."""
    headers = {**AUTHORIZATION, **_XML, "Depth": depth, "Accept-Encoding": "identity"}
    async with http.request("REPORT", url, data=body, headers=headers, allow_redirects=False) as answer:
        content = await answer.read()
        if answer.status != 207 or not content:
            raise SystemExit(f"the server answered {answer.status}")
        return content


@dataclass(slots=True)
class Traffic:
    requests: int = 0


@contextmanager
def counted() -> Iterator[Traffic]:
    """Counts what is sent by the HTTP client from now on."""
    traffic = Traffic()
    send = aiohttp.ClientSession._request

    async def counting(session: aiohttp.ClientSession, *arguments: Any, **options: Any) -> Any:
        traffic.requests += 1
        return await send(session, *arguments, **options)

    with patch.object(aiohttp.ClientSession, "_request", counting):
        yield traffic


@dataclass(slots=True)
class Stalls:
    """How long the event loop was not free, in seconds: each time that a tick came late."""

    late: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.late, default=0.0)


@asynccontextmanager
async def watched(tick: float = 0.005) -> AsyncIterator[Stalls]:
    stalls = Stalls()

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(tick)
            stalls.late.append(time.perf_counter() - before - tick)

    task = asyncio.create_task(watch())
    try:
        yield stalls
    finally:
        task.cancel()
        await asyncio.wait([task])
