"""The organisation's side: its homeserver, its calendar server, and the admin in a Matrix client."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from demo import caldav_servers
from demo.accounts import Homeserver
from demo.caldav_servers import Calendar
from demo.client import Person
from demo.events import RoomEvent
from demo.process import LOOPBACK, free_port
from demo.state import new_password
from demo.synapse import synapse

from .machine import StepFailed

SERVER_NAME = "example.org"
BOT = f"@kalender:{SERVER_NAME}"
CALENDAR = "it-team"
_SERVICE_ACCOUNT = "svc-calbot"
# As the handbook writes them.
_SYNAPSE = {"config": "/etc/matrix-synapse/homeserver.yaml", "url": "http://localhost:8008"}


@dataclass(slots=True)
class Organisation:
    homeserver: Homeserver
    synapse_config: Path
    calendar_url: str
    calendar: Calendar
    admin: Person
    colleague: str
    bot_password: str = field(default_factory=new_password)
    _room: str = ""

    @property
    def values(self) -> dict[str, str]:
        """What this organisation's admin replaces the handbook's values by."""
        return {
            "HOMESERVER": self.homeserver.url,
            "SERVER_NAME": SERVER_NAME,
            "BOT_NAME": "kalender",
            "ADMIN": self.admin.mxid,
            "CALDAV_URL": self.calendar_url,
            "CALDAV_USER": _SERVICE_ACCOUNT,
            "CALDAV_ADDRESS": f"termine@{SERVER_NAME}",
            "CALENDAR_URL": CALENDAR,
        }

    async def type(self, text: str) -> None:
        """A block that is typed on the homeserver's machine; it asks twice for the bot's password."""
        text = text.replace(_SYNAPSE["config"], str(self.synapse_config)).replace(_SYNAPSE["url"], self.homeserver.url)
        typing = await asyncio.create_subprocess_exec(
            *("bash", "-e", "-c", text),
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Without a terminal the password is read from standard input.
            start_new_session=True,
        )
        printed, _ = await typing.communicate(f"{self.bot_password}\n{self.bot_password}\n".encode())
        if typing.returncode:
            raise StepFailed(printed.decode(errors="replace"))

    async def say(self, text: str) -> RoomEvent:
        """A line typed in the room, which is made before the first; the bot's answer."""
        if not self._room:
            self._room = await self.homeserver.create_room(self.admin.login, "IT-Team", invite=[BOT, self.colleague])
            await self.admin.sync()
            await self._bot_joins()
            await self._bot_greets()
        await self.admin.say(self._room, text.strip())
        return await self.admin.hears(self._room, _is_answer, timeout=40)

    async def _bot_joins(self) -> None:
        for _ in range(120):
            if BOT in await self.homeserver.joined_members(self.admin.login, self._room):
                return
            await asyncio.sleep(0.25)
        raise StepFailed("the bot did not accept the room's invitation within 30 seconds")

    async def _bot_greets(self) -> None:
        await self.admin.hears(self._room, _is_answer, timeout=40)


@asynccontextmanager
async def organisation(directory: Path) -> AsyncIterator[Organisation]:
    secret, password = new_password(), new_password()
    calendar_port = free_port()
    passwords = {_SERVICE_ACCOUNT: password}
    homeserver = synapse(directory / "synapse", free_port(), server_name=SERVER_NAME, registration_secret=secret)
    radicale = caldav_servers.radicale(
        directory / "radicale", calendar_port, passwords=passwords, shared=_SERVICE_ACCOUNT
    )
    calendar_url = f"http://{LOOPBACK}:{calendar_port}/"
    async with aiohttp.ClientSession() as http, homeserver, radicale:
        server = Homeserver(http, f"http://{LOOPBACK}:{homeserver.port}", secret)
        calendar = Calendar(http, f"{calendar_url}{_SERVICE_ACCOUNT}/{CALENDAR}/", _SERVICE_ACCOUNT, password)
        await calendar.create("IT-Team")
        login = await server.register("admin", new_password(), display_name="Admin")
        colleague = await server.register("anna", new_password(), display_name="Anna Huber")
        admin = Person(server, login, display_name="Admin", store=directory / "admin")
        try:
            await admin.sync()
            yield Organisation(
                server, homeserver.directory / "homeserver.yaml", calendar_url, calendar, admin, colleague.mxid
            )
        finally:
            await admin.close()


def with_values(text: str, values: dict[str, str]) -> str:
    """The block of values as its reader leaves it: theirs in place of the examples."""
    named = re.findall(r"^(\w+)=", text, flags=re.MULTILINE)
    if set(named) != set(values):
        raise StepFailed(f"the handbook asks for {', '.join(named)}, known are {', '.join(values)}")
    return re.sub(r"^(\w+)=\S+", lambda match: f"{match[1]}={values[match[1]]}", text, flags=re.MULTILINE)


def _is_answer(event: RoomEvent) -> bool:
    return event.sender == BOT and bool(event.kind) and not event.replaces
