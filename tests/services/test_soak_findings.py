"""What the simulated year found, as small as it gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calbot.core.model import Kind
from calbot.services import startup

from .conftest import BERLIN, CALENDAR, Office

UTC = ZoneInfo("UTC")


async def test_a_meeting_in_the_hour_that_the_clock_change_leaves_out_is_reminded_of(office: Office) -> None:
    """It begins an hour later on the wall, and must not end before it begins: it was taken to be over when due."""
    office.calendar.put(
        CALENDAR,
        "nacht",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:nacht\r\nDTSTAMP:20261101T000000Z\r\n"
        "DTSTART;TZID=Europe/Berlin:20261120T023000\r\nDTEND;TZID=Europe/Berlin:20261120T031500\r\n"
        "RRULE:FREQ=DAILY\r\nSUMMARY:Nachtwache\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    )
    office.clock.set(datetime(2027, 3, 28, 1, 0, tzinfo=BERLIN))  # not a year of looks
    before = len(office.said(Kind.REMINDER))
    await office.until(datetime(2027, 3, 28, 1, 20, tzinfo=UTC))
    (message,) = office.said(Kind.REMINDER)[before:]
    start, end = (datetime.fromisoformat(message.data[name]["utc"].replace("Z", "+00:00")) for name in ("start", "end"))
    assert start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert end - start == timedelta(minutes=45)


async def test_after_an_outage_reminders_come_in_order_of_start(office: Office) -> None:
    """What begins tomorrow, and was due first, came before what begins in a minute."""
    office.change_room(reminders=(timedelta(days=1), timedelta(minutes=15)))
    await startup.begin(office.world)
    await office.says("!meet neu Klausur morgen 11:30-13 Uhr")
    await office.says("!meet neu Runde heute 12:15-13 Uhr")
    office.clock.set(datetime(2026, 11, 24, 12, 0, 59, tzinfo=BERLIN))
    await office.resume()
    starts = [message.data["start"]["localtime"] for message in office.said(Kind.REMINDER)]
    assert starts == sorted(starts)
    assert len(starts) == 2


async def test_a_meeting_that_is_over_here_but_not_where_it_is_read_is_told_to_be_off(office: Office) -> None:
    """A floating time is later in London than in the zone of the organisation."""
    office.change_room(timezone=ZoneInfo("Europe/London"))
    await startup.begin(office.world)
    floating = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:frei\r\nDTSTAMP:20261101T000000Z\r\n"
        "DTSTART:20261124T120000\r\nDTEND:20261124T123000\r\nSUMMARY:Mittag\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    office.calendar.put(CALENDAR, "frei", floating)
    await office.until(datetime(2026, 11, 24, 11, 50, tzinfo=UTC))
    told = len(office.said(Kind.CHANGE))
    office.calendar.remove(CALENDAR, "frei")
    await office.pull()
    await office.pass_time(timedelta(minutes=5))
    (message,) = office.said(Kind.CHANGE)[told:]
    assert message.data["status"] == "cancelled"
