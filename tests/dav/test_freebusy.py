"""Asking a scheduling outbox, as Cyrus and SabreDAV answer (RFC 6638, appendix B.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from aiohttp import web

from calbot.core.model import AccountName, Busy, CalendarName
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable

from .faulty import FaultyServer, Handler, answers, faulty_server, hangs, multistatus

CITY, TEAM = AccountName("city"), CalendarName("team")
START, END = datetime(2009, 6, 2, tzinfo=timezone.utc), datetime(2009, 6, 4, tzinfo=timezone.utc)
WILFREDO, BERNARD, MIKE = "wilfredo@example.com", "bernard@example.net", "mike@example.org"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2009, 6, day, hour, minute, tzinfo=timezone.utc)


def properties(href: str, inside: str) -> Handler:
    return multistatus(
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{inside}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def principal(href: str = "/principals/svc/") -> Handler:
    return properties("/cal/team/", f"<d:current-user-principal><d:href>{href}</d:href></d:current-user-principal>")


def scheduling(
    outbox: str = "/cal/outbox/", addresses: tuple[str, ...] = ("mailto:Svc-Calbot@example.com", "/principals/svc/")
) -> Handler:
    hrefs = "".join(f"<d:href>{address}</d:href>" for address in addresses)
    return properties(
        "/principals/svc/",
        f"<c:schedule-outbox-URL><d:href>{outbox}</d:href></c:schedule-outbox-URL>"
        f"<c:calendar-user-address-set>{hrefs}</c:calendar-user-address-set>",
    )


def recipient(address: str, status: str, *lines: str) -> str:
    data = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Example Corp.//CalDAV Server//EN",
            "METHOD:REPLY",
            "BEGIN:VFREEBUSY",
            "UID:4FD3AD926350",
            "DTSTAMP:20090602T200733Z",
            "DTSTART:20090602T000000Z",
            "DTEND:20090604T000000Z",
            'ORGANIZER;CN="Cyrus Daboo":mailto:cyrus@example.com',
            f"ATTENDEE:mailto:{address}",
            *lines,
            "END:VFREEBUSY",
            "END:VCALENDAR",
            "",
        ]
    )
    calendar_data = f"<c:calendar-data>{data}</c:calendar-data>" if status.startswith("2.") else ""
    return (
        f"<c:response><c:recipient><d:href>mailto:{address}</d:href></c:recipient>"
        f"<c:request-status>{status}</c:request-status>{calendar_data}</c:response>"
    )


def answered(*recipients: str) -> Handler:
    return answers(
        200,
        '<?xml version="1.0" encoding="utf-8" ?><c:schedule-response xmlns:d="DAV:" '
        f'xmlns:c="urn:ietf:params:xml:ns:caldav">{"".join(recipients)}</c:schedule-response>',
        Content_Type="application/xml; charset=utf-8",
    )


@pytest.fixture
async def server() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as running:
        yield running


@pytest.fixture
async def gateway(server: FaultyServer) -> AsyncIterator[DavGateway]:
    async with DavGateway(settings_for(server.url)) as opened:
        yield opened


def settings_for(url: str, *, address: str = "svc-calbot@example.com") -> Settings:
    account = Account(CITY, url.replace("cal/team/", ""), "svc", Secret("pw"), address=address, timeout=2.0)
    return Settings(accounts={CITY: account}, calendars={TEAM: Calendar(TEAM, CITY, url)})


async def test_each_recipient_is_told_of(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on(
        "POST",
        answered(
            recipient(
                WILFREDO.upper(),
                "2.0;Success",
                "FREEBUSY;FBTYPE=BUSY:20090602T110000Z/20090602T120000Z",
                "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20090603T170000Z/PT1H",
            ),
            recipient(BERNARD, "2.0;Success"),
            recipient(MIKE, "3.7;Invalid calendar user"),
            recipient("stranger@example.org", "2.0;Success", "FREEBUSY:20090602T110000Z/PT1H"),
        ),
    )
    found = await gateway.free_busy(CITY, [WILFREDO, BERNARD, MIKE], START, END)
    assert found == {
        WILFREDO: (Busy(at(2, 11), at(2, 12)), Busy(at(3, 17), at(3, 18), tentative=True)),
        BERNARD: (),
        MIKE: None,
    }
    assert server.seen == [("PROPFIND", "/cal/team/"), ("PROPFIND", "/principals/svc/"), ("POST", "/cal/outbox/")]
    assert server.headers[2]["Content-Type"] == "text/calendar; charset=utf-8"
    assert "ORGANIZER:mailto:svc-calbot@example.com\r\n" in server.bodies[2]
    assert "ATTENDEE:mailto:mike@example.org\r\n" in server.bodies[2]
    assert "DTSTART:20090602T000000Z\r\nDTEND:20090604T000000Z\r\n" in server.bodies[2]


async def test_the_outbox_is_looked_for_once(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on("POST", answered(recipient(BERNARD, "2.0;Success")))
    await asyncio.gather(*(gateway.free_busy(CITY, [BERNARD], START, END) for _ in range(3)))
    assert [method for method, _ in server.seen].count("PROPFIND") == 2
    assert [method for method, _ in server.seen].count("POST") == 3


async def test_many_people_are_asked_in_lots(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PROPFIND", principal(), scheduling())
    people = [f"p{number}@example.org" for number in range(120)]
    server.on("POST", answered(*(recipient(one, "2.0;Success") for one in people)))
    found = await gateway.free_busy(CITY, people, START, END)
    assert found == dict.fromkeys(people, ())
    assert [body.count("ATTENDEE") for body in server.bodies[2:]] == [50, 50, 20]


@pytest.mark.parametrize(
    ("configured", "known", "owner"),
    [
        ("svc-calbot@example.com", ("mailto:svc-calbot@example.com", "mailto:other@example.com"), "svc-calbot"),
        ("termine@example.org", ("mailto:svc@example.com",), "svc@example.com"),
        ("termine@example.org", (), "termine@example.org"),
        ("", ("urn:uuid:1", "mailto:svc@example.com"), "svc@example.com"),
    ],
)
async def test_the_organizer_is_an_address_of_the_owner(
    server: FaultyServer, configured: str, known: tuple[str, ...], owner: str
) -> None:
    server.on("PROPFIND", principal(), scheduling(addresses=known))
    server.on("POST", answered(recipient(BERNARD, "2.0;Success")))
    async with DavGateway(settings_for(server.url, address=configured)) as gateway:
        assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: ()}
    assert f"ORGANIZER:mailto:{owner}" in server.bodies[-1]


NOTHING = properties("/x/", "<d:displayname>x</d:displayname>")


@pytest.mark.parametrize(
    "handlers",
    [
        [answers(404)],
        [NOTHING],
        [principal(), NOTHING],
        [principal("https://elsewhere.example/principals/svc/")],
        [principal(), scheduling("https://elsewhere.example/outbox/")],
        [principal(), scheduling("/SOGo/dav/svc/Calendar/")],  # which says "free" of everybody
        [principal(), scheduling(addresses=("urn:uuid:1",))],
        [principal("https://[::1/principals/svc/")],  # no URL
        [principal(), scheduling("//[")],
        [multistatus()],
    ],
)
async def test_without_an_outbox_nobody_is_known(server: FaultyServer, handlers: list[Handler]) -> None:
    server.on("PROPFIND", *handlers)
    async with DavGateway(settings_for(server.url, address="")) as gateway:
        for _ in range(2):
            assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: None}
    assert all(method == "PROPFIND" for method, _ in server.seen)
    assert len(server.seen) == len(set(server.seen)) <= 3  # the calendar, the account, the well-known address


@pytest.mark.parametrize("status", [403, 404, 405, 501])
async def test_an_outbox_that_refuses_is_not_asked_again(
    server: FaultyServer, gateway: DavGateway, status: int
) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on("POST", answers(status))
    for _ in range(2):
        assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: None}
    assert [method for method, _ in server.seen].count("POST") == 1


async def test_a_request_that_is_refused_is_not_the_last(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on("POST", answers(400), answered(recipient(BERNARD, "2.0;Success")))
    assert await gateway.free_busy(CITY, ["nobody@example.org"], START, END) == {"nobody@example.org": None}
    assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: ()}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answers(500), "calendar_server_error"),
        (answers(503), "calendar_busy"),
        (answers(200, "<html>Anmeldung</html>"), "calendar_nonsense"),
        (answers(200, "", Content_Type="application/xml"), "calendar_nonsense"),
        (answers(401), "calendar_login"),
    ],
)
async def test_an_outbox_that_fails(server: FaultyServer, gateway: DavGateway, answer: Handler, reason: str) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on("POST", answer, answered(recipient(BERNARD, "2.0;Success")))
    with pytest.raises(CalendarUnavailable) as failed:
        await gateway.free_busy(CITY, [BERNARD], START, END)
    assert failed.value.reason == reason
    assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: ()}


async def test_a_server_that_wants_to_be_left_alone_is(
    server: FaultyServer, gateway: DavGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("PROPFIND", principal(), scheduling())
    server.on("POST", answers(503, Retry_After="7"), answered(recipient(BERNARD, "2.0;Success")))
    for _ in range(2):
        with pytest.raises(CalendarUnavailable) as failed:
            await gateway.free_busy(CITY, [BERNARD], START, END)
        assert failed.value.reason == "calendar_busy"
    assert [method for method, _ in server.seen].count("POST") == 1
    loop = asyncio.get_running_loop()
    later = loop.time() + 8
    monkeypatch.setattr(loop, "time", lambda: later)
    assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: ()}


async def test_an_answer_that_is_no_icalendar_says_nothing(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PROPFIND", principal(), scheduling())
    broken = recipient(BERNARD, "2.0;Success").replace("END:VFREEBUSY", "")
    server.on("POST", answered(broken, recipient(MIKE, "2.0;Success")))
    assert await gateway.free_busy(CITY, [BERNARD, MIKE], START, END) == {BERNARD: None, MIKE: ()}


async def test_a_server_that_hangs_is_given_up(server: FaultyServer) -> None:
    release = asyncio.Event()
    server.on("PROPFIND", hangs(release))
    settings = settings_for(server.url)
    account = replace(settings.accounts[CITY], timeout=0.1)
    try:
        async with DavGateway(replace(settings, accounts={CITY: account})) as gateway:
            with pytest.raises(CalendarUnavailable) as failed:
                await gateway.free_busy(CITY, [BERNARD], START, END)
    finally:
        release.set()
    assert failed.value.reason == "calendar_timeout"


async def test_what_was_not_offered_is_asked_for_again_later(
    server: FaultyServer, gateway: DavGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator may have given the right meanwhile, or a server have been brought up to date."""
    monkeypatch.setattr("calbot.dav.remembering.AGAIN", 0.0)
    server.on("PROPFIND", NOTHING, NOTHING, NOTHING, principal(), scheduling(), principal(), scheduling())
    server.on("POST", answers(403), answered(recipient(BERNARD, "2.0;Success")))
    found = [await gateway.free_busy(CITY, [BERNARD], START, END) for _ in range(3)]
    assert found == [{BERNARD: None}, {BERNARD: None}, {BERNARD: ()}]
    server.on("REPORT", answers(403), answers(500))
    assert await gateway.free_busy_query(TEAM, START, END) is None
    with pytest.raises(CalendarUnavailable):
        await gateway.free_busy_query(TEAM, START, END)


async def test_who_gives_up_waiting_does_not_stop_the_look_for_the_outbox(
    server: FaultyServer, gateway: DavGateway
) -> None:
    release = asyncio.Event()
    first = principal()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await release.wait()
        return await first(request)

    server.on("PROPFIND", slow, scheduling())
    server.on("POST", answered(recipient(BERNARD, "2.0;Success")))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(gateway.free_busy(CITY, [BERNARD], START, END), 0.1)
    release.set()
    assert await gateway.free_busy(CITY, [BERNARD], START, END) == {BERNARD: ()}
    assert [method for method, _ in server.seen].count("PROPFIND") == 2


async def test_free_busy_query_where_it_is_not_offered(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("REPORT", answers(501))
    for _ in range(2):
        assert await gateway.free_busy_query(TEAM, START, END) is None
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answers(404), "calendar_missing"),
        (answers(500), "calendar_server_error"),
        (answers(200, "<html>Anmeldung</html>"), "calendar_nonsense"),
    ],
)
async def test_free_busy_query_that_fails(
    server: FaultyServer, gateway: DavGateway, answer: Handler, reason: str
) -> None:
    server.on("REPORT", answer)
    with pytest.raises(CalendarUnavailable) as failed:
        await gateway.free_busy_query(TEAM, START, END)
    assert failed.value.reason == reason


async def test_nobody_is_asked_for_years(gateway: DavGateway) -> None:
    far = START + timedelta(days=63)
    with pytest.raises(ValueError, match="too long"):
        await gateway.free_busy(CITY, [BERNARD], START, far)
    with pytest.raises(ValueError, match="too long"):
        await gateway.free_busy_query(TEAM, START, far)
