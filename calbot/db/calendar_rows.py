"""The mirror's values as rows, and back: objects, components and occurrences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from calbot.core.model import AllDay, CalendarName, Details, Etag, Href, Occurrence, Status, Uid
from calbot.ports import StoredObject

from .encoding import (
    date_to_ms,
    decode_details,
    decode_when,
    encode_details,
    encode_when,
    optional_from_ms,
    optional_to_ms,
    recurrence_column,
    recurrence_from,
    searchable,
    storable,
    to_ms,
)
from .transaction import Row

_HOUR = 3_600_000
_ZONE_SLACK = 14 * _HOUR
LENGTHS = (3 * 24 * _HOUR, 24 * 24 * _HOUR, 192 * 24 * _HOUR)  # of the classes; the last class has no bound


@dataclass(frozen=True, slots=True)
class ObjectRows:
    """A calendar object as rows; those of its components and occurrences begin with the id that it has by then."""

    calendar: CalendarName
    href: Href
    columns: tuple[object, ...]
    components: Sequence[tuple[object, ...]]
    occurrences: Sequence[tuple[object, ...]]


def object_rows(entry: StoredObject) -> ObjectRows:
    """Details that several occurrences share become one component."""
    calendar, components, occurrences = entry.calendar, [], []
    numbers: dict[tuple[Uid, Details], int] = {}
    shared: tuple[Uid, Details] | None = None
    number = 0
    for position, occurrence in enumerate(entry.occurrences):
        details = occurrence.details
        # The same object most of the time: to compare its contents takes longer than all the rest.
        if shared is None or details is not shared[1] or occurrence.uid != shared[0]:
            shared = occurrence.uid, details
            known = numbers.get(shared)
            number = len(numbers) if known is None else known
            if known is None:
                numbers[shared] = number
                components.append(_component_columns(number, calendar, *shared))
        occurrences.append((position, number, calendar, *_time_columns(occurrence)))
    return ObjectRows(calendar, entry.href, _object_columns(entry), components, occurrences)


def _object_columns(entry: StoredObject) -> tuple[object, ...]:
    uid, data, resumes = storable(entry.uid), storable(entry.data), optional_to_ms(entry.resumes)
    return entry.calendar, entry.href, entry.etag, uid, data, entry.recurring, entry.problem, resumes


def _component_columns(number: int, calendar: CalendarName, uid: Uid, details: Details) -> tuple[object, ...]:
    text = searchable("\n".join((details.title, details.location, details.description)))
    cancelled = details.status is Status.CANCELLED
    return number, calendar, storable(uid), cancelled, encode_details(details), text


def _time_columns(occurrence: Occurrence) -> tuple[object, ...]:
    when = occurrence.when
    starts, ends, floating = encode_when(when)
    if isinstance(when, AllDay):
        starts_at, ends_at = date_to_ms(when.start), date_to_ms(when.end)
    else:
        starts_at, ends_at = to_ms(when.start), to_ms(when.end)
    slack = _ZONE_SLACK if floating or isinstance(when, AllDay) else 0
    earliest, latest = starts_at - slack, ends_at + slack
    length_class = sum(latest - earliest > longest for longest in LENGTHS)
    recurrence_id = recurrence_column(occurrence.recurrence_id)
    return recurrence_id, starts, ends, floating, starts_at, length_class, earliest, latest


def read_occurrences(rows: Iterable[Row]) -> Iterator[Occurrence]:
    """Each component's details are read once and shared by its occurrences."""
    seen: dict[tuple[int, int], Details] = {}
    for row in rows:
        component = row["object"], row["component"]
        details = seen.get(component)
        if details is None:
            details = seen[component] = decode_details(row["details"])
        yield Occurrence(
            calendar=CalendarName(row["calendar"]),
            href=Href(row["href"]),
            uid=Uid(row["uid"]),
            recurrence_id=recurrence_from(row["recurrence_id"]),
            when=decode_when(row["starts"], row["ends"], row["floating"]),
            details=details,
        )


def in_order(rows: Iterable[Row]) -> list[Occurrence]:
    return sorted(read_occurrences(rows), key=by_start)


def stored_object(row: Row, occurrences: tuple[Occurrence, ...]) -> StoredObject:
    return StoredObject(
        calendar=CalendarName(row["calendar"]),
        href=Href(row["href"]),
        etag=Etag(row["etag"]) if row["etag"] is not None else None,
        uid=Uid(row["uid"]),
        data=row["data"],
        recurring=bool(row["recurring"]),
        problem=row["problem"],
        occurrences=occurrences,
        resumes=optional_from_ms(row["resumes"]),
    )


def stored_objects(objects: Sequence[Row], rows: Sequence[Row]) -> Sequence[StoredObject]:
    occurrences: dict[Href, list[Occurrence]] = {}
    for occurrence in read_occurrences(rows):
        occurrences.setdefault(occurrence.href, []).append(occurrence)
    return [stored_object(row, tuple(occurrences.get(Href(row["href"]), ()))) for row in objects]


def by_start(occurrence: Occurrence) -> tuple[int, bool, Uid, str]:
    when = occurrence.when
    if isinstance(when, AllDay):
        return date_to_ms(when.start), False, occurrence.uid, occurrence.recurrence_id or ""
    return to_ms(when.start), True, occurrence.uid, occurrence.recurrence_id or ""


def literal(text: str) -> str:
    """For LIKE, with nothing in it a wildcard."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
