"""Who an account is and where its calendars are, on real servers, from whatever address it is given."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
import pytest
import pytest_asyncio

from calbot.core.model import AccountName, CalendarName
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable
from calbot.ports import FoundPerson
from demo import caldav_servers
from demo.process import LOOPBACK, free_port
from tests import cyrus

from .calendar_worlds import PASSWORD, USER, new_calendar

CITY = AccountName("city")
_numbers = itertools.count(1)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Facts:
    """What is known of a real server."""

    name: str
    root: str
    home: str
    principal: str
    password: str = PASSWORD
    user: str = USER
    addresses: frozenset[str] = frozenset()
    outbox: bool = False
    delivers: bool = False


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Facts]]:
    new = tmp_path_factory.mktemp
    radicale = caldav_servers.radicale(new("radicale"), free_port(), passwords={USER: PASSWORD}, shared=USER)
    xandikos = caldav_servers.xandikos(new("xandikos"), free_port(), principal=USER)
    async with radicale, xandikos:
        one, two = f"http://{LOOPBACK}:{radicale.port}/", f"http://{LOOPBACK}:{xandikos.port}/"
        yield {
            "radicale": Facts("radicale", one, f"{one}{USER}/", f"{one}{USER}/"),
            "xandikos": Facts("xandikos", two, f"{two}{USER}/calendars/", f"{two}{USER}/"),
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def with_cyrus() -> AsyncIterator[Facts]:
    async with cyrus.running([USER, "anna"]) as running:
        root = f"http://{LOOPBACK}:{running.port}/"
        yield Facts(
            "cyrus",
            root,
            running.home(USER),
            running.principal(USER),
            cyrus.PASSWORD,
            addresses=frozenset({f"{USER}@{cyrus.DOMAIN}"}),
            outbox=True,
            delivers=True,
        )


@pytest.fixture(params=["radicale", "xandikos", pytest.param("cyrus", marks=cyrus.needs_cyrus)])
def server(request: pytest.FixtureRequest, servers: dict[str, Facts]) -> Facts:
    facts: Facts = request.getfixturevalue("with_cyrus") if request.param == "cyrus" else servers[request.param]
    return facts


def gateway(server: Facts, url: str, *calendars: str, password: str = "") -> DavGateway:
    """Calendars by the address that an administrator writes, named by it."""
    account = Account(CITY, url, server.user, Secret(password or server.password))
    configured = [
        Calendar(CalendarName(one), CITY, urljoin(url, one), path="" if "://" in one or one.startswith("/") else one)
        for one in calendars
    ]
    return DavGateway(Settings(accounts={CITY: account}, calendars={one.name: one for one in configured}))


async def make(server: Facts) -> str:
    name = f"discovered-{next(_numbers)}/"
    async with aiohttp.ClientSession() as http:
        await new_calendar(http, f"{server.home}{name}")
    return name


@pytest.mark.parametrize("start", ["root", "home", "principal"])
async def test_the_principal_from_any_address(server: Facts, start: str) -> None:
    async with gateway(server, getattr(server, start)) as opened:
        principal = await opened.principal(CITY)
    assert principal is not None
    assert principal.url == server.principal
    assert server.home in principal.homes
    assert server.addresses <= principal.addresses


async def test_whether_it_delivers(server: Facts) -> None:
    async with gateway(server, server.root) as opened:
        principal = await opened.principal(CITY)
    assert principal is not None
    assert principal.outbox or not server.outbox
    # Xandikos says that it does, which is for its makers to know.
    assert principal.delivers is server.delivers or server.name == "xandikos"


@pytest.mark.parametrize("start", ["root", "home", "principal"])
async def test_a_calendar_below_the_home_by_its_name(server: Facts, start: str) -> None:
    name = await make(server)
    calendar = CalendarName(name)
    async with gateway(server, getattr(server, start), name) as opened:
        facts = await opened.probe(calendar)
        assert (facts.exists, facts.is_calendar, facts.moved_to) == (True, True, "")
        assert (await opened.changes(calendar, None)).complete
        uid = f"found-{next(_numbers)}"
        data = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20261123T120000Z\r\nDTSTART:20261124T130000Z\r\nDTEND:20261124T140000Z\r\n"
            "SUMMARY:Jour fixe\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        created = await opened.create(calendar, uid, data)
        assert created.href == opened.href(calendar, uid)
        assert set((await opened.changes(calendar, None)).listed) == {created.href}
        assert [one.href for one in (await opened.fetch(calendar, [created.href])).objects] == [created.href]


async def test_a_calendar_by_its_full_address(server: Facts) -> None:
    url = f"{server.home}{await make(server)}"
    async with gateway(server, server.root, url) as opened:
        facts = await opened.probe(CalendarName(url))
        assert facts.exists
        assert facts.writable is not False
        assert facts.holds_events
        assert facts.free_busy is not False


async def test_what_the_account_has(server: Facts) -> None:
    name = await make(server)
    async with gateway(server, server.root) as opened:
        assert f"{server.home}{name}" in await opened.offered(CITY)


@pytest.mark.parametrize("server", ["radicale", pytest.param("cyrus", marks=cyrus.needs_cyrus)], indirect=True)
async def test_a_wrong_password_is_no_missing_principal(server: Facts) -> None:
    async with gateway(server, server.root, password="falsch") as opened:
        with pytest.raises(CalendarUnavailable) as refused:
            await opened.principal(CITY)
    assert refused.value.reason == "calendar_login"


async def test_people(server: Facts) -> None:
    """Nobody, where a server cannot be asked; never somebody else."""
    async with gateway(server, server.root) as opened:
        for text in ("nobody@example.org", "Niemand Sonst", "<&>\"'"):
            assert not await opened.find_people(CITY, text)


async def test_somebody_by_name(servers: dict[str, Facts]) -> None:
    """Xandikos searches without saying by what."""
    server = servers["xandikos"]
    async with gateway(server, server.root) as opened:
        assert await opened.find_people(CITY, USER) == [FoundPerson(USER, ())]


@cyrus.needs_cyrus
async def test_somebody_by_address(with_cyrus: Facts) -> None:
    address = f"{USER}@{cyrus.DOMAIN}"
    async with gateway(with_cyrus, with_cyrus.root) as opened:
        assert await opened.find_people(CITY, address.upper()) == [FoundPerson(USER, (address,))]
        assert await opened.find_people(CITY, USER) == [FoundPerson(USER, (address,))]
        assert await opened.find_people(CITY, address[1:]) == ()
