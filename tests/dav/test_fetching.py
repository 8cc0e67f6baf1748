"""One object that is no good does not take others along, whatever the server makes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from calbot.core.model import AccountName, CalendarName, Fetched, Href
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable

from .faulty import EVENT, FaultyServer, Handler, answers, cuts, faulty_server, found, gone, multistatus

TEAM = CalendarName("team")
NAMES = [Href(f"/cal/team/{number}.ics") for number in range(20)]
BAD = NAMES[7]


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


def event(href: str) -> str:
    return EVENT.format(uid=href, title="ok")


def multiget(server: FaultyServer, answer: Callable[[list[str]], Handler]) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await answer(re.findall(r"<D:href>(.*?)</D:href>", server.bodies[-1]))(request)

    server.on("REPORT", handle)


def fine(asked: list[str]) -> list[str]:
    return [found(href, '"1"', event(href)) for href in asked if href != BAD]


def hrefs(fetched: Fetched) -> set[Href]:
    assert all(one.data.split() == event(one.href).split() for one in fetched.objects)
    return {one.href for one in fetched.objects}


def requests(server: FaultyServer, method: str) -> int:
    return sum(seen == method for seen, _ in server.seen)


async def test_what_is_gone_is_left_out(server: FaultyServer, gateway: DavGateway) -> None:
    multiget(server, lambda asked: multistatus(*fine(asked), *(gone(one) for one in asked if one == BAD)))
    fetched = await gateway.fetch(TEAM, NAMES)
    assert (hrefs(fetched), fetched.failed) == (set(NAMES) - {BAD}, frozenset())
    assert len(server.seen) == 1


async def test_what_is_not_mentioned_is_asked_for_again(server: FaultyServer, gateway: DavGateway) -> None:
    """A server that cuts its answers off has not lost the rest."""
    multiget(server, lambda asked: multistatus(*[found(href, '"1"', event(href)) for href in asked[:6]]))
    fetched = await gateway.fetch(TEAM, NAMES)
    assert (hrefs(fetched), fetched.failed) == (set(NAMES), frozenset())
    assert len(server.seen) == 4
    server.seen.clear()
    multiget(server, lambda asked: multistatus(*fine(asked)))
    assert hrefs(await gateway.fetch(TEAM, NAMES)) == set(NAMES) - {BAD}
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [403, 500, 507])
async def test_one_that_fails_inside_the_answer_is_tried_by_itself(
    server: FaultyServer, gateway: DavGateway, status: int
) -> None:
    multiget(server, lambda asked: multistatus(*fine(asked), *(gone(one, status) for one in asked if one == BAD)))
    server.on("GET", answers(500))
    fetched = await gateway.fetch(TEAM, NAMES)
    assert (hrefs(fetched), fetched.failed) == (set(NAMES) - {BAD}, frozenset({BAD}))
    server.on("GET", answers(200, event(BAD), ETag='"1"'))
    assert hrefs(await gateway.fetch(TEAM, NAMES)) == set(NAMES)
    server.on("GET", answers(404))
    fetched = await gateway.fetch(TEAM, NAMES)
    assert (hrefs(fetched), fetched.failed) == (set(NAMES) - {BAD}, frozenset())


@pytest.mark.parametrize(
    "failure", [answers(500), answers(400), answers(507), answers(413), cuts, answers(207, "<d:x")]
)
async def test_a_request_that_fails_because_of_one_is_halved(
    server: FaultyServer, gateway: DavGateway, failure: Handler
) -> None:
    multiget(server, lambda asked: failure if BAD in asked else multistatus(*fine(asked)))
    server.on("GET", answers(500))
    fetched = await gateway.fetch(TEAM, NAMES)
    assert (hrefs(fetched), fetched.failed) == (set(NAMES) - {BAD}, frozenset({BAD}))
    assert len(server.seen) <= 16
    assert requests(server, "GET") == 1


@pytest.mark.parametrize("failure", [answers(500), answers(502), cuts])
async def test_a_server_that_fails_at_everything_is_an_outage(
    server: FaultyServer, gateway: DavGateway, failure: Handler
) -> None:
    server.on("REPORT", failure)
    server.on("GET", failure)
    with pytest.raises(CalendarUnavailable):
        await gateway.fetch(TEAM, NAMES)
    assert len(server.seen) <= 2 * 11  # a request that was cut is tried once more


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "calendar_login"), (403, "calendar_forbidden"), (404, "calendar_missing"), (503, "calendar_busy")],
)
async def test_what_concerns_all_is_not_looked_for_in_one(
    server: FaultyServer, gateway: DavGateway, status: int, reason: str
) -> None:
    server.on("REPORT", answers(status))
    with pytest.raises(CalendarUnavailable) as failed:
        await gateway.fetch(TEAM, NAMES)
    assert failed.value.reason == reason
    assert requests(server, "GET") == 0


async def test_a_server_without_multiget_is_asked_for_each(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("REPORT", answers(501))
    server.on("GET", answers(200, event(NAMES[0]), ETag='"1"'))
    fetched = await gateway.fetch(TEAM, NAMES[:1])
    assert hrefs(fetched) == {NAMES[0]}
