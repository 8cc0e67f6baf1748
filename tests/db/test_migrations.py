"""The schema: made once, by numbered steps, beside tables of others."""

from __future__ import annotations

import re
from pathlib import Path

from mautrix.util.async_db import Database

from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase

_FOREIGN = re.compile(r"^(mx_|crypto_|standalone_|version$)")


async def test_a_second_start_changes_nothing(open_database: OpenDatabase) -> None:
    first = await open_database()
    await Stores(first).keeper.put("a", "1")
    second = await open_database()
    await upgrade_table.upgrade(second)
    assert await second.fetchval("SELECT version FROM version") == len(upgrade_table.upgrades)
    assert await Stores(second).keeper.get("a") == "1"


async def test_no_table_is_named_as_maubots_own(tmp_path: Path) -> None:
    database = Database.create(f"sqlite:{tmp_path / 'names.db'}", upgrade_table=upgrade_table)
    await database.start()
    try:
        rows = await database.fetch("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'version'")
        names = [row["name"] for row in rows]
    finally:
        await database.stop()
    assert "occurrence" in names
    assert [name for name in names if _FOREIGN.match(name)] == []


async def test_two_instances_have_a_database_each(tmp_path: Path) -> None:
    databases = [
        Database.create(f"sqlite:{tmp_path / name}.db", upgrade_table=upgrade_table) for name in ("one", "two")
    ]
    for database in databases:
        await database.start()
    try:
        one, two = map(Stores, databases)
        async with one.transaction():
            await one.keeper.put("a", "1")
            assert await two.keeper.get("a") is None
            await two.keeper.put("a", "2")
        assert await one.keeper.get("a") == "1"
        assert await two.keeper.get("a") == "2"
        assert await one.keeper.secret("links") != await two.keeper.secret("links")
    finally:
        for database in databases:
            await database.stop()
