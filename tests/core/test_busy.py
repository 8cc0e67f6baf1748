"""Busy times as sets: against a count minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from calbot.core.busy import Spans, merged, without
from calbot.core.model import Busy

ZERO = datetime(2026, 11, 24, tzinfo=timezone.utc)
MINUTES = 60


def at(minute: int) -> datetime:
    return ZERO + timedelta(minutes=minute)


@st.composite
def periods(draw: st.DrawFn) -> list[Busy]:
    found = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(-10, MINUTES + 10))
        found.append(Busy(at(start), at(start + draw(st.integers(-2, 20))), draw(st.booleans())))
    return found


def states(busy: list[Busy] | tuple[Busy, ...]) -> list[int]:
    """Of each minute: 2 certainly busy, 1 perhaps, 0 free."""

    def state(minute: int) -> int:
        moment = at(minute)
        return max((1 if one.tentative else 2 for one in busy if one.start <= moment < one.end), default=0)

    return [state(minute) for minute in range(MINUTES)]


@given(periods())
def test_merging_changes_no_minute_and_leaves_no_overlap(busy: list[Busy]) -> None:
    whole = merged(busy, at(0), at(MINUTES))
    assert states(whole) == states(busy)
    assert all(one.start < one.end for one in whole)
    assert all(before.end <= after.start for before, after in pairwise(whole))
    assert all(before.end < after.start or before.tentative != after.tentative for before, after in pairwise(whole))
    assert all(at(0) <= one.start and one.end <= at(MINUTES) for one in whole)
    assert merged(whole, at(0), at(MINUTES)) == whole


@given(periods(), st.lists(st.tuples(st.integers(0, MINUTES), st.integers(0, 15)), max_size=4))
def test_what_is_taken_out_is_free(busy: list[Busy], taken: list[tuple[int, int]]) -> None:
    spans = [(at(begin), at(begin + length)) for begin, length in taken]
    left = without(merged(busy, at(0), at(MINUTES)), spans)
    expected = [
        0 if any(begin <= at(minute) < end for begin, end in spans) else state
        for minute, state in enumerate(states(busy))
    ]
    assert states(left) == expected


def test_instants_count_not_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    one = Busy(datetime(2026, 11, 24, 10, tzinfo=berlin), datetime(2026, 11, 24, 11, tzinfo=berlin))
    whole = merged([one], at(0), at(24 * 60))
    assert whole == (Busy(at(9 * 60), at(10 * 60)),)
    assert whole[0].start.tzinfo is timezone.utc


def test_what_only_touches_does_not_overlap() -> None:
    taken = Spans([(at(30), at(40)), (at(10), at(20))])
    assert not taken.hits(at(20), at(30))
    assert taken.hits(at(19), at(30))
    assert taken.hits(at(20), at(31))


@given(periods(), st.integers(-5, MINUTES), st.integers(1, 30))
def test_what_is_in_the_way(busy: list[Busy], begin: int, length: int) -> None:
    taken = Spans((one.start, one.end) for one in busy)
    assert taken.hits(at(begin), at(begin + length)) is any(
        one.start < at(begin + length) and at(begin) < one.end for one in busy if one.start < one.end
    )
