"""Which calendars a room shows, and how it is set: ``map NAME [read-only]``, ``unmap NAME``, ``set [KEY [VALUE]]``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from calbot.core.configuration import values
from calbot.core.configuration.findings import Unexpected
from calbot.core.model import CalendarName
from calbot.core.room_settings import Setting, Value
from calbot.core.settings import Alarms, Mention

from .context import ParseContext
from .model import ChooseSetting, Map, Unmap
from .phrases import find_lasting
from .references import Tokens
from .refusal import Refusal
from .reminders import parse_remind
from .tokens import Word, fold, spoken, written

_KEY: Final = re.compile(r"([^:=]+)[:=](.*)", re.DOTALL)
_INTEGER: Final = re.compile(r"-?[0-9]{1,16}")
_READ_ONLY: Final = frozenset(
    {
        *("read-only", "readonly", "read only", "ro"),
        *("nur-lesen", "nur lesen", "nurlesen", "lesend", "nur-lesend", "schreibgeschuetzt"),
    }
)
_CALENDAR: Final = frozenset({"calendar", "kalender"})
_STANDARD: Final = frozenset({"default", "standard", "reset", "zuruecksetzen"})
_BETWEEN: Final = frozenset({"to", "auf", "=", "is", "ist"})

# The first name of each is the one to recommend, in English and in German.
NAMES: Final[Mapping[Setting, tuple[str, ...]]] = {
    Setting.REMINDERS: ("reminders", "erinnerungen", "reminder", "erinnerung"),
    Setting.ALARMS: ("alarms", "alarme", "alarm"),
    Setting.MENTION: ("mention", "erwähnen", "mentions", "erwähne", "erwähnung", "erwähnungen"),
    Setting.WRITE_TO: ("write_to", "eintragen", "write-to", "writeto", "schreiben", "zielkalender"),
    Setting.DURATION: ("duration", "dauer"),
    Setting.LEVEL_NEW: ("levels.new", "stufe.neu", "level.new", "stufen.neu"),
    Setting.LEVEL_CANCEL: ("levels.cancel", "stufe.absagen", "level.cancel", "stufen.absagen"),
    Setting.LEVEL_SETTINGS: ("levels.settings", "stufe.einstellungen", "level.settings", "stufen.einstellungen"),
}
# What is set in a room, but by a command of its own.
_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("language", "lang"), "lang room de"),
    **dict.fromkeys(("sprache",), "sprache raum de"),
    **dict.fromkeys(("timezone", "tz"), "tz room Europe/Berlin"),
    **dict.fromkeys(("zeitzone",), "zeitzone raum Europe/Berlin"),
    **dict.fromkeys(("digest",), "digest daily 07:30"),
    **dict.fromkeys(("uebersicht", "agenda"), "übersicht täglich 7:30"),
    **dict.fromkeys(("calendars", "calendar"), "calendars"),
    **dict.fromkeys(("kalender",), "kalender"),
}
_BY_NAME: Final = {fold(name): setting for setting, names in NAMES.items() for name in names}

_ON: Final = frozenset({"on", "an", "ein", "ja", "yes", "true"})
_OFF: Final = frozenset({"off", "aus", "nein", "no", "false"})
_ALARMS: Final[Mapping[str, Alarms]] = {
    **dict.fromkeys(("use", "nutzen", "nutze", "beachten", "verwenden", *_ON), Alarms.USE),
    **dict.fromkeys(("ignore", "ignorieren", "ignoriere", *_OFF), Alarms.IGNORE),
}
_MENTION: Final[Mapping[str, Mention]] = {
    **dict.fromkeys(("attendees", "teilnehmende", "teilnehmer", "beteiligte", *_ON), Mention.ATTENDEES),
    **dict.fromkeys(("room", "raum", "alle", "all", "everybody", "@room"), Mention.ROOM),
    **dict.fromkeys(("none", "niemand", "niemanden", "keine", "nobody", *_OFF), Mention.NONE),
}
_ROLES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("alle", "all", "everybody", "everyone"), 0),
    **dict.fromkeys(("moderation", "moderators", "moderator", "mods"), 50),
    **dict.fromkeys(("administration", "admins", "admin"), 100),
}


def parse_map(tokens: Tokens) -> Map:
    words = _named(tokens)
    read_only = False
    for count in (2, 1):
        if len(words) > count and fold(written(words[-count:])) in _READ_ONLY:
            words, read_only = words[:-count], True
            break
    return Map(_name(words), read_only)


def parse_unmap(tokens: Tokens) -> Unmap:
    return Unmap(_name(_named(tokens)))


def _named(tokens: Tokens) -> Tokens:
    """Without the word "calendar" before the name."""
    more = len(tokens) > 1 and isinstance(tokens[0], Word) and fold(tokens[0].text) in _CALENDAR
    return tokens[1:] if more else tokens


def _name(words: Tokens) -> str:
    name = spoken(words)
    if not name:
        raise Refusal("calendar_name_missing")
    return name


def parse_set(tokens: Tokens, context: ParseContext) -> ChooseSetting:
    """Nothing said: all settings are told; a key alone: that one."""
    if not tokens:
        return ChooseSetting()
    setting, rest = _key(tokens, context)
    rest = rest[1:] if rest and isinstance(rest[0], Word) and fold(rest[0].text) in _BETWEEN else rest
    text = spoken(rest)
    if not text:
        return ChooseSetting(setting)
    if fold(text) in _STANDARD:
        return ChooseSetting(setting, standard=True)
    return ChooseSetting(setting, _value(setting, text, rest, context))


def _key(tokens: Tokens, context: ParseContext) -> tuple[Setting, Tokens]:
    """The setting in front, written as one word or, of levels, as two; and what follows it."""
    text, rest = _word_in_front(tokens)
    setting = _BY_NAME.get(fold(text))
    if setting is None and rest:
        following, behind = _word_in_front(rest)
        setting, rest = _BY_NAME.get(fold(f"{text}.{following}")), behind
    if setting is not None:
        return setting, rest
    if (command := _ELSEWHERE.get(fold(text))) is not None:
        raise Refusal("setting_elsewhere", text=text, command=command)
    near = difflib.get_close_matches(fold(text), _BY_NAME, n=1, cutoff=0.7)
    german = context.locales[0] == "de"
    if near:
        raise Refusal("setting_near", text=text, near=NAMES[_BY_NAME[near[0]]][german])
    raise Refusal("setting_unknown", text=text, known=", ".join(names[german] for names in NAMES.values()))


def _word_in_front(tokens: Tokens) -> tuple[str, Tokens]:
    """The first word, up to a colon or an equals sign in it, and what follows."""
    text = spoken(tokens[:1])
    match = _KEY.match(text) if isinstance(tokens[0], Word) else None
    if match is None:
        return text, tokens[1:]
    attached: Tokens = (Word(match[2], gap=True),) if match[2] else ()
    return match[1], (*attached, *tokens[1:])


def _value(setting: Setting, text: str, tokens: Tokens, context: ParseContext) -> Value:
    """What is said of a setting, as the configuration would take it; names of calendars are known elsewhere."""
    if setting is Setting.REMINDERS:
        return _leads(text, tokens, context)
    if setting is Setting.WRITE_TO:
        return CalendarName(text)
    try:
        if setting is Setting.ALARMS:
            return values.one_of(Alarms)(_ALARMS.get(fold(text)))
        if setting is Setting.MENTION:
            return values.one_of(Mention)(_MENTION.get(fold(text)))
        if setting is Setting.DURATION:
            return _length(text, context)
        return values.level(int(text) if _INTEGER.fullmatch(text) else _ROLES.get(fold(text)))
    except Unexpected:
        raise Refusal(f"setting_{setting.id}", text=text) from None


def _length(text: str, context: ParseContext) -> timedelta:
    """In the notation of the configuration, or in words."""
    try:
        return values.length(text)
    except Unexpected:
        length = find_lasting(text, context)
        return values.length(None if length is None else values.write_duration(length))


def _leads(text: str, tokens: Tokens, context: ParseContext) -> tuple[timedelta, ...]:
    """As `remind` reads them, for all events."""
    command = parse_remind(tokens, replace(context, replying=False))
    if command.leads is None or command.me or command.ref is not None:
        raise Refusal("setting_reminders", text=text)
    return command.leads
