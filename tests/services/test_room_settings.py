"""How a room is set by command: told with where it comes from, changed by whoever may, and in force at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core.model import AccountName, CalendarName, Kind, Message, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.settings import Access, Alarms, Calendar, Levels, Mention
from tests.fakes.calendar import FakeCalendarGateway

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office

PRESS, READ = CalendarName("press"), CalendarName("read")
ADMIN = UserId("@admin:example.org")
HOME = RoomId("!home:example.org")


def only(said: list[Message]) -> Message:
    (message,) = said
    return message


def setting(message: Message, key: str) -> dict[str, Any]:
    (found,) = [one for one in message.data["settings"] if one["key"] == key]
    return dict(found)


@pytest.fixture
def led(office: Office) -> Office:
    """Anna moderates the room."""
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    office.chat.add_room(HOME, ANNA)
    return office


class TestTelling:
    async def test_all_with_where_each_comes_from(self, led: Office) -> None:
        led.change_room(duration=timedelta(minutes=30))
        await led.says("!meet setze alarme ignorieren")
        told = only(await led.says("!meet setze", by=BEN))
        assert told.kind is Kind.OK
        assert [(one["key"], one["value"], one["source"]) for one in told.data["settings"]] == [
            ("reminders", [900], "standard"),
            ("alarms", "ignore", "chosen"),
            ("mention", "attendees", "standard"),
            ("write_to", "it-team", "file"),
            ("duration", 1800, "file"),
            ("levels.new", 0, "standard"),
            ("levels.cancel", 50, "standard"),
            ("levels.settings", None, "standard"),
        ]
        assert "erinnerungen: 15 Minuten vorher (Vorgabe)" in told.text
        assert "dauer: 30 Minuten (aus der Konfiguration)" in told.text
        assert "stufe.absagen: 50, Moderation (Vorgabe)" in told.text

    async def test_one(self, led: Office) -> None:
        told = only(await led.says("!meet set alarms", by=BEN))
        assert told.data == {"settings": [{"key": "alarms", "value": "use", "source": "standard"}]}

    async def test_there_is_none_in_a_direct_chat_or_without_a_calendar(self, led: Office) -> None:
        assert only(await led.says("setze dauer 45m", room=HOME)).data["code"] == "not_understood"
        other = led.chat.add_room("!other:example.org", ANNA, BEN)
        assert only(await led.says("!meet setze dauer 45m", room=other)).data["code"] == "not_mapped"


class TestWhatItMeans:
    @pytest.mark.parametrize(
        ("typed", "means"),
        [
            ("erwähnen niemand", "Erinnerungen erwähnen dann niemanden."),
            ("erwähnen raum", "Diese Personen erwähnen Erinnerungen"),
            ("erinnerungen aus", "Hier wird an keine Termine erinnert."),
        ],
    )
    async def test_what_is_said_of_a_value_is_true_of_it(self, led: Office, typed: str, means: str) -> None:
        assert only(await led.says(f"!meet setze {typed}")).text.splitlines()[-1].startswith(means)

    async def test_for_what_has_a_command_of_its_own_there_is_one_example(self, led: Office) -> None:
        said = only(await led.says("!meet setze sprache de"))
        assert said.text.count("!meet") == 1


class TestChanging:
    @pytest.mark.parametrize(
        ("command", "key", "value", "field", "expected"),
        [
            (
                "setze erinnerungen 1d 15m",
                "reminders",
                [86400, 900],
                "reminders",
                (timedelta(days=1), timedelta(minutes=15)),
            ),
            ("set reminders off", "reminders", [], "reminders", ()),
            ("setze alarme ignorieren", "alarms", "ignore", "alarms", Alarms.IGNORE),
            ("setze erwähnen raum", "mention", "room", "mention", Mention.ROOM),
            ("set mention none", "mention", "none", "mention", Mention.NONE),
            ("setze Dauer: 1,5h", "duration", 5400, "duration", timedelta(minutes=90)),
            ("setze stufe neu moderation", "levels.new", 50, "levels", Levels(new=50)),
            ("set levels.cancel 25", "levels.cancel", 25, "levels", Levels(cancel=25)),
            ("set level.settings 50", "levels.settings", 50, "levels", Levels(settings=50)),
            ("setze eintragen IT-Team", "write_to", "it-team", "write_to", CALENDAR),
        ],
    )
    async def test_it_holds_at_once_and_after_a_restart(
        self, led: Office, command: str, key: str, value: object, field: str, expected: object
    ) -> None:
        before = led.world.settings.rooms[ROOM]
        done = only(await led.says(f"!meet {command}"))
        assert setting(done, key) == {"key": key, "value": value, "source": "chosen"}
        assert done.text.startswith("Anna hat diesen Raum eingestellt.")
        assert getattr(led.world.settings.rooms[ROOM], field) == expected
        await led.resume()
        assert getattr(led.world.settings.rooms[ROOM], field) == expected
        only(await led.says(f"!meet set {key} default"))
        assert led.world.settings.rooms[ROOM] == before

    async def test_reminders_are_planned_anew(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 14-15 Uhr")
        await led.says("!meet set reminders 1h")
        said = await led.until(datetime(2026, 11, 25, 13, 0, 30, tzinfo=BERLIN))
        assert [one.kind for one in said if one.kind is Kind.REMINDER] == [Kind.REMINDER]

    async def test_without_reminders_there_are_none_of_alarms_unless_wanted_afterwards(self, led: Office) -> None:
        await led.says("!meet set alarms use")
        await led.says("!meet erinnere aus")
        assert led.world.settings.rooms[ROOM].alarms is Alarms.IGNORE
        await led.says("!meet set alarms use")
        assert led.world.settings.rooms[ROOM].alarms is Alarms.USE
        assert led.world.settings.rooms[ROOM].reminders == ()

    async def test_new_events_last_that_long(self, led: Office) -> None:
        await led.says("!meet setze dauer 45m")
        card = only(await led.says("!meet neu Runde morgen 14 Uhr"))
        assert card.data["end"]["localtime"] == "2026-11-25T14:45:00"

    async def test_a_room_hears_it_in_its_own_language(self, led: Office) -> None:
        await led.says("!meet sprache en")
        said = await led.says("!meet set duration 45m")
        assert [one.text.splitlines()[0] for one in said] == [
            "Anna hat diesen Raum eingestellt.",
            "Anna changed a setting of this room.",
        ]


class TestWhereNewEventsGo:
    @pytest.fixture
    def three(self, led: Office) -> Office:
        file = led.world.in_force.file
        more = {
            name: Calendar(name, AccountName("city"), f"https://dav.example.org/{name}/", access=access)
            for name, access in ((PRESS, Access.READ_WRITE), (READ, Access.READ_ONLY))
        }
        led.world = replace(led.world, gateway=FakeCalendarGateway((CALENDAR, PRESS, READ)))
        led.change(calendars={**file.calendars, **more})
        led.change_room(calendars=(CALENDAR, PRESS, READ))
        return led

    async def test_to_another_one(self, three: Office) -> None:
        await three.says("!meet set write_to press")
        card = only(await three.says("!meet neu Runde morgen 14 Uhr"))
        assert card.data["calendar"] == "press"

    async def test_not_to_one_that_cannot_be_written(self, three: Office) -> None:
        refused = only(await three.says("!meet set write_to read"))
        assert refused.data["code"] == "read_only"
        assert "it-team, press" in refused.text

    async def test_not_to_one_that_is_not_there(self, three: Office) -> None:
        refused = only(await three.says("!meet setze eintragen presse"))
        assert refused.data["code"] == "not_found"
        assert "„presse“" in refused.text


class TestRights:
    @pytest.mark.parametrize("command", ["dauer 45m", "alarme aus", "stufe neu 0", "erinnerungen 1h", "dauer standard"])
    async def test_not_whoever_may_not_set_the_room(self, led: Office, command: str) -> None:
        before = led.world.settings.rooms[ROOM]
        assert only(await led.says(f"!meet setze {command}", by=CARLA)).data["code"] == "forbidden"
        assert led.world.settings.rooms[ROOM] == before

    @pytest.mark.parametrize(
        ("command", "may"),
        [("levels.new 50", True), ("levels.new 51", False), ("levels.settings 100", False), ("levels.cancel 0", True)],
    )
    async def test_no_level_above_ones_own(self, led: Office, command: str, may: bool) -> None:
        said = only(await led.says(f"!meet set {command}"))
        assert (said.data.get("code") != "forbidden") is may

    async def test_nor_one_that_is_above_it_already(self, led: Office) -> None:
        led.change_room(levels=Levels(cancel=100))
        refused = only(await led.says("!meet set levels.cancel 50"))
        assert refused.data["code"] == "forbidden"
        assert "Administration" in refused.text

    async def test_nor_back_to_what_is_above_it(self, led: Office) -> None:
        led.change(admins=frozenset({ADMIN}))
        led.change_room(levels=Levels(cancel=100))
        led.chat.enter(ROOM, ADMIN)
        only(await led.says("!meet set levels.cancel 50", by=ADMIN))
        assert led.world.settings.rooms[ROOM].levels.cancel == 50
        assert only(await led.says("!meet set levels.cancel default")).data["code"] == "forbidden"


class TestWhatIsNotUnderstood:
    @pytest.mark.parametrize(
        ("command", "tells"),
        [
            ("setze alrame aus", "Meinten Sie alarme?"),
            ("setze farbe rot", "„farbe“"),
            ("setze farbe rot", "stufe.einstellungen"),
            ("setze alarme laut", "!meet setze alarme nutzen"),
            ("setze erwähnen chefin", "„chefin“"),
            ("setze dauer ewig", "!meet setze dauer 45m"),
            ("setze dauer 31d", "1 Minute bis 30 Tage"),
            ("setze stufe neu hoch", "„hoch“"),
            ("setze stufe neu 99999999999999999", "„99999999999999999“"),
            ("setze erinnerungen demnächst", "demnächst"),
            ("setze erinnerungen me 5m", "„me 5m“"),
            ("setze sprache englisch", "!meet sprache raum de"),
            ("setze übersicht 7:30", "!meet übersicht täglich 7:30"),
            ("setze zeitzone Wien", "!meet zeitzone raum"),
        ],
    )
    async def test_the_answer_quotes_it_and_helps(self, led: Office, command: str, tells: str) -> None:
        before = led.world.settings.rooms[ROOM]
        refused = only(await led.says(f"!meet {command}"))
        assert refused.data["code"] == "not_understood"
        assert tells in refused.text
        assert led.world.settings.rooms[ROOM] == before

    async def test_a_lead_time_beyond_what_is_known(self, led: Office) -> None:
        assert only(await led.says("!meet set reminders 300d")).data["code"] == "limit"
