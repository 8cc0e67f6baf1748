"""Where people are in the database: every column is told and erased, or there is a reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from mautrix.util.async_db import Database

from calbot.core.model import UserId
from calbot.db.encoding import to_json
from calbot.db.own_data import BY_ADDRESS, PLACES, Fate
from calbot.db.stores import Stores

from .schema_tables import columns

ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
ADDRESS = "anna@example.org"
INSTEAD = "forgotten-1"

# Columns of any table that hold ids and words of others than people.
NEVER: Final = frozenset(
    """calendar uid recurrence_id href etag room event_id key cause batch device hold state kind way act action outcome
    message reaction command timezone language levels write_to mention alarms reminders digest leads answer
    undone_by id start_event text_event result_event data starts ends sync_cursor mark problem reason digest answers
    shown trying replaced_by picks told token""".split()  # noqa: SIM905 a list of words
)
# Those in which a person may be, and which are neither told nor erased.
REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("calendar_object", "data"): "a copy of the calendar, in which people are invited: told as events",
    ("component", "details"): "the same",
    ("component", "search"): "the same",
    ("calendar_change", "before"): "the same, for eight days",
    ("own_write", "occurrences"): "the same, for eight days",
    ("mail_draft", "before"): "the same, until it is known what became of the write",
    ("mail_draft", "after"): "the same",
    ("mail", "contents"): "what is in a mail that waits; gone when it is sent",
    ("undoable", "act"): "how an event was, for a day; the row is told",
    ("inbox", "raw"): "a message while it is worked on; the row is told",
    ("inbox", "before"): "an event as it was, while a command about it is worked on",
    ("notice", "subject"): "what a notice is about; the row is told",
    ("listing", "items"): "which events a list had; the row is told",
    ("answer_reaction", "before"): "an answer",
    ("vote", "poll"): "which poll",
    ("poll_card", "poll"): "which poll",
    ("kept", "name"): "told and erased by name, for counts of missed reminders",
    ("kept", "value"): "single values, and the last good configuration, which its file has as well",
    ("poll", "poll"): "told by what the person is in it; goes with its time",
}


async def test_every_column_of_text_is_one_of_these(database: Database) -> None:
    places = {(place.table, place.person) for place in (*PLACES, *BY_ADDRESS)} | {("found_address", "address")}
    unknown = {
        (table, name)
        for table, names in (await columns(database)).items()
        for name, type_ in names.items()
        if type_ == "TEXT" and name not in NEVER
    }
    assert unknown - places - REASONS.keys() == set()
    assert places <= {(table, name) for table, names in (await columns(database)).items() for name in names}


async def insert(database: Database, table: str, person_column: str, person: str, salt: str) -> None:
    row: dict[str, object] = {}
    for name, type_ in (await columns(database))[table].items():
        if name == person_column:
            row[name] = person
        elif type_ == "BOOLEAN":
            row[name] = False
        elif "INT" in type_:
            if name not in ("id", "number"):
                row[name] = 1_700_000_000_000 if type_ == "BIGINT" else 1
        else:
            row[name] = "[]" if name in ("reminders", "leads", "items", "subject", "answers") else f"{name} {salt}"
    row |= {"digest": "null"} if table == "person_preference" else {}
    row |= {"state": "done"} if table == "inbox" else {"state": "sent"} if table == "mail" else {}
    if table == "vote":
        await insert(database, "poll", "", "", salt)
        row["poll"] = f"key {salt}"
    if table == "poll":
        row |= {"state": "ended", "poll": "{}"}
    places = ", ".join(f"${at}" for at in range(1, len(row) + 1))
    await database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())


@pytest.mark.parametrize("place", [*PLACES, *BY_ADDRESS], ids=lambda place: place.table)
async def test_each_is_told_and_erased_and_others_are_left_alone(
    place: object, database: Database, stores: Stores
) -> None:
    (found,) = [one for one in (*PLACES, *BY_ADDRESS) if one is place]
    mine, theirs = (ADDRESS.title(), "ben@example.org") if found.table == "mail" else (ANNA, BEN)
    await insert(database, found.table, found.person, mine, "mine")
    await insert(database, found.table, found.person, theirs, "theirs")
    told = await stores.own_data.about(ANNA, [ADDRESS])
    assert list(told) == [found.table]
    assert len(told[found.table]) == 1
    assert "theirs" not in to_json(told)
    for _ in range(2):  # a repeat finds nothing, and is none the worse for it
        await stores.own_data.forget(ANNA, [ADDRESS], INSTEAD)
        left = [row[0] for row in await database.fetch(f"SELECT {found.person} FROM {found.table}")]
        stays = {Fate.DELETED: [], Fate.RENAMED: [INSTEAD], Fate.STAYS: [mine]}[found.fate]
        assert sorted(left) == sorted([*stays, theirs])
    assert (await stores.own_data.about(ANNA, [ADDRESS]) == {}) is (found.fate is not Fate.STAYS)


async def test_votes_of_polls_that_go_on_stay(database: Database, stores: Stores) -> None:
    await insert(database, "vote", "sender", ANNA, "mine")
    await database.execute("UPDATE poll SET state = 'open'")
    await stores.own_data.forget(ANNA, [], INSTEAD)
    assert list(await stores.own_data.about(ANNA, [])) == ["vote"]


@pytest.mark.parametrize("person", [UserId("@an%na:example.org"), UserId("@an_na:example.org"), ANNA])
async def test_polls_are_found_by_exactly_this_person(person: UserId, database: Database, stores: Stores) -> None:
    poll = dict.fromkeys(("creator", "attached_by", "ended", "decision", "asker"))
    for number, user in enumerate((person, UserId("@anXna:example.org"), UserId("@ANNA:example.org"))):
        await insert(database, "poll", "", "", str(number))
        value = to_json({**poll, "asked": [user], "required": [], "optional": [], "title": "?"})
        await database.execute("UPDATE poll SET poll = $1 WHERE key = $2", value, f"key {number}")
    told = await stores.own_data.about(person, [])
    assert [(one["key"], one["you_are"]) for one in told["poll"]] == [("key 0", ["asked"])]


async def test_missed_reminders(stores: Stores) -> None:
    await stores.keeper.put(f"missed-reminders:{ANNA}", '[2, "2026-11-24T07:00:00+00:00"]')
    assert (await stores.own_data.about(ANNA, []))["kept"] == [{"missed_reminders": [2, "2026-11-24T07:00:00+00:00"]}]
    await stores.own_data.forget(ANNA, [], INSTEAD)
    assert await stores.own_data.about(ANNA, []) == {}
