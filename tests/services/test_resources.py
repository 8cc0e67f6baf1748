"""Rooms booked with a meeting: found by name, never twice, said where they cannot be had."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core import resources as core
from calbot.core.model import AccountName, Busy, CalendarName, CuType, Kind, Message, Role
from calbot.core.settings import Calendar, FreeBusy, Resource
from calbot.errors import CalendarUnavailable
from tests.core.ical_samples import expanded, single

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .test_finding import kill_at

SAAL_CALENDAR = CalendarName("saal")
ROOM_412 = Resource("Raum 4.12", "Raum412@example.org", capacity=2)
SAAL = Resource("Großer Saal", "saal@example.org", SAAL_CALENDAR, 80)
BEAMER = Resource("Beamer", "beamer@example.org")


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def busy(day: int, start: int, end: int) -> Busy:
    return Busy(datetime(2026, 11, day, start, tzinfo=BERLIN), datetime(2026, 11, day, end, tzinfo=BERLIN))


def lines(office: Office) -> list[str]:
    (text,) = office.texts()
    return text.replace("\r\n ", "").splitlines()


@pytest.fixture
def booked(office: Office) -> Office:
    """An office with things to book; the hall has a calendar of its own, which no room is mapped to."""
    calendars = dict(office.world.settings.calendars)
    calendars[SAAL_CALENDAR] = Calendar(SAAL_CALENDAR, AccountName("city"), "https://dav.example.org/saal/")
    office.change(resources={one.name: one for one in (ROOM_412, SAAL, BEAMER)}, calendars=calendars)
    office.calendar.add(SAAL_CALENDAR)
    office.calendar.outbox["raum412@example.org"] = []
    return office


async def test_a_room_is_invited_and_is_the_place(booked: Office) -> None:
    card = only(await booked.says(f'!meet neu Runde morgen 10-11 raum:"raum 4.12" {BEN}'))
    assert card.kind is Kind.MEETING
    assert card.text.count("Raum 4.12") == 1  # as the place, not among the people
    text = lines(booked)
    assert "LOCATION:Raum 4.12" in text
    (invited,) = (line for line in text if "raum412" in line)
    assert invited.startswith("ATTENDEE;CUTYPE=ROOM;CN=Raum 4.12;ROLE=NON-PARTICIPANT;PARTSTAT=NEEDS-ACTION")
    assert invited.endswith(";RSVP=TRUE;SCHEDULE-AGENT=CLIENT:mailto:raum412@example.org")
    stored = (await booked.world.stores.calendars.occurrences([CALENDAR], booked.clock(), busy(26, 0, 1).end))[0]
    resource = next(one for one in stored.details.attendees if one.kind.is_resource)
    assert (resource.kind, resource.role) == (CuType.ROOM, Role.NONE)


async def test_a_place_that_was_said_stays(booked: Office) -> None:
    await booked.says('!meet neu Runde morgen 10-11 ort:"Rathaus, 4. Stock" raum:4.12')
    assert "LOCATION:Rathaus\\, 4. Stock" in lines(booked)


@pytest.mark.parametrize(
    ("name", "code", "known"),
    [
        ("Raum 4.13", "not_found", "Raum 4.12"),
        ("sal", "not_found", "Großer Saal"),
        ("B", "ambiguous", "Beamer; Beratungsraum"),
    ],
)
async def test_what_is_not_known_is_answered_with_what_is(booked: Office, name: str, code: str, known: str) -> None:
    more = {**booked.world.settings.resources, "Beratungsraum": Resource("Beratungsraum", "b@example.org")}
    booked.change(resources=more)
    for command in (f'neu Runde morgen 10-11 raum:"{name}"', f'umfrage "X" Mi 10; Do 10 raum:"{name}"'):
        answer = only(await booked.says(f"!meet {command}"))
        assert answer.data["code"] == code
        assert known in answer.text
    assert booked.texts() == []


async def test_where_there_is_nothing_to_book(office: Office) -> None:
    assert only(await office.says("!meet neu Runde morgen 10-11 raum:X")).data["code"] == "not_found"


async def test_a_room_is_not_booked_twice(booked: Office) -> None:
    await booked.says("!meet neu Runde morgen 10-11 raum:Raum")
    answer = only(await booked.says("!meet neu Andere morgen 10:30-12 raum:Raum", by=BEN))
    assert answer.data["code"] == "conflict"
    assert "Raum 4.12 ist schon belegt" in answer.text
    assert "Runde" not in answer.text
    assert len(booked.texts()) == 1
    assert only(await booked.says("!meet neu Andere morgen 11-12 raum:Raum", by=BEN)).kind is Kind.MEETING


async def test_two_at_once_get_it_once(booked: Office) -> None:
    other = booked.chat.add_room("!other:example.org", ANNA, BEN)
    rooms = booked.world.settings.rooms
    booked.change(rooms={**rooms, other: replace(rooms[ROOM], id=other)})
    command = "!meet neu Runde morgen 10-11 raum:Raum"
    events = [booked.chat.says(room, who, command) for room, who in ((ROOM, ANNA), (other, BEN))]
    await asyncio.gather(*(booked.deliver(event) for event in events))
    assert len(booked.texts()) == 1


async def test_what_its_server_says_counts(booked: Office) -> None:
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 9, 11)]
    assert only(await booked.says("!meet neu Runde morgen 10-11 raum:Raum")).data["code"] == "conflict"
    assert booked.texts() == []


async def test_its_own_calendar_counts_more(booked: Office) -> None:
    booked.calendar.put(
        SAAL_CALENDAR, "x", single("DTSTART:20261125T090000Z", "DTEND:20261125T100000Z", "SUMMARY:Trauung Meier")
    )
    answer = only(await booked.says('!meet neu Runde morgen 10-11 raum:"großer saal"'))
    assert answer.data["code"] == "conflict"
    assert "Meier" not in answer.text
    assert only(await booked.says('!meet neu Runde morgen 11-12 raum:"großer saal"')).kind is Kind.MEETING
    assert all("saal@example.org" not in asked for _, asked in booked.calendar.asked)


async def test_without_its_calendar_nothing_is_certain(booked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any) -> None:
        raise CalendarUnavailable("calendar_server_error")

    monkeypatch.setattr(booked.calendar, "free_busy_query", fails)
    answer = only(await booked.says('!meet neu Runde morgen 11-12 raum:"großer saal"'))
    assert answer.data["code"] == "calendar_unavailable"
    assert booked.texts() == []


async def test_where_nobody_tells_it_is_booked_and_said(booked: Office) -> None:
    card = only(await booked.says("!meet neu Runde morgen 10-11 raum:Beamer"))
    assert "Ob Beamer zu dieser Zeit frei ist, konnte ich nicht feststellen." in card.text
    assert any("CUTYPE=RESOURCE" in line for line in lines(booked))


async def test_an_account_that_may_not_be_asked_is_not(booked: Office) -> None:
    accounts = booked.world.settings.accounts
    booked.change(accounts={name: replace(one, freebusy=FreeBusy.OFF) for name, one in accounts.items()})
    card = only(await booked.says("!meet neu Runde morgen 10-11 raum:Raum"))
    assert "konnte ich nicht feststellen" in card.text
    assert booked.calendar.asked == []


async def test_more_people_than_seats(booked: Office) -> None:
    card = only(await booked.says(f"!meet neu Runde morgen 10-11 raum:Raum {BEN} {CARLA}"))
    assert "Raum 4.12 hat 2 Plätze, eingeladen sind 3 Personen." in card.text


async def test_each_date_of_a_series_is_looked_at(booked: Office) -> None:
    booked.calendar.outbox["raum412@example.org"] = [Busy(*_week(2))]
    answer = only(await booked.says("!meet neu Runde jeden Mittwoch 10-11 raum:Raum"))
    assert answer.data["code"] == "conflict"
    assert "09.12.2026" in answer.text
    booked.calendar.outbox["raum412@example.org"] = []
    assert only(await booked.says("!meet neu Runde jeden Mittwoch 10-11 raum:Raum")).kind is Kind.MEETING


def _week(number: int) -> tuple[datetime, datetime]:
    start = datetime(2026, 11, 25, 10, 30, tzinfo=BERLIN) + timedelta(weeks=number)
    return start, start + timedelta(minutes=10)


async def test_a_meeting_does_not_move_to_where_its_room_is_taken(booked: Office) -> None:
    await booked.says("!meet neu Runde morgen 10-11 raum:Raum")
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 10, 11), busy(25, 14, 15)]  # the first is itself
    answer = only(await booked.says("!meet verschiebe last morgen 14-15"))
    assert answer.data["code"] == "conflict"
    moved = await booked.says("!meet verschiebe last morgen 10:30-11:30")
    assert moved[-1].kind in (Kind.CHANGE, Kind.MEETING)
    assert any("20261125T103000" in line for line in lines(booked))


async def test_a_series_does_not_move_to_where_its_room_is_taken_once(booked: Office) -> None:
    await booked.says("!meet neu Runde jeden Mittwoch 10-11 raum:Raum")
    begin, _ = _week(2)
    later = Busy(begin + timedelta(hours=4), begin + timedelta(hours=5))
    itself = [Busy(*_week(number)) for number in range(8)]
    booked.calendar.outbox["raum412@example.org"] = [*itself, later]
    await booked.says("!meet verschiebe last 14:00-15:00")
    answer = only(await booked.says("!meet 2"))  # the whole series
    assert answer.data["code"] == "conflict"
    assert "09.12.2026, 14:00" in answer.text
    await booked.says("!meet verschiebe last 10:30-11:30")
    said = await booked.says("!meet 2")  # where it is itself until then
    assert all(message.kind is not Kind.ERROR for message in said)
    assert any("T103000" in line for line in lines(booked) if line.startswith("DTSTART"))


async def test_two_that_move_at_once_do_not_both_get_the_room(booked: Office) -> None:
    other = booked.chat.add_room("!other:example.org", ANNA, BEN)
    rooms = booked.world.settings.rooms
    booked.change(rooms={**rooms, other: replace(rooms[ROOM], id=other)})
    await booked.says("!meet neu Eins morgen 10-11 raum:Raum")
    await booked.says("!meet neu Zwei morgen 12-13 raum:Raum", room=other, by=BEN)
    command = "!meet verschiebe last morgen 15-16"
    events = [booked.chat.says(room, who, command) for room, who in ((ROOM, ANNA), (other, BEN))]
    await asyncio.gather(*(booked.deliver(event) for event in events))
    assert sum("20261125T150000" in text for text in booked.texts()) == 1
    refused = [one.message for one in booked.chat.posted if one.message and one.message.kind is Kind.ERROR]
    assert [message.data["code"] for message in refused] == ["conflict"]


async def test_a_repeat_is_not_in_its_own_way(booked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event was written and the room accepted it; then the bot died before it had said so."""
    kill_at(monkeypatch, booked.chat, "post")
    with pytest.raises(asyncio.CancelledError):
        await booked.says("!meet neu Runde morgen 10-11 raum:Raum")
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 10, 11)]
    await booked.resume()
    assert len(booked.texts()) == 1
    assert only(booked.said(Kind.MEETING)).text.count("Raum 4.12") == 1


async def test_a_repeat_whose_event_is_only_on_the_server_is_not_in_its_own_way(
    booked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at(monkeypatch, booked.world.stores.calendars, "put")
    with pytest.raises(asyncio.CancelledError):
        await booked.says("!meet neu Runde morgen 10-11 raum:Raum")
    assert len(booked.texts()) == 1
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 10, 11)]
    await booked.resume()
    assert len(booked.texts()) == 1
    assert len(booked.said(Kind.MEETING)) == 1


async def test_a_room_that_declines_is_on_the_card(booked: Office) -> None:
    await booked.says("!meet neu Runde morgen 10-11 raum:Raum")
    (text,) = booked.texts()
    declined = text.replace("\r\n ", "").replace(
        "ROLE=NON-PARTICIPANT;PARTSTAT=NEEDS-ACTION", "ROLE=NON-PARTICIPANT;PARTSTAT=DECLINED"
    )
    booked.calendar.put(CALENDAR, booked.name(), declined)
    await booked.pull()
    card = only(await booked.says("!meet zeige last"))
    assert card.text.count("Raum 4.12") == 2  # as the place, and among those who cannot


# --------------------------------------------------------------------------------------------------------------- polls


async def test_the_event_of_a_poll_has_the_room(booked: Office) -> None:
    await booked.says(f'!meet umfrage "Runde" Mi 10-11; Do 10-11 raum:raum {BEN}')
    await booked.says("!meet stimme 1")
    await booked.says("!meet schließen")
    text = lines(booked)
    assert "LOCATION:Raum 4.12" in text
    assert any("raum412@example.org" in line for line in text)
    assert "nicht mehr frei" not in booked.said(Kind.MEETING)[-1].text


async def test_a_room_that_is_taken_by_then_does_not_cost_the_event(booked: Office) -> None:
    await booked.says(f'!meet umfrage "Runde" Mi 10-11; Do 10-11 raum:raum {BEN}')
    await booked.says("!meet stimme 1")
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 9, 12)]
    await booked.says("!meet schließen")
    text = lines(booked)
    assert any(line.startswith("DTSTART") and "20261125T100000" in line for line in text)
    assert not any("raum412@example.org" in line or line.startswith("LOCATION") for line in text)
    card = booked.said(Kind.MEETING)[-1]
    assert "Raum 4.12 ist zu dieser Zeit nicht mehr frei; der Termin ist ohne Raum 4.12 eingetragen." in card.text


async def test_a_room_of_which_nobody_can_tell_does_not_hold_up_a_poll(
    booked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise CalendarUnavailable("calendar_server_error")

    monkeypatch.setattr(booked.calendar, "free_busy_query", fails)
    await booked.says('!meet umfrage "Runde" Mi 10-11; Do 10-11 raum:"großer saal"')
    await booked.says("!meet stimme 1")
    await booked.says("!meet schließen")
    assert any("saal@example.org" in line for line in lines(booked))
    card = booked.said(Kind.MEETING)[-1]
    assert "Ob Großer Saal zu dieser Zeit frei ist, konnte ich nicht feststellen." in card.text


async def test_a_booked_poll_does_not_move_to_where_its_room_is_taken(booked: Office) -> None:
    await booked.says(f'!meet umfrage "Runde" Mi 10-11; Do 10-11 raum:raum {BEN}')
    await booked.says("!meet stimme 1")
    await booked.says("!meet schließen")
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 10, 11), busy(26, 9, 12)]
    said = await booked.says("!meet buche 2")
    assert any(message.data.get("code") == "conflict" for message in said), [message.text for message in said]
    assert any("20261125T100000" in line for line in lines(booked))


async def test_a_poll_over_free_times_of_a_room_books_it(booked: Office) -> None:
    booked.calendar.outbox["raum412@example.org"] = [busy(25, 8, 15)]
    await booked.says("!meet finde 1h morgen raum:Raum umfrage")
    await booked.says("!meet stimme 1")
    await booked.says("!meet schließen")
    text = lines(booked)
    assert any("raum412@example.org" in line for line in text)
    assert any(line.startswith("DTSTART") and "20261125T150000" in line for line in text)


# ---------------------------------------------------------------------------------------------------------------- core


def test_names() -> None:
    known = ["Raum 4.12", "Raum 4.1", "Saal"]
    assert core.find("raum  4.1", known) == ("Raum 4.1",)
    assert core.find("RAUM", known) == ("Raum 4.12", "Raum 4.1")
    assert core.find("s", known) == ("Saal",)
    assert core.find("", known) == ()
    assert core.find("4.1", known) == ("Raum 4.1",)
    assert core.find("4.", known) == ("Raum 4.12", "Raum 4.1")
    assert core.find("12", known) == ()
    assert core.find("raum 4.12", ["Raum 4.12", "Kleiner Raum 4.12"]) == ("Raum 4.12",)
    assert core.find("saal", ["Großer Saal", "Saaltechnik"]) == ("Großer Saal",)
    assert core.nearest("Sall", known)[0] == "Saal"
    assert len(core.nearest("", known)) == 3


def test_a_resource_that_declined_is_not_on_an_event() -> None:
    day, invited = "DTSTART;VALUE=DATE:20261125", "ATTENDEE;CUTYPE=ROOM:mailto:RAUM412@example.org"
    (there,) = expanded(single(day, invited)).occurrences
    (declined,) = expanded(single(day, invited.replace("ROOM:", "ROOM;PARTSTAT=DECLINED:"))).occurrences
    assert core.is_on(ROOM_412, there)
    assert not core.is_on(ROOM_412, declined)
    assert not core.is_on(SAAL, there)
