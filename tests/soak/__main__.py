"""`python -m tests.soak`: runs the year and says what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from .report import Plan, written
from .year import Year


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--postgres", default="", help="URL of an empty database, in place of a file")
    chosen = parser.parse_args()
    plan = Plan(seed=chosen.seed, days=chosen.days, scale=chosen.scale)
    with tempfile.TemporaryDirectory(prefix="calbot-soak-") as directory:
        url = chosen.postgres or f"sqlite:{Path(directory) / 'calbot.db'}"
        year = Year(plan, url, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - a command's own
        report = asyncio.run(year.run())
        sys.stdout.writelines(f"{line}\n" for line in written(report, year.model.around))
    return 1 if report.differences or report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
