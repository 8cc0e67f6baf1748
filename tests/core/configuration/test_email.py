"""The mail server in the configuration, and what `delivery` wants of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calbot.core.configuration import read_settings, with_secrets_of, without_secrets
from calbot.core.settings import Email, Encryption, Secret, Severity

from .example import example

WHOLE = {
    "host": "mail.example.org",
    "port": 465,
    "tls": "tls",
    "username": "svc-calbot",
    "password": "hunter2",
    "sender": "calbot@example.org",
}


def found(email: object, severity: Severity = Severity.ERROR) -> dict[str, str]:
    problems = read_settings({"email": email})[1]
    return {one.path: one.expected for one in problems if one.severity is severity}


def test_a_mail_server() -> None:
    settings, problems = read_settings({"email": WHOLE})
    assert problems == ()
    assert settings.email == Email(
        "mail.example.org", 465, Encryption.TLS, "svc-calbot", Secret("hunter2"), "calbot@example.org"
    )


@pytest.mark.parametrize("email", [None, {}, example()["email"], {"host": ""}])
def test_none_by_default(email: object) -> None:
    settings, problems = read_settings({"email": email})
    assert problems == ()
    assert settings.email == Email()


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ({"host": "mail.example.org:25"}, "email.host", "expected_mail_host"),
        ({"host": "smtp://mail.example.org"}, "email.host", "expected_mail_host"),
        ({"host": 5}, "email.host", "expected_mail_host"),
        ({"port": 0}, "email.port", "expected_integer"),
        ({"port": "587"}, "email.port", "expected_integer"),
        ({"tls": "ssl"}, "email.tls", "expected_one_of"),
        ({"tls": True}, "email.tls", "expected_one_of"),
        ({"username": 5}, "email.username", "expected_text"),
        ({"password": 5}, "email.password", "expected_secret"),
        ({"password": ""}, "email.password", "expected_value"),
        ({"sender": "Kalender <calbot@example.org>"}, "email.sender", "expected_address"),
        ({"sender": "calbot@example.org\nBcc: x@example.org"}, "email.sender", "expected_address"),
        ({"host": ""}, "email.host", "expected_mail_host_beside"),
        ({"servr": "x"}, "email.servr", "unknown_key"),
    ],
)
def test_a_mistake_leaves_no_half_of_a_mail_server(change: dict[str, Any], path: str, expected: str) -> None:
    assert found({**WHOLE, **change})[path].startswith(expected)
    assert read_settings({"email": {**WHOLE, **change}})[0].email == Email()


def test_a_password_in_clear_is_noted() -> None:
    assert found({**WHOLE, "tls": "none"}, Severity.NOTICE) == {"email.tls": "mail_password_in_clear"}
    assert found({**WHOLE, "tls": "none", "host": "127.0.0.1"}, Severity.NOTICE) == {}
    assert found({**WHOLE, "tls": "none", "username": "", "password": ""}, Severity.NOTICE) == {}


@pytest.mark.parametrize(
    ("account", "calendar", "email", "notices"),
    [
        ({"delivery": "email"}, {}, {}, {"accounts.city.delivery": "delivery_without_email"}),
        ({}, {"delivery": "email"}, {}, {"calendars.it-team.delivery": "delivery_without_email"}),
        ({"delivery": "email"}, {}, WHOLE, {}),
        ({"delivery": "email"}, {"delivery": "none"}, {}, {}),
        ({"delivery": "server"}, {}, {}, {}),
        ({"delivery": "email", "address": ""}, {}, WHOLE, {"calendars.it-team": "delivery_without_organizer"}),
        (
            {"delivery": "email", "address": "büro@example.org"},
            {},
            WHOLE,
            {"accounts.city.address": "delivery_without_plain_address"},
        ),
        (
            {"delivery": "email"},
            {"organizer": "büro@example.org"},
            WHOLE,
            {"calendars.it-team.organizer": "delivery_without_plain_address"},
        ),
    ],
)
def test_what_invitations_need_is_noted_where_it_is_missing(
    account: dict[str, Any], calendar: dict[str, Any], email: dict[str, Any], notices: dict[str, str]
) -> None:
    raw = example()
    raw["accounts"]["city"] |= {"delivery": "none", **account}
    raw["calendars"]["it-team"] |= calendar
    raw["email"] = email
    problems = read_settings(raw)[1]
    assert {one.path: one.expected for one in problems if one.expected.startswith("delivery_")} == notices
    assert not [one for one in problems if one.severity is Severity.ERROR]


def test_the_password_comes_back_for_the_same_server_only() -> None:
    raw: dict[str, Any] = {"email": dict(WHOLE)}
    kept = json.loads(json.dumps(without_secrets(raw)))
    assert "hunter2" not in json.dumps(kept)
    assert read_settings(with_secrets_of(raw, kept))[0].email == read_settings(raw)[0].email
    for change in ({"host": "evil.example"}, {"port": 25}, {"username": "other"}):
        other = {"email": {**WHOLE, **change}}
        assert read_settings(with_secrets_of(other, kept))[0].email.password == Secret(
            file="/dev/null/password-not-kept"
        )
