"""``import``, in reply to a file: on which calendar its events go, and who is on them."""

from __future__ import annotations

from . import model
from .context import ParseContext
from .options import Key, take
from .references import Tokens
from .refusal import Refusal
from .tokens import Word, fold, written

IMPORT_KEYS = (Key.CALENDAR, Key.REQUIRED, Key.OPTIONAL, Key.WITH)
# What people say beside it, and what the reply says already.
_FILLING = frozenset(
    {"this", "that", "it", "the", "file", "event", "events", "diese", "dies", "das", "die", "den"}
    | {"datei", "termin", "termine"}
)


def parse_import(tokens: Tokens, context: ParseContext) -> model.Import:
    """``[cal:NAME] [people]``"""
    taken = take(tokens, IMPORT_KEYS)
    rest = [token for token in taken.rest if not (isinstance(token, Word) and fold(token.text) in _FILLING)]
    if rest:
        raise Refusal("words_left", text=written(tuple(rest)))
    people = taken.people
    required = tuple(dict.fromkeys((*people.attendees, *people.added, *people.required)))
    return model.Import(required, people.optional, taken.values.get(Key.CALENDAR))
