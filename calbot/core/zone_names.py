"""Time zones by the names that people have for them: ``Europe/Vienna``, Wien, New York, UTC."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import babel
from babel.core import get_global

from .commands.tokens import fold

_LANGUAGES: Final = ("de", "en")  # in which cities are known
_LONGEST: Final = 60
_SHOWN: Final = 3


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that very name in the time zone database, in any spelling of capitals; None where there is none.

    Never a file outside of the database, whatever the name is.
    """
    known = _by_key().get(name.strip().casefold())
    return None if known is None else ZoneInfo(known)


def zones_called(said: str) -> Sequence[ZoneInfo]:
    """The zones that somebody may mean: by name, by the city, in any of the languages. Several, if several are called
    so."""
    exact = zone_of(said)
    if exact is not None:
        return (exact,)
    keys = _by_city().get(_folded(said))
    if keys is None:  # "Europe/Wien": only the city is said in another language
        area, _, city = said.rpartition("/")
        keys = tuple(key for key in _by_city().get(_folded(city), ()) if fold(area) == fold(key.rpartition("/")[0]))
    return tuple(ZoneInfo(key) for key in keys)


def zones_near(said: str) -> Sequence[str]:
    """Names of zones that are spelt much like it, the nearest first."""
    names = [*_by_city(), *(fold(key) for key in _by_key().values())]
    near = difflib.get_close_matches(_folded(said)[:_LONGEST], names, n=_SHOWN, cutoff=0.75)
    found = [key for name in near for key in _by_city().get(name) or (_spelt(name),)]
    return tuple(dict.fromkeys(found))[:_SHOWN]


def _spelt(folded: str) -> str:
    return next(key for key in _by_key().values() if fold(key) == folded)


def _folded(said: str) -> str:
    return fold(said.strip().replace("_", " "))


@lru_cache(maxsize=1)
def _by_key() -> MappingProxyType[str, str]:
    return MappingProxyType({key.casefold(): key for key in sorted(available_timezones())})


@lru_cache(maxsize=1)
def _by_city() -> MappingProxyType[str, tuple[str, ...]]:
    """Zones by their city. Old names of a zone lead to the present one."""
    aliases = get_global("zone_aliases")
    found: dict[str, dict[str, None]] = {}
    for key in _by_key().values():
        area, _, city = key.rpartition("/")
        if area and area not in ("Etc", "SystemV"):
            present = str(aliases.get(key, key))
            found.setdefault(_folded(city), {})[present if present in _by_key().values() else key] = None
    for language in _LANGUAGES:
        for key, names in babel.Locale.parse(language).time_zones.items():
            if "city" in names and key.casefold() in _by_key():
                present = str(aliases.get(key, key))
                found.setdefault(_folded(str(names["city"])), {})[present] = None
    return MappingProxyType({city: tuple(keys) for city, keys in found.items()})
