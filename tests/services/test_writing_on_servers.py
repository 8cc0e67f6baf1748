"""Edits and splits by chat on real calendar servers: what lies there afterwards, and is taken back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from calbot.core.ical import read_and_expand
from calbot.core.model import CalendarName, Kind, Timed
from calbot.dav.gateway import DavGateway
from calbot.matrix.handlers import Handlers
from calbot.services import startup
from demo import caldav_servers
from demo.process import LOOPBACK, free_port
from tests.contract.calendar_worlds import PASSWORD, USER, new_calendar, settings_for

from .conftest import BEN, BERLIN, CALENDAR, LOG, Office
from .test_scopes import FROM_SECOND, SEEN, WHOLE

_numbers = itertools.count(1)
BOTH = ["radicale", "xandikos"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    new = tmp_path_factory.mktemp
    radicale = caldav_servers.radicale(new("radicale"), free_port(), passwords={USER: PASSWORD}, shared=USER)
    xandikos = caldav_servers.xandikos(new("xandikos"), free_port(), principal=USER)
    async with radicale, xandikos:
        yield {
            "radicale": f"http://{LOOPBACK}:{radicale.port}/{USER}/",
            "xandikos": f"http://{LOOPBACK}:{xandikos.port}/{USER}/calendars/",
        }


@pytest_asyncio.fixture(params=BOTH)
async def served(request: pytest.FixtureRequest, office: Office, homes: dict[str, str]) -> AsyncIterator[Office]:
    """The office, with its calendar on a real server."""
    url = f"{homes[request.param]}written-{next(_numbers)}/"
    async with aiohttp.ClientSession() as http, DavGateway(settings_for(url)) as gateway:
        await new_calendar(http, url)
        office.world = replace(office.world, gateway=gateway)
        office.handlers = Handlers(office.world, LOG)
        await startup.begin(office.world)
        yield office
        office.alarm.forget()


async def texts(office: Office) -> list[str]:
    gateway = office.world.gateway
    listed = (await gateway.changes(CALENDAR, None)).listed
    return [one.data for one in (await gateway.fetch(CALENDAR, list(listed))).objects]


async def on_server(office: Office) -> list[tuple[str, str, str]]:
    now = office.clock().astimezone(BERLIN)
    gateway = office.world.gateway
    listed = (await gateway.changes(CALENDAR, None)).listed
    found = [
        one
        for obj in (await gateway.fetch(CALENDAR, list(listed))).objects
        for one in read_and_expand(
            obj, calendar=CalendarName(""), hidden=False, zone=BERLIN, window=(now, now.replace(month=12, day=15))
        ).occurrences
    ]
    return sorted(
        (f"{one.when.start.astimezone(BERLIN):%m-%d %H:%M}", one.details.title, one.details.location)
        for one in found
        if isinstance(one.when, Timed)
    )


@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_one_and_those_after_it(served: Office, verb: str) -> None:
    await served.says(f"!meet neu Jour fixe jeden Mittwoch 10-11 {BEN}")
    await served.says("!meet liste 21t")
    await served.says(FROM_SECOND[verb])
    assert await on_server(served) == SEEN[verb]
    assert len(await texts(served)) == (1 if verb == "cancel" else 2)
    await served.pull()
    (listed,) = await served.says("!meet liste 21t")
    assert len(listed.data["items"]) == len(SEEN[verb])
    await served.says("!meet undo")
    assert await on_server(served) == WHOLE
    assert len(await texts(served)) == 1


async def test_an_edit_and_back(served: Office) -> None:
    await served.says('!meet neu Runde morgen 10-11 text:"alt"')
    await served.says(f'!meet ändere last titel:"Große Runde; \\ ä" ort:"Raum 4, EG" text:"" mit: {BEN}')
    assert await on_server(served) == [("11-25 10:00", "Große Runde; \\ ä", "Raum 4, EG")]
    (text,) = await texts(served)
    assert "DESCRIPTION" not in text
    assert "ben@example.org" in text.replace("\r\n ", "").replace("\n ", "")
    said = await served.says("!meet undo")
    assert Kind.CHANGE in [one.kind for one in said]
    assert await on_server(served) == [("11-25 10:00", "Runde", "")]
    assert "ben@example.org" not in (await texts(served))[0]


async def test_somebody_else_writes_in_between(served: Office) -> None:
    await served.says("!meet neu Runde morgen 10-11")
    gateway = served.world.gateway
    ((href, etag),) = (await gateway.changes(CALENDAR, None)).listed.items()
    (text,) = await texts(served)
    await gateway.update(CALENDAR, href, text.replace("SUMMARY:Runde", "SUMMARY:Anders"), etag)
    (answer,) = await served.says('!meet ändere last titel:"Große Runde"')
    assert answer.data["code"] == "conflict"
    assert "Anders" in answer.text
    await served.says("!meet ändere last ort:Rathaus")
    assert await on_server(served) == [("11-25 10:00", "Anders", "Rathaus")]
