"""Addresses of people that calendar servers were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from calbot.core.model import UserId
from calbot.ports import FoundAddress

from .encoding import from_ms, to_ms
from .transaction import Transactor


class DatabaseAddresses:
    """`ports.AddressStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def addresses(self) -> Mapping[UserId, str]:
        rows = await self._sql.rows("SELECT person, address FROM found_address WHERE address IS NOT NULL")
        return {UserId(row["person"]): row["address"] for row in rows}

    async def of(self, person: UserId) -> FoundAddress | None:
        row = await self._sql.row("SELECT * FROM found_address WHERE person = $1", person)
        return None if row is None else FoundAddress(person, row["address"], from_ms(row["searched_at"]))

    async def save(self, found: FoundAddress) -> None:
        await self._sql.execute(
            """INSERT INTO found_address (person, address, searched_at) VALUES ($1, $2, $3)
               ON CONFLICT (person) DO UPDATE SET address = excluded.address, searched_at = excluded.searched_at""",
            found.person,
            found.address,
            to_ms(found.searched_at),
        )

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("found_address", "person", "searched_at < $1", to_ms(instant))
