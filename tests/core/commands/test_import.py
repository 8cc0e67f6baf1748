"""`import`: what may stand beside it, in both languages, and what may not."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.commands import CommandId, Import, Misunderstood, ParseContext, alters, parse, people_in
from calbot.core.commands.message import read_text
from calbot.core.model import UserId

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
BEN, CARLA = UserId("@ben:example.org"), UserId("@carla:example.org")


def parsed(text: str) -> Any:
    return parse(read_text({"msgtype": "m.text", "body": text}), ParseContext(NOW, ("de", "en")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import", Import()),
        ("Importiere", Import()),
        ("importieren.", Import()),
        ("importiere diese Datei", Import()),
        ("import this file", Import()),
        ("importiere kal:it-team", Import(calendar="it-team")),
        ('import cal:"Team Nord"', Import(calendar="Team Nord")),
        (f"importiere mit {BEN} und {CARLA}", Import((BEN, CARLA))),
        (f"import {BEN} optional: {CARLA}", Import((BEN,), (CARLA,))),
        (f"importiere kalender:hr {BEN}", Import((BEN,), calendar="hr")),
    ],
)
def test_what_is_said_beside_it(text: str, expected: Import) -> None:
    assert parsed(text) == expected
    assert people_in(expected) == (*expected.attendees, *expected.optional)
    assert alters(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("importiere 2", "words_left"),
        ("import everything tomorrow", "words_left"),
        ("importiere ort:Rathaus", "option_not_here"),
        ("importiere kal:", "option_without_value"),
        ("importiere kal:a kal:b", "option_twice"),
        ("importiere @ben", "person_not_linked"),
        ("importiere mit:", "option_wants_people"),
    ],
)
def test_what_means_nothing_here(text: str, reason: str) -> None:
    refused = parsed(text)
    assert isinstance(refused, Misunderstood)
    assert (refused.reason, refused.command) == (reason, CommandId.IMPORT)


def test_a_slip_is_suggested_and_not_done() -> None:
    refused = parsed("importire")
    assert isinstance(refused, Misunderstood)
    assert refused.params["suggestion"] == "importiere"
