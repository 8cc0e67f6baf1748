"""Back-off and spreading of looks at calendars."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.pacing import next_look

MINUTE = timedelta(minutes=1)


def look(failures: int = 0, retry_after: float | None = None, chance: float = 0.5) -> timedelta:
    return next_look(interval=MINUTE, longest=15 * MINUTE, failures=failures, retry_after=retry_after, chance=chance)


@pytest.mark.parametrize(("failures", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 15), (40, 15)], ids=str)
def test_each_failure_doubles_the_wait_up_to_the_longest(failures: int, minutes: int) -> None:
    assert look(failures) == minutes * MINUTE


def test_what_the_server_asks_for_is_the_least_but_an_hour_at_most() -> None:
    assert look(retry_after=120) == 2 * MINUTE
    assert look(retry_after=1) == MINUTE
    assert look(retry_after=86_400) == 60 * MINUTE


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_wait_stays_within_a_tenth_of_its_bounds(failures: int, chance: float) -> None:
    assert 0.9 * MINUTE <= look(failures, chance=chance) <= 16.5 * MINUTE
