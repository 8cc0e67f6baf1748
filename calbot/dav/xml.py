"""Bodies of WebDAV requests, and what multi-status answers say (RFC 4918, 13).

Requests are put together by python-caldav's elements. Answers are read by ourselves: they come from servers that may be
hostile, and have to be bounded in size and depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from caldav.elements import cdav, dav
from caldav.elements.base import BaseElement
from lxml import etree

from calbot.errors import CalendarUnavailable

from .errors import TooLarge

_D = "{DAV:}"
_C = "{urn:ietf:params:xml:ns:caldav}"
GETETAG = f"{_D}getetag"
CALENDAR_DATA = f"{_C}calendar-data"
RESOURCETYPE = f"{_D}resourcetype"
CALENDAR = f"{_C}calendar"
DISPLAYNAME = f"{_D}displayname"
PRIVILEGES = f"{_D}current-user-privilege-set"
REPORTS = f"{_D}supported-report-set"
SYNC_TOKEN = f"{_D}sync-token"
CTAG = "{http://calendarserver.org/ns/}getctag"
COMPONENTS = f"{_C}supported-calendar-component-set"
SYNC_COLLECTION = f"{_D}sync-collection"
FREE_BUSY_QUERY = f"{_C}free-busy-query"
PRINCIPAL = f"{_D}current-user-principal"
PRINCIPALS = f"{_D}principal-collection-set"
HOME = f"{_C}calendar-home-set"
INBOX = f"{_C}schedule-inbox-URL"
OUTBOX = f"{_C}schedule-outbox-URL"
USER_ADDRESSES = f"{_C}calendar-user-address-set"
USER_TYPE = f"{_C}calendar-user-type"
SABRE_ADDRESS = "{http://sabredav.org/ns}email-address"  # what sabre lets be searched in place of the address set

_RESPONSE = f"{_D}response"
_SHORT = 16 * 1024
_MOST_TAGS = 4_000_000  # a listing of 300,000 objects; each takes memory many times its length


class _CTag(BaseElement):
    tag: ClassVar[str] = CTAG


class _PropertySet(BaseElement):
    tag: ClassVar[str] = f"{_D}principal-search-property-set"


class _SabreAddress(BaseElement):
    tag: ClassVar[str] = SABRE_ADDRESS


def _with(outer: BaseElement, *inner: BaseElement) -> BaseElement:
    return outer.append(inner)


def _body(element: BaseElement) -> bytes:
    return bytes(etree.tostring(element.xmlelement(), encoding="utf-8", xml_declaration=True))


def _propfind(*properties: BaseElement) -> bytes:
    return _body(_with(dav.Propfind(), _with(dav.Prop(), *properties)))


PROPFIND_ETAGS_AND_CTAG = _propfind(dav.GetEtag(), _CTag())
PROPFIND_CTAG = _propfind(_CTag())
PROPFIND_MARKS = _propfind(dav.SyncToken(), _CTag())
PROPFIND_REPORTS = _propfind(dav.SupportedReportSet())
PROPFIND_CALENDAR = _propfind(
    dav.ResourceType(),
    dav.DisplayName(),
    dav.CurrentUserPrivilegeSet(),
    dav.SupportedReportSet(),
    cdav.SupportedCalendarComponentSet(),
)
PROPFIND_PRINCIPAL = _propfind(dav.CurrentUserPrincipal())
PROPFIND_WHO = _propfind(
    cdav.CalendarHomeSet(),
    cdav.CalendarUserAddressSet(),
    cdav.ScheduleInboxURL(),
    cdav.ScheduleOutboxURL(),
    dav.PrincipalCollectionSet(),
)
SEARCH_PROPERTIES = _body(_PropertySet())


def sync_collection(token: str) -> bytes:
    """RFC 6578, 3.2; an empty token asks for everything."""
    wanted = _with(dav.Prop(), dav.GetEtag())
    return _body(_with(dav.SyncCollection(), dav.SyncToken(value=token), dav.SyncLevel(value="1"), wanted))


def calendar_multiget(hrefs: Iterable[str]) -> bytes:
    """RFC 4791, 7.9."""
    wanted = _with(dav.Prop(), dav.GetEtag(), cdav.CalendarData())
    return _body(_with(cdav.CalendarMultiGet(), wanted, *(dav.Href(value=href) for href in hrefs)))


def etags_since(start: datetime) -> bytes:
    """A calendar-query for what takes place after `start` (RFC 4791, 7.8), without its contents."""
    events = _with(cdav.CompFilter("VEVENT"), cdav.TimeRange(start))
    query = _with(cdav.Filter(), _with(cdav.CompFilter("VCALENDAR"), events))
    return _body(_with(cdav.CalendarQuery(), _with(dav.Prop(), dav.GetEtag()), query))


def free_busy_query(start: datetime, end: datetime) -> bytes:
    """RFC 4791, 7.10."""
    return _body(_with(cdav.FreeBusyQuery(), cdav.TimeRange(start, end)))


def principal_property_search(property: str, text: str) -> bytes:
    """RFC 3744, 9.4: principals whose property holds the text."""
    searched: BaseElement = type("_Searched", (BaseElement,), {"tag": property})()
    readable = "".join(filter(str.isprintable, text))  # what XML cannot hold finds nobody anyway
    search = _with(dav.PropertySearch(), _with(dav.Prop(), searched), dav.Match(value=readable))
    wanted = (dav.DisplayName(), cdav.CalendarUserAddressSet(), cdav.CalendarUserType(), _SabreAddress())
    return _body(_with(dav.PrincipalPropertySearch(), search, _with(dav.Prop(), *wanted)))


@dataclass(frozen=True, slots=True)
class Resource:
    """One response of a multi-status: the texts of the properties found, the names of the elements inside them, and
    the hrefs there."""

    href: str
    status: int  # of the resource; 200 where only properties have one
    texts: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hrefs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)  # attributes of the elements inside


@dataclass(frozen=True, slots=True)
class MultiStatus:
    resources: tuple[Resource, ...]
    sync_token: str | None


class NotXml(CalendarUnavailable):
    """A body that is no XML: a login page, or one object in it with bytes that are no text."""


def read_multistatus(body: bytes) -> MultiStatus:
    root = _parse(body)
    if root.tag != f"{_D}multistatus":
        raise CalendarUnavailable("calendar_nonsense")
    resources: list[Resource] = []
    token: str | None = None
    for child in root:
        if child.tag == _RESPONSE:
            resources.append(_resource(child))
        elif child.tag == SYNC_TOKEN:
            token = child.text or ""
    return MultiStatus(tuple(resources), token)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What a server answers for one recipient of a scheduling request (RFC 6638, 10.2)."""

    recipient: str
    status: str  # REQUEST-STATUS, such as "2.0;Success"
    data: str


def read_schedule_response(body: bytes) -> tuple[Scheduled, ...]:
    root = _parse(body)
    if root.tag != f"{_C}schedule-response":
        raise CalendarUnavailable("calendar_nonsense")
    return tuple(
        Scheduled(
            (one.findtext(f"{_C}recipient/{_D}href") or one.findtext(f"{_C}recipient") or "").strip(),
            (one.findtext(f"{_C}request-status") or "").strip(),
            one.findtext(CALENDAR_DATA) or "",
        )
        for one in root.iterchildren(f"{_C}response")
    )


def read_search_properties(body: bytes) -> frozenset[str]:
    """Which properties principals can be searched by (RFC 3744, 9.5)."""
    root = _parse(body)
    found = root.iterfind(f"{_D}principal-search-property/{_D}prop/*")
    return frozenset(str(one.tag) for one in found)


def error_conditions(body: bytes) -> frozenset[str]:
    """The pre- and postconditions that an error answer names (RFC 4918, 16); none where it is not XML."""
    try:
        root = _parse(body)
    except CalendarUnavailable:
        return frozenset()
    return frozenset(str(element.tag) for element in root.iter()) if root.tag == f"{_D}error" else frozenset()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


_SHARED: Final = _parser()


def _parse(body: bytes) -> etree._Element:
    if body.count(b"<") > _MOST_TAGS:
        raise TooLarge
    try:
        # One parser serves one thread at a time: what takes long has its own.
        root = etree.fromstring(body, _SHARED if len(body) <= _SHORT else _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml("calendar_nonsense") from error
    # No server has a reason to declare anything; whoever does wants it to grow, or to be fetched.
    if root is None or root.getroottree().docinfo.doctype:
        raise NotXml("calendar_nonsense")
    return root


def _resource(response: etree._Element) -> Resource:
    texts: dict[str, str] = {}
    inside: dict[str, frozenset[str]] = {}
    hrefs: dict[str, tuple[str, ...]] = {}
    names: dict[str, frozenset[str]] = {}
    for propstat in response.iterchildren(f"{_D}propstat"):
        if _status(propstat.findtext(f"{_D}status")) != 200:
            continue
        for prop in propstat.iterchildren(f"{_D}prop"):
            for element in prop.iterchildren("*"):
                texts[element.tag] = element.text or ""
                if len(element):
                    inside[element.tag] = frozenset(str(e.tag) for e in element.iterdescendants("*"))
                    hrefs[element.tag] = tuple((e.text or "").strip() for e in element.iterchildren(f"{_D}href"))
                    names[element.tag] = frozenset(e.get("name", "") for e in element.iterchildren("*"))
    own = response.findtext(f"{_D}status")
    href = (response.findtext(f"{_D}href") or "").strip()
    return Resource(href, _status(own) if own else 200, texts, inside, hrefs, names=names)


def _status(line: str | None) -> int:
    """From "HTTP/1.1 200 OK"."""
    parts = (line or "").split(None, 2)
    return int(parts[1]) if len(parts) > 1 and len(parts[1]) == 3 and parts[1].isdecimal() else 0
