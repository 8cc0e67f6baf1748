"""When to try again, and how soon to look again: at a calendar, to send what did not get through."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=1)
_QUIET_SHARE: Final = 20  # what has been quiet for so many minutes is looked at each minute
_AHEAD_SHARE: Final = 4  # before something begins, so many looks are made at least
_AT_ONCE: Final = 8  # first looks that need not be spread


def interval_between(
    *, interval: timedelta, longest: timedelta, quiet: timedelta | None, ahead: timedelta | None
) -> timedelta:
    """How long to wait between two looks at a calendar: from `interval`, where it has just changed or something begins
    soon, to `longest`, where it is silent.

    `quiet`: since when nothing has happened in it, as far as is known; `ahead`: until something begins there.
    """
    longest = max(longest, interval)
    wanted = interval if quiet is None else quiet / _QUIET_SHARE
    if ahead is not None:
        wanted = min(wanted, ahead / _AHEAD_SHARE)
    return min(max(wanted, interval), longest)


def next_look(
    *, interval: timedelta, longest: timedelta, failures: int, retry_after: float | None, chance: float
) -> timedelta:
    """How long to wait before the next look at a calendar.

    `interval` after a success, doubled with each failure in a row up to `longest`, never sooner than the server asked
    for (`retry_after`, seconds; a server that asks for more than an hour is asked again after an hour). `chance`,
    from 0 to 1, spreads calendars and instances over a tenth of the wait either way, so that they do not all ask at
    once.
    """
    wait = min(interval * (1 << min(failures, 16)), max(longest, interval))
    spread = wait * (0.9 + 0.2 * chance)
    if retry_after is None:
        return spread
    return max(spread, timedelta(seconds=min(max(retry_after, 0), 3600)))


def first_look(position: int, count: int, interval: timedelta) -> timedelta:
    """When to look at one of many for the first time after a start: a few at once, the others spread evenly."""
    if position < _AT_ONCE:
        return timedelta()
    return interval * ((position - _AT_ONCE + 1) / max(count - _AT_ONCE, 1))


def back_off(failures: int, chance: float) -> timedelta:
    """How long to wait after that many failures in a row: from 5 seconds, doubled each time, up to a minute.

    `chance`, from 0 to 1, spreads those who fail together over a quarter of the wait either way.
    """
    wait = min(_FIRST_WAIT * (1 << min(max(failures - 1, 0), 16)), _LONGEST_WAIT)
    return wait * (0.75 + 0.5 * chance)
