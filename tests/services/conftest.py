"""An office: a mapped room with people, a calendar, and the bot's use cases on a real database."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.i18n import Catalog
from calbot.core.model import (
    AccountName,
    CalendarName,
    EventId,
    Kind,
    Locale,
    Message,
    RoomId,
    UserId,
)
from calbot.core.rate_limits import NO_LIMIT, Limits
from calbot.core.settings import (
    Account,
    Alarms,
    Calendar,
    Levels,
    Mention,
    People,
    Room,
    Secret,
    Settings,
    Sync,
)
from calbot.db.stores import Stores
from calbot.matrix.handlers import Handlers
from calbot.ports import ChatEvent
from calbot.services import startup, sync
from calbot.services.world import InForce, World
from tests.fakes.alarm import FakeAlarm
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.planted import PASSWORD

BERLIN = ZoneInfo("Europe/Berlin")
ROOM = RoomId("!it:example.org")
CALENDAR = CalendarName("it-team")
ANNA, BEN, CARLA = UserId("@anna:example.org"), UserId("@ben:example.org"), UserId("@carla:example.org")
LOCALES = Path(__file__).parents[2] / "calbot" / "locales"
LOG = logging.getLogger("test.services")


@cache
def catalogs() -> dict[Locale, Catalog]:
    return {
        "de": Catalog.read((LOCALES / "de.po").read_bytes(), "de"),
        "en": Catalog.read((LOCALES / "en.po").read_bytes(), "en"),
    }


def settings(language: Locale = "de", sync: Sync | None = None) -> Settings:
    room = Room(
        id=ROOM,
        calendars=(CALENDAR,),
        write_to=CALENDAR,
        language=language,
        timezone=BERLIN,
        duration=timedelta(hours=1),
        reminders=(timedelta(minutes=15),),
        alarms=Alarms.USE,
        mention=Mention.ATTENDEES,
        levels=Levels(),
    )
    return Settings(
        accounts={
            AccountName("city"): Account(
                AccountName("city"),
                "https://dav.example.org/",
                "calbot",
                Secret(PASSWORD),
                address="termine@example.org",
            )
        },
        calendars={CALENDAR: Calendar(CALENDAR, AccountName("city"), "https://dav.example.org/it-team/")},
        rooms={ROOM: room},
        people=People(address_template="{localpart}@example.org"),
        sync=sync or Sync(),
        limits=Limits(NO_LIMIT, NO_LIMIT),  # in tests, no time passes between hundreds of commands
    )


class Office:
    """Says things in the room, lets time pass, and looks at what came of it."""

    def __init__(
        self, world: World, chat: FakeChat, calendar: FakeCalendarGateway, clock: FakeClock, alarm: FakeAlarm
    ) -> None:
        self.world = world
        self.chat = chat
        self.calendar = calendar
        self.clock = clock
        self.alarm = alarm
        self.handlers = Handlers(world, LOG)
        self.room = ROOM

    async def says(self, text: str, by: UserId = ANNA, room: RoomId = ROOM, **content: Any) -> list[Message]:
        """What the bot says to it, edits of earlier messages included. Matrix IDs in the text are pills."""
        return await self.hears(self.chat.says(room, by, text, **content))

    async def replies(self, to: EventId, text: str, by: UserId = ANNA) -> list[Message]:
        return await self.relates({"m.in_reply_to": {"event_id": to}}, text, by)

    async def relates(self, relation: Mapping[str, Any], text: str, by: UserId = ANNA) -> list[Message]:
        content = {"msgtype": "m.text", "body": text, "m.relates_to": relation}
        return await self.hears(self.chat.sends(ROOM, by, "m.room.message", content))

    async def hears(self, event: ChatEvent) -> list[Message]:
        """Hand an event to the bot as the intake does."""
        before = len(self.chat.posted)
        await self.deliver(event)
        return [posted.message for posted in self.chat.posted[before:] if posted.message is not None]

    async def deliver(self, event: ChatEvent) -> None:
        raw = {
            "event_id": event.id,
            "room_id": event.room,
            "sender": event.sender,
            "origin_server_ts": event.at,
            "type": event.type,
            "content": event.content,
        }
        await self.world.stores.inbox.accept([raw], None)
        incoming = await self.world.stores.inbox.get(event.id)
        assert incoming is not None
        if not await self.handlers.on_event(event, incoming):
            await self.world.stores.inbox.drop([event.id])

    async def resume(self) -> None:
        """What a start does with what a crash left unfinished."""
        self.handlers = Handlers(self.world, LOG)
        for incoming in await self.world.stores.inbox.unfinished():
            raw: Mapping[str, Any] = incoming.raw
            event = ChatEvent(
                incoming.event_id, incoming.room, incoming.sender, incoming.at, raw["type"], raw["content"]
            )
            if not await self.handlers.on_event(event, incoming):
                await self.world.stores.inbox.drop([event.id])
        await startup.begin(self.world)
        await self.alarm.settle()

    async def pass_time(self, by: timedelta) -> list[Message]:
        """What the bot says in the meantime."""
        before = len(self.chat.posted)
        await self.alarm.pass_until(self.clock() + by)
        return [posted.message for posted in self.chat.posted[before:] if posted.message is not None]

    async def is_down_for(self, time: timedelta) -> None:
        """Nothing rings in this time, and the bot is started after it."""
        self.alarm.forget()
        self.clock.advance(time)
        await self.resume()

    async def until(self, moment: datetime) -> list[Message]:
        return await self.pass_time(moment - self.clock())

    async def pull(self) -> None:
        await sync.pull(self.world, CALENDAR)

    def texts(self) -> list[str]:
        """What lies on the calendar server."""
        return [one.data for one in self.calendar.objects(CALENDAR).values()]

    def name(self) -> str:
        """The resource name of the only event on the calendar."""
        (href,) = self.calendar.objects(CALENDAR)
        return href.rpartition("/")[2].removesuffix(".ics")

    def said(self, kind: Kind) -> list[Message]:
        return self.chat.messages(ROOM, kind)

    def change_room(self, **changes: Any) -> None:
        """Other settings for the room, as after a change of the configuration."""
        rooms = {ROOM: replace(self.world.settings.rooms[ROOM], **changes)}
        self.change(rooms=rooms)

    def change(self, **changes: Any) -> None:
        self.world = replace(self.world, in_force=InForce.of(replace(self.world.in_force.file, **changes)))
        self.handlers = Handlers(self.world, LOG)


@pytest.fixture(autouse=True)
def same_chances() -> None:
    """What spreads looks and new tries in time falls the same in each run."""
    random.seed(1)


@pytest.fixture
def sync_settings() -> Sync:
    """Weeks pass in some tests, and each look at the calendar costs them real time."""
    return Sync(interval=timedelta(minutes=10))


async def open_office(stores: Stores, clock: FakeClock, sync: Sync, language: Locale = "de") -> Office:
    """The IT team's room, with Anna, Ben and Carla in it, after the bot has started."""
    chat = FakeChat(clock)
    chat.add_room(ROOM, ANNA, BEN, CARLA)
    calendar = FakeCalendarGateway((CALENDAR,))
    alarm = FakeAlarm(clock)
    world = World(
        in_force=InForce.of(settings(language, sync)),
        problems=(),
        stores=stores,
        chat=chat,
        gateway=calendar,
        clock=clock,
        alarm=alarm,
        catalogs=catalogs(),
        log=LOG,
        version="0.0.0",
        began=clock(),
        remarks=tuple,
        passed=lambda _: None,
        address="https://maubot.example.org/meet/",
    )
    office = Office(world, chat, calendar, clock, alarm)
    await startup.begin(world)
    await alarm.settle()
    return office


@pytest.fixture
async def office(stores: Stores, clock: FakeClock, sync_settings: Sync) -> Office:
    """A Tuesday at eight in the IT team's room."""
    return await open_office(stores, clock, sync_settings)
