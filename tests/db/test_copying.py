"""The copy from SQLite to PostgreSQL: everything or nothing, and the bot goes on with it."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from maubot.lib.plugin_db import ProxyPostgresDatabase
from mautrix.util.async_db import Database, PostgresDatabase, UpgradeTable

from calbot import copying
from calbot.core.settings import Sync
from calbot.db.migrations import upgrade_table
from calbot.db.schema import v1
from calbot.db.stores import Stores
from calbot.services import startup
from tests.fakes.clock import FakeClock
from tests.postgres import PASSWORD, Postgres
from tests.services.conftest import ANNA, ROOM, open_office

from .filled import fill
from .schema_tables import columns


@pytest.fixture
def instance() -> str:
    return f"copy-{uuid.uuid4().hex}"


@pytest.fixture
async def target(postgres: Postgres, instance: str) -> AsyncIterator[Database]:
    """The database that maubot gives the instance; the schema is made by whoever starts it."""
    pool = Database.create(postgres.url(), db_args={"min_size": 1, "max_size": 3})
    assert isinstance(pool, PostgresDatabase)
    await pool.start()
    database = ProxyPostgresDatabase(pool, instance, 3, upgrade_table)
    yield database
    await database.delete()
    await pool.stop()


@asynccontextmanager
async def source(path: Path) -> AsyncIterator[Database]:
    database = Database.create(f"sqlite:{path}", upgrade_table=upgrade_table)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


async def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, booleans as such, in an order that does not depend on how a database sorts text."""
    found = {}
    for table, unsorted in (await columns(database)).items():
        types = dict(sorted(unsorted.items()))
        rows = await database.fetch(f"SELECT {', '.join(types)} FROM {table}")
        found[table] = sorted(
            (
                tuple(
                    bool(value) if type_ == "BOOLEAN" and value is not None else value
                    for value, type_ in zip(row, types.values(), strict=True)
                )
                for row in rows
            ),
            key=repr,
        )
    return found


@pytest.mark.parametrize("seed", range(5))
async def test_everything_is_equal_afterwards(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await fill(database, rows=3 + 10 * seed, seed=seed)
        before = await contents(database)
    with copying.opened(path) as file:
        copied = await copying.copy(file, postgres.url(), f"mbp_{instance}")
    await target.start()
    after = await contents(target)
    assert sum(len(rows) for rows in before.values()) > 100
    assert after == before
    assert copied == {table: len(rows) for table, rows in before.items()}


async def test_lots_that_are_not_full_are_copied_too(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await database.execute(
            """WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 2500)
               INSERT INTO kept (name, value) SELECT 'name ' || n, 'value' FROM many"""
        )
    with copying.opened(path) as file:
        copied = await copying.copy(file, postgres.url(), f"mbp_{instance}")
    await target.start()
    assert copied["kept"] == 2500
    assert await target.fetchval("SELECT COUNT(DISTINCT name) FROM kept") == 2500


async def test_the_bot_goes_on_with_the_copy(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        office = await open_office(Stores(database), clock, Sync())
        for number in range(1, 4):
            await office.says(f'!meet neu "Runde {number}" Mi {9 + number} Uhr')
        (listed,) = await office.says("!meet liste")
    with copying.opened(path) as file:
        await copying.copy(file, postgres.url(), f"mbp_{instance}")

    await target.start()
    office.world = replace(office.world, stores=Stores(target))
    await startup.begin(office.world)
    await office.alarm.settle()
    await office.resume()
    (again,) = await office.says("!meet liste")
    assert again.text == listed.text
    # New rows get numbers that none of the old ones has.
    (card,) = await office.says('!meet neu "Runde 4" Mi 14 Uhr')
    assert card.data["title"] == "Runde 4"
    assert {said.data["title"] for said in await office.says("!meet absagen 2")} == {"Runde 2"}
    (left,) = await office.says("!meet liste")
    assert [item["title"] for item in left.data["items"]] == ["Runde 1", "Runde 3", "Runde 4"]
    planned = await target.fetch("SELECT uid FROM reminder WHERE recipient = $1 AND state <> 'cancelled'", ROOM)
    assert len({row["uid"] for row in planned}) == 3
    assert ANNA in {row["sender"] for row in await target.fetch("SELECT sender FROM inbox")}


async def is_untouched(target: Database, instance: str) -> bool:
    pool = target._underlying_pool  # type: ignore[attr-defined] # to look without making the schema
    return not await pool.fetchval("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", f"mbp_{instance}")


async def refusal(path: Path, url: str, instance: str) -> str:
    with pytest.raises(copying.CopyError) as refused, copying.opened(path) as file:
        await copying.copy(file, url, f"mbp_{instance}")
    return str(refused.value)


async def test_a_target_with_rows_is_left_as_it_is(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await Stores(database).keeper.put("a", "old")
    await target.start()
    await Stores(target).keeper.put("a", "new")
    assert await refusal(path, postgres.url(), instance) == (
        f"the target is not empty: there are rows in mbp_{instance}.kept"
    )
    assert await Stores(target).keeper.get("a") == "new"


async def test_a_target_that_was_only_made_is_filled(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await Stores(database).keeper.put("a", "1")
        await database.execute("UPDATE inbox_position SET token = 's1', ordinal = 7")
    await target.start()
    with copying.opened(path) as file:
        await copying.copy(file, postgres.url(), f"mbp_{instance}")
    assert await Stores(target).keeper.get("a") == "1"
    assert await Stores(target).inbox.token() == "s1"


async def test_what_the_bot_has_received_already_counts_as_rows(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path):
        pass
    await target.start()
    await target.execute("UPDATE inbox_position SET token = 's1'")
    assert "inbox_position" in await refusal(path, postgres.url(), instance)


async def test_a_source_of_another_version_is_refused(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    first = UpgradeTable()
    first.register(v1.upgrade)
    old = Database.create(f"sqlite:{tmp_path / 'old.db'}", upgrade_table=first)
    await old.start()
    await old.stop()
    said = await refusal(tmp_path / "old.db", postgres.url(), instance)
    assert said.endswith(f"has schema 1, this calbot has {len(upgrade_table.upgrades)}: start this calbot with it once")

    async with source(tmp_path / "new.db") as database:
        await database.execute("UPDATE version SET version = 99")
    said = await refusal(tmp_path / "new.db", postgres.url(), instance)
    assert said.endswith("copy it with the calbot that wrote it")
    assert await is_untouched(target, instance)


async def test_no_database_of_calbot(postgres: Postgres, target: Database, instance: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as file:
        file.execute("CREATE TABLE version (version INTEGER)")
    file.close()
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to have a header" * 20)
    assert await refusal(other, postgres.url(), instance) == f"{other} is not a database of calbot"
    assert "not a database" in await refusal(text, postgres.url(), instance)
    assert await refusal(tmp_path / "none.db", postgres.url(), instance) == f"{tmp_path / 'none.db'}: no such file"
    assert await is_untouched(target, instance)
    assert not (tmp_path / "none.db").exists()


async def test_what_postgresql_cannot_hold_leaves_nothing_half_copied(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await fill(database, rows=5, seed=1)
        await database.execute("UPDATE vote SET sent_at = 'soon'")
    said = await refusal(path, postgres.url(), instance)
    assert said == "there is a value in vote.sent_at that a column of type bigint cannot hold"
    assert await is_untouched(target, instance)


async def test_a_number_too_large(postgres: Postgres, target: Database, instance: str, tmp_path: Path) -> None:
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await database.execute("INSERT INTO calendar_state (calendar, failures) VALUES ('team', 3000000000)")
    said = await refusal(path, postgres.url(), instance)
    assert said == "there is a value in calendar_state.failures that a column of type integer cannot hold"
    assert await is_untouched(target, instance)


async def test_a_copy_that_is_not_equal_is_taken_back(
    postgres: Postgres, target: Database, instance: str, tmp_path: Path
) -> None:
    """Somebody's trigger changes what is written; the copy is compared before it becomes visible."""
    path = tmp_path / "calbot.db"
    async with source(path) as database:
        await Stores(database).keeper.put("a", "1")
    await target.start()
    await target.execute(
        """CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN NEW.value := 'other'; RETURN NEW; END$$"""
    )
    await target.execute("CREATE TRIGGER other BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION other()")
    assert (
        await refusal(path, postgres.url(), instance) == f"what was written to mbp_{instance}.kept is not what was read"
    )
    assert await Stores(target).keeper.get("a") is None


def make(path: Path) -> None:
    async def made() -> None:
        async with source(path) as database:
            await Stores(database).keeper.put("a", "1")

    asyncio.run(made())


def test_the_command_says_what_it_copied(
    postgres: Postgres,
    instance: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "calbot.db"
    path.touch()
    out = StringIO()
    arguments = [str(path), postgres.url().replace(f":{PASSWORD}@", "@"), "--schema", f"mbp_{instance}"]
    assert copying.main(arguments, StringIO(), out) == 1
    assert "is not a database of calbot; nothing was copied" in capsys.readouterr().err
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    make(path)
    assert copying.main(arguments, StringIO(), out) == 0
    assert "kept\t1\n" in out.getvalue()
    assert out.getvalue().splitlines()[-1].startswith("copied and compared: 2 rows of ")
    assert copying.main(arguments, StringIO(), out) == 1
    assert "the target is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody:{secret}@127.0.0.1:{port}/postgres", "PostgreSQL refuses"),
        ("postgresql://postgres:{secret}@127.0.0.1:{port}/none", "PostgreSQL refuses"),
        ("postgresql://postgres:{secret}@127.0.0.1:9/postgres", "PostgreSQL cannot be reached"),
        ("postgresql://postgres:{secret}@127.0.0.1:{port}/postgres?sslmode=nonsense", "the URL of the target"),
    ],
)
def test_a_password_is_never_told(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    path, out = tmp_path / "calbot.db", StringIO()
    make(path)
    target = url.format(secret="wrong-Kranichfeder", port=postgres.port)
    assert copying.main([str(path), target], StringIO(), out) == 1
    told = out.getvalue() + "".join(capsys.readouterr())
    assert said in told
    assert "Kranichfeder" not in told


@pytest.mark.parametrize("url", ["sqlite:x.db", "postgresql://u:hidden@h:port/db", "mysql://u:hidden@h/db", ""])
def test_what_is_no_url_of_postgresql_is_a_wrong_argument(capsys: pytest.CaptureFixture[str], url: str) -> None:
    with pytest.raises(SystemExit) as ended:
        copying.main(["x.db", url], StringIO(), StringIO())
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "postgresql://" in said
    assert "hidden" not in said
