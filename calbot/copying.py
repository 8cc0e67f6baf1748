"""`python -m calbot copy`: takes an instance's SQLite file over into PostgreSQL.

Everything happens in one transaction, which ends well only after the copy was read back and found equal.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, urlsplit

import asyncpg
from mautrix.util.async_db import Connection, Database, Scheme, UnsupportedDatabaseVersion
from yarl import URL

from calbot.db.migrations import upgrade_table

_LOT = 1000
_VERSION = "version"  # where mautrix keeps the number of the last step
# Rows that the schema itself comes with, as long as nobody has changed them.
_UNTOUCHED = {"inbox_position": "token IS NULL AND ordinal = 0"}
_BITS = {"bigint": 63, "integer": 31, "smallint": 15}  # besides the sign

_DESCRIPTION = """\
Copies the database of one instance from its SQLite file into PostgreSQL. Stop the instance first, and let it be
stopped until maubot uses PostgreSQL for it: what it writes after the copy stays behind in the file.

maubot keeps each instance in a schema of its own, which it calls mbp_ and the instance's ID: name it with --schema.
The schema is made if it is not there; if it has data, nothing is copied. The file is only read. The copy becomes
visible as a whole, after it was read back and compared; after an error the target is as it was.

In standalone mode the file also holds what belongs to the Matrix client, such as its keys: that is not copied.
"""
_EPILOG = """\
The password may be part of the URL, but others on the machine can see it there; better give it in PGPASSWORD or in
~/.pgpass.

  PGPASSWORD=… python -m calbot copy plugins/calendar.db postgresql://maubot@db/maubot --schema mbp_calendar

exit code: 0 copied, 1 nothing was copied, 2 wrong arguments
"""


class CopyError(Exception):
    """What is said is for the person who typed the command; no contents, no password."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # as PostgreSQL names it
    is_identity: bool


Tables = Mapping[str, Sequence[Column]]  # those that others refer to come first


@dataclass(slots=True)
class Checksum:
    """Of rows in any order: databases sort text differently."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            self.rows += 1
            digest = hashlib.sha256(repr(tuple(row)).encode("utf-8", "surrogatepass")).digest()
            self.total = (self.total + int.from_bytes(digest, "big")) % (1 << 256)


def main(argv: Sequence[str], _stdin: TextIO, stdout: TextIO) -> int:
    parser = argparse.ArgumentParser(
        prog="calbot copy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE.db", type=Path, help="the instance's SQLite file")
    parser.add_argument("target", metavar="URL", type=_target, help="postgresql://USER@HOST/DATABASE")
    parser.add_argument("--schema", default="public", help="in the target; mbp_ID for the instance ID of a maubot")
    options = parser.parse_args(argv)
    try:
        with opened(options.source) as file:
            copied = asyncio.run(copy(file, options.target, options.schema))
    except CopyError as error:
        print(f"calbot copy: {error}; nothing was copied", file=sys.stderr)  # noqa: T201 - the command line prints
        return 1
    stdout.writelines(f"{table}\t{rows}\n" for table, rows in copied.items())
    stdout.write(f"copied and compared: {sum(copied.values())} rows of {len(copied)} tables\n")
    return 0


def _target(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_postgres = parts.scheme in {"postgres", "postgresql"} and parts.port != 0
    except ValueError:
        is_postgres = False
    if not is_postgres:
        raise argparse.ArgumentTypeError("a URL is expected that begins with postgresql://")
    return text


@contextmanager
def opened(source: Path) -> Iterator[sqlite3.Connection]:
    """The file in one state, whatever is written to it meanwhile; only to be read."""
    if not source.is_file():
        raise CopyError(f"{source}: no such file")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(source.resolve()))}?mode=ro", uri=True)) as file:
            file.isolation_level = None
            file.execute("BEGIN")
            _check_version(source, file)
            yield file
    except sqlite3.Error as error:
        said = str(error).partition(" with text ")[0]  # of what cannot be decoded it says more
        raise CopyError(f"{source}: {said}") from error


async def copy(file: sqlite3.Connection, target: str, schema: str) -> Mapping[str, int]:
    """How many rows of each table were copied."""
    try:
        async with _connected(target) as connection, connection.transaction():
            return await _copied(file, connection, schema)
    except UnsupportedDatabaseVersion as error:
        raise CopyError("the target has the schema of a newer calbot") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        # What it says further may have contents in it.
        raise CopyError(f"PostgreSQL gave up with {type(error).__name__}") from error


@asynccontextmanager
async def _connected(target: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(target)
    except (OSError, asyncio.TimeoutError) as error:
        raise CopyError(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from error
    except asyncpg.PostgresError as error:  # says who may not log in, or which database there is not
        raise CopyError(f"PostgreSQL refuses: {error}") from error
    except ValueError as error:  # what it says may have the password in it
        raise CopyError("the URL of the target cannot be read") from error
    try:
        yield connection
    finally:
        await connection.close(timeout=10)


class _OneConnection(Database):
    """The connection whose transaction everything happens in, for the steps of the schema."""

    scheme = Scheme.POSTGRES

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__(URL("postgresql:"), upgrade_table)
        self._connection = connection

    async def stop(self) -> None:
        """Whoever opened it closes it."""

    @asynccontextmanager
    async def acquire_direct(self) -> AsyncIterator[Connection]:
        yield Connection(self.scheme, self._connection, self.log)


def _check_version(source: Path, file: sqlite3.Connection) -> None:
    known = len(upgrade_table.upgrades)
    is_ours = file.execute("SELECT 1 FROM sqlite_master WHERE name IN ('version', 'calendar_state')").fetchall()
    if len(is_ours) < 2:
        raise CopyError(f"{source} is not a database of calbot")
    (version,) = file.execute("SELECT MAX(version) FROM version").fetchone()
    if version != known:
        way = "start this calbot with it once" if version < known else "copy it with the calbot that wrote it"
        raise CopyError(f"{source} has schema {version}, this calbot has {known}: {way}")


async def _copied(file: sqlite3.Connection, target: asyncpg.Connection, schema: str) -> Mapping[str, int]:
    quoted = '"' + schema.replace('"', '""') + '"'
    await target.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    await target.execute(f"SET LOCAL search_path = {quoted}")
    await upgrade_table.upgrade(_OneConnection(target))
    tables = await _tables(file, target)
    for table in tables:
        await target.execute(f"LOCK TABLE {table}")
        changed = f" WHERE NOT ({_UNTOUCHED[table]})" if table in _UNTOUCHED else ""
        if await target.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table}{changed})"):  # noqa: S608 - names of tables
            raise CopyError(f"the target is not empty: there are rows in {schema}.{table}")
    for table in _UNTOUCHED:
        await target.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    sums = {table: await _copy_table(file, target, table, columns) for table, columns in tables.items()}
    for table, columns in tables.items():
        if await _checksum(target, table, columns) != sums[table]:
            raise CopyError(f"what was written to {schema}.{table} is not what was read")
    return {table: checksum.rows for table, checksum in sums.items()}


async def _tables(file: sqlite3.Connection, target: asyncpg.Connection) -> Tables:
    """Ours, which are those that the steps make on an empty database; the same on both sides."""
    rows = await target.fetch(
        """SELECT table_name, column_name, data_type, is_identity FROM information_schema.columns
           WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"""
    )
    there: dict[str, list[Column]] = {}
    for table, name, type_, identity in rows:
        there.setdefault(table, []).append(Column(name, type_, identity == "YES"))
    here = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    before: dict[str, set[str]] = {table: set() for table in sorted(there.keys() & here - {_VERSION})}
    for table in before:
        names = {row[1] for row in file.execute(f"PRAGMA table_info({table})")}
        if names != {column.name for column in there[table]}:
            raise CopyError(f"the columns of {table} are not the same on both sides")
    references = await target.fetch(
        """SELECT child.relname, parent.relname FROM pg_constraint link
           JOIN pg_class child ON child.oid = link.conrelid JOIN pg_class parent ON parent.oid = link.confrelid
           WHERE link.contype = 'f' AND link.connamespace = to_regnamespace(quote_ident(current_schema()))"""
    )
    for child, parent in references:
        before[child].add(parent)
    return {table: there[table] for table in TopologicalSorter(before).static_order()}


async def _copy_table(
    file: sqlite3.Connection, target: asyncpg.Connection, table: str, columns: Sequence[Column]
) -> Checksum:
    checksum = Checksum()
    names = [column.name for column in columns]
    for lot in _lots(file.execute(f"SELECT {', '.join(names)} FROM {table}")):  # noqa: S608 - names of columns
        rows = [tuple(_converted(table, *pair) for pair in zip(columns, row, strict=True)) for row in lot]
        checksum.add(rows)
        await target.copy_records_to_table(table, records=rows, columns=names)
    for column in columns:
        if column.is_identity:
            await target.execute(
                f"""SELECT setval(pg_get_serial_sequence('{table}', '{column.name}'), MAX({column.name}))
                    FROM {table} HAVING MAX({column.name}) IS NOT NULL"""  # noqa: S608 - names of columns
            )
    return checksum


def _lots(cursor: sqlite3.Cursor) -> Iterator[Sequence[Sequence[Any]]]:
    while lot := cursor.fetchmany(_LOT):
        yield lot


def _converted(table: str, column: Column, value: object) -> object:
    """SQLite has numbers for booleans, and lets anything lie in any column."""
    if value is None:
        return None
    if column.type == "boolean" and value in (0, 1):
        return bool(value)
    if isinstance(value, int) and value.bit_length() <= _BITS.get(column.type, -1):
        return value
    if column.type == "text" and isinstance(value, str) and "\0" not in value:
        return value
    raise CopyError(f"there is a value in {table}.{column.name} that a column of type {column.type} cannot hold")


async def _checksum(target: asyncpg.Connection, table: str, columns: Sequence[Column]) -> Checksum:
    checksum = Checksum()
    query = f"SELECT {', '.join(column.name for column in columns)} FROM {table}"  # noqa: S608 - names of columns
    lot: list[Sequence[object]] = []
    async for row in target.cursor(query, prefetch=_LOT):
        lot.append(tuple(row))
        if len(lot) == _LOT:
            checksum.add(lot)
            lot.clear()
    checksum.add(lot)
    return checksum
