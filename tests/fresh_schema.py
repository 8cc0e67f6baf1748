"""A schema on PostgreSQL that is as new for each test: emptying it needs a tenth of the time that making it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from maubot.lib.plugin_db import ProxyPostgresDatabase
from mautrix.util.async_db import Database, PostgresDatabase

from calbot.db.migrations import upgrade_table

from .postgres import CONNECTIONS, Postgres

_INSTANCE = "test"
_SCHEMA = f"mbp_{_INSTANCE}"  # as maubot names it
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename"
_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = $1 AND last_value IS NOT NULL"


class FreshSchema:
    """Used by one test after the other."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._made_with: Mapping[str, Sequence[Any]] = {}  # the rows of each table

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Database]:
        """By a pool of its own, through what maubot puts between a plugin and PostgreSQL."""
        # mautrix would end the process where asyncpg is surprised by a connection that breaks.
        arguments = {"min_size": 1, "max_size": CONNECTIONS, "meow_exit_on_ice": False}
        pool = Database.create(self._server.url(), db_args=arguments)
        assert isinstance(pool, PostgresDatabase)
        await pool.start()
        try:
            database = ProxyPostgresDatabase(pool, _INSTANCE, CONNECTIONS, upgrade_table)
            await database.start()
            try:
                if not self._made_with:
                    self._made_with = {
                        table: await database.fetch(f"SELECT * FROM {table}") for table in await self._tables(database)
                    }
                yield database
            finally:
                await database.stop()
        finally:
            await pool.stop()

    async def renew(self) -> None:
        connection = await asyncpg.connect(self._server.url(), server_settings={"search_path": _SCHEMA})
        try:
            if await self._tables(connection) != list(self._made_with):
                await connection.execute(f"DROP SCHEMA {_SCHEMA} CASCADE")
                return
            statements = [f"DELETE FROM {table}" for table in self._made_with]
            statements += [
                f"SELECT setval('{name}', 1, false)" for (name,) in await connection.fetch(_SEQUENCES, _SCHEMA)
            ]
            await connection.execute("; ".join(statements))
            for table, rows in self._made_with.items():
                if rows:
                    await connection.copy_records_to_table(table, records=rows, schema_name=_SCHEMA)
        finally:
            await connection.close()

    async def _tables(self, database: Database | asyncpg.Connection) -> list[str]:
        return [str(row[0]) for row in await database.fetch(_TABLES, _SCHEMA)]
