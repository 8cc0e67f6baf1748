"""Who an account is to its server, whether that server delivers invitations, and whom it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from calbot.core.settings import Account
from calbot.ports import FoundPerson, Principal

from . import xml
from .accounts import AccountClient
from .discovery import find_principal, properties
from .origins import beside
from .remembering import Remembered

MAILTO: Final = "mailto:"
_DELIVERS: Final = "calendar-auto-schedule"  # in the DAV header (RFC 6638, 2)
_MOST: Final = 100  # people of one search that are looked at
_PEOPLE: Final = frozenset({"", "INDIVIDUAL", "UNKNOWN"})  # CUTYPE (RFC 5545, 3.2.3)


@dataclass(frozen=True, slots=True)
class _Who:
    principal: Principal
    collections: tuple[str, ...]  # where other principals are


class Principals:
    """The principal of one account. `calendars`: resources of its server that know who is logged in."""

    def __init__(self, account: Account, client: AccountClient, calendars: Sequence[str]) -> None:
        self._account = account
        self._client = client
        self._calendars = calendars
        self._who = Remembered(self._look)
        self._delivers = Remembered(self._ask_whether_it_delivers)
        self._searchable = Remembered(self._ask_what_is_searchable)

    async def identity(self) -> Principal | None:
        """Who the account is; `delivers` is left open."""
        who = await self._who.get()
        return None if who is None else who.principal

    async def get(self) -> Principal | None:
        principal = await self.identity()
        return None if principal is None else replace(principal, delivers=await self._delivers.get())

    async def find_people(self, text: str) -> Sequence[FoundPerson]:
        wanted = " ".join(text.split())
        who = await self._who.get()
        if who is None or not wanted:
            return ()
        searchable = await self._searchable.get()
        by_address = "@" in wanted
        for property in (xml.USER_ADDRESSES, xml.SABRE_ADDRESS) if by_address else (xml.DISPLAYNAME,):
            if property in searchable:
                people = await self._search(who, property, wanted)
                if by_address:
                    people = [one for one in people if wanted.lower() in one.addresses]
                if people:
                    return people
        return ()

    async def calendars(self) -> Sequence[str]:
        """Where the account's calendars are."""
        principal = await self.identity()
        found: list[str] = []
        for home in principal.homes if principal else ():
            answer, at = await self._client.follow("PROPFIND", home, body=xml.PROPFIND_CALENDAR, headers={"Depth": "1"})
            if answer.status == 207:
                resources = (await asyncio.to_thread(xml.read_multistatus, answer.body)).resources
                hrefs = [one.href for one in resources if xml.CALENDAR in one.inside.get(xml.RESOURCETYPE, ())]
                found.extend(_urls(at, hrefs))
        return found

    async def aclose(self) -> None:
        await asyncio.gather(self._who.aclose(), self._delivers.aclose(), self._searchable.aclose())

    async def _look(self) -> _Who | None:
        url = await find_principal(self._client, self._account.url, self._calendars)
        found = await properties(self._client, url, xml.PROPFIND_WHO) if url else None
        if found is None:
            return None
        resource, at = found
        principal = Principal(
            url=at,
            addresses=frozenset(mail_addresses(resource.hrefs.get(xml.USER_ADDRESSES, ()))),
            homes=_urls(at, resource.hrefs.get(xml.HOME, ())),
            inbox=next(iter(_urls(at, resource.hrefs.get(xml.INBOX, ()))), None),
            outbox=next(iter(_urls(at, resource.hrefs.get(xml.OUTBOX, ()))), None),
        )
        return _Who(principal, _urls(at, resource.hrefs.get(xml.PRINCIPALS, ())))

    async def _ask_whether_it_delivers(self) -> bool:
        who = await self._who.get()
        if who is None or who.principal.outbox is None:
            return False
        answer, _ = await self._client.follow("OPTIONS", next(iter(who.principal.homes), who.principal.url))
        if answer.status >= 500 and answer.status != 501:
            raise answer.error()
        offered = ",".join(answer.headers.getall("DAV", []))  # Cyrus has several of them
        return _DELIVERS in {one.strip().lower() for one in offered.split(",")}

    async def _ask_what_is_searchable(self) -> frozenset[str]:
        who = await self._who.get()
        for place in who.collections if who else ():
            answer, _ = await self._client.follow("REPORT", place, body=xml.SEARCH_PROPERTIES, headers={"Depth": "0"})
            if answer.status == 200:
                return xml.read_search_properties(answer.body)
        # Xandikos searches, but does not say by what.
        return frozenset({xml.DISPLAYNAME, xml.USER_ADDRESSES})

    async def _search(self, who: _Who, property: str, text: str) -> list[FoundPerson]:
        found: dict[str, FoundPerson] = {}
        for place in who.collections:
            body = xml.principal_property_search(property, text)
            answer, _ = await self._client.follow("REPORT", place, body=body, headers={"Depth": "0"})
            if answer.status == 207:
                for resource in (await asyncio.to_thread(xml.read_multistatus, answer.body)).resources[:_MOST]:
                    if resource.texts.get(xml.USER_TYPE, "").strip().upper() in _PEOPLE:
                        found.setdefault(resource.href, _person(resource))
            elif answer.status >= 500 and answer.status not in (501, 507):
                raise answer.error()
        return list(found.values())


def mail_addresses(hrefs: Iterable[str]) -> list[str]:
    """The e-mail addresses among calendar user addresses, in lower case."""
    return [href.strip().lower().removeprefix(MAILTO) for href in hrefs if href.strip().lower().startswith(MAILTO)]


def _person(resource: xml.Resource) -> FoundPerson:
    addresses = mail_addresses(resource.hrefs.get(xml.USER_ADDRESSES, ()))
    if sabre := resource.texts.get(xml.SABRE_ADDRESS, "").strip().lower():
        addresses.append(sabre)
    name = " ".join(resource.texts.get(xml.DISPLAYNAME, "").split())
    return FoundPerson(name, tuple(dict.fromkeys(addresses)))


def _urls(at: str, hrefs: Iterable[str]) -> tuple[str, ...]:
    """Those of the same server."""
    return tuple(dict.fromkeys(url for href in hrefs if (url := beside(at, href)) is not None))
