"""What can be taken back: the changes that people made to calendars by command, each with what taking it back needs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from .ical.reading import visible_parts
from .ical.redaction import redacted
from .model import CalendarName, Href, Occurrence, RoomId, Uid, UserId, When


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


Act: TypeAlias = Made | Moved | Cancelled | TakenOut | Booked | Rebooked


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
