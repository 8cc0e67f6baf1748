"""A reminder due at the same instant in 1,000 rooms: how fast they go out, and how late the last ones are.

The floor is the same messages sent by mautrix's own client, as many at a time, to the same rooms in the same run: half
of them before and half of them after the reminders. The homeserver is a real Synapse without rate limits, the bot its
use cases, database and chat as they are; only the calendars are in memory. `python -m bench.reminder_burst 100` for
fewer rooms.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from maubot.matrix import MaubotMatrixClient
from mautrix.types import EventType, RoomID
from mautrix.util.async_db import Database

from calbot import resources
from calbot.core import messages
from calbot.core.i18n import Reader
from calbot.core.ical.recurrence import read_and_expand
from calbot.core.messages import Due
from calbot.core.model import AccountName, CalendarName, CalendarObject, Href, Message, RoomId
from calbot.core.settings import Account, Alarms, Calendar, Mention, Room, Secret, Settings
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.matrix.chat import MatrixChat
from calbot.matrix.content import message_content
from calbot.ports import Alarm, Chat, Clock
from calbot.scheduling import AlarmClock, utc_now
from calbot.services import startup
from calbot.services.world import InForce, World
from calbot.typed_maubot import event_content
from demo.accounts import Homeserver, Login
from demo.client import Person
from tests.contract.chat_worlds import bot_client, running_homeserver
from tests.fakes.alarm import FakeAlarm
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

ROOMS = 1_000
CALENDARS = 60
AT_ONCE = 8
BOUND = 0.9  # of the floor's rate
_BERLIN = ZoneInfo("Europe/Berlin")
_LEAD = timedelta(minutes=15)
# Between the beginning and what is due, so that planning and all that a start has to look at are over by then.
_UNTIL_DUE = timedelta(seconds=20)
_EACH = timedelta(milliseconds=60)  # for each room
_READ_BEFORE = timedelta(minutes=10)  # looks at calendars are spread over a while after a start
_PATIENCE = 900.0
_ROOT = Path(__file__).parents[1]
_T = TypeVar("_T")


@dataclass(slots=True)
class Sent:
    """When the homeserver had taken each message, in seconds after all of them were due."""

    at: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.at) / max(self.at)

    def late(self, percent: int) -> float:
        return statistics.quantiles(self.at, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True, slots=True)
class _Rooms:
    """What the reminders go to, and by which client."""

    client: MaubotMatrixClient
    ids: Sequence[RoomId]


async def main(count: int) -> int:
    logging.disable(logging.WARNING)
    good = True
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        directory = Path(name)
        async with AsyncExitStack() as stack:
            homeserver = await stack.enter_async_context(running_homeserver(directory / "synapse"))
            anna, bot = [
                await homeserver.register(who, "bench", display_name=who.title()) for who in ("anna", "calbot")
            ]
            member = Person(homeserver, anna, display_name="Anna", store=directory / "anna")
            stack.push_async_callback(member.close)
            await member.sync()  # others can encrypt for her from here on
            client = await stack.enter_async_context(bot_client(homeserver, bot, directory / "bot.db"))
            rooms = _Rooms(client, await _make_rooms(homeserver, bot, anna, count))
            for kind in ("plain", "encrypted"):
                if kind == "encrypted":
                    await _encrypt(homeserver, bot, rooms)
                await _bare(rooms, rooms.ids)  # keys are shared, and whatever is read once is read
                before = await _bare(rooms, rooms.ids[::2])
                burst = await _burst(rooms, directory / f"{kind}.db")
                after = await _bare(rooms, rooms.ids[1::2])
                good = _report(kind, Sent([*before.at, *after.at]), before.rate, after.rate, burst) and good
    print(f"{'ok' if good else 'TOO SLOW'}: at least {BOUND} of the rate of bare sends")
    return 0 if good else 1


def _report(kind: str, bare: Sent, first: float, second: float, burst: Sent) -> bool:
    floor = statistics.harmonic_mean((first, second))
    ratio = burst.rate / floor
    print(
        f"{kind:<9} {len(burst.at)} reminders, {burst.rate:5.1f} a second; "
        f"bare sends {floor:5.1f} ({first:.1f}, {second:.1f}); "
        f"ratio {ratio:4.2f}; late p50 {burst.late(50):4.1f} s, p99 {burst.late(99):4.1f} s",
        flush=True,
    )
    return ratio >= BOUND


async def _make_rooms(homeserver: Homeserver, bot: Login, anna: Login, count: int) -> list[RoomId]:
    async def make(number: int) -> RoomId:
        room = await homeserver.create_room(bot, f"Raum {number}", invite=[anna.mxid], encrypted=False)
        await homeserver.join(anna, room)
        return RoomId(room)

    return await _at_once([partial(make, number) for number in range(count)])


async def _encrypt(homeserver: Homeserver, bot: Login, rooms: _Rooms) -> None:
    content = {"algorithm": "m.megolm.v1.aes-sha2"}
    for room in rooms.ids:
        await homeserver.set_state(bot, room, "m.room.encryption", content)
    store = rooms.client.state_store
    waiting = list(rooms.ids)
    while store is not None and waiting:  # for the client's sync to bring it
        waiting = [room for room in waiting if not await store.is_encrypted(RoomID(room))]
        await asyncio.sleep(0.2)


async def _bare(rooms: _Rooms, ids: Sequence[RoomId]) -> Sent:
    message = _reminder()
    sent = Sent()
    began = time.monotonic()

    async def send(room: RoomId) -> None:
        content = event_content(message_content(message, str(uuid4())))
        await rooms.client.send_message_event(RoomID(room), EventType.ROOM_MESSAGE, content, txn_id=str(uuid4()))
        sent.at.append(time.monotonic() - began)

    await _at_once([partial(send, room) for room in ids])
    return sent


def _reminder() -> Message:
    """What the bot says in each room."""
    now = utc_now()
    calendar = CalendarName("calendar-0")
    event = CalendarObject(Href("jour-fixe.ics"), None, _event("jour-fixe", now + _LEAD))
    expanded = read_and_expand(event, calendar=calendar, hidden=False, zone=_BERLIN, window=(now, now + _LEAD))
    catalogs = resources.read_catalogs(_Files())
    reader = Reader(catalogs["de"], "de", _BERLIN, now.astimezone(_BERLIN), "!meet")
    return messages.reminders(reader, [Due(expanded.occurrences[0], _LEAD, late=False)])


async def _burst(rooms: _Rooms, database_file: Path) -> Sent:
    """From a start of the bot, with reminders waiting, to the last of them."""
    settings = _settings(rooms.ids)
    calendars = FakeCalendarGateway(settings.calendars)
    sent = Sent()
    done = asyncio.Event()
    due = (utc_now() + _UNTIL_DUE + len(rooms.ids) * _EACH).replace(microsecond=0)
    for name in settings.calendars:
        calendars.put(name, "jour-fixe", _event(name, due + _LEAD))

    def passed(step: str) -> None:
        if step == "reminder.posted":
            sent.at.append((utc_now() - due).total_seconds())
            if len(sent.at) == len(rooms.ids):
                done.set()

    database = Database.create(f"sqlite:{database_file}", upgrade_table=upgrade_table)
    await database.start()
    try:
        stores = Stores(database)
        await _plan(settings, stores, calendars, due)
        chat = MatrixChat(rooms.client, logging.getLogger("bench"))
        async with AlarmClock(logging.getLogger("bench")) as alarm:
            await startup.begin(_world(settings, stores, calendars, chat, alarm, utc_now, passed))
            if utc_now() > due:
                raise SystemExit("planning took longer than there was time for")
            await asyncio.wait_for(done.wait(), _PATIENCE)
    finally:
        await database.stop()
    return sent


async def _plan(settings: Settings, stores: Stores, calendars: FakeCalendarGateway, due: datetime) -> None:
    """The calendars are read and announced, which is not what is measured here, in rooms that cost nothing."""
    clock = FakeClock(utc_now() - _READ_BEFORE)
    alarm = FakeAlarm(clock)
    chat = FakeChat(clock)
    for room in settings.rooms:
        chat.add_room(room)
    world = _world(settings, stores, calendars, chat, alarm, clock, lambda _: None)
    await startup.begin(world)
    await alarm.pass_until(due - timedelta(seconds=1))


def _world(
    settings: Settings,
    stores: Stores,
    calendars: FakeCalendarGateway,
    chat: Chat,
    alarm: Alarm,
    clock: Clock,
    passed: Callable[[str], None],
) -> World:
    return World(
        in_force=InForce.of(settings),
        problems=(),
        stores=stores,
        chat=chat,
        gateway=calendars,
        clock=clock,
        alarm=alarm,
        catalogs=resources.read_catalogs(_Files()),
        log=logging.getLogger("bench"),
        version="0.0.0",
        began=clock(),
        remarks=tuple,
        passed=passed,
    )


def _settings(ids: Sequence[RoomId]) -> Settings:
    account = Account(AccountName("city"), "https://dav.example.org/", "calbot", Secret("x"))
    names = [CalendarName(f"calendar-{number}") for number in range(min(CALENDARS, len(ids)))]
    rooms = [_room(id, names[number % len(names)]) for number, id in enumerate(ids)]
    return Settings(
        accounts={account.name: account},
        calendars={name: Calendar(name, account.name, f"https://dav.example.org/{name}/") for name in names},
        rooms={room.id: room for room in rooms},
    )


def _room(id: RoomId, calendar: CalendarName) -> Room:
    return Room(
        id=id,
        calendars=(calendar,),
        write_to=calendar,
        language="de",
        timezone=_BERLIN,
        duration=timedelta(hours=1),
        reminders=(_LEAD,),
        alarms=Alarms.USE,
        mention=Mention.ATTENDEES,
    )


def _event(uid: str, start: datetime) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//bench//EN", "BEGIN:VEVENT"),
        *(f"UID:{uid}", "DTSTAMP:20261101T000000Z", "SUMMARY:Jour fixe", "LOCATION:Raum 4.12"),
        *(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", "END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)


class _Files:
    """The plugin's files, as its loader gives them."""

    def sync_read_file(self, path: str) -> bytes:
        return (_ROOT / path).read_bytes()

    def sync_list_files(self, directory: str) -> list[str]:
        return [file.name for file in (_ROOT / directory).iterdir()]


async def _at_once(calls: Sequence[Callable[[], Awaitable[_T]]]) -> list[_T]:
    """The results, with so many running at the same time as the bot has."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def call(one: Callable[[], Awaitable[_T]]) -> _T:
        async with turns:
            return await one()

    return list(await asyncio.gather(*(call(one) for one in calls)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROOMS)))
