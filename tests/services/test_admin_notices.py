"""What admins are told of their own accord: once each, alone, encrypted, and nothing of what is in a calendar."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import AccountName, CalendarName, Kind, Message, RoomFacts, RoomId, UserId
from calbot.core.settings import Problem, Severity
from calbot.errors import CalendarUnavailable
from calbot.services import startup

from .conftest import CALENDAR, ROOM, Office

ADMINS = (UserId("@admin:example.org"), UserId("@second:example.org"))
HOUR = timedelta(hours=1)


def told(office: Office) -> list[Message]:
    """Whatever was said in direct chats."""
    return [one.message for one in office.chat.posted if one.room.startswith("!direct") and one.message is not None]


def lines(office: Office) -> list[str]:
    return [line for one in told(office) for line in one.text.splitlines()[2:]]


@pytest.fixture
async def watched(office: Office) -> Office:
    office.change(admins=frozenset(ADMINS))
    await startup.begin(office.world)
    await office.alarm.settle()
    await office.says("!meet neu Haushalt morgen 14 Uhr ort:Kämmerei")
    return office


class TestAccounts:
    async def test_one_that_fails_for_long_and_works_again_is_one_line_each(self, watched: Office) -> None:
        watched.calendar.unavailable = CalendarUnavailable("calendar_login")
        await watched.pass_time(timedelta(minutes=20))
        assert told(watched) == []
        await watched.pass_time(3 * HOUR)
        assert len(told(watched)) == len(ADMINS)
        assert lines(watched)[0].startswith(
            "Das Konto city ist seit 08:00 Uhr nicht nutzbar: Der Kalenderserver nimmt die"
        )
        watched.calendar.unavailable = None
        await watched.pass_time(2 * HOUR)
        assert lines(watched)[len(ADMINS) :] == ["Das Konto city ist wieder nutzbar."] * len(ADMINS)
        await watched.pass_time(5 * HOUR)
        assert len(told(watched)) == 2 * len(ADMINS)

    async def test_a_second_outage_is_another_one(self, watched: Office) -> None:
        for _ in range(2):
            watched.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
            await watched.pass_time(2 * HOUR)
            watched.calendar.unavailable = None
            await watched.pass_time(2 * HOUR)
        assert len(told(watched)) == 4 * len(ADMINS)

    async def test_a_restart_does_not_tell_it_again(self, watched: Office) -> None:
        watched.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
        await watched.pass_time(2 * HOUR)
        await watched.resume()
        await watched.pass_time(2 * HOUR)
        assert len(told(watched)) == len(ADMINS)

    async def test_nothing_of_a_calendar_is_in_it(self, watched: Office) -> None:
        watched.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
        await watched.pass_time(2 * HOUR)
        assert told(watched)
        for message in told(watched):
            assert message.kind is Kind.STATUS
            assert not {"Haushalt", "Kämmerei"} & set(message.text.replace(":", " ").split())
        rooms = {one.room for one in watched.chat.posted if one.room.startswith("!direct")}
        assert all(watched.chat.rooms[room].encrypted for room in rooms)


class TestRooms:
    async def test_that_nothing_may_be_said_any_more_and_again(self, watched: Office) -> None:
        watched.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
        await watched.pass_time(31 * HOUR)  # a reminder is due meanwhile
        assert lines(watched) == [
            "In !it:example.org sage ich zurzeit nichts: Dieser Raum ist öffentlich, deshalb sage ich hier nichts aus "
            "dem Kalender."
        ] * len(ADMINS)
        watched.chat.rooms[ROOM].facts = RoomFacts()
        watched.world.known.forget(ROOM)
        await watched.pass_time(HOUR)
        assert "spricht nichts mehr dagegen" in lines(watched)[-1]
        assert len(told(watched)) == 2 * len(ADMINS)

    async def test_that_a_mapping_waits_for_the_bot(self, watched: Office) -> None:
        rooms = watched.world.in_force.file.rooms
        away = RoomId("!away:example.org")
        watched.change(rooms={**rooms, away: replace(rooms[ROOM], id=away)})
        await startup.begin(watched.world)
        await watched.pass_time(HOUR)
        assert len(told(watched)) == len(ADMINS)
        assert "!away:example.org" in lines(watched)[0]
        assert "laden Sie mich ein" in lines(watched)[0]


class TestConfiguration:
    MISTAKE = Problem("sync.interval", "expected_duration", {}, Severity.ERROR)

    async def test_mistakes_are_told_once_and_again_when_made_again(self, watched: Office) -> None:
        async def with_problems(*problems: Problem) -> None:
            watched.world = replace(watched.world, problems=problems)
            await startup.begin(watched.world)
            await watched.pass_time(timedelta(minutes=1))

        await with_problems(self.MISTAKE)
        await with_problems(self.MISTAKE)
        assert len(told(watched)) == len(ADMINS)
        assert "Die Konfiguration hat 1 Fehler" in lines(watched)[0]
        await with_problems()
        await with_problems(self.MISTAKE)
        assert len(told(watched)) == 2 * len(ADMINS)
        notice = replace(self.MISTAKE, severity=Severity.NOTICE)
        await with_problems(notice)
        assert len(told(watched)) == 2 * len(ADMINS)


async def test_nobody_is_told_who_is_no_admin_any_more(watched: Office) -> None:
    watched.chat.down = True
    watched.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await watched.pass_time(2 * HOUR)
    watched.change(admins=frozenset(ADMINS[:1]))
    watched.chat.down = False
    await watched.resume()
    await watched.pass_time(HOUR)
    people = {
        user for room in watched.chat.rooms if room.startswith("!direct") for user in watched.chat.rooms[room].invited
    }
    assert len(told(watched)) == 1
    assert ADMINS[0] in people


async def test_who_is_of_a_server_that_is_not_allowed_is_told_nothing(office: Office) -> None:
    office.change(admins=frozenset({UserId("@admin:elsewhere.example")}))
    office.world = replace(office.world, problems=(TestConfiguration.MISTAKE,))
    await startup.begin(office.world)
    await office.pass_time(timedelta(minutes=1))
    assert told(office) == []


async def test_the_log_has_a_line_for_each(watched: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "test.services")
    watched.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await watched.pass_time(3 * HOUR)
    watched.calendar.unavailable = None
    await watched.pass_time(HOUR)
    said = [one.getMessage() for one in caplog.records if "admins are told" in one.getMessage()]
    assert said == [
        "admins are told: account_fails city calendar_unreachable",
        "admins are told: account_works city",
    ]


class TestWhatIsOverWithoutNews:
    """That something works again is only said where it does."""

    async def fails(self, office: Office) -> None:
        office.calendar.unavailable = CalendarUnavailable("calendar_login")
        await office.pass_time(2 * HOUR)
        assert len(told(office)) == len(ADMINS)

    async def test_a_restart_while_an_account_never_worked(self, office: Office) -> None:
        office.change(admins=frozenset(ADMINS))
        name = CalendarName("press")
        calendars = office.world.in_force.file.calendars
        accounts = office.world.in_force.file.accounts
        second = AccountName("second")
        office.change(
            accounts={**accounts, second: replace(accounts[AccountName("city")], name=second)},
            calendars={**calendars, name: replace(calendars[CALENDAR], name=name, account=second)},
        )
        office.change_room(calendars=(CALENDAR, name))
        office.calendar.add(name)
        office.calendar.unavailable = CalendarUnavailable("calendar_login")
        await startup.begin(office.world)
        await office.pass_time(2 * HOUR)
        before = lines(office)
        assert sum("second" in line for line in before) == len(ADMINS)
        for _ in range(2):
            office.world = replace(office.world, began=office.clock())
            await office.resume()
            await office.pass_time(2 * HOUR)
        assert lines(office) == before

    async def test_another_calendar_of_the_account_was_not_looked_at_yet(self, watched: Office) -> None:
        await self.fails(watched)
        name = CalendarName("press")
        calendars = watched.world.in_force.file.calendars
        watched.change(calendars={**calendars, name: replace(calendars[CALENDAR], name=name)})
        watched.calendar.add(name)
        watched.change_room(calendars=(CALENDAR, name))
        await startup.begin(watched.world)
        await watched.pass_time(2 * HOUR)
        assert len(told(watched)) == len(ADMINS), lines(watched)

    async def test_nothing_of_the_account_is_in_use_any_more(self, watched: Office) -> None:
        await self.fails(watched)
        watched.change(rooms={})
        await startup.begin(watched.world)
        await watched.pass_time(2 * HOUR)
        assert len(told(watched)) == len(ADMINS), lines(watched)
        assert await watched.world.stores.keeper.beginning_with("outage:") == {}

    async def test_a_paused_room_has_no_calendar_any_more(self, watched: Office) -> None:
        watched.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
        await watched.pass_time(31 * HOUR)
        assert len(told(watched)) == len(ADMINS)
        watched.change(rooms={})
        await startup.begin(watched.world)
        await watched.pass_time(2 * HOUR)
        assert len(told(watched)) == len(ADMINS), lines(watched)
