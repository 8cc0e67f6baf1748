"""Which event a command is about, how much of its series, and the words that may stand between the two."""

from __future__ import annotations

from collections.abc import Mapping

from .model import ByNumber, ByReply, Last, Ref, Scope
from .numbers import number
from .refusal import Refusal
from .tokens import Token, Word, fold, written

Tokens = tuple[Token, ...]

_LAST = frozenset({"last", "letzter", "letzte", "letztes"})
_LAST_OR_PAST = "letzten"  # "absagen letzten"; but "letzten Dienstag" is a day
_TOWARDS = frozenset({"to", "auf", "nach", "→", "->"})
_BEFORE_NUMBER = frozenset({"nr", "nr.", "no", "no.", "nummer", "number", "termin", "event", "meeting"})
_SCOPES: Mapping[str, Scope] = {
    "all": Scope.ALL,
    "alle": Scope.ALL,
    "following": Scope.FOLLOWING,
    "folgende": Scope.FOLLOWING,
    "this": Scope.THIS,
    "diesen": Scope.THIS,
    "dieses": Scope.THIS,
}
SCOPE_WORDS = frozenset(_SCOPES)


def take_ref(tokens: Tokens, *, replying: bool, number_is_date: bool = False) -> tuple[Ref, Tokens]:
    """The reference at the front, and what follows it. `number_is_date`: in a reply, a number in front is none."""
    named = 1 if len(tokens) > 1 and _word(tokens[0]) in _BEFORE_NUMBER else 0
    first = tokens[named] if len(tokens) > named else None
    marked = named == 1 or (isinstance(first, Word) and first.text.startswith("#"))
    count = number(first.text) if isinstance(first, Word) else None
    if count is not None and (marked or not (replying and number_is_date)):
        return ByNumber(count), tokens[named + 1 :]
    if replying:
        return ByReply(), tokens
    if tokens and (_word(tokens[0]) in _LAST or (_word(tokens[0]) == _LAST_OR_PAST and _ends_ref(tokens[1:]))):
        return Last(), tokens[1:]
    if not tokens:
        raise Refusal("ref_missing")
    raise Refusal("ref_not_understood", text=written(tokens))


def without_direction(tokens: Tokens) -> Tokens:
    """What follows "to" or "auf"."""
    return tokens[1:] if tokens and _word(tokens[0]) in _TOWARDS else tokens


def scope_at(tokens: Tokens, index: int) -> Scope:
    """The scope that the word at `index` names, if there is one."""
    return _SCOPES.get(_word(tokens[index]), Scope.UNSAID) if tokens else Scope.UNSAID


def _ends_ref(tokens: Tokens) -> bool:
    return not tokens or not isinstance(tokens[0], Word) or _word(tokens[0]) in _TOWARDS | _SCOPES.keys()


def _word(token: Token) -> str:
    return fold(token.text) if isinstance(token, Word) else ""
