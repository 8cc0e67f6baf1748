"""A CalDAV server made of pages: what lies where, and who asked for it with which login."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from .faulty import Handler, answers, multistatus

CALENDAR = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
COLLECTION = "<d:resourcetype><d:collection/></d:resourcetype>"


@dataclass
class Site:
    """`pages` by method and path; whatever is not there is not found. `seen` as method, path and Authorization."""

    root: str = ""
    pages: dict[tuple[str, str], Handler] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.seen]

    def on(self, method: str, path: str, handler: Handler) -> None:
        self.pages[method, path] = handler

    def resource(self, path: str, *properties: str) -> None:
        """What a PROPFIND says of a path."""
        self.on("PROPFIND", path, multistatus(response(path, *properties)))

    def redirect(self, path: str, location: str, status: int = 301, methods: tuple[str, ...] = ("PROPFIND",)) -> None:
        for method in methods:
            self.on(method, path, answers(status, Location=location))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((request.method, request.rel_url.raw_path, request.headers.get("Authorization", "")))
        page = self.pages.get((request.method, request.rel_url.raw_path))
        return web.Response(status=404) if page is None else await page(request)


def response(path: str, *properties: str) -> str:
    return (
        f"<d:response><d:href>{path}</d:href><d:propstat><d:prop>{''.join(properties)}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def hrefs(name: str, *urls: str) -> str:
    return f"<{name}>{''.join(f'<d:href>{url}</d:href>' for url in urls)}</{name}>"


@asynccontextmanager
async def site(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Site]:
    served = Site()
    runner = web.ServerRunner(web.Server(served.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    served.root = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()
