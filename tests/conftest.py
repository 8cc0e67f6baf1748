"""Fixtures for all: a clock, a fresh database, the stores on it.

Databases are SQLite files; with a PostgreSQL URL in CALBOT_TEST_PG every test that uses one also runs there, in a
schema of its own.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import settings
from mautrix.util.async_db import Database

from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores

from .fakes.clock import FakeClock

# How long an example takes says more about the machine than about the code.
settings.register_profile("calbot", deadline=None)
settings.load_profile("calbot")

POSTGRES_URL = os.environ.get("CALBOT_TEST_PG", "")
ENGINES = ("sqlite", "postgres") if POSTGRES_URL else ("sqlite",)

OpenDatabase = Callable[[], Awaitable[Database]]


@pytest.fixture
def clock() -> FakeClock:
    """A Tuesday morning in winter."""
    return FakeClock(datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin")))


@asynccontextmanager
async def _schema() -> AsyncIterator[str]:
    name = f"calbot_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(POSTGRES_URL)
    try:
        await connection.execute(f"CREATE SCHEMA {name}")
        yield name
        await connection.execute(f"DROP SCHEMA {name} CASCADE")
    finally:
        await connection.close()


@pytest.fixture(params=ENGINES)
async def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenDatabase]:
    """Opens the test's database, each time by a new pool as after a restart; the pools are closed at the end."""
    async with AsyncExitStack() as stack:
        url, arguments = f"sqlite:{tmp_path / 'calbot.db'}", {}
        if request.param == "postgres":
            schema = await stack.enter_async_context(_schema())
            url, arguments = POSTGRES_URL, {"server_settings": {"search_path": schema}, "min_size": 1, "max_size": 4}

        async def open_() -> Database:
            database = Database.create(url, upgrade_table=upgrade_table, db_args=arguments)
            stack.push_async_callback(database.stop)
            await database.start()
            return database

        yield open_


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database()


@pytest.fixture
def stores(database: Database) -> Stores:
    return Stores(database)
