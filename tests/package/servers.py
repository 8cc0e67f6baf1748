"""A homeserver and a calendar server, as far as the plugin's package asks them; what is said and heard is one room.

They run in the test's process, so that the process with maubot in it holds its own connections only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

ROOM = "!room:example.org"
BOT, ANNA, ADMIN = "@calbot:example.org", "@anna:example.org", "@admin:example.org"
SENT_TIMEOUT = 15.0

_STATE: Mapping[str, Mapping[str, Any]] = {
    "m.room.create": {"room_version": "11", "creator": ADMIN},
    "m.room.power_levels": {"users": {ADMIN: 100}},
    "m.room.join_rules": {"join_rule": "invite"},
    "m.room.history_visibility": {"history_visibility": "shared"},
}
_MULTISTATUS = '<multistatus xmlns="DAV:"><sync-token>http://example.org/1</sync-token></multistatus>'


@contextlib.asynccontextmanager
async def _serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Homeserver:
    """One unencrypted room with Admin, Anna and the bot. Below `/test` lies what people do and see there."""

    events: list[Mapping[str, Any]] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        app = web.Application()
        app.add_routes(
            [
                web.post("/test/say", self._say),
                web.get("/test/sent", self._show_sent),
                web.get("/_matrix/client/versions", _always({"versions": ["v1.11"]})),
                web.get("/_matrix/client/v3/account/whoami", _always({"user_id": BOT})),
                web.post("/_matrix/client/v3/user/{user}/filter", _always({"filter_id": "1"})),
                web.get("/_matrix/client/v3/profile/{user}", _always({"displayname": "Kalender"})),
                web.get("/_matrix/client/v3/sync", self._sync),
                web.put("/_matrix/client/v3/rooms/{room}/send/{type}/{txn}", self._send),
                web.get("/_matrix/client/v3/rooms/{room}/state/{type}/{key:.*}", _state),
                web.get(
                    "/_matrix/client/v3/rooms/{room}/members",
                    _always({"chunk": [_member(user) for user in (ADMIN, ANNA, BOT)]}),
                ),
                web.get(
                    "/_matrix/client/v3/rooms/{room}/joined_members",
                    _always({"joined": {ADMIN: {}, ANNA: {}, BOT: {}}}),
                ),
            ]
        )
        app.on_response_prepare.append(_close_afterwards)
        async with _serving(app) as url:
            yield url

    async def _say(self, request: web.Request) -> web.Response:
        said = await request.json()
        event = {
            "event_id": f"$said-{len(self.events)}",
            "type": "m.room.message",
            "sender": said["sender"],
            "origin_server_ts": int(datetime.now(timezone.utc).timestamp() * 1000),
            "content": {"msgtype": "m.text", "body": said["body"]},
        }
        async with self._news:
            self.events.append(event)
            self._news.notify_all()
        return web.json_response({})

    async def _show_sent(self, request: web.Request) -> web.Response:
        """What the bots have said, as soon as it is that much; what there is, if it stays less."""
        async with self._news:
            with contextlib.suppress(asyncio.TimeoutError):
                enough = self._news.wait_for(lambda: len(self.sent) >= int(request.query["count"]))
                await asyncio.wait_for(enough, SENT_TIMEOUT)
        return web.json_response(self.sent)

    async def _sync(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        async with self._news:
            with contextlib.suppress(asyncio.TimeoutError):
                news = self._news.wait_for(lambda: len(self.events) > since)
                await asyncio.wait_for(news, int(request.query["timeout"]) / 1000)
        timeline = {"events": self.events[since:], "limited": False, "prev_batch": str(since)}
        rooms = {"join": {ROOM: {"timeline": timeline}}} if timeline["events"] else {}
        return web.json_response({"next_batch": str(len(self.events)), "rooms": rooms})

    async def _send(self, request: web.Request) -> web.Response:
        content = await request.json()
        async with self._news:
            self.sent.append(content)
            self._news.notify_all()
        return web.json_response({"event_id": f"$sent-{len(self.sent)}"})


class CalendarServer:
    """Collections that are empty; what is asked of those below `/hangs/` is never answered."""

    def __init__(self) -> None:
        self._asked = 0
        self._news = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("GET", "/test/asked/{count}", self._show_asked)
        app.router.add_route("*", "/hangs/{path:.*}", self._hang)
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with _serving(app) as url:
            yield url

    async def _answer(self, request: web.Request) -> web.Response:
        status = 207 if request.method in {"REPORT", "PROPFIND"} else 404
        return web.Response(status=status, text=_MULTISTATUS, content_type="application/xml")

    async def _hang(self, request: web.Request) -> web.Response:
        async with self._news:
            self._asked += 1
            self._news.notify_all()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def _show_asked(self, request: web.Request) -> web.Response:
        """Answered when so many requests have been left without an answer."""
        async with self._news:
            enough = self._news.wait_for(lambda: self._asked >= int(request.match_info["count"]))
            await asyncio.wait_for(enough, SENT_TIMEOUT)
        return web.Response()


async def _state(request: web.Request) -> web.Response:
    content = _STATE.get(request.match_info["type"])
    if content is None:
        return web.json_response({"errcode": "M_NOT_FOUND", "error": "no such state"}, status=404)
    if request.query.get("format") == "event":
        return web.json_response({"type": request.match_info["type"], "sender": ADMIN, "content": content})
    return web.json_response(content)


async def _close_afterwards(request: web.Request, response: web.StreamResponse) -> None:
    """The bot's connections to its homeserver are maubot's: none shall wait there for the next request."""
    response.headers["Connection"] = "close"
    response.force_close()


def _member(user: str) -> Mapping[str, Any]:
    content = {"membership": "join", "displayname": user}
    return {"type": "m.room.member", "state_key": user, "sender": user, "content": content}


def _always(answer: Mapping[str, Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answer)

    return handle
