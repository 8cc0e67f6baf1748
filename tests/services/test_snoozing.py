"""💤 on a reminder."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calbot.core.model import EventId, Kind, RoomId, UserId
from calbot.ports import ChatEvent
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, ROOM, Office

SLEEP = "\N{SLEEPING SYMBOL}"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=BERLIN)


async def reminded(office: Office, text: str = "!meet neu Runde heute 12-13 Uhr") -> EventId:
    """The reminder in the room."""
    await office.says(f"{text} {BEN}")
    await office.until(at(11, 46))
    return next(one.event for one in reversed(office.chat.posted) if one.message and one.message.kind is Kind.REMINDER)


async def snooze(
    office: Office, message: EventId, by: UserId = BEN, emoji: str = SLEEP, room: RoomId = ROOM
) -> ChatEvent:
    event = office.chat.reacts(room, by, message, emoji)
    await office.deliver(event)
    await office.alarm.settle()
    return event


async def take_back(office: Office, reaction: ChatEvent, by: UserId = BEN) -> None:
    office.chat.redacts(reaction.room, reaction.id)
    await office.deliver(office.chat.sends(reaction.room, by, "m.room.redaction", {"redacts": reaction.id}))


def private(office: Office, user: UserId = BEN) -> list[tuple[str, str]]:
    """When somebody was reminded privately, and the first line of it."""
    rooms = [room for room, state in office.chat.rooms.items() if state.creation_key and user in state.invited]
    found = []
    for posted in office.chat.posted:
        if posted.room in rooms and posted.message is not None:
            event = next(one for one in office.chat.rooms[posted.room].events if one.id == posted.event)
            when = datetime.fromtimestamp(event.at / 1000, tz=BERLIN)
            found.append((f"{when:%H:%M}", posted.message.text.splitlines()[0]))
    return found


@pytest.mark.parametrize("emoji", [SLEEP, f"{SLEEP}\N{VARIATION SELECTOR-16}"])
async def test_who_reacts_is_reminded_again_five_minutes_before(office: Office, emoji: str) -> None:
    await snooze(office, await reminded(office), emoji=emoji)
    await office.until(at(14))
    assert private(office) == [("11:55", "In 5 Minuten, 12:00 Uhr: Runde")]
    assert private(office, ANNA) == []
    assert len(office.said(Kind.REMINDER)) == 1, "and nobody else"


async def test_where_that_is_over_in_five_minutes(office: Office) -> None:
    message = await reminded(office)
    await office.until(at(11, 58))
    await snooze(office, message)
    await office.until(at(14))
    assert private(office) == [("12:03", "Hat um 12:00 Uhr begonnen: Runde")]


async def test_again_and_again(office: Office) -> None:
    await snooze(office, await reminded(office))
    await office.until(at(11, 56))
    posted = office.chat.posted[-1]
    await snooze(office, posted.event, room=posted.room)
    await office.until(at(14))
    assert [when for when, _ in private(office)] == ["11:55", "12:01"]


async def test_two_at_once_are_one(office: Office) -> None:
    message = await reminded(office)
    await snooze(office, message)
    await snooze(office, message, emoji=f"{SLEEP}\N{VARIATION SELECTOR-16}")
    await office.until(at(14))
    assert len(private(office)) == 1


async def test_each_who_reacts_gets_one(office: Office) -> None:
    message = await reminded(office)
    await snooze(office, message)
    await snooze(office, message, ANNA)
    await office.until(at(14))
    assert (len(private(office)), len(private(office, ANNA))) == (1, 1)


async def test_not_after_the_end(office: Office) -> None:
    message = await reminded(office)
    await office.until(at(12, 57))
    await snooze(office, message)
    await office.until(at(14))
    assert private(office) == []


async def test_taken_back_it_does_not_come(office: Office) -> None:
    reaction = await snooze(office, await reminded(office))
    await take_back(office, reaction)
    await office.until(at(14))
    assert private(office) == []
    assert await office.world.stores.preferences.all_snoozes() == []


async def test_of_two_taken_back_one_remains(office: Office) -> None:
    message = await reminded(office)
    reaction = await snooze(office, message)
    await snooze(office, message, emoji=f"{SLEEP}\N{VARIATION SELECTOR-16}")
    await take_back(office, reaction)
    await office.until(at(14))
    assert len(private(office)) == 1


async def test_taken_back_and_given_again(office: Office) -> None:
    message = await reminded(office)
    await take_back(office, await snooze(office, message))
    await snooze(office, message)
    await office.until(at(14))
    assert len(private(office)) == 1


async def test_a_redaction_that_does_not_count_changes_nothing(office: Office) -> None:
    """Servers let anybody send one."""
    reaction = await snooze(office, await reminded(office))
    await office.deliver(office.chat.sends(ROOM, ANNA, "m.room.redaction", {"redacts": reaction.id}))
    await office.deliver(office.chat.sends(ROOM, ANNA, "m.room.redaction", {"redacts": 7}))
    await office.until(at(14))
    assert len(private(office)) == 1


async def test_moved_it_follows(office: Office) -> None:
    await snooze(office, await reminded(office))
    await office.says("!meet verschiebe last 16 Uhr")
    await office.until(at(18))
    assert [when for when, _ in private(office)] == ["15:55"]


async def test_cancelled_it_does_not_come(office: Office) -> None:
    await snooze(office, await reminded(office))
    await office.says("!meet absagen last")
    await office.until(at(14))
    assert private(office) == []


async def test_who_leaves_the_room_hears_nothing(office: Office) -> None:
    await snooze(office, await reminded(office))
    office.chat.put_out(ROOM, BEN)
    await office.until(at(14))
    assert private(office) == []


async def test_on_several_it_is_for_those_that_have_not_begun(office: Office) -> None:
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    await office.says(f"!meet neu Telefonat heute 12:05-13:00 optional: {BEN}")
    await office.alarm.settle()
    office.clock.set(at(11, 59))  # the bot was not running
    await startup.begin(office.world)
    await office.alarm.settle()
    posted = next(one for one in office.chat.posted if one.message and one.message.kind is Kind.REMINDER)
    assert len(posted.message.data["items"]) == 2 if posted.message else False
    office.clock.set(at(12, 1))
    await snooze(office, posted.event)
    await office.until(at(14))
    assert private(office) == [("12:06", "Hat um 12:05 Uhr begonnen: Telefonat")]


async def test_what_came_while_the_bot_was_down_counts_from_when_it_came(office: Office) -> None:
    message = await reminded(office)
    event = office.chat.reacts(ROOM, BEN, message, SLEEP)
    office.clock.set(at(11, 54))
    await office.deliver(event)
    await office.until(at(14))
    assert [when for when, _ in private(office)] == ["11:55"]


async def test_what_is_over_by_the_time_the_bot_is_back_comes_at_once(office: Office) -> None:
    message = await reminded(office)
    event = office.chat.reacts(ROOM, BEN, message, SLEEP)
    office.clock.set(at(12, 20))
    await office.deliver(event)
    await office.until(at(14))
    assert private(office) == [("12:20", "Hat um 12:00 Uhr begonnen: Runde")]


async def test_heard_twice_it_counts_once(office: Office) -> None:
    """As after a crash between acting on it and noting that."""
    message = await reminded(office)
    event = await snooze(office, message)
    await office.until(at(11, 59))
    await office.deliver(event)
    await office.until(at(14))
    assert [when for when, _ in private(office)] == ["11:55"]


async def test_it_outlives_a_restart(office: Office) -> None:
    await snooze(office, await reminded(office))
    await startup.begin(office.world)
    await office.until(at(14))
    assert len(private(office)) == 1


async def test_on_other_messages_and_by_others_it_is_nothing(office: Office) -> None:
    message = await reminded(office)
    answer = office.chat.posted[0]
    assert answer.message is not None
    said = office.chat.says(ROOM, ANNA, "💤")
    for target, by, emoji in (
        (message, BEN, "\N{SLEEPING FACE}"),
        (message, UserId("@eve:elsewhere.org"), SLEEP),
        (answer.event, BEN, SLEEP),
        (said.id, BEN, SLEEP),
        (EventId("$unknown"), BEN, SLEEP),
    ):
        await snooze(office, target, by, emoji)
    assert await office.world.stores.preferences.all_snoozes() == []


async def test_somebody_elses_message_that_looks_like_a_reminder_is_none(office: Office) -> None:
    await reminded(office)
    real = next(one for one in office.chat.posted if one.message and one.message.kind is Kind.REMINDER)
    fake = office.chat.sends(ROOM, ANNA, "m.room.message", real.content)
    await snooze(office, fake.id)
    assert await office.world.stores.preferences.all_snoozes() == []


async def test_of_a_whole_day_in_five_minutes(office: Office) -> None:
    office.change_room(reminders=(timedelta(hours=12),))
    await startup.begin(office.world)
    await office.says(f"!meet neu Klausur morgen ganztägig {BEN}")
    await office.until(at(12, 1))
    posted = next(one for one in reversed(office.chat.posted) if one.message and one.message.kind is Kind.REMINDER)
    await snooze(office, posted.event)
    await office.until(at(13))
    assert [when for when, _ in private(office)] == ["12:06"]
