"""Configurations with one mistake each: the example of the specification, with one value changed to a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calbot.core.configuration.findings import below

from .example import example

Steps = tuple[str, ...]
ROOM = "!abc:example.org"

# What is wrong wherever something else than a map, a list or a text is expected.
_NO_MAP = ("text", 5, ["a"], True)
_NO_LIST = ("text", 5, {"a": 1})
_NO_TEXT = (5, ["a"], {"a": 1}, True, 1.5, "line\nbreak", "\u202e")
_NO_DURATION = ("15", 15, "15 minutes", "m", "", "-5m", "1.5h", "5m1d", "9999999d", True, ["15m"])
_NO_CHOICE = ("none of these", "", 5, True, ["a"])
_NO_ADDRESS = ("huber", "huber@", "@example.org", "mailto:huber@example.org", "a b@example.org", "a@b@c", 5)
_NO_USER = ("anna", "@anna", "anna@example.org", "@anna:", "@a b:example.org", "@:example.org", 5, None)
_NO_ROOM = ("abc", "#abc:example.org", "!", "!abc:", "!a b:example.org", 5)
_NO_CLOCK = ("730", 450, "7", "24:30", "12:60", "-1:00", "07:30:00", True, ["07:30"], "7.30", "halb acht")
_NO_LEVEL = ("50", 1.5, True, 1 << 60, [50])
_NO_BOOLEAN: tuple[object, ...] = ("yes", 1, "true", [])
_NO_RATE = ("60", 60, "60/s", "1/m", "60 pro Minute", "", "-60/m", True, ["60/m"])
_NO_SECRET: tuple[object, ...] = (5, [], {}, {"env": ""}, {"env": "A", "file": "b"}, {"vault": "x"}, True)

WRONG: dict[Steps, tuple[object, ...]] = {
    ("command_prefix",): (*_NO_TEXT, "", "two words", "x" * 40),
    ("admins",): _NO_LIST,
    ("allowed_servers",): _NO_LIST,
    ("defaults",): _NO_MAP,
    ("defaults", "language"): (*_NO_CHOICE, "DE", "fr"),
    ("defaults", "timezone"): ("Berlin", "Europe/Berln", "Europe", "/etc/passwd", "../x", "", "x\0", 5, True),
    ("defaults", "duration"): (*_NO_DURATION, "0m", "400d"),
    ("defaults", "reminders"): ("15m", 15, {"a": 1}),
    ("defaults", "alarms"): _NO_CHOICE,
    ("defaults", "mention"): _NO_CHOICE,
    ("defaults", "working_hours"): (
        "08:00",
        "8-18",
        "18:00-18:00",
        "00:00-24:00",
        "08:00-18:00-20:00",
        "",
        8,
        ["08:00"],
    ),
    ("defaults", "working_days"): (*_NO_LIST, []),
    ("defaults", "holidays"): ("Bayern", "DE-XX", "XX", "DE BY", "DE-BY public", 49, True, ["DE-BY"]),
    ("defaults", "quiet_hours"): ("20:00", "20-7", "20:00-20:00", "20:00-25:00", "20:00–07:00", 20, False),
    ("accounts",): _NO_MAP,
    ("accounts", "city"): _NO_MAP,
    ("accounts", "city", "url"): (
        *_NO_TEXT,
        "",
        None,
        "caldav.example.org",
        "//caldav.example.org/",
        "ftp://caldav.example.org/",
        "https://",
        "https:///x",
        "https://user:password@caldav.example.org/",
        "https://caldav.example.org/?x",
        "https://caldav.example.org/#x",
        "https://caldav.example.org:port/",
        "https://caldav example.org/",
        "https://[::1/",
    ),
    ("accounts", "city", "username"): (*_NO_TEXT, "", None),
    ("accounts", "city", "password"): (
        "",
        None,
        5,
        [],
        {},
        {"env": ""},
        {"env": "A=B"},
        {"env": 5},
        {"file": ""},
        {"file": None},
        {"env": "A", "file": "b"},
        {"vault": "x"},
    ),
    ("accounts", "city", "auth"): _NO_CHOICE,
    ("accounts", "city", "ca_file"): _NO_TEXT,
    ("accounts", "city", "address"): _NO_ADDRESS,
    ("accounts", "city", "delivery"): _NO_CHOICE,
    ("accounts", "city", "freebusy"): _NO_CHOICE,
    ("accounts", "city", "timeout"): (*_NO_DURATION, "0s", "1h"),
    ("accounts", "city", "parallel"): (0, -1, 65, "4", 1.5, True),
    ("calendars",): _NO_MAP,
    ("calendars", "it-team"): _NO_MAP,
    ("calendars", "it-team", "account"): ("cty", "nowhere", "", None, 5, ["city"]),
    ("calendars", "it-team", "url"): (*_NO_TEXT, "", None, "https://evil.example/", "//evil.example/x", "x?y", "x#y"),
    ("calendars", "it-team", "access"): _NO_CHOICE,
    ("calendars", "it-team", "show"): _NO_CHOICE,
    ("calendars", "it-team", "organizer"): _NO_ADDRESS,
    ("calendars", "it-team", "delivery"): ("none of these", 5, True),
    ("calendars", "it-team", "map"): _NO_MAP,
    ("calendars", "it-team", "map", "users"): _NO_LIST,
    ("calendars", "it-team", "map", "rooms"): _NO_LIST,
    ("calendars", "it-team", "map", "power_level"): _NO_LEVEL,
    ("rooms",): _NO_MAP,
    ("rooms", ROOM): _NO_MAP,
    ("rooms", ROOM, "calendars"): (*_NO_LIST, [], None),
    ("rooms", ROOM, "write_to"): ("it-tem", "", 5, True, ["it-team"]),
    ("rooms", ROOM, "language"): (*_NO_CHOICE, "fr"),
    ("rooms", ROOM, "timezone"): ("Mars", 5),
    ("rooms", ROOM, "duration"): (*_NO_DURATION, "0m"),
    ("rooms", ROOM, "reminders"): ("15m", 15, {"a": 1}),
    ("rooms", ROOM, "alarms"): _NO_CHOICE,
    ("rooms", ROOM, "mention"): _NO_CHOICE,
    ("rooms", ROOM, "digest"): _NO_MAP,
    ("rooms", ROOM, "digest", "daily"): _NO_CLOCK,
    ("rooms", ROOM, "digest", "weekly"): (*_NO_CLOCK, "mon", "08:00", "08:00 mon", "mo 08:00", "mon 8", "mon 08:00 x"),
    ("rooms", ROOM, "digest", "always"): _NO_BOOLEAN,
    ("rooms", ROOM, "levels"): _NO_MAP,
    ("rooms", ROOM, "levels", "new"): _NO_LEVEL,
    ("rooms", ROOM, "levels", "cancel"): _NO_LEVEL,
    ("rooms", ROOM, "levels", "settings"): _NO_LEVEL,
    ("people",): _NO_MAP,
    ("people", "principal_search"): _NO_BOOLEAN,
    ("people", "address_template"): (
        "example.org",
        "{localpart}",
        "{user}@example.org",
        "{localpart}@{server}",
        "a b",
        5,
    ),
    ("people", "templates"): _NO_MAP,
    ("people", "templates", "other.example"): ("x@example.org", "", None, 5),
    ("people", "addresses"): _NO_MAP,
    ("people", "addresses", "@anna:example.org"): (*_NO_ADDRESS, "", None),
    ("resources",): _NO_MAP,
    ("resources", "Raum 4.12"): _NO_MAP,
    ("resources", "Raum 4.12", "address"): (*_NO_ADDRESS, "", None),
    ("resources", "Raum 4.12", "calendar"): _NO_TEXT,
    ("resources", "Raum 4.12", "capacity"): (0, -1, "12", 1.5, True),
    ("meeting_links",): _NO_MAP,
    ("meeting_links", "template"): (
        "https://meet.example.org/",
        "http://meet.example.org/{secret}",
        "https://{secret}.example.org/",
        "https://meet.example.org/{secret}/{room}",
        "https://meet.example.org/{secret} x",
        "meet/{secret}",
        5,
    ),
    ("meeting_links", "room"): _NO_BOOLEAN,
    ("polls",): _NO_MAP,
    ("polls", "deadline"): (*_NO_DURATION, "5m"),
    ("polls", "nudge"): (*_NO_DURATION, "0m", "60d"),
    ("polls", "max_options"): (1, 21, "20", True),
    ("email",): _NO_MAP,
    ("email", "host"): ("mail.example.org:25", "smtp://mail.example.org", "mail example", 5),
    ("email", "port"): (0, 65536, "587", True),
    ("email", "tls"): (*_NO_CHOICE, "ssl"),
    ("email", "username"): _NO_TEXT,
    ("email", "password"): _NO_SECRET,
    ("email", "sender"): ("calbot", "Kalender <calbot@example.org>", "calbot@example.org\nBcc: x@example.org", 5),
    ("web",): _NO_MAP,
    ("web", "feeds"): _NO_BOOLEAN,
    ("web", "token"): _NO_SECRET,
    ("limits",): _NO_MAP,
    ("limits", "person"): (*_NO_RATE, "4/h"),
    ("limits", "room"): (*_NO_RATE, "19/m"),
    ("sync",): _NO_MAP,
    ("sync", "interval"): (*_NO_DURATION, "5s"),
    ("sync", "max_interval"): (*_NO_DURATION, "30s"),
    ("sync", "horizon"): (*_NO_DURATION, "1d", "2000d"),
    ("sync", "max_command_age"): (*_NO_DURATION, "2d"),
    ("privacy",): _NO_MAP,
    ("privacy", "require_encryption"): _NO_BOOLEAN,
    ("privacy", "foreign_members"): _NO_CHOICE,
    ("privacy", "send_keys_to"): _NO_CHOICE,
    ("privacy", "retention"): _NO_MAP,
    ("privacy", "retention", "events"): (*_NO_DURATION, "1h"),
    ("privacy", "retention", "polls"): _NO_DURATION,
    ("privacy", "retention", "reminders"): _NO_DURATION,
    ("privacy", "retention", "audit"): (*_NO_DURATION, "1h"),
}
# Wrong items of lists, and wrong keys of maps whose keys are not chosen freely: the path names item and key.
WRONG_ITEMS: dict[Steps, tuple[object, ...]] = {
    ("admins",): _NO_USER,
    ("allowed_servers",): ("exa mple.org", "https://example.org", "example.org/", "-", "", 5, None),
    ("defaults", "reminders"): (*_NO_DURATION, "500d"),
    ("defaults", "working_days"): ("monday", "Mon", "", 1, None),
    ("calendars", "it-team", "map", "users"): _NO_USER,
    ("calendars", "it-team", "map", "rooms"): _NO_ROOM,
    ("rooms", ROOM, "calendars"): ("it-tem", "nowhere", 5, None, ["it-team"]),
    ("rooms", ROOM, "reminders"): _NO_DURATION,
}
WRONG_KEYS: dict[Steps, tuple[object, ...]] = {
    (): ("acounts", "calenders", "x", 5, None, ""),
    ("defaults",): ("langauge", "x", 5),
    ("accounts",): ("", 5, None),
    ("accounts", "city"): ("user", "pasword", "x", True),
    ("calendars", "it-team"): ("acces", "x"),
    ("calendars", "it-team", "map"): ("user", "x"),
    ("rooms",): _NO_ROOM,
    ("rooms", ROOM): ("calendar", "x"),
    ("rooms", ROOM, "digest"): ("dayly", "x"),
    ("rooms", ROOM, "levels"): ("setings", "x"),
    ("resources",): ("", 5, None, " ", "a\u202eb"),
    ("resources", "Raum 4.12"): ("adress", "x"),
    ("people", "templates"): ("other example", "https://other.example", "", 5),
    ("people", "addresses"): ("anna", "anna@example.org", 5),
    ("meeting_links",): ("link", "x"),
    ("polls",): ("dead_line", "x"),
    ("email",): ("hots", "x"),
    ("web",): ("feed", "tokn"),
    ("limits",): ("persons", "x"),
    ("sync",): ("intervall", "x"),
    ("privacy",): ("require_encyption", "x"),
    ("privacy", "retention"): ("event", "x"),
}


def _path(steps: Steps) -> str:
    path = ""
    for step in steps:
        path = below(path, step)
    return path


def _changed(steps: Steps) -> tuple[dict[str, Any], Any]:
    """The example, and the map in it that holds the last step."""
    raw = example()
    place: Any = raw
    for step in steps:
        place = place[step]
    return raw, place


def mistakes() -> Iterator[tuple[str, dict[str, Any]]]:
    """The path that a finding has to name, and the configuration."""
    for steps, wrong in WRONG.items():
        for value in wrong:
            raw, place = _changed(steps[:-1])
            place[steps[-1]] = value
            yield _path(steps), raw
    for steps, wrong in WRONG_ITEMS.items():
        for value in wrong:
            raw, place = _changed(steps)
            place.append(value)
            yield f"{_path(steps)}[{len(place) - 1}]", raw
    for steps, wrong in WRONG_KEYS.items():
        for key in wrong:
            raw, place = _changed(steps)
            place[key] = next(iter(place.values()))
            yield below(_path(steps), str(key)), raw
