"""No text keeps the reader busy: whatever is repeated in it, it is answered at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import thread_time
from zoneinfo import ZoneInfo

import pytest

from calbot.core.dates import Locale, read, read_duration, read_window, split_tail

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
# Of computing. Ten times what `make fuzz` allows, as coverage is measured here: what this guards against takes minutes.
MOST_SECONDS = 0.5

REPEATED = (
    *("1", "1.", "1-", "1/", "1:", "1.1.", "10-11", "10:00", "10 Uhr", "1h", "Di", "Di und", "jeden 1. und", "bis 1."),
    *("am 1.", "in 1 Woche", "heute in 2 Wochen", "viertel vor", "(", "()", ",", ";", "1. Advent", "14 Uhr MEZ"),
    *("1pm to", "10 to", "a week from", "every first", "the 1st", "first and", "UTC+1", "½", "\N{ZERO WIDTH SPACE}"),
)


def longest_wait(text: str, locale: Locale) -> float:
    """The longest time that a reader takes, of three runs the shortest: the machine does other things, too."""
    actions: tuple[Callable[[], object], ...] = (
        lambda: read(text, locale=locale, now=NOW),
        lambda: split_tail(text.split(), locale=locale, now=NOW),
        lambda: read_window(text, locale=locale, now=NOW),
        lambda: read_duration(text, locale=locale),
    )
    return max(min(seconds(action) for _ in range(3)) for action in actions)


def seconds(action: Callable[[], object]) -> float:
    began = thread_time()
    action()
    return thread_time() - began


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("unit", REPEATED)
def test_repetition_is_answered_at_once(unit: str, locale: Locale) -> None:
    for separator in (" ", ""):
        for text in (separator.join([unit] * 30), separator.join([unit] * 60)[:200], separator.join([unit] * 2500)):
            assert longest_wait(text, locale) < MOST_SECONDS
