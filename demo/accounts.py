"""Accounts and rooms on the homeserver, by its client-server and registration APIs."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aiohttp


class MatrixError(RuntimeError):
    def __init__(self, method: str, path: str, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{method} {path}: HTTP {status} {error.get('errcode')} {error.get('error')}")
        self.status = status
        self.errcode = error.get("errcode")


@dataclass(frozen=True, slots=True)
class Login:
    """A device of an account."""

    mxid: str
    device_id: str
    access_token: str


@dataclass(frozen=True, slots=True)
class Homeserver:
    http: aiohttp.ClientSession
    url: str
    registration_secret: str = field(repr=False)

    async def register(self, name: str, password: str, *, display_name: str, admin: bool = False) -> Login:
        """A new account with its first device, by the shared secret (Synapse's admin API)."""
        nonce = (await self.request("GET", "/_synapse/admin/v1/register"))["nonce"]
        signed = "\0".join((nonce, name, password, "admin" if admin else "notadmin"))
        # The algorithm is the one this API asks for.
        mac = hmac.new(self.registration_secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        answer = await self.request(
            "POST",
            "/_synapse/admin/v1/register",
            json={
                "nonce": nonce,
                "username": name,
                "displayname": display_name,
                "password": password,
                "admin": admin,
                "mac": mac,
            },
        )
        return Login(answer["user_id"], answer["device_id"], answer["access_token"])

    async def login(self, name: str, password: str, *, device_name: str) -> Login:
        """A fresh device for an account that is there."""
        answer = await self.request(
            "POST",
            "/_matrix/client/v3/login",
            json={
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": name},
                "password": password,
                "initial_device_display_name": device_name,
            },
        )
        return Login(answer["user_id"], answer["device_id"], answer["access_token"])

    async def logout(self, login: Login) -> None:
        await self.request("POST", "/_matrix/client/v3/logout", token=login.access_token, json={})

    async def devices(self, asker: Login, mxid: str) -> set[str]:
        """Devices of a user that others can encrypt for."""
        answer = await self.request(
            "POST", "/_matrix/client/v3/keys/query", token=asker.access_token, json={"device_keys": {mxid: []}}
        )
        return set(answer["device_keys"].get(mxid, {}))

    async def create_room(
        self,
        creator: Login,
        name: str,
        *,
        invite: Sequence[str] = (),
        encrypted: bool = True,
        power_levels: Mapping[str, int] | None = None,
        room_version: str = "11",
    ) -> str:
        """A private room; `power_levels` are those of users other than the creator's 100.

        From room version 12 on creators stand above all power levels, which hides mistakes in reading them; and they
        may not be named in them.
        """
        state: list[dict[str, Any]] = []
        if encrypted:
            state.append(
                {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            )
        own = {creator.mxid: 100} if int(room_version) < 12 else {}
        body: dict[str, Any] = {
            "name": name,
            "preset": "private_chat",
            "room_version": room_version,
            "invite": list(invite),
            "initial_state": state,
            "power_level_content_override": {"users": {**own, **(power_levels or {})}},
        }
        answer = await self.request("POST", "/_matrix/client/v3/createRoom", token=creator.access_token, json=body)
        room_id: str = answer["room_id"]
        return room_id

    async def invite(self, by: Login, room_id: str, mxid: str) -> None:
        await self.request("POST", _room(room_id, "invite"), token=by.access_token, json={"user_id": mxid})

    async def join(self, login: Login, room_id: str) -> None:
        await self.request("POST", _room(room_id, "join"), token=login.access_token, json={})

    async def set_state(
        self, by: Login, room_id: str, event_type: str, content: Mapping[str, Any], state_key: str = ""
    ) -> None:
        path = _room(room_id, "state", event_type, state_key)
        await self.request("PUT", path, token=by.access_token, json=content)

    async def joined_members(self, login: Login, room_id: str) -> set[str]:
        answer = await self.request("GET", _room(room_id, "joined_members"), token=login.access_token)
        return set(answer["joined"])

    async def request(
        self, method: str, path: str, *, token: str | None = None, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Any other request; raises MatrixError for what the server refuses."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.request(method, self.url + path, json=json, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise MatrixError(method, path, response.status, answer)
            return answer


def _room(room_id: str, *parts: str) -> str:
    return "/".join(("/_matrix/client/v3/rooms", *(quote(part, safe="") for part in (room_id, *parts))))
