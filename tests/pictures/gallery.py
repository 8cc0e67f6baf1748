"""What the bot says, by occasion, in each language: typed into a room, and answered by the real services.

An office is opened for each scene, so that none depends on another; all begin on a Tuesday at eight.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from mautrix.util.async_db import Database

from calbot.core.model import Busy, EventId, Kind, Locale, Message, UserId
from calbot.core.settings import MeetingLinks, Sync
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.errors import CalendarUnavailable
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office, open_office

NAMES: Mapping[UserId, str] = {ANNA: "Anna Huber", BEN: "Ben Yıldız", CARLA: "Carla Roth"}
BOT = "calbot"
_MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=BERLIN)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody typed, or a message of the bot."""

    by: str
    said: str | Message


@dataclass(frozen=True, slots=True)
class Scene:
    """An occasion, and what was said in the room."""

    name: str
    lines: tuple[Line, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(line.said for line in self.lines if isinstance(line.said, Message))


@dataclass(slots=True)
class Room:
    """The room as a scene plays in it; `lines` is what it is to show."""

    office: Office
    locale: Locale
    lines: list[Line] = field(default_factory=list)

    def words(self, german: str, english: str) -> str:
        return german if self.locale == "de" else english

    async def types(self, german: str, english: str, by: UserId = ANNA) -> None:
        """Somebody types a command, and sees what comes of it."""
        text = self.words(german, english)
        self.lines.append(Line(NAMES[by], _as_shown(text)))
        self.hears(await self.office.says(text, by))

    async def answers(self, to: EventId, german: str, english: str, by: UserId = ANNA) -> None:
        """Somebody types a command as a reply."""
        text = self.words(german, english)
        self.lines.append(Line(NAMES[by], _as_shown(text)))
        self.hears(await self.office.replies(to, text, by))

    async def before(self, german: str, english: str, by: UserId = ANNA) -> None:
        """What was typed earlier, and is not shown."""
        await self.office.says(self.words(german, english), by)

    def hears(self, messages: list[Message]) -> None:
        self.lines += [Line(BOT, message) for message in messages]

    async def put(self, uid: str, title: str, start: str, end: str, *more: str, zone: str = "Europe/Berlin") -> None:
        """Somebody writes an event in a calendar program."""
        times = (f"DTSTART;TZID={zone}:{start}", f"DTEND;TZID={zone}:{end}")
        if "T" not in start:
            times = (f"DTSTART;VALUE=DATE:{start}", f"DTEND;VALUE=DATE:{end}")
        lines = ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *times, f"SUMMARY:{title}", *more)
        frame = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN")
        text = "\r\n".join((*frame, *lines, "END:VEVENT", "END:VCALENDAR", ""))
        self.office.calendar.put(CALENDAR, uid, text)
        await self.office.pull()

    def change(self, old: str, new: str) -> None:
        """Somebody changes an event in a calendar program, and the bot has not looked yet."""
        for href, one in self.office.calendar.objects(CALENDAR).items():
            if old in one.data:
                name = href.rpartition("/")[2].removesuffix(".ics")
                self.office.calendar.put(CALENDAR, name, one.data.replace(old, new))


def _as_shown(text: str) -> str:
    """A pill is shown by its name."""
    for user, name in NAMES.items():
        text = text.replace(user, f"@{name}")
    return text


# ---------------------------------------------------------------------------------------------------------- the scenes

_Play = Callable[[Room], Awaitable[None]]
_SCENES: dict[str, _Play] = {}


def _scene(play: _Play) -> _Play:
    _SCENES[play.__name__] = play
    return play


@_scene
async def card(room: Room) -> None:
    links = MeetingLinks(template="https://meet.example.org/{secret}", room=False)
    room.office.change(meeting_links=links)
    await room.types(
        f'!meet neu Budgetrunde jeden Di 14-15 Uhr {BEN} {CARLA} ort:"Rathaus, Raum 4.12"',
        f'!meet new Budget round every Tue 2-3pm {BEN} {CARLA} loc:"Town hall, room 4.12"',
    )


@_scene
async def card_from_another_zone(room: Room) -> None:
    place = room.words("LOCATION:Videokonferenz", "LOCATION:Video call")
    text = room.words("DESCRIPTION:Agenda folgt.", "DESCRIPTION:Agenda follows.")
    await room.put(
        "partner", "Partner call", "20261126T090000", "20261126T100000", place, text, zone="America/New_York"
    )
    await room.before("!meet liste", "!meet list")
    await room.types("!meet zeige 1", "!meet show 1")


@_scene
async def card_changed_and_cancelled(room: Room) -> None:
    await room.before(f"!meet neu Budgetrunde Do 14-15 Uhr {BEN}", f"!meet new Budget round Thu 2-3pm {BEN}")
    await room.types("!meet verschiebe letzter Fr 9:30", "!meet move last Fri 9:30")
    await room.types(
        '!meet ändere letzter titel:"Budgetrunde 2027" ort:Rathaus',
        '!meet edit last title:"Budget round 2027" loc:"Town hall"',
    )
    await room.types('!meet absagen letzter "keine Themen"', '!meet cancel last "no topics"')
    await room.types("!meet rückgängig", "!meet undo")


@_scene
async def agenda(room: Room) -> None:
    await _week(room)
    await room.types("!meet woche", "!meet week")


@_scene
async def agenda_with_nothing_on_it(room: Room) -> None:
    await room.types("!meet morgen", "!meet tomorrow")
    await room.types("!meet nächster", "!meet next")


@_scene
async def agenda_that_is_too_long(room: Room) -> None:
    await room.put(
        "stand-up", "Stand-up", "20261124T090000", "20261124T091500", "RRULE:FREQ=HOURLY;BYHOUR=9,11,13,15,17"
    )
    await room.types("!meet liste", "!meet list")


@_scene
async def next_meeting(room: Room) -> None:
    await _week(room)
    await room.types("!meet nächster", "!meet next")


@_scene
async def slots(room: Room) -> None:
    taken = [Busy(_at(25, 8), _at(25, 16), False), Busy(_at(26, 9), _at(26, 12), False)]
    for user, busy in ((ANNA, []), (BEN, taken), (CARLA, taken[1:])):
        room.office.calendar.outbox[f"{user[1:].partition(':')[0]}@example.org"] = busy
    await room.types('!meet finde 1h morgen "Budgetrunde"', '!meet find 1h tomorrow "Budget round"')
    await room.types(f"!meet finde 90m diese Woche {BEN} {CARLA}", f"!meet find 90m this week {BEN} {CARLA}")


@_scene
async def poll(room: Room) -> None:
    await _poll(room)


@_scene
async def poll_result(room: Room) -> None:
    await _poll(room)
    await room.before("!meet stimme 1 3", "!meet vote 1 3")
    await room.before("!meet stimme 3", "!meet vote 3", by=BEN)
    edited = [one.message for one in room.office.chat.posted if one.edits and one.message]
    room.lines = [Line(BOT, message) for message in edited[-1:]]
    await room.types("!meet schließen", "!meet close")


@_scene
async def polls_in_words(room: Room) -> None:
    await _poll(room)
    await room.before("!meet umfrage Workshop Do; Fr", "!meet poll Workshop Thu; Fri")
    room.lines.clear()
    await room.types("!meet umfragen", "!meet polls")
    await room.types("!meet schließen", "!meet close")
    await room.before("!meet 1", "!meet 1")
    await room.types("!meet stimme 2", "!meet vote 2", by=BEN)


@_scene
async def question(room: Room) -> None:
    await room.before("!meet neu Jour fixe jeden Mi 10-11 Uhr", "!meet new Jour fixe every Wed 10-11")
    await room.before("!meet liste", "!meet list")
    await room.types("!meet verschiebe 1 11 Uhr", "!meet move 1 11:00")


@_scene
async def question_about_a_date(room: Room) -> None:
    await room.types("!meet neu Frühstück nächsten Mi 9 Uhr", "!meet new Breakfast next Wed 9am")


@_scene
async def question_of_what_to_cancel(room: Room) -> None:
    await room.before(f"!meet neu Runde Do 14-15 Uhr {BEN}", f"!meet new Round Thu 2-3pm {BEN}")
    await room.before("!meet liste", "!meet list", by=BEN)
    await room.types("!meet absagen 1", "!meet cancel 1", by=BEN)


@_scene
async def answers_to_an_invitation(room: Room) -> None:
    await room.before(f"!meet neu Budgetrunde Do 14-15 Uhr {BEN}", f"!meet new Budget round Thu 2-3pm {BEN}")
    await room.before("!meet neu Jour fixe jeden Mi 10-11 Uhr", "!meet new Jour fixe every Wed 10-11")
    await room.before("!meet liste", "!meet list", by=BEN)
    await room.types("!meet ja 2", "!meet yes 2", by=BEN)
    await room.types("!meet nein 1", "!meet no 1", by=BEN)


@_scene
async def errors(room: Room) -> None:
    await _week(room)
    await room.types("!meet verschibe 2 Mi 10 Uhr", "!meet mvoe 2 Wed 10:00")
    await room.types("!meet neu Budgetrunde Di 25.11. 14 Uhr", "!meet new Budget round Tue 25 Nov 2pm")
    await room.types("!meet neu Budgetrunde", "!meet new Budget round")


@_scene
async def more_errors(room: Room) -> None:
    await room.types("!meet verschiebe 7 Mi 10 Uhr", "!meet move 7 Wed 10:00")
    await _week(room)
    await room.before("!meet liste", "!meet list")
    await room.types("!meet absagen 1", "!meet cancel 1", by=BEN)
    await room.types("!meet zeige 99", "!meet show 99")
    await room.types("!meet umfrage Workshop Do; 30.2.", "!meet poll Workshop Thu; 30 Feb")
    await room.types("!meet buche", "!meet book")
    room.office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await room.types("!meet neu Budgetrunde Do 14 Uhr", "!meet new Budget round Thu 2pm")


@_scene
async def both_versions(room: Room) -> None:
    await room.before("!meet neu Runde morgen 10-11 Uhr", "!meet new Round tomorrow 10-11")
    room.change("SUMMARY:R", room.words("SUMMARY:Leitungsr", "SUMMARY:Managers’ r"))
    await room.types('!meet ändere letzter titel:"Große Runde"', '!meet edit last title:"Plenary"')


@_scene
async def conflict(room: Room) -> None:
    await _week(room)
    await room.types("!meet neu Lieferantengespräch morgen 10:30", "!meet new Supplier meeting tomorrow 10:30")


@_scene
async def import_of_a_file(room: Room) -> None:
    events = (("20261125", "20:00"), ("20261126", "18:00"), ("20261127", "19:30"))
    title = room.words("Sitzung des Ausschusses", "Committee meeting")
    data = "\r\n".join(
        (
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN"),
            *(line for day, clock in events for line in _event(day, clock.replace(":", ""), title)),
            *("END:VCALENDAR", ""),
        )
    )
    room.office.chat.files["mxc://example.org/1"] = data.encode()
    info = {"size": len(data)}
    content = {"msgtype": "m.file", "body": "sitzungen.ics", "url": "mxc://example.org/1", "info": info}
    file = room.office.chat.sends(ROOM, BEN, "m.room.message", content).id
    await room.answers(file, "!meet importiere", "!meet import")
    await room.types("!meet ja", "!meet yes")


def _event(day: str, clock: str, title: str) -> tuple[str, ...]:
    start = f"DTSTART;TZID=Europe/Berlin:{day}T{clock}00"
    return (
        "BEGIN:VEVENT",
        f"UID:{day}",
        "DTSTAMP:20261101T000000Z",
        start,
        "DURATION:PT2H",
        f"SUMMARY:{title}",
        "END:VEVENT",
    )


@_scene
async def help_short(room: Room) -> None:
    await room.types("!meet", "!meet")


@_scene
async def help_overview(room: Room) -> None:
    await room.types("!meet hilfe", "!meet help")


@_scene
async def help_everything(room: Room) -> None:
    await room.types("!meet hilfe alles", "!meet help all")


@_scene
async def help_for_a_command(room: Room) -> None:
    await room.types("!meet hilfe neu", "!meet help new")
    await room.types("!meet hilfe umfrage", "!meet help poll")


@_scene
async def status(room: Room) -> None:
    await _week(room)
    await room.types("!meet zustand", "!meet status")


@_scene
async def changes(room: Room) -> None:
    await _week(room)
    await room.office.pass_time(timedelta(minutes=2))
    room.change("T100000", "T113000")
    room.change("T110000", "T123000")
    room.hears(await _told(room, Kind.CHANGE))


@_scene
async def reminders(room: Room) -> None:
    await room.before(
        f'!meet neu Budgetrunde 8:30-9 Uhr {BEN} ort:"Raum 4.12"',
        f'!meet new Budget round 8:30-9:00 {BEN} loc:"Room 4.12"',
    )
    room.hears(await room.office.until(_at(24, 8, 20)))


@_scene
async def late_reminders(room: Room) -> None:
    await room.before("!meet neu Budgetrunde 8:30-9:30 Uhr", "!meet new Budget round 8:30-9:30")
    await room.before("!meet neu Telefonat 8:40-9 Uhr", "!meet new Phone call 8:40-9:00")
    room.office.chat.down = True
    await room.office.until(_at(24, 8, 35))
    room.office.chat.down = False
    room.hears(await room.office.until(_at(24, 8, 38)))


@_scene
async def settings(room: Room) -> None:
    everybody = replace(room.office.world.settings.rooms[ROOM].levels, settings=0)
    room.office.change_room(levels=everybody)
    await room.types("!meet wann Di nächste Woche 10 Uhr", "!meet when Tue next week 10:00")
    await room.types("!meet erinnere 1d, 15m", "!meet remind 1d, 15m")
    await room.types("!meet zeitzone", "!meet tz")
    await room.types("!meet übersicht täglich 7:30", "!meet digest daily 7:30")


async def _week(room: Room) -> None:
    """What stands in the calendar of a week."""
    weekly = ("RRULE:FREQ=WEEKLY", "LOCATION:https://meet.example.org/f3k9-20ab")
    await room.put("jf", "Jour fixe", "20261125T100000", "20261125T110000", *weekly)
    await room.put("fair", room.words("Messe Köln", "Cologne fair"), "20261126", "20261128")
    hall = room.words("LOCATION:Rathaus\\, Raum 4.12", "LOCATION:Town hall\\, room 4.12")
    await room.put("budget", room.words("Budgetrunde", "Budget round"), "20261127T093000", "20261127T110000", hall)
    tentative = "STATUS:TENTATIVE"
    await room.put("interview", room.words("Gespräch", "Interview"), "20261127T140000", "20261127T150000", tentative)


async def _poll(room: Room) -> None:
    await room.types(
        f"!meet umfrage Budgetrunde Mi 14-15; Do 10; Fr 9:30 dauer:1h {BEN} {CARLA}",
        f"!meet poll Budget round Wed 2-3pm; Thu 10:00; Fri 9:30 for:1h {BEN} {CARLA}",
    )


async def _told(room: Room, kind: Kind) -> list[Message]:
    await room.office.pull()
    return [message for message in await room.office.pass_time(timedelta(minutes=1)) if message.kind is kind]


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


# --------------------------------------------------------------------------------------------------------- the gallery


async def gallery(locale: Locale) -> tuple[Scene, ...]:
    """Every scene in one language."""
    return tuple([await _played(name, play, locale) for name, play in _SCENES.items()])


async def _played(name: str, play: _Play, locale: Locale) -> Scene:
    with tempfile.TemporaryDirectory() as folder, _same_chances():
        database = Database.create(f"sqlite:{Path(folder) / 'calbot.db'}", upgrade_table=upgrade_table)
        await database.start()
        try:
            office = await open_office(Stores(database), FakeClock(_MORNING), Sync(), locale)
            office.chat.rooms[ROOM].members.update(NAMES)
            room = Room(office, locale)
            await play(room)
        finally:
            await database.stop()
    return Scene(name, tuple(room.lines))


@contextmanager
def _same_chances() -> Iterator[None]:
    """What spreads looks in time falls the same in each run."""
    state = random.getstate()
    random.seed(1)
    try:
        yield
    finally:
        random.setstate(state)
