"""A CalDAV server that does whatever a test needs, wrong things above all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261123T120000Z\r\n"
    "DTSTART:20261124T130000Z\r\nSUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class FaultyServer:
    """`handlers` by method, asked in turn with the last one staying; `seen`: what came in."""

    url: str
    handlers: dict[str, list[Handler]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    runner: web.ServerRunner | None = None

    @property
    def open_connections(self) -> int:
        served = self.runner.server if self.runner else None
        return len(served.connections) if isinstance(served, web.Server) else 0

    async def all_closed(self) -> None:
        while self.open_connections:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)

    def on(self, method: str, *handlers: Handler) -> None:
        self.handlers[method] = list(handlers)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        self.bodies.append(await request.text())
        self.headers.append(dict(request.headers))
        handlers = self.handlers.get(request.method)
        if not handlers:
            return web.Response(status=404)
        return await (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)


@asynccontextmanager
async def faulty_server() -> AsyncIterator[FaultyServer]:
    server = FaultyServer("")
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    server.runner = runner
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}/cal/team/"
    try:
        yield server
    finally:
        await runner.cleanup()


def answers(status: int, body: str | bytes = "", **headers: str) -> Handler:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else body.encode()
        return web.Response(status=status, body=data, headers=named)

    return handler


def multistatus(*responses: str, token: str | None = None) -> Handler:
    return answers(207, multistatus_body(*responses, token=token), Content_Type="application/xml; charset=utf-8")


def multistatus_body(*responses: str, token: str | None = None) -> str:
    tail = f"<d:sync-token>{token}</d:sync-token>" if token else ""
    return (
        '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f"{''.join(responses)}{tail}</d:multistatus>"
    )


def found(href: str, etag: str = '"1"', data: str = "") -> str:
    calendar_data = f"<c:calendar-data>{data}</c:calendar-data>" if data else ""
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:getetag>{etag}</d:getetag>{calendar_data}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def gone(href: str, status: int = 404) -> str:
    return f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status} X</d:status></d:response>"


def condition(status: int, name: str) -> Handler:
    return answers(
        status, f'<?xml version="1.0"?><error xmlns="DAV:"><{name}/></error>', Content_Type="application/xml"
    )


def hangs(release: asyncio.Event) -> Handler:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        await release.wait()
        return web.Response(status=500)

    return handler


async def cuts(request: web.BaseRequest) -> web.StreamResponse:
    """The answer is lost on its way."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def trickles(release: asyncio.Event) -> Handler:
    """A body that goes on and on, a byte at a time."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=207)
        await response.prepare(request)
        while not release.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    return handler
