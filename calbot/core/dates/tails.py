"""Parting "TITLE WHEN": the date is the longest tail of the words that reads as one.

The border is where a wrong reading hides best: a mistyped weekday becomes part of the title and leaves a time of today.
So what stands before the date is looked at as well, and where it could belong to the date, the sender is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .expressions import (
    Between,
    Clock,
    Ending,
    EndOf,
    FromNow,
    FromToday,
    InCalendarWeek,
    InWeek,
    Later,
    Midnight,
    OnDate,
    OnNth,
    OnWeekday,
    PhrasePart,
    Repeating,
    Said,
    Span,
    Stamp,
    Starting,
    StartOf,
)
from .meanings import Situation
from .moments import Present
from .parsing import Scan
from .phrases import GRAMMARS, phrases
from .reader import read_from
from .readings import At, Day, Locale, Reading, Reason, Unread
from .tokens import MAX_CHARACTERS, MAX_TOKENS, Kind, Token, fold, tokenize_words
from .typing_errors import is_mistyped
from .vocabulary import Lexicon, Meanings, Word

_MOST_WORDS = 20


@dataclass(frozen=True, slots=True)
class Split:
    """One way to part the words: those from `start` on are the date."""

    start: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the date begins, and what it means.

    With `alternatives` the border is in doubt and the sender has to choose between this reading, unless it is
    `Unread`, and them.
    """

    start: int
    reading: Reading
    alternatives: tuple[Split, ...] = ()


def split_tail(words: Sequence[str], *, locale: Locale, now: datetime) -> Tail | None:
    """Part words into a title and a date; None if no tail of them is one."""
    border = _Border.of(words, Situation(Present.at(now), locale, None))
    splits = border.splits()
    if not splits:
        return None
    longest, shorter = splits[0], splits[1:]
    if isinstance(longest.reading, Unread):
        dated = [split for split in shorter if border.is_date(split)]
        return Tail(longest.start, longest.reading, tuple(dated[:1]))
    noun = border.noun_in_front(longest, shorter)
    if noun is not None:
        return Tail(noun.start, noun.reading)
    doubt = border.doubtful_word(longest.start) or border.rival_in_front(longest) or border.question(longest)
    if doubt:
        return Tail(longest.start, Unread(Reason.NOT_UNDERSTOOD, doubt), (longest,))
    rivals = tuple(
        split
        for split in shorter
        if split.reading != longest.reading and not border.cuts_range(split) and border.contested(longest, split)
    )
    return Tail(longest.start, longest.reading, rivals[:1])


_WORDS_FIRST = frozenset({"so", "do", "sun"})  # "So geht es", "Do it", "Sun protection"
_HOMOGRAPHS = frozenset({("to", "do"), ("the", "sun")})

_CONTESTED = frozenset({Word.WEEKDAY, Word.MONTH, Word.WEEK_NUMBER, Word.ORDINAL, Word.PART, Word.NOON})
_UNITS = frozenset({Word.DAYS, Word.HOURS, Word.WEEKS, Word.MONTHS, Word.YEARS, Word.MINUTES})
# What ordinary titles end in as well.
_INNOCENT = (
    frozenset(
        {Word.ARTICLE, Word.THE, Word.NUMBER, Word.TIMES, Word.TIME_H, Word.ISO_T, Word.ISO_Z, Word.ALL, Word.FOLD}
    )
    | _UNITS
)
_NOUNS = frozenset({Word.NOON, Word.PART})
_SERIES_NOUNS = frozenset({Word.DAILY, Word.WEEKLY, Word.FORTNIGHTLY, Word.MONTHLY, Word.YEARLY})
_RANGE_WORDS = frozenset({"-", "–", "—", "bis", "to", "till", "until"})
_WHOLE_DATE = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.([0-9]{2}|[0-9]{4})?,?")
_NUMERIC = re.compile(r"[0-9][.,:/-]+[0-9]|^[0-9]{1,2}\.$|[0-9](h|st|nd|rd|th)$")

_WEEKS = (InCalendarWeek, InWeek)
_NAMED_DAYS = (InCalendarWeek, InWeek, OnWeekday, FromToday, Later, OnDate, OnNth, EndOf, StartOf)
_DATES = (Said, Between, FromNow, Stamp, Repeating, Starting, Ending)
_TIMES = (Clock, Span, Midnight, FromNow, Stamp)


@dataclass(frozen=True, slots=True)
class _Border:
    words: Sequence[str]
    scan: Scan
    situation: Situation
    starts: dict[int, int]
    """Place of the first token of each word that has one."""

    @staticmethod
    def of(words: Sequence[str], situation: Situation) -> _Border:
        first, characters = len(words), 0
        while first > 0 and len(words) - first < _MOST_WORDS:
            characters += len(words[first - 1]) + 1
            if characters > MAX_CHARACTERS:
                break
            first -= 1
        tokens = [replace(token, index=token.index + first) for token in tokenize_words(words[first:])]
        while len(tokens) > MAX_TOKENS:
            dropped = tokens[0].index
            tokens = [token for token in tokens if token.index != dropped]
        scan = Scan.of(tokens, GRAMMARS[situation.locale].lexicon)
        starts: dict[int, int] = {}
        for place, token in enumerate(scan.tokens):
            starts.setdefault(token.index, place)
        return _Border(words, scan, situation, starts)

    @property
    def lexicon(self) -> Lexicon:
        return GRAMMARS[self.situation.locale].lexicon

    def cuts_range(self, split: Split) -> bool:
        """Whether this would begin in the middle of "from … to …": no title ends in a dash or a "bis"."""
        ends = (self.words[split.start - 1], self.words[split.start]) if split.start else self.words[:1]
        return any(word.casefold() in _RANGE_WORDS for word in ends)

    def splits(self) -> list[Split]:
        """Every tail that is understood, the longest first, be it only to be refused for a reason."""
        readings = (Split(word, read_from(self.scan, place, self.situation)) for word, place in self.starts.items())
        not_understood = Reason.NOT_UNDERSTOOD
        return [
            split
            for split in readings
            if not (isinstance(split.reading, Unread) and split.reading.reason is not_understood)
        ]

    def is_date(self, split: Split) -> bool:
        """Whether a tail is understood and names a day itself."""
        return not isinstance(split.reading, Unread) and self._has(split.start, _DATES)

    def contested(self, longest: Split, shorter: Split) -> bool:
        """Whether the words by which the longer tail is longer could be the end of a title."""
        place, end = self.starts[longest.start], self.starts[shorter.start]
        before = self.words[longest.start - 1] if longest.start else ""
        tokens, meanings = self.scan.tokens[place:end], self.scan.meanings[place:end]
        if isinstance(shorter.reading, Unread) or not longest.start:
            return False
        if tokens[0].kind is Kind.NUMBER and _core(before) in self.lexicon.numbered:
            # "Raum 4.12 14 Uhr" may be a room, but nobody numbers rooms "27.11." or "27. November".
            first = self.words[longest.start]
            ordinal_of_month = first.endswith(".") and any(Word.MONTH in meaning for meaning in meanings)
            return not ordinal_of_month and not _WHOLE_DATE.fullmatch(first)
        if (_core(before), tokens[0].text) in _HOMOGRAPHS:
            return True
        return self.is_date(shorter) and all(
            token.kind is not Kind.WORD or not _CONTESTED.isdisjoint(meaning)
            for token, meaning in zip(tokens, meanings, strict=True)
        )

    def question(self, split: Split) -> str:
        """The last word of a question, which may not be meant as title and date at all: "Wer kann morgen?"."""
        return self.words[-1] if split.start and self.words[-1].endswith("?") else ""

    def noun_in_front(self, longest: Split, shorter: Sequence[Split]) -> Split | None:
        """The date without its first word, where that can only be the title: "Mittag Fr 12:10", "Nacht 25.11. 0:30"."""
        split = next((one for one in shorter if one.start == 1), None)
        if longest.start != 0 or split is None or split.reading != longest.reading:
            return None
        return split if self._is_capital(0) and not _NOUNS.isdisjoint(self._meanings(0)) else None

    def rival_in_front(self, longest: Split) -> str:
        """Days named before the title, or a week anywhere in it, unless they agree: "KW 49 Planung Mi 10"."""
        last = self.starts[longest.start]
        for word, place in self.starts.items():
            if word >= longest.start:
                break
            ends = [end for end in self._days_named(place, weeks_only=word > 0) if end < last]
            if ends and not self._agrees(place, max(ends), longest):
                return self._typed(place, max(ends))
        return ""

    def _days_named(self, place: int, *, weeks_only: bool) -> Iterator[int]:
        """Where the names of days that begin at a word end; a month is one, too."""
        scan = self.scan
        token = scan.tokens[place]
        if not weeks_only and Word.MONTH in scan.meanings[place] and self._ends_word(place + 1):
            yield place + 1
        for end, parts in GRAMMARS[self.situation.locale].parts(scan, place):
            if end == place + 1 and (token.text in _WORDS_FIRST or (len(token.text) <= 3 and token.typed.islower())):
                continue
            kinds = _WEEKS if weeks_only else _NAMED_DAYS
            if self._ends_word(end) and any(
                isinstance(part, Said) and not part.loose and isinstance(part.day, kinds) for part in parts
            ):
                yield end

    def _ends_word(self, end: int) -> bool:
        """Whether the word before this token ends here, but for punctuation: not in "Mai-Feier"."""
        tokens = self.scan.tokens
        index = tokens[end - 1].index
        return all(token.index != index or token.kind is Kind.MARK for token in tokens[end:])

    def _agrees(self, place: int, end: int, longest: Split) -> bool:
        """Whether the date stays the same with the days in front of it."""
        reading = longest.reading
        if end == place + 1 and isinstance(reading, (At, Day)) and self._has(longest.start, _DATES):
            meanings = self.scan.meanings[place]
            first = reading.start if isinstance(reading, At) else reading.first
            if meanings.get(Word.MONTH) == first.month or meanings.get(Word.WEEKDAY) == first.weekday():
                return True
        words = (self._typed(place, end), *self.words[longest.start :])
        scan = Scan.of(tokenize_words(words), self.lexicon)
        return read_from(scan, 0, self.situation) == reading

    def doubtful_word(self, start: int) -> str:
        """A word of the title that may have been meant to belong to the date."""
        if start == 0:
            return ""
        dated, timed = self._has(start, _DATES), self._has(start, _TIMES)
        return self._doubtful_neighbour(start, dated=dated, timed=timed) or self._stray(start, dated=dated, timed=timed)

    def _has(self, start: int, kinds: tuple[type[PhrasePart], ...]) -> bool:
        found, _ = phrases(GRAMMARS[self.situation.locale], self.scan, self.starts[start])
        return any(isinstance(part, kinds) for phrase in found for part in phrase)

    def _doubtful_neighbour(self, start: int, *, dated: bool, timed: bool) -> str:
        """The word right before the date, if it is one that dates are made of."""
        word = self.words[start - 1]
        core = _core(word)
        meanings = self._meanings(start - 1)
        further = self.words[start - 2] if start > 1 else ""
        noun = start == 1 and dated and self._is_capital(0)  # "Feier Fr 20 Uhr"
        telling = meanings.keys() - _INNOCENT
        if dated and timed:
            telling -= {Word.END}
        if noun and self._has(start, (Repeating,)):  # "Weekly every other Monday at 9"
            telling -= _SERIES_NOUNS
        further_speaks = bool(self._meanings(start - 2).keys() - _INNOCENT) or self._mistyped(further)
        if not dated and core in self.lexicon.seasons:
            return word
        if core in self.lexicon.modifiers or telling or (not noun and self._mistyped(word)):
            return word
        if not _UNITS.isdisjoint(meanings) and (further_speaks or further.isdecimal()):
            return f"{further} {word}"
        if _NUMERIC.search(word):
            return "" if dated and timed else word
        if core.isdecimal() or Word.NUMBER in meanings:
            if further_speaks or (not timed and core.isdecimal() and int(core[:3]) <= 24):
                return f"{further} {word}" if further_speaks else word
            return ""
        return ""

    def _is_capital(self, index: int) -> bool:
        return self.words[index][:1].isupper()

    def _meanings(self, index: int) -> Meanings:
        place = self.starts.get(index)
        if place is None or (index + 1 in self.starts and self.starts[index + 1] - place > 2):
            return {}
        return self.scan.meanings[place]

    def _mistyped(self, word: str) -> bool:
        return is_mistyped(_core(word), self.situation.locale)

    def _stray(self, start: int, *, dated: bool, timed: bool) -> str:
        """A date at the front of the title whose time is at its end, or the other way round: "morgen Budget 14 Uhr"."""
        grammar = GRAMMARS[self.situation.locale]
        last = self.starts[start]
        for word, place in self.starts.items():
            if word >= start:
                break
            token = self.scan.tokens[place]
            if word == 0 and start == 1:
                continue  # looked at as the neighbour of the date
            if len(token.text) <= 3 and token.kind is Kind.WORD and token.typed.islower():
                continue  # "so", "do", "mi": words first, and weekdays in passing
            for end, parts in grammar.parts(self.scan, place):
                if end <= last and _is_stray(parts, dated=dated, timed=timed):
                    return self._typed(place, end)
        return ""

    def _typed(self, place: int, end: int) -> str:
        tokens: Sequence[Token] = self.scan.tokens[place:end]
        return "".join(" " * (token.spaced and at > 0) + token.typed for at, token in enumerate(tokens))


def _is_stray(parts: tuple[PhrasePart, ...], *, dated: bool, timed: bool) -> bool:
    for part in parts:
        if isinstance(part, Repeating) or (isinstance(part, Said) and not dated and not part.loose):
            return True
        if not timed and isinstance(part, (Clock, Span)):
            return True
        if not dated and isinstance(part, (Between, Stamp, FromNow)):
            return True
    return False


def _core(word: str) -> str:
    """The word without the punctuation around it, as the lexicons know it."""
    return fold(word).strip(".,;:!?()[]\"'„“”»«-–/")
