"""A whole room full of it: the calendar, the people, a poll made by hand and a file, through the bot as it runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from calbot.core.model import EventId, Locale, Message, RoomId, UserId
from calbot.core.poll_events import POLL_START, TEXT
from calbot.core.settings import Sync
from calbot.db.stores import Stores
from calbot.errors import CalendarUnavailable
from calbot.matrix.content import require_size
from tests.fakes.chat import Posted
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office, open_office
from tests.services.conftest import same_chances as same_chances

from .corpus import KINDS
from .judge import judge, judge_text, texts_in

STRANGER = "fremd@elsewhere.example"
# What brought something down before, or might: the rest is in the tests of every message.
PLANTED = (
    "html_closes_paragraph",
    "pill_html",
    "pill_url",
    "room_mention",
    "user_mention",
    "lookalike_user_part",
    "lookalike_cyrillic",
    "bidi_unbalanced",
    "ansi",
    "nul",
    "surrogate",
    "newline_card",
    "line_separators",
    "newline_escaped",
    "catalog_fields",
    "command_lines",
    "quote_closes",
    "csv_formula",
    "filename_bidi",
    "path",
    "ics_lines",
    "ics_parameter",
    "emoji_flood",
    "combining_flood",
)
PEOPLE = {f"mailto:{name}" for name in ("anna@example.org", "ben@example.org", "carla@example.org", STRANGER)}
DIRECT = RoomId("!direct:example.org")
# What people type, in both languages; `{}` is what was planted, on one line as a client sends it.
TYPED: Mapping[Locale, tuple[str, ...]] = {
    "de": (
        "!meet liste",
        "!meet zeige 1",
        "!meet nächster",
        "!meet suche {}",
        "!meet finde 1h morgen @ben:example.org",
        "!meet neu „Runde“ übermorgen 9-10 ort:„Rathaus“ @ben:example.org @carla:example.org",
        "!meet verschiebe 1 übermorgen 9:30",
        "!meet absagen 1",
        "!meet vielleicht 1",
        "!meet erinnere 30m 1",
        "!meet neu „{}“ übermorgen 15 Uhr ort:„{}“",
        "!meet umfrage „{}“ Do 9; Fr 9",
        "!meet stimme 1",
        "!meet wann {}",
        "!meet zeige {}",
        "!meet verbinde {}",
        "!meet zeitzone {}",
        "!meet setze {} 1",
        "!meet {}",
        "!meet neu {}",
        "!meet umfrage {}",
        "!meet hilfe {}",
        "!meet umfragen",
        "!meet kalender",
        "!meet zustand",
        "!meet meine daten",
    ),
    "en": (
        "!meet list",
        "!meet show 1",
        "!meet next",
        "!meet search {}",
        "!meet find 1h tomorrow @ben:example.org",
        '!meet new "Round" in 2 days 9-10 loc:"Hall" @ben:example.org',
        "!meet cancel 1",
        "!meet when {}",
        "!meet lang {}",
        "!meet feed {}",
        "!meet {}",
        "!meet status",
    ),
}


@pytest.mark.parametrize(
    ("name", "locale"), [*((name, "de") for name in PLANTED), *((name, "en") for name in PLANTED[::4])]
)
async def test_nothing_that_the_bot_sends_is_more_than_text(
    stores: Stores, clock: FakeClock, locale: Locale, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = KINDS[name]
    office = await open_office(stores, clock, Sync(interval=timedelta(minutes=10)), locale)
    office.chat.rooms[ROOM].members.update(dict.fromkeys((ANNA, BEN, CARLA), text))
    office.chat.add_room(DIRECT, ANNA)
    office.calendar.put(CALENDAR, "harm", event_with(text))
    office.calendar.put(CALENDAR, "twin", event_with(text).replace("UID:harm", "UID:twin"))
    await office.pull()
    for typed in TYPED[locale]:
        await office.says(typed.replace("{}", " ".join(text.split())))
        await office.says(typed.replace("{}", " ".join(text.split())), room=DIRECT)
    await votes_in_a_poll_made_by_hand(office, text)
    await imports_a_file(office, text)
    await office.until(datetime(2026, 11, 25, 9, 50, tzinfo=BERLIN))  # reminders
    office.calendar.put(
        CALENDAR, "harm", event_with(text).replace("T100000", "T103000").replace("LOCATION:", "LOCATION:x")
    )
    await office.pull()
    await office.pass_time(timedelta(minutes=5))  # change notices
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await office.says("!meet neu Runde morgen 10 Uhr")
    assert len(office.chat.posted) > 30
    for posted in office.chat.posted:
        judge_posted(posted)
    assert "message_too_large" not in caplog.text
    assert not [one for one in caplog.records if "\n" in one.getMessage()]
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def judge_posted(posted: Posted) -> None:
    require_size(posted.content)
    mentioned = posted.content.get("m.mentions", {}).get("user_ids", [])
    assert {*mentioned} <= {ANNA, BEN, CARLA}
    assert "room" not in posted.content.get("m.mentions", {})
    if posted.message is not None:
        judge(posted.message)
        assert posted.message.data.get("code") != "internal", posted.message.text
        unseen(posted.message)
    elif posted.file is not None:
        judge_text(posted.file.filename)
        assert not {*'/\\:;"<>|?*'} & {*posted.file.filename}
        assert len(posted.file.filename) <= 70
        if posted.file.mimetype == "text/calendar":
            judge_file(posted.file.data)
        else:
            json.loads(posted.file.data)
    elif posted.type != "m.reaction":
        for one in texts_in({key: value for key, value in posted.content.items() if key != "io.calbot"}):
            judge_text(one)


def judge_file(data: bytes) -> None:
    """What is on the calendar, and not an event or a person more than that."""
    whole = Calendar.from_ical(data)
    events = whole.walk("VEVENT")
    assert len(events) == data.count(b"BEGIN:VEVENT\r\n") == 1
    people = events[0].get("ATTENDEE", [])
    assert {str(one).lower() for one in (people if isinstance(people, list) else [people])} <= PEOPLE


def unseen(message: Message) -> None:
    """Titles in the machine-readable part are cleaned like those that are shown."""
    for item in (message.data, *message.data.get("items", ())):
        if "title" in item:
            judge_text(item["title"])
            assert "\n" not in item["title"]


async def votes_in_a_poll_made_by_hand(office: Office, text: str) -> None:
    answers = [{"id": "1", TEXT: "Do 26.11. 10 Uhr"}, {"id": "2", TEXT: text}]
    start = {"question": {TEXT: text}, "answers": answers, "max_selections": 2}
    poll = office.chat.sends(ROOM, BEN, POLL_START, {POLL_START: start, TEXT: text})
    await office.hears(poll)
    await office.replies(poll.id, "!meet termin")
    await office.says("!meet umfragen")
    await office.replies(poll.id, "!meet schließen")


async def imports_a_file(office: Office, text: str) -> None:
    url = "mxc://example.org/harm"
    office.chat.files[url] = event_with(text).replace("UID:harm", "UID:file").encode("utf-8", "replace")
    for name in (f"{text}.ics", text):
        content = {"msgtype": "m.file", "body": name, "filename": name, "url": url, "info": {"size": 10}}
        file: EventId = office.chat.sends(ROOM, UserId(CARLA), "m.room.message", content).id
        await office.replies(file, "!meet importiere")
        await office.says("!meet 1")


def event_with(text: str) -> str:
    """An event with the text wherever there is one, escaped as RFC 5545 has it; and with what it would be unescaped."""
    value = (
        text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\\n").replace("\n", "\\n")
    )
    value = value.replace("\r", "\\n").encode("utf-8", "replace").decode()
    name = value.replace('"', "^'")
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//x//EN",
            "BEGIN:VEVENT",
            "UID:harm",
            "DTSTAMP:20261101T000000Z",
            "DTSTART;TZID=Europe/Berlin:20261125T100000",
            "DURATION:PT1H",
            f"SUMMARY:{value}",
            f"LOCATION:{value}",
            f"DESCRIPTION:{value}",
            f"COMMENT:{value}",
            f"URL:{value}",
            f"CONFERENCE;VALUE=URI:{value}",
            f'ORGANIZER;CN="{name}":mailto:termine@example.org',
            f'ATTENDEE;CN="{name}";PARTSTAT=ACCEPTED:mailto:ben@example.org',
            f'ATTENDEE;CN="{name}";PARTSTAT=TENTATIVE:mailto:fremd@elsewhere.example',
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
