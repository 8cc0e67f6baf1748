"""Transactions end, whatever happens to the task that opened them."""

from __future__ import annotations

import asyncio

import pytest
from mautrix.util.async_db import Database

from calbot.db.stores import Stores
from calbot.db.transaction import Transactor, _to_the_end
from tests.conftest import OpenDatabase


@pytest.fixture
def sql(database: Database) -> Transactor:
    return Transactor(database)


async def test_what_is_written_inside_takes_effect_together(stores: Stores) -> None:
    async with stores.transaction():
        await stores.keeper.put("a", "1")
        await stores.keeper.put("b", "2")
    assert await stores.keeper.get("a") == "1"
    assert await stores.keeper.get("b") == "2"


async def test_an_exception_undoes_everything(stores: Stores) -> None:
    async def fail() -> None:
        async with stores.transaction():
            await stores.keeper.put("a", "1")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    assert await stores.keeper.get("a") is None


async def test_an_inner_transaction_belongs_to_the_outer(stores: Stores) -> None:
    async def fail() -> None:
        async with stores.transaction():
            async with stores.transaction():
                await stores.keeper.put("a", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await stores.keeper.get("a") is None


async def test_what_was_written_inside_is_read_inside(sql: Transactor) -> None:
    async with sql.transaction():
        await sql.execute("INSERT INTO kept (name, value) VALUES ($1, $2)", "a", "1")
        await sql.execute_many("INSERT INTO kept (name, value) VALUES ($1, $2)", [("b", "2"), ("c", "3")])
        assert await sql.value("SELECT COUNT(*) FROM kept") == 3
        await sql.execute("DELETE FROM kept WHERE name = $1", "a")
    assert await sql.value("SELECT COUNT(*) FROM kept") == 2


async def test_what_is_wrong_with_a_statement_shows_at_the_end_at_the_latest(sql: Transactor) -> None:
    async def fail() -> None:
        async with sql.transaction():
            await sql.execute("INSERT INTO kept (name, value) VALUES ($1, $2)", "a", "1")
            await sql.execute("INSERT INTO kept (name, value) VALUES ($1, $2)", "a", "2")

    with pytest.raises(Exception, match=r"(?i)unique"):
        await fail()
    assert await sql.rows("SELECT * FROM kept") == []
    await sql.execute("INSERT INTO kept (name, value) VALUES ($1, $2)", "a", "3")
    assert await sql.value("SELECT value FROM kept") == "3"


async def test_a_transaction_without_statements_does_nothing(sql: Transactor) -> None:
    async with sql.transaction():
        pass
    with pytest.raises(RuntimeError):
        async with sql.transaction():
            raise RuntimeError
    assert await sql.rows("SELECT * FROM kept") == []


async def test_a_cancelled_transaction_is_undone_and_the_next_one_works(
    stores: Stores, open_database: OpenDatabase
) -> None:
    """With mautrix's own transaction() the second one fails, and its write is gone at the next start."""
    inside = asyncio.Event()

    async def interrupted() -> None:
        async with stores.transaction():
            await stores.keeper.put("lost", "1")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(interrupted())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with stores.transaction():
        await stores.keeper.put("kept", "1")
    reopened = Stores(await open_database())
    assert await reopened.keeper.get("lost") is None
    assert await reopened.keeper.get("kept") == "1"


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_at_any_turn_of_the_loop(stores: Stores, turns: int) -> None:
    """Be it in BEGIN, a statement or COMMIT: both writes are there, or none, and the database goes on working."""

    async def write() -> None:
        async with stores.transaction():
            await stores.keeper.put("a", "1")
            await stores.keeper.put("b", "1")

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert (await stores.keeper.get("a")) == (await stores.keeper.get("b"))
    async with stores.transaction():
        await stores.keeper.put("c", "1")
    assert await stores.keeper.get("c") == "1"


async def test_a_task_started_inside_is_not_part_of_it(stores: Stores) -> None:
    async def aside() -> None:
        await stores.keeper.put("aside", "1")

    started: list[asyncio.Task[None]] = []

    async def fail() -> None:
        async with stores.transaction():
            await stores.keeper.put("inside", "1")
            started.append(asyncio.create_task(aside()))
            await asyncio.sleep(0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await asyncio.gather(*started)
    assert await stores.keeper.get("inside") is None
    assert await stores.keeper.get("aside") == "1"


async def test_transactions_of_many_tasks_do_not_mix(sql: Transactor) -> None:
    await sql.execute("INSERT INTO kept (name, value) VALUES ('n', '0')")

    async def count_up() -> None:
        async with sql.transaction():
            value = int(await sql.value("UPDATE kept SET value = value WHERE name = 'n' RETURNING value"))
            await asyncio.sleep(0)
            await sql.execute("UPDATE kept SET value = $1 WHERE name = 'n'", str(value + 1))

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert await sql.value("SELECT value FROM kept WHERE name = 'n'") == "20"


async def test_many_rows_go_in_together_or_not_at_all(sql: Transactor) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        await sql.execute_many("INSERT INTO kept (name, value) VALUES ($1, $2)", [("a", "1"), ("b", "2"), ("a", "3")])
    assert await sql.rows("SELECT * FROM kept") == []


async def test_a_failing_commit_leaves_nothing_open(sql: Transactor) -> None:
    """A foreign key that is checked at the end only makes COMMIT itself fail."""
    await sql.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    await sql.execute("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with sql.transaction():
            await sql.execute("INSERT INTO child (id) VALUES (1)")
    async with sql.transaction():
        await sql.execute("INSERT INTO parent (id) VALUES (1)")
    assert await sql.value("SELECT COUNT(*) FROM parent") == 1
    assert await sql.value("SELECT COUNT(*) FROM child") == 0


async def test_work_goes_to_its_end_before_a_cancellation_comes_through() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    task = asyncio.create_task(_to_the_end(work()))
    await begun.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
