"""When the bot keeps to itself what can wait: on public holidays and in quiet hours.

Weekends are neither: whoever wants silence there sets no agenda for them. The functions are pure; the tables of
holidays are computed once for each region and year.

A region is written as in ISO 3166, "DE-BY", with the kinds of holidays that count there besides the public ones behind
it: "DE-BY catholic".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import holidays as tables

from .model import Locale
from .settings import Hours

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_PUBLIC: Final = "public"
_LANGUAGES: Final[Mapping[Locale, str]] = {"de": "de", "en": "en_US"}  # as the package names them


@lru_cache(maxsize=1)
def regions() -> Mapping[str, str]:
    """Every country and region whose holidays are known, as ISO 3166 writes them ("DE", "DE-BY"), by lower case."""
    supported = tables.list_supported_countries(include_aliases=False)
    codes = (
        code for country, parts in supported.items() for code in (country, *(f"{country}-{part}" for part in parts))
    )
    return MappingProxyType({code.casefold(): code for code in codes if " " not in code})  # some cities have one


def more_kinds(region: str) -> tuple[str, ...]:
    """What a country has besides its public holidays, such as those of Catholic municipalities ("catholic")."""
    kinds = tables.country_holidays(region.partition("-")[0]).supported_categories
    return tuple(kind for kind in kinds if kind != _PUBLIC)


def holiday_name(day: date, region: str, locale: Locale = "de") -> str | None:
    """What a public holiday is called; None on any other day, and where there is no region."""
    return _holidays(region, day.year, locale).get(day) if region else None


def is_holiday(day: date, region: str) -> bool:
    return holiday_name(day, region) is not None


def next_allowed(at: datetime, *, quiet: Hours | None, holidays: str, zone: ZoneInfo) -> datetime:
    """`at`, or the first instant after it at which nothing has to wait any more; in UTC.

    A wall clock decides. Where it leaps over the end of the quiet hours they end with the leap; where it shows their
    end twice, they end at the first time, and where it shows quiet hours again after their end, they hold again.
    """
    now = at.astimezone(timezone.utc)
    while True:
        local = now.astimezone(zone)
        if is_holiday(local.date(), holidays):
            now = instant_of(local.date() + _DAY, time.min, zone)
        elif quiet is not None and _within(local.time(), quiet):
            now = _end_of(quiet, local, zone)
        else:
            return now


def instant_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When a wall clock in `zone` shows that time, in UTC: at the first of two times, or when it leaps over it."""
    shown = datetime.combine(day, clock)
    at = shown.replace(tzinfo=zone).astimezone(timezone.utc)
    if at.astimezone(zone).replace(tzinfo=None) == shown:
        return at
    # The leap lies between the two instants that the old and the new offset would make of it.
    early, late = shown.replace(tzinfo=zone, fold=1).astimezone(timezone.utc), at
    while late - early > _MINUTE:
        middle = early + (late - early) // _MINUTE // 2 * _MINUTE
        early, late = (middle, late) if middle.astimezone(zone).replace(tzinfo=None) < shown else (early, middle)
    return late


def _end_of(quiet: Hours, local: datetime, zone: ZoneInfo) -> datetime:
    """The end of the quiet hours that `local` lies in."""
    day = local.date() if local.time() < quiet.end else local.date() + _DAY
    end = instant_of(day, quiet.end, zone)
    now = local.astimezone(timezone.utc)
    if end > now:
        return end
    # The hour that comes twice, the second time: the end lies behind on the clock of the first.
    return datetime.combine(day, quiet.end, tzinfo=zone).replace(fold=1).astimezone(timezone.utc)


def _within(clock: time, hours: Hours) -> bool:
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end


@lru_cache(maxsize=64)
def _holidays(region: str, year: int, locale: Locale) -> Mapping[date, str]:
    code, *more = region.split()
    country, _, part = code.partition("-")
    language, kinds = _LANGUAGES.get(locale, "en_US"), (_PUBLIC, *more)
    found = tables.country_holidays(country, subdiv=part or None, years=year, language=language, categories=kinds)
    return MappingProxyType(dict(found))
