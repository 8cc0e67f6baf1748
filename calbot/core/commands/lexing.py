"""From text to tokens: characters nobody typed on purpose go, quotes of all kinds are paired, people are found."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence

from calbot.core.model import UserId

from .markup import PLACE, Person
from .model import Misunderstood
from .tokens import Newline, Pill, Quoted, Semicolon, Token, Typed, Word

# What closes a text that begins with a quote, the usual first: people mix the quotes of several languages.
_CLOSERS = {
    '"': ('"', "”“"),
    "„": ("“", '”"'),
    "“": ("”", '“"'),
    "”": ("”", '"'),
    "«": ("»",),
    "»": ("«", "»"),
    "'": ("'", "’"),
    "‚": ("‘", "’'"),
    "‘": ("’", "‘'"),
    "’": ("’",),
    "‹": ("›",),
    "›": ("‹", "›"),
}
_APOSTROPHES = frozenset("'‘’")  # without a partner they are no quotes
_ONE_WAY = frozenset("„«‚‹")  # open wherever they stand
_FRENCH = frozenset("«»‹›")  # may have a blank inside
_BEFORE_QUOTE = frozenset(" \n:,;([")
_AFTER_QUOTE = frozenset(" \n.,;:!?)]…")

_JOINER = "\N{ZERO WIDTH JOINER}"
_JOINED_EMOJI = re.compile(rf"(?<=[^\w\s]){_JOINER}(?=[^\w\s])")
_RAW_ID = re.compile(
    r"@[A-Za-z0-9._=+/-]+:(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
    r"|(?=[0-9.-]*[A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::[0-9]{1,5})?(?![A-Za-z0-9])"
)
_EXCERPT = 30


def clean(text: str) -> str:
    """Composed characters, one kind of blank, ``\\n`` for line ends; no invisible, control or broken characters."""
    composed = unicodedata.normalize("NFC", text.replace("\x1f", "")).replace("\r\n", "\n")
    kept = _JOINED_EMOJI.sub("\x1f", composed)
    return "".join(map(_even_out, kept)).replace("\x1f", _JOINER)


def _even_out(character: str) -> str:
    if character in "\n\r\x85\u2028\u2029":
        return "\n"
    if character.isspace() and character != "\x1f":
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character != "\x1f":
        return ""
    return character


def tokenize(text: str, people: Sequence[Person] = ()) -> Typed:
    """The tokens of a cleaned text, in which each PLACE stands for the next of `people`."""
    return _Lexer(text, people).run()


class _Lexer:
    def __init__(self, text: str, people: Sequence[Person]) -> None:
        self._text = text
        self._people = people
        self._named = 0
        self._closing: dict[str, list[int]] = {}  # by character: where it may close a quoted text
        self._anywhere: dict[str, list[int]] = {}
        for index, character in enumerate(text):
            if character in "\"“”«»'‘’‹›":
                self._anywhere.setdefault(character, []).append(index)
                if text[index + 1 : index + 2] in _AFTER_QUOTE or index + 1 == len(text):
                    self._closing.setdefault(character, []).append(index)
        self._fault: Misunderstood | None = None

    def run(self) -> Typed:
        tokens: list[Token] = []
        at, gap = 0, False
        while at < len(self._text):
            character = self._text[at]
            if character == " ":
                at, gap = at + 1, True
                continue
            token, at = self._next(at, gap)
            if not (isinstance(token, Newline) and (not tokens or isinstance(tokens[-1], Newline))):
                tokens.append(token)
            gap = isinstance(token, Newline)
        while tokens and isinstance(tokens[-1], Newline):
            tokens.pop()
        return Typed(tuple(tokens), self._fault)

    def _next(self, at: int, gap: bool) -> tuple[Token, int]:
        character = self._text[at]
        if character == "\n":
            return Newline(), at + 1
        if character == ";":
            return Semicolon(gap), at + 1
        if character == PLACE:
            person = self._person()
            return Pill(person.user, person.name, gap), at + 1
        if (person_end := self._raw_id(at)) is not None:
            user = self._text[at:person_end]
            return Pill(UserId(user), user, gap), person_end
        if (close := self._close(at)) is not None:
            raw = self._with_names(self._text[at : close + 1])
            return Quoted(raw[1:-1].strip(), raw, gap), close + 1
        end = self._word_end(at)
        return Word(self._text[at:end], gap), end

    def _word_end(self, start: int) -> int:
        text, at = self._text, start + 1
        while at < len(text):
            character = text[at]
            if character in " \n" or character == PLACE:
                break
            if character == ";" and not (text.find("://", start, at) >= 0 and text[at + 1 : at + 2].strip()):
                break
            if character == "@" and self._raw_id(at) is not None:
                break
            if character in _CLOSERS and self._close(at) is not None:
                break
            at += 1
        return at

    def _raw_id(self, at: int) -> int | None:
        """Where a Matrix ID that begins here ends."""
        if self._text[at] != "@" or (at > 0 and self._text[at - 1] not in " \n:,;(" + PLACE):
            return None
        match = _RAW_ID.match(self._text, at)
        return match.end() if match and match.end() - at <= 255 else None

    def _close(self, at: int) -> int | None:
        """Where the quoted text that begins here ends; None if none begins here."""
        quote, text = self._text[at], self._text
        if quote not in _CLOSERS or self._fault is not None:
            return None
        following = text[at + 1 : at + 2]
        if not following.strip() and not (quote in _FRENCH and following == " "):
            return None
        if at == 0 or text[at - 1] in _BEFORE_QUOTE or text[at - 1] == PLACE:
            # Behind the key of an option even an apostrophe begins a text, be it of several lines.
            close = self._partner(at, everywhere=quote not in _APOSTROPHES, on_line=text[at - 1 : at] != ":")
            if close is None and quote not in _APOSTROPHES:
                excerpt = self._with_names(text[at : at + _EXCERPT], taken=self._named)
                self._fault = Misunderstood("quote_open", params={"text": " ".join(excerpt.split())})
            return close
        if quote in _ONE_WAY:
            return self._partner(at, everywhere=True)
        if quote in '"“' and text[at - 1].isalpha() and following.isalnum():  # a forgotten blank: neu"Jour fixe"
            return self._partner(at, everywhere=False)
        return None

    def _partner(self, at: int, *, everywhere: bool, on_line: bool = True) -> int | None:
        """The quote that closes the one at `at`: on its line if possible, before a blank or a mark if possible."""
        line_end = self._text.find("\n", at)
        line_only = (line_end if line_end > 0 else len(self._text),)
        for end in (line_end, len(self._text)) if everywhere or not on_line else line_only:
            for places in (self._closing, self._anywhere) if everywhere else (self._closing,):
                for closers in _CLOSERS[self._text[at]]:
                    close = min(_next_after(at, places.get(closer, []), end) for closer in closers)
                    if close < end:
                        return close
        return None

    def _person(self) -> Person:
        self._named += 1
        return self._people[self._named - 1]

    def _with_names(self, text: str, taken: int | None = None) -> str:
        """`text` with the names of the people mentioned in it; unless `taken` is given, they count as passed."""
        first = self._named if taken is None else taken
        pieces = text.split(PLACE)
        names = [person.name for person in self._people[first : first + len(pieces) - 1]]
        if taken is None:
            self._named += len(names)
        return pieces[0] + "".join(name + piece for name, piece in zip(names, pieces[1:], strict=True))


def _next_after(at: int, places: Sequence[int], otherwise: int) -> int:
    place = bisect_right(places, at)
    return places[place] if place < len(places) else otherwise
