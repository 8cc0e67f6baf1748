"""Busy times: of people by a scheduling outbox (RFC 6638, 5); of a calendar by a free-busy-query (RFC 4791, 7.10).

Which account may ask for what is up to the server; what comes back are times, never what takes place then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from calbot.core.ical.freebusy import build_request, read_freebusy
from calbot.core.model import Busy, CalendarName
from calbot.core.settings import Account
from calbot.errors import BadCalendarData, CalendarUnavailable

from . import remembering, xml
from .accounts import AccountClient, Answer
from .place import Place
from .principals import MAILTO, Principals

_LOT: Final = 50  # people in one request
# What servers answer to a POST that they never take, and to one that they do not take as it is.
_NOT_OFFERED: Final = frozenset({403, 404, 405, 410, 501})
_NOT_THIS_ONE: Final = frozenset({400, 409, 413, 415, 422})
_NO_QUERY: Final = frozenset({400, 403, 405, 415, 422, 501, 507})
# SOGo answers "2.0;Success" without any busy time for people who have some: nothing is better than that.
_NOT_TRUSTED: Final = "/SOGo/dav/"


class Scheduling:
    """The outbox of one account."""

    def __init__(self, account: Account, client: AccountClient, principals: Principals) -> None:
        self._account = account
        self._client = client
        self._principals = principals
        # On the clock of the event loop.
        self._refused_until = 0.0
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
                self._not_before = asyncio.get_running_loop().time() + min(error.retry_after, remembering.AGAIN)
            raise
        return found

    async def _post(
        self, outbox: _Outbox, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, tuple[Busy, ...] | None]:
        body = build_request(outbox.owner, addresses, start, end, datetime.now(timezone.utc))
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        answer = await self._client.request("POST", outbox.url, body=body.encode(), headers=headers)
        if answer.status in _NOT_OFFERED:
            self._refused_until = asyncio.get_running_loop().time() + remembering.AGAIN
            return {}
        if answer.status in _NOT_THIS_ONE:
            return {}
        if answer.status != 200:
            raise answer.error()
        return await asyncio.to_thread(_read, answer, frozenset(addresses), start, end)

    async def _find(self) -> _Outbox | None:
        if asyncio.get_running_loop().time() < self._refused_until:
            return None
        principal = await self._principals.identity()
        url = principal.outbox if principal else None
        if principal is None or url is None or _NOT_TRUSTED in url:
            return None
        wanted = self._account.address.lower()
        # The request is refused unless ORGANIZER is an address of the outbox's owner (RFC 6638, 5.1.2).
        own = sorted(principal.addresses)
        owner = wanted if wanted in own or not own else own[0]
        return _Outbox(url, owner) if owner else None


@dataclass(frozen=True, slots=True)
class _Outbox:
    url: str
    owner: str  # the address in whose name it asks


class Summaries:
    """What calendars sum up themselves of when they are busy."""

    def __init__(self) -> None:
        self._refused: dict[CalendarName, float] = {}  # until when not to ask, on the clock of the event loop

    async def ask(self, place: Place, start: datetime, end: datetime) -> Sequence[Busy] | None:
        """The busy times; None where the server does not tell."""
        now = asyncio.get_running_loop().time()
        if now < self._refused.get(place.calendar, now):
            return None
        answer = await place.request("REPORT", place.url, body=xml.free_busy_query(start, end), headers={"Depth": "1"})
        if answer.status in _NO_QUERY:
            self._refused[place.calendar] = now + remembering.AGAIN
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


def _address(href: str) -> str:
    return href.strip().lower().removeprefix(MAILTO)
