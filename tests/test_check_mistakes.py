"""`python -m calbot check --offline` on hundreds of wrong configurations, by a table and by chance."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calbot import check
from calbot.core.configuration import is_error, read_settings
from calbot.core.configuration.findings import below
from calbot.core.configuration.keys import Group, Names
from calbot.core.configuration.schema import SCHEMA
from calbot.core.i18n import Catalog
from calbot.core.model import Locale
from calbot.core.settings import Problem
from tests.core.configuration.example import example
from tests.core.configuration.mistakes import mistakes
from tests.services.conftest import catalogs

# What YAML can hold as it is: other keys and values come from readers of other languages only.
WRITABLE = [
    (path, raw)
    for path, raw in mistakes()
    if yaml.safe_load(yaml.safe_dump(raw, allow_unicode=True)) == raw and "\u202e" not in str(raw)
]


@pytest.fixture(autouse=True)
def known_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the catalogs anew each time would take longer than all the rest."""

    def read(_: object) -> dict[Locale, Catalog]:
        return catalogs()

    monkeypatch.setattr(check, "read_catalogs", read)


def checked(raw: dict[str, Any]) -> tuple[int, list[str]]:
    out = io.StringIO()
    text = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000)
    code = check.main(["-", "--offline", "--lang", "de"], io.StringIO(text), out)
    return code, out.getvalue().splitlines()


TRIED = WRITABLE[::3]  # the reading is tried with all of them in the tests of the core


def test_there_are_more_than_two_hundred() -> None:
    assert len(TRIED) > 200


@pytest.mark.parametrize(("path", "raw"), TRIED, ids=[f"{n}-{path}" for n, (path, _) in enumerate(TRIED)])
def test_each_is_a_line_that_names_the_place(path: str, raw: dict[str, Any]) -> None:
    code, lines = checked(raw)
    assert code == 1
    assert any(line.startswith(f"{path}: ") for line in lines), lines


def known_keys() -> list[tuple[str, ...]]:
    """Where a key of the example is no name that somebody chose."""

    def walk(group: Group, value: dict[str, Any], steps: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for entry in group.entries:
            if entry.name not in value:
                continue
            here = (*steps, entry.name)
            found.append(here)
            if isinstance(entry, Group):
                found += walk(entry, value[entry.name], here)
            elif isinstance(entry, Names) and isinstance(entry.each, Group):
                for name in value[entry.name]:
                    found += walk(entry.each, value[entry.name][name], (*here, name))
        return found

    return walk(SCHEMA, example(), ())


LETTERS = "abcdefghijklmnopqrstuvwxyz_"
slips = st.tuples(st.sampled_from(("drop", "double", "swap", "replace")), st.integers(0, 30), st.sampled_from(LETTERS))


def slipped(word: str, kind: str, at: int, letter: str) -> str:
    at %= len(word)
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    if kind == "swap":
        return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    return word[:at] + letter + word[at + 1 :]


def path_of(steps: tuple[str, ...]) -> str:
    path = ""
    for step in steps:
        path = below(path, step)
    return path


@given(st.sampled_from(known_keys()), slips)
def test_a_misspelt_key_is_named_with_the_one_that_was_meant(
    steps: tuple[str, ...], slip: tuple[str, int, str]
) -> None:
    raw = example()
    place: Any = raw
    for step in steps[:-1]:
        place = place[step]
    written = slipped(steps[-1], *slip)
    if not written or written in place or any(written == known[-1] for known in known_keys()):
        return
    place[written] = place.pop(steps[-1])
    (found,) = [one for one in read_settings(raw)[1] if one.expected.startswith("unknown_key")]
    assert found.path == path_of((*steps[:-1], written))
    if len(written) > 3:
        assert found == Problem(found.path, "unknown_key_nearest", {"nearest": steps[-1]})


REQUIRED = [steps for steps in known_keys() if steps[-1] in ("url", "username", "password", "account", "address")]


@pytest.mark.parametrize("steps", [one for one in REQUIRED if one[0] in ("accounts", "calendars")], ids=path_of)
def test_a_missing_key_is_named(steps: tuple[str, ...]) -> None:
    raw = copy.deepcopy(example())
    place: Any = raw
    for step in steps[:-1]:
        place = place[step]
    del place[steps[-1]]
    wanted = steps[-1] != "address"
    assert (path_of(steps) in {one.path for one in read_settings(raw)[1] if is_error(one)}) is wanted


FOUND = (
    ({"polls": {"max_options": "20"}}, "polls.max_options", "eine ganze Zahl von 2 bis 20; gefunden: ein Text"),
    ({"polls": {"deadline": "5m"}}, "polls.deadline", "eine Dauer von 1h bis 365d"),
    (
        {"polls": {"deadline": 3}},
        "polls.deadline",
        "eine Dauer mit Einheiten, etwa `45m`, `1d` oder `1h30m`; gefunden: eine Zahl",
    ),
    ({"admins": "@a:example.org"}, "admins", "eine Liste, etwa `[a, b]`; gefunden: ein Text"),
    ({"admins": [None]}, "admins[0]", "eine Matrix-ID, etwa `@anna:example.org`; gefunden: nichts"),
    ({"web": {"feeds": 1}}, "web.feeds", "`true` oder `false`; gefunden: eine Zahl"),
    ({"command_prefix": True}, "command_prefix", "ein Text in einer Zeile; gefunden: `true` oder `false`"),
    ({"people": ["x"]}, "people", "Schlüssel mit Werten darunter; gefunden: eine Liste"),
    (
        {"email": {"host": {"a": 1}}},
        "email.host",
        "der Name eines Mailservers ohne Port, etwa `mail.example.org`; gefunden: Schlüssel mit Werten",
    ),
)


@pytest.mark.parametrize(("change", "path", "text"), FOUND, ids=[path for _, path, _ in FOUND])
def test_what_was_found_instead_is_told_by_its_type(change: dict[str, Any], path: str, text: str) -> None:
    assert checked(change) == (1, [f"{path}: Erwartet: {text}"])


@pytest.mark.parametrize("place", ["accounts", "web", "email", "admins", "command_prefix"])
def test_a_password_in_the_wrong_place_is_not_shown(place: str) -> None:
    _, lines = checked({place: ["geheim-4711"]})
    assert lines
    assert "geheim-4711" not in "".join(lines)
