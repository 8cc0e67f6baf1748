"""The data protection sheet names what there is, and how long it is kept by default."""

from __future__ import annotations

import re
from pathlib import Path

from mautrix.util.async_db import Database

from calbot.core.settings import Retention

from .schema_tables import columns

SHEET = (Path(__file__).parents[2] / "docs" / "datenschutz.de.md").read_text(encoding="utf-8")
ROWS = {match[1]: match[0] for match in re.finditer(r"^\| `([a-z_]+)` \| .+ \| .+ \|$", SHEET, re.MULTILINE)}


async def test_it_names_each_table_and_no_other(database: Database) -> None:
    assert ROWS.keys() == (await columns(database)).keys()


def test_its_terms_are_the_defaults() -> None:
    kept = Retention()
    days = {"events": kept.events, "polls": kept.polls, "reminders": kept.reminders, "audit": kept.audit}
    named = re.findall(r"`(events|polls|reminders|audit)`: (\d+) Tage", SHEET)
    assert {name for name, _ in named} == days.keys()
    assert all(days[name].days == int(number) for name, number in named)
