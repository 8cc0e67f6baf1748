"""The configuration object that maubot holds, and the text a new instance begins with."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mautrix.util.config import RecursiveDict
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from calbot.config import Config
from calbot.core.configuration import read_settings
from calbot.core.settings import (
    Account,
    Calendar,
    Defaults,
    Digest,
    Levels,
    MapRights,
    MeetingLinks,
    People,
    Polls,
    Privacy,
    Resource,
    Retention,
    Room,
    Settings,
    Sync,
)

BASE = Path(__file__).parents[1] / "base-config.yaml"
yaml = YAML()  # as maubot reads and writes it
Open = Callable[[str], Config]


class Kept:
    """What maubot has stored."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.saved = 0

    def load(self) -> Any:
        return yaml.load(self.text)

    def save(self, data: RecursiveDict[CommentedMap]) -> None:
        buffer = io.StringIO()
        yaml.dump(data, buffer)
        self.text = buffer.getvalue()
        self.saved += 1


def base() -> RecursiveDict[CommentedMap]:
    return RecursiveDict(yaml.load(BASE.read_text(encoding="utf-8")), CommentedMap)


def opened(kept: Kept) -> Config:
    config = Config(kept.load, base, kept.save)
    config.load_and_update()
    return config


def test_a_new_instance_begins_with_the_defaults() -> None:
    kept = Kept("")
    config = opened(kept)
    assert read_settings(config.as_dict()) == (Settings(), ())
    assert kept.saved == 1
    assert "# Matrix IDs of the people who may do everything" in kept.text
    again = opened(kept)
    assert (again.as_dict(), kept.saved) == (config.as_dict(), 1)


@pytest.mark.parametrize(
    "text",
    [
        "admins: []\n",
        "defaults: {language: en}   # only this\n",
        "defaults:\n  language: null\n  timezone:\nsync: ~\n",
        "# mine\nmistyped: 1\naccounts:\n  # mine too\n  a: {}\n",
        "rooms:\n  '!a.b:example.org': {calendars: []}\n",
    ],
)
def test_what_was_typed_stays_as_it_is(text: str) -> None:
    kept = Kept(text)
    config = opened(kept)
    assert kept.text == text
    assert kept.saved == 0
    assert config.as_dict() == yaml.load(text)


def test_partial_maps_keep_their_defaults_and_null_means_the_default() -> None:
    config = opened(Kept("defaults: {language: en, timezone: null}\nsync:\n"))
    settings, problems = read_settings(config.as_dict())
    assert problems == ()
    assert settings == dataclasses.replace(Settings(), defaults=Defaults(language="en"))


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("just text", "configuration", "expected_map"),
        ("- a\n- b\n", "configuration", "expected_map"),
        ("a: 1\nb: [\n", "line 3", "expected_yaml"),
        ("a: {b: 1\nc: 2\n", "line 2", "expected_yaml"),
        ("a: 1\na: 2\n", "line 2", "expected_yaml"),
        ("a: *nowhere\n", "line 1", "expected_yaml"),
        ("date: 2026-02-31\n", "configuration", "expected_yaml"),
    ],
)
def test_text_that_is_no_configuration_is_reported_and_stays(text: str, path: str, expected: str) -> None:
    kept = Kept(text)
    config = opened(kept)
    settings, (problem,) = read_settings(config.as_dict())
    assert settings == Settings()
    assert (problem.path, problem.expected) == (path, expected)
    assert (kept.text, kept.saved) == (text, 0)


def test_mended_text_counts_again() -> None:
    kept = Kept("a: [")
    config = opened(kept)
    kept.text = "admins: ['@a:example.org']"
    config.load_and_update()
    assert read_settings(config.as_dict())[0].admins == {"@a:example.org"}


class TestBaseConfig:
    """The text of ours: complete, and true."""

    TEXT = BASE.read_text(encoding="utf-8")

    def keys(self) -> set[str]:
        """Every key that stands in the text, examples included."""
        return set(re.findall(r"^[ #]*\"?([!\w:.-]+?)\"?:(?:\s|$)", self.TEXT, re.MULTILINE))

    @pytest.mark.parametrize(
        "kind",
        [
            Settings,
            Defaults,
            Account,
            Calendar,
            MapRights,
            Room,
            Digest,
            Resource,
            Levels,
            People,
            MeetingLinks,
            Polls,
            Sync,
            Privacy,
            Retention,
        ],
    )
    def test_every_key_is_there(self, kind: type) -> None:
        # The key above, another name, part of "url", or what is not said in the file.
        elsewhere = {"name", "id", "cross_signed_only", "path", "read_only", "found"}
        names = {field.name for field in dataclasses.fields(kind)} - elsewhere
        assert names - self.keys() == set()

    def test_every_example_can_be_used(self) -> None:
        """Take away what stands for nothing, and the mark of a comment before each line of an example."""
        lines = []
        for line in self.TEXT.splitlines():
            example = re.match(r"( *)#   ( *)(\S.*)$", line)
            if example:
                lines.append(f"{example[1]}{example[2]}{example[3]}")
            elif not re.fullmatch(r' *\w+: (\{\}|\[\]|"")', line):
                lines.append(line)
        raw = yaml.load("\n".join(lines))
        settings, problems = read_settings(raw)
        assert problems == ()
        assert list(settings.accounts) == ["city"]
        assert list(settings.rooms) == ["!abc:example.org"]
        assert settings.people.templates == {"other.example": "{localpart}@other.example"}
        assert settings.meeting_links.template == "https://meet.example.org/{secret}"
        assert settings.allowed_servers == {"example.org", "partner.example"}

    def test_lines_can_be_read_in_a_window(self) -> None:
        assert max(map(len, self.TEXT.splitlines())) <= 120
