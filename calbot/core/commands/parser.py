"""From what was said to the bot to a command, or to the reason why it is none. Never an exception, never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from calbot.core.dates import MOST_DAYS, Reason, Unread, Window
from calbot.core.model import PartStat

from . import model
from .answers import parse_rsvp
from .context import ParseContext
from .digests import parse_digest
from .editing import parse_edit
from .finding import parse_find
from .importing import parse_import
from .mapping import parse_map, parse_set, parse_unmap
from .meetings import parse_cancel, parse_move, parse_new
from .model import Command, CommandId, Misunderstood
from .numbers import number
from .options import named_in
from .own_settings import parse_language, parse_zone
from .phrases import date_refusal, read_days
from .polls import parse_close, parse_poll, parse_until
from .references import Tokens, take_ref
from .refusal import Refusal
from .reminders import parse_remind
from .tokens import Newline, Token, Typed, Word, fold, spoken, written
from .vocabulary import SEARCH_WORDS, find, find_pair, suggest, synonym

_SEARCH_KEY = re.compile(r"(?:search|suche):(.*)", re.IGNORECASE | re.DOTALL)
_WITHDRAWALS = frozenset({"none", "keine", "keinen", "keiner", "keins", "keines"})
_BETWEEN_NUMBERS = frozenset({"und", "and", "&", "+", "fuer", "for", "option", "optionen", "options", "nr", "nr."})
_BEFORE_OPTION = frozenset({"option", "termin", "date", "nummer", "number", "nr", "nr.", "no", "no."})
_RENEW = frozenset({"renew", "new", "neu", "neue", "neuer", "erneuern", "erneuere"})  # of a feed
_EVERYTHING = frozenset({"all", "everything", "commands", "alles", "alle", "befehle"})  # of the help
_NEVER_MIND = frozenset({"abbrechen", "abbruch", "nichts", "stop", "stopp", "never mind", "nevermind"})
_EXCERPT = 60


def parse(typed: Typed, context: ParseContext) -> Command | Misunderstood:
    """The command in a message from which the address was taken (`addressing.addressed`)."""
    tokens = typed.tokens
    if typed.fault is not None:
        first = tokens[0] if tokens else None
        return replace(typed.fault, command=_command(first.text, alone=False) if isinstance(first, Word) else None)
    if not tokens:
        return model.Help(short=True)
    head = tokens[0]
    if not isinstance(head, Word):
        return Misunderstood("unknown_command", params={"word": _excerpt(tokens)})
    if len(tokens) == 1 and (answer := number(head.text)) is not None:
        return model.Answer(answer)
    if fold(spoken(tokens)).rstrip(".!") in _NEVER_MIND:
        return model.NeverMind()
    command = _in_two_words(tokens)
    if command is not None:
        tokens = tokens[1:]
    else:
        command = _command(head.text, alone=len(tokens) == 1)
    try:
        return _bare(tokens, context) if command is None else _PARSERS[command](tokens, context)
    except Refusal as refusal:
        return replace(_in_language(refusal.misunderstood, context), command=command)


def _in_language(misunderstood: Misunderstood, context: ParseContext) -> Misunderstood:
    """The option suggested by its name in the language of whoever typed another."""
    if misunderstood.reason != "unknown_option_near":
        return misunderstood
    near = named_in(str(misunderstood.params["suggestion"]), context.locales[0])
    return replace(misunderstood, params={**misunderstood.params, "suggestion": near})


def _command(word: str, *, alone: bool) -> CommandId | None:
    if fold(word) in SEARCH_WORDS or _SEARCH_KEY.fullmatch(word):
        return CommandId.LIST
    command = find(word)
    return CommandId.NEW if command is CommandId.EVENT and not alone else command


def _in_two_words(tokens: Tokens) -> CommandId | None:
    first, second = (*tokens[:2], None, None)[:2]
    return find_pair(first.text, second.text) if isinstance(first, Word) and isinstance(second, Word) else None


def _bare(tokens: Tokens, context: ParseContext) -> Command:
    """A window alone is `list`; for anything else the nearest command is named, and nothing is done."""
    window = read_days(spoken(tokens), context)
    if not isinstance(window, Unread):
        return model.List(window)
    raise _unknown(tokens)


def _unknown(tokens: Tokens) -> Refusal:
    word = _excerpt(tokens[:1])
    suggestion = synonym(word) or suggest(word)
    if suggestion is None:
        return Refusal("unknown_command", word=word)
    return Refusal("unknown_command_near", word=word, suggestion=suggestion)


def _help(tokens: Tokens, context: ParseContext) -> Command:
    if len(tokens) == 1:
        return model.Help()
    pair = _in_two_words(tokens[1:])
    if pair is not None:
        return model.Help(pair)
    topic = spoken(tokens[1:2])
    if fold(topic) in _EVERYTHING:
        return model.Help(full=True)
    # "termin" without arguments is `event`, but who asks about it wants to write one.
    command = _command(topic, alone=fold(topic) != "termin")
    if command is None:
        raise _unknown(tokens[1:])
    return model.Help(command)


def _list(tokens: Tokens, context: ParseContext) -> Command:
    head = written(tokens[:1])
    if fold(head) in SEARCH_WORDS:
        return model.List(search=_search(tokens[1:]))
    rest = tokens if _SEARCH_KEY.fullmatch(head) else tokens[1:]
    for place, token in enumerate(rest):
        match = _SEARCH_KEY.fullmatch(token.text) if isinstance(token, Word) else None
        if match:
            attached = (Word(match[1], gap=False),) if match[1] else ()
            line, others = _line((*attached, *rest[place + 1 :]))
            return model.List(_window((*rest[:place], *others), context), _search(line))
    return model.List(_window(rest, context))


def _search(tokens: Tokens) -> str:
    text = spoken(tokens)
    if not text:
        raise Refusal("search_empty")
    return text


def _line(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The tokens up to the end of the line, and those on later ones."""
    end = next((place for place, token in enumerate(tokens) if isinstance(token, Newline)), len(tokens))
    return tokens[:end], tokens[end + 1 :]


def _window(tokens: Tokens, context: ParseContext) -> Window | None:
    text = spoken(tokens)
    if not text:
        return None
    window = read_days(text, context)
    if isinstance(window, Unread):
        if window.reason in (Reason.IMPOSSIBLE, Reason.TOO_FAR) and text[0].isdigit() and text[-1].isalpha():
            raise Refusal("window_days", text=text, maximum=MOST_DAYS)
        raise date_refusal(replace(window, words=""), text, context)
    return window


def _next(tokens: Tokens, context: ParseContext) -> Command:
    """``next``; but "next week" is a window."""
    return model.Next() if len(tokens) == 1 else model.List(_window(tokens, context))


def _show(tokens: Tokens, context: ParseContext) -> Command:
    ref, rest = take_ref(tokens[1:], replying=context.replying)
    _nothing_left(rest)
    return model.Show(ref)


def _when(tokens: Tokens, context: ParseContext) -> Command:
    text = spoken(tokens[1:])
    if not text:
        raise Refusal("when_missing")
    return model.When(text)


def _vote(tokens: Tokens, context: ParseContext) -> Command:
    words = [word for word in re.split(r"[\s,;]+", fold(spoken(tokens[1:]))) if word not in _BETWEEN_NUMBERS | {""}]
    if len(words) == 1 and words[0] in _WITHDRAWALS:
        return model.Vote(())
    numbers = [number(word) for word in words]
    if not numbers or None in numbers or 0 in numbers:
        raise Refusal("vote_words" if words else "vote_numbers", text=_excerpt(tokens[1:]))
    return model.Vote(tuple(dict.fromkeys(chosen for chosen in numbers if chosen is not None)))


def _book(tokens: Tokens, context: ParseContext) -> Command:
    """``[N [WHEN]]``; a number is always an option."""
    rest = tokens[1:]
    if len(rest) > 1 and fold(written(rest[:1])) in _BEFORE_OPTION:
        rest = rest[1:]
    if not rest:
        return model.Book()
    chosen = number(written(rest[:1])) if isinstance(rest[0], Word) else None
    if not chosen:
        raise Refusal("book_number", text=_excerpt(rest))
    return model.Book(chosen, spoken(rest[1:]))


def _polls(tokens: Tokens, context: ParseContext) -> Command:
    """``polls``; with more behind it, it is rather a new poll, whose word is another."""
    if len(tokens) > 1:
        head = _excerpt(tokens[:1])
        raise Refusal("unknown_command_near", word=head, suggestion="poll" if fold(head) == "polls" else "umfrage")
    return model.Polls()


def _feed(tokens: Tokens, context: ParseContext) -> Command:
    rest = tokens[1:]
    renew = bool(rest) and fold(written(rest[:1])).rstrip(".!") in _RENEW
    _nothing_left(rest[1:] if renew else rest)
    return model.Feed(renew=renew)


def _alone(command: Command) -> Callable[[Tokens, ParseContext], Command]:
    def parse_alone(tokens: Tokens, context: ParseContext) -> Command:
        _nothing_left(tokens[1:])
        return command

    return parse_alone


def _nothing_left(tokens: Tokens) -> None:
    if tokens:
        raise Refusal("words_left", text=_excerpt(tokens))


def _excerpt(tokens: tuple[Token, ...]) -> str:
    text = written(tokens)
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


_PARSERS: Mapping[CommandId, Callable[[Tokens, ParseContext], Command]] = {
    CommandId.HELP: _help,
    CommandId.NEW: lambda tokens, context: parse_new(tokens[1:], context),
    CommandId.LIST: _list,
    CommandId.NEXT: _next,
    CommandId.FIND: lambda tokens, context: parse_find(tokens[1:], context),
    CommandId.SHOW: _show,
    CommandId.MOVE: lambda tokens, context: parse_move(tokens[1:], context),
    CommandId.EDIT: lambda tokens, context: parse_edit(tokens[1:], context),
    CommandId.CANCEL: lambda tokens, context: parse_cancel(tokens[1:], context),
    CommandId.YES: lambda tokens, context: parse_rsvp(PartStat.ACCEPTED, tokens[1:], context),
    CommandId.NO: lambda tokens, context: parse_rsvp(PartStat.DECLINED, tokens[1:], context),
    CommandId.MAYBE: lambda tokens, context: parse_rsvp(PartStat.TENTATIVE, tokens[1:], context),
    CommandId.WHEN: _when,
    CommandId.POLL: lambda tokens, context: parse_poll(tokens[1:], context),
    CommandId.VOTE: _vote,
    CommandId.CLOSE: lambda tokens, _: parse_close(tokens[1:]),
    CommandId.BOOK: _book,
    CommandId.UNTIL: lambda tokens, context: parse_until(tokens[1:], context),
    CommandId.POLLS: _polls,
    CommandId.EVENT: _alone(model.Event()),
    CommandId.IMPORT: lambda tokens, context: parse_import(tokens[1:], context),
    CommandId.UNDO: _alone(model.Undo()),
    CommandId.REMIND: lambda tokens, context: parse_remind(tokens[1:], context),
    CommandId.DIGEST: lambda tokens, context: parse_digest(tokens[1:], context),
    CommandId.ZONE: lambda tokens, _: parse_zone(tokens[1:]),
    CommandId.LANGUAGE: lambda tokens, _: parse_language(tokens[1:]),
    CommandId.CALENDARS: _alone(model.Calendars()),
    CommandId.MAP: lambda tokens, _: parse_map(tokens[1:]),
    CommandId.UNMAP: lambda tokens, _: parse_unmap(tokens[1:]),
    CommandId.SET: lambda tokens, context: parse_set(tokens[1:], context),
    CommandId.FEED: _feed,
    CommandId.MY_DATA: _alone(model.MyData()),
    CommandId.FORGET_ME: _alone(model.ForgetMe()),
    CommandId.STATUS: _alone(model.Status()),
    CommandId.SYNC: _alone(model.Sync()),
}
