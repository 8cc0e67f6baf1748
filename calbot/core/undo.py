"""What can be taken back: the changes that people made to calendars by command, each with what taking it back needs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from .answers import Answer
from .ical.redaction import redacted
from .ical.versions import visible_parts
from .model import CalendarName, Href, Occurrence, PartStat, RecurrenceId, RoomId, Uid, UserId, When


@dataclass(frozen=True, slots=True)
class Made:
    """An event was written. `mark` is what it said then: it is deleted only while that is so."""

    mark: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """An event, an occurrence or with `whole` a series was moved from `old` to `when`."""

    old: Occurrence
    when: When
    whole: bool
    followed: bool = False  # what referred to occurrences of the series refers to where they are now


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An event or with `whole` a series was deleted; `data` is the last version, empty where nothing may be kept."""

    old: Occurrence
    data: str
    whole: bool


@dataclass(frozen=True, slots=True)
class TakenOut:
    """One occurrence was taken out of its series; `data` is the object before, empty where nothing may be kept."""

    old: Occurrence
    data: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An invitation was answered, for one occurrence or, without a recurrence id, for the event or series.

    `before` is what the person had answered until then, by recurrence id: None for the event or series, and an answer
    of None where they were not on it.
    """

    recurrence_id: RecurrenceId | None
    answer: PartStat
    before: tuple[tuple[RecurrenceId | None, Answer], ...]


class Deed(str, Enum):
    """What an edit was, to those who are told that it is taken back."""

    CHANGED = "changed"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Second:
    """An event that was written besides: in place of the rest of a series, or as one of several. `mark` is what it
    said then."""

    uid: Uid
    href: Href
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an object says was changed from `before` to `after`; empty where nothing may be kept.

    `old` is what it was about, as it was; with `whole` a series, with `second` the rest of one from there on.
    """

    deed: Deed
    old: Occurrence
    before: str
    after: str
    whole: bool = False
    second: Second | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """Several events were written from a file."""

    events: tuple[Second, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """A poll was booked."""

    poll: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Rebooked:
    """The event of a poll was moved to another option, from the one with the id `before` to `after`."""

    poll: str
    before: str
    after: str


Act: TypeAlias = Answered | Made | Imported | Moved | Edited | Cancelled | TakenOut | Booked | Rebooked


@dataclass(frozen=True, slots=True)
class Undoable:
    """Something that somebody did in a room to an event. `key` is the same for whoever does it again after a crash."""

    key: str
    room: RoomId
    person: UserId
    calendar: CalendarName
    uid: Uid
    href: Href
    act: Act
    begun: datetime


def mark_of(data: str, *, hidden: bool) -> str:
    """What an object says to people, as a hash: equal for versions that differ in answers and bookkeeping only.

    Of a hidden object that is its times, since no more of it is known.
    """
    parts = visible_parts(redacted(data) if hidden else data)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
