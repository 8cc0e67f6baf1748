"""Requests to the homeserver, with time-outs, and with its refusals as `calbot.errors`.

The session, address and token are those of maubot's client. Its own request method is not used: it has no time-out,
drops what a 429 says about when to come back, and logs bodies, which here would be people's appointments.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from mautrix.client import Client
from mautrix.errors import MatrixError, MForbidden
from yarl import URL

from calbot.core.model import RoomId
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, UserError

# What failed requests of mautrix's raise.
MAUTRIX_REQUEST_ERRORS = (MatrixError, asyncio.TimeoutError)

_CLIENT = "/_matrix/client"
_PART = 64 * 1024  # bytes of a download read at a time
_REFUSAL_SIZE = 64 * 1024

_T = TypeVar("_T")


class Missing(ChatForbidden):
    """M_NOT_FOUND: the server knows no such event, room or piece of state."""


class AlreadyReacted(ChatForbidden):
    """M_DUPLICATE_ANNOTATION: this reaction of ours is there."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and for how many seconds altogether, a request that came too early (429) is repeated."""

    attempts: int = 6
    seconds: float = 30.0


class _TooEarly(Exception):
    def __init__(self, retry_after: float | None) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Server:
    """The client-server API as the bot's account. `timeout` is for one request, in seconds."""

    def __init__(self, client: Client, *, timeout: float = 60.0, patience: Patience | None = None) -> None:
        self._api = client.api
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._patience = patience or Patience()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The answer's JSON. Raises ChatUnavailable, ChatForbidden (Missing, AlreadyReacted) or UserError (too large).

        Repeated on 429 only, unchanged, so with the same transaction id.
        """
        headers = {}
        data = None
        if method != "GET":
            data = json.dumps(body or {}).encode()
            headers["Content-Type"] = "application/json"
        return await self._patiently(method, path, query or {}, headers, data)

    async def upload(self, data: bytes, mimetype: str, filename: str | None) -> str:
        """Store a file; its mxc: address."""
        query = {"filename": filename} if filename else {}
        answer = await self._patiently("POST", "/_matrix/media/v3/upload", query, {"Content-Type": mimetype}, data)
        return str(answer["content_uri"])

    async def download(self, path: str, limit: int) -> bytes:
        """The bytes of a file, of which no more than `limit` are read. UserError (`file_too_big`) where there are more.

        A redirect is not followed: the token must not go anywhere else.
        """
        return await self._again_if_early(lambda: self._receive(path, limit))

    async def state(self, room: RoomId, event_type: str, state_key: str = "") -> Mapping[str, Any] | None:
        """The content of a state event as it is now; None where there is none."""
        try:
            content: Mapping[str, Any] = await self.request("GET", room_path(room, "state", event_type, state_key))
        except Missing:
            return None
        return content

    async def _patiently(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], data: bytes | None
    ) -> Any:
        return await self._again_if_early(lambda: self._once(method, path, query, headers, data))

    async def _again_if_early(self, attempt_once: Callable[[], Awaitable[_T]]) -> _T:
        waited, pause = 0.0, 0.5
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return await attempt_once()
            except _TooEarly as refusal:
                pause = refusal.retry_after if refusal.retry_after is not None else pause * 2
                if attempt == self._patience.attempts or waited + pause > self._patience.seconds:
                    raise ChatUnavailable(retry_after=pause) from refusal
            await asyncio.sleep(pause)
            waited += pause
        raise AssertionError("patience without attempts")

    async def _once(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], data: bytes | None
    ) -> Any:
        url, params, authorized = self._addressed(path, query, headers)
        try:
            async with self._api.session.request(
                method, url, params=params, data=data, headers=authorized, timeout=self._timeout
            ) as response:
                answer = _parse(await response.read())
                if response.status < 300 and answer is not None:
                    return answer
                raise _refusal(response.status, answer, response.headers.get("Retry-After"))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise ChatUnavailable from error

    async def _receive(self, path: str, limit: int) -> bytes:
        url, params, authorized = self._addressed(path, {}, {})
        try:
            async with self._api.session.get(
                url, params=params, headers=authorized, timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    answer = _parse(await response.content.read(_REFUSAL_SIZE))
                    raise _refusal(response.status, answer, response.headers.get("Retry-After"))
                received = bytearray()
                async for part in response.content.iter_chunked(_PART):
                    received += part
                    if len(received) > limit:
                        raise UserError(Code.LIMIT, "file_too_big", size=limit // 1024)
                return bytes(received)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise ChatUnavailable from error

    def _addressed(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[URL, dict[str, str], dict[str, str]]:
        params = dict(query)
        if self._api.as_user_id:
            params["user_id"] = self._api.as_user_id
        url = URL(str(self._api.base_url).rstrip("/") + path, encoded=True)
        return url, params, {**headers, "Authorization": f"Bearer {self._api.token}"}


def room_path(room: RoomId, *parts: str, version: str = "v3") -> str:
    return "/".join((_CLIENT, version, "rooms", *(quote(part, safe="") for part in (room, *parts))))


def client_path(*parts: str, version: str = "v3") -> str:
    return "/".join((_CLIENT, version, *(quote(part, safe="") for part in parts)))


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _refusal(status: int, answer: Any, retry_after: str | None) -> CalbotError | _TooEarly:
    """What a refused request means for the caller. Only what the homeserver itself says for good is final.

    A proxy's 403 or 404 page is not: taken at its word, "no such state" would mean "this room is not encrypted".
    """
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if status == 429:
        return _TooEarly(_pause(answer, retry_after))
    if code == "M_NOT_FOUND":
        return Missing()
    if code == "M_DUPLICATE_ANNOTATION":
        return AlreadyReacted()
    if status == 413 or code == "M_TOO_LARGE":
        return UserError(Code.LIMIT, "message_too_large")
    if status == 401 or status >= 500 or not isinstance(code, str):
        # A token that is no longer accepted is an outage that an admin can end.
        return ChatUnavailable()
    return ChatForbidden()


def _pause(answer: Any, header: str | None) -> float | None:
    """Seconds to wait. The header is in whole seconds, rounded up; the older field in the body says it exactly."""
    milliseconds = answer.get("retry_after_ms") if isinstance(answer, dict) else None
    if isinstance(milliseconds, int) and milliseconds >= 0:
        return milliseconds / 1000
    return float(header) if header is not None and header.isdigit() else None


def refusal_of(error: Exception) -> ChatForbidden | ChatUnavailable:
    """What a failed request of mautrix's own means; it makes some for encryption."""
    return ChatForbidden() if isinstance(error, MForbidden) else ChatUnavailable()


def chunk(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The events of one page."""
    return [event for event in answer.get("chunk", ()) if isinstance(event, dict)]
