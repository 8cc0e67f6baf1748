"""How much of what there is lies in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from calbot.core.model import CalendarName, RoomId, Uid, UserId
from calbot.core.notices import Hold, Notice, NoticeKind, NoticeState
from calbot.core.reminders import Reminder, ReminderState
from calbot.db.stores import Stores
from calbot.ports import Feed, Waiting

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ROOM = RoomId("!here:example.org")
MINUTE = timedelta(minutes=1)


def reminder(id: str, due: datetime) -> Reminder:
    return Reminder(
        id=id,
        recipient=ROOM,
        calendar=CalendarName("it"),
        uid=Uid(id),
        recurrence_id=None,
        start=due + 15 * MINUTE,
        end=due + 60 * MINUTE,
        lead=900,
        due=due,
        state=ReminderState.WAITING,
    )


async def test_an_empty_database(stores: Stores) -> None:
    stored = await stores.figures.read(NOW)
    assert dict(stored.waiting) == dict.fromkeys(("reminder", "notice", "mail"), Waiting())
    assert (stored.open_polls, stored.feeds) == (0, 0)


async def test_what_is_due_and_what_was_put_off(stores: Stores) -> None:
    dues = {"a": NOW - 9 * MINUTE, "b": NOW - 5 * MINUTE, "c": NOW - 3 * MINUTE, "later": NOW + MINUTE, "sent": NOW}
    await stores.reminders.apply([reminder(id, due) for id, due in dues.items()], [])
    await stores.reminders.put_off(["a"], NOW + MINUTE)
    await stores.reminders.put_off(["b"], NOW - 4 * MINUTE)
    await stores.reminders.skip(["sent"])
    waiting = (await stores.figures.read(NOW)).waiting
    assert waiting["reminder"] == Waiting(ready=2, held=1, since=NOW - 4 * MINUTE)
    assert (await stores.figures.read(NOW + 2 * MINUTE)).waiting["reminder"] == Waiting(
        ready=4, held=0, since=NOW - 4 * MINUTE
    )


async def test_notices(stores: Stores) -> None:
    one = Notice("one", ROOM, NoticeKind.AGENDA, {}, NOW - MINUTE, NOW + 60 * MINUTE, NoticeState.WAITING)
    await stores.notices.add([one, replace(one, key="two", not_before=NOW + MINUTE, hold=Hold.UNAVAILABLE)])
    assert (await stores.figures.read(NOW)).waiting["notice"] == Waiting(ready=1, held=1, since=NOW - MINUTE)


async def test_feeds_are_counted_and_writing_is_tried(stores: Stores) -> None:
    await stores.feeds.save(Feed(UserId("@anna:example.org"), ROOM, "a" * 64, NOW))
    await stores.figures.write(NOW)
    await stores.figures.write(NOW + MINUTE)
    assert (await stores.figures.read(NOW)).feeds == 1
    assert await stores.keeper.get("written") == (NOW + MINUTE).isoformat()
