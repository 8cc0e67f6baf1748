"""The values of a poll over dates: options, votes, what closes it and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from .model import CalendarName, EventId, RoomId, Uid, UserId, When


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. `id` is the answer id in the poll event; `when` is None where it could not be read as a date.

    `free`: how many people were free then when the poll was opened, and of how many that was known.
    """

    id: str
    label: str
    when: When | None
    free: tuple[int, int] | None = None


class PollState(str, Enum):
    """Where a poll stands. `CLOSING` is persisted before the first effect of a close, so that a crash resumes it."""

    OPENING = "opening"  # recorded, but the poll event may not have been sent yet
    OPEN = "open"
    CLOSING = "closing"
    CONFIRMING = "confirming"  # counted; the asker has to confirm before the event is written
    BOOKED = "booked"
    ENDED = "ended"  # closed without an event


class Way(str, Enum):
    """How somebody voted. The way used last counts alone."""

    RESPONSE = "response"
    COMMAND = "command"
    REACTION = "reaction"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote as the server has it. `at` is origin_server_ts in milliseconds.

    `answers` are option ids as sent, unchecked; None where the content was missing or malformed (spoiled). An empty
    tuple withdraws.
    """

    event_id: EventId
    sender: UserId
    at: int
    way: Way
    answers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class End:
    """A poll.end event, or a command or deadline that closes a poll the bot may not end. `at` in milliseconds."""

    event_id: EventId | None
    sender: UserId
    at: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word that counts beside the votes: `book`, or the ✅ on a poll with `confirm`. `at` in milliseconds.

    `undoes`: it takes back what was decided before, and so cannot be taken back itself.
    """

    event_id: EventId
    sender: UserId
    at: int
    undoes: bool = False


class Cause(str, Enum):
    """Why a poll closes."""

    COMMAND = "command"
    END_EVENT = "end_event"
    DEADLINE = "deadline"
    UNANIMOUS = "unanimous"  # `auto`: every required person can do a common option
    REDACTED = "redacted"  # somebody removed the poll itself
    BOOKED = "booked"  # `book N`: the option was chosen by a person, not by the count


@dataclass(frozen=True, slots=True)
class Quorum:
    """The least turnout for an event: a number of people, or a share (1 to 100 percent) of those asked."""

    people: int | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class PollOptions:
    """How a poll behaves, as asked for when it was opened."""

    single: bool = False
    hidden: bool = False
    auto: bool = False
    confirm: bool = False
    holds: bool = False
    quorum: Quorum | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll over dates.

    `key` names it for ever (derived from the command or the poll event); `start_event` is the poll event once sent,
    `text_event` the accompanying text. `by_bot` is False for polls that somebody made in a client. `options` is in the
    order shown. `until` is when it closes by itself. `generation` is part of the UID of the event, and grows when the
    one before is gone; `revision` grows with each closing, so that its messages are told apart from earlier ones.
    `origin` is the command that opened it, or that `attached_by` sent to take on one made in a client; such a poll is
    OPENING, without options and until `until`, while the key to its start event is waited for. `nudge_at` is when those
    are reminded who have not voted by then.
    """

    key: str
    room: RoomId
    asker: UserId
    by_bot: bool
    creator: UserId  # sender of the poll event
    created_at: int  # milliseconds
    title: str
    options: tuple[Option, ...]
    max_selections: int
    behaviour: PollOptions
    asked: tuple[UserId, ...]
    required: tuple[UserId, ...]
    optional: tuple[UserId, ...]
    calendar: CalendarName
    until: datetime | None
    state: PollState
    location: str = ""
    description: str = ""
    resource: str = ""  # name of one to be booked with the event
    thread: EventId | None = None
    origin: EventId | None = None
    attached_by: UserId | None = None
    start_event: EventId | None = None
    text_event: EventId | None = None
    cause: Cause | None = None
    ended: End | None = None
    chosen: str | None = None  # option id asked for by `book N`, or found by the count
    uid: Uid | None = None
    generation: int = 0
    revision: int = 0
    result_event: EventId | None = None  # the message with what came out last
    decision: Decision | None = None
    booked: str | None = None  # id of the option that there is an event for; another than `chosen` while that is moved
    held: bool = False  # events hold its options; one that somebody removed since stays away
    released: bool = False  # nothing is left of these events
    holds_error: str = ""  # what people were told of them last: the end of a catalog id
    nudge_at: datetime | None = None
    nudged: bool = False

    def closing(self, cause: Cause, ended: End | None, uid: Uid, chosen: str | None = None) -> Poll:
        """The same poll, recorded as closing; counted and booked from here on, however often that is tried."""
        return replace(self, state=PollState.CLOSING, cause=cause, ended=ended, uid=uid, chosen=chosen)


@dataclass(frozen=True, slots=True)
class CardState:
    """What was made of the text beside a poll: how often it was edited, and a digest of what it shows now.

    `shown` is None while an edit is under way, and stays so where that was cut off: nobody knows then what it shows.
    `over`: what it shows is how the poll ended.
    """

    edits: int = 0
    shown: str | None = None
    over: bool = False
