"""Where a calendar is: as configured, below the account's calendar home, or where its server says that it has moved.

Its objects keep the paths that they would have where it is configured, so that nothing known of them is lost when a
calendar moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urljoin

from calbot.core.settings import Calendar
from calbot.errors import CalendarUnavailable

from . import xml
from .accounts import AccountClient
from .discovery import WRONG_PLACE, properties
from .errors import Moved
from .principals import Principals


class Location:
    """Where one calendar is. A full URL is taken as it is; nothing is asked before it turns out to be wrong."""

    def __init__(self, calendar: Calendar, client: AccountClient, principals: Principals) -> None:
        self._calendar = calendar
        self._client = client
        self._principals = principals
        self._looking = asyncio.Lock()
        self._found: str | None = None if calendar.path else _directory(calendar.url)
        self.moved_to = ""  # where the server says that it is, if that is not where it was looked for

    @property
    def url(self) -> str:
        """As far as it is known."""
        return self._found or _directory(self._calendar.url)

    async def find(self) -> str:
        """Where it is; where it is configured, if it is nowhere."""
        if self._found is None:
            async with self._looking:
                if self._found is None:
                    self._found = await self._search()
        return self.url

    async def find_again(self, error: CalendarUnavailable) -> bool:
        """Whether, after it was not where it was looked for, it is somewhere else."""
        before = self.url
        async with self._looking:
            if self.url != before:
                return True  # somebody else was faster
            if isinstance(error, Moved) and error.for_good:
                at = await self._calendar_at(before)
                if at is not None and at != before:
                    self._found = self.moved_to = at
            elif self._calendar.path and error.reason == "calendar_missing":
                self._found = await self._search()
            return self.url != before

    async def _search(self) -> str | None:
        async for place in self._places():
            try:
                at = await self._calendar_at(place)
            except CalendarUnavailable as error:
                if error.reason not in WRONG_PLACE:
                    raise
                continue
            if at is not None:
                self.moved_to = at if at != place else ""
                return at
        return None

    async def _places(self) -> AsyncIterator[str]:
        yield _directory(self._calendar.url)
        principal = await self._principals.identity()
        for home in principal.homes if principal else ():
            yield _directory(urljoin(_directory(home), self._calendar.path))

    async def _calendar_at(self, url: str) -> str | None:
        found = await properties(self._client, url, xml.PROPFIND_CALENDAR)
        if found is None:
            return None
        resource, at = found
        is_calendar = resource.status < 300 and xml.CALENDAR in resource.inside.get(xml.RESOURCETYPE, ())
        return _directory(at) if is_calendar else None


def _directory(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
