"""Whether a message is meant for the bot: by the prefix, by the bot's name in front, or because they are alone."""

from __future__ import annotations

from dataclasses import replace

from calbot.core.model import UserId

from .tokens import Newline, Pill, Token, Typed, Word, fold
from .vocabulary import find

_AFTER_NAME = ":,"
_AFTER_PREFIX = ":,.;!"


def addressed(typed: Typed, *, prefix: str, bot: UserId, bot_name: str, direct: bool) -> Typed | None:
    """What is said to the bot, without the address; None if it is not spoken to. `direct`: they are alone."""
    tokens = typed.tokens
    rest = _after_prefix(tokens, prefix)
    if rest is None:
        rest = _after_name(tokens, bot, bot_name)
        if rest is not None:  # "@calbot !meet list" is a habit, too
            again = _after_prefix(rest, prefix)
            rest = rest if again is None else again
    if rest is None:
        return typed if direct and tokens else None
    return replace(typed, tokens=rest)


def called_by_name(typed: Typed, *, prefix: str) -> bool:
    """Whether nothing but the bot's name, in plain words, says that a message in a room is for it."""
    first = typed.tokens[:1]
    marked = _after_prefix(typed.tokens, prefix) is not None or any(isinstance(token, Pill) for token in first)
    return not marked and not any(_is_prefix(token, prefix) for token in typed.tokens)


def _is_prefix(token: Token, prefix: str) -> bool:
    return isinstance(token, Word) and _after_prefix((token,), prefix) is not None


def _after_prefix(tokens: tuple[Token, ...], prefix: str) -> tuple[Token, ...] | None:
    if not tokens or not isinstance(tokens[0], Word):
        return None
    first, sign = fold(tokens[0].text), fold(prefix)
    if not first.startswith(sign):
        return None
    attached = first[len(sign) :].lstrip(_AFTER_PREFIX)
    if not attached:
        return _without_newlines(tokens[1:])
    if find(attached) is not None or attached.isdecimal():  # "!meetliste", but not "!meetings"
        return (Word(attached, gap=True), *tokens[1:])
    return None


def _after_name(tokens: tuple[Token, ...], bot: UserId, bot_name: str) -> tuple[Token, ...] | None:
    if not tokens:
        return None
    first = tokens[0]
    if isinstance(first, Pill):
        if first.user != bot:
            return None
        rest = tokens[1:]
        if rest and isinstance(rest[0], Word) and not rest[0].gap and not rest[0].text.strip(_AFTER_NAME):
            rest = rest[1:]
        return _without_newlines(rest)
    localpart = bot[1:].partition(":")[0]
    for name in (bot_name, localpart):
        words = fold(name).split()
        said = [fold(token.text) for token in tokens[: len(words)] if isinstance(token, Word)]
        if not words or len(said) != len(words):
            continue
        spoken_to = said[0].startswith("@") or said[-1][-1] in _AFTER_NAME
        said[0] = said[0].removeprefix("@")
        said[-1] = said[-1].rstrip(_AFTER_NAME)
        if spoken_to and said == words:
            return _without_newlines(tokens[len(words) :])
    return None


def _without_newlines(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return tokens[1:] if tokens and isinstance(tokens[0], Newline) else tokens
