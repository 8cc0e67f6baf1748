"""The tables of the schema with their columns, as the database itself says."""

from __future__ import annotations

from collections.abc import Mapping

from mautrix.util.async_db import Database, Scheme

_OF_UPGRADES = "version"


async def columns(database: Database) -> Mapping[str, Mapping[str, str]]:
    """By table, the columns with their types."""
    if database.scheme != Scheme.SQLITE:
        rows = await database.fetch(
            """SELECT table_name, column_name, data_type FROM information_schema.columns
               WHERE table_schema = current_schema()"""
        )
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row[0], {})[row[1]] = str(row[2]).upper()
    else:
        names = await database.fetch("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        found = {}
        for (name,) in names:
            rows = await database.fetch(f"PRAGMA table_info({name})")
            found[name] = {row["name"]: str(row["type"]).upper() for row in rows}
    found.pop(_OF_UPGRADES)
    return found
