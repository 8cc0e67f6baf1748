"""Phrases made from their meaning are read as that, and none is read as something else."""

from __future__ import annotations

import os

from calbot.core.dates import read_window

from .generator import window_variants
from .report import Outcome, examine

NUMBER = int(os.environ.get("CALBOT_PHRASES", "3000"))
SEED = int(os.environ.get("CALBOT_PHRASES_SEED", "1"))


def test_generated_phrases_mean_what_they_were_made_from() -> None:
    examined = examine(NUMBER, SEED)
    assert [one for one in examined if one.outcome is Outcome.WRONG] == []
    assert [one for one in examined if one.outcome is not Outcome.RIGHT and not one.variant.mistyped] == []


def test_generated_windows_are_the_days_that_they_were_made_from() -> None:
    for variant in window_variants(NUMBER // 10, SEED):
        got = read_window(variant.phrase, locale=variant.locale, now=variant.now)
        assert got == variant.days, variant
