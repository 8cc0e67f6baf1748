"""What a message is made of, as far as commands care: words, quoted texts, people, and what separates them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from calbot.core.model import UserId

from .model import Misunderstood


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a blank. `gap`, as in all tokens: a blank stands before it."""

    text: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in quotes of any kind; `raw` has them still."""

    text: str
    raw: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Pill:
    """Somebody mentioned."""

    user: UserId
    name: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Newline:
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Semicolon:
    gap: bool


Token: TypeAlias = Word | Quoted | Pill | Newline | Semicolon


@dataclass(frozen=True, slots=True)
class Typed:
    """A message as tokens. `fault`: what was wrong with it as a text, to be told if it was meant for the bot."""

    tokens: tuple[Token, ...]
    fault: Misunderstood | None = None


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """The form in which words of commands are compared: ``Ändere``, ``AENDERE`` and ``ändere`` are one."""
    return unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)


def written(tokens: Iterable[Token]) -> str:
    """The tokens as they were typed, people by their names, blanks evened out."""
    parts: list[str] = []
    for token in tokens:
        parts.append(" " if token.gap and parts else "")
        if isinstance(token, Word):
            parts.append(token.text)
        elif isinstance(token, Quoted):
            parts.append(token.raw)
        elif isinstance(token, Pill):
            parts.append(token.name)
        else:
            parts.append(";" if isinstance(token, Semicolon) else "")
    return " ".join("".join(parts).split())


def quoted(text: str) -> str:
    """A text in quotes that are not in it, so that it can be typed."""
    marks = next((marks for marks in ('""', "„“", "«»") if not set(marks) & set(text)), '""')
    return f"{marks[0]}{text}{marks[1]}"


def spoken(tokens: Iterable[Token]) -> str:
    """As `written`, without the quotes around quoted texts."""
    return written(Word(token.text, token.gap) if isinstance(token, Quoted) else token for token in tokens)
