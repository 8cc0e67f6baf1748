"""Calendars that lie side by side in one collection, looked at by one request (RFC 4791, 6.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from calbot.core.model import AccountName, CalendarName, Mark
from calbot.core.settings import Calendar
from calbot.errors import CalendarUnavailable

from . import xml
from .accounts import AccountClient
from .listing import counts_seconds
from .place import multistatus

_FEWEST: Final = 3  # calendars; fewer are as well looked at one by one
_CROWD: Final = 20  # others for each of ours: a look at all of them costs more than it saves


def together(calendars: Iterable[Calendar]) -> list[tuple[CalendarName, ...]]:
    """Those of one account in one collection, where they are more than a few."""
    groups: dict[tuple[AccountName, str], list[CalendarName]] = {}
    for one in calendars:
        groups.setdefault((one.account, _home_of(one)), []).append(one.name)
    return [tuple(names) for names in groups.values() if len(names) >= _FEWEST]


async def marks(calendars: Sequence[Calendar], client: AccountClient) -> Mapping[CalendarName, Mark]:
    """How they stand; nothing of those whose server does not tell, or not in a way to rely on."""
    home = _home_of(calendars[0])
    answer = await client.request("PROPFIND", home, body=xml.PROPFIND_MARKS, headers={"Depth": "1"})
    resources = (await multistatus(answer)).resources
    if not resources:
        raise CalendarUnavailable("calendar_nonsense")
    if len(resources) > _CROWD * len(calendars):
        return {}
    here = urlsplit(home)
    by_path = {_path(one.url): one.name for one in calendars}
    found: dict[CalendarName, Mark] = {}
    for resource in resources:
        try:
            there = urlsplit(urljoin(home, resource.href))
        except ValueError:  # no URL at all
            continue
        name = by_path.get(_path(resource.href)) if there.hostname == here.hostname else None
        token, ctag = resource.texts.get(xml.SYNC_TOKEN, ""), resource.texts.get(xml.CTAG, "")
        if name is not None and (token or ctag) and not (counts_seconds(token) or counts_seconds(ctag)):
            found[name] = Mark(f"{token} {ctag}")
    return found


def _home_of(calendar: Calendar) -> str:
    return urljoin(calendar.url if calendar.url.endswith("/") else f"{calendar.url}/", "..")


def _path(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/")
