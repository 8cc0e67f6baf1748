"""The tables of phrases in tests/data/phrases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from calbot.core.dates import Locale

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


def rows() -> list[Row]:
    return [row for path in sorted(DIRECTORY.glob("*.tsv")) for row in _rows_of(path)]


def _rows_of(path: Path) -> list[Row]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        place = f"{path.name}:{number}"
        if len(columns) not in (3, 5):
            raise ValueError(f"{place}: expected 3 or 5 columns with tabs between them")
        locale = next((known for known in get_args(Locale) if known == columns[0]), None)
        if locale is None:
            raise ValueError(f"{place}: {columns[0]!r} is no language")
        now, zone = columns[3:] if len(columns) == 5 else (NOW, ZONE)
        moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
        found.append(Row(locale, columns[1], columns[2], moment, place))
    return found
