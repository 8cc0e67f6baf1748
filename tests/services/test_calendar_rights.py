"""A calendar that is configured to be written, and whose server does not let the bot write."""

from __future__ import annotations

from calbot.core.model import CalendarName, Kind

from .conftest import CALENDAR, Office


async def test_what_a_refused_write_says_is_shown_and_kept_until_the_next_look(office: Office) -> None:
    office.calendar.read_only.add(CALENDAR)
    (refused,) = await office.says("!meet neu Budget morgen 10 Uhr")
    assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "read_only")
    (status,) = await office.says("!meet zustand")
    assert "it-team (nur lesen)" in status.text
    assert "doch der Server lässt den Bot hier nicht schreiben" in status.text
    assert status.data["calendars"][0]["writable"] is False

    writes = [call for call in office.calendar.calls if call[0] == "create"]
    (refused,) = await office.says("!meet neu Budget morgen 10 Uhr")
    assert refused.data["code"] == "read_only"
    assert [call for call in office.calendar.calls if call[0] == "create"] == writes  # not tried again

    office.calendar.read_only.clear()
    await office.calendar.probe(CALENDAR)
    (card,) = await office.says("!meet neu Budget morgen 10 Uhr")
    assert card.kind is Kind.MEETING
    (status,) = await office.says("!meet zustand")
    assert "nur lesen" not in status.text
    assert status.data["calendars"][0]["writable"] is True


async def test_a_calendar_that_has_moved_is_told_of(office: Office) -> None:
    office.calendar.moved_to[CalendarName(CALENDAR)] = "https://dav.example.org/elsewhere/"
    (status,) = await office.says("!meet zustand")
    assert "verlegt" not in status.text
    await office.calendar.probe(CALENDAR)
    (status,) = await office.says("!meet zustand")
    assert "Der Server hat den Kalender verlegt" in status.text
    assert "elsewhere" not in status.text  # the address is nobody's business here
