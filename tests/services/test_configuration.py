"""Which settings are in force: at start, after a save, and for reminders that fall due in between."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core.configuration import is_error
from calbot.core.model import EventId, Kind, Message, RoomId
from calbot.core.settings import Problem, Secret, Settings
from calbot.db.stores import Stores
from calbot.services import configuration, startup
from calbot.services.world import World
from tests.core.configuration.example import example
from tests.fakes.alarm import FakeAlarm
from tests.fakes.chat import FakeChat

from .conftest import BERLIN, LOG, Office, catalogs

ROOM = RoomId("!abc:example.org")


def raw(**changes: Any) -> dict[str, Any]:
    return {**example(), **changes}


async def start(stores: Stores, raw: dict[str, Any]) -> tuple[Settings, list[Problem]]:
    settings, problems = await configuration.at_start(stores, raw, catalogs(), LOG)
    return settings, [problem for problem in problems if is_error(problem)]


class TestAtStart:
    async def test_a_good_one_is_in_force(self, stores: Stores) -> None:
        settings, errors = await start(stores, raw(command_prefix="!termin"))
        assert (settings.command_prefix, errors) == ("!termin", [])

    async def test_a_bad_one_leaves_the_last_good_one_in_force_across_restarts(self, stores: Stores) -> None:
        await start(stores, raw(command_prefix="!termin"))
        for _ in range(2):
            settings, errors = await start(stores, raw(command_prefix="zwei Wörter", rooms="broken"))
            assert settings.command_prefix == "!termin"
            assert list(settings.rooms) == [ROOM]
            assert {error.path for error in errors} == {"command_prefix", "rooms"}
        settings, errors = await start(stores, raw())
        assert (settings.command_prefix, errors) == ("!meet", [])

    async def test_secrets_are_kept_by_reference_only(self, stores: Stores, caplog: pytest.LogCaptureFixture) -> None:
        given = raw()
        given["accounts"]["city"]["password"] = "geheim-4711"
        given["web"]["token"] = "geheim-4712"
        await start(stores, given)
        kept = await stores.keeper.get("last good configuration")
        assert kept is not None
        assert "geheim" not in kept
        given["rooms"] = "geheim-4713"
        settings, _ = await start(stores, given)
        (account,) = settings.accounts.values()
        assert account.password == Secret("geheim-4711")
        assert settings.web.token == Secret("geheim-4712")
        assert "geheim" not in caplog.text

    @pytest.mark.parametrize(
        ("broken", "left"),
        [
            ("account", ({"other"}, {"hr"}, {"!hr"})),
            ("calendar", ({"city", "other"}, {"it-team"}, {ROOM})),
            ("room", ({"city", "other"}, {"it-team", "hr"}, {ROOM})),
        ],
    )
    async def test_without_one_each_broken_part_is_left_out_by_itself(
        self, stores: Stores, broken: str, left: tuple[set[str], set[str], set[str]]
    ) -> None:
        given = raw()
        given["accounts"]["other"] = {"url": "https://other.example/", "username": "u", "password": "p"}
        given["calendars"]["hr"] = {"account": "other", "url": "hr"}
        given["rooms"]["!hr"] = {"calendars": ["hr"]}
        if broken == "account":
            del given["accounts"]["city"]["url"]
        elif broken == "calendar":
            given["calendars"]["hr"]["show"] = "nothing"
        else:
            given["rooms"]["!hr"]["timezone"] = "Mars"
        settings, errors = await start(stores, given)
        assert errors
        assert (set(settings.accounts), set(settings.calendars), set(settings.rooms)) == left
        assert await stores.keeper.get("last good configuration") is None


class TestOnChange:
    async def test_a_bad_one_changes_nothing_and_says_why(
        self, office: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        before = office.world.in_force.file
        settings, problems = await configuration.on_change(office.world, raw(sync={"interval": "bald"}))
        assert settings is before
        assert [problem.path for problem in problems if is_error(problem)] == ["sync.interval"]
        assert "configuration: sync.interval: expected a duration with units" in caplog.text
        assert "the changed configuration has mistakes: the one before stays in force" in caplog.text
        assert await office.world.stores.keeper.get("last good configuration") is None

    async def test_a_good_one_is_kept_for_a_restart(self, office: Office) -> None:
        settings, problems = await configuration.on_change(office.world, raw(command_prefix="!plan"))
        assert settings.command_prefix == "!plan"
        assert not any(map(is_error, problems))
        kept = await office.world.stores.keeper.get("last good configuration")
        assert kept is not None
        assert json.loads(kept)["command_prefix"] == "!plan"


class Interrupted(FakeChat):
    """The homeserver takes a reminder, and the answer does not come."""

    taken: asyncio.Event | None = None

    async def post(self, room: RoomId, message: Message, **where: Any) -> EventId:
        posted = await super().post(room, message, **where)
        if self.taken is not None and message.kind is Kind.REMINDER:
            self.taken.set()
            await asyncio.Event().wait()
        return posted


class TestReminders:
    """A save ends one set of alarms and begins another."""

    def at(self, hour: int, minute: int) -> datetime:
        return datetime(2026, 11, 24, hour, minute, tzinfo=BERLIN)

    def renewed(self, office: Office, alarm: FakeAlarm) -> World:
        """As the plugin does, with what is under way in the old set over."""
        world = office.world
        return world.renewed(replace(world.in_force.file, command_prefix="!plan"), (), world.gateway, alarm)

    async def begin(self, office: Office, world: World, alarm: FakeAlarm) -> None:
        office.alarm.forget()
        office.world, office.alarm = world, alarm
        await startup.begin(world)
        await alarm.settle()

    def reminders(self, office: Office) -> list[Message]:
        return [
            posted.message for posted in office.chat.posted if posted.message and posted.message.kind is Kind.REMINDER
        ]

    async def test_due_while_no_alarm_rings_it_comes_once(self, office: Office) -> None:
        await office.says("!meet neu Runde heute 12-13 Uhr")
        await office.until(self.at(11, 44))
        office.alarm.forget()
        office.clock.advance(timedelta(minutes=2))  # the change waits for a command that takes this long
        alarm = FakeAlarm(office.clock)
        await self.begin(office, self.renewed(office, alarm), alarm)
        await office.until(self.at(13, 0))
        assert len(self.reminders(office)) == 1

    async def test_being_sent_when_its_alarm_is_taken_away_it_comes_once(self, office: Office) -> None:
        await office.says("!meet neu Runde heute 12-13 Uhr")
        await office.until(self.at(11, 44))
        chat = Interrupted(office.clock)
        chat.__dict__.update(office.chat.__dict__)
        chat.taken = asyncio.Event()
        office.chat, office.world = chat, replace(office.world, chat=chat)
        await startup.begin(office.world)
        sending = asyncio.create_task(office.until(self.at(11, 46)))
        await asyncio.wait_for(chat.taken.wait(), 10)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        chat.taken = None
        alarm = FakeAlarm(office.clock)
        await self.begin(office, self.renewed(office, alarm), alarm)
        await office.until(self.at(13, 0))
        assert len(self.reminders(office)) == 1

    async def test_saved_again_and_again_it_comes_once_and_in_time(self, office: Office) -> None:
        await office.says("!meet neu Runde heute 12-13 Uhr")
        for minute in range(40, 50):
            await office.until(self.at(11, minute))
            alarm = FakeAlarm(office.clock)
            await self.begin(office, self.renewed(office, alarm), alarm)
        await office.until(self.at(13, 0))
        (reminder,) = self.reminders(office)
        assert reminder.data["late"] is False
