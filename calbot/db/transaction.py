"""Statements and transactions of one task, safe against cancellation.

mautrix's own `transaction()` rolls back on `Exception` only, so a cancelled task leaves SQLite's single connection
inside an open transaction: every later one fails, and plain writes vanish at the next restart. It also finds its
connection in a context variable, which tasks inherit: a task started inside a transaction takes part in it without
knowing. Both are avoided here: transactions end on every exception, and belong to the task that opened them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Protocol

from mautrix.util.async_db import Connection, Database, Scheme
from mautrix.util.async_db.aiosqlite import POSITIONAL_PARAM_PATTERN, TxnConnection


class Row(Protocol):
    """What `sqlite3.Row` and `asyncpg.Record` have in common."""

    def __getitem__(self, key: str | int, /) -> Any: ...


class Transactor:
    """Runs statements: in the transaction that the current task has open, else each on its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[asyncio.Task[Any] | None, Connection] = {}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All statements of this task inside take effect together or not at all; an inner transaction joins the outer.

        A task started inside is not part of it: it waits for a connection of its own, so it must not be awaited inside.
        """
        task = asyncio.current_task()
        if task in self._open:
            yield
            return
        async with self._database.acquire_direct() as connection:
            try:
                await _to_the_end(_begin(connection))
                self._open[task] = connection
                try:
                    yield
                finally:
                    del self._open[task]
                await _to_the_end(_commit(connection))
            except BaseException:
                await _to_the_end(_roll_back(connection))
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        connection = self._open.get(asyncio.current_task())
        if connection is not None:
            yield connection
        else:
            async with self._database.acquire_direct() as connection:
                yield connection

    async def stand_in_line(self, table: str) -> None:
        """Until the transaction ends that this is called in, whoever else calls it for the same table waits.

        For those who write what follows from what they read: PostgreSQL lets two of them read what neither has
        committed yet. SQLite has one transaction at a time anyway.
        """
        async with self._connection() as connection:
            if connection.scheme != Scheme.SQLITE:
                await connection.execute("SELECT pg_advisory_xact_lock(to_regclass($1::text)::oid::bigint)", table)

    async def execute(self, statement: str, *values: object) -> None:
        async with self._connection() as connection:
            await connection.execute(statement, *values)

    async def execute_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """The same statement for each row, together or not at all."""
        rows = list(rows)
        if len(rows) == 1:
            await self.execute(statement, *rows[0])  # takes effect as a whole without a transaction around it
        elif rows:
            async with self.transaction(), self._connection() as connection:
                await connection.executemany(statement, rows)

    async def rows(self, query: str, *values: object) -> Sequence[Row]:
        async with self._connection() as connection:
            if isinstance(connection.wrapped, TxnConnection):
                # Executing, reading and closing in one turn of the database's thread: apart they cost three times as
                # much, which is what most of a short query's time goes to.
                return list(await connection.wrapped.execute_fetchall(_for_sqlite(query), values))
            return await connection.fetch(query, *values)

    async def row(self, query: str, *values: object) -> Row | None:
        """The first row, of a query that finds few."""
        return next(iter(await self.rows(query, *values)), None)

    async def value(self, query: str, *values: object) -> Any:
        """The first column of the first row, None without a row."""
        row = await self.row(query, *values)
        return None if row is None else row[0]


def parameters(first: int, count: int) -> str:
    """`$2, $3, $4`: the inside of an IN list, for SQLite knows no array parameters."""
    return ", ".join(f"${number}" for number in range(first, first + count))


@lru_cache(maxsize=512)
def _for_sqlite(query: str) -> str:
    return POSITIONAL_PARAM_PATTERN.sub(r"?\1", query)


async def _begin(connection: Connection) -> None:
    # SQLite: taking the write lock at once lets busy_timeout apply; a reader that turns writer fails without waiting.
    await connection.execute("BEGIN IMMEDIATE" if connection.scheme == Scheme.SQLITE else "BEGIN")


async def _commit(connection: Connection) -> None:
    await connection.execute("COMMIT")


async def _roll_back(connection: Connection) -> None:
    """Roll back if anything is open: SQLite has ended the transaction itself after a full disk or an I/O error."""
    if isinstance(connection.wrapped, TxnConnection):
        await connection.wrapped.rollback()  # does nothing outside of a transaction
    else:
        await connection.execute("ROLLBACK")  # outside of a transaction PostgreSQL only warns


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end however often this task is cancelled meanwhile; only then let the cancellation through."""
    running = asyncio.create_task(work)
    interrupted: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError as error:
            interrupted = error
    failure = running.exception()
    if interrupted is not None:
        raise interrupted from failure
    if failure is not None:
        raise failure
