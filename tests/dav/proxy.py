"""Between the bot and a real calendar server, where everything that goes wrong on a network can be made to happen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "host", "date", "server"})


@dataclass
class Exchange:
    """One request on its way."""

    request: web.BaseRequest
    body: bytes
    forward: Callable[[], Awaitable[web.Response]]

    def cut(self) -> web.StreamResponse:
        """The connection is gone, and nobody knows why."""
        assert self.request.transport is not None
        self.request.transport.abort()
        return web.Response()


Fault = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass
class FaultProxy:
    """`seen`: what came in, by method and path. Nothing is wrong until `breaks` says so."""

    target: str
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    _http: aiohttp.ClientSession | None = None
    _faults: list[tuple[Fault, frozenset[str], str, int | None]] = field(default_factory=list)

    def breaks(self, fault: Fault, *methods: str, path: str = "", times: int | None = None) -> None:
        """From now on, for these methods (or all) and paths that hold that, as often or until it is mended."""
        self._faults.append((fault, frozenset(methods), path, times))

    def mends(self) -> None:
        self._faults.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        body = await request.read()
        exchange = Exchange(request, body, lambda: self._forward(request, body))
        for number, (fault, methods, path, times) in enumerate(self._faults):
            if (not methods or request.method in methods) and path in request.path:
                if times is not None:
                    self._faults[number : number + 1] = [(fault, methods, path, times - 1)] if times > 1 else []
                return await fault(exchange)
        return await exchange.forward()

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert self._http is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = URL(f"{self.target}{request.raw_path}", encoded=True)
        async with self._http.request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            return web.Response(status=answer.status, body=content, headers=kept)


@asynccontextmanager
async def fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    """`target`: scheme, host and port of a real server."""
    proxy = FaultProxy(target.rstrip("/"))
    runner = web.ServerRunner(web.Server(proxy.handle), shutdown_timeout=0.1)
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        proxy._http = http
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()


# -------------------------------------------------------------------------------------------------------------- faults


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    """The server answers that, and does nothing."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return fault


async def cut(exchange: Exchange) -> web.StreamResponse:
    """The request does not arrive."""
    return exchange.cut()


async def lost(exchange: Exchange) -> web.StreamResponse:
    """The request arrives and is done; the answer does not come back."""
    await exchange.forward()
    return exchange.cut()


def delayed(seconds: float) -> Fault:
    """Done at once, but the answer takes its time."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.forward()
        await asyncio.sleep(seconds)
        return answer

    return fault


async def truncated(exchange: Exchange) -> web.StreamResponse:
    """Half of the body, as if that were all."""
    answer = await exchange.forward()
    body = answer.body if isinstance(answer.body, bytes) else b""
    answer.body = body[: len(body) // 2]
    return answer


async def broken_off(exchange: Exchange) -> web.StreamResponse:
    """Half of the body, then nothing of what was announced."""
    answer = await exchange.forward()
    body = answer.body if isinstance(answer.body, bytes) else b""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.headers["Content-Length"] = str(len(body) or 10)
    await response.prepare(exchange.request)
    await response.write(body[: len(body) // 2])
    return exchange.cut()


def slow_bytes(pause: float) -> Fault:
    """A byte at a time."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.forward()
        body = answer.body if isinstance(answer.body, bytes) else b""
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.headers["Content-Length"] = str(len(body) or 1_000)
        await response.prepare(exchange.request)
        for byte in body or b" " * 1_000:
            await response.write(bytes([byte]))
            await asyncio.sleep(pause)
        return response

    return fault


async def garbage(exchange: Exchange) -> web.StreamResponse:
    """Something else altogether, said with confidence."""
    status = {"PUT": 200, "DELETE": 200, "GET": 200}.get(exchange.request.method, 207)
    return web.Response(status=status, body=b"<html><body>\xff\xfe Welcome!</body></html>", content_type="text/html")


async def wrong_etags(exchange: Exchange) -> web.StreamResponse:
    """The ETags are those of something else."""
    answer = await exchange.forward()
    if "ETag" in answer.headers:
        answer.headers["ETag"] = '"wrong"'
    body = answer.body if isinstance(answer.body, bytes) else b""
    answer.body = re.sub(rb"(<(?:\w+:)?getetag[^>]*>)[^<]*(<)", rb'\1"wrong"\2', body)
    return answer
