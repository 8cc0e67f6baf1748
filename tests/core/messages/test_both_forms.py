"""Plain text carries everything that HTML does: for screen readers, notifications and bridges."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core import messages
from calbot.core.ask import Ask, Say
from calbot.core.changes import Change, ChangeKind, Field
from calbot.core.dates import At
from calbot.core.messages import (
    CalendarHere,
    CalendarSeen,
    CalendarsHere,
    CommandHelp,
    Due,
    HelpExtent,
    MappingPlan,
    Person,
    StatusReport,
)
from calbot.core.model import CalendarName, Details, Locale, Message, PartStat, RoomId, Status
from calbot.core.poll_model import PollState
from calbot.core.polls import Winner
from calbot.core.room_settings import InForce, Setting, Value
from calbot.core.room_settings import Source as SettingSource
from calbot.core.settings import Alarms, Mention, Problem
from calbot.errors import Code, UserError

from .examples import ANNA, BEN, LINK, LOCALES, NAMES, NOW, TUESDAY, WEDNESDAY, at, event, member, reader
from .test_poll_results import BOOKED, TALLY
from .test_polls import OPTIONS, POLL, RULED
from .test_text import read

FULL = event(
    details=Details(title="A & <B>", location="“Raum” 'x'", description="a\n<b>", link=LINK, rule="FREQ=DAILY")
)
GONE = event(details=Details(title="A & <B>", status=Status.CANCELLED), when=WEDNESDAY)
PRESS = CalendarName("<press>")
CALENDARS = CalendarsHere(
    (
        CalendarHere(PRESS, writable=True, busy=False, takes_new=True, by="<Anna>", at=NOW),
        CalendarHere(CalendarName("it"), writable=False, busy=True, takes_new=False),
    ),
    tuple(CalendarName(f"<{number}>") for number in range(40)),
    (CalendarName("<gone>"),),
)
ROOM_LINKS = {"https://matrix.to/#/!b:x", "https://matrix.to/#/!%3Ca%3E:x"}
MAPPING = Ask("map", (Say("map"), Say("no_map")), {"calendar": PRESS})
SETTINGS: tuple[tuple[Setting, Value], ...] = (
    (Setting.REMINDERS, ()),
    (Setting.REMINDERS, (timedelta(days=1), timedelta(0))),
    (Setting.ALARMS, Alarms.IGNORE),
    (Setting.MENTION, Mention.ROOM),
    (Setting.WRITE_TO, PRESS),
    (Setting.WRITE_TO, None),
    (Setting.DURATION, timedelta(minutes=45)),
    (Setting.LEVEL_NEW, 0),
    (Setting.LEVEL_CANCEL, 51),
    (Setting.LEVEL_SETTINGS, None),
)
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")


def everything(locale: Locale) -> list[Message]:
    eyes = reader(locale)
    people = [Person("Anna <Huber>", ANNA, PartStat.ACCEPTED)]
    changes = [Change(ChangeKind.CHANGED, FULL.uid, FULL, GONE, frozenset(Field))]
    new, help = CommandHelp("new", ("new",)), CommandHelp("help", ("help",))
    error = UserError(Code.NOT_UNDERSTOOD, "date_vague", words="<bald>")
    return [
        messages.meeting_card(eyes, FULL, people=people, calendar_title="<it>", description=True),
        messages.meeting_card(eyes, GONE, people=people, calendar_title="<it>"),
        messages.agenda(eyes, [(1, FULL), (2, GONE)], window=(NOW.date(), NOW.date()), rest=[FULL] * 3, as_of=NOW),
        messages.next_meeting(eyes, FULL, calendar_title="<it>", as_of=NOW),
        messages.moved(eyes, FULL, GONE, notes=[Say("nobody_invited")]),
        messages.cancelled(eyes, FULL, reason="<x>"),
        messages.change_notice(eyes, changes, calendar_title="<it>"),
        messages.reminders(eyes, [Due(FULL, timedelta(0)), Due(GONE, timedelta(0), late=True)], mentions=[member(BEN)]),
        messages.when_answer(eyes, "<x>", At(at(24, 14)), duration=timedelta(hours=1)),
        messages.error(eyes, error, example="!meet new <x>"),
        messages.internal_error(eyes, "$x"),
        messages.question(eyes, Ask("move_series", (FULL, Say("whole_series")))),
        messages.moved(eyes, FULL, FULL, whole_series=True),
        messages.cancelled(eyes, FULL, whole_series=True),
        messages.agenda(eyes, [(1, FULL)], window=(NOW.date(), NOW.date()), rest=[FULL] * 3, search="<x>"),
        messages.poll_text(eyes, POLL, [member(BEN)]),
        messages.poll_text(eyes, RULED, [member(BEN)]),
        messages.poll_card(eyes, RULED, TALLY, NAMES, [BEN]),
        messages.poll_card(eyes, replace(POLL, by_bot=False), TALLY, {ANNA: "<Anna>"}),
        messages.poll_over(eyes, replace(POLL, state=PollState.BOOKED, booked="s1")),
        messages.poll_nudge(eyes, POLL, [member(BEN)]),
        messages.poll_list(eyes, [messages.ListedPoll(POLL, TALLY), messages.ListedPoll(POLL, None)]),
        messages.poll_result(eyes, POLL, TALLY, Winner(OPTIONS[1], (ANNA, BEN)), occurrence=BOOKED, people=NAMES),
        messages.status(
            eyes, StatusReport("1", (), "off", room_encrypted=True, problems=(Problem("<x>", "expected_map"),))
        ),
        messages.help_overview(eyes, "!<m>", {"events": [new], "settings": [help]}),
        messages.help_overview(eyes, "!<m>", {"events": [new], "settings": [help]}, extent=HelpExtent.FULL),
        messages.help_overview(eyes, "!<m>", {"settings": [help]}, unmapped=True),
        messages.help_command(eyes, "!<m>", new),
        messages.ok(eyes, "synced", calendars="<it>"),
        messages.not_encrypted_hint(eyes),
        messages.cannot_read_hint(eyes, member(BEN)),
        messages.welcome(eyes, ["<it>"]),
        messages.welcome_unmapped(eyes, "!<x>"),
        messages.calendars_here(eyes, CALENDARS),
        messages.calendars_here(eyes, CalendarsHere(())),
        messages.calendars_seen(eyes, [CalendarSeen(PRESS, True, False, (RoomId("!<a>:x"), RoomId("!b:x")))]),
        messages.mapping_question(eyes, MAPPING, MappingPlan(PRESS, False, True, people=30, silenced=2)),
        messages.mapping_question(eyes, MAPPING, MappingPlan(PRESS, True, False, people=1)),
        messages.connected(eyes, PRESS, by="<Anna>", writable=False, ended_polls=["<Klausur>"]),
        messages.disconnected(eyes, PRESS, by="<Anna>", ended_polls=["<Klausur>"]),
        messages.room_settings(eyes, [InForce(*one, SettingSource.FILE) for one in SETTINGS], how=True),
        *(messages.setting_changed(eyes, InForce(*one, SettingSource.CHOSEN), by="<Anna>") for one in SETTINGS),
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_both_forms_say_the_same(locale: Locale) -> None:
    for message in everything(locale):
        shown = read(message.html)
        assert shown.text.strip() == message.text
        assert set(shown.links) <= {LINK, "https://matrix.to/#/@ben:example.org", *ROOM_LINKS}


@pytest.mark.parametrize("locale", LOCALES)
def test_mentions_and_pills_go_together(locale: Locale) -> None:
    for message in everything(locale):
        links = [link for link in read(message.html).links if link.startswith("https://matrix.to/")]
        pills = [link for link in links if not link.startswith("https://matrix.to/#/!")]  # rooms are not mentioned
        assert pills == [f"https://matrix.to/#/{user}" for user in message.mentions]


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_depends_on_a_picture(locale: Locale) -> None:
    """The keycaps stand for the digits that they show; there is no other emoji."""
    for message in everything(locale):
        assert EMOJI.findall(message.text) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_placeholder_stays_empty(locale: Locale) -> None:
    for message in everything(locale):
        assert "…" not in message.text
        assert not re.search(r"[{}]", message.text)


def test_the_machine_readable_parts_do_not_depend_on_the_language() -> None:
    for german, english in zip(everything("de"), everything("en"), strict=True):
        assert german.kind == english.kind
        assert german.data.keys() == english.data.keys()
        assert german.data.get("start") == english.data.get("start")


def test_an_event_takes_place_at_the_same_time_for_all() -> None:
    assert messages.event_data(reader("de"), event(when=TUESDAY))["start"]["utc"] == "2026-11-24T13:00:00Z"
