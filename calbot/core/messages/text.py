"""Text in both its forms at once, plain and HTML, so that they cannot come to say different things.

Everything that is not a catalog text is data: `data()` makes it harmless in either form. No Markdown anywhere.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import quote, urlsplit

from calbot.core.i18n import MISSING, PLACEHOLDER, Reader
from calbot.core.model import UserId

TITLE = 200  # characters; the longest that a heading on a phone can bear
NAME = 80
QUOTE = 120  # what somebody typed, quoted back
PROSE = 600  # a description
URL = 500
_QUOTED = "> "  # as everybody knows it from mail
_LINK = 100  # characters of a link that HTML shows; the rest is in its target

# Letters and marks that show nothing, and selectors that hide data behind a character.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))
}
_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co"))  # controls; bidi, zero width, tags; surrogates; private use
_MARKS = frozenset(("Mn", "Me"))
_MARKS_IN_A_ROW = 4  # more than any script needs; enough stacked ones cover the lines around them
# What clients turn into more than text though it is none: @room, Matrix IDs, links to them, and links whose host is not
# what it looks like, by a user part or by letters of another script. A blank ends it.
_LIVE = re.compile(
    r"@(?=room|[^\s:@]+:[\w\[])|(?<!\w)[#!](?=[^\s:@]+:[\w\[])|(?<=matrix\.)(?=to)|(?<=matrix:)(?=[^\s…])"
    r"|(?<=://)(?=[^\s/?#\"<>„“”‘’‚«»…]*(?:[@\\]|[^\s\x00-\x7f\xc0-\xff„“”‘’‚«»…]))",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Rich:
    """A piece of a message, plain and as HTML."""

    text: str
    html: str

    def __bool__(self) -> bool:
        return bool(self.text)


NOTHING = Rich("", "")


def clean(value: str, limit: int = TITLE) -> str:
    """`value` on one line, without what is invisible, reorders text or comes alive in a client; cut to `limit`."""
    return _cut(_LIVE.sub(lambda match: f"{match[0]} ", printable(value, limit)), limit)


def printable(value: str, limit: int = TITLE) -> str:
    """`value` on one line, without what is invisible or reorders text; cut to `limit`."""
    kept: list[str] = []
    marks = 0
    for char in value[: limit * 8]:
        category = unicodedata.category(char)
        if char.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category in _DROPPED or char in _INVISIBLE:
            continue
        elif category in _MARKS:
            marks += 1
            if marks <= _MARKS_IN_A_ROW:
                kept.append(char)
            continue
        else:
            kept.append(char)
        marks = 0
    return _cut(_BLANKS.sub(" ", "".join(kept)).strip(), limit)


def _cut(line: str, limit: int) -> str:
    """In the units that clients count in (UTF-16), and that an event's size depends on: an emoji is two."""
    if len(line) <= limit and (line.isascii() or len(line) + sum(char > "\uffff" for char in line) <= limit):
        return line
    units = accumulate(1 + (char > "\uffff") for char in line[:limit])
    fits = sum(unit < limit for unit in units)
    return f"{line[:fits].rstrip()}…"


def data(value: str, limit: int = TITLE) -> Rich:
    """Text from a calendar or a person."""
    line = clean(value, limit)
    return Rich(line, html.escape(line))


def visible(value: str, limit: int = TITLE) -> Rich:
    """The same where a sentence needs it: what shows nothing has a sign in its place."""
    return data(value, limit) or own(MISSING)


def own(value: str) -> Rich:
    """Text of our own making, such as a formatted date: nothing to clean, only to escape."""
    return Rich(value, html.escape(value))


def prose(value: str) -> Rich:
    """Several lines of text from a calendar, bounded; empty lines fall away.

    Each is marked: what looks like a line of the bot's own would else pass for one.
    """
    kept: list[Rich] = []
    room = PROSE
    for part in value[: PROSE * 8].splitlines():
        line = clean(part, PROSE)
        if line and room > 0:
            kept.append(own(f"{_QUOTED}{_cut(line, room)}"))
            room -= len(line)
    return lines(*kept)


def strong(piece: Rich) -> Rich:
    return Rich(piece.text, f"<strong>{piece.html}</strong>")


def struck(piece: Rich) -> Rich:
    """Struck through where that can be shown; what is said must not depend on it."""
    return Rich(piece.text, f"<del>{piece.html}</del>")


def code(value: str) -> Rich:
    """Something of ours to be typed or copied as it stands."""
    line = printable(value, PROSE)
    return Rich(line, f"<code>{html.escape(line)}</code>")


def pill(user: UserId, name: str) -> Rich:
    """A mention: the name, linked to the user. Only for messages whose `mentions` have the same user."""
    label = data(name, NAME) or data(user, NAME)
    return Rich(label.text, f'<a href="https://matrix.to/#/{quote(user, safe="@:")}">{label.html}</a>')


def join_link(url: str) -> Rich:
    """A link to a meeting, shown as it is, so that nothing hides where it leads; nothing if it may not be one."""
    if not _is_plain(url):
        return NOTHING
    return Rich(url, f'<a href="{html.escape(url)}">{html.escape(_cut(url, _LINK))}</a>')


def _is_plain(url: str) -> bool:
    """Whether it is plainly a web address over TLS. A user part or a foreign script could make it look like another."""
    if len(url) > URL or not url.isascii() or not url.isprintable() or any(char in url for char in " \"'<>\\^`{|}"):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or "%" in parts.netloc:
        return False
    if re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+", parts.netloc) is None:
        return False
    # Clients would draw a link to a user as a mention of somebody.
    return parts.hostname != "matrix.to" or parts.fragment.startswith(("/!", "/#"))


def joined(separator: str, pieces: Iterable[Rich]) -> Rich:
    """The pieces that say something, with `separator` between them."""
    said = [piece for piece in pieces if piece]
    return Rich(separator.join(p.text for p in said), html.escape(separator).join(p.html for p in said))


def lines(*pieces: Rich) -> Rich:
    """Each piece that says something on a line of its own."""
    said = [piece for piece in pieces if piece]
    return Rich("\n".join(p.text for p in said), "<br>".join(p.html for p in said))


def blocks(*pieces: Rich) -> Rich:
    """Each piece that says something as a paragraph."""
    said = [piece for piece in pieces if piece]
    if len(said) == 1:
        return said[0]
    return Rich("\n\n".join(p.text for p in said), "".join(f"<p>{p.html}</p>" for p in said))


def say(reader: Reader, id: str, /, **params: Rich | str | int) -> Rich:
    """A catalog text. Parameters that are not pieces already are data; `{prefix}` is always known.

    What a catalog sets in backticks is to be typed: HTML shows it as code, plain text without any sign.
    """
    return _fill(reader, reader.catalog.template(id), params)


def say_n(reader: Reader, id: str, n: int, /, **params: Rich | str | int) -> Rich:
    """A catalog text in the form for `n`."""
    return _fill(reader, reader.catalog.template(id, n), {"n": n, **params})


def _fill(reader: Reader, template: str, params: dict[str, Rich | str | int]) -> Rich:
    text: list[str] = []
    marked: list[str] = []
    for index, part in enumerate(template.split("`")):
        typed = index % 2 == 1
        marked.append("<code>" if typed else "")
        end = 0
        for match in PLACEHOLDER.finditer(part):
            piece = own(part[end : match.start()])
            value = _value(reader, match[1], params)
            text += (piece.text, value.text)
            marked += (piece.html, value.html)
            end = match.end()
        rest = own(part[end:])
        text.append(rest.text)
        marked += (rest.html, "</code>" if typed else "")
    return Rich("".join(text), "".join(marked))


def _value(reader: Reader, name: str, params: dict[str, Rich | str | int]) -> Rich:
    value = params.get(name, reader.prefix if name == "prefix" else MISSING)
    if isinstance(value, Rich):
        return value
    if isinstance(value, str):
        return visible(value) if value else NOTHING
    return own(str(value))
