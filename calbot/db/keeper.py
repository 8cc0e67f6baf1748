"""Single values that outlive a restart, by name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from .transaction import Transactor

_SECRET_BYTES = 32


class DatabaseKeeper:
    """`ports.Keeper`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def get(self, name: str) -> str | None:
        value: str | None = await self._sql.value("SELECT value FROM kept WHERE name = $1", name)
        return value

    async def put(self, name: str, value: str) -> None:
        await self._sql.execute(
            "INSERT INTO kept (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    async def beginning_with(self, prefix: str) -> Mapping[str, str]:
        rows = await self._sql.rows("SELECT name, value FROM kept WHERE SUBSTR(name, 1, $2) = $1", prefix, len(prefix))
        return {row["name"]: row["value"] for row in rows}

    async def drop(self, names: Sequence[str]) -> None:
        await self._sql.execute_many("DELETE FROM kept WHERE name = $1", [(name,) for name in names])

    async def secret(self, name: str) -> bytes:
        key = f"secret:{name}"
        async with self._sql.transaction():
            await self._sql.execute(
                "INSERT INTO kept (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                key,
                secrets.token_hex(_SECRET_BYTES),
            )
            value: str = await self._sql.value("SELECT value FROM kept WHERE name = $1", key)
        return bytes.fromhex(value)
