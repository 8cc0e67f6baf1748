"""The checked configuration: what `base-config.yaml` says, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from .model import AccountName, CalendarName, Locale, RoomId, UserId
from .rate_limits import Limits


class Severity(str, Enum):
    ERROR = "error"  # what it concerns cannot be used
    NOTICE = "notice"  # good to know; everything works


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where (`accounts.city.url`) and what was expected there, as a catalog key below ``config.``."""

    path: str
    expected: str
    params: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password is: given as such, in an environment variable, or in a file. Never shown, not even by repr."""

    value: str = field(default="", repr=False)
    env: str = ""
    file: str = ""


class Auth(str, Enum):
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"


class Delivery(str, Enum):
    """Who sends invitations: the calendar server (RFC 6638), the bot by e-mail (iMIP), nobody."""

    SERVER = "server"
    EMAIL = "email"
    NONE = "none"


class Encryption(str, Enum):
    """How the connection to the mail server is protected: from within (RFC 3207), from the start, not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Access(str, Enum):
    READ_WRITE = "read-write"
    READ_ONLY = "read-only"


class Show(str, Enum):
    FULL = "full"
    BUSY = "busy"


class Mention(str, Enum):
    """Whom a reminder mentions."""

    ATTENDEES = "attendees"
    ROOM = "room"
    NONE = "none"


class Alarms(str, Enum):
    USE = "use"
    IGNORE = "ignore"


class Weekday(str, Enum):
    """As the configuration writes it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """As `date.weekday`: Monday is 0."""
        return tuple(Weekday).index(self)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to before `end` on a wall clock; over midnight where `end` is not later."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Digest:
    """When an agenda is posted by itself, on the reader's clock: each day, one day of the week, or both.

    `always`: also where there is nothing to tell.
    """

    daily: time | None = None
    weekly: tuple[Weekday, time] | None = None
    always: bool = False


class FreeBusy(str, Enum):
    """Whose free time an account may be asked for."""

    MEMBERS = "members"  # of the sender, of the members of the room, of resources
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that can be booked, such as a room. `calendar` is one of the configured ones, or none."""

    name: str
    address: str
    calendar: CalendarName | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A login to a calendar server. `url` ends in a slash; `timeout` in seconds; `parallel` requests at once."""

    name: AccountName
    url: str
    username: str
    password: Secret
    auth: Auth = Auth.BASIC
    ca_file: str = ""
    address: str = ""
    delivery: Delivery = Delivery.NONE
    freebusy: FreeBusy = FreeBusy.MEMBERS
    timeout: float = 20.0
    parallel: int = 4


@dataclass(frozen=True, slots=True)
class MapRights:
    """Who besides the admins may connect a calendar to a room. `power_level` only narrows the others."""

    users: frozenset[UserId] = frozenset()
    rooms: frozenset[RoomId] = frozenset()
    power_level: int | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar of an account. `url` is absolute; where it was given relative to the account's, `path` is what was
    given. `organizer` is a cal-address without ``mailto:``, or empty."""

    name: CalendarName
    account: AccountName
    url: str
    access: Access = Access.READ_WRITE
    show: Show = Show.FULL
    organizer: str = ""
    delivery: Delivery | None = None  # None: as the account
    map: MapRights = field(default_factory=MapRights)
    path: str = ""


@dataclass(frozen=True, slots=True)
class Levels:
    """Power levels needed in a room. `settings` None: the room's state_default."""

    new: int = 0
    cancel: int = 50
    settings: int | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    language: Locale = "de"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    duration: timedelta = timedelta(minutes=60)
    reminders: tuple[timedelta, ...] = (timedelta(minutes=15),)
    alarms: Alarms = Alarms.USE
    mention: Mention = Mention.ATTENDEES
    working_hours: Hours = Hours(time(8), time(18))
    working_days: tuple[Weekday, ...] = tuple(Weekday)[:5]
    holidays: str = ""  # country and region as "DE-BY" (ISO 3166-2), or nothing
    quiet_hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A room's mapping and settings, the defaults filled in. `write_to` is None where nothing can be written.

    `read_only`: those of its calendars that are not written from here, whatever they allow themselves.
    """

    id: RoomId
    calendars: tuple[CalendarName, ...]
    write_to: CalendarName | None
    language: Locale
    timezone: ZoneInfo
    duration: timedelta
    reminders: tuple[timedelta, ...]
    alarms: Alarms
    mention: Mention
    levels: Levels = field(default_factory=Levels)
    digest: Digest = field(default_factory=Digest)
    read_only: frozenset[CalendarName] = frozenset()


@dataclass(frozen=True, slots=True)
class People:
    """How a Matrix ID becomes an address: `address_template` on the bot's own server, `templates` on others by name.

    `principal_search`: whoever has none by these is searched for on the calendar servers; `found` is what they said.
    """

    address_template: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[UserId, str] = field(default_factory=dict)
    principal_search: bool = False
    found: Mapping[UserId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeetingLinks:
    template: str = ""  # holds {secret}
    room: bool = False


@dataclass(frozen=True, slots=True)
class Polls:
    deadline: timedelta = timedelta(days=3)
    nudge: timedelta = timedelta(hours=24)
    max_options: int = 20


@dataclass(frozen=True, slots=True)
class Sync:
    interval: timedelta = timedelta(seconds=60)
    max_interval: timedelta = timedelta(minutes=15)
    horizon: timedelta = timedelta(days=180)
    max_command_age: timedelta = timedelta(minutes=15)


class ForeignMembers(str, Enum):
    """What happens while a room has members of servers that are not allowed."""

    PAUSE = "pause"
    ALLOW = "allow"


class KeyHolders(str, Enum):
    """Whose devices can read what the bot writes: those of everybody in the room, or those that their owners signed."""

    ALL = "all"
    CROSS_SIGNED = "cross-signed"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over is kept."""

    events: timedelta = timedelta(days=30)
    polls: timedelta = timedelta(days=90)
    reminders: timedelta = timedelta(days=30)
    audit: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Privacy:
    require_encryption: bool = False
    foreign_members: ForeignMembers = ForeignMembers.PAUSE
    send_keys_to: KeyHolders = KeyHolders.ALL
    retention: Retention = field(default_factory=Retention)

    @property
    def cross_signed_only(self) -> bool:
        return self.send_keys_to is KeyHolders.CROSS_SIGNED


@dataclass(frozen=True, slots=True)
class Email:
    """The mail server for invitations; there is none without `host`. `sender` empty: the organizer."""

    host: str = ""
    port: int = 587
    tls: Encryption = Encryption.STARTTLS
    username: str = ""
    password: Secret = field(default_factory=Secret)
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """What is served below maubot's path of the plugin. Without `token`, nobody is told figures and reasons."""

    feeds: bool = True
    token: Secret = field(default_factory=Secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the bot was told, checked."""

    command_prefix: str = "!meet"
    admins: frozenset[UserId] = frozenset()
    allowed_servers: frozenset[str] = frozenset()  # empty: the bot's own
    defaults: Defaults = field(default_factory=Defaults)
    accounts: Mapping[AccountName, Account] = field(default_factory=dict)
    calendars: Mapping[CalendarName, Calendar] = field(default_factory=dict)
    rooms: Mapping[RoomId, Room] = field(default_factory=dict)
    people: People = field(default_factory=People)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    meeting_links: MeetingLinks = field(default_factory=MeetingLinks)
    polls: Polls = field(default_factory=Polls)
    sync: Sync = field(default_factory=Sync)
    privacy: Privacy = field(default_factory=Privacy)
    email: Email = field(default_factory=Email)
    web: Web = field(default_factory=Web)
    limits: Limits = field(default_factory=Limits)

    @property
    def mapped_calendars(self) -> tuple[CalendarName, ...]:
        """Those that any room shows."""
        shown = {name for room in self.rooms.values() for name in room.calendars}
        return tuple(name for name in self.calendars if name in shown)

    def rooms_of(self, calendar: CalendarName) -> tuple[Room, ...]:
        return tuple(room for room in self.rooms.values() if calendar in room.calendars)

    def delivery(self, calendar: CalendarName) -> Delivery:
        """Who invites for a calendar: its own setting, else its account's."""
        own = self.calendars[calendar].delivery
        return own if own is not None else self.accounts[self.calendars[calendar].account].delivery

    def organizer(self, calendar: CalendarName) -> str:
        """The ORGANIZER of what the bot writes there, or nothing if no address is known."""
        return self.calendars[calendar].organizer or self.accounts[self.calendars[calendar].account].address
