"""The database file, read and written without a thread in between: a year has some ten million statements.

Statements, schema, transactions and file are those of the real one; only the way to it is shorter. With a PostgreSQL
URL the real pool is used.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from mautrix.util.async_db import Database, Scheme

from calbot.db.migrations import upgrade_table

from .life import Life

_PARAMETER = re.compile(r"\$(\d+)")
_SQLITE = "sqlite:"


class Rows(Protocol):
    """What reads of the soak need."""

    async def fetch(self, query: str, *values: object) -> list[Any]: ...

    async def fetchval(self, query: str, *values: object) -> Any: ...


class File:
    """An SQLite database, as `calbot.db.transaction` uses a connection."""

    scheme = Scheme.SQLITE

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path, detect_types=sqlite3.PARSE_DECLTYPES, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        # Nobody pulls the plug here, so nothing has to be waited for until it is on the disk.
        for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = OFF"):
            self._file.execute(f"PRAGMA {pragma}")

    @property
    def wrapped(self) -> File:
        return self

    async def execute(self, statement: str, *values: object) -> None:
        if statement == "ROLLBACK" and not self._file.in_transaction:
            return
        self._file.execute(_numbered(statement), values)

    async def executemany(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._file.executemany(_numbered(statement), rows)

    async def fetch(self, query: str, *values: object) -> list[Any]:
        return self._file.execute(_numbered(query), values).fetchall()

    async def fetchrow(self, query: str, *values: object) -> Any:
        return self._file.execute(_numbered(query), values).fetchone()

    async def fetchval(self, query: str, *values: object) -> Any:
        row = await self.fetchrow(query, *values)
        return None if row is None else row[0]

    async def stop(self) -> None:
        self._file.close()


def _numbered(statement: str) -> str:
    return _PARAMETER.sub(r"?\1", statement)


class MortalDatabase:
    """A `Database` as far as `calbot.db.transaction` uses it, for one life. Each use of a connection is a step to the
    kill. A kill inside of a transaction leaves what one before it leaves."""

    def __init__(self, inside: File | Database, life: Life) -> None:
        self._inside = inside
        self._life = life
        self._turn = asyncio.Lock()  # the real pool has one connection

    @property
    def scheme(self) -> Scheme:
        return self._inside.scheme

    @property
    def rows(self) -> Rows:
        return self._inside

    @property
    def is_file(self) -> bool:
        return isinstance(self._inside, File)

    @asynccontextmanager
    async def acquire_direct(self) -> AsyncIterator[Any]:
        self._life.step("database")
        if isinstance(self._inside, File):
            async with self._turn:
                yield self._inside
        else:
            async with self._inside.acquire_direct() as connection:
                yield connection

    async def stop(self) -> None:
        await self._inside.stop()


async def opened(url: str, life: Life) -> MortalDatabase:
    database = Database.create(url, upgrade_table=upgrade_table)
    await database.start()
    if not url.startswith(_SQLITE):
        return MortalDatabase(database, life)
    await database.stop()
    return MortalDatabase(File(url.removeprefix(_SQLITE)), life)
