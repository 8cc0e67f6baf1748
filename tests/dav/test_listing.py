"""Which way changes are found, on servers that offer one way or another, and some that are in the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone

import pytest
from aiohttp import web

from calbot.core.model import AccountName, CalendarName, Cursor
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav import listing
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable

from .faulty import FaultyServer, Handler, answers, condition, faulty_server, found, gone, multistatus

TEAM = CalendarName("team")
SYNC, QUERY, CTAG, LIST, REPORTS = "sync-collection", "calendar-query", "ctag", "list", "reports"


@pytest.fixture
async def server() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as running:
        yield running


@pytest.fixture
async def gateway(server: FaultyServer) -> AsyncIterator[DavGateway]:
    account = Account(AccountName("city"), server.url, "svc", Secret("pw"), timeout=5.0)
    calendars = {TEAM: Calendar(TEAM, account.name, server.url)}
    async with DavGateway(Settings(accounts={account.name: account}, calendars=calendars)) as opened:
        yield opened


def kind_of(body: str) -> str:
    if "<D:sync-collection" in body:
        return SYNC
    if "calendar-query" in body:
        return QUERY
    if "supported-report-set" in body:
        return REPORTS
    return LIST if "getetag" in body else CTAG


def offers(server: FaultyServer, **ways: Handler) -> None:
    """Answers by what is asked; everything else is refused with 501."""
    named = {"sync": SYNC, "query": QUERY, "ctag": CTAG, "listing": LIST, "reports": REPORTS}
    handlers = {named[name]: handler for name, handler in ways.items()}

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await handlers.get(kind_of(server.bodies[-1]), answers(501))(request)

    for method in ("PROPFIND", "REPORT"):
        server.on(method, handle)


def asked(server: FaultyServer) -> list[str]:
    kinds = [kind_of(body) for body in server.bodies]
    server.bodies.clear()
    return kinds


def collection(ctag: str = "", reports: str = "") -> str:
    props = f'<s:getctag xmlns:s="http://calendarserver.org/ns/">{ctag}</s:getctag>' if ctag else ""
    if reports:
        report = f"<d:supported-report><d:report><{reports}/></d:report></d:supported-report>"
        props += f"<d:supported-report-set>{report}</d:supported-report-set>"
    return (
        f"<d:response><d:href>/cal/team/</d:href><d:propstat><d:prop>{props}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


A, B = "/cal/team/a.ics", "/cal/team/b.ics"


async def test_a_ctag_that_is_the_same_costs_one_request(server: FaultyServer, gateway: DavGateway) -> None:
    offers(server, ctag=multistatus(collection("7")), listing=multistatus(collection("7"), found(A)))
    first = await gateway.changes(TEAM, None)
    assert (dict(first.listed), first.complete) == ({A: '"1"'}, True)
    asked(server)
    for _ in range(3):
        again = await gateway.changes(TEAM, first.cursor)
        assert (dict(again.listed), again.removed, again.complete) == ({}, frozenset(), False)
        assert again.cursor == first.cursor
    assert asked(server) == [CTAG] * 3


async def test_another_ctag_has_the_etags_compared(server: FaultyServer, gateway: DavGateway) -> None:
    offers(server, listing=multistatus(collection("7"), found(A)))
    first = await gateway.changes(TEAM, None)
    offers(server, ctag=multistatus(collection("8")), listing=multistatus(collection("8"), found(B)))
    asked(server)
    second = await gateway.changes(TEAM, first.cursor)
    assert (dict(second.listed), second.complete) == ({B: '"1"'}, True)
    assert second.cursor != first.cursor
    assert asked(server) == [CTAG, LIST]


async def test_a_ctag_that_counts_seconds_is_not_relied_on_at_once(server: FaultyServer, gateway: DavGateway) -> None:
    now = str(int(datetime.now(timezone.utc).timestamp()))
    offers(server, ctag=multistatus(collection(now)), listing=multistatus(collection(now), found(A)))
    first = await gateway.changes(TEAM, None)
    assert (await gateway.changes(TEAM, first.cursor)).complete
    old = "1700000000"
    offers(server, ctag=multistatus(collection(old)), listing=multistatus(collection(old), found(A)))
    first = await gateway.changes(TEAM, None)
    assert not (await gateway.changes(TEAM, first.cursor)).complete


async def test_without_a_ctag_what_is_not_over_is_asked_for(server: FaultyServer, gateway: DavGateway) -> None:
    offers(server, listing=multistatus(collection(), found(A)), query=multistatus(found(B)))
    first = await gateway.changes(TEAM, None)
    assert (dict(first.listed), first.complete, first.since) == ({A: '"1"'}, True, None)
    asked(server)
    second = await gateway.changes(TEAM, first.cursor)
    assert (dict(second.listed), second.removed, second.complete) == ({B: '"1"'}, frozenset(), False)
    expected = datetime.now(timezone.utc) - timedelta(days=30)
    assert second.since
    assert abs(second.since - expected) < timedelta(minutes=1)
    start = re.search(r'time-range start="(\w+)"', server.bodies[-1])
    assert start
    assert start[1] == f"{second.since:%Y%m%dT%H%M%SZ}"
    assert asked(server) == [QUERY]


@pytest.mark.parametrize("query", [answers(501), answers(403), answers(500)])
async def test_a_server_that_fails_at_the_query_is_asked_for_all(
    server: FaultyServer, gateway: DavGateway, query: Handler
) -> None:
    offers(server, listing=multistatus(collection(), found(A)), query=query)
    first = await gateway.changes(TEAM, None)
    asked(server)
    for _ in range(2):
        assert (await gateway.changes(TEAM, first.cursor)).complete
    assert asked(server) == [QUERY, LIST, LIST]


@pytest.mark.parametrize("listing", [answers(507), answers(403), multistatus(found(A), gone("/cal/team/", 507))])
async def test_a_list_that_is_cut_off_is_not_all_there_is(
    server: FaultyServer, gateway: DavGateway, listing: Handler
) -> None:
    offers(server, listing=listing, query=multistatus(found(A), found(B)))
    delta = await gateway.changes(TEAM, None)
    assert (set(delta.listed), delta.complete) == ({A, B}, False)
    assert delta.since


async def test_where_both_are_cut_off_it_is_an_outage(server: FaultyServer, gateway: DavGateway) -> None:
    offers(
        server,
        listing=multistatus(found(A), gone("/cal/team/", 507)),
        query=multistatus(found(A), gone("/cal/team/", 507)),
    )
    with pytest.raises(CalendarUnavailable):
        await gateway.changes(TEAM, None)


@pytest.mark.parametrize(
    "refusal",
    [
        condition(403, "valid-sync-token"),
        condition(409, "valid-sync-token"),
        condition(412, "valid-sync-token"),
        answers(400, "bad token"),
        answers(409),
        answers(412),
    ],
)
async def test_a_token_that_is_not_taken_means_everything(
    server: FaultyServer, gateway: DavGateway, refusal: Handler
) -> None:
    async def sync(request: web.BaseRequest) -> web.StreamResponse:
        old = "<D:sync-token>old<" in server.bodies[-1]
        return await (refusal if old else multistatus(found(A), gone(B), token="new"))(request)

    offers(server, sync=sync)
    delta = await gateway.changes(TEAM, Cursor("old"))
    assert (dict(delta.listed), delta.removed, delta.cursor) == ({A: '"1"'}, frozenset(), "new")
    assert delta.complete


@pytest.mark.parametrize("refusal", [answers(403), answers(405), answers(501)])
@pytest.mark.parametrize(
    ("reports", "pause"), [("d:sync-collection", 900.0), ("c:calendar-query", 86_400.0), ("", 3_600.0)]
)
async def test_sync_collection_is_tried_again_some_time(
    server: FaultyServer,
    gateway: DavGateway,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Handler,
    reports: str,
    pause: float,
) -> None:
    """A refusal that does not last does not make every look expensive until the next start."""
    now = 1_000.0
    monkeypatch.setattr(listing, "_now", lambda: now)
    offers(
        server,
        sync=refusal,
        reports=multistatus(collection(reports=reports)),
        ctag=multistatus(collection("7")),
        listing=multistatus(collection("7"), found(A)),
    )
    first = await gateway.changes(TEAM, Cursor("token"))
    assert first.complete
    now += pause - 1
    asked(server)
    assert not (await gateway.changes(TEAM, first.cursor)).complete
    assert asked(server) == [CTAG]
    now += 2
    offers(server, sync=multistatus(found(A), token="t1"))
    again = await gateway.changes(TEAM, first.cursor)
    assert (again.cursor, again.complete) == ("t1", True)
    assert asked(server) == [SYNC]


async def test_a_page_that_was_cut_off_goes_on_where_it_stopped(server: FaultyServer, gateway: DavGateway) -> None:
    pages = {
        "": multistatus(found(A), gone("/cal/team/", 507), token="t1"),
        "t1": multistatus(found(B), gone("/cal/team/", 507), token="t2"),
        "t2": multistatus(gone(A), token="t3"),
    }

    async def sync(request: web.BaseRequest) -> web.StreamResponse:
        token = re.search(r"<D:sync-token>(.*?)</", server.bodies[-1])
        assert token
        return await pages[token[1]](request)

    offers(server, sync=sync)
    delta = await gateway.changes(TEAM, None)
    assert (dict(delta.listed), delta.removed, delta.cursor) == ({B: '"1"'}, frozenset(), "t3")
    assert delta.complete


async def test_a_page_that_fails_spoils_nothing(server: FaultyServer, gateway: DavGateway) -> None:
    first = multistatus(found(A), gone("/cal/team/", 507), token="t1")

    async def sync(request: web.BaseRequest) -> web.StreamResponse:
        return await (answers(502) if ">t1<" in server.bodies[-1] else first)(request)

    offers(server, sync=sync)
    with pytest.raises(CalendarUnavailable):
        await gateway.changes(TEAM, None)


async def test_what_has_no_etag_is_not_taken_for_gone(server: FaultyServer, gateway: DavGateway) -> None:
    offers(server, listing=multistatus(collection("7"), gone(A, 500), found(B)))
    delta = await gateway.changes(TEAM, None)
    assert dict(delta.listed) == {A: "", B: '"1"'}


# ------------------------------------------------------------------------------------------------------------ together

NAMES = [CalendarName(f"team-{number}") for number in range(4)]


def home(token: Callable[[int], str], *, others: int = 0, of: int = 4) -> Handler:
    def response(name: str, text: str) -> str:
        prop = f"<d:sync-token>{text}</d:sync-token>" if text else ""
        return (
            f"<d:response><d:href>/cal/{name}/</d:href><d:propstat><d:prop>{prop}</d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )

    ours = [response(f"team-{number}", token(number)) for number in range(of)]
    return multistatus(response("", ""), *ours, *(response(f"other-{number}", "x") for number in range(others)))


@pytest.fixture
async def neighbours(server: FaultyServer) -> AsyncIterator[DavGateway]:
    base = server.url.removesuffix("team/")
    account = Account(AccountName("city"), base, "svc", Secret("pw"), timeout=5.0)
    calendars = {name: Calendar(name, account.name, f"{base}{name}/") for name in NAMES}
    far = CalendarName("far")
    calendars[far] = Calendar(far, account.name, f"{base}elsewhere/far/")
    async with DavGateway(Settings(accounts={account.name: account}, calendars=calendars)) as opened:
        yield opened


async def test_calendars_side_by_side_are_looked_at_by_one_request(
    server: FaultyServer, neighbours: DavGateway
) -> None:
    assert neighbours.together([*NAMES, CalendarName("far")]) == [tuple(NAMES)]
    assert neighbours.together(NAMES[:2]) == []
    server.on("PROPFIND", home(lambda number: f"t{number}"))
    before = await neighbours.marks(NAMES)
    assert server.seen == [("PROPFIND", "/cal/")]
    assert server.headers[0]["Depth"] == "1"
    assert set(before) == set(NAMES)
    server.on("PROPFIND", home(lambda number: "other" if number == 2 else f"t{number}"))
    after = await neighbours.marks(NAMES)
    assert [name for name in NAMES if after[name] != before[name]] == [NAMES[2]]


async def test_of_what_the_home_does_not_tell_nothing_is_known(server: FaultyServer, neighbours: DavGateway) -> None:
    fresh = str(int(datetime.now(timezone.utc).timestamp()))
    server.on("PROPFIND", home(lambda number: ["", "t1", fresh][number], of=3))
    assert set(await neighbours.marks(NAMES)) == {NAMES[1]}
    server.on("PROPFIND", home(lambda number: f"t{number}", others=500))
    assert await neighbours.marks(NAMES) == {}
    for refusal in (answers(403), answers(404), answers(500), answers(207, "<x/>"), multistatus()):
        server.on("PROPFIND", refusal)
        with pytest.raises(CalendarUnavailable):
            await neighbours.marks(NAMES)
