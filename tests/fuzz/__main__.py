"""``python -m tests.fuzz [NUMBER] [--seed SEED]``: exit 1 at the first input that is not taken as it has to be."""

from __future__ import annotations

import argparse
import random
import time

from .corpus import seeds
from .judge import forms, judge
from .mutations import Mutator

_REPORTS = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("number", nargs="?", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    mutator = Mutator(seeds(), chance)
    began, slowest, slow_text = time.monotonic(), 0.0, ""
    wrong: list[tuple[str, Exception]] = []
    for count in range(1, options.number + 1):
        text = mutator.next()
        try:
            took = judge(*chance.choice(forms(text)))
        except Exception as error:  # noqa: BLE001 - whatever comes of an input is what is looked for
            wrong.append((text, error))
            print(f"WRONG {type(error).__name__}: {error}\n  {text[:300]!r}", flush=True)
            if len(wrong) >= _REPORTS:
                break
            continue
        if took > slowest:
            slowest, slow_text = took, text
        if count % max(options.number // _REPORTS, 1) == 0:
            rate = count / (time.monotonic() - began)
            print(f"{count} inputs, {rate:.0f} a second, slowest {slowest * 1000:.1f} ms", flush=True)
    shown = slow_text if len(slow_text) <= 200 else f"{slow_text[:200]}… ({len(slow_text)} characters)"
    print(f"seed {options.seed}: {count} inputs, {len(wrong)} wrong; slowest {slowest * 1000:.1f} ms: {shown!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
