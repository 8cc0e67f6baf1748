"""Fixtures for all: a clock, a fresh database, the stores on it.

Databases are SQLite files. With `--database postgres` only what uses a database is run, on a PostgreSQL that is started
for it, in a schema of its own each, as maubot gives its instances one.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from mautrix.util.async_db import Database

from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores

from . import postgres as postgres_server
from .fakes.clock import FakeClock
from .fresh_schema import FreshSchema
from .planted import OTHERS, LeakDetector, found_in_logs
from .postgres import Postgres

# How long an example takes says more about the machine than about the code.
settings.register_profile("calbot", deadline=None)
settings.load_profile("calbot")

OpenDatabase = Callable[[], Awaitable[Database]]


DETECTOR = LeakDetector()

_USES_POSTGRES = {"postgres", "chosen_postgres"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=("sqlite", "postgres"), default="sqlite", help="what tests that need a database use"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs no database is not repeated on another one."""
    if config.getoption("database") == "postgres":
        if not postgres_server.is_installed():
            raise pytest.UsageError(postgres_server.NEEDED)
        others = [item for item in items if not _USES_POSTGRES & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


@pytest.fixture(scope="session", autouse=True)
def _everything_logged_is_read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also what servers in processes of their own log; that is read when the last of them has stopped."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    root.addHandler(DETECTOR)
    for name in OTHERS:  # a failed test would show the whole of what a client of theirs was sent
        logging.getLogger(name).setLevel(logging.WARNING)
    yield
    root.removeHandler(DETECTOR)
    assert not found_in_logs(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def _no_contents_in_logs() -> Iterator[None]:
    DETECTOR.take()
    yield
    assert not DETECTOR.take(), "contents were logged"


@pytest.fixture
def clock() -> FakeClock:
    """A Tuesday morning in winter."""
    return FakeClock(datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin")))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not postgres_server.is_installed():
        pytest.skip(postgres_server.NEEDED)
    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def chosen_postgres(request: pytest.FixtureRequest) -> Postgres | None:
    """None where files are used. Whatever opens a database has to ask for this."""
    if request.config.getoption("database") == "sqlite":
        return None
    chosen: Postgres = request.getfixturevalue("postgres")
    return chosen


@pytest.fixture(scope="session")
def fresh_schema(chosen_postgres: Postgres | None) -> FreshSchema | None:
    return None if chosen_postgres is None else FreshSchema(chosen_postgres)


@pytest.fixture
async def open_database(fresh_schema: FreshSchema | None, tmp_path: Path) -> AsyncIterator[OpenDatabase]:
    """Opens the test's database, each time by a new pool as after a restart; the pools are closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_() -> Database:
            if fresh_schema is not None:
                return await stack.enter_async_context(fresh_schema.opened())
            database = Database.create(f"sqlite:{tmp_path / 'calbot.db'}", upgrade_table=upgrade_table)
            stack.push_async_callback(database.stop)
            await database.start()
            return database

        yield open_
    if fresh_schema is not None:
        await fresh_schema.renew()


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database()


@pytest.fixture
def stores(database: Database) -> Stores:
    return Stores(database)
