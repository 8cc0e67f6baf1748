"""What a year is to be like, and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from .expectations import Difference

_BERLIN = ZoneInfo("Europe/Berlin")
_PAGE = 4096
_ROWS = 500
_GROWTH = 1.25  # of memory and rows, from the middle of a year to its end


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how rough a year is. The rates are per day, at scale 1."""

    seed: int = 1
    days: int = 365
    scale: float = 1.0
    begin: datetime = datetime(2026, 3, 1, 5, 0, tzinfo=_BERLIN)
    series: int = 400
    acts: float = 60.0
    disturbances: float = 8.0
    kills: float = 1.0
    stops: float = 0.1
    outages: float = 0.3
    settings: float = 0.5
    calendar_outages: float = 0.4


@dataclass(frozen=True, slots=True)
class Measure:
    at: datetime
    rows: dict[str, int]
    resident: int  # kB


@dataclass(slots=True)
class Report:
    plan: Plan
    differences: list[Difference]
    failures: list[str]
    counts: Counter[str]
    measures: list[Measure] = field(default_factory=list)
    seconds: float = 0.0
    rings: Counter[str] = field(default_factory=Counter)
    ring_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def resident() -> int:
    """The memory that this process has now, in kB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE // 1024


def grown(report: Report) -> Iterator[str]:
    """What grew in the second half of a year that was long enough to say so: nothing should."""
    if report.plan.days < 200 or len(report.measures) < 5:
        return
    middle = len(report.measures) // 2
    before, end = report.measures[1 : middle + 1], report.measures[-1]
    if end.resident > _GROWTH * max(one.resident for one in before):
        yield f"memory grew from {max(one.resident for one in before)} to {end.resident} kB"
    for table, rows in end.rows.items():
        most = max(one.rows[table] for one in before)
        if rows > _ROWS + _GROWTH * most:
            yield f"{table} grew from {most} to {rows} rows"


def written(report: Report, history: Callable[[Difference], list[str]], most: int = 10) -> Iterator[str]:
    """The report, line by line; with the history of the events of the first differences."""
    plan = report.plan
    yield f"seed {plan.seed}, {plan.days} days, scale {plan.scale}: {report.seconds:.0f} s"
    yield "  " + ", ".join(f"{name} {count}" for name, count in sorted(report.counts.items())) + ""
    for name, seconds in sorted(report.ring_seconds.items(), key=lambda one: -one[1]):
        yield f"  {name}: {report.rings[name]} rings, {seconds:.1f} s"
    for measure in report.measures:
        rows = ", ".join(f"{name} {count}" for name, count in sorted(measure.rows.items()) if count > 1)
        yield f"  {measure.at:%Y-%m-%d}: {measure.resident / 1024:.0f} MB; {rows}"
    for failure in report.failures[:most]:
        yield f"FAILURE {failure}"
    for difference in report.differences[:most]:
        yield f"{difference}"
        for line in history(difference):
            yield f"    {line}"
    verdict = f"{len(report.differences)} differences, {len(report.failures)} failures"
    yield f"{verdict}; again with: python -m tests.soak --seed {plan.seed} --days {plan.days} --scale {plan.scale}"
