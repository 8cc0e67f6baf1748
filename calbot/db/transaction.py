"""Statements and transactions of one task, safe against cancellation.

mautrix's own `transaction()` rolls back on `Exception` only, so a cancelled task leaves SQLite's single connection
inside an open transaction: every later one fails, and plain writes vanish at the next restart. It also finds its
connection in a context variable, which tasks inherit: a task started inside a transaction takes part in it without
knowing. Both are avoided here: transactions end on every exception, and belong to the task that opened them.

SQLite lives in a thread of its own, and what a short statement costs is the way there and back. So what is written in a
transaction waits until something is read in it or it ends, and goes there together; PostgreSQL is treated alike.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, Protocol

from asyncpg.pool import PoolConnectionProxy
from mautrix.util.async_db import Connection, Database, Scheme
from mautrix.util.async_db.aiosqlite import POSITIONAL_PARAM_PATTERN, TxnConnection

from calbot import outages
from calbot.errors import StorageUnavailable

_LOT = 500  # rows that are deleted at once
_CONNECTIONS = 4  # maubot gives an instance three, where its configuration does not say otherwise


class Row(Protocol):
    """What `sqlite3.Row` and `asyncpg.Record` have in common."""

    def __getitem__(self, key: str | int, /) -> Any: ...


class _Statement(NamedTuple):
    """One statement, or with `many` the same one for each of the rows."""

    text: str
    values: Sequence[Any] = ()
    many: bool = False


_BEGIN: Final = _Statement("BEGIN")
# Taking the write lock at once lets busy_timeout apply; a reader that turns writer fails without waiting.
_BEGIN_SQLITE: Final = _Statement("BEGIN IMMEDIATE")
_COMMIT: Final = _Statement("COMMIT")


@dataclass(slots=True)
class _Transaction:
    connection: Connection
    waiting: list[_Statement] = field(default_factory=list)  # written, but not handed to the database yet


class Transactor:
    """Runs statements: in the transaction that the current task has open, else each on its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[asyncio.Task[Any] | None, _Transaction] = {}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All statements of this task inside take effect together or not at all; an inner transaction joins the outer.

        What is wrong with a statement that writes may show at the end only. A task started inside is not part of it: it
        waits for a connection of its own, so it must not be awaited inside.
        """
        task = asyncio.current_task()
        if task in self._open:
            yield
            return
        async with self._acquired() as connection:
            begin = _BEGIN_SQLITE if connection.scheme == Scheme.SQLITE else _BEGIN
            transaction = _Transaction(connection, [begin])
            try:
                self._open[task] = transaction
                try:
                    yield
                finally:
                    del self._open[task]
                written, transaction.waiting = transaction.waiting, []
                if written != [begin]:
                    await _to_the_end(_run(connection, [*written, _COMMIT]))
            except BaseException as error:
                if begin not in transaction.waiting and not (
                    connection.scheme != Scheme.SQLITE and outages.is_outage(error)  # ends with its connection
                ):
                    await _to_the_end(_roll_back(connection))
                raise

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        with outages.told():
            async with AsyncExitStack() as stack:
                connection = await self._connect(stack)
                try:
                    yield connection
                except Exception as error:
                    if outages.is_outage(error) and isinstance(connection.wrapped, PoolConnectionProxy):
                        # Whoever goes on with a connection that is breaking confuses asyncpg, upon which mautrix ends
                        # the process.
                        connection.wrapped.terminate()
                    raise

    async def _connect(self, stack: AsyncExitStack) -> Connection:
        """That a connection is broken, its first use shows, and all that maubot keeps may be; so the next is tried."""
        tries = _CONNECTIONS
        while True:
            try:
                with outages.told(connecting=True):
                    return await stack.enter_async_context(self._database.acquire_direct())
            except StorageUnavailable:
                tries -= 1
                if not tries:
                    raise

    async def stand_in_line(self, table: str) -> None:
        """Until the transaction ends that this is called in, whoever else calls it for the same table waits.

        For those who write what follows from what they read: PostgreSQL lets two of them read what neither has
        committed yet. SQLite has one transaction at a time anyway.
        """
        if self._database.scheme != Scheme.SQLITE:
            await self._write(_Statement("SELECT pg_advisory_xact_lock(to_regclass($1::text)::oid::bigint)", (table,)))

    async def execute(self, statement: str, *values: object) -> None:
        await self._write(_Statement(statement, values))

    async def execute_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """The same statement for each row, together or not at all."""
        rows = list(rows)
        if len(rows) == 1:
            await self.execute(statement, *rows[0])  # takes effect as a whole without a transaction around it
        elif rows:
            async with self.transaction():
                await self._write(_Statement(statement, rows, many=True))

    async def rows(self, query: str, *values: object) -> Sequence[Row]:
        transaction = self._open.get(asyncio.current_task())
        if transaction is None:
            async with self._acquired() as connection:
                return await _run(connection, [_Statement(query, values)])
        written, transaction.waiting = transaction.waiting, []
        return await _run(transaction.connection, [*written, _Statement(query, values)])

    async def _write(self, statement: _Statement) -> None:
        transaction = self._open.get(asyncio.current_task())
        if transaction is None:
            async with self._acquired() as connection:
                await _run(connection, [statement])
        else:
            transaction.waiting.append(statement)

    async def row(self, query: str, *values: object) -> Row | None:
        """The first row, of a query that finds few."""
        return next(iter(await self.rows(query, *values)), None)

    async def value(self, query: str, *values: object) -> Any:
        """The first column of the first row, None without a row."""
        row = await self.row(query, *values)
        return None if row is None else row[0]

    async def delete_in_lots(self, table: str, key: str, condition: str, *values: object) -> None:
        """Delete rows, in a transaction for each lot: nobody waits long for a lock, however many there are.

        Outside of transactions, and with constants of ours for the names and the condition.
        """
        query = f"""DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {_LOT})
                    RETURNING 1"""  # noqa: S608 constants
        deleted = _LOT
        while deleted == _LOT:
            deleted = len(await self.rows(query, *values))


def parameters(first: int, count: int) -> str:
    """`$2, $3, $4`: the inside of an IN list, for SQLite knows no array parameters."""
    return ", ".join(f"${number}" for number in range(first, first + count))


@lru_cache(maxsize=512)
def _for_sqlite(query: str) -> str:
    return POSITIONAL_PARAM_PATTERN.sub(r"?\1", query)


async def _run(connection: Connection, statements: Sequence[_Statement]) -> Sequence[Row]:
    """Run them one after the other, in one turn of SQLite's thread; what the last one finds."""
    if isinstance(connection.wrapped, TxnConnection):
        # aiosqlite's own way into its thread, which its methods take for one statement each.
        found: Sequence[Row] = await connection.wrapped._execute(  # type: ignore[no-untyped-call]
            partial(_run_in_thread, connection.wrapped._conn, statements)
        )
        return found
    found = ()
    for statement in statements:
        if statement.many:
            await connection.executemany(statement.text, statement.values)
        elif statement is statements[-1]:
            found = await connection.fetch(statement.text, *statement.values)
        else:
            await connection.execute(statement.text, *statement.values)
    return found


def _run_in_thread(database: sqlite3.Connection, statements: Sequence[_Statement]) -> Sequence[Row]:
    found: Sequence[Row] = ()
    for text, values, many in statements:
        run = database.executemany if many else database.execute
        found = run(_for_sqlite(text), values).fetchall()
    return found


async def _roll_back(connection: Connection) -> None:
    """Roll back if anything is open: SQLite has ended the transaction itself after a full disk or an I/O error."""
    if isinstance(connection.wrapped, TxnConnection):
        await connection.wrapped.rollback()  # does nothing outside of a transaction
    elif not connection.wrapped.is_closed():
        await connection.execute("ROLLBACK")  # outside of a transaction PostgreSQL only warns


async def _to_the_end(work: Coroutine[Any, Any, object]) -> None:
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
