"""Finds what an address in the configuration only leads to (RFC 6764, 6): the principal of an account."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from calbot.errors import CalendarUnavailable

from . import xml
from .accounts import AccountClient
from .origins import beside

WELL_KNOWN = "/.well-known/caldav"
_DEPTH_0 = {"Depth": "0"}
# What says no more than that this is the wrong place to ask.
WRONG_PLACE = frozenset({"calendar_nonsense", "calendar_moved", "calendar_elsewhere"})


async def find_principal(client: AccountClient, account_url: str, calendars: Sequence[str]) -> str | None:
    """The principal of an account. Any resource that knows who asks names it (RFC 5397), its calendars above all.

    None where nothing does; CalendarUnavailable where nothing could be asked.
    """
    wrong: CalendarUnavailable | None = None
    for place in dict.fromkeys((*calendars, account_url, urljoin(account_url, WELL_KNOWN))):
        try:
            found = await properties(client, place, xml.PROPFIND_PRINCIPAL)
        except CalendarUnavailable as error:
            if error.reason not in WRONG_PLACE:
                raise
            wrong = wrong or error
            continue
        if found is not None:
            resource, at = found
            hrefs = resource.hrefs.get(xml.PRINCIPAL, ())
            if hrefs:
                return beside(at, hrefs[0])
    if wrong is not None and wrong.reason == "calendar_elsewhere":
        raise wrong
    return None


async def properties(client: AccountClient, url: str, body: bytes) -> tuple[xml.Resource, str] | None:
    """What a resource says of itself, and where it is; None where there is no such resource, or it does not say."""
    answer, at = await client.follow("PROPFIND", url, body=body, headers=_DEPTH_0)
    if answer.status == 207:
        resource = next(iter(xml.read_multistatus(answer.body).resources), None)
        return None if resource is None else (resource, at)
    if answer.status >= 500 and answer.status != 501:
        raise answer.error()
    return None
