"""`python -m tests.chaos --kills 100 --polls 100` prints one line for each kind of run.

Exit 1 if anything was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from random import Random

from demo.stack import Stack

from . import polls, reminders
from .arena import arena

_ROOMS = 6


async def main(arguments: argparse.Namespace) -> int:
    good = True
    random = Random(arguments.seed)  # noqa: S311 - to be repeated, not to be unguessable
    with tempfile.TemporaryDirectory(prefix="calbot-chaos-") as directory:
        async with Stack(Path(directory)) as stack:
            if arguments.kills:
                async with arena(stack, suffix="-reminders", rooms=_ROOMS) as place:
                    report = await reminders.run(place, arguments.kills, random, progress=_say)
                _say("")
                print(f"{report}, seed {arguments.seed}", flush=True)
                good = good and report.good
            if arguments.polls:
                async with arena(stack, suffix="-polls", rooms=_ROOMS) as place:
                    closed = await polls.run(place, arguments.polls, random, progress=_say)
                _say("")
                print(f"{closed}, seed {arguments.seed}", flush=True)
                good = good and closed.good
    return 0 if good else 1


def _say(progress: str) -> None:
    """On a terminal only: what is of use afterwards are the reports."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="while reminders are due")
    parser.add_argument("--polls", type=int, default=100, help="each killed between closing and the last message")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(read_arguments())))
