"""`python -m calbot check`: one line for each finding, and an exit code."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from calbot.check import main
from tests.core.configuration.example import EXAMPLE

BASE = Path(__file__).parents[1] / "base-config.yaml"

USER, PASSWORD = "svc", "geheim"
CREDENTIALS = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
CALENDAR = "<C:calendar/>"
SYNC = "<D:supported-report><D:report><D:sync-collection/></D:report></D:supported-report>"


def check(*argv: str, stdin: str = "", lang: str = "en") -> tuple[int, list[str]]:
    out = io.StringIO()
    code = main([*argv, "--lang", lang], io.StringIO(stdin), out)
    return code, out.getvalue().splitlines()


class TestOffline:
    def test_our_own_file(self) -> None:
        assert check(str(BASE), "--offline") == (0, ["everything is in order"])
        assert check(str(BASE)) == (0, ["everything is in order"])

    def test_the_example_of_the_specification_has_notes_only(self) -> None:
        code, lines = check(str(EXAMPLE), "--offline")
        assert code == 0
        assert lines == ['resources["Raum 4.12"].calendar: note: there is no calendar of that name']

    def test_mistakes(self) -> None:
        code, lines = check("-", "--offline", stdin="defauts: {}\nrooms: {'#x:y': {calendars: [a]}}\n")
        assert code == 1
        assert lines == [
            "defauts: unknown key; did you mean defaults?",
            'rooms["#x:y"]: expected a room ID, such as `!abc:example.org` (no alias with `#`)',
            'rooms["#x:y"].calendars[0]: there is no calendar of that name',
        ]

    def test_german(self) -> None:
        _, lines = check("-", "--offline", stdin="defauts: {}", lang="de")
        assert lines == ["defauts: Unbekannter Schlüssel; meinten Sie defaults?"]

    @pytest.mark.parametrize(
        ("variables", "word"),
        [
            ({"LANG": "de_DE.UTF-8"}, "Unbekannter"),
            ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "unknown"),
            ({"LANG": "C", "LC_MESSAGES": "de"}, "Unbekannter"),
            ({}, "unknown"),
        ],
    )
    def test_language_of_the_machine(
        self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], word: str
    ) -> None:
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        out = io.StringIO()
        main(["-", "--offline"], io.StringIO("x: 1"), out)
        assert word in out.getvalue()

    @pytest.mark.parametrize(
        ("text", "code", "de", "en"),
        [
            ("a: 1\nb: [", 1, "Zeile 2: Der Text ist kein gültiges YAML", "line 2: the text is not valid YAML"),
            (
                "admins: []\nrooms: {}\nadmins: [geheim]",
                1,
                "Zeile 3: Der Schlüssel `admins` steht hier zum zweiten Mal",
                "line 3: the key `admins` is here for the second time",
            ),
            ("\0", 1, "Konfiguration: Der Text ist kein gültiges YAML", "configuration: the text is not valid YAML"),
            (
                "- a",
                1,
                "Konfiguration: Erwartet: Schlüssel mit Werten darunter",
                "configuration: expected keys with values below it",
            ),
            (
                "# nothing yet",
                0,
                "Konfiguration: Hinweis: Die Konfiguration ist leer",
                "configuration: note: the configuration is empty",
            ),
        ],
    )
    def test_what_is_no_configuration(self, text: str, code: int, de: str, en: str) -> None:
        assert check("-", "--offline", stdin=text, lang="de") == (code, [de])
        assert check("-", "--offline", stdin=text) == (code, [en])

    def test_findings_are_in_the_order_of_the_file(self) -> None:
        text = "x: 1\nrooms: {r: {}}\naccounts: {a: {url: x}, b: 1}\ndefaults: {language: fr}\ny: &y [*y]\n"
        _, lines = check("-", "--offline", stdin=text)
        assert [line.partition(":")[0] for line in lines] == [
            "x",
            "rooms.r",
            "rooms.r.calendars",
            "accounts.a.username",
            "accounts.a.password",
            "accounts.a.url",
            "accounts.b",
            "defaults.language",
            "y",
        ]

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        missing = tmp_path / "missing.yaml"
        assert check(str(missing)) == (1, [f"{missing}: there is no such file"])
        assert check(str(missing), lang="de") == (1, [f"{missing}: Diese Datei gibt es nicht"])
        assert check(str(tmp_path)) == (1, [f"{tmp_path}: this is a directory, not a file"])
        assert check(str(tmp_path), lang="de") == (1, [f"{tmp_path}: Das ist ein Verzeichnis, keine Datei"])
        latin = tmp_path / "latin.yaml"
        latin.write_bytes("admins: [ä]".encode("latin-1"))
        assert check(str(latin)) == (1, [f"{latin}: the text is not encoded as UTF-8"])
        assert check(str(latin), lang="de") == (1, [f"{latin}: Der Text ist nicht in UTF-8 gespeichert"])
        loop = tmp_path / "loop.yaml"
        loop.symlink_to(loop)
        assert check(str(loop)) == (1, [f"{loop}: cannot be read: Too many levels of symbolic links"])

    def test_wrong_arguments(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert check("a", "b") == (2, [])
        assert "usage" in capsys.readouterr().err


@dataclass
class Server:
    """Answers PROPFIND as told, and counts who asks."""

    kinds: dict[str, str] = field(default_factory=dict)  # resource types and further properties by path
    inside: dict[str, list[str]] = field(default_factory=dict)  # what a PROPFIND with a depth lists besides
    moved: dict[str, str] = field(default_factory=dict)
    offers: str = "1, access-control, calendar-access, calendar-auto-schedule"
    asked: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        status = self._status(request)
        self.asked.append((request.path, status))
        if status == 301:
            return web.Response(status=301, headers={"Location": self.moved[request.path]})
        if request.method == "OPTIONS" and status == 207:
            return web.Response(status=200, headers={"DAV": self.offers})
        if status != 207:
            return web.Response(status=status)
        paths = [request.path, *(self.inside.get(request.path, ()) if request.headers.get("Depth") == "1" else ())]
        responses = "".join(
            f"<D:response><D:href>{path}</D:href><D:propstat><D:prop>{self.kinds[path]}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            for path in paths
        )
        body = f"""<?xml version="1.0" encoding="utf-8"?>
            <D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>"""
        return web.Response(status=207, text=body, content_type="application/xml")

    def _status(self, request: web.Request) -> int:
        if request.headers.get("Authorization") != f"Basic {CREDENTIALS}":
            return 401
        if request.path in self.moved:
            return 301
        return 207 if request.path in self.kinds else 404

    def configuration(self, account: str = "", **calendars: str) -> str:
        login = f'url: "{self.url}", username: {USER}, password: {{env: CALBOT_TEST_PASSWORD}}'
        lines = [f"accounts: {{city: {{{login}{account}}}}}", "calendars:"]
        return "\n".join([*lines, *(f"  {name}: {{account: city, {rest}}}" for name, rest in calendars.items())])


READ, WRITE = (f"<D:privilege><D:{name}/></D:privilege>" for name in ("read", "write"))
QUERY = "<D:supported-report><D:report><C:free-busy-query/></D:report></D:supported-report>"
WHO = "<D:current-user-principal><D:href>/principals/svc/</D:href></D:current-user-principal>"


def properties(kind: str, *, privileges: str = READ + WRITE, reports: str = SYNC + QUERY, more: str = "") -> str:
    return (
        f"<D:resourcetype><D:collection/>{kind}</D:resourcetype>"
        f"<D:supported-report-set>{reports}</D:supported-report-set>"
        f"<D:current-user-privilege-set>{privileges}</D:current-user-privilege-set>{more}"
    )


def principal(*addresses: str, outbox: str = "/outbox/") -> str:
    hrefs = "".join(f"<D:href>mailto:{address}</D:href>" for address in addresses)
    return (
        f"<C:calendar-user-address-set>{hrefs}</C:calendar-user-address-set>"
        "<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>"
        f"<C:schedule-outbox-URL><D:href>{outbox}</D:href></C:schedule-outbox-URL>"
    )


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv("CALBOT_TEST_PASSWORD", PASSWORD)
    server = Server(
        {
            "/dav/": properties("", more=WHO),
            "/principals/svc/": principal("svc@example.org", "termine@example.org"),
            "/home/": properties(""),
            "/dav/it/": properties(CALENDAR),
        }
    )
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app) as running:
        server.url = str(running.make_url("/dav/"))
        yield server


async def online(configuration: str, lang: str = "en") -> tuple[int, list[str]]:
    """In a thread: the command line has a loop of its own."""
    return await asyncio.to_thread(check, "-", stdin=configuration, lang=lang)


GOOD = (0, ["everything is in order"])
IN_SERVERS_NAME = ", delivery: server, address: termine@example.org"


class TestOnline:
    async def test_all_is_well(self, server: Server) -> None:
        assert await online(server.configuration(IN_SERVERS_NAME, it='url: "it/"')) == GOOD
        assert [path for path, _ in server.asked] == [
            "/dav/",
            "/principals/svc/",
            "/home/",  # whether it delivers
            "/dav/it/",  # whether that is where it is
            "/dav/it/",
        ]

    async def test_calendars_with_faults(self, server: Server) -> None:
        tasks = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
        server.kinds["/dav/folder/"] = properties("")
        server.kinds["/dav/theirs/"] = properties(CALENDAR, privileges=READ)
        server.kinds["/dav/old/"] = properties(CALENDAR, reports=QUERY)
        server.kinds["/dav/mute/"] = properties(CALENDAR, reports=SYNC)
        server.kinds["/dav/secretive/"] = properties(CALENDAR, privileges="")
        server.kinds["/dav/tasks/"] = properties(CALENDAR, more=tasks)
        code, lines = await online(
            server.configuration(
                gone="url: gone",
                folder="url: folder",
                theirs="url: theirs",
                shown="url: theirs, access: read-only",
                old="url: old",
                mute="url: mute",
                secretive="url: secretive",
                tasks="url: tasks",
            )
        )
        assert code == 1
        assert lines == [
            "calendars.gone.url: the server has no calendar at this address",
            "calendars.folder.url: what is at this address is not a calendar",
            "calendars.theirs.access: the account may not write here; set `access: read-only`, or grant the right",
            "calendars.old: note: the server cannot tell what changed; each round compares everything",
            "calendars.mute: note: the server does not tell when something takes place here; "
            "the bot reads the events for that",
            "calendars.secretive.access: note: the server does not say whether the account may write here; "
            "the first event will show",
            "calendars.tasks.url: this calendar takes tasks only, no events; choose another one",
        ]

    async def test_a_calendar_that_is_not_there_and_those_that_are(self, server: Server) -> None:
        server.inside["/home/"] = ["/home/it/", "/home/inbox/", "/home/bau/"]
        server.kinds.update({"/home/it/": properties(CALENDAR), "/home/bau/": properties(CALENDAR)})
        server.kinds["/home/inbox/"] = properties("<C:schedule-inbox/>")
        here = server.url.removesuffix("/dav/")
        assert await online(server.configuration(gone="url: gone")) == (
            1,
            [
                "calendars.gone.url: the server has no calendar at this address; "
                f"this account has: {here}/home/it/ {here}/home/bau/"
            ],
        )

    async def test_a_calendar_below_the_home(self, server: Server) -> None:
        server.kinds["/home/bau/"] = properties(CALENDAR)
        assert await online(server.configuration(bau="url: bau")) == GOOD

    async def test_a_calendar_that_has_moved(self, server: Server) -> None:
        server.moved["/dav/bau/"] = "/dav/it/"
        assert await online(server.configuration(bau=f'url: "{server.url}bau/"')) == (
            0,
            [f"calendars.bau.url: note: the calendar is at {server.url}it/ now; write that here"],
        )
        server.moved["/dav/bau/"] = "https://elsewhere.example/bau/"
        code, lines = await online(server.configuration(bau=f'url: "{server.url}bau/"'))
        assert code == 1
        assert lines == [
            "calendars.bau: The calendar server points to another server, which does not get the login. "
            "Write its address under `url`."
        ]

    async def test_who_invites(self, server: Server) -> None:
        code, lines = await online(
            server.configuration(
                IN_SERVERS_NAME,
                own="url: it",
                other="url: it, organizer: amt@example.org",
                wanted="url: it, organizer: amt@example.org, delivery: server",
                none="url: it, organizer: amt@example.org, delivery: none",
                shown="url: it, organizer: amt@example.org, access: read-only",
            )
        )
        assert (code, lines) == (
            1,
            [
                "calendars.other.organizer: amt@example.org is not an address of this account (svc@example.org, "
                "termine@example.org); many servers invite nobody in another’s name; take one of its own, or set "
                "`delivery: server` at the calendar itself if your server does"
            ],
        )
        server.kinds["/principals/svc/"] = principal()
        _, lines = await online(server.configuration(IN_SERVERS_NAME, it="url: it"))
        assert lines[0].startswith("calendars.it.organizer: the server knows no address of this account; ")

    async def test_a_server_that_does_not_invite(self, server: Server, unused_tcp_port: int) -> None:
        server.offers = "1, 2, calendar-access"
        configuration = server.configuration(IN_SERVERS_NAME, it="url: it", own="url: it, delivery: server")
        fault = "this server sends no invitations; nobody is invited; set `delivery` to `email` or `none`"
        assert await online(configuration) == (
            1,
            [f"accounts.city.delivery: {fault}", f"calendars.own.delivery: {fault}"],
        )
        email = f"email: {{host: 127.0.0.1, port: {unused_tcp_port}}}"
        _, lines = await online(f"{server.configuration(IN_SERVERS_NAME, it='url: it')}\n{email}\n")
        assert [line for line in lines if not line.startswith("email")] == [
            "accounts.city.delivery: note: the server invites nobody here; the bot does so by e-mail"
        ]

    async def test_what_a_server_keeps_to_itself(self, server: Server) -> None:
        server.kinds["/principals/svc/"] = principal("svc@example.org", outbox="")
        assert await online(server.configuration(it="url: it")) == (
            0,
            [
                "accounts.city.freebusy: note: the server does not tell when people are free; "
                "the bot only knows the calendars that it reads"
            ],
        )
        assert await online(server.configuration(", freebusy: off", it="url: it")) == GOOD
        server.kinds["/dav/"] = properties("")
        code, lines = await online(server.configuration(it="url: it"))
        assert code == 0
        assert lines[0].startswith("accounts.city: note: at this address the server does not say who is logged in")

    async def test_a_refused_login_is_tried_once(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CALBOT_TEST_PASSWORD", "falsch")
        code, lines = await online(server.configuration(a="url: a", b="url: b"))
        assert (code, lines) == (
            1,
            ["accounts.city: The calendar server does not accept the login. Check `username`, `password` and `auth`."],
        )
        assert server.asked == [("/dav/", 401)]
        assert "falsch" not in "".join(lines)

    async def test_a_password_that_is_not_there(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CALBOT_TEST_PASSWORD")
        variable = "accounts.city.password: there is no environment variable CALBOT_TEST_PASSWORD with the password"
        in_environment = server.configuration(a="url: a")
        assert await online(in_environment) == (1, [variable])
        in_file = in_environment.replace("env: CALBOT_TEST_PASSWORD", "file: /nowhere/password")
        file = "accounts.city.password: the file /nowhere/password with the password cannot be read"
        assert await online(in_file) == (1, [file])
        assert await online(in_environment, "de") == (
            1,
            ["accounts.city.password: Die Umgebungsvariable CALBOT_TEST_PASSWORD mit dem Passwort gibt es nicht"],
        )
        assert await online(in_file, "de") == (
            1,
            ["accounts.city.password: Die Datei /nowhere/password mit dem Passwort ist nicht lesbar"],
        )
        assert server.asked == []

    async def test_an_account_whose_own_address_is_nothing(self, server: Server) -> None:
        """A full URL of a calendar says all there is to say."""
        del server.kinds["/dav/"]
        server.kinds["/dav/it/"] = properties(CALENDAR, more=WHO)
        assert await online(server.configuration(it=f'url: "{server.url}it/"')) == GOOD

    async def test_only_the_well_known_address_answers(self, server: Server) -> None:
        server.url = server.url.replace("/dav/", "/")
        server.moved["/.well-known/caldav"] = "/dav/"
        server.kinds["/home/it/"] = properties(CALENDAR)
        assert await online(server.configuration(it="url: it")) == GOOD

    async def test_a_server_that_is_not_there(self, server: Server, unused_tcp_port: int) -> None:
        server.url = f"http://127.0.0.1:{unused_tcp_port}/"
        code, lines = await online(server.configuration(a="url: a"))
        assert (code, lines) == (
            1,
            [
                "accounts.city: The calendar server cannot be reached. "
                "Check `url`, and whether this machine reaches the server."
            ],
        )

    async def test_findings_in_the_file_do_not_keep_the_rest_from_being_tried(self, server: Server) -> None:
        code, lines = await online(server.configuration(it="url: it", bad="url: x, show: all", gone="url: gone"))
        assert code == 1
        assert lines == [
            "calendars.bad.show: expected one of: full, busy",
            "calendars.gone.url: the server has no calendar at this address",
        ]

    async def test_offline_asks_nobody(self, server: Server) -> None:
        configuration = server.configuration(a="url: a")
        assert await asyncio.to_thread(check, "-", "--offline", stdin=configuration) == GOOD
        assert server.asked == []
