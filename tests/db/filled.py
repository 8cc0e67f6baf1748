"""Rows by chance for every table of the schema, as the database itself describes it."""

from __future__ import annotations

import random

from mautrix.util.async_db import Database

from calbot.db.transaction import Row

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('version', 'inbox_position')"
_TEXTS = ("", "ä", "A", "a", "\\", "'", "\t\n", "Z", "😀", "NULL", "é", "e\u0301")
_NUMBERS = (0, 1, -1, 32_767)
_BIG_NUMBERS = (*_NUMBERS, 1_700_000_000_000, (1 << 63) - 1, 1 - (1 << 63))


async def fill(database: Database, rows: int, seed: int) -> None:
    """Up to so many rows in each table of an SQLite database; values that keys or checks refuse are left out."""
    chance = random.Random(seed)  # noqa: S311 - chances that can be had again
    await database.execute("PRAGMA foreign_keys = OFF")
    for (table,) in await database.fetch(_TABLES):
        columns = await database.fetch(f"PRAGMA table_info({table})")
        names = ", ".join(column["name"] for column in columns)
        places = ", ".join(f"${at}" for at in range(1, len(columns) + 1))
        for number in range(1, rows + 1):
            values = [_value(column, number, chance) for column in columns]
            await database.execute(
                f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})",
                *values,
            )
    for table, parent, link in (
        ("component", "calendar_object", "object = id"),
        ("occurrence", "component", "occurrence.object = component.object AND occurrence.component = component.number"),
        ("vote", "poll", "vote.poll = poll.key"),
        ("poll_card", "poll", "poll_card.poll = poll.key"),
    ):
        await database.execute(f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {parent} WHERE {link})")
    await database.execute("PRAGMA foreign_keys = ON")
    assert await database.fetch("PRAGMA foreign_key_check") == []


def _value(column: Row, number: int, chance: random.Random) -> object:
    type_, key = str(column["type"]), bool(column["pk"])
    if not column["notnull"] and not key and chance.random() < 0.3:
        return None
    if type_ == "BOOLEAN":
        return chance.random() < 0.5
    if "INT" in type_:
        return number if key else chance.choice(_BIG_NUMBERS if type_ == "BIGINT" else _NUMBERS)
    return f"key {number}" if key else chance.choice(_TEXTS) + str(number)
