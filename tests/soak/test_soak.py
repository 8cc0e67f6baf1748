"""A small year, over the clock change in spring: what `python -m tests.soak` runs at length."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.postgres import Postgres

from .report import Plan
from .year import Year

_BEFORE_THE_CLOCK_CHANGE = datetime(2026, 3, 16, 5, 0, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_three_weeks_of_a_small_department(tmp_path: Path, chosen_postgres: Postgres | None) -> None:
    plan = Plan(seed=2, days=21, scale=0.1, begin=_BEFORE_THE_CLOCK_CHANGE)
    postgres = chosen_postgres and chosen_postgres.database(f"soak_{uuid.uuid4().hex}")
    year = Year(plan, postgres or f"sqlite:{tmp_path / 'calbot.db'}")
    report = await year.run()
    assert report.failures == []
    assert report.differences == [], "\n".join(year.model.around(report.differences[0]))
    assert report.counts["reminders"] > 100
    assert report.counts["changes told"] > 50
    assert report.counts["agendas"] > 10
    assert report.counts["kills"] > 5
