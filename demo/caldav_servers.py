"""Radicale and Xandikos on loopback, and plain CalDAV requests to look at what lies on them."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from lxml import etree

from .process import LOOPBACK, ServerProcess, answers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import aiohttp

_DAV = "{DAV:}"
_XML = {"Content-Type": "application/xml; charset=utf-8"}
# Everybody owns what lies under their name; the service account's calendars are the organisation's: all use them.
_RIGHTS = """\
[root]
user: .+
collection:
permissions: R

[own principal]
user: .+
collection: {{user}}
permissions: RW

[own calendars]
user: .+
collection: {{user}}/[^/]+
permissions: rw

[shared calendars]
user: .+
collection: {shared}(/[^/]+)?
permissions: Rrw
"""


def radicale(directory: Path, port: int, *, passwords: Mapping[str, str], shared: str) -> ServerProcess:
    """Radicale with these logins; calendars of the account `shared` are open to all of them."""
    directory.mkdir(parents=True, exist_ok=True)
    write_passwords(directory, passwords)
    rights = directory / "rights"
    rights.write_text(_RIGHTS.format(shared=shared))
    config = directory / "config"
    config.write_text(
        "[server]\n"
        f"hosts = {LOOPBACK}:{port}\n"
        "max_connections = 40\n"
        "[auth]\n"
        "type = htpasswd\n"
        f"htpasswd_filename = {directory / 'htpasswd'}\n"
        "htpasswd_encryption = plain\n"
        "delay = 0\n"
        "[rights]\n"
        "type = from_file\n"
        f"file = {rights}\n"
        "[storage]\n"
        f"filesystem_folder = {directory / 'collections'}\n"
        "[web]\n"
        "type = none\n"
        "[logging]\n"
        "level = warning\n"
    )
    argv = [sys.executable, "-m", "radicale", "--config", str(config)]
    return ServerProcess("radicale", argv, directory, port, partial(answers, f"http://{LOOPBACK}:{port}/"))


def write_passwords(directory: Path, passwords: Mapping[str, str]) -> None:
    """Radicale reads the file again at each login, so people can be added while it runs."""
    htpasswd = directory / "htpasswd"
    htpasswd.touch(mode=0o600)
    htpasswd.write_text("".join(f"{name}:{password}\n" for name, password in passwords.items()))


def xandikos(directory: Path, port: int, *, principal: str) -> ServerProcess:
    """Xandikos without authentication, with the home of one principal and its default calendar."""
    argv = [
        *(sys.executable, "-m", "xandikos", "serve"),
        *("--directory", str(directory / "collections"), "--state-dir", str(directory / "state")),
        *("--listen-address", LOOPBACK, "--port", str(port), "--no-detect-systemd"),
        *("--current-user-principal", f"/{principal}/", "--defaults"),
    ]
    return ServerProcess("xandikos", argv, directory, port, partial(answers, f"http://{LOOPBACK}:{port}/"))


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar collection, seen through plain CalDAV requests as any calendar program would make them."""

    http: aiohttp.ClientSession
    url: str
    username: str
    password: str

    async def create(self, display_name: str) -> None:
        """MKCALENDAR (RFC 4791, 5.3.1), unless it is there."""
        if await self._status("PROPFIND", self.url, headers={"Depth": "0"}) == 207:
            return
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:displayname>{_xml_text(display_name)}</D:displayname>"
            '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
            "</D:prop></D:set></C:mkcalendar>"
        )
        await self._request("MKCALENDAR", self.url, data=body, headers=_XML)

    async def names(self) -> list[str]:
        """Resource names of the objects in the collection."""
        body = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
        text = await self._request("PROPFIND", self.url, data=body, headers={"Depth": "1", **_XML})
        hrefs = [unquote(href.text or "") for href in etree.fromstring(text.encode()).iter(f"{_DAV}href")]
        return sorted(href.rsplit("/", 1)[1] for href in hrefs if not href.endswith("/"))

    async def objects(self) -> dict[str, str]:
        """The text of every object by its resource name."""
        return {name: await self.get(name) for name in await self.names()}

    async def get(self, name: str) -> str:
        return await self._request("GET", urljoin(self.url, name))

    async def put(self, name: str, ics: str) -> None:
        await self._request(
            "PUT", urljoin(self.url, name), data=ics.encode(), headers={"Content-Type": "text/calendar; charset=utf-8"}
        )

    async def delete(self, name: str) -> None:
        await self._request("DELETE", urljoin(self.url, name))

    async def _status(self, method: str, url: str, *, headers: Mapping[str, str]) -> int:
        async with self.http.request(method, url, headers={**headers, **self._authorization}) as response:
            return response.status

    async def _request(
        self, method: str, url: str, *, data: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        headers = {**(headers or {}), **self._authorization}
        async with self.http.request(method, url, data=data, headers=headers) as response:
            text = await response.text()
            if response.status >= 400:
                raise CalDavRequestError(method, url, response.status, text)
            return text

    @property
    def _authorization(self) -> dict[str, str]:
        credentials = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}


class CalDavRequestError(RuntimeError):
    def __init__(self, method: str, url: str, status: int, text: str) -> None:
        super().__init__(f"{method} {url}: HTTP {status} {json.dumps(text[:200])}")
        self.status = status


def _xml_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
