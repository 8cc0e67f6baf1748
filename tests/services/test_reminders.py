"""Reminders: in time, once, and about what is true when they are sent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calbot.core.model import Kind, Message, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.reminders import ReminderState
from calbot.core.settings import Mention
from calbot.errors import ChatForbidden, ChatUnavailable
from calbot.services import planning, startup

from .conftest import BEN, BERLIN, CALENDAR, CARLA, ROOM, Office


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def reminded(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kind is Kind.REMINDER]


async def meeting(office: Office, text: str = "!meet neu Runde heute 12-13 Uhr") -> None:
    await office.says(f"{text} {BEN}")
    await office.alarm.settle()


async def test_it_rings_when_due_mentions_the_attendees_and_rings_once(office: Office) -> None:
    await meeting(office)
    assert reminded(await office.until(at(11, 44))) == []
    reminder = only(reminded(await office.until(at(11, 46))))
    assert reminder.notify
    assert BEN in reminder.mentions
    assert CARLA not in reminder.mentions
    assert "In 15 Minuten, 12:00 Uhr" in reminder.text
    assert reminder.data["lead"] == 900
    assert reminder.data["late"] is False
    assert reminded(await office.until(at(15))) == []


async def test_moved_it_rings_at_the_new_time_only(office: Office) -> None:
    await meeting(office)
    await office.says("!meet verschiebe last 16 Uhr")
    assert reminded(await office.until(at(15, 44))) == []
    assert len(reminded(await office.until(at(15, 46)))) == 1


async def test_cancelled_it_is_silent(office: Office) -> None:
    await meeting(office)
    await office.says("!meet absagen last")
    assert reminded(await office.until(at(18))) == []


async def test_moved_by_another_program_it_follows(office: Office) -> None:
    await meeting(office)
    text = office.texts()[0].replace("20261124T1", "20261125T1")
    office.calendar.put(CALENDAR, office.name(), text)
    await office.pass_time(timedelta(minutes=2))
    assert reminded(await office.until(at(18))) == []
    assert len(reminded(await office.until(at(11, 46, day=25)))) == 1


async def test_deleted_by_another_program_it_is_silent(office: Office) -> None:
    await meeting(office)
    office.calendar.remove(CALENDAR, office.name())
    assert reminded(await office.until(at(18))) == []


async def test_a_lead_that_was_over_when_the_event_became_known_is_not_sent(office: Office) -> None:
    await meeting(office, "!meet neu Runde heute 8:10-9:00")
    assert reminded(await office.until(at(10))) == []


async def test_after_an_outage_it_comes_late_and_says_so(office: Office) -> None:
    await meeting(office)
    office.chat.down = True
    await office.until(at(11, 50))
    office.chat.down = False
    reminder = only(reminded(await office.until(at(12, 0))))
    assert reminder.data["late"] is True


async def test_several_late_ones_come_as_one_message(office: Office) -> None:
    await meeting(office)
    await meeting(office, "!meet neu Telefonat heute 12:05-12:30 optional:")
    office.chat.down = True
    await office.until(at(11, 55))
    office.chat.down = False
    reminder = only(reminded(await office.until(at(12, 4))))
    assert len(reminder.data["items"]) == 2


async def test_what_is_late_for_a_meeting_that_has_ended_is_not_sent(office: Office) -> None:
    await meeting(office)
    office.clock.set(at(14))  # the bot was not running
    await startup.begin(office.world)
    await office.alarm.settle()
    assert office.said(Kind.REMINDER) == []


async def test_down_when_due_it_is_caught_up_at_start(office: Office) -> None:
    await meeting(office)
    office.clock.set(at(12, 10))
    await startup.begin(office.world)
    await office.alarm.settle()
    assert only(office.said(Kind.REMINDER)).data["late"] is True


async def test_a_lost_answer_sends_it_once(office: Office) -> None:
    await meeting(office)
    office.chat.lose_answers()
    await office.until(at(12, 30))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_several_late_ones_whose_answer_was_lost_are_sent_once_though_more_became_due(office: Office) -> None:
    await meeting(office)
    await meeting(office, "!meet neu Telefonat heute 12:05-12:30 optional:")
    await meeting(office, "!meet neu Rückruf heute 12:12-12:30 optional:")
    office.chat.down = True
    await office.until(at(11, 55))
    office.chat.down = False
    office.chat.lose_answers()
    said = reminded(await office.until(at(12, 4)))
    times = sorted(item["start"]["localtime"] for message in said for item in message.data.get("items", [message.data]))
    assert times == ["2026-11-24T12:00:00", "2026-11-24T12:05:00", "2026-11-24T12:12:00"]


async def test_after_the_homeserver_forgot_it_is_looked_for_before_it_is_sent_again(office: Office) -> None:
    """A new device, or half a day later: transaction ids do not protect any more."""
    await meeting(office, '!meet neu "Reise" 24.11. 12:00 - 25.11. 12:00')
    office.chat.lose_answers()
    await office.until(at(11, 45))
    office.chat.forget_transactions()
    office.chat.device = "OTHER"
    await office.until(at(13))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_a_room_that_cannot_be_posted_in_holds_nothing_else_up(office: Office) -> None:
    await meeting(office)
    office.chat.refuse(ChatForbidden())
    await office.until(at(11, 46))
    assert office.said(Kind.REMINDER) == []
    await office.until(at(11, 55))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_overload_is_waited_for_as_long_as_the_server_says(office: Office) -> None:
    await meeting(office)
    office.chat.refuse(ChatUnavailable(retry_after=40))
    await office.until(at(11, 45) + timedelta(seconds=35))
    assert office.said(Kind.REMINDER) == []
    await office.until(at(11, 46))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_who_declined_is_not_mentioned(office: Office) -> None:
    await meeting(office)
    unfolded = office.texts()[0].replace("\r\n ", "")
    declined = "\r\n".join(
        line.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED") for line in unfolded.split("\r\n")
    )
    office.calendar.put(CALENDAR, office.name(), declined)
    await office.pass_time(timedelta(minutes=2))
    assert BEN not in only(reminded(await office.until(at(11, 46)))).mentions


@pytest.mark.parametrize("level", [0, 50])
async def test_the_room_is_mentioned_where_it_is_set_so_and_the_bot_may(office: Office, level: int) -> None:
    """Else `@room` would notify nobody, and the attendees are mentioned."""
    office.change_room(mention=Mention.ROOM)
    office.chat.rooms[ROOM].power = PowerLevels(users={office.chat.user: level})
    await startup.begin(office.world)
    await meeting(office)
    reminder = only(reminded(await office.until(at(11, 46))))
    assert reminder.mention_room is (level == 50)
    assert (BEN in reminder.mentions) is (level == 0)


async def test_other_lead_times_replan_what_is_stored(office: Office) -> None:
    await meeting(office)
    office.change_room(reminders=(timedelta(minutes=60), timedelta(minutes=5)))
    await startup.begin(office.world)
    said = reminded(await office.until(at(12)))
    assert [message.data["lead"] for message in said] == [3600, 300]


async def test_a_room_no_longer_mapped_gets_none(office: Office) -> None:
    await meeting(office)
    office.change(rooms={})
    await startup.begin(office.world)
    assert reminded(await office.until(at(13))) == []


async def test_planning_again_changes_nothing(office: Office) -> None:
    await meeting(office)
    before = await office.world.stores.reminders.waiting(ROOM)
    await planning.replan_all(office.world)
    assert await office.world.stores.reminders.waiting(ROOM) == before
    assert [one.state for one in before] == [ReminderState.WAITING]


async def test_nothing_is_posted_while_the_room_is_open_to_others(office: Office) -> None:
    await meeting(office)
    members = office.chat.rooms[ROOM].members
    members[UserId("@eve:elsewhere.org")] = "Eve"
    office.world.known.forget(ROOM)
    await office.until(at(11, 47))
    assert office.said(Kind.REMINDER) == []
    del members[UserId("@eve:elsewhere.org")]
    office.world.known.forget(ROOM)
    await office.until(at(11, 59))
    assert len(office.said(Kind.REMINDER)) == 1
