"""Lead times by command, and private reminders."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from calbot.core.model import Kind, Message, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.preferences import PersonPreferences, RoomPreferences
from calbot.core.settings import Access, Alarms, Digest
from calbot.ports import Encryption
from calbot.services import preferences, startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office

DM = RoomId("!dm:example.org")


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def answer(office: Office, text: str, by: UserId = ANNA, room: RoomId = ROOM) -> Message:
    return only(await office.says(text, by, room))


async def meeting(office: Office, text: str = "!meet neu Runde heute 12-13 Uhr", by: UserId = ANNA) -> None:
    await office.says(f"{text} {BEN}", by)
    await office.alarm.settle()


def times(office: Office, room: RoomId) -> list[str]:
    """When reminders came in a room."""
    found = []
    for posted in office.chat.posted:
        if posted.room == room and posted.message is not None and posted.message.kind is Kind.REMINDER:
            event = next(one for one in office.chat.rooms[room].events if one.id == posted.event)
            found.append(f"{datetime.fromtimestamp(event.at / 1000, tz=BERLIN):%d. %H:%M}")
    return found


def private(office: Office, user: UserId) -> RoomId | None:
    """The direct chat that the bot has opened with somebody."""
    rooms = (room for room, state in office.chat.rooms.items() if state.creation_key and user in state.invited)
    return next(rooms, None)


def empower(office: Office, *users: UserId) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users=dict.fromkeys(users, 100))


@pytest.fixture(autouse=True)
def anna_is_in_charge(office: Office) -> None:
    empower(office, ANNA)


# ------------------------------------------------------------------------------------------------------------ the room


async def test_of_a_room_they_hold_at_once_and_after_a_restart(office: Office) -> None:
    await meeting(office)
    said = await answer(office, "!meet erinnere 1h, 5m")
    assert said.kind is Kind.OK
    assert said.text.startswith("In diesem Raum wird erinnert: 1 Stunde vorher und 5 Minuten vorher.")
    assert said.data["reminders"]["room"] == {"leads": [3600, 300], "alarms": True}
    assert not said.discloses
    await startup.begin(office.world)
    await office.until(at(14))
    assert times(office, ROOM) == ["24. 11:00", "24. 11:55"]


async def test_what_is_over_already_is_not_sent(office: Office) -> None:
    await meeting(office)
    await office.until(at(11, 30))
    await answer(office, "!meet remind 1h 10m")
    await office.until(at(14))
    assert times(office, ROOM) == ["24. 11:50"]


async def test_off_is_off_for_alarms_too_and_default_takes_it_back(office: Office) -> None:
    await meeting(office)
    text = office.texts()[0].replace(
        "END:VEVENT", "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\nEND:VEVENT"
    )
    office.calendar.put(CALENDAR, office.name(), text)
    await office.pull()
    assert (await answer(office, "!meet erinnere aus")).text == "In diesem Raum wird nicht erinnert."
    assert await office.world.stores.reminders.waiting(ROOM) == []
    said = await answer(office, "!meet erinnere standard")
    assert "15 Minuten vorher" in said.text
    await office.until(at(14))
    assert times(office, ROOM) == ["24. 11:30", "24. 11:45"]
    assert await office.world.stores.preferences.rooms() == {}


async def test_what_else_was_chosen_in_the_room_stays(office: Office) -> None:
    digest = RoomPreferences(digest=Digest())
    await office.world.stores.preferences.save_room(ROOM, digest)
    await answer(office, "!meet remind 10m")
    assert await office.world.stores.preferences.room(ROOM) == replace(digest, reminders=(timedelta(minutes=10),))


async def test_who_may_not_set_up_the_room_may_not_set_its_lead_times(office: Office) -> None:
    said = await answer(office, "!meet erinnere 10m", BEN)
    assert (said.kind, said.data["code"]) == (Kind.ERROR, "forbidden")
    assert await office.world.stores.preferences.rooms() == {}


async def test_without_arguments_it_says_what_is_set_for_the_room_and_for_oneself(office: Office) -> None:
    said = await answer(office, "!meet erinnere", BEN)
    assert said.text == (
        "In diesem Raum wird erinnert: 15 Minuten vorher.\n"
        "Außerdem gelten die Erinnerungen, die am Termin selbst eingetragen sind.\n"
        "An Ihre Termine erinnere ich Sie nicht privat, außer wo Sie es für einen einzelnen eingestellt haben.\n"
        "Ändern: !meet erinnere 1d 15m für den Raum, !meet erinnere mich 10m nur für Sie"
    )
    office.change_room(reminders=(), alarms=Alarms.USE, language="en")
    said = await answer(office, "!meet remind", BEN)
    assert said.text.startswith("In this room, there are only those reminders that are entered on the event itself.")
    office.change_room(reminders=(timedelta(days=1, hours=2, minutes=30), timedelta(0)), alarms=Alarms.IGNORE)
    said = await answer(office, "!meet remind", BEN)
    assert "1 day 2 h 30 min before and at the start." in said.text
    assert "entered" not in said.text


# ---------------------------------------------------------------------------------------------------------- one event


async def test_for_one_event_they_stand_in_place_of_those_of_the_room(office: Office) -> None:
    await meeting(office)
    await meeting(office, "!meet neu Andere heute 14-15 Uhr")
    await answer(office, "!meet liste")
    said = await answer(office, "!meet erinnere 1d, 1h 1")
    assert said.text == (
        "Runde, Di., 24.11., 12:00–13:00 Uhr\n"
        "Hier wird erinnert: 1 Tag vorher und 1 Stunde vorher.\n"
        "Dafür ist es schon zu spät: 1 Tag vorher.\n"
        "Nächste Erinnerung: 11:00 Uhr"
    )
    assert said.data["title"] == "Runde"
    assert said.data["reminders"]["next"] == "2026-11-24T10:00:00Z"
    assert said.data["reminders"]["over"] == [86400]
    await office.until(at(18))
    assert times(office, ROOM) == ["24. 11:00", "24. 13:45"]


async def test_for_one_event_off_default_and_telling(office: Office) -> None:
    await meeting(office)
    assert "Hier wird daran nicht erinnert." in (await answer(office, "!meet erinnere aus last")).text
    assert await office.world.stores.reminders.waiting(ROOM) == []
    assert "nicht erinnert" in (await answer(office, "!meet erinnere last")).text
    said = await answer(office, "!meet erinnere standard last")
    assert said.text.endswith("Für diesen Termin ist nichts anderes eingestellt.\nNächste Erinnerung: 11:45 Uhr")
    assert await office.world.stores.preferences.all_event_leads() == []
    await office.until(at(11, 50))
    assert "Es kommt keine Erinnerung mehr." in (await answer(office, "!meet erinnere last")).text


async def test_a_reply_to_the_card_means_its_event(office: Office) -> None:
    await meeting(office)
    card = office.chat.last(ROOM).event
    said = only(await office.replies(card, "!meet erinnere 1h"))
    assert "Nächste Erinnerung: 11:00 Uhr" in said.text


async def test_it_follows_when_the_event_is_moved(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere 1h last")
    await office.says("!meet verschiebe last 16 Uhr")
    await office.until(at(18))
    assert times(office, ROOM) == ["24. 15:00"]


async def test_on_a_series_it_asks_which_are_meant(office: Office) -> None:
    await meeting(office, "!meet neu Jour fixe jeden Dienstag 12-13 Uhr")
    question = await answer(office, "!meet erinnere 1h last")
    assert question.kind is Kind.QUESTION
    said = await answer(office, "!meet 1")
    assert "Jour fixe, Di., 24.11." in said.text
    await office.until(at(13, day=24) + timedelta(days=7))
    assert times(office, ROOM) == ["24. 11:00", "01. 11:45"]


async def test_all_of_a_series_takes_single_dates_along(office: Office) -> None:
    await meeting(office, "!meet neu Jour fixe jeden Dienstag 12-13 Uhr")
    await answer(office, "!meet erinnere aus last diesen")
    said = await answer(office, "!meet erinnere 1h last alle")
    assert said.text.startswith("Jour fixe, ganze Serie\n")
    await office.until(at(13, day=24) + timedelta(days=7))
    assert times(office, ROOM) == ["24. 11:00", "01. 11:00"]
    await answer(office, "!meet erinnere standard last alle")
    assert await office.world.stores.preferences.all_event_leads() == []


async def test_following_ones_alone_are_refused(office: Office) -> None:
    await meeting(office, "!meet neu Jour fixe jeden Dienstag 12-13 Uhr")
    assert (await answer(office, "!meet erinnere 1h last folgende")).data["code"] == "not_understood"


async def test_whose_event_it_is_not_may_set_only_their_own(office: Office) -> None:
    """Also on a calendar that nothing can be written to."""
    await meeting(office, by=ANNA)
    calendars = office.world.in_force.file.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], access=Access.READ_ONLY)})
    await answer(office, "!meet liste", CARLA)
    said = await answer(office, "!meet erinnere 1h 1", CARLA)
    assert said.data["code"] == "forbidden"
    assert await office.world.stores.preferences.all_event_leads() == []
    assert "privat: 1 Stunde vorher" in (await answer(office, "!meet erinnere mich 1h 1", CARLA)).text
    empower(office)
    await answer(office, "!meet liste", ANNA)
    assert "Hier wird erinnert: 1 Stunde vorher." in (await answer(office, "!meet erinnere 1h 1", ANNA)).text


async def test_an_event_that_is_gone_leaves_nothing_behind(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere 1h last")
    office.calendar.remove(CALENDAR, office.name())
    await office.until(at(12, day=26))
    assert await office.world.stores.preferences.all_event_leads() == []


# ------------------------------------------------------------------------------------------------------------- private


async def test_privately_of_all_meetings_one_is_on(office: Office) -> None:
    await meeting(office)
    await office.says("!meet neu Ohne Ben heute 16-17 Uhr")
    said = await answer(office, "!meet erinnere mich 10m", BEN)
    assert said.text == "An Ihre Termine erinnere ich Sie privat: 10 Minuten vorher."
    await office.until(at(18))
    room = private(office, BEN)
    assert room is not None
    assert office.chat.rooms[room].encrypted
    assert times(office, room) == ["24. 11:50"]
    message = only(office.chat.messages(room, Kind.REMINDER))
    assert message.notify
    assert message.mentions == ()
    assert "In 10 Minuten, 12:00 Uhr: Runde" in message.text
    assert "Aus dem Kalender: it-team" in message.text
    assert times(office, ROOM) == ["24. 11:45", "24. 15:45"], "the room's go on"


async def test_privately_of_meetings_made_later_and_after_a_restart(office: Office) -> None:
    await answer(office, "!meet erinnere mich 10m", BEN)
    office.change()
    await startup.begin(office.world)
    await meeting(office)
    await office.until(at(14))
    room = private(office, BEN)
    assert room is not None
    assert times(office, room) == ["24. 11:50"]


async def test_who_declines_is_not_reminded(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere mich 10m", BEN)
    unfolded = office.texts()[0].replace("\r\n ", "")
    declined = "\r\n".join(
        line.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED") for line in unfolded.split("\r\n")
    )
    office.calendar.put(CALENDAR, office.name(), declined)
    await office.pull()
    await office.until(at(14))
    assert private(office, BEN) is None


async def test_private_off_and_back(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere mich 10m", BEN)
    said = await answer(office, "!meet erinnere mich aus", BEN)
    off = "An Ihre Termine erinnere ich Sie nicht privat, außer wo Sie es für einen einzelnen eingestellt haben."
    assert said.text == off
    assert await office.world.stores.reminders.waiting(BEN) == []
    await answer(office, "!meet remind me default", BEN)
    assert await office.world.stores.preferences.people() == {}


async def test_who_left_the_room_hears_nothing_of_it(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere mich 10m", BEN)
    office.chat.put_out(ROOM, BEN)
    await office.until(at(14))
    assert private(office, BEN) is None


async def test_privately_of_one_event_that_one_is_not_on(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet liste", CARLA)
    said = await answer(office, "!meet erinnere mich 1h 1", CARLA)
    assert said.text.endswith("Ich erinnere Sie privat: 1 Stunde vorher.\nNächste Erinnerung: 11:00 Uhr")
    await office.until(at(14))
    room = private(office, CARLA)
    assert room is not None
    assert times(office, room) == ["24. 11:00"]
    assert times(office, ROOM) == ["24. 11:45"]


async def test_in_a_direct_chat_the_sender_is_meant(office: Office) -> None:
    await meeting(office)
    office.chat.add_room(DM, BEN)
    said = await answer(office, "!meet erinnere 10m", BEN, DM)
    assert said.text == "An Ihre Termine erinnere ich Sie privat: 10 Minuten vorher."
    said = await answer(office, "!meet erinnere", BEN, DM)
    assert "In diesem Raum" not in said.text
    await answer(office, "!meet liste", BEN, DM)
    assert "privat: 1 Stunde vorher" in (await answer(office, "!meet erinnere 1h 1", BEN, DM)).text
    await office.until(at(14))
    assert times(office, DM) == ["24. 11:00"], "the chat that is there is used, for the event's own lead time"


async def test_lead_times_that_fall_together_ring_once(office: Office) -> None:
    await meeting(office)
    await answer(office, "!meet erinnere mich 10m", BEN)
    await answer(office, "!meet liste", BEN)
    await answer(office, "!meet erinnere mich 10m 1", BEN)
    waiting = await office.world.stores.reminders.waiting(BEN)
    assert [one.lead for one in waiting] == [600]


async def test_who_is_on_no_calendar_by_address_is_told(office: Office) -> None:
    office.change(people=replace(office.world.settings.people, address_template=""))
    said = await answer(office, "!meet erinnere mich 10m", BEN)
    assert "Ich kenne keine E-Mail-Adresse von Ihnen" in said.text


async def test_without_encryption_nothing_private_is_promised(office: Office) -> None:
    office.chat.crypto = Encryption.OFF
    office.chat.rooms[ROOM].encrypted = False
    said = await answer(office, "!meet erinnere mich 10m", BEN)
    assert said.data["code"] == "not_encrypted"
    assert await office.world.stores.preferences.people() == {}


async def test_longer_ahead_than_events_are_known_nothing_is_promised(office: Office) -> None:
    for command in ("!meet erinnere 181d", "!meet erinnere mich 181d"):
        said = await answer(office, command)
        assert said.data["code"] == "limit"
        assert "höchstens 180 Tage" in said.text
    assert await office.world.stores.preferences.rooms() == {}
    assert (await answer(office, "!meet erinnere 180d")).kind is Kind.OK


async def test_what_else_somebody_chose_stays(office: Office) -> None:
    digest = PersonPreferences(digest=Digest())
    await office.world.stores.preferences.save_person(BEN, digest)
    await answer(office, "!meet erinnere mich 10m", BEN)
    assert await office.world.stores.preferences.person(BEN) == replace(digest, reminders=(timedelta(minutes=10),))


async def test_private_lead_times_are_read_once(office: Office) -> None:
    """And are the same for whatever is planned while they are read."""
    one, other = await preferences.private_leads(office.world), await preferences.private_leads(office.world)
    assert one is other


async def test_a_day_that_begins_at_midnight_is_private_at_a_day_ahead(office: Office) -> None:
    await meeting(office, "!meet neu Klausur Donnerstag ganztägig")
    await answer(office, "!meet erinnere mich 1d 15m", BEN)
    waiting = await office.world.stores.reminders.waiting(BEN)
    assert [one.due for one in waiting] == [at(0, day=25)]


async def test_two_rooms_on_one_calendar_get_one_each_and_a_person_one(office: Office) -> None:
    other = office.chat.add_room("!other:example.org", ANNA, BEN)
    rooms = office.world.in_force.file.rooms
    office.change(rooms={**rooms, other: replace(rooms[ROOM], id=other, reminders=(timedelta(hours=1),))})
    await startup.begin(office.world)
    await meeting(office)
    await answer(office, "!meet erinnere mich 10m", BEN)
    await office.until(at(14))
    room = private(office, BEN)
    assert room is not None
    assert (times(office, ROOM), times(office, other), times(office, room)) == (
        ["24. 11:45"],
        ["24. 11:00"],
        ["24. 11:50"],
    )


async def test_of_a_hidden_event_only_the_time_is_said(office: Office) -> None:
    await meeting(office)
    text = office.texts()[0].replace("BEGIN:VEVENT", "BEGIN:VEVENT\r\nCLASS:PRIVATE")
    office.calendar.put(CALENDAR, office.name(), text)
    await office.pull()
    await answer(office, "!meet liste", BEN)
    said = await answer(office, "!meet erinnere mich 1h 1", BEN)
    assert "Runde" not in said.text
    assert said.data["title"] == "busy"
    await office.until(at(14))
    room = private(office, BEN)
    assert room is not None
    assert "Runde" not in only(office.chat.messages(room, Kind.REMINDER)).text
