"""The tables of phrases in tests/data/phrases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from calbot.core.dates import At, Base, Day, Locale

DIRECTORY = Path(__file__).parents[2] / "data" / "phrases"
NOW = "2026-11-23T10:00"
ZONE = "Europe/Berlin"

Column = Literal["locale", "phrase", "expected"]


@dataclass(frozen=True)
class Row:
    locale: Locale
    phrase: str
    expected: str
    now: datetime
    place: str
    base: Base | None = None


def rows() -> list[Row]:
    return [row for path in sorted(DIRECTORY.glob("*.tsv")) for row in _rows_of(path)]


def _rows_of(path: Path) -> list[Row]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        place = f"{path.name}:{number}"
        if len(columns) not in (3, 5, 6):
            raise ValueError(f"{place}: expected 3, 5 or 6 columns with tabs between them")
        locale = next((known for known in get_args(Locale) if known == columns[0]), None)
        if locale is None:
            raise ValueError(f"{place}: {columns[0]!r} is no language")
        now, zone, about = (*columns[3:], "")[:3] if len(columns) > 3 else (NOW, ZONE, "")
        moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
        found.append(Row(locale, columns[1], columns[2], moment, place, _base(about, moment.tzinfo)))
    return found


def _base(about: str, zone: tzinfo | None) -> Base | None:
    """What a phrase is about: the event that is moved, "at A/B" or "day A/B", or "option", the one before in a poll."""
    kind, _, span = about.partition(" ")
    if kind == "option":
        day = date.fromisoformat(span)
        return Base.after(Day(day, day))
    first, _, last = span.partition("/")
    if kind == "day":
        return Base.of(Day(date.fromisoformat(first), date.fromisoformat(last)))
    if kind == "at":
        start, end = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (first, last))
        return Base.of(At(start, end))
    if kind:
        raise ValueError(f"{about!r} is nothing that a phrase can be about")
    return None
