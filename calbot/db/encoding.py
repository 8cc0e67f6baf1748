"""How values become columns and back, so that what is read equals what was stored.

Times are written as RFC 9557 has it, `2026-11-24T14:00:00+01:00[Europe/Berlin]`: wall clock, offset and zone together
survive the hour that a change of daylight saving time repeats or leaves out, and a change of the zone's rules, where
the wall clock counts. JSON is written in ASCII, so no character of a foreign text can be refused by a database.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calbot.core.model import (
    AllDay,
    Attendee,
    CalendarName,
    CuType,
    Details,
    Href,
    Occurrence,
    PartStat,
    Recipient,
    RecurrenceId,
    Role,
    RoomId,
    Status,
    Timed,
    Trigger,
    Uid,
    UserId,
    When,
)

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
_EPOCH_ORDINAL = EPOCH.toordinal()


def to_ms(instant: datetime) -> int:
    return (instant - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def optional_to_ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)


def optional_from_ms(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def date_to_ms(day: date) -> int:
    """Its midnight in UTC."""
    return (day.toordinal() - _EPOCH_ORDINAL) * _DAY_MS


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))  # `json.dumps` makes a new one each time


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


def storable(text: str) -> str:
    """The text without what a database refuses: NUL (PostgreSQL), halves of surrogate pairs (both)."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def searchable(text: str) -> str:
    """The text as searches compare it: without case, in one Unicode form. (SQLite's own `lower()` knows ASCII only.)"""
    return storable(unicodedata.normalize("NFKC", text.casefold()))


def read_recipient(column: str) -> Recipient:
    return UserId(column) if column.startswith("@") else RoomId(column)


def recurrence_column(recurrence_id: RecurrenceId | None) -> str:
    return recurrence_id or ""


def recurrence_from(column: str) -> RecurrenceId | None:
    return RecurrenceId(column) if column else None


# ------------------------------------------------------------------------------------------------------------- times


def encode_time(moment: datetime) -> str:
    """Only times whose zone has an IANA name keep it; of others the offset remains."""
    name = moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None
    return f"{moment.isoformat()}[{name}]" if name else moment.isoformat()


def decode_time(text: str) -> datetime:
    iso, _, name = text.rstrip("]").partition("[")
    moment = datetime.fromisoformat(iso)
    if not name:
        return moment
    try:
        zone = ZoneInfo(name)
    except ZoneInfoNotFoundError:  # stored on a machine that knows more zones
        return moment
    local = moment.replace(tzinfo=zone)
    if local.utcoffset() != moment.utcoffset():
        second = local.replace(fold=1)
        if second.utcoffset() == moment.utcoffset():
            return second
    return local


def encode_when(when: When) -> tuple[str, str, bool]:
    """Start, end, and whether floating."""
    if isinstance(when, AllDay):
        return when.start.isoformat(), when.end.isoformat(), False
    return encode_time(when.start), encode_time(when.end), when.floating


def decode_when(starts: str, ends: str, floating: object) -> When:
    if "T" in starts:
        return Timed(decode_time(starts), decode_time(ends), bool(floating))
    return AllDay(date.fromisoformat(starts), date.fromisoformat(ends))


# --------------------------------------------------------------------------------------------------- occurrences


def _encode_attendee(attendee: Attendee) -> dict[str, Any]:
    return {
        "name": attendee.name,
        "address": attendee.address,
        "user": attendee.user,
        "partstat": attendee.partstat.value,
        "role": attendee.role.value,
        "kind": attendee.kind.value,
    }


def _decode_attendee(value: Mapping[str, Any]) -> Attendee:
    return Attendee(
        name=value["name"],
        address=value["address"],
        user=UserId(value["user"]) if value["user"] is not None else None,
        partstat=PartStat(value["partstat"]),
        role=Role(value["role"]),
        kind=CuType(value["kind"]),
    )


def encode_details(details: Details) -> str:
    return to_json(
        {
            "title": details.title,
            "location": details.location,
            "description": details.description,
            "link": details.link,
            "status": details.status.value,
            "transparent": details.transparent,
            "hidden": details.hidden,
            "sequence": details.sequence,
            "rule": details.rule,
            "organizer": _encode_attendee(details.organizer) if details.organizer else None,
            "attendees": [_encode_attendee(attendee) for attendee in details.attendees],
            "alarms": [[one.before, one.from_end, optional_to_ms(one.at)] for one in details.alarms],
        }
    )


def decode_details(text: str) -> Details:
    value = json.loads(text)
    return Details(
        title=value["title"],
        location=value["location"],
        description=value["description"],
        link=value["link"],
        status=Status(value["status"]),
        transparent=value["transparent"],
        hidden=value["hidden"],
        sequence=value["sequence"],
        rule=value["rule"],
        organizer=_decode_attendee(value["organizer"]) if value["organizer"] else None,
        attendees=tuple(_decode_attendee(attendee) for attendee in value["attendees"]),
        alarms=tuple(Trigger(before, end, optional_from_ms(at)) for before, end, at in value["alarms"]),
    )


def encode_occurrence(occurrence: Occurrence) -> str:
    return to_json(
        {
            "calendar": occurrence.calendar,
            "href": occurrence.href,
            "uid": occurrence.uid,
            "recurrence_id": occurrence.recurrence_id,
            "when": encode_when(occurrence.when),
            "details": encode_details(occurrence.details),
        }
    )


def decode_occurrence(text: str) -> Occurrence:
    value = json.loads(text)
    return Occurrence(
        calendar=CalendarName(value["calendar"]),
        href=Href(value["href"]),
        uid=Uid(value["uid"]),
        recurrence_id=value["recurrence_id"],
        when=decode_when(*value["when"]),
        details=decode_details(value["details"]),
    )


def encode_occurrences(occurrences: Sequence[Occurrence]) -> str:
    """Those of one object, or none: what they have in common is written once."""
    numbers: dict[Details, int] = {}
    for one in occurrences:
        numbers.setdefault(one.details, len(numbers))
    first = occurrences[0] if occurrences else None
    return to_json(
        {
            "of": [first.calendar, first.href, first.uid] if first else None,
            "details": [encode_details(one) for one in numbers],
            "occurrences": [[one.recurrence_id, *encode_when(one.when), numbers[one.details]] for one in occurrences],
        }
    )


def decode_occurrences(text: str) -> tuple[Occurrence, ...]:
    value = json.loads(text)
    details = [decode_details(one) for one in value["details"]]
    return tuple(
        Occurrence(
            calendar=CalendarName(value["of"][0]),
            href=Href(value["of"][1]),
            uid=Uid(value["of"][2]),
            recurrence_id=recurrence_id,
            when=decode_when(starts, ends, floating),
            details=details[number],
        )
        for recurrence_id, starts, ends, floating, number in value["occurrences"]
    )
