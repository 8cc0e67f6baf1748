"""Rules alone, stepped through here and by python-dateutil; entered at the window asked for, or gone through whole."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calbot.core.recurrence_rule import Budget, read_rule
from calbot.core.recurrence_steps import starts

from .cases import CASES, rules

BERLIN = ZoneInfo("Europe/Berlin")
moments = st.datetimes(datetime(2000, 1, 1), datetime(2035, 12, 31)).map(  # noqa: DTZ001 - the zone is added below
    lambda moment: moment.replace(second=0, microsecond=0)
)


def first_of(rule: str, moment: datetime) -> datetime:
    """The first that the rule hits: what a start means that it does not hit, the RFC leaves open."""
    found = next(iter(rrulestr(rule, dtstart=moment.replace(tzinfo=BERLIN))), None)
    assume(found is not None and found.year < 2050)
    assert found is not None
    return found


def listed(rule: str, start: datetime, first: date, last: date) -> list[date | datetime]:
    return [one for one in starts(read_rule(rule), start, first, last, Budget()) if first <= _day(one) <= last]


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@settings(max_examples=CASES, deadline=None)
@given(
    rule=rules(),
    moment=moments,
    end=st.sampled_from(["", "COUNT", "UNTIL"]),
    number=st.integers(1, 60),
    days=st.integers(1, 900),
)
def test_rules(rule: str, moment: datetime, end: str, number: int, days: int) -> None:
    start = first_of(rule, moment)
    limited = {
        "": rule,
        "COUNT": f"{rule};COUNT={number}",
        "UNTIL": f"{rule};UNTIL={(start + timedelta(days=number)).astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M%SZ}",
    }[end]
    last = start.date() + timedelta(days=days)
    expected = []
    for one in rrulestr(limited, dtstart=start):
        if one.date() > last:
            break
        expected.append(one)
    assert listed(limited, start, start.date(), last) == expected


@settings(max_examples=CASES, deadline=None)
@given(rule=rules(), moment=moments, count=st.integers(0, 3000), later=st.integers(0, 4000), days=st.integers(1, 200))
def test_counted_rules_entered_later(rule: str, moment: datetime, count: int, later: int, days: int) -> None:
    """What COUNT has used up by then is reckoned, or counted: the same comes out."""
    start = moment.replace(tzinfo=BERLIN)
    first = start.date() + timedelta(days=later)
    last = first + timedelta(days=days)
    counted = f"{rule};COUNT={count}"
    whole = [one for one in listed(counted, start, start.date(), last) if _day(one) >= first]
    assert listed(counted, start, first, last) == whole
