"""Takes a file of events apart into calendar objects that can be written: one for each UID, with the zones it needs.

What would make a calendar server or program act is left out: METHOD, who invites and who is invited, alarms that send
mails or start programs. Otherwise any file that somebody posts could have the organization's server mail strangers.
Who was on an event is said in its description. Everything else stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from calbot.core import identity
from calbot.core.model import Attendee, CalendarName, Href, Occurrence, Uid
from calbot.errors import BadCalendarData, Code, UserError

from .building import PRODID, add_missing_zones, attendee_line, organizer_line
from .content import Component, Line, property_line, read_components, write_components
from .reading import attendee_of, read_object
from .recurrence import series_of
from .values import read_text, write_text, write_utc

MAX_BYTES = 1024 * 1024
MAX_OBJECTS = 500
_MAX_UID = 255  # octets, which RFC 7986, 5.3 would not have exceeded
_MAX_NAMES = 50  # people listed in a description

_IMPORTED = frozenset({"", "PUBLISH", "REQUEST"})
_REFUSED = {"CANCEL": "import_cancellation", "REPLY": "import_answer"}  # any other method: "import_method"

# RFC 5545, RFC 6638, vCalendar 1.0 (whose alarms are properties), and what the bot itself acts on.
_DROPPED = frozenset({"", "METHOD", "ORGANIZER", "ATTENDEE", "REQUEST-STATUS", "MALARM", "PALARM"})
_DROPPED_PREFIXES = ("SCHEDULE-", "X-CALBOT-")
_HARMLESS_ALARMS = frozenset({"DISPLAY", "AUDIO", "NONE"})
_PEOPLE = frozenset({"PARTICIPANT"})  # components that say who takes part (RFC 9073)
_STAMPS = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED"})  # which say when it was exported, or who knows what
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Definitions: TypeAlias = dict[str, list[Component]]  # of the zones in a calendar, by TZID


@dataclass(frozen=True, slots=True)
class Piece:
    """An object to be written. `origin` is the UID that it had in the file, empty where it had none."""

    uid: Uid
    origin: Uid
    data: str


@dataclass(frozen=True, slots=True)
class FileParts:
    """What a file is made of. `left_out`: tasks, notes and superseded versions; `unreadable`: events that cannot be
    taken apart; `people`: whether anybody was on any of the events."""

    pieces: tuple[Piece, ...]
    left_out: int = 0
    unreadable: int = 0
    people: bool = False


def decoded(data: bytes) -> str:
    """The text of a file. RFC 5545, 3.1.4 wants UTF-8; older programs on Windows write what they have."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return _UNPRINTABLE.sub("", text)


def take_apart(
    data: bytes, *, now: datetime, label: str, invited: Sequence[Attendee] = (), organizer: Attendee | None = None
) -> FileParts:
    """The objects in a file. `label` introduces those who were on an event; `invited` are on all of them instead.

    UserError where the file is no calendar, is a message about an event rather than events, or has too many of them.
    """
    try:
        roots = [root for root in read_components(decoded(data)) if root.name == "VCALENDAR"]
    except BadCalendarData as error:
        raise UserError(Code.BAD_CALENDAR_DATA, "import_not_readable") from error
    if not roots:
        raise UserError(Code.BAD_CALENDAR_DATA, "import_not_readable")
    _refuse_messages(roots)
    events: dict[Uid, list[tuple[Component, Component]]] = {}
    left_out = 0
    for root in roots:
        for component in root.components:
            if component.name == "VEVENT":
                events.setdefault(_uid_of(component), []).append((root, component))
            elif component.name != "VTIMEZONE":
                left_out += 1
    if len(events) > MAX_OBJECTS:
        raise UserError(Code.LIMIT, "import_too_many", number=len(events), maximum=MAX_OBJECTS)
    defined = {id(root): _definitions(root) for root in roots}
    pieces, unreadable, people = [], 0, False
    for uid, found in events.items():
        current = _latest(component for _, component in found)
        left_out += len(found) - len(current)
        people = people or any(_people_in(component) for component in current)
        try:
            zones = list(_zones(found, defined))
        except BadCalendarData:
            unreadable += 1
            continue
        cleaned = [_cleaned(component, label, now) for component in current]
        pieces.append(_piece(uid, found[0][0], zones, cleaned, invited, organizer))
    return FileParts(tuple(pieces), left_out, unreadable, people)


def first_occurrence(
    data: str, *, calendar: CalendarName, href: Href, hidden: bool, zone: ZoneInfo
) -> Occurrence | None:
    """The first time of an object, however long ago or far ahead; None where it has none. BadCalendarData."""
    series = series_of(read_object(data, calendar=calendar, href=href, hidden=hidden, zone=zone))
    slots = [None] if series.master is not None else sorted(series.overrides)
    return next((one for slot in slots if (one := series.occurrence(slot)) is not None), None)


def _refuse_messages(roots: Iterable[Component]) -> None:
    for root in roots:
        for line in root.all("METHOD"):
            method = line.value.strip().upper()
            if method not in _IMPORTED:
                raise UserError(Code.NOT_UNDERSTOOD, _REFUSED.get(method, "import_method"))


def _uid_of(component: Component) -> Uid:
    """What an event is known by. Without a UID, everything that it says: the same event exported again is the same."""
    uid = read_text(component.value("UID")).strip()
    if uid:
        return Uid(uid)
    says = Component(component.name, [item for item in component.items if item.name not in _STAMPS])
    return Uid("\n".join(["", *says.write()]))


def _latest(components: Iterable[Component]) -> list[Component]:
    """Of several versions of an event or of one date of it the one with the highest SEQUENCE (RFC 5546, 2.1.5)."""
    latest: dict[str, Component] = {}
    for component in components:
        slot = component.value("RECURRENCE-ID").upper()
        before = latest.get(slot)
        if before is None or _sequence(before) <= _sequence(component):
            latest[slot] = component
    return sorted(latest.values(), key=lambda one: bool(one.value("RECURRENCE-ID")))


def _sequence(component: Component) -> int:
    value = component.value("SEQUENCE")
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else 0


def _zones(events: Iterable[tuple[Component, Component]], defined: Mapping[int, Definitions]) -> Iterator[Component]:
    """The definitions of the zones that events name. BadCalendarData where two of a name differ."""
    found: dict[str, Component] = {}
    for root, component in events:
        for tzid in sorted({line.param("TZID") for line in _all_lines(component)} & defined[id(root)].keys()):
            for zone in defined[id(root)][tzid]:
                there = found.setdefault(tzid, zone)
                if there is not zone and list(there.write()) != list(zone.write()):
                    raise BadCalendarData("not_icalendar")
    yield from found.values()


def _definitions(root: Component) -> Definitions:
    defined: Definitions = {}
    for zone in root.components:
        if zone.name == "VTIMEZONE":
            defined.setdefault(read_text(zone.value("TZID")), []).append(zone)
    return defined


def _all_lines(component: Component) -> Iterator[Line]:
    yield from component.lines
    for part in component.components:
        yield from _all_lines(part)


def _piece(
    uid: Uid,
    root: Component,
    zones: Iterable[Component],
    events: Sequence[Component],
    invited: Sequence[Attendee],
    organizer: Attendee | None,
) -> Piece:
    origin = Uid("") if uid.startswith("\n") else uid
    new = _settled(uid)
    for component in events:
        component.replace("UID", property_line("UID", write_text(new)))
        if not invited:
            continue
        if organizer is not None and organizer.address:
            component.append(organizer_line(organizer))
        for attendee in invited:
            component.append(attendee_line(attendee))
    product = root.value("PRODID")
    head = [property_line("VERSION", "2.0"), property_line("PRODID", product or PRODID), *root.all("CALSCALE")[:1]]
    calendar = Component("VCALENDAR", [*head, *zones, *events])
    add_missing_zones(calendar)
    return Piece(new, origin, write_components([calendar]))


def _settled(uid: Uid) -> Uid:
    """The UID to write under: that of the file, so that the same event is known again.

    Not one that the bot could come to derive for an event of its own. Whoever knows the id of a poll knows the UID that
    its event will have, and could put something else there before: the poll would then be booked without being.
    """
    if uid.startswith("\n"):
        return identity.uid_for_contents(uid)
    if identity.may_be_derived(uid) or len(uid.encode()) > _MAX_UID:
        return identity.uid_for_import(uid)
    return uid


# -------------------------------------------------------------------------------------------------------------- people


def _cleaned(component: Component, label: str, now: datetime) -> Component:
    """An event without what would make anybody act; who was on it as text."""
    names = _people_in(component)
    cleaned = _without_actions(component)
    if names:
        listed = ", ".join(names[:_MAX_NAMES]) + (" …" if len(names) > _MAX_NAMES else "")
        said = read_text(cleaned.value("DESCRIPTION"))
        text = f"{said}\n\n{label} {listed}" if said.strip() else f"{label} {listed}"
        line = cleaned.first("DESCRIPTION")
        params = {name: ",".join(values) for name, values in line.params.items() if name != "ALTREP"} if line else {}
        cleaned.replace("DESCRIPTION", property_line("DESCRIPTION", write_text(text), params))
    if not cleaned.value("DTSTAMP"):  # which RFC 5545, 3.6.1 requires, and servers insist on
        cleaned.replace("DTSTAMP", property_line("DTSTAMP", write_utc(now)))
    return cleaned


def _people_in(component: Component) -> list[str]:
    """Names, or addresses, of who invited and who was invited; nobody twice."""
    found: dict[str, str] = {}
    for line in (*component.all("ORGANIZER"), *component.all("ATTENDEE")):
        if line.value.strip():
            one = attendee_of(line)
            found.setdefault(one.address or one.name, " ".join(one.name.split()))
    return [name for name in found.values() if name]


def _without_actions(component: Component) -> Component:
    kept: list[Line | Component] = []
    for item in component.items:
        if isinstance(item, Line):
            if item.name not in _DROPPED and not item.name.startswith(_DROPPED_PREFIXES):
                kept.append(item)
        elif item.name not in _PEOPLE and (item.name != "VALARM" or _is_harmless(item)):
            kept.append(_without_actions(item))
    return Component(component.name, kept)


def _is_harmless(alarm: Component) -> bool:
    """An alarm that shows or sounds something. One with several actions counts as the worst of them."""
    actions = alarm.all("ACTION")
    return bool(actions) and all(line.value.strip().upper() in _HARMLESS_ALARMS for line in actions)
