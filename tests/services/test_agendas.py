"""Agendas that come by themselves: at their time, once, with what is true when they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from calbot.core.model import Kind, Message, RoomFacts, RoomId
from calbot.core.notices import Notice, NoticeKind
from calbot.core.settings import Defaults, Digest, Hours, Show, Sync, Weekday
from calbot.errors import CalendarUnavailable
from calbot.services import agendas as agenda_service
from calbot.services import startup
from calbot.services.locks import Locks
from calbot.services.outbox import Outbox

from .conftest import BEN, BERLIN, CALENDAR, ROOM, Office

DAILY = Digest(daily=time(7, 30))
WEEKLY = Digest(weekly=(Weekday.MON, time(8)))


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def at(hour: int, minute: int = 0, day: int = 25, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def agendas(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kind is Kind.AGENDA]


async def setting(office: Office, digest: Digest, **defaults: Any) -> None:
    """As after a change of the configuration."""
    rarely = Sync(interval=timedelta(hours=12), max_interval=timedelta(hours=12))
    office.change(defaults=Defaults(**defaults), sync=rarely)
    office.change_room(digest=digest)
    await startup.begin(office.world)
    await office.alarm.settle()


async def meeting(office: Office, text: str) -> None:
    await office.says(f"!meet neu {text}")
    await office.alarm.settle()


async def test_the_agenda_of_the_day_comes_at_its_time_and_once(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde morgen 10-11 Uhr ort:Rathaus")
    await meeting(office, "Klausur morgen 14-18 Uhr")
    await meeting(office, "Nachlese Do 9-10 Uhr")
    assert agendas(await office.until(at(7, 29))) == []
    agenda = only(agendas(await office.until(at(7, 31))))
    assert agenda.notify
    assert agenda.mentions == ()
    assert agenda.discloses
    assert [(item["ref"], item["title"]) for item in agenda.data["items"]] == [(1, "Runde"), (2, "Klausur")]
    assert "10:00–11:00 Runde, Rathaus" in agenda.text
    assert agendas(await office.until(at(7, 29, day=26))) == []
    assert only(agendas(await office.until(at(7, 31, day=26)))).data["items"][0]["title"] == "Nachlese"


async def test_days_without_events_are_silent_unless_it_is_to_come_always(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Abgesagt morgen 10-11 Uhr")
    await office.says("!meet absagen last")
    assert agendas(await office.until(at(12))) == []
    await setting(office, Digest(daily=time(7, 30), always=True))
    assert "Keine Termine: Do., 26.11." in only(agendas(await office.until(at(12, day=26)))).text


async def test_the_numbers_in_it_can_be_used_by_everybody(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde morgen 10-11 Uhr")
    await meeting(office, "Klausur morgen 14-18 Uhr")
    await office.until(at(7, 31))
    shown = await office.says("!meet zeige 2", by=BEN)
    assert shown[0].data["title"] == "Klausur"


async def test_the_agenda_of_the_week_says_it_all_on_its_day(office: Office) -> None:
    await setting(office, Digest(time(7, 30), (Weekday.MON, time(8))))
    await meeting(office, "Runde Mo 10-11 Uhr")
    await meeting(office, "Abschluss So 17-18 Uhr")
    await meeting(office, "Später 9.12. 17-18 Uhr")
    await office.until(at(23, 59, day=29))
    assert agendas(await office.until(at(7, 59, day=30))) == []
    agenda = only(agendas(await office.until(at(23, 59, day=30))))
    assert [item["title"] for item in agenda.data["items"]] == ["Runde"]
    assert "Mo., 30.11. – So., 06.12." in agenda.text


async def test_on_a_public_holiday_the_agenda_of_the_day_is_left_out(office: Office) -> None:
    await setting(office, DAILY, holidays="DE-BY")
    await meeting(office, "Notdienst 25.12. 10-11 Uhr")
    await meeting(office, "Aufräumen 27.12. 10-11 Uhr")
    office.clock.set(at(20, day=24, month=12))
    assert agendas(await office.until(at(23, 59, day=26, month=12))) == []
    assert len(agendas(await office.until(at(8, day=27, month=12)))) == 1


async def test_that_of_the_week_moves_to_the_next_day_and_names_the_holidays(office: Office) -> None:
    office.clock.set(datetime(2027, 3, 27, 8, 0, tzinfo=BERLIN))
    await setting(office, WEEKLY, holidays="DE-BY")
    await meeting(office, "Ostermarsch 29.3.2027 10-11 Uhr")
    await meeting(office, "Runde 31.3.2027 10-11 Uhr")
    assert agendas(await office.until(datetime(2027, 3, 30, 7, 59, tzinfo=BERLIN))) == []
    agenda = only(agendas(await office.until(datetime(2027, 3, 30, 8, 1, tzinfo=BERLIN))))
    assert [item["title"] for item in agenda.data["items"]] == ["Runde"]
    office.clock.set(datetime(2027, 5, 3, 7, 0, tzinfo=BERLIN))
    await meeting(office, "Wandern 6.5.2027")
    agenda = only(agendas(await office.until(datetime(2027, 5, 3, 8, 1, tzinfo=BERLIN))))
    assert "Do., 06.05.: Christi Himmelfahrt" in agenda.text


async def test_quiet_hours_hold_it_back_until_they_end(office: Office) -> None:
    await setting(office, Digest(daily=time(6)), quiet_hours=Hours(time(20), time(7)))
    await meeting(office, "Runde morgen 10-11 Uhr")
    assert agendas(await office.until(at(6, 59))) == []
    assert len(agendas(await office.until(at(7, 1)))) == 1


class TestMissed:
    @pytest.mark.parametrize(
        ("back", "comes"), [(at(7, 45), True), (at(10, 29), True), (at(10, 31), False), (at(7, 29, day=26), False)]
    )
    async def test_while_the_bot_was_down_it_comes_late_if_not_too_late(
        self, office: Office, back: datetime, comes: bool
    ) -> None:
        await setting(office, DAILY)
        await meeting(office, "Früh morgen 8-9 Uhr")
        await meeting(office, "Runde morgen 16-17 Uhr")
        office.clock.set(back)
        before = len(office.chat.posted)
        await office.resume()
        said = [posted.message for posted in office.chat.posted[before:] if posted.message is not None]
        assert bool(agendas(said)) == comes
        if comes and back > at(9):  # what is over is not told
            assert [item["title"] for item in agendas(said)[0].data["items"]] == ["Runde"]

    async def test_it_does_not_come_when_all_events_of_the_day_are_over(self, office: Office) -> None:
        await setting(office, DAILY)
        await meeting(office, "Früh morgen 8-9 Uhr")
        office.clock.set(at(9, 30))
        await office.resume()
        assert office.said(Kind.AGENDA) == []

    async def test_in_quiet_hours_nothing_is_caught_up(self, office: Office) -> None:
        await setting(office, Digest(daily=time(19, 30)), quiet_hours=Hours(time(20), time(7)))
        await meeting(office, "Nacht heute 22-23 Uhr")
        office.clock.set(at(20, 5, day=24))
        await office.resume()
        assert agendas(await office.until(at(8))) == []

    async def test_one_that_was_just_set_for_a_time_that_is_over_waits_for_tomorrow(self, office: Office) -> None:
        await meeting(office, "Runde heute 16-17 Uhr")
        await meeting(office, "Klausur morgen 16-17 Uhr")
        office.clock.set(at(8, 10, day=24))
        await setting(office, DAILY)
        await office.resume()
        assert office.said(Kind.AGENDA) == []
        assert len(agendas(await office.until(at(7, 31)))) == 1


class TestOnce:
    async def test_after_a_restart_and_a_clock_that_was_set_back(self, office: Office) -> None:
        await setting(office, DAILY)
        await meeting(office, "Runde morgen 16-17 Uhr")
        assert len(agendas(await office.until(at(7, 31)))) == 1
        office.clock.set(at(7, 10))
        await office.resume()
        assert agendas(await office.until(at(12))) == []

    async def test_after_a_clock_that_was_days_ahead(self, office: Office) -> None:
        await setting(office, DAILY)
        await meeting(office, "Runde morgen 16-17 Uhr")
        await meeting(office, "Klausur 29.11. 16-17 Uhr")
        now = office.clock()
        office.clock.set(now + timedelta(days=5))
        await office.pass_time(timedelta(hours=1))
        office.clock.set(now)
        await office.resume()
        assert len(agendas(await office.until(at(7, 31)))) == 1

    async def test_where_the_answer_of_the_homeserver_was_lost(self, office: Office) -> None:
        await setting(office, DAILY)
        await meeting(office, "Runde morgen 16-17 Uhr")
        await office.until(at(7, 29))
        office.chat.lose_answers()
        await office.until(at(8))
        assert len(office.said(Kind.AGENDA)) == 1
        assert (await office.says("!meet zeige 1", by=BEN))[0].data["title"] == "Runde"

    async def test_on_the_night_of_a_clock_change(self, office: Office) -> None:
        office.clock.set(datetime(2026, 10, 24, 20, 0, tzinfo=BERLIN))
        await setting(office, Digest(daily=time(2, 30)))
        await meeting(office, "Nachtschicht 25.10.2026 5-6 Uhr")
        office.clock.set(datetime(2026, 10, 24, 22, 0, tzinfo=BERLIN))
        await office.until(datetime(2026, 10, 25, 8, 0, tzinfo=BERLIN))
        assert len(office.said(Kind.AGENDA)) == 1

    async def test_when_the_hour_does_not_exist(self, office: Office) -> None:
        office.clock.set(datetime(2027, 3, 27, 20, 0, tzinfo=BERLIN))
        await setting(office, Digest(daily=time(2, 30)))
        await meeting(office, "Nachtschicht 28.3.2027 5-6 Uhr")
        await office.until(datetime(2027, 3, 28, 8, 0, tzinfo=BERLIN))
        assert len(office.said(Kind.AGENDA)) == 1


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["notice.tried", "notice.posted", "notice.sent"])
async def test_killed_at_any_step_it_comes_once_and_its_numbers_are_those_that_people_see(
    office: Office, step: str
) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde morgen 10-11 Uhr")
    await office.until(at(7, 29))
    killed: list[str] = []

    def passed(reached: str) -> None:
        if reached == step and not killed:
            killed.append(reached)
            raise Killed

    world = office.world
    office.world = replace(world, passed=passed)
    await startup.begin(office.world)
    with pytest.raises(Killed):
        await office.until(at(7, 31))
    office.world = replace(world, outbox=Outbox(), locks=Locks())
    await meeting(office, "Frühstück heute 9-10 Uhr")
    await office.resume()
    assert len(office.said(Kind.AGENDA)) == 1
    (first, *_) = office.said(Kind.AGENDA)[0].data["items"]
    assert (await office.says("!meet zeige 1", by=BEN))[0].data["title"] == first["title"]
    assert killed == [step]


async def test_a_calendar_that_does_not_answer_is_told_as_it_was_with_its_age(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde morgen 10-11 Uhr")
    await office.pull()
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    with pytest.raises(CalendarUnavailable):
        await office.pull()
    agenda = only(agendas(await office.until(at(7, 31))))
    assert "Stand Di., 24.11., 08:00 Uhr" in agenda.text
    assert "Runde" in agenda.text


async def test_what_may_not_be_shown_is_not(office: Office) -> None:
    await setting(office, DAILY)
    calendar = replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)
    await meeting(office, "Gehaltsgespräch morgen 10-11 Uhr ort:Rathaus")
    office.change(calendars={CALENDAR: calendar})
    office.change_room(digest=DAILY)
    await startup.begin(office.world)
    await office.alarm.settle()
    agenda = only(agendas(await office.until(at(7, 31))))
    assert "Gehalt" not in agenda.text + agenda.html + str(agenda.data)
    assert "Belegt" in agenda.text


async def test_a_room_that_is_not_mapped_any_more_gets_none(office: Office) -> None:
    await setting(office, Digest(daily=time(6)), quiet_hours=Hours(time(20), time(7)))
    await meeting(office, "Runde morgen 10-11 Uhr")
    await office.until(at(6, 30))
    office.change(rooms={})
    await startup.begin(office.world)
    assert agendas(await office.until(at(8))) == []


async def test_nothing_is_posted_while_others_could_read_along(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde morgen 16-17 Uhr")
    await office.until(at(7))
    office.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    assert agendas(await office.until(at(8))) == []
    office.chat.rooms[ROOM].facts = RoomFacts()
    assert len(agendas(await office.until(at(9)))) == 1


async def test_a_thousand_rooms_ring_one_bell(office: Office) -> None:
    room = office.world.settings.rooms[ROOM]
    ids = [RoomId(f"!room{number}:example.org") for number in range(1000)]
    office.change(rooms={id: replace(room, id=id, digest=DAILY) for id in ids})
    await startup.begin(office.world)
    bells = await agenda_service.arm(office.world)
    assert len(bells) == 1
    office.clock.set(at(7, 30))
    await agenda_service.catch_up(office.world)
    waiting = await office.world.stores.notices.waiting(ids)
    assert {notice.recipient for notice in waiting} == set(ids)
    await agenda_service.catch_up(office.world)
    assert len(await office.world.stores.notices.waiting(ids)) == 1000


async def test_of_days_that_are_over_there_is_nothing_to_tell(office: Office) -> None:
    await setting(office, DAILY)
    await meeting(office, "Runde heute 18-19 Uhr")
    subject = {"period": "daily", "day": "2026-11-23", "clock": "07:30:00"}
    notice = Notice("key", ROOM, NoticeKind.AGENDA, subject, due=office.clock())
    assert await agenda_service.render(office.world, [notice]) is None
    today = replace(notice, subject={**subject, "day": "2026-11-24"})
    assert await agenda_service.render(office.world, [today]) is not None
