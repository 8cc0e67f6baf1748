"""Reading a phrase: the way from text to its one reading, or to the question or refusal that it deserves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .clocks import WHOLE_LENGTH
from .meanings import Situation, combine, read_meanings
from .moments import Present
from .parsing import Scan
from .phrases import GRAMMARS, phrases
from .readings import Base, Locale, Reading, Reason, Unread
from .tokens import Token, tokenize


def read(text: str, *, locale: Locale, now: datetime, base: Base | None = None) -> Reading:
    """What a text means as a date, seen from `now` and in its zone. Every word has to be accounted for."""
    tokens = tokenize(text)
    if tokens is None:
        return Unread(Reason.TOO_LONG)
    scan = Scan.of(tokens, GRAMMARS[locale].lexicon)
    return read_from(scan, 0, Situation(Present.at(now), locale, base))


def read_either(text: str, *, locales: Sequence[Locale], now: datetime, base: Base | None = None) -> Reading:
    """What a text means in the first language that understands it; words are never mixed.

    Where none does, the refusal is that of the first.
    """
    refused: Unread | None = None
    for locale in locales:
        reading = read(text, locale=locale, now=now, base=base)
        if not isinstance(reading, Unread) or reading.reason is not Reason.NOT_UNDERSTOOD:
            return reading
        refused = refused or reading
    return refused or Unread(Reason.NOT_UNDERSTOOD)


def read_from(scan: Scan, start: int, situation: Situation) -> Reading:
    """What the tokens from `start` on mean."""
    covers, stuck = phrases(
        GRAMMARS[situation.locale],
        scan,
        start,
        bare_hours=situation.base is not None and situation.base.bare_hours,
    )
    reading = combine(meaning for phrase in covers for meaning in read_meanings(phrase, situation))
    if reading == Unread(Reason.NOT_UNDERSTOOD):
        return Unread(Reason.NOT_UNDERSTOOD, _word_at(scan.tokens, stuck))
    return reading


def _word_at(tokens: Sequence[Token], place: int) -> str:
    """The blank-separated word that a token belongs to, as it was typed."""
    if place >= len(tokens):
        return ""
    index = tokens[place].index
    return "".join(token.typed for token in tokens if token.index == index)


def read_duration(text: str, *, locale: Locale) -> timedelta | None:
    """A length as it stands in an option: "45m", "1h30", "1,5h", "90 min", "2 Stunden", "1 Tag"."""
    tokens = tokenize(text)
    if not tokens:
        return None
    scan = Scan.of(tokens, GRAMMARS[locale].lexicon)
    lengths = {
        timedelta(days=lasting.days) + lasting.time for end, lasting in WHOLE_LENGTH(scan, 0) if end == len(scan.tokens)
    }
    return lengths.pop() if len(lengths) == 1 else None
