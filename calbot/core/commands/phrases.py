"""Dates inside commands: read by `calbot.core.dates`, refused with a reason that names the words at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from calbot.core.dates import (
    At,
    Base,
    Choice,
    Locale,
    Reading,
    Reason,
    Tail,
    Unread,
    Window,
    read_duration,
    read_either,
    read_window,
    split_tail,
)
from calbot.core.unread import code_of, params_of, reason_of
from calbot.errors import Code

from .context import ParseContext
from .options import unknown_option
from .refusal import Refusal

_MOST_WORDS_IN_FRONT = 8
_MOST_WORDS_BEHIND = 2
_MOST_WORDS_OF_DAY = 3
_SHORTEST_DAY = 3
_ANOTHER_DAY = timedelta(days=50)
_LONGEST = timedelta(days=30)  # as in the configuration


def read_phrase(text: str, context: ParseContext, base: Base | None = None) -> Reading:
    """A date in any of the sender's languages."""
    return read_either(text, locales=context.locales, now=context.now, base=base)


def is_date(text: str, context: ParseContext) -> bool:
    """Whether a text is a date and nothing else."""
    return not isinstance(read_phrase(text, context), Unread)


def read_lasting(text: str, context: ParseContext) -> timedelta:
    """The value of the option that says how long something takes."""
    lasting = find_lasting(text, context)
    if lasting is None:
        raise Refusal("duration_not_understood", text=text)
    if lasting > _LONGEST:
        raise Refusal("duration_too_long", Code.LIMIT, text=text, maximum=_LONGEST.days)
    return lasting


def find_lasting(text: str, context: ParseContext) -> timedelta | None:
    """How long something takes, if that is what the text says."""
    lengths = (read_duration(text, locale=locale) for locale in context.locales)
    return next((length for length in lengths if length is not None and length > timedelta(0)), None)


def read_days(text: str, context: ParseContext) -> Window | Unread:
    """The days that a window of the agenda means, or the best reason why it means none."""
    windows = [read_window(text, locale=locale, now=context.now) for locale in context.locales]
    understood = (one for one in windows if one != Unread(Reason.NOT_UNDERSTOOD))
    return next((one for one in windows if not isinstance(one, Unread)), None) or next(understood, windows[0])


@dataclass(frozen=True, slots=True)
class Parted:
    """A title and what stands behind it, which is a date or was meant to be one."""

    title: str
    date: str
    reading: Reading


def part(words: Sequence[str], context: ParseContext) -> tuple[Parted, ...]:
    """The ways to tell title and date apart, the longest date first; none where nothing at the end is a date.

    The language in which more words belong to the date is the one that was spoken: a German reads only "10:00" in
    "Jour fixe tomorrow 10:00". Of two that agree the one in which the border is in doubt counts: English knows no
    mistake in "Jour fixe Dienstg 10:00".
    """
    tails = [split_tail(words, locale=locale, now=context.now) for locale in context.locales]
    found = [tail for tail in tails if tail is not None]
    if not found:
        return ()
    tail = min(found, key=lambda tail: (tail.start, _rank(tail.reading)))
    return tuple(_parted(words, start, reading) for start, reading in _borders(tail))


def mixed(ways: Sequence[Parted], context: ParseContext) -> str | None:
    """The words of a date that is in two languages: "morgen at 5pm" behind a title, of which one reads only the end.

    Dates are never read so, and what is read of it would be another time than was meant.
    """
    for way in ways:
        words = way.title.split() if _is_bare_time(way.date, context) else []
        for count in range(1, min(len(words), _MOST_WORDS_OF_DAY) + 1):
            front = " ".join(words[-count:])
            if _is_of_two_languages(front, way.date, context):
                return f"{front} {way.date}"
    return None


def _is_bare_time(text: str, context: ParseContext) -> bool:
    """Whether a date names no day itself, so that what stands before it may."""
    other = context.now.date() + _ANOTHER_DAY
    reading = read_phrase(text, context, Base(other))
    readings = reading.readings if isinstance(reading, Choice) else (reading,)
    return all(isinstance(one, At) and one.start.date() == other for one in readings)


def _is_of_two_languages(front: str, rest: str, context: ParseContext) -> bool:
    """Whether the front is a day in a language in which the rest is none. Short words mean too much: "to do"."""
    if len(front) < _SHORTEST_DAY or not any(map(str.isalpha, front)):
        return False
    of_front, of_rest = ({one for one in context.locales if _is_read(text, one, context)} for text in (front, rest))
    return bool(of_front) and bool(of_rest) and not of_front & of_rest


def _is_read(text: str, locale: Locale, context: ParseContext) -> bool:
    return not isinstance(read_either(text, locales=(locale,), now=context.now), Unread)


def part_before_rest(words: Sequence[str], context: ParseContext) -> tuple[str, str] | None:
    """A date that is not quite at the end ("Jour fixe morgen 10 Uhr bitte"), and the words behind it."""
    for rest in range(1, _MOST_WORDS_BEHIND + 1):
        ways = part(words[-_MOST_WORDS_IN_FRONT:-rest], context)
        if ways and not isinstance(ways[0].reading, Unread):
            return ways[0].date, " ".join(words[-rest:])
    return None


def date_in_front(words: Sequence[str], context: ParseContext) -> Parted | None:
    """The date that a text begins with, where people put the title behind it."""
    for end in range(min(len(words) - 1, _MOST_WORDS_IN_FRONT), 0, -1):
        text = " ".join(words[:end])
        reading = read_phrase(text, context)
        if not isinstance(reading, Unread):
            return Parted(" ".join(words[end:]), text, reading)
    return None


def _rank(reading: Reading) -> int:
    if isinstance(reading, Unread):
        return 0 if reading.reason is Reason.NOT_UNDERSTOOD else 2
    return 1


def _borders(tail: Tail) -> Sequence[tuple[int, Reading]]:
    return ((tail.start, tail.reading), *((split.start, split.reading) for split in tail.alternatives))


def _parted(words: Sequence[str], start: int, reading: Reading) -> Parted:
    return Parted(" ".join(words[:start]), " ".join(words[start:]), reading)


def date_refusal(unread: Unread, text: str, context: ParseContext) -> Refusal:
    """Why `text` is no date. A word that looks like an option explains more than the grammar of dates can."""
    option = unknown_option(text)
    if option is not None:
        return Refusal("unknown_option", option=option)
    said = text.split()
    for border in range(1, min(len(said), _MOST_WORDS_OF_DAY + 1)):
        if _is_of_two_languages(" ".join(said[:border]), " ".join(said[border:]), context):
            return Refusal("date_mixed", text=text)
    words = unread.words or text
    return Refusal(reason_of(unread), code_of(unread), text=text, words=words, **params_of(unread))
