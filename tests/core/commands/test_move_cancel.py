"""Moving and cancelling: which event, how much of a series, when, and why."""

from __future__ import annotations

import pytest

from calbot.core.commands import ByNumber, ByReply, Cancel, CommandId, Last, Move, Scope
from calbot.errors import Code

from .typing_in import refusal, typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("move 3 Tue 10", Move(ByNumber(3), Scope.UNSAID, "Tue 10")),
        ("verschiebe 3 Di 10 Uhr", Move(ByNumber(3), Scope.UNSAID, "Di 10 Uhr")),
        ("verschieben #3 auf Di 10 Uhr", Move(ByNumber(3), Scope.UNSAID, "Di 10 Uhr")),
        ("verschiebe Nr. 3 nach morgen", Move(ByNumber(3), Scope.UNSAID, "morgen")),
        ("verschiebe Termin 3 auf 14-15", Move(ByNumber(3), Scope.UNSAID, "14-15")),
        ('move 3 "Tue 10"', Move(ByNumber(3), Scope.UNSAID, "Tue 10")),
        ("move last to Tue 10", Move(Last(), Scope.UNSAID, "Tue 10")),
        ("verschiebe letzten auf 11:00", Move(Last(), Scope.UNSAID, "11:00")),
        ("verschiebe 3 14 Uhr", Move(ByNumber(3), Scope.UNSAID, "14 Uhr")),
        ("verschiebe 3 Di 10 alle", Move(ByNumber(3), Scope.ALL, "Di 10")),
        ("move 3 Tue 10 following", Move(ByNumber(3), Scope.FOLLOWING, "Tue 10")),
        ("verschiebe 3 alle auf Di 10", Move(ByNumber(3), Scope.ALL, "Di 10")),
        ("verschiebe 3 alle 8:45", Move(ByNumber(3), Scope.ALL, "8:45")),
        ("verschiebe letzter alle 8:45", Move(Last(), Scope.ALL, "8:45")),
        ("verschiebe 3 ALLE um 9", Move(ByNumber(3), Scope.ALL, "um 9")),
        ("verschiebe 3 alle heute 9:00", Move(ByNumber(3), Scope.ALL, "heute 9:00")),
        ("move 3 all 8:45", Move(ByNumber(3), Scope.ALL, "8:45")),
        ("move 3 all to fri 10am", Move(ByNumber(3), Scope.ALL, "fri 10am")),
        ("verschiebe 3 folgende 9:00", Move(ByNumber(3), Scope.FOLLOWING, "9:00")),
        ("move last following 9:00", Move(Last(), Scope.FOLLOWING, "9:00")),
        ("verschiebe 3 alle 8:45 alle", Move(ByNumber(3), Scope.ALL, "8:45")),
        # part of what is said of the date, or nothing that can be read: all of it is kept, and then refused
        ("verschiebe 3 alle Freitag 10 Uhr", Move(ByNumber(3), Scope.UNSAID, "alle Freitag 10 Uhr")),
        ("verschiebe 3 alle 14 Tage 9 Uhr", Move(ByNumber(3), Scope.UNSAID, "alle 14 Tage 9 Uhr")),
        ("verschiebe 3 alle 9", Move(ByNumber(3), Scope.UNSAID, "alle 9")),
        ("verschiebe 3 folgende Woche Mi 10", Move(ByNumber(3), Scope.UNSAID, "folgende Woche Mi 10")),
        ("move 3 following week wed 10am", Move(ByNumber(3), Scope.UNSAID, "following week wed 10am")),
        ("move 3 all day friday", Move(ByNumber(3), Scope.UNSAID, "all day friday")),
        ("move 3 this friday 10am", Move(ByNumber(3), Scope.UNSAID, "this friday 10am")),
        # times that look like lengths
        ("verschiebe 3 um 7:30", Move(ByNumber(3), Scope.UNSAID, "um 7:30")),
        ("verschiebe 3 um 14h", Move(ByNumber(3), Scope.UNSAID, "um 14h")),
        ("verschiebe 3 2h", Move(ByNumber(3), Scope.UNSAID, "2h")),
        (
            "verschiebe 3 alle zwei Wochen montags 9 Uhr",
            Move(ByNumber(3), Scope.UNSAID, "alle zwei Wochen montags 9 Uhr"),
        ),
    ],
)
def test_moves(text: str, expected: Move) -> None:
    assert typed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("verschiebe 14 Uhr", Move(ByReply(), Scope.UNSAID, "14 Uhr")),
        ("verschiebe 3. Dezember 14 Uhr", Move(ByReply(), Scope.UNSAID, "3. Dezember 14 Uhr")),
        ("verschiebe auf 14 Uhr", Move(ByReply(), Scope.UNSAID, "14 Uhr")),
        ("verschiebe #3 auf 14 Uhr", Move(ByNumber(3), Scope.UNSAID, "14 Uhr")),
        ("verschiebe 14 Uhr alle", Move(ByReply(), Scope.ALL, "14 Uhr")),
        ("verschiebe alle 14 Uhr", Move(ByReply(), Scope.ALL, "14 Uhr")),
        (
            "verschiebe letzter Freitag im Januar 9 Uhr",
            Move(ByReply(), Scope.UNSAID, "letzter Freitag im Januar 9 Uhr"),
        ),
    ],
)
def test_in_a_reply_a_number_in_front_belongs_to_the_date(text: str, expected: Move) -> None:
    assert typed(text, replying=True) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("verschiebe", "ref_missing"),
        ("verschiebe 3", "when_missing"),
        ("verschiebe 3 alle", "when_missing"),
        ("verschiebe last auf", "when_missing"),
        ("verschiebe Di 10 Uhr", "ref_not_understood"),
        ("verschiebe Jour fixe auf Di 10", "ref_not_understood"),
        ("verschiebe 14-15 Uhr", "ref_not_understood"),
        ("verschiebe 3 alle 8:45 folgende", "words_left"),
        ("verschiebe last um eine Stunde", "move_by_length"),
        ("verschiebe 3 um 2h", "move_by_length"),
        ("verschiebe 3 um zwei Tage", "move_by_length"),
        ("verschiebe 3 eine Stunde später", "move_by_length"),
        ("verschiebe 3 alle um 30 Minuten nach hinten", "move_by_length"),
        ("move last +1h", "move_by_length"),
        ("move 3 by 30 min", "move_by_length"),
        ("move 3 -1:30", "move_by_length"),
        ("move 3 1h later", "move_by_length"),
        ("verschiebe 3 Di 10 {anna}", "people_not_here"),
        ("verschiebe 3 Di 10 ort:Rathaus", "option_not_here"),
    ],
)
def test_moves_that_are_none(text: str, reason: str) -> None:
    result = refusal(text)
    assert (result.reason, result.command) == (reason, CommandId.MOVE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancel 3", Cancel(ByNumber(3))),
        ("absagen 3", Cancel(ByNumber(3))),
        ("Absagen Termin 3.", Cancel(ByNumber(3))),
        ("absagen letzten", Cancel(Last())),
        ('cancel 3 "all of us are ill"', Cancel(ByNumber(3), reason="all of us are ill")),
        ("absagen 3 „alle krank“", Cancel(ByNumber(3), reason="alle krank")),
        ('absagen 3 grund:"alle krank"', Cancel(ByNumber(3), reason="alle krank")),
        ('absagen grund:"Krankheit" 3', Cancel(ByNumber(3), reason="Krankheit")),
        ('cancel 3 reason:"ill" all', Cancel(ByNumber(3), Scope.ALL, "ill")),
        ("cancel 3 all reason:ill", Cancel(ByNumber(3), Scope.ALL, "ill")),
        ("cancel 3 all", Cancel(ByNumber(3), Scope.ALL)),
        ("absagen 3 ALLE", Cancel(ByNumber(3), Scope.ALL)),
        ("absagen 3 folgende „krank“", Cancel(ByNumber(3), Scope.FOLLOWING, "krank")),
        ('cancel 3 following reason:"x y"', Cancel(ByNumber(3), Scope.FOLLOWING, "x y")),
        ("absagen 3 dieses", Cancel(ByNumber(3), Scope.THIS)),
        ("cancel 3 all of us are ill", Cancel(ByNumber(3), Scope.UNSAID, "all of us are ill")),
        ("absagen 3 alle krank", Cancel(ByNumber(3), Scope.UNSAID, "alle krank")),
    ],
)
def test_cancels(text: str, expected: Cancel) -> None:
    assert typed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("absagen", Cancel(ByReply())),
        ("absagen alle", Cancel(ByReply(), Scope.ALL)),
        ('absagen "krank"', Cancel(ByReply(), reason="krank")),
        ("absagen 3", Cancel(ByNumber(3))),
    ],
)
def test_cancels_in_a_reply(text: str, expected: Cancel) -> None:
    assert typed(text, replying=True) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("absagen", "ref_missing"),
        ("absagen Jour fixe", "ref_not_understood"),
        ("absagen 3 und 4", "reason_without_quotes"),
        ("absagen 3 4", "reason_without_quotes"),
        ("absagen 3 wegen Krankheit", "reason_without_quotes"),
        ("absagen 3 nur für mich", "reason_without_quotes"),
        ('absagen 3 "a" "b"', "reason_without_quotes"),
        ('absagen 3 "a" und "b"', "reason_without_quotes"),
        ('absagen 3 grund:a "b"', "option_twice"),
        ("absagen 3 {anna}", "people_not_here"),
        ("absagen letzter grund:keine Themen", "option_needs_quotes"),
        ("absagen grund:Krankheit 3", "option_needs_quotes"),
        ("cancel 3 reason:ill all", "option_needs_quotes"),
    ],
)
def test_cancels_that_are_none(text: str, reason: str) -> None:
    result = refusal(text)
    assert (result.reason, result.command, result.code) == (reason, CommandId.CANCEL, Code.NOT_UNDERSTOOD)
