"""`edit`: key by key what is to be different, in both languages, and nothing guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.commands import ByNumber, ByReply, CommandId, Edit, Last, Misunderstood, ParseContext, Scope, parse
from calbot.core.commands.message import read_text
from calbot.core.model import UserId

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
BEN, CARLA = UserId("@ben:example.org"), UserId("@carla:example.org")


def parsed(text: str, *, replying: bool = False) -> Any:
    return parse(read_text({"msgtype": "m.text", "body": text}), ParseContext(NOW, ("de", "en"), replying=replying))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ändere 2 titel:"Große Runde"', Edit(ByNumber(2), title="Große Runde")),
        ('AENDERE 2 TITEL:"Große Runde"', Edit(ByNumber(2), title="Große Runde")),
        ("ändern last titel:„Große Runde“", Edit(Last(), title="Große Runde")),
        ("edit #2 title:Plenary loc:Hall", Edit(ByNumber(2), title="Plenary", location="Hall")),
        ('ändere 2 ort:"" text:""', Edit(ByNumber(2), location="", description="")),
        ('ändere 2 text:"eins\nzwei"', Edit(ByNumber(2), description="eins\nzwei")),
        ("ändere 2 alle ort:Rathaus", Edit(ByNumber(2), Scope.ALL, location="Rathaus")),
        ("ändere 2 ort:Rathaus titel:Neu", Edit(ByNumber(2), title="Neu", location="Rathaus")),
        ('edit 2 following desc:"bring numbers"', Edit(ByNumber(2), Scope.FOLLOWING, description="bring numbers")),
        (f"ändere 2 mit:{BEN}", Edit(ByNumber(2), add=(BEN,))),
        (f"ändere 2 mit: {BEN}, {CARLA}", Edit(ByNumber(2), add=(BEN, CARLA))),
        (f"ändere 2 mit {BEN} und {CARLA}", Edit(ByNumber(2), add=(BEN, CARLA))),
        (f"ändere 2 ohne: {BEN} mit: {CARLA}", Edit(ByNumber(2), add=(CARLA,), remove=(BEN,))),
        (f"edit 2 without {BEN} and {CARLA}", Edit(ByNumber(2), remove=(BEN, CARLA))),
        (f"edit 2 with {BEN} optional: {CARLA}", Edit(ByNumber(2), add=(BEN,), optional=(CARLA,))),
        (f"ändere 2 {BEN}", Edit(ByNumber(2), add=(BEN,))),
        ('ändere 2 raum:"Raum 4.12"', Edit(ByNumber(2), resource="Raum 4.12")),
        ('ändere 2 raum:""', Edit(ByNumber(2), resource="")),
        ("ändere 2 raum:4.12 alle", Edit(ByNumber(2), Scope.ALL, resource="4.12")),
    ],
)
def test_what_is_to_be_different(text: str, expected: Edit) -> None:
    assert parsed(text) == expected


def test_in_a_reply_no_number_is_needed() -> None:
    assert parsed("ändere ort:Rathaus", replying=True) == Edit(ByReply(), location="Rathaus")
    assert parsed("ändere alle ort:Rathaus", replying=True) == Edit(ByReply(), Scope.ALL, location="Rathaus")
    assert parsed("ändere 2 ort:Rathaus", replying=True) == Edit(ByNumber(2), location="Rathaus")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ändere", "ref_missing"),
        ("ändere 2", "edit_nothing"),
        ("ändere 2 alle", "edit_nothing"),
        ("ändere ort:Rathaus", "ref_missing"),
        ("ändere 2 Titel Neu", "edit_not_understood"),
        ("ändere 2 morgen 14 Uhr", "edit_not_understood"),
        ("ändere 2 alle jetzt ort:Rathaus", "edit_not_understood"),
        ("ändere 2 ort :Rathaus", "edit_not_understood"),
        ('ändere 2 titel:""', "option_without_value"),
        ("ändere 2 ort:", "option_without_value"),
        ("ändere 2 ort:Raum 4", "option_needs_quotes"),
        ("ändere 2 titel:Neuer Name", "option_needs_quotes"),
        ("ändere 2 ort:Rathaus alle", "option_needs_quotes"),  # it may be a house of that name
        ("ändere 2 ort:A ort:B", "option_twice"),
        ("ändere 2 dauer:2h", "option_not_here"),
        ("ändere 2 grund:x", "option_not_here"),
        ("ändere 2 titl:x", "unknown_option_near"),
        ("ändere 2 mit:Ben", "option_wants_people"),
        ("ändere 2 ohne:", "option_wants_people"),
        ("ändere 2 @ben", "person_not_linked"),
        (f"ändere 2 mit:{BEN} ohne:{BEN}", "edit_with_and_without"),
        (f'ändere 2 titel:"{"x" * 300}"', "title_too_long"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    found = parsed(text)
    assert isinstance(found, Misunderstood), found
    assert found.reason == reason
    assert found.command is CommandId.EDIT
