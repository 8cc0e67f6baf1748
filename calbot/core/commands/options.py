"""Options (`ort:Rathaus`) and people, who may stand anywhere, are taken out of a command before the rest is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from calbot.core.model import Locale, UserId

from .refusal import Refusal
from .tokens import Pill, Quoted, Semicolon, Token, Word, fold, written
from .vocabulary import distance


class Key(Enum):
    """An option, by its names; the first ones are those that the documentation shows."""

    TITLE = ("title", "titel")
    LOCATION = ("loc", "ort", "location")
    DESCRIPTION = ("desc", "text")
    DURATION = ("for", "dauer", "für")
    CALENDAR = ("cal", "kal", "calendar", "kalender")
    LINK = ("link",)
    REASON = ("reason", "grund")
    UNTIL = ("until", "bis")
    QUORUM = ("quorum",)
    REQUIRED = ("required", "nötig", "erforderlich")
    OPTIONAL = ("optional",)
    WITH = ("with", "mit")
    WITHOUT = ("without", "ohne")
    ROOM = ("room", "raum")
    BUFFER = ("buffer", "puffer")
    HOURS = ("hours", "zeit")


_KEYS: Mapping[str, Key] = {fold(name): key for key in Key for name in key.value}
_LONGEST_KEY = max(map(len, _KEYS))
_PEOPLE = frozenset({Key.REQUIRED, Key.OPTIONAL, Key.WITH, Key.WITHOUT})
_CHANGING = frozenset({Key.WITH, Key.WITHOUT})
_LENGTHS = frozenset({Key.DURATION, Key.BUFFER})
_OFTEN_WITH_BLANKS = frozenset({Key.TITLE, Key.LOCATION, Key.DESCRIPTION, Key.REASON, Key.UNTIL, Key.ROOM})
_BEFORE_DATES = frozenset({Key.TITLE, Key.LOCATION, Key.ROOM})
_BEFORE_FLAGS = frozenset({Key.UNTIL, Key.ROOM})  # whose values hardly go on with such a word
_CONNECTING = frozenset({"mit", "with", "und", "and", "sowie", "&", "+", ""})
_PUNCTUATION = ",.:"

_OPTION = re.compile(r"([^\W\d_]+):(?!//)(.*)", re.DOTALL)
_GENDERED = re.compile(r"(?:in|r|n|s|m|e|en|er)(?:\W|$)|\w*innen", re.IGNORECASE)  # Bürger:innen, jede:r
_SCHEMES = frozenset({"callto", "geo", "mailto", "matrix", "sip", "sips", "tel", "webcal", "xmpp"})
_UP_TO_NEXT_OPTION = frozenset({Key.REASON, Key.UNTIL, Key.DURATION})  # no date or title is likely to follow them
_MOST_SHOWN = 6  # words
_MORE_OF_A_LENGTH = re.compile(  # behind a value such as "1" or "1h"
    r"[0-9]{1,2}(?:\s?m(?:in\w*)?)?[.,]?|h|m|min\w*\.?|std\.?|stunden?|hours?|hrs?|tage?|days?|wochen?|weeks?|und|and|½|1/2",
    re.IGNORECASE,
)
_NAME_ONLY = re.compile(r"@[^\W\d_][\w.-]*[,.:]*")  # typed without choosing anybody from the client's list


@dataclass(frozen=True, slots=True)
class People:
    """Who was mentioned: all of them in order, and who as what; `attendees` are those without a group."""

    attendees: tuple[UserId, ...] = ()
    required: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    added: tuple[UserId, ...] = ()
    removed: tuple[UserId, ...] = ()

    @property
    def all(self) -> tuple[UserId, ...]:
        groups = (self.attendees, self.required, self.optional, self.added, self.removed)
        return tuple(dict.fromkeys(user for group in groups for user in group))


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out, and what is left."""

    values: Mapping[Key, str]
    people: People
    rest: tuple[Token, ...]

    def text(self, key: Key) -> str:
        return self.values.get(key, "")


def take(
    tokens: Sequence[Token],
    allowed: Iterable[Key],
    *,
    flags: Collection[str] = (),
    clearable: Collection[Key] = (),
    is_date: Callable[[str], bool] = lambda _: False,
) -> Taken:
    """Options and people of a command that knows the options `allowed`. Others are refused, likely mistypings too.

    `flags`: words, folded, that say something by themselves wherever they stand; they are left where they are.
    `clearable`: options that may be said to be empty (`ort:""`). `is_date`: whether words are the date of the command,
    which may stand behind an option as well as in front of it.
    """
    taker = _Taker(tokens, frozenset(allowed), flags, clearable, is_date)
    at = 0
    while at < len(tokens):
        at += taker.step(at)
    return taker.taken()


def unknown_option(text: str) -> str | None:
    """The key of the first word that looks like an option, for when nothing else explains a text."""
    for word in text.split():
        match = _OPTION.fullmatch(word)
        if match and match[2] and len(match[1]) > 1 and not _GENDERED.match(match[2]):
            return match[1]
    return None


class _Taker:
    def __init__(
        self,
        tokens: Sequence[Token],
        allowed: frozenset[Key],
        flags: Collection[str],
        clearable: Collection[Key],
        is_date: Callable[[str], bool],
    ) -> None:
        self._tokens = tokens
        self._allowed = allowed
        self._flags = flags
        self._clearable = clearable
        self._is_date = is_date
        self._values: dict[Key, str] = {}
        self._groups: dict[UserId, Key | None] = {}
        self._group: Key | None = None
        self._rest: list[Token] = []
        self._after_person = False

    def taken(self) -> Taken:
        def members(group: Key | None) -> tuple[UserId, ...]:
            return tuple(user for user, belongs in self._groups.items() if belongs is group)

        groups = (None, Key.REQUIRED, Key.OPTIONAL, Key.WITH, Key.WITHOUT)
        people = People(*(members(group) for group in groups))
        return Taken(self._values, people, tuple(self._rest))

    def step(self, at: int) -> int:
        """Take the token at `at`, or that and the next: returns how many."""
        token = self._tokens[at]
        if isinstance(token, Pill):
            self._person(token)
            return 1
        after_person, self._after_person = self._after_person, False
        if isinstance(token, Word):
            if after_person and not token.gap and not token.text.strip(_PUNCTUATION):
                self._after_person = True
                return 1
            if Key.OPTIONAL in self._allowed and _NAME_ONLY.fullmatch(token.text):
                raise Refusal("person_not_linked", name=token.text.rstrip(_PUNCTUATION))
            match = _OPTION.fullmatch(token.text)
            if match:
                return self._option(token, match[1], match[2], at)
            if (key := self._leads_people(token, at)) is not None:
                self._group = key
                return 1
        self._rest.append(token)
        return 1

    def _leads_people(self, word: Word, at: int) -> Key | None:
        """ "mit @anna" and "ohne @ben" say the same as `mit:@anna` and `ohne:@ben`, where these are options."""
        key = _KEYS.get(fold(word.text))
        following = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
        leads = key in _CHANGING & self._allowed and isinstance(following, Pill)
        return key if leads else None

    def _person(self, pill: Pill) -> None:
        while self._rest and isinstance(self._rest[-1], Word) and _connects(self._rest[-1]):
            self._rest.pop()
        before = self._groups.get(pill.user)
        if {before, self._group} == _CHANGING:
            raise Refusal("edit_with_and_without", name=pill.name)
        if before is None:
            self._groups[pill.user] = self._group
        self._after_person = True

    def _option(self, token: Word, name: str, attached: str, at: int) -> int:
        key = _KEYS.get(fold(name))
        following = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
        quoted = following if isinstance(following, Quoted) and not following.gap and not attached else None
        value = quoted.text if quoted else attached
        if key in _PEOPLE and key in self._allowed:
            if value or not isinstance(following, Pill):
                raise Refusal("option_wants_people", option=name)
            self._group = key
            return 1
        if key is None and (value or quoted):
            self._refuse_mistyped(name, attached)
        if key is None or (key not in self._allowed and not value and not quoted):
            self._rest.append(token)  # "Betreff:", "Bürger:innen"; "Bis:" in a title, where there is no such option
            return 1
        self._group = None
        self._set(key, name, value if quoted else value.rstrip(","), empty=quoted is not None)
        if quoted is None:
            self._refuse_cut_off(key, name, value, at + 1)
        return 1 if quoted is None else 2

    def _refuse_cut_off(self, key: Key, name: str, value: str, at: int) -> None:
        """A value without quotes must not be followed by what may be the rest of it: "ort:Raum 4.12"."""
        if not self._may_continue(key, at) or (key in _BEFORE_DATES and self._is_followed_by_date(at)):
            return
        end = at + 1
        while key in _UP_TO_NEXT_OPTION and end < at + _MOST_SHOWN and self._may_continue(key, end):
            end += 1
        more = " …" if self._may_continue(key, end) else ""
        longer = written((Word(value, gap=False), *self._tokens[at:end]))
        raise Refusal("option_needs_quotes", option=name, value=value.rstrip(","), longer=f"{longer}{more}")

    def _is_followed_by_date(self, at: int) -> bool:
        """Whether what follows, up to the next option or person, is a date with a time in it: "ort:Rathaus Di 10 Uhr".

        A number right behind the value is likely to belong to it.
        """
        end = at
        while end < len(self._tokens):
            token = self._tokens[end]
            if not isinstance(token, Word) or self._leads_to_person(end) or self._is_option(token):
                break
            end += 1
        text = written(self._tokens[at:end])
        return not text[:1].isdigit() and any(map(str.isdigit, text)) and self._is_date(text)

    def _may_continue(self, key: Key, at: int) -> bool:
        """Whether the token at `at` may belong to the value before it: options and people mentioned do not."""
        token = self._tokens[at] if at < len(self._tokens) else None
        if isinstance(token, Semicolon):
            return key in _OFTEN_WITH_BLANKS and Key.UNTIL not in self._allowed  # which separates options of a poll
        if isinstance(token, Quoted):
            return not token.gap
        if not isinstance(token, Word):
            return False
        if key in _LENGTHS:
            return _MORE_OF_A_LENGTH.fullmatch(token.text) is not None
        if key not in _OFTEN_WITH_BLANKS or self._leads_to_person(at) or self._is_option(token):
            return False
        return key not in _BEFORE_FLAGS or fold(token.text).rstrip(",") not in self._flags

    def _leads_to_person(self, at: int) -> bool:
        """Whether somebody is mentioned at `at`, or behind connecting words there."""
        while at < len(self._tokens):
            token = self._tokens[at]
            if not isinstance(token, Word) or not _connects(token):
                unlinked = isinstance(token, Word) and Key.OPTIONAL in self._allowed
                return isinstance(token, Pill) or (unlinked and _NAME_ONLY.fullmatch(written((token,))) is not None)
            at += 1
        return False

    def _is_option(self, word: Word) -> bool:
        """Whether a word will be taken, or refused, as an option."""
        match = _OPTION.fullmatch(word.text)
        if match is None:
            return False
        key = _KEYS.get(fold(match[1]))
        if key is not None:
            return key in self._allowed or bool(match[2])
        return bool(match[2]) and not _GENDERED.match(match[2]) and _nearest(fold(match[1])) is not None

    def _set(self, key: Key, name: str, value: str, *, empty: bool) -> None:
        """`empty`: that it is empty was said."""
        if key not in self._allowed:
            raise Refusal("option_not_here", option=name)
        if not value and not (empty and key in self._clearable):
            raise Refusal("option_without_value", option=name)
        if key in self._values:
            raise Refusal("option_twice", option=name)
        self._values[key] = value

    def _refuse_mistyped(self, name: str, attached: str) -> None:
        """`orr:Rathaus` is an option with a mistake, `farbe:rot` one that is not known; `Bürger:innen`, `Projekt:Start`
        and `tel:115` are none."""
        if attached and _GENDERED.match(attached):
            return
        near = _nearest(fold(name))
        if near is not None:
            raise Refusal("unknown_option_near", option=name, suggestion=near)
        if not attached or (name.islower() and len(name) > 2 and name not in _SCHEMES):
            raise Refusal("unknown_option", option=name)


def _connects(word: Word) -> bool:
    return fold(word.text).strip(_PUNCTUATION) in _CONNECTING


def _lacking_a_letter(word: str) -> frozenset[str]:
    """The word itself, and all that is left of it without one letter."""
    return frozenset({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})


_ALMOST = {name: _lacking_a_letter(name) for name in _KEYS if len(name) > 2}


def named_in(name: str, locale: Locale) -> str:
    """An option by the name that it is documented under in that language."""
    names: tuple[str, ...] = _KEYS[fold(name)].value
    return names[1] if locale == "de" and len(names) > 1 else names[0]


def _nearest(name: str) -> str | None:
    """The key that differs from `name` by one mistake; two such words have one in common that lacks a letter."""
    if not 2 <= len(name) <= _LONGEST_KEY + 1:
        return None
    lacking = _lacking_a_letter(name)
    return next((key for key, almost in _ALMOST.items() if almost & lacking and distance(name, key) == 1), None)
