"""Who did what to which event: once, whatever happens, and without what it says."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from calbot.core.audit import Entry, Outcome
from calbot.core.model import Kind, RoomId
from calbot.core.permissions import PowerLevels
from calbot.core.settings import Access
from calbot.errors import CalendarUnavailable
from calbot.services import audit

from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at

DIRECT = RoomId("!anna:example.org")


async def recorded(office: Office) -> Sequence[Entry]:
    """Oldest first."""
    return list(reversed(await office.world.stores.audit.newest(100)))


async def acts(office: Office) -> list[tuple[str, str, str]]:
    return [(one.actor, one.action, one.outcome.value) for one in await recorded(office)]


async def test_each_command_that_writes_is_recorded(office: Office) -> None:
    await office.says("!meet neu Budget morgen 10:00")
    await office.says("!meet verschiebe letzter 11:00")
    await office.says("!meet ändere letzter ort:Rathaus")
    await office.says("!meet zusagen", by=BEN)
    await office.says("!meet absagen letzter")
    await office.says("!meet rückgängig")
    found = await recorded(office)
    assert [(one.actor, one.action) for one in found] == [
        (ANNA, "new"),
        (ANNA, "move"),
        (ANNA, "edit"),
        (BEN, "answer"),
        (ANNA, "cancel"),
        (ANNA, "undo"),
    ]
    assert {one.outcome for one in found} == {Outcome.DONE}
    assert {one.room for one in found} == {ROOM}
    assert {one.calendar for one in found} == {CALENDAR}
    assert len({one.uid for one in found[:5]}) == 1


async def test_what_only_tells_is_not(office: Office) -> None:
    for command in ("hilfe", "liste", "nächster", "wann morgen", "zustand", "kalender", "sprache en", "zeitzone Wien"):
        await office.says(f"!meet {command}")
    assert await recorded(office) == []


async def test_one_date_of_a_series_is_named(office: Office) -> None:
    await office.says("!meet neu Runde jeden Montag 10:00 bis 21.12.")
    await office.says("!meet liste 28t")
    await office.says("!meet verschiebe 2 11:00")
    await office.says("!meet 1")
    *_, moved = await recorded(office)
    assert moved.action == "move"
    assert moved.recurrence_id is not None
    assert moved.recurrence_id.startswith("20261207")


async def test_a_line_is_logged_for_each_and_says_nothing_of_contents(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=audit.LOGGER)
    await office.says("!meet neu Geheimsache morgen 10:00 ort:Verlies text:Verborgenes")
    lines = [json.loads(one.getMessage()) for one in caplog.records if one.name == audit.LOGGER]
    (entry,) = await recorded(office)
    assert [(line["key"], line["actor"], line["uid"]) for line in lines] == [(entry.key, ANNA, entry.uid)]
    for word in ("Geheimsache", "Verlies", "Verborgenes"):
        assert word not in caplog.text
        assert word not in repr(entry)


@pytest.mark.parametrize("step", ["write.expected", "write.done"])
async def test_a_crash_makes_no_second_entry_and_loses_none(office: Office, step: str) -> None:
    await office.says("!meet neu Budget morgen 10:00")
    for command in ("neu Haushalt übermorgen 10:00", "verschiebe letzter 15:00", "absagen letzter"):
        assert await killed_at(office, step, partial(office.says, f"!meet {command}"))
    assert await acts(office) == [(ANNA, what, "done") for what in ("new", "new", "move", "cancel")]


async def test_whoever_may_not_is_recorded_and_not_without_end(office: Office) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    await office.says("!meet neu Budget morgen 10:00")
    await office.says("!meet liste", by=CARLA)
    for _ in range(60):
        await office.says("!meet absagen 1", by=CARLA)
    refused = [one for one in await recorded(office) if one.outcome is Outcome.FORBIDDEN]
    assert len(refused) == 50
    assert {(one.actor, one.action, one.uid) for one in refused} == {(CARLA, "cancel", None)}
    office.clock.set(office.clock() + timedelta(days=1, minutes=1))
    await office.says("!meet absagen 1", by=CARLA)
    assert len([one for one in await recorded(office) if one.outcome is Outcome.FORBIDDEN]) == 51


async def test_what_nobody_knows_is_left_open_and_settled_by_a_repeat(office: Office) -> None:
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet neu Budget morgen 10:00")
    assert await acts(office) == [(ANNA, "new", "begun")]
    office.calendar.unavailable = None
    await office.says("!meet neu Haushalt morgen 12:00")
    assert await acts(office) == [(ANNA, "new", "begun"), (ANNA, "new", "done")]


async def test_settings_and_mappings(office: Office) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    await office.says("!meet setze dauer 45m")
    await office.says("!meet sprache raum en")
    await office.says("!meet übersicht täglich 07:30")
    await office.says("!meet setze dauer 30m", by=BEN)
    assert await acts(office) == [
        (ANNA, "set.duration", "done"),
        (ANNA, "set.language", "done"),
        (ANNA, "set.digest", "done"),
        (BEN, "set.duration", "forbidden"),
    ]


async def test_a_reaction_and_what_follows_a_command_by_itself(office: Office) -> None:
    await office.says("!meet neu Budget morgen 10:00 @ben:example.org")
    (card,) = [one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING]
    await office.hears(office.chat.reacts(ROOM, BEN, card, "👍"))
    await office.alarm.settle()
    assert await acts(office) == [(ANNA, "new", "done"), (BEN, "answer", "done")]


async def test_a_poll_that_is_booked(office: Office) -> None:
    await office.says("!meet umfrage Runde morgen 10:00; morgen 12:00")
    await office.says("!meet stimme 1", by=BEN)
    await office.says("!meet schließen", by=ANNA)
    found = await acts(office)
    assert (ANNA, "poll", "done") in found
    assert (ANNA, "book", "done") in found
    assert not [one for one in found if one[0] == BEN]


async def test_a_read_only_calendar_is_no_matter_of_rights(office: Office) -> None:
    calendars = office.world.settings.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], access=Access.READ_ONLY)})
    await office.says("!meet neu Budget morgen 10:00")
    assert await recorded(office) == []
