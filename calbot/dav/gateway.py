"""The port CalendarGateway on CalDAV (RFC 4791, 6578): requests, and what their answers mean.

Nothing here trusts a status alone: servers say 412 for taken UIDs and invalid data, answer with login pages,
overwrite in spite of If-None-Match, and rewrite what they store. So a place is looked at before it is written and
read after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from urllib.parse import quote, unquote, urljoin, urlsplit

from calbot.core.busy import LONGEST
from calbot.core.ical import is_same_version, uid_of
from calbot.core.model import AccountName, Busy, CalendarName, CalendarObject, Cursor, Delta, Etag, Href, Uid
from calbot.core.settings import Access, Account, Calendar, Settings
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.ports import CalendarFacts

from . import xml
from .accounts import AccountClient, Answer
from .errors import AnswerLost
from .freebusy import Scheduling, Summaries

_LOT = 100  # objects of one multiget
_PAGES = 1_000  # of one sync-collection that is cut in pages (RFC 6578, 3.6)
_PARSE_HERE = 128 * 1024  # octets of XML that take the loop a few milliseconds

# What servers answer to a REPORT that they do not have, or that cannot list everything.
_NOT_OFFERED = frozenset({400, 403, 405, 415, 422, 501, 507})
_WRITING = frozenset({"all", "write", "write-content", "bind"})
# A refusal that names one of these is about the object's place, any other about its contents (RFC 4791, 5.3.2.1; RFC
# 6638, 3.2.4.1).
_PLACE_TAKEN = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
_CONTENTS_REFUSED = frozenset(
    {
        "valid-calendar-data",
        "valid-calendar-object-resource",
        "supported-calendar-data",
        "supported-calendar-component",
        "max-resource-size",
        "min-date-time",
        "max-date-time",
        "max-instances",
        "max-attendees-per-instance",
    }
)


class DavGateway:
    """All configured calendars. Used as an async context manager, it leaves no connection behind."""

    def __init__(self, settings: Settings) -> None:
        self._calendars = settings.calendars
        self._accounts = {name: AccountClient(account) for name, account in settings.accounts.items()}
        self._without_sync: set[CalendarName] = set()
        self._summaries = Summaries()
        self._scheduling = {name: self._scheduling_of(account) for name, account in settings.accounts.items()}

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
            for scheduling in self._scheduling.values():
                stack.push_async_callback(scheduling.aclose)

    # -------------------------------------------------------------------------------------------------------- reading

    async def changes(self, calendar: CalendarName, cursor: Cursor | None) -> Delta:
        place = self._place(calendar)
        if calendar not in self._without_sync:
            delta = await self._sync(place, cursor)
            if delta is not None:
                return delta
            self._without_sync.add(calendar)
        return await self._list(place)

    async def fetch(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Sequence[CalendarObject]:
        place = self._place(calendar)
        found: list[CalendarObject] = []
        for begin in range(0, len(hrefs), _LOT):
            found += await self._multiget(place, hrefs[begin : begin + _LOT])
        return found

    async def read(self, calendar: CalendarName, href: Href) -> CalendarObject | None:
        place = self._place(calendar)
        answer = await place.request("GET", place.url_of(href))
        if answer.status in (404, 410):
            return None
        if answer.status != 200 or "html" in answer.headers.get("content-type", ""):
            raise answer.error() if answer.status != 200 else CalendarUnavailable("calendar_nonsense")
        if etag := _strong(answer.headers.get("etag")):
            return CalendarObject(href, etag, _text(answer.body))
        # Behind a proxy that compresses, only the ETag inside the XML is the server's own.
        objects = await self._multiget(place, [href])
        return objects[0] if objects else None

    async def probe(self, calendar: CalendarName) -> CalendarFacts:
        place = self._place(calendar)
        answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_CALENDAR, headers={"Depth": "0"})
        if answer.status in (404, 410):
            return CalendarFacts(exists=False, is_calendar=False)
        if answer.status != 207:
            raise answer.error()
        resources = xml.read_multistatus(answer.body).resources
        if not resources:
            raise CalendarUnavailable("calendar_nonsense")
        if resources[0].status in (404, 410):
            return CalendarFacts(exists=False, is_calendar=False)
        inside = resources[0].inside
        privileges = inside.get(xml.PRIVILEGES)
        names = {tag.partition("}")[2] for tag in privileges or ()}
        return CalendarFacts(
            exists=True,
            is_calendar=xml.CALENDAR in inside.get(xml.RESOURCETYPE, ()),
            display_name=resources[0].texts.get(xml.DISPLAYNAME, ""),
            # Some servers keep this to themselves: then only trying tells.
            writable=bool(names & _WRITING) if names else None,
            syncs=xml.SYNC_COLLECTION in inside.get(xml.REPORTS, ()),
        )

    async def free_busy(
        self, account: AccountName, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        _check_length(start, end)
        return await self._scheduling[account].ask(addresses, start, end)

    async def free_busy_query(self, calendar: CalendarName, start: datetime, end: datetime) -> Sequence[Busy] | None:
        _check_length(start, end)
        client = self._client(self._calendars[calendar].account)
        return await self._summaries.ask(calendar, client, self._place(calendar).url, start, end)

    async def _sync(self, place: _Place, cursor: Cursor | None) -> Delta | None:
        """RFC 6578; None where the server does not offer it. A token that it no longer knows means everything."""
        listed: dict[Href, Etag] = {}
        removed: set[Href] = set()
        token = cursor or Cursor("")
        for _ in range(_PAGES):
            answer = await place.request("REPORT", place.url, body=xml.sync_collection(token), headers={"Depth": "0"})
            if answer.status != 207:
                if token and _conditions(answer) & {"valid-sync-token"}:
                    return await self._sync(place, None)
                if answer.status in _NOT_OFFERED:
                    return None
                raise answer.error()
            found = await place.members(answer)
            if not found.sync_token:
                return None
            truncated = False
            for href, resource in found.members:
                if href is None:
                    truncated |= resource.status == 507
                elif resource.status in (404, 410):
                    listed.pop(href, None)
                    removed.add(href)
                elif xml.GETETAG in resource.texts:
                    removed.discard(href)
                    listed[href] = Etag(resource.texts[xml.GETETAG])
            previous, token = token, Cursor(found.sync_token)
            if not truncated:
                return Delta(listed, frozenset() if cursor is None else frozenset(removed), token, cursor is None)
            if token == previous:
                break
        raise CalendarUnavailable("calendar_nonsense")

    async def _list(self, place: _Place) -> Delta:
        answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_ETAGS, headers={"Depth": "1"})
        found = await place.members(answer)
        if found.is_empty:
            # The collection itself belongs to the answer (RFC 4918, 9.1): this one is about something else.
            raise CalendarUnavailable("calendar_nonsense")
        listed = {
            href: Etag(one.texts[xml.GETETAG]) for href, one in found.members if href and xml.GETETAG in one.texts
        }
        return Delta(listed, frozenset(), None, complete=True)

    async def _multiget(self, place: _Place, hrefs: Sequence[Href]) -> list[CalendarObject]:
        answer = await place.request("REPORT", place.url, body=xml.calendar_multiget(hrefs))
        try:
            found = await place.members(answer)
        except xml.NotXml:
            if len(hrefs) > 1:
                # One object among them is no text, which takes all others along: look for it by halves.
                middle = len(hrefs) // 2
                return [*await self._multiget(place, hrefs[:middle]), *await self._multiget(place, hrefs[middle:])]
            return await self._get_raw(place, hrefs[0])
        # Servers do not always spell an href the way they were asked.
        asked = {unquote(href): href for href in hrefs}
        return [
            CalendarObject(asked[unquote(href)], _strong(one.texts.get(xml.GETETAG)), one.texts[xml.CALENDAR_DATA])
            for href, one in found.members
            if href and unquote(href) in asked and one.texts.get(xml.CALENDAR_DATA)
        ]

    async def _get_raw(self, place: _Place, href: Href) -> list[CalendarObject]:
        answer = await place.request("GET", place.url_of(href))
        if answer.status in (404, 410):
            return []
        if answer.status != 200:
            raise answer.error()
        return [CalendarObject(href, _strong(answer.headers.get("etag")), _text(answer.body))]

    # -------------------------------------------------------------------------------------------------------- writing

    def href(self, calendar: CalendarName, name: str) -> Href:
        return Href(f"{urlsplit(self._place(calendar).url).path}{quote(name, safe='@')}.ics")

    async def create(self, calendar: CalendarName, name: str, data: str) -> CalendarObject:
        place = self._writable(calendar)
        href = self.href(calendar, name)
        uid = uid_of(data)
        # Not every server heeds If-None-Match, and this may be a repeat.
        if (there := await self.read(calendar, href)) is not None:
            return _ours(there, uid)
        try:
            answer = await place.put(href, data, {"If-None-Match": "*"})
        except AnswerLost:
            if (there := await self.read(calendar, href)) is None:
                raise
            return _ours(there, uid)
        if answer.status == 412 and not _conditions(answer) & _CONTENTS_REFUSED:
            if (there := await self.read(calendar, href)) is not None:
                return _ours(there, uid)
            raise PreconditionFailed
        return await self._stored(calendar, href, data, answer)

    async def update(self, calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        place = self._writable(calendar)
        if etag is None:
            there = await self.read(calendar, href)
            if there is None:
                raise PreconditionFailed
            etag = there.etag
        try:
            answer = await place.put(href, data, {"If-Match": etag or "*"})
        except AnswerLost:
            there = await self.read(calendar, href)
            if there is None or not is_same_version(there.data, data):
                raise
            return there
        if answer.status in (404, 410):
            raise PreconditionFailed
        if answer.status == 412 and not _conditions(answer) & _CONTENTS_REFUSED:
            there = await self.read(calendar, href)
            if there is None or not is_same_version(there.data, data):
                raise PreconditionFailed
            return there
        return await self._stored(calendar, href, data, answer)

    async def delete(self, calendar: CalendarName, href: Href, etag: Etag | None) -> None:
        place = self._writable(calendar)
        headers = {"If-Match": etag} if etag else {}
        try:
            answer = await place.request("DELETE", place.url_of(href), headers=headers)
        except AnswerLost:
            if await self.read(calendar, href) is None:
                return
            raise
        if answer.status in (404, 410) or 200 <= answer.status < 300:
            return
        if answer.status == 412:
            if await self.read(calendar, href) is None:
                return
            raise PreconditionFailed
        if answer.status == 403:
            raise CalendarReadOnly(calendar=calendar)
        raise answer.error()

    async def _stored(self, calendar: CalendarName, href: Href, data: str, answer: Answer) -> CalendarObject:
        """What lies there after a PUT: servers rewrite objects, and some then keep the ETag to themselves."""
        if not 200 <= answer.status < 300:
            raise _refusal(calendar, answer)
        try:
            there = await self.read(calendar, href)
        except CalendarUnavailable:
            there = None  # it was stored, which is what counts; the next sync brings it as it is
        return there or CalendarObject(href, _strong(answer.headers.get("etag")), data)

    def _writable(self, calendar: CalendarName) -> _Place:
        if self._calendars[calendar].access is Access.READ_ONLY:
            raise CalendarReadOnly(calendar=calendar)
        return self._place(calendar)

    def _place(self, calendar: CalendarName) -> _Place:
        settings = self._calendars[calendar]
        return _Place(settings, self._client(settings.account))

    def _client(self, account: AccountName) -> AccountClient:
        return self._accounts[account]

    def _scheduling_of(self, account: Account) -> Scheduling:
        places = [calendar.url for calendar in self._calendars.values() if calendar.account == account.name]
        return Scheduling(account, self._accounts[account.name], places[:1])


class _Place:
    """A calendar's collection on its server, and the login for it."""

    def __init__(self, calendar: Calendar, client: AccountClient) -> None:
        self.url = calendar.url if calendar.url.endswith("/") else f"{calendar.url}/"
        self.request = client.request
        parts = urlsplit(self.url)
        self._host = parts.netloc.rpartition("@")[2]
        self._path = unquote(parts.path).rstrip("/")

    def url_of(self, href: Href) -> str:
        return urljoin(self.url, href)

    async def put(self, href: Href, data: str, condition: dict[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        return await self.request("PUT", self.url_of(href), body=data.encode("utf-8", "replace"), headers=headers)

    async def members(self, answer: Answer) -> _Members:
        """What a multi-status says of the collection and of what lies in it."""
        if answer.status != 207:
            raise answer.error()
        if len(answer.body) <= _PARSE_HERE:
            return self._members(answer.body)
        return await asyncio.to_thread(self._members, answer.body)

    def _members(self, body: bytes) -> _Members:
        status = xml.read_multistatus(body)
        members = [(href, one) for one in status.resources for href in self._inside(one.href)]
        return _Members(members, status.sync_token, is_empty=not status.resources)

    def _inside(self, href: str) -> list[Href | None]:
        """The path of a member, None for the collection itself; nothing of other servers and of collections in it."""
        path = href
        if not href.startswith("/") or href.startswith("//"):
            parts = urlsplit(urljoin(self.url, href))
            if parts.netloc.rpartition("@")[2] != self._host:
                return []
            path = parts.path
        plain = unquote(path)
        if plain.rstrip("/") == self._path:
            return [None]
        return [] if plain.endswith("/") else [Href(path)]


@dataclass(frozen=True, slots=True)
class _Members:
    """Resources with their paths; None is the collection itself."""

    members: Sequence[tuple[Href | None, xml.Resource]]
    sync_token: str | None
    is_empty: bool  # not even the collection itself, nor anything that is ignored


def _check_length(start: datetime, end: datetime) -> None:
    if end - start > LONGEST:
        raise ValueError("too long a time to ask for")


def _ours(there: CalendarObject, uid: Uid | None) -> CalendarObject:
    if uid is None or uid_of(there.data) != uid:
        raise PreconditionFailed
    return there


def _refusal(calendar: CalendarName, answer: Answer) -> Exception:
    conditions = _conditions(answer)
    if conditions & _PLACE_TAKEN:
        return PreconditionFailed()
    if conditions & _CONTENTS_REFUSED or answer.status in (412, 413, 415):
        return CalendarUnavailable("calendar_refused", status=answer.status)
    if answer.status in (403, 405):
        return CalendarReadOnly(calendar=calendar)
    if answer.status == 409:
        return CalendarUnavailable("calendar_missing")
    return answer.error()


def _conditions(answer: Answer) -> frozenset[str]:
    return frozenset(tag.partition("}")[2] for tag in xml.error_conditions(answer.body))


def _strong(etag: str | None) -> Etag | None:
    """Weak ones are never equal to anything in If-Match (RFC 9110, 13.1.1)."""
    return Etag(etag) if etag and not etag.startswith("W/") else None


def _text(body: bytes) -> str:
    # NUL is no character of iCalendar, and not every database takes it.
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")
