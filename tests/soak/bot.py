"""The bot as it runs in the simulation: its services on a database file, its alarms on the simulated clock."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from mautrix.util.async_db import Database

from calbot.core.i18n import Catalog
from calbot.core.model import CalendarName, Locale
from calbot.core.settings import Settings, Weekday
from calbot.db.stores import Stores
from calbot.services import startup
from calbot.services.world import InForce, World
from tests.fakes.clock import FakeClock

from .database import MortalDatabase, opened
from .life import Life
from .servers import CalendarServers, Homeserver

Ring = Callable[[], Awaitable[None]]
Following = Callable[[datetime], datetime]  # when an alarm that repeats itself rings after an instant

_LOG = logging.getLogger("soak.bot")
_LOCALES = Path(__file__).parents[2] / "calbot" / "locales"
_LOOK = "sync:"
_LOOK_GRID = timedelta(seconds=60)
_IDLE_LOOK = timedelta(hours=11)
_REPEATED = timedelta(hours=7)


class SimulatedAlarm:
    """`ports.Alarm` on the simulated clock.

    A year of looks at sixty calendars each minute is thirty million of the same: looks at calendars in which nothing
    happened are put off, and made at the next full minute once something has. Alarms that repeat themselves ring every
    few hours.
    """

    def __init__(self, clock: FakeClock, life: Life, servers: CalendarServers) -> None:
        self._clock = clock
        self._life = life
        self._servers = servers
        self._queue: list[tuple[datetime, int, str]] = []
        self._rings: dict[str, tuple[int, Ring, Following | None]] = {}
        self._idle: dict[str, datetime] = {}  # when a look that was put off would have been made
        self._numbers = itertools.count()

    def at(self, name: str, when: datetime, ring: Ring) -> None:
        self._life.step("alarm")
        now = self._clock()
        self._idle.pop(name, None)
        if name.startswith(_LOOK) and when > now and name.removeprefix(_LOOK) not in self._servers.dirty:
            self._idle[name] = when
            when += _IDLE_LOOK
        self._set(name, max(when, now), ring)

    def every(self, name: str, seconds: float, ring: Ring, *, jitter: float = 0) -> None:
        self._life.step("alarm")
        self._set(name, self._clock() + _REPEATED, ring, lambda last: last + _REPEATED)

    def cron(self, name: str, clock: time, weekday: Weekday | None, zone: ZoneInfo, ring: Ring) -> None:
        self._life.step("alarm")

        def following(last: datetime) -> datetime:
            day = last.astimezone(zone).date()
            while True:
                at = datetime.combine(day, clock, tzinfo=zone)
                if at > last and (weekday is None or day.weekday() == weekday.number):
                    return at.astimezone(timezone.utc)
                day += timedelta(days=1)

        self._set(name, following(self._clock()), ring, following)

    def cancel(self, name: str) -> None:
        self._life.step("alarm")
        self._rings.pop(name, None)
        self._idle.pop(name, None)

    def wake(self, calendar: CalendarName) -> None:
        """Something has happened in a calendar."""
        name = f"{_LOOK}{calendar}"
        planned = self._idle.pop(name, None)
        if planned is None or name not in self._rings:
            return
        passed = max(0, math.ceil((self._clock() - planned) / _LOOK_GRID))
        self._set(name, planned + passed * _LOOK_GRID, self._rings[name][1])

    def next(self) -> datetime | None:
        while self._queue:
            when, number, name = self._queue[0]
            if name in self._rings and self._rings[name][0] == number:
                return when
            heapq.heappop(self._queue)
        return None

    def take(self) -> tuple[str, Ring]:
        """The next one, which is due."""
        _, _, name = heapq.heappop(self._queue)
        _, ring, following = self._rings.pop(name)
        self._idle.pop(name, None)
        if following is not None:
            self._set(name, following(self._clock()), ring, following)
        return name, ring

    def _set(self, name: str, when: datetime, ring: Ring, following: Following | None = None) -> None:
        number = next(self._numbers)
        self._rings[name] = (number, ring, following)
        heapq.heappush(self._queue, (when, number, name))


class Bot:
    """One life of the bot, from a start to a kill."""

    def __init__(self, database: MortalDatabase, life: Life, world: World, alarm: SimulatedAlarm) -> None:
        self.life = life
        self.world = world
        self.alarm = alarm
        self._database = database

    @classmethod
    async def started(
        cls,
        database_url: str,
        settings: Settings,
        clock: FakeClock,
        chat: Homeserver,
        servers: CalendarServers,
    ) -> Bot:
        life = Life()
        database = await opened(database_url, life)
        chat.life = servers.life = life
        alarm = SimulatedAlarm(clock, life, servers)
        world = World(
            in_force=InForce.of(settings),
            problems=(),
            stores=Stores(cast(Database, database)),
            chat=chat,
            gateway=servers,
            clock=clock,
            alarm=alarm,
            catalogs=_catalogs(),
            log=_LOG,
            version="0.0.0",
            began=clock(),
            remarks=tuple,
            passed=life.step,
        )
        bot = cls(database, life, world, alarm)
        alarm.at("begin", clock(), partial(startup.begin, world))
        return bot

    def reconfigured(self, settings: Settings, clock: FakeClock, servers: CalendarServers) -> None:
        """Other settings, as the plugin puts them in force: another world, another alarm clock, the same chat."""
        self.alarm = SimulatedAlarm(clock, self.life, servers)
        self.world = self.world.renewed(settings, (), servers, self.alarm)
        self.alarm.at("begin", clock(), partial(startup.begin, self.world))

    async def end(self) -> None:
        self.life.end()
        await self._database.stop()

    async def mirrored(self, calendar: str) -> Mapping[str, str]:
        """The version of each object of which the bot knows, as it lies in the database."""
        rows = await self._database.rows.fetch(
            """SELECT href, etag FROM calendar_object WHERE calendar = $1
               UNION ALL SELECT href, etag FROM past_object WHERE calendar = $1""",
            calendar,
        )
        return {row["href"]: row["etag"] for row in rows}

    async def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = (
            await self._database.rows.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
            if self._database.is_file
            else await self._database.rows.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        )
        return {
            row["name"]: cast(int, await self._database.rows.fetchval(f"SELECT COUNT(*) FROM {row['name']}"))
            for row in tables
        }


_read: dict[Locale, Catalog] = {}


def _catalogs() -> dict[Locale, Catalog]:
    if not _read:
        _read["de"] = Catalog.read((_LOCALES / "de.po").read_bytes(), "de")
        _read["en"] = Catalog.read((_LOCALES / "en.po").read_bytes(), "en")
    return _read


def failed_logs() -> tuple[logging.Handler, list[str]]:
    """What the bot calls an error in its log: there should be none while its database works."""
    errors: list[str] = []

    class Errors(logging.Handler):
        def emit(self, record: Any) -> None:
            errors.append(self.format(record))

    handler = Errors(logging.ERROR)
    _LOG.addHandler(handler)
    _LOG.propagate = False
    return handler, errors
