"""`python -m calbot agenda` and ical.js read the same in random calendars, and in those of people's programs.

Where they differ is said in the table below, with who is right; everything else has to be equal, line by line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from calbot.agenda import main
from tests.core.test_ical_corpus import FILES, FROM, ICS, TO, ZONE, readings
from tests.e2e.node import MISSING, find_node

from .cases import CASES, CHANGING, Case, cases
from .second_opinion import Line, NoOpinion, SecondOpinion, second_opinion

NODE = find_node()
pytestmark = pytest.mark.skipif(NODE is None, reason=MISSING)

# Why ical.js 2.2 reads a file of the corpus in another way, or not at all.
DIFFERENCES = {
    "cyrus-zones-by-reference.ics": "without VTIMEZONE it knows no zone, and takes the time for floating",
    "domino-rdates.ics": "it cannot expand periods (RFC 5545, 3.8.5.2 allows them)",
    "kontact-date-exceptions.ics": "UNTIL as a date ends a series of times at the midnight before; the RFC forbids it, "
    "and who writes it means the whole day",
    "website-floating.ics": "it refuses a whole calendar for one line that is none",
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[SecondOpinion]:
    assert NODE is not None
    with second_opinion(NODE) as opinion:
        yield opinion


def agenda(data: str, begin: date, end: date, zone: ZoneInfo) -> list[Line]:
    out = io.StringIO()
    code = main(["-", "--from", str(begin), "--to", str(end), "--tz", zone.key], io.StringIO(data), out)
    assert code == 0
    return [Line(*line.split("\t")) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_the_corpus(name: str, oracle: SecondOpinion) -> None:
    data = (ICS / name).read_bytes().decode("utf-8-sig")
    try:
        theirs = oracle.agenda(data, date.fromisoformat(FROM), date.fromisoformat(TO), ZoneInfo(ZONE))
    except NoOpinion:
        theirs = []
    same = sorted((line.start, line.end, line.title) for line in theirs) == sorted(readings()[name])
    assert same == (name not in DIFFERENCES)


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_random_calendars(case: Case, oracle: SecondOpinion) -> None:
    ours = agenda(case.data, case.begin, case.end, case.reader)
    theirs = oracle.agenda(case.data, case.begin, case.end, case.reader)
    assert apart(ours, theirs) == []


def apart(ours: list[Line], theirs: list[Line]) -> list[tuple[str, Line]]:
    """What one of them has and the other has not, but for ends beyond a change of clocks.

    The hours of a DURATION are hours (RFC 5545, 3.3.6), ical.js adds them on the wall; and an end that clocks leave out
    has the offset before the change (3.3.5), in ical.js the one after it.
    """
    found = [("ours", line) for line in ours if line not in theirs and not _ends_beyond_a_change(line)]
    found += [("theirs", line) for line in theirs if line not in ours and not _ends_beyond_a_change(line)]
    return found


_SLACK = timedelta(hours=8)  # offsets of the zones there are from UTC, at most, and the hour of the change


def _ends_beyond_a_change(line: Line) -> bool:
    if "T" not in line.start:
        return False
    start, end = datetime.fromisoformat(line.start) - _SLACK, datetime.fromisoformat(line.end) + _SLACK
    return any(start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset() for zone in CHANGING)
