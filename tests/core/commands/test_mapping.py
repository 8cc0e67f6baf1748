"""`calendars`, `map`, `unmap`, `set`: usual, wrong and nasty forms in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.commands import Calendars, ChooseSetting, Command, CommandId, Map, Misunderstood, Unmap
from calbot.core.commands.mapping import NAMES
from calbot.core.configuration.values import write_duration
from calbot.core.model import CalendarName
from calbot.core.room_settings import LEVELS, Setting
from calbot.core.settings import Alarms, Mention

from .typing_in import typed


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("calendars", Calendars()),
        ("Kalender", Calendars()),
        ("map it-team", Map("it-team")),
        ("verbinde Kalender it-team", Map("it-team")),
        ("verbinden „IT Team“", Map("IT Team")),
        ("map it team", Map("it team")),
        ("map it-team read-only", Map("it-team", read_only=True)),
        ("map it-team READ ONLY", Map("it-team", read_only=True)),
        ("verbinde it-team nur-lesen", Map("it-team", read_only=True)),
        ("verbinde it-team nur lesen", Map("it-team", read_only=True)),
        ("map read-only", Map("read-only")),
        ("map calendar", Map("calendar")),
        ("unmap it-team", Unmap("it-team")),
        ("trenne den-kalender", Unmap("den-kalender")),
        ("trennen Kalender it-team", Unmap("it-team")),
    ],
)
def test_calendars(text: str, command: Command) -> None:
    assert typed(text) == command


@pytest.mark.parametrize("text", ["map", "verbinde", 'verbinde ""', "unmap", "trenne"])
def test_the_name_of_a_calendar_has_to_be_said(text: str) -> None:
    refused = typed(text)
    assert isinstance(refused, Misunderstood)
    assert refused.reason == "calendar_name_missing"
    assert refused.command in (CommandId.MAP, CommandId.UNMAP)


@pytest.mark.parametrize(
    ("text", "setting", "value"),
    [
        ("set reminders 1d 15m", Setting.REMINDERS, (timedelta(days=1), timedelta(minutes=15))),
        ("setze Erinnerungen 1 Tag vorher", Setting.REMINDERS, (timedelta(days=1),)),
        ("setze erinnerungen aus", Setting.REMINDERS, ()),
        ("set alarms use", Setting.ALARMS, Alarms.USE),
        ("setze alarme an", Setting.ALARMS, Alarms.USE),
        ("setze Alarme: ignorieren", Setting.ALARMS, Alarms.IGNORE),
        ("set mention attendees", Setting.MENTION, Mention.ATTENDEES),
        ("setze erwähnen Teilnehmende", Setting.MENTION, Mention.ATTENDEES),
        ("setze erwaehnen raum", Setting.MENTION, Mention.ROOM),
        ("set mention=none", Setting.MENTION, Mention.NONE),
        ("setze erwähnung auf niemand", Setting.MENTION, Mention.NONE),
        ("set duration 90m", Setting.DURATION, timedelta(minutes=90)),
        ("setze dauer eine halbe Stunde", Setting.DURATION, timedelta(minutes=30)),
        ("set write_to it-team", Setting.WRITE_TO, CalendarName("it-team")),
        ("setze eintragen „IT Team“", Setting.WRITE_TO, CalendarName("IT Team")),
        ("set levels.new 0", Setting.LEVEL_NEW, 0),
        ("set levels new everybody", Setting.LEVEL_NEW, 0),
        ("setze stufe absagen 50", Setting.LEVEL_CANCEL, 50),
        ("setze stufe.einstellungen Administration", Setting.LEVEL_SETTINGS, 100),
        ("set level.cancel -1", Setting.LEVEL_CANCEL, -1),
    ],
)
def test_settings(text: str, setting: Setting, value: object) -> None:
    assert typed(text) == ChooseSetting(setting, value)  # type: ignore[arg-type]  # of the setting's own kind


@pytest.mark.parametrize("setting", Setting)
@pytest.mark.parametrize("word", ["default", "standard", "STANDARD"])
def test_back_to_what_the_configuration_says(setting: Setting, word: str) -> None:
    for name in NAMES[setting]:
        assert typed(f"set {name} {word}") == ChooseSetting(setting, standard=True)
        assert typed(f"set {name}") == ChooseSetting(setting)


def test_nothing_said_is_a_question() -> None:
    assert typed("set") == typed("setze") == ChooseSetting()
    assert not ChooseSetting().changes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("set colour red", "setting_unknown"),
        ("set duratoin 45m", "setting_near"),
        ("setze erinerungen 15m", "setting_near"),
        ("set language en", "setting_elsewhere"),
        ("setze übersicht aus", "setting_elsewhere"),
        ("setze kalender it-team", "setting_elsewhere"),
        ("set alarms loud", "setting_alarms"),
        ("set mention boss", "setting_mention"),
        ("set duration 0m", "setting_duration"),
        ("set duration 31d", "setting_duration"),
        ("set duration whenever", "setting_duration"),
        ("set levels.new high", "setting_levels_new"),
        ("set levels.new 1.5", "setting_levels_new"),
        ("set levels.new 10000000000000000", "setting_levels_new"),
        ("set reminders me 5m", "setting_reminders"),
        ("set reminders 5m 1", "setting_reminders"),
        ("set levels 50", "setting_near"),
    ],
)
def test_what_is_not_understood_changes_nothing(text: str, reason: str) -> None:
    refused = typed(text)
    assert isinstance(refused, Misunderstood)
    assert (refused.reason, refused.command) == (reason, CommandId.SET)


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
def test_whatever_duration_the_configuration_takes_is_taken_here(duration: timedelta) -> None:
    whole = timedelta(minutes=duration // timedelta(minutes=1))
    assert typed(f"set duration {write_duration(whole)}") == ChooseSetting(Setting.DURATION, whole)


@given(st.sampled_from(sorted(LEVELS)), st.integers(-(10**15), 10**15))
def test_so_is_any_level(setting: Setting, level: int) -> None:
    assert typed(f"set {setting.value} {level}") == ChooseSetting(setting, level)


@given(st.text(max_size=80))
def test_no_text_is_too_much(text: str) -> None:
    for command in ("map", "unmap", "set", "set duration", "set levels.new", "set reminders"):
        assert typed(f"{command} {text}") is not None
