"""The schema: made once, by numbered steps, beside tables of others."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from maubot.lib.plugin_db import ProxyPostgresDatabase
from mautrix.util.async_db import Database, PostgresDatabase, Scheme, UnsupportedDatabaseVersion, UpgradeTable

from calbot.core.model import CalendarName, EventId, RoomId
from calbot.db.migrations import upgrade_table
from calbot.db.schema import v1
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase
from tests.postgres import Postgres

from .filled import fill
from .schema_tables import columns

_SCHEMA = Path(v1.__file__).parent
# Each step that an installation may have, and the hash of what it does.
RELEASED = [(1, _SCHEMA / "v1.py", "402e840ed0aa941e082b098b079d8698c42ad405dceac85f7e5bfc8446fde903")]

OpenPlain = Callable[[UpgradeTable], Awaitable[Database]]

_FOREIGN = re.compile(r"^(mx_|crypto_|standalone_|version$)")


@pytest.fixture
async def open_plain(chosen_postgres: Postgres | None, tmp_path: Path) -> AsyncIterator[OpenPlain]:
    """Opens one database with whichever steps."""
    instance = f"old_{uuid.uuid4().hex}"
    async with AsyncExitStack() as stack:

        async def open_(steps: UpgradeTable) -> Database:
            if chosen_postgres is None:
                database = Database.create(f"sqlite:{tmp_path / 'old.db'}", upgrade_table=steps)
                stack.push_async_callback(database.stop)
            else:
                pool = Database.create(chosen_postgres.url(), db_args={"min_size": 1, "max_size": 1})
                assert isinstance(pool, PostgresDatabase)
                await pool.start()
                stack.push_async_callback(pool.stop)
                database = ProxyPostgresDatabase(pool, instance, 1, steps)
                stack.push_async_callback(database.delete)
            await database.start()
            return database

        yield open_


def _sorted(rows: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
    return sorted((tuple(row) for row in rows), key=repr)


async def _rows(database: Database, tables: Mapping[str, Mapping[str, str]]) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table, types in tables.items():
        rows = await database.fetch(f"SELECT {', '.join(types)} FROM {table}")
        are_truths = [type_ == "BOOLEAN" for type_ in types.values()]
        found[table] = [
            tuple(bool(one) if truth and one is not None else one for one, truth in zip(row, are_truths, strict=True))
            for row in rows
        ]
    return found


async def _copy(source: Database, target: Database) -> None:
    """Tables that others refer to come first, as the schema makes them first."""
    known = await columns(source)
    for table, rows in (await _rows(source, known)).items():
        if table != "inbox_position":
            places = ", ".join(f"${at}" for at in range(1, len(known[table]) + 1))
            names = ", ".join(known[table])
            await target.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


async def _indexes(database: Database) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
        if database.scheme == Scheme.SQLITE
        else "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%\\_key'"
    )
    return {row[0] for row in await database.fetch(query)}


async def test_a_second_start_changes_nothing(open_database: OpenDatabase) -> None:
    first = await open_database()
    await Stores(first).keeper.put("a", "1")
    second = await open_database()
    await upgrade_table.upgrade(second)
    assert await second.fetchval("SELECT version FROM version") == len(upgrade_table.upgrades)
    assert await Stores(second).keeper.get("a") == "1"


@pytest.mark.parametrize(("number", "file", "digest"), RELEASED)
def test_a_released_step_is_not_edited(number: int, file: Path, digest: str) -> None:
    """Installations have run it: what changes is a step of its own, at the end."""
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert upgrade_table.upgrades[number - 1].__module__ == f"calbot.db.schema.{file.stem}"


async def _as_of(version: int, open_plain: OpenPlain) -> Database:
    old = UpgradeTable()
    for step in upgrade_table.upgrades[:version]:
        old.register(step)
    return await open_plain(old)


async def test_an_installation_of_the_first_schema_keeps_what_it_has(open_plain: OpenPlain) -> None:
    old = await _as_of(1, open_plain)
    for statement in (
        "INSERT INTO kept (name, value) VALUES ('a', '1')",
        "INSERT INTO calendar_state (calendar, sync_cursor, failures) VALUES ('team', 'token', 0)",
        """INSERT INTO calendar_object (calendar, href, uid, data, recurring) VALUES
           ('team', '/1.ics', 'weekly', 'x', TRUE), ('team', '/2.ics', 'once', 'x', FALSE)""",
        """INSERT INTO message_subject (room, event_id, calendar, uid, recurrence_id)
           VALUES ('!room', '$card', 'team', 'once', '')""",
        "INSERT INTO room_preference (room, reminders) VALUES ('!room', '[600]')",
        """INSERT INTO inbox (event_id, room, sender, sent_at, ordinal, raw, state, picks, tries)
           VALUES ('$command', '!room', '@anna:example.org', 1, 1, '{}', 'running', '[]', 0)""",
    ):
        await old.execute(statement)
    await old.stop()

    new = await open_plain(upgrade_table)
    stores = Stores(new)
    assert await stores.keeper.get("a") == "1"
    assert (await stores.calendars.state(CalendarName("team"))).cursor is not None
    assert (await stores.preferences.room(RoomId("!room"))).reminders == (timedelta(minutes=10),)
    subjects = await stores.references.subjects(RoomId("!room"), EventId("$card"))
    assert [card.occurrence.uid for card in subjects] == ["once"]
    (waiting,) = await stores.inbox.unfinished()
    assert (waiting.event_id, waiting.changes, waiting.wrote) == ("$command", None, False)
    # Of which series there is more beyond what was expanded, is found out with the next look ahead.
    rows = await new.fetch("SELECT uid FROM calendar_object WHERE resumes IS NOT NULL")
    assert [row["uid"] for row in rows] == ["weekly"]


@pytest.mark.parametrize("version", [number for number, _, _ in RELEASED])
async def test_every_row_of_a_released_schema_is_kept(version: int, open_plain: OpenPlain, tmp_path: Path) -> None:
    """Whatever lies in its tables; only columns are added, with something in them that the stores can read."""
    old = UpgradeTable()
    for step in upgrade_table.upgrades[:version]:
        old.register(step)
    sample = Database.create(f"sqlite:{tmp_path / 'sample.db'}", upgrade_table=old)
    await sample.start()
    await fill(sample, rows=20, seed=version)
    before = await _as_of(version, open_plain)
    await _copy(sample, before)
    await sample.stop()
    known = await columns(before)
    rows = await _rows(before, known)
    assert sum(len(found) for found in rows.values()) > 300
    await before.stop()

    after = await open_plain(upgrade_table)
    assert await after.fetchval("SELECT version FROM version") == len(upgrade_table.upgrades)
    kept = {table: {name: known[table][name] for name in known[table]} for table in known}
    assert {table: _sorted(found) for table, found in (await _rows(after, kept)).items()} == {
        table: _sorted(found) for table, found in rows.items()
    }


@pytest.mark.parametrize("version", [number for number, _, _ in RELEASED])
async def test_an_upgraded_schema_is_a_new_one(
    version: int, open_plain: OpenPlain, open_database: OpenDatabase
) -> None:
    await (await _as_of(version, open_plain)).stop()
    upgraded, new = await open_plain(upgrade_table), await open_database()
    assert await columns(upgraded) == await columns(new)
    assert await _indexes(upgraded) == await _indexes(new)


async def test_a_database_of_a_newer_version_is_left_alone(open_plain: OpenPlain) -> None:
    database = await open_plain(upgrade_table)
    await database.execute("UPDATE version SET version = 99")
    await database.stop()
    with pytest.raises(UnsupportedDatabaseVersion):
        await open_plain(upgrade_table)


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
