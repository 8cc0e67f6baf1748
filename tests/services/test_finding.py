"""Finding a time, from what somebody types to the event or the poll that comes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core.model import AccountName, Busy, CalendarName, EventId, Kind, Message, RoomId, UserId
from calbot.core.poll_events import POLL_START
from calbot.core.poll_model import PollState
from calbot.core.settings import FreeBusy, Hours, Resource, Show
from calbot.errors import CalendarUnavailable
from calbot.services import sync
from tests.core.ical_samples import single

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office

DORA = UserId("@dora:example.org")  # not in the room
SAAL = Resource("Raum 4.12", "raum412@example.org", capacity=2)


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def busy(day: int, start: int, end: int, *, tentative: bool = False) -> Busy:
    return Busy(at(day, start), at(day, end), tentative)


def times(message: Message) -> list[str]:
    return [item["start"]["localtime"][8:16] for item in message.data["items"]]


def question(office: Office) -> EventId:
    return [posted.event for posted in office.chat.posted if posted.message and posted.message.kind is Kind.SLOTS][-1]


def everybody_is_known(office: Office, **taken: list[Busy]) -> None:
    for name in ("anna", "ben", "carla"):
        office.calendar.outbox[f"{name}@example.org"] = taken.get(name, [])


def kill_at(monkeypatch: pytest.MonkeyPatch, thing: object, method: str) -> None:
    """The next call is where the bot dies; after that it lives again."""
    works = getattr(thing, method)

    async def killed(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(thing, method, works)
        raise asyncio.CancelledError

    monkeypatch.setattr(thing, method, killed)


# ------------------------------------------------------------------------------------------------------ what is found


async def test_times_that_suit_all_who_are_named(office: Office) -> None:
    everybody_is_known(office, anna=[busy(25, 8, 12)], ben=[busy(25, 12, 15)], carla=[busy(25, 8, 18)])
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert answer.kind is Kind.SLOTS
    assert not answer.notify
    assert answer.discloses
    assert times(answer) == ["25T15:00", "25T16:00", "25T17:00"]
    assert "1. Mi., 25.11.2026, 15:00–16:00 Uhr" in answer.text
    assert "Carla" not in answer.text
    assert office.calendar.asked == [(AccountName("city"), ("anna@example.org", "ben@example.org"))]
    assert [item["ref"] for item in answer.data["items"]] == [1, 2, 3]
    assert office.texts() == []


async def test_without_names_everybody_in_the_room_is_meant(office: Office) -> None:
    everybody_is_known(office, carla=[busy(25, 8, 17)])
    answer = only(await office.says("!meet find 1h tomorrow"))
    assert times(answer) == ["25T17:00"]
    ((_, asked),) = office.calendar.asked
    assert asked == ("anna@example.org", "ben@example.org", "carla@example.org")


async def test_working_hours_days_and_holidays_bound_the_search(office: Office) -> None:
    everybody_is_known(office)
    office.change(
        defaults=replace(
            office.world.settings.defaults, working_hours=Hours(at(24, 9).time(), at(24, 12).time()), holidays="DE-BY"
        )
    )
    answer = only(await office.says("!meet finde 2h 24.12.2026-29.12.2026"))
    assert times(answer) == ["24T09:00", "28T09:00", "29T09:00"]  # the 25th is a holiday, then comes a weekend


async def test_hours_buffer_and_parts_of_the_day(office: Office) -> None:
    everybody_is_known(office, anna=[busy(25, 10, 11)])
    early = only(await office.says("!meet finde 1h morgen zeit:6-9"))
    assert times(early) == ["25T06:00", "25T07:00", "25T08:00"]
    careful = only(await office.says("!meet finde 1h morgen vormittags puffer:30m"))
    assert times(careful) == ["25T08:00"]
    over = next(one for one in await office.pass_time(timedelta(seconds=1)) if one.kind is Kind.SLOTS)
    assert "gelten nicht mehr" in over.text  # the list before
    afternoon = only(await office.says("!meet finde 90m morgen nachmittags"))
    assert times(afternoon)[0] == "25T13:00"


async def test_today_begins_now(office: Office) -> None:
    everybody_is_known(office)
    office.clock.set(at(24, 15, 20))
    answer = only(await office.says("!meet finde 1h heute"))
    assert times(answer) == ["24T15:30", "24T16:30"]
    assert only(await office.says("!meet finde 1h gestern")).data["code"] == "in_past"


async def test_nobody_is_to_come_within_minutes(office: Office) -> None:
    """A time that is chosen while the list waits for its answer has not begun by then."""
    everybody_is_known(office)
    office.clock.set(at(24, 15, 25))
    answer = only(await office.says("!meet finde 30m heute"))
    assert times(answer)[0] == "24T16:00"
    await office.pass_time(timedelta(minutes=9, seconds=50))
    assert only(await office.says("!meet 1")).kind is Kind.MEETING


@pytest.mark.parametrize(
    ("working", "said", "expected"),
    [
        ((7, 12), "nachmittags", ["25T13:00", "25T14:00", "25T15:00", "25T16:00", "25T17:00"]),
        ((13, 20), "vormittags", ["25T06:00", "25T07:00", "25T08:00", "25T09:00", "25T10:00"]),
        ((7, 14), "nachmittags", ["25T12:00", "25T13:00"]),
    ],
)
async def test_a_part_of_the_day_beside_the_working_hours(
    office: Office, working: tuple[int, int], said: str, expected: list[str]
) -> None:
    everybody_is_known(office)
    hours = Hours(*(at(25, hour).time() for hour in working))
    office.change(defaults=replace(office.world.settings.defaults, working_hours=hours))
    assert times(only(await office.says(f"!meet finde 1h morgen {said}"))) == expected


async def test_what_is_longer_than_the_hours_is_said_to_be(office: Office) -> None:
    everybody_is_known(office)
    answer = only(await office.says("!meet finde 11h morgen"))
    assert answer.data["code"] == "limit"
    assert "zwischen 08:00 und 18:00 Uhr" in answer.text
    assert times(only(await office.says("!meet finde 11h morgen zeit:7-21"))) == ["25T07:00"]


async def test_who_is_optional_does_not_prevent_a_time(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 8, 18)])
    answer = only(await office.says(f"!meet finde 1h morgen {CARLA} optional: {BEN}"))
    assert len(times(answer)) == 5
    assert "optional, fehlt: Ben" in answer.text
    assert answer.data["items"][0]["optional_missing"] == [BEN]


async def test_where_nothing_suits_all_it_says_who_is_missing_and_not_why(office: Office) -> None:
    await office.says(f'!meet neu "Personalgespräch" morgen 8-18 {BEN}', by=CARLA)
    everybody_is_known(office, ben=[busy(25, 8, 18)], anna=[busy(25, 9, 18, tentative=True)])
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert "Keine Zeit (1 Stunde) passt allen" in answer.text
    assert "ohne Ben" in answer.text
    assert "unter Vorbehalt: Anna" in answer.text
    assert "Personalgespräch" not in answer.text
    assert answer.data["items"][0]["missing"] == [BEN]


async def test_that_there_is_none_is_an_answer(office: Office) -> None:
    everybody_is_known(office, anna=[busy(25, 0, 23)])
    answer = only(await office.says("!meet finde 1h morgen optional: " + BEN))
    assert answer.kind is Kind.SLOTS
    assert answer.data["items"] == []
    assert "Keine freie Zeit" in answer.text
    assert only(await office.says("!meet 1")).data["code"] == "not_found"


# ----------------------------------------------------------------------------------------------- where it is known from


async def test_without_an_outbox_the_calendars_of_the_room_tell(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 8-12 {BEN}", by=CARLA)
    await office.says(f"!meet neu Runde morgen 13-15 {CARLA}", by=CARLA)
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert times(answer)[0] == "25T13:00"
    assert "Berücksichtigt sind nur die Kalender dieses Raums." in answer.text
    assert answer.data["unknown"] == []


@pytest.mark.parametrize(
    ("line", "free"),
    [
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.org", False),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:Ben@example.org", False),
        ("X-CALBOT-ATTENDEE;PARTSTAT=ACCEPTED:@ben:example.org", False),
        ("ORGANIZER:mailto:ben@example.org", False),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.org", True),
        ("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:ben@example.org", True),  # told of it only
        ("ATTENDEE:mailto:ben@example.com", True),
        ("ATTENDEE:mailto:ben@example.org\r\nTRANSP:TRANSPARENT", True),
        ("ATTENDEE:mailto:ben@example.org\r\nSTATUS:CANCELLED", True),
        ("ATTENDEE:mailto:ben@example.org\r\nCLASS:PRIVATE", True),  # nobody may know whose it is
    ],
)
async def test_what_makes_somebody_busy(office: Office, line: str, free: bool) -> None:
    office.calendar.put(
        CALENDAR, "x", single("DTSTART:20261125T070000Z", "DTEND:20261125T170000Z", "SUMMARY:x", *line.split("\r\n"))
    )
    await office.pull()
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert (answer.data["items"][0]["missing"] == []) is free


async def test_what_people_have_elsewhere_and_here_counts_together(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 8-12 {BEN}", by=CARLA)
    everybody_is_known(office, ben=[busy(25, 12, 17)])
    assert times(only(await office.says(f"!meet finde 1h morgen {BEN}"))) == ["25T17:00"]


async def test_a_calendar_of_ones_own_is_asked_for_its_busy_times(office: Office) -> None:
    calendars = office.world.settings.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], organizer="anna@example.org")})
    office.calendar.put(CALENDAR, "x", single("DTSTART:20261125T070000Z", "DTEND:20261125T150000Z", "SUMMARY:x"))
    answer = only(await office.says("!meet finde 1h morgen optional: " + BEN))
    assert times(answer) == ["25T16:00", "25T17:00"]
    assert ("free_busy_query", CALENDAR) in office.calendar.calls
    assert "Nur die Kalender dieses Raums sind berücksichtigt für: Ben" in answer.text


async def test_who_is_not_known_is_named(office: Office) -> None:
    state = await office.world.stores.calendars.state(CALENDAR)
    await office.world.stores.calendars.save_state(replace(state, synced_at=None))
    office.calendar.outbox["anna@example.org"] = []
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert "Nicht geprüft, da mir keine Termine bekannt sind: Ben" in answer.text
    assert answer.data["unknown"] == [BEN]
    assert len(times(answer)) == 5


async def test_an_account_that_may_not_be_asked_is_not(office: Office) -> None:
    accounts = office.world.settings.accounts
    office.change(accounts={name: replace(one, freebusy=FreeBusy.OFF) for name, one in accounts.items()})
    everybody_is_known(office, ben=[busy(25, 8, 18)])
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert office.calendar.asked == []
    assert answer.data["unknown"] == [ANNA, BEN]


async def test_a_server_that_fails_leaves_what_is_known_here(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 8-12 {BEN}", by=CARLA)
    office.calendar.unavailable = CalendarUnavailable("calendar_server_error")
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert times(answer)[0] == "25T13:00"


async def test_a_server_that_is_slow_is_not_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calbot.services.freebusy.FOR_A_SEARCH", timedelta(milliseconds=20))
    office.calendar.outbox_gate = asyncio.Event()
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert len(times(answer)) == 5


# ------------------------------------------------------------------------------------------------------- who may know


async def test_others_than_members_are_nobodys_business(office: Office) -> None:
    for command in (f"!meet finde 1h morgen {DORA}", f"!meet finde 1h morgen {BEN} optional: {DORA}"):
        answer = only(await office.says(command))
        assert answer.data["code"] == "forbidden"
        assert "@dora" in answer.text.replace(" ", "")
    assert office.calendar.asked == []


async def test_in_a_direct_chat_the_room_that_all_are_in_counts(office: Office) -> None:
    direct = RoomId("!direct:example.org")
    office.chat.add_room(direct, ANNA)
    everybody_is_known(office, ben=[busy(25, 8, 17)])
    assert times(only(await office.says(f"finde 1h morgen {BEN}", room=direct))) == ["25T17:00"]
    assert only(await office.says(f"finde 1h morgen {DORA}", room=direct)).data["code"] == "forbidden"
    alone, *_ = await office.says("finde 1h morgen", room=direct)
    assert times(alone)[0] == "25T08:00"


async def test_in_a_direct_chat_all_shared_rooms_count_and_no_other(office: Office) -> None:
    """Carla is not in the second room: what it has does not count for her, nor for who asks with her."""
    direct, second = RoomId("!direct:example.org"), RoomId("!second:example.org")
    office.chat.add_room(direct, ANNA)
    office.chat.add_room(second, ANNA, BEN)
    world = office.world.settings
    other = CalendarName("other")
    office.calendar.add(other)
    office.change(
        calendars={**world.calendars, other: replace(world.calendars[CALENDAR], name=other)},
        rooms={**world.rooms, second: replace(world.rooms[ROOM], id=second, calendars=(other,), write_to=other)},
    )
    for who, hours in (("anna", "T070000Z/T100000Z"), ("carla", "T100000Z/T170000Z")):
        first, _, last = hours.partition("/")
        lines = (f"DTSTART:20261125{first}", f"DTEND:20261125{last}", f"ATTENDEE:mailto:{who}@example.org", "SUMMARY:x")
        office.calendar.put(other, who, single(*lines).replace("UID:", f"UID:{who}-"))
    await sync.pull(office.world, other)
    alone = only(await office.says("finde 1h morgen", room=direct))
    assert times(alone)[0] == "25T11:00"
    assert "die Kalender der Räume, in denen alle Beteiligten sind" in alone.text
    with_ben, *_ = await office.says(f"finde 1h morgen {BEN}", room=direct)
    assert times(with_ben)[0] == "25T11:00"
    with_carla, *_ = await office.says(f"finde 1h morgen {CARLA}", room=direct)
    assert times(with_carla)[0] == "25T08:00"
    in_room = only(await office.says("!meet finde 1h morgen"))
    assert times(in_room)[0] == "25T08:00"


async def test_in_a_large_room_people_have_to_be_named(office: Office) -> None:
    office.chat.add_room(ROOM, ANNA, BEN, *(f"@p{number}:example.org" for number in range(30)))
    answer = only(await office.says("!meet finde 1h"))
    assert answer.data["code"] == "limit"
    assert "32 Personen" in answer.text
    assert only(await office.says(f"!meet finde 1h {BEN}")).kind is Kind.SLOTS


async def test_a_window_has_bounds(office: Office) -> None:
    answer = only(await office.says("!meet finde 1h 90t"))
    assert answer.data["code"] == "limit"
    assert "60" in answer.text


# ------------------------------------------------------------------------------------------------------------ booking


async def test_a_reaction_of_who_asked_books_a_time(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 8, 14)])
    await office.says(f'!meet finde 1h morgen {BEN} optional: {CARLA} "Budgetrunde"')
    assert await office.hears(office.chat.reacts(ROOM, BEN, question(office), "1️⃣")) == []
    card = only(await office.hears(office.chat.reacts(ROOM, ANNA, question(office), "2️⃣")))
    assert card.kind is Kind.MEETING
    assert "Budgetrunde" in card.text
    assert "Mi., 25.11.2026, 15:00–16:00 Uhr" in card.text
    assert set(card.mentions) == {BEN, CARLA}
    (text,) = (one.replace("\r\n ", "") for one in office.texts())
    assert "DTSTART;TZID=Europe/Berlin:20261125T150000" in text
    roles = {line.partition("mailto:")[2]: line for line in text.splitlines() if line.startswith("ATTENDEE")}
    assert "ROLE=CHAIR" in roles["anna@example.org"]
    assert "ROLE=REQ-PARTICIPANT" in roles["ben@example.org"]
    assert "ROLE=OPT-PARTICIPANT" in roles["carla@example.org"]
    assert await office.hears(office.chat.reacts(ROOM, ANNA, question(office), "3️⃣")) == []
    assert len(office.texts()) == 1


async def test_a_number_books_a_time_too_and_what_has_no_title_gets_one(office: Office) -> None:
    everybody_is_known(office)
    await office.says("!meet find 30m tomorrow")
    assert only(await office.says("!meet 7")).data["code"] == "not_found"
    card = only(await office.says("!meet 2"))
    assert "Besprechung" in card.text
    assert card.data["start"]["localtime"] == "2026-11-25T08:30:00"
    assert set(card.mentions) == {BEN, CARLA}


async def test_the_time_that_was_shown_is_booked_whatever_would_be_found_now(office: Office) -> None:
    everybody_is_known(office)
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert times(answer)[2] == "25T10:00"
    everybody_is_known(office, anna=[busy(25, 8, 9)], ben=[busy(25, 10, 11)])
    card = only(await office.says("!meet 3"))
    assert card.data["start"]["localtime"] == "2026-11-25T10:00:00"
    assert "Zu dieser Zeit schon belegt: Ben" in card.text


async def test_a_list_that_nobody_chose_from_says_so_and_keeps_its_times(office: Office) -> None:
    everybody_is_known(office)
    await office.says("!meet finde 1h morgen")
    (edit,) = await office.pass_time(timedelta(minutes=11))
    assert edit.kind is Kind.SLOTS
    assert "1. Mi., 25.11.2026, 08:00–09:00 Uhr" in edit.text
    assert "gelten nicht mehr" in edit.text
    assert await office.hears(office.chat.reacts(ROOM, ANNA, question(office), "1️⃣")) == []
    assert office.texts() == []


async def test_a_crash_between_list_and_note_leaves_the_list_that_was_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times in the room and those that its numbers mean are the same, though people became busy in between."""
    everybody_is_known(office)
    kill_at(monkeypatch, office.world.stores.questions, "save")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet finde 1h morgen")
    shown = office.said(Kind.SLOTS)[-1]
    everybody_is_known(office, anna=[busy(25, 8, 10)])
    await office.resume()
    assert len(office.said(Kind.SLOTS)) == 1
    card = only(await office.says("!meet 1"))
    assert card.data["start"] == shown.data["items"][0]["start"]


async def test_a_crash_while_booking_books_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_is_known(office)
    await office.says("!meet finde 1h morgen")
    kill_at(monkeypatch, office.chat, "post")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet 1")
    everybody_is_known(office, anna=[busy(25, 8, 9)], ben=[busy(25, 8, 9)])  # by the event itself
    await office.resume()
    assert len(office.texts()) == 1
    card = only(office.said(Kind.MEETING))
    assert "belegt" not in card.text


# -------------------------------------------------------------------------------------------------------------- polls


async def test_a_poll_over_the_times_found(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 8, 13)])
    await office.says(f'!meet finde 1h morgen {BEN} optional: {CARLA} "Budgetrunde" umfrage bis:"heute 17 Uhr"')
    (start,) = (posted for posted in office.chat.posted if posted.type == POLL_START)
    answers = start.content["org.matrix.msc3381.poll.start"]["answers"]
    labels = [answer["org.matrix.msc1767.text"] for answer in answers]
    assert len(labels) == 5
    assert "13:00" in labels[0]
    (poll,) = await office.world.stores.polls.in_room(ROOM, list(PollState))
    assert (poll.title, poll.required, poll.optional) == ("Budgetrunde", (BEN,), (CARLA,))
    assert poll.until == at(24, 17)
    assert office.texts() == []


async def test_a_poll_needs_two_times(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 8, 17)])
    answer = only(await office.says(f"!meet finde 1h morgen {BEN} umfrage"))
    assert answer.data["code"] == "not_found"


async def test_a_repeated_poll_keeps_the_times_of_the_first_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody_is_known(office)
    kill_at(monkeypatch, office.chat, "send")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet finde 1h morgen umfrage")
    (before,) = await office.world.stores.polls.in_room(ROOM, list(PollState))
    everybody_is_known(office, anna=[busy(25, 8, 18)])
    await office.resume()
    (after,) = await office.world.stores.polls.in_room(ROOM, list(PollState))
    assert after.options == before.options
    assert after.start_event is not None
    assert len([posted for posted in office.chat.posted if posted.type == POLL_START]) == 1


async def test_a_deadline_that_makes_no_sense_is_refused(office: Office) -> None:
    everybody_is_known(office)
    answer = only(await office.says("!meet finde 1h morgen umfrage bis:übermorgen"))
    assert answer.data["code"] == "not_understood"
    assert await office.world.stores.polls.in_room(ROOM, list(PollState)) == []
    assert only(await office.says("!meet finde 1h morgen bis:übermorgen")).data["code"] == "not_understood"


# ---------------------------------------------------------------------------------------------------------- resources


def with_rooms(office: Office, *resources: Resource) -> None:
    office.change(resources={one.name: one for one in resources or (SAAL,)})


async def test_only_times_at_which_the_room_is_free(office: Office) -> None:
    with_rooms(office)
    everybody_is_known(office)
    office.calendar.outbox["raum412@example.org"] = [busy(25, 8, 16)]
    answer = only(await office.says('!meet finde 1h morgen raum:"raum 4.12"'))
    assert times(answer) == ["25T16:00", "25T17:00"]
    assert "Raum 4.12 ist zu diesen Zeiten frei." in answer.text
    card = only(await office.says("!meet 1"))
    assert "Raum 4.12" in card.text
    (text,) = (one.replace("\r\n ", "") for one in office.texts())
    assert "LOCATION:Raum 4.12" in text


async def test_a_room_of_which_nobody_tells(office: Office) -> None:
    with_rooms(office)
    answer = only(await office.says('!meet finde 1h morgen raum:"Raum 4.12"'))
    assert "Ob Raum 4.12 frei ist, konnte ich nicht feststellen." in answer.text
    assert len(times(answer)) == 5


async def test_hidden_calendars_show_no_more_than_times(office: Office) -> None:
    calendars = office.world.settings.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], show=Show.BUSY)})
    event = ("DTSTART:20261125T070000Z", "DTEND:20261125T170000Z", "SUMMARY:Geheim", "ATTENDEE:mailto:ben@example.org")
    office.calendar.put(CALENDAR, "x", single(*event))
    await office.pull()
    answer = only(await office.says(f"!meet finde 1h morgen {BEN}"))
    assert "Geheim" not in answer.text + answer.html + repr(answer.data)
    assert len(times(answer)) == 5  # whose time it is may not be known either
