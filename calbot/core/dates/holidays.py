"""Days that go by a name and fall on the same date, or the same distance from Easter or Christmas, each year.

Only names that mean one day wherever the language is spoken: "Weihnachten" and "Easter" are several, "Labour Day" and
"Mother's Day" differ from country to country, and "Nikolaus" is somebody's name. A row takes nothing but its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from dateutil.easter import easter

from .readings import Locale

Feast: TypeAlias = Callable[[int], date]
"""The day in a year."""


def _fixed(year: int, *, month: int, day: int) -> date:
    return date(year, month, day)


def _from_easter(year: int, *, days: int) -> date:
    return easter(year) + timedelta(days=days)


def _before_christmas(year: int, *, sundays: int, weekdays: int = 0) -> date:
    """The n-th Sunday before Christmas Day, or so many days before it."""
    christmas = date(year, 12, 25)
    fourth = christmas - timedelta(days=christmas.isoweekday())
    return fourth - timedelta(weeks=sundays - 1, days=weekdays)


def _on(month: int, day: int) -> Feast:
    return partial(_fixed, month=month, day=day)


def _easter(days: int) -> Feast:
    return partial(_from_easter, days=days)


def _advent(sundays: int, weekdays: int = 0) -> Feast:
    return partial(_before_christmas, sundays=sundays, weekdays=weekdays)


_GERMAN: tuple[tuple[Feast, str], ...] = (
    (_on(1, 1), "Neujahr, Neujahrstag"),
    (_on(1, 6), "Heilige Drei Könige, Heiligen Drei Könige, Dreikönigstag, Dreikönig"),
    (_on(2, 14), "Valentinstag"),
    (_easter(-52), "Weiberfastnacht"),
    (_easter(-48), "Rosenmontag"),
    (_easter(-47), "Faschingsdienstag, Fastnachtsdienstag, Veilchendienstag"),
    (_easter(-46), "Aschermittwoch"),
    (_easter(-7), "Palmsonntag"),
    (_easter(-3), "Gründonnerstag"),
    (_easter(-2), "Karfreitag"),
    (_easter(-1), "Karsamstag"),
    (_easter(0), "Ostersonntag"),
    (_easter(1), "Ostermontag"),
    (_on(5, 1), "Tag der Arbeit, Maifeiertag"),
    (_easter(39), "Christi Himmelfahrt"),
    (_easter(49), "Pfingstsonntag"),
    (_easter(50), "Pfingstmontag"),
    (_easter(60), "Fronleichnam"),
    (_on(8, 15), "Mariä Himmelfahrt"),
    (_on(10, 3), "Tag der Deutschen Einheit"),
    (_on(10, 31), "Reformationstag"),
    (_on(11, 1), "Allerheiligen"),
    (_on(11, 2), "Allerseelen"),
    (_on(11, 11), "Martinstag"),
    (_advent(6), "Volkstrauertag"),
    (_advent(5, 4), "Buß- und Bettag, Buß und Bettag"),
    (_advent(5), "Totensonntag, Ewigkeitssonntag"),
    *(
        (_advent(5 - number), f"{number}. Advent, {number}. Adventssonntag, {word}r Advent, {word}n Advent")
        for number, word in enumerate(("erste", "zweite", "dritte", "vierte"), start=1)
    ),
    (_on(12, 6), "Nikolaustag"),
    (_on(12, 24), "Heiligabend, Heilig Abend, Heiliger Abend, Heiligen Abend"),
    *(
        (_on(12, 24 + number), f"{number}. {day}, {word}r {day}, {word}n {day}")
        for number, word in enumerate(("erste", "zweite"), start=1)
        for day in ("Weihnachtstag", "Weihnachtsfeiertag")
    ),
    (_on(12, 31), "Silvester, Sylvester"),
)
_ENGLISH: tuple[tuple[Feast, str], ...] = (
    (_on(1, 1), "New Year's Day, New Years Day"),
    (_on(2, 14), "Valentine's Day, Valentines Day"),
    (_easter(-46), "Ash Wednesday"),
    (_easter(-7), "Palm Sunday"),
    (_easter(-3), "Maundy Thursday"),
    (_easter(-2), "Good Friday"),
    (_easter(-1), "Holy Saturday"),
    (_easter(0), "Easter Sunday"),
    (_easter(1), "Easter Monday"),
    (_easter(39), "Ascension Day"),
    (_easter(49), "Whit Sunday, Pentecost Sunday"),
    (_easter(50), "Whit Monday, Pentecost Monday"),
    (_easter(60), "Corpus Christi"),
    (_on(10, 31), "Halloween"),
    (_on(11, 1), "All Saints' Day, All Saints Day"),
    (_on(12, 24), "Christmas Eve"),
    (_on(12, 25), "Christmas Day"),
    (_on(12, 26), "Boxing Day"),
    (_on(12, 31), "New Year's Eve, New Years Eve"),
)
_TABLES = MappingProxyType({"de": _GERMAN, "en": _ENGLISH})


def names(locale: Locale) -> Iterator[tuple[str, Feast]]:
    """Every name of a day in a language, and which day it is."""
    for feast, spellings in _TABLES[locale]:
        for name in spellings.split(","):
            yield name.strip(), feast
