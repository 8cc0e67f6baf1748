"""The agenda of one week out of 500,000 stored occurrences."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from calbot.core.model import CalendarName, Details, Etag, Href, Occurrence, RecurrenceId, Timed, Uid
from calbot.ports import StoredObject

from .calendars import NAME, NOW, bot, settings_for

SERIES = 2_500
EACH = 200  # occurrences, one a week from long ago to far ahead
CALENDARS = 50
ROUNDS = 200
BOUND = 0.010


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        async with bot(settings_for("http://127.0.0.1:1/team/"), Path(name)) as world:
            store = world.stores.calendars
            for first in range(0, SERIES, 100):
                await store.put([series(number) for number in range(first, first + 100)])
            seconds, found = [], 0
            for number in range(ROUNDS):
                start = NOW + timedelta(days=number % 90)
                begin = time.perf_counter()
                agenda = await store.occurrences([calendar_of(number)], start, start + timedelta(days=7))
                seconds.append(time.perf_counter() - begin)
                found += len(agenda)
    if found < ROUNDS * SERIES // CALENDARS // 2:
        raise SystemExit("the agendas are empty")
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"One week of a calendar out of {SERIES * EACH:,} occurrences: {found / ROUNDS:.0f} events")
    print(f"  median {statistics.median(seconds) * 1000:.1f} ms   p95 {p95 * 1000:.1f} ms")
    good = statistics.median(seconds) <= BOUND
    print(f"  {'ok' if good else 'TOO MUCH'}: at most {BOUND * 1000:.0f} ms")
    return 0 if good else 1


def calendar_of(number: int) -> CalendarName:
    return CalendarName(f"{NAME}-{number % CALENDARS}")


def series(number: int) -> StoredObject:
    calendar, href, uid = calendar_of(number), Href(f"/{number}.ics"), Uid(f"series-{number}")
    first = datetime(2025, 11, 3, 8, tzinfo=timezone.utc) + timedelta(hours=number % 9, days=number % 5)
    details = Details(title=f"Jour fixe {number}", location="Raum 4", rule="FREQ=WEEKLY")
    starts = (first + timedelta(weeks=week) for week in range(EACH))
    occurrences = tuple(
        Occurrence(
            calendar,
            href,
            uid,
            RecurrenceId(f"{start:%Y%m%dT%H%M%SZ}"),
            Timed(start, start + timedelta(hours=1)),
            details,
        )
        for start in starts
    )
    return StoredObject(calendar, href, Etag('"1"'), uid, "BEGIN:VCALENDAR", True, None, occurrences)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
