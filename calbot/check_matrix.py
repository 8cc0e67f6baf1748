"""What `check` finds out of the bot's Matrix account: maubot's client, its device, and the rooms of the configuration.

Nothing is changed and nothing is sent. Of maubot its management API is asked, as `mbc` does; of the homeserver what the
bot itself asks, with the same token. The keys of a device are those that the homeserver has; whether maubot still has
the private half, only the running bot can tell, and does in `status`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from mautrix.client import Client
from mautrix.errors import MatrixError, MUnknownToken
from mautrix.types import UserID
from yarl import URL

from calbot.check_accounts import Finding
from calbot.core.configuration import below
from calbot.core.i18n import Catalog
from calbot.core.model import RoomId, UserId
from calbot.core.permissions import PowerLevels, allowed_servers, exposure, level_of
from calbot.core.settings import Settings
from calbot.errors import ChatForbidden, ChatUnavailable
from calbot.matrix.chat import MatrixChat
from calbot.matrix.server import Patience, Server, client_path

PLUGIN: Final = "io.calbot"
_TIMEOUT: Final = 30.0  # seconds for a request
_TOGETHER: Final = 8  # rooms looked at at the same time
_LOG: Final = logging.getLogger("calbot.check")


@dataclass(frozen=True, slots=True)
class Login:
    """To the homeserver, as the bot."""

    homeserver: str
    token: str


async def try_maubot(url: str, token: str, mxid: str, catalog: Catalog) -> tuple[list[Finding], Login | None]:
    """How the client is set up that the plugin runs on: `mxid`, or the only one. With it comes its login."""
    place = "maubot"
    try:
        clients = await _clients(URL(url), token)
    except PermissionError:
        return [Finding(place, catalog.text("check.maubot_token"))], None
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, KeyError, TypeError, OSError):
        return [Finding(place, catalog.text("check.maubot_unreachable"))], None
    ours = [one for one in clients if _runs_plugin(one)] if not mxid else [one for one in clients if one["id"] == mxid]
    if len(ours) != 1:
        names = ", ".join(str(one["id"]) for one in ours or clients) or "–"
        text = "check.maubot_no_client" if not ours else "check.maubot_clients"
        return [Finding(place, catalog.text(text, clients=names))], None
    (client,) = ours
    login = Login(str(client["homeserver"]), str(client["access_token"]))
    return list(_judge_client(f"{place}.{client['id']}", client, catalog)), login


async def _clients(url: URL, token: str) -> list[Mapping[str, Any]]:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        address = url / "_matrix/maubot/v1/clients"
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(address, headers=headers, allow_redirects=False) as response:
            if response.status in (401, 403):
                raise PermissionError
            response.raise_for_status()
            found = await response.json()
            return [{**client, "id": client["id"]} for client in found]


def _runs_plugin(client: Mapping[str, Any]) -> bool:
    return any(instance.get("type") == PLUGIN for instance in client.get("instances", ()))


def _judge_client(path: str, client: Mapping[str, Any], catalog: Catalog) -> Iterator[Finding]:
    if not client.get("enabled"):
        yield Finding(path, catalog.text("check.client_disabled"))
    if client.get("sync"):
        yield Finding(f"{path}.sync", catalog.text("status.note.client_sync_on"))
    if client.get("autojoin"):
        yield Finding(f"{path}.autojoin", catalog.text("status.note.client_autojoin_on"))
    if not client.get("device_id"):
        yield Finding(f"{path}.device_id", catalog.text("check.client_no_device"))


async def try_homeserver(login: Login, settings: Settings, catalog: Catalog) -> list[Finding]:
    """Whether the login is good, the device fit for encryption, and the configured rooms fit for the bot."""
    async with _client(login) as client:
        try:
            who = await asyncio.wait_for(client.whoami(), _TIMEOUT)
        except MUnknownToken:
            return [Finding("homeserver", catalog.text("check.token_refused"))]
        except (MatrixError, aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError):
            return [Finding("homeserver", catalog.text("check.homeserver_unreachable"))]
        client.mxid = UserID(who.user_id)
        server = Server(client, timeout=_TIMEOUT, patience=Patience())
        attempt = _Attempt(UserId(who.user_id), str(who.device_id or ""), server, settings, catalog)
        try:
            return await attempt.findings(MatrixChat(client, _LOG, server=server))
        except (ChatUnavailable, ChatForbidden):
            return [Finding("homeserver", catalog.text("check.homeserver_unreachable"))]


@asynccontextmanager
async def _client(login: Login) -> AsyncIterator[Client]:
    client = Client(base_url=login.homeserver, token=login.token, log=_LOG)
    try:
        yield client
    finally:
        await client.api.session.close()


@dataclass(frozen=True, slots=True)
class _Attempt:
    user: UserId
    device: str
    server: Server
    settings: Settings
    catalog: Catalog

    async def findings(self, chat: MatrixChat) -> list[Finding]:
        findings = list(
            self._judge_device(await self.server.request("POST", client_path("keys", "query"), body=self._query))
        )
        joined = frozenset(await chat.joined_rooms())
        places = asyncio.Semaphore(_TOGETHER)

        async def look(room: RoomId) -> list[Finding]:
            async with places:
                return await self._try_room(chat, room, joined=room in joined)

        for found in await asyncio.gather(*map(look, self.settings.rooms)):
            findings += found
        return findings

    @property
    def _query(self) -> Mapping[str, Any]:
        return {"device_keys": {self.user: [self.device] if self.device else []}}

    def _judge_device(self, answer: Mapping[str, Any]) -> Iterator[Finding]:
        """Whether the device has keys, and whether the account's own cross-signing key has signed them."""
        path = f"homeserver.{self.user}"
        if not self.device:
            yield self._fault(path, "check.client_no_device")
            return
        keys = answer.get("device_keys", {}).get(self.user, {}).get(self.device)
        if not isinstance(keys, Mapping):
            yield self._fault(f"{path}.{self.device}", "check.device_without_keys")
            return
        signers = answer.get("self_signing_keys", {}).get(self.user, {}).get("keys", {})
        signatures = keys.get("signatures", {}).get(self.user, {})
        if not set(signers) & set(signatures):
            yield self._note(f"{path}.{self.device}", "check.device_unverified")

    async def _try_room(self, chat: MatrixChat, room: RoomId, *, joined: bool) -> list[Finding]:
        path = below("rooms", room)
        if not joined:
            return [self._fault(path, "check.room_not_joined", user=self.user)]
        try:
            return [finding async for finding in self._judge_room(chat, room, path)]
        except ChatForbidden:  # put out of it meanwhile
            return [self._fault(path, "check.room_not_joined", user=self.user)]

    async def _judge_room(self, chat: MatrixChat, room: RoomId, path: str) -> AsyncIterator[Finding]:
        encrypted = await self.server.state(room, "m.room.encryption") is not None
        if not encrypted and self.settings.privacy.require_encryption:
            yield self._fault(path, "check.room_plain")
        elif not encrypted:
            yield self._note(path, "check.room_plain_allowed")
        power = await chat.power_levels(room)
        if lacking := self._lacking(power, "m.room.encrypted" if encrypted else "m.room.message"):
            yield self._fault(path, "check.room_power", level=str(lacking))
        facts = await chat.exposure(room)
        exposed = exposure(
            join_rule=facts.join_rule,
            history_visibility=facts.history_visibility,
            guest_access=facts.guest_access,
            members=[member.user for member in await chat.members(room)],
            bot=self.user,
            servers=allowed_servers(self.settings, self.user),
            foreign_members=self.settings.privacy.foreign_members,
        )
        if exposed is not None:
            yield self._fault(path, f"error.exposed_{exposed.value}")

    def _lacking(self, power: PowerLevels, event: str) -> int | None:
        """The power level that the bot would need to say anything, if it has less."""
        needed = power.events.get(event, power.events_default)
        return None if level_of(self.user, power) >= needed else needed

    def _fault(self, path: str, id: str, **params: str) -> Finding:
        return Finding(path, self.catalog.text(id, **params))

    def _note(self, path: str, id: str, **params: str) -> Finding:
        return Finding(path, self.catalog.text(id, **params), note=True)
