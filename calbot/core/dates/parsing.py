"""Parser combinators over tokens that yield every way in which a rule matches.

"9.10" may be an hour or a day. So a rule goes from a position to all its matches, none of them preferred, and whoever
calls it compares what they mean. Input is bounded (`tokens.MAX_TOKENS`) and no rule is recursive, which bounds the
work; a rule knows what it can begin with, so that most are never tried, and those in `memoized` run once per position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from .tokens import Kind, Token, without_last_mark
from .vocabulary import Lexicon, Meanings, Word

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Key: TypeAlias = Word | Kind | str
"""Something that a token can be asked for: a meaning, its kind, or its text."""


@dataclass(slots=True)
class Scan:
    """The tokens under a parse, what they can mean, and how far any rule got."""

    tokens: Sequence[Token]
    meanings: tuple[Meanings, ...]
    keys: tuple[frozenset[Key], ...]
    furthest: int = 0
    known: dict[tuple[int, int], tuple[tuple[int, Any], ...]] = field(default_factory=dict)

    @staticmethod
    def of(tokens: Sequence[Token], lexicon: Lexicon) -> Scan:
        tokens = without_last_mark(tokens)
        meanings = tuple(map(lexicon.meanings, tokens))
        keys = (frozenset[Key]({*own, token.kind, token.text}) for own, token in zip(meanings, tokens, strict=True))
        return Scan(tokens, meanings, (*keys, frozenset()))

    def reached(self, at: int) -> int:
        self.furthest = max(self.furthest, at)
        return at


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Generic[T_co]):
    """Yields (position after the match, value) for each of its matches at a position."""

    match: Callable[[Scan, int], Iterable[tuple[int, T_co]]]
    first: frozenset[Key]
    """What its first token can be, one of these."""
    nullable: bool = False
    """Whether it can match no token at all."""

    def __call__(self, scan: Scan, at: int) -> Iterable[tuple[int, T_co]]:
        if self.nullable or not self.first.isdisjoint(scan.keys[at]):
            return self.match(scan, at)
        return ()


class _Skipped:
    """What a rule yields that only has to be there."""


SKIPPED = _Skipped()

# Words that are often cut short and then end in a full stop.
_SHORTENED = frozenset(
    {Word.WEEKDAY, Word.MONTH, Word.MINUTES, Word.HOURS, Word.DAYS, Word.WEEK_NUMBER, Word.CLOCK, Word.WEEKS}
)


def _after_word(scan: Scan, at: int, word: Word) -> int:
    """The position after the word at `at`, and after the full stop that marks it as cut short."""
    after = at + 1
    if word in _SHORTENED and after < len(scan.tokens) and len(scan.tokens[at].text) <= 5:
        mark = scan.tokens[after]
        after += mark.text == "." and not mark.spaced
    return scan.reached(after)


def word(meaning: Word) -> Rule[int]:
    """A word with this meaning; yields its number."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, int]]:
        yield _after_word(scan, at, meaning), scan.meanings[at][meaning]

    return Rule(match, frozenset({meaning}))


def skip(*meanings: Word) -> Rule[_Skipped]:
    """A word with one of these meanings, whose number does not matter."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, _Skipped]]:
        meaning = next(one for one in meanings if one in scan.meanings[at])
        yield _after_word(scan, at, meaning), SKIPPED

    return Rule(match, frozenset(meanings))


def spelled(*texts: str) -> Rule[_Skipped]:
    """One of these words, whatever it means elsewhere."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, _Skipped]]:
        yield scan.reached(at + 1), SKIPPED

    return Rule(match, frozenset(texts))


def mark(texts: str, *, glued: bool = False) -> Rule[_Skipped]:
    """One of these punctuation marks; `glued`: with no blank before it."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, _Skipped]]:
        if not (glued and scan.tokens[at].spaced):
            yield scan.reached(at + 1), SKIPPED

    return Rule(match, frozenset(texts))


def digits(widths: Sequence[int], *, glued: bool = False) -> Rule[str]:
    """A number of so many digits, as written; `glued`: with no blank before it."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, str]]:
        token = scan.tokens[at]
        if len(token.text) in widths and not (glued and token.spaced):
            yield scan.reached(at + 1), token.text

    return Rule(match, frozenset({Kind.NUMBER}))


def _always(scan: Scan, at: int) -> Iterable[tuple[int, _Skipped]]:
    return ((at, SKIPPED),)


def _at_word_end(scan: Scan, at: int) -> Iterable[tuple[int, _Skipped]]:
    ended = at >= len(scan.tokens) or scan.tokens[at].spaced or scan.tokens[at].kind is Kind.MARK
    return ((at, SKIPPED),) if ended else ()


nothing: Rule[_Skipped] = Rule(_always, frozenset(), nullable=True)
word_ends: Rule[_Skipped] = Rule(_at_word_end, frozenset(), nullable=True)
"""Nothing, where a blank, a mark or the end follows."""


def not_before(*meanings: Word) -> Rule[_Skipped]:
    """Nothing, where no word with one of these meanings follows."""
    barred = frozenset(meanings)

    def match(scan: Scan, at: int) -> Iterable[tuple[int, _Skipped]]:
        return ((at, SKIPPED),) if scan.keys[at].isdisjoint(barred) else ()

    return Rule(match, frozenset(), nullable=True)


def optional(rule: Rule[T]) -> Rule[T | _Skipped]:
    """The rule, and nothing in its place."""
    return either(rule, nothing)


def either(*rules: Rule[Any]) -> Rule[Any]:
    """Every match of every rule."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, Any]]:
        keys = scan.keys[at]
        for rule in rules:
            if rule.nullable or not rule.first.isdisjoint(keys):
                yield from rule.match(scan, at)

    first = frozenset[Key]().union(*(rule.first for rule in rules))
    return Rule(match, first, nullable=any(rule.nullable for rule in rules))


def seq(build: Callable[..., T], *rules: Rule[Any]) -> Rule[T]:
    """The rules one after the other; `build` gets what they yield, without what is skipped."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, T]]:
        states: list[tuple[int, tuple[Any, ...]]] = [(at, ())]
        for rule in rules:
            states = [
                (end, values if value is SKIPPED else (*values, value))
                for start, values in states
                for end, value in rule(scan, start)
            ]
            if not states:
                return
        for end, values in states:
            yield end, build(*values)

    first: frozenset[Key] = frozenset()
    for rule in rules:
        first |= rule.first
        if not rule.nullable:
            break
    return Rule(match, first, nullable=all(rule.nullable for rule in rules))


def run(*rules: Rule[Any]) -> Rule[_Skipped]:
    """The rules one after the other, for what only has to be there."""
    return seq(lambda *_: SKIPPED, *rules)


def listed(item: Rule[T], separator: Rule[Any], *, most: int = 7) -> Rule[tuple[T, ...]]:
    """One or more items; yields every length."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, tuple[T, ...]]]:
        states: list[tuple[int, tuple[T, ...]]] = [(end, (value,)) for end, value in item(scan, at)]
        for _ in range(most):
            yield from states
            states = [
                (end, (*values, value))
                for stop, values in states
                for start, _ in separator(scan, stop)
                for end, value in item(scan, start)
            ]
            if not states:
                return

    return Rule(match, item.first)


def memoized(rule: Rule[T]) -> Rule[T]:
    """The rule, run once per position of a scan."""
    key = id(rule)  # the closure below keeps the rule alive, so its id stays its own

    def match(scan: Scan, at: int) -> Iterable[tuple[int, T]]:
        found = scan.known.get((key, at))
        if found is None:
            found = scan.known[key, at] = tuple(dict.fromkeys(rule.match(scan, at)))
        return found

    return Rule(match, rule.first, rule.nullable)


def longest(rule: Rule[T]) -> Rule[T]:
    """Only the longest matches of the rule."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, T]]:
        found = tuple(rule.match(scan, at))
        furthest = max((end for end, _ in found), default=at)
        return ((end, value) for end, value in found if end == furthest)

    return Rule(match, rule.first, rule.nullable)


def where(rule: Rule[T], holds: Callable[[T], bool]) -> Rule[T]:
    """The matches of the rule for which this holds."""

    def match(scan: Scan, at: int) -> Iterator[tuple[int, T]]:
        return ((end, value) for end, value in rule.match(scan, at) if holds(value))

    return Rule(match, rule.first, rule.nullable)


def glued(rule: Rule[T]) -> Rule[T]:
    """The rule, if no blank stands before it."""

    def match(scan: Scan, at: int) -> Iterable[tuple[int, T]]:
        return () if at < len(scan.tokens) and scan.tokens[at].spaced else rule.match(scan, at)

    return Rule(match, rule.first, rule.nullable)


def unless(meaning: Word, rule: Rule[T]) -> Rule[T]:
    """The rule, where no word with this meaning stands."""

    def match(scan: Scan, at: int) -> Iterable[tuple[int, T]]:
        return () if meaning in scan.keys[at] else rule.match(scan, at)

    return Rule(match, rule.first, rule.nullable)


def constant(value: U, rule: Rule[Any]) -> Rule[U]:
    """The rule, yielding this value instead of its own."""
    return seq(lambda *_: value, rule)
