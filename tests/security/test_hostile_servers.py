"""A calendar server that means harm, or a calendar's author who does: nothing is fetched, followed, swallowed whole."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from calbot.core.model import AccountName
from calbot.core.settings import Account, Calendar, Secret, Sync
from calbot.dav import transport
from calbot.dav.gateway import DavGateway
from calbot.db.stores import Stores
from calbot.errors import CalendarUnavailable
from calbot.services import looking
from tests.dav.faulty import Handler, answers, multistatus_body
from tests.dav.site import CALENDAR as IS_CALENDAR
from tests.dav.site import Site, response, site
from tests.fakes.clock import FakeClock
from tests.services.conftest import CALENDAR, ROOM, Office, open_office
from tests.services.conftest import same_chances as same_chances

PATH = "/it-team/"
ETAG = '<d:getetag>"{}"</d:getetag>'
HEAD = '<?xml version="1.0"?>'
QUADRATIC = f'{HEAD}<!DOCTYPE x [<!ENTITY a "{"x" * 100_000}">]><d:multistatus xmlns:d="DAV:">{"&a;" * 10_000}'
BILLION = (
    f'{HEAD}<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    + ']><d:multistatus xmlns:d="DAV:"><d:response><d:href>&a12;</d:href></d:response></d:multistatus>'
)
PARAMETER = (
    f'{HEAD}<!DOCTYPE x [<!ENTITY % p0 "x"><!ENTITY % p1 "%p0;%p0;"><!ENTITY e "%p1;">]>'
    '<d:multistatus xmlns:d="DAV:"><d:sync-token>&e;</d:sync-token></d:multistatus>'
)
DEEP = f'<d:multistatus xmlns:d="DAV:">{"<d:response>" * 100_000}'
ATTRIBUTE = f'<d:multistatus xmlns:d="DAV:" x="{"y" * 12_000_000}"/>'


@pytest.fixture
async def canary() -> AsyncIterator[Site]:
    """Where every address in the calendar leads. Nobody may ever come."""
    async with site() as watched:
        yield watched
        assert watched.seen == []


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as running:
        yield running


@pytest.fixture
async def office(stores: Stores, clock: FakeClock, server: Site) -> AsyncIterator[Office]:
    """The IT team's room, whose calendar is on that server."""
    opened = await open_office(stores, clock, Sync(interval=timedelta(minutes=10)))
    account = Account(AccountName("city"), f"{server.root}/", "svc", Secret("sehr-geheim"), timeout=10.0)
    calendar = Calendar(CALENDAR, account.name, f"{server.root}{PATH}")
    opened.change(accounts={account.name: account}, calendars={CALENDAR: calendar})
    async with DavGateway(opened.world.settings) as gateway:
        opened.world = replace(opened.world, gateway=gateway)
        opened.handlers = type(opened.handlers)(opened.world, opened.world.log)
        yield opened


async def looks(office: Office) -> None:
    """As the bot looks at the calendar by itself: what goes wrong is for `status` to tell."""
    await looking.look(office.world, CALENDAR)


def holds(server: Site, *texts: str, more: str = "") -> None:
    """The calendar has these objects. `more` are properties of it besides."""
    names = [f"{PATH}{number}.ics" for number in range(len(texts))]
    listed = [response(name, ETAG.format(1)) for name in names]
    server.on("PROPFIND", PATH, answers(207, multistatus_body(response(PATH, IS_CALENDAR, more), *listed)))
    found = [
        response(name, ETAG.format(1), f"<c:calendar-data><![CDATA[{text}]]></c:calendar-data>")
        for name, text in zip(names, texts, strict=True)
    ]

    async def report(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.text()
        parts = listed if "sync-collection" in body or "calendar-query" in body else found
        return await answers(207, multistatus_body(*parts))(request)

    server.on("REPORT", PATH, report)


def event(*lines: str) -> str:
    fixed = ("BEGIN:VEVENT", "UID:e", "DTSTAMP:20261101T000000Z", "DTSTART:20261125T100000Z", "SUMMARY:Haushalt")
    frame = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN")
    return "\r\n".join((*frame, *fixed, *lines, "END:VEVENT", "END:VCALENDAR", ""))


async def test_no_address_in_a_calendar_is_ever_asked(office: Office, server: Site, canary: Site) -> None:
    at = canary.root
    addresses = (
        f"ATTACH;FMTTYPE=text/calendar:{at}/attach.ics",
        f"ATTACH;MANAGED-ID=1;SIZE=9;FILENAME=x.pdf:{at}/managed",
        f"URL:{at}/url",
        f"CONFERENCE;VALUE=URI;FEATURE=VIDEO:{at}/conference",
        f"CONFERENCE;VALUE=URI:{at.replace('http', 'https')}/conference",
        f"IMAGE;VALUE=URI;DISPLAY=BADGE:{at}/image.png",
        f"SOURCE;VALUE=URI:{at}/source.ics",
        f"STYLED-DESCRIPTION;VALUE=URI:{at}/styled.html",
        f"X-ALT-DESC;FMTTYPE=text/html:<img src={at}/pixel.png>",
        f'LOCATION;ALTREP="{at}/place":{at}/location',
        f'DESCRIPTION;ALTREP="{at}/altrep":{at}/description',
        f'ORGANIZER;DIR="{at}/dir";SENT-BY="{at}/sent":{at}/organizer',
        f'ATTENDEE;DIR="{at}/dir";SCHEDULE-AGENT=CLIENT:{at}/attendee',
        f"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nATTACH:{at}/sound.wav\r\nEND:VALARM",
        f"BEGIN:VALARM\r\nACTION:PROCEDURE\r\nTRIGGER:-PT5M\r\nATTACH:{at}/run\r\nEND:VALARM",
    )
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nTZURL:{at}/zone\r\nEND:VTIMEZONE"
    text = event(*addresses).replace(
        "BEGIN:VEVENT", f"SOURCE:{at}/s\r\nREFRESH-INTERVAL:PT1M\r\n{zone}\r\nBEGIN:VEVENT"
    )
    holds(server, text)
    await looks(office)
    for typed in ("!meet liste", "!meet zeige 1", "!meet nächster", "!meet erinnere 5m 1", "!meet abgleich"):
        assert await office.says(typed)
    await imports(office, text)
    await office.pass_time(timedelta(days=1, hours=4))
    assert any("Haushalt" in message.text for message in office.chat.messages(ROOM))
    assert {login for _, _, login in server.seen} == {"Basic c3ZjOnNlaHItZ2VoZWlt"}


async def imports(office: Office, text: str) -> None:
    office.chat.files["mxc://example.org/1"] = text.encode()
    content = {"msgtype": "m.file", "body": "x.ics", "url": "mxc://example.org/1", "info": {"size": len(text)}}
    file = office.chat.sends(ROOM, "@ben:example.org", "m.room.message", content).id
    await office.replies(file, "!meet importiere")


@pytest.mark.parametrize("body", [BILLION, QUADRATIC, PARAMETER, DEEP, ATTRIBUTE], ids=lambda body: str(len(body)))
async def test_xml_that_grows_is_an_outage_in_words_and_over_when_it_is(
    office: Office, server: Site, body: str
) -> None:
    holds(server, event())
    await looks(office)
    good = dict(server.pages)
    for page in list(server.pages):
        server.on(*page, answers(207, body))
    tracemalloc.start()
    await looks(office)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * len(body) + 50_000_000
    (status,) = await office.says("!meet zustand")
    assert status.data["calendars"][0]["problem"] in ("calendar_nonsense", "calendar_too_large")
    (listed,) = await office.says("!meet liste")
    assert "Haushalt" in listed.text
    server.pages.update(good)
    await office.pass_time(timedelta(hours=1))
    (status,) = await office.says("!meet zustand")
    assert status.data["calendars"][0]["problem"] is None


@pytest.mark.parametrize(
    "bomb",
    [
        "BEGIN:VCALENDAR\r\n" * 20_000,
        "BEGIN:VCALENDAR\r\n" + "BEGIN:X\r\n" * 500 + "END:X\r\n" * 500 + "END:VCALENDAR\r\n",
        event(f"X-LONG:{'x' * 2_000_000}"),
        event(*["X-A:1"] * 300_000),
        event().replace("SUMMARY:", f"SUMMARY{';A=1' * 100_000}:"),
        event("RRULE:FREQ=SECONDLY"),
        event(f"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT={'9' * 5_000}"),
        event(f"RDATE:{','.join(['20261126T100000Z'] * 100_000)}"),
        event("DTSTART:garbage").replace("DTSTART:20261125T100000Z\r\n", ""),
    ],
    ids=["unclosed", "nested", "line", "properties", "parameters", "secondly", "never", "dates", "no_date"],
)
async def test_an_event_that_is_a_bomb_is_set_aside_and_the_others_work(
    office: Office, server: Site, bomb: str
) -> None:
    holds(server, bomb, event().replace("UID:e", "UID:good"))
    await looks(office)
    (listed,) = await office.says("!meet liste")
    assert listed.text.count("Haushalt") == 1
    (status,) = await office.says("!meet zustand")
    assert (status.data["calendars"][0]["set_aside"], status.data["calendars"][0]["problem"]) == (1, None)


def endless(kind: str) -> Handler:
    """A body without an end, or one that unpacks to one."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(status=207)
        if kind == "gzip":
            answer.headers["Content-Encoding"] = "gzip"
        await answer.prepare(request)
        part = gzip.compress(b" " * 2**24) if kind == "gzip" else b" " * 2**16
        try:
            while True:
                await answer.write(part)
        except ConnectionError:
            return answer

    return handler


@pytest.mark.parametrize("kind", ["plain", "gzip"])
async def test_a_body_without_an_end_is_given_up(
    office: Office, server: Site, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(transport, "LARGEST", 4_000_000)
    for method in ("PROPFIND", "REPORT"):
        server.on(method, PATH, endless(kind))
    await looks(office)
    (status,) = await office.says("!meet zustand")
    assert status.data["calendars"][0]["problem"] == "calendar_too_large"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_calendar_that_points_elsewhere_takes_no_login_along(
    office: Office, server: Site, canary: Site, status: int
) -> None:
    for method in ("PROPFIND", "REPORT", "GET", "PUT", "OPTIONS"):
        server.on(method, PATH, answers(status, Location=f"{canary.root}/stolen/"))
    await looks(office)
    (error,) = await office.says("!meet neu Runde morgen 10 Uhr")
    assert error.data["code"] == "calendar_unavailable"


async def test_what_a_server_says_beside_its_status_reaches_nobody(
    office: Office, server: Site, caplog: pytest.LogCaptureFixture
) -> None:
    said = "Sehr-Eigene-Worte"
    body = f'<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>{said}</s:message></d:error>'
    for code in (400, 401, 403, 404, 409, 423, 500, 503, 507):
        for method in ("PROPFIND", "REPORT", "GET", "PUT", "OPTIONS"):
            server.on(method, PATH, answers(code, body, X_Message=said, WWW_Authenticate=f'Basic realm="{said}"'))
        await looks(office)
        for typed in ("!meet neu Runde morgen 10 Uhr", "!meet zustand"):
            assert all(said not in message.text for message in await office.says(typed))
        with pytest.raises(CalendarUnavailable) as failed:
            await office.world.gateway.changes(CALENDAR, None)
        assert said not in repr(failed.value.params) + str(failed.value)
    assert said not in caplog.text
