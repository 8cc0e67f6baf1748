"""The schema, what is said of it, and the file that a new instance begins with: one and the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from calbot.core.configuration.keys import Group, Key, Names, Place, places
from calbot.core.configuration.schema import SCHEMA
from calbot.core.configuration.writing import write
from calbot.core.settings import Secret, Settings
from tests import catalog_check, configuration_docs

from .mistakes import ROOM, WRONG, WRONG_ITEMS

BASE = Path(__file__).parents[3] / "base-config.yaml"
PLACES = list(places(SCHEMA))
NAMES = {"city": "NAME", "it-team": "NAME", "Raum 4.12": "NAME", ROOM: "ROOM"}
SERVER_OR_USER = {"other.example": "SERVER", "@anna:example.org": "USER"}


def by_path(found: list[Place]) -> dict[str, Place]:
    return {place.path: place for place in found}


def test_every_key_has_a_meaning_in_each_language_and_nothing_else_has() -> None:
    for language in catalog_check.languages():
        told = {id for id in catalog_check.catalog(language) if id.startswith("config.key.")}
        assert told == {f"config.key.{place.path}" for place in PLACES}


@pytest.mark.parametrize("place", [place for place in PLACES if place.default is not None], ids=lambda one: one.path)
def test_defaults_are_written_as_they_are_read(place: Place) -> None:
    written = yaml.safe_load(write(place.default))
    if place.key.many:
        assert place.key.collect(place.key.kind(item) for item in written) == place.default
    elif written == "" and not place.key.kind.or_empty:
        assert place.default == ""
    else:
        assert place.key.kind(written) == place.default


def test_every_group_has_the_fields_of_its_settings() -> None:
    """What the file says is what the settings hold, but for what is found out or given by the name above."""
    elsewhere = {"Account": {"name"}, "Calendar": {"name", "path"}, "Room": {"id", "read_only"}, "Resource": {"name"}}
    elsewhere["People"] = {"found"}

    def check(group: Group) -> None:
        names = {entry.name for entry in group.entries}
        assert set(group.of.__dataclass_fields__) - elsewhere.get(group.of.__name__, set()) == names
        for entry in group.entries:
            below = entry.each if isinstance(entry, Names) else entry
            if isinstance(below, Group):
                check(below)

    check(SCHEMA)
    assert SCHEMA.of is Settings


def test_every_key_is_got_wrong_in_the_table_of_mistakes() -> None:
    tried = {".".join(_placeholders(steps)) for steps in (*WRONG, *WRONG_ITEMS)}
    assert {place.path for place in PLACES} - tried == set()


def _placeholders(steps: tuple[str, ...]) -> Iterator[str]:
    for at, step in enumerate(steps):
        yield NAMES.get(step, SERVER_OR_USER.get(step, step)) if at else step


class TestBaseConfig:
    """The file names every key, with its unit and its default."""

    def test_what_it_says_are_the_defaults(self) -> None:
        raw = yaml.safe_load(BASE.read_text(encoding="utf-8"))
        names = {"accounts", "calendars", "rooms", "resources"}
        assert {name: raw.pop(name) for name in names} == {name: {} for name in names}
        assert (raw["people"].pop("templates"), raw["people"].pop("addresses")) == ({}, {})
        known = by_path([place for place in PLACES if not re.search(r"[A-Z]", place.path)])
        said = dict(self.values(raw))
        assert list(said) == list(known)  # the order, too
        for path, value in said.items():
            place = known[path]
            items = [place.key.kind(item) for item in value] if place.key.many else place.key.kind(value)
            assert (place.key.collect(items) if place.key.many else items) == place.default, path

    def test_its_examples_name_every_other_key(self) -> None:
        raw = yaml.safe_load(self.with_examples())
        found = {".".join(_placeholders(tuple(steps))) for steps in self.steps(raw)}
        assert {place.path for place in PLACES} - found == set()

    def test_ranges_are_those_that_are_checked(self) -> None:
        """Where a comment says from what to what, on the line of a key."""
        checked = 0
        known = {place.key.name: place for place in PLACES if {"least", "most"} <= place.key.kind.params.keys()}
        for line in BASE.read_text(encoding="utf-8").splitlines():
            key, said = re.match(r"[ #]*(\w+):", line), re.search(r"\b(\d+\w?) to (\d+\w?)\b", line)
            if key and said and key[1] in known:
                params = known[key[1]].key.kind.params
                assert (said[1], said[2]) == (params["least"], params["most"]), line
                checked += 1
        assert checked >= 8

    def values(self, value: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
        for key, below in value.items():
            here = f"{path}.{key}" if path else key
            if isinstance(below, dict):
                yield from self.values(below, here)
            else:
                yield here, below

    def steps(self, value: object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        if isinstance(value, dict):
            for key, below in value.items():
                yield (*above, key)
                yield from self.steps(below, (*above, key))

    def with_examples(self) -> str:
        lines = []
        for line in BASE.read_text(encoding="utf-8").splitlines():
            example = re.match(r"( *)#   ( *)(\S.*)$", line)
            if example:
                lines.append(f"{example[1]}{example[2]}{example[3]}")
            elif not re.fullmatch(r' *\w+: (\{\}|\[\]|"")', line):
                lines.append(line)
        return "\n".join(lines)


def test_the_pages_are_current() -> None:
    for locale in configuration_docs.LOCALES:
        page = Path(__file__).parents[3] / "docs" / f"configuration.{locale}.md"
        assert page.read_text(encoding="utf-8") == configuration_docs.page(locale), "make docs"


def test_a_password_has_no_default_to_be_shown() -> None:
    secrets = [place for place in PLACES if place.key.kind.id == "secret"]
    assert {place.path for place in secrets} == {"accounts.NAME.password", "email.password", "web.token"}
    assert all(place.default in (None, Secret()) for place in secrets)


def test_keys_are_found_by_name() -> None:
    assert all(isinstance(place.group.key(place.key.name), Key) for place in PLACES if place.group is not None)
