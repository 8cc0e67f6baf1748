"""The values everything speaks in: ids, times, events and their occurrences, messages to a room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import accumulate
from typing import Any, Final, NewType, TypeAlias, TypeGuard
from zoneinfo import ZoneInfo

RoomId = NewType("RoomId", str)
UserId = NewType("UserId", str)
EventId = NewType("EventId", str)  # of Matrix; events of calendars have a Uid
CalendarName = NewType("CalendarName", str)  # the key below `calendars:` in the configuration
AccountName = NewType("AccountName", str)
Uid = NewType("Uid", str)
RecurrenceId = NewType("RecurrenceId", str)  # "20261124T130000Z" (UTC), or "20261124" for all-day
Href = NewType("Href", str)  # path of a calendar object on its server, as the server spells it
Etag = NewType("Etag", str)  # opaque, with its quotes
Cursor = NewType("Cursor", str)  # opaque to all but the gateway that made it
Mark = NewType("Mark", str)  # of how a calendar stands; another one as soon as something in it changed

Locale: TypeAlias = str  # a language that there is a catalog of texts for, as its file is called

_MENTIONS: Final = 10_000  # letters of Matrix IDs in one message

# To whom something goes: to everybody in a room, or to one person, privately.
Recipient = RoomId | UserId


def is_person(recipient: Recipient) -> TypeGuard[UserId]:
    return recipient.startswith("@")


@dataclass(frozen=True, slots=True)
class Timed:
    """From `start` to before `end`, both aware. `floating` times were written without a zone: read in the reader's."""

    start: datetime
    end: datetime
    floating: bool = False

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("aware datetimes required")

    def seen_in(self, zone: ZoneInfo) -> Timed:
        """The same time on a clock in `zone`; a floating one keeps its wall clock."""
        if self.floating:
            return Timed(self.start.replace(tzinfo=zone), self.end.replace(tzinfo=zone), floating=True)
        return Timed(self.start.astimezone(zone), self.end.astimezone(zone))


@dataclass(frozen=True, slots=True)
class AllDay:
    """Whole days from `start` to before `end` (exclusive, as DTEND)."""

    start: date
    end: date

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


When = Timed | AllDay


def instants(when: When, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end as instants for a reader in `zone`: all-day events begin and end at that zone's midnight."""
    if isinstance(when, AllDay):
        return (
            datetime.combine(when.start, time.min, tzinfo=zone),
            datetime.combine(when.end, time.min, tzinfo=zone),
        )
    seen = when.seen_in(zone) if when.floating else when
    return seen.start, seen.end


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody's time that is taken, and nothing of what takes it; `tentative` where that is not certain yet."""

    start: datetime
    end: datetime
    tentative: bool = False


class PartStat(str, Enum):
    """RFC 5545 section 3.2.12."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


class Role(str, Enum):
    """RFC 5545 section 3.2.16."""

    CHAIR = "CHAIR"
    REQUIRED = "REQ-PARTICIPANT"
    OPTIONAL = "OPT-PARTICIPANT"
    NONE = "NON-PARTICIPANT"


class CuType(str, Enum):
    """RFC 5545 section 3.2.3: what kind of calendar user somebody is."""

    INDIVIDUAL = "INDIVIDUAL"
    GROUP = "GROUP"
    RESOURCE = "RESOURCE"
    ROOM = "ROOM"
    UNKNOWN = "UNKNOWN"

    @property
    def is_resource(self) -> bool:
        return self in (CuType.RESOURCE, CuType.ROOM)


class Status(str, Enum):
    """RFC 5545 section 3.8.1.11, of a VEVENT."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody on an event. `address` is the cal-address without ``mailto:``, lower case; `user` the Matrix ID.

    Somebody without an address is kept on the event by Matrix ID alone (property X-CALBOT-ATTENDEE), so that no server
    tries to mail them. At least one of the two is there.
    """

    name: str
    address: str | None = None
    user: UserId | None = None
    partstat: PartStat = PartStat.NEEDS_ACTION
    role: Role = Role.REQUIRED
    kind: CuType = CuType.INDIVIDUAL


@dataclass(frozen=True, slots=True)
class Trigger:
    """When an alarm goes off: `before` seconds ahead of the start or, `from_end`, the end (negative: after it), or at
    an instant."""

    before: int = 0
    from_end: bool = False
    at: datetime | None = None

    def later(self, by: timedelta) -> Trigger:
        if self.at is not None:
            return replace(self, at=self.at + by)
        return replace(self, before=self.before - int(by.total_seconds()))


@dataclass(frozen=True, slots=True)
class Details:
    """What one component (VEVENT) of an object says, apart from its times; shared by all occurrences it yields."""

    title: str = ""
    location: str = ""
    description: str = ""
    link: str = ""  # join link: CONFERENCE, URL or a known pattern
    status: Status = Status.CONFIRMED
    transparent: bool = False  # TRANSP:TRANSPARENT, does not count as busy
    hidden: bool = False  # CLASS other than PUBLIC, or a calendar shown as busy: nothing but times and status is known
    sequence: int = 0
    rule: str = ""  # RRULE value of the series this belongs to, empty outside a series
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    alarms: tuple[Trigger, ...] = ()  # of DISPLAY and AUDIO alarms


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an event takes place. Identity: calendar, uid, recurrence_id (None outside a series)."""

    calendar: CalendarName
    href: Href
    uid: Uid
    recurrence_id: RecurrenceId | None
    when: When
    details: Details

    @property
    def id(self) -> OccurrenceId:
        return OccurrenceId(self.uid, self.recurrence_id)


@dataclass(frozen=True, slots=True)
class OccurrenceId:
    """Names an occurrence within what a room sees: the same uid in two calendars of a room is one event."""

    uid: Uid
    recurrence_id: RecurrenceId | None = None


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """A calendar object resource as the server has it. `etag` is None where the server gave none."""

    href: Href
    etag: Etag | None
    data: str


@dataclass(frozen=True, slots=True)
class Delta:
    """What a calendar says changed since a cursor.

    `complete`: `listed` is the whole calendar, so what is not in it is gone, and `removed` is empty. Otherwise `listed`
    holds only what was added or changed; with `since`, all of what takes place after that, and nothing is said of the
    rest. `cursor` is None where the server has to be asked for everything each time.
    """

    listed: Mapping[Href, Etag]
    removed: frozenset[Href]
    cursor: Cursor | None
    complete: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of fetching objects: those that are there, and those that the server failed to give. What is in
    neither is gone."""

    objects: tuple[CalendarObject, ...]
    failed: frozenset[Href] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody joined to a room, with the name the room knows them by."""

    user: UserId
    name: str


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """Who can get at a room's contents besides its members: values of the state events, as the server has them now."""

    join_rule: str = "invite"  # m.room.join_rules
    history_visibility: str = "shared"  # m.room.history_visibility
    guest_access: str = "forbidden"  # m.room.guest_access


class Kind(str, Enum):
    """`io.calbot.kind` of a message."""

    MEETING = "meeting"
    AGENDA = "agenda"
    REMINDER = "reminder"
    CHANGE = "change"
    CANCELLED = "cancelled"
    SLOTS = "slots"
    POLL = "poll"
    POLL_RESULT = "poll_result"
    QUESTION = "question"
    HELP = "help"
    STATUS = "status"
    OK = "ok"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """What the bot says, in both forms, with its machine-readable part.

    `notify`: sent as m.text, which may notify; otherwise m.notice, which never does. `discloses`: says something of a
    calendar, so it must not leave in clear where the room is encrypted. `data` is the `io.calbot` part without `v`,
    `key` and `kind`.
    """

    kind: Kind
    text: str
    html: str
    data: Mapping[str, Any] = field(default_factory=dict)
    mentions: tuple[UserId, ...] = ()
    mention_room: bool = False
    notify: bool = False
    discloses: bool = True

    def mentioning(self, *users: UserId) -> Message:
        """The same message as one that notifies, mentioning `users`; without any it stays as it is.

        Of more than there is room for in an event (64 KiB, encrypted), the first.
        """
        if not users:
            return self
        mentioned = tuple(dict.fromkeys((*self.mentions, *users)))
        sizes = accumulate(len(user) for user in mentioned)
        fitting = tuple(user for user, size in zip(mentioned, sizes, strict=True) if size <= _MENTIONS)
        return replace(self, notify=True, mentions=fitting)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a message."""

    filename: str
    mimetype: str
    data: bytes
