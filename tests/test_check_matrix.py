"""`check` asks maubot and the homeserver how the bot's account is set up."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from calbot.check import main

BOT, DEVICE, ROOM = "@calbot:example.org", "DEVICE", "!abc:example.org"
TOKEN, MAUBOT_TOKEN = "bot-geheim", "maubot-geheim"
FILE = """
accounts: {city: {url: "http://127.0.0.1:9/", username: svc, password: p}}
calendars: {it-team: {account: city, url: it}}
rooms: {"!abc:example.org": {calendars: [it-team]}}
"""


@dataclass
class Matrix:
    """A maubot and a homeserver in one, with one room."""

    client: dict[str, Any] = field(default_factory=dict)
    others: list[dict[str, Any]] = field(default_factory=list)
    device: str = DEVICE
    joined: list[str] = field(default_factory=lambda: [ROOM])
    members: list[str] = field(default_factory=lambda: [BOT, "@anna:example.org"])
    state: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    posted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = {
            "id": BOT,
            "access_token": TOKEN,
            "device_id": DEVICE,
            "enabled": True,
            "sync": False,
            "autojoin": False,
            "instances": [{"type": "io.calbot"}],
        }
        self.others = [{**self.client, "id": "@echo:example.org", "instances": [{"type": "xyz.maubot.echo"}]}]
        self.state = {
            "m.room.create": {
                "type": "m.room.create",
                "sender": "@anna:example.org",
                "content": {"room_version": "11"},
            },
            "m.room.encryption": {"algorithm": "m.megolm.v1.aes-sha2"},
            "m.room.power_levels": {"users": {"@anna:example.org": 100}},
            "m.room.join_rules": {"join_rule": "invite"},
        }
        signatures = {BOT: {f"ed25519:{DEVICE}": "x", "ed25519:SSK": "y"}}
        self.keys = {
            "device_keys": {BOT: {DEVICE: {"keys": {}, "signatures": signatures}}},
            "self_signing_keys": {BOT: {"keys": {"ed25519:SSK": "SSK"}}},
        }

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        ours = request.path.startswith("/_matrix/maubot/")
        if request.method != "GET":
            self.posted.append(request.path)
        if request.headers.get("Authorization") != f"Bearer {MAUBOT_TOKEN if ours else TOKEN}":
            return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": ""}, status=401)
        found = self.found(request.path)
        if found is None:
            return web.json_response({"errcode": "M_NOT_FOUND", "error": ""}, status=404)
        return web.json_response(found)

    def found(self, path: str) -> Any:
        if path.endswith("/v1/clients"):
            return [*self.others, {"homeserver": self.url, **self.client}]
        if path.endswith("/versions"):
            return {"versions": ["v1.11"]}
        if path.endswith("/whoami"):
            return {"user_id": BOT, **({"device_id": self.device} if self.device else {})}
        if path.endswith("/keys/query"):
            return self.keys
        if path.endswith("/joined_rooms"):
            return {"joined_rooms": self.joined}
        if path.endswith("/joined_members"):
            return {"joined": {member: {"display_name": None} for member in self.members}}
        return self.state.get(path.partition("/state/")[2].strip("/"))

    async def check(self, *options: str) -> tuple[int, list[str]]:
        """Without what is found of the calendar server, which is not there."""
        out = io.StringIO()
        code = await asyncio.to_thread(main, ["-", "--lang", "en", *options], io.StringIO(FILE), out)
        lines = [line for line in out.getvalue().splitlines() if not line.startswith("accounts.city:")]
        assert TOKEN not in out.getvalue()
        return code, lines


@pytest.fixture
async def matrix(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Matrix]:
    monkeypatch.setenv("CALBOT_TOKEN", TOKEN)
    monkeypatch.setenv("MAUBOT_TOKEN", MAUBOT_TOKEN)
    matrix = Matrix()
    async with TestServer(matrix.app()) as running:
        matrix.url = str(running.make_url("/")).rstrip("/")
        yield matrix


async def test_all_is_well_and_nothing_is_changed(matrix: Matrix) -> None:
    assert (await matrix.check("--maubot", matrix.url))[1] == []
    assert (await matrix.check("--homeserver", matrix.url))[1] == []
    assert matrix.posted == ["/_matrix/client/v3/keys/query"] * 2


async def test_nobody_is_asked_without_an_address(matrix: Matrix) -> None:
    assert (await matrix.check())[1] == []
    assert matrix.posted == []


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"sync": True}, "sync", "messages can be lost"),
        ({"autojoin": True}, "autojoin", "not allowed"),
        ({"enabled": False}, "", "switched off"),
        ({"device_id": ""}, "device_id", "no device of its own"),
    ],
)
async def test_a_client_that_is_set_up_otherwise(matrix: Matrix, change: dict[str, Any], path: str, words: str) -> None:
    matrix.client |= change
    code, (line,) = await matrix.check("--maubot", matrix.url)
    assert code == 1
    assert line.startswith(f"maubot.{BOT}{path and '.'}{path}: ")
    assert words in line


async def test_which_client(matrix: Matrix) -> None:
    matrix.others[0]["instances"] = [{"type": "io.calbot"}]
    _, lines = await matrix.check("--maubot", matrix.url)
    assert lines == [
        "maubot: several clients have an instance of calbot; name one by `--client`: "
        "@echo:example.org, @calbot:example.org"
    ]
    assert (await matrix.check("--maubot", matrix.url, "--client", BOT))[1] == []
    _, (line,) = await matrix.check("--maubot", matrix.url, "--client", "@nobody:example.org")
    assert line.startswith("maubot: no client in maubot")


async def test_tokens_that_are_wrong_or_missing(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAUBOT_TOKEN", "falsch")
    monkeypatch.setenv("CALBOT_TOKEN", "falsch")
    assert (await matrix.check("--maubot", matrix.url))[1][0].startswith("maubot: maubot does not accept the token")
    _, (line,) = await matrix.check("--homeserver", matrix.url)
    assert line.startswith("homeserver: the homeserver does not accept the token")
    monkeypatch.delenv("MAUBOT_TOKEN")
    monkeypatch.delenv("CALBOT_TOKEN")
    missing = "there is no environment variable {} with the token"
    assert (await matrix.check("--maubot", matrix.url))[1] == [f"maubot: {missing.format('MAUBOT_TOKEN')}"]
    assert (await matrix.check("--homeserver", matrix.url))[1] == [f"homeserver: {missing.format('CALBOT_TOKEN')}"]


async def test_servers_that_are_not_there(matrix: Matrix, unused_tcp_port: int) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    assert (await matrix.check("--maubot", nowhere))[1][0].startswith("maubot: maubot cannot be reached")
    assert (await matrix.check("--homeserver", nowhere))[1][0].startswith(
        "homeserver: the homeserver cannot be reached"
    )


async def test_devices(matrix: Matrix) -> None:
    matrix.keys["device_keys"][BOT][DEVICE]["signatures"][BOT].pop("ed25519:SSK")
    _, (line,) = await matrix.check("--homeserver", matrix.url)
    assert line.startswith(f"homeserver.{BOT}.{DEVICE}: note: the device is not verified")
    matrix.keys["device_keys"] = {}
    _, (line,) = await matrix.check("--homeserver", matrix.url)
    assert line.startswith(f"homeserver.{BOT}.{DEVICE}: the device has no keys")
    matrix.device = ""
    _, (line,) = await matrix.check("--homeserver", matrix.url)
    assert line.startswith(f"homeserver.{BOT}: the account has no device of its own")


async def test_rooms(matrix: Matrix) -> None:
    place = f'rooms["{ROOM}"]: '
    matrix.members.append("@mallory:evil.example")
    assert "servers in this room that are not allowed" in (await matrix.check("--homeserver", matrix.url))[1][0]
    matrix.members.pop()
    matrix.state["m.room.join_rules"] = {"join_rule": "public"}
    matrix.state["m.room.power_levels"] = {"events": {"m.room.encrypted": 50}}
    _, lines = await matrix.check("--homeserver", matrix.url)
    assert lines == [
        f"{place}the bot may not write here; give it the power level 50",
        f"{place}This room is public, so I say nothing about the calendar here.",
    ]
    del matrix.state["m.room.encryption"]
    assert (await matrix.check("--homeserver", matrix.url))[1][0].startswith(f"{place}note: the room is not encrypted")
    matrix.joined.clear()
    assert (await matrix.check("--homeserver", matrix.url))[1] == [f"{place}the bot is not in this room; invite {BOT}"]
