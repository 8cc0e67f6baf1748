"""Single values that outlive a restart, by name."""

from __future__ import annotations

import secrets

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
