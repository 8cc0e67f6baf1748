"""The database cannot be worked with for a while: people are told, nothing is half done, and afterwards all goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from mautrix.util.async_db import Database

from calbot.core.model import Kind
from calbot.errors import StorageUnavailable
from calbot.matrix import handlers
from calbot.ports import ChatEvent
from calbot.services import startup
from tests.postgres import Postgres

from .conftest import ANNA, BERLIN, CALENDAR, ROOM, Office

Trouble = Callable[[], AbstractAsyncContextManager[None]]

# What is written for it needs a page of its own.
NEW = f'!meet neu "Jour fixe" Mi 10 Uhr text:"{"x" * 6000}"'


def locked(database: Database, path: Path) -> Trouble:
    """Another program has begun to write to the file, and does not come to an end."""

    @asynccontextmanager
    async def trouble() -> AsyncIterator[None]:
        await database.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    return trouble


def full(database: Database, path: Path) -> Trouble:
    """No page can be added to the file, as where its disk has no room left."""

    @asynccontextmanager
    async def trouble() -> AsyncIterator[None]:
        await database.execute("CREATE TABLE filler (stuff TEXT)")
        pages = await database.fetchval("PRAGMA page_count")
        assert await database.fetchval(f"PRAGMA max_page_count = {pages}") == pages
        for size in (100_000, 4_000, 1_000, 100):
            with suppress(sqlite3.OperationalError):
                for _ in range(1000):
                    await database.execute("INSERT INTO filler (stuff) VALUES ($1)", "x" * size)
        yield
        await database.execute("DROP TABLE filler")
        await database.fetchval("PRAGMA max_page_count = 1000000")

    return trouble


def gone(server: Postgres) -> Trouble:
    @asynccontextmanager
    async def trouble() -> AsyncIterator[None]:
        server.stop()
        try:
            yield
        finally:
            server.start()  # not in a thread: with that it would end

    return trouble


def read_only(server: Postgres) -> Trouble:
    """What is asked has become a standby, or its disk is full and somebody has seen to that."""

    @asynccontextmanager
    async def trouble() -> AsyncIterator[None]:
        await _as_admin(server, "ALTER DATABASE postgres SET default_transaction_read_only = on")
        await cut_off(server)
        try:
            yield
        finally:
            await _as_admin(
                server,
                "SET default_transaction_read_only = off",
                "ALTER DATABASE postgres RESET default_transaction_read_only",
            )
            await cut_off(server)

    return trouble


async def cut_off(server: Postgres) -> None:
    """Every connection but this one is ended by the server."""
    await _as_admin(
        server,
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()""",
    )


async def _as_admin(server: Postgres, *statements: str) -> None:
    connection = await asyncpg.connect(server.url())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(params=["first", "second"])
def trouble(
    request: pytest.FixtureRequest, database: Database, chosen_postgres: Postgres | None, tmp_path: Path
) -> Trouble:
    first = request.param == "first"
    if chosen_postgres is not None:
        return gone(chosen_postgres) if first else read_only(chosen_postgres)
    return (locked if first else full)(database, tmp_path / "calbot.db")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_FIRST_DELAY", 0.01)
    monkeypatch.setattr(handlers, "_LONGEST_DELAY", 0.01)


async def said(office: Office, text: str) -> ChatEvent:
    """Received and recorded, but not acted on yet."""
    event = office.chat.says(ROOM, ANNA, text)
    raw = {
        "event_id": event.id,
        "room_id": event.room,
        "sender": event.sender,
        "origin_server_ts": event.at,
        "type": event.type,
        "content": event.content,
    }
    await office.world.stores.inbox.accept([raw], None)
    return event


async def posted(office: Office, kind: Kind) -> None:
    turns = (asyncio.sleep(0.01) for _ in range(2000))
    while not office.said(kind):
        await next(turns)


async def test_a_command_waits_and_is_then_done_once(office: Office, trouble: Trouble) -> None:
    event = await said(office, NEW)
    incoming = await office.world.stores.inbox.get(event.id)
    assert incoming is not None
    async with trouble():
        working = asyncio.create_task(office.handlers.on_event(event, incoming))
        await asyncio.wait_for(posted(office, Kind.ERROR), 20)
        assert not working.done()
    assert await asyncio.wait_for(working, 20)

    messages = [one.message for one in office.chat.posted if one.message is not None]
    assert [message.kind for message in messages] == [Kind.ERROR, Kind.MEETING]
    assert messages[0].data["code"] == "internal"
    assert "Ich versuche es weiter" in messages[0].text
    assert len(office.calendar.objects(CALENDAR)) == 1
    (agenda,) = await office.says("!meet liste")
    assert [item["title"] for item in agenda.data["items"]] == ["Jour fixe"]
    assert await office.world.stores.inbox.unfinished() == []


async def test_who_was_not_speaking_to_the_bot_is_told_nothing(office: Office, trouble: Trouble) -> None:
    event = await said(office, "Mahlzeit")
    incoming = await office.world.stores.inbox.get(event.id)
    assert incoming is not None
    async with trouble():
        working = asyncio.create_task(office.handlers.on_event(event, incoming))
        await asyncio.sleep(0.1)
    await asyncio.wait_for(working, 20)
    assert office.chat.posted == []


async def test_what_a_transaction_had_begun_is_gone(office: Office, trouble: Trouble) -> None:
    keeper = office.world.stores.keeper

    async def write() -> None:
        async with office.world.stores.transaction():
            await keeper.put("a", "1" * 5000)
            await keeper.get("a")
            await keeper.put("b", "1" * 5000)

    async with trouble():
        with pytest.raises(StorageUnavailable):
            await write()
    assert (await keeper.get("a"), await keeper.get("b")) == (None, None)
    await write()
    assert await keeper.get("b") == "1" * 5000


async def test_a_reminder_is_sent_once_when_it_is_over(office: Office, trouble: Trouble) -> None:
    await office.says(NEW)
    due = datetime(2026, 11, 25, 9, 45, tzinfo=BERLIN)
    async with trouble():
        with suppress(StorageUnavailable):  # the alarm clock would ring again
            await office.until(due)
    await startup.begin(office.world)
    await office.alarm.settle()
    await office.until(due + timedelta(hours=2))
    assert [message.data["title"] for message in office.said(Kind.REMINDER)] == ["Jour fixe"]


async def test_connections_that_were_cut_are_made_anew(office: Office, chosen_postgres: Postgres | None) -> None:
    if chosen_postgres is None:
        pytest.skip("a file has no connections to cut")
    for number in range(1, 4):
        await cut_off(chosen_postgres)
        (card,) = await office.says(f'!meet neu "Runde {number}" Mi {9 + number} Uhr')
        assert card.data["title"] == f"Runde {number}"


async def test_a_connection_that_is_cut_within_a_transaction(office: Office, chosen_postgres: Postgres | None) -> None:
    if chosen_postgres is None:
        pytest.skip("a file has no connections to cut")
    keeper = office.world.stores.keeper

    async def write() -> None:
        async with office.world.stores.transaction():
            await keeper.put("a", "1")
            assert await keeper.get("a") == "1"
            await cut_off(chosen_postgres)
            await keeper.put("b", "1")

    with pytest.raises(StorageUnavailable):
        await write()
    assert await keeper.get("a") is None
