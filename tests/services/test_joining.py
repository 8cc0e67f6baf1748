"""`@matrix` as the place of an event, typed in any program, becomes a join link: once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import Kind, Uid
from calbot.core.settings import Access, MeetingLinks, Show
from calbot.errors import CalendarUnavailable
from calbot.services import inviting

from .conftest import CALENDAR, ROOM, Office
from .test_importing import ics, series, vevent

SOON = timedelta(seconds=30)


@pytest.fixture
async def linking(office: Office) -> Office:
    """With a template, and a calendar that the room has been shown."""
    office.change(meeting_links=MeetingLinks(template="https://video.example.org/{secret}"))
    await office.says("!meet neu Vorher morgen 8-9 link:nein")
    return office


def puts(office: Office, *lines: str, uid: str = "a", location: str = "@matrix") -> None:
    data = ics(vevent(uid, "20261125T100000", "Ausschuss", f"LOCATION:{location}", *lines)).decode()
    office.calendar.put(CALENDAR, uid, data)


def text(office: Office, uid: str = "a") -> str:
    return next(one for one in office.texts() if f"UID:{uid}\r\n" in one)


async def link(office: Office, uid: str = "a") -> str:
    return await inviting.meeting_link(office.world, office.world.settings.rooms[ROOM], Uid(uid))


async def sees(office: Office) -> list[str]:
    """What the room is told of what the bot finds in the calendar now."""
    await office.pull()
    return [message.text for message in await office.pass_time(SOON)]


async def test_the_new_event_is_told_with_its_link_and_nothing_else_is(linking: Office) -> None:
    puts(linking)
    said = await sees(linking)
    assert len(said) == 1
    assert await link(linking) in said[0]
    assert "@matrix" not in said[0]
    assert f"LOCATION:{await link(linking)}" in text(linking).replace("\r\n ", "")
    assert await sees(linking) == []


async def test_a_whole_series(linking: Office) -> None:
    data = ics(series().replace("SUMMARY", "LOCATION:@matrix\r\nSUMMARY")).decode()
    linking.calendar.put(CALENDAR, "jf", data)
    await sees(linking)
    assert "@matrix" not in text(linking, "jf")
    assert "COUNT=5" in text(linking, "jf")


async def test_who_takes_it_out_or_types_it_again_is_not_argued_with(linking: Office) -> None:
    puts(linking)
    await sees(linking)
    puts(linking)
    for _ in range(3):
        await sees(linking)
    assert "LOCATION:@matrix" in text(linking)


async def test_the_card_of_an_event_that_the_room_has_gets_it(linking: Office) -> None:
    await linking.says("!meet neu Klausur morgen 14-15 link:nein")
    mine = next(one for one in linking.texts() if "Klausur" in one)
    (href,) = (href for href, one in linking.calendar.objects(CALENDAR).items() if one.data == mine)
    uid = href.rpartition("/")[2].removesuffix(".ics")
    linking.calendar.put(CALENDAR, uid, mine.replace("SUMMARY", "LOCATION:@matrix\r\nSUMMARY"))
    said = await sees(linking)
    expected = await link(linking, uid)
    assert any(expected in one for one in said)
    assert [one for one in said if "@matrix" in one] == []


async def test_without_a_template_nothing_happens(office: Office) -> None:
    await office.says("!meet neu Vorher morgen 8-9")
    puts(office)
    await sees(office)
    assert "LOCATION:@matrix" in text(office)
    assert await office.world.stores.join_links.waiting() == []


@pytest.mark.parametrize(
    "line", ["ORGANIZER:mailto:fremd@elsewhere.example", "CLASS:PRIVATE", "CLASS:CONFIDENTIAL", "STATUS:X"]
)
async def test_what_is_of_others_or_hidden_is_left_alone(linking: Office, line: str) -> None:
    puts(linking, line)
    await sees(linking)
    assert ("LOCATION:@matrix" in text(linking)) is (line != "STATUS:X")


@pytest.mark.parametrize("organizer", ["anna@example.org", "termine@example.org"])
async def test_events_of_members_and_of_the_account(linking: Office, organizer: str) -> None:
    puts(linking, f"ORGANIZER:mailto:{organizer}")
    await sees(linking)
    assert "@matrix" not in text(linking)


async def test_what_may_not_be_written_or_seen(linking: Office) -> None:
    before = linking.world.settings.calendars[CALENDAR]
    for number, calendar in enumerate((replace(before, access=Access.READ_ONLY), replace(before, show=Show.BUSY))):
        linking.change(calendars={CALENDAR: calendar})
        puts(linking, uid=f"u{number}")
        await sees(linking)
        assert "LOCATION:@matrix" in text(linking, f"u{number}")


async def test_what_is_over_stays_as_it_was(linking: Office) -> None:
    data = ics(vevent("old", "20261102T100000", "Alt", "LOCATION:@matrix")).decode()
    linking.calendar.put(CALENDAR, "old", data)
    await sees(linking)
    assert text(linking, "old") == data


@pytest.mark.parametrize("step", ["calendar.mirrored", "write.expected", "write.done", "join_link.written"])
async def test_killed_at_any_step_it_is_put_in_once(linking: Office, step: str) -> None:
    puts(linking)
    world, killed = linking.world, False

    def passed(name: str) -> None:
        nonlocal killed
        if name == step and not killed:
            killed = True
            raise asyncio.CancelledError

    linking.world = replace(world, passed=passed)
    with suppress(asyncio.CancelledError):
        await linking.pull()
        await linking.pass_time(SOON)
    linking.world = world
    linking.alarm.forget()
    await linking.resume()
    await linking.pull()
    await linking.pass_time(SOON)
    assert killed
    assert text(linking).replace("\r\n ", "").count(f"LOCATION:{await link(linking)}") == 1
    assert await linking.world.stores.join_links.waiting() == []
    told = [one for one in linking.said(Kind.CHANGE) if "Ausschuss" in one.text]
    assert len(told) == 1


async def test_an_outage_on_the_way(linking: Office) -> None:
    puts(linking)
    await linking.pull()
    linking.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await linking.pass_time(SOON)
    assert "LOCATION:@matrix" in text(linking)
    linking.calendar.unavailable = None
    await linking.pass_time(timedelta(minutes=5))
    assert "@matrix" not in text(linking)


async def test_a_room_that_the_bot_is_not_in_is_no_reason_to_wait(linking: Office) -> None:
    linking.chat.kick(ROOM)
    linking.world.known.forget(ROOM)
    puts(linking, "ORGANIZER:mailto:termine@example.org")
    await linking.pull()
    await linking.pass_time(SOON)
    assert "@matrix" not in text(linking)
    assert await linking.world.stores.join_links.waiting() == []


async def test_what_is_gone_by_then_is_not_waited_for(linking: Office) -> None:
    puts(linking)
    await linking.pull()
    linking.calendar.remove(CALENDAR, "a")
    await linking.pass_time(SOON)
    assert await linking.world.stores.join_links.waiting() == []


async def test_a_new_event_has_its_link_in_all_the_places_where_programs_look(linking: Office) -> None:
    (card,) = await linking.says("!meet neu Klausur morgen 14-15")
    uid = card.data["uid"]
    said = next(one for one in linking.texts() if "Klausur" in one).replace("\r\n ", "")
    expected = await link(linking, uid)
    assert {line for line in said.splitlines() if expected in line} == {
        f"LOCATION:{expected}",
        f"URL:{expected}",
        f"CONFERENCE;VALUE=URI;FEATURE=VIDEO:{expected}",
    }
    assert expected in card.text
    assert uid not in expected


async def test_a_place_that_was_named_stays(linking: Office) -> None:
    (card,) = await linking.says("!meet neu Klausur morgen 14-15 ort:Rathaus")
    said = next(one for one in linking.texts() if "Klausur" in one).replace("\r\n ", "")
    assert "LOCATION:Rathaus\r\n" in said
    assert f"URL:{await link(linking, card.data['uid'])}" in said


async def test_the_link_is_the_same_after_a_restart_and_another_elsewhere(linking: Office) -> None:
    before = await link(linking)
    await linking.resume()
    assert await link(linking) == before != await link(linking, "b")


async def test_a_place_typed_by_command_counts_as_well(linking: Office) -> None:
    (card,) = await linking.says("!meet neu Klausur morgen 14-15 ort:@matrix")
    await linking.pass_time(SOON)
    said = next(one for one in linking.texts() if "Klausur" in one).replace("\r\n ", "")
    assert f"LOCATION:{await link(linking, card.data['uid'])}\r\n" in said
