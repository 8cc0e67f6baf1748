"""The forms of `tests/data/commands.tsv`, said to the package: from the sync to the files on a calendar server.

One instance hears them all, in their order. Each form has a room and a person of its own, so that none hears of another
what was said before, and a calendar of its own where something is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from calbot.core.poll_events import POLL_START
from demo import caldav_servers
from demo.package import pack
from demo.process import LOOPBACK, free_port
from demo.stack import ROOT
from tests.services.conftest import BEN, BERLIN, CARLA
from tests.services.test_language import SCENES, WRITTEN, Row, content, rows

from .builds import VERSION
from .conftest import Environment
from .servers import ADMIN, BOT, SENT_TIMEOUT, Homeserver

NOW = datetime(2026, 11, 24, 8, tzinfo=BERLIN)
SERVICE = "svc"
SHARED = "it-team"  # where nothing comes to lie
FENCE = "!meet hilfe"
AT_A_TIME = 8
# What cannot come about here, by what is typed, and why.
_PRIVATE = "people are reminded in encrypted chats only, and this maubot has no encryption"
LEFT_OUT: Mapping[str, str] = {
    "!meet erinnere mich 10m": _PRIVATE,
    "!meet remind me 10m": _PRIVATE,
    **dict.fromkeys(
        ("!meet abo", "!meet Abo neu", "!meet abo erneuern", "!meet feed neu", "!meet abonnement"), _PRIVATE
    ),
    **dict.fromkeys(("abo", "!meet abo neu", "!meet feed", "!meet feed renew", "!meet feed new", "feed"), _PRIVATE),
}
ROWS = [row for row in rows() if row.typed not in LEFT_OUT]
_STATE: Mapping[str, Mapping[str, Any]] = {
    "m.room.create": {"room_version": "11", "creator": ADMIN},
    "m.room.power_levels": {"users": {ADMIN: 100}},
    "m.room.join_rules": {"join_rule": "invite"},
    "m.room.history_visibility": {"history_visibility": "shared"},
}
_NOT_FOUND = {"errcode": "M_NOT_FOUND", "error": "not there"}


@dataclass(frozen=True)
class Place:
    """Where a form is said: a room with Ben, Carla, the bot and somebody, and that person's direct chat."""

    number: int
    row: Row

    def __str__(self) -> str:
        return f"{self.row.locale}-{self.row.scene}-{self.row.typed}".encode("unicode_escape").decode()

    @property
    def room(self) -> str:
        return f"!room{self.number}:example.org"

    @property
    def direct(self) -> str:
        return f"!direct{self.number}:example.org"

    @property
    def person(self) -> str:
        return f"@anna{self.number}:example.org"

    @property
    def calendar(self) -> str:
        return f"{SHARED}-{self.number}" if SCENES[self.row.scene] or self.writes else SHARED

    @property
    def writes(self) -> bool:
        """Whether something else lies on the calendar afterwards."""
        kind, scene = self.row.kind, self.row.scene
        return kind in {"change", "cancelled"} or (kind == "meeting" and scene in {"empty", "asked"})

    @property
    def said_in(self) -> str:
        return self.direct if self.row.scene == "direct" else self.room


@dataclass
class Town(Homeserver):
    """Many rooms, unencrypted. What was said can be asked for, as with other homeservers."""

    rooms: dict[str, list[str]] = field(default_factory=dict)  # members
    log: list[dict[str, Any]] = field(default_factory=list)  # of all rooms, the bot's own included
    not_known: list[str] = field(default_factory=list)  # what was asked that this homeserver does not know

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        app = web.Application()
        root = "/_matrix/client/v3"
        room = f"{root}/rooms/{{room}}"
        v1 = "/_matrix/client/v1/rooms/{room}/relations/{event}"
        app.add_routes(
            [
                web.get("/_matrix/client/versions", self._versions),
                web.get(f"{root}/account/whoami", self._whoami),
                web.post(f"{root}/user/{{user}}/filter", self._filter),
                web.get(f"{root}/profile/{{user}}", self._profile),
                web.get(f"{root}/joined_rooms", self._joined_rooms),
                web.get(f"{root}/sync", self._sync),
                web.put(f"{room}/send/{{type}}/{{txn}}", self._send),
                web.put(f"{room}/redact/{{event}}/{{txn}}", self._redact),
                web.get(f"{room}/event/{{event}}", self._event),
                web.get(f"{room}/state/{{type}}/{{key:.*}}", self._state),
                web.get(f"{room}/members", self._members),
                web.get(f"{room}/joined_members", self._joined),
                web.get(f"{v1}/{{rel}}", self._relations),
                web.get(f"{v1}/{{rel}}/{{type}}", self._relations),
                web.post("/_matrix/media/v3/upload", self._upload),
                web.route("*", "/{path:.*}", self._not_known),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, LOOPBACK, 0)
            await site.start()
            yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def add(self, room: str, sender: str, kind: str, event_content: Mapping[str, Any]) -> str:
        async with self._news:
            event = {
                "event_id": f"$event{len(self.log)}",
                "room_id": room,
                "type": kind,
                "sender": sender,
                "origin_server_ts": int(NOW.timestamp() * 1000) + len(self.log),
                "content": dict(event_content),
            }
            self.log.append(event)
            self._news.notify_all()
        return str(event["event_id"])

    async def says(self, room: str, sender: str, body: str, **further: Any) -> list[Mapping[str, Any]]:
        """What the bot sends in this room until it has answered what is said after this."""
        begin = len(self.log)
        await self.add(room, sender, "m.room.message", _text(body, **further))
        # Somebody else asks, as far as there is somebody: a question of the bot's to this person stays open. An
        # admin, as the number of their commands is not limited.
        other = ADMIN if ADMIN in self.rooms[room] else sender
        fence = await self.add(room, other, "m.room.message", _text(FENCE))

        def is_answer(event: Mapping[str, Any]) -> bool:
            return fence in json.dumps(event["content"])

        await self._until(lambda: any(map(is_answer, self._heard(room, begin))))
        return [event for event in self._heard(room, begin) if not is_answer(event)]

    async def prepares(self, room: str, sender: str, body: str) -> None:
        """Until the bot has begun to answer; anything further said would put a question of the bot's aside."""
        begin = len(self.log)
        await self.add(room, sender, "m.room.message", _text(body))
        await self._until(lambda: bool(self._heard(room, begin)))

    def _heard(self, room: str, begin: int) -> list[Mapping[str, Any]]:
        return [one for one in self.log[begin:] if one["room_id"] == room and one["sender"] == BOT]

    async def _until(self, come: Callable[[], bool]) -> None:
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(come), SENT_TIMEOUT)

    async def _versions(self, _: web.Request) -> web.Response:
        return web.json_response({"versions": ["v1.11"]})

    async def _not_known(self, request: web.Request) -> web.Response:
        self.not_known.append(f"{request.method} {request.path}")
        return web.json_response({"errcode": "M_UNRECOGNIZED", "error": "not known"}, status=404)

    async def _upload(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"content_uri": "mxc://example.org/file"})

    async def _whoami(self, _: web.Request) -> web.Response:
        return web.json_response({"user_id": BOT})

    async def _filter(self, _: web.Request) -> web.Response:
        return web.json_response({"filter_id": "1"})

    async def _profile(self, request: web.Request) -> web.Response:
        return web.json_response({"displayname": _name(request.match_info["user"])})

    async def _joined_rooms(self, _: web.Request) -> web.Response:
        return web.json_response({"joined_rooms": list(self.rooms)})

    async def _sync(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        async with self._news:
            with contextlib.suppress(asyncio.TimeoutError):
                news = self._news.wait_for(lambda: len(self.log) > since)
                await asyncio.wait_for(news, int(request.query["timeout"]) / 1000)
        joined: dict[str, Any] = {}
        for event in self.log[since:]:
            timeline = {"events": [], "limited": False, "prev_batch": str(since)}
            room = joined.setdefault(event["room_id"], {"timeline": timeline})
            room["timeline"]["events"].append({key: event[key] for key in event if key != "room_id"})
        return web.json_response({"next_batch": str(len(self.log)), "rooms": {"join": joined} if joined else {}})

    async def _send(self, request: web.Request) -> web.Response:
        asked = request.match_info
        return web.json_response({"event_id": await self.add(asked["room"], BOT, asked["type"], await request.json())})

    async def _redact(self, request: web.Request) -> web.Response:
        asked = request.match_info
        event = await self.add(asked["room"], BOT, "m.room.redaction", {"redacts": asked["event"]})
        return web.json_response({"event_id": event})

    async def _event(self, request: web.Request) -> web.Response:
        found = [event for event in self.log if event["event_id"] == request.match_info["event"]]
        return web.json_response(found[0]) if found else web.json_response(_NOT_FOUND, status=404)

    async def _relations(self, request: web.Request) -> web.Response:
        target = {"event_id": request.match_info["event"], "rel_type": request.match_info["rel"]}
        found = [
            event
            for event in self.log
            if event["room_id"] == request.match_info["room"]
            and target.items() <= dict(event["content"].get("m.relates_to", {})).items()
        ]
        return web.json_response({"chunk": found})

    async def _state(self, request: web.Request) -> web.Response:
        kind, key = request.match_info["type"], request.match_info["key"]
        state = _STATE.get(kind)
        if kind == "m.room.member" and key in self.rooms[request.match_info["room"]]:
            state = _membership(key)
        if state is None:
            return web.json_response(_NOT_FOUND, status=404)
        whole = {"type": kind, "sender": ADMIN, "state_key": key, "content": state}
        return web.json_response(whole if request.query.get("format") == "event" else state)

    async def _members(self, request: web.Request) -> web.Response:
        members = self.rooms[request.match_info["room"]]
        chunk = [
            {"type": "m.room.member", "state_key": user, "sender": user, "content": _membership(user)}
            for user in members
        ]
        return web.json_response({"chunk": chunk})

    async def _joined(self, request: web.Request) -> web.Response:
        members = self.rooms[request.match_info["room"]]
        return web.json_response({"joined": {user: {"display_name": _name(user)} for user in members}})


def _text(body: str, **further: Any) -> Mapping[str, Any]:
    return {"msgtype": "m.text", "m.mentions": {}, "body": body, **further}


def _name(user: str) -> str:
    """@ben:example.org is called Ben, @anna7:example.org Anna."""
    return re.sub(r"\d", "", user[1:].partition(":")[0]).title()


def _membership(user: str) -> Mapping[str, Any]:
    return {"membership": "join", "displayname": _name(user)}


@dataclass(frozen=True)
class Running:
    """The instance, the homeserver it talks to, and the files of its calendar server."""

    town: Town
    collections: Path

    async def says(self, place: Place, body: str, **further: Any) -> list[Mapping[str, Any]]:
        return await self.town.says(place.said_in, place.person, body, **further)

    def lying(self, place: Place) -> dict[str, str]:
        return {one.name: one.read_text("utf-8") for one in (self.collections / place.calendar).glob("*.ics")}


PLACES = [Place(number, row) for number, row in enumerate(ROWS)]


def _settings(calendars: str) -> str:
    names = sorted({place.calendar for place in PLACES})
    settings = {
        "command_prefix": "!meet",
        "admins": [ADMIN],
        "accounts": {"city": {"url": calendars, "username": SERVICE, "password": "secret"}},
        "calendars": {name: {"account": "city", "url": f"{calendars}{SERVICE}/{name}/"} for name in names},
        "rooms": {place.room: {"calendars": [place.calendar], "language": place.row.locale} for place in PLACES},
        "people": {"address_template": "{localpart}@example.org"},
        "sync": {"interval": "1d", "max_interval": "1d"},
    }
    return json.dumps(settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def instance(tmp_path_factory: pytest.TempPathFactory, environment: Environment) -> AsyncIterator[Running]:
    """Started, with all that was said before the forms."""
    directory = tmp_path_factory.mktemp("forms")
    collections = directory / "radicale" / "collections" / "collection-root" / SERVICE
    for place in PLACES:
        (collections / place.calendar).mkdir(parents=True, exist_ok=True)
        (collections / place.calendar / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
    package = directory / f"io.calbot-v{VERSION}.mbp"
    package.write_bytes(pack(ROOT))
    port = free_port()
    calendars, settings = f"http://{LOOPBACK}:{port}/", directory / "settings.json"
    settings.write_text(_settings(calendars), encoding="utf-8")
    town = Town()
    for place in PLACES:
        town.rooms[place.room] = [ADMIN, place.person, BEN, CARLA, BOT]
        town.rooms[place.direct] = [place.person, BOT]
    radicale = caldav_servers.radicale(directory / "radicale", port, passwords={SERVICE: "secret"}, shared=SERVICE)
    async with town.run() as homeserver, radicale:
        with (directory / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.package.one_instance"),
                *(str(package), homeserver, calendars, str(settings), NOW.astimezone(timezone.utc).isoformat()),
                cwd=ROOT,
                env=environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 30) == b"started\n"
            running = Running(town, collections)
            await _prepare(running)
            yield running
            out, _ = await asyncio.wait_for(process.communicate(b""), 30)
            report = json.loads(out)
            assert process.returncode == 0
            assert (report["errors"], report["unraisable"], town.not_known) == ([], [], [])
            assert all(f"/{package.name}/calbot/" in file for file in report["modules"].values())
        finally:
            sys.stderr.write((directory / "log").read_text())
            if process.returncode is None:
                process.kill()
                await process.communicate()


async def _prepare(running: Running) -> None:
    turn = asyncio.Semaphore(AT_A_TIME)

    async def prepare(place: Place) -> None:
        async with turn:
            for before in SCENES[place.row.scene]:
                await running.town.prepares(place.said_in, place.person, before)

    await asyncio.gather(*map(prepare, PLACES))


def test_what_is_left_out_is_in_the_table() -> None:
    assert {row.typed for row in rows()} >= LEFT_OUT.keys()
    assert len(ROWS) >= 200


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_forms(instance: Running, place: Place) -> None:
    row = place.row
    lying = instance.lying(place)
    body, formatted = content(row.typed)
    said = await instance.says(place, body, **formatted)
    kind, _, code = row.kind.partition(":")
    texts = [event["content"].get("body", "") for event in said]
    if kind == "nothing":
        assert said == [], texts
    elif kind == "poll_start":
        polls = [event for event in said if event["type"] == POLL_START]
        assert len(polls) == 1, texts
        assert all(fragment in str(polls[0]["content"]) for fragment in row.contains)
    else:
        messages = [event["content"].get("m.new_content", event["content"]) for event in said]
        answers = [message for message in messages if "body" in message]
        answer = next((one for one in answers if one["io.calbot"].get("kind") == kind), answers[-1])
        part = answer["io.calbot"]
        assert (part.get("kind"), part.get("code", "")) == (kind, code), texts
        assert [fragment for fragment in row.contains if fragment not in answer["body"]] == [], texts
    if kind not in WRITTEN:
        assert instance.lying(place) == lying
    elif place.writes:
        assert instance.lying(place) != lying
