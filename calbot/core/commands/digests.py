"""When agendas come by themselves: ``daily 07:30``, ``weekly Mon 8:00``, both, ``always``, ``off``, ``default``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time

from calbot.core.dates import At, Choice, read_either
from calbot.core.settings import Weekday

from .context import ParseContext
from .model import Digest, Off
from .references import Tokens
from .refusal import Refusal
from .tokens import fold, spoken

_DAILY = frozenset({"daily", "taeglich", "tgl", "tgl."})
_WEEKLY = frozenset({"weekly", "woechentlich", "wtl", "wtl."})
_ALWAYS = frozenset({"always", "immer"})
_OFF = frozenset({"off", "aus", "nie", "never", "keine", "none", "abschalten", "ausschalten"})
_STANDARD = frozenset({"default", "standard"})
_BETWEEN = frozenset({"und", "and", "&", "+", "jeden", "jede", "every", "each", "on", "am", "um", "at", "ab"})
_WEEKDAYS: Mapping[str, Weekday] = {
    name: day
    for day, names in {
        Weekday.MON: "mo mon monday mondays montag montags",
        Weekday.TUE: "di die tu tue tues tuesday tuesdays dienstag dienstags",
        Weekday.WED: "mi we wed wednesday wednesdays mittwoch mittwochs",
        Weekday.THU: "do th thu thur thurs thursday thursdays donnerstag donnerstags",
        Weekday.FRI: "fr fri friday fridays freitag freitags",
        Weekday.SAT: "sa sat saturday saturdays samstag samstags sonnabend sonnabends",
        Weekday.SUN: "so su sun sunday sundays sonntag sonntags",
    }.items()
    for name in names.split()
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(_DAILY, "daily"),
    **dict.fromkeys(_WEEKLY, "weekly"),
    **dict.fromkeys(_ALWAYS, "always"),
}
# On a clock with 24 hours: nobody means six in the evening by "6 Uhr", as it would be for a meeting.
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?: ?(?:uhr|h))?(?: (?:morgens|frueh|vormittags))?")
_IN_WORDS = re.compile(
    r"(?:halb|viertel|dreiviertel|half|quarter|noon|eins|zwei|drei|vier|fuenf|sechs|sieben|acht|neun|zehn|elf|zwoelf|one"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: [^\W\d_]+)*"
    r"|\d{1,2}(?:[:.]\d{2})? ?[ap]\.?m\.?|\d{1,2} uhr [^\W\d_]+"
)
_AFTER_NOON = re.compile(r"p\.?m\b|abends|nachmittags|mittags|evening|afternoon|noon")
_DATES = frozenset({"heute", "morgen", "uebermorgen", "today", "tomorrow"})


def parse_digest(tokens: Tokens, context: ParseContext) -> Digest:
    """What is said of each; what is not said stays. Nothing said: only to tell how it is."""
    words = tuple(word for word in re.split(r"[\s,;]+", spoken(tokens)) if word)
    if len(words) == 1 and fold(words[0]) in _OFF:
        return Digest(daily=Off.OFF, weekly=Off.OFF, always=False)
    if len(words) == 1 and fold(words[0]) in _STANDARD:
        return Digest(standard=True)
    found: dict[str, Digest] = {}
    for kind, said in _parts(words):
        part = _part(kind, said, context)
        if part is None or kind in found:
            raise Refusal("digest_not_understood", text=" ".join(words))
        found[kind] = part
    nothing = Digest()
    return Digest(
        daily=found.get("daily", nothing).daily,
        weekly=found.get("weekly", nothing).weekly,
        always=found.get("always", nothing).always,
    )


def _parts(words: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What each part is about, and what is said of that. A weekday or a time in front says by itself what is meant."""
    kind, said = "", list[str]()
    for word in words:
        folded = fold(word)
        if folded in _KINDS:
            if kind:
                yield kind, tuple(said)
            kind, said = _KINDS[folded], []
        elif folded not in _BETWEEN:
            kind = kind or ("weekly" if _weekday(word) else "daily")
            said.append(word)
    if kind:
        yield kind, tuple(said)


def _part(kind: str, said: Sequence[str], context: ParseContext) -> Digest | None:
    off = len(said) == 1 and fold(said[0]) in _OFF
    if kind == "always":
        return Digest(always=not off) if off or not said else None
    if kind == "daily":
        at = Off.OFF if off else _clock(said, context)
        return None if at is None else Digest(daily=at)
    if off:
        return Digest(weekly=Off.OFF)
    for day, rest in ((said[:1], said[1:]), (said[-1:], said[:-1])):
        weekday = _weekday(*day)
        clock = _clock(rest, context)
        if weekday is not None and clock is not None:
            return Digest(weekly=(weekday, clock))
    return None


def _weekday(word: str = "") -> Weekday | None:
    return _WEEKDAYS.get(fold(word).rstrip("."))


def _clock(said: Sequence[str], context: ParseContext) -> time | None:
    text = " ".join(said)
    folded = fold(text)
    match = _CLOCK.fullmatch(folded)
    if match is not None:
        hour, minute = int(match[1]), int(match[2] or 0)
        return time(hour, minute) if hour < 24 and minute < 60 else None
    if not _IN_WORDS.fullmatch(folded) or not _DATES.isdisjoint(folded.split()):
        return None
    reading = read_either(text, locales=context.locales, now=context.now)
    readings = reading.readings if isinstance(reading, Choice) else (reading,)
    clocks = [one.start.time() for one in readings if isinstance(one, At) and one.end is None]
    if not clocks:
        return None
    clock = min(clocks)
    return clock.replace(hour=clock.hour - 12) if clock.hour > 12 and not _AFTER_NOON.search(folded) else clock
