"""What words mean in dates, independent of the language that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from .tokens import Kind, Token, fold


class Word(Enum):
    """The grammar's terminals. A word of a language can be several of them; some carry a number."""

    WEEKDAY = auto()  # 0 is Monday
    WEEKDAYS = auto()  # "dienstags", "tuesdays": each of them
    WORKDAY = auto()
    WORKDAYS = auto()  # "werktags": each of them
    WEEKDAY_PART = auto()  # "Dienstagabend": weekday * 16 + part of the day
    WEEKDAY_PARTS = auto()  # "dienstagabends": each of them
    MONTH = auto()
    NUMBER = auto()
    ARTICLE = auto()  # "ein", "an": one, but no hour
    ORDINAL = auto()  # -1 is the last one
    DAY_OFFSET = auto()
    TOMORROW_OR_MORNING = auto()
    TONIGHT = auto()
    PART = auto()  # a PartOfDay
    NOON = auto()
    MIDNIGHT = auto()
    HALF_TO = auto()
    HALF_PAST = auto()
    QUARTER = auto()
    QUARTER_OF = auto()  # "viertel 9": of the hour that ends at 9; the number is minutes before it
    BEFORE = auto()
    AFTER = auto()
    AM = auto()
    PM = auto()
    CLOCK = auto()  # "Uhr", "o'clock"
    SHARP = auto()
    ACADEMIC = auto()  # "c.t.": a quarter of an hour later
    TIME_H = auto()  # "14h30"
    ISO_T = auto()
    ISO_Z = auto()
    AT = auto()
    ON = auto()
    IN = auto()
    THE = auto()
    OF = auto()
    AND = auto()
    FROM = auto()
    STARTING = auto()
    UNTIL = auto()
    FOR = auto()
    LASTING = auto()
    HALF = auto()
    HALF_HOURS = auto()  # "eineinhalb": half hours
    MINUTES = auto()
    HOURS = auto()
    HOUR_PARTS = auto()  # "Viertelstunde": minutes
    DAYS = auto()
    WEEKS = auto()
    FORTNIGHT = auto()
    MONTHS = auto()
    YEARS = auto()
    WEEK_NUMBER = auto()
    NOW = auto()
    NEXT = auto()
    AFTER_NEXT = auto()
    COMING = auto()
    THIS = auto()
    LAST = auto()
    EVERY = auto()
    EVERY_FEW = auto()  # "alle": only of numbers and plurals, not in "für alle Dienstag 9 Uhr"
    OTHER = auto()
    ALWAYS = auto()
    EXCEPT = auto()
    DAILY = auto()
    WEEKLY = auto()
    FORTNIGHTLY = auto()
    MONTHLY = auto()
    YEARLY = auto()
    FOLD = auto()  # "tägig" in "14-tägig"
    TIMES = auto()
    COUNT = auto()  # "fünfmal": the number
    ALTOGETHER = auto()
    ALL = auto()
    ALL_DAY = auto()
    END = auto()
    YEAR_END = auto()


class PartOfDay(Enum):
    """A part of the day, by the minutes of the day in which an hour may lie that it goes with."""

    MORNING = (60, 720)
    FORENOON = (360, 720)
    MIDDAY = (660, 871)
    AFTERNOON = (721, 1140)
    EVENING = (1020, 1440)
    LATE_NIGHT = (1260, 1440)
    AT_NIGHT = (1200, 1800)  # until 6 o'clock; also "nachts"

    def holds(self, minute: int) -> bool:
        first, end = self.value
        return first <= minute < end or first <= minute + 1440 < end


PARTS = tuple(PartOfDay)

Meanings = Mapping[Word, int]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language."""

    words: Mapping[str, Meanings]
    modifiers: frozenset[str]
    """Words that may say something of a date after them, and that no date begins with."""
    seasons: frozenset[str]
    """Words for several days, which no hour goes with, and which are no date therefore."""
    numbered: frozenset[str]
    """Nouns after which a number is a name, not a day or an hour: "Raum 4.12"."""

    def meanings(self, token: Token) -> Meanings:
        return self.words.get(token.text, _NOTHING) if token.kind is Kind.WORD else _NOTHING


_NOTHING: Meanings = MappingProxyType({})


def build_lexicon(entries: Iterable[tuple[Word, int, str]], *, modifiers: str, seasons: str, numbered: str) -> Lexicon:
    """A lexicon from (meaning, its number, words with blanks between them), and from words that no date consists of.

    Words with an umlaut are also known without its dots, as people type on foreign keyboards.
    """
    words: dict[str, dict[Word, int]] = {}
    bare: dict[str, dict[Word, int]] = {}
    dots = str.maketrans({"ä": "a", "ö": "o", "ü": "u"})
    for meaning, number, spellings in entries:
        for spelling in spellings.split():
            words.setdefault(fold(spelling), {})[meaning] = number
            bare.setdefault(fold(spelling.translate(dots)), {})[meaning] = number
    return Lexicon(
        MappingProxyType({**bare, **words}),
        frozenset(map(fold, modifiers.split())),
        frozenset(map(fold, seasons.split())),
        frozenset(map(fold, numbered.split())),
    )
