"""A maubot without its program, database server and web page: the client, its instances and the loader are its own.

With it comes what a test wants to know of such a process: what runs, waits and is open in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from maubot.client import Client
from maubot.db import init as init_database
from maubot.db import upgrade_table
from maubot.instance import PluginInstance
from maubot.lib.state_store import PgStateStore
from maubot.loader import ZippedPluginLoader
from maubot.plugin_server import PluginWebApp
from mautrix.types import UserID
from mautrix.util.async_db import Connection, Database, PostgresDatabase

from .servers import ADMIN, ANNA, BOT, ROOM

PLUGIN = "io.calbot"
# The environment names the PostgreSQL database here in which instances have their schemas; else each has a file.
POSTGRES = "CALBOT_TEST_POSTGRES"

Report = dict[str, Any]

_OF_THE_POOL = {"PoolConnectionHolder.release", "Connection._cancel"}


class Routes:
    """Where maubot's web server keeps the routes of plugins."""

    def __init__(self) -> None:
        self.apps: dict[str, PluginWebApp] = {}

    def get_instance_subapp(self, instance: str) -> tuple[PluginWebApp, str]:
        return self.apps.setdefault(instance, cast("Any", PluginWebApp)()), f"http://127.0.0.1/{instance}/"

    def remove_instance_webapp(self, instance: str) -> None:
        self.apps.pop(instance).clear()


@dataclass
class Server:
    """What clients and instances ask of maubot's program."""

    loop: asyncio.AbstractEventLoop
    config: Mapping[str, Any]
    server: Routes
    db: Database
    state_store: PgStateStore
    crypto_db: None = None
    plugin_postgres_db: PostgresDatabase | None = None


@dataclass(frozen=True)
class Traces:
    """What a plugin can leave behind."""

    tasks: Counter[str]
    handlers: Counter[str]
    routes: Counter[str]
    files: Counter[str]
    threads: Counter[str]
    alarm_clocks: Counter[str]
    sessions: Counter[str]  # of HTTP, not closed yet, by what they call themselves

    @property
    def seasons(self) -> tuple[int, int]:
        """How many sets there are of what depends on the settings: alarm clocks, and sessions with calendar servers."""
        return self.alarm_clocks.total(), self.sessions["calbot"]

    def beyond(self, before: Traces) -> Report:
        """What there is more of than before, under its kind; empty kinds left out."""
        kinds = {kind: sorted((now - getattr(before, kind)).elements()) for kind, now in vars(self).items()}
        return {kind: left for kind, left in kinds.items() if left}


class Log(logging.Handler):
    """What is logged, by anybody. The event loop, too, says there as an error what it finds wrong."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.name}: {record.getMessage()}"
        self.lines.append(line)
        if record.levelno >= logging.ERROR:
            self.errors.append(f"{line}: {record.exc_info[1]!r}" if record.exc_info else line)
        self._came.set()

    async def until(self, text: str) -> None:
        """Wait for a line with this text."""
        while not any(text in line for line in self.lines):
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), 10)


@dataclass
class Maubot:
    """A client in a maubot, the package loaded, and the people on the homeserver."""

    directory: Path
    homeserver: str
    calendars: str
    loader: ZippedPluginLoader
    client: Client
    routes: Routes
    postgres: PostgresDatabase | None
    unraisable: list[str] = field(default_factory=list)
    log: Log = field(default_factory=Log)

    def settings(self, **changes: object) -> str:
        """As an admin would type them; JSON is YAML."""
        base: dict[str, Any] = {
            "command_prefix": "!meet",
            "admins": [ADMIN],
            "accounts": {"city": {"url": f"{self.calendars}/", "username": "svc", "password": "secret"}},
            "calendars": {"it-team": {"account": "city", "url": "it-team/"}},
            "rooms": {ROOM: {"calendars": ["it-team"]}},
        }
        return json.dumps({**base, **changes})

    async def instance(self, name: str, config: str) -> PluginInstance:
        """A new one, not started."""
        instance: PluginInstance | None = await PluginInstance.get(name, type=PLUGIN, primary_user=self.client.id)
        if instance is None:
            raise AssertionError("get() makes what is not there")
        instance.config_str = config
        await instance.update()
        await instance.load()
        return instance

    async def meddle(self, instance: PluginInstance, statement: str) -> None:
        """What somebody else does to the instance's database while it is stopped or cannot start."""
        if self.postgres is not None:
            async with cast("AbstractAsyncContextManager[Connection]", self.postgres.acquire_direct()) as connection:
                before = await connection.fetchval("SHOW search_path")
                await connection.execute(f"SET search_path = mbp_{instance.id}")
                await connection.execute(statement)
                await connection.execute(f"SET search_path = {before}")
        else:
            with contextlib.closing(sqlite3.connect(self.directory / f"{instance.id}.db")) as file:
                file.execute(statement)

    async def stop(self, instance: PluginInstance) -> None:
        """As an admin stops it. maubot logs what goes wrong there, no more."""
        await asyncio.wait_for(instance.stop(), 20)

    async def traces(self) -> Traces:
        # maubot's pool takes connections back in its own time; from a busy one, by means of another.
        if own := [task for task in asyncio.all_tasks() if _name(task) in _OF_THE_POOL]:
            await asyncio.wait(own, timeout=10)
        gc.collect()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        client = self.client.client
        handlers = [
            f"{event}: {getattr(handler, '__qualname__', handler)}"
            for event, known in client.event_handlers.items()
            for handler in known
        ]
        handlers += [str(handler) for handler in client.global_event_handlers]
        handlers += [str(handler) for known in client.event_middlewares.values() for handler in known]
        clocks, sessions = [], []
        for one in gc.get_objects():
            if isinstance(one, AsyncIOScheduler) and one.running:
                clocks.append(one)
            elif isinstance(one, aiohttp.ClientSession) and not one.closed:
                sessions.append(one)
        routes = [f"{name}: {route}" for name, app in self.routes.apps.items() for route in app.routes()]
        return Traces(
            tasks=Counter(map(_name, tasks)),
            handlers=Counter(handlers),
            routes=Counter(routes),
            files=Counter(_open_files()),
            # Those of the loop's own pool stay for whoever needs them next.
            threads=Counter(thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")),
            alarm_clocks=Counter(type(clock).__name__ for clock in clocks),
            sessions=Counter(session.headers.get("User-Agent", "") for session in sessions),
        )

    async def say(self, body: str, sender: str = ANNA) -> None:
        async with aiohttp.ClientSession() as people:
            await people.post(f"{self.homeserver}/test/say", json={"body": body, "sender": sender})

    async def sent(self, count: int) -> list[Mapping[str, Any]]:
        """What the bots have said since the homeserver began, once it is that much or time is up."""
        async with (
            aiohttp.ClientSession() as people,
            people.get(f"{self.homeserver}/test/sent", params={"count": str(count)}) as response,
        ):
            return list(await response.json())

    async def asked(self, count: int) -> None:
        """Wait until that many requests to the calendar server were left without an answer."""
        async with (
            aiohttp.ClientSession() as people,
            people.get(f"{self.calendars}/test/asked/{count}") as response,
        ):
            response.raise_for_status()

    async def answers(self, *said: str, sender: str = ANNA) -> list[str]:
        """The first lines of what is said to this; one answer for each is waited for."""
        before = len(await self.sent(0))
        for body in said:
            await self.say(body, sender)
            heard = await self.sent(before + 1)
            before = len(heard)
        return [message["body"].split("\n")[0] for message in heard[-len(said) :]]


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", str(task))


def _open_files() -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            # Sockets and pipes are told apart by a number, which says nothing.
            found.append(os.readlink(f"/proc/self/fd/{descriptor}").partition(":[")[0])
    return found


def plugin_modules() -> dict[str, str]:
    return {
        name: str(getattr(module, "__file__", None))
        for name, module in sys.modules.items()
        if name.partition(".")[0] == "calbot"
    }


@contextlib.asynccontextmanager
async def _plugin_postgres() -> AsyncIterator[PostgresDatabase | None]:
    """maubot's own connections, all there from the beginning: one that an instance leaves open is seen then."""
    url = os.environ.get(POSTGRES)
    if url is None:
        yield None
        return
    database = Database.create(url, db_args={"min_size": 6, "max_size": 6})
    if not isinstance(database, PostgresDatabase):
        raise TypeError(url)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@contextlib.asynccontextmanager
async def running(package: Path, homeserver: str, calendars: str) -> AsyncIterator[Maubot]:
    directory = package.parent
    database = Database.create(f"sqlite:{directory / 'maubot.db'}", upgrade_table=upgrade_table)
    init_database(database)
    await database.start()
    stack = contextlib.AsyncExitStack()
    try:
        states = PgStateStore(database)
        await states.upgrade_table.upgrade(database)
        routes = Routes()
        config = {
            "plugin_databases.sqlite": str(directory),
            "plugin_databases.postgres_max_conns_per_plugin": 3,
            "api_features.instance_database": False,
        }
        postgres = await stack.enter_async_context(_plugin_postgres())
        server = cast("Any", Server(asyncio.get_running_loop(), config, routes, database, states, None, postgres))
        Client.init_cls(server)
        PluginInstance.init_cls(server)
        loader = ZippedPluginLoader.get(str(package))
        await loader.load()
        client = await Client.get(UserID(BOT), homeserver=homeserver, access_token="token", device_id=cast("Any", ""))
        if client is None:
            raise AssertionError("get() makes what is not there")
        client.enabled, client.sync, client.autojoin = True, False, False
        await client.start()
        maubot = Maubot(directory, homeserver, calendars, loader, client, routes, postgres)
        sys.unraisablehook = lambda what: maubot.unraisable.append(f"{what.exc_value!r} in {what.object!r}")
        logging.getLogger().addHandler(maubot.log)
        try:
            yield maubot
        finally:
            await client.stop()
            await client.http_client.close()
    finally:
        await stack.aclose()
        await database.stop()
