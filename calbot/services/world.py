"""Everything the use cases may touch, in one value; replaced whole when the settings change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from calbot.core.ask import Say
from calbot.core.i18n import Catalog, Reader
from calbot.core.model import Locale, UserId
from calbot.core.preferences import PrivateLeads
from calbot.core.settings import Problem, Settings
from calbot.ports import Alarm, CalendarGateway, Chat, Clock, Listening, Mailer, Stores

from .acts import Acts
from .clock_watch import ClockWatch
from .known import KnownRooms
from .locks import Locks
from .looks import Looks
from .outbox import Outbox
from .pace import Pace
from .pages import Built
from .precedence import Precedence
from .rate_limits import Buckets
from .sight import Watch
from .tally import Tally


@dataclass(slots=True)
class InForce:
    """The settings that hold now: what the file says, and over it what was said in the rooms."""

    file: Settings
    settings: Settings
    found: Mapping[UserId, str] = field(default_factory=dict)  # addresses that were searched for
    private: PrivateLeads | None = None  # None until they are read from the database

    @classmethod
    def of(cls, file: Settings) -> InForce:
        """As the file says, until `services.preferences` has put over it what was said in the rooms."""
        return cls(file, file)

    def apply(self, settings: Settings) -> None:
        """Let these hold from now on, with the addresses that were found."""
        self.settings = replace(settings, people=replace(settings.people, found=self.found))


@dataclass(frozen=True, slots=True)
class World:
    """The settings with the mistakes found in them, and the ports."""

    in_force: InForce
    problems: tuple[Problem, ...]
    stores: Stores
    chat: Chat
    gateway: CalendarGateway
    clock: Clock
    alarm: Alarm
    catalogs: Mapping[Locale, Catalog]
    log: logging.Logger
    version: str
    began: datetime  # when the bot was started
    remarks: Callable[[], Sequence[Say]]  # on the set-up of the client, for `status`
    passed: Callable[[str], None]  # told each step of what must not happen twice; tests kill the bot there
    mailer: Mailer | None = None  # None where no mail server is configured
    address: str = ""  # of the bot's pages; empty where it has none
    locks: Locks = field(default_factory=Locks)
    acts: Acts = field(default_factory=Acts)
    known: KnownRooms = field(default_factory=KnownRooms)
    outbox: Outbox = field(default_factory=Outbox)
    pace: Pace = field(default_factory=Pace)
    precedence: Precedence = field(default_factory=Precedence)
    looks: Looks = field(default_factory=Looks)
    buckets: Buckets = field(default_factory=Buckets)
    clock_watch: ClockWatch = field(default_factory=ClockWatch)
    listening: Callable[[], Listening] = Listening
    tally: Tally = field(default_factory=Tally)
    watch: Watch = field(default_factory=Watch)
    built: Built = field(default_factory=Built)

    @property
    def settings(self) -> Settings:
        return self.in_force.settings

    def reader(self, locale: Locale, zone: ZoneInfo) -> Reader:
        """Somebody who reads `locale` on a clock in `zone`, now."""
        now = self.clock().astimezone(zone)
        return Reader(self.catalogs[locale], locale, zone, now, self.settings.command_prefix)

    def renewed(
        self,
        settings: Settings,
        problems: tuple[Problem, ...],
        gateway: CalendarGateway,
        alarm: Alarm,
        mailer: Mailer | None = None,
    ) -> World:
        """The world under other settings; what is known of rooms, what is locked and who waits for something goes over
        into it."""
        return replace(
            self,
            in_force=InForce.of(settings),
            problems=problems,
            gateway=gateway,
            alarm=alarm,
            mailer=mailer,
            watch=Watch(),
        )
