"""The login of an account: its password, read from where it is, and how often a refused one is tried."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Final

from yarl import URL

from calbot.core.settings import Account, Auth
from calbot.errors import CalendarUnavailable
from calbot.secret_values import SecretMissing, reveal

from . import digest

# A password that was right before is only taken for wrong when it is refused this often in a row: servers say 401 as
# well when what they check passwords with is down.
_TRIES: Final = 3
# How long a refused password rests, in seconds; doubled up to the longest. Accounts get locked by less.
_FIRST_REST: Final = 60.0
_LONGEST_REST: Final = 900.0


class Credentials:
    """One password of an account, and what it takes to show that one has it."""

    def __init__(self, account: Account, password: str) -> None:
        self._account = account
        self._password = password
        self._fixed: str | None = None
        if account.auth is Auth.BASIC:
            pair = f"{account.username}:{password}".encode()
            self._fixed = f"Basic {base64.b64encode(pair).decode('ascii')}"
        elif account.auth is Auth.BEARER:
            self._fixed = f"Bearer {password}"
        self._challenge: digest.Challenge | None = None
        self._uses = 0

    def has(self, password: str) -> bool:
        return self._password == password

    @property
    def usable(self) -> bool:
        """Whether it can stand in a header at all."""
        return self._password.isprintable()

    def header(self, method: str, url: URL) -> str | None:
        """The Authorization header; None as long as a server has not said what it wants to be shown."""
        if self._fixed is not None or self._challenge is None:
            return self._fixed
        self._uses += 1
        return digest.authorization(
            self._challenge,
            username=self._account.username,
            password=self._password,
            method=method,
            target=url.raw_path_qs,
            count=self._uses,
        )

    def challenged(self, headers: Sequence[str], shown: str | None) -> bool:
        """Whether, after a 401, showing it once more can help: there is a challenge, and not the one that was met."""
        challenge = digest.best_challenge(headers) if self._fixed is None else None
        if challenge is None:
            return False
        nonce = f'nonce="{challenge.nonce}"'
        if shown is not None and not challenge.stale and nonce in shown:
            return False
        if self._challenge is None or self._challenge.nonce != challenge.nonce:
            self._challenge, self._uses = challenge, 0
        return True


class Login:
    """Which password is in force, and whether to use it.

    `trial` is held by whoever uses a password that no server has accepted yet: one wrong password, one attempt.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._reading = asyncio.Lock()
        self._credentials: Credentials | None = None
        self._failures = 0
        self._rests = 0
        self._rests_until = 0.0  # on the clock of the event loop
        self.accepted = False
        self.trial = asyncio.Lock()

    async def credentials(self) -> Credentials:
        """What to log in with. CalendarUnavailable while it is known to be refused and has not changed."""
        rests = asyncio.get_running_loop().time() < self._rests_until
        if self._credentials is None or rests:
            async with self._reading:
                rests = not await self._read() and rests
        if self._credentials is None or rests:
            raise CalendarUnavailable("calendar_login")
        return self._credentials

    def accept(self) -> None:
        self.accepted = True
        self._failures = self._rests = 0

    async def refused(self, credentials: Credentials) -> Credentials | None:
        """What to log in with in place of what was refused, if there is anything else by now."""
        async with self._reading:
            if self._credentials is not credentials:
                resting = asyncio.get_running_loop().time() < self._rests_until
                return None if resting else self._credentials
            if await self._read():
                return self._credentials
            self._failures += 1
            if not self.accepted or self._failures >= _TRIES:
                rest = min(_FIRST_REST * (1 << min(self._rests, 16)), _LONGEST_REST)
                self._rests += 1
                self._rests_until = asyncio.get_running_loop().time() + rest
                self.accepted = False
        return None

    async def _read(self) -> bool:
        """Whether the password is another one now."""
        try:
            password = await asyncio.to_thread(reveal, self._account.password)
        except SecretMissing as error:
            raise CalendarUnavailable("calendar_secret") from error
        if self._credentials is not None and self._credentials.has(password):
            return False
        credentials = Credentials(self._account, password)
        if not credentials.usable:
            raise CalendarUnavailable("calendar_secret")
        self._credentials = credentials
        self._failures = self._rests = 0
        self._rests_until = 0.0
        self.accepted = False
        return True
