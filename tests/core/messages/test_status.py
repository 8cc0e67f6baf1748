"""The state of the bot, on one screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.ask import Say
from calbot.core.messages import CalendarReport, StatusReport, status
from calbot.core.model import Kind, Locale
from calbot.core.settings import Problem, Severity

from .examples import LOCALES, NOW, at, reader

GOOD = CalendarReport("it-team", at(23, 9, 59), at(23, 10, 0), None, 42, at(24, 13, 45))
BAD = CalendarReport("personal", at(22, 18), at(23, 10, 5), "calendar_unavailable", 1, None, 2, read_only=True)
REPORT = StatusReport("0.1.0", (GOOD, BAD), "verified", room_encrypted=True, clock_off=timedelta(seconds=1))


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
calbot 0.1.0

it-team
Zuletzt gelesen: vor 1 Minute
42 künftige Termine
Nächste Erinnerung: Di., 24.11., 13:45 Uhr

personal (nur lesen)
Störung: Der Kalenderserver antwortet gerade nicht.
Zuletzt gelesen: So., 22.11., 18:00 Uhr, nächster Abgleich: 10:05 Uhr
1 künftiger Termin
2 Einträge sind nicht lesbar und fehlen hier

Verschlüsselung: in Ordnung, Gerät verifiziert
Schlüssel: an alle Geräte im Raum
Dieser Raum: verschlüsselt
Uhr: geht richtig""",
        ),
        (
            "en",
            """\
calbot 0.1.0

it-team
Last read: 1 minute ago
42 events ahead
Next reminder: Tue, 24 Nov, 13:45

personal (read only)
Problem: The calendar server is not answering right now.
Last read: Sun, 22 Nov, 18:00, next sync: 10:05
1 event ahead
2 entries cannot be read and are left out

Encryption: works, device verified
Keys: to all devices in the room
This room: encrypted
Clock: correct""",
        ),
    ],
)
def test_a_status(locale: Locale, text: str) -> None:
    message = status(reader(locale), REPORT)
    assert message.text == text
    assert message.kind is Kind.STATUS


@pytest.mark.parametrize(
    ("last", "next_", "de", "en"),
    [
        (
            20,
            40,
            "Zuletzt gelesen: vor 20 Sekunden, nächster Abgleich: 10:00 Uhr",
            "Last read: 20 seconds ago, next sync: 10:00",
        ),
        (3, -5, "Zuletzt gelesen: gerade eben", "Last read: just now"),
        (
            -2,
            60,
            "Zuletzt gelesen: gerade eben, nächster Abgleich: 10:01 Uhr",
            "Last read: just now, next sync: 10:01",
        ),
        (
            300,
            600,
            "Zuletzt gelesen: vor 5 Minuten, nächster Abgleich: 10:10 Uhr",
            "Last read: 5 minutes ago, next sync: 10:10",
        ),
        (7200, 61, "Zuletzt gelesen: 08:00 Uhr, nächster Abgleich: 10:01 Uhr", "Last read: 08:00, next sync: 10:01"),
    ],
)
def test_when_a_calendar_was_read(last: int, next_: int, de: str, en: str) -> None:
    calendar = replace(GOOD, last_sync=NOW - timedelta(seconds=last), next_sync=NOW + timedelta(seconds=next_))
    report = replace(REPORT, calendars=(calendar,))
    assert de in status(reader("de"), report).text.splitlines()
    assert en in status(reader("en"), report).text.splitlines()


def test_status_for_programs() -> None:
    data = status(reader(), REPORT).data
    assert data["calendars"][1] == {
        "calendar": "personal",
        "last_sync": "2026-11-22T17:00:00Z",
        "next_sync": "2026-11-23T09:05:00Z",
        "problem": "calendar_unavailable",
        "ahead": 1,
        "next_reminder": None,
        "set_aside": 2,
        "writable": False,
    }
    assert data["crypto"] == "verified"


@pytest.mark.parametrize(
    ("off", "line"),
    [
        (timedelta(seconds=-4), "Uhr: geht richtig"),
        (timedelta(seconds=42), "Uhr: geht gegenüber dem Matrix-Server 42 Sekunden vor"),
        (timedelta(minutes=-3), "Uhr: geht gegenüber dem Matrix-Server 3 Minuten nach"),
    ],
)
def test_the_clock(off: timedelta, line: str) -> None:
    assert line in status(reader(), replace(REPORT, clock_off=off)).text.splitlines()


def test_what_is_unknown_is_not_said() -> None:
    report = StatusReport("0.1.0", (), "off", room_encrypted=False)
    assert status(reader(), report).text == (
        "calbot 0.1.0\n\nMit diesem Raum ist kein Kalender verbunden.\n\n"
        "Verschlüsselung: aus; in verschlüsselten Räumen kann ich weder lesen noch schreiben\n"
        "Dieser Raum: nicht verschlüsselt"
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_a_calendar_that_was_never_read(locale: Locale) -> None:
    fresh = CalendarReport("neu", None, None, "a_reason_of_tomorrow", 0, None)
    lines = status(reader(locale), replace(REPORT, calendars=(fresh,))).text.splitlines()
    catalog = reader(locale).catalog
    assert catalog.text("status.never_synced") in lines
    assert any(catalog.text("error.calendar_unavailable") in line for line in lines)


def test_mistakes_in_the_configuration_are_named_by_path_and_expectation() -> None:
    problems = (
        Problem("accounts.city.url", "expected_url"),
        Problem('rooms["!<b>:x"].calendars', "unknown_calendar_nearest", {"nearest": "it-team"}),
        Problem("accounts.city.url", "password_in_clear", severity=Severity.NOTICE),
    )
    message = status(reader("en"), replace(REPORT, problems=problems))
    assert message.text.split("Clock: correct\n\n")[1] == (
        "2 errors in the configuration\n"
        "accounts.city.url: expected a full address, such as https://caldav.example.org/, without user name, ? and #\n"
        'rooms["!<b>:x"].calendars: there is no calendar of that name; did you mean it-team?\n\n'
        "1 note on the configuration\n"
        "accounts.city.url: the password goes over the network unencrypted; please use https"
    )
    assert "<code>rooms[&quot;!&lt;b&gt;:x&quot;].calendars</code>" in message.html
    assert message.data["problems"][2] == {"path": "accounts.city.url", "expected": "password_in_clear"}


def test_what_is_in_force_is_said_before_the_mistakes_and_causes_before_consequences() -> None:
    problems = (
        Problem("calendars.it-team.account", "left_out_account"),
        Problem("accounts.city.url", "expected_url"),
    )
    message = status(reader(), replace(REPORT, problems=problems, previous=True))
    heading, force, *mistakes = message.text.split("geht richtig\n\n")[1].splitlines()
    assert heading == "2 Fehler in der Konfiguration"
    assert force == "Bis das behoben ist, gilt die vorige Konfiguration weiter."
    assert [line.partition(":")[0] for line in mistakes] == ["accounts.city.url", "calendars.it-team.account"]
    assert message.data["previous_configuration"] is True
    assert force not in status(reader(), replace(REPORT, problems=problems)).text


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        (Problem("line 2", "expected_yaml"), "Zeile 2: Der Text ist kein gültiges YAML"),
        (Problem("configuration", "expected_yaml"), "Konfiguration: Der Text ist kein gültiges YAML"),
        (Problem("configuration", "expected_map"), "Konfiguration: "),
        (Problem("configuration", "unknown_key"), "configuration: "),  # somebody's key of that name
        (Problem("rooms", "expected_map"), "rooms: "),
    ],
)
def test_what_is_no_key_is_named_in_the_language_of_the_rest(problem: Problem, shown: str) -> None:
    message = status(reader(), replace(REPORT, problems=(problem,)))
    assert message.text.splitlines()[-1].startswith(shown)
    assert message.data["problems"][0]["path"] == problem.path


def test_of_many_mistakes_the_first_are_named() -> None:
    problems = tuple(Problem(f"rooms.r{number}", "expected_map") for number in range(20))
    lines = status(reader(), replace(REPORT, problems=problems)).text.splitlines()
    assert lines[-1] == "und 12 weitere im Protokoll"


def test_remarks_on_the_set_up() -> None:
    notes = (Say("client_sync_on"), Say("client_autojoin_on"))
    message = status(reader(), replace(REPORT, notes=notes))
    assert message.text.endswith(
        "Im Client ist Autojoin an: Der Bot tritt damit auch Räumen nicht zugelassener Server bei. "
        "Bitte in maubot ausschalten."
    )
    assert message.data["notes"] == ["client_sync_on", "client_autojoin_on"]
