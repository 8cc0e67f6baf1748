"""The department: who works there, which rooms and calendars they have, and how their meetings are made."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from calbot.core.model import AccountName, CalendarName, RoomId
from calbot.core.settings import (
    Account,
    Alarms,
    Calendar,
    Digest,
    Levels,
    Mention,
    People,
    Room,
    Secret,
    Settings,
    Sync,
)

from .events import Alarm, Event, Guest, Texts
from .expectations import RoomRules

SERVER = "example.org"
_ZONES = ("Europe/Berlin",) * 8 + ("UTC", "Europe/London", "America/New_York")
_LEADS = ((900,), (900,), (86400, 900), (300,), (3600, 600), (1800,), (172800, 86400, 3600, 0), ())
_WORDS = (  # of titles
    "Budget",
    "Vergabe",
    "Radweg",
    "Kita",
    "Archiv",
    "Wahl",
    "Haushalt",
    "Digitales",
    "Personal",
    "Umwelt",
    "Märkte",
)
_KINDS = ("runde", "abstimmung", "gespräch", "vorstellung", "klausur", "termin", "sprechstunde")
_PLACES = ("", "", "Raum 4.12", "Rathaus; Saal 1", "Kantine", "Bürgerbüro, EG")


@dataclass(frozen=True, slots=True)
class Department:
    people: tuple[str, ...]
    members: Mapping[str, frozenset[str]]  # of each room
    servers: Mapping[str, tuple[str, ...]]
    rooms: Mapping[str, RoomRules]

    @property
    def calendars(self) -> tuple[str, ...]:
        return tuple(name for names in self.servers.values() for name in names)

    def settings(self, rooms: Mapping[str, RoomRules]) -> Settings:
        """The configuration as the admins write it."""
        return Settings(
            accounts={
                AccountName(server): Account(AccountName(server), f"https://{server}/", "calbot", Secret("x"))
                for server in self.servers
            },
            calendars={
                CalendarName(name): Calendar(CalendarName(name), AccountName(server), f"https://{server}/{name}/")
                for server, names in self.servers.items()
                for name in names
            },
            rooms={RoomId(room): _room(room, rules) for room, rules in rooms.items()},
            people=People(address_template=f"{{localpart}}@{SERVER}"),
            sync=Sync(horizon=timedelta(days=60)),
        )


def _room(room: str, rules: RoomRules) -> Room:
    calendars = tuple(CalendarName(name) for name in rules.calendars)
    return Room(
        id=RoomId(room),
        calendars=calendars,
        write_to=calendars[0],
        language="de" if rules.language == "de" else "en",
        timezone=ZoneInfo(rules.zone),
        duration=timedelta(hours=1),
        reminders=tuple(timedelta(seconds=lead) for lead in rules.leads),
        alarms=Alarms.USE if rules.alarms else Alarms.IGNORE,
        mention=Mention(rules.mention),
        levels=Levels(),
        digest=Digest(daily=rules.daily),
    )


def founded(chances: random.Random, scale: float) -> Department:
    """200 people, 40 rooms, 60 calendars on three servers, at scale 1."""
    people = tuple(f"@person{number}:{SERVER}" for number in range(max(6, round(200 * scale))))
    calendars = [f"kalender-{number}" for number in range(max(4, round(60 * scale)))]
    names = [f"!raum{number}:{SERVER}" for number in range(max(3, round(40 * scale)))]
    mapped: dict[str, list[str]] = {name: [] for name in names}
    for number, calendar in enumerate(calendars):
        for room in {names[number % len(names)], *chances.sample(names, k=chances.choice((0, 0, 1)))}:
            mapped[room].append(calendar)
    return Department(
        people=people,
        members={room: frozenset(chances.sample(people, k=min(len(people), chances.randint(4, 14)))) for room in names},
        servers={f"dav{number}": tuple(calendars[number::3]) for number in range(3)},
        rooms={room: room_rules(chances, mapped[room]) for room in names},
    )


def room_rules(chances: random.Random, calendars: Sequence[str]) -> RoomRules:
    return RoomRules(
        calendars=tuple(calendars),
        leads=chances.choice(_LEADS),
        alarms=chances.random() < 0.7,
        mention=chances.choice(("attendees", "attendees", "attendees", "room", "none")),
        zone="Europe/London" if chances.random() < 0.1 else "Europe/Berlin",
        language="en" if chances.random() < 0.2 else "de",
        daily=chances.choice((None, time(7, 30), time(6, 0))),
    )


class Secretary:
    """Thinks up meetings."""

    def __init__(self, chances: random.Random, people: Sequence[str]) -> None:
        self._chances = chances
        self._people = people
        self._number = 0

    def title(self) -> str:
        self._number += 1
        return f"{self._chances.choice(_WORDS)}{self._chances.choice(_KINDS)} {self._number}"

    def place(self) -> str:
        return self._chances.choice(_PLACES)

    def guests(self) -> tuple[Guest, ...]:
        invited = self._chances.sample(self._people, k=self._chances.randint(0, 5))
        states = ("NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE")
        return tuple(Guest(f"{one[1:].partition(':')[0]}@{SERVER}", self._chances.choice(states)) for one in invited)

    def texts(self) -> Texts:
        return Texts(self.title(), self.place(), guests=self.guests())

    def length(self) -> timedelta:
        return timedelta(minutes=self._chances.choice((15, 30, 45, 60, 60, 90, 120, 240)))

    def alarms(self) -> tuple[Alarm, ...]:
        choice = self._chances.random()
        if choice < 0.7:
            return ()
        one = Alarm(self._chances.choice((300, 600, 1200, 7200)), self._chances.choice(("DISPLAY", "AUDIO", "EMAIL")))
        return (one, Alarm(self._chances.choice((600, 7200)), of_end=True)) if choice > 0.95 else (one,)

    def day_time(self, now: datetime, days: int) -> datetime:
        """A time at which people meet, on the wall clock."""
        day = (now + timedelta(days=days)).replace(tzinfo=None, second=0, microsecond=0)
        hour = self._chances.choice((8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 16))
        return day.replace(hour=hour, minute=self._chances.choice((0, 0, 0, 15, 30, 45)))

    def meeting(self, now: datetime) -> Event:
        """One that takes place once, in the next weeks."""
        start = self.day_time(now, self._chances.choice((0, 0, 1, 1, 2, 3, 5, 7, 14, 25)))
        zone = self._chances.choice((*_ZONES, ""))
        if self._chances.random() < 0.06:
            length = timedelta(days=self._chances.choice((1, 1, 2)))
            return Event(self._uid(), start.date(), length, self.texts(), alarms=self.alarms())
        return Event(
            self._uid(), start, self.length(), self.texts(), zone, alarms=self.alarms(),
            hidden=self._chances.random() < 0.05,
        )  # fmt: skip

    def meeting_soon(self, now: datetime) -> Event:
        """One for which it is nearly too late to remind of."""
        start = (now + timedelta(minutes=self._chances.randint(1, 70))).replace(tzinfo=None, microsecond=0)
        return Event(self._uid(), start, self.length(), self.texts(), "UTC", alarms=self.alarms())

    def series(self, now: datetime) -> Event:
        start = self.day_time(now, self._chances.randint(-20, 10))
        zone = self._chances.choice(_ZONES)
        rule = self._chances.choice(
            (
                "FREQ=WEEKLY",
                "FREQ=WEEKLY",
                f"FREQ=WEEKLY;INTERVAL={self._chances.choice((2, 3))}",
                "FREQ=WEEKLY;COUNT=12",
                "FREQ=WEEKLY;BYDAY=TU,TH",
                "FREQ=MONTHLY;BYDAY=-1FR",
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
                "FREQ=MONTHLY",
            )
        )
        choice = self._chances.random()
        if choice < 0.02:
            start = start.replace(hour=2, minute=30)  # the hour that the clock change takes away, or gives twice
            rule = "FREQ=DAILY"
        elif choice < 0.06:
            rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
        start = _first(start, rule)
        return Event(self._uid(), start, self.length(), self.texts(), zone, rule, alarms=self.alarms())

    def _uid(self) -> str:
        return f"{self._chances.getrandbits(64):016x}@soak"


def _first(start: datetime, rule: str) -> datetime:
    """DTSTART has to be in step with the rule (RFC 5545 3.8.5.3)."""
    first = rrulestr(rule, dtstart=start).after(start, inc=True)
    return first if isinstance(first, datetime) else start
