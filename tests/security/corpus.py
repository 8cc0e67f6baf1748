"""Texts that mean harm, as they may stand in a title, a place, a name, a file name or a poll answer.

``tests/data/hostile.json`` has one of each kind by name. From these come longer ones and mixtures, the same each time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

_FILE = Path(__file__).resolve().parents[1] / "data" / "hostile.json"
_LINE = 100_000  # characters
_MIXTURES = 12

KINDS: Mapping[str, str] = json.loads(_FILE.read_text(encoding="ascii"))


def hostile_texts() -> Mapping[str, str]:
    """By name: each of the kinds, the longest lines, and mixtures of several kinds."""
    return {**KINDS, **dict(_long()), **dict(_mixed())}


def _long() -> Iterator[tuple[str, str]]:
    for name in ("html_bold", "newline_row", "bidi_unbalanced", "combining_flood", "emoji", "room_mention", "markdown"):
        text = KINDS[name]
        yield f"long_{name}", (text * (_LINE // len(text) + 1))[:_LINE]
    yield "long_word_whole", "x" * _LINE
    yield "long_blanks", f"a{' ' * _LINE}b"
    yield "long_lines", "\n" * _LINE + "x"


def _mixed() -> Iterator[tuple[str, str]]:
    chances = random.Random(20_261_124)
    texts = list(KINDS.values())
    for number in range(_MIXTURES):
        parts = chances.sample(texts, 4)
        cut = [part[: chances.randint(1, 40)] for part in parts]
        yield f"mixture_{number}", chances.choice(("", " ", "\n", "\u2028")).join(cut)
