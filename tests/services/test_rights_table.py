"""The table of rights: every command, typed by everybody everywhere, against what tests/data/rights.tsv says of it.

A command without a row fails, and so does one that does anything without asking for the right that the table names.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest

from calbot.core.commands import CommandId
from calbot.core.model import AccountName, CalendarName, EventId, Kind, Message, OccurrenceId, RoomId, Uid, UserId
from calbot.core.permissions import Action, Actor, Ground, PowerLevels, Subject, Verdict, may, may_map, may_unmap
from calbot.core.poll_events import POLL_START
from calbot.core.poll_model import PollState
from calbot.core.preferences import RoomMapping
from calbot.core.settings import Calendar, MapRights
from calbot.errors import Code
from calbot.matrix.handlers import Handlers
from calbot.ports import Listed
from calbot.services import preferences, startup
from calbot.services.known import KnownRooms
from tests.fakes.calendar import FakeCalendarGateway

from .conftest import ANNA, BEN, CALENDAR, LOG, ROOM, Office, catalogs
from .test_polls import handmade

TABLE: Final = Path(__file__).parents[1] / "data" / "rights.tsv"
MAKER, MEMBER = ANNA, BEN
MODERATOR, OWNER = UserId("@moderator:example.org"), UserId("@owner:example.org")
ADMIN, STRANGER = UserId("@admin:example.org"), UserId("@stranger:evil.example")
PEOPLE: Final = {
    "stranger": STRANGER,
    "member": MEMBER,
    "maker": MAKER,
    "moderator": MODERATOR,
    "owner": OWNER,
    "admin": ADMIN,
}
PRESS = CalendarName("press")
PRESS_RIGHTS = MapRights(users=frozenset({MODERATOR}))
V10 = PowerLevels(users={MODERATOR: 50, OWNER: 100})
V12 = PowerLevels(users={MODERATOR: 50}, creators=frozenset({OWNER}))
ROOMS: Final = {
    "mapped": ROOM,
    "left": ROOM,
    "version 12": RoomId("!twelve"),
    "clear": RoomId("!clear:example.org"),
    "unmapped": RoomId("!unmapped:example.org"),
}
# What a refusal says: its code, and the texts (below ``error.``) that it may be worded in.
REFUSALS: Final[dict[str, tuple[Code, tuple[str, ...]]]] = {
    "level": (Code.FORBIDDEN, ("level_too_low",)),
    "event": (Code.FORBIDDEN, ("not_your_event",)),
    "poll": (Code.FORBIDDEN, ("not_your_poll", "not_your_poll_named")),
    "no-calendar": (Code.FORBIDDEN, ("map_not_allowed",)),
    "unmapped": (Code.NOT_MAPPED, ("not_mapped_here", "not_mapped")),
    "clear": (Code.NOT_ENCRYPTED, ("encrypted_elsewhere",)),
    "left": (Code.FORBIDDEN, ("not_in_room",)),
    "room-only": (Code.NOT_UNDERSTOOD, ("no_room_here", "poll_needs_room")),
    "direct-only": (Code.NOT_UNDERSTOOD, ("only_in_direct_chat",)),
}


@dataclass(frozen=True)
class Row:
    command: CommandId
    typed: str
    asks: str
    room: str
    expected: dict[str, str]


def rows() -> list[Row]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [
        Row(CommandId(one["command"]), one["typed"], one["asks"], one["room"], {who: one[who] for who in PEOPLE})
        for one in csv.DictReader(lines, delimiter="\t", strict=True)
    ]


ROWS = rows()
TYPED = list(dict.fromkeys((row.command, row.typed) for row in ROWS))


def test_every_command_is_in_the_table_in_every_room() -> None:
    everywhere = {*ROOMS, "direct"}
    assert {row.command for row in ROWS} == set(CommandId) - {CommandId.ANSWER}  # an answer runs its command again
    for command, typed in TYPED:
        assert {row.room for row in ROWS if (row.command, row.typed) == (command, typed)} == everywhere, typed


def test_each_room_is_in_it_once() -> None:
    keys = [(row.typed, row.room) for row in ROWS]
    assert len(keys) == len(set(keys))


# -------------------------------------------------------------------------------------------------- the pure function


def decided(row: Row, who: str) -> Verdict:
    """What the pure function says where it has a say."""
    user = PEOPLE[who]
    actor = Actor(user, admin=user == ADMIN, foreign=user == STRANGER)
    power = V12 if row.room == "version 12" else V10
    ground = Ground(power, mapped=row.room != "unmapped", joined=row.room != "left")
    if row.asks == "map":
        return may_map(actor, PRESS_RIGHTS, ROOMS[row.room], ground)
    if row.asks == "unmap":
        return may_unmap(actor, PRESS_RIGHTS, ROOMS[row.room], ground)
    own = row.command is CommandId.UNDO  # one's own change
    return may(actor, Action(row.asks), ground, Subject(maker=user if own else MAKER))


def is_decided_purely(row: Row) -> bool:
    """Of a direct chat or encryption it knows nothing: it is asked about the mapped rooms. An unmapped room has rights
    all the same, of which the services make no use; and what is told of calendars depends on what may be connected."""
    if row.asks == "-" or row.room in ("direct", "clear") or row.command is CommandId.CALENDARS:
        return False
    return row.room != "unmapped" or row.asks not in ("settings", "unmap")


@pytest.mark.parametrize(
    "row", [row for row in ROWS if is_decided_purely(row)], ids=lambda row: f"{row.typed}-{row.room}"
)
def test_the_pure_function_says_the_same(row: Row) -> None:
    for who, expected in row.expected.items():
        verdict = decided(row, who)
        if expected == "+":
            assert verdict, who
        elif expected == "ignored":
            assert verdict.reason == "foreign_server"
        else:
            assert verdict.reason in REFUSALS[expected][1], who


# ------------------------------------------------------------------------------------------------- the real services


def event(number: int) -> str:
    start = datetime(2026, 11, 25, 6, tzinfo=timezone.utc) + timedelta(minutes=number)
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            f"UID:event-{number}",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            "DURATION:PT1M",
            f"SUMMARY:Termin {number}",
            "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:anna@example.org",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


class Town:
    """The office with all these rooms, and an event for each attempt."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._attempts = 0

    async def open(self, attempts: int) -> None:
        office = self.office
        gateway = FakeCalendarGateway((CALENDAR, PRESS))
        for number in range(attempts):
            gateway.put(CALENDAR, f"event-{number}", event(number))
        office.world = replace(office.world, gateway=gateway, address="https://bot.example.org")
        office.calendar = gateway
        file = office.world.in_force.file
        press = Calendar(PRESS, AccountName("city"), "https://dav.example.org/press/", map=PRESS_RIGHTS)
        shown = file.rooms[ROOM]
        twelve, clear = ROOMS["version 12"], ROOMS["clear"]
        office.change(
            calendars={**file.calendars, PRESS: press},
            rooms={room: replace(shown, id=room) for room in (ROOM, twelve, clear)},
            admins=frozenset({ADMIN}),
        )
        everybody = [who for who in PEOPLE.values() if who != STRANGER]
        office.chat.add_room(ROOM, *everybody, power=V10)
        office.chat.add_room(twelve, *everybody, power=V12)
        office.chat.add_room(clear, *everybody, encrypted=False, power=V10)
        office.chat.add_room(ROOMS["unmapped"], *everybody, power=V10)
        for user in PEOPLE.values():
            office.chat.add_room(self.direct(user), user)
        office.world = replace(office.world, known=KnownRooms())
        office.handlers = Handlers(office.world, LOG)
        await startup.begin(office.world)
        await office.alarm.settle()
        await office.pull()

    def direct(self, user: UserId) -> RoomId:
        return RoomId(f"!with-{user[1:].partition(':')[0]}:example.org")

    async def attempt(self, row: Row, who: str) -> str:
        """What comes of it, as the table calls that. What is refused must have changed nothing."""
        office, user = self.office, PEOPLE[who]
        room = self.direct(user) if row.room == "direct" else ROOMS[row.room]
        relation = await self._prepare(row, room, user)
        if row.room == "left":
            office.chat.put_out(room, user)
            office.world.known.forget(room)
        try:
            before = await self._lying()
            said = await office.says(f"!meet {row.typed}", by=user, room=room, **relation)
            opened = row.command is CommandId.POLL and await office.world.stores.polls.in_state([PollState.OPEN])
            result = "+" if opened else " ".join(outcome(said))
            assert result == "+" or await self._lying() == before
        finally:
            if row.room == "left" and user != STRANGER:
                office.chat.enter(room, user)
            office.world.known.forget(room)
            for poll in await office.world.stores.polls.in_state(tuple(PollState)):
                await office.world.stores.polls.forget(poll.key)
        return result

    async def _lying(self) -> object:
        """What a command could have changed."""
        stores = self.office.world.stores
        return (
            self.office.calendar.objects(CALENDAR),
            self.office.world.settings.rooms,
            [(poll.key, poll.state) for poll in await stores.polls.in_state(tuple(PollState))],
            [await stores.preferences.person(user) for user in PEOPLE.values()],
        )

    async def _prepare(self, row: Row, room: RoomId, user: UserId) -> dict[str, object]:
        """What the command is about: an event, a poll, a file, a connection, something to undo."""
        office, stores = self.office, self.office.world.stores
        self._attempts += 1
        about = OccurrenceId(Uid(f"event-{self._attempts}"))
        await stores.references.save_list(room, user, EventId(f"$list{self._attempts}"), [Listed(1, CALENDAR, about)])
        there = ROOM if row.room == "direct" else room
        match row.command:
            case CommandId.VOTE | CommandId.CLOSE | CommandId.BOOK | CommandId.UNTIL if row.room not in (
                "unmapped",
                "clear",
            ):
                await office.says("!meet poll Runde tomorrow 14:00; tomorrow 15:00", by=MAKER, room=there)
            case CommandId.UNDO if row.room not in ("unmapped", "clear") and user != STRANGER:
                await office.says(f"!meet new Runde Dec {self._attempts % 20 + 1} 14:00", by=user, room=room)
                if row.room == "direct":
                    await office.says("!meet 1", by=user, room=room)
            case CommandId.EVENT:
                poll = office.chat.sends(room, MAKER, POLL_START, handmade("Do 12 Uhr", "Fr 12 Uhr"))
                return {"m.relates_to": {"m.in_reply_to": {"event_id": poll.id}}}
            case CommandId.IMPORT:
                url = f"mxc://example.org/{self._attempts}"
                office.chat.files[url] = event(self._attempts).replace("UID:event", "UID:file").encode()
                file = {"msgtype": "m.file", "body": "a.ics", "filename": "a.ics", "url": url}
                sent = office.chat.sends(room, MAKER, "m.room.message", file)
                return {"m.relates_to": {"m.in_reply_to": {"event_id": sent.id}}}
            case CommandId.UNMAP if row.room != "unmapped":
                at = office.clock()
                saved = RoomMapping(there, PRESS, False, MODERATOR, at, EventId(f"$map{self._attempts}"))
                await stores.mappings.save(saved)
                await preferences.put_in_force(office.world)
            case CommandId.MAP:
                await stores.mappings.drop(room)
                await preferences.put_in_force(office.world)
            case _:
                pass
        return {}


def outcome(said: list[Message]) -> Iterator[str]:
    """What the table calls this."""
    errors = [one for one in said if one.kind is Kind.ERROR]
    for error in errors:
        for word, (code, reasons) in REFUSALS.items():
            ids = [f"error.{reason}" for reason in reasons]
            texts = [one.template(id).partition("{")[0] for one in catalogs().values() for id in ids if id in one]
            if error.data["code"] == code.value and error.text.startswith(tuple(texts)):
                yield word
                break
        else:
            yield error.text
    if not errors:
        yield "+" if said else "ignored"


@pytest.fixture
async def town(office: Office) -> Town:
    found = Town(office)
    await found.open(attempts=40)
    return found


@pytest.mark.parametrize(("command", "typed"), TYPED, ids=[typed for _, typed in TYPED])
async def test_the_services_do_the_same(town: Town, command: CommandId, typed: str) -> None:
    found = {}
    expected = {}
    for row in ROWS:
        if (row.command, row.typed) != (command, typed):
            continue
        for who in PEOPLE:
            expected[row.room, who] = row.expected[who]
            found[row.room, who] = await town.attempt(row, who)
    assert found == expected
