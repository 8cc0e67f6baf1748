"""When to try again: to look at a calendar, to send what did not get through."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=1)


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


def back_off(failures: int, chance: float) -> timedelta:
    """How long to wait after that many failures in a row: from 5 seconds, doubled each time, up to a minute.

    `chance`, from 0 to 1, spreads those who fail together over a quarter of the wait either way.
    """
    wait = min(_FIRST_WAIT * (1 << min(max(failures - 1, 0), 16)), _LONGEST_WAIT)
    return wait * (0.75 + 0.5 * chance)
