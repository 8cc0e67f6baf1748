"""All servers together, and the bots and people that live on them."""

from __future__ import annotations

import hashlib
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import yaml

from . import caldav_servers, package
from .accounts import Homeserver
from .caldav_servers import Calendar
from .client import Person
from .maubot import MaubotApi, MaubotError, maubot, standalone
from .process import LOOPBACK, ServerProcess, free_port
from .state import ANY_PORTS, Account, Ports, State, load_state, new_password
from .synapse import synapse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .accounts import Login

# Where calbot's maubot.yaml lies.
ROOT = Path(__file__).parents[1]
SERVER_NAME = "demo.calbot.localhost"
# The organisation's account on the calendar server, in whose home the shared calendars lie.
SERVICE_ACCOUNT = "svc-calbot"
MAUBOT_ADMIN = "admin"


def _quiet(_: str) -> None:
    return


class Stack:
    """`async with Stack(directory) as stack`: a running homeserver, calendar server and maubot.

    Everything lies under the directory. A second stack on it finds the accounts, rooms and calendars of the first.
    `postgres` gives the URL of the database of a name, where maubot is to use PostgreSQL.
    """

    def __init__(
        self,
        directory: Path,
        *,
        ports: Ports = ANY_PORTS,
        postgres: Callable[[str], str] | None = None,
        progress: Callable[[str], None] = _quiet,
    ) -> None:
        self.directory = directory.resolve()
        self.state: State = load_state(self.directory / "state.json", ports)
        self.state.calendar_passwords.setdefault(SERVICE_ACCOUNT, new_password())
        self.state.save()
        self.synapse: ServerProcess = synapse(
            self.directory / "synapse",
            self.state.ports.homeserver,
            server_name=SERVER_NAME,
            registration_secret=self.state.secret,
        )
        self.radicale: ServerProcess = caldav_servers.radicale(
            self.directory / "radicale",
            self.state.ports.calendar,
            passwords=self.state.calendar_passwords,
            shared=SERVICE_ACCOUNT,
        )
        self.maubot: ServerProcess = maubot(
            self.directory / "maubot",
            self.state.ports.maubot,
            secret=self.state.secret,
            admin=MAUBOT_ADMIN,
            admin_password=self.state.maubot_password,
            postgres=postgres("maubot") if postgres else None,
        )
        self.homeserver_url = f"http://{LOOPBACK}:{self.state.ports.homeserver}"
        self.calendar_url = f"http://{LOOPBACK}:{self.state.ports.calendar}/"
        self.maubot_url = f"http://{LOOPBACK}:{self.state.ports.maubot}"
        self._progress = progress
        self._postgres = postgres
        self._exit = AsyncExitStack()
        self._people: dict[str, Person] = {}

    async def __aenter__(self) -> Stack:
        # The client library warns of keys on their way; a message that stays unreadable is seen without that.
        logging.getLogger("nio").addHandler(logging.NullHandler())
        async with AsyncExitStack() as stack:
            self.http = await stack.enter_async_context(aiohttp.ClientSession())
            self.homeserver = Homeserver(self.http, self.homeserver_url, self.state.secret)
            self.maubot_api = MaubotApi(self.http, self.maubot_url, self.state.secret)
            self._progress("starting the homeserver (Synapse)")
            await stack.enter_async_context(self.synapse)
            self._progress("starting the calendar server (Radicale)")
            await stack.enter_async_context(self.radicale)
            # Last: at its start it logs its bots in.
            self._progress("starting maubot")
            await stack.enter_async_context(self.maubot)
            stack.push_async_callback(self._close_people)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._exit.aclose()

    async def ensure_running(self) -> None:
        """Start again what was stopped or killed."""
        for server in (self.synapse, self.radicale, self.maubot):
            await server.start()

    # People

    async def account(self, name: str, display_name: str, *, admin: bool = False) -> Account:
        """The account of this name, registered if it is new; the same password opens the calendar server."""
        if name not in self.state.accounts:
            password = new_password()
            login = await self.homeserver.register(name, password, display_name=display_name, admin=admin)
            self.state.accounts[name] = Account(name, display_name, password, login)
            self.state.calendar_passwords[name] = password
            self.state.save()
            caldav_servers.write_passwords(self.radicale.directory, self.state.calendar_passwords)
        return self.state.accounts[name]

    async def person(self, name: str, display_name: str | None = None) -> Person:
        """Somebody with an account and an encrypted client, the same one each time."""
        if name not in self._people:
            account = await self.account(name, display_name or name.title())
            store = self.directory / "people" / name
            self._people[name] = Person(self.homeserver, account.login, display_name=account.display_name, store=store)
            await self._people[name].sync()
        return self._people[name]

    async def forget(self, person: Person) -> None:
        """Close a client that is not needed any more."""
        for name, known in list(self._people.items()):
            if known is person:
                del self._people[name]
                await known.close()

    async def _close_people(self) -> None:
        for person in self._people.values():
            await person.close()
        self._people.clear()

    # Calendars

    async def calendar(self, name: str, display_name: str) -> Calendar:
        """A calendar of the organisation, made if it is new; to look at what lies in it without calbot."""
        calendar = Calendar(
            self.http,
            f"{self.calendar_url}{SERVICE_ACCOUNT}/{name}/",
            SERVICE_ACCOUNT,
            self.state.calendar_passwords[SERVICE_ACCOUNT],
        )
        await calendar.create(display_name)
        return calendar

    # Bots

    async def install(self, plugin: Path) -> str:
        """Pack the plugin whose maubot.yaml lies there and upload it, unless maubot has the same bytes; its id."""
        mbp = package.pack(plugin)
        plugin_id = str(package.plugin_meta(plugin)["id"])
        digest = hashlib.sha256(mbp).hexdigest()
        if self.state.packages.get(plugin_id) != digest:
            await self.maubot_api.upload(mbp)
            self.state.packages[plugin_id] = digest
            self.state.save()
        return plugin_id

    async def bot(self, name: str, display_name: str, *, sync: bool = False, homeserver_url: str | None = None) -> Bot:
        """A bot's account in maubot, its device cross-signed. `sync=False` leaves the sync to the plugin."""
        account = await self.account(name, display_name)
        mxid = account.login.mxid
        try:
            await self.maubot_api.client(mxid)
        except MaubotError as error:
            if error.status != 404:
                raise
            await self.maubot_api.create_client(homeserver_url or self.homeserver_url, account.login, sync=sync)
        if mxid not in self.state.recovery_keys:
            self.state.recovery_keys[mxid] = await self.maubot_api.generate_recovery_key(mxid)
            self.state.save()
        return Bot(self.maubot_api, account.login, display_name, instance=name)

    def standalone(self, login: Login, plugin: Path, settings: Mapping[str, Any]) -> ServerProcess:
        """The plugin in maubot's standalone mode on a device that no other process uses, not started yet."""
        return standalone(
            self.directory / "standalone" / login.device_id,
            free_port(),
            mbp=package.pack(plugin),
            homeserver=self.homeserver,
            login=login,
            settings=settings,
            # Its tables are called as maubot's own are: it needs a database to itself.
            postgres=self._postgres(f"standalone_{login.device_id.lower()}") if self._postgres else None,
        )


@dataclass(slots=True)
class Bot:
    """One bot: an account, its client in maubot and one instance of a plugin."""

    api: MaubotApi
    login: Login
    display_name: str
    instance: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def mxid(self) -> str:
        return self.login.mxid

    async def run(self, plugin_id: str, settings: Mapping[str, Any]) -> None:
        """Create the instance, or give the one that is there these settings."""
        self.settings = dict(settings)
        if await self._exists():
            await self.configure(settings)
        else:
            await self.api.create_instance(self.instance, plugin_id, self.mxid, _yaml(settings))

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Save other settings, as an admin does in maubot's interface; the plugin takes them while it runs."""
        self.settings = dict(settings)
        await self.api.update_instance(self.instance, config=_yaml(settings))

    async def running(self) -> bool:
        return bool((await self.api.instance(self.instance))["started"])

    async def stop(self) -> None:
        """Stop the plugin; maubot and the client go on."""
        await self.api.update_instance(self.instance, started=False)

    async def start(self) -> None:
        await self.api.update_instance(self.instance, started=True)

    async def remove(self) -> None:
        """Take instance and client out of maubot, so that its next start does not know them."""
        if await self._exists():
            await self.api.delete_instance(self.instance)
        await self.api.update_client(self.mxid, started=False)
        await self.api.delete_client(self.mxid)

    async def _exists(self) -> bool:
        try:
            await self.api.instance(self.instance)
        except MaubotError as error:
            if error.status != 404:
                raise
            return False
        return True


def _yaml(settings: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(settings), allow_unicode=True, sort_keys=False) if settings else ""
