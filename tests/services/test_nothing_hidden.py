"""What is hidden goes out in no way at all: messages, their machine-readable part, files, the database, logs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mautrix.util.async_db import Database

from calbot.core.ical.redaction import redacted
from calbot.core.model import RoomId
from calbot.core.settings import Show
from tests.db.schema_tables import columns
from tests.planted import NAME, PLACE, SECRET, TEXT, found_in

from .conftest import ANNA, BEN, BERLIN, CALENDAR, Office

HOME = RoomId("!home:example.org")
OTHER = "andere@example.org"
CLASSES = ("CLASS:PRIVATE", "CLASS:CONFIDENTIAL", "CLASS:X-NOBODY-KNOWS", "")


def event(classification: str, hour: int = 10, *, rule: str = "", title: str = SECRET) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//y//EN",
        "BEGIN:VEVENT",
        "UID:hidden-1",
        "DTSTAMP:20261101T000000Z",
        f"DTSTART;TZID=Europe/Berlin:20261125T{hour:02}0000",
        f"DTEND;TZID=Europe/Berlin:20261125T{hour + 1:02}0000",
        *([rule] if rule else []),
        *([classification] if classification else []),
        f"SUMMARY:{title}",
        f"LOCATION:{PLACE} https://meet.example.org/{TEXT}",
        f"DESCRIPTION:{TEXT}",
        f"CATEGORIES:{SECRET}",
        f"COMMENT:{TEXT}",
        f"CONTACT:{NAME}",
        f"X-{SECRET}:{TEXT}",
        f"URL:https://example.org/{SECRET}",
        f"ATTACH:https://example.org/{TEXT}",
        f"CONFERENCE;VALUE=URI;LABEL={NAME}:https://meet.example.org/{SECRET}",
        f"ORGANIZER;CN={NAME}:mailto:{NAME.lower()}@example.org",
        f"ATTENDEE;CN={NAME};PARTSTAT=NEEDS-ACTION:mailto:anna@example.org",
        f"ATTENDEE;CN={NAME}:mailto:{OTHER}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{SECRET}",
        "TRIGGER:-PT30M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)


async def everything(office: Office, database: Database) -> str:
    """All that was sent, files included, and all that is stored."""
    told = [
        json.dumps([dict(one.content), one.message and one.message.text], default=str) for one in office.chat.posted
    ]
    files = [one.file.data.decode() for one in office.chat.posted if one.file is not None]
    rows = []
    for table in await columns(database):
        rows += [repr(tuple(row)) for row in await database.fetch(f"SELECT * FROM {table}")]
    return "\n".join([*told, *files, *rows])


COMMANDS = (
    "liste 14t", "nächster", "zeige 1", "verschiebe 1 15:00", "ändere 1 ort:Rathaus", "absagen 1", "zusagen 1",
    "finde 1h morgen", "neu Budget morgen 10:00", "1", "2", "umfrage Runde morgen 10:00; morgen 12:00", "zustand",
    "erinnere 30m 1", "kalender", "rückgängig", "erinnere mich 20m", "übersicht täglich 09:00", "umfragen",
)  # fmt: skip


@pytest.mark.parametrize("classification", CLASSES)
async def test_in_a_whole_life(classification: str, office: Office, database: Database) -> None:
    """Made, moved, made a series and removed elsewhere; asked for in the room and alone."""
    if not classification:  # all of the calendar is
        calendars = office.world.settings.calendars
        office.change(calendars={CALENDAR: replace(calendars[CALENDAR], show=Show.BUSY)})
    office.chat.add_room(HOME, ANNA)
    office.calendar.put(CALENDAR, "hidden", event(classification))
    await office.pull()
    for command in COMMANDS:
        await office.says(f"!meet {command}")
        await office.says(f"!meet {command}", by=BEN)
        await office.says(command, room=HOME)
    office.calendar.put(CALENDAR, "hidden", event(classification, 14))
    await office.pull()
    await office.pass_time(timedelta(minutes=10))
    await office.until(datetime(2026, 11, 25, 14, 30, tzinfo=BERLIN))  # reminders, agendas
    office.calendar.put(CALENDAR, "hidden", event(classification, 16, rule="RRULE:FREQ=DAILY;COUNT=5"))
    await office.pull()
    await office.pass_time(timedelta(minutes=10))
    office.calendar.remove(CALENDAR, "hidden")
    await office.pull()
    await office.pass_time(timedelta(minutes=10))
    await office.says("meine daten", room=HOME)
    assert found_in(await everything(office, database)) == []


async def test_what_becomes_hidden_is_hidden_from_then_on(office: Office, database: Database) -> None:
    office.calendar.put(CALENDAR, "hidden", event("CLASS:PUBLIC"))
    await office.pull()
    await office.says("!meet liste 14t")
    assert found_in(await everything(office, database))
    sent = len(office.chat.posted)
    office.calendar.put(CALENDAR, "hidden", event("CLASS:PRIVATE", 12))
    await office.pull()
    await office.pass_time(timedelta(days=5))
    for command in COMMANDS:
        await office.says(f"!meet {command}")
    later = [json.dumps(dict(one.content), default=str) for one in office.chat.posted[sent:]]
    assert found_in("\n".join(later)) == []
    rows = [
        repr(tuple(row)) for table in await columns(database) for row in await database.fetch(f"SELECT * FROM {table}")
    ]
    assert found_in("\n".join(rows)) == []


@given(
    st.sampled_from(["SUMMARY", "LOCATION", "DESCRIPTION", "COMMENT", "CONTACT", "X-ANYTHING", "CATEGORIES", "URL"]),
    st.sampled_from(["", ";LANGUAGE=de", f';ALTREP="{SECRET}"', f";X-P={SECRET}"]),
    st.sampled_from([SECRET, f"a\\n{SECRET}", f"{SECRET}\r\n {TEXT}"]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_redaction_leaves_nothing(name: str, parameters: str, value: str) -> None:
    text = event("CLASS:PRIVATE").replace("CLASS:PRIVATE", f"CLASS:PRIVATE\r\n{name}{parameters}:{value}")
    assert found_in(redacted(text)) == []
    assert "UID:hidden-1" in redacted(text)
