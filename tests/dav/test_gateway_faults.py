"""The gateway against servers that fail, lie, or are slow."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp import web

from calbot.core.model import AccountName, CalendarName, CalendarObject, Cursor, Etag, Href
from calbot.core.settings import Access, Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalbotError, CalendarReadOnly, CalendarUnavailable, PreconditionFailed

from .faulty import (
    EVENT,
    FaultyServer,
    Handler,
    answers,
    condition,
    cuts,
    faulty_server,
    found,
    gone,
    hangs,
    multistatus,
    multistatus_body,
    trickles,
)

TEAM = CalendarName("team")
MINE = EVENT.format(uid="mine", title="Mine")
THEIRS = EVENT.format(uid="theirs", title="Theirs")
HREF = Href("/cal/team/mine.ics")


@pytest.fixture
async def server() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as running:
        yield running


def settings_for(
    url: str, *, timeout: float = 5.0, secret: Secret | None = None, access: Access = Access.READ_WRITE
) -> Settings:
    account = Account(AccountName("city"), url, "svc", secret or Secret("pw"), timeout=timeout)
    return Settings(accounts={account.name: account}, calendars={TEAM: Calendar(TEAM, account.name, url, access)})


@pytest.fixture
async def gateway(server: FaultyServer) -> AsyncIterator[DavGateway]:
    async with DavGateway(settings_for(server.url)) as opened:
        yield opened


async def reason_of(gateway: DavGateway) -> tuple[str, float | None]:
    with pytest.raises(CalendarUnavailable) as failed:
        await gateway.changes(TEAM, Cursor("token"))
    return failed.value.reason, failed.value.retry_after


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (answers(401), "calendar_login"),
        (answers(404), "calendar_missing"),
        (answers(410), "calendar_missing"),
        (answers(500, "<html>"), "calendar_server_error"),
        (answers(502), "calendar_server_error"),
        (answers(301, Location="/elsewhere/"), "calendar_moved"),
        (answers(302, Location="http://127.0.0.1:1/"), "calendar_moved"),
        (answers(200, "<html><body>Please log in</body></html>", Content_Type="text/html"), "calendar_nonsense"),
        (answers(207, ""), "calendar_nonsense"),
        (answers(207, "<d:multistatus xmlns:d='DAV:'><d:resp"), "calendar_nonsense"),
        (answers(207, "<html/>"), "calendar_nonsense"),
        (answers(207, b"\xff\xfe\x00"), "calendar_nonsense"),
        (
            answers(207, "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>"),
            "calendar_nonsense",
        ),
        (cuts, "calendar_unreachable"),
    ],
)
async def test_what_servers_answer(server: FaultyServer, gateway: DavGateway, handler: Handler, reason: str) -> None:
    server.on("REPORT", handler)
    server.on("PROPFIND", handler)
    assert (await reason_of(gateway))[0] == reason


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("17", 17), ("", None), ("soon", None), ("99999999", 86400), ("Thu, 01 Jan 2026 00:00:00 GMT", 0)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_says_how_long(
    server: FaultyServer, gateway: DavGateway, value: str, seconds: float | None, status: int
) -> None:
    server.on("REPORT", answers(status, Retry_After=value))
    assert await reason_of(gateway) == ("calendar_busy", seconds)


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    async with DavGateway(settings_for(url)) as gateway:
        assert (await reason_of(gateway))[0] == "calendar_unreachable"
    async with DavGateway(settings_for("http://no-such-host.invalid/")) as gateway:
        assert (await reason_of(gateway))[0] == "calendar_unreachable"


@pytest.mark.parametrize("kind", [hangs, trickles])
async def test_a_server_that_does_not_finish_is_given_up_in_time(
    server: FaultyServer, kind: Callable[[asyncio.Event], Handler]
) -> None:
    release = asyncio.Event()
    server.on("REPORT", kind(release))
    async with DavGateway(settings_for(server.url, timeout=0.3)) as gateway:
        assert (await asyncio.wait_for(reason_of(gateway), 20))[0] == "calendar_timeout"
    release.set()


async def test_an_account_that_hangs_does_not_slow_another(server: FaultyServer) -> None:
    release = asyncio.Event()
    server.on("REPORT", hangs(release))
    async with faulty_server() as healthy:
        healthy.on("REPORT", multistatus(token="t"))
        slow, fast = (
            Account(AccountName("slow"), server.url, "u", Secret("p")),
            Account(AccountName("fast"), healthy.url, "u", Secret("p")),
        )
        other = CalendarName("other")
        calendars = {TEAM: Calendar(TEAM, slow.name, server.url), other: Calendar(other, fast.name, healthy.url)}
        async with DavGateway(Settings(accounts={slow.name: slow, fast.name: fast}, calendars=calendars)) as gateway:
            stuck = [asyncio.ensure_future(gateway.changes(TEAM, None)) for _ in range(10)]
            for _ in range(20):
                assert (await asyncio.wait_for(gateway.changes(other, Cursor("t")), 1)).cursor == "t"
            assert len(server.seen) <= slow.parallel
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
            release.set()


async def test_one_request_for_an_unchanged_calendar(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("REPORT", multistatus(token="t2"))
    delta = await gateway.changes(TEAM, Cursor("t1"))
    assert (dict(delta.listed), delta.removed, delta.cursor, delta.complete) == ({}, frozenset(), "t2", False)
    assert server.seen == [("REPORT", "/cal/team/")]
    assert "<D:sync-token>t1</D:sync-token>" in server.bodies[0]
    assert server.headers[0]["Authorization"].startswith("Basic ")
    assert server.headers[0]["Accept-Encoding"] == "identity"


async def test_pages_are_read_to_the_end(server: FaultyServer, gateway: DavGateway) -> None:
    server.on(
        "REPORT",
        multistatus(found("/cal/team/a.ics"), found("/cal/team/b.ics"), gone("/cal/team/", 507), token="t1"),
        multistatus(gone("/cal/team/a.ics"), found("/cal/team/c.ics", '"2"'), token="t2"),
    )
    delta = await gateway.changes(TEAM, Cursor("t0"))
    assert delta.listed == {"/cal/team/b.ics": '"1"', "/cal/team/c.ics": '"2"'}
    assert delta.removed == {"/cal/team/a.ics"}
    assert delta.cursor == "t2"


async def test_pages_that_lead_nowhere_are_an_error(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("REPORT", multistatus(gone("/cal/team/", 507), token="token"))
    assert (await reason_of(gateway))[0] == "calendar_nonsense"
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [403, 409, 412])
async def test_a_token_that_is_no_longer_valid_means_everything(
    server: FaultyServer, gateway: DavGateway, status: int
) -> None:
    server.on("REPORT", condition(status, "valid-sync-token"), multistatus(found("/cal/team/a.ics"), token="new"))
    delta = await gateway.changes(TEAM, Cursor("old"))
    assert (dict(delta.listed), delta.cursor, delta.complete) == ({"/cal/team/a.ics": '"1"'}, "new", True)


@pytest.mark.parametrize("report", [answers(501), answers(405), condition(403, "supported-report"), multistatus()])
async def test_without_sync_collection_etags_are_listed_and_it_is_asked_only_once(
    server: FaultyServer, gateway: DavGateway, report: Handler
) -> None:
    server.on("REPORT", report)
    server.on("PROPFIND", multistatus(found("/cal/team/", ""), found("/cal/team/a.ics"), gone("/cal/team/sub/", 200)))
    for _ in range(2):
        delta = await gateway.changes(TEAM, None)
        assert (dict(delta.listed), delta.complete) == ({"/cal/team/a.ics": '"1"'}, True)
    assert [method for method, _ in server.seen] == ["REPORT", "PROPFIND", "PROPFIND", "PROPFIND"]
    assert "supported-report-set" in server.bodies[1]


async def test_an_empty_answer_is_no_empty_calendar(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("REPORT", answers(501))
    server.on("PROPFIND", multistatus())
    assert (await reason_of(gateway))[0] == "calendar_nonsense"


async def test_what_is_not_in_the_calendar_is_ignored(server: FaultyServer, gateway: DavGateway) -> None:
    hrefs = [
        "/cal/team/a.ics",
        f"{server.url}b.ics",
        "http://evil.example/cal/team/c.ics",
        "//evil.example/d.ics",
        "/cal/team/e/",
    ]
    server.on("REPORT", multistatus(*(found(href) for href in hrefs), token="t"))
    assert set((await gateway.changes(TEAM, None)).listed) == {"/cal/team/a.ics", "/cal/team/b.ics"}


async def test_one_object_that_is_no_text_does_not_take_others_along(server: FaultyServer, gateway: DavGateway) -> None:
    names = [f"/cal/team/{n}.ics" for n in range(8)]

    async def multiget(request: web.BaseRequest) -> web.StreamResponse:
        body = server.bodies[-1]
        asked = [name for name in names if f">{name}<" in body]
        parts = [found(name, '"1"', EVENT.format(uid=name, title="ok")) for name in asked]
        text = multistatus_body(*parts).encode().replace(b"UID:/cal/team/5.ics", b"UID:5\xff")
        return await answers(207, text)(request)

    server.on("REPORT", multiget)
    server.on("GET", answers(200, b"BEGIN:VCALENDAR\xff", ETag='"5"'))
    fetched = await gateway.fetch(TEAM, [Href(name) for name in names])
    objects = {one.href: one for one in fetched.objects}
    assert not fetched.failed
    assert set(objects) == set(names)
    assert objects[Href("/cal/team/5.ics")] == CalendarObject(
        Href("/cal/team/5.ics"), Etag('"5"'), "BEGIN:VCALENDAR\ufffd"
    )
    assert len(server.seen) <= 8


async def test_a_weak_etag_is_replaced_by_the_one_inside(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("GET", answers(200, MINE, ETag='W/"1"'))
    server.on("REPORT", multistatus(found("/cal/team/mine.ics", '"1"', MINE)))
    read = await gateway.read(TEAM, HREF)
    assert read
    assert read.etag == '"1"'


async def test_an_error_page_is_not_taken_for_an_event(server: FaultyServer, gateway: DavGateway) -> None:
    for handler in (answers(500, "<html>"), answers(200, "<html>", Content_Type="text/html")):
        server.on("GET", handler)
        with pytest.raises(CalendarUnavailable):
            await gateway.read(TEAM, HREF)


# ----------------------------------------------------------------------------------------------------------- writing

MISSING = answers(404)
THERE = answers(200, MINE, ETag='"1"')


@pytest.mark.parametrize(
    ("put", "error", "reason"),
    [
        (answers(403), CalendarReadOnly, "read_only"),
        (answers(405), CalendarReadOnly, "read_only"),
        (condition(403, "unique-scheduling-object-resource"), PreconditionFailed, "conflict"),
        (condition(409, "no-uid-conflict"), PreconditionFailed, "conflict"),
        (condition(412, "valid-calendar-data"), CalendarUnavailable, "calendar_refused"),
        (condition(403, "max-resource-size"), CalendarUnavailable, "calendar_refused"),
        (answers(409), CalendarUnavailable, "calendar_missing"),
        (answers(412), PreconditionFailed, "conflict"),
        (answers(500), CalendarUnavailable, "calendar_server_error"),
        (answers(401), CalendarUnavailable, "calendar_login"),
        (answers(301, Location="/x"), CalendarUnavailable, "calendar_moved"),
    ],
)
async def test_refusals_of_a_new_object(
    server: FaultyServer, gateway: DavGateway, put: Handler, error: type[CalbotError], reason: str
) -> None:
    server.on("PUT", put)
    server.on("PROPFIND", multistatus(found("/cal/team/")))
    with pytest.raises(error) as refused:
        await gateway.create(TEAM, "mine", MINE)
    assert refused.value.reason == reason


async def test_a_new_object_is_looked_for_written_and_read_back(server: FaultyServer, gateway: DavGateway) -> None:
    rewritten = MINE.replace("Mine", "Mine, as the server likes it")
    server.on("GET", MISSING, answers(200, rewritten, ETag='"7"'))
    server.on("PUT", answers(201))
    created = await gateway.create(TEAM, "mine", MINE)
    assert created == CalendarObject(HREF, Etag('"7"'), rewritten)
    assert [method for method, _ in server.seen] == ["PROPFIND", "GET", "PUT", "GET"]  # the first: our rights
    assert server.headers[2]["If-None-Match"] == "*"
    assert server.bodies[2] == MINE.replace("\r\n", "\r\n")


@pytest.mark.parametrize(
    ("location", "href"),
    [
        ("/cal/team/other.ics", "/cal/team/other.ics"),
        ("other%20name.ics", "/cal/team/other%20name.ics"),
        ("", HREF),
        ("https://elsewhere.example.org/cal/team/other.ics", HREF),
        ("/somewhere/other.ics", HREF),
    ],
)
async def test_a_server_that_stores_it_under_another_name(
    server: FaultyServer, gateway: DavGateway, location: str, href: str
) -> None:
    server.on("GET", MISSING, answers(200, MINE, ETag='"7"'))
    server.on("PUT", answers(201, **({"Location": location} if location else {})))
    created = await gateway.create(TEAM, "mine", MINE)
    assert created == CalendarObject(Href(href), Etag('"7"'), MINE)
    assert server.seen[-1] == ("GET", unquote(href))


async def test_an_answer_lost_after_the_write_is_found_out(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("GET", MISSING, THERE)
    server.on("PUT", cuts)
    assert (await gateway.create(TEAM, "mine", MINE)).data == MINE
    assert [method for method, _ in server.seen].count("PUT") == 1


async def test_an_answer_lost_before_the_write_is_an_outage(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("PUT", cuts)
    with pytest.raises(CalendarUnavailable):
        await gateway.create(TEAM, "mine", MINE)
    assert [method for method, _ in server.seen].count("PUT") == 1


async def test_a_server_that_ignores_if_none_match_overwrites_nobody(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("GET", answers(200, THEIRS, ETag='"1"'))
    server.on("PUT", answers(204))
    with pytest.raises(PreconditionFailed):
        await gateway.create(TEAM, "mine", MINE)
    assert ("PUT", "/cal/team/mine.ics") not in server.seen


async def test_a_write_counts_where_only_reading_back_fails(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("GET", MISSING, answers(500))
    server.on("PUT", answers(201, ETag='"3"'))
    assert await gateway.create(TEAM, "mine", MINE) == CalendarObject(HREF, Etag('"3"'), MINE)


async def test_an_update_whose_answer_was_lost(server: FaultyServer, gateway: DavGateway) -> None:
    newer = MINE.replace("DTSTAMP:20261123T120000Z", "DTSTAMP:20261123T130000Z")
    server.on("PUT", cuts)
    server.on("GET", answers(200, newer, ETag='"2"'))
    assert (await gateway.update(TEAM, HREF, newer, Etag('"1"'))).etag == '"2"'
    server.on("GET", THERE)
    with pytest.raises(CalendarUnavailable):
        await gateway.update(TEAM, HREF, newer, Etag('"1"'))
    assert [one["If-Match"] for one in server.headers if "If-Match" in one] == ['"1"', '"1"']


async def test_a_delete_whose_answer_was_lost(server: FaultyServer, gateway: DavGateway) -> None:
    server.on("DELETE", cuts)
    await gateway.delete(TEAM, HREF, Etag('"1"'))
    server.on("GET", THERE)
    with pytest.raises(CalendarUnavailable):
        await gateway.delete(TEAM, HREF, Etag('"1"'))


@pytest.mark.parametrize(
    ("status", "error"), [(403, CalendarReadOnly), (412, PreconditionFailed), (500, CalendarUnavailable)]
)
async def test_refusals_of_a_delete(
    server: FaultyServer, gateway: DavGateway, status: int, error: type[CalbotError]
) -> None:
    server.on("DELETE", answers(status))
    server.on("GET", THERE)
    with pytest.raises(error):
        await gateway.delete(TEAM, HREF, Etag('"1"'))


async def test_a_calendar_configured_read_only_is_not_even_asked(server: FaultyServer) -> None:
    async with DavGateway(settings_for(server.url, access=Access.READ_ONLY)) as gateway:
        with pytest.raises(CalendarReadOnly):
            await gateway.create(TEAM, "mine", MINE)
        with pytest.raises(CalendarReadOnly):
            await gateway.update(TEAM, HREF, MINE, None)
        with pytest.raises(CalendarReadOnly):
            await gateway.delete(TEAM, HREF, None)
    assert server.seen == []


@pytest.mark.parametrize(
    ("handler", "writable"),
    [
        ("<d:write/>", True),
        ("<d:bind/>", True),
        ("<d:read/><d:write-properties/>", False),
        ("", None),
    ],
)
async def test_probe(server: FaultyServer, gateway: DavGateway, handler: str, writable: bool | None) -> None:
    privileges = (
        f"<d:current-user-privilege-set><d:privilege>{handler}</d:privilege></d:current-user-privilege-set>"
        if handler
        else ""
    )
    server.on(
        "PROPFIND",
        multistatus(
            "<d:response><d:href>/cal/team/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/>"
            f"</d:resourcetype><d:displayname>IT</d:displayname>{privileges}</d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        ),
    )
    facts = await gateway.probe(TEAM)
    assert (facts.exists, facts.is_calendar, facts.display_name, facts.syncs) == (True, True, "IT", False)
    assert facts.writable is writable
    server.on("PROPFIND", multistatus(gone("/cal/team/")))
    assert not (await gateway.probe(TEAM)).exists
    server.on("PROPFIND", answers(404))
    assert not (await gateway.probe(TEAM)).exists


# ---------------------------------------------------------------------------------------------------------- accounts


async def test_a_password_that_was_changed_is_read_again_after_a_refusal(server: FaultyServer, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")

    async def asks_for_new(request: web.BaseRequest) -> web.StreamResponse:
        right = server.headers[-1]["Authorization"] == "Basic c3ZjOm5ldw=="  # svc:new
        return await (multistatus(token="t") if right else answers(401))(request)

    server.on("REPORT", asks_for_new)
    async with DavGateway(settings_for(server.url, secret=Secret(file=str(file)))) as gateway:
        assert (await reason_of(gateway))[0] == "calendar_login"
        assert len(server.seen) == 1  # never twice with the same
        file.write_text("new\n")
        assert (await gateway.changes(TEAM, None)).cursor == "t"
        assert len(server.seen) == 2  # what was refused is not shown again


@pytest.mark.parametrize("place", [Secret(env="CALBOT_TEST_MISSING"), Secret(file="/nowhere/password")])
async def test_a_password_that_is_not_there(server: FaultyServer, place: Secret) -> None:
    async with DavGateway(settings_for(server.url, secret=place)) as gateway:
        assert (await reason_of(gateway))[0] == "calendar_secret"
    assert server.seen == []


async def test_nothing_stays_open(server: FaultyServer) -> None:
    server.on("REPORT", multistatus(token="t"))
    before = asyncio.all_tasks()
    async with DavGateway(settings_for(server.url)) as gateway:
        await asyncio.gather(*(gateway.changes(TEAM, None) for _ in range(8)))
        assert server.open_connections > 0
    await asyncio.wait_for(server.all_closed(), 5)
    assert asyncio.all_tasks() == before


async def test_passwords_are_not_shown() -> None:
    settings = settings_for("http://127.0.0.1:1/", secret=Secret("very secret"))
    assert "very secret" not in repr(settings)
    assert "very secret" not in repr(replace(settings))
