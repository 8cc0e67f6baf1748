"""Busy times: of people by a scheduling outbox (RFC 6638, 5), which has to be found first; of a calendar by a
free-busy-query (RFC 4791, 7.10).

Which account may ask for what is up to the server; what comes back are times, never what takes place then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final
from urllib.parse import urljoin, urlsplit

from calbot.core.ical.freebusy import build_request, read_freebusy
from calbot.core.model import Busy, CalendarName
from calbot.core.settings import Account
from calbot.errors import BadCalendarData, CalendarUnavailable

from . import xml
from .accounts import AccountClient, Answer

_LOT: Final = 50  # people in one request
AGAIN: Final = 3600.0  # seconds until something is asked for again that a server did not offer
_MAILTO: Final = "mailto:"
# What servers answer to a POST that they never take, and to one that they do not take as it is.
_NOT_OFFERED: Final = frozenset({403, 404, 405, 410, 501})
_NOT_THIS_ONE: Final = frozenset({400, 409, 413, 415, 422})
_NO_QUERY: Final = frozenset({400, 403, 405, 415, 422, 501, 507})
# SOGo answers "2.0;Success" without any busy time for people who have some: nothing is better than that.
_NOT_TRUSTED: Final = "/SOGo/dav/"


@dataclass(frozen=True, slots=True)
class _Outbox:
    url: str
    owner: str  # the address in whose name it asks


class Scheduling:
    """The outbox of one account. `places` are resources of its server that know who is logged in."""

    def __init__(self, account: Account, client: AccountClient, places: Sequence[str]) -> None:
        self._account = account
        self._client = client
        self._places = (*places, account.url)
        self._looking: asyncio.Task[_Outbox | None] | None = None
        self._outbox: _Outbox | None = None
        # On the clock of the event loop.
        self._look_again = 0.0
        self._not_before = 0.0

    async def ask(self, addresses: Sequence[str], start: datetime, end: datetime) -> dict[str, tuple[Busy, ...] | None]:
        """The busy times of each; None for whom the server says nothing."""
        found: dict[str, tuple[Busy, ...] | None] = dict.fromkeys(addresses)
        wait = self._not_before - asyncio.get_running_loop().time()
        if wait > 0:
            raise CalendarUnavailable("calendar_busy", retry_after=wait)
        try:
            outbox = await self._find()
            if outbox is None:
                return found
            for begin in range(0, len(addresses), _LOT):
                found.update(await self._post(outbox, addresses[begin : begin + _LOT], start, end))
        except CalendarUnavailable as error:
            if error.retry_after is not None:
                self._not_before = asyncio.get_running_loop().time() + min(error.retry_after, AGAIN)
            raise
        return found

    async def _post(
        self, outbox: _Outbox, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, tuple[Busy, ...] | None]:
        body = build_request(outbox.owner, addresses, start, end, datetime.now(timezone.utc))
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        answer = await self._client.request("POST", outbox.url, body=body.encode(), headers=headers)
        if answer.status in _NOT_OFFERED:
            self._settle(None)
            return {}
        if answer.status in _NOT_THIS_ONE:
            return {}
        if answer.status != 200:
            raise answer.error()
        return await asyncio.to_thread(_read, answer, frozenset(addresses), start, end)

    async def _find(self) -> _Outbox | None:
        """Looked for once by all who ask at the same time, and to the end even if none of them waits as long."""
        if self._outbox is not None or asyncio.get_running_loop().time() < self._look_again:
            return self._outbox
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._found)
        return await asyncio.shield(self._looking)

    def _found(self, looking: asyncio.Task[_Outbox | None]) -> None:
        if not looking.cancelled() and looking.exception() is None:
            self._settle(looking.result())

    def _settle(self, outbox: _Outbox | None) -> None:
        """What a server offers hardly ever changes."""
        self._outbox = outbox
        self._look_again = asyncio.get_running_loop().time() + AGAIN

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> _Outbox | None:
        for place in self._places:
            principal = await self._principal(place)
            if principal is not None:
                return await self._outbox_of(principal)
        return None

    async def _principal(self, place: str) -> str | None:
        """Any resource names the principal of who asks (RFC 5397)."""
        resource = await self._properties(place, xml.PROPFIND_PRINCIPAL)
        hrefs = () if resource is None else resource.hrefs.get(xml.PRINCIPAL, ())
        return _beside(place, hrefs[0]) if hrefs else None

    async def _outbox_of(self, principal: str) -> _Outbox | None:
        resource = await self._properties(principal, xml.PROPFIND_OUTBOX)
        hrefs = () if resource is None else resource.hrefs.get(xml.OUTBOX, ())
        url = _beside(principal, hrefs[0]) if hrefs else None
        if resource is None or url is None or _NOT_TRUSTED in url:
            return None
        own = [_address(href) for href in resource.hrefs.get(xml.USER_ADDRESSES, ()) if _is_mail(href)]
        wanted = self._account.address.lower()
        # The request is refused unless ORGANIZER is an address of the outbox's owner (RFC 6638, 5.1.2).
        owner = wanted if wanted in own or not own else own[0]
        return _Outbox(url, owner) if owner else None

    async def _properties(self, url: str, body: bytes) -> xml.Resource | None:
        answer = await self._client.request("PROPFIND", url, body=body, headers={"Depth": "0"})
        if answer.status == 207:
            return next(iter(xml.read_multistatus(answer.body).resources), None)
        if answer.status >= 500:
            raise answer.error()
        return None


class Summaries:
    """What calendars sum up themselves of when they are busy."""

    def __init__(self) -> None:
        self._refused: dict[CalendarName, float] = {}  # until when not to ask, on the clock of the event loop

    async def ask(
        self, calendar: CalendarName, client: AccountClient, url: str, start: datetime, end: datetime
    ) -> Sequence[Busy] | None:
        """The busy times; None where the server does not tell."""
        now = asyncio.get_running_loop().time()
        if now < self._refused.get(calendar, now):
            return None
        answer = await client.request("REPORT", url, body=xml.free_busy_query(start, end), headers={"Depth": "1"})
        if answer.status in _NO_QUERY:
            self._refused[calendar] = now + AGAIN
            return None
        if answer.status != 200:
            raise answer.error()
        try:
            return await asyncio.to_thread(read_freebusy, answer.body.decode("utf-8", "replace"), start, end)
        except BadCalendarData as error:
            raise CalendarUnavailable("calendar_nonsense") from error


def _read(
    answer: Answer, addresses: frozenset[str], start: datetime, end: datetime
) -> dict[str, tuple[Busy, ...] | None]:
    found: dict[str, tuple[Busy, ...] | None] = {}
    for one in xml.read_schedule_response(answer.body):
        address = _address(one.recipient)
        if address in addresses and one.status.startswith("2."):
            try:
                found[address] = read_freebusy(one.data, start, end)
            except BadCalendarData:
                found[address] = None
    return found


def _beside(place: str, href: str) -> str | None:
    """An href as a URL; none where it is on another server, which has no business with our password."""
    try:
        url = urljoin(place, href)
        here, there = urlsplit(place), urlsplit(url)
    except ValueError:  # no URL at all
        return None
    same = (here.scheme, here.netloc.rpartition("@")[2]) == (there.scheme, there.netloc.rpartition("@")[2])
    return url if href and same else None


def _is_mail(href: str) -> bool:
    return href.lower().startswith(_MAILTO)


def _address(href: str) -> str:
    return href.strip().lower().removeprefix(_MAILTO)
