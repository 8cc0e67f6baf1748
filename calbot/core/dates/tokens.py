"""From text to tokens: spelling variants are evened out here, so that the grammar sees one form of each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

MAX_CHARACTERS = 200
MAX_TOKENS = 60


class Kind(Enum):
    NUMBER = "number"
    WORD = "word"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Token:
    """One number (ASCII digits), word (folded) or punctuation mark, and where it stood in the text."""

    kind: Kind
    text: str
    spaced: bool
    """Whether a blank stands before it."""
    typed: str
    index: int
    """Place of the blank-separated word that it belongs to."""


_TOKEN = re.compile(
    r"(?P<number>[0-9]+)"
    r"|(?P<dotted>[apAP]\.[mM]\b\.?|[scSC]\.[tT]\b\.?)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)?)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_MARKS = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "ʼ": "'", "−": "-", "∶": ":"})


def fold(word: str) -> str:
    """The form under which the lexicons know a word."""
    return word.casefold().translate(_UMLAUTS)


def _spell_out(character: str) -> str:
    if character in _FRACTIONS:
        return character  # replaced with its context in view, below
    category = unicodedata.category(character)
    if category == "Cf":  # soft hyphens, zero-width blanks, direction marks: copied along, not typed
        return ""
    if category == "Pd":
        return "-"
    if category == "No":  # NFKC would turn 1² into 12
        return "\N{REPLACEMENT CHARACTER}"
    if category in {"Cc", "Zl", "Zp"} and character.isspace():
        return " "
    return unicodedata.normalize("NFKC", character)


def even_out(text: str) -> str:
    """Blanks, dashes, quotes, full-width characters and combined umlauts in one form."""
    plain = "".join(map(_spell_out, unicodedata.normalize("NFC", text))).translate(_MARKS)
    for sign, decimals in _FRACTIONS.items():
        plain = re.sub(rf"(?<=[0-9])\s?{sign}", f",{decimals}", plain).replace(sign, f"0,{decimals}")
    return unicodedata.normalize("NFC", plain)


def tokenize(text: str) -> tuple[Token, ...] | None:
    """The tokens of a text; None if it is too long to be a date."""
    if len(text) > MAX_CHARACTERS:
        return None
    tokens = tokenize_words(text.split())
    return None if len(tokens) > MAX_TOKENS else tokens


def tokenize_words(words: Iterable[str]) -> tuple[Token, ...]:
    """The tokens of words that are already parted; `index` is then the place of the word among them."""
    return tuple(token for index, word in enumerate(words) for token in _word_tokens(word, index))


def _word_tokens(word: str, index: int) -> Iterator[Token]:
    spaced = index > 0
    for match in _TOKEN.finditer(even_out(word)):
        typed = match.group()
        if typed.isspace():
            continue
        if match.lastgroup == "number":
            yield Token(Kind.NUMBER, typed, spaced, typed, index)
        elif match.lastgroup == "dotted":
            yield Token(Kind.WORD, typed.casefold().rstrip(".") + ".", spaced, typed, index)
        else:
            yield Token(Kind.WORD if match.lastgroup == "word" else Kind.MARK, fold(typed), spaced, typed, index)
        spaced = False


def without_last_mark(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without the "?" or "!" at the end, which says nothing about a date."""
    return tokens[:-1] if tokens and tokens[-1].text in "?!" else tokens
