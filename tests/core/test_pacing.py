"""Back-off and spreading of looks at calendars."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.pacing import back_off, next_look

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


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (500, 60)])
def test_back_off_doubles_up_to_a_minute(failures: int, seconds: int) -> None:
    assert back_off(failures, 0.5) == timedelta(seconds=seconds)


@given(st.integers(1, 40), st.floats(0, 1))
def test_back_off_is_spread_by_a_quarter(failures: int, chance: float) -> None:
    middle = back_off(failures, 0.5)
    assert middle * 0.75 <= back_off(failures, chance) <= middle * 1.25
