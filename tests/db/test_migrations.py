"""The schema: made once, by numbered steps, beside tables of others."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from mautrix.util.async_db import Database, UpgradeTable

from calbot.core.model import CalendarName, EventId, RoomId
from calbot.db.migrations import upgrade_table
from calbot.db.schema import v1
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase

_FOREIGN = re.compile(r"^(mx_|crypto_|standalone_|version$)")


async def test_a_second_start_changes_nothing(open_database: OpenDatabase) -> None:
    first = await open_database()
    await Stores(first).keeper.put("a", "1")
    second = await open_database()
    await upgrade_table.upgrade(second)
    assert await second.fetchval("SELECT version FROM version") == len(upgrade_table.upgrades)
    assert await Stores(second).keeper.get("a") == "1"


async def test_an_installation_of_the_first_schema_keeps_what_it_has(tmp_path: Path) -> None:
    first = UpgradeTable()
    first.register(v1.upgrade)
    url = f"sqlite:{tmp_path / 'old.db'}"
    old = Database.create(url, upgrade_table=first)
    await old.start()
    for statement in (
        "INSERT INTO kept (name, value) VALUES ('a', '1')",
        "INSERT INTO calendar_state (calendar, sync_cursor, failures) VALUES ('team', 'token', 0)",
        """INSERT INTO calendar_object (calendar, href, uid, data, recurring) VALUES
           ('team', '/1.ics', 'weekly', 'x', TRUE), ('team', '/2.ics', 'once', 'x', FALSE)""",
        """INSERT INTO message_subject (room, event_id, calendar, uid, recurrence_id)
           VALUES ('!room', '$card', 'team', 'once', '')""",
        "INSERT INTO room_preference (room, reminders) VALUES ('!room', '[600]')",
        """INSERT INTO inbox (event_id, room, sender, sent_at, ordinal, raw, state, picks, tries)
           VALUES ('$command', '!room', '@anna:example.org', 1, 1, '{}', 'running', '[]', 0)""",
    ):
        await old.execute(statement)
    await old.stop()

    new = Database.create(url, upgrade_table=upgrade_table)
    await new.start()
    try:
        stores = Stores(new)
        assert await stores.keeper.get("a") == "1"
        assert (await stores.calendars.state(CalendarName("team"))).cursor is not None
        assert (await stores.preferences.room(RoomId("!room"))).reminders == (timedelta(minutes=10),)
        subjects = await stores.references.subjects(RoomId("!room"), EventId("$card"))
        assert [card.occurrence.uid for card in subjects] == ["once"]
        (waiting,) = await stores.inbox.unfinished()
        assert (waiting.event_id, waiting.changes, waiting.wrote) == ("$command", None, False)
        # Of which series there is more beyond what was expanded, is found out with the next look ahead.
        rows = await new.fetch("SELECT uid FROM calendar_object WHERE resumes IS NOT NULL")
        assert [row["uid"] for row in rows] == ["weekly"]
    finally:
        await new.stop()


async def test_no_table_is_named_as_maubots_own(tmp_path: Path) -> None:
    database = Database.create(f"sqlite:{tmp_path / 'names.db'}", upgrade_table=upgrade_table)
    await database.start()
    try:
        rows = await database.fetch("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'version'")
        names = [row["name"] for row in rows]
    finally:
        await database.stop()
    assert "occurrence" in names
    assert [name for name in names if _FOREIGN.match(name)] == []


async def test_two_instances_have_a_database_each(tmp_path: Path) -> None:
    databases = [
        Database.create(f"sqlite:{tmp_path / name}.db", upgrade_table=upgrade_table) for name in ("one", "two")
    ]
    for database in databases:
        await database.start()
    try:
        one, two = map(Stores, databases)
        async with one.transaction():
            await one.keeper.put("a", "1")
            assert await two.keeper.get("a") is None
            await two.keeper.put("a", "2")
        assert await one.keeper.get("a") == "1"
        assert await two.keeper.get("a") == "2"
        assert await one.keeper.secret("links") != await two.keeper.secret("links")
    finally:
        for database in databases:
            await database.stop()
