"""Logins, redirects, limits: what an account asks of its server, and how often."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import ssl
import traceback
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from calbot.core.model import AccountName
from calbot.core.settings import Account, Auth, Secret
from calbot.dav import hosts, transport
from calbot.dav.accounts import AccountClient, Answer
from calbot.dav.errors import TooLarge
from calbot.errors import CalendarUnavailable

from .faulty import Handler, answers, cuts, hangs, trickles
from .site import Site, site

PASSWORD = "sehr-geheim"


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as running:
        running.on("GET", "/", answers(200, "here"))
        yield running


def account(server: Site, **changes: object) -> Account:
    base = Account(AccountName("city"), f"{server.root}/", "svc", Secret(PASSWORD), timeout=5.0)
    return replace(base, **changes)  # type: ignore[arg-type]


async def ask(client: AccountClient, server: Site, path: str = "/", method: str = "GET") -> Answer:
    return await client.request(method, f"{server.root}{path}")


async def refusal(client: AccountClient, server: Site, path: str = "/", method: str = "GET") -> CalendarUnavailable:
    with pytest.raises(CalendarUnavailable) as failed:
        await ask(client, server, path, method)
    return failed.value


class Later:
    """Time that goes by at once, on the clock of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self.by = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self.by)


@pytest.fixture
async def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    return Later(monkeypatch)


class TestLogin:
    @pytest.mark.parametrize(
        ("auth", "header"), [(Auth.BASIC, "Basic c3ZjOnNlaHItZ2VoZWlt"), (Auth.BEARER, f"Bearer {PASSWORD}")]
    )
    async def test_it_is_shown_with_the_first_request(self, server: Site, auth: Auth, header: str) -> None:
        client = AccountClient(account(server, auth=auth))
        assert (await ask(client, server)).body == b"here"
        await client.aclose()
        assert server.seen == [("GET", "/", header)]

    async def test_names_and_passwords_beyond_ascii(self, server: Site) -> None:
        client = AccountClient(account(server, username="müller", password=Secret("süß€")))
        await ask(client, server)
        await client.aclose()
        assert server.seen[0][2] == "Basic bcO8bGxlcjpzw7zDn+KCrA=="

    @pytest.mark.parametrize("auth", Auth)
    async def test_a_password_that_is_no_header(self, server: Site, auth: Auth) -> None:
        client = AccountClient(account(server, auth=auth, password=Secret("a\r\nX-Injected: 1")))
        assert (await refusal(client, server)).reason == "calendar_secret"
        await client.aclose()
        assert server.seen == []

    async def test_a_wrong_password_is_tried_once_however_many_ask(self, server: Site) -> None:
        server.on("GET", "/", answers(401))
        client = AccountClient(account(server))
        refusals = await asyncio.gather(*(refusal(client, server) for _ in range(20)))
        await client.aclose()
        assert {one.reason for one in refusals} == {"calendar_login"}
        assert len(server.seen) == 1

    async def test_it_is_tried_again_after_a_rest_that_grows(self, server: Site, later: Later) -> None:
        server.on("GET", "/", answers(401))
        client = AccountClient(account(server))
        tries = []
        for _ in range(6 * 60):
            assert (await refusal(client, server)).reason == "calendar_login"
            tries.append(len(server.seen))
            later.by += 60
        assert tries[0] == 1
        assert tries[-1] <= 6 * 4 + 5  # in six hours
        server.on("GET", "/", answers(200, "here"))
        later.by += 900
        assert (await ask(client, server)).status == 200
        await client.aclose()

    async def test_a_refusal_of_what_was_right_before_may_be_the_servers_trouble(self, server: Site) -> None:
        client = AccountClient(account(server))
        await ask(client, server)
        server.on("GET", "/", answers(401))
        for _ in range(10):
            await refusal(client, server)
        assert len(server.seen) == 1 + 3
        await client.aclose()

    async def test_one_place_that_is_closed_to_us_says_nothing_of_the_others(self, server: Site) -> None:
        server.on("GET", "/theirs", answers(401))
        client = AccountClient(account(server))
        for _ in range(5):
            assert (await ask(client, server)).status == 200
            assert (await refusal(client, server, "/theirs")).reason == "calendar_login"
        await client.aclose()

    async def test_a_rotated_password_is_read_and_used_without_a_pause(
        self, server: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def right(request: web.BaseRequest) -> web.StreamResponse:
            return await answers(200 if request.headers["Authorization"] == "Bearer new" else 401)(request)

        server.on("GET", "/", right)
        monkeypatch.setenv("CALBOT_TEST_PASSWORD", "old")
        client = AccountClient(account(server, auth=Auth.BEARER, password=Secret(env="CALBOT_TEST_PASSWORD")))
        await refusal(client, server)
        monkeypatch.setenv("CALBOT_TEST_PASSWORD", "new")
        assert [one.status for one in await asyncio.gather(*(ask(client, server) for _ in range(9)))] == [200] * 9
        await client.aclose()
        assert [one[2] for one in server.seen] == ["Bearer old"] + ["Bearer new"] * 9

    async def test_one_that_is_rotated_while_it_is_in_use(self, server: Site, tmp_path: Path) -> None:
        valid = ["Bearer old"]

        async def right(request: web.BaseRequest) -> web.StreamResponse:
            return await answers(200 if request.headers["Authorization"] in valid else 401)(request)

        server.on("GET", "/", right)
        file = tmp_path / "password"
        file.write_text("old")
        client = AccountClient(account(server, auth=Auth.BEARER, password=Secret(file=str(file))))
        await ask(client, server)
        valid[:] = ["Bearer new"]
        file.write_text("new\n")
        assert [one.status for one in await asyncio.gather(*(ask(client, server) for _ in range(9)))] == [200] * 9
        await client.aclose()
        assert sum(one[2] == "Bearer old" for one in server.seen) <= 1 + 4

    async def test_secrets_are_nowhere_to_be_read(self, server: Site, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for auth in Auth:
            for handler in (answers(401), answers(429), answers(302, Location="//["), cuts):
                server.on("GET", "/", handler)
                client = AccountClient(account(server, auth=auth))
                failed = await refusal(client, server)
                assert PASSWORD not in "".join(traceback.format_exception(failed))
                assert PASSWORD not in repr(client) + repr(vars(client)) + repr(failed)
                await client.aclose()
        assert PASSWORD not in caplog.text
        assert "c3ZjOnNlaHItZ2VoZWlt" not in caplog.text


class Digesting:
    """A server that wants digests, with a new nonce after `uses` of one."""

    def __init__(self, *, uses: int = 1_000_000, password: str = PASSWORD, says_stale: bool = True) -> None:
        self._uses = uses
        self._password = password
        self._says_stale = says_stale
        self._nonces: dict[str, set[str]] = {}
        self.outcomes: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        outcome = self._judge(request)
        self.outcomes.append(outcome)
        if outcome == "right":
            return web.Response(text="here")
        nonce = f"nonce-{len(self._nonces)}"
        self._nonces[nonce] = set()
        stale = ", stale=true" if outcome == "stale" and self._says_stale else ""
        offered = f'Digest realm="calendars", nonce="{nonce}", qop="auth", algorithm=SHA-256{stale}'
        return web.Response(status=401, headers={"WWW-Authenticate": offered})

    def _judge(self, request: web.BaseRequest) -> str:
        header = request.headers.get("Authorization", "")
        if not header:
            return "nothing"
        found = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,]*))', header)}
        if found["nonce"] not in self._nonces or len(self._nonces[found["nonce"]]) >= self._uses:
            return "stale"

        def digest(*parts: str) -> str:
            return sha256(":".join(parts).encode()).hexdigest()

        expected = digest(
            digest("svc", "calendars", self._password),
            *(found[name] for name in ("nonce", "nc", "cnonce", "qop")),
            digest(request.method, request.rel_url.raw_path_qs),
        )
        if found["nc"] in self._nonces[found["nonce"]] or found["uri"] != request.rel_url.raw_path_qs:
            return "replayed"
        self._nonces[found["nonce"]].add(found["nc"])
        return "right" if found["response"] == expected else "wrong"


class TestDigest:
    async def test_one_challenge_for_many_requests(self, server: Site) -> None:
        digesting = Digesting()
        server.on("GET", "/a%20b%40c/?x=1", digesting)
        server.on("GET", "/a%20b%40c/", digesting)
        client = AccountClient(account(server, auth=Auth.DIGEST))
        for _ in range(5):
            assert (await ask(client, server, "/a%20b%40c/?x=1")).body == b"here"
        await client.aclose()
        assert digesting.outcomes == ["nothing"] + ["right"] * 5

    @pytest.mark.parametrize("says_stale", [True, False])
    async def test_a_nonce_that_has_got_old(self, server: Site, says_stale: bool) -> None:
        digesting = Digesting(uses=2, says_stale=says_stale)
        server.on("GET", "/", digesting)
        client = AccountClient(account(server, auth=Auth.DIGEST))
        for _ in range(5):
            assert (await ask(client, server)).status == 200
        await client.aclose()
        assert digesting.outcomes == ["nothing", "right", "right", "stale", "right", "right", "stale", "right"]

    async def test_many_at_once(self, server: Site) -> None:
        digesting = Digesting()
        server.on("GET", "/", digesting)
        client = AccountClient(account(server, auth=Auth.DIGEST))
        found = await asyncio.gather(*(ask(client, server) for _ in range(20)))
        await client.aclose()
        assert {one.status for one in found} == {200}
        assert "replayed" not in digesting.outcomes

    async def test_a_wrong_password_is_shown_once(self, server: Site) -> None:
        digesting = Digesting(password="another")
        server.on("GET", "/", digesting)
        client = AccountClient(account(server, auth=Auth.DIGEST))
        for _ in range(3):
            assert (await refusal(client, server)).reason == "calendar_login"
        await client.aclose()
        assert digesting.outcomes == ["nothing", "wrong"]

    async def test_a_server_that_wants_something_else(self, server: Site) -> None:
        server.on("GET", "/", answers(401, WWW_Authenticate='Basic realm="x"'))
        client = AccountClient(account(server, auth=Auth.DIGEST))
        assert (await refusal(client, server)).reason == "calendar_login"
        await client.aclose()
        assert [login for _, _, login in server.seen] == [""]  # a password is never shown in clear in its place


class TestRedirects:
    async def test_they_are_not_followed_by_a_request(self, server: Site) -> None:
        server.redirect("/old", "/", methods=("GET",))
        client = AccountClient(account(server))
        assert (await refusal(client, server, "/old")).reason == "calendar_moved"
        await client.aclose()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_method_and_body_go_along(self, server: Site, status: int) -> None:
        bodies = []

        async def page(request: web.BaseRequest) -> web.StreamResponse:
            bodies.append(await request.read())
            return web.Response(status=207)

        server.redirect("/.well-known/caldav", "/dav/", status)
        server.on("PROPFIND", "/dav/", page)
        client = AccountClient(account(server))
        answer, at = await client.follow("PROPFIND", f"{server.root}/.well-known/caldav", body=b"<x/>")
        await client.aclose()
        assert (answer.status, at, bodies) == (207, f"{server.root}/dav/", [b"<x/>"])
        assert {login for _, _, login in server.seen} == {"Basic c3ZjOnNlaHItZ2VoZWlt"}

    async def test_another_server_never_hears_of_us(self, server: Site) -> None:
        async with site() as other:
            for location in (
                f"{other.root}/",
                f"//{other.root.removeprefix('http://')}/",
                other.root.replace("127.0.0.1", "localhost") + "/",
                other.root.replace("http://", "http://svc:pw@") + "/",
                "https://elsewhere.example/",
                "ftp://127.0.0.1/",
                "//[",
                "",
            ):
                server.redirect("/old", location)
                client = AccountClient(account(server))
                with pytest.raises(CalendarUnavailable) as failed:
                    await client.follow("PROPFIND", f"{server.root}/old")
                await client.aclose()
                assert failed.value.reason in ("calendar_elsewhere", "calendar_moved")
            assert other.seen == []

    async def test_loops_and_long_ways_end(self, server: Site) -> None:
        server.redirect("/a", "/b")
        server.redirect("/b", "/a")
        for number in range(50):
            server.redirect(f"/n{number}", f"/n{number + 1}")
        client = AccountClient(account(server))
        for start in ("/a", "/n0"):
            server.seen.clear()
            with pytest.raises(CalendarUnavailable) as failed:
                await client.follow("PROPFIND", f"{server.root}{start}")
            assert failed.value.reason == "calendar_moved"
            assert len(server.seen) <= 6
        await client.aclose()

    async def test_to_the_same_name_by_tls(self, server: Site, authority: trustme.CA, ca_file: str) -> None:
        async with site(tls=server_side(authority)) as secure:
            server.redirect("/", f"{secure.root}/dav/")
            secure.on("PROPFIND", "/dav/", answers(207))
            client = AccountClient(account(server, ca_file=ca_file))
            answer, at = await client.follow("PROPFIND", f"{server.root}/")
            assert (answer.status, at) == (207, f"{secure.root}/dav/")
            # And never back.
            secure.redirect("/dav/", f"{server.root}/")
            with pytest.raises(CalendarUnavailable) as failed:
                await client.follow("PROPFIND", f"{secure.root}/dav/")
            assert failed.value.reason == "calendar_elsewhere"
            await client.aclose()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class TestTls:
    async def test_ones_own_authority(self, authority: trustme.CA, ca_file: str) -> None:
        async with site(tls=server_side(authority)) as secure:
            secure.on("GET", "/", answers(200, "here"))
            client = AccountClient(account(secure, ca_file=ca_file))
            assert (await ask(client, secure)).body == b"here"
            await client.aclose()

    async def test_whoever_cannot_be_trusted_hears_no_password(
        self, authority: trustme.CA, ca_file: str, tmp_path: Path
    ) -> None:
        (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        async with (
            site(tls=server_side(authority)) as secure,
            site(tls=server_side(authority, "other.example")) as other,
        ):
            for where, file, reason in (
                (secure, "", "calendar_tls"),
                (other, ca_file, "calendar_tls"),
                (secure, str(tmp_path / "missing.pem"), "calendar_ca_file"),
                (secure, str(tmp_path / "broken.pem"), "calendar_ca_file"),
                (secure, str(tmp_path), "calendar_ca_file"),
            ):
                client = AccountClient(account(where, ca_file=file))
                assert (await refusal(client, where)).reason == reason
                await client.aclose()
            assert secure.seen == other.seen == []


def packed(data: bytes, kind: str = "gzip") -> Handler:
    return answers(200, data, Content_Encoding=kind)


class TestBodies:
    @pytest.mark.parametrize("kind", ["gzip", "x-gzip", "GZIP", "deflate"])
    async def test_what_is_packed_unasked_is_unpacked(self, server: Site, kind: str) -> None:
        data = b"calendar " * 50_000
        server.on("GET", "/", packed(zlib.compress(data) if kind == "deflate" else gzip.compress(data), kind))
        client = AccountClient(account(server))
        assert (await ask(client, server)).body == data
        await client.aclose()

    @pytest.mark.parametrize("handler", [packed(b"no gzip"), packed(b"x", "br"), packed(b"x", "gzip, gzip")])
    async def test_what_cannot_be_unpacked(self, server: Site, handler: Handler) -> None:
        server.on("GET", "/", handler)
        client = AccountClient(account(server))
        assert (await refusal(client, server)).reason == "calendar_nonsense"
        await client.aclose()

    async def test_no_more_is_read_than_can_be_meant(self, server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transport, "LARGEST", 1_000_000)
        client = AccountClient(account(server))
        for handler, reason in (
            (answers(200, b"x" * 1_000_000), None),
            (answers(200, b"x" * 1_000_001), "calendar_too_large"),
            (packed(gzip.compress(b"x" * 1_000_000)), None),
            (packed(gzip.compress(b"x" * 1_000_001)), "calendar_too_large"),
            (packed(gzip.compress(b"\0" * 200_000_000)), "calendar_too_large"),
        ):
            server.on("GET", "/", handler)
            if reason is None:
                assert len((await ask(client, server)).body) == 1_000_000
            else:
                assert (await refusal(client, server)).reason == reason
        await client.aclose()

    async def test_a_body_without_an_end_is_given_up(self, server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async def endless(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(b"x" * 100_000)
            except ConnectionError:
                return response

        monkeypatch.setattr(transport, "LARGEST", 1_000_000)
        server.on("GET", "/", endless)
        client = AccountClient(account(server))
        with pytest.raises(TooLarge):
            await ask(client, server)
        await client.aclose()


class TestRetryAfter:
    @pytest.mark.parametrize("in_words", [False, True])
    async def test_too_many_requests_are_too_many_everywhere(self, server: Site, later: Later, in_words: bool) -> None:
        date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=120), usegmt=True)
        server.on("GET", "/busy/x.ics", answers(429, Retry_After=date if in_words else "120"))
        client = AccountClient(account(server))
        assert 110 < ((await refusal(client, server, "/busy/x.ics")).retry_after or 0) <= 120
        refused = await refusal(client, server, "/elsewhere/")
        assert refused.reason == "calendar_busy"
        assert 100 < (refused.retry_after or 0) <= 120
        assert len(server.seen) == 1
        later.by += 121
        assert (await ask(client, server)).status == 200
        await client.aclose()

    async def test_a_service_that_is_away_is_that_of_one_calendar(self, server: Site, later: Later) -> None:
        server.on("GET", "/busy/x.ics", answers(503, Retry_After="120"))
        client = AccountClient(account(server))
        await refusal(client, server, "/busy/x.ics")
        assert (await refusal(client, server, "/busy/y.ics")).reason == "calendar_busy"
        assert (await ask(client, server)).status == 200
        assert server.asked == [("GET", "/busy/x.ics"), ("GET", "/")]
        later.by += 121
        server.on("GET", "/busy/x.ics", answers(200))
        assert (await ask(client, server, "/busy/x.ics")).status == 200
        await client.aclose()

    async def test_nobody_waits_for_days(self, server: Site, later: Later) -> None:
        server.on("GET", "/", answers(429, Retry_After="999999999"))
        client = AccountClient(account(server))
        assert (await refusal(client, server)).retry_after == 86400
        later.by += 3601
        server.on("GET", "/", answers(200))
        assert (await ask(client, server)).status == 200
        await client.aclose()

    async def test_without_it_the_next_one_is_asked(self, server: Site) -> None:
        client = AccountClient(account(server))
        for _ in range(2):
            for status in (429, 503):
                server.on("GET", "/", answers(status))
                assert (await refusal(client, server)).retry_after is None
        assert len(server.seen) == 4
        await client.aclose()


class Gate:
    """A page that holds requests until it is opened, and counts them."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.here = 0
        self.most = 0
        self._came = asyncio.Condition()

    async def __call__(self, _request: web.BaseRequest) -> web.StreamResponse:
        async with self._came:
            self.here += 1
            self.most = max(self.most, self.here)
            self._came.notify_all()
        await self.open.wait()
        self.here -= 1
        return web.Response(status=207)

    async def holds(self, count: int) -> None:
        async with self._came:
            await asyncio.wait_for(self._came.wait_for(lambda: self.here >= count), 5)


class TestLimits:
    def accounts(self, server: Site, *parallel: int) -> list[AccountClient]:
        found = [account(server, name=AccountName(f"a{number}"), parallel=most) for number, most in enumerate(parallel)]
        shared = hosts.limits(found)
        return [AccountClient(one, shared.get(one.name)) for one in found]

    async def start(
        self, clients: list[AccountClient], server: Site, path: str, each: int
    ) -> list[asyncio.Task[Answer]]:
        for client in clients:
            await ask(client, server)  # so that their logins are known to be right
        return [asyncio.ensure_future(ask(client, server, path)) for client in clients for _ in range(each)]

    async def test_an_account_keeps_to_its_own(self, server: Site) -> None:
        gate = Gate()
        server.on("GET", "/slow", gate)
        (client,) = self.accounts(server, 3)
        tasks = await self.start([client], server, "/slow", 10)
        await gate.holds(3)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert gate.most == 3
        await client.aclose()

    async def test_accounts_on_one_host_share(self, server: Site) -> None:
        gate = Gate()
        server.on("GET", "/slow", gate)
        clients = self.accounts(server, 2, 3, 1, 1, 1, 1, 1, 1)
        tasks = await self.start(clients, server, "/slow", 4)
        await gate.holds(5)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert gate.most == 5  # the two largest together
        for client in clients:
            await client.aclose()

    async def test_one_that_hangs_leaves_room_for_the_others(self, server: Site) -> None:
        gate = Gate()
        server.on("GET", "/slow", gate)
        clients = self.accounts(server, 4, 4, 2)
        tasks = await self.start(clients[:1], server, "/slow", 20)
        await gate.holds(4)
        for client in clients[1:]:
            found = await asyncio.wait_for(asyncio.gather(*(ask(client, server) for _ in range(20))), 5)
            assert {one.status for one in found} == {200}
        assert gate.here == 4
        gate.open.set()
        await asyncio.gather(*tasks)
        for client in clients:
            await client.aclose()

    async def test_who_waited_for_a_server_that_answers_nobody_does_not_wait_again(self, server: Site) -> None:
        release = asyncio.Event()
        client = AccountClient(account(server, timeout=0.3, parallel=2))
        await ask(client, server)
        server.on("GET", "/", hangs(release))
        refusals = await asyncio.gather(*(refusal(client, server) for _ in range(40)))
        release.set()
        assert {one.reason for one in refusals} == {"calendar_timeout"}
        assert len(server.seen) <= 1 + 2  # and not one after the other, each with its own time-out
        server.on("GET", "/", answers(200))
        assert (await ask(client, server)).status == 200
        await client.aclose()

    async def test_one_calendar_that_hangs_does_not_stop_the_others(self, server: Site) -> None:
        release = asyncio.Event()
        server.on("GET", "/slow", hangs(release))
        client = AccountClient(account(server, timeout=0.5, parallel=2))
        await ask(client, server)
        stuck = asyncio.ensure_future(refusal(client, server, "/slow"))
        while not stuck.done():
            assert (await ask(client, server)).status == 200
        release.set()
        assert (await stuck).reason == "calendar_timeout"
        assert len(server.seen) > 10
        await client.aclose()

    @pytest.mark.parametrize("kind", [hangs, trickles])
    async def test_a_time_out_is_for_all_of_a_request(
        self, server: Site, kind: Callable[[asyncio.Event], Handler]
    ) -> None:
        release = asyncio.Event()
        server.on("GET", "/", kind(release))
        client = AccountClient(account(server, timeout=0.3))
        assert (await asyncio.wait_for(refusal(client, server), 20)).reason == "calendar_timeout"
        release.set()
        await client.aclose()


class TestRepeating:
    @pytest.mark.parametrize(("method", "times"), [("PUT", 1), ("DELETE", 1), ("POST", 1), ("REPORT", 2), ("GET", 2)])
    async def test_only_what_changes_nothing_is_sent_again(self, server: Site, method: str, times: int) -> None:
        client = AccountClient(account(server))
        await ask(client, server)
        server.on(method, "/x", cuts)
        assert (await refusal(client, server, "/x", method)).reason == "calendar_unreachable"
        assert server.asked.count((method, "/x")) == times
        await client.aclose()

    async def test_paths_arrive_as_they_were_given(self, server: Site) -> None:
        client = AccountClient(account(server))
        for path in ("/a%20b%2Fc%40d.ics", "/~x/%7ey", "/a@b+c=d;e", "/ä b"):
            await ask(client, server, path)
        await client.aclose()
        assert [path for _, path in server.asked] == [
            "/a%20b%2Fc%40d.ics",
            "/~x/%7ey",
            "/a@b+c=d;e",
            "/%C3%A4%20b",
        ]
