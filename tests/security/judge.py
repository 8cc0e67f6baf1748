"""Judges what the bot sends: whether something in it is more than the text that it was meant as.

Nothing here shares a line with the code that makes messages: HTML is read by a parser that takes nothing but what the
bot writes, and knows no mercy with anything else.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from calbot.core.model import Message

_TAG = re.compile(r"<(/?)([a-z]+)((?: [a-z]+=\"[^\"<>]*\")*)>")
_ATTRIBUTE = re.compile(r" ([a-z]+)=\"([^\"<>]*)\"")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#x27);")
_PAIRED = {"a": {"href"}, "code": set[str](), "del": set[str](), "p": set[str](), "strong": set[str]()}
_MATRIX_TO = "https://matrix.to/#/"
# What clients make mentions, pills and links to rooms of, though it is plain text.
_LIVE = re.compile(
    r"@room\b|[@#!][^\s:@]+:[\w\[][\w.:\-\]]*|matrix\.to/|\bmatrix:(?:u|r|roomid|e)/",
    re.IGNORECASE,
)
# The beginning of a link that a client would draw as one though what it shows of its host is a lie.
_END = '\\s/?#"<>„“”‘’‚«»…'
_SPOOFED = re.compile(rf"https?://[^{_END}]*(?:@|\\|[^{_END}\x00-\x7f\xc0-\xff])", re.IGNORECASE)
_QUOTED = "> "  # before each line of a description
_MOST_TEXT = 20_000  # characters; with 30 polls or changes on it


@dataclass(slots=True)
class Shown:
    """What a client makes of a formatted body: its text, each link with what is shown of it, and what is set as code,
    in which clients make links and mentions of nothing."""

    text: str = ""
    code: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def read_strictly(formatted: str) -> Shown:
    """AssertionError where anything is in it that the bot has no reason to write, or that is not well-formed."""
    shown = Shown()
    open_tags: list[tuple[str, str, int]] = []
    position = 0
    for tag in _TAG.finditer(formatted):
        shown.text += _literal(formatted[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag[1], tag[2], dict(_ATTRIBUTE.findall(tag[3]))
        if name == "br":
            assert not closing, formatted
            assert not attributes, formatted
            shown.text += "\n"
            continue
        assert name in _PAIRED, name
        if closing:
            assert not attributes, formatted
            opened, href, begin = open_tags.pop()
            assert opened == name, formatted
            if name == "p":
                shown.text += "\n\n"
            if name == "code":
                shown.code.append(shown.text[begin:])
            if name == "a":
                label = shown.text[begin:]
                shown.links.append((href, label))
                if label.endswith("…") and href.startswith(label[:-1]):
                    shown.text = f"{shown.text[:begin]}{href}"  # plain text has all of it
        else:
            assert set(attributes) == _PAIRED[name], attributes
            assert name != "a" or all(outer != "a" for outer, _, _ in open_tags), formatted
            open_tags.append((name, html.unescape(attributes.get("href", "")), len(shown.text)))
    shown.text += _literal(formatted[position:])
    assert not open_tags, formatted
    return shown


def _literal(text: str) -> str:
    assert not set("<>\"'") & set(text), text
    assert "&" not in _ENTITY.sub("", text), text
    return html.unescape(text)


def judge(message: Message, *, links: frozenset[str] = frozenset()) -> None:
    """`links`: those that the bot may make, beside mentions of whom it mentions."""
    shown = read_strictly(message.html)
    judge_text(message.text, harmless=links | {*shown.code})
    assert shown.text.strip() == message.text
    mentioned = []
    for href, label in shown.links:
        if href.startswith(f"{_MATRIX_TO}@"):
            mentioned.append(unquote(href.removeprefix(_MATRIX_TO)))
            assert label.strip()
        elif not href.startswith(f"{_MATRIX_TO}!"):  # of a room, by the id that the bot knows it by
            assert href in links, href
            assert urlsplit(label.removesuffix("…")).netloc == urlsplit(href).netloc, (href, label)
            assert href.startswith(label.removesuffix("…"))
    assert set(mentioned) <= set(message.mentions)
    assert len(message.text) <= _MOST_TEXT
    json.dumps(message.data).encode()


def judge_text(text: str, *, harmless: frozenset[str] = frozenset()) -> None:
    """Plain text: nothing invisible, nothing that turns text around, and nothing that comes alive but what may."""
    for char in text:
        category = unicodedata.category(char)
        assert char == "\n" or category not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}, ascii(char)
    assert re.search(r"[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{5}", text) is None, ascii(text)
    foreign = text
    for part in sorted(harmless, key=len, reverse=True):
        foreign = foreign.replace(part, " ") if part else foreign
    foreign = re.sub(r"https://matrix\.to/#/!\S+", "", foreign)
    assert not _LIVE.search(foreign), _LIVE.search(foreign)
    assert not _SPOOFED.search(foreign), _SPOOFED.search(foreign)


def same_shape(text: str, harmless: str, token: str) -> None:
    """`text` is `harmless` with other text in place of `token`: as many lines, with the same words of the bot's own."""
    theirs, ours = _rows(text), _rows(harmless)
    assert len(theirs) == len(ours), (text, harmless)
    for row, model in zip(theirs, ours, strict=True):
        pattern = ".{0,700}".join(map(re.escape, model.split(token)))
        assert re.fullmatch(pattern, row), (row, model)


def _rows(text: str) -> list[str]:
    """The lines; those of a description as one."""
    rows: list[str] = []
    for line in text.split("\n"):
        if not (line.startswith(_QUOTED) and rows and rows[-1].startswith(_QUOTED)):
            rows.append(line)
    return rows


def same_keys(data: object, harmless: object) -> None:
    """The machine-readable part has the same keys, and as many items."""
    if isinstance(data, Mapping) and isinstance(harmless, Mapping):
        assert set(data) == set(harmless)
        for key in data:
            same_keys(data[key], harmless[key])
    elif isinstance(data, Sequence) and not isinstance(data, str):
        assert isinstance(harmless, Sequence)
        assert len(data) == len(harmless)
        for one, model in zip(data, harmless, strict=True):
            same_keys(one, model)
    else:
        assert type(data) is type(harmless)


def texts_in(content: Any) -> list[str]:
    """Every text in an event's content, its keys aside."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, Mapping):
        return [text for value in content.values() for text in texts_in(value)]
    if isinstance(content, Sequence):
        return [text for value in content for text in texts_in(value)]
    return []
