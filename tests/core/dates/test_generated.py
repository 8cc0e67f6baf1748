"""Phrases made from their meaning are read as that, and none is read as something else."""

from __future__ import annotations

import os

from calbot.core.dates import read
from calbot.when import notation

from .generator import variants

NUMBER = int(os.environ.get("CALBOT_PHRASES", "2000"))
SEED = int(os.environ.get("CALBOT_PHRASES_SEED", "1"))


def test_generated_phrases_mean_what_they_were_made_from() -> None:
    wrong = []
    for variant in variants(NUMBER, SEED):
        got = notation(read(variant.phrase, locale=variant.locale, now=variant.now))
        if got != variant.expected:
            wrong.append((variant.now.isoformat(), variant.locale, variant.phrase, variant.expected, got))
    assert wrong == []
