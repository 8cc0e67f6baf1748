"""Formatted messages as plain text with the people mentioned at their places. The HTML is untrusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

from calbot.core.model import UserId

PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a text where somebody is mentioned; it is removed from what people type themselves."""

_LINE_BREAKING = frozenset(
    {"br", "div", "p", "pre", "blockquote", "hr", "ol", "ul", "li", "table", "tr", "details", "summary"}
) | {f"h{level}" for level in range(1, 7)}
_SILENT = frozenset({"script", "style"})
_SOFT_BREAK = "\x1e"  # a line end of the source, which is only a blank where the markup has line breaks of its own

_USER = re.compile(r"@[^:\s]+:[^\s/?#]+")
_PERMALINK = re.compile(r"https?://[^#\s]*#/(?:user/)?(@[^?\s]+)(?:\?\S*)?")  # matrix.to, and clients' own permalinks
_MATRIX_URI = re.compile(r"matrix:(?:u|user)/([^?#\s]+)(?:[?#]\S*)?")
_REPLY_START, _REPLY_END = "<mx-reply>", "</mx-reply>"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody mentioned, under the name that the message shows."""

    user: UserId
    name: str


@dataclass(frozen=True, slots=True)
class Flat:
    """Text in which the n-th PLACE stands for the n-th of `people`."""

    text: str
    people: tuple[Person, ...] = ()


def linked_user(href: str) -> UserId | None:
    """Whom a link mentions (matrix.to, a client's own permalinks, matrix: URIs), if it mentions anybody."""
    uri = _MATRIX_URI.fullmatch(href)
    permalink = _PERMALINK.fullmatch(unquote(href))
    user = "@" + unquote(uri[1]) if uri else permalink[1] if permalink else ""
    return UserId(user) if len(user) <= 255 and user.isprintable() and _USER.fullmatch(user) else None


def without_reply(html: str) -> str:
    """The HTML after the quotation that older clients put before a reply."""
    return html[html.rfind(_REPLY_END) + len(_REPLY_END) :] if html.lstrip().startswith(_REPLY_START) else html


def flatten(html: str) -> Flat | None:
    """The text of a formatted_body; None where it is too broken to be read.

    What follows the last ``>`` holds no tag. Keeping it from the parser saves it from looking for the end of each
    unfinished one, which takes quadratic time.
    """
    end = html.rfind(">") + 1
    reader = _Reader()
    try:
        reader.feed(html[:end])
        reader.close()
        reader.handle_data(unescape(html[end:]))
    except (AssertionError, ValueError):  # "<![x", character references of thousands of digits
        return None
    return reader.flat()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._people: list[Person] = []
        self._mentioned: UserId | None = None
        self._name: list[str] = []
        self._silent = 0
        self._verbatim = 0
        self._breaks = False
        self._numbers: list[int | None] = []  # of each list that is open: the next item's number, if it has numbers

    def flat(self) -> Flat:
        self._end_mention()
        return Flat("".join(self._parts).replace(_SOFT_BREAK, " " if self._breaks else "\n"), tuple(self._people))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a":
            self._end_mention()
            self._mentioned = linked_user((attributes.get("href") or "").strip())
        elif tag == "img":
            self.handle_data(attributes.get("alt") or "")
        elif tag in _SILENT:
            self._silent += 1
        elif tag in _LINE_BREAKING:
            self._break()
            self._verbatim += tag == "pre"
            self._list(tag, attributes.get("start") or "1")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # XHTML's "<br/>"; HTML knows no empty "<a/>" either, it stays open

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_mention()
        elif tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _LINE_BREAKING:
            self._break()
            self._verbatim = max(0, self._verbatim - (tag == "pre"))
            if tag in {"ol", "ul"} and self._numbers:
                self._numbers.pop()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        text = data.replace(PLACE, "").replace(_SOFT_BREAK, "")
        if not self._verbatim:
            text = text.replace("\r\n", "\n").replace("\n", _SOFT_BREAK)
        (self._parts if self._mentioned is None else self._name).append(text)

    def _list(self, tag: str, start: str) -> None:
        """Markdown makes a list of lines that begin with "1. Dezember": the numbers belong to what was typed."""
        if tag == "ul":
            self._numbers.append(None)
        elif tag == "ol":
            self._numbers.append(int(start) if re.fullmatch("[0-9]{1,4}", start) else None)
        elif tag == "li" and self._numbers and self._numbers[-1] is not None:
            self._parts.append(f"{self._numbers[-1]}. ")
            self._numbers[-1] += 1

    def _break(self) -> None:
        self._breaks = True
        self._end_mention()
        self._parts.append("\n")

    def _end_mention(self) -> None:
        if self._mentioned is not None:
            name = " ".join("".join(self._name).replace(_SOFT_BREAK, " ").split())
            self._people.append(Person(self._mentioned, name or self._mentioned))
            self._parts.append(PLACE)
        self._mentioned = None
        self._name = []
