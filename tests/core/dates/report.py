"""`make phrases N=20000`: how generated phrases are read, by kind; fails if any is read wrongly."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from calbot.core.dates import read
from calbot.when import notation

from .generator import Variant, variants


class Outcome(str, Enum):
    RIGHT = "right"
    ASKED = "asked"
    REFUSED = "refused"
    WRONG = "wrong"


@dataclass(frozen=True)
class Examined:
    variant: Variant
    got: str
    outcome: Outcome


def examine(number: int, seed: int) -> list[Examined]:
    return [_examine(variant) for variant in variants(number, seed)]


def _examine(variant: Variant) -> Examined:
    got = notation(read(variant.phrase, locale=variant.locale, now=variant.now, base=variant.base))
    return Examined(variant, got, _outcome(variant.expected, got))


def _outcome(expected: str, got: str) -> Outcome:
    if got == expected:
        return Outcome.RIGHT
    if got == "no":
        return Outcome.REFUSED
    return Outcome.ASKED if got.startswith("choice") and expected != "no" else Outcome.WRONG


def report(examined: list[Examined]) -> Iterator[str]:
    """A line for each kind, a line for all, and two for each phrase that is not read as it was meant."""
    counted = Counter((one.variant.template, one.outcome) for one in examined)
    totals = Counter(one.outcome for one in examined)
    yield f"{'':30}" + "".join(f"{outcome.value:>9}" for outcome in Outcome)
    for template in sorted({one.variant.template for one in examined}):
        yield f"{template:30}" + "".join(f"{counted[template, outcome]:9}" for outcome in Outcome)
    yield f"{f'{len(examined)} phrases':30}" + "".join(f"{totals[outcome]:9}" for outcome in Outcome)
    for one in examined:
        if one.outcome is not Outcome.RIGHT and not (one.variant.mistyped and one.outcome is not Outcome.WRONG):
            seen = one.variant
            yield f"{one.outcome.value}: {seen.locale} {seen.phrase!r} at {seen.now.isoformat()}"
            yield f"  expected {seen.expected}, read {one.got}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    examined = examine(arguments.number, arguments.seed)
    sys.stdout.writelines(f"{line}\n" for line in report(examined))
    return 1 if any(one.outcome is Outcome.WRONG for one in examined) else 0


if __name__ == "__main__":
    sys.exit(main())
