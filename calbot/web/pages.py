"""The pages: who may see what, and how it is sent."""

from __future__ import annotations

import asyncio
import gzip
import hmac
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from email.utils import format_datetime
from logging import Logger
from typing import Final

from aiohttp import web
from aiohttp.web_urldispatcher import UrlDispatcher
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from calbot import faults
from calbot.errors import ChatUnavailable, StorageUnavailable
from calbot.secret_values import SecretMissing, reveal
from calbot.services import subscribing, watching
from calbot.services.pages import Page
from calbot.services.tally import FeedOutcome
from calbot.services.world import World

from .limits import GUESSES, Addresses, address_of
from .metrics import exposition

_RETRY: Final = "60"  # seconds
_BEARER: Final = "Bearer "
_SAFE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}

_Answer = Callable[[web.Request, World], Awaitable[web.Response]]


class _TooMany(Exception):
    """An address has had its share."""


class Pages:
    """`world` is replaced when the settings change."""

    def __init__(self, world: World, log: Logger) -> None:
        self._world = world
        self._log = log
        self._addresses = Addresses()
        self._guesses = Addresses(GUESSES)

    def switch(self, world: World) -> None:
        self._world = world

    def register(self, webapp: UrlDispatcher) -> None:
        """HEAD is answered as well."""
        webapp.add_get("/health", self._guarded(self._health))
        webapp.add_get("/metrics", self._guarded(self._metrics))
        webapp.add_get("/feed/{secret}.ics", self._guarded(self._feed))

    def _guarded(self, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        """No address gets more than its share, and nobody what an exception says."""

        async def handle(request: web.Request) -> web.Response:
            world = self._world
            try:
                self._admit(self._addresses, request, world)
                response = await answer(request, world)
            except _TooMany:
                world.tally.feed_requests[FeedOutcome.LIMITED] += "secret" in request.match_info
                response = web.Response(status=429, headers={**_NOT_KEPT, "Retry-After": _RETRY})
            except Exception as error:  # noqa: BLE001 - a border: what it says must not get out
                self._log.error("a page could not be served\n%s", faults.of(error))
                response = web.Response(status=500, headers=_NOT_KEPT)
            response.headers.update(_SAFE)
            return response

        return handle

    def _admit(self, addresses: Addresses, request: web.Request, world: World) -> None:
        forwarded = request.headers.getall("X-Forwarded-For", ())
        if not addresses.admit(address_of(request.remote, forwarded), world.clock()):
            raise _TooMany

    async def _health(self, request: web.Request, world: World) -> web.Response:
        sight = await watching.look(world)
        body: dict[str, object] = {"status": "unhealthy" if sight.findings else "healthy"}
        if await self._is_trusted(request, world):
            catalog = world.catalogs[world.settings.defaults.language]
            body["reasons"] = [
                {"code": one.check.value, "text": catalog.text(f"health.{one.check.value}", **one.params)}
                for one in sight.findings
            ]
        return web.json_response(body, status=503 if sight.findings else 200, headers=_NOT_KEPT)

    async def _metrics(self, request: web.Request, world: World) -> web.Response:
        if not await self._is_trusted(request, world):
            return web.Response(status=401, headers={**_NOT_KEPT, "WWW-Authenticate": "Bearer"})
        text = exposition(world, await watching.look(world))
        return web.Response(body=text, headers={**_NOT_KEPT, "Content-Type": CONTENT_TYPE_LATEST})

    async def _is_trusted(self, request: web.Request, world: World) -> bool:
        said = request.headers.get("Authorization", "")
        if not said.startswith(_BEARER):
            return False
        self._admit(self._guesses, request, world)
        token = ""
        with suppress(SecretMissing):
            token = await asyncio.to_thread(reveal, world.settings.web.token)
        return bool(token) and hmac.compare_digest(said[len(_BEARER) :].strip().encode(), token.encode())

    async def _feed(self, request: web.Request, world: World) -> web.Response:
        requests = world.tally.feed_requests
        try:
            page = await subscribing.page(world, request.match_info["secret"])
        except (ChatUnavailable, StorageUnavailable):
            requests[FeedOutcome.UNAVAILABLE] += 1
            return web.Response(status=503, headers={**_NOT_KEPT, "Retry-After": _RETRY})
        if page is None:
            requests[FeedOutcome.REFUSED] += 1
            return web.Response(status=404, headers=_NOT_KEPT)
        headers = {
            "Cache-Control": "private, no-cache",
            "ETag": page.etag,
            "Last-Modified": format_datetime(page.modified, usegmt=True),
            "Vary": "Accept-Encoding",
        }
        if _has(request, page):
            requests[FeedOutcome.UNCHANGED] += 1
            return web.Response(status=304, headers=headers)
        requests[FeedOutcome.SENT] += 1
        headers["Content-Type"] = "text/calendar; charset=utf-8"
        headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
        if _takes_gzip(request):
            return web.Response(body=page.body, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=await asyncio.to_thread(gzip.decompress, page.body), headers=headers)


def _has(request: web.Request, page: Page) -> bool:
    """Whether the other side has it already (RFC 9110, 13.1: If-None-Match counts before If-Modified-Since)."""
    known = request.if_none_match
    if known is not None:
        return any(tag.value in ("*", page.etag.removeprefix("W/").strip('"')) for tag in known)
    since = request.if_modified_since
    return since is not None and page.modified <= since


def _takes_gzip(request: web.Request) -> bool:
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
