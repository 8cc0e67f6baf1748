"""The token bucket: so many at once, then one by one, and what is said of it once in each window."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.rate_limits import Admission, Bucket, Rate, full, take, wait

NOW = datetime(2026, 11, 24, 8, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
RATE = Rate(6, MINUTE)  # one in ten seconds
TAKEN, REFUSED, IGNORED = Admission.TAKEN, Admission.REFUSED, Admission.IGNORED


def answers(*seconds: float) -> list[Admission]:
    """What becomes of commands that come at these times."""
    bucket, found = full(RATE, NOW), []
    for after in seconds:
        bucket, admission = take(bucket, RATE, NOW + timedelta(seconds=after))
        found.append(admission)
    return found


@pytest.mark.parametrize(
    ("why", "seconds", "expected"),
    [
        ("as many as there are, at once", [0] * 6, [TAKEN] * 6),
        ("one more is refused, and said so once", [0] * 8, [TAKEN] * 6 + [REFUSED, IGNORED]),
        ("then one by one", [0] * 6 + [9, 10, 11, 20], [TAKEN] * 6 + [REFUSED, TAKEN, IGNORED, TAKEN]),
        ("in the next window it is said again", [*[0] * 7, *range(1, 10), *[61] * 8], [TAKEN] * 6 + [REFUSED]
         + [IGNORED] * 9 + [TAKEN] * 6 + [REFUSED, IGNORED]),
        ("never more than the bucket holds", [0, *[86_400] * 7], [TAKEN] * 7 + [REFUSED]),
        ("a clock that is set back", [60] * 7 + [0, 0], [TAKEN] * 6 + [REFUSED, IGNORED, IGNORED]),
    ],
)  # fmt: skip
def test_what_becomes_of_them(why: str, seconds: list[float], expected: list[Admission]) -> None:
    assert answers(*seconds) == expected, why


def test_how_long_to_wait() -> None:
    assert wait(Bucket(0.0, NOW), RATE) == timedelta(seconds=10)
    assert wait(Bucket(0.75, NOW), RATE) == timedelta(seconds=2.5)
    assert wait(Bucket(3.0, NOW), RATE) == timedelta(0)


@given(
    rate=st.builds(Rate, st.integers(1, 50), st.sampled_from([MINUTE, timedelta(hours=1)])),
    pauses=st.lists(st.floats(0, 600), max_size=200),
)
def test_no_window_takes_more_than_twice_the_number_and_refusals_are_said_once_in_it(
    rate: Rate, pauses: list[float]
) -> None:
    """A full bucket, and what comes in meanwhile: the most there can be in any window."""
    bucket, at = full(rate, NOW), NOW
    taken: list[datetime] = []
    refused: list[datetime] = []
    for pause in pauses:
        at += timedelta(seconds=pause)
        bucket, admission = take(bucket, rate, at)
        assert 0 <= bucket.tokens <= rate.number
        if admission is TAKEN:
            taken.append(at)
        elif admission is REFUSED:
            refused.append(at)
    for moment in taken:
        assert sum(moment <= other < moment + rate.per for other in taken) <= 2 * rate.number
    assert all(later - earlier >= rate.per for earlier, later in pairwise(refused))


@given(st.lists(st.floats(1.0, 100), max_size=50))
def test_whoever_keeps_to_it_is_never_refused(pauses: list[float]) -> None:
    assert set(answers(*(10.0 * index + sum(pauses[:index]) for index in range(len(pauses))))) <= {TAKEN}
