"""Calendar objects for the tests: short ways to write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from calbot.core.ical import Expanded, expand, read_and_expand, read_object
from calbot.core.ical.content import without_pause
from calbot.core.model import AllDay, CalendarName, CalendarObject, Etag, Href, Occurrence

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc)


def event(*lines: str, uid: str = "uid-1") -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT"]
    )


def calendar(*components: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *components, "END:VCALENDAR", ""])


def single(*lines: str) -> str:
    return calendar(event(*lines))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def between(begin: str, end: str, zone: ZoneInfo = BERLIN) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(begin).replace(tzinfo=zone), datetime.fromisoformat(end).replace(tzinfo=zone)


def expanded(
    data: str,
    begin: str = "2026-01-01",
    end: str = "2028-01-01",
    *,
    zone: ZoneInfo = BERLIN,
    hidden: bool = False,
    pause: Callable[[], None] = without_pause,
) -> Expanded:
    """As it is stored."""
    obj, window = CalendarObject(Href("/cal/name.ics"), Etag('"1"'), data), between(begin, end, zone)
    return read_and_expand(obj, calendar=CalendarName("it"), hidden=hidden, zone=zone, window=window, pause=pause)


def times(data: str, begin: str = "2026-01-01", end: str = "2028-01-01", *, zone: ZoneInfo = BERLIN) -> list[str]:
    """What takes place in that time."""
    parsed = read_object(data, calendar=CalendarName("it"), href=Href("/cal/name.ics"), hidden=False, zone=zone)
    return [written(one, zone) for one in expand(parsed, window=between(begin, end, zone))]


def written(occurrence: Occurrence, zone: ZoneInfo = BERLIN) -> str:
    """`2026-11-24 10:00/11:00`, with the day of the end where it is another, or `2026-11-24/2026-11-25`."""
    when = occurrence.when
    if isinstance(when, AllDay):
        return f"{when.start}/{when.end}"
    seen = when.seen_in(zone)
    same_day = seen.start.date() == seen.end.date()
    return f"{seen.start:%Y-%m-%d %H:%M}/{seen.end:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"
