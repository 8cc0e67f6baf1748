"""Busy times as sets of time: put together, cut to a window, taken out of each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

from .model import Busy

Span: TypeAlias = tuple[datetime, datetime]
"""From the first instant to before the second."""

LONGEST: Final = timedelta(days=62)
"""Nobody is asked for the busy times of longer than this at once."""


def bounded(start: datetime, end: datetime) -> Span:
    """As much of a time as may be asked for, in UTC: clocks that change would make it an hour longer or shorter."""
    first, last = start.astimezone(timezone.utc), end.astimezone(timezone.utc)
    return first, min(last, first + LONGEST)


class Spans:
    """Spans of time, asked many times whether one of them is in the way. In UTC: instants count, on whatever clock."""

    def __init__(self, spans: Iterable[Span]) -> None:
        utc = timezone.utc
        instants = ((begin.astimezone(utc), end.astimezone(utc)) for begin, end in spans)
        ordered = sorted((begin, end) for begin, end in instants if begin < end)
        self._starts = [begin for begin, _ in ordered]
        self._ends: list[datetime] = []  # the latest end so far
        for _, end in ordered:
            self._ends.append(max(end, self._ends[-1]) if self._ends else end)

    def hits(self, start: datetime, end: datetime) -> bool:
        begun = bisect_left(self._starts, end)
        return begun > 0 and self._ends[begun - 1] > start


def merged(periods: Iterable[Busy], start: datetime, end: datetime) -> tuple[Busy, ...]:
    """The same times cut to `start` and `end`, in order, without overlaps; what is certain wins over what is not.

    All in UTC: instants are compared, whatever zones they came in.
    """
    first, last = start.astimezone(timezone.utc), end.astimezone(timezone.utc)
    cut = [
        (max(one.start.astimezone(timezone.utc), first), min(one.end.astimezone(timezone.utc), last), one.tentative)
        for one in periods
    ]
    certain = _joined((begin, until) for begin, until, tentative in cut if begin < until and not tentative)
    uncertain = _joined((begin, until) for begin, until, tentative in cut if begin < until and tentative)
    left = _subtracted(uncertain, certain)
    whole = [Busy(*span) for span in certain] + [Busy(*span, tentative=True) for span in left]
    return tuple(sorted(whole, key=lambda one: one.start))


def without(periods: Iterable[Busy], taken: Sequence[Span]) -> tuple[Busy, ...]:
    """What is left of busy times if the spans `taken` do not count."""
    cut = _joined((begin.astimezone(timezone.utc), end.astimezone(timezone.utc)) for begin, end in taken)
    return tuple(
        Busy(begin, end, one.tentative) for one in periods for begin, end in _subtracted([(one.start, one.end)], cut)
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    whole: list[Span] = []
    for begin, end in sorted(spans):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((begin, end))
    return whole


def _subtracted(spans: Iterable[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """The parts of `spans` that no span of `taken` covers; `taken` is in order and without overlaps."""
    ends = [end for _, end in taken]
    for begin, end in spans:
        rest = begin
        for first, last in taken[bisect_right(ends, begin) :]:
            if end <= first:
                break
            if rest < first:
                yield rest, first
            rest = max(rest, last)
        if rest < end:
            yield rest, end
