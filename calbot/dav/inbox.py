"""The scheduling inbox of an account: messages to it, until somebody deletes them (RFC 6638, 4.1)."""

from __future__ import annotations

from collections.abc import Container, Sequence

from calbot.core.model import CalendarObject, Href

from . import fetching, objects, xml
from .place import Place


async def messages(place: Place, but: Container[Href]) -> Sequence[CalendarObject]:
    """What lies there, without what is known already."""
    answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_ETAGS_AND_CTAG, headers={"Depth": "1"})
    found = await place.members(answer)
    hrefs = [href for href, _ in found.members if href is not None and href not in but]
    return (await fetching.fetch(place, hrefs)).objects if hrefs else ()


async def discard(place: Place, message: CalendarObject) -> None:
    await objects.delete(place, message.href, message.etag)
