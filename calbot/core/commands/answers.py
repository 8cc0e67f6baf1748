"""``yes|no|maybe [REF] [all|following]``: what somebody answers to an invitation."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from calbot.core.model import PartStat

from . import model
from .context import ParseContext
from .model import ByReply, Ref, Scope
from .references import Tokens, scope_at, take_ref
from .refusal import Refusal
from .tokens import Pill, Token, Word, fold, written

# What people put around an answer, and which changes nothing about it.
_POLITE: Final = frozenset(
    """bitte please gern gerne danke thanks thx vielen dank leider sorry sure klar sicher natuerlich definitely
    to zu zum fuer for the den dem das
    """.split()  # noqa: SIM905 - a list of so many is easier to read so
)
_COMING: Final = frozenset("i ich we wir am bin sind komme kommen come coming dabei there".split())  # noqa: SIM905 - as above
_FOLLOWING: Final = frozenset({"following", "folgende", "folgenden"})
_PUNCTUATION: Final = ".,!;:"


def parse_rsvp(answer: PartStat, tokens: Tokens, context: ParseContext) -> model.Rsvp:
    """Every word has to mean something, or nothing: "no, not at all" must not become anybody's answer by half of it."""
    if any(isinstance(token, Pill) for token in tokens):
        raise Refusal("rsvp_others")
    said_twice = _POLITE if answer is PartStat.DECLINED else _POLITE | _COMING
    left = tuple(_bare(token) for token in tokens if _word(token) not in said_twice | {""})
    scope, left = _take_scope(left)
    ref: Ref | None = ByReply() if context.replying else None
    if left:
        try:
            ref, rest = take_ref(left, replying=False)
        except Refusal:
            rest = left
        if rest:
            raise Refusal("rsvp_words", text=written(rest))
    return model.Rsvp(answer, ref, scope)


def _take_scope(tokens: Tokens) -> tuple[Scope, Tokens]:
    """The scope word wherever it stands; "alle folgenden" is one."""
    scope, rest = Scope.UNSAID, []
    for place, token in enumerate(tokens):
        found = Scope.FOLLOWING if _word(token) in _FOLLOWING else scope_at(tokens, place)
        if found is Scope.UNSAID:
            rest.append(token)
        elif scope in (Scope.UNSAID, found) or (scope, found) == (Scope.ALL, Scope.FOLLOWING):
            scope = found
        else:
            raise Refusal("rsvp_words", text=written(tokens))
    return scope, tuple(rest)


def _bare(token: Token) -> Token:
    """Without the punctuation of a sentence."""
    return replace(token, text=token.text.rstrip(_PUNCTUATION)) if isinstance(token, Word) else token


def _word(token: Token) -> str:
    bare = _bare(token)
    return fold(bare.text) if isinstance(bare, Word) else written((token,))
