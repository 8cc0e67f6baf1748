"""A maubot server on loopback and its management API; the same plugin in maubot's standalone mode."""

from __future__ import annotations

import io
import json
import secrets
import sys
import zipfile
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .process import LOOPBACK, ServerProcess, answers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import aiohttp

    from .accounts import Homeserver, Login

API = "/_matrix/maubot/v1"


def maubot(
    directory: Path, port: int, *, secret: str, admin: str, admin_password: str, postgres: str | None = None
) -> ServerProcess:
    """The server for this data directory. `secret` opens the management API, the password its web page.

    With the URL of a PostgreSQL database everything lies there: maubot's own, keys, and a schema for each instance.
    """
    for folder in ("plugins", "databases", "trash"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    config = directory / "config.yaml"
    settings = {
        "database": postgres or f"sqlite:{directory / 'maubot.db'}",
        "crypto_database": "default",
        "crypto_db_pickle_key": secret,
        "database_opts": {"min_size": 1, "max_size": 10},
        "plugin_directories": {
            "upload": str(directory / "plugins"),
            "load": [str(directory / "plugins")],
            "trash": str(directory / "trash"),
        },
        "plugin_databases": {
            "sqlite": str(directory / "databases"),
            "postgres": "default" if postgres else None,
            "postgres_max_conns_per_plugin": 3,
            "postgres_opts": {},
        },
        "server": {
            "hostname": LOOPBACK,
            "port": port,
            "public_url": f"http://{LOOPBACK}:{port}",
            "unshared_secret": secret,
        },
        "homeservers": {},
        "admins": {"root": "", admin: admin_password},
        "logging": _LOGGING,
    }
    config.write_text(json.dumps(settings, indent=2))
    config.chmod(0o600)
    argv = [sys.executable, "-m", "maubot", "--config", str(config)]
    ready = partial(answers, f"http://{LOOPBACK}:{port}{API}/features")
    return ServerProcess("maubot", argv, directory, port, ready)


class MaubotError(RuntimeError):
    def __init__(self, method: str, path: str, status: int, answer: Mapping[str, Any]) -> None:
        super().__init__(f"{method} {path}: HTTP {status} {answer.get('errcode')} {answer.get('error')}")
        self.status = status
        self.errcode = answer.get("errcode")


@dataclass(slots=True)
class MaubotApi:
    """What an admin does in maubot's web interface."""

    http: aiohttp.ClientSession
    url: str
    secret: str = field(repr=False)
    _token: str | None = field(default=None, init=False, repr=False)

    async def upload(self, mbp: bytes) -> dict[str, Any]:
        """Install the plugin, or replace it: its instances are stopped, reloaded and started."""
        return await self._request("POST", "/plugins/upload?allow_override=1", data=BytesIO(mbp))

    async def plugins(self) -> list[dict[str, Any]]:
        listed: Any = await self._request("GET", "/plugins")
        return list(listed)

    async def reload(self, plugin_id: str) -> None:
        await self._request("POST", f"/plugin/{plugin_id}/reload")

    async def create_client(self, homeserver: str, login: Login, *, sync: bool) -> dict[str, Any]:
        """`sync=False` is calbot's documented set-up: the plugin starts the sync itself, so that nothing is dropped."""
        return await self._request(
            "POST",
            "/client/new",
            json={
                "homeserver": homeserver,
                "access_token": login.access_token,
                "device_id": login.device_id,
                "sync": sync,
                "autojoin": False,
                "enabled": True,
                "started": True,
            },
        )

    async def client(self, mxid: str) -> dict[str, Any]:
        return await self._request("GET", _client(mxid))

    async def update_client(self, mxid: str, **changes: object) -> dict[str, Any]:
        return await self._request("PUT", _client(mxid), json=changes)

    async def delete_client(self, mxid: str) -> None:
        await self._request("DELETE", _client(mxid))

    async def generate_recovery_key(self, mxid: str) -> str:
        """Cross-sign the bot's device. Once per account: a second call would make the first key useless."""
        answer = await self._request("POST", f"{_client(mxid)}/generate_recovery_key", json={})
        return str(answer["recovery_key"])

    async def verify(self, mxid: str, recovery_key: str) -> None:
        """Cross-sign a later device of the same account."""
        await self._request("POST", f"{_client(mxid)}/verify", json={"recovery_key": recovery_key})

    async def create_instance(self, instance: str, plugin_id: str, mxid: str, config: str) -> dict[str, Any]:
        """Create and start; `config` is the YAML that an admin would type."""
        return await self._request(
            "PUT",
            f"/instance/{instance}",
            json={"type": plugin_id, "primary_user": mxid, "enabled": True, "config": config},
        )

    async def instance(self, instance: str) -> dict[str, Any]:
        return await self._request("GET", f"/instance/{instance}")

    async def update_instance(self, instance: str, **changes: object) -> dict[str, Any]:
        """`config=` saves a new configuration, `started=` stops and starts."""
        return await self._request("PUT", f"/instance/{instance}", json=changes)

    async def delete_instance(self, instance: str) -> None:
        await self._request("DELETE", f"/instance/{instance}")

    async def _request(
        self, method: str, path: str, *, data: BytesIO | None = None, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        if self._token is None:
            login = await self._send("POST", "/auth/login", json={"secret": self.secret, "user": "root"})
            self._token = login["token"]
        return await self._send(method, path, data=data, json=json)

    async def _send(
        self, method: str, path: str, *, data: BytesIO | None = None, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self.http.request(method, self.url + API + path, data=data, json=json, headers=headers) as response:
            answer: dict[str, Any] = {} if response.status == 204 else await response.json()
            if response.status >= 400:
                raise MaubotError(method, path, response.status, answer)
            return answer


def _client(mxid: str) -> str:
    return f"/client/{quote(mxid, safe='')}"


def standalone(
    directory: Path,
    port: int,
    *,
    mbp: bytes,
    homeserver: Homeserver,
    login: Login,
    settings: Mapping[str, Any],
    postgres: str | None = None,
) -> ServerProcess:
    """`python -m maubot.standalone` with this plugin, which has a web application: its server is what is asked.

    It counts as ready when others can send it keys: before that, what they say stays unreadable to the bot.
    """

    async def ready() -> bool:
        if not await answers(f"http://{LOOPBACK}:{port}/"):
            return False
        return login.device_id in await homeserver.devices(login, login.mxid)

    plugin = directory / "plugin"
    plugin.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(mbp)) as archive:
        archive.extractall(plugin)
    file = directory / "config.yaml"
    pickle_key = directory / "pickle.key"
    if not pickle_key.exists():
        pickle_key.write_text(secrets.token_hex(16))
    config = {
        "user": {
            "credentials": {
                "id": login.mxid,
                "homeserver": homeserver.url,
                "access_token": login.access_token,
                "device_id": login.device_id,
            },
            "sync": True,
            "appservice": False,
            "hs_token": None,
            "autojoin": False,
            "displayname": "disable",
            "avatar_url": "disable",
            # Unlike the full server, standalone mode can be told to keep what came while it was down.
            "ignore_initial_sync": False,
            "ignore_first_sync": False,
        },
        "server": {
            "hostname": LOOPBACK,
            "port": port,
            "base_path": "/",
            "public_url": f"http://{LOOPBACK}:{port}",
        },
        "database": postgres or f"sqlite:{directory / 'bot.db'}",
        "crypto_db_pickle_key": pickle_key.read_text(),
        "database_opts": {"min_size": 1, "max_size": 3 if postgres else 1},
        "plugin_config": dict(settings),
        "logging": _LOGGING,
    }
    file.write_text(json.dumps(config, indent=2))
    file.chmod(0o600)
    argv = [
        *(sys.executable, "-m", "maubot.standalone"),
        *("--config", str(file), "--meta", str(plugin / "maubot.yaml")),
    ]
    # Maubot appends the plugin's directory to the path; here it has to come before an installed copy of the same name.
    return ServerProcess("standalone", argv, directory, port, ready, env={"PYTHONPATH": str(plugin)})


_LOGGING = {
    "version": 1,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
    # As maubot comes: what must not be in a log is not in it at this level either.
    "loggers": {"maubot": {"level": "DEBUG"}, "mau": {"level": "DEBUG"}, "aiohttp": {"level": "INFO"}},
    "root": {"level": "DEBUG", "handlers": ["out"]},
}
