"""Events as their authors mean them: how they are written as iCalendar, and when they take place.

This is the model's own reading of RFC 5545, on dateutil alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

UTC = timezone.utc
_FLOATING = ""


@dataclass(frozen=True, slots=True)
class Guest:
    address: str
    partstat: str = "NEEDS-ACTION"


@dataclass(frozen=True, slots=True)
class Alarm:
    """`before`: seconds before the start, or before the end."""

    before: int
    action: str = "DISPLAY"
    of_end: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """What a component says besides its times."""

    title: str
    place: str = ""
    description: str = ""
    cancelled: bool = False
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """One occurrence of a series as it is instead of how the rule has it."""

    start: datetime
    texts: Texts


@dataclass(frozen=True, slots=True)
class Event:
    """`start` is on the wall clock of `zone` ("" floats, "UTC"), or a date; `until` too."""

    uid: str
    start: datetime | date
    length: timedelta
    texts: Texts
    zone: str = "Europe/Berlin"
    rule: str = ""
    until: datetime | None = None
    gone: frozenset[datetime] = frozenset()  # EXDATE
    overrides: tuple[tuple[datetime, Override], ...] = ()
    alarms: tuple[Alarm, ...] = ()
    hidden: bool = False
    revision: int = 0
    readable: bool = True

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    def changed(self, **fields: object) -> Event:
        return replace(self, revision=self.revision + 1, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Instants are UTC; an all-day one has its dates in place of the hour."""

    uid: str
    recurrence_id: str | None
    start: datetime
    end: datetime
    texts: Texts
    hidden: bool
    zone: str
    alarms: tuple[int, ...]  # seconds before the start
    day: date | None = None
    last_day: date | None = None


def occurrences(event: Event, reader: ZoneInfo, since: datetime, to: datetime) -> Iterator[Occurrence]:
    """Those that begin in [since, to), cancelled ones included, for somebody who reads in `reader`."""
    if not event.readable:
        return
    if not isinstance(event.start, datetime):
        yield from _all_day(event, event.start, reader, since, to)
        return
    overrides = dict(event.overrides)
    for original in _starts(event, event.start, since, to):
        if original in event.gone or original in overrides:
            continue
        yield from _within(_timed(event, original, original, event.texts, reader), since, to)
    for original, override in event.overrides:
        if original not in event.gone:
            yield from _within(_timed(event, original, override.start, override.texts, reader), since, to)


def _within(one: Occurrence, since: datetime, to: datetime) -> Iterator[Occurrence]:
    if since <= one.start < to:
        yield one


def _starts(event: Event, start: datetime, since: datetime, to: datetime) -> Iterator[datetime]:
    if not event.rule:
        yield start
        return
    day = timedelta(days=1)  # no zone is further from UTC
    last = (to + day).replace(tzinfo=None)
    first = (since - day).replace(tzinfo=None)
    for one in rrulestr(event.rule, dtstart=start).between(first, last, inc=True):
        if event.until is None or one <= event.until:
            yield one


def _timed(event: Event, original: datetime, start: datetime, texts: Texts, reader: ZoneInfo) -> Occurrence:
    zone = ZoneInfo(event.zone) if event.zone else reader
    begins = start.replace(tzinfo=zone).astimezone(UTC)
    # By the clock on the wall, as programs show it; from when it does begin where that hour is left out.
    ends = (begins.astimezone(zone).replace(tzinfo=None) + event.length).replace(tzinfo=zone).astimezone(UTC)
    return Occurrence(
        uid=event.uid,
        recurrence_id=_utc(original, zone) if event.rule else None,
        start=begins,
        end=ends,
        texts=texts,
        hidden=event.hidden,
        zone=event.zone,
        alarms=_leads(event, ends - begins),
    )


def _all_day(event: Event, start: date, reader: ZoneInfo, since: datetime, to: datetime) -> Iterator[Occurrence]:
    begins = datetime.combine(start, time.min, tzinfo=reader).astimezone(UTC)
    ends = datetime.combine(start + event.length, time.min, tzinfo=reader).astimezone(UTC)
    one = Occurrence(
        event.uid, None, begins, ends, event.texts, event.hidden, event.zone, _leads(event, ends - begins), start,
        start + event.length - timedelta(days=1),
    )  # fmt: skip
    yield from _within(one, since, to)


def _leads(event: Event, length: timedelta) -> tuple[int, ...]:
    """An alarm by mail is the mail program's, and of what is hidden nothing but the times is known."""
    if event.hidden:
        return ()
    return tuple(
        alarm.before - int(length.total_seconds()) if alarm.of_end else alarm.before
        for alarm in event.alarms
        if alarm.action in ("DISPLAY", "AUDIO")
    )


# ------------------------------------------------------------------------------------------------------ as iCalendar


def written(event: Event) -> str:
    """The event as some calendar program writes it."""
    if not event.readable:
        return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nthis is no calendar\r\nEND:VCALENDAR\r\n"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Soak//EN", *_component(event, event.start, event.texts)]
    for original, override in event.overrides:
        lines += _component(event, override.start, override.texts, original)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _component(event: Event, start: datetime | date, texts: Texts, original: datetime | None = None) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield "DTSTAMP:20260101T000000Z"
    yield f"SEQUENCE:{event.revision}"
    yield f"DTSTART{_value(start, event.zone)}"
    yield f"DTEND{_value(start + event.length, event.zone)}"
    if original is not None:
        yield f"RECURRENCE-ID{_value(original, event.zone)}"
    elif event.rule:
        until = f";UNTIL={_utc(event.until, ZoneInfo(event.zone))}" if event.until else ""
        yield f"RRULE:{event.rule}{until}"
        for one in sorted(event.gone):
            yield f"EXDATE{_value(one, event.zone)}"
    yield f"SUMMARY:{_escaped(texts.title)}"
    if texts.place:
        yield f"LOCATION:{_escaped(texts.place)}"
    if texts.description:
        yield f"DESCRIPTION:{_escaped(texts.description)}"
    if texts.cancelled:
        yield "STATUS:CANCELLED"
    if event.hidden:
        yield "CLASS:PRIVATE"
    if texts.guests:
        yield "ORGANIZER:mailto:termine@example.org"
    for guest in texts.guests:
        yield f"ATTENDEE;PARTSTAT={guest.partstat};CN={guest.address.partition('@')[0]}:mailto:{guest.address}"
    for alarm in event.alarms:
        yield "BEGIN:VALARM"
        yield f"ACTION:{alarm.action}"
        yield f"TRIGGER{';RELATED=END' if alarm.of_end else ''}:-PT{alarm.before}S"
        yield "DESCRIPTION:Erinnerung"
        if alarm.action == "EMAIL":
            yield "SUMMARY:Erinnerung"
            yield "ATTENDEE:mailto:somebody@example.org"
        yield "END:VALARM"
    yield "END:VEVENT"


def _value(moment: datetime | date, zone: str) -> str:
    if not isinstance(moment, datetime):
        return f";VALUE=DATE:{moment:%Y%m%d}"
    if zone == _FLOATING:
        return f":{moment:%Y%m%dT%H%M%S}"
    if zone == "UTC":
        return f":{moment:%Y%m%dT%H%M%S}Z"
    return f";TZID={zone}:{moment:%Y%m%dT%H%M%S}"


def _utc(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """RFC 5545 3.1: by octets; these texts are short, so by few enough characters."""
    return "\r\n ".join(line[at : at + 30] for at in range(0, len(line), 30))
