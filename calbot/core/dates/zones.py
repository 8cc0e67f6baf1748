"""Times that are said with their zone: "14 Uhr MEZ", "2pm ET", "14:00 UTC", "9:30 GMT+1".

Only abbreviations that mean one zone; "EST", "CST", "BST" and their like are several. One that names winter or summer
time has to be in force on that day: "14 Uhr MESZ" in November is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from .expressions import InZone
from .moments import Present
from .parsing import Rule, constant, digits, either, glued, mark, optional, run, seq, skip, spelled, where, word_ends
from .readings import At, Reason, Unread
from .tokens import tokenize
from .vocabulary import Word

ABBREVIATIONS = MappingProxyType(
    {
        "MEZ": InZone("Europe/Berlin", "CET"),
        "CET": InZone("Europe/Berlin", "CET"),
        "MESZ": InZone("Europe/Berlin", "CEST"),
        "CEST": InZone("Europe/Berlin", "CEST"),
        "UTC": InZone("UTC"),
        "GMT": InZone("UTC"),
        "OEZ": InZone("Europe/Athens", "EET"),
        "EET": InZone("Europe/Athens", "EET"),
        "OESZ": InZone("Europe/Athens", "EEST"),
        "EEST": InZone("Europe/Athens", "EEST"),
        "ET": InZone("America/New_York"),
        "EDT": InZone("America/New_York", "EDT"),
        "PT": InZone("America/Los_Angeles"),
        "PDT": InZone("America/Los_Angeles", "PDT"),
        "NZST": InZone("Pacific/Auckland", "NZST"),
        "NZDT": InZone("Pacific/Auckland", "NZDT"),
        "deutscher Zeit": InZone("Europe/Berlin"),
        "Berliner Zeit": InZone("Europe/Berlin"),
        "Londoner Zeit": InZone("Europe/London"),
        "New Yorker Zeit": InZone("America/New_York"),
        "German time": InZone("Europe/Berlin"),
        "Berlin time": InZone("Europe/Berlin"),
        "London time": InZone("Europe/London"),
        "New York time": InZone("America/New_York"),
    }
)


def _spelled_out(name: str) -> Rule[object]:
    return run(*(spelled(token.text) for token in tokenize(name) or ()), word_ends)


_hours = where(seq(int, digits((1, 2), glued=True)), lambda hours: hours <= 14)
_whole = seq(lambda: 0, word_ends)
_half = where(seq(int, mark(":", glued=True), digits((2,), glued=True)), lambda minutes: minutes in (30, 45))
_none = where(seq(int, mark(":", glued=True), digits((2,), glued=True)), lambda minutes: minutes == 0)


def _away(sign: int) -> Callable[[int, int], InZone]:
    return lambda hours, minutes: InZone("", offset=sign * timedelta(hours=hours, minutes=minutes))


_UTC = spelled("utc", "gmt")
_zone: Rule[InZone] = either(
    *(constant(zone, _spelled_out(name)) for name, zone in ABBREVIATIONS.items()),
    constant(ABBREVIATIONS["UTC"], glued(spelled("z"))),
    seq(_away(1), _UTC, mark("+", glued=True), _hours, either(_whole, _half, _none)),
    # "2:00 UTC-3:00" looks like a range.
    seq(_away(-1), _UTC, mark("-", glued=True), _hours, either(_whole, _half)),
)
ZONE: Rule[InZone] = seq(lambda zone: zone, _zone, optional(skip(Word.CLOCK)))
"""A zone as it stands behind a time: "14 Uhr MEZ", "14:00 MEZ Uhr"."""


def seen_there(present: Present, zone: InZone) -> Present:
    """The present moment on the clocks of a zone."""
    there: tzinfo = ZoneInfo(zone.key) if zone.key else timezone(zone.offset)
    return Present(present.now.astimezone(there), there)


def seen_here(present: Present, at: At, zone: InZone) -> At | Unread:
    """A reading in a zone on the clocks of the reader; refused if what the zone was called is not its name then."""
    start = _named(at.start, zone)
    end = None if at.end is None else _named(at.end, zone)
    if start is None or (at.end is not None and end is None):
        return Unread(Reason.CONTRADICTORY)
    return At(start.astimezone(present.zone), None if end is None else end.astimezone(present.zone))


def _named(moment: datetime, zone: InZone) -> datetime | None:
    """The moment, or the second of two that the clock shows alike, whichever the name is right for."""
    return next((one for one in (moment, moment.replace(fold=1)) if zone.shown in ("", one.tzname())), None)
