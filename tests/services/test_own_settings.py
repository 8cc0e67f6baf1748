"""Whose language and whose clock: chosen by command, by profile, by room; and what is read and shown by it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calbot.core.i18n import Catalog
from calbot.core.model import Kind, Message, RoomId
from calbot.core.permissions import PowerLevels
from calbot.errors import ChatUnavailable
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, LOCALES, ROOM, Office

HOME = RoomId("!home:example.org")  # Anna's chat with the bot
LONDON = "Europe/London"


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


@pytest.fixture
async def led(office: Office) -> Office:
    """Anna may change the settings of the room, Ben may not."""
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    office.chat.add_room(HOME, ANNA)
    return office


class TestExamples:
    async def test_the_zone_that_was_just_set_is_not_offered(self, led: Office) -> None:
        said = only(await led.says("!meet zeitzone raum Wien")).text
        assert "ist jetzt Europe/Vienna" in said
        assert "!meet zeitzone raum Europe/Berlin," in said
        assert "!meet zeitzone raum Europe/Vienna," in only(await led.says("!meet zeitzone raum Berlin")).text

    async def test_a_city_in_german_behind_the_slash_is_known(self, led: Office) -> None:
        assert only(await led.says("!meet zeitzone raum Europe/Wien")).data == {"zone": "Europe/Vienna"}
        assert only(await led.says("!meet tz Asia/Wien")).kind is Kind.ERROR

    async def test_an_example_is_for_the_room_where_that_was_meant(self, led: Office) -> None:
        assert "!meet zeitzone raum Europe/" in only(await led.says("!meet zeitzone raum Europe/Berln")).text
        assert "!meet zeitzone Europe/" in only(await led.says("!meet zeitzone Europe/Berln")).text
        assert "!meet zeitzone raum Europe/" in only(await led.says("!meet zeitzone raum xyzzyx")).text


class TestTheSendersZone:
    async def test_it_is_told_and_changed(self, led: Office) -> None:
        answer = only(await led.says("!meet zeitzone"))
        assert answer.kind is Kind.OK
        assert answer.text.startswith("Ihre Zeitzone: Europe/Berlin (wie in diesem Raum). Dort ist es 08:00 Uhr.\n")
        answer = only(await led.says("!meet tz London"))
        assert "Ihre Zeitzone ist jetzt Europe/London (von Ihnen gewählt). Dort ist es 07:00 Uhr." in answer.text
        assert answer.data == {"zone": LONDON}
        assert not answer.discloses
        answer = only(await led.says("!meet zeitzone standard"))
        assert answer.data == {"zone": "Europe/Berlin"}

    async def test_times_are_read_on_it_and_shown_on_the_rooms(self, led: Office) -> None:
        await led.says("!meet tz Europe/London")
        card = only(await led.says("!meet neu Abgleich morgen 14-15 Uhr"))
        assert "15:00–16:00" in card.text
        assert "(14:00–15:00 Uhr in London)" in card.text
        assert card.data["start"]["utc"] == "2026-11-25T14:00:00Z"
        # For Ben, who chose nothing, it stays what the room has.
        card = only(await led.says("!meet neu Abgleich morgen 17-18 Uhr", by=BEN))
        assert card.data["start"]["utc"] == "2026-11-25T16:00:00Z"

    async def test_what_a_move_leaves_out_is_as_the_sender_sees_it(self, led: Office) -> None:
        await led.says("!meet neu Rundgang 25.11.2026 00:30-01:30 Uhr", by=BEN)  # in London that is still today
        await led.says("!meet tz London")
        await led.says("!meet liste")
        await led.says("!meet verschiebe 1 22-23 Uhr")
        (text,) = led.texts()
        assert "DTSTART;TZID=Europe/London:20261124T220000" in text

    async def test_in_a_direct_chat_they_are_shown_on_it_as_well(self, led: Office) -> None:
        await led.says("!meet neu Abgleich morgen 14-15 Uhr")
        await led.says("!meet tz London", room=HOME)
        assert "13:00–14:00" in only(await led.says("liste", room=HOME)).text

    async def test_a_profile_says_it_where_nothing_was_chosen(self, led: Office) -> None:
        led.chat.zones[ANNA] = LONDON
        answer = only(await led.says("!meet zeitzone"))
        assert "Europe/London (aus Ihrem Matrix-Profil)" in answer.text
        await led.says("!meet zeitzone Wien")
        assert only(await led.says("!meet zeitzone")).data == {"zone": "Europe/Vienna"}

    @pytest.mark.parametrize("zone", ["", "Europe/Atlantis", "../../etc/passwd", "x" * 10_000, "/etc/localtime"])
    async def test_a_profile_may_say_anything(self, led: Office, zone: str) -> None:
        led.chat.zones[ANNA] = zone
        assert only(await led.says("!meet zeitzone")).data == {"zone": "Europe/Berlin"}

    async def test_a_profile_that_cannot_be_had_delays_nobody(self, led: Office) -> None:
        async def away(_: str) -> str:
            raise ChatUnavailable

        led.chat.time_zone = away  # type: ignore[method-assign, assignment]
        assert only(await led.says("!meet zeitzone")).data == {"zone": "Europe/Berlin"}

    async def test_it_survives_a_restart_and_is_nobody_elses(self, led: Office) -> None:
        await led.says("!meet tz London")
        await led.resume()
        assert only(await led.says("!meet tz")).data == {"zone": LONDON}
        assert only(await led.says("!meet tz", by=BEN)).data == {"zone": "Europe/Berlin"}

    async def test_an_own_agenda_comes_on_it(self, led: Office) -> None:
        await led.says("!meet neu Abgleich morgen 14-15 Uhr")
        await led.says("zeitzone New York", room=HOME)
        answer = only(await led.says("übersicht täglich 9:00", room=HOME))
        assert answer.data["digest"]["next"] == "2026-11-24T14:00:00Z"


class TestTheRoomsZone:
    async def test_whoever_may_changes_it_for_all(self, led: Office) -> None:
        await led.says("!meet neu Ganzer Tag morgen ganztägig")
        answer = only(await led.says("!meet zeitzone raum London"))
        assert answer.text.startswith("Die Zeitzone dieses Raums ist jetzt Europe/London. Dort ist es 07:00 Uhr.")
        assert led.world.settings.rooms[ROOM].timezone == ZoneInfo(LONDON)
        card = only(await led.says("!meet neu Abgleich morgen 14-15 Uhr", by=BEN))
        assert card.data["start"]["utc"] == "2026-11-25T14:00:00Z"
        only(await led.says("!meet tz room default"))
        assert led.world.settings.rooms[ROOM].timezone == BERLIN

    async def test_reminders_of_what_has_no_zone_move_with_it(self, led: Office) -> None:
        lines = ("UID:floats", "DTSTAMP:20261101T000000Z", "DTSTART:20261125T100000", "SUMMARY:Überall um zehn")
        event = ("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", "")
        led.calendar.put(CALENDAR, "floats", "\r\n".join(event))
        await led.pull()
        due = await led.world.stores.reminders.next_due(led.clock())
        await led.says("!meet zeitzone raum London")
        moved = await led.world.stores.reminders.next_due(led.clock())
        assert due is not None
        assert moved == due + timedelta(hours=1)

    async def test_an_agenda_comes_on_it(self, led: Office) -> None:
        led.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
        await led.says("!meet neu Runde morgen 10-11 Uhr")
        await led.says("!meet übersicht täglich 7:30")
        await led.says("!meet zeitzone raum New York")
        await led.until(datetime(2026, 11, 25, 7, 31, tzinfo=BERLIN))
        # The one of today, on the new clock; not yet the one of tomorrow.
        assert [message.data["items"] for message in led.said(Kind.AGENDA)] == []
        await led.until(datetime(2026, 11, 25, 7, 31, tzinfo=ZoneInfo("America/New_York")))
        assert len(led.said(Kind.AGENDA)) == 0  # the meeting is over by then
        assert led.world.settings.rooms[ROOM].digest.daily == time(7, 30)

    async def test_not_whoever_may_not(self, led: Office) -> None:
        refused = only(await led.says("!meet zeitzone raum London", by=BEN))
        assert refused.data["code"] == "forbidden"
        assert led.world.settings.rooms[ROOM].timezone == BERLIN
        assert only(await led.says("!meet zeitzone raum", by=BEN)).data == {"zone": "Europe/Berlin"}

    async def test_there_is_none_in_a_direct_chat(self, led: Office) -> None:
        refused = only(await led.says("zeitzone raum London", room=HOME))
        assert refused.data["code"] == "not_understood"
        assert "kein" in refused.text

    async def test_an_unmapped_room_has_none(self, led: Office) -> None:
        other = led.chat.add_room("!other:example.org", ANNA, BEN)
        assert only(await led.says("!meet tz room London", room=other)).data["code"] == "not_mapped"
        assert only(await led.says("!meet tz London", room=other)).data == {"zone": LONDON}


class TestZonesThatAreNotUnderstood:
    @pytest.mark.parametrize(
        ("said", "tells"),
        [
            ("Berln", "Meinen Sie eine von diesen: Europe/Berlin?"),
            ("Mordor", "Die Zeitzone „Mordor“ kenne ich nicht."),
            ("../../etc/passwd", "kenne ich nicht."),
        ],
    )
    async def test_the_answer_helps(self, led: Office, said: str, tells: str) -> None:
        refused = only(await led.says(f"!meet zeitzone {said}"))
        assert refused.data["code"] == "not_understood"
        assert tells in refused.text
        assert "`" not in refused.text
        assert "!meet zeitzone Europe/" in refused.text
        assert (await led.world.stores.preferences.person(ANNA)).timezone is None


class TestLanguage:
    async def test_the_senders_own(self, led: Office) -> None:
        answer = only(await led.says("!meet sprache englisch"))
        assert answer.text.startswith("Your language is now English.")
        assert answer.data == {"language": "en"}
        assert only(await led.says("!meet nichts da")).text != ""
        card = only(await led.says("!meet neu Abgleich morgen 14-15 Uhr"))
        assert "Wed" in card.text
        assert "Mi." in only(await led.says("!meet neu Runde morgen 16-17 Uhr", by=BEN)).text
        assert only(await led.says("!meet lang default")).text.startswith("Ihre Sprache ist jetzt Deutsch.")

    async def test_the_rooms(self, led: Office) -> None:
        answer = only(await led.says("!meet sprache raum en"))
        assert answer.text.startswith("This room’s language is now English.")
        assert "Wed" in only(await led.says("!meet neu Runde morgen 16-17 Uhr", by=BEN)).text
        assert only(await led.says("!meet sprache raum de", by=BEN)).data["code"] == "forbidden"
        await led.resume()
        assert led.world.settings.rooms[ROOM].language == "en"
        only(await led.says("!meet lang room default"))
        assert led.world.settings.rooms[ROOM].language == "de"

    async def test_one_that_it_does_not_speak(self, led: Office) -> None:
        refused = only(await led.says("!meet sprache klingonisch"))
        assert refused.data["code"] == "not_understood"
        assert "„klingonisch“" in refused.text
        assert "de, en" in refused.text

    async def test_a_further_language_needs_a_file_only(self, led: Office) -> None:
        """Here English words under another name stand for it: what is not translated would be missing."""
        po = (LOCALES / "en.po").read_bytes().replace(b"Your language is now", b"Votre langue est maintenant")
        catalogs = {**led.world.catalogs, "fr": Catalog.read(po, "fr")}
        object.__setattr__(led.world, "catalogs", catalogs)
        for name in ("fr", "français", "Französisch"):
            answer = only(await led.says(f"!meet sprache {name}"))
            assert answer.text.startswith("Votre langue est maintenant français.")
        card = only(await led.says("!meet neu Abgleich morgen 14-15 Uhr"))
        assert "mer." in card.text
        await led.says("!meet sprache raum fr")
        # Taken away again, the file's language holds.
        object.__setattr__(led.world, "catalogs", {name: catalogs[name] for name in ("de", "en")})
        await startup.prepare(led.world)
        assert led.world.settings.rooms[ROOM].language == "de"
        assert only(await led.says("!meet sprache")).text.startswith("Ich antworte Ihnen auf Deutsch.")
