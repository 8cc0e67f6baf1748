"""Calendars: the servers they are on, and the mirror of them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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
    Occurrence,
    OccurrenceId,
    Uid,
)


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What a server says of a calendar. `writable` and `free_busy` are None where it does not tell: then only trying
    does. `moved_to`: where it is by now, if that is not where it is configured."""

    exists: bool
    is_calendar: bool
    display_name: str = ""
    writable: bool | None = None
    syncs: bool = False  # offers sync-collection (RFC 6578)
    holds_events: bool = True  # rather than tasks alone
    free_busy: bool | None = None  # can be asked when it is busy (RFC 4791, 7.10)
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who an account is to its server (RFC 5397, RFC 4791, RFC 6638). Addresses are in lower case, without ``mailto:``.

    `delivers`: the server sends invitations by itself, to other people's calendars or by mail (RFC 6638, 2).
    """

    url: str
    addresses: frozenset[str] = frozenset()
    homes: tuple[str, ...] = ()  # where its calendars lie
    inbox: str | None = None
    outbox: str | None = None
    delivers: bool = False

    def is_own(self, address: str) -> bool:
        """Whether this is an address of the account itself: only in that name does every server invite (Cyrus and sabre
        stay silent on any other ORGANIZER)."""
        return address.strip().lower().removeprefix("mailto:") in self.addresses


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Somebody whom a server knows. Addresses are in lower case, without ``mailto:``."""

    name: str
    addresses: tuple[str, ...]


class CalendarGateway(Protocol):
    """One organisation's calendars, on any number of servers. Calendars are named as in the configuration.

    Raises CalendarUnavailable (network, 5xx, 401, nonsense), CalendarReadOnly (403 on a write), PreconditionFailed.
    """

    async def changes(self, calendar: CalendarName, cursor: Cursor | None) -> Delta:
        """What changed since `cursor`; everything (complete) without one, or where the server no longer knows it."""
        ...

    def together(self, calendars: Iterable[CalendarName]) -> Sequence[tuple[CalendarName, ...]]:
        """Those of them that lie together, so that `marks` can look at them; each in one group at most."""
        ...

    async def marks(self, calendars: Sequence[CalendarName]) -> Mapping[CalendarName, Mark]:
        """How calendars that lie together stand, by a single request. Those of which nothing is said that could be
        relied on are left out."""
        ...

    async def fetch(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Fetched:
        """The objects that are still there, in lots. One that the server cannot give harms no other."""
        ...

    async def read(self, calendar: CalendarName, href: Href) -> CalendarObject | None:
        """One object as the server has it now, with a strong ETag if there is one; None if it is not there."""
        ...

    def href(self, calendar: CalendarName, name: str) -> Href:
        """Where `create` stores what it is given under `name`."""
        ...

    async def create(self, calendar: CalendarName, name: str, data: str) -> CalendarObject:
        """Store a new object under `name` (no path, no suffix) with If-None-Match: *; returns it as stored.

        Safe to repeat: where an object with our UID already lies at that place, it is returned as it is there.
        PreconditionFailed where something else lies there.
        """
        ...

    async def update(self, calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        """Replace with If-Match; returns the object as stored. PreconditionFailed where it changed meanwhile."""
        ...

    async def delete(self, calendar: CalendarName, href: Href, etag: Etag | None) -> None:
        """Delete with If-Match; no error where it is gone already. PreconditionFailed where it changed meanwhile."""
        ...

    async def free_busy(
        self, account: AccountName, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        """When people are busy, as their server tells everybody who may invite them (RFC 6638, 5).

        None for whom it says nothing; for all of them where it has no such service. `addresses` are in lower case,
        and the time is at most `core.busy.LONGEST`.
        """
        ...

    async def free_busy_query(self, calendar: CalendarName, start: datetime, end: datetime) -> Sequence[Busy] | None:
        """When something takes place in a calendar (RFC 4791, 7.10); None where its server does not sum that up."""
        ...

    async def principal(self, account: AccountName) -> Principal | None:
        """Who the account is to its server, at most an hour old; None where the server names nobody."""
        ...

    async def find_people(self, account: AccountName, text: str) -> Sequence[FoundPerson]:
        """People whose name contains `text`, or, where that has an @, who have that address (RFC 3744, 9.4).

        Whether one of them is meant is for the caller to say. Nobody where the server does not offer such a search.
        """
        ...

    async def messages(self, account: AccountName, *, but: Container[Href] = ()) -> Sequence[CalendarObject]:
        """What lies in the scheduling inbox of an account, without what is known already; nothing without an inbox."""
        ...

    async def discard(self, account: AccountName, message: CalendarObject) -> None:
        """Take a message out of the inbox."""
        ...

    async def probe(self, calendar: CalendarName) -> CalendarFacts:
        """Look at the calendar itself, for `check` and `status`."""
        ...

    def facts(self, calendar: CalendarName) -> CalendarFacts | None:
        """What was found out in the last hour, by a look or by a refused write; nothing is asked."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A calendar object with what was made of it. `problem` is a catalog key below ``problem.`` if it was set aside.

    `data` is cut down to times and status where the object is hidden. `recurring` says that it is a series, and
    `resumes` from when on it has to be expanded further as time goes on; None: all it has is there. Of an object that
    could not be fetched, what was known before is kept with the problem.
    """

    calendar: CalendarName
    href: Href
    etag: Etag | None
    uid: Uid
    data: str
    recurring: bool
    problem: str | None
    occurrences: tuple[Occurrence, ...]
    resumes: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalendarState:
    """How far a calendar has been read. `horizon` is up to where series are expanded; `failures` are those in a row.

    `mark` is how it stood before it was last read, where it was looked at together with others. `changed_at`: when
    something last turned up in it. `compared_at`: when it was last compared as a whole. `writable`: what its server
    said then of the right to write; None where it does not tell.
    """

    calendar: CalendarName
    cursor: Cursor | None = None
    synced_at: datetime | None = None  # last success
    tried_at: datetime | None = None
    failures: int = 0
    problem: str | None = None  # reason of the last failure, a catalog key below ``error.``; None when all is well
    horizon: datetime | None = None
    mark: Mark | None = None
    changed_at: datetime | None = None
    compared_at: datetime | None = None
    writable: bool | None = None


class CalendarStore(Protocol):
    """The mirror of the calendars."""

    async def state(self, calendar: CalendarName) -> CalendarState: ...

    async def save_state(self, state: CalendarState) -> None: ...

    async def states(self, calendars: Sequence[CalendarName]) -> Mapping[CalendarName, CalendarState]:
        """Of those that were ever looked at."""
        ...

    async def note_unchanged(self, calendars: Sequence[CalendarName], at: datetime) -> None:
        """They were looked at with success, and nothing is new."""
        ...

    async def note_failure(self, calendars: Sequence[CalendarName], problem: str, at: datetime) -> None:
        """They could not be looked at."""
        ...

    async def calendars(self) -> Sequence[CalendarName]:
        """Every calendar of which anything is stored."""
        ...

    async def forget(self, calendar: CalendarName) -> None:
        """Delete everything of a calendar that is no longer configured."""
        ...

    async def etags(self, calendar: CalendarName) -> Mapping[Href, Etag | None]: ...

    async def put(self, objects: Sequence[StoredObject]) -> None:
        """Insert or replace objects together with their occurrences."""
        ...

    async def remove(self, calendar: CalendarName, hrefs: Sequence[Href]) -> None: ...

    def revision(self, calendar: CalendarName) -> int:
        """Another number after each change of what is stored of its objects, as long as the process lives."""
        ...

    async def contents(self, calendar: CalendarName, limit: int) -> Sequence[tuple[Uid, str]]:
        """What is stored of its objects, by uid; of so many at most."""
        ...

    async def by_uid(self, calendar: CalendarName, uid: Uid) -> StoredObject | None: ...

    async def get(self, calendar: CalendarName, href: Href) -> StoredObject | None: ...

    async def resuming(self, calendar: CalendarName, before: datetime) -> Sequence[StoredObject]:
        """Series that have to be expanded further up to then."""
        ...

    async def failing(self, calendar: CalendarName, problem: str) -> Sequence[Href]:
        """Objects that were set aside for this."""
        ...

    async def hrefs_after(self, calendar: CalendarName, instant: datetime) -> Sequence[Href]:
        """Objects of which something takes place after that."""
        ...

    async def next_start(self, calendar: CalendarName, after: datetime) -> datetime | None:
        """When the next thing begins, about: all-day and floating ones may begin a few hours later."""
        ...

    async def occurrences(
        self,
        calendars: Sequence[CalendarName],
        start: datetime,
        end: datetime,
        *,
        search: str | None = None,
        attendee: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Occurrence]:
        """Occurrences that overlap [start, end), cancelled ones included, by start, then all-day first, then uid.

        All-day and floating ones are taken generously (they have no instant before a zone is chosen: 14 hours either
        way), so callers narrow these by the reader's zone. `search` matches title, place and description, in any case.
        With `attendee`, an address in lower case, only those that it is invited to, and few others.
        """
        ...

    async def occurrence(self, calendars: Sequence[CalendarName], id: OccurrenceId) -> Occurrence | None: ...

    async def occurrences_of(self, calendar: CalendarName, uid: Uid) -> Sequence[Occurrence]: ...

    async def occurrences_about(
        self, uids: Sequence[Uid], *, after: datetime, but: Sequence[tuple[CalendarName, Href]] = ()
    ) -> Sequence[Occurrence]:
        """Those of these events, in whatever calendar, that end no earlier; all-day and floating ones generously.
        Without those in the objects of `but`, which the caller knows already."""
        ...

    async def upcoming_uids(self, after: datetime, calendars: Sequence[CalendarName] | None = None) -> Sequence[Uid]:
        """The events that have any such occurrence, in these calendars, or in all."""
        ...

    async def mentioning(self, who: Sequence[str], *, after: datetime) -> Sequence[Uid]:
        """Those of them on which one of these addresses or Matrix IDs may be; some on which none of them is, too."""
        ...

    async def known(self, calendars: Sequence[CalendarName], uids: Sequence[Uid]) -> Sequence[Occurrence]:
        """All that is stored of these events in these calendars."""
        ...

    async def count_of(
        self, calendar: CalendarName, uids: Sequence[Uid], *, but: Sequence[Href] = ()
    ) -> Mapping[Uid, int]:
        """How many occurrences of each of these events are stored, in other objects than `but`; of none where that is
        missing."""
        ...

    async def uids(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Mapping[Href, Uid]:
        """Of objects that are stored with their contents."""
        ...

    async def count_ahead(self, calendar: CalendarName, now: datetime) -> int: ...

    async def count_problems(self, calendar: CalendarName) -> int: ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete occurrences that ended before, and objects none of whose occurrences are left or still to come."""
        ...
