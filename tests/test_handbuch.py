"""The handbook for employees: what it tells people to type does what it says, and no command is left out.

Each example is said in a room as the handbook takes it to be: in the last list, 1 is a single event, 2 one of
a series.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from calbot.core import commands
from calbot.core.commands import CommandId
from calbot.core.model import AccountName, CalendarName, Kind, Message, RoomId
from calbot.core.poll_events import POLL_START
from calbot.core.settings import Calendar, Levels, MapRights, Resource, Sync
from calbot.db.stores import Stores
from tests.fakes.calendar import FakeCalendarGateway
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office, open_office
from tests.services.test_importing import ics, posts, vevent
from tests.services.test_polls import handmade

DOCS = Path(__file__).parents[1] / "docs"
HANDBOOK = (DOCS / "handbuch.de.md").read_text(encoding="utf-8")
PREFIX = "!meet"
# A line of a block, or between backticks.
EXAMPLES = tuple(dict.fromkeys(re.findall(rf"^{PREFIX} .+$|(?<=`){PREFIX} [^`]+(?=`)", HANDBOOK, re.MULTILINE)))
DIRECT = RoomId("!direct:example.org")
PRESS = CalendarName("presse")
BEFORE = (
    f"!meet neu Budgetrunde morgen 10-11 {BEN}",
    "!meet neu Jour fixe jeden Mittwoch 14-15 Uhr",
    '!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10',
    "!meet liste 3t",
)
TO_THE_BOT_ALONE = {"!meet meine daten", "!meet vergiss mich", "!meet übersicht täglich 7:30", "!meet übersicht aus"}
# What the handbook says is asked about before it is done.
ASKED = {"!meet importiere", "!meet verbinde presse", "!meet vergiss mich"}


async def prepared(stores: Stores, clock: FakeClock) -> Office:
    """The room of the handbook: looked after by Anna, with a list just shown, a poll that is open, a bookable room."""
    office = await open_office(stores, clock, Sync())
    gateway = FakeCalendarGateway((CALENDAR, PRESS))
    office.world = replace(office.world, gateway=gateway)
    office.calendar = gateway
    press = Calendar(
        PRESS, AccountName("city"), "https://dav.example.org/presse/", map=MapRights(users=frozenset({ANNA}))
    )
    room = Resource("Raum 4.12", "raum412@example.org")
    office.change(calendars={**office.world.settings.calendars, PRESS: press}, resources={room.name: room})
    office.change_room(levels=Levels(settings=0))
    for address in (*(f"{name}@example.org" for name in ("anna", "ben", "carla")), room.address):
        gateway.outbox[address] = []
    office.chat.add_room(DIRECT, ANNA)
    for text in BEFORE:
        said = await office.says(text)
        assert all(message.kind is not Kind.ERROR for message in said), (text, [one.text for one in said])
    return office


async def say(office: Office, example: str) -> list[Message]:
    """As the handbook says it is to be said: in the room, as a reply, in the direct chat, to a question."""
    typed = example.replace("@Ben", BEN).replace("@Carla", CARLA)
    if example == "!meet termin":
        poll = office.chat.sends(ROOM, ANNA, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
        await office.hears(poll)
        return await office.replies(poll.id, typed)
    if example == "!meet ja":
        await office.replies(posts(office, ics(vevent("a"))), "!meet importiere")
    if example == "!meet importiere":
        return await office.replies(posts(office, ics(vevent("a"))), typed)
    if example in TO_THE_BOT_ALONE:
        return await office.says(typed, room=DIRECT)
    if example == "!meet trenne presse":
        await office.says("!meet verbinde presse")
        await office.says("!meet 1")
    if example == "!meet zeige letzter":
        await office.says("!meet nächster")
    if example == "!meet 1":
        await office.says("!meet neu Frühstück nächsten Freitag 9 Uhr")
    return await office.says(typed)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.encode("unicode_escape").decode())
async def test_an_example_does_what_the_handbook_says(stores: Stores, clock: FakeClock, example: str) -> None:
    office = await prepared(stores, clock)
    before = len(office.chat.posted)
    said = await say(office, example)
    assert len(office.chat.posted) > before
    kinds = [message.kind for message in said]
    assert Kind.ERROR not in kinds, said[-1].text
    assert (Kind.QUESTION in kinds) == (example in ASKED), said[-1].text


def command(example: str) -> CommandId | None:
    context = commands.ParseContext(datetime(2026, 11, 24, 8, tzinfo=BERLIN), ("de",))
    return commands.id_of(commands.parse(commands.read_text({"body": example.removeprefix(PREFIX)}), context))


def test_every_command_is_in_it() -> None:
    assert {command(example) for example in EXAMPLES} == {entry.command for entry in commands.ENTRIES} | {
        CommandId.ANSWER
    }


def test_its_links_and_pictures_lead_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", HANDBOOK, re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]\(#", HANDBOOK, re.MULTILINE) == headings
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", HANDBOOK):
        link = "".join(target)
        assert link[1:] in anchors if link.startswith("#") else (DOCS / link).is_file(), link


def test_who_cannot_see_its_pictures_is_told_what_they_show() -> None:
    pictures = re.findall(r"<img [^>]+>", HANDBOOK)
    assert pictures
    assert all(re.search(r'alt="[^"]{40,}"', picture) for picture in pictures)
