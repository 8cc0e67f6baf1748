"""Looking for free time: how long, in which days and hours, for whom, and whether to vote on what is found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from calbot.core.dates import At, Unread, Window
from calbot.core.model import UserId
from calbot.core.poll_model import PollOptions
from calbot.errors import Code

from . import model
from .context import ParseContext
from .meetings import check_title
from .model import Misunderstood, Poll, Proposal
from .options import Key, take
from .phrases import date_refusal, find_lasting, read_days, read_phrase
from .polls import FLAGS, behaviour_of, flag_of
from .proposals import check_settled, read_until
from .references import Tokens
from .refusal import Refusal
from .tokens import Newline, Quoted, Token, Word, fold, written

FIND_KEYS = (
    Key.TITLE,
    Key.LOCATION,
    Key.DESCRIPTION,
    Key.DURATION,
    Key.CALENDAR,
    Key.REQUIRED,
    Key.OPTIONAL,
    Key.ROOM,
    Key.BUFFER,
    Key.HOURS,
    Key.UNTIL,
    Key.QUORUM,
)
_ONLY_FOR_POLLS = (Key.UNTIL, Key.QUORUM)
_POLL = frozenset({"poll", "umfrage"})
_FILLERS = frozenset({"fuer", "for"})  # "1h für @anna"
_LONGEST = timedelta(hours=12)

USUAL = timedelta(days=14)
"""How far ahead one looks who does not say it."""
_WITHIN = frozenset({"in", "innerhalb", "within"})
_OF = frozenset({"von", "of", "der", "den", "the"})
_UNTIL = frozenset({"bis", "until", "till", "by"})
_FROM = frozenset({"ab", "from"})

_Bounds = tuple[time | None, time | None]
_ANY: _Bounds = (None, None)
_NOON = time(12)
_PARTS: Mapping[str, _Bounds] = {
    **dict.fromkeys(("vormittag", "vormittags", "frueh", "morgens", "morning", "mornings"), (None, _NOON)),
    **dict.fromkeys(("nachmittag", "nachmittags", "afternoon", "afternoons"), (_NOON, None)),
    **dict.fromkeys(("abend", "abends", "evening", "evenings"), (time(17), time(22))),
}
_DAY_AND_PART = re.compile(r"(.+tag|mittwoch)((?:vor|nach)mittags?|abends?)", re.IGNORECASE)  # "Dienstagvormittag"
_BETWEEN = frozenset({"zwischen", "between"})
_HOURS = re.compile(
    r"(\d{1,2})(?:[:.](\d\d))?\s*(?:uhr|h)?\s*(?:[-–—]|bis|to|und|and)\s*(\d{1,2})(?:[:.](\d\d))?\s*(?:uhr|h)?",
    re.IGNORECASE,
)


def parse_find(tokens: Tokens, context: ParseContext) -> model.Find:
    """``DURATION [WINDOW] [people] [options] ["TITLE"] [poll]``"""
    taken = take(tokens, FIND_KEYS, flags=FLAGS.keys() | _POLL)
    rest = [token for token in taken.rest if not isinstance(token, (Quoted, Newline)) and not _is_filler(token)]
    words = [part for token in rest for part in _day_and_part(token)]
    polls = any(_is_poll(token) for token in words)
    flags = frozenset(flag for token in words if polls and (flag := flag_of(token)))
    if not polls:
        for key in _ONLY_FOR_POLLS:
            if key in taken.values:
                raise Refusal("option_for_polls", option=key.value[0])
    words = [token for token in words if not _is_poll(token) and not (polls and flag_of(token))]
    part = next((bounds for token in words if (bounds := _PARTS.get(_folded(token)))), None)
    words = [token for token in words if _folded(token) not in _PARTS]
    duration, window, hours = _duration_and_window(words, taken.text(Key.DURATION), context)
    titles = [token for token in taken.rest if isinstance(token, Quoted)]
    if len(titles) > 1:
        raise Refusal("words_left", text=titles[1].raw)
    if titles and Key.TITLE in taken.values:
        raise Refusal("option_twice", option="title")
    title = titles[0].text if titles else taken.text(Key.TITLE)
    people = taken.people
    return model.Find(
        duration=duration,
        window=window,
        hours=_hours(taken.text(Key.HOURS)) if Key.HOURS in taken.values else hours if hours != _ANY else part or _ANY,
        buffer=_buffer(taken.text(Key.BUFFER), context) if Key.BUFFER in taken.values else timedelta(),
        title=check_title(title) if titles or title else "",
        required=tuple(dict.fromkeys((*people.attendees, *people.required))),
        optional=people.optional,
        calendar=taken.values.get(Key.CALENDAR),
        location=taken.text(Key.LOCATION),
        description=taken.text(Key.DESCRIPTION),
        resource=taken.text(Key.ROOM),
        poll=behaviour_of(flags, taken) if polls else None,
        until=taken.text(Key.UNTIL),
    )


def poll_over(
    find: model.Find,
    title: str,
    times: Sequence[tuple[datetime, datetime]],
    required: Sequence[UserId],
    optional: Sequence[UserId],
    context: ParseContext,
) -> Poll | Misunderstood:
    """The poll over the times that were found. `times` are on the sender's clock."""
    options = tuple(Proposal(start.isoformat(), (At(start, end),)) for start, end in times)
    try:
        until = read_until(find.until, options, context) if find.until else ()
    except Refusal as refusal:
        return refusal.misunderstood
    poll = Poll(
        title=title,
        options=options,
        until=until,
        until_text=find.until,
        asked=tuple(dict.fromkeys((*required, *optional))),
        required=tuple(required),
        optional=tuple(optional),
        behaviour=find.poll or PollOptions(),
        calendar=find.calendar,
        location=find.location,
        description=find.description,
        resource=find.resource,
    )
    return check_settled(poll, context) or poll


def _duration_and_window(
    words: Sequence[Token], given: str, context: ParseContext
) -> tuple[timedelta, Window | None, _Bounds]:
    """How long, and when to look. The words that say the one come before those that say the other."""
    if given:
        length = find_lasting(given, context)
        if length is None:
            raise Refusal("duration_not_understood", text=given)
        return _bounded(length, given), *_window(words, context)
    best: tuple[timedelta, Sequence[Token]] | None = None
    for end in range(len(words), 0, -1):
        length = find_lasting(written(words[:end]), context)
        if length is None:
            continue
        best = best or (length, words[end:])
        if end == len(words) or _is_window(words[end:], context):
            return _bounded(length, written(words[:end])), *_window(words[end:], context)
    if best is None:
        raise Refusal("find_duration_unsaid", text=written(words)) if words else Refusal("find_duration_missing")
    return _bounded(best[0], written(words)), *_window(best[1], context)


def _bounded(length: timedelta, text: str) -> timedelta:
    if length > _LONGEST:
        raise Refusal("find_too_long", Code.LIMIT, text=text)
    return length


def _is_window(words: Sequence[Token], context: ParseContext) -> bool:
    try:
        _window(words, context)
    except Refusal:
        return False
    return True


def _window(words: Sequence[Token], context: ParseContext) -> tuple[Window | None, _Bounds]:
    """Days, or a day with hours ("Di 14-18")."""
    text = written(words)
    if not text:
        return None, _ANY
    between = next((number for number, token in enumerate(words) if _folded(token) in _BETWEEN), None)
    if between is not None and _HOURS.fullmatch(written(words[between + 1 :])):
        return _window(words[:between], context)[0], _hours(written(words[between + 1 :]))
    window = read_days(text, context)
    if not isinstance(window, Unread):
        return window, _ANY
    bounded = _bounded_window(words, context)
    if bounded is not None:
        return bounded, _ANY
    reading = read_phrase(text, context)
    if isinstance(reading, At) and reading.end is not None and reading.end.date() == reading.start.date():
        day = reading.start.date()
        return (day, day + timedelta(days=1)), (reading.start.time(), reading.end.time())
    raise date_refusal(window, text, context)


def _bounded_window(words: Sequence[Token], context: ParseContext) -> Window | None:
    """ "in the next two weeks", "until Friday", "from Monday on"."""
    head, text = _folded(words[0]), written(words[1:])
    if head not in _WITHIN | _UNTIL | _FROM or not text:
        return None
    window = read_days(text, context)
    if isinstance(window, Unread) and len(words) > 2 and fold(written(words[1:2])) in _OF:
        window = read_days(written(words[2:]), context)
    if isinstance(window, Unread):
        return None
    if head in _WITHIN:
        return window
    return (context.now.date(), window[1]) if head in _UNTIL else (window[0], window[0] + USUAL)


def _hours(value: str) -> _Bounds:
    part = _PARTS.get(fold(value))
    if part is not None:
        return part
    match = _HOURS.fullmatch(value.strip())
    if match is None:
        raise Refusal("find_hours", text=value)
    try:
        start, end = time(int(match[1]) % 24, int(match[2] or 0)), time(int(match[3]) % 24, int(match[4] or 0))
    except ValueError:
        raise Refusal("find_hours", text=value) from None
    if (start == end and match[3] != "24") or max(int(match[1]), int(match[3])) > 24:
        raise Refusal("find_hours", text=value)
    return start, end


def _buffer(value: str, context: ParseContext) -> timedelta:
    length = find_lasting(value, context)
    if length is None or length > _LONGEST:
        raise Refusal("duration_not_understood", text=value)
    return length


def _day_and_part(token: Token) -> tuple[Token, ...]:
    match = _DAY_AND_PART.fullmatch(token.text) if isinstance(token, Word) else None
    return (token,) if match is None else (Word(match[1], token.gap), Word(match[2], gap=True))


def _is_filler(token: Token) -> bool:
    return _folded(token) in _FILLERS


def _is_poll(token: Token) -> bool:
    return _folded(token) in _POLL


def _folded(token: Token) -> str:
    return fold(token.text).rstrip(",.") if isinstance(token, Word) else ""
