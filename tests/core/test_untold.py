"""What a room does not know yet, from what was noted and what is there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.changes import Change, ChangeKind, diff
from calbot.core.model import CalendarName, Details, Href, Occurrence, RoomId, Timed, Uid
from calbot.core.untold import EVERY_ROOM, ON_CARDS, PastState, Range, untold

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 8, tzinfo=BERLIN)
HORIZON = NOW + timedelta(days=180)
IT, HR = CalendarName("it-team"), CalendarName("hr")
ROOM, OTHER = RoomId("!a:example.org"), RoomId("!b:example.org")


def event(hour: int, *, calendar: CalendarName = IT, uid: str = "u", day: int = 25) -> Occurrence:
    start = datetime(2026, 11, day, hour, tzinfo=BERLIN)
    when = Timed(start, start + timedelta(hours=1))
    return Occurrence(calendar, Href(f"/{calendar}/{uid}.ics"), Uid(uid), None, when, Details(title="Runde"))


def state(number: int, *before: Occurrence, told: RoomId | None = None, uid: str = "u") -> PastState:
    return PastState(Uid(uid), before, HORIZON, told, number)


def found(
    states: Sequence[PastState],
    current: Sequence[Occurrence],
    *ranges: Range,
    room: RoomId = ROOM,
    calendars: Sequence[CalendarName] = (IT, HR),
) -> tuple[Change, ...]:
    """Of the calendar it-team; without ranges, all of it."""
    return untold(
        {IT: states},
        {IT: ranges or [Range(1, 99)]},
        current,
        room=room,
        calendars=calendars,
        now=NOW,
        zone=BERLIN,
    )


def hours(change: Change) -> tuple[int | None, int | None]:
    def hour(one: Occurrence | None) -> int | None:
        if one is None:
            return None
        assert isinstance(one.when, Timed)
        return one.when.start.hour

    return hour(change.before), hour(change.after)


def test_from_what_was_first_to_what_is_now() -> None:
    (change,) = found([state(1, event(10)), state(2, event(14))], [event(16)])
    assert hours(change) == (10, 16)


@pytest.mark.parametrize(
    ("states", "current"),
    [
        ([state(1, event(10)), state(2, event(14))], [event(10)]),  # moved and moved back
        ([state(1), state(2, event(10))], []),  # made and deleted again
        ([state(1, event(10)), state(2)], [event(10)]),  # deleted and written again
        ([state(1, event(7, day=24))], []),  # over by now
    ],
)
def test_what_came_to_nothing_is_not_told(states: Sequence[PastState], current: Sequence[Occurrence]) -> None:
    assert found(states, current) == ()


def test_the_room_that_asked_for_a_change_knows_all_up_to_it() -> None:
    asked_for = [state(1, event(10)), state(2, event(12), told=ROOM)]
    assert found(asked_for, [event(14)]) == ()
    (elsewhere,) = found(asked_for, [event(14)], room=OTHER)
    assert hours(elsewhere) == (10, 14)
    (later,) = found([*asked_for, state(3, event(14))], [event(16)])
    assert hours(later) == (14, 16)


def test_what_no_room_is_to_be_told_of() -> None:
    assert found([state(1, told=EVERY_ROOM)], [event(10)]) == ()


def test_each_message_tells_its_own_part() -> None:
    """The first one may have arrived; sent again, it must not take away from the second."""
    states = [state(1, event(10)), state(2, event(12)), state(3, event(14))]
    (first,) = found(states, [event(16)], Range(1, 2))
    (second,) = found(states, [event(16)], Range(3, 3))
    assert hours(first) == (10, 14)
    assert hours(second) == (14, 16)


def test_an_event_that_another_calendar_of_the_room_has_too_is_one_event() -> None:
    double = event(10, calendar=HR)
    assert found([state(1, event(10))], [double]) == ()
    (change,) = found([state(1, event(10))], [double], calendars=[IT])
    assert change.kind is ChangeKind.REMOVED


def test_an_event_that_moves_to_another_calendar_is_no_news() -> None:
    changes = untold(
        {IT: [state(1, event(10))], HR: [state(1)]},
        {IT: [Range(1, 1)], HR: [Range(1, 1)]},
        [event(10, calendar=HR)],
        room=ROOM,
        calendars=[IT, HR],
        now=NOW,
        zone=BERLIN,
    )
    assert changes == ()


def test_by_time() -> None:
    states = [state(number, uid=uid) for number, uid in enumerate("abc", 1)]
    current = [event(12, uid="a"), event(9, uid="b"), event(8, uid="c", day=26)]
    assert [change.uid for change in found(states, current)] == ["b", "a", "c"]


@given(st.lists(st.sampled_from([None, 9, 10, 11, 12]), min_size=2, max_size=8))
def test_however_many_steps_it_is_the_difference_between_the_ends(steps: list[int | None]) -> None:
    versions = [() if hour is None else (event(hour),) for hour in steps]
    states = [state(number, *version) for number, version in enumerate(versions[:-1], 1)]
    expected = diff(versions[0], versions[-1], now=NOW, horizon=HORIZON, zone=BERLIN)
    assert found(states, versions[-1]) == expected


def test_what_only_the_card_shows_is_not_told() -> None:
    before = event(10)
    attended = replace(before, details=replace(before.details, description="neu"))
    assert found([state(1, before)], [attended]) == ()


def test_what_is_seen_on_cards_alone_is_not_told_and_hides_nothing_before_it() -> None:
    moved = [state(1, event(9)), state(2, event(10), told=ON_CARDS)]
    assert [hours(change) for change in found(moved, [event(10)], Range(1, 1))] == [(9, 10)]
    assert found([state(1, event(9), told=ON_CARDS)], [event(10)]) == ()
    later = [state(1, event(9), told=ON_CARDS), state(2, event(10))]
    assert [hours(change) for change in found(later, [event(11)], Range(1, 2))] == [(10, 11)]
