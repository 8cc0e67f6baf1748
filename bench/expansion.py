"""What it costs to know when series take place, against what python-dateutil takes for the same rules.

Read whole, from the text to occurrences with all they say; entered long after they began; and with thousands of
exceptions, which are to cost in proportion.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from tests.core.ical_samples import calendar, event, expanded, single

ROUNDS: Final = 7
SERIES: Final = 100
BERLIN: Final = ZoneInfo("Europe/Berlin")
_BEGIN, _END = "2026-10-24", "2027-05-22"
_WINDOW: Final = tuple(datetime.fromisoformat(day).replace(tzinfo=BERLIN) for day in (_BEGIN, _END))
_RULES: Final = (
    "FREQ=WEEKLY;BYDAY=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
    "FREQ=DAILY",
    "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=12;BYDAY=3FR",
)
_NEW, _OLD = (datetime(year, 10, 1, 9, tzinfo=BERLIN) for year in (2026, 1996))
# How many times as long as dateutil needs for the bare dates, the whole reading of new series may take; how much longer
# for old ones than for new ones; and how much longer per exception ten times as many may take.
MOST, OLDER, PROPORTION = 12.0, 1.5, 1.5


def main() -> int:
    ours_new, theirs_new = median(lambda: read(_NEW)), median(lambda: step(_NEW))
    ours_old, theirs_old = median(lambda: read(_OLD)), median(lambda: step(_OLD))
    few, many = median(lambda: with_overrides(500)), median(lambda: with_overrides(5_000))
    apiece = many / few / 10
    print(f"{SERIES} series over 210 days")
    print(f"  begun this autumn       read {ours_new * 1000:7.1f} ms   dateutil {theirs_new * 1000:7.1f} ms")
    print(f"  begun thirty years ago  read {ours_old * 1000:7.1f} ms   dateutil {theirs_old * 1000:7.1f} ms")
    print(f"  with overrides           500 {few * 1000:7.1f} ms      5,000 {many * 1000:7.1f} ms")
    good = ours_new <= MOST * theirs_new and ours_old <= OLDER * ours_new and apiece <= PROPORTION
    print(
        f"{'ok' if good else 'TOO MUCH'}: {ours_new / theirs_new:.1f} x dateutil for new series, "
        f"{ours_old / theirs_old:.2f} x for old ones; an override among ten times as many costs {apiece:.2f} x as much"
    )
    return 0 if good else 1


def median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def read(start: datetime) -> int:
    """From the text: zones, details and ends included."""
    lines = (f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}", "DURATION:PT1H", "SUMMARY:Jour fixe")
    series = [single(*lines, f"RRULE:{_RULES[number % len(_RULES)]}") for number in range(SERIES)]
    return sum(len(expanded(data, _BEGIN, _END).occurrences) for data in series)


def step(start: datetime) -> int:
    """The dates alone."""
    rules = [rrulestr(_RULES[number % len(_RULES)], dtstart=start) for number in range(SERIES)]
    return sum(len(rule.between(_WINDOW[0], _WINDOW[1])) for rule in rules)


def with_overrides(number: int) -> int:
    first = datetime(2015, 1, 1, 9, tzinfo=BERLIN)
    slots = [f"{first + timedelta(days=day):%Y%m%dT%H%M%S}" for day in range(number)]
    zone = "TZID=Europe/Berlin"
    master = event(f"DTSTART;{zone}:{slots[0]}", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    return len(
        expanded(calendar(master, *[event(f"RECURRENCE-ID;{zone}:{s}", f"DTSTART;{zone}:{s}") for s in slots])).data
    )


if __name__ == "__main__":
    sys.exit(main())
