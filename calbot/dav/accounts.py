"""Logins to calendar servers: requests in the name of an account, as many at once and as often as its server bears."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from calbot.core.settings import Account
from calbot.errors import CalendarUnavailable

from .login import Credentials, Login
from .origins import redirected
from .transport import Answer, Transport, wire_url

__all__ = ["AccountClient", "Answer"]

_REDIRECTS: Final = 5
_LONGEST_PAUSE: Final = 3600.0  # a server that asks for more is asked again after an hour
_ALL: Final = ""
# What a server says only to somebody whose login it has accepted, as good as always.
_ACCEPTED: Final = frozenset({403, 404, 409, 412})


class AccountClient:
    """Requests in the name of one account. `host`: the limit that it shares with others on the same server."""

    def __init__(self, account: Account, host: asyncio.Semaphore | None = None) -> None:
        self._login = Login(account)
        self._transport = Transport(account)
        self._own = asyncio.Semaphore(account.parallel)
        self._host = host
        # On the clock of the event loop.
        self._heard = 0.0  # when the server last answered anything
        self._mute_since = 0.0
        self._pauses: dict[str, float] = {}  # until when what is not to be asked: a collection, or all

    async def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One answer, whatever it says. Raises CalendarUnavailable where none came, or the login was refused."""
        answer = await self._answered(method, url, body, headers or {})
        if 300 <= answer.status < 400:
            raise answer.error()
        return answer

    async def follow(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[Answer, str]:
        """As `request`, but after redirects, and where they led. Our login goes to no other server.

        Only for requests that change nothing: the body goes along whatever the kind of redirect.
        """
        seen = {url}
        for _ in range(_REDIRECTS + 1):
            answer = await self._answered(method, url, body, headers or {})
            if not 300 <= answer.status < 400:
                return answer, url
            target = redirected(url, answer.headers.get("Location", ""))
            if target is None:
                raise CalendarUnavailable("calendar_elsewhere")
            if target in seen:
                break
            seen.add(target)
            url = target
        raise CalendarUnavailable("calendar_moved")

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _answered(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        queued = asyncio.get_running_loop().time()
        if not self._login.accepted:
            async with self._login.trial:
                if not self._login.accepted:
                    return await self._in_turn(queued, method, url, body, headers)
        return await self._in_turn(queued, method, url, body, headers)

    async def _in_turn(self, queued: float, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        async with self._own:
            if self._host is None:
                return await self._when_heard(queued, method, url, body, headers)
            async with self._host:
                return await self._when_heard(queued, method, url, body, headers)

    async def _when_heard(
        self, queued: float, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Whoever has waited for a server that answered nobody meanwhile does not wait for it once more."""
        if queued < self._mute_since:
            raise CalendarUnavailable("calendar_timeout")
        loop = asyncio.get_running_loop()
        began = loop.time()
        collection = url[: url.rfind("/") + 1]
        if (wait := max(self._pauses.get(_ALL, 0.0), self._pauses.get(collection, 0.0)) - began) > 0:
            raise CalendarUnavailable("calendar_busy", retry_after=wait)
        try:
            answer = await self._logged_in(method, url, body, headers)
        except CalendarUnavailable as error:
            if error.reason == "calendar_timeout" and self._heard < began:
                self._mute_since = loop.time()
            raise
        self._heard = loop.time()
        if answer.status in (401, 429, 503):
            refusal = answer.error()
            if refusal.retry_after is not None:
                # Too many requests are too many of ours; a service that is away may be that of one calendar.
                paused = _ALL if answer.status == 429 else collection
                self._pauses[paused] = loop.time() + min(refusal.retry_after, _LONGEST_PAUSE)
            raise refusal
        return answer

    async def _logged_in(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        credentials = await self._login.credentials()
        answer = await self._shown(credentials, method, url, body, headers)
        if answer.status == 401:
            # Asking again with what was refused is how accounts get locked.
            renewed = await self._login.refused(credentials)
            if renewed is not None:
                answer = await self._shown(renewed, method, url, body, headers)
                if answer.status == 401:
                    await self._login.refused(renewed)
        if 200 <= answer.status < 300 or answer.status in _ACCEPTED:
            self._login.accept()
        return answer

    async def _shown(
        self, credentials: Credentials, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """With Digest, a first answer may be a challenge, or say that the last one has got old."""
        wire = wire_url(url)
        shown = credentials.header(method, wire)
        answer, challenges = await self._transport.send(method, wire, body, _with(headers, shown))
        if answer.status == 401 and credentials.challenged(challenges, shown):
            shown = credentials.header(method, wire)
            answer, _ = await self._transport.send(method, wire, body, _with(headers, shown))
        return answer


def _with(headers: Mapping[str, str], shown: str | None) -> Mapping[str, str]:
    return headers if shown is None else {**headers, "Authorization": shown}
