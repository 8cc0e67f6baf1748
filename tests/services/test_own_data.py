"""What is stored about people, told and erased by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import Kind, Message, RoomId
from calbot.core.settings import Privacy
from calbot.ports import Encryption

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office
from .kills import killed_at

HOME = RoomId("!home:example.org")  # Anna's chat with the bot


@pytest.fixture
async def home(office: Office) -> Office:
    office.chat.add_room(HOME, ANNA)
    return office


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:one
DTSTAMP:20261124T060000Z
DTSTART:20261126T090000Z
DTEND:20261126T100000Z
SUMMARY:Budget
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def file(office: Office) -> Mapping[str, Any]:
    attached = [one.file for one in office.chat.posted if one.file is not None][-1]
    assert attached.mimetype == "application/json"
    found: Mapping[str, Any] = json.loads(attached.data.decode())
    return found


def stored(office: Office) -> Mapping[str, Any]:
    return {one["what"]: one["entries"] for one in file(office)["stored"]}


async def tell(office: Office, command: str = "meine Daten") -> Message:
    (message,) = await office.says(command, room=HOME)
    return message


async def leave_traces(office: Office) -> None:
    await office.says("sprache en", room=HOME)
    await office.says("tz London", room=HOME)
    await office.says("remind me 10m", room=HOME)
    await office.says("!meet new Budget tomorrow 10:00 @ben:example.org")
    await office.says("!meet list")
    await office.says("!meet poll Runde tomorrow 12:00; tomorrow 14:00")
    await office.says("!meet vote 1")
    await office.says("!meet close")
    await office.pull()


async def forget(office: Office) -> Message:
    (question,) = await office.says("vergiss mich", room=HOME)
    assert question.kind is Kind.QUESTION, question.text
    (answer,) = await office.says("1", room=HOME)
    return answer


class TestMyData:
    @pytest.mark.parametrize("command", ["meine daten", "my data", "Meine Daten!"])
    async def test_in_a_room_it_is_refused_kindly(self, command: str, home: Office) -> None:
        (refused,) = await home.says(f"!meet {command}")
        assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "not_understood")
        assert "Direktchat" in refused.text
        assert not [one for one in home.chat.posted if one.file is not None]

    async def test_all_of_it_is_in_the_file_and_counted_in_the_message(self, home: Office) -> None:
        await leave_traces(home)
        message = await tell(home)
        assert message.kind is Kind.OK
        assert message.text.startswith("This is stored about you:")
        found = stored(home)
        assert {"person_preference", "reminder", "event_maker", "poll", "audit", "last_reference", "listing"} <= {
            *found
        }
        assert {name: len(rows) for name, rows in found.items()} == {
            name: number for name, number in message.data["stored"].items() if name != "events"
        }
        (chosen,) = found["person_preference"]
        assert chosen == {"language": "en", "timezone": "Europe/London", "reminders": ["10 minutes before"]}
        assert found["poll"][0]["you_are"][0] == "asker"
        assert file(home)["person"] == ANNA
        assert file(home)["addresses"] == ["anna@example.org"]
        events = file(home)["events"]["entries"]
        assert {one["title"] for one in events} == {"Budget", "Runde"}
        assert all(one["calendar"] == CALENDAR and one["your_answer"] for one in events)

    async def test_nothing_of_others_is_in_it(self, home: Office) -> None:
        await leave_traces(home)
        await home.says("!meet neu Bens Sache morgen 15:00", by=BEN)
        await tell(home)
        data = json.dumps(file(home))
        assert BEN not in data
        assert "Bens Sache" not in data

    async def test_events_of_rooms_that_somebody_has_left_are_not_theirs_to_see(self, home: Office) -> None:
        await leave_traces(home)
        home.chat.put_out(ROOM, ANNA)
        home.world.known.forget(ROOM)
        await tell(home)
        assert file(home)["events"]["entries"] == []
        assert "Budget" not in json.dumps(file(home))

    async def test_events_that_somebody_organizes_are_in_it_too(self, home: Office) -> None:
        event = EVENT.replace("SUMMARY", "ORGANIZER:mailto:anna@example.org\r\nSUMMARY")
        home.calendar.put(CALENDAR, "hers", event)
        home.calendar.put(CALENDAR, "others", EVENT.replace("UID:one", "UID:two").replace("Budget", "Fremdes"))
        await home.pull()
        await tell(home)
        (entry,) = file(home)["events"]["entries"]
        assert (entry["title"], entry["your_answer"]) == ("Budget", None)

    async def test_titles_do_not_leave_in_clear(self, home: Office) -> None:
        await leave_traces(home)
        home.chat.rooms[HOME].encrypted = False
        assert (await tell(home)).data["code"] == "not_encrypted"
        assert not [one for one in home.chat.posted if one.file is not None and one.room == HOME]
        home.chat.crypto = Encryption.OFF
        await tell(home)
        assert file(home)["events"]["entries"] == []
        home.change(privacy=replace(Privacy(), require_encryption=True))
        assert (await tell(home)).data["code"] == "not_encrypted"

    async def test_a_series_is_one_entry_and_words_stand_beside_ids(self, home: Office) -> None:
        await home.says("remind me 10m", room=HOME)
        await home.says("!meet neu Jour fixe täglich 10:00")
        await home.pull()
        await tell(home)
        (event,) = file(home)["events"]["entries"]
        assert event["dates"] > 1
        (reminders,) = stored(home)["reminder"]
        assert len(reminders["planned"]) >= 1
        assert all(one["due_at"].endswith("+01:00") for one in reminders["planned"][:5])
        assert all(one["kept"] for one in file(home)["stored"])
        assert file(home)["addresses_from"] == "Konfiguration dieses Bots"
        answer = await forget(home)
        assert "anna@example.org" in answer.text
        assert "meine Kopie davon" in answer.text

    async def test_hidden_events_are_not_told(self, home: Office) -> None:
        await home.says("!meet neu Budget morgen 10:00")
        (text,) = home.texts()
        home.calendar.put(CALENDAR, home.name(), text.replace("SUMMARY", "CLASS:PRIVATE\r\nSUMMARY"))
        await home.pull()
        await tell(home)
        assert file(home)["events"]["entries"] == []
        assert "Budget" not in json.dumps(file(home))


class TestForgetMe:
    async def test_it_is_asked_first_and_says_what_goes_and_what_stays(self, home: Office) -> None:
        await leave_traces(home)
        (question,) = await home.says("forget me", room=HOME)
        assert question.kind is Kind.QUESTION
        assert question.mentions == (ANNA,)
        for said in ("Erased are your settings", "Events on the calendar server stay", "polls that are running"):
            assert said in question.text
        (kept,) = await home.says("2", room=HOME)
        assert kept.text == "All right, everything stays as it is."
        await tell(home, "my data")
        assert "person_preference" in stored(home)

    async def test_afterwards_nearly_nothing_is_left(self, home: Office) -> None:
        await leave_traces(home)
        events = home.texts()
        answer = await forget(home)
        assert answer.data == {"forgotten": True}
        assert home.texts() == events
        await tell(home)
        # The chat in which was just spoken, what was said in it, and what names them for others.
        assert {*stored(home)} <= {"direct_chat", "inbox", "poll", "last_reference"}
        assert len(stored(home)["inbox"]) <= 2

    async def test_the_record_keeps_a_pseudonym(self, home: Office) -> None:
        await leave_traces(home)
        before = await home.world.stores.audit.newest(100)
        await forget(home)
        after = await home.world.stores.audit.newest(100)
        assert len(after) == len(before) + 1
        (instead,) = {one.actor for one in after}
        assert instead.startswith("forgotten-")
        assert after[0].action == "forget"

    async def test_private_reminders_come_no_more(self, home: Office) -> None:
        await leave_traces(home)
        assert await home.world.stores.reminders.waiting_about(ANNA)
        await forget(home)
        assert not await home.world.stores.reminders.waiting_about(ANNA)
        await home.pass_time(timedelta(days=2))
        reminded = [one.room for one in home.chat.posted if one.message and one.message.kind is Kind.REMINDER]
        assert HOME not in reminded

    async def test_it_is_done_once_however_it_is_interrupted(self, home: Office) -> None:
        await leave_traces(home)
        await home.says("vergiss mich", room=HOME)

        async def agree() -> None:
            await home.says("1", room=HOME)

        assert await killed_at(home, "person.forgotten", agree)
        answers = [one for one in home.chat.posted if one.message and one.message.data == {"forgotten": True}]
        assert len(answers) == 1
        found = [one.action for one in await home.world.stores.audit.newest(100)]
        assert found.count("forget") == 1

    async def test_in_a_room_it_is_refused(self, home: Office) -> None:
        await leave_traces(home)
        (refused,) = await home.says("!meet forget me")
        assert refused.data["code"] == "not_understood"
        assert (await home.world.stores.preferences.person(ANNA)).language == "en"
