"""Which agenda is due when, across clock changes, holidays, quiet hours and years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.digests import Agenda, Bell, Period, Schedule, asks_for, next_due, set_between, told
from calbot.core.model import AllDay, CalendarName, Details, Href, Occurrence, Status, Timed, Uid, When
from calbot.core.quiet import is_holiday
from calbot.core.settings import Defaults, Digest, Hours, Weekday

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
NIGHT = Hours(time(20), time(7))
DAILY = Digest(daily=time(7, 30))
MONDAYS = Digest(weekly=(Weekday.MON, time(8)))
BOTH = Digest(time(7, 30), (Weekday.MON, time(8)))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def following(schedule: Schedule, now: datetime, count: int) -> Iterator[Agenda]:
    for _ in range(count):
        agenda = next_due(schedule, now)
        assert agenda is not None
        yield agenda
        now = agenda.due


def shown(agenda: Agenda, zone: ZoneInfo = BERLIN) -> str:
    return f"{agenda.period.value} {agenda.due.astimezone(zone):%Y-%m-%d %H:%M}"


class TestNext:
    def test_both_on_one_morning_are_one(self) -> None:
        found = following(Schedule(BOTH, BERLIN), at("2026-11-28T12:00"), 4)
        assert list(map(shown, found)) == [
            "daily 2026-11-29 07:30",
            "weekly 2026-11-30 08:00",
            "daily 2026-12-01 07:30",
            "daily 2026-12-02 07:30",
        ]

    def test_one_in_the_morning_and_one_in_the_evening_are_two(self) -> None:
        digest = Digest(time(7, 30), (Weekday.SUN, time(18)))
        found = following(Schedule(digest, BERLIN), at("2026-11-28T12:00"), 3)
        assert list(map(shown, found)) == [
            "daily 2026-11-29 07:30",
            "weekly 2026-11-29 18:00",
            "daily 2026-11-30 07:30",
        ]

    def test_holidays(self) -> None:
        """Good Friday, Easter Monday: that of the week moves to Tuesday and takes the place of that of the day."""
        found = following(Schedule(BOTH, BERLIN, holidays="DE-BY"), at("2027-03-25T12:00"), 4)
        assert list(map(shown, found)) == [
            "daily 2027-03-27 07:30",
            "daily 2027-03-28 07:30",
            "weekly 2027-03-30 08:00",
            "daily 2027-03-31 07:30",
        ]

    def test_one_that_moved_tells_the_week_it_was_set_for(self) -> None:
        (agenda,) = following(Schedule(MONDAYS, BERLIN, holidays="DE-BY"), at("2027-03-28T12:00"), 1)
        assert (agenda.day, agenda.last) == (date(2027, 3, 29), date(2027, 4, 4))

    def test_a_week_of_holidays_has_none(self) -> None:
        """Nowruz and the end of Ramadan in one: eight days from Friday, 20 March."""
        baku = ZoneInfo("Asia/Baku")
        schedule = Schedule(Digest(weekly=(Weekday.FRI, time(8))), baku, holidays="AZ")
        found = following(schedule, at("2026-03-13T12:00", baku), 2)
        assert [shown(agenda, baku) for agenda in found] == ["weekly 2026-03-28 08:00", "weekly 2026-04-03 08:00"]

    @pytest.mark.parametrize(
        ("clock", "due"),
        [
            (time(6), "2026-11-25 07:00"),
            (time(0), "2026-11-25 07:00"),
            (time(7), "2026-11-25 07:00"),
            (time(19, 59), "2026-11-25 19:59"),
        ],
    )
    def test_quiet_hours_hold_it_back(self, clock: time, due: str) -> None:
        (agenda,) = following(Schedule(Digest(daily=clock), BERLIN, NIGHT), at("2026-11-24T21:00"), 1)
        assert shown(agenda) == f"daily {due}"

    def test_an_agenda_of_the_day_in_the_quiet_hours_after_it_never_comes(self) -> None:
        assert next_due(Schedule(Digest(daily=time(21)), BERLIN, NIGHT), at("2026-11-24T12:00")) is None
        weekly = next_due(Schedule(Digest(weekly=(Weekday.SUN, time(21))), BERLIN, NIGHT), at("2026-11-24T12:00"))
        assert weekly is not None
        assert shown(weekly) == "weekly 2026-11-30 07:00"

    def test_nothing_set(self) -> None:
        assert next_due(Schedule(Digest(always=True), BERLIN), at("2026-11-24T12:00")) is None

    @pytest.mark.parametrize(
        ("clock", "now", "due"),
        [
            (time(2, 30), "2027-03-28T00:00", "2027-03-28T01:00"),  # leapt over: at three, summer time
            (time(2, 30), "2026-10-25T00:00", "2026-10-25T00:30"),  # twice: the first time
            (time(7, 30), "2027-03-28T00:00", "2027-03-28T05:30"),
            (time(7, 30), "2027-03-27T00:00", "2027-03-27T06:30"),
            (time(23, 59), "2027-12-31T00:00", "2027-12-31T22:59"),
            (time(7, 30), "2028-02-29T00:00", "2028-02-29T06:30"),
        ],
    )
    def test_the_clock_on_the_wall_counts(self, clock: time, now: str, due: str) -> None:
        agenda = next_due(Schedule(Digest(daily=clock), BERLIN), at(now))
        assert agenda is not None
        assert agenda.due == datetime.fromisoformat(due).replace(tzinfo=timezone.utc)
        assert agenda.day == at(now).date()

    def test_a_day_that_does_not_take_place_has_none(self) -> None:
        apia = ZoneInfo("Pacific/Apia")
        found = following(Schedule(DAILY, apia), at("2011-12-29T00:00", apia), 2)
        assert [agenda.day for agenda in found] == [date(2011, 12, 29), date(2011, 12, 31)]


class TestSetBetween:
    SCHEDULE = Schedule(BOTH, BERLIN, NIGHT, "DE-BY")

    def found(self, after: str, until: str) -> list[str]:
        return list(map(shown, set_between(self.SCHEDULE, at(after), at(until))))

    def test_from_after_one_moment_up_to_another(self) -> None:
        assert self.found("2026-11-24T07:29", "2026-11-24T07:30") == ["daily 2026-11-24 07:30"]
        assert self.found("2026-11-24T07:30", "2026-11-24T07:31") == []
        assert self.found("2026-11-24T07:31", "2026-11-24T07:30") == []

    def test_what_is_of_no_use_any_more_is_left_out(self) -> None:
        assert self.found("2026-11-24T07:00", "2026-11-24T10:29") == ["daily 2026-11-24 07:30"]
        assert self.found("2026-11-24T07:00", "2026-11-24T10:30") == []
        assert self.found("2026-11-30T07:00", "2026-11-30T19:59") == ["weekly 2026-11-30 08:00"]
        assert self.found("2026-11-30T07:00", "2026-11-30T20:00") == []

    def test_after_a_long_absence_only_the_last_is_left(self) -> None:
        assert self.found("2020-01-01T00:00", "2026-11-25T08:00") == ["daily 2026-11-25 07:30"]

    def test_one_that_a_holiday_holds_back_is_known_from_when_it_was_set_for(self) -> None:
        assert self.found("2027-03-29T07:59", "2027-03-29T08:00") == ["weekly 2027-03-30 08:00"]
        assert self.found("2027-03-26T00:00", "2027-03-30T07:50") == ["weekly 2027-03-30 08:00"]


schedules = st.builds(
    Schedule,
    st.builds(
        Digest,
        st.none() | st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
        st.none()
        | st.tuples(st.sampled_from(Weekday), st.times().map(lambda clock: clock.replace(second=0, microsecond=0))),
    ),
    st.sampled_from((BERLIN, TOKYO, ZoneInfo("America/New_York"))),
    st.sampled_from((None, NIGHT, Hours(time(12), time(14)))),
    st.sampled_from(("", "DE-BY")),
)
moments = st.integers(1_735_689_600, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, timezone.utc))


@given(schedules, moments)
def test_whatever_is_due_is_due_in_time_and_not_on_a_holiday(schedule: Schedule, now: datetime) -> None:
    agenda = next_due(schedule, now)
    if agenda is None:
        return
    day = agenda.due.astimezone(schedule.zone).date()
    assert agenda.set_for <= agenda.due < agenda.expires
    assert agenda.day <= day <= agenda.last
    assert not is_holiday(day, schedule.holidays)
    assert asks_for(schedule.digest, agenda.period, agenda.day, agenda.clock)


@given(schedules, moments, st.lists(st.integers(1, 20_000), min_size=1, max_size=40))
def test_however_often_one_looks_each_is_found_once(schedule: Schedule, start: datetime, steps: list[int]) -> None:
    """Looks at any moments find what one look at each minute would, but for what was missed for too long."""
    moments = [start]
    for step in steps:
        moments.append(moments[-1] + timedelta(seconds=step))
    found = [agenda for before, after in pairwise(moments) for agenda in set_between(schedule, before, after)]
    names = [(agenda.period, agenda.day) for agenda in found]
    assert len(names) == len(set(names))
    for agenda in found:
        assert start < agenda.set_for <= moments[-1]
    missed = [agenda for agenda in set_between(schedule, start, moments[-1]) if agenda not in found]
    assert missed == []


def test_bells_are_a_handful() -> None:
    schedules = [Schedule.of(BOTH, zone, Defaults()) for zone in (BERLIN, TOKYO) for _ in range(500)]
    assert {bell for schedule in schedules for bell in schedule.bells()} == {
        Bell(time(7, 30), None, BERLIN),
        Bell(time(8), Weekday.MON, BERLIN),
        Bell(time(7, 30), None, TOKYO),
        Bell(time(8), Weekday.MON, TOKYO),
    }


class TestTold:
    DAY = (date(2026, 11, 24), date(2026, 11, 24))

    def event(
        self, when: When, *, calendar: str = "it", uid: str = "a", status: Status = Status.CONFIRMED
    ) -> Occurrence:
        details = Details(title="Runde", status=status)
        return Occurrence(CalendarName(calendar), Href(f"/{uid}"), Uid(uid), None, when, details)

    @pytest.mark.parametrize(
        ("when", "is_told"),
        [
            (Timed(at("2026-11-24T10:00"), at("2026-11-24T11:00")), True),
            (Timed(at("2026-11-24T07:00"), at("2026-11-24T08:00")), False),  # over
            (Timed(at("2026-11-24T07:00"), at("2026-11-24T08:01")), True),
            (Timed(at("2026-11-24T08:00"), at("2026-11-24T08:00")), True),
            (Timed(at("2026-11-23T22:00"), at("2026-11-25T06:00")), True),
            (Timed(at("2026-11-25T00:00"), at("2026-11-25T01:00")), False),
            (AllDay(date(2026, 11, 24), date(2026, 11, 25)), True),
            (AllDay(date(2026, 11, 25), date(2026, 11, 26)), False),
            (AllDay(date(2026, 11, 20), date(2026, 11, 24)), False),
        ],
    )
    def test_what_takes_place_and_is_not_over(self, when: When, is_told: bool) -> None:
        found = told([self.event(when)], BERLIN, self.DAY, at("2026-11-24T08:00"))
        assert bool(found) == is_told

    def test_nothing_cancelled_and_nothing_twice(self) -> None:
        when = Timed(at("2026-11-24T10:00"), at("2026-11-24T11:00"))
        events = [
            self.event(when),
            self.event(when, calendar="hr"),
            self.event(when, uid="b", status=Status.CANCELLED),
            self.event(when, uid="c", status=Status.TENTATIVE),
        ]
        found = told(events, BERLIN, self.DAY, at("2026-11-24T08:00"))
        assert [(one.calendar, one.uid) for one in found] == [("it", "a"), ("it", "c")]


@pytest.mark.parametrize(
    ("digest", "period", "day", "clock", "wanted"),
    [
        (DAILY, Period.DAILY, date(2026, 11, 24), time(7, 30), True),
        (DAILY, Period.DAILY, date(2026, 11, 24), time(8), False),  # it was another time when that was noted
        (DAILY, Period.WEEKLY, date(2026, 11, 30), time(8), False),
        (MONDAYS, Period.WEEKLY, date(2026, 11, 30), time(8), True),
        (MONDAYS, Period.WEEKLY, date(2026, 11, 30), time(9), False),
        (MONDAYS, Period.WEEKLY, date(2026, 12, 1), time(8), False),
        (Digest(), Period.DAILY, date(2026, 11, 24), time(7, 30), False),
    ],
)
def test_whether_it_is_still_asked_for(digest: Digest, period: Period, day: date, clock: time, wanted: bool) -> None:
    assert asks_for(digest, period, day, clock) is wanted
