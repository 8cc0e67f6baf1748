"""Which commands leave something behind: those that an edit of their message can no longer change."""

from __future__ import annotations

import pytest

from calbot.core.commands import Misunderstood, alters

from .typing_in import typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hilfe", False),
        ("liste", False),
        ("nächster", False),
        ("zeige 1", False),
        ("wann morgen", False),
        ("umfragen", False),
        ("zustand", False),
        ("abgleich", False),
        ("2", False),
        ("erinnere", False),
        ("erinnere 10m", True),
        ("erinnere aus", True),
        ("erinnere standard", True),
        ("übersicht", False),
        ("übersicht täglich 7:30", True),
        ("übersicht aus", True),
        ("zeitzone", False),
        ("zeitzone Europe/Berlin", True),
        ("sprache", False),
        ("sprache en", True),
        ("kalender", False),
        ("verbinde it-team", True),
        ("trenne it-team", True),
        ("setze", False),
        ("setze dauer", False),
        ("setze dauer 45m", True),
        ("setze dauer standard", True),
        ("neu Runde morgen 10", True),
        ("verschiebe 1 15 Uhr", True),
        ("ändere 1 ort:Rathaus", True),
        ("absagen 1", True),
        ("ja 1", True),
        ("finde 1h", True),
        ('umfrage "X" Di 14; Mi 10', True),
        ("stimme 1", True),
        ("schließen", True),
        ("buche", True),
        ("rückgängig", True),
    ],
)
def test_what_is_different_afterwards(text: str, expected: bool) -> None:
    command = typed(text)
    assert not isinstance(command, Misunderstood)
    assert alters(command) is expected
