"""Free slots, against a search that tries every minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.freeslots import Frame, Slot, days_to_meet, rate, search
from calbot.core.model import Busy, UserId
from calbot.core.settings import Hours, Weekday

BERLIN = ZoneInfo("Europe/Berlin")
ANNA, BEN, CARLA = UserId("@anna:x.de"), UserId("@ben:x.de"), UserId("@carla:x.de")
TUESDAY = date(2026, 11, 24)
OFFICE = Hours(time(8), time(18))
WORKING = tuple(Weekday)[:5]
HOUR = timedelta(hours=1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=BERLIN)


def taken(day: date, begin: str, end: str, *, tentative: bool = False) -> Busy:
    return Busy(
        datetime.combine(day, time.fromisoformat(begin), tzinfo=BERLIN),
        datetime.combine(day, time.fromisoformat(end), tzinfo=BERLIN),
        tentative,
    )


def frame(
    *days: date,
    hours: Hours = OFFICE,
    duration: timedelta = HOUR,
    buffer: timedelta = timedelta(),
    earliest: datetime | None = None,
    zone: ZoneInfo = BERLIN,
) -> Frame:
    found = days or (TUESDAY,)
    start = earliest or datetime.combine(found[0], time(), tzinfo=zone)
    return Frame(found, hours, zone, duration, start, buffer)


def shown(slots: Sequence[Slot]) -> list[str]:
    return [slot.start.astimezone(BERLIN).strftime("%a %H:%M") for slot in slots]


def test_an_empty_day_gives_some_of_its_morning_and_of_its_afternoon() -> None:
    assert shown(search(frame(), {ANNA: []}, required=[ANNA])) == [
        "Tue 08:00",
        "Tue 09:00",
        "Tue 10:00",
        "Tue 13:00",
        "Tue 14:00",
    ]


@pytest.mark.parametrize(
    ("hours", "duration", "starts"),
    [
        (Hours(time(11), time(14)), HOUR, ["Tue 11:00", "Tue 12:00", "Tue 13:00"]),  # nothing else is left
        (Hours(time(8), time(12)), HOUR, ["Tue 08:00", "Tue 09:00", "Tue 10:00", "Tue 11:00"]),
        (OFFICE, 3 * HOUR, ["Tue 08:00", "Tue 13:00"]),
        (OFFICE, 6 * HOUR, ["Tue 08:00"]),
    ],
)
def test_lunch_is_left_free_where_that_can_be(hours: Hours, duration: timedelta, starts: list[str]) -> None:
    assert shown(search(frame(hours=hours, duration=duration), {ANNA: []}, required=[ANNA])) == starts


def test_of_several_days_mornings_and_afternoons() -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(4)]
    assert shown(search(frame(*days), {ANNA: []}, required=[ANNA])) == [
        "Tue 08:00",
        "Tue 13:00",
        "Wed 08:00",
        "Wed 13:00",
        "Thu 08:00",
    ]


def test_two_of_a_morning_where_there_is_no_afternoon() -> None:
    days = [TUESDAY, TUESDAY + timedelta(days=1)]
    found = search(frame(*days, hours=Hours(time(8), time(12))), {ANNA: []}, required=[ANNA])
    assert shown(found) == ["Tue 08:00", "Tue 09:00", "Wed 08:00", "Wed 09:00"]


def test_slots_keep_clear_of_what_people_have_and_of_their_buffer() -> None:
    busy = {ANNA: [taken(TUESDAY, "08:00", "11:50")], BEN: [taken(TUESDAY, "14:00", "17:00")]}
    assert shown(search(frame(), busy, required=[ANNA, BEN])) == ["Tue 12:00", "Tue 13:00", "Tue 17:00"]
    careful = search(frame(buffer=timedelta(minutes=20)), busy, required=[ANNA, BEN])
    assert shown(careful) == ["Tue 12:30"]


def test_a_quarter_only_where_no_half_hour_is_as_good() -> None:
    busy = {ANNA: [taken(TUESDAY, "08:00", "09:10"), taken(TUESDAY, "10:15", "18:00")]}
    assert shown(search(frame(), busy, required=[ANNA])) == ["Tue 09:15"]
    busy = {ANNA: [taken(TUESDAY, "08:00", "09:10"), taken(TUESDAY, "10:30", "18:00")]}
    assert shown(search(frame(), busy, required=[ANNA])) == ["Tue 09:30"]


def test_nothing_begins_in_the_past() -> None:
    found = search(frame(earliest=at(TUESDAY, 15, 50)), {ANNA: []}, required=[ANNA])
    assert shown(found) == ["Tue 16:00", "Tue 17:00"]


def test_optional_people_decide_between_slots_that_suit_all_others() -> None:
    busy = {ANNA: [], BEN: [taken(TUESDAY, "08:00", "13:00")]}
    first, *_ = found = search(frame(), busy, required=[ANNA], optional=[BEN])
    assert shown([first]) == ["Tue 13:00"]
    assert [slot.absent for slot in found] == [()] * 5
    all_day = {ANNA: [], BEN: [taken(TUESDAY, "00:00", "23:59")]}
    assert [slot.absent for slot in search(frame(), all_day, required=[ANNA], optional=[BEN])] == [(BEN,)] * 5


def test_doubt_counts_less_than_absence_and_more_than_time() -> None:
    busy = {ANNA: [taken(TUESDAY, "08:00", "14:00", tentative=True)], BEN: [taken(TUESDAY, "15:00", "18:00")]}
    found = search(frame(), busy, required=[ANNA], optional=[BEN])
    assert shown(found)[0] == "Tue 14:00"
    assert found[0].quality == (0, 0, 0)
    assert [slot.unsure for slot in found[1:]] == [(ANNA,)] * 4


def test_where_nothing_suits_all_the_best_with_who_is_missing() -> None:
    busy = {
        ANNA: [taken(TUESDAY, "08:00", "18:00")],
        BEN: [taken(TUESDAY, "08:00", "16:00")],
        CARLA: [],
    }
    found = search(frame(), busy, required=[ANNA, BEN, CARLA])
    assert shown(found)[:2] == ["Tue 16:00", "Tue 17:00"]
    assert [slot.missing for slot in found] == [(ANNA,), (ANNA,), (ANNA, BEN), (ANNA, BEN), (ANNA, BEN)]


def test_a_time_that_suits_nobody_is_none() -> None:
    whole = [taken(TUESDAY, "08:00", "18:00")]
    assert search(frame(), {ANNA: whole, BEN: whole}, required=[ANNA, BEN]) == ()
    assert search(frame(), {ANNA: whole}, required=[ANNA]) == ()


def test_who_is_not_known_does_not_count() -> None:
    found = search(frame(), {ANNA: [taken(TUESDAY, "08:00", "16:30")], BEN: None}, required=[ANNA, BEN])
    assert shown(found) == ["Tue 16:30"]
    assert found[0].missing == ()
    assert shown(search(frame(), {}, required=[]))[0] == "Tue 08:00"


def test_a_room_that_is_taken_closes_the_time_for_all() -> None:
    found = search(frame(), {ANNA: []}, required=[ANNA], blocked=[taken(TUESDAY, "08:00", "16:00")])
    assert shown(found) == ["Tue 16:00", "Tue 17:00"]


def test_a_room_that_is_kept_for_others_is_taken() -> None:
    kept = [taken(TUESDAY, "08:00", "16:00", tentative=True)]
    assert shown(search(frame(), {ANNA: []}, required=[ANNA], blocked=kept)) == ["Tue 16:00", "Tue 17:00"]


def test_longer_than_the_day_fits_nowhere() -> None:
    assert search(frame(duration=timedelta(hours=11)), {ANNA: []}, required=[ANNA]) == ()


def test_hours_over_midnight() -> None:
    found = search(frame(hours=Hours(time(22), time(2)), duration=2 * HOUR), {ANNA: []}, required=[ANNA])
    assert shown(found) == ["Tue 22:00", "Wed 00:00"]


@pytest.mark.parametrize(
    ("day", "starts", "lasting"),
    [
        (date(2026, 3, 29), ["Sun 00:00", "Sun 01:00", "Sun 03:00", "Sun 04:00"], HOUR),  # 2:00 is left out
        (date(2026, 10, 25), ["Sun 00:00", "Sun 01:00", "Sun 02:00", "Sun 03:00", "Sun 04:00"], HOUR),
    ],
)
def test_clock_changes(day: date, starts: list[str], lasting: timedelta) -> None:
    found = search(frame(day, hours=Hours(time(0), time(5))), {ANNA: []}, required=[ANNA])
    assert shown(found) == starts
    assert all(slot.end - slot.start == lasting for slot in found)


def test_days_to_meet() -> None:
    christmas = days_to_meet(date(2026, 12, 23), date(2026, 12, 29), WORKING, "DE-BY")
    assert christmas == (date(2026, 12, 23), date(2026, 12, 24), date(2026, 12, 28))  # the 25th is a holiday
    assert days_to_meet(date(2026, 12, 25), date(2026, 12, 26), WORKING, "") == (date(2026, 12, 25),)
    saturday = date(2026, 11, 28)
    assert days_to_meet(saturday, saturday + timedelta(days=1), WORKING, "DE-BY") == (saturday,)


def test_rate_says_who_can_at_a_given_time() -> None:
    busy = {ANNA: [taken(TUESDAY, "09:30", "10:00")], BEN: [taken(TUESDAY, "08:00", "09:00")], CARLA: None}
    slot = rate(at(TUESDAY, 9), at(TUESDAY, 10), busy, required=[ANNA, CARLA], optional=[BEN])
    assert (slot.missing, slot.absent) == ((ANNA,), ())
    close = rate(at(TUESDAY, 9), at(TUESDAY, 10), busy, required=[ANNA], optional=[BEN], buffer=timedelta(minutes=15))
    assert (close.missing, close.absent) == ((ANNA,), (BEN,))


# ------------------------------------------------------------------------------------------------------------ at random

PEOPLE = (ANNA, BEN, CARLA)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Frame, dict[UserId, list[Busy] | None], list[UserId], list[UserId], list[Busy]]:
    first = draw(st.sampled_from([date(2026, 11, 24), date(2026, 3, 28), date(2026, 10, 24)]))
    days = tuple(first + timedelta(days=number) for number in range(draw(st.integers(1, 3))))
    opens = draw(st.integers(0, 20))
    hours = Hours(time(opens, draw(st.sampled_from([0, 10, 30]))), time(draw(st.integers(opens, 23)), 40))
    minutes = draw(st.sampled_from([15, 20, 30, 45, 60, 90, 180]))
    begin = datetime.combine(first, time(), tzinfo=timezone.utc) - timedelta(hours=2)

    def periods() -> list[Busy]:
        found = []
        for _ in range(draw(st.integers(0, 6))):
            start = begin + timedelta(minutes=draw(st.integers(0, 80 * 12)) * 5)
            length = timedelta(minutes=draw(st.integers(1, 60)) * 5)
            found.append(Busy(start, start + length, draw(st.booleans())))
        return found

    roles = {user: draw(st.sampled_from(["required", "optional", "away"])) for user in PEOPLE}
    return (
        Frame(
            days,
            hours,
            BERLIN,
            timedelta(minutes=minutes),
            begin + timedelta(minutes=draw(st.integers(0, 24 * 60))),
            timedelta(minutes=draw(st.sampled_from([0, 0, 10, 30]))),
        ),
        {user: draw(st.sampled_from([None, periods(), periods()])) for user in PEOPLE},
        [user for user in PEOPLE if roles[user] == "required"],
        [user for user in PEOPLE if roles[user] == "optional"],
        periods()[:2],
    )


def every_start(frame: Frame) -> list[datetime]:
    """Every minute of a real clock that lies on a quarter of an hour and within the hours of one of the days."""
    found = []
    for day in frame.days:
        minute = datetime.combine(day, time(), tzinfo=BERLIN).astimezone(timezone.utc)
        for _ in range(25 * 4):
            wall, last = minute.astimezone(BERLIN), minute + frame.duration
            closes = datetime.combine(day, frame.hours.end, tzinfo=BERLIN).astimezone(timezone.utc)
            inside = wall.date() == day and frame.hours.start <= wall.time() and last <= closes
            # in the hour that a clock change repeats, the first one is meant
            if inside and not wall.fold and minute >= frame.earliest:
                found.append(minute)
            minute += timedelta(minutes=15)
    return found


def over_lunch(start: datetime, end: datetime) -> bool:
    first, last = (moment.astimezone(BERLIN).time() for moment in (start, end))
    return first < time(13) and time(12) < last


def who(
    busy: Mapping[UserId, Sequence[Busy] | None],
    users: Sequence[UserId],
    begin: datetime,
    end: datetime,
    *,
    unsure: bool,
) -> tuple[UserId, ...]:
    return tuple(
        user
        for user in users
        if any(one.tentative is unsure and one.start < end and begin < one.end for one in busy.get(user) or ())
    )


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_what_is_found_is_what_there_is(
    world: tuple[Frame, dict[UserId, list[Busy] | None], list[UserId], list[UserId], list[Busy]],
) -> None:
    frame, busy, required, optional, blocked = world
    slots = search(frame, busy, required=required, optional=optional, blocked=blocked)
    everything: dict[datetime, tuple[int, int, int]] = {}
    for start in every_start(frame):
        end, first, last = start + frame.duration, start - frame.buffer, start + frame.duration + frame.buffer
        if any(one.start < end and start < one.end for one in blocked):
            continue
        missing = who(busy, required, first, last, unsure=False)
        if required and len(missing) == len(required):
            continue
        absent = who(busy, optional, first, last, unsure=False)
        unsure = set(who(busy, [*required, *optional], first, last, unsure=True)) - {*missing, *absent}
        everything[start] = (len(missing), len(absent), len(unsure))
    assert bool(slots) == bool(everything)
    assert len(slots) <= 5
    assert [(slot.quality, slot.start) for slot in slots] == sorted((slot.quality, slot.start) for slot in slots)
    for slot in slots:
        assert everything[slot.start] == slot.quality
        assert slot.end - slot.start == frame.duration
        assert slot.missing == who(busy, required, slot.start - frame.buffer, slot.end + frame.buffer, unsure=False)
    for before, after in pairwise(sorted(slots, key=lambda slot: slot.start)):
        assert before.end <= after.start
    if everything:
        best = min(everything.values())
        assert slots[0].quality == best
        equal = [start for start, quality in everything.items() if quality == best]
        clear = [start for start in equal if not over_lunch(start, start + frame.duration)]
        assert slots[0].start - min(clear or equal) <= timedelta(minutes=15)
    if any(quality[0] == 0 for quality in everything.values()):
        assert all(not slot.missing for slot in slots)
    if len(frame.days) > 1:
        a_day = Counter(slot.start.astimezone(BERLIN).date() for slot in slots)
        assert max(a_day.values(), default=0) <= 2
