"""The port CalendarGateway on CalDAV (RFC 4791, 6578): with which login, and where, what the modules beside do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TypeVar

from calbot.core.busy import LONGEST
from calbot.core.model import (
    AccountName,
    Busy,
    CalendarName,
    CalendarObject,
    Cursor,
    Delta,
    Etag,
    Fetched,
    Href,
    Mark,
)
from calbot.core.settings import Access, Account, Calendar, Settings
from calbot.errors import CalendarReadOnly, CalendarUnavailable
from calbot.ports import CalendarFacts, FoundPerson, Principal

from . import facts, fetching, homes, hosts, inbox, objects
from .accounts import AccountClient
from .freebusy import Scheduling, Summaries
from .listing import Listing
from .locations import Location
from .place import Place
from .principals import Principals
from .remembering import Remembered

T = TypeVar("T")

# What is as wrong for a write as for the look at one's rights before it.
_OUTAGES = frozenset(
    ("calendar_timeout", "calendar_unreachable", "calendar_tls", "calendar_login", "calendar_secret", "calendar_busy")
)


class DavGateway:
    """All configured calendars. Used as an async context manager, it leaves no connection behind."""

    def __init__(self, settings: Settings) -> None:
        self._calendars = settings.calendars
        shared = hosts.limits(settings.accounts.values())
        self._accounts = {name: AccountClient(account, shared.get(name)) for name, account in settings.accounts.items()}
        self._principals = {name: self._principals_of(account) for name, account in settings.accounts.items()}
        self._locations = {
            name: Location(one, self._accounts[one.account], self._principals[one.account])
            for name, one in settings.calendars.items()
        }
        self._facts = {name: Remembered(partial(self._look_at, name)) for name in settings.calendars}
        self._listing = Listing(settings.privacy.retention.events)
        self._summaries = Summaries()
        self._scheduling = {
            name: Scheduling(account, self._accounts[name], self._principals[name])
            for name, account in settings.accounts.items()
        }

    async def __aenter__(self) -> DavGateway:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        async with AsyncExitStack() as stack:
            for client in self._accounts.values():
                stack.push_async_callback(client.aclose)
            for principals in self._principals.values():
                stack.push_async_callback(principals.aclose)
            for remembered in self._facts.values():
                stack.push_async_callback(remembered.aclose)

    # -------------------------------------------------------------------------------------------------------- reading

    async def changes(self, calendar: CalendarName, cursor: Cursor | None) -> Delta:
        return await self._at(calendar, lambda place: self._listing.changes(place, cursor))

    def together(self, calendars: Iterable[CalendarName]) -> Sequence[tuple[CalendarName, ...]]:
        return homes.together(self._located(name) for name in calendars)

    async def marks(self, calendars: Sequence[CalendarName]) -> Mapping[CalendarName, Mark]:
        return await homes.marks([self._located(name) for name in calendars], self._client_of(calendars[0]))

    async def fetch(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Fetched:
        return await self._at(calendar, lambda place: fetching.fetch(place, hrefs))

    async def read(self, calendar: CalendarName, href: Href) -> CalendarObject | None:
        return await self._at(calendar, lambda place: objects.read(place, href))

    async def probe(self, calendar: CalendarName) -> CalendarFacts:
        found = await self._look_at(calendar)
        self._facts[calendar].settle(found)
        return found

    def facts(self, calendar: CalendarName) -> CalendarFacts | None:
        known, moved_to = self._facts[calendar].known, self._locations[calendar].moved_to
        if known is None:
            return CalendarFacts(exists=True, is_calendar=True, moved_to=moved_to) if moved_to else None
        return replace(known, moved_to=moved_to)

    async def principal(self, account: AccountName) -> Principal | None:
        return await self._principals[account].get()

    async def offered(self, account: AccountName) -> Sequence[str]:
        """The calendars that the account has on its server; not those of others that it may read, as a rule."""
        return await self._principals[account].calendars()

    async def find_people(self, account: AccountName, text: str) -> Sequence[FoundPerson]:
        return await self._principals[account].find_people(text)

    async def messages(self, account: AccountName, *, but: Container[Href] = ()) -> Sequence[CalendarObject]:
        place = await self._inbox(account)
        return () if place is None else await inbox.messages(place, but)

    async def discard(self, account: AccountName, message: CalendarObject) -> None:
        place = await self._inbox(account)
        if place is not None:
            await inbox.discard(place, message)

    async def _inbox(self, account: AccountName) -> Place | None:
        principal = await self._principals[account].identity()
        if principal is None or principal.inbox is None:
            return None
        return Place(Calendar(CalendarName("inbox"), account, principal.inbox), self._accounts[account])

    async def free_busy(
        self, account: AccountName, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        _check_length(start, end)
        return await self._scheduling[account].ask(addresses, start, end)

    async def free_busy_query(self, calendar: CalendarName, start: datetime, end: datetime) -> Sequence[Busy] | None:
        _check_length(start, end)
        return await self._at(calendar, lambda place: self._summaries.ask(place, start, end))

    # -------------------------------------------------------------------------------------------------------- writing

    def href(self, calendar: CalendarName, name: str) -> Href:
        return Place(self._calendars[calendar], self._client_of(calendar)).href(name)

    async def create(self, calendar: CalendarName, name: str, data: str) -> CalendarObject:
        await self._check_writable(calendar)
        try:
            return await self._at(calendar, lambda place: objects.create(place, place.href(name), data))
        except objects.NotOurs:
            known = self._facts[calendar].known or CalendarFacts(exists=True, is_calendar=True)
            self._facts[calendar].settle(replace(known, writable=False))
            raise

    async def update(self, calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        await self._check_writable(calendar)
        return await self._at(calendar, lambda place: objects.update(place, href, data, etag))

    async def delete(self, calendar: CalendarName, href: Href, etag: Etag | None) -> None:
        await self._check_writable(calendar)
        await self._at(calendar, lambda place: objects.delete(place, href, etag))

    async def _check_writable(self, calendar: CalendarName) -> None:
        """Not every refusal can be told from one of what is written: whoever may not write is told so before."""
        if self._calendars[calendar].access is Access.READ_ONLY:
            raise CalendarReadOnly(calendar=calendar)
        try:
            found = await self._facts[calendar].get()
        except CalendarUnavailable as error:
            if error.reason in _OUTAGES:
                raise
            return
        if found.writable is False:
            raise CalendarReadOnly(calendar=calendar)

    # --------------------------------------------------------------------------------------------------------- places

    async def _at(self, calendar: CalendarName, act: Callable[[Place], Awaitable[T]]) -> T:
        """Where the calendar is, and once more where it has moved to."""
        try:
            return await act(await self._place(calendar))
        except CalendarUnavailable as error:
            if error.reason not in ("calendar_moved", "calendar_missing"):
                raise
            if not await self._locations[calendar].find_again(error):
                raise
        return await act(await self._place(calendar))

    async def _look_at(self, calendar: CalendarName) -> CalendarFacts:
        found = await self._at(calendar, facts.probe)
        return replace(found, moved_to=self._locations[calendar].moved_to)

    def _located(self, calendar: CalendarName) -> Calendar:
        return replace(self._calendars[calendar], url=self._locations[calendar].url)

    async def _place(self, calendar: CalendarName) -> Place:
        url = await self._locations[calendar].find()
        return Place(self._calendars[calendar], self._client_of(calendar), url)

    def _client_of(self, calendar: CalendarName) -> AccountClient:
        return self._accounts[self._calendars[calendar].account]

    def _principals_of(self, account: Account) -> Principals:
        places = [one.url for one in self._calendars.values() if one.account == account.name and not one.path]
        return Principals(account, self._accounts[account.name], places[:1])


def _check_length(start: datetime, end: datetime) -> None:
    if end - start > LONGEST:
        raise ValueError("too long a time to ask for")
