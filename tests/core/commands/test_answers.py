"""Answering invitations: with which answer, to which event, to how much of a series."""

from __future__ import annotations

import pytest

from calbot.core.commands import ByNumber, ByReply, CommandId, Last, Rsvp, Scope
from calbot.core.model import PartStat

from .typing_in import refusal, typed

YES, NO, MAYBE = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", Rsvp(YES)),
        ("JA", Rsvp(YES)),
        ("ja!", Rsvp(YES)),
        ("zusagen", Rsvp(YES)),
        ("accept 2", Rsvp(YES, ByNumber(2))),
        ("ja 2", Rsvp(YES, ByNumber(2))),
        ("ja zu 2", Rsvp(YES, ByNumber(2))),
        ("ja zu Nr. 2", Rsvp(YES, ByNumber(2))),
        ("ja #2, bitte", Rsvp(YES, ByNumber(2))),
        ("ja, ich komme gern", Rsvp(YES)),
        ("yes, I am coming", Rsvp(YES)),
        ("vielleicht, ich komme zu 3", Rsvp(MAYBE, ByNumber(3))),
        ("no", Rsvp(NO)),
        ("no 3", Rsvp(NO, ByNumber(3))),
        ("no thanks", Rsvp(NO)),
        ("nein, leider", Rsvp(NO)),
        ("ablehnen last", Rsvp(NO, Last())),
        ("nein letzter", Rsvp(NO, Last())),
        ("maybe 1", Rsvp(MAYBE, ByNumber(1))),
        ("vielleicht alle", Rsvp(MAYBE, scope=Scope.ALL)),
        ("ja 2 alle", Rsvp(YES, ByNumber(2), Scope.ALL)),
        ("ja alle 2", Rsvp(YES, ByNumber(2), Scope.ALL)),
        ("yes all", Rsvp(YES, scope=Scope.ALL)),
        ("nein 2 folgende", Rsvp(NO, ByNumber(2), Scope.FOLLOWING)),
        ("nein 2 und", None),
        ("ja 2 alle folgenden", Rsvp(YES, ByNumber(2), Scope.FOLLOWING)),
        ("no 2 this", Rsvp(NO, ByNumber(2), Scope.THIS)),
    ],
)
def test_answers(text: str, expected: Rsvp | None) -> None:
    if expected is None:
        assert refusal(text).reason == "rsvp_words"
    else:
        assert typed(text) == expected


@pytest.mark.parametrize(("text", "ref"), [("ja", ByReply()), ("ja 2", ByNumber(2)), ("ja bitte", ByReply())])
def test_in_a_reply(text: str, ref: object) -> None:
    command = typed(text, replying=True)
    assert isinstance(command, Rsvp)
    assert command.ref == ref


@pytest.mark.parametrize(
    ("text", "reason", "command"),
    [
        ("nein ich komme", "rsvp_words", CommandId.NO),
        ("ja nicht", "rsvp_words", CommandId.YES),
        ("ja, aber später", "rsvp_words", CommandId.YES),
        ('nein "krank"', "rsvp_words", CommandId.NO),
        ("ja 2 3", "rsvp_words", CommandId.YES),
        ("ja 2 alle diesen", "rsvp_words", CommandId.YES),
        ("ja 2 folgende alle", "rsvp_words", CommandId.YES),
        ("maybe tomorrow", "rsvp_words", CommandId.MAYBE),
    ],
)
def test_half_an_answer_is_none(text: str, reason: str, command: CommandId) -> None:
    found = refusal(text)
    assert (found.reason, found.command) == (reason, command)
