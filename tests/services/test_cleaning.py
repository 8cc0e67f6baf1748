"""Nothing is kept for ever because nobody thought of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest
from mautrix.util.async_db import Database

from calbot.core.settings import Privacy, Retention
from calbot.db.encoding import to_ms
from calbot.errors import StorageUnavailable
from calbot.services import cleaning
from tests.db.schema_tables import columns

from .conftest import CALENDAR, Office

CLEANED: Final = {
    "answer_reaction": "`retention.reminders` after the reaction, and with its event",
    "audit": "`retention.audit` after the act",
    "calendar_change": "eight days after it was seen",
    "calendar_object": "`retention.events` after its last time, and with the mapping of its calendar",
    "card": "with its event, and with its date of a series",
    "component": "with the last of its occurrences",
    "due_answer": "when it is written, and with its event",
    "event_leads": "with its event",
    "event_maker": "with its event",
    "found_address": "30 days after the search",
    "inbox": "seven days after it was dealt with",
    "join_link": "400 days after it was put in, and with the mapping of its calendar",
    "kept": "counts of missed reminders after `retention.reminders`; what else is there is one value for each purpose",
    "last_reference": "with its event",
    "listing": "`retention.events` after it was shown, and with the third list after it",
    "mail": "`retention.reminders` after it was sent or given up",
    "mail_draft": "when it is known what became of the write, `retention.reminders` at the latest",
    "message_subject": "with its event, and with its date of a series",
    "notice": "`retention.reminders` after it was due, unless it still waits",
    "occurrence": "`retention.events` after its end",
    "own_write": "when it turned up, eight days at the latest",
    "poll": "`retention.polls` after its end",
    "question": "when it is answered or expires",
    "reminder": "`retention.reminders` after the end of the event",
    "room_mapping": "seven days after it was removed; those in force stay",
    "snooze": "`retention.reminders` after it, and with its event",
    "undoable": "one day after the change",
    "vote": "with its poll",
    "poll_card": "with its poll",
}

STAYING: Final = {
    "calendar_state": "one row for each mapped calendar, which goes with its mapping",
    "direct_chat": "where somebody can be told something; until `forget me`",
    "feed": "until its person leaves the room, renews it or is forgotten, or the room has no calendar any more",
    "inbox_position": "one row",
    "past_object": "that an object is over, and nothing of it; goes with the mapping of its calendar",
    "person_preference": "what somebody chose, until they choose otherwise or are forgotten",
    "room_absence": "since when the bot is not in a mapped room; nothing of people",
    "room_preference": "what was chosen for a room, until it is chosen otherwise",
    "room_successor": "which room follows another, so that the file goes on to apply; nothing of people",
    "shown_calendar": "which rooms know of a calendar; goes with its mapping",
}

LONG_AGO = to_ms(datetime(2024, 1, 1, tzinfo=timezone.utc))
JUST_NOW = to_ms(datetime(2026, 11, 24, 7, tzinfo=timezone.utc))
# Rows as they are when their time has come, by table. `NOW` is replaced by an instant.
NOW = object()
OVER: Final[Mapping[str, Mapping[str, Any]]] = {
    "answer_reaction": {"reacted_at": NOW},
    "audit": {"done_at": NOW, "outcome": "done"},
    "calendar_change": {"number": NOW},
    "event_leads": {"recurrence_id": "20240101"},
    "found_address": {"searched_at": NOW},
    "inbox": {"sent_at": NOW, "state": "done"},
    "kept": {"name": "missed-reminders:@a:b", "value": '[1, "2024-01-01T00:00:00+00:00"]'},
    "listing": {"seen_at": NOW},
    "mail": {"state": "sent", "done_at": NOW},
    "mail_draft": {"drafted_at": NOW},
    "notice": {"state": "sent", "due_at": NOW},
    "own_write": {"written_at": NOW},
    "poll": {"state": "ended", "ended_at": NOW},
    "question": {"expires_at": NOW},
    "reminder": {"ends_at": NOW, "state": "sent"},
    "room_mapping": {"removed": True, "changed_at": NOW},
    "snooze": {"earliest": NOW},
    "undoable": {"begun_at": NOW},
}
# Those that go with an event that no calendar has any more.
WITH_EVENT: Final = ("card", "due_answer", "event_maker", "last_reference", "message_subject")
# Tested where what they go with is.
ELSEWHERE: Final = {"calendar_object", "component", "occurrence", "vote", "poll_card", "join_link"}


async def insert(database: Database, table: str, values: Mapping[str, Any], instant: int) -> None:
    """A row with these values, and something or other in all other columns that need it."""
    types = (await columns(database))[table]
    row: dict[str, Any] = {}
    for name, type_ in types.items():
        if name in values:
            row[name] = instant if values[name] is NOW else values[name]
        elif name not in ("id", "number") or type_ == "TEXT" or table == "calendar_change":
            row[name] = False if type_ == "BOOLEAN" else 0 if "INT" in type_ else f"{name} of {instant}"
    names = ", ".join(row)
    places = ", ".join(f"${at}" for at in range(1, len(row) + 1))
    await database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())


async def count(database: Database, table: str) -> int:
    number: int = await database.fetchval(f"SELECT COUNT(*) FROM {table}")
    return number


async def test_every_table_is_cleaned_or_there_is_a_reason_why_not(database: Database) -> None:
    tables = set(await columns(database))
    assert tables == CLEANED.keys() | STAYING.keys()
    assert not CLEANED.keys() & STAYING.keys()
    assert CLEANED.keys() == {*OVER, *WITH_EVENT, *ELSEWHERE}


@pytest.mark.parametrize("table", sorted(OVER))
async def test_what_is_over_goes(table: str, office: Office, database: Database) -> None:
    before = await count(database, table)
    await insert(database, table, OVER[table], LONG_AGO)
    assert await count(database, table) == before + 1
    await cleaning.clean(office.world, office.clock())
    assert await count(database, table) == before


@pytest.mark.parametrize("table", WITH_EVENT)
async def test_what_is_bound_to_an_event_goes_with_it(table: str, office: Office, database: Database) -> None:
    await insert(database, table, {}, LONG_AGO)
    await cleaning.clean(office.world, office.clock())
    assert await count(database, table) == 0


@pytest.mark.parametrize("table", ["audit", "inbox", "poll", "mail", "notice", "reminder", "undoable", "question"])
async def test_what_is_not_over_stays(table: str, office: Office, database: Database) -> None:
    await insert(database, table, OVER[table], JUST_NOW)
    await cleaning.clean(office.world, office.clock())
    assert await count(database, table) == 1


@pytest.mark.parametrize(
    ("table", "retention"),
    [("audit", Retention(audit=timedelta(hours=1))), ("poll", Retention(polls=timedelta(hours=1)))],
)
async def test_the_settings_say_when(table: str, retention: Retention, office: Office, database: Database) -> None:
    await insert(database, table, OVER[table], JUST_NOW)
    await cleaning.clean(office.world, office.clock() + timedelta(minutes=30))
    assert await count(database, table) == 1
    office.change(privacy=replace(Privacy(), retention=retention))
    await cleaning.clean(office.world, office.clock() + timedelta(hours=2))
    assert await count(database, table) == 0


async def test_a_list_goes_some_time_after_it_was_seen_first(office: Office, database: Database) -> None:
    await office.says("!meet new Budget tomorrow 10:00")
    await office.says("!meet list")
    assert await count(database, "listing") == 1
    await cleaning.clean(office.world, office.clock())
    await cleaning.clean(office.world, office.clock() + timedelta(days=29))
    assert await count(database, "listing") == 1
    await cleaning.clean(office.world, office.clock() + timedelta(days=31))
    assert await count(database, "listing") == 0


async def test_of_an_event_that_cannot_be_read_for_a_while_nothing_goes(office: Office, database: Database) -> None:
    await office.says("!meet new Budget tomorrow 10:00")
    await office.pull()
    (text,) = office.texts()
    office.calendar.put(CALENDAR, office.name(), text.replace("DTSTART", "DTSTART;X=").replace("T10", "Tx"))
    await office.pull()
    assert await count(database, "occurrence") == 0
    await cleaning.clean(office.world, office.clock())
    assert (await count(database, "event_maker"), await count(database, "card")) == (1, 1)
    office.calendar.remove(CALENDAR, office.name())
    await office.pull()
    await cleaning.clean(office.world, office.clock())
    assert (await count(database, "event_maker"), await count(database, "card")) == (0, 0)


async def test_what_one_rule_stumbles_over_keeps_no_other_from_its_work(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = "Geheimsache"

    async def broken(*_: object) -> None:
        raise ValueError(said)

    for store in (office.world.stores.calendars, office.world.stores.polls):
        monkeypatch.setattr(store, "forget_before", broken)
    for table in ("audit", "poll", "kept"):
        await insert(database, table, OVER[table], LONG_AGO)
    before = await count(database, "kept")
    await cleaning.clean(office.world, office.clock())
    assert [await count(database, table) for table in ("audit", "poll", "kept")] == [0, 1, before - 1]
    errors = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 2
    assert said not in caplog.text


async def test_while_the_database_is_away_it_is_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(office.world.stores.audit, "forget_before", locked)
    with pytest.raises(StorageUnavailable):
        await cleaning.clean(office.world, office.clock())


async def test_it_is_done_daily_however_often_the_bot_is_started_anew(office: Office, database: Database) -> None:
    await insert(database, "undoable", {"begun_at": NOW}, to_ms(office.clock() - timedelta(hours=20)))
    await office.world.stores.keeper.drop(["cleaned"])
    left = []
    for hours in (20, 3, 2):
        office.alarm.forget()  # with what expands calendars, as if that never came to an end
        await cleaning.begin(office.world)
        await office.pass_time(timedelta(hours=hours))
        left.append(await count(database, "undoable"))
    assert left == [1, 1, 0]
    begun = office.clock()
    await office.pass_time(timedelta(days=3))
    next_time = office.alarm.set_for("clean")
    assert next_time is not None
    assert timedelta() < next_time - begun - timedelta(days=2) <= timedelta(days=2)


async def test_a_clock_that_was_set_back_puts_nothing_off(office: Office) -> None:
    await office.world.stores.keeper.put("cleaned", (office.clock() + timedelta(days=400)).isoformat())
    await cleaning.begin(office.world)
    assert office.alarm.set_for("clean") == office.clock() + timedelta(days=1)


async def test_many_go_in_lots(office: Office, database: Database) -> None:
    await database.executemany(
        "INSERT INTO found_address (person, searched_at) VALUES ($1, $2)",
        [(f"@person{number}:example.org", LONG_AGO if number % 7 else JUST_NOW) for number in range(3500)],
    )
    await cleaning.clean(office.world, office.clock())
    assert await count(database, "found_address") == 500


async def test_nothing_of_a_calendar_stays_that_no_room_shows_any_more(office: Office, database: Database) -> None:
    await office.says("!meet new Budget tomorrow 10:00")
    await office.pull()
    assert await count(database, "calendar_object") == 1
    office.change(rooms={})
    await office.resume()
    await cleaning.clean(office.world, office.clock())
    stays = {"calendar_state", "audit", "inbox", "inbox_position", "kept", "reminder", "notice", "undoable"}
    for table, names in (await columns(database)).items():
        if table not in stays and "calendar" in names:
            assert await count(database, table) == 0, table
