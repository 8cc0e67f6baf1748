"""What people see when a real calendar server, or the way to it, fails.

The bot's use cases on a real database, the real gateway, a real server; only the network between them is ours.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from calbot.core.model import AccountName, CalendarName, Kind, Message
from calbot.core.settings import Account, Calendar, Secret, Sync
from calbot.dav import accounts, login
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarUnavailable
from calbot.services import looking, sync
from demo import caldav_servers
from demo.process import LOOPBACK, free_port
from tests.dav import proxy
from tests.dav.faulty import EVENT
from tests.dav.proxy import Fault, FaultProxy, fault_proxy

from .conftest import BEN, CALENDAR, ROOM, Office

USER, PASSWORD = "svc-calbot", "geheim"
OTHER = CalendarName("other")
_TIMEOUT = 0.4
_numbers = itertools.count(1)


@pytest.fixture
def sync_settings() -> Sync:
    return Sync(interval=timedelta(minutes=1), max_interval=timedelta(minutes=15))


@pytest.fixture(autouse=True)
def no_rest_by_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts rest after refusals by a clock that does not run ahead with the tests."""
    monkeypatch.setattr(accounts, "_LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(login, "_LONGEST_REST", 0.0)
    monkeypatch.setattr(login, "_FIRST_REST", 0.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, tuple[str, str]]]:
    """Where the servers are, and where calendars can be made on them."""
    new = tmp_path_factory.mktemp
    radicale = caldav_servers.radicale(new("radicale"), free_port(), passwords={USER: PASSWORD}, shared=USER)
    xandikos = caldav_servers.xandikos(new("xandikos"), free_port(), principal=USER)
    async with radicale, xandikos:
        yield {
            "radicale": (f"http://{LOOPBACK}:{radicale.port}", f"/{USER}/"),
            "xandikos": (f"http://{LOOPBACK}:{xandikos.port}", f"/{USER}/calendars/"),
        }


class Site:
    """An office whose calendar is on a real server, at the other end of a bad line."""

    def __init__(self, office: Office, line: FaultProxy, calendar: caldav_servers.Calendar) -> None:
        self.office = office
        self.line = line
        self.calendar = calendar

    async def says(self, text: str) -> Message:
        (message,) = await self.office.says(text)
        return message

    async def problem(self) -> str | None:
        return (await self.office.world.stores.calendars.state(CALENDAR)).problem

    async def recovers(self) -> None:
        """Nobody does anything."""
        await self.office.pass_time(timedelta(minutes=40))
        assert await self.problem() is None
        assert "antwortet gerade nicht" not in (await self.says("!meet liste")).text

    async def titles(self) -> list[str]:
        """What lies on the server, asked without the bot."""
        texts = (await self.calendar.objects()).values()
        return sorted(text.partition("SUMMARY:")[2].partition("\r")[0].partition("\n")[0] for text in texts)


@pytest.fixture(params=["radicale", "xandikos"])
async def site(
    request: pytest.FixtureRequest, homes: dict[str, tuple[str, str]], office: Office
) -> AsyncIterator[Site]:
    origin, home = homes[request.param]
    path = f"{home}outage-{next(_numbers)}/"
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    async with aiohttp.ClientSession() as http, fault_proxy(origin) as line:
        for one in (path, f"{path[:-1]}-other/"):
            headers = {"Authorization": f"Basic {credentials}"}
            async with http.request("MKCALENDAR", f"{origin}{one}", headers=headers) as answer:
                assert answer.status == 201
        behind = Account(AccountName("city"), f"{line.url}/", USER, Secret(PASSWORD), timeout=_TIMEOUT)
        direct = Account(AccountName("direct"), f"{origin}/", USER, Secret(PASSWORD), timeout=5)
        calendars = {
            CALENDAR: Calendar(CALENDAR, behind.name, f"{line.url}{path}"),
            OTHER: Calendar(OTHER, direct.name, f"{origin}{path[:-1]}-other/"),
        }
        rooms = {ROOM: replace(office.world.settings.rooms[ROOM], calendars=(CALENDAR, OTHER))}
        office.change(accounts={behind.name: behind, direct.name: direct}, calendars=calendars, rooms=rooms)
        async with DavGateway(office.world.settings) as gateway:
            office.world = replace(office.world, gateway=gateway)
            office.change()
            await office.world.stores.calendars.forget(CALENDAR)
            await looking.start(office.world)
            calendar = caldav_servers.Calendar(http, f"{origin}{path}", USER, PASSWORD)
            await calendar.put("first.ics", EVENT.format(uid="first", title="Vorbesprechung"))
            await office.pass_time(timedelta(minutes=2))
            assert "Vorbesprechung" in (await office.says("!meet liste"))[0].text
            yield Site(office, line, calendar)


OUTAGES: dict[str, tuple[Fault, frozenset[str]]] = {
    "cut": (proxy.cut, frozenset({"calendar_unreachable"})),
    "slow": (proxy.delayed(_TIMEOUT * 2), frozenset({"calendar_timeout"})),
    "500": (proxy.says(500, b"<html>Oops</html>"), frozenset({"calendar_server_error"})),
    "502": (proxy.says(502), frozenset({"calendar_server_error"})),
    "503": (proxy.says(503, b"", Retry_After="120"), frozenset({"calendar_busy"})),
    "401": (proxy.says(401), frozenset({"calendar_login"})),
    "404": (proxy.says(404), frozenset({"calendar_missing"})),
    "410": (proxy.says(410), frozenset({"calendar_missing"})),
    "403": (proxy.says(403), frozenset({"calendar_forbidden"})),
    "moved": (proxy.says(301, b"", Location="/elsewhere/"), frozenset({"calendar_moved"})),
    "garbage": (proxy.garbage, frozenset({"calendar_nonsense"})),
    "broken off": (proxy.broken_off, frozenset({"calendar_unreachable"})),
    "slow bytes": (proxy.slow_bytes(0.05), frozenset({"calendar_timeout"})),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage(site: Site, outage: str) -> None:
    """Reading works from what is stored, marked with its age; nothing is written; it is said why; and it ends by
    itself."""
    fault, reasons = OUTAGES[outage]
    site.line.breaks(fault, *(("PROPFIND", "REPORT", "GET", "PUT", "DELETE")))
    await site.office.pass_time(timedelta(minutes=5))
    agenda = await site.says("!meet liste")
    assert "Vorbesprechung" in agenda.text
    assert "antwortet gerade nicht" in agenda.text
    status = await site.says("!meet zustand")
    (report, other) = status.data["calendars"]
    assert report["problem"] in reasons
    assert "Störung:" in status.text
    assert other["problem"] is None
    refused = await site.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')
    if outage not in ("404", "410"):
        assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "calendar_unavailable")
    else:
        assert refused.kind is Kind.ERROR
    site.line.mends()
    assert set(await site.titles()) <= {"Vorbesprechung", "Zweite Runde"}
    await site.recovers()
    assert await site.titles() == ["Vorbesprechung"]
    assert (await site.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')).kind is Kind.MEETING
    assert await site.titles() == ["Vorbesprechung", "Zweite Runde"]


async def test_half_an_answer_is_not_half_a_calendar(site: Site) -> None:
    for number in range(8):
        await site.calendar.put(f"more-{number}.ics", EVENT.format(uid=f"more-{number}", title=f"Nummer {number}"))
    site.line.breaks(proxy.truncated, "PROPFIND", "REPORT")
    await site.office.pass_time(timedelta(minutes=20))
    assert "Vorbesprechung" in (await site.says("!meet liste")).text
    site.line.mends()
    await site.recovers()
    assert len(await site.office.world.stores.calendars.etags(CALENDAR)) == 9


async def test_the_answer_to_a_write_is_lost(site: Site) -> None:
    """The bot looks what became of it; nothing is written a second time."""
    site.line.breaks(proxy.lost, "PUT", times=1)
    card = await site.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')
    assert card.kind is Kind.MEETING
    assert await site.titles() == ["Vorbesprechung", "Zweite Runde"]
    assert [method for method, _ in site.line.seen].count("PUT") == 1
    site.line.breaks(proxy.lost, "PUT", times=1)
    answers = await site.office.says("!meet verschiebe last Fr 16 Uhr")
    assert Kind.ERROR not in {one.kind for one in answers}
    assert [method for method, _ in site.line.seen].count("PUT") == 2
    site.line.breaks(proxy.lost, "DELETE", times=1)
    answers = await site.office.says("!meet absagen last")
    assert Kind.ERROR not in {one.kind for one in answers}
    assert await site.titles() == ["Vorbesprechung"]


async def test_the_answer_is_lost_and_then_the_server(site: Site) -> None:
    """Who was told that nothing was written tries again: of both, one is left."""

    async def lost_with_all_that_follows(exchange: proxy.Exchange) -> web.StreamResponse:
        site.line.mends()
        site.line.breaks(proxy.cut)
        return await proxy.lost(exchange)

    site.line.breaks(lost_with_all_that_follows, "PUT")
    refused = await site.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')
    assert refused.data["code"] == "calendar_unavailable"
    assert await site.titles() == ["Vorbesprechung", "Zweite Runde"]
    site.line.mends()
    assert (await site.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')).kind is Kind.MEETING
    await site.recovers()
    assert await site.titles() == ["Vorbesprechung", "Zweite Runde"]
    assert (await site.says("!meet liste")).text.count("Zweite Runde") == 1


async def test_a_precondition_that_never_holds_is_a_conflict(site: Site) -> None:
    await site.office.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')
    site.line.breaks(proxy.says(412), "PUT")
    refused = (await site.office.says("!meet verschiebe last Fr 16 Uhr"))[-1]
    assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "conflict")
    site.line.mends()
    text = next(text for text in (await site.calendar.objects()).values() if "Zweite Runde" in text)
    assert "T140000" in text
    assert "T160000" not in text


async def test_etags_that_are_wrong_overwrite_nobody(site: Site) -> None:
    await site.office.says('!meet neu "Zweite Runde" Fr 14-15 Uhr kal:it-team')
    site.line.breaks(proxy.wrong_etags)
    refused = (await site.office.says("!meet verschiebe last Fr 16 Uhr"))[-1]
    assert refused.kind is Kind.ERROR
    site.line.mends()
    text = next(text for text in (await site.calendar.objects()).values() if "Zweite Runde" in text)
    assert "T160000" not in text
    await site.recovers()
    moved = await site.office.says("!meet verschiebe last Fr 16 Uhr")
    assert Kind.ERROR not in {one.kind for one in moved}


async def test_an_object_that_the_server_cannot_give(site: Site) -> None:
    """The others are there; what failed is counted, and comes when it works again."""
    for name in ("second", "third", "fourth"):
        await site.calendar.put(f"{name}.ics", EVENT.format(uid=name, title=name))

    async def without(exchange: proxy.Exchange) -> web.StreamResponse:
        return await (proxy.says(500)(exchange) if b"third.ics" in exchange.body else exchange.forward())

    site.line.breaks(without, "REPORT")
    site.line.breaks(proxy.says(500), "GET", path="third.ics")
    await site.office.pass_time(timedelta(minutes=5))
    agenda = await site.says("!meet liste")
    assert "second" in agenda.text
    assert "fourth" in agenda.text
    assert "third" not in agenda.text
    assert (await site.says("!meet zustand")).data["calendars"][0]["set_aside"] == 1
    site.line.mends()
    await site.calendar.put("third.ics", EVENT.format(uid="third", title="third at last"))
    await site.office.pass_time(timedelta(minutes=16))
    assert "third at last" in (await site.says("!meet liste")).text
    assert (await site.says("!meet zustand")).data["calendars"][0]["set_aside"] == 0


async def test_objects_that_cannot_be_read_are_counted(site: Site) -> None:
    bad = EVENT.format(uid="bad", title="bad").replace("SUMMARY", "RRULE:FREQ=SECONDLY\r\nSUMMARY")
    await site.calendar.put("bad.ics", bad)
    await site.calendar.put("good.ics", EVENT.format(uid="good", title="Gut zu lesen"))
    await site.office.pass_time(timedelta(minutes=3))
    assert "Gut zu lesen" in (await site.says("!meet liste")).text
    assert (await site.says("!meet zustand")).data["calendars"][0]["set_aside"] == 1
    await site.calendar.put("bad.ics", EVENT.format(uid="bad", title="Geheilt"))
    await site.office.pass_time(timedelta(minutes=3))
    assert "Geheilt" in (await site.says("!meet liste")).text
    assert (await site.says("!meet zustand")).data["calendars"][0]["set_aside"] == 0


async def test_a_calendar_that_is_deleted_is_kept_and_marked(site: Site) -> None:
    async with site.calendar.http.request("DELETE", site.calendar.url, headers=site.calendar._authorization) as answer:
        assert answer.status in (200, 204)
    await site.office.pass_time(timedelta(minutes=30))
    assert await site.problem() == "calendar_missing"
    assert "Vorbesprechung" in (await site.says("!meet liste")).text
    assert (await site.says("!meet zustand")).data["calendars"][0]["problem"] == "calendar_missing"


async def test_a_calendar_that_fails_does_not_delay_another(site: Site) -> None:
    """The other one is on an account of its own; it is read, and written, as fast as ever."""
    site.line.breaks(proxy.delayed(_TIMEOUT * 3))
    await site.office.pass_time(timedelta(minutes=5))
    with pytest.raises(CalendarUnavailable):
        await sync.pull(site.office.world, CALENDAR)
    await sync.pull(site.office.world, OTHER)
    state = await site.office.world.stores.calendars.state(OTHER)
    assert state.problem is None
    assert state.synced_at is not None
    assert site.office.clock() - state.synced_at < timedelta(minutes=1)
    card = await site.says('!meet neu "Andere Runde" Fr 14-15 Uhr kal:other')
    assert card.kind is Kind.MEETING


async def test_who_is_no_admin_hears_no_more_than_the_reason(site: Site) -> None:
    site.line.breaks(proxy.says(500, b"secret stack trace of the server"))
    await site.office.pass_time(timedelta(minutes=5))
    (status,) = await site.office.says("!meet zustand", by=BEN)
    assert "secret" not in status.text
    assert PASSWORD not in status.text
