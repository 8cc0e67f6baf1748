"""A reader, and the events of an office that the messages are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from calbot.core.dates import Locale
from calbot.core.i18n import Catalog, Reader
from calbot.core.model import (
    CalendarName,
    Details,
    Href,
    Member,
    Occurrence,
    RecurrenceId,
    Timed,
    Uid,
    UserId,
    When,
)

LOCALES: tuple[Locale, ...] = ("de", "en")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)  # a Monday
LINK = "https://meet.example.org/f3k9-20ab"

ANNA = UserId("@anna:example.org")
BEN = UserId("@ben:example.org")
CARLA = UserId("@carla:example.org")
NAMES: Mapping[UserId, str] = {ANNA: "Anna Huber", BEN: "Ben Maier", CARLA: "Carla Roth"}


@cache
def catalog(locale: str) -> Catalog:
    path = Path(__file__).resolve().parents[3] / "calbot" / "locales" / f"{locale}.po"
    return Catalog.read(path.read_bytes(), locale)


def reader(locale: str = "de", *, zone: ZoneInfo = BERLIN, now: datetime = NOW, prefix: str = "!meet") -> Reader:
    return Reader(catalog(locale), locale, zone, now, prefix)


def member(user: UserId) -> Member:
    return Member(user, NAMES[user])


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone)


TUESDAY = Timed(at(24, 14), at(24, 15))
WEDNESDAY = Timed(at(25, 10), at(25, 11))


def event(
    title: str = "Jour fixe IT",
    when: When = TUESDAY,
    *,
    details: Details | None = None,
    uid: str = "20ab@example.org",
    recurrence_id: str | None = None,
) -> Occurrence:
    """An event of the calendar `it-team`; with `details`, these say everything, the title included."""
    return Occurrence(
        CalendarName("it-team"),
        Href("/it-team/20ab.ics"),
        Uid(uid),
        None if recurrence_id is None else RecurrenceId(recurrence_id),
        when,
        Details(title=title) if details is None else details,
    )
