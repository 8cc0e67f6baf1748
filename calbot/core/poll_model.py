"""The values of a poll over dates: options, votes, what closes it and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from .model import CalendarName, EventId, RoomId, Uid, UserId, When


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. `id` is the answer id in the poll event; `when` is None where it could not be read as a date."""

    id: str
    label: str
    when: When | None


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


class Cause(str, Enum):
    """Why a poll closes."""

    COMMAND = "command"
    END_EVENT = "end_event"
    DEADLINE = "deadline"
    UNANIMOUS = "unanimous"  # `auto`: every required person can do a common option
    BOOKED = "booked"  # `book N` on a running poll


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
    order shown. `until` is when it closes by itself. `generation` grows with each re-booking and is part of the UID.
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
    thread: EventId | None = None
    start_event: EventId | None = None
    text_event: EventId | None = None
    cause: Cause | None = None
    ended: End | None = None
    chosen: str | None = None  # option id asked for by `book N`, or found by the count
    uid: Uid | None = None
    generation: int = 0
    nudged: bool = False

    def closing(self, cause: Cause, ended: End | None, uid: Uid, chosen: str | None = None) -> Poll:
        """The same poll, recorded as closing; counted and booked from here on, however often that is tried."""
        return replace(self, state=PollState.CLOSING, cause=cause, ended=ended, uid=uid, chosen=chosen)
