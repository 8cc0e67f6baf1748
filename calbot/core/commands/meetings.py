"""Commands about single events: write one, move one, cancel one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from calbot.core.dates import At, Base, Choice, Day, Every, Reason, Unread
from calbot.errors import Code

from . import model
from .context import ParseContext
from .model import Scope
from .options import Key, Taken, take, unknown_option
from .phrases import (
    date_in_front,
    date_refusal,
    find_lasting,
    is_date,
    mixed,
    part,
    part_before_rest,
    read_lasting,
    read_phrase,
)
from .references import Tokens, scope_at, take_ref, without_direction
from .refusal import Refusal
from .tokens import Quoted, Word, fold, quoted, spoken, written

MAX_TITLE = 200

NEW_KEYS = (
    Key.TITLE,
    Key.LOCATION,
    Key.DESCRIPTION,
    Key.DURATION,
    Key.CALENDAR,
    Key.LINK,
    Key.REQUIRED,
    Key.OPTIONAL,
    Key.WITH,
    Key.ROOM,
)
CANCEL_KEYS = (Key.REASON,)
_NO = frozenset({"no", "nein", "off", "aus"})
_YES = frozenset({"yes", "ja", "on", "an"})
_SIGNS = frozenset("+-−–")
_SHIFT = re.compile(
    r"(?P<by>um\b|by\b|[+−–-])?\s*(?P<length>.+?)"
    r"(?P<towards>\s+(?:sp(?:ä|ae)ter|fr(?:ü|ue)her|later|earlier|nach hinten|nach vorne?))?",
    re.IGNORECASE,
)
_SHORTER_THAN_NIGHTS = timedelta(hours=8)  # "um 2h" is hardly the hour at which anybody meets


@dataclass(frozen=True, slots=True)
class _Draft:
    """A title and a date: one way to read what was typed."""

    title: str
    when: At | Day | Every


def parse_new(tokens: Tokens, context: ParseContext) -> model.New:
    """``TITLE WHEN [options]``"""
    taken = take(tokens, NEW_KEYS, is_date=partial(is_date, context=context))
    if not taken.rest:
        if Key.TITLE in taken.values:
            raise Refusal("when_missing", title=check_title(taken.text(Key.TITLE)))
        raise Refusal("title_missing")
    ways = _titled(taken, context) if Key.TITLE in taken.values else _drafts(taken, context)
    drafts = sorted(ways, key=lambda draft: _begins(draft.when, context))
    duration = read_lasting(taken.text(Key.DURATION), context) if Key.DURATION in taken.values else None
    title, when = drafts[0].title, drafts[0].when
    return model.New(
        title=title,
        when=when if len(drafts) == 1 else Choice(tuple(draft.when for draft in drafts)),
        titles=tuple(draft.title for draft in drafts) if any(draft.title != title for draft in drafts) else (),
        attendees=tuple(dict.fromkeys((*taken.people.attendees, *taken.people.added, *taken.people.required))),
        optional=taken.people.optional,
        duration=None if duration is None else _check_duration(duration, drafts, taken.text(Key.DURATION)),
        location=taken.text(Key.LOCATION),
        description=taken.text(Key.DESCRIPTION),
        calendar=taken.values.get(Key.CALENDAR),
        link=_link(taken),
        resource=taken.text(Key.ROOM),
    )


def parse_move(tokens: Tokens, context: ParseContext) -> model.Move:
    """``REF WHEN [scope]``, or the scope word right after REF."""
    ref, rest = take_ref(_take_no_people(tokens).rest, replying=context.replying, number_is_date=True)
    scope, rest = _take_scope(without_direction(rest), context)
    when = spoken(rest)
    if not when:
        raise Refusal("when_missing")
    if _shifts(when, context):
        raise Refusal("move_by_length", text=when)
    return model.Move(ref, scope, when)


def parse_cancel(tokens: Tokens, context: ParseContext) -> model.Cancel:
    """``REF [scope] [reason]``. A reason without quotes is taken only where it begins like a scope."""
    taken = _take_no_people(tokens, *CANCEL_KEYS)
    ref, rest = take_ref(taken.rest, replying=context.replying)
    reason = taken.text(Key.REASON)
    if rest and isinstance(rest[-1], Quoted):
        if reason:
            raise Refusal("option_twice", option="reason")
        reason, rest = rest[-1].text, rest[:-1]
    scope = scope_at(rest, 0)
    if len(rest) > 1 and scope is not Scope.UNSAID and not reason:
        return model.Cancel(ref, Scope.UNSAID, spoken(rest))
    if rest[1:] or (rest and scope is Scope.UNSAID):
        if isinstance(ref, model.ByReply):
            raise Refusal("reason_without_quotes_reply", text=written(rest))
        raise Refusal("reason_without_quotes", text=written(rest), number=_typed(ref))
    return model.Cancel(ref, scope, reason)


def _typed(ref: model.ByNumber | model.Last) -> str | int:
    return ref.number if isinstance(ref, model.ByNumber) else "last"


def check_title(title: str) -> str:
    """The title on one line, without the punctuation that led over to the date."""
    tidy = " ".join(title.split()).rstrip(" ,;:–-")
    if not tidy:
        raise Refusal("title_missing")
    if len(tidy) > MAX_TITLE:
        raise Refusal("title_too_long", Code.LIMIT, maximum=MAX_TITLE)
    return tidy


def _take_scope(tokens: Tokens, context: ParseContext) -> tuple[Scope, Tokens]:
    """The scope word at the end, or at the front if it is no part of the date ("alle zwei Wochen"), and the date.

    One at the front that leaves no date behind is left there: the date is refused then, and nothing is moved.
    """
    last = scope_at(tokens, -1)
    rest = tokens if last is Scope.UNSAID else tokens[:-1]
    first = scope_at(rest, 0)
    if first is Scope.UNSAID or _is_understood(rest, context):
        return last, rest
    behind = without_direction(rest[1:])
    if not (_is_understood(behind, context) or _shifts(spoken(behind), context)):
        return last, rest
    if last not in (Scope.UNSAID, first):
        raise Refusal("words_left", text=written(tokens))
    return first, behind


def _is_understood(tokens: Tokens, context: ParseContext) -> bool:
    """Whether these words are a date for an event that has one, be it one to be refused for what it means."""
    base = Base(context.now.date(), start=time(12))
    reading = read_phrase(spoken(tokens), context, base)
    return not isinstance(reading, Unread) or reading.reason is not Reason.NOT_UNDERSTOOD


def _shifts(when: str, context: ParseContext) -> bool:
    """Whether this says by how much, not to when: "um eine Stunde", "+1h". "um 14h" is a time of day."""
    match = _SHIFT.fullmatch(when)
    if match is None or not (match["by"] or match["towards"]):
        return False
    length = find_lasting(match["length"], context)
    if length is None or (":" in match["length"] and match["by"] not in _SIGNS):
        return False
    return length < _SHORTER_THAN_NIGHTS or not _is_understood((Word(when, gap=False),), context)


def _titled(taken: Taken, context: ParseContext) -> tuple[_Draft, ...]:
    """With the title in an option, all that is left is the date."""
    text = spoken(taken.rest)
    reading = read_phrase(text, context)
    if isinstance(reading, Unread):
        raise date_refusal(reading, text, context)
    return _each(taken.text(Key.TITLE), reading)


def _drafts(taken: Taken, context: ParseContext) -> tuple[_Draft, ...]:
    tokens = taken.rest
    more = " …" if taken.values or taken.people.all else ""
    quotes = [(index, token) for index, token in enumerate(tokens) if isinstance(token, Quoted)]
    if not quotes:
        return _unquoted(tokens, more, context)
    (first, title), (last, _) = quotes[0], quotes[-1]
    others = (*tokens[:first], *tokens[first + 1 :])
    if not others:
        raise Refusal("when_missing", title=check_title(title.text))
    reading = read_phrase(spoken(others), context)
    if isinstance(reading, Unread) and 0 < last < len(tokens) - 1:  # quotes in a title: Lesung "Faust" morgen 19 Uhr
        return _unquoted(tokens, more, context)
    if isinstance(reading, Unread):
        if first == 0 and reading.reason is Reason.NOT_UNDERSTOOD:
            _refuse_words_behind_title(title.text, spoken(others), more, context)
        raise date_refusal(reading, spoken(others), context)
    return _each(title.text, reading)


def _refuse_words_behind_title(title: str, text: str, more: str, context: ParseContext) -> None:
    """Words between the quoted title and a date that would be complete without them: "Teil" zwei Mo 16 Uhr."""
    ways = part(text.split(), context)
    if (date := mixed(ways, context)) is not None:
        raise Refusal("date_mixed", text=date)
    if ways and ways[0].title and not isinstance(ways[0].reading, Unread):
        words = ways[0].title
        raise Refusal("border_unclear", words=words, suggestion=_sentence(f"{title} {words}", ways[0].date, more))


def _unquoted(tokens: Tokens, more: str, context: ParseContext) -> tuple[_Draft, ...]:
    words = written(tokens).split()
    ways = part(words, context)
    if not ways:
        raise _no_date(words, more, context)
    if (date := mixed(ways, context)) is not None:
        raise Refusal("date_mixed", text=date)
    first = ways[0]
    if isinstance(first.reading, Unread):
        if first.reading.reason is Reason.NOT_UNDERSTOOD:  # a word before the date that may belong to it
            suggestion = _sentence(first.title, first.date, more)
            raise Refusal("border_unclear", words=first.reading.words, suggestion=suggestion)
        raise date_refusal(first.reading, first.date, context)
    return tuple(
        draft for way in ways if not isinstance(way.reading, Unread) for draft in _each(way.title, way.reading)
    )


def _sentence(title: str, date: str, more: str) -> str:
    """How to say beyond doubt which of it is the title; `more` stands for the options."""
    return f"{quoted(' '.join(title.split()).rstrip(' ,;:–-'))} {date}{more}"


def _no_date(words: Sequence[str], more: str, context: ParseContext) -> Refusal:
    """What to say of words that end in no date: there may be one at another place, or something that looks like one."""
    text = " ".join(words)
    option = unknown_option(text)
    if option is not None:
        return Refusal("unknown_option", option=option)
    front = date_in_front(words, context)
    if front is not None:
        return Refusal("title_after_date", suggestion=_sentence(front.title, front.date, more))
    behind = part_before_rest(words, context)
    if behind is not None:
        date, rest = behind
        return Refusal("date_not_understood", text=f"{date} {rest}", words=rest)
    return Refusal("when_missing", title=check_title(text))


def _each(title: str, reading: At | Day | Every | Choice) -> tuple[_Draft, ...]:
    tidy = check_title(title)
    return tuple(_Draft(tidy, one) for one in (reading.readings if isinstance(reading, Choice) else (reading,)))


def _begins(when: At | Day | Every, context: ParseContext) -> float:
    first = when.first if isinstance(when, Every) else when
    if isinstance(first, At):
        return first.start.timestamp()
    return datetime.combine(first.first, time.min, tzinfo=context.now.tzinfo).timestamp()


def _check_duration(duration: timedelta, drafts: Iterable[_Draft], text: str) -> timedelta:
    for draft in drafts:
        first = draft.when.first if isinstance(draft.when, Every) else draft.when
        if isinstance(first, Day):
            raise Refusal("duration_all_day", text=text)
        if first.end is not None:
            raise Refusal("duration_and_end", text=text)
    return duration


def _link(taken: Taken) -> bool:
    value = fold(taken.values.get(Key.LINK, "yes"))
    if value not in _YES | _NO:
        raise Refusal("option_value", option="link", value=value)
    return value in _YES


def _take_no_people(tokens: Tokens, *allowed: Key) -> Taken:
    taken = take(tokens, allowed)
    if taken.people.all:
        raise Refusal("people_not_here")
    return taken
