from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.lead_times import rules_of_room
from calbot.core.model import (
    AllDay,
    CalendarName,
    Details,
    Href,
    Occurrence,
    RecurrenceId,
    RoomId,
    Status,
    Timed,
    Trigger,
    Uid,
    When,
)
from calbot.core.reminders import Due, Late, Reminder, ReminderState, reconcile, split_due, wanted
from calbot.core.reminders import plan as plan_for
from calbot.core.settings import Alarms, Mention, Room

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 24, 14, tzinfo=BERLIN)
MINUTE, HOUR, DAY = 60, 3600, 86400


def room(
    *reminders: int, alarms: Alarms = Alarms.USE, calendars: Sequence[str] = ("it", "all"), name: str = "r"
) -> Room:
    return Room(
        id=RoomId(f"!{name}:example.org"),
        calendars=tuple(CalendarName(one) for one in calendars),
        write_to=None,
        language="de",
        timezone=BERLIN,
        duration=timedelta(hours=1),
        reminders=tuple(timedelta(seconds=one) for one in reminders),
        alarms=alarms,
        mention=Mention.ATTENDEES,
    )


ROOM = room(15 * MINUTE)


def occurrence(
    when: When | datetime = START,
    *,
    uid: str = "u",
    calendar: str = "it",
    recurrence_id: str | None = None,
    details: Details | None = None,
) -> Occurrence:
    if isinstance(when, datetime):
        when = Timed(when, when + timedelta(hours=1))
    return Occurrence(
        CalendarName(calendar),
        Href(f"/{uid}.ics"),
        Uid(uid),
        None if recurrence_id is None else RecurrenceId(recurrence_id),
        when,
        details or Details(title="Jour fixe"),
    )


def plan(occurrences: Iterable[Occurrence], where: Room) -> tuple[Reminder, ...]:
    return plan_for(occurrences, rules_of_room(where))


def utc(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=timezone.utc)


DAYS = AllDay(date(2026, 11, 24), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("what", "when", "lead", "start", "due"),
    [
        ("a time", START, 15 * MINUTE, utc(2026, 11, 24, 13), utc(2026, 11, 24, 12, 45)),
        (
            "a time in another zone",
            datetime(2026, 11, 24, 14, tzinfo=ZoneInfo("America/New_York")),
            15 * MINUTE,
            utc(2026, 11, 24, 19),
            utc(2026, 11, 24, 18, 45),
        ),
        (
            "a floating time is read in the room's zone",
            Timed(utc(2026, 11, 24, 14), utc(2026, 11, 24, 15), floating=True),
            0,
            utc(2026, 11, 24, 13),
            utc(2026, 11, 24, 13),
        ),
        ("days begin at midnight in the room", DAYS, DAY, utc(2026, 11, 23, 23), utc(2026, 11, 22, 23)),
        (
            "a day before the clock went back is 24 hours before",
            datetime(2026, 10, 25, 14, tzinfo=BERLIN),
            DAY,
            utc(2026, 10, 25, 13),
            utc(2026, 10, 24, 13),
        ),
        (
            "half an hour before, over the hour that is skipped",
            datetime(2026, 3, 29, 3, 10, tzinfo=BERLIN),
            30 * MINUTE,
            utc(2026, 3, 29, 1, 10),
            utc(2026, 3, 29, 0, 40),
        ),
        (
            "half an hour before, within the hour that is repeated",
            datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN),
            30 * MINUTE,
            utc(2026, 10, 25, 1, 10),
            utc(2026, 10, 25, 0, 40),
        ),
    ],
)
def test_when_it_is_due(what: str, when: When | datetime, lead: int, start: datetime, due: datetime) -> None:
    where = room(lead) if lead else room(0)
    (reminder,) = plan([occurrence(when)], where)
    assert (reminder.start, reminder.due, reminder.lead) == (start, due, lead), what
    assert reminder.start.tzinfo is timezone.utc


def test_a_reminder_knows_what_it_is_about() -> None:
    (reminder,) = plan([occurrence(recurrence_id="20261124T130000Z")], ROOM)
    assert reminder == Reminder(
        id=reminder.id,
        recipient=ROOM.id,
        calendar=CalendarName("it"),
        uid=Uid("u"),
        recurrence_id=RecurrenceId("20261124T130000Z"),
        start=START,
        end=START + timedelta(hours=1),
        lead=15 * MINUTE,
        due=START - timedelta(minutes=15),
    )


@pytest.mark.parametrize(
    ("what", "details", "rings"),
    [
        ("confirmed", Details(), True),
        ("tentative", Details(status=Status.TENTATIVE), True),
        ("not blocking time", Details(transparent=True), True),
        ("of which only the time may be told", Details(hidden=True), True),
        ("cancelled", Details(status=Status.CANCELLED), False),
        ("cancelled, with an alarm of its own", Details(status=Status.CANCELLED, alarms=(Trigger(HOUR),)), False),
    ],
)
def test_which_events_ring(what: str, details: Details, rings: bool) -> None:
    assert bool(plan([occurrence(details=details)], ROOM)) is rings, what


def test_two_rooms_get_one_each() -> None:
    other = room(15 * MINUTE, name="other")
    assert plan([occurrence()], ROOM)[0].id != plan([occurrence()], other)[0].id


def test_the_same_event_in_two_calendars_of_a_room_rings_once() -> None:
    """What the room's first calendar says counts, in whichever order they come."""
    first, second = occurrence(), occurrence(START + timedelta(hours=2), calendar="all")
    assert plan([first, second], ROOM) == plan([second, first], ROOM) == plan([first], ROOM)


def test_one_calendar_takes_over_where_the_other_no_longer_has_it() -> None:
    (before,), (after,) = plan([occurrence()], ROOM), plan([occurrence(calendar="all")], ROOM)
    assert before.id == after.id
    changes = reconcile([after], [before], START - timedelta(hours=1))
    assert changes.cancel == ()
    assert changes.insert == (after,), "the calendar is noted anew"


def test_calendars_of_other_rooms_do_not_ring() -> None:
    assert plan([occurrence(calendar="secret")], ROOM) == ()


def test_planned_in_the_order_in_which_they_are_due() -> None:
    late, early = occurrence(START, uid="late"), occurrence(START - timedelta(hours=3), uid="early")
    planned = plan([late, early], room(15 * MINUTE, DAY))
    assert [(one.uid, one.lead) for one in planned] == [
        ("early", DAY),
        ("late", DAY),
        ("early", 15 * MINUTE),
        ("late", 15 * MINUTE),
    ]


# --------------------------------------------------------------------------------------------------------- reconciling

(PLANNED,) = plan([occurrence()], ROOM)
BEFORE, DUE, AFTER = PLANNED.due - timedelta(hours=1), PLANNED.due, PLANNED.due + timedelta(seconds=1)
OVER = PLANNED.end


@pytest.mark.parametrize(
    ("rule", "stored", "planned", "now", "becomes"),
    [
        ("new", None, True, BEFORE, ReminderState.WAITING),
        ("new at the moment it is due", None, True, DUE, ReminderState.WAITING),
        ("new, but its time is over already", None, True, AFTER, None),
        ("nothing to be, nothing there", None, False, BEFORE, None),
        ("waiting, and right", ReminderState.WAITING, True, BEFORE, ReminderState.WAITING),
        ("waiting, due while the bot was down", ReminderState.WAITING, True, AFTER, ReminderState.WAITING),
        ("waiting, but moved away", ReminderState.WAITING, False, BEFORE, ReminderState.CANCELLED),
        ("waiting, moved away after it was due", ReminderState.WAITING, False, AFTER, ReminderState.CANCELLED),
        ("waiting, the meeting is over: dropped when due", ReminderState.WAITING, False, OVER, ReminderState.WAITING),
        ("moved away and back", ReminderState.CANCELLED, True, BEFORE, ReminderState.WAITING),
        ("moved away and back too late", ReminderState.CANCELLED, True, AFTER, ReminderState.CANCELLED),
        ("moved away for good", ReminderState.CANCELLED, False, BEFORE, ReminderState.CANCELLED),
        ("sent, and still planned", ReminderState.SENT, True, BEFORE, ReminderState.SENT),
        ("sent, then moved away", ReminderState.SENT, False, BEFORE, ReminderState.SENT),
        ("dropped, and still planned", ReminderState.SKIPPED, True, BEFORE, ReminderState.SKIPPED),
        ("dropped, then moved away", ReminderState.SKIPPED, False, BEFORE, ReminderState.SKIPPED),
    ],
)  # fmt: skip
def test_reconcile(
    rule: str, stored: ReminderState | None, planned: bool, now: datetime, becomes: ReminderState | None
) -> None:
    there = {} if stored is None else {PLANNED.id: replace(PLANNED, state=stored)}
    result = applied(there, [PLANNED] if planned else [], now)
    assert {one.state for one in result.values()} == ({becomes} if becomes else set()), rule


def applied(there: dict[str, Reminder], planned: Sequence[Reminder], now: datetime) -> dict[str, Reminder]:
    """What a store makes of it; it refuses to touch what was sent or dropped."""
    changes = reconcile(planned, there.values(), now)
    result = dict(there)
    for reminder in changes.insert:
        assert reminder.id not in there or there[reminder.id].state in (ReminderState.WAITING, ReminderState.CANCELLED)
        result[reminder.id] = reminder
    for name in changes.cancel:
        assert there[name].state is ReminderState.WAITING
        result[name] = replace(there[name], state=ReminderState.CANCELLED)
    return result


def test_a_longer_meeting_is_noted() -> None:
    (longer,) = plan([occurrence(Timed(START, START + timedelta(hours=3)))], ROOM)
    assert longer.id == PLANNED.id
    assert reconcile([longer], [PLANNED], AFTER).insert == (longer,)
    assert reconcile([longer], [replace(PLANNED, state=ReminderState.SENT)], AFTER).insert == ()


def test_what_is_known_of_an_attempt_does_not_make_a_difference() -> None:
    tried = replace(PLANNED, tried_since=DUE, device="D", attempts=2, not_before=AFTER)
    assert reconcile([PLANNED], [tried], AFTER) == reconcile([PLANNED], [PLANNED], AFTER)
    assert reconcile([PLANNED], [tried], AFTER).insert == ()


def test_a_moved_meeting_rings_at_its_new_time_only() -> None:
    moved = plan([occurrence(START + timedelta(days=1))], ROOM)
    result = applied({PLANNED.id: PLANNED}, moved, BEFORE)
    assert {one.start: one.state for one in result.values()} == {
        START: ReminderState.CANCELLED,
        START + timedelta(days=1): ReminderState.WAITING,
    }


def test_another_lead_time_replaces_the_old_one() -> None:
    result = applied(
        {PLANNED.id: PLANNED}, plan([occurrence()], room(HOUR, 5 * MINUTE)), PLANNED.due - timedelta(minutes=5)
    )
    waiting = [one.lead for one in result.values() if one.state is ReminderState.WAITING]
    assert waiting == [5 * MINUTE], "an hour before is over already"


STARTS = st.integers(0, 4).map(lambda hours: START + timedelta(hours=hours))
ROOMS = st.lists(st.sampled_from([0, 15 * MINUTE, HOUR, DAY]), max_size=3, unique=True).map(
    lambda chosen: room(*chosen)
)
OCCURRENCES = st.lists(
    st.builds(
        occurrence,
        STARTS | st.just(DAYS),
        uid=st.sampled_from("uvw"),
        calendar=st.sampled_from(["it", "all", "secret"]),
        recurrence_id=st.sampled_from([None, "20261124T130000Z"]),
        details=st.builds(
            Details,
            status=st.sampled_from(Status),
            alarms=st.sampled_from([(), (Trigger(10 * MINUTE),), (Trigger(at=START),)]),
        ),
    ),
    max_size=6,
    unique_by=lambda one: (one.calendar, one.id),
)
TIMES = st.integers(-30, 60).map(lambda hours: START + timedelta(hours=hours))


@given(occurrences=OCCURRENCES, where=ROOMS, data=st.data())
def test_the_plan_does_not_depend_on_the_order_of_events(
    occurrences: list[Occurrence], where: Room, data: st.DataObject
) -> None:
    planned = plan(occurrences, where)
    assert planned == plan(data.draw(st.permutations(occurrences)), where)
    assert len({one.id for one in planned}) == len(planned)
    assert all(one.due == one.start - timedelta(seconds=one.lead) for one in planned)


@given(occurrences=OCCURRENCES, where=ROOMS, now=TIMES)
def test_reconciling_again_changes_nothing(occurrences: list[Occurrence], where: Room, now: datetime) -> None:
    planned = plan(occurrences, where)
    there = applied({}, planned, now)
    again = reconcile(planned, there.values(), now)
    assert (again.insert, again.cancel) == ((), ())


@given(steps=st.lists(st.tuples(OCCURRENCES, ROOMS, st.booleans()), min_size=1, max_size=6), step=st.integers(1, 12))
def test_through_any_changes_nothing_rings_twice_and_nothing_planned_in_time_is_missed(
    steps: list[tuple[list[Occurrence], Room, bool]], step: int
) -> None:
    """Events and lead times change again and again; now and then the bot is down when something is due."""
    there: dict[str, Reminder] = {}
    sent: list[str] = []
    now = START - timedelta(hours=30)
    for occurrences, where, up in steps:
        planned = plan(occurrences, where)
        there = applied(there, planned, now)
        waiting = {one.id for one in there.values() if one.state is ReminderState.WAITING}
        assert {one.id for one in planned if one.due >= now} <= waiting | set(sent)
        assert all(
            one.id in {other.id for other in planned} or one.end <= now for one in map(there.get, waiting) if one
        )
        now += timedelta(hours=step)
        if up:
            for name in waiting:
                if there[name].due <= now:
                    there[name] = replace(there[name], state=ReminderState.SENT)
                    sent.append(name)
    assert len(set(sent)) == len(sent)


# ------------------------------------------------------------------------------------------------------------- sending


@pytest.mark.parametrize(
    ("why", "now", "where", "right"),
    [
        ("as it was", occurrence(), ROOM, True),
        ("another title", occurrence(details=Details(title="Other")), ROOM, True),
        ("longer", occurrence(Timed(START, START + timedelta(hours=3))), ROOM, True),
        ("the same instant in another zone", occurrence(START.astimezone(timezone.utc)), ROOM, True),
        ("in the room's other calendar", occurrence(calendar="all"), ROOM, True),
        ("one more lead time", occurrence(), room(DAY, 15 * MINUTE), True),
        ("moved", occurrence(START + timedelta(minutes=5)), ROOM, False),
        ("now a whole day", occurrence(DAYS), ROOM, False),
        ("cancelled", occurrence(details=Details(status=Status.CANCELLED)), ROOM, False),
        ("gone", None, ROOM, False),
        ("another lead time", occurrence(), room(DAY), False),
        ("no longer mapped", occurrence(), room(15 * MINUTE, calendars=("other",)), False),
        ("another event", occurrence(uid="v"), ROOM, False),
    ],
)
def test_the_last_look(why: str, now: Occurrence | None, where: Room, right: bool) -> None:
    about = [] if now is None else [now]
    assert wanted(PLANNED, about, rules_of_room(where)) == (now if right else None), why


def reminder(
    due: int, end: int, *, start: int | None = None, name: str = "r", uid: str = "u", lead: int = 0
) -> Reminder:
    """Times in seconds from START."""
    at = START if start is None else START + timedelta(seconds=start)
    return replace(
        PLANNED,
        id=f"{name}-{uid}-{lead}-{due}",
        recipient=RoomId(f"!{name}:example.org"),
        uid=Uid(uid),
        start=at,
        end=START + timedelta(seconds=end),
        due=START + timedelta(seconds=due),
        lead=lead,
    )


@pytest.mark.parametrize(
    ("why", "due", "end", "expected"),
    [
        ("now", 0, HOUR, "on time"),
        ("a few seconds ago", -5, HOUR, "on time"),
        ("a minute ago", -60, HOUR, "on time"),
        ("more than a minute ago", -61, HOUR, "late"),
        ("hours ago, the meeting is going on", -3 * HOUR, 1, "late"),
        ("the meeting ends now", -HOUR, 0, "too late"),
        ("the meeting has ended", -3 * HOUR, -HOUR, "too late"),
        ("a meeting that takes no time, on time", -1, -1, "on time"),
        ("an alarm at the end, on time", -30, -30, "on time"),
        ("a meeting that takes no time, late", -61, -61, "too late"),
    ],
)
def test_how_late(why: str, due: int, end: int, expected: str) -> None:
    one = reminder(due, end)
    split = split_due([one], START)
    assert (
        split
        == {
            "on time": Due((one,), (), ()),
            "late": Due((), (Late(one.recipient, (one,)),), ()),
            "too late": Due((), (), (one,)),
        }[expected]
    ), why


def test_on_time_ones_are_sent_by_start_then_room() -> None:
    ones = [
        reminder(0, HOUR, start=600, name="a"),
        reminder(0, HOUR, start=300, name="b"),
        reminder(-1, HOUR, start=300, name="a"),
    ]
    assert split_due(ones, START).on_time == (ones[2], ones[1], ones[0])


def test_late_ones_come_room_by_room() -> None:
    ones = [
        reminder(-700, HOUR, start=600, name="a", uid="u"),
        reminder(-700, HOUR, start=300, name="b", uid="u"),
        reminder(-700, HOUR, start=300, name="a", uid="v"),
        reminder(0, HOUR, name="a", uid="w"),
    ]
    split = split_due(ones, START)
    assert split.late == (Late(ones[0].recipient, (ones[2], ones[0])), Late(ones[1].recipient, (ones[1],)))
    assert split.on_time == (ones[3],)


def test_of_one_meeting_the_shortest_lead_time_is_told() -> None:
    day, quarter = reminder(-DAY, HOUR, lead=DAY), reminder(-900, HOUR, lead=900)
    other = reminder(-600, HOUR, uid="v", lead=600)
    (late,) = split_due([quarter, other, day], START).late
    assert set(late.reminders) == {day, quarter, other}
    assert late.meetings == (quarter, other)
    assert Late(late.recipient, (quarter, day)).meetings == (quarter,)


@given(
    st.lists(
        st.builds(
            reminder,
            st.integers(-HOUR, 0),
            st.integers(-HOUR, HOUR),
            name=st.sampled_from("ab"),
            uid=st.sampled_from("uvw"),
            lead=st.integers(0, 3),
        ),
        unique_by=lambda one: one.id,
    )
)
def test_everything_due_is_dealt_with_once(due: list[Reminder]) -> None:
    split = split_due(due, START)
    dealt = [*split.on_time, *split.too_late, *(one for late in split.late for one in late.reminders)]
    assert sorted(one.id for one in dealt) == sorted(one.id for one in due)
    assert len({late.recipient for late in split.late}) == len(split.late)
