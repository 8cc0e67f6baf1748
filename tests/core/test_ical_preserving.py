"""Read, change one thing, write: all else says what it said, in objects as programs and servers really write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core import ical
from calbot.core.ical import Changes, reverting, splitting
from calbot.core.ical.content import Component, Line, read_components
from calbot.core.ical.editing import read_to_edit
from calbot.core.ical.recurrence import series_of
from calbot.core.model import AllDay, Attendee, Occurrence, RecurrenceId, Timed, Uid, UserId
from calbot.errors import CalbotError, UserError

from .ical_samples import expanded

T = TypeVar("T")
ICS = Path(__file__).parents[1] / "data" / "ics"
SAMPLES = sorted(path.stem for path in ICS.glob("*.ics"))
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2031, 5, 5, 5, 5, 5, tzinfo=timezone.utc)
WINDOW = ("1990-01-01", "2030-01-01")
STAMPS = {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"}
DORA = Attendee("Dora", "dora@example.org")
EMIL = Attendee("Emil", None, UserId("@emil:example.org"))

FIELDS: dict[str, tuple[Changes, frozenset[str]]] = {
    "title": (Changes(title="Neu; \\ und, anders"), frozenset({"SUMMARY"})),
    "place": (
        Changes(location="Rathaus, EG"),
        frozenset({"LOCATION", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "GEO"}),
    ),
    "no place": (
        Changes(location=""),
        frozenset({"LOCATION", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "GEO"}),
    ),
    "description": (Changes(description="eins\nzwei"), frozenset({"DESCRIPTION", "X-ALT-DESC"})),
    "people": (Changes(add=(DORA, EMIL)), frozenset({"ATTENDEE", "X-CALBOT-ATTENDEE"})),
}
TIMES = frozenset({"DTSTART", "DTEND", "DURATION"})
RULES = frozenset({"RRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "X-RECURRENCE-ID"})


def sample(name: str) -> str:
    return (ICS / f"{name}.ics").read_bytes().decode()


Path_ = tuple[str, ...]


def _walk(component: Component, path: Path_) -> Iterator[tuple[Path_, Line]]:
    """All lines, each with where it stands: an event by UID and RECURRENCE-ID, other components by their kind."""
    for item in component.items:
        if isinstance(item, Line):
            yield path, item
        else:
            id = (item.value("UID"), item.value("RECURRENCE-ID")) if item.name == "VEVENT" else ()
            yield from _walk(item, (*path, item.name, *id))


def lines(data: str) -> Counter[tuple[Path_, str]]:
    """What every line says, unfolded; the order of a component's lines means nothing (RFC 5545, 3.6)."""
    return Counter(
        (path, line.raw.replace("\r\n ", "").replace("\r\n\t", ""))
        for root in read_components(data)
        for path, line in _walk(root, ())
    )


def names(found: Counter[tuple[Path_, str]]) -> set[str]:
    return {Line(line).name for _, line in found}


def occurrences(data: str) -> tuple[Occurrence, ...]:
    try:
        return expanded(data, *WINDOW).occurrences
    except CalbotError:
        return ()


def readable() -> list[str]:
    found = []
    for name in SAMPLES:
        data = sample(name)
        try:
            if read_to_edit(data, BERLIN).events and occurrences(data):
                found.append(name)
        except CalbotError:
            continue
    return found


READABLE = readable()


def test_the_corpus_is_there() -> None:
    assert len(READABLE) >= 25


@dataclass(frozen=True)
class Case:
    data: str
    slot: RecurrenceId | None
    series: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    data = sample(draw(st.sampled_from(READABLE)))
    parsed = read_to_edit(data, BERLIN)
    slot = draw(st.sampled_from([one.recurrence_id for one in occurrences(data)[:60] if one.uid == parsed.uid]))
    master = series_of(parsed).master
    return Case(data, slot, master is not None and master.repeats)


def check_only(
    before: str, after: str, allowed: frozenset[str], *, new: Callable[[Path_], bool] = lambda _: False
) -> None:
    """Nothing but `allowed` and stamps is different; whole components may be there that `new` knows."""
    was, became = lines(before), lines(after)
    lost, found = was - became, became - was
    assert names(lost) <= allowed | STAMPS, lost
    there = {path for path, _ in was}
    added = Counter({entry: count for entry, count in found.items() if entry[0] in there or not new(entry[0])})
    assert names(added) <= allowed | STAMPS, added


def unless_too_complex(act: Callable[[], T]) -> T | None:
    """None where it was refused because the series cannot be changed like that."""
    try:
        return act()
    except UserError as error:
        if error.reason != "series_too_complex":
            raise
        return None


def is_override(path: Path_) -> bool:
    """An override that was not there, with what is in it, or the definition of a zone that nothing defined."""
    return "VEVENT" in path or "VTIMEZONE" in path


@settings(max_examples=300, deadline=None)
@given(case=cases(), field=st.sampled_from(sorted(FIELDS)), whole=st.booleans())
def test_an_edit_changes_one_thing(case: Case, field: str, whole: bool) -> None:
    changes, allowed = FIELDS[field]
    after = unless_too_complex(
        lambda: ical.edited(case.data, changes, zone=BERLIN, now=NOW, recurrence_id=case.slot, whole_series=whole)
    )
    if after is None:
        return
    check_only(case.data, after, allowed, new=is_override)
    icalendar.Calendar.from_ical(after)
    before = {(one.recurrence_id, one.when) for one in occurrences(case.data)}
    assert {(one.recurrence_id, one.when) for one in occurrences(after)} == before  # no time is touched
    again = ical.edited(
        after, changes, zone=BERLIN, now=NOW + timedelta(days=1), recurrence_id=case.slot, whole_series=whole
    )
    assert again == after  # it says so already


@settings(max_examples=150, deadline=None)
@given(case=cases(), field=st.sampled_from(sorted(FIELDS)), whole=st.booleans())
def test_what_is_taken_back_says_what_it_said(case: Case, field: str, whole: bool) -> None:
    changes, _ = FIELDS[field]
    after = unless_too_complex(
        lambda: ical.edited(case.data, changes, zone=BERLIN, now=NOW, recurrence_id=case.slot, whole_series=whole)
    )
    if after is None:
        return
    back = reverting.reverted(after, case.data, after, zone=BERLIN, now=NOW)
    if after == case.data:
        assert back is None
        return
    assert back is not None
    check_only(case.data, back, frozenset(), new=lambda path: "VTIMEZONE" in path)
    assert reverting.reverted(back, case.data, after, zone=BERLIN, now=NOW) is None


@settings(max_examples=150, deadline=None)
@given(case=cases(), field=st.sampled_from(sorted(FIELDS)), other=st.sampled_from(sorted(FIELDS)))
def test_what_others_did_since_stays(case: Case, field: str, other: str) -> None:
    """Two change different things of a single event or a whole series, and the first takes it back."""
    mine, mine_allowed = FIELDS[field]
    theirs, theirs_allowed = FIELDS[other]
    if mine_allowed & theirs_allowed:
        return
    after = ical.edited(case.data, mine, zone=BERLIN, now=NOW, recurrence_id=case.slot, whole_series=True)
    both = ical.edited(after, theirs, zone=BERLIN, now=NOW, recurrence_id=case.slot, whole_series=True)
    alone = ical.edited(case.data, theirs, zone=BERLIN, now=NOW, recurrence_id=case.slot, whole_series=True)
    back = reverting.reverted(both, case.data, after, zone=BERLIN, now=NOW) or both
    check_only(alone, back, frozenset(), new=lambda path: "VTIMEZONE" in path)


@settings(max_examples=200, deadline=None)
@given(case=cases(), whole=st.booleans(), days=st.sampled_from([0, 1, 7]), hours=st.sampled_from([0, 1, -2]))
def test_a_move_changes_times_alone(case: Case, whole: bool, days: int, hours: int) -> None:
    old = next(one for one in occurrences(case.data) if one.recurrence_id == case.slot)
    by = timedelta(days=days, hours=hours)
    if isinstance(old.when, AllDay):
        when: Timed | AllDay = AllDay(old.when.start + timedelta(days=days), old.when.end + timedelta(days=days))
    else:
        when = Timed(old.when.start + by, old.when.end + by, floating=old.when.floating)
    after = unless_too_complex(lambda: ical.moved(case.data, case.slot, when, whole_series=whole, zone=BERLIN, now=NOW))
    if after is None:
        return
    if not whole:
        check_only(case.data, after, TIMES, new=is_override)
    else:  # overrides are known by their RECURRENCE-ID, which moves along
        check_only(anonymous(case.data), anonymous(after), TIMES | RULES, new=lambda path: "VTIMEZONE" in path)
    icalendar.Calendar.from_ical(after)
    assert len(occurrences(after)) == len(occurrences(case.data)) or whole
    assert when in [one.when for one in occurrences(after)]


@settings(max_examples=150, deadline=None)
@given(case=cases())
def test_one_date_is_taken_out_and_put_back(case: Case) -> None:
    if not case.series or case.slot is None:
        return
    slot = case.slot
    after = unless_too_complex(lambda: ical.cancelled_occurrence(case.data, slot, zone=BERLIN, now=NOW))
    if after is None:
        return
    left = {one.recurrence_id for one in occurrences(after)}
    assert left == {one.recurrence_id for one in occurrences(case.data)} - {case.slot}
    back = reverting.reverted(after, case.data, after, zone=BERLIN, now=NOW)
    assert back is not None
    check_only(case.data, back, frozenset(), new=lambda path: "VTIMEZONE" in path)


@settings(max_examples=200, deadline=None)
@given(case=cases())
def test_a_split_keeps_all_that_is_in_a_series(case: Case) -> None:
    if not case.series or case.slot is None or splitting.is_first(case.data, case.slot, zone=BERLIN):
        return
    slot = case.slot
    halves = unless_too_complex(lambda: splitting.split(case.data, slot, Uid("second"), zone=BERLIN, now=NOW))
    if halves is None:
        return
    before = [_seen(one) for one in occurrences(case.data)]
    after = [_seen(one) for half in (halves.first, halves.second) for one in occurrences(half)]
    assert sorted(map(repr, after)) == sorted(map(repr, before))
    assert names(lines(case.data) - lines(halves.first)) <= _of_overrides(case.data) | RULES | STAMPS
    for half in (halves.first, halves.second):
        icalendar.Calendar.from_ical(half)
    back = reverting.reverted(halves.first, case.data, halves.first, zone=BERLIN, now=NOW)
    assert back is not None
    check_only(case.data, back, frozenset(), new=lambda path: "VTIMEZONE" in path)


def anonymous(data: str) -> str:
    """With the overrides in their order, not by their names."""
    return data.replace("\r\n ", "").replace("RECURRENCE-ID", "X-RECURRENCE-ID")


def _of_overrides(data: str) -> set[str]:
    return {
        line.name for root in read_components(data) for path, line in _walk(root, ()) if "VEVENT" in path and path[-1]
    }


def _seen(one: Occurrence) -> tuple[object, ...]:
    details = one.details
    return (
        one.when,
        details.title,
        details.location,
        details.attendees,
        details.status,
        details.alarms,
    )


@pytest.mark.parametrize("name", READABLE)
def test_an_edit_says_nothing_new_where_nothing_is_to_change(name: str) -> None:
    data = sample(name)
    slot = occurrences(data)[0].recurrence_id
    assert ical.edited(data, Changes(), zone=BERLIN, now=NOW, recurrence_id=slot) == data
