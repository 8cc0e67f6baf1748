"""HTTP as calendar servers need it: nothing retried, followed or unpacked behind our back, and every answer bounded in
time and size."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from multidict import CIMultiDictProxy
from yarl import URL

from calbot.core.settings import Account
from calbot.errors import CalendarUnavailable

from .errors import TooLarge, translated, unavailable

LARGEST: Final = 32 * 1024 * 1024  # octets of an answer, unpacked
_CONNECT: Final = 10.0  # seconds for a connection to come about, at most
_CONTENT_TYPE: Final = {"REPORT": "application/xml; charset=utf-8", "PROPFIND": "application/xml; charset=utf-8"}
# A compressed answer has a weak ETag, and then nothing protects against overwriting.
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "calbot", "Accept": "*/*"}
# A server may close a connection just as it is used again. The library then sends once more what it takes to be
# repeatable, which writing is not for us, and does not know of these, which are.
_WRITING: Final = frozenset({"PUT", "DELETE"})
_READING: Final = frozenset({"PROPFIND", "REPORT"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def error(self) -> CalendarUnavailable:
        return unavailable(self.status, self.headers, datetime.now(timezone.utc))


class _Unanswered(aiohttp.ClientConnectionError):
    """In place of what would have the library send a request again by itself."""


async def _only_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Never repeat a PUT blindly: whether it was done is for the caller to find out."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # it was not even sent
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Unanswered from error


_ONCE: Final = (_only_once,)


class Transport:
    """The connections of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._timeout = aiohttp.ClientTimeout(total=account.timeout, sock_connect=min(_CONNECT, account.timeout))
        self._opening = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._proxies: Mapping[str, str] = {}

    async def send(self, method: str, url: URL, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, list[str]]:
        """One answer, and the challenges in it if it is a 401. CalendarUnavailable where none came."""
        session = self._session or await self._open()
        given = dict(headers)
        if method in _CONTENT_TYPE:
            given.setdefault("Content-Type", _CONTENT_TYPE[method])
        with translated():
            try:
                return await self._send(session, method, url, body, given)
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
                if method not in _READING or isinstance(error, aiohttp.ClientConnectorError):
                    raise
                return await self._send(session, method, url, body, given)

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _send(
        self, session: aiohttp.ClientSession, method: str, url: URL, body: bytes, headers: Mapping[str, str]
    ) -> tuple[Answer, list[str]]:
        async with session.request(
            method,
            url,
            data=body or None,
            headers=headers,
            allow_redirects=False,
            proxy=self._proxies.get(url.scheme) if self._proxies else None,
            middlewares=_ONCE if method in _WRITING else None,
        ) as response:
            answer = Answer(response.status, response.headers, await _read(response))
            return answer, response.headers.getall("WWW-Authenticate", []) if response.status == 401 else []

    async def _open(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                # Certificates are files, and proxies may be in a registry.
                tls = await asyncio.to_thread(_tls, self._account.ca_file)
                self._proxies = await asyncio.to_thread(_proxies, self._account.url)
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0, ssl=tls),
                    headers=_HEADERS,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=self._timeout,
                    auto_decompress=False,
                )
            return self._session


def wire_url(url: str) -> URL:
    """As it is where it can be: servers spell hrefs in ways that a library would correct."""
    plain = url.isascii() and url.isprintable() and " " not in url
    return URL(url, encoded=plain)


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise CalendarUnavailable("calendar_ca_file") from error


def _proxies(url: str) -> Mapping[str, str]:
    """As the environment says."""
    host = URL(url).host or ""
    return {} if proxy_bypass(host) else {kind: at for kind, at in getproxies().items() if kind in ("http", "https")}


async def _read(response: ClientResponse) -> bytes:
    """The body, unpacked if a server packs it without being asked to; TooLarge as soon as it is."""
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed in ("", "identity"):
        if response.content_length is not None and response.content_length <= LARGEST:
            return await response.read()  # it keeps to that
        unpack = None
    elif packed in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(32 + zlib.MAX_WBITS)  # gzip or zlib, as it comes
    else:
        raise CalendarUnavailable("calendar_nonsense")
    parts: list[bytes] = []
    left = LARGEST
    async for chunk in response.content.iter_any():
        try:
            part = chunk if unpack is None else unpack.decompress(chunk, left + 1)
        except zlib.error as error:
            raise CalendarUnavailable("calendar_nonsense") from error
        left -= len(part)
        if left < 0:
            response.close()
            raise TooLarge
        parts.append(part)
    return b"".join(parts)
