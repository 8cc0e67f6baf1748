"""A proxy between the bot and one of its servers, to do something at the instant between a request and its answer.

What a crash at the wrong moment looks like: the server has done what was asked, and the bot never learns of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from demo.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from types import TracebackType

Action = Callable[[], Awaitable[None]]
# What concerns one connection only (RFC 9110, 7.6.1), and what the two HTTP libraries write themselves.
_NOT_FORWARDED = frozenset(
    {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}
)


@dataclass(slots=True)
class Interception:
    """One request to come, and what is done between it and its answer."""

    method: str
    path: re.Pattern[str]
    action: Action
    passed: list[str] = field(default_factory=list)
    _happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def happen(self) -> None:
        await self.action()
        self._happened.set()

    async def wait(self, *, timeout: float = 60.0) -> None:
        """Until the action is done; an assertion that names the requests seen instead if that takes too long."""
        try:
            await asyncio.wait_for(self._happened.wait(), timeout)
        except asyncio.TimeoutError:
            seen = "; ".join(self.passed[-20:]) or "nothing"
            raise AssertionError(f"no {self.method} like {self.path.pattern} in {timeout:g} s; seen: {seen}") from None


class Interceptor:
    """`async with Interceptor(url) as between:` forwards everything to `url`; `between.url` is what the bot gets."""

    def __init__(self, target: str) -> None:
        self._target = target.rstrip("/")
        self._port = free_port()
        self._waiting: list[Interception] = []
        self._late: list[tuple[re.Pattern[str], asyncio.Event]] = []
        self._delivering: set[asyncio.Task[web.Response]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def once_done(self, method: str, path: str, action: Action) -> Interception:
        """When the server has answered the next request like this, run the action, then drop the answer.

        `path` is searched in the path as it was sent, escapes included. The bot sees a broken connection, if it is
        still there to see it.
        """
        interception = Interception(method, re.compile(path), action)
        self._waiting.append(interception)
        return interception

    def deliver_late(self, path: str) -> asyncio.Event:
        """Requests like this are answered `{}` at once, and reach the server only when the event is set."""
        released = asyncio.Event()
        self._late.append((re.compile(path), released))
        return released

    async def __aenter__(self) -> Interceptor:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        app = web.Application(client_max_size=100 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._delivering:
            task.cancel()
        await asyncio.gather(*self._delivering, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        for path, released in self._late:
            if path.search(request.raw_path) and not released.is_set():
                task = asyncio.create_task(self._ask_after(released, request, body), name="late request")
                self._delivering.add(task)
                return web.json_response({})
        answer = await self._ask(request, body)
        for interception in list(self._waiting):
            if interception.method == request.method and interception.path.search(request.raw_path):
                self._waiting.remove(interception)
                await interception.happen()
                if request.transport:
                    request.transport.abort()
                break
            interception.passed.append(f"{request.method} {request.raw_path}")
        return answer

    async def _ask_after(self, released: asyncio.Event, request: web.Request, body: bytes) -> web.Response:
        await released.wait()
        return await self._ask(request, body)

    async def _ask(self, request: web.Request, body: bytes) -> web.Response:
        if self._session is None:
            raise web.HTTPServiceUnavailable
        async with self._session.request(
            request.method,
            # As it came: escaped parts of the path mean something else unescaped.
            f"{self._target}{request.raw_path}",
            data=body,
            headers={name: value for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED},
            allow_redirects=False,
        ) as answer:
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_FORWARDED}
            if encoding := answer.headers.get("Content-Encoding"):
                headers["Content-Encoding"] = encoding
            return web.Response(status=answer.status, body=await answer.read(), headers=headers)
