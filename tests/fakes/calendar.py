"""Calendars in memory, behind the port CalendarGateway; with switches for what goes wrong with real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from urllib.parse import quote
from zoneinfo import ZoneInfo

from calbot.core.busy import merged
from calbot.core.ical import is_same_version, read_and_expand, uid_of
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
    Status,
    instants,
)
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.ports import CalendarFacts, FoundPerson, Principal

_PRINCIPAL = Principal(
    "https://dav.example.org/principals/calbot/",
    frozenset({"termine@example.org"}),
    ("https://dav.example.org/",),
    delivers=True,
)


@dataclass
class _Collection:
    objects: dict[Href, CalendarObject] = field(default_factory=dict)
    log: list[Href] = field(default_factory=list)  # what was touched, in order; a cursor is a place in it
    epoch: int = 0  # cursors of an older one are not known any more


class FakeCalendarGateway:
    """`ports.CalendarGateway`.

    `unavailable`: raised by every call while it is set. `lose_answer`: the next write is stored, but
    CalendarUnavailable comes in place of its answer. `read_only`: calendars that refuse writes. `gate`: calls wait
    until it is set. `syncs`: False for a server that only lists. `calls`: what was asked, as (method, calendar).
    `outbox`: what people's server tells of their busy times, by address; whoever is not in it is not known there.
    `outbox_gate`: requests to it wait until it is set. `sums_up`: whether calendars can be asked for busy times.
    `home`: whether the calendars lie together, where one request looks at all of them but the `unmarked`, unless it is
    answered with `home_unavailable`. `failing`: objects that the server cannot give.
    `principals`: who accounts are; by default an account whose own address is termine@example.org, on a server that
    delivers invitations. `people`: whom a search finds. `moved_to`: where calendars are that have
    moved.
    """

    def __init__(self, calendars: Iterable[str] = ("it-team",)) -> None:
        self._collections = {CalendarName(name): _Collection() for name in calendars}
        self._versions = 0
        self.unavailable: CalendarUnavailable | None = None
        self.lose_answer = False
        self.read_only: set[CalendarName] = set()
        self.gate: asyncio.Event | None = None
        self.syncs = True
        self.calls: list[tuple[str, CalendarName]] = []
        self.outbox: dict[str, list[Busy]] = {}
        self.outbox_gate: asyncio.Event | None = None
        self.asked: list[tuple[AccountName, tuple[str, ...]]] = []  # requests to the outbox
        self.sums_up = True
        self.home = False
        self.unmarked: set[CalendarName] = set()
        self.home_unavailable: CalendarUnavailable | None = None
        self.failing: set[Href] = set()
        self.principals: dict[AccountName, Principal | None] = {}
        self.people: list[FoundPerson] = []
        self.inbox: list[CalendarObject] = []  # messages to the accounts
        self.moved_to: dict[CalendarName, str] = {}
        self._known: dict[CalendarName, CalendarFacts] = {}

    # ------------------------------------------------------------------------------------------- what others do to it

    def add(self, calendar: str) -> None:
        """One more calendar, with nothing in it."""
        self._collections[CalendarName(calendar)] = _Collection()

    def put(self, calendar: str, name: str, data: str) -> CalendarObject:
        """Somebody else writes an object, new or not."""
        return self._store(CalendarName(calendar), self.href(calendar, name), data)

    def remove(self, calendar: str, name: str) -> None:
        """Somebody else deletes an object."""
        self._drop(CalendarName(calendar), self.href(calendar, name))

    def objects(self, calendar: str) -> Mapping[Href, CalendarObject]:
        return dict(self._collections[CalendarName(calendar)].objects)

    def forget_cursors(self, calendar: str) -> None:
        """As after a restore of the server: cursors given out are no longer known."""
        self._collections[CalendarName(calendar)].epoch += 1

    # ----------------------------------------------------------------------------------------------------- the port

    async def changes(self, calendar: CalendarName, cursor: Cursor | None) -> Delta:
        collection = await self._called("changes", calendar)
        etags = {href: Etag(one.etag or "") for href, one in collection.objects.items()}
        now = Cursor(f"{collection.epoch}:{len(collection.log)}") if self.syncs else None
        epoch, _, place = (cursor or "").partition(":")
        if not self.syncs or epoch != str(collection.epoch) or not place.isdecimal():
            return Delta(etags, frozenset(), now, complete=True)
        touched = collection.log[int(place) :]
        listed = {href: etags[href] for href in touched if href in etags}
        return Delta(listed, frozenset(touched) - listed.keys(), now, complete=False)

    def together(self, calendars: Iterable[CalendarName]) -> Sequence[tuple[CalendarName, ...]]:
        names = tuple(calendars)
        return [names] if self.home and len(names) > 1 else []

    async def marks(self, calendars: Sequence[CalendarName]) -> Mapping[CalendarName, Mark]:
        await self._called("marks", calendars[0])
        if self.home_unavailable is not None:
            raise self.home_unavailable
        there = [name for name in calendars if name in self._collections and name not in self.unmarked]
        return {name: Mark(f"{self._collections[name].epoch}:{len(self._collections[name].log)}") for name in there}

    async def fetch(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Fetched:
        collection = await self._called("fetch", calendar)
        there = [collection.objects[href] for href in hrefs if href in collection.objects]
        failed = frozenset(one.href for one in there if one.href in self.failing)
        return Fetched(tuple(one for one in there if one.href not in failed), failed)

    async def read(self, calendar: CalendarName, href: Href) -> CalendarObject | None:
        collection = await self._called("read", calendar)
        return collection.objects.get(href)

    def href(self, calendar: str, name: str) -> Href:
        return Href(f"/{quote(calendar)}/{quote(name, safe='@')}.ics")

    async def create(self, calendar: CalendarName, name: str, data: str) -> CalendarObject:
        collection = await self._called("create", calendar, writes=True)
        href = self.href(calendar, name)
        there = collection.objects.get(href)
        if there is not None:
            if uid_of(there.data) != uid_of(data):
                raise PreconditionFailed
            return there
        if any(uid_of(other.data) == uid_of(data) for other in collection.objects.values()):
            raise PreconditionFailed
        return self._answered(self._store(calendar, href, data))

    async def update(self, calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        collection = await self._called("update", calendar, writes=True)
        there = collection.objects.get(href)
        if there is None:
            raise PreconditionFailed
        if etag is not None and there.etag != etag:
            if is_same_version(there.data, data):
                return there
            raise PreconditionFailed
        return self._answered(self._store(calendar, href, data))

    async def delete(self, calendar: CalendarName, href: Href, etag: Etag | None) -> None:
        collection = await self._called("delete", calendar, writes=True)
        there = collection.objects.get(href)
        if there is None:
            return
        if etag is not None and there.etag != etag:
            raise PreconditionFailed
        self._drop(calendar, href)
        self._answered(there)

    async def free_busy(
        self, account: AccountName, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        self.asked.append((account, tuple(addresses)))
        if self.outbox_gate is not None:
            await self.outbox_gate.wait()
        if self.unavailable is not None:
            raise self.unavailable
        return {
            address: merged(self.outbox[address], start, end) if address in self.outbox else None
            for address in addresses
        }

    async def free_busy_query(self, calendar: CalendarName, start: datetime, end: datetime) -> Sequence[Busy] | None:
        collection = await self._called("free_busy_query", calendar)
        if not self.sums_up:
            return None
        zone = ZoneInfo("UTC")
        found = [
            Busy(*instants(one.when, zone), one.details.status is Status.TENTATIVE)
            for stored in collection.objects.values()
            for one in read_and_expand(
                stored, calendar=calendar, hidden=False, zone=zone, window=(start, end)
            ).occurrences
            if not one.details.transparent and one.details.status is not Status.CANCELLED
        ]
        return merged(found, start.astimezone(timezone.utc), end)

    async def principal(self, account: AccountName) -> Principal | None:
        if self.unavailable is not None:
            raise self.unavailable
        return self.principals.get(account, _PRINCIPAL)

    async def messages(self, account: AccountName, *, but: Container[Href] = ()) -> Sequence[CalendarObject]:
        if self.unavailable is not None:
            raise self.unavailable
        return [one for one in self.inbox if one.href not in but]

    async def discard(self, account: AccountName, message: CalendarObject) -> None:
        self.inbox = [one for one in self.inbox if one.href != message.href]

    async def find_people(self, account: AccountName, text: str) -> Sequence[FoundPerson]:
        if self.unavailable is not None:
            raise self.unavailable
        wanted = text.strip().lower()
        if not wanted:
            return []
        return [
            one for one in self.people if (wanted in one.addresses if "@" in wanted else wanted in one.name.lower())
        ]

    async def probe(self, calendar: CalendarName) -> CalendarFacts:
        await self._called("probe", calendar)
        self._known[calendar] = CalendarFacts(
            exists=True,
            is_calendar=True,
            display_name=calendar,
            writable=calendar not in self.read_only,
            syncs=self.syncs,
            free_busy=self.sums_up,
            moved_to=self.moved_to.get(calendar, ""),
        )
        return self._known[calendar]

    def facts(self, calendar: CalendarName) -> CalendarFacts | None:
        return self._known.get(calendar)

    async def _called(self, method: str, calendar: CalendarName, *, writes: bool = False) -> _Collection:
        self.calls.append((method, calendar))
        if self.gate is not None:
            await self.gate.wait()
        if self.unavailable is not None:
            raise self.unavailable
        if writes and calendar in self.read_only:
            if method == "create":
                known = self._known.get(calendar) or CalendarFacts(exists=True, is_calendar=True)
                self._known[calendar] = replace(known, writable=False)
            raise CalendarReadOnly(calendar=calendar)
        return self._collections[calendar]

    def _answered(self, written: CalendarObject) -> CalendarObject:
        if self.lose_answer:
            self.lose_answer = False
            raise CalendarUnavailable("calendar_timeout")
        return written

    def _store(self, calendar: CalendarName, href: Href, data: str) -> CalendarObject:
        self._versions += 1
        collection = self._collections[calendar]
        collection.objects[href] = CalendarObject(href, Etag(f'"{self._versions}"'), data)
        collection.log.append(href)
        return collection.objects[href]

    def _drop(self, calendar: CalendarName, href: Href) -> None:
        collection = self._collections[calendar]
        if collection.objects.pop(href, None) is not None:
            collection.log.append(href)
