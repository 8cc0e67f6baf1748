"""Hundreds of wrong configurations: each is answered by a finding that names the place, none by an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.configuration import (
    is_error,
    kind_text,
    read_settings,
    with_secrets_of,
    without_secrets,
    worded,
)
from calbot.core.i18n import PLACEHOLDER
from calbot.core.settings import Settings
from tests.services.conftest import catalogs

from .example import EXAMPLE, example
from .mistakes import mistakes

MISTAKES = list(mistakes())
CONSEQUENCES = (
    "left_out_account",
    "left_out_calendar",
    "unknown_account",
    "unknown_calendar",
    "unknown_calendar_nearest",
)


def test_there_are_many() -> None:
    assert len(MISTAKES) > 400


@pytest.mark.parametrize(("path", "raw"), MISTAKES, ids=[f"{n}-{path}" for n, (path, _) in enumerate(MISTAKES)])
def test_each_is_found_at_its_place(path: str, raw: dict[str, Any]) -> None:
    settings, problems = read_settings(raw)
    found = [problem for problem in problems if is_error(problem)]
    assert path in [problem.path for problem in found]
    assert [problem for problem in found if problem.path != path and problem.expected not in CONSEQUENCES] == []
    assert is_usable(settings)
    for problem in problems:
        for catalog in catalogs().values():
            kind = kind_text(problem, catalog)
            text = catalog.template(kind or f"config.{problem.expected}")
            assert set(PLACEHOLDER.findall(text)) == set(problem.params)
            assert "\n" not in worded(problem, catalog)


@pytest.mark.parametrize("slip", ["password:hunter2", "password hunter2", "password=hunter2", "pasword: hunter2"])
def test_a_password_that_slipped_into_a_key_is_not_told(slip: str) -> None:
    """`{username: calbot, password:hunter2}` is a key without a value to YAML."""
    for raw in ({"accounts": {"city": {slip: None}}}, {"email": {slip: None}}):
        _, problems = read_settings(raw)
        (found,) = [one for one in problems if one.expected == "unknown_key_nearest"]
        assert found.params == {"nearest": "password"}
        assert "hunter2" not in repr(problems)


def is_usable(settings: Settings) -> bool:
    """Everything that refers to something finds it."""
    return all(calendar.account in settings.accounts for calendar in settings.calendars.values()) and all(
        set(room.calendars) <= set(settings.calendars) and (room.write_to is None or room.write_to in room.calendars)
        for room in settings.rooms.values()
    )


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes() | st.binary()
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers() | st.none() | st.tuples(st.text()), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [steps] if steps else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*steps, key))
    return found


@given(junk)
def test_any_junk(raw: object) -> None:
    settings, _ = read_settings(raw)
    assert is_usable(settings)


@given(st.sampled_from(places(example())), junk)
def test_junk_at_any_place(steps: tuple[Any, ...], value: object) -> None:
    raw = example()
    place: Any = raw
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    settings, problems = read_settings(raw)
    assert is_usable(settings)
    if not any(map(is_error, problems)):
        kept = json.loads(json.dumps(without_secrets(raw)))
        assert read_settings(with_secrets_of(raw, kept))[0] == settings


@given(st.text(max_size=40), st.data())
def test_broken_lines(noise: str, data: st.DataObject) -> None:
    """Whatever YAML makes of a file that was cut or scribbled on."""
    text = EXAMPLE.read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    try:
        raw = yaml.safe_load(text[:at] + noise + text[at + len(noise) :])
    except (yaml.YAMLError, ValueError):
        return
    assert is_usable(read_settings(raw)[0])


def test_a_map_that_holds_itself() -> None:
    raw = example()
    raw["privacy"]["retention"]["audit"] = raw
    raw["web"]["again"] = raw["accounts"]
    settings, problems = read_settings(raw)
    assert [problem.path for problem in problems if is_error(problem)] == ["web.again", "privacy.retention.audit"]
    kept = json.loads(json.dumps(without_secrets(raw)))
    assert read_settings(with_secrets_of(raw, kept))[0] == settings
