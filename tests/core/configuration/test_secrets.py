"""What is kept of a configuration holds no password, and a password never goes to another server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calbot.core.configuration import read_settings, with_secrets_of, without_secrets
from calbot.core.model import AccountName
from calbot.core.settings import Secret

from .example import example


@pytest.fixture
def raw() -> dict[str, Any]:
    raw = example()
    raw["accounts"]["city"]["password"] = "hunter2"
    raw["accounts"]["other"] = {"url": "https://x/", "username": "u", "password": {"file": "/run/x"}}
    raw["email"]["password"] = "hunter2"
    raw["web"]["token"] = "hunter2"
    return raw


def test_none_is_kept_but_references(raw: dict[str, Any]) -> None:
    kept = without_secrets(raw)
    assert "hunter2" not in json.dumps(kept)
    assert "password" not in kept["accounts"]["city"]
    assert kept["accounts"]["other"]["password"] == {"file": "/run/x"}
    assert kept["rooms"] == raw["rooms"]


def test_they_come_back_from_the_configuration_of_now(raw: dict[str, Any]) -> None:
    before = read_settings(raw)[0]
    kept = json.loads(json.dumps(without_secrets(raw)))
    raw["rooms"] = "broken"
    raw["accounts"]["city"]["password"] = "changed"
    after = read_settings(with_secrets_of(raw, kept))[0]
    assert after.rooms == before.rooms
    assert after.accounts[AccountName("city")].password == Secret(value="changed")
    assert after.accounts[AccountName("other")] == before.accounts[AccountName("other")]


LOST = Secret(file="/dev/null/password-not-kept")


@pytest.mark.parametrize(
    "change", [{"url": "https://evil.example/"}, {"username": "other"}, {"password": None}, {"password": ["x"]}]
)
def test_they_do_not_go_elsewhere(raw: dict[str, Any], change: dict[str, Any]) -> None:
    kept = json.loads(json.dumps(without_secrets(raw)))
    raw["accounts"]["city"] |= change
    settings = read_settings(with_secrets_of(raw, kept))[0]
    assert settings.accounts[AccountName("city")].password == LOST
    assert settings.accounts[AccountName("city")].url == kept["accounts"]["city"]["url"]


@pytest.mark.parametrize("now", [None, [], "text", {}, {"accounts": 5}, {"accounts": {"city": 5}}])
def test_nothing_there_now(raw: dict[str, Any], now: object) -> None:
    kept = json.loads(json.dumps(without_secrets(raw)))
    accounts = read_settings(with_secrets_of(now, kept))[0].accounts
    assert accounts[AccountName("city")].password == LOST
    assert accounts[AccountName("other")].password == Secret(file="/run/x")


@pytest.mark.parametrize("kept", [{}, {"accounts": 5}, {"accounts": {"city": 5}}])
def test_nothing_kept(raw: dict[str, Any], kept: dict[str, Any]) -> None:
    assert read_settings(with_secrets_of(raw, kept))[0].accounts == {}


def test_of_what_is_no_map_nothing_is_kept() -> None:
    assert without_secrets(["x"]) == {}
