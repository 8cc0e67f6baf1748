"""``edit REF [scope] key:value…``: what is to be different about an event."""

from __future__ import annotations

from calbot.core.model import UserId

from . import model
from .context import ParseContext
from .meetings import check_title
from .model import Scope
from .options import Key, Taken, take
from .references import SCOPE_WORDS, Tokens, scope_at, take_ref
from .refusal import Refusal
from .tokens import written

EDIT_KEYS = (
    Key.TITLE,
    Key.LOCATION,
    Key.DESCRIPTION,
    Key.WITH,
    Key.WITHOUT,
    Key.REQUIRED,
    Key.OPTIONAL,
    Key.ROOM,
)
_CLEARABLE = frozenset({Key.LOCATION, Key.DESCRIPTION, Key.ROOM})


def parse_edit(tokens: Tokens, context: ParseContext) -> model.Edit:
    """A person without a key before them is added, as with ``with:``."""
    taken = take(tokens, EDIT_KEYS, flags=SCOPE_WORDS, clearable=_CLEARABLE)
    ref, rest = take_ref(taken.rest, replying=context.replying)
    scope = scope_at(rest, 0)
    if rest[1:] or (rest and scope is Scope.UNSAID):
        raise Refusal("edit_not_understood", text=written(rest))
    command = _edit(ref, scope, taken)
    if not command.changes:
        raise Refusal("edit_nothing")
    return command


def _edit(ref: model.Ref, scope: Scope, taken: Taken) -> model.Edit:
    people = taken.people
    added = _each_once(people.attendees, people.added, people.required)
    title = taken.values.get(Key.TITLE)
    return model.Edit(
        ref=ref,
        scope=scope,
        title=None if title is None else check_title(title),
        location=taken.values.get(Key.LOCATION),
        description=taken.values.get(Key.DESCRIPTION),
        resource=taken.values.get(Key.ROOM),
        add=added,
        optional=tuple(user for user in people.optional if user not in added),
        remove=people.removed,
    )


def _each_once(*groups: tuple[UserId, ...]) -> tuple[UserId, ...]:
    return tuple(dict.fromkeys(user for group in groups for user in group))
