"""What a server says of a calendar and of our rights on it."""

from __future__ import annotations

from typing import Final

from calbot.errors import CalendarUnavailable
from calbot.ports import CalendarFacts

from . import xml
from .place import Place

# What stands for all that it holds (RFC 3744, 3.12). Cyrus and sabre grant `write-properties` on what is read-only.
_WRITING: Final = frozenset({"all", "write", "write-content", "bind"})
_FREE_BUSY: Final = frozenset({"all", "read", "read-free-busy"})
_NOT_THERE: Final = CalendarFacts(exists=False, is_calendar=False)


async def probe(place: Place) -> CalendarFacts:
    """Look at the calendar itself."""
    answer = await place.request("PROPFIND", place.url, body=xml.PROPFIND_CALENDAR, headers={"Depth": "0"})
    if answer.status in (404, 410):
        return _NOT_THERE
    if answer.status != 207:
        raise answer.error()
    resources = xml.read_multistatus(answer.body).resources
    if not resources:
        raise CalendarUnavailable("calendar_nonsense")
    resource = resources[0]
    if resource.status in (404, 410):
        return _NOT_THERE
    inside = resource.inside
    reports = inside.get(xml.REPORTS, frozenset())
    rights = frozenset(tag.partition("}")[2] for tag in inside.get(xml.PRIVILEGES, ()))
    components = resource.names.get(xml.COMPONENTS, frozenset())
    return CalendarFacts(
        exists=True,
        is_calendar=xml.CALENDAR in inside.get(xml.RESOURCETYPE, ()),
        display_name=resource.texts.get(xml.DISPLAYNAME, ""),
        # Some servers keep this to themselves: then only trying tells.
        writable=bool(rights & _WRITING) if rights else None,
        syncs=xml.SYNC_COLLECTION in reports,
        holds_events=not components or "VEVENT" in components,
        free_busy=None if not rights else xml.FREE_BUSY_QUERY in reports and bool(rights & _FREE_BUSY),
    )
