"""The contract of the port CalendarGateway, kept by the fake and by real servers alike."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import aiohttp
import pytest
import pytest_asyncio
from _pytest.mark.structures import ParameterSet

from calbot.core.model import AccountName, Busy, CalendarName, Cursor, Etag, Fetched, Href
from calbot.core.settings import Calendar
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable, PreconditionFailed
from tests.fakes.calendar import FakeCalendarGateway

from .calendar_worlds import (
    NAME,
    SERVERS,
    USER,
    CalendarWorld,
    FakeWorld,
    Server,
    ServerWorld,
    new_calendar,
    settings_for,
)

_numbers = itertools.count(1)


def event(uid: str, title: str = "Jour fixe", *, day: int = 24, sequence: int = 0) -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261123T1200{sequence:02}Z\r\nSEQUENCE:{sequence}\r\n"
        f"DTSTART:202611{day}T130000Z\r\nDTEND:202611{day}T140000Z\r\nSUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Where calendars can be made on the real servers that are installed."""
    async with AsyncExitStack() as stack:
        found = {}
        for server in SERVERS:
            if server.needs() is None:
                running = server.running(tmp_path_factory.mktemp(server.name))
                found[server.name] = await stack.enter_async_context(running)
        yield found


def needing(server: Server) -> ParameterSet:
    missing = server.needs()
    reason = f"{server.name} is not installed: {missing}"
    return pytest.param(server.name, marks=pytest.mark.skipif(missing is not None, reason=reason))


REAL = [needing(server) for server in SERVERS]


@pytest_asyncio.fixture(params=["fake", *REAL], loop_scope="module")
async def world(request: pytest.FixtureRequest, homes: dict[str, str]) -> AsyncIterator[CalendarWorld]:
    if request.param == "fake":
        yield FakeWorld(FakeCalendarGateway([NAME]))
        return
    url = f"{homes[request.param]}team-{next(_numbers)}/"
    async with aiohttp.ClientSession() as http, DavGateway(settings_for(url)) as gateway:
        calendar = await new_calendar(http, url)
        yield ServerWorld(gateway, calendar)
        # To Cyrus, a UID in one calendar of somebody is taken in all others.
        await calendar.delete("")


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_empty_calendar_lists_nothing_and_gives_a_cursor(world: CalendarWorld) -> None:
    delta = await world.gateway.changes(NAME, None)
    assert delta.complete
    assert not delta.listed
    assert delta.cursor


async def test_an_object_is_stored_as_it_was_given(world: CalendarWorld) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1", "Budget 💶 für 2027"))
    assert created.etag
    assert "SUMMARY:Budget 💶 für 2027" in created.data
    assert await world.gateway.read(NAME, created.href) == created
    delta = await world.gateway.changes(NAME, None)
    assert delta.listed == {created.href: created.etag}
    (fetched,) = (await world.gateway.fetch(NAME, [created.href])).objects
    assert fetched.etag == created.etag
    assert "SUMMARY:Budget 💶 für 2027" in fetched.data


async def test_where_it_will_be_is_known_before_it_is_created(world: CalendarWorld) -> None:
    place = world.gateway.href(NAME, "calbot-hold-1")
    assert await world.gateway.read(NAME, place) is None
    created = await world.gateway.create(NAME, "calbot-hold-1", event("calbot-hold-1"))
    assert created.href == place
    there = await world.gateway.read(NAME, place)
    assert there is not None
    await world.gateway.delete(NAME, place, there.etag)
    assert await world.gateway.read(NAME, place) is None


async def test_creating_again_finds_what_is_there(world: CalendarWorld) -> None:
    first = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    assert await world.gateway.create(NAME, "meeting-1", event("meeting-1", "other text")) == first
    assert len((await world.gateway.changes(NAME, None)).listed) == 1


async def test_a_name_that_somebody_else_took_is_not_overwritten(world: CalendarWorld) -> None:
    assert await world.put("meeting-1", event("theirs", "Theirs"))
    with pytest.raises(PreconditionFailed):
        await world.gateway.create(NAME, "meeting-1", event("ours"))
    delta = await world.gateway.changes(NAME, None)
    (there,) = (await world.gateway.fetch(NAME, list(delta.listed))).objects
    assert "SUMMARY:Theirs" in there.data


async def test_a_uid_that_is_taken_is_refused(world: CalendarWorld) -> None:
    await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    with pytest.raises(PreconditionFailed):
        await world.gateway.create(NAME, "meeting-2", event("meeting-1"))
    assert len((await world.gateway.changes(NAME, None)).listed) == 1


async def test_names_of_every_kind(world: CalendarWorld) -> None:
    for name in ("a b", "ä", "50%", "a@b.example", "x+y=z"):
        created = await world.gateway.create(NAME, name, event(f"uid {name}"))
        assert await world.gateway.read(NAME, created.href) == created
    listed = (await world.gateway.changes(NAME, None)).listed
    assert len((await world.gateway.fetch(NAME, list(listed))).objects) == 5


async def test_update(world: CalendarWorld) -> None:
    old = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    new = await world.gateway.update(NAME, old.href, event("meeting-1", "New", sequence=1), old.etag)
    assert new.etag != old.etag
    assert "SUMMARY:New" in new.data
    assert await world.gateway.read(NAME, old.href) == new


async def test_an_update_with_a_stale_etag_changes_nothing(world: CalendarWorld) -> None:
    old = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    assert await world.put("meeting-1", event("meeting-1", "Theirs", sequence=1))
    with pytest.raises(PreconditionFailed):
        await world.gateway.update(NAME, old.href, event("meeting-1", "Ours", sequence=2), old.etag)
    there = await world.gateway.read(NAME, old.href)
    assert there
    assert "SUMMARY:Theirs" in there.data


async def test_repeating_an_update_that_was_done_is_no_conflict(world: CalendarWorld) -> None:
    old = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    data = event("meeting-1", "New", sequence=1)
    new = await world.gateway.update(NAME, old.href, data, old.etag)
    assert await world.gateway.update(NAME, old.href, data, old.etag) == new


async def test_what_is_gone_is_not_updated(world: CalendarWorld) -> None:
    old = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    await world.remove("meeting-1")
    with pytest.raises(PreconditionFailed):
        await world.gateway.update(NAME, old.href, event("meeting-1", sequence=1), old.etag)
    assert await world.gateway.read(NAME, old.href) is None


async def test_delete_once_and_again(world: CalendarWorld) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    await world.gateway.delete(NAME, created.href, created.etag)
    assert await world.gateway.read(NAME, created.href) is None
    await world.gateway.delete(NAME, created.href, created.etag)


async def test_what_was_changed_meanwhile_is_not_deleted(world: CalendarWorld) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    assert await world.put("meeting-1", event("meeting-1", "Theirs", sequence=1))
    with pytest.raises(PreconditionFailed):
        await world.gateway.delete(NAME, created.href, created.etag)
    assert await world.gateway.read(NAME, created.href)


async def test_changes_since_a_cursor(world: CalendarWorld) -> None:
    stays, changes, goes = [
        await world.gateway.create(NAME, name, event(name)) for name in ("stays", "changes", "goes")
    ]
    cursor = (await world.gateway.changes(NAME, None)).cursor
    assert await world.put("changes", event("changes", "New", sequence=1))
    assert await world.put("new", event("new"))
    await world.remove("goes")
    delta = await world.gateway.changes(NAME, cursor)
    assert not delta.complete
    assert delta.removed == {goes.href}
    assert len(delta.listed) == 2
    assert delta.listed[changes.href] != changes.etag
    assert stays.href not in delta.listed
    again = await world.gateway.changes(NAME, delta.cursor)
    assert (dict(again.listed), again.removed, again.complete) == ({}, frozenset(), False)


@pytest.mark.parametrize("cursor", ["", "nonsense", "http://radicale.org/ns/sync/0000", "<&>"])
async def test_a_cursor_that_is_not_known_means_everything(world: CalendarWorld, cursor: str) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    delta = await world.gateway.changes(NAME, Cursor(cursor))
    assert set(delta.listed) == {created.href}
    assert delta.removed == frozenset()


async def test_many_objects_come_in_lots_and_what_is_gone_is_left_out(world: CalendarWorld) -> None:
    for number in range(250):
        assert await world.put(f"n{number}", event(f"n{number}", f"Number {number}", day=number % 20 + 10))
    listed = (await world.gateway.changes(NAME, None)).listed
    assert len(listed) == 250
    hrefs = list(listed)
    gone = Href(hrefs[0].rpartition("/")[0] + "/not-there.ics")
    objects = (await world.gateway.fetch(NAME, [*hrefs[:120], gone, *hrefs[120:]])).objects
    assert {one.href: one.etag for one in objects} == dict(listed)
    assert len({one.data for one in objects}) == 250


async def test_garbage_among_good_ones_harms_nobody(world: CalendarWorld) -> None:
    for name in ("one", "two"):
        assert await world.put(name, event(name))
    await world.put("bad-rule", event("bad-rule").replace("SUMMARY", "RRULE:FREQ=SOMETIMES\r\nSUMMARY"))
    await world.put("bad-start", event("bad-start").replace("DTSTART:20261124T130000Z", "DTSTART:morgen"))
    await world.put("todo", event("todo").replace("VEVENT", "VTODO").replace("DTEND", "DUE"))
    listed = (await world.gateway.changes(NAME, None)).listed
    objects = (await world.gateway.fetch(NAME, list(listed))).objects
    assert {one.href for one in objects} == set(listed)
    assert sum("UID:one" in one.data or "UID:two" in one.data for one in objects) == 2


async def test_what_is_not_there_is_read_as_none(world: CalendarWorld) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    missing = Href(created.href.replace("meeting-1", "meeting-2"))
    assert await world.gateway.read(NAME, missing) is None
    assert await world.gateway.fetch(NAME, [missing]) == Fetched(())
    assert await world.gateway.fetch(NAME, []) == Fetched(())


async def test_update_without_an_etag_takes_what_is_there_now(world: CalendarWorld) -> None:
    created = await world.gateway.create(NAME, "meeting-1", event("meeting-1"))
    updated = await world.gateway.update(NAME, created.href, event("meeting-1", "New", sequence=1), None)
    assert "SUMMARY:New" in updated.data
    with pytest.raises(PreconditionFailed):
        await world.gateway.update(NAME, Href(f"{created.href}x"), event("meeting-1"), None)
    with pytest.raises(PreconditionFailed):
        await world.gateway.update(NAME, created.href, event("meeting-1", sequence=2), Etag('"0"'))


async def test_probe(world: CalendarWorld) -> None:
    facts = await world.gateway.probe(NAME)
    assert facts.exists
    assert facts.is_calendar
    assert facts.writable is not False
    assert facts.syncs


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=timezone.utc)


async def test_busy_times_of_a_calendar(world: CalendarWorld) -> None:
    for day, name, changes in (
        (24, "opaque", {}),
        (25, "transparent", {"SUMMARY": "TRANSP:TRANSPARENT\r\nSUMMARY"}),
        (26, "cancelled", {"SUMMARY": "STATUS:CANCELLED\r\nSUMMARY"}),
        (27, "tentative", {"SUMMARY": "STATUS:TENTATIVE\r\nSUMMARY"}),
        (23, "series", {"SUMMARY": "RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY"}),
        (18, "before", {}),
    ):
        data = event(name, day=day)
        for old, new in changes.items():
            data = data.replace(old, new)
        assert await world.put(name, data)
    busy = await world.gateway.free_busy_query(NAME, at(20, 0), at(29, 0))
    assert busy == (
        Busy(at(23, 13), at(23, 14)),
        Busy(at(24, 13), at(24, 14)),
        Busy(at(27, 13), at(27, 14), tentative=True),
    )


async def test_a_calendar_with_nothing_in_it_is_not_busy(world: CalendarWorld) -> None:
    assert await world.gateway.free_busy_query(NAME, at(20, 0), at(29, 0)) == ()


async def test_what_only_touches_the_time_asked_for_is_cut(world: CalendarWorld) -> None:
    assert await world.put("long", event("long").replace("DTEND:20261124", "DTEND:20261126"))
    busy = await world.gateway.free_busy_query(NAME, at(25, 0), at(25, 8))
    assert busy == (Busy(at(25, 0), at(25, 8)),)


async def test_a_server_that_cannot_be_asked_for_people_says_nothing_of_them(world: CalendarWorld) -> None:
    addresses = ["anna@example.org", "ben@example.org"]
    found = await world.gateway.free_busy(AccountName("city"), addresses, at(24, 0), at(24, 0) + timedelta(days=2))
    assert dict(found) == dict.fromkeys(addresses)


async def test_a_wrong_password(homes: dict[str, str]) -> None:
    async with DavGateway(settings_for(f"{homes['radicale']}team-0/", password="wrong")) as gateway:
        for ask in (gateway.changes(NAME, None), gateway.probe(NAME), gateway.create(NAME, "x", event("x"))):
            with pytest.raises(CalendarUnavailable) as refused:
                await ask
            assert refused.value.reason == "calendar_login"


@pytest.mark.parametrize("server", REAL)
async def test_calendars_side_by_side_are_looked_at_by_one_request(homes: dict[str, str], server: str) -> None:
    names = [NAME, CalendarName("beside"), CalendarName("besides")]
    urls = [f"{homes[server]}beside-{next(_numbers)}/" for _ in names]
    calendars = {name: Calendar(name, AccountName("city"), url) for name, url in zip(names, urls, strict=True)}
    settings = replace(settings_for(urls[0]), calendars=calendars)
    async with aiohttp.ClientSession() as http, DavGateway(settings) as gateway:
        created = [await new_calendar(http, url) for url in urls]
        assert gateway.together(names) == [tuple(names)]
        before = await gateway.marks(names)
        assert set(before) == set(names)
        assert await gateway.marks(names) == before
        await created[1].put("beside.ics", event("beside"))
        after = await gateway.marks(names)
        assert [name for name in names if after[name] != before[name]] == [names[1]]
        await created[1].delete("beside.ics")
        assert (await gateway.marks(names))[names[1]] != after[names[1]]
        for one in created:
            await one.delete("")


async def test_a_change_among_many_is_told_alone(world: CalendarWorld) -> None:
    for number in range(40):
        assert await world.put(f"n{number}", event(f"n{number}", day=number % 20 + 10))
    cursor = (await world.gateway.changes(NAME, None)).cursor
    assert await world.put("n7", event("n7", "New", sequence=1))
    delta = await world.gateway.changes(NAME, cursor)
    assert len(delta.listed) == 1
    assert not delta.complete


@pytest.mark.parametrize("server", REAL)
async def test_a_calendar_that_is_not_there(homes: dict[str, str], server: str) -> None:
    async with DavGateway(settings_for(f"{homes[server]}not-there/")) as gateway:
        assert not (await gateway.probe(NAME)).exists
        for ask in (gateway.changes(NAME, None), gateway.create(NAME, "x", event("x"))):
            with pytest.raises(CalendarUnavailable) as refused:
                await ask
            assert refused.value.reason == "calendar_missing"


async def test_a_calendar_of_somebody_else(homes: dict[str, str]) -> None:
    async with DavGateway(settings_for(homes["radicale"].replace(USER, "anna") + "team/")) as gateway:
        for ask in (gateway.changes(NAME, None), gateway.probe(NAME), gateway.create(NAME, "x", event("x"))):
            with pytest.raises(CalendarUnavailable) as refused:
                await ask
            assert refused.value.reason == "calendar_forbidden"
