"""Finding principals and calendars, whatever part of an address is configured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from calbot.core.model import AccountName, CalendarName, Etag, Href
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalendarReadOnly, CalendarUnavailable
from calbot.ports import FoundPerson, Principal

from .faulty import EVENT, Handler, answers, condition, found, multistatus
from .site import CALENDAR, COLLECTION, Site, hrefs, response, site

CITY, TEAM = AccountName("city"), CalendarName("team")
WHO = hrefs("d:current-user-principal", "/principals/svc/")
MINE = EVENT.format(uid="mine", title="Mine")


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as running:
        yield running


def describe(server: Site, *, outbox: str = "/outbox/") -> None:
    """A principal as it should be."""
    server.resource(
        "/principals/svc/",
        hrefs("c:calendar-home-set", "/home/svc/"),
        hrefs("c:calendar-user-address-set", "MAILTO:Termine@Example.org", "/principals/svc/", "urn:uuid:1"),
        hrefs("c:schedule-inbox-URL", "/inbox/"),
        hrefs("c:schedule-outbox-URL", outbox),
        hrefs("d:principal-collection-set", "/principals/", "https://elsewhere.example/principals/"),
    )
    server.on("OPTIONS", "/home/svc/", answers(200, DAV="1, 3, calendar-access, Calendar-Auto-Schedule"))


def gateway(server: Site, url: str = "/", *calendars: Calendar) -> DavGateway:
    account = Account(CITY, f"{server.root}{url}", "svc", Secret("pw"), timeout=5.0)
    return DavGateway(Settings(accounts={CITY: account}, calendars={one.name: one for one in calendars}))


def calendar(server: Site, url: str, path: str = "") -> Calendar:
    return Calendar(TEAM, CITY, f"{server.root}{url}", path=path)


class TestPrincipal:
    async def test_all_that_a_server_says(self, server: Site) -> None:
        server.resource("/", COLLECTION, WHO)
        describe(server)
        async with gateway(server) as opened:
            principal = await opened.principal(CITY)
        assert principal == Principal(
            url=f"{server.root}/principals/svc/",
            addresses=frozenset({"termine@example.org"}),
            homes=(f"{server.root}/home/svc/",),
            inbox=f"{server.root}/inbox/",
            outbox=f"{server.root}/outbox/",
            delivers=True,
        )
        for own, address in ((True, "mailto:TERMINE@example.org"), (True, "termine@example.org"), (False, "x@y")):
            assert principal.is_own(address) is own
        assert not principal.is_own("")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_only_the_well_known_address_answers(self, server: Site, status: int) -> None:
        server.redirect("/.well-known/caldav", "/dav.php/", status)
        server.redirect("/dav.php/", "/dav.php/calendars/", status)
        server.resource("/dav.php/calendars/", COLLECTION, WHO)
        describe(server)
        async with gateway(server) as opened:
            assert (await opened.principal(CITY) or Principal("")).url == f"{server.root}/principals/svc/"

    @pytest.mark.parametrize(
        "front",
        [
            answers(404),
            answers(405),
            answers(403),
            answers(200, "<html>Willkommen</html>", Content_Type="text/html"),
            answers(207, "<html>Willkommen</html>"),
            answers(302, Location="https://sso.example/login"),
            multistatus(response("/", COLLECTION)),
            multistatus(response("/", "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>")),
            multistatus(),
        ],
    )
    async def test_what_stands_at_the_root_of_servers(self, server: Site, front: Handler) -> None:
        server.on("PROPFIND", "/", front)
        server.resource("/.well-known/caldav", COLLECTION, WHO)
        describe(server)
        async with gateway(server) as opened:
            assert await opened.principal(CITY) is not None

    async def test_a_principal_as_address(self, server: Site) -> None:
        server.resource("/principals/svc/", WHO, hrefs("c:calendar-home-set", "/home/svc/"))
        async with gateway(server, "/principals/svc/") as opened:
            principal = await opened.principal(CITY)
        assert principal is not None
        assert (principal.homes, principal.delivers) == ((f"{server.root}/home/svc/",), False)

    async def test_a_calendar_names_it_as_well(self, server: Site) -> None:
        server.resource("/shared/team/", CALENDAR, WHO)
        describe(server)
        async with gateway(server, "/nothing/", calendar(server, "/shared/team/")) as opened:
            assert await opened.principal(CITY) is not None
        assert ("PROPFIND", "/nothing/") not in server.asked

    @pytest.mark.parametrize(
        "principal", ["https://elsewhere.example/principals/svc/", "//elsewhere.example/p/", "//[", "", "mailto:x@y"]
    )
    async def test_one_on_another_server_is_none(self, server: Site, principal: str) -> None:
        server.resource("/", hrefs("d:current-user-principal", principal))
        async with gateway(server) as opened:
            assert await opened.principal(CITY) is None
            assert await opened.find_people(CITY, "anna") == ()

    async def test_it_is_looked_for_once_an_hour(self, server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        server.resource("/", WHO)
        describe(server)
        async with gateway(server) as opened:
            await asyncio.gather(*(opened.principal(CITY) for _ in range(5)))
            assert len(server.seen) == 3
            loop = asyncio.get_running_loop()
            later = loop.time() + 3601
            monkeypatch.setattr(loop, "time", lambda: later)
            describe(server, outbox="/new/")
            assert (await opened.principal(CITY) or Principal("")).outbox == f"{server.root}/new/"

    async def test_a_failure_is_not_remembered(self, server: Site) -> None:
        server.on("PROPFIND", "/", answers(500))
        async with gateway(server) as opened:
            with pytest.raises(CalendarUnavailable) as failed:
                await opened.principal(CITY)
            assert failed.value.reason == "calendar_server_error"
            server.resource("/", WHO)
            describe(server)
            assert await opened.principal(CITY) is not None

    async def test_a_server_that_sends_us_elsewhere_says_so(self, server: Site) -> None:
        server.redirect("/", "https://caldav.elsewhere.example/")
        async with gateway(server) as opened:
            with pytest.raises(CalendarUnavailable) as failed:
                await opened.principal(CITY)
        assert failed.value.reason == "calendar_elsewhere"


def search_set(*names: str) -> str:
    listed = "".join(
        f"<d:principal-search-property><d:prop><{name}/></d:prop></d:principal-search-property>" for name in names
    )
    return (
        '<d:principal-search-property-set xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" '
        f'xmlns:s="http://sabredav.org/ns">{listed}</d:principal-search-property-set>'
    )


def person(name: str, *addresses: str, more: str = "") -> str:
    mail = hrefs("c:calendar-user-address-set", *(f"mailto:{address}" for address in addresses), f"/p/{name}/")
    return response(f"/p/{name}/", f"<d:displayname> {name}\n</d:displayname>", mail if addresses else "", more)


class Searchable:
    """Answers what may be searched, and then whom it found."""

    def __init__(self, server: Site, *names: str, people: tuple[str, ...] = ()) -> None:
        self.bodies: list[str] = []
        self._names, self._people = names, people
        server.resource("/", WHO)
        describe(server)
        server.on("REPORT", "/principals/", self.handle)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.bodies.append(await request.text())
        if "principal-search-property-set" in self.bodies[-1]:
            return await answers(200, search_set(*self._names))(request)
        return await multistatus(*self._people)(request)


class TestPeople:
    async def test_by_name(self, server: Site) -> None:
        searchable = Searchable(
            server,
            "d:displayname",
            "c:calendar-user-address-set",
            people=(
                person("Anna Huber", "Anna.Huber@example.org", "anna@example.org"),
                person(
                    "Anna <& Co", more='<s:email-address xmlns:s="http://sabredav.org/ns">B@x.org</s:email-address>'
                ),
                person(
                    "Annasaal", "saal@example.org", more="<c:calendar-user-type>ROOM</c:calendar-user-type>".strip()
                ),
            ),
        )
        searchable._people = tuple(one.replace("<& Co", "&lt;&amp; Co") for one in searchable._people)
        async with gateway(server) as opened:
            people = await opened.find_people(CITY, "  Anna   <&\n")
            await opened.find_people(CITY, "Ben")
        assert people == [
            FoundPerson("Anna Huber", ("anna.huber@example.org", "anna@example.org")),
            FoundPerson("Anna <& Co", ("b@x.org",)),
        ]
        assert "<D:match>Anna &lt;&amp;</D:match>" in searchable.bodies[1]
        assert "<D:property-search><D:prop><D:displayname/></D:prop>" in searchable.bodies[1]
        assert len(searchable.bodies) == 3  # what may be searched is asked once

    @pytest.mark.parametrize(
        ("property", "asked"),
        [("c:calendar-user-address-set", "calendar-user-address-set"), ("s:email-address", "email-address")],
    )
    async def test_by_address_which_is_that_or_none(self, server: Site, property: str, asked: str) -> None:
        searchable = Searchable(
            server,
            "d:displayname",
            property,
            people=(person("A", "anna@example.org"), person("B", "joanna@example.org")),
        )
        async with gateway(server) as opened:
            assert await opened.find_people(CITY, "Anna@example.org") == [FoundPerson("A", ("anna@example.org",))]
        search, _, _ = searchable.bodies[1].partition("</D:property-search>")
        assert f":{asked}" in search

    async def test_where_it_is_not_offered(self, server: Site) -> None:
        searchable = Searchable(server, "d:displayname", people=(person("A", "anna@example.org"),))
        async with gateway(server) as opened:
            assert await opened.find_people(CITY, "anna@example.org") == ()
            assert await opened.find_people(CITY, " ") == ()
        assert len(searchable.bodies) == 1
        for handler in (answers(403), answers(501), answers(404)):
            server.on("REPORT", "/principals/", handler)
            async with gateway(server) as opened:
                assert await opened.find_people(CITY, "anna") == ()

    async def test_a_failure_is_none_of_nobody(self, server: Site) -> None:
        Searchable(server, "d:displayname")
        async with gateway(server) as opened:
            await opened.find_people(CITY, "anna")
            server.on("REPORT", "/principals/", answers(500))
            with pytest.raises(CalendarUnavailable):
                await opened.find_people(CITY, "anna")


LISTING = multistatus(response("/x/"), found("/home/svc/team/a.ics"), token="t")


class TestLocation:
    async def test_a_full_address_needs_no_discovery(self, server: Site) -> None:
        server.on("REPORT", "/cal/team/", multistatus(found("/cal/team/a.ics"), token="t"))
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            await opened.changes(TEAM, None)
        assert server.asked == [("REPORT", "/cal/team/")]

    async def test_relative_to_the_account(self, server: Site) -> None:
        server.resource("/dav/team/", CALENDAR)
        server.on("REPORT", "/dav/team/", multistatus(found("/dav/team/a.ics"), token="t"))
        async with gateway(server, "/dav/", calendar(server, "/dav/team/", "team/")) as opened:
            for _ in range(2):
                assert set((await opened.changes(TEAM, None)).listed) == {"/dav/team/a.ics"}
        assert server.asked == [("PROPFIND", "/dav/team/"), *[("REPORT", "/dav/team/")] * 2]

    async def test_below_the_home_with_names_as_if_it_were_where_it_is_configured(self, server: Site) -> None:
        server.resource("/", WHO)
        describe(server)
        server.resource("/home/svc/team/", CALENDAR)
        server.on("REPORT", "/home/svc/team/", LISTING)
        server.on("PUT", "/home/svc/team/mine.ics", answers(201))
        server.on("GET", "/home/svc/team/a.ics", answers(200, MINE, ETag='"1"'))
        async with gateway(server, "/", calendar(server, "/team/", "team/")) as opened:
            (href,) = (await opened.changes(TEAM, None)).listed
            assert href == "/team/a.ics"
            assert (await opened.read(TEAM, href)).data == MINE  # type: ignore[union-attr]
            assert (await opened.create(TEAM, "mine", MINE)).href == opened.href(TEAM, "mine") == "/team/mine.ics"
        assert ("PUT", "/home/svc/team/mine.ics") in server.asked

    async def test_objects_are_asked_for_where_they_are(self, server: Site) -> None:
        bodies = []

        async def report(request: web.BaseRequest) -> web.StreamResponse:
            bodies.append(await request.text())
            return await multistatus(found("/home/svc/team/a%40b.ics", '"1"', MINE))(request)

        server.resource("/", WHO)
        describe(server)
        server.resource("/home/svc/team/", CALENDAR)
        server.on("REPORT", "/home/svc/team/", report)
        async with gateway(server, "/", calendar(server, "/team/", "team/")) as opened:
            (one,) = (await opened.fetch(TEAM, [Href("/team/a@b.ics")])).objects
        assert (one.href, one.etag) == ("/team/a@b.ics", '"1"')
        assert "<D:href>/home/svc/team/a@b.ics</D:href>" in bodies[0]

    @pytest.mark.parametrize(
        "front", [answers(207, "<html>"), answers(200, "<html>"), answers(301, Location="https://elsewhere.example/")]
    )
    async def test_what_answers_in_its_place_is_passed_by(self, server: Site, front: Handler) -> None:
        server.resource("/", WHO)
        describe(server)
        server.on("PROPFIND", "/team/", front)
        server.resource("/home/svc/team/", CALENDAR)
        server.on("REPORT", "/home/svc/team/", LISTING)
        async with gateway(server, "/", calendar(server, "/team/", "team/")) as opened:
            assert set((await opened.changes(TEAM, None)).listed) == {"/team/a.ics"}

    async def test_one_that_is_nowhere(self, server: Site) -> None:
        server.resource("/", WHO)
        describe(server)
        async with gateway(server, "/", calendar(server, "/team/", "team/")) as opened:
            assert not (await opened.probe(TEAM)).exists
            with pytest.raises(CalendarUnavailable) as failed:
                await opened.changes(TEAM, None)
            assert failed.value.reason == "calendar_missing"
            # And as soon as somebody makes it, it is found.
            server.resource("/home/svc/team/", CALENDAR)
            server.on("REPORT", "/home/svc/team/", LISTING)
            assert set((await opened.changes(TEAM, None)).listed) == {"/team/a.ics"}

    @pytest.mark.parametrize("status", [301, 308])
    async def test_one_that_was_renamed_is_followed_and_told_of(self, server: Site, status: int) -> None:
        server.redirect("/cal/team/", "/cal/it/", status, methods=("PROPFIND", "REPORT"))
        server.redirect("/cal/team/mine.ics", "/cal/it/mine.ics", status, methods=("GET", "PUT", "DELETE"))
        server.resource("/cal/it/", CALENDAR)
        server.on("REPORT", "/cal/it/", multistatus(found("/cal/it/mine.ics"), token="t"))
        server.on("GET", "/cal/it/mine.ics", answers(200, MINE, ETag='"1"'))
        server.on("PUT", "/cal/it/mine.ics", answers(204))
        server.on("DELETE", "/cal/it/mine.ics", answers(204))
        moved_to = f"{server.root}/cal/it/"
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            assert opened.facts(TEAM) is None
            assert set((await opened.changes(TEAM, None)).listed) == {"/cal/team/mine.ics"}
            assert (opened.facts(TEAM) or await opened.probe(TEAM)).moved_to == moved_to
            asked = len(server.seen)
            await opened.update(TEAM, Href("/cal/team/mine.ics"), MINE, Etag('"1"'))
            await opened.delete(TEAM, Href("/cal/team/mine.ics"), Etag('"1"'))
            assert all(path.startswith("/cal/it/") for _, path in server.asked[asked:])
            assert (await opened.probe(TEAM)).moved_to == moved_to
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            # The first thing may as well be a write.
            await opened.update(TEAM, Href("/cal/team/mine.ics"), MINE, Etag('"1"'))

    @pytest.mark.parametrize(
        ("status", "location", "reason"),
        [
            (301, "https://elsewhere.example/cal/team/", "calendar_elsewhere"),
            (301, "/not-there/", "calendar_moved"),
            (301, "/folder/", "calendar_moved"),
            (301, "/cal/team/", "calendar_moved"),
            (302, "/cal/it/", "calendar_moved"),
            (307, "/cal/it/", "calendar_moved"),
        ],
    )
    async def test_what_is_no_new_place(self, server: Site, status: int, location: str, reason: str) -> None:
        server.redirect("/cal/team/", location, status, methods=("PROPFIND", "REPORT"))
        server.resource("/cal/it/", CALENDAR)
        server.resource("/folder/", COLLECTION)
        server.on("REPORT", "/folder/", multistatus(token="t"))
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            for _ in range(2):
                with pytest.raises(CalendarUnavailable) as failed:
                    await opened.changes(TEAM, None)
                assert failed.value.reason == reason
            assert opened.facts(TEAM) is None

    async def test_one_that_was_deleted(self, server: Site) -> None:
        for status in (404, 410):
            server.on("REPORT", "/cal/team/", answers(status))
            async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
                with pytest.raises(CalendarUnavailable) as failed:
                    await opened.changes(TEAM, None)
                assert failed.value.reason == "calendar_missing"


def privileges(*names: str) -> str:
    listed = "".join(f"<d:privilege><d:{name}/></d:privilege>" for name in names)
    return f"<d:current-user-privilege-set>{listed}</d:current-user-privilege-set>"


class TestRights:
    async def test_who_may_not_write_is_told_before(self, server: Site) -> None:
        server.resource("/cal/team/", CALENDAR, privileges("read", "write-properties"))
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            for write in (
                opened.create(TEAM, "mine", MINE),
                opened.update(TEAM, Href("/cal/team/mine.ics"), MINE, None),
                opened.delete(TEAM, Href("/cal/team/mine.ics"), None),
            ):
                with pytest.raises(CalendarReadOnly):
                    await write
            assert opened.facts(TEAM) is not None
        assert server.asked == [("PROPFIND", "/cal/team/")]  # asked once

    @pytest.mark.parametrize("said", [privileges("read"), privileges("all"), privileges(), ""])
    async def test_what_a_refused_write_says_is_kept_until_the_next_look(self, server: Site, said: str) -> None:
        server.resource("/cal/team/", CALENDAR, privileges("write") if "read" in said else said)
        server.on("PUT", "/cal/team/mine.ics", answers(403))
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            for _ in range(2):
                with pytest.raises(CalendarReadOnly):
                    await opened.create(TEAM, "mine", MINE)
            assert server.asked.count(("PUT", "/cal/team/mine.ics")) == 1
            known = opened.facts(TEAM)
            assert known is not None
            assert known.writable is False
            server.resource("/cal/team/", CALENDAR, privileges("write"))
            server.on("PUT", "/cal/team/mine.ics", answers(201))
            assert (await opened.probe(TEAM)).writable
            assert (await opened.create(TEAM, "mine", MINE)).href == "/cal/team/mine.ics"

    async def test_a_refusal_that_is_about_what_is_written_says_nothing_of_the_calendar(self, server: Site) -> None:
        server.resource("/cal/team/", CALENDAR, privileges("write"))
        server.on("PUT", "/cal/team/mine.ics", condition(403, "valid-calendar-data"))
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            with pytest.raises(CalendarUnavailable):
                await opened.create(TEAM, "mine", MINE)
            server.on("PUT", "/cal/team/mine.ics", answers(403))
            with pytest.raises(CalendarReadOnly):
                await opened.update(TEAM, Href("/cal/team/mine.ics"), MINE, Etag('"1"'))
            known = opened.facts(TEAM)
            assert known is not None
            assert known.writable

    async def test_a_server_that_keeps_its_rights_to_itself_is_tried(self, server: Site) -> None:
        server.on("PUT", "/cal/team/mine.ics", answers(201))
        for handler in (answers(403), answers(404), answers(500), answers(200, "<html>")):
            server.on("PROPFIND", "/cal/team/", handler)
            async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
                assert (await opened.create(TEAM, "mine", MINE)).href == "/cal/team/mine.ics"

    @pytest.mark.parametrize(
        ("rights", "report", "free_busy"),
        [
            (("read",), True, True),
            (("read-free-busy",), True, True),
            (("all",), False, False),
            (("write-properties",), True, False),
            ((), True, None),
        ],
    )
    async def test_free_busy(self, server: Site, rights: tuple[str, ...], report: bool, free_busy: bool | None) -> None:
        query = "<d:supported-report><d:report><c:free-busy-query/></d:report></d:supported-report>" if report else ""
        reports = f"<d:supported-report-set>{query}</d:supported-report-set>"
        server.resource("/cal/team/", CALENDAR, privileges(*rights) if rights else "", reports)
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            assert (await opened.probe(TEAM)).free_busy is free_busy

    @pytest.mark.parametrize(("components", "events"), [(("VEVENT", "VTODO"), True), (("VTODO",), False), ((), True)])
    async def test_a_list_of_tasks_is_no_calendar_of_events(
        self, server: Site, components: tuple[str, ...], events: bool
    ) -> None:
        listed = "".join(f'<c:comp name="{name}"/>' for name in components)
        server.resource(
            "/cal/team/", CALENDAR, f"<c:supported-calendar-component-set>{listed}</c:supported-calendar-component-set>"
        )
        async with gateway(server, "/", calendar(server, "/cal/team/")) as opened:
            assert (await opened.probe(TEAM)).holds_events is events


async def test_what_an_account_has(server: Site) -> None:
    server.resource("/", WHO)
    describe(server)
    server.on(
        "PROPFIND",
        "/home/svc/",
        multistatus(
            response("/home/svc/", COLLECTION),
            response("/home/svc/team/", CALENDAR),
            response("https://elsewhere.example/x/", CALENDAR),
            response("/home/svc/inbox/", COLLECTION),
        ),
    )
    async with gateway(server) as opened:
        assert await opened.offered(CITY) == [f"{server.root}/home/svc/team/"]
