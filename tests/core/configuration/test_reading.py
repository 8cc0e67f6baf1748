"""Whatever the configuration holds: usable settings, and a finding for every mistake."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.configuration import NotYaml, is_error, read_settings
from calbot.core.model import AccountName, CalendarName, RoomId, UserId
from calbot.core.settings import (
    Access,
    Account,
    Alarms,
    Auth,
    Calendar,
    Defaults,
    Delivery,
    Digest,
    ForeignMembers,
    FreeBusy,
    Hours,
    Levels,
    MapRights,
    MeetingLinks,
    Mention,
    People,
    Problem,
    Resource,
    Room,
    Secret,
    Settings,
    Show,
    Web,
    Weekday,
)

from .example import example

CITY, IT, ROOM = AccountName("city"), CalendarName("it-team"), RoomId("!abc:example.org")


def errors(raw: object) -> dict[str, str]:
    return {problem.path: problem.expected for problem in read_settings(raw)[1] if is_error(problem)}


def notices(raw: object) -> dict[str, str]:
    return {problem.path: problem.expected for problem in read_settings(raw)[1] if not is_error(problem)}


def test_the_example_is_read_without_an_error() -> None:
    settings, problems = read_settings(example())
    assert not any(map(is_error, problems))
    assert settings == Settings(
        admins=frozenset([UserId("@admin:example.org")]),
        defaults=Defaults(holidays="DE-BY", quiet_hours=Hours(time(20), time(7))),
        accounts={
            CITY: Account(
                CITY,
                "https://caldav.example.org/",
                "svc-calbot",
                Secret(env="CALBOT_CITY_PASSWORD"),
                address="termine@example.org",
                delivery=Delivery.SERVER,
            )
        },
        calendars={
            IT: Calendar(
                IT,
                CITY,
                "https://caldav.example.org/calendars/svc-calbot/it-team/",
                map=MapRights(rooms=frozenset([ROOM]), power_level=50),
                path="calendars/svc-calbot/it-team/",
            )
        },
        rooms={
            ROOM: Room(
                ROOM,
                (IT,),
                IT,
                "de",
                ZoneInfo("Europe/Berlin"),
                timedelta(hours=1),
                (timedelta(days=1), timedelta(minutes=15)),
                Alarms.USE,
                Mention.ATTENDEES,
                Levels(0, 50, 50),
                Digest(time(7, 30), (Weekday.MON, time(8))),
            )
        },
        people=People(
            "{localpart}@example.org",
            {"other.example": "{localpart}@other.example"},
            {UserId("@anna:example.org"): "anna.huber@example.org"},
        ),
        resources={"Raum 4.12": Resource("Raum 4.12", "raum412@example.org", None, 12)},
        meeting_links=MeetingLinks("https://meet.example.org/{secret}"),
        web=Web(feeds=True, token=Secret(file="/run/secrets/calbot-web")),
    )


def test_what_the_example_refers_to_and_does_not_have_is_noted_and_nothing_else() -> None:
    assert notices(example()) == {'resources["Raum 4.12"].calendar': "unknown_calendar"}


@pytest.mark.parametrize("raw", [{}, None, {"accounts": None, "rooms": None, "defaults": None, "admins": None}])
def test_nothing_given_means_the_defaults(raw: object) -> None:
    assert read_settings(raw) == (Settings(), ())


@pytest.mark.parametrize("raw", [[], "text", 3, True, [{"a": 1}]])
def test_something_else_than_a_map(raw: object) -> None:
    assert read_settings(raw) == (Settings(), (Problem("configuration", "expected_map"),))


def test_no_yaml() -> None:
    assert read_settings(NotYaml(12)) == (Settings(), (Problem("line 12", "expected_yaml"),))
    assert read_settings(NotYaml()) == (Settings(), (Problem("configuration", "expected_yaml"),))


class TestLeftOut:
    """What is broken is missing by itself, and what depends on it; the rest works."""

    @pytest.fixture
    def raw(self) -> dict[str, Any]:
        raw = example()
        raw["accounts"]["other"] = {"url": "http://127.0.0.1:5232", "username": "u", "password": "p"}
        raw["calendars"]["hr"] = {"account": "other", "url": "hr"}
        raw["rooms"]["!hr"] = {"calendars": ["hr"]}
        raw["rooms"]["!both:example.org"] = {"calendars": ["hr", "it-team"]}
        return raw

    def test_a_resource_misses_no_calendar_that_is_there(self, raw: dict[str, Any]) -> None:
        raw["resources"] = {"Raum 4.12": {"address": "raum412@example.org", "calendar": "hr"}}
        raw["accounts"]["other"]["url"] = "nowhere"
        settings, problems = read_settings(raw)
        assert settings.resources["Raum 4.12"].calendar is None
        assert not [one for one in problems if one.path.startswith("resources")]

    def names(self, raw: object) -> tuple[set[str], set[str], set[str]]:
        settings, _ = read_settings(raw)
        return set(settings.accounts), set(settings.calendars), set(settings.rooms)

    def test_all_is_well(self, raw: dict[str, Any]) -> None:
        assert errors(raw) == {}
        assert self.names(raw) == (
            {"city", "other"},
            {"it-team", "hr"},
            {"!abc:example.org", "!hr", "!both:example.org"},
        )

    def test_an_account(self, raw: dict[str, Any]) -> None:
        del raw["accounts"]["other"]["password"]
        assert errors(raw) == {
            "accounts.other.password": "expected_value",
            "calendars.hr.account": "left_out_account",
            'rooms["!hr"].calendars[0]': "left_out_calendar",
            'rooms["!both:example.org"].calendars[0]': "left_out_calendar",
        }
        assert self.names(raw) == ({"city"}, {"it-team"}, {"!abc:example.org"})

    def test_a_calendar(self, raw: dict[str, Any]) -> None:
        raw["calendars"]["hr"]["show"] = "all"
        assert errors(raw) == {
            "calendars.hr.show": "expected_one_of",
            'rooms["!hr"].calendars[0]': "left_out_calendar",
            'rooms["!both:example.org"].calendars[0]': "left_out_calendar",
        }
        assert self.names(raw) == ({"city", "other"}, {"it-team"}, {"!abc:example.org"})

    def test_a_room(self, raw: dict[str, Any]) -> None:
        raw["rooms"]["!hr"]["levels"] = {"cancel": "moderator"}
        assert errors(raw) == {'rooms["!hr"].levels.cancel': "expected_level"}
        assert self.names(raw)[2] == {"!abc:example.org", "!both:example.org"}

    def test_a_mistyped_key_that_would_have_limited_writing(self, raw: dict[str, Any]) -> None:
        raw["calendars"]["hr"]["acces"] = "read-only"
        (problem,) = [p for p in read_settings(raw)[1] if p.path.startswith("calendars")]
        assert problem == Problem("calendars.hr.acces", "unknown_key_nearest", {"nearest": "access"})
        assert "hr" not in self.names(raw)[1]

    def test_a_single_value_elsewhere(self, raw: dict[str, Any]) -> None:
        raw["defaults"]["language"] = "fr"
        raw["admins"].append("admin")
        raw["sync"]["interval"] = "1s"
        settings, _ = read_settings(raw)
        assert settings.defaults.language == "de"
        assert settings.admins == {"@admin:example.org"}
        assert settings.sync.interval == timedelta(seconds=60)
        assert len(settings.rooms) == 3


def test_secrets_are_never_shown() -> None:
    raw = example()
    raw["accounts"]["city"]["password"] = "hunter2"
    raw["accounts"]["bad"] = {"url": "https://user:hunter2@example.org/", "password": ["hunter2"]}
    settings, problems = read_settings(raw)
    assert settings.accounts[CITY].password.value == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(problems)


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ("text", Secret(value="text")),
        ({"env": "NAME"}, Secret(env="NAME")),
        ({"file": "/run/secrets/x y"}, Secret(file="/run/secrets/x y")),
    ],
)
def test_passwords(given: object, secret: Secret) -> None:
    raw = example()
    raw["accounts"]["city"]["password"] = given
    assert read_settings(raw)[0].accounts[CITY].password == secret


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://caldav.example.org", "https://caldav.example.org/"),
        ("HTTPS://CalDAV.example.org:8443/dav", "HTTPS://CalDAV.example.org:8443/dav/"),
        ("https://[::1]:5232/ü/", "https://[::1]:5232/%C3%BC/"),
    ],
)
def test_account_urls(given: str, url: str) -> None:
    raw = example()
    raw["accounts"]["city"]["url"] = given
    assert read_settings(raw)[0].accounts[CITY].url == url


def test_a_password_that_goes_in_clear_is_noted() -> None:
    raw = example()
    raw["accounts"]["city"]["url"] = "http://caldav.example.org/"
    assert notices(raw)["accounts.city.url"] == "password_in_clear"
    raw["accounts"]["city"]["url"] = "http://127.0.0.1:5232/"
    assert "accounts.city.url" not in notices(raw)


def test_a_bearer_token_needs_no_user_name() -> None:
    raw = example()
    raw["accounts"]["city"] |= {"auth": "bearer", "username": ""}
    assert read_settings(raw)[0].accounts[CITY].auth is Auth.BEARER
    raw["accounts"]["city"]["auth"] = "digest"
    assert errors(raw)["accounts.city.username"] == "expected_filled_text"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("it", "https://caldav.example.org/dav/it/"),
        ("/cal/it/", "https://caldav.example.org/cal/it/"),
        ("../it/", "https://caldav.example.org/it/"),
        ("Büro 1", "https://caldav.example.org/dav/B%C3%BCro%201/"),
        ("B%C3%BCro/", "https://caldav.example.org/dav/B%C3%BCro/"),
        ("https://caldav.example.org/x", "https://caldav.example.org/x/"),
        ("https://CALDAV.example.org:443/x/", "https://CALDAV.example.org:443/x/"),
        ("https://evil.example/x/", "expected_same_host"),
        ("//evil.example/x/", "expected_same_host"),
        ("http://caldav.example.org/x/", "expected_same_host"),
        ("https://caldav.example.org:8443/x/", "expected_same_host"),
        ("https://caldav.example.org@evil.example/x/", "expected_calendar_url"),
        ("https://caldav.example.org\\@evil.example/", "expected_calendar_url"),
        ("ftp://caldav.example.org/", "expected_calendar_url"),
        ("x?y", "expected_calendar_url"),
        ("", "expected_calendar_url"),
        ("https://[", "expected_calendar_url"),
    ],
)
def test_calendar_urls_stay_on_the_host_of_the_account(given: str, url: str) -> None:
    raw = example()
    raw["accounts"]["city"]["url"] = "https://caldav.example.org/dav/"
    raw["calendars"]["it-team"]["url"] = given
    settings, _ = read_settings(raw)
    if url.startswith("expected"):
        assert errors(raw)["calendars.it-team.url"] == url
        assert settings.calendars == {}
    else:
        assert settings.calendars[IT].url == url


def test_mapping_rights() -> None:
    raw = example()
    raw["calendars"]["it-team"]["map"] = {"users": ["@a:example.org"], "rooms": ["!v12"]}
    rights = read_settings(raw)[0].calendars[IT].map
    assert rights == MapRights(frozenset([UserId("@a:example.org")]), frozenset([RoomId("!v12")]))
    raw["calendars"]["it-team"]["map"] = {"users": [], "power_level": 100}
    assert errors(raw)["calendars.it-team.map.power_level"] == "power_level_alone"


class TestRooms:
    @pytest.mark.parametrize(
        ("access", "write_to", "expected"),
        [
            (("read-write", "read-write"), None, "it-team"),
            (("read-only", "read-write"), None, "hr"),
            (("read-only", "read-only"), None, None),
            (("read-write", "read-write"), "hr", "hr"),
        ],
    )
    def test_where_they_write(self, access: tuple[str, str], write_to: str | None, expected: str | None) -> None:
        raw = example()
        raw["calendars"]["it-team"]["access"] = access[0]
        raw["calendars"]["hr"] = {"account": "city", "url": "hr", "access": access[1]}
        raw["rooms"] = {"!r": {"calendars": ["it-team", "hr", "it-team"], "write_to": write_to}}
        room = read_settings(raw)[0].rooms[RoomId("!r")]
        assert room.calendars == ("it-team", "hr")
        assert room.write_to == expected

    @pytest.mark.parametrize(
        ("write_to", "expected"),
        [("hr", "expected_writable"), ("mail", "expected_room_calendar"), (5, "expected_room_calendar")],
    )
    def test_where_they_cannot_write(self, write_to: object, expected: str) -> None:
        raw = example()
        raw["calendars"]["hr"] = {"account": "city", "url": "hr", "access": "read-only"}
        raw["rooms"] = {"!r": {"calendars": ["it-team", "hr"], "write_to": write_to}}
        assert errors(raw) == {'rooms["!r"].write_to': expected}

    def test_take_what_they_do_not_say_from_the_defaults(self) -> None:
        raw = example()
        raw["defaults"] = {
            "language": "en",
            "timezone": "Asia/Tokyo",
            "duration": "45m",
            "reminders": [],
            "alarms": "ignore",
            "mention": "none",
        }
        raw["rooms"] = {"!r": {"calendars": ["it-team"]}}
        room = read_settings(raw)[0].rooms[RoomId("!r")]
        assert room == Room(
            RoomId("!r"),
            (IT,),
            IT,
            "en",
            ZoneInfo("Asia/Tokyo"),
            timedelta(minutes=45),
            (),
            Alarms.IGNORE,
            Mention.NONE,
        )

    def test_say_it_themselves(self) -> None:
        raw = example()
        raw["rooms"] = {
            "!r": {
                "calendars": ["it-team"],
                "language": "en",
                "duration": "2h",
                "reminders": [],
                "alarms": "ignore",
                "mention": "room",
                "levels": {"new": -1, "settings": None},
            }
        }
        room = read_settings(raw)[0].rooms[RoomId("!r")]
        assert (room.language, room.duration, room.reminders) == ("en", timedelta(hours=2), ())
        assert (room.alarms, room.mention, room.levels) == (Alarms.IGNORE, Mention.ROOM, Levels(-1, 50, None))


def test_when_people_work_and_when_they_are_left_alone() -> None:
    raw: dict[str, Any] = {
        "defaults": {
            "working_hours": "7:30-24:00",
            "working_days": ["sun", "mon", "sun"],
            "holidays": "de-by catholic",
            "quiet_hours": " 12:00 - 13:00 ",
        }
    }
    settings, problems = read_settings(raw)
    assert problems == ()
    assert settings.defaults == Defaults(
        working_hours=Hours(time(7, 30), time(0)),
        working_days=(Weekday.MON, Weekday.SUN),
        holidays="DE-BY catholic",
        quiet_hours=Hours(time(12), time(13)),
    )


def test_empty_texts_mean_none() -> None:
    raw = example()
    raw["defaults"] |= {"holidays": "", "quiet_hours": ""}
    raw["rooms"][ROOM]["digest"] = {"daily": "", "weekly": "", "always": True}
    settings, problems = read_settings(raw)
    assert not any(map(is_error, problems))
    assert settings.defaults == Defaults()
    assert settings.rooms[ROOM].digest == Digest(always=True)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("DE-BYY", ("expected_region_nearest", {"nearest": "DE-BY"})),
        ("DE-Bayern", ("expected_region_nearest", {"nearest": "DE-BY"})),
        ("DE_BY", ("expected_region_nearest", {"nearest": "DE-BY"})),
        ("Klingon", ("expected_region", {})),
        ("DE-BY bavarian", ("expected_holidays", {"region": "DE-BY"})),
    ],
)
def test_regions_that_are_none(given: str, problem: tuple[str, dict[str, str]]) -> None:
    (found,) = read_settings({"defaults": {"holidays": given}})[1]
    assert (found.path, found.expected) == ("defaults.holidays", problem[0])
    assert problem[1].items() <= found.params.items()


class TestResources:
    """A mistake costs the resource; a calendar that is not there only the knowledge of when it is taken."""

    def test_with_a_calendar(self) -> None:
        raw = example()
        raw["resources"] = {"Beamer": {"address": "beamer@example.org", "calendar": "it-team"}}
        assert read_settings(raw)[0].resources == {"Beamer": Resource("Beamer", "beamer@example.org", IT, None)}

    def test_without_an_address(self) -> None:
        raw = example()
        raw["resources"]["Beamer"] = {"capacity": 1}
        assert errors(raw) == {"resources.Beamer.address": "expected_value"}
        assert list(read_settings(raw)[0].resources) == ["Raum 4.12"]


def test_whose_free_time_is_not_asked_for() -> None:
    raw = example()
    raw["accounts"]["city"]["freebusy"] = "off"
    assert read_settings(raw)[0].accounts[CITY].freebusy is FreeBusy.OFF


class TestPrivacy:
    def test_as_given(self) -> None:
        raw = {"privacy": {"require_encryption": True, "foreign_members": "allow", "send_keys_to": "cross-signed"}}
        settings, problems = read_settings(raw)
        assert problems == ()
        assert settings.privacy.require_encryption is True
        assert settings.privacy.foreign_members is ForeignMembers.ALLOW
        assert settings.privacy.cross_signed_only is True

    def test_what_is_unreadable_is_taken_strictly(self) -> None:
        raw = {"privacy": {"require_encryption": "yes", "foreign_members": "ignore", "send_keys_to": "verified"}}
        privacy = read_settings(raw)[0].privacy
        assert privacy.require_encryption is True
        assert privacy.foreign_members is ForeignMembers.PAUSE
        assert privacy.cross_signed_only is True
        assert set(errors(raw)) == {f"privacy.{key}" for key in raw["privacy"]}


def test_the_longer_interval_is_not_below_the_shorter() -> None:
    raw: dict[str, Any] = {"sync": {"interval": "1h"}}
    assert read_settings(raw)[0].sync.max_interval == timedelta(hours=1)
    raw["sync"]["max_interval"] = "30m"
    assert errors(raw) == {"sync.max_interval": "expected_duration_between"}


def test_values_that_are_no_defaults() -> None:
    raw: dict[str, Any] = {
        "command_prefix": "!termin",
        "allowed_servers": ["example.org", "matrix.example.org:8448", "[::1]"],
        "calendars": {},
        "accounts": {"a": {"url": "https://x/", "username": "u", "password": "p", "timeout": "5s", "parallel": 2}},
        "meeting_links": {"template": "https://meet.example.org/?room={secret}#x", "room": True},
    }
    settings, problems = read_settings(raw)
    assert problems == ()
    assert settings.command_prefix == "!termin"
    assert settings.allowed_servers == {"example.org", "matrix.example.org:8448", "[::1]"}
    assert (settings.accounts[AccountName("a")].timeout, settings.accounts[AccountName("a")].parallel) == (5.0, 2)
    assert settings.meeting_links == MeetingLinks("https://meet.example.org/?room={secret}#x", room=True)


def test_calendar_values_that_are_no_defaults() -> None:
    raw = example()
    raw["calendars"]["it-team"] |= {
        "access": "read-only",
        "show": "busy",
        "organizer": "it@example.org",
        "delivery": "none",
    }
    del raw["calendars"]["it-team"]["map"]
    calendar = read_settings(raw)[0].calendars[IT]
    assert (calendar.access, calendar.show) == (Access.READ_ONLY, Show.BUSY)
    assert (calendar.organizer, calendar.delivery, calendar.map) == ("it@example.org", Delivery.NONE, MapRights())


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a.b", '["a.b"]'),
        ("two words", '["two words"]'),
        ('say "x"', r'["say \"x\""]'),
        ("line\nbreak", r'["line\nbreak"]'),
        ("\u202egnp", '["?gnp"]'),
        (7, "7"),
        (None, "None"),
        ("x" * 500, '["' + "x" * 80 + '…"]'),
    ],
)
def test_paths_of_odd_keys(key: object, path: str) -> None:
    assert list(errors({key: 1})) == [path]


def test_a_key_that_cannot_be_printed() -> None:
    assert errors({10**5000: 1}) == {"int": "unknown_key"}


def test_names_that_are_none() -> None:
    raw: dict[str, Any] = {"accounts": {5: {}, "": {}, None: {}}}
    assert errors(raw) == dict.fromkeys(("accounts.5", 'accounts[""]', "accounts.None"), "expected_name")


def test_findings_can_be_kept_as_json() -> None:
    """`status` shows them, and the catalogs fill their placeholders by name."""
    for problem in read_settings({"defauts": {}, "defaults": {"timezone": "Europe/Berln", "duration": "1s"}})[1]:
        assert json.loads(json.dumps(dict(problem.params))) == problem.params


def test_the_default_of_the_defaults() -> None:
    assert read_settings({"defaults": {}})[0].defaults == Defaults()
