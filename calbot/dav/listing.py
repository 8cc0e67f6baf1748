"""What changed in a calendar: by sync-collection (RFC 6578); else by its CTag, and by the ETags of all that lies in it
where that is another; else by the ETags of all that is not over yet.

A cursor says which way it belongs to: a sync-token is a URI, so nothing that begins with a word and a blank is one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from calbot.core.model import CalendarName, Cursor, Delta, Etag, Href
from calbot.errors import CalendarUnavailable

from . import xml
from .accounts import Answer
from .place import Members, Place, conditions

_PAGES: Final = 1_000  # of one sync-collection that is cut in pages (RFC 6578, 3.6)
_SHORT: Final = 4_096  # octets of an answer that nothing has changed, with what servers put around it
_CUT_OFF: Final = 507  # the status of the collection itself in an answer that does not hold all there is
# What servers answer to a REPORT that they do not have, or that cannot list everything.
_NOT_OFFERED: Final = frozenset({400, 403, 405, 409, 412, 415, 422, 501, _CUT_OFF})
_BY_CTAG: Final = "ctag "
_BY_ETAGS: Final = "etags "
# Seconds until sync-collection is tried again: where the server says that it does not have it, says nothing of it, or
# refuses it though it says it has.
_NOT_THERE: Final = 24 * 3600.0
_UNTOLD: Final = 3600.0
_REFUSED: Final = 900.0
# SOGo counts in whole seconds: what is written in the same second, after we looked, changes neither CTag nor token.
_SECONDS: Final = re.compile(r'"?(\d{10})"?')
_FRESH: Final = 60.0


@dataclass(slots=True)
class _Pages:
    """What the pages read so far say."""

    listed: dict[Href, Etag] = field(default_factory=dict)
    removed: set[Href] = field(default_factory=set)

    def add(self, found: Members) -> bool:
        """Whether there are more of them."""
        truncated = False
        for href, resource in found.members:
            if href is None:
                truncated |= resource.status == _CUT_OFF
            elif resource.status in (404, 410):
                self.listed.pop(href, None)
                self.removed.add(href)
            else:
                # Without an ETag it is there all the same, and is fetched to see what it is now.
                self.removed.discard(href)
                self.listed[href] = Etag(resource.texts.get(xml.GETETAG, ""))
        return truncated


class Listing:
    """Asks for changes, and remembers for a while which way is not open. `past`: how long what is over matters."""

    def __init__(self, past: timedelta) -> None:
        self._past = past
        # Until when not to try, on the clock of the event loop.
        self._without_sync: dict[CalendarName, float] = {}
        self._without_query: dict[CalendarName, float] = {}
        # By token, what a server answered last when nothing had changed: the same again needs no reading.
        self._idle: dict[CalendarName, tuple[Cursor, bytes, Delta]] = {}

    async def changes(self, place: Place, cursor: Cursor | None) -> Delta:
        ours = cursor is not None and cursor.startswith((_BY_CTAG, _BY_ETAGS))
        if self._may(self._without_sync, place):
            delta = await self._sync(place, None if ours else cursor)
            if delta is not None:
                return delta
            self._without_sync[place.calendar] = _now() + await _how_long_without(place)
        return await self._compare(place, cursor if ours else None)

    def _may(self, refused: Mapping[CalendarName, float], place: Place) -> bool:
        return _now() >= refused.get(place.calendar, 0.0)

    async def _sync(self, place: Place, cursor: Cursor | None) -> Delta | None:
        """RFC 6578; None where the server does not offer it. A token that it no longer knows means everything."""
        pages = _Pages()
        token = cursor or Cursor("")
        for _ in range(_PAGES):
            answer = await place.request("REPORT", place.url, body=xml.sync_collection(token), headers={"Depth": "0"})
            if answer.status != 207:
                if token and _is_about_token(answer):
                    return await self._sync(place, None)
                if answer.status in _NOT_OFFERED:
                    return None
                raise answer.error()
            idle = self._idle.get(place.calendar)
            if idle is not None and idle[:2] == (cursor, answer.body):
                return idle[2]
            found = await place.members(answer)
            if not found.sync_token:
                return None
            truncated = pages.add(found)
            previous, token = token, Cursor(found.sync_token)
            if not truncated:
                removed = frozenset() if cursor is None else frozenset(pages.removed)
                delta = Delta(pages.listed, removed, token, cursor is None)
                if cursor == token and not pages.listed and not removed and len(answer.body) <= _SHORT:
                    self._idle[place.calendar] = (token, answer.body, delta)
                return delta
            if token == previous:
                break
        raise CalendarUnavailable("calendar_nonsense")

    async def _compare(self, place: Place, cursor: Cursor | None) -> Delta:
        if cursor is not None and cursor.startswith(_BY_CTAG):
            answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_CTAG, headers={"Depth": "0"})
            ctag = _ctag_of(await place.members(answer))
            if ctag and cursor == _BY_CTAG + ctag:
                return Delta({}, frozenset(), cursor, complete=False)
        elif cursor is not None and (delta := await self._query(place)) is not None:
            return delta
        return await self._list(place)

    async def _list(self, place: Place) -> Delta:
        """All there is. The CTag is that of the collection as the answer began, so nothing is missed by it."""
        body = xml.PROPFIND_ETAGS_AND_CTAG
        answer = await place.request("PROPFIND", place.url, body=body, headers={"Depth": "1"})
        if answer.status in _NOT_OFFERED and (delta := await self._query(place)) is not None:
            return delta
        found = await place.members(answer)
        if found.is_empty:
            # The collection itself belongs to the answer (RFC 4918, 9.1): this one is about something else.
            raise CalendarUnavailable("calendar_nonsense")
        pages = _Pages()
        if pages.add(found):
            delta = await self._query(place)
            if delta is None:
                raise CalendarUnavailable("calendar_nonsense")
            return delta
        ctag = _ctag_of(found)
        cursor = Cursor(_BY_CTAG + ("" if counts_seconds(ctag) else ctag)) if ctag else Cursor(_BY_ETAGS)
        return Delta(pages.listed, frozenset(), cursor, complete=True)

    async def _query(self, place: Place) -> Delta | None:
        """What is not over yet; None where the server does not tell, or fails at one of the objects there."""
        if not self._may(self._without_query, place):
            return None
        since = datetime.now(timezone.utc) - self._past
        answer = await place.request("REPORT", place.url, body=xml.etags_since(since), headers={"Depth": "1"})
        if answer.status in _NOT_OFFERED or answer.status >= 500:
            self._without_query[place.calendar] = _now() + _UNTOLD
            return None
        pages = _Pages()
        if pages.add(await place.members(answer)):
            return None
        return Delta(pages.listed, frozenset(), Cursor(_BY_ETAGS), complete=False, since=since)


def counts_seconds(text: str) -> bool:
    """Whether it is, by all appearances, a time of less than a minute ago: more may come under the same."""
    number = _SECONDS.fullmatch(text.strip())
    return number is not None and abs(datetime.now(timezone.utc).timestamp() - float(number[1])) < _FRESH


async def _how_long_without(place: Place) -> float:
    """How long to do without sync-collection, which was refused just now: for good, or just now only."""
    answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_REPORTS, headers={"Depth": "0"})
    if answer.status != 207:
        return _REFUSED
    reports = [
        one.inside[xml.REPORTS]
        for href, one in (await place.members(answer)).members
        if href is None and xml.REPORTS in one.inside
    ]
    if not reports:
        return _UNTOLD
    return _REFUSED if xml.SYNC_COLLECTION in reports[0] else _NOT_THERE


def _is_about_token(answer: Answer) -> bool:
    """RFC 6578, 3.2 has 403 or 409 with a condition; others say 412, or just that the request is bad."""
    return answer.status in (400, 409, 412) or "valid-sync-token" in conditions(answer)


def _ctag_of(found: Members) -> str:
    return next((one.texts[xml.CTAG] for href, one in found.members if href is None and xml.CTAG in one.texts), "")


def _now() -> float:
    return asyncio.get_running_loop().time()
