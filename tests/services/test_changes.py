"""Changes that other programs make: told once, to whom they concern, as they are when they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from calbot.core.model import CalendarName, Kind, Message, RoomId, UserId
from calbot.core.settings import Hours, Show, Sync
from calbot.errors import CalendarUnavailable, ChatUnavailable
from calbot.matrix.handlers import Handlers
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, LOG, ROOM, Office

OTHER = RoomId("!other:example.org")


@pytest.fixture
def sync_settings() -> Sync:
    return Sync()  # a look each minute


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def event(
    title: str = "Jour fixe", start: str = "20261125T100000", end: str = "20261125T110000", *more: str, uid: str = "u"
) -> str:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T000000Z",
        f"DTSTART;TZID=Europe/Berlin:{start}",
        f"DTEND;TZID=Europe/Berlin:{end}",
        f"SUMMARY:{title}",
        *more,
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "\r\n".join((*lines, ""))


def attendee(name: str, partstat: str = "NEEDS-ACTION") -> str:
    return f"ATTENDEE;PARTSTAT={partstat};CN={name}:mailto:{name}@example.org"


async def put(office: Office, *texts: str) -> None:
    """Somebody else writes these, and the bot sees them at the next look."""
    for text in texts:
        uid = next(line for line in text.split("\r\n") if line.startswith("UID:")).removeprefix("UID:")
        office.calendar.put(CALENDAR, uid, text)
    await office.pull()


async def told(office: Office, wait: timedelta = timedelta(seconds=20)) -> list[Message]:
    """The change notices of the next moments."""
    return [message for message in await office.pass_time(wait) if message.kind is Kind.CHANGE]


def with_rooms(office: Office, *rooms: RoomId) -> None:
    """More rooms that show the same calendar."""
    settings = office.world.settings
    more = {room: replace(settings.rooms[ROOM], id=room) for room in rooms}
    office.change(rooms={**settings.rooms, **more})


# --------------------------------------------------------------------------------------------------- what is told


async def test_a_new_event_is_told(office: Office) -> None:
    await put(office, event())
    notice = only(await told(office))
    assert "Neu: Jour fixe, Mi., 25.11., 10:00–11:00 Uhr" in notice.text
    assert notice.notify
    assert notice.data["change"] == "created"
    assert await told(office, timedelta(hours=2)) == []


async def test_what_somebody_wrote_from_their_direct_chat_is_told_under_their_name(office: Office) -> None:
    direct = office.chat.add_room("!direct:example.org", ANNA)
    await office.pull()
    await office.says("neu Zahnarzt morgen 8 Uhr", room=direct)
    await office.says("ja", room=direct)
    await office.pull()
    notice = only(await told(office))
    assert notice.text.splitlines()[0] == "Anna hat eingetragen"
    assert "Neu: Zahnarzt" in notice.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (event(start="20261125T140000", end="20261125T150000"), "Verschoben: Jour fixe\nBisher: Mi., 25.11., 10:00"),
        (event("Jour fixe IT"), "Umbenannt: Jour fixe IT"),
        (event("Jour fixe", "20261125T100000", "20261125T110000", "LOCATION:Raum 4.12"), "Ort festgelegt: Jour fixe"),
        (event("Jour fixe", "20261125T100000", "20261125T110000", "STATUS:CANCELLED"), "Abgesagt: Jour fixe"),
    ],
)
async def test_what_changed_is_told(office: Office, changed: str, said: str) -> None:
    await put(office, event())
    await told(office)
    await put(office, changed)
    assert said in only(await told(office)).text


async def test_a_deleted_event_is_told_as_cancelled(office: Office) -> None:
    await put(office, event())
    await told(office)
    office.calendar.remove(CALENDAR, "u")
    await office.pull()
    assert only(await told(office)).data["status"] == "cancelled"


@pytest.mark.parametrize(
    "line",
    ["DESCRIPTION:neu", "X-SOMETHING:1", "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM"],
)
async def test_what_nobody_sees_is_silent(office: Office, line: str) -> None:
    await put(office, event())
    await told(office)
    await put(office, event("Jour fixe", "20261125T100000", "20261125T110000", line))
    assert await told(office) == []


async def test_what_is_over_is_silent(office: Office) -> None:
    await put(office, event(start="20261120T100000", end="20261120T110000"))
    assert await told(office) == []


async def test_whoever_is_concerned_is_mentioned(office: Office) -> None:
    guests = (attendee("ben"), attendee("carla", "DECLINED"), attendee("eve"))
    await put(office, event("Jour fixe", "20261125T100000", "20261125T110000", *guests))
    assert only(await told(office)).mentions == ()
    await put(office, event("Jour fixe", "20261125T140000", "20261125T150000", *guests))
    assert only(await told(office)).mentions == (BEN,)
    await put(office, event("Jour fixe IT", "20261125T140000", "20261125T150000", *guests))
    assert only(await told(office)).mentions == ()


async def test_of_a_hidden_event_only_the_time_is_told(office: Office) -> None:
    private = ("CLASS:PRIVATE", "LOCATION:geheim", attendee("ben"))
    await put(office, event("Personalgespräch", "20261125T100000", "20261125T110000", *private))
    first = only(await told(office))
    await put(office, event("Personalgespräch", "20261125T140000", "20261125T150000", *private))
    second = only(await told(office))
    for notice in (first, second):
        assert "Personalgespräch" not in notice.text + notice.html + repr(notice.data)
        assert "geheim" not in notice.text + repr(notice.data)
        assert notice.mentions == ()
    await put(office, event("Abmahnung", "20261125T140000", "20261125T150000", *private))
    assert await told(office) == []


async def test_a_series_is_told_as_one(office: Office) -> None:
    await put(office, event("Jour fixe", "20261125T100000", "20261125T110000", "RRULE:FREQ=WEEKLY"))
    assert len(only(await told(office)).text.splitlines()) == 3
    await put(office, event("Jour fixe", "20261125T140000", "20261125T150000", "RRULE:FREQ=WEEKLY"))
    notice = only(await told(office))
    assert notice.data["count"] > 20
    assert len(notice.text.splitlines()) == 5  # the heading, an empty line; what, until now, from now on


# ------------------------------------------------------------------------------------------------ when it is told


async def test_changes_of_a_burst_come_as_one_message(office: Office) -> None:
    await put(office, event(uid="a"))
    await office.pass_time(timedelta(seconds=3))
    await put(office, event("Runde", uid="b"))
    notice = only(await told(office))
    assert [item["title"] for item in notice.data["items"]] == ["Jour fixe", "Runde"]


async def test_an_import_that_takes_a_while_comes_as_one_summary(office: Office) -> None:
    for number in range(40):
        office.calendar.put(CALENDAR, f"i{number}", event(f"Import {number}", uid=f"i{number}"))
        if number % 10 == 0:
            await office.pass_time(timedelta(seconds=20))
    notice = only(await told(office, timedelta(minutes=10)))
    assert notice.data == {"created": 40, "changed": 0, "cancelled": 0}


async def test_what_was_taken_back_by_then_is_not_told(office: Office) -> None:
    await put(office, event())
    await told(office)
    await put(office, event(start="20261125T140000", end="20261125T150000"), event(uid="b"))
    await put(office, event())
    office.calendar.remove(CALENDAR, "b")
    await office.pull()
    assert await told(office) == []


async def test_several_changes_of_an_event_are_told_as_one(office: Office) -> None:
    await put(office, event())
    await told(office)
    await put(office, event(start="20261125T140000", end="20261125T150000"))
    await put(office, event("Jour fixe IT", "20261126T090000", "20261126T100000"))
    notice = only(await told(office))
    assert "Bisher: Mi., 25.11., 10:00–11:00 Uhr\nNeu: Do., 26.11., 09:00–10:00 Uhr" in notice.text
    assert notice.data["fields"] == ["time", "title"]


async def test_quiet_hours_hold_back_what_can_wait(office: Office) -> None:
    defaults = replace(office.world.settings.defaults, quiet_hours=Hours(time(20), time(7)))
    office.change(defaults=defaults)
    await startup.begin(office.world)
    await office.until(at(21))
    await put(office, event(start="20261127T100000", end="20261127T110000"))
    await put(office, event("Runde", "20261127T120000", "20261127T130000", uid="b"))
    await office.pass_time(timedelta(minutes=5))
    office.calendar.remove(CALENDAR, "b")
    assert [message for message in await office.until(at(6, 59, 25)) if message.kind is Kind.CHANGE] == []
    (waiting,) = {one.hold for one in await office.world.stores.notices.waiting([ROOM])}
    assert waiting is not None
    assert waiting.value == "quiet"
    notice = only([message for message in await office.until(at(7, 1, 25)) if message.kind is Kind.CHANGE])
    assert notice.data["title"] == "Jour fixe"


async def test_what_begins_soon_is_told_in_quiet_hours(office: Office) -> None:
    defaults = replace(office.world.settings.defaults, quiet_hours=Hours(time(20), time(7)))
    office.change(defaults=defaults)
    await startup.begin(office.world)
    await put(office, event(start="20261125T073000", end="20261125T080000"))
    await told(office)
    await office.until(at(21))
    await put(office, event(start="20261125T063000", end="20261125T070000"))
    assert "Verschoben" in only(await told(office)).text


async def test_what_is_over_when_the_homeserver_is_back_is_dropped(office: Office) -> None:
    office.chat.down = True
    await put(office, event(start="20261124T100000", end="20261124T110000"))
    await office.until(at(12))
    office.chat.down = False
    assert [one for one in await office.until(at(13)) if one.kind is Kind.CHANGE] == []
    assert await office.world.stores.notices.waiting([ROOM]) == []


async def test_nothing_is_told_while_others_could_read_along(office: Office) -> None:
    members = office.chat.rooms[ROOM].members
    members[UserId("@eve:elsewhere.org")] = "Eve"
    office.world.known.forget(ROOM)
    await put(office, event())
    assert await told(office, timedelta(minutes=30)) == []
    await put(office, event("Jour fixe IT"))
    await office.pull()
    del members[UserId("@eve:elsewhere.org")]
    office.world.known.forget(ROOM)
    assert only(await told(office, timedelta(minutes=10))).data["title"] == "Jour fixe IT"


# ------------------------------------------------------------------------------------------- first sight of a calendar


async def test_the_first_sight_of_a_calendar_is_one_summary(office: Office) -> None:
    calendar = CalendarName("hr")
    office.calendar.add(calendar)
    for number in range(30):
        office.calendar.put(calendar, f"e{number}", event(f"Termin {number}", uid=f"e{number}"))
    settings = office.world.settings
    room = replace(settings.rooms[ROOM], calendars=(CALENDAR, calendar))
    calendars = {**settings.calendars, calendar: replace(settings.calendars[CALENDAR], name=calendar)}
    office.change(rooms={ROOM: room}, calendars=calendars)
    await startup.begin(office.world)
    said = await office.pass_time(timedelta(minutes=10))
    summary = only(said)
    assert "Dieser Raum zeigt jetzt den Kalender hr: 30 Termine in den nächsten vier Wochen" in summary.text
    assert not summary.notify
    await startup.begin(office.world)
    assert await office.pass_time(timedelta(minutes=10)) == []


async def test_a_room_that_comes_later_is_told_what_it_shows(office: Office) -> None:
    await put(office, event())
    await told(office)
    office.chat.add_room(OTHER, ANNA)
    with_rooms(office, OTHER)
    await startup.begin(office.world)
    await office.pass_time(timedelta(minutes=2))
    assert len(office.chat.messages(OTHER)) == 1
    await put(office, event("Jour fixe IT"))
    await office.pass_time(timedelta(minutes=1))
    assert "Umbenannt" in office.chat.messages(OTHER)[-1].text
    assert "Umbenannt" in office.chat.messages(ROOM)[-1].text


async def _restart(office: Office) -> None:
    await office.resume()


async def _cursors_expire(office: Office) -> None:
    office.calendar.forget_cursors(CALENDAR)


async def _shown_as_busy(office: Office) -> None:
    office.change(calendars={CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)})
    await startup.begin(office.world)


async def _shown_as_busy_and_back(office: Office) -> None:
    await _shown_as_busy(office)
    await office.pass_time(timedelta(minutes=2))
    office.change(calendars={CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.FULL)})
    await startup.begin(office.world)


async def _days_pass(office: Office) -> None:
    await office.pass_time(timedelta(days=3))


@pytest.mark.parametrize("happens", [_restart, _cursors_expire, _shown_as_busy, _shown_as_busy_and_back, _days_pass])
async def test_reading_all_again_tells_nothing(office: Office, happens: Callable[[Office], Any]) -> None:
    await put(office, *(event(f"Termin {n}", "20261201T100000", "20261201T110000", uid=f"e{n}") for n in range(20)))
    await put(office, event("Serie", "20261201T100000", "20261201T110000", "RRULE:FREQ=DAILY", uid="s"))
    await told(office, timedelta(minutes=3))
    before = len(office.said(Kind.CHANGE))
    await happens(office)
    await office.pass_time(timedelta(minutes=10))
    assert len(office.said(Kind.CHANGE)) == before


async def test_a_calendar_that_is_empty_all_at_once_is_looked_at_twice(office: Office) -> None:
    """After a failed restore of the server, all of it seemed to be cancelled."""
    texts = [event(f"Termin {n}", uid=f"e{n}") for n in range(8)]
    await put(office, *texts)
    await told(office, timedelta(minutes=3))
    for number in range(8):
        office.calendar.remove(CALENDAR, f"e{number}")
    await office.pull()
    assert await office.world.stores.calendars.count_ahead(CALENDAR, office.clock()) == 8
    await put(office, *texts)
    assert await told(office) == []
    for number in range(8):
        office.calendar.remove(CALENDAR, f"e{number}")
    assert only(await told(office, timedelta(minutes=5))).data == {"created": 0, "changed": 0, "cancelled": 8}


# ------------------------------------------------------------------------------------------------------- own writes


async def test_what_was_asked_for_here_is_told_elsewhere_only(office: Office) -> None:
    office.chat.add_room(OTHER, CARLA)
    with_rooms(office, OTHER)
    await startup.begin(office.world)
    await office.alarm.settle()
    for command in ("!meet neu Runde morgen 10-11", "!meet verschiebe last 14 Uhr", "!meet absagen last"):
        await office.says(command)
        here = len(office.chat.messages(ROOM))
        await office.pass_time(timedelta(minutes=2))
        assert len(office.chat.messages(ROOM)) == here
    elsewhere = [message.data.get("change") for message in office.chat.messages(OTHER)]
    assert elsewhere == ["created", "changed", "removed"]


async def test_the_card_elsewhere_follows(office: Office) -> None:
    office.chat.add_room(OTHER, ANNA, CARLA)
    with_rooms(office, OTHER)
    await startup.begin(office.world)
    await office.alarm.settle()
    await office.says("!meet neu Runde morgen 10-11", room=OTHER)
    card = office.chat.last(OTHER).event
    await office.pass_time(timedelta(minutes=1))
    await office.says("!meet liste")
    await office.says("!meet verschiebe 1 14 Uhr")
    await office.pass_time(timedelta(minutes=1))
    edit = only([p.message for p in office.chat.posted if p.edits == card and p.message])
    assert edit.data["start"]["localtime"] == "2026-11-25T14:00:00"


async def test_a_write_whose_answer_was_lost_is_not_told(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.lose_answer = True
    await office.says("!meet verschiebe last 14 Uhr")
    assert await told(office, timedelta(minutes=10)) == []


async def test_what_somebody_makes_of_our_version_is_told_as_a_change_of_it(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.lose_answer = True
    await office.says("!meet verschiebe last 14 Uhr")
    text = office.texts()[0].replace("T140000", "T160000").replace("T150000", "T170000")
    office.calendar.put(CALENDAR, office.name(), text)
    notice = only(await told(office, timedelta(minutes=2)))
    assert "Bisher: Mi., 25.11., 14:00–15:00 Uhr\nNeu: Mi., 25.11., 16:00–17:00 Uhr" in notice.text


async def test_a_write_that_was_not_made_makes_nobody_deaf(office: Office) -> None:
    """The server refused it: whoever writes the same later is not us."""
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet verschiebe last 14 Uhr")
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=30))
    text = office.texts()[0].replace("T100000", "T140000").replace("T110000", "T150000")
    office.calendar.put(CALENDAR, office.name(), text)
    assert "Verschoben" in only(await told(office, timedelta(minutes=2))).text


async def test_a_change_seen_only_when_we_write_is_told_too(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    text = office.texts()[0].replace("SUMMARY:Runde", "SUMMARY:Budgetrunde")
    office.calendar.put(CALENDAR, office.name(), text)
    await office.says("!meet verschiebe last 14 Uhr")
    assert await told(office, timedelta(minutes=2)) == []  # the answer had the new title
    assert "Budgetrunde" in office.said(Kind.CHANGE)[-1].text


# ------------------------------------------------------------------------------------------------------------ cards


async def test_an_answer_changes_the_card_and_is_not_told(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    card = office.chat.last(ROOM).event
    unfolded = office.texts()[0].replace("\r\n ", "")
    for answer in ("ACCEPTED", "DECLINED", "ACCEPTED"):
        lines = unfolded.split("\r\n")
        answered = [line.replace("PARTSTAT=NEEDS-ACTION", f"PARTSTAT={answer}") for line in lines]
        office.calendar.put(CALENDAR, office.name(), "\r\n".join(answered))
        assert await told(office, timedelta(minutes=2)) == []
    edits = [p.message.text for p in office.chat.posted if p.edits == card and p.message]
    assert [("Zugesagt: Anna" in text and "Ben" in text.split("Zugesagt")[1].split("\n")[0]) for text in edits] == [
        True,
        False,
        True,
    ]


async def test_the_card_of_a_deleted_event_says_so(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    card = office.chat.last(ROOM).event
    office.calendar.remove(CALENDAR, office.name())
    await office.pass_time(timedelta(minutes=2))
    edit = only([p.message for p in office.chat.posted if p.edits == card and p.message])
    assert edit.data["status"] == "cancelled"
    assert "<del>" in edit.html


# ----------------------------------------------------------------------------------------------------------- crashes


class Killed(BaseException):
    """The process is gone."""


def kill_at(office: Office, step: str) -> None:
    """Once."""
    before = office.world

    def passed(name: str) -> None:
        if name == step:
            office.world = before
            raise Killed

    office.world = replace(office.world, passed=passed)


@pytest.mark.parametrize("step", ["change.noted", "calendar.mirrored", "notice.tried", "notice.posted", "notice.sent"])
@pytest.mark.parametrize("device", ["DEVICE", "OTHER"])
async def test_killed_at_any_step_it_is_told_once(office: Office, step: str, device: str) -> None:
    await put(office, event())
    await told(office)
    kill_at(office, step)
    await startup.begin(office.world)
    office.calendar.put(CALENDAR, "u", event(start="20261125T140000", end="20261125T150000"))
    with pytest.raises(Killed):
        await office.pass_time(timedelta(minutes=3))
    if device != office.chat.device:
        office.chat.device = device
        office.chat.forget_transactions()
    await office.resume()
    await office.pass_time(timedelta(minutes=10))
    moved = [message for message in office.said(Kind.CHANGE) if message.data["change"] == "changed"]
    assert len(moved) == 1


@pytest.mark.parametrize("step", ["write.expected", "write.done", "calendar.mirrored"])
async def test_killed_while_writing_nobody_is_told_of_it_as_a_change(office: Office, step: str) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    kill_at(office, step)
    office.handlers = Handlers(office.world, LOG)
    with pytest.raises(Killed):
        await office.says("!meet verschiebe last 14 Uhr")
    await office.pull()
    await office.resume()
    await office.pass_time(timedelta(minutes=10))
    assert len(office.said(Kind.CHANGE)) == 1  # the answer to the command


async def test_a_lost_answer_tells_it_once(office: Office) -> None:
    office.chat.lose_answers()
    await put(office, event())
    await told(office, timedelta(minutes=10))
    assert len(office.said(Kind.CHANGE)) == 1


async def test_told_twelve_hours_later_it_is_looked_for_first(office: Office) -> None:
    await put(office, event(start="20261127T140000", end="20261127T150000"))
    office.chat.lose_answers()
    await office.pass_time(timedelta(seconds=6))
    assert len(office.said(Kind.CHANGE)) == 1
    office.chat.forget_transactions()
    office.chat.down = True
    await office.pass_time(timedelta(hours=13))
    office.chat.down = False
    await office.pass_time(timedelta(minutes=10))
    assert len(office.said(Kind.CHANGE)) == 1


async def test_while_an_outage_lasts_what_changes_is_put_together(office: Office) -> None:
    office.chat.refuse(*(ChatUnavailable() for _ in range(2)))
    await put(office, event(uid="a"))
    await office.pass_time(timedelta(seconds=6))
    await put(office, event("Runde", uid="b"))
    said = await told(office, timedelta(minutes=5))
    titles = [item["title"] for message in said for item in message.data.get("items", [message.data])]
    assert titles == ["Jour fixe", "Runde"]
