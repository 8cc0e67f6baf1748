"""What a m.room.message says: its text with people at their places, and what it refers to. The content is untrusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from calbot.core.model import EventId
from calbot.errors import Code

from .lexing import clean, tokenize
from .markup import PLACE, Flat, Person, flatten, without_reply
from .model import Misunderstood
from .tokens import Typed

MAX_CHARACTERS = 10_000
_REACH = 200  # of a message that is too long, this much is looked at: enough to see whom it addresses


def read_text(content: Mapping[str, Any]) -> Typed:
    """The tokens of a message: of formatted_body where there is one, since only that says who is meant where."""
    html, body = content.get("formatted_body"), content.get("body")
    if content.get("format") == "org.matrix.custom.html" and isinstance(html, str) and html.strip():
        text = without_reply(html)
        flat = flatten(text[:MAX_CHARACTERS])
        if flat is not None and flat.text.strip():
            return _tokens(flat, too_long=len(text) > MAX_CHARACTERS)
    if not isinstance(body, str):
        return Typed(())
    text = _without_quotation(body) if in_reply_to(content) is not None else body
    return _tokens(Flat(text[:MAX_CHARACTERS].replace(PLACE, "")), too_long=len(text) > MAX_CHARACTERS)


def _tokens(flat: Flat, *, too_long: bool) -> Typed:
    people = [Person(one.user, " ".join(clean(one.name).split()) or one.user) for one in flat.people]
    if not too_long:
        return tokenize(clean(flat.text), people)
    fault = Misunderstood("message_too_long", Code.LIMIT, {"maximum": MAX_CHARACTERS})
    return Typed(tokenize(clean(flat.text)[:_REACH], people).tokens, fault)


def _without_quotation(body: str) -> str:
    """The body after the quoted lines that older clients put before a reply."""
    lines = body.split("\n")
    quoted = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[quoted:]).lstrip("\n") if quoted else body


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _event_id(value: object) -> EventId | None:
    return EventId(value) if isinstance(value, str) and re.fullmatch(r"\$\S{1,254}", value) else None


def in_reply_to(content: Mapping[str, Any]) -> EventId | None:
    """What the message names as replied to, be it only for clients that know no threads."""
    return _event_id(_mapping(_mapping(content.get("m.relates_to")).get("m.in_reply_to")).get("event_id"))


def reply_target(content: Mapping[str, Any]) -> EventId | None:
    """The message that the sender replied to. A thread's fallback looks like a reply and is none."""
    falls_back = _mapping(content.get("m.relates_to")).get("is_falling_back") is True
    return None if falls_back else in_reply_to(content)


def thread_root(content: Mapping[str, Any]) -> EventId | None:
    """The thread that the message belongs to."""
    relation = _mapping(content.get("m.relates_to"))
    return _event_id(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else None
