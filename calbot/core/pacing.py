"""When to look at a calendar again."""

from __future__ import annotations

from datetime import timedelta


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
