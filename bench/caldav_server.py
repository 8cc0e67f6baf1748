"""A small CalDAV server in memory, in a process of its own: as many calendars as wanted in one home, which cost it
little. So it is the bot that the benchmarks measure.

`python -m bench.caldav_server PORT CALENDARS EVENTS`: the calendars `c0`, `c1` … with that many events each.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

from aiohttp import web

from .events import calendar_of

HOME: Final = "/svc-calbot/"
_HEAD: Final = (
    '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" '
    'xmlns:s="http://calendarserver.org/ns/">'
)
_HREF: Final = re.compile(r"<(?:\w+:)?href>([^<]*)<")
_TOKEN: Final = re.compile(r"<(?:\w+:)?sync-token>([^<]*)<")


@dataclass
class Collection:
    """Objects by name, with the version that each has got."""

    objects: dict[str, tuple[int, str]] = field(default_factory=dict)
    version: int = 0

    def put(self, name: str, text: str) -> None:
        self.version += 1
        self.objects[name] = (self.version, text)


class Server:
    def __init__(self, calendars: int, events: int) -> None:
        self._collections = {f"c{number}": Collection() for number in range(calendars)}
        for collection in self._collections.values():
            for number in range(events):
                collection.put(f"event-{number}.ics", calendar_of(number, recurring=number % 5 == 0))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        name, _, resource = request.path.removeprefix(HOME).partition("/")
        body = await request.text()
        if not name:
            return self._multistatus("".join(self._marks(one) for one in self._collections))
        collection = self._collections.get(name)
        if collection is None:
            return web.Response(status=404)
        match request.method:
            case "PUT":
                collection.put(resource, body)
                return web.Response(status=201, headers={"ETag": f'"{collection.version}"'})
            case "PROPFIND":
                return self._multistatus(self._marks(name))
            case "REPORT":
                return self._report(name, collection, body)
            case "GET" if resource in collection.objects:
                version, text = collection.objects[resource]
                return web.Response(text=text, headers={"ETag": f'"{version}"'})
            case _:
                return web.Response(status=404)

    def _marks(self, name: str) -> str:
        version = self._collections[name].version
        props = f"<d:sync-token>urn:bench:{version}</d:sync-token><s:getctag>{version}</s:getctag>"
        return _response(f"{HOME}{name}/", f"<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>{props}")

    def _report(self, name: str, collection: Collection, body: str) -> web.Response:
        if "sync-collection" in body:
            found = _TOKEN.search(body)
            since = int((found[1] if found else "").rpartition(":")[2] or 0)
            versions = collection.objects.items() if since < collection.version else ()
            changed = [(one, version, "") for one, (version, _) in versions if version > since]
            return self._multistatus(_listed(name, changed), f"urn:bench:{collection.version}")
        if "multiget" in body:
            asked = [href.rpartition("/")[2] for href in _HREF.findall(body)]
            there = [(one, *collection.objects[one]) for one in asked if one in collection.objects]
            return self._multistatus(_listed(name, there))
        return self._multistatus(_listed(name, [(one, *kept) for one, kept in collection.objects.items()]))

    def _multistatus(self, responses: str, token: str = "") -> web.Response:
        tail = f"<d:sync-token>{token}</d:sync-token>" if token else ""
        return web.Response(
            status=207, text=f"{_HEAD}{responses}{tail}</d:multistatus>", content_type="application/xml"
        )


def _listed(name: str, objects: list[tuple[str, int, str]]) -> str:
    return "".join(
        _response(
            f"{HOME}{name}/{one}",
            f'<d:getetag>"{version}"</d:getetag>'
            + (f"<c:calendar-data>{escape(text)}</c:calendar-data>" if text else ""),
        )
        for one, version, text in objects
    )


def _response(href: str, props: str) -> str:
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


async def main(port: int, calendars: int, events: int) -> None:
    runner = web.ServerRunner(web.Server(Server(calendars, events).handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*(int(argument) for argument in sys.argv[1:4])))
