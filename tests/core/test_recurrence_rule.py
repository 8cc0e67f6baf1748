"""Rules alone, against python-dateutil as a second opinion, and the bounds that dateutil does not have."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calbot.core.recurrence_rule import Budget, read_rule
from calbot.core.recurrence_steps import starts
from calbot.errors import BadCalendarData

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def listed(rule: str, start: date | datetime, last: date, first: date | None = None) -> list[date | datetime]:
    return list(starts(read_rule(rule), start, first or date(1970, 1, 1), last, Budget()))


def numbers(low: int, high: int, *, signed: bool = False) -> st.SearchStrategy[str]:
    values = st.integers(low, high)
    if signed:
        values = st.one_of(values, values.map(lambda n: -n))
    return st.lists(values, min_size=1, max_size=3, unique=True).map(lambda items: ",".join(map(str, items)))


weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join)
ordinals = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 5, -1, -2]), st.sampled_from(WEEKDAYS)), min_size=1, max_size=3, unique=True
).map(lambda items: ",".join(f"{n}{day}" for n, day in items))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules on which RFC 5545 and dateutil agree, and that fit now and then.

    See the module for those on which they do not; for what never fits, dateutil looks until the year 9999.
    """
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = {"FREQ": freq}
    optional = st.booleans()
    if draw(optional):
        parts["INTERVAL"] = str(draw(st.integers(1, 5)))
    days = ["BYMONTH", "BYMONTHDAY"] if freq != "WEEKLY" else ["BYMONTH"]
    kind = draw(st.sampled_from([*days, "BYYEARDAY", "BYWEEKNO", ""] if freq == "YEARLY" else [*days, ""]))
    if kind == "BYMONTH":
        parts[kind] = draw(numbers(1, 12))
    elif kind == "BYMONTHDAY":
        parts[kind] = draw(numbers(1, 28, signed=True))
    elif kind == "BYYEARDAY":
        parts[kind] = draw(numbers(1, 365, signed=True))
    elif kind == "BYWEEKNO":
        parts[kind] = draw(numbers(1, 52, signed=True))
        parts["BYDAY"] = draw(weekdays)
    if kind in ("BYMONTH", "") and draw(optional):
        parts["BYDAY"] = draw(st.one_of(weekdays, ordinals) if freq in ("YEARLY", "MONTHLY") else weekdays)
    if draw(optional):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    if freq != "HOURLY" and draw(optional):
        parts["BYHOUR"] = draw(numbers(0, 23))
    if draw(optional):
        parts["BYMINUTE"] = draw(numbers(0, 59))
    if freq != "WEEKLY" and draw(optional):
        parts["BYSETPOS"] = draw(st.sampled_from(["1", "-1"]))
    return ";".join(f"{name}={value}" for name, value in parts.items())


moments = st.datetimes(datetime(1995, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001 - zone added below
    lambda moment: moment.replace(microsecond=0, second=0)
)


@settings(max_examples=150, deadline=None)
@given(rule=rules(), moment=moments, days=st.integers(1, 400))
def test_agrees_with_dateutil(rule: str, moment: datetime, days: int) -> None:
    start = moment.replace(tzinfo=BERLIN)
    last = start.date() + timedelta(days=days)
    end = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=BERLIN)
    # DTSTART belongs to every series, in dateutil only where the rule says so.
    expected = [start]
    for found in rrulestr(rule, dtstart=start):
        if found > end:
            break
        if found != start:
            expected.append(found)
        if len(expected) > 2000:
            break
    assume(len(expected) <= 2000)
    assert listed(rule, start, last) == expected


@settings(max_examples=80, deadline=None)
@given(rule=rules(), moment=moments, count=st.integers(1, 30))
def test_count_includes_the_start_and_agrees_with_dateutil_on_synchronised_rules(
    rule: str, moment: datetime, count: int
) -> None:
    start = next(iter(rrulestr(rule, dtstart=moment.replace(tzinfo=BERLIN))), None)
    assume(start is not None and start.year < 2100)
    assert start is not None
    last = date(start.year + 6, 1, 1)
    limited = f"{rule};COUNT={count}"
    expected = []
    for found in rrulestr(limited, dtstart=start):
        if found.date() > last:
            break
        expected.append(found)
    try:
        found_here = listed(limited, start, last)
    except BadCalendarData:
        return  # more steps than are allowed: BYs that hardly ever fit
    assert found_here == expected


@settings(max_examples=150, deadline=None)
@given(rule=rules(), moment=moments, later=st.integers(0, 3000), days=st.integers(1, 200))
def test_entering_later_gives_the_same_occurrences(rule: str, moment: datetime, later: int, days: int) -> None:
    start = moment.replace(tzinfo=BERLIN)
    first = start.date() + timedelta(days=later)
    last = first + timedelta(days=days)

    def inside(found: list[date | datetime]) -> list[date | datetime]:
        return [moment for moment in found if isinstance(moment, datetime) and moment.date() >= first]

    try:
        whole = inside(listed(rule, start, last))
    except BadCalendarData:
        return
    assert inside(listed(rule, start, last, first=first)) == whole


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        # RFC 5545, 3.8.5.3, examples that dateutil reads otherwise or that are easy to get wrong.
        ("FREQ=YEARLY;BYWEEKNO=20;COUNT=3", date(1997, 5, 12), ["1997-05-12", "1998-05-11", "1999-05-17"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,1TU;COUNT=6",
            date(2026, 11, 2),
            ["2026-11-02", "2026-11-03", "2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"],
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", date(2026, 1, 31), ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;COUNT=3", date(2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=YEARLY;COUNT=2", date(2024, 2, 29), ["2024-02-29", "2028-02-29"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            date(1997, 8, 5),
            ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            date(1997, 8, 5),
            ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
        ),
        ("FREQ=WEEKLY;UNTIL=20261209T230000Z", date(2026, 11, 25), ["2026-11-25", "2026-12-02", "2026-12-09"]),
        ("FREQ=DAILY;UNTIL=20261101", date(2026, 11, 25), []),
        ("FREQ=DAILY;COUNT=-1;UNTIL=20261126", date(2026, 11, 25), ["2026-11-25", "2026-11-26"]),
        # DTSTART belongs to the series and counts, also where the rule does not hit it.
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=3", date(2026, 11, 23), ["2026-11-23", "2026-11-24", "2026-12-01"]),
        # Times in a rule for days are ignored.
        ("FREQ=DAILY;BYHOUR=9,10;COUNT=2", date(2026, 11, 25), ["2026-11-25", "2026-11-26"]),
    ],
)
def test_days(rule: str, start: date, expected: list[str]) -> None:
    assert [str(day) for day in listed(rule, start, date(2040, 1, 1))] == expected


def test_until_as_a_date_on_times_includes_that_day() -> None:
    start = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
    assert len(listed("FREQ=DAILY;UNTIL=20261125", start, date(2027, 1, 1))) == 3


def test_until_in_utc_is_an_instant() -> None:
    start = datetime(2026, 10, 24, 10, tzinfo=BERLIN)  # 8:00 UTC; from the 25th on 9:00 UTC
    assert len(listed("FREQ=DAILY;UNTIL=20261026T085959Z", start, date(2027, 1, 1))) == 2
    assert len(listed("FREQ=DAILY;UNTIL=20261026T090000Z", start, date(2027, 1, 1))) == 3


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;BYSECOND=1,2,3",
        "FREQ=SECONDLY;COUNT=10000000",
        f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_without_reasonable_bounds_is_refused_before_it_costs_anything(rule: str) -> None:
    started = time.thread_time()
    with pytest.raises(BadCalendarData) as refused:
        listed(rule, datetime(1970, 1, 1, tzinfo=BERLIN), date(2027, 6, 1), first=date(2026, 11, 1))
    assert refused.value.reason == "rule_unbounded"
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
    ],
)
def test_a_rule_that_never_fits_ends(rule: str) -> None:
    start = datetime(1970, 1, 1, tzinfo=BERLIN)
    started = time.thread_time()
    assert listed(rule, start, date(2027, 6, 1), first=date(2026, 11, 1)) == [start]
    assert time.thread_time() - started < 5


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ",
        "FREQ=OFTEN",
        "INTERVAL=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20260231",
        "FREQ=YEARLY;BYEASTER=1",
        "RSCALE=CHINESE;FREQ=YEARLY",
    ],
)
def test_nonsense_is_bad_data(rule: str) -> None:
    with pytest.raises(BadCalendarData) as refused:
        read_rule(rule)
    assert refused.value.reason == "bad_rule"


def test_hours_cannot_be_steps_of_days() -> None:
    with pytest.raises(BadCalendarData):
        listed("FREQ=HOURLY", date(2026, 11, 23), date(2026, 12, 1))
