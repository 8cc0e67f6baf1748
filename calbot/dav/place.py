"""A calendar's collection on its server: what lies in it, by paths that mean the same however a server spells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from calbot.core.model import CalendarName, Etag, Href
from calbot.core.settings import Calendar

from . import xml
from .accounts import AccountClient, Answer

T = TypeVar("T")

_PARSE_HERE = 128 * 1024  # octets of XML that take the loop a few milliseconds


@dataclass(frozen=True, slots=True)
class Members:
    """Resources with their paths; None is the collection itself."""

    members: Sequence[tuple[Href | None, xml.Resource]]
    sync_token: str | None
    is_empty: bool  # not even the collection itself, nor anything that is ignored


class Place:
    """A calendar's collection, and the login for it. `url`: where it is, if not where it is configured; the paths of
    its objects are those that they would have there."""

    def __init__(self, calendar: Calendar, client: AccountClient, url: str = "") -> None:
        self.calendar: CalendarName = calendar.name
        configured = calendar.url if calendar.url.endswith("/") else f"{calendar.url}/"
        self.url = url or configured
        self._known_as = urlsplit(configured).path
        self.request = client.request
        parts = urlsplit(self.url)
        self._host = parts.netloc.rpartition("@")[2]
        self._path = unquote(parts.path).rstrip("/")

    def href(self, name: str) -> Href:
        """Where an object is stored under a name."""
        return Href(f"{self._known_as}{quote(name, safe='@')}.ics")

    def url_of(self, href: Href) -> str:
        return urljoin(self.url, self.path_of(href))

    def path_of(self, href: Href) -> str:
        """Where an object is on the server."""
        here = urlsplit(self.url).path
        return here + href[len(self._known_as) :] if href.startswith(self._known_as) else href

    def _href_of(self, path: str) -> Href:
        here = urlsplit(self.url).path
        if here == self._known_as or not unquote(path).startswith(unquote(here)):
            return Href(path)
        # By segments: the same may be spelled with other escapes.
        return Href(self._known_as + "/".join(path.split("/")[here.count("/") :]))

    def named(self, location: str) -> Href | None:
        """The member of this collection that a Location names, if it names one."""
        inside = self._inside(location) if location else []
        plain = unquote(inside[0]) if inside and inside[0] is not None else ""
        return inside[0] if plain.rpartition("/")[0] == unquote(self._known_as).rstrip("/") else None

    async def put(self, href: Href, data: str, condition: dict[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        return await self.request("PUT", self.url_of(href), body=data.encode("utf-8", "replace"), headers=headers)

    async def members(self, answer: Answer) -> Members:
        """What a multi-status says of the collection and of what lies in it."""
        return await _read(answer, self._members)

    def _members(self, body: bytes) -> Members:
        status = xml.read_multistatus(body)
        members = [(href, one) for one in status.resources for href in self._inside(one.href)]
        return Members(members, status.sync_token, is_empty=not status.resources)

    def _inside(self, href: str) -> list[Href | None]:
        """The path of a member, None for the collection itself; nothing of other servers and of collections in it."""
        path = href
        if not href.startswith("/") or href.startswith("//"):
            try:
                parts = urlsplit(urljoin(self.url, href))
            except ValueError:  # no URL at all
                return []
            if parts.netloc.rpartition("@")[2] != self._host:
                return []
            path = parts.path
        plain = unquote(path)
        if plain.rstrip("/") == self._path:
            return [None]
        return [] if plain.endswith("/") else [self._href_of(path)]


async def multistatus(answer: Answer) -> xml.MultiStatus:
    return await _read(answer, xml.read_multistatus)


async def _read(answer: Answer, reader: Callable[[bytes], T]) -> T:
    if answer.status != 207:
        raise answer.error()
    if len(answer.body) <= _PARSE_HERE:
        return reader(answer.body)
    return await asyncio.to_thread(reader, answer.body)


def conditions(answer: Answer) -> frozenset[str]:
    """The names of the pre- and postconditions that an error answer says did not hold (RFC 4918, 16)."""
    return frozenset(tag.partition("}")[2] for tag in xml.error_conditions(answer.body))


def strong(etag: str | None) -> Etag | None:
    """Weak ones are never equal to anything in If-Match (RFC 9110, 13.1.1)."""
    return Etag(etag) if etag and not etag.startswith("W/") else None


def text_of(body: bytes) -> str:
    # NUL is no character of iCalendar, and not every database takes it.
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")
