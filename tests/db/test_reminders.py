"""Reminders are sent once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from calbot.core.model import CalendarName, EventId, RecurrenceId, RoomId, Uid, UserId
from calbot.core.reminders import Reminder, ReminderState
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
IT, HR = CalendarName("it-team"), CalendarName("hr")
ROOM, OTHER = RoomId("!a:example.org"), RoomId("!b:example.org")
ANNA = UserId("@anna:example.org")


def reminder(id: str, due: timedelta = timedelta(0), **changes: Any) -> Reminder:
    """Due so long after now, fifteen minutes before the start."""
    start = NOW + due + 15 * MINUTE
    values: dict[str, Any] = {
        "recipient": ROOM,
        "calendar": IT,
        "uid": Uid("u"),
        "recurrence_id": None,
        "start": start,
        "end": start + timedelta(hours=1),
        "lead": 900,
        "due": NOW + due,
    }
    return Reminder(id, **values | changes)


async def stored(stores: Stores) -> dict[str, Reminder]:
    return {found.id: found for found in await stores.reminders.about([Uid("u"), Uid("v")])}


async def test_come_back_as_they_were(stores: Stores) -> None:
    full = reminder(
        "full",
        recurrence_id=RecurrenceId("20261124T110000Z"),
        batch="b1",
        tried_since=NOW,
        device="ABC",
        attempts=2,
        not_before=NOW + MINUTE,
    )
    await stores.reminders.apply([full, reminder("plain")], [])
    assert await stored(stores) == {"full": full, "plain": reminder("plain")}


async def test_about_events(stores: Stores) -> None:
    await stores.reminders.apply(
        [
            reminder("1"),
            reminder("2", recipient=OTHER),
            reminder("3", calendar=HR),
            reminder("4", uid=Uid("v")),
            reminder("5", recipient=ANNA),
        ],
        [],
    )

    async def about(*uids: str) -> list[str]:
        return sorted(found.id for found in await stores.reminders.about([Uid(uid) for uid in uids]))

    assert await about("u") == ["1", "2", "3", "5"]
    assert await about("u", "v", "u") == ["1", "2", "3", "4", "5"]
    assert await about() == []
    assert await about(*(f"x{n}" for n in range(1200)), "v") == ["4"]


async def test_which_events_any_wait_for(stores: Stores) -> None:
    await stores.reminders.apply(
        [
            reminder("1"),
            reminder("2", recipient=ANNA, uid=Uid("v")),
            reminder("3", recipient=ANNA, uid=Uid("w")),
            reminder("4", recipient=OTHER),
        ],
        [],
    )
    await stores.reminders.sent(["3"], EventId("$1"), NOW)
    assert sorted(await stores.reminders.waiting_about()) == ["u", "v"]
    assert await stores.reminders.waiting_about(ANNA) == ["v"]
    assert [found.id for found in await stores.reminders.waiting(ANNA)] == ["2"]
    assert (await stores.reminders.waiting(ANNA))[0].recipient == ANNA


async def test_planned_again(stores: Stores) -> None:
    """Times are taken over where one waits; one that was sent or skipped is left alone."""
    await stores.reminders.apply([reminder("waiting"), reminder("sent"), reminder("skipped")], [])
    await stores.reminders.sent(["sent"], EventId("$1"), NOW)
    await stores.reminders.skip(["skipped"])
    await stores.reminders.apply([reminder(id, 5 * MINUTE) for id in ("waiting", "sent", "skipped")], [])
    after = await stored(stores)
    assert after == {
        "waiting": reminder("waiting", 5 * MINUTE),
        "sent": reminder("sent", state=ReminderState.SENT),
        "skipped": reminder("skipped", state=ReminderState.SKIPPED),
    }
    assert await stores.reminders.waiting(after["waiting"].recipient) == [after["waiting"]]


async def test_only_waiting_ones_are_taken_back(stores: Stores) -> None:
    await stores.reminders.apply([reminder("waiting"), reminder("sent")], [])
    await stores.reminders.sent(["sent"], EventId("$1"), NOW)
    await stores.reminders.apply([], ["waiting", "sent", "unknown"])
    assert {id: found.state for id, found in (await stored(stores)).items()} == {
        "waiting": ReminderState.CANCELLED,
        "sent": ReminderState.SENT,
    }
    assert await stores.reminders.due_recipients(NOW) == {}


async def test_an_event_moved_away_and_back_rings(stores: Stores) -> None:
    """Its reminder has the id that was taken back. What is known of earlier attempts stays known."""
    await stores.reminders.apply([reminder("1")], [])
    await stores.reminders.attempt(["1"], "b1", "ABC", NOW)
    await stores.reminders.apply([], ["1"])
    await stores.reminders.apply([reminder("1", end=NOW + timedelta(hours=5))], [])
    (due,) = await stores.reminders.due_to(ROOM, NOW)
    assert due == reminder("1", end=NOW + timedelta(hours=5), batch="b1", tried_since=NOW, device="ABC", attempts=1)


async def test_due_to_whom(stores: Stores) -> None:
    """Whoever is served gets all that is due, or what was put off would come after what was due later."""
    await stores.reminders.apply(
        [
            reminder("later", -MINUTE),
            reminder("sooner", -2 * MINUTE),
            reminder("off", -3 * MINUTE, not_before=NOW + MINUTE),
            reminder("future", MINUTE),
            reminder("elsewhere", recipient=OTHER, not_before=NOW + MINUTE),
            reminder("again", -MINUTE, recipient=ANNA, not_before=NOW),
        ],
        [],
    )
    assert await stores.reminders.due_recipients(NOW) == {ROOM: NOW + 13 * MINUTE, ANNA: NOW + 14 * MINUTE}
    assert [one.id for one in await stores.reminders.due_to(ROOM, NOW)] == ["off", "sooner", "later"]
    assert [one.id for one in await stores.reminders.due_to(OTHER, NOW)] == ["elsewhere"]


async def test_next_due_after(stores: Stores) -> None:
    """What was due by then is in line already."""
    await stores.reminders.apply([reminder("1", -MINUTE), reminder("2", 5 * MINUTE)], [])
    assert await stores.reminders.next_due() == NOW - MINUTE
    assert await stores.reminders.next_due(NOW) == NOW + 5 * MINUTE
    await stores.reminders.put_off(["1"], NOW + 2 * MINUTE)
    assert await stores.reminders.next_due(NOW) == NOW + 2 * MINUTE
    assert await stores.reminders.next_due(NOW + 5 * MINUTE) is None


async def test_next_due(stores: Stores) -> None:
    assert await stores.reminders.next_due() is None
    await stores.reminders.apply([reminder("1", 5 * MINUTE), reminder("2", 9 * MINUTE, calendar=HR)], [])
    assert await stores.reminders.next_due() == NOW + 5 * MINUTE
    await stores.reminders.put_off(["1"], NOW + 20 * MINUTE)
    assert await stores.reminders.next_due() == NOW + 9 * MINUTE
    assert await stores.reminders.next_for(IT, [ROOM]) == NOW + 20 * MINUTE
    assert await stores.reminders.next_for(HR, [ROOM]) == NOW + 9 * MINUTE
    await stores.reminders.put_off(["1"], NOW)
    assert await stores.reminders.next_for(IT, [ROOM]) == NOW + 5 * MINUTE
    await stores.reminders.skip(["1", "2"])
    assert await stores.reminders.next_due() is None
    assert await stores.reminders.next_for(CalendarName("none"), [ROOM]) is None


async def test_the_next_one_of_these_recipients(stores: Stores) -> None:
    """What somebody is reminded of by themselves is not the room's."""
    due = {ANNA: 5 * MINUTE, OTHER: 7 * MINUTE, ROOM: 9 * MINUTE}
    await stores.reminders.apply([reminder(one, due[one], recipient=one) for one in due], [])
    assert await stores.reminders.next_for(IT, [ROOM]) == NOW + 9 * MINUTE
    assert await stores.reminders.next_for(IT, [ROOM, OTHER]) == NOW + 7 * MINUTE
    assert await stores.reminders.next_for(IT, []) is None


async def test_the_first_attempt_stands(stores: Stores) -> None:
    await stores.reminders.apply([reminder("1"), reminder("2")], [])
    await stores.reminders.attempt(["1"], "b1", "ABC", NOW)
    await stores.reminders.attempt(["1"], "b2", "DEF", NOW + MINUTE)
    after = await stored(stores)
    assert after["1"] == replace(reminder("1"), batch="b1", tried_since=NOW, device="ABC", attempts=2)
    assert after["2"] == reminder("2")


async def test_a_crash_between_attempt_and_mark(open_database: OpenDatabase) -> None:
    before = Stores(await open_database())
    await before.reminders.apply([reminder("1"), reminder("2")], [])
    await before.reminders.attempt(["1", "2"], "b1", "ABC", NOW)
    await before.reminders.sent(["1"], EventId("$1"), NOW)
    after = Stores(await open_database())
    (due,) = await after.reminders.due_to(ROOM, NOW)
    assert (due.id, due.batch, due.tried_since, due.device) == ("2", "b1", NOW, "ABC")


async def test_forgets_by_the_end_of_the_event(stores: Stores) -> None:
    """One sent 60 days ahead is still known when the event is near, or it would be planned and sent again."""
    early = reminder("early", timedelta(days=-60), start=NOW, end=NOW + timedelta(hours=1))
    over = reminder("over", timedelta(days=-60))
    await stores.reminders.apply([early, over, reminder("ahead")], [])
    await stores.reminders.sent(["early", "over"], EventId("$1"), NOW - timedelta(days=60))
    await stores.reminders.forget_before(NOW - timedelta(days=30))
    assert set(await stored(stores)) == {"early", "ahead"}
