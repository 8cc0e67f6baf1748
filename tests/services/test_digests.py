"""When agendas come by themselves, said by command: in a room for all, in a direct chat for oneself."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from calbot.core.model import Kind, Message, RoomId
from calbot.core.permissions import PowerLevels
from calbot.core.settings import Defaults, Digest, Hours, Sync, Weekday
from calbot.ports import Encryption
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, ROOM, Office

HOME = RoomId("!home:example.org")  # Anna's chat with the bot


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def at(hour: int, minute: int = 0, day: int = 25, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.fixture
async def led(office: Office) -> Office:
    """Anna may change the settings of the room, Ben may not."""
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    office.chat.add_room(HOME, ANNA)
    await setting(office)
    return office


async def setting(office: Office, **defaults: Any) -> None:
    rarely = Sync(interval=timedelta(hours=12), max_interval=timedelta(hours=12))
    office.change(defaults=Defaults(**defaults), sync=rarely)
    await startup.begin(office.world)
    await office.alarm.settle()


def agendas(office: Office, room: RoomId = ROOM) -> list[Message]:
    return office.chat.messages(room, Kind.AGENDA)


class TestInARoom:
    async def test_it_is_set_says_when_it_comes_first_and_comes_then(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        answer = only(await led.says("!meet übersicht täglich 7:30"))
        assert answer.kind is Kind.OK
        assert not answer.discloses
        assert answer.text == (
            "Die Übersicht kommt täglich um 07:30 Uhr.\n"
            "Zum ersten Mal: Mi., 25.11., 07:30 Uhr\n"
            "Ohne Termine bleibt sie aus."
        )
        assert answer.data == {
            "digest": {"daily": "07:30", "weekly": None, "always": False, "next": "2026-11-25T06:30:00Z"}
        }
        await led.until(at(7, 31))
        assert len(agendas(led)) == 1

    async def test_later_today_it_comes_today(self, led: Office) -> None:
        await led.says("!meet neu Runde heute 18-19 Uhr")
        answer = only(await led.says("!meet digest daily 16:00"))
        assert "Di., 24.11., 16:00 Uhr" in answer.text
        await led.until(at(16, 1, day=24))
        assert len(agendas(led)) == 1

    async def test_what_is_not_said_stays(self, led: Office) -> None:
        await led.says("!meet übersicht täglich 7:30 immer")
        await led.says("!meet übersicht wöchentlich Mo 8 Uhr")
        room = led.world.settings.rooms[ROOM]
        assert room.digest == Digest(time(7, 30), (Weekday.MON, time(8)), always=True)
        await led.says("!meet übersicht täglich aus immer aus")
        assert led.world.settings.rooms[ROOM].digest == Digest(weekly=(Weekday.MON, time(8)))
        shown = only(await led.says("!meet übersicht", by=BEN))
        assert shown.text == (
            "Die Übersicht kommt montags um 08:00 Uhr für die Woche.\n"
            "Das nächste Mal: Mo., 30.11., 08:00 Uhr\n"
            "Ohne Termine bleibt sie aus."
        )

    async def test_it_ends(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("!meet übersicht täglich 7:30")
        answer = only(await led.says("!meet übersicht aus"))
        assert "keine Übersicht mehr" in answer.text
        await led.until(at(12))
        assert agendas(led) == []
        assert "keine Übersicht von selbst" in only(await led.says("!meet digest")).text

    async def test_switched_on_again_it_is_silent_without_events(self, led: Office) -> None:
        await led.says("!meet übersicht täglich 7:30 immer")
        await led.says("!meet übersicht aus")
        answer = only(await led.says("!meet übersicht täglich 7:30"))
        assert "Ohne Termine bleibt sie aus." in answer.text

    async def test_it_goes_back_to_what_the_file_says(self, led: Office) -> None:
        led.change_room(digest=Digest(daily=time(6)))
        await startup.begin(led.world)
        await led.says("!meet digest daily 9:00")
        assert led.world.settings.rooms[ROOM].digest == Digest(daily=time(9))
        answer = only(await led.says("!meet digest default"))
        assert "täglich um 06:00 Uhr" in answer.text
        assert led.world.settings.rooms[ROOM].digest == Digest(daily=time(6))

    async def test_off_stands_above_the_file_also_after_a_restart(self, led: Office) -> None:
        led.change_room(digest=Digest(daily=time(7, 30)))
        await startup.begin(led.world)
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("!meet digest off")
        await led.resume()
        await led.until(at(12))
        assert agendas(led) == []

    async def test_only_who_may_change_the_settings(self, led: Office) -> None:
        refused = only(await led.says("!meet übersicht täglich 7:30", by=BEN))
        assert refused.data["code"] == "forbidden"
        assert led.world.settings.rooms[ROOM].digest == Digest()

    async def test_a_time_at_which_it_would_never_come(self, led: Office) -> None:
        await setting(led, quiet_hours=Hours(time(20), time(7)))
        refused = only(await led.says("!meet übersicht täglich 21 Uhr"))
        assert refused.kind is Kind.ERROR
        assert "20:00–07:00" in refused.text
        assert led.world.settings.rooms[ROOM].digest == Digest()

    async def test_another_time_on_the_same_day_is_taken_at_its_word(self, led: Office) -> None:
        await led.says("!meet neu Runde heute 18-19 Uhr")
        await led.says("!meet digest daily 9:00")
        await led.until(at(9, 1, day=24))
        assert len(agendas(led)) == 1
        answer = only(await led.says("!meet digest daily 10:00"))
        assert "Di., 24.11., 10:00 Uhr" in answer.text
        await led.until(at(23, day=24))
        assert len(agendas(led)) == 2

    async def test_it_is_not_understood(self, led: Office) -> None:
        refused = only(await led.says("!meet übersicht bald"))
        assert refused.data["code"] == "not_understood"
        assert "„bald“" in refused.text
        assert "!meet übersicht täglich 7:30" in refused.text

    async def test_in_english(self, led: Office) -> None:
        led.change_room(language="en")
        await startup.begin(led.world)
        answer = only(await led.says("!meet digest weekly mon 8:00 daily 7:30"))
        assert answer.text.startswith(
            "The agenda comes daily at 07:30 and every Monday at 08:00 for the week.\nFor the"
        )

    async def test_help_names_it_to_those_who_may(self, led: Office) -> None:
        assert "übersicht" in only(await led.says("!meet hilfe")).text
        assert "übersicht" not in only(await led.says("!meet hilfe", by=BEN)).text
        assert "!meet übersicht täglich 7:30" in only(await led.says("!meet hilfe übersicht", by=BEN)).text

    async def test_cut_off_after_it_was_saved_it_is_answered_once(
        self, led: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = led.world.stores.preferences.save_room

        async def killed(*args: Any) -> None:
            monkeypatch.setattr(led.world.stores.preferences, "save_room", save)
            await save(*args)
            raise asyncio.CancelledError

        monkeypatch.setattr(led.world.stores.preferences, "save_room", killed)
        with pytest.raises(asyncio.CancelledError):
            await led.says("!meet digest daily 7:30")
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.resume()
        assert len([message for message in led.said(Kind.OK) if "07:30" in message.text]) == 1
        await led.until(at(7, 31))
        assert len(agendas(led)) == 1


class TestForOneself:
    async def test_it_comes_in_the_direct_chat_over_all_rooms_one_is_in(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        answer = only(await led.says("übersicht täglich 7:30", room=HOME))
        assert answer.text.startswith("Ihre Übersicht kommt täglich um 07:30 Uhr, in diesem Chat")
        await led.until(at(7, 31))
        assert agendas(led) == []
        agenda = only(agendas(led, HOME))
        assert [item["title"] for item in agenda.data["items"]] == ["Runde"]
        assert agenda.notify
        assert only(await led.says("zeige 1", room=HOME)).data["title"] == "Runde"

    async def test_it_tells_nothing_of_rooms_that_one_has_left(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("übersicht täglich 7:30 immer", room=HOME)
        del led.chat.rooms[ROOM].members[ANNA]
        await led.until(at(7, 31))
        assert agendas(led, HOME) == []

    async def test_it_tells_nothing_of_rooms_that_the_bot_is_not_in(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("übersicht täglich 7:30 immer", room=HOME)
        led.chat.kick(ROOM)
        await led.until(at(7, 31))
        assert agendas(led, HOME) == []

    async def test_without_encryption_none_is_promised(self, led: Office) -> None:
        led.chat.crypto = Encryption.OFF
        led.chat.rooms[HOME].encrypted = led.chat.rooms[ROOM].encrypted = False
        answer = only(await led.says("!meet übersicht täglich 7:30", room=HOME))
        assert answer.data["code"] == "not_encrypted"
        assert only(await led.says("!meet übersicht aus", room=HOME)).kind is Kind.OK

    async def test_it_needs_no_rights_and_changes_nothing_for_others(self, led: Office) -> None:
        chat = led.chat.add_room("!bens:example.org", BEN)
        await led.says("digest weekly mon 8:00", by=BEN, room=chat)
        assert led.world.settings.rooms[ROOM].digest == Digest()
        assert (await led.world.stores.preferences.person(BEN)).digest == Digest(weekly=(Weekday.MON, time(8)))
        assert "montags um 08:00 Uhr" in only(await led.says("digest", by=BEN, room=chat)).text

    async def test_it_ends(self, led: Office) -> None:
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("übersicht täglich 7:30", room=HOME)
        await led.says("übersicht aus", room=HOME)
        await led.until(at(12))
        assert agendas(led, HOME) == []
