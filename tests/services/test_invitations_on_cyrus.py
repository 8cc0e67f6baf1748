"""What the bot writes on a real Cyrus, which delivers invitations, reaches people, and their answers reach it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import pytest

from calbot.core.model import AccountName, CalendarName, Kind
from calbot.core.settings import Account, Calendar, Delivery, Secret
from calbot.dav.gateway import DavGateway
from calbot.matrix.handlers import Handlers
from calbot.services import invitations, startup
from demo import caldav_servers
from tests import cyrus
from tests.fakes.mailer import FakeMailer

from .conftest import BEN, CALENDAR, LOG, Office

pytestmark = cyrus.needs_cyrus

BOT, CITY = "svc-calbot", AccountName("city")
MINUTE = timedelta(minutes=1)


@dataclass
class Town:
    """The office, its calendar on Cyrus, and what Anna and the bot have there."""

    office: Office
    team: caldav_servers.Calendar
    anna: caldav_servers.Calendar
    inbox_of_anna: caldav_servers.Calendar
    inbox: caldav_servers.Calendar
    gateway: DavGateway

    async def anna_s(self) -> str:
        """Her copy, on long lines."""
        (text,) = (await self.anna.objects()).values()
        return unfolded(text)

    async def ours(self) -> str:
        (text,) = (await self.team.objects()).values()
        return unfolded(text)

    async def anna_answers(self, partstat: str) -> None:
        """In her own calendar, by her own program."""
        (name,) = await self.anna.names()
        lines = unfolded(await self.anna.get(name)).split("\r\n")
        answered = [
            re.sub(r"PARTSTAT=[A-Z-]+", f"PARTSTAT={partstat}", line)
            if line.endswith(":mailto:anna@example.org")
            else line
            for line in lines
        ]
        await self.anna.put(name, "\r\n".join(answered))

    def card(self) -> str:
        """As it reads now."""
        cards = [one.message for one in self.office.chat.posted if one.message and one.message.kind is Kind.MEETING]
        return cards[-1].text


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "")


@pytest.fixture
async def town(office: Office) -> AsyncIterator[Town]:
    """The office's account is a user of Cyrus, in whose name Cyrus invites."""
    async with cyrus.running([BOT, "anna", "ben"]) as server, aiohttp.ClientSession() as http:
        account = Account(
            CITY,
            server.home(BOT),
            BOT,
            Secret(cyrus.PASSWORD),
            address="svc-calbot@example.org",
            delivery=Delivery.SERVER,
        )
        url = f"{server.home(BOT)}Default/"
        for user in (BOT, "anna", "ben"):
            await server.calendar(http, user).names()  # at the first look it makes what they have
        office.change(accounts={CITY: account}, calendars={CALENDAR: Calendar(CALENDAR, CITY, url)})
        async with DavGateway(office.world.settings) as gateway:
            office.world = replace(office.world, gateway=gateway, mailer=FakeMailer())
            office.handlers = Handlers(office.world, LOG)
            await startup.begin(office.world)
            await office.alarm.settle()
            yield Town(
                office,
                server.calendar(http, BOT),
                server.calendar(http, "anna"),
                server.calendar(http, "anna", "Inbox"),
                server.calendar(http, BOT, "Inbox"),
                gateway,
            )


async def test_an_invitation_arrives_and_is_answered_and_taken_back(town: Town) -> None:
    office = town.office
    (card,) = await office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org @carla:example.org", by=BEN)
    assert "Der Kalenderserver lädt ein: Anna" in card.text
    assert "Der Kalenderserver konnte nicht einladen: Carla" in card.text  # nobody by that name there
    assert "SUMMARY:Budgetrunde" in await town.anna_s()
    assert len(await town.inbox_of_anna.names()) == 1

    await town.anna_answers("ACCEPTED")
    assert "PARTSTAT=ACCEPTED" in next(line for line in (await town.ours()).split("\r\n") if "anna@" in line)
    await office.pass_time(20 * MINUTE)
    assert "Zugesagt: Ben (Leitung) und Anna" in town.card()

    *_, moved = await office.says("!meet verschiebe last Fr 10", by=BEN)
    assert "Der Kalenderserver informiert: Anna" in moved.text
    assert "20261127T100000" in await town.anna_s()

    await office.says("!meet absagen last", by=BEN)
    assert await town.team.names() == []
    assert "STATUS:CANCELLED" in await town.anna_s()
    assert isinstance(office.world.mailer, FakeMailer)
    assert office.world.mailer.taken == []


async def test_the_inbox_of_the_bot_is_cleaned_of_answers(town: Town) -> None:
    await town.office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org", by=BEN)
    await town.anna_answers("DECLINED")
    assert len(await town.inbox.names()) == 1
    await town.office.pass_time(20 * MINUTE)
    assert await town.inbox.names() == []
    assert "Abgelehnt: Anna" in town.card()


async def test_an_answer_in_the_chat_reaches_nobody_as_another_invitation(town: Town) -> None:
    await town.office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org", by=BEN)
    sequence = re.findall(r"SEQUENCE:\d+", await town.ours())
    await town.office.says("!meet nein last", by=BEN)
    assert re.findall(r"SEQUENCE:\d+", await town.ours()) == sequence


async def test_free_busy_comes_from_the_outbox(town: Town) -> None:
    await town.office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org", by=BEN)
    await town.anna_answers("ACCEPTED")
    now = town.office.clock()
    people = ["anna@example.org", "nobody@other.example"]
    told = await town.gateway.free_busy(CITY, people, now, now + timedelta(days=7))
    anna = told["anna@example.org"]
    assert anna is not None
    assert [(one.start.hour, one.end.hour) for one in anna] == [(13, 14)]  # UTC
    assert told["nobody@other.example"] is None


async def test_in_the_name_of_somebody_else_the_server_is_not_relied_on(town: Town) -> None:
    """Cyrus takes the event and invites nobody, without a word."""
    calendars = town.office.world.in_force.file.calendars
    other = replace(calendars[CALENDAR], organizer="termine@example.org")
    town.office.change(calendars={CALENDAR: other})
    assert await invitations.way(town.office.world, CalendarName(CALENDAR)) is Delivery.EMAIL
    (card,) = await town.office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org", by=BEN)
    await town.office.alarm.settle()
    assert "Einladung per E-Mail geht an: Anna" in card.text
    assert await town.anna.names() == []
    assert isinstance(town.office.world.mailer, FakeMailer)
    assert {mail.recipient for mail in town.office.world.mailer.taken} == {"anna@example.org", "ben@example.org"}
