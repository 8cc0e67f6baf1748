"""`book` and `undo`: a number is an option, what follows it a date, and nothing else is guessed."""

from __future__ import annotations

import pytest

from calbot.core.commands import Book, Command, CommandId, Misunderstood, Undo

from .typing_in import typed


@pytest.mark.parametrize("replying", [False, True])
@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("book", Book()),
        ("buche", Book()),
        ("BUCHEN!", Book()),
        ("buche 2", Book(2)),
        ("book #2", Book(2)),
        ("buche 2.", Book(2)),
        ("buche 2️⃣", Book(2)),
        ("buche Option 2", Book(2)),
        ("buche Termin 2", Book(2)),
        ("book nr. 12", Book(12)),
        ("buche 2 Di 14-15 Uhr", Book(2, "Di 14-15 Uhr")),
        ('buche 2 "Di 14-15 Uhr"', Book(2, "Di 14-15 Uhr")),
        ("book 99", Book(99)),
        ("undo", Undo()),
        ("rückgängig", Undo()),
        ("RUECKGAENGIG.", Undo()),
    ],
)
def test_understood(text: str, command: Command, replying: bool) -> None:
    assert typed(text, replying=replying) == command


@pytest.mark.parametrize(
    ("text", "reason", "command"),
    [
        ("buche Mittwoch", "book_number", CommandId.BOOK),
        ("book the second", "book_number", CommandId.BOOK),
        ("buche 0", "book_number", CommandId.BOOK),
        ('buche "2"', "book_number", CommandId.BOOK),
        ("buche {anna}", "book_number", CommandId.BOOK),
        ("undo 2", "words_left", CommandId.UNDO),
        ("rückgängig bitte", "words_left", CommandId.UNDO),
        ("buchr 2", "unknown_command_near", None),
    ],
)
def test_not_understood(text: str, reason: str, command: CommandId | None) -> None:
    answer = typed(text)
    assert isinstance(answer, Misunderstood)
    assert (answer.reason, answer.command) == (reason, command)
