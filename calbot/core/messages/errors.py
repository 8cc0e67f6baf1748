"""What went wrong: what was not understood, why, and what would work here."""

from __future__ import annotations

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message
from calbot.errors import CalbotError, Unavailable

from .text import NOTHING, QUOTE, Rich, code, lines, own, say, visible

_ABOUT_DATES = "error.date_"
# Parameters that come from a calendar, so that a text with them must not leave in clear.
_CONTENTS = frozenset(("title", "when", "place", "calendar_title"))
_ROLES = {50: "level.moderation", 100: "level.administration"}


def error(reader: Reader, error: CalbotError, *, example: str | None = None) -> Message:
    """The error in words. `example` is a whole command that would work in this room.

    The text is the catalog's `error.<reason>`, or `error.<code>` for a reason without one.
    """
    later = say(reader, "error.later") if isinstance(error, Unavailable) else NOTHING
    body = lines(reason(reader, error), later, _example(reader, example))
    discloses = not _CONTENTS.isdisjoint(error.params)
    return Message(Kind.ERROR, body.text, body.html, {"code": error.code.value}, discloses=discloses)


def internal_error(reader: Reader, reference: str) -> Message:
    """Something that must not happen; `reference` finds it in the log."""
    body = say(reader, "error.internal_with", reference=code(reference))
    return Message(Kind.ERROR, body.text, body.html, {"code": "internal"}, discloses=False)


def reason(reader: Reader, error: CalbotError) -> Rich:
    """Why, as a sentence: of a date, after the `words` at fault. The parameter `why` is itself the reason of one."""
    id = f"error.{error.reason}"
    if id not in reader.catalog:
        id = f"error.{error.code.value}"
    params: dict[str, Rich | str | int] = {
        name: visible(value, QUOTE) if isinstance(value, str) else own(str(value))
        for name, value in error.params.items()
    }
    if isinstance(needed := error.params.get("needed"), int):
        params["needed"] = _level(reader, needed)
    params["why"] = say(reader, f"error.{error.params.get('why', 'date_not_understood')}", **params)
    why = say(reader, id, **params)
    words = params.get("words")
    if not words or not id.startswith(_ABOUT_DATES):
        return why
    return say(reader, "error.about", words=words, reason=why)


def _level(reader: Reader, level: int) -> Rich:
    """A power level by the role that clients call it."""
    if level in _ROLES:
        return say(reader, _ROLES[level])
    return say(reader, "level.other", level=level)


def _example(reader: Reader, example: str | None) -> Rich:
    """On a line of its own: a phone shows most of them without a break, and it can be copied whole."""
    return lines(say(reader, "error.example"), code(example)) if example else NOTHING
