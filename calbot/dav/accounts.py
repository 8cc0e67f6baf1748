"""Logins to calendar servers: one HTTP client each, with its own limit of requests at once.

The client is python-caldav's, made so that it neither negotiates nor retries by itself; requests go through its
session.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from caldav.async_davclient import AsyncDAVClient
from niquests.auth import HTTPBasicAuth

from calbot.core.settings import Account, Auth, Secret
from calbot.errors import CalendarUnavailable

from .errors import translated, unavailable

_CONTENT_TYPE = {"REPORT": "application/xml; charset=utf-8", "PROPFIND": "application/xml; charset=utf-8"}


def reveal(secret: Secret) -> str:
    """The password itself, read anew from where it is; blocking, for a worker thread."""
    try:
        if secret.env:
            return os.environ[secret.env]
        if secret.file:
            return Path(secret.file).read_text(encoding="utf-8").rstrip("\r\n")
    except (KeyError, OSError, UnicodeDecodeError) as error:
        raise CalendarUnavailable("calendar_secret") from error
    return secret.value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self) -> CalendarUnavailable:
        return unavailable(
            self.status, {"Retry-After": self.headers.get("retry-after", "")}, datetime.now(timezone.utc)
        )


class AccountClient:
    """Requests in the name of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._limit = asyncio.Semaphore(account.parallel)
        self._opening = asyncio.Lock()
        self._client: AsyncDAVClient | None = None
        self._password = ""

    async def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One answer, whatever it says. Raises CalendarUnavailable where none came, or the login was refused."""
        async with self._limit:
            client = await self._open()
            answer = await self._send(client, method, url, body, headers or {})
            if answer.status == 401 and (renewed := await self._with_new_password(client)):
                answer = await self._send(renewed, method, url, body, headers or {})
        if answer.status in (401, 429, 503) or 300 <= answer.status < 400:
            raise answer.error()
        return answer

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(
        self, client: AsyncDAVClient, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        given = {**client.headers, **({"Content-Type": _CONTENT_TYPE[method]} if method in _CONTENT_TYPE else {})}
        with translated():
            # The timeout of the client counts from one read to the next, so a body that trickles in would never end.
            response = await asyncio.wait_for(
                client.session.request(
                    method,
                    url,
                    data=body or None,
                    headers={**given, **headers},
                    auth=client.auth,
                    timeout=self._account.timeout,
                    verify=client.ssl_verify_cert,
                    allow_redirects=False,
                ),
                self._account.timeout,
            )
            return Answer(
                status=int(response.status_code or 0),
                headers={name.lower(): value for name, value in response.headers.items()},
                body=response.content or b"",
            )

    async def _open(self) -> AsyncDAVClient:
        async with self._opening:
            if self._client is None:
                self._password = await asyncio.to_thread(reveal, self._account.password)
                with translated():
                    self._client = self._connect(self._password)
            return self._client

    async def _with_new_password(self, refused: AsyncDAVClient) -> AsyncDAVClient | None:
        """A client with the password that is in force now, if that is another than the one refused."""
        async with self._opening:
            if self._client is not refused:
                return self._client  # somebody else was faster
            password = await asyncio.to_thread(reveal, self._account.password)
            if password == self._password:
                # Asking again with what was refused is how accounts get locked.
                return None
            self._password = password
            self._client = self._connect(password)
        await refused.close()
        return self._client

    def _connect(self, password: str) -> AsyncDAVClient:
        account = self._account
        basic = HTTPBasicAuth(account.username.encode(), password.encode()) if account.auth is Auth.BASIC else None
        return AsyncDAVClient(
            url=account.url,
            username=account.username,
            password=password,
            # Given, not negotiated: after a 401 the library would close the session under all other requests in flight.
            auth=basic,
            auth_type=account.auth.value,
            features={"http.multiplexing": {"support": "unsupported"}},
            # A compressed answer has a weak ETag, and then nothing protects against overwriting.
            headers={"Accept-Encoding": "identity", "User-Agent": "calbot"},
            timeout=math.ceil(account.timeout),
            ssl_verify_cert=account.ca_file or True,
            # Looking for the server by DNS would block the loop.
            enable_rfc6764=False,
            rate_limit_handle=False,
        )
