"""Opening a poll over dates: which words are its title, which its options, which say how it behaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from calbot.core.dates import Day, Unread
from calbot.core.poll_model import PollOptions, Quorum
from calbot.errors import Code

from . import model
from .context import ParseContext
from .meetings import check_title
from .options import Key, Taken, take, unknown_option
from .phrases import is_date, mixed, part, read_lasting, read_phrase
from .proposals import is_several, read_deadline, read_options, read_until
from .references import Tokens, without_direction
from .refusal import Refusal
from .tokens import Newline, Quoted, Semicolon, Token, Word, fold, spoken, written

POLL_KEYS = (
    Key.TITLE,
    Key.LOCATION,
    Key.DESCRIPTION,
    Key.DURATION,
    Key.CALENDAR,
    Key.UNTIL,
    Key.QUORUM,
    Key.REQUIRED,
    Key.OPTIONAL,
    Key.ROOM,
)
FLAGS: Mapping[str, str] = {
    "single": "single",
    "einzeln": "single",
    "hidden": "hidden",
    "verdeckt": "hidden",
    "auto": "auto",
    "confirm": "confirm",
    "bestaetigen": "confirm",
    "holds": "holds",
    "vormerken": "holds",
}
_BULLET = re.compile(r"[-–*•·]\s+")
_ENUMERATION = re.compile(r"([0-9]{1,2})([.)])\s+(.+)")
_QUORUM = re.compile(r"([0-9]{1,3})\s?(%?)")


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two separators; `line`: it ends with its line."""

    tokens: Tokens
    line: bool


def parse_poll(tokens: Tokens, context: ParseContext) -> model.Poll:
    """``TITLE OPTION; OPTION… [options]``, or an option a line."""
    taken = take(tokens, POLL_KEYS, flags=FLAGS, is_date=partial(is_date, context=context))
    segments = _segments(taken.rest)
    if Key.TITLE in taken.values:
        title = taken.text(Key.TITLE)
        flags, texts = _flags_and_texts(segment.tokens for segment in segments)
    else:
        title, flags, texts = _structure(segments, context)
    behaviour = behaviour_of(flags, taken)
    duration = read_lasting(taken.text(Key.DURATION), context) if Key.DURATION in taken.values else None
    options = read_options(_without_enumeration(texts, context), duration, context)
    return model.Poll(
        title=check_title(title),
        options=options,
        until=read_until(taken.text(Key.UNTIL), options, context) if Key.UNTIL in taken.values else (),
        until_text=taken.text(Key.UNTIL),
        duration=duration,
        asked=taken.people.all,
        required=taken.people.required or taken.people.attendees,
        optional=taken.people.optional,
        behaviour=behaviour,
        calendar=taken.values.get(Key.CALENDAR),
        location=taken.text(Key.LOCATION),
        description=taken.text(Key.DESCRIPTION),
        resource=taken.text(Key.ROOM),
    )


def behaviour_of(flags: frozenset[str], taken: Taken) -> PollOptions:
    """How a poll behaves that was asked for with these words and options."""
    return PollOptions(
        single="single" in flags,
        hidden="hidden" in flags,
        auto="auto" in flags,
        confirm="confirm" in flags,
        holds="holds" in flags,
        quorum=_quorum(taken),
    )


def parse_close(tokens: Tokens) -> model.Close:
    """Without anything: a number would be an option, and a title is not unique."""
    if tokens:
        raise Refusal("close_names_poll", text=written(tokens))
    return model.Close()


def parse_until(tokens: Tokens, context: ParseContext) -> model.Until:
    """``WHEN``: another deadline for a poll."""
    text = spoken(without_direction(tokens))
    if not text:
        raise Refusal("until_missing")
    return model.Until(read_deadline(text, context), text)


def _segments(tokens: Iterable[Token]) -> tuple[_Segment, ...]:
    segments: list[_Segment] = []
    current: list[Token] = []
    for token in (*tokens, Newline()):
        if not isinstance(token, (Newline, Semicolon)):
            current.append(token)
        elif current:
            segments.append(_Segment(tuple(current), isinstance(token, Newline)))
            current = []
    return tuple(segments)


def _structure(segments: Sequence[_Segment], context: ParseContext) -> tuple[str, frozenset[str], list[str]]:
    """Title, flags, and the options as texts."""
    if not segments:
        raise Refusal("title_missing")
    first, others = segments[0], [segment.tokens for segment in segments[1:]]
    quoted = first.tokens[0]
    if not isinstance(quoted, Quoted):
        return _unquoted(first, others, context)
    options = [first.tokens[1:], *others]
    if len(segments) == 1 and all(isinstance(token, Quoted) for token in first.tokens):
        options = [(token,) for token in first.tokens[1:]]
    flags, texts = _flags_and_texts(options)
    return quoted.text, flags, texts


def _unquoted(
    first: _Segment, others: Sequence[Tokens], context: ParseContext
) -> tuple[str, frozenset[str], list[str]]:
    """The title ends where the first option begins, or with its line. What could be either is not guessed."""
    end = len(first.tokens)
    while end > 0 and flag_of(first.tokens[end - 1]):
        end -= 1
    flags, texts = _flags_and_texts((first.tokens[end:], *others))
    head = first.tokens[:end]
    ways = part(written(head).split(), context)
    if (date := mixed(ways, context)) is not None:
        raise Refusal("date_mixed", text=date)
    unclear = len(ways) > 1 or any(isinstance(way.reading, Unread) for way in ways)
    if (unclear or not others) and is_several(written(head), context):
        raise Refusal("poll_option_several", option=written(head))
    if unclear:
        raise Refusal("poll_title_unclear", Code.AMBIGUOUS, text=written(head))
    if ways:
        title = ways[0].title
        if first.line and others and isinstance(ways[0].reading, Day):  # "Klausur Dienstag", and hours below it
            raise Refusal("poll_title_unclear", Code.AMBIGUOUS, text=written(head))
        texts.insert(0, ways[0].date)
    else:
        title = written(first.tokens)
        if not first.line and re.search("[0-9]", title):
            option = unknown_option(title)
            if option is not None:
                raise Refusal("unknown_option", option=option)
            raise Refusal("poll_option_not_understood", option=title, words=title, why="date_not_understood")
    last = title.split()[-1:]
    if last and fold(last[0]) in FLAGS:  # "Neues Auto"
        raise Refusal("poll_flag_in_title", option=last[0], title=title)
    return title, flags, texts


def _flags_and_texts(options: Iterable[Tokens]) -> tuple[frozenset[str], list[str]]:
    flags: set[str] = set()
    texts: list[str] = []
    for tokens in options:
        flags |= {flag for token in tokens if (flag := flag_of(token))}
        text = spoken(token for token in tokens if not flag_of(token))
        if text:
            texts.append(_BULLET.sub("", text, count=1) if _BULLET.match(text) else text)
    return frozenset(flags), texts


def flag_of(token: Token) -> str | None:
    """What a word says of a poll by itself."""
    return FLAGS.get(fold(token.text).rstrip(",")) if isinstance(token, Word) else None


def _without_enumeration(texts: list[str], context: ParseContext) -> list[str]:
    """Options without the numbers in front that only count them: "1. 2." may count, or be days."""
    matches = [_ENUMERATION.fullmatch(text) for text in texts]
    counted = [match for place, match in enumerate(matches, start=1) if match and int(match[1]) == place]
    if len(counted) < len(texts) or len(texts) < 2:
        return texts
    stripped = [match[3] for match in counted]
    if all(match[2] == "." for match in counted) and _all_dates(texts, context):
        if _all_dates(stripped, context):
            raise Refusal("poll_numbers_unclear", Code.AMBIGUOUS, text=texts[0])
        return texts
    return stripped


def _all_dates(texts: Iterable[str], context: ParseContext) -> bool:
    return not any(isinstance(read_phrase(text, context), Unread) for text in texts)


def _quorum(taken: Taken) -> Quorum | None:
    if Key.QUORUM not in taken.values:
        return None
    value = taken.values[Key.QUORUM]
    match = _QUORUM.fullmatch(value)
    count = int(match[1]) if match else 0
    share = match is not None and match[2] == "%"
    if not 1 <= count <= (100 if share else 999):
        raise Refusal("option_value", option="quorum", value=value)
    return Quorum(percent=count) if share else Quorum(people=count)
