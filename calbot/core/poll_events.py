"""Reading the events of polls (MSC3381), whoever wrote them: contents are untrusted, and come in three shapes.

Clients send the unstable names. matrix-js-sdk also knows the same shape under stable names; the accepted proposal has
another one, with `m.text` arrays. All three are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .model import EventId, UserId
from .poll_model import Vote, Way

POLL_START = "org.matrix.msc3381.poll.start"
POLL_RESPONSE = "org.matrix.msc3381.poll.response"
POLL_END = "org.matrix.msc3381.poll.end"
KIND_DISCLOSED = "org.matrix.msc3381.poll.disclosed"
KIND_UNDISCLOSED = "org.matrix.msc3381.poll.undisclosed"
TEXT = "org.matrix.msc1767.text"

STABLE_POLL_START = "m.poll.start"
STABLE_POLL_RESPONSE = "m.poll.response"
STABLE_POLL_END = "m.poll.end"

START_TYPES = frozenset({POLL_START, STABLE_POLL_START})
RESPONSE_TYPES = frozenset({POLL_RESPONSE, STABLE_POLL_RESPONSE})
END_TYPES = frozenset({POLL_END, STABLE_POLL_END})
POLL_TYPES = START_TYPES | RESPONSE_TYPES | END_TYPES
REACTION = "m.reaction"

MAX_ANSWERS = 20  # clients cut off the rest
MAX_REACTION_NUMBER = 10  # there is a keycap for no more

_DISCLOSED = frozenset({KIND_DISCLOSED, "m.disclosed", "m.poll.disclosed"})
_VARIATION_SELECTORS = {ord("\N{VARIATION SELECTOR-15}"): None, ord("\N{VARIATION SELECTOR-16}"): None}
_NUMBERS = {
    **{f"{digit}\N{COMBINING ENCLOSING KEYCAP}": digit for digit in range(1, MAX_REACTION_NUMBER)},
    "\N{KEYCAP TEN}": MAX_REACTION_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Answer:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class PollStart:
    """A poll as its start event puts it."""

    question: str
    answers: tuple[Answer, ...]
    max_selections: int
    disclosed: bool


def is_start(event_type: str) -> bool:
    return event_type in START_TYPES


def is_response(event_type: str) -> bool:
    return event_type in RESPONSE_TYPES


def is_end(event_type: str) -> bool:
    return event_type in END_TYPES


def read_start(content: Mapping[str, Any]) -> PollStart | None:
    """The poll that a start event asks, or the one that an edit puts in its place; None where that is no poll.

    Malformed or doubled answer ids make the whole poll none: a vote for them could mean anything.
    """
    if replaced_event(content) is not None:
        content = _mapping(content.get("m.new_content"))
    part = _first_mapping(content, POLL_START, STABLE_POLL_START, "m.poll")
    listed = part.get("answers")
    question = _text(part.get("question"))
    if question is None or not isinstance(listed, list):
        return None
    answers = tuple(filter(None, map(_answer, listed[:MAX_ANSWERS])))
    if not answers or len({answer.id for answer in answers}) < min(len(listed), MAX_ANSWERS):
        return None
    most = part.get("max_selections")
    return PollStart(
        question=question,
        answers=answers,
        max_selections=most if isinstance(most, int) and most > 1 else 1,
        disclosed=part.get("kind") in _DISCLOSED,
    )


def read_response(event_id: EventId, sender: UserId, at: int, content: Mapping[str, Any]) -> Vote:
    """The vote of a response event.

    A response without `answers` withdraws, as matrix-js-sdk means it, although the proposal calls that spoiled; what is
    there but no list of texts is spoiled.
    """
    chosen: object = content.get("m.selections")
    for name in (POLL_RESPONSE, STABLE_POLL_RESPONSE):
        if name in content:
            part = content[name]
            chosen = part.get("answers", []) if isinstance(part, Mapping) else None
            break
    return Vote(event_id, sender, at, Way.RESPONSE, _texts(chosen))


def read_reaction(
    event_id: EventId, sender: UserId, at: int, content: Mapping[str, Any], option_ids: Sequence[str]
) -> Vote | None:
    """The part of a vote that a number reaction is, or None where the reaction is no number of an option."""
    relation = _mapping(content.get("m.relates_to"))
    key = relation.get("key")
    number = reaction_number(key) if relation.get("rel_type") == "m.annotation" and isinstance(key, str) else None
    if number is None or number > len(option_ids):
        return None
    return Vote(event_id, sender, at, Way.REACTION, (option_ids[number - 1],))


def reaction_number(key: str) -> int | None:
    """1 to 10 for the keycaps, with or without variation selectors."""
    return _NUMBERS.get(key.translate(_VARIATION_SELECTORS))


def number_reaction(number: int) -> str:
    """The keycap of a number up to 10, as clients send it."""
    if number == MAX_REACTION_NUMBER:
        return "\N{KEYCAP TEN}"
    return f"{number}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}"


def plain_reaction(content: Mapping[str, Any]) -> str | None:
    """What somebody reacted with, without variation selectors; None where it is no text."""
    key = _mapping(content.get("m.relates_to")).get("key")
    return key.translate(_VARIATION_SELECTORS) if isinstance(key, str) else None


def referenced_event(content: Mapping[str, Any]) -> EventId | None:
    """The poll that a response or an end is about."""
    return _related(content, "m.reference")


def annotated_event(content: Mapping[str, Any]) -> EventId | None:
    """The message that a reaction is on."""
    return _related(content, "m.annotation")


def replaced_event(content: Mapping[str, Any]) -> EventId | None:
    """The event that an edit replaces."""
    return _related(content, "m.replace")


def _related(content: Mapping[str, Any], rel_type: str) -> EventId | None:
    relation = _mapping(content.get("m.relates_to"))
    target = relation.get("event_id")
    return EventId(target) if relation.get("rel_type") == rel_type and isinstance(target, str) and target else None


def _answer(value: object) -> Answer | None:
    answer = _mapping(value)
    answer_id = answer.get("id", answer.get("m.id"))
    text = _text(value)
    return Answer(answer_id, text) if isinstance(answer_id, str) and answer_id and text is not None else None


def _text(value: object) -> str | None:
    """The plain text of an extensible event's part (MSC1767): a text, or an array of representations."""
    part = _mapping(value)
    for key in (TEXT, "m.text", "body"):
        text = part.get(key)
        if isinstance(text, str):
            return text
        if isinstance(text, list):
            for representation in map(_mapping, text):
                body = representation.get("body")
                if isinstance(body, str) and representation.get("mimetype", "text/plain") == "text/plain":
                    return body
    return None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    texts = tuple(text for text in value if isinstance(text, str))
    return texts if len(texts) == len(value) else None


def _first_mapping(content: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    return next((found for key in keys if (found := _mapping(content.get(key)))), {})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
