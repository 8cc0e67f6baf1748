"""Who did what to which event and when, without its contents: what is recorded of an act, and how a log says it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Final

from . import commands, identity
from .commands import Command
from .model import CalendarName, RecurrenceId, RoomId, Uid, UserId
from .undo import Act, Answered, Cancelled, Edited, Moved, TakenOut


class Outcome(str, Enum):
    """What became of an act. One that stays `begun` met with an outage, and nobody knows whether it took effect."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"  # the calendar refused it
    FORBIDDEN = "forbidden"  # the bot did, for want of rights


@dataclass(frozen=True, slots=True)
class Doing:
    """Who acts, and what makes them: the same again after a crash. `what` is a word out of few, never a text."""

    actor: UserId
    what: str
    key: str
    room: RoomId | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act, on at most one event."""

    key: str
    cause: str
    at: datetime
    actor: str  # a Matrix id, or what stands for somebody who wanted to be forgotten
    room: RoomId | None
    action: str
    calendar: CalendarName | None
    uid: Uid | None
    recurrence_id: RecurrenceId | None
    outcome: Outcome


# Acts of the bot's own, or of people who did not type a command for them.
ANSWERED: Final = "answer"  # by reaction
BOOKED: Final = "book"
FORGOTTEN: Final = "forget"
HELD: Final = "hold"
LINKED: Final = "link"
REPLIED: Final = "reply"  # the answer to an invitation that somebody gave in their calendar program
SUBSCRIBED: Final = "feed"
WRITTEN: Final = "write"

_PSEUDONYM: Final = "forgotten-"
_PSEUDONYM_DIGITS: Final = 20

_ON_CALENDARS: Final[Mapping[type, str]] = {
    commands.New: "new",
    commands.Move: "move",
    commands.Edit: "edit",
    commands.Cancel: "cancel",
    commands.Rsvp: ANSWERED,
    commands.Import: "import",
    commands.Undo: "undo",
    commands.Find: "new",
    commands.Poll: "poll",
    commands.Close: "close",
    commands.Book: BOOKED,
    commands.Until: "until",
    commands.Event: "poll",
}
_ON_ROOMS: Final[Mapping[type, str]] = {
    commands.Map: "map",
    commands.Unmap: "unmap",
    commands.Digest: "set.digest",
    commands.Remind: "set.reminders",
    commands.ChooseZone: "set.timezone",
    commands.ChooseLanguage: "set.language",
    commands.Close: "close",
    commands.Until: "until",
    commands.Poll: "poll",
    commands.Event: "poll",
}


def action_of(command: Command, *, direct: bool) -> str | None:
    """What a command does that others have an interest in; None where it changes nothing, or only what is the sender's
    own: votes, private reminders, language and zone are nobody else's business."""
    if not commands.alters(command):
        return None
    if isinstance(command, commands.ChooseSetting):
        return None if command.setting is None else f"set.{command.setting.value}"
    if isinstance(command, commands.Feed | commands.ForgetMe):
        return SUBSCRIBED if isinstance(command, commands.Feed) else FORGOTTEN
    if type(command) in _ON_CALENDARS:
        return _ON_CALENDARS[type(command)]
    private = direct or (isinstance(command, commands.Remind) and command.me)
    if isinstance(command, commands.ChooseZone | commands.ChooseLanguage):
        private = not command.room
    return None if private else _ON_ROOMS.get(type(command))


def is_of_room(command: Command) -> bool:
    """Whether doing the command is an act by itself, beside what it writes to calendars."""
    return isinstance(command, commands.ChooseSetting | commands.ForgetMe) or type(command) in _ON_ROOMS


def entry(
    cause: Doing,
    at: datetime,
    outcome: Outcome,
    calendar: CalendarName | None = None,
    uid: Uid | None = None,
    recurrence_id: RecurrenceId | None = None,
) -> Entry:
    """What is recorded. Its key follows from the cause and the event: a repeat makes no second entry."""
    key = identity.key_for("audit", cause.key, cause.what, calendar, uid, "no" if outcome is Outcome.FORBIDDEN else "")
    return Entry(key, cause.key, at, cause.actor, cause.room, cause.what, calendar, uid, recurrence_id, outcome)


def date_of(act: Act) -> RecurrenceId | None:
    """The one date of a series that an act is about."""
    match act:
        case Answered(recurrence_id=slot):
            return slot
        case Moved(old=old, whole=whole) | Edited(old=old, whole=whole) | Cancelled(old=old, whole=whole):
            return None if whole else old.recurrence_id
        case TakenOut(old=old):
            return old.recurrence_id
        case _:
            return None


def line(one: Entry) -> str:
    """An entry as one line of JSON. The names of its values do not change: whoever collects logs relies on them."""
    return json.dumps(
        {
            "at": one.at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "actor": one.actor,
            "room": one.room,
            "action": one.action,
            "calendar": one.calendar,
            "uid": one.uid,
            "recurrence_id": one.recurrence_id,
            "outcome": one.outcome.value,
            "key": one.key,
        }
    )


def is_pseudonym(actor: str) -> bool:
    """A Matrix ID begins otherwise."""
    return actor.startswith(_PSEUDONYM)


def pseudonym(secret: bytes, person: UserId) -> str:
    """What stands for somebody who wanted to be forgotten: always the same, and nobody without the secret finds out
    from it who that is."""
    mac = hmac.new(secret, person.encode(), hashlib.sha256).hexdigest()
    return f"{_PSEUDONYM}{mac[:_PSEUDONYM_DIGITS]}"
