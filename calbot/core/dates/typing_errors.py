"""Words that are one keystroke away from one that dates are made of."""

from __future__ import annotations

from types import MappingProxyType

from . import english, german
from .holidays import names
from .readings import Locale
from .tokens import fold
from .vocabulary import Lexicon, Word

_SHORTEST = 5

_TELLING = frozenset(
    {
        Word.WEEKDAY,
        Word.WEEKDAYS,
        Word.WEEKDAY_PART,
        Word.MONTH,
        Word.DAY_OFFSET,
        Word.TOMORROW_OR_MORNING,
        Word.TONIGHT,
        Word.NEXT,
        Word.AFTER_NEXT,
        Word.COMING,
        Word.EVERY,
        Word.EVERY_FEW,
        Word.DAILY,
        Word.WEEKLY,
        Word.FORTNIGHTLY,
        Word.MONTHLY,
        Word.YEARLY,
        Word.WORKDAYS,
        Word.ALL_DAY,
    }
)


def _telling_words(lexicon: Lexicon, locale: Locale) -> frozenset[str]:
    words = {word for word, meanings in lexicon.words.items() if not _TELLING.isdisjoint(meanings)}
    feasts = {fold(name) for name, _ in names(locale)}
    return frozenset(word for word in words | feasts if len(word) >= _SHORTEST and word.isalpha())


_WORDS = MappingProxyType({"de": _telling_words(german.LEXICON, "de"), "en": _telling_words(english.LEXICON, "en")})


def is_mistyped(word: str, locale: Locale) -> bool:
    """Whether a folded word differs from a telling one by one letter left out, added, replaced, or swapped."""
    known = _WORDS[locale]
    if len(word) < _SHORTEST - 1 or word in known:
        return False
    return any(abs(len(one) - len(word)) <= 1 and _one_apart(word, one) for one in known)


def _one_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start + 1 : start + 2] + one[start : start + 1]
    return one[start + 1 :] == other[start + 1 :] or swapped + one[start + 2 :] == other[start:]
