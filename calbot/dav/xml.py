"""Bodies of WebDAV requests, and what multi-status answers say (RFC 4918, 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from lxml import etree

from calbot.errors import CalendarUnavailable

_D = "{DAV:}"
_C = "{urn:ietf:params:xml:ns:caldav}"
GETETAG = f"{_D}getetag"
CALENDAR_DATA = f"{_C}calendar-data"
RESOURCETYPE = f"{_D}resourcetype"
CALENDAR = f"{_C}calendar"
DISPLAYNAME = f"{_D}displayname"
PRIVILEGES = f"{_D}current-user-privilege-set"
REPORTS = f"{_D}supported-report-set"
SYNC_COLLECTION = f"{_D}sync-collection"
PRINCIPAL = f"{_D}current-user-principal"
OUTBOX = f"{_C}schedule-outbox-URL"
USER_ADDRESSES = f"{_C}calendar-user-address-set"

_HEAD = '<?xml version="1.0" encoding="utf-8"?>'

PROPFIND_ETAGS = f'{_HEAD}<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>'.encode()
PROPFIND_CALENDAR = (
    f'{_HEAD}<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:displayname/><d:current-user-privilege-set/>'
    "<d:supported-report-set/></d:prop></d:propfind>"
).encode()
PROPFIND_PRINCIPAL = (
    f'{_HEAD}<d:propfind xmlns:d="DAV:"><d:prop><d:current-user-principal/></d:prop></d:propfind>'.encode()
)
PROPFIND_OUTBOX = (
    f'{_HEAD}<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:prop><c:schedule-outbox-URL/><c:calendar-user-address-set/></d:prop></d:propfind>"
).encode()


def sync_collection(token: str) -> bytes:
    """RFC 6578, 3.2; an empty token asks for everything."""
    return (
        f'{_HEAD}<d:sync-collection xmlns:d="DAV:"><d:sync-token>{escape(token)}</d:sync-token>'
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()


def calendar_multiget(hrefs: Iterable[str]) -> bytes:
    """RFC 4791, 7.9."""
    listed = "".join(f"<d:href>{escape(href)}</d:href>" for href in hrefs)
    return (
        f'{_HEAD}<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f"<d:prop><d:getetag/><c:calendar-data/></d:prop>{listed}</c:calendar-multiget>"
    ).encode()


def free_busy_query(start: datetime, end: datetime) -> bytes:
    """RFC 4791, 7.10."""
    first, last = (moment.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ") for moment in (start, end))
    return (
        f'{_HEAD}<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f'<c:time-range start="{first}" end="{last}"/></c:free-busy-query>'
    ).encode()


@dataclass(frozen=True, slots=True)
class Resource:
    """One response of a multi-status: the texts of the properties found, the names of the elements inside them, and
    the hrefs there."""

    href: str
    status: int  # of the resource; 200 where only properties have one
    texts: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hrefs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    token = root.findtext(f"{_D}sync-token")
    return MultiStatus(tuple(_resource(one) for one in root.iterchildren(f"{_D}response")), token)


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


def error_conditions(body: bytes) -> frozenset[str]:
    """The pre- and postconditions that an error answer names (RFC 4918, 16); none where it is not XML."""
    try:
        root = _parse(body)
    except CalendarUnavailable:
        return frozenset()
    return frozenset(str(element.tag) for element in root.iter()) if root.tag == f"{_D}error" else frozenset()


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml("calendar_nonsense") from error
    if root is None:
        raise NotXml("calendar_nonsense")
    return root


def _resource(response: etree._Element) -> Resource:
    texts: dict[str, str] = {}
    inside: dict[str, frozenset[str]] = {}
    hrefs: dict[str, tuple[str, ...]] = {}
    for propstat in response.iterchildren(f"{_D}propstat"):
        if _status(propstat.findtext(f"{_D}status")) != 200:
            continue
        for prop in propstat.iterchildren(f"{_D}prop"):
            for element in prop.iterchildren("*"):
                texts[element.tag] = element.text or ""
                if len(element):
                    inside[element.tag] = frozenset(str(e.tag) for e in element.iterdescendants("*"))
                    hrefs[element.tag] = tuple((e.text or "").strip() for e in element.iterchildren(f"{_D}href"))
    own = response.findtext(f"{_D}status")
    return Resource((response.findtext(f"{_D}href") or "").strip(), _status(own) if own else 200, texts, inside, hrefs)


def _status(line: str | None) -> int:
    """From "HTTP/1.1 200 OK"."""
    parts = (line or "").split(None, 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
