"""Back-off and spreading of looks at calendars."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.pacing import back_off, first_look, interval_between, next_look

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


WAITS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
BETWEEN = st.tuples(
    st.timedeltas(min_value=timedelta(seconds=10), max_value=timedelta(hours=1)),
    st.timedeltas(min_value=timedelta(seconds=10), max_value=timedelta(days=1)),
)


def between(quiet: timedelta | None = None, ahead: timedelta | None = None) -> timedelta:
    return interval_between(interval=MINUTE, longest=15 * MINUTE, quiet=quiet, ahead=ahead)


@pytest.mark.parametrize(
    ("quiet", "ahead", "minutes"),
    [
        (None, None, 1),
        (0, None, 1),
        (20, None, 1),
        (100, None, 5),
        (300, None, 15),
        (90_000, None, 15),
        (90_000, 3, 1),
        (90_000, 20, 5),
        (90_000, 600, 15),
        (100, 600, 5),
        (None, 600, 1),
    ],
)
def test_the_silent_are_looked_at_less_and_the_soon_due_more(
    quiet: int | None, ahead: int | None, minutes: int
) -> None:
    found = between(None if quiet is None else quiet * MINUTE, None if ahead is None else ahead * MINUTE)
    assert found == minutes * MINUTE


@given(BETWEEN, st.none() | WAITS, st.none() | WAITS)
def test_an_interval_keeps_to_its_bounds(
    bounds: tuple[timedelta, timedelta], quiet: timedelta | None, ahead: timedelta | None
) -> None:
    shortest, longest = bounds
    found = interval_between(interval=shortest, longest=longest, quiet=quiet, ahead=ahead)
    assert shortest <= found <= max(shortest, longest)


@given(WAITS, WAITS, st.none() | WAITS)
def test_the_longer_it_is_quiet_the_longer_the_wait(one: timedelta, other: timedelta, ahead: timedelta | None) -> None:
    assert between(min(one, other), ahead) <= between(max(one, other), ahead)


@given(WAITS, WAITS, st.none() | WAITS)
def test_the_sooner_something_begins_the_shorter_the_wait(
    one: timedelta, other: timedelta, quiet: timedelta | None
) -> None:
    assert between(quiet, min(one, other)) <= between(quiet, max(one, other)) <= between(quiet, None)


@given(WAITS.filter(lambda ahead: ahead >= 4 * MINUTE))
def test_nothing_begins_without_looks_before(ahead: timedelta) -> None:
    assert between(400 * 24 * 60 * MINUTE, ahead) <= ahead / 4


@given(st.integers(1, 3_000))
def test_first_looks_are_spread_evenly_over_an_interval(count: int) -> None:
    waits = [first_look(position, count, MINUTE) for position in range(count)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(0)
    assert waits[-1] <= MINUTE
    assert sum(wait == timedelta(0) for wait in waits) <= 8
    if count > 80:
        quarters = [sum(MINUTE * n / 4 < wait <= MINUTE * (n + 1) / 4 for wait in waits) for n in range(4)]
        assert max(quarters) - min(quarters) <= 1
