"""The grammar of whole phrases: every way to cover a text, word by word, with parts that belong to a date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from . import english, german
from .clocks import BARE_HOUR, BARE_MILITARY, BARE_SPAN, CLOCK, LENGTH, NOON, SPAN, TIME_AWAY
from .days import SUFFIX, DayGrammar, build_days
from .expressions import (
    AllDay,
    Clock,
    Ending,
    Form,
    FromNow,
    FromToday,
    InZone,
    Midnight,
    OnDate,
    OnWeekday,
    Part,
    PhrasePart,
    Repeating,
    Said,
    Span,
    Stamp,
    Starting,
)
from .parsing import (
    Rule,
    Scan,
    constant,
    digits,
    either,
    mark,
    memoized,
    nothing,
    optional,
    run,
    seq,
    skip,
    spelled,
    where,
    word,
)
from .readings import Locale
from .repetitions import EVERY_PART, REPEATING, TIMES, WEEKDAY_PARTS
from .tokens import Kind
from .vocabulary import PARTS, Lexicon, PartOfDay, Word
from .zones import ZONE

Phrase: TypeAlias = tuple[PhrasePart, ...]

_MOST_PARTS = 10
_MOST_PHRASES = 100
_MOST_STEPS = 2000

_THE = optional(skip(Word.THE))
_GLUED_LINE = mark("-", glued=True)
_COLON = mark(":", glued=True)
_two = digits((2,), glued=True)


@dataclass(frozen=True, slots=True)
class Grammar:
    """All that is known of one language."""

    lexicon: Lexicon
    parts: Rule[Phrase]
    hours: Rule[Phrase]
    """Numbers that are hours if a day stands before them."""
    morning: Rule[Phrase]
    """A word that is a day first, and a part of the day after one."""


def _part(number: int) -> Part:
    return Part(PARTS[number])


def _alone(rule: Rule[PhrasePart]) -> Rule[Phrase]:
    return seq(lambda part: (part,), rule)


def _offset(sign: int, hours: str, minutes: str) -> timedelta:
    return sign * timedelta(hours=int(hours), minutes=int(minutes))


def _iso_parts(year: str, month: str, day: str, clock: Clock, offset: timedelta | None = None) -> Phrase:
    if offset is None:
        return (Said(OnDate(int(day), int(month), int(year))), clock)
    try:
        return (Stamp(date(int(year), int(month), int(day)), clock, offset),)
    except ValueError:
        return (Said(OnDate(int(day), int(month), int(year))), clock)  # refused as a date that does not exist


_iso_clock = seq(
    lambda hour, minute: Clock(int(hour), int(minute), Form.EXACT),
    _two,
    _COLON,
    _two,
    optional(run(_COLON, where(_two, lambda second: second == "00"))),
)
_iso_offset = either(
    constant(timedelta(), skip(Word.ISO_Z)),
    seq(lambda hours, minutes: _offset(1, hours, minutes), mark("+", glued=True), _two, optional(_COLON), _two),
    seq(lambda hours, minutes: _offset(-1, hours, minutes), _GLUED_LINE, _two, optional(_COLON), _two),
)
_iso = seq(
    _iso_parts,
    digits((4,)),
    _GLUED_LINE,
    _two,
    _GLUED_LINE,
    _two,
    skip(Word.ISO_T),
    _iso_clock,
    optional(_iso_offset),
)

_all_day = constant(
    AllDay(),
    either(skip(Word.ALL_DAY), run(_THE, skip(Word.ALL), optional(mark("-", glued=True)), skip(Word.DAYS))),
)
_part_of_day = either(
    seq(_part, optional(run(skip(Word.ON, Word.IN), _THE)), word(Word.PART)),
    constant(Part(PartOfDay.AT_NIGHT), run(skip(Word.AT), spelled("night"))),
    constant(Part(PartOfDay.MIDDAY), run(optional(skip(Word.AT, Word.ON)), skip(Word.NOON))),
)
_midnight = constant(Midnight(), run(optional(skip(Word.AT)), skip(Word.MIDNIGHT)))
_away = either(
    seq(FromNow, skip(Word.IN), TIME_AWAY),
    seq(FromNow, TIME_AWAY, spelled("from"), skip(Word.NOW)),
    constant(FromNow(timedelta()), skip(Word.NOW)),
)
_weekday_part: Rule[Phrase] = seq(
    lambda number: (Said(OnWeekday(number // 16)), _part(number % 16)),
    optional(skip(Word.ON)),
    word(Word.WEEKDAY_PART),
)
_whole_weekday: Rule[Phrase] = seq(
    lambda weekday: (Said(OnWeekday(weekday)), AllDay()), _THE, spelled("ganzen", "whole"), word(Word.WEEKDAY)
)
_this_part: Rule[Phrase] = seq(lambda number: (Said(FromToday(0)), _part(number)), skip(Word.THIS), word(Word.PART))
_hour_of_part: Rule[Phrase] = seq(lambda clock, part: (clock, part), BARE_HOUR, _part_of_day)
_day_number = seq(int, digits((1, 2)), optional(either(mark(".", glued=True), SUFFIX)))
_every_year: Rule[Phrase] = seq(
    lambda date_: (Repeating("YEARLY"), Said(date_)),
    optional(skip(Word.ON)),
    skip(Word.EVERY),
    either(
        seq(OnDate, _day_number, optional(skip(Word.OF)), word(Word.MONTH)),
        seq(lambda month, day: OnDate(day, month), word(Word.MONTH), _day_number),
    ),
)
_tonight: Rule[Phrase] = seq(lambda number: (Said(FromToday(0)), _part(number)), word(Word.TONIGHT))
_weekday_parts: Rule[Phrase] = seq(
    lambda number: (Repeating("WEEKLY", 1, ((0, number // 16),)), _part(number % 16)), WEEKDAY_PARTS
)
_every_part: Rule[Phrase] = seq(lambda number: (Repeating("DAILY"), _part(number)), EVERY_PART)


def _starting(days: DayGrammar) -> Rule[PhrasePart]:
    of_the = optional(skip(Word.THE, Word.ON, Word.IN))
    since = either(skip(Word.STARTING, Word.FROM), run(spelled("first"), skip(Word.ON)))
    return seq(Starting, since, of_the, days.first)


def _ending(days: DayGrammar) -> Rule[PhrasePart]:
    hour = either(CLOCK, BARE_HOUR, NOON)
    clock = either(seq(lambda: None, nothing), seq(lambda clock: clock, optional(mark(",", glued=True)), hour))
    to = run(skip(Word.UNTIL), optional(spelled("zum", "einschliesslich")), _THE)
    return either(
        seq(lambda said, at: Ending(said, at, dash=True), mark("-"), days.last, clock),
        seq(lambda said, at: Ending(said, at, dash=False), to, days.last, clock),
    )


def _build(locale: Locale, lexicon: Lexicon) -> Grammar:
    days = build_days(locale)
    bare: tuple[Rule[Any], ...] = (BARE_HOUR, BARE_SPAN, BARE_MILITARY)
    single: tuple[Rule[Any], ...] = (
        *(days.between, CLOCK, SPAN, LENGTH, _all_day, _part_of_day, _midnight, _away, ZONE),
        *(REPEATING, TIMES, _starting(days), _ending(days)),
    )
    parts = either(
        days.day,
        *map(_alone, single),
        _iso,
        _weekday_part,
        _whole_weekday,
        _tonight,
        _this_part,
        _hour_of_part,
        _every_part,
        _weekday_parts,
        _every_year,
    )
    return Grammar(
        lexicon,
        memoized(parts),
        memoized(either(*map(_alone, bare))),
        _alone(seq(_part, word(Word.TOMORROW_OR_MORNING))),
    )


GRAMMARS = MappingProxyType({"de": _build("de", german.LEXICON), "en": _build("en", english.LEXICON)})

_TOMORROW = (Said(FromToday(1)),)
_AFTER_WHICH_NUMBERS_ARE_HOURS = (Said, Part, Repeating)


@dataclass(slots=True)
class _Cover:
    """One search for the ways to cover the tokens from a position on."""

    grammar: Grammar
    scan: Scan
    bare_hours: bool
    steps: int = 0
    reach: int = 0

    def phrases(self, at: int, parts: Phrase) -> Iterator[Phrase]:
        self.steps += 1
        if self.steps > _MOST_STEPS or len(parts) > _MOST_PARTS:
            return
        start = self._after_glue(at, bool(parts))
        self.reach = max(self.reach, start)
        if start == len(self.scan.tokens):
            if parts:
                yield parts
            return
        for end, found in self._parts(start, parts):
            yield from self.phrases(end, (*parts, *found))

    def _parts(self, at: int, before: Phrase) -> Iterator[tuple[int, Phrase]]:
        dated = any(isinstance(part, (Said, Repeating)) for part in before)
        morning = Word.TOMORROW_OR_MORNING in self.scan.meanings[at]
        for end, found in self.grammar.parts(self.scan, at):
            if not (dated and morning and found == _TOMORROW) and _can_follow(before, found):
                yield end, found
        if dated and morning:
            yield from self.grammar.morning(self.scan, at)
        hours = isinstance(before[-1], _AFTER_WHICH_NUMBERS_ARE_HOURS) if before else self.bare_hours
        if hours and (not before or self.scan.tokens[at].spaced or self._follows_comma(at)):
            for end, found in self.grammar.hours(self.scan, at):
                if _can_follow(before, found) and not self._is_year(at, before):
                    yield end, found

    def _is_year(self, at: int, before: Phrase) -> bool:
        """Whether "2030" is the year here, and no hour: behind a month or a feast, but not behind "Di" or "24.11."."""
        token, last = self.scan.tokens[at], before[-1] if before else None
        if len(token.text) < 4 or token.text < "1900" or not isinstance(last, Said):
            return False
        numeric = self.scan.tokens[at - 1].text == "." and self.scan.tokens[at - 2].kind is Kind.NUMBER
        return not numeric and not isinstance(last.day, (OnWeekday, FromToday))

    def _follows_comma(self, at: int) -> bool:
        """Whether a comma stands before this token, and not the one of a decimal number."""
        tokens = self.scan.tokens
        return at > 1 and tokens[at - 1].text == "," and tokens[at - 2].kind is not Kind.NUMBER

    def _after_glue(self, at: int, between: bool) -> int:
        """Past a comma, brackets, and the full stop that ends the phrase."""
        tokens = self.scan.tokens
        comma = not between
        while at < len(tokens) and (tokens[at].text in "()" or (not comma and self._is_comma(at))):
            comma = comma or tokens[at].text not in "()"
            at += 1
        if between and at == len(tokens) - 1 and tokens[at].text == "." and tokens[at - 1].kind is Kind.WORD:
            return at + 1
        return at

    def _is_comma(self, at: int) -> bool:
        """A comma or semicolon; or a colon with a blank behind it, as in "Di: 14 Uhr"."""
        text = self.scan.tokens[at].text
        return text in ",;" or (text == ":" and at + 1 < len(self.scan.tokens) and self.scan.tokens[at + 1].spaced)


_TIMES_OF_DAY = (Clock, Span, Midnight, FromNow, Stamp)


def _can_follow(before: Phrase, found: Phrase) -> bool:
    """Whether no part is there twice that can be there but once."""
    for part in found:
        kind = type(part)
        if isinstance(part, Said):
            if sum(isinstance(one, Said) for one in before) >= 4:
                return False
        elif isinstance(part, InZone):
            if not before or not isinstance(before[-1], (Clock, Span)):
                return False
        elif isinstance(part, _TIMES_OF_DAY):
            if any(isinstance(one, _TIMES_OF_DAY) for one in before):
                return False
        elif any(type(one) is kind for one in before) and kind is not Repeating:
            return False
    return True


def phrases(grammar: Grammar, scan: Scan, start: int, *, bare_hours: bool = False) -> tuple[tuple[Phrase, ...], int]:
    """Every way to cover all tokens from `start` on, and the first token that could not be covered."""
    tokens = scan.tokens
    if sum(token.text == "(" for token in tokens[start:]) != sum(token.text == ")" for token in tokens[start:]):
        return (), start
    cover = _Cover(grammar, scan, bare_hours)
    scan.furthest = start
    found = []
    for phrase in cover.phrases(start, ()):
        found.append(phrase)
        if len(found) >= _MOST_PHRASES:
            break
    stuck = max(scan.furthest, cover.reach) if scan.furthest < len(tokens) else cover.reach
    return tuple(dict.fromkeys(found)), stuck
