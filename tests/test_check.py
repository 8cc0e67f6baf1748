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
        assert "email: note: known, but without effect in this version" in lines

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
            ("a: 1\nb: [", 1, "Zeile 2: Der Text ist kein gültiges YAML", "line 2: the text is no valid YAML"),
            (
                "admins: []\nrooms: {}\nadmins: [geheim]",
                1,
                "Zeile 3: Der Schlüssel `admins` steht hier zum zweiten Mal",
                "line 3: the key `admins` is here for the second time",
            ),
            ("\0", 1, "Konfiguration: Der Text ist kein gültiges YAML", "configuration: the text is no valid YAML"),
            (
                "- a",
                1,
                "Konfiguration: Hier werden Schlüssel mit Werten darunter erwartet",
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
    asked: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        status = self._status(request)
        self.asked.append((request.path, status))
        if status != 207:
            return web.Response(status=status)
        body = f"""<?xml version="1.0" encoding="utf-8"?>
            <D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
              <D:response><D:href>{request.path}</D:href><D:propstat><D:prop>
                {self.kinds[request.path]}
              </D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
            </D:multistatus>"""
        return web.Response(status=207, text=body, content_type="application/xml")

    def _status(self, request: web.Request) -> int:
        if request.headers.get("Authorization") != f"Basic {CREDENTIALS}":
            return 401
        return 207 if request.path in self.kinds else 404

    def configuration(self, **calendars: str) -> str:
        account = f'{{url: "{self.url}", username: {USER}, password: {{env: CALBOT_TEST_PASSWORD}}}}'
        lines = [f"accounts: {{city: {account}}}", "calendars:"]
        return "\n".join([*lines, *(f"  {name}: {{account: city, {rest}}}" for name, rest in calendars.items())])


def properties(kind: str, *, privileges: str = "", reports: str = SYNC) -> str:
    return (
        f"<D:resourcetype><D:collection/>{kind}</D:resourcetype>"
        f"<D:supported-report-set>{reports}</D:supported-report-set>"
        f"<D:current-user-privilege-set>{privileges}</D:current-user-privilege-set>"
    )


def privilege(name: str) -> str:
    return f"<D:privilege><D:{name}/></D:privilege>"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv("CALBOT_TEST_PASSWORD", PASSWORD)
    server = Server({"/dav/": properties("")})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app) as running:
        server.url = str(running.make_url("/dav/"))
        yield server


async def online(configuration: str, lang: str = "en") -> tuple[int, list[str]]:
    """In a thread: the command line has a loop of its own."""
    return await asyncio.to_thread(check, "-", stdin=configuration, lang=lang)


class TestOnline:
    async def test_all_is_well(self, server: Server) -> None:
        server.kinds["/dav/it/"] = properties(CALENDAR, privileges=privilege("read") + privilege("write"))
        assert await online(server.configuration(it='url: "it/"')) == (0, ["everything is in order"])
        assert server.asked == [("/dav/", 207), ("/dav/it/", 207)]

    async def test_calendars_with_faults(self, server: Server) -> None:
        reading = privilege("read")
        server.kinds["/dav/folder/"] = properties("")
        server.kinds["/dav/theirs/"] = properties(CALENDAR, privileges=reading)
        server.kinds["/dav/old/"] = properties(CALENDAR, reports="")
        code, lines = await online(
            server.configuration(
                gone="url: gone",
                folder="url: folder",
                theirs="url: theirs",
                shown="url: theirs, access: read-only",
                old="url: old",
            )
        )
        assert code == 1
        assert lines == [
            "calendars.gone.url: the server has no calendar at this address",
            "calendars.folder.url: what lies at this address is no calendar",
            "calendars.theirs.access: the account must not write here; set `access: read-only`, or grant the right",
            "calendars.old: note: the server cannot tell what changed; each round compares everything",
        ]

    async def test_a_refused_login_is_tried_once(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CALBOT_TEST_PASSWORD", "falsch")
        code, lines = await online(server.configuration(a="url: a", b="url: b"))
        assert (code, lines) == (1, ["accounts.city: The calendar server does not accept the login."])
        assert server.asked == [("/dav/", 401)]
        assert "falsch" not in "".join(lines)

    async def test_a_password_that_is_not_there(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CALBOT_TEST_PASSWORD")
        variable = (
            "accounts.city.password: there is no environment variable CALBOT_TEST_PASSWORD, "
            "which is to have the password"
        )
        in_environment = server.configuration(a="url: a")
        assert await online(in_environment) == (1, [variable])
        in_file = in_environment.replace("env: CALBOT_TEST_PASSWORD", "file: /nowhere/password")
        file = "accounts.city.password: the file /nowhere/password, which is to have the password, cannot be read"
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
        server.kinds = {"/dav/it/": properties(CALENDAR)}
        assert await online(server.configuration(it="url: it")) == (0, ["everything is in order"])

    async def test_a_server_that_is_not_there(self, server: Server, unused_tcp_port: int) -> None:
        server.url = f"http://127.0.0.1:{unused_tcp_port}/"
        code, lines = await online(server.configuration(a="url: a"))
        assert (code, lines) == (1, ["accounts.city: The calendar server cannot be reached."])

    async def test_findings_in_the_file_do_not_keep_the_rest_from_being_tried(self, server: Server) -> None:
        server.kinds["/dav/it/"] = properties(CALENDAR)
        code, lines = await online(server.configuration(it="url: it", bad="url: x, show: all", gone="url: gone"))
        assert code == 1
        assert lines == [
            "calendars.bad.show: expected one of: full, busy",
            "calendars.gone.url: the server has no calendar at this address",
        ]

    async def test_offline_asks_nobody(self, server: Server) -> None:
        configuration = server.configuration(a="url: a")
        assert await asyncio.to_thread(check, "-", "--offline", stdin=configuration) == (0, ["everything is in order"])
        assert server.asked == []
