from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core import changes
from calbot.core.changes import Change, ChangeKind, Field, Summary, listing_changes, summarised
from calbot.core.model import (
    AllDay,
    Attendee,
    CalendarName,
    Cursor,
    Delta,
    Details,
    Etag,
    Href,
    Occurrence,
    PartStat,
    RecurrenceId,
    Status,
    Timed,
    Trigger,
    Uid,
    When,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
HORIZON = NOW + timedelta(days=180)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

# ------------------------------------------------------------------------------------------------------------- listing


def listing(**etags: str) -> dict[Href, Etag]:
    return {Href(f"/{name}.ics"): Etag(etag) for name, etag in etags.items()}


def hrefs(names: str) -> tuple[Href, ...]:
    return tuple(Href(f"/{name}.ics") for name in names)


@pytest.mark.parametrize(
    ("what", "known", "listed", "removed", "complete", "to_fetch", "gone"),
    [
        ("first look", {}, {"a": "1", "b": "1"}, "", True, "ab", ""),
        ("nothing changed", {"a": "1", "b": "1"}, {"a": "1", "b": "1"}, "", True, "", ""),
        ("one changed, one new, one gone", {"a": "1", "b": "1"}, {"b": "2", "c": "1"}, "", True, "bc", "a"),
        ("all gone", {"a": "1"}, {}, "", True, "", "a"),
        ("since a cursor: nothing", {"a": "1"}, {}, "", False, "", ""),
        ("since a cursor: what is not listed is unchanged", {"a": "1", "b": "1"}, {"b": "2"}, "", False, "b", ""),
        ("since a cursor: removed", {"a": "1", "b": "1"}, {}, "a", False, "", "a"),
        ("removed without having been known", {"b": "1"}, {}, "a", False, "", ""),
        ("listed though unchanged, as DAViCal does", {"a": "1"}, {"a": "1"}, "", False, "", ""),
        ("removed and made anew", {"a": "1"}, {"a": "2"}, "a", False, "a", ""),
    ],
)
def test_listing_changes(
    what: str, known: dict[str, str], listed: dict[str, str], removed: str, complete: bool, to_fetch: str, gone: str
) -> None:
    delta = Delta(listing(**listed), frozenset(hrefs(removed)), Cursor("c"), complete)
    assert listing_changes(listing(**known), delta) == (hrefs(to_fetch), hrefs(gone)), what


def test_an_object_stored_without_an_etag_is_fetched_again() -> None:
    delta = Delta(listing(a="1"), frozenset(), None, complete=True)
    assert listing_changes({Href("/a.ics"): None}, delta).to_fetch == hrefs("a")


CALENDARS = st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123"))


@given(known=CALENDARS, now=CALENDARS)
def test_both_ways_of_listing_lead_to_the_same(known: dict[str, str], now: dict[str, str]) -> None:
    changed = {name: etag for name, etag in now.items() if known.get(name) != etag}
    since = Delta(listing(**changed), frozenset(hrefs("".join(known.keys() - now.keys()))), Cursor("c"), complete=False)
    complete = Delta(listing(**now), frozenset(), None, complete=True)
    found = listing_changes(listing(**known), complete)
    assert found == listing_changes(listing(**known), since)
    kept = {href: etag for href, etag in listing(**known).items() if href not in found.gone}
    assert {**kept, **{href: listing(**now)[href] for href in found.to_fetch}} == listing(**now)


# -------------------------------------------------------------------------------------------------------------- events


def event(when: When | datetime = NOW + DAY, *, series: bool = False, **details: Any) -> Occurrence:
    if isinstance(when, datetime):
        when = Timed(when, when + timedelta(hours=1))
    name = None
    if series and isinstance(when, Timed):
        name = RecurrenceId(when.start.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"))
    described = Details(**{"title": "Jour fixe", "location": "4.12", **details})
    return Occurrence(CalendarName("it"), Href("/u.ics"), Uid("u"), name, when, described)


def weekly(
    first: datetime = NOW + DAY, count: int = 5, rule: str = "FREQ=WEEKLY", every: timedelta = WEEK, **details: Any
) -> tuple[Occurrence, ...]:
    return tuple(event(first + number * every, series=True, rule=rule, **details) for number in range(count))


def diff(known: Sequence[Occurrence], new: Sequence[Occurrence]) -> tuple[Change, ...]:
    return changes.diff(known, new, now=NOW, horizon=HORIZON, zone=BERLIN)


ANNA = Attendee("Anna", "anna@stadt.example")
BEN = Attendee("Ben", "ben@stadt.example")
EVENT = event()
GOING_ON = event(NOW - timedelta(minutes=30))
CALLED_OFF = event(status=Status.CANCELLED)


@pytest.mark.parametrize(
    ("what", "before", "after", "fields"),
    [
        ("moved", EVENT, event(NOW + 2 * DAY), {Field.TIME}),
        ("longer", EVENT, event(Timed(NOW + DAY, NOW + DAY + timedelta(hours=2))), {Field.TIME}),
        ("now a whole day", EVENT, event(AllDay(date(2026, 11, 24), date(2026, 11, 25))), {Field.TIME}),
        ("title", EVENT, event(title="Runde"), {Field.TITLE}),
        ("place", EVENT, event(location="Foyer"), {Field.PLACE}),
        ("join link", EVENT, event(link="https://meet.example.org/x"), {Field.LINK}),
        ("tentative", EVENT, event(status=Status.TENTATIVE), {Field.STATUS}),
        ("somebody added", event(attendees=(ANNA,)), event(attendees=(ANNA, BEN)), {Field.ATTENDEES}),
        ("somebody taken off", event(attendees=(ANNA, BEN)), event(attendees=(ANNA,)), {Field.ATTENDEES}),
        (
            "somebody else",
            event(attendees=(ANNA,)),
            event(attendees=(replace(ANNA, address="anna@other.example"),)),
            {Field.ATTENDEES},
        ),
        (
            "an answer",
            event(attendees=(ANNA, BEN)),
            event(attendees=(ANNA, replace(BEN, partstat=PartStat.ACCEPTED))),
            {Field.ANSWERS},
        ),
        ("several", EVENT, event(NOW + 2 * DAY, title="Runde", location=""), {Field.TIME, Field.TITLE, Field.PLACE}),
        ("moved into the past", EVENT, event(NOW - 2 * DAY), {Field.TIME}),
        ("moved out of the past", event(NOW - 2 * DAY), EVENT, {Field.TIME}),
        ("moved beyond the horizon", EVENT, event(NOW + 400 * DAY), {Field.TIME}),
    ],
)
def test_what_changed_in_one_event(what: str, before: Occurrence, after: Occurrence, fields: set[Field]) -> None:
    assert diff([before], [after]) == (Change(ChangeKind.CHANGED, Uid("u"), before, after, frozenset(fields)),), what


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("nothing", EVENT, EVENT),
        ("another place on the server", EVENT, replace(EVENT, href=Href("/v.ics"))),
        ("description", EVENT, event(description="Agenda")),
        ("sequence", EVENT, event(sequence=3)),
        ("free or busy", EVENT, event(transparent=True)),
        ("alarms", EVENT, event(alarms=(Trigger(900),))),
        ("the organiser", EVENT, event(organizer=ANNA)),
        ("the order of attendees", event(attendees=(ANNA, BEN)), event(attendees=(BEN, ANNA))),
        ("how somebody is called", event(attendees=(ANNA,)), event(attendees=(replace(ANNA, name="A. Huber"),))),
        ("the same instant in another zone", EVENT, event((NOW + DAY).astimezone(timezone.utc))),
        (
            "the same instant in another zone, in the hour that is repeated",
            event(datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=BERLIN)),
            event(datetime(2027, 10, 31, 1, 30, tzinfo=timezone.utc)),
        ),
        ("over before and after", event(NOW - 2 * DAY), event(NOW - 3 * DAY, title="Runde")),
        ("cancelled before and after", event(status=Status.CANCELLED), event(status=Status.CANCELLED, title="Runde")),
        ("hidden now", EVENT, event(title="", location="", hidden=True)),
        ("no longer hidden", event(title="", location="", hidden=True), EVENT),
    ],
)
def test_what_nobody_sees_is_silent(what: str, before: Occurrence, after: Occurrence) -> None:
    assert diff([before], [after]) == (), what


def test_one_instant_of_the_repeated_hour_is_not_the_other() -> None:
    first = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)
    (change,) = diff([event(first)], [event(first.replace(fold=1))])
    assert change.fields == {Field.TIME}


@pytest.mark.parametrize(
    ("what", "known", "new", "expected"),
    [
        ("new", [], [EVENT], Change(ChangeKind.CREATED, Uid("u"), None, EVENT)),
        ("removed", [EVENT], [], Change(ChangeKind.REMOVED, Uid("u"), EVENT, None)),
        ("cancelled", [EVENT], [CALLED_OFF], Change(ChangeKind.CANCELLED, Uid("u"), EVENT, None)),
        ("takes place after all", [CALLED_OFF], [EVENT], Change(ChangeKind.CREATED, Uid("u"), None, EVENT)),
        ("new, but over", [], [event(NOW - DAY)], None),
        ("new and going on", [], [GOING_ON], Change(ChangeKind.CREATED, Uid("u"), None, GOING_ON)),
        ("new and cancelled", [], [CALLED_OFF], None),
        ("removed when it was over", [event(NOW - DAY)], [], None),
        ("removed when it was cancelled", [CALLED_OFF], [], None),
        ("never there", [], [], None),
    ],
)  # fmt: skip
def test_what_comes_and_goes(
    what: str, known: list[Occurrence], new: list[Occurrence], expected: Change | None
) -> None:
    assert diff(known, new) == (() if expected is None else (expected,)), what


# -------------------------------------------------------------------------------------------------------------- series

SERIES = weekly()
HOUR = timedelta(hours=1)


def without(series: tuple[Occurrence, ...], *places: int) -> tuple[Occurrence, ...]:
    return tuple(one for place, one in enumerate(series) if place not in places)


def with_override(series: tuple[Occurrence, ...], place: int, when: datetime, **details: Any) -> tuple[Occurrence, ...]:
    one = series[place]
    override = replace(one, when=Timed(when, when + HOUR), details=replace(one.details, **details))
    return (*series[:place], override, *series[place + 1 :])


MOVED = weekly(NOW + 2 * DAY)
LATER = with_override(SERIES, 2, NOW + DAY + 2 * WEEK + HOUR)
RENAMED = weekly(title="Runde")
MOVED_RENAMED = weekly(NOW + 2 * DAY, title="Runde")
SHORTER = weekly(count=3, rule="FREQ=WEEKLY;COUNT=3")
LONGER = weekly(count=9, rule="FREQ=WEEKLY;COUNT=9")
RULED = weekly(rule="FREQ=WEEKLY;COUNT=5")


@pytest.mark.parametrize(
    ("what", "known", "new", "kind", "before", "after", "fields", "count", "whole"),
    [
        ("new", (), SERIES, ChangeKind.CREATED, None, SERIES[0], set(), 5, True),
        ("removed", SERIES, (), ChangeKind.REMOVED, SERIES[0], None, set(), 5, True),
        ("title", SERIES, RENAMED, ChangeKind.CHANGED, SERIES[0], RENAMED[0], {Field.TITLE}, 5, True),
        ("moved", SERIES, MOVED, ChangeKind.CHANGED, SERIES[0], MOVED[0], {Field.TIME}, 5, True),
        ("one moved", SERIES, LATER, ChangeKind.CHANGED, SERIES[2], LATER[2], {Field.TIME}, 1, False),
        ("one left out", SERIES, without(SERIES, 1), ChangeKind.REMOVED, SERIES[1], None, set(), 1, False),
        ("one taken in again", without(SERIES, 1), SERIES, ChangeKind.CREATED, None, SERIES[1], set(), 1, False),
        ("three left out", SERIES, without(SERIES, 1, 2, 4), ChangeKind.REMOVED, SERIES[1], None, set(), 3, False),
        ("ends sooner", RULED, SHORTER, ChangeKind.CHANGED, RULED[0], SHORTER[0], {Field.RULE}, 5, True),
        ("goes on longer", RULED, LONGER, ChangeKind.CHANGED, RULED[0], LONGER[0], {Field.RULE}, 9, True),
        (
            "another day, and another title",
            SERIES,
            MOVED_RENAMED,
            ChangeKind.CHANGED,
            SERIES[0],
            MOVED_RENAMED[0],
            {Field.TIME, Field.TITLE},
            5,
            True,
        ),
        ("an event becomes a series", (EVENT,), SERIES, ChangeKind.CHANGED, EVENT, SERIES[0], {Field.RULE}, 5, True),
        ("a series becomes an event", SERIES, (EVENT,), ChangeKind.CHANGED, SERIES[0], EVENT, {Field.RULE}, 5, True),
    ],
)  # fmt: skip
def test_what_changed_in_a_series_is_one_change(
    what: str,
    known: tuple[Occurrence, ...],
    new: tuple[Occurrence, ...],
    kind: ChangeKind,
    before: Occurrence | None,
    after: Occurrence | None,
    fields: set[Field],
    count: int,
    whole: bool,
) -> None:
    expected = Change(kind, Uid("u"), before, after, frozenset(fields), count, whole)
    assert diff(known, new) == (expected,), what
    assert diff(known[::-1], new[::-1]) == (expected,), what


def test_a_cancelled_occurrence_is_not_lost_among_other_changes() -> None:
    new = with_override(weekly(title="Runde"), 3, NOW + 22 * DAY, status=Status.CANCELLED, title="Runde")
    found = {change.kind: change for change in diff(SERIES, new)}
    assert found.keys() == {ChangeKind.CHANGED, ChangeKind.CANCELLED}
    assert found[ChangeKind.CHANGED].count == 4
    assert found[ChangeKind.CANCELLED].before == SERIES[3]


def test_a_removed_occurrence_is_not_lost_among_other_changes() -> None:
    found = {change.kind: change for change in diff(SERIES, without(weekly(title="Runde"), 3))}
    assert found.keys() == {ChangeKind.CHANGED, ChangeKind.REMOVED}
    assert found[ChangeKind.REMOVED].before == SERIES[3]


def test_a_moved_series_does_not_swallow_a_cancelled_occurrence() -> None:
    cancelled = with_override(SERIES, 0, NOW + DAY, status=Status.CANCELLED)
    found = {change.kind: change for change in diff(SERIES, (cancelled[0], *MOVED[1:]))}
    assert found.keys() == {ChangeKind.CHANGED, ChangeKind.CANCELLED}
    assert found[ChangeKind.CHANGED].fields == {Field.TIME}
    assert found[ChangeKind.CANCELLED].before == SERIES[0]


def test_what_time_brings_on_is_no_change() -> None:
    """The window of the new expansion begins later and ends later than that of the stored one."""
    known = weekly(NOW - 60 * DAY, count=35)
    assert isinstance(known[-1].when, Timed)
    assert known[-1].when.start < HORIZON
    new = weekly(NOW - 60 * DAY, count=40)[4:]
    assert diff(known, new) == ()


def test_past_occurrences_are_of_no_interest() -> None:
    known = weekly(NOW - 4 * WEEK - DAY, count=8)
    assert diff(known, without(known, 0, 1)) == ()
    (change,) = diff(known, without(known, 1, 6))
    assert (change.before, change.count) == (known[6], 1)


def test_an_answer_alone_is_seen_on_the_card_only() -> None:
    answered = event(attendees=(replace(ANNA, partstat=PartStat.DECLINED),))
    (change,) = diff([event(attendees=(ANNA,))], [answered])
    assert not change.announced
    (change,) = diff([event(attendees=(ANNA,))], [replace(answered, when=Timed(NOW + 2 * DAY, NOW + 3 * DAY))])
    assert change.fields == {Field.ANSWERS, Field.TIME}
    assert change.announced
    assert diff([], [EVENT])[0].announced


@pytest.mark.parametrize(
    ("before", "after", "hidden"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_what_is_hidden_stays_hidden_when_it_moves(before: bool, after: bool, hidden: bool) -> None:
    (change,) = diff([event(hidden=before, title="A")], [event(NOW + 2 * DAY, hidden=after, title="B")])
    assert change.hidden is hidden
    assert (Field.TITLE in change.fields) is not hidden


OCCURRENCES = st.lists(
    st.builds(
        event,
        st.integers(-30, 30).map(lambda days: NOW + days * DAY),
        series=st.just(True),
        title=st.sampled_from(["A", "B"]),
        rule=st.sampled_from(["", "FREQ=DAILY"]),
        status=st.sampled_from(Status),
        hidden=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.recurrence_id,
)


@given(known=OCCURRENCES, new=OCCURRENCES)
def test_whatever_is_compared(known: list[Occurrence], new: list[Occurrence]) -> None:
    assert diff(known, known) == ()
    found = diff(known, new)
    assert len({change.kind for change in found}) == len(found)
    for change in found:
        assert change.count >= 1
        assert change.before is not None or change.after is not None
        assert change.fields or change.kind is not ChangeKind.CHANGED
        assert change.before is None or change.before in known
        assert change.after is None or change.after in new
    assert bool(found) is bool(diff(new, known))


# ------------------------------------------------------------------------------------------------------------- summary


def change(kind: ChangeKind, *fields: Field) -> Change:
    return Change(kind, Uid("u"), None, EVENT, frozenset(fields))


NEW = change(ChangeKind.CREATED)
ANSWER = change(ChangeKind.CHANGED, Field.ANSWERS)


@pytest.mark.parametrize(
    ("what", "found", "expected"),
    [
        ("nothing", [], ()),
        ("few", [NEW] * 5, (NEW,) * 5),
        ("many", [NEW] * 6, Summary(created=6, changed=0, cancelled=0)),
        ("answers are not many", [NEW, *[ANSWER] * 9], (NEW,)),
        (
            "by kind",
            [
                *[NEW] * 3,
                *[change(ChangeKind.CHANGED, Field.TIME)] * 2,
                change(ChangeKind.REMOVED),
                change(ChangeKind.CANCELLED),
                ANSWER,
            ],
            Summary(created=3, changed=2, cancelled=2),
        ),
    ],
)
def test_summarised(what: str, found: list[Change], expected: tuple[Change, ...] | Summary) -> None:
    assert summarised(found) == expected, what


def test_how_many_are_few_can_be_said() -> None:
    assert summarised([NEW], few=0) == Summary(created=1, changed=0, cancelled=0)
