"""What the contract of the gateway is tried on: the fake and real servers, an empty calendar for each test."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from calbot.core.model import AccountName, CalendarName
from calbot.core.settings import Account, Calendar, Secret, Settings
from calbot.ports import CalendarGateway
from demo import caldav_servers
from demo.process import LOOPBACK, free_port
from tests import cyrus
from tests.fakes.calendar import FakeCalendarGateway

NAME = CalendarName("it-team")
USER, PASSWORD = "svc-calbot", "geheim"


@dataclass(frozen=True, slots=True)
class Server:
    """A real server that the contract is tried on. `running`: started in a directory, it says where calendars can be
    made. `needs`: what has to be installed first, or None."""

    name: str
    running: Callable[[Path], AbstractAsyncContextManager[str]]
    version: Callable[[], str]
    needs: Callable[[], str | None]


@asynccontextmanager
async def _radicale(directory: Path) -> AsyncIterator[str]:
    async with caldav_servers.radicale(directory, free_port(), passwords={USER: PASSWORD}, shared=USER) as process:
        yield f"http://{LOOPBACK}:{process.port}/{USER}/"


@asynccontextmanager
async def _xandikos(directory: Path) -> AsyncIterator[str]:
    async with caldav_servers.xandikos(directory, free_port(), principal=USER) as process:
        yield f"http://{LOOPBACK}:{process.port}/{USER}/calendars/"


@asynccontextmanager
async def _cyrus(_directory: Path) -> AsyncIterator[str]:
    async with cyrus.running([USER]) as process:
        yield process.home(USER)


# One more entry here has all checks made on one more server, with one more column in docs/interoperability.md.
SERVERS: Final = (
    Server("radicale", _radicale, partial(metadata.version, "radicale"), lambda: None),
    Server("xandikos", _xandikos, partial(metadata.version, "xandikos"), lambda: None),
    Server("cyrus", _cyrus, lambda: "(Debian)", lambda: None if cyrus.is_installed() else cyrus.PACKAGES),
)


class CalendarWorld(Protocol):
    """A calendar behind the gateway, and somebody else who writes there without it."""

    @property
    def gateway(self) -> CalendarGateway: ...

    async def put(self, name: str, data: str) -> bool:
        """Whether the server took it: some refuse what is no good."""
        ...

    async def remove(self, name: str) -> None: ...


@dataclass
class FakeWorld:
    gateway: FakeCalendarGateway

    async def put(self, name: str, data: str) -> bool:
        self.gateway.put(NAME, name, data)
        return True

    async def remove(self, name: str) -> None:
        self.gateway.remove(NAME, name)


@dataclass
class ServerWorld:
    gateway: CalendarGateway
    calendar: caldav_servers.Calendar

    async def put(self, name: str, data: str) -> bool:
        try:
            await self.calendar.put(f"{name}.ics", data)
        except caldav_servers.CalDavRequestError:
            return False
        return True

    async def remove(self, name: str) -> None:
        await self.calendar.delete(f"{name}.ics")


async def new_calendar(http: aiohttp.ClientSession, url: str) -> caldav_servers.Calendar:
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    async with http.request("MKCALENDAR", url, headers={"Authorization": f"Basic {credentials}"}) as answer:
        assert answer.status == 201
    return caldav_servers.Calendar(http, url, USER, PASSWORD)


def settings_for(url: str, *, password: str = PASSWORD, timeout: float = 20.0) -> Settings:
    account = Account(
        AccountName("city"), url, USER, Secret(password), address="svc-calbot@example.org", timeout=timeout
    )
    return Settings(accounts={account.name: account}, calendars={NAME: Calendar(NAME, account.name, url)})
