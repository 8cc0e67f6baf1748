"""Notices are sent once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from calbot.core.model import EventId, RoomId, UserId
from calbot.core.notices import Hold, Notice, NoticeKind
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
ROOM, OTHER, ANNA = RoomId("!a:example.org"), RoomId("!b:example.org"), UserId("@anna:example.org")


def notice(key: str, due: timedelta = timedelta(0), **changes: Any) -> Notice:
    """Due so long after now."""
    values: dict[str, Any] = {"recipient": ROOM, "kind": NoticeKind.CHANGE, "subject": {"calendar": "it"}}
    return Notice(key, due=NOW + due, **values | changes)


async def keys(stores: Stores) -> list[str]:
    return [one.key for one in await stores.notices.waiting([ROOM, OTHER, ANNA])]


async def test_come_back_as_they_were(stores: Stores) -> None:
    full = notice(
        "full",
        recipient=ANNA,
        kind=NoticeKind.AGENDA,
        subject={"day": "2026-11-24", "umlaut": "ä", "number": 1795503600000, "none": None},
        expires=NOW + MINUTE,
        batch="b1",
        tried_since=NOW,
        device="ABC",
        attempts=2,
        not_before=NOW + MINUTE,
        hold=Hold.QUIET,
    )
    await stores.notices.add([full, notice("plain", MINUTE)])
    assert await stores.notices.waiting([ROOM, ANNA]) == [full, notice("plain", MINUTE)]
    assert await stores.notices.waiting([ROOM, ANNA], NoticeKind.AGENDA) == [full]
    assert await stores.notices.waiting([RoomId(f"!{n}:x") for n in range(1200)]) == []


async def test_added_again_in_any_state_nothing_changes(stores: Stores) -> None:
    await stores.notices.add([notice(key) for key in ("waiting", "sent", "dropped")])
    await stores.notices.sent(["sent"], EventId("$1"), NOW)
    await stores.notices.drop(["dropped", "sent"])
    await stores.notices.add([notice(key, 5 * MINUTE) for key in ("waiting", "sent", "dropped")])
    assert await stores.notices.waiting([ROOM]) == [notice("waiting")]


async def test_what_is_due_to_whom(stores: Stores) -> None:
    await stores.notices.add(
        [
            notice("b", -MINUTE),
            notice("a", -2 * MINUTE),
            notice("future", MINUTE),
            notice("settling", -3 * MINUTE, not_before=NOW + MINUTE, hold=Hold.SETTLING),
            notice("quiet", -3 * MINUTE, not_before=NOW + MINUTE, hold=Hold.QUIET),
            notice("failed", -4 * MINUTE, not_before=NOW + MINUTE, hold=Hold.UNREACHABLE),
            notice("hers", recipient=ANNA),
            notice("later", recipient=OTHER, not_before=NOW + MINUTE, hold=Hold.UNAVAILABLE),
        ]
    )
    assert await stores.notices.due_recipients(NOW) == {ROOM: NOW - 2 * MINUTE, ANNA: NOW}
    assert [one.key for one in await stores.notices.due_to(ROOM, NOW)] == ["failed", "a", "b"]
    assert [one.key for one in await stores.notices.due_to(OTHER, NOW)] == ["later"]


async def test_next_due(stores: Stores) -> None:
    assert await stores.notices.next_due() is None
    await stores.notices.add([notice("1", 5 * MINUTE), notice("2", 9 * MINUTE)])
    assert await stores.notices.next_due() == NOW + 5 * MINUTE
    assert await stores.notices.next_due(NOW + 5 * MINUTE) == NOW + 9 * MINUTE
    await stores.notices.put_off(["1"], NOW + 20 * MINUTE, Hold.UNAVAILABLE)
    assert await stores.notices.next_due() == NOW + 9 * MINUTE
    await stores.notices.drop(["1", "2"])
    assert await stores.notices.next_due() is None


async def test_the_first_attempt_stands(stores: Stores) -> None:
    await stores.notices.add([notice("1"), notice("2")])
    await stores.notices.attempt(["1"], "b1", "ABC", NOW)
    await stores.notices.attempt(["1"], "b2", "DEF", NOW + MINUTE)
    one, two = await stores.notices.waiting([ROOM])
    assert one == replace(notice("1"), batch="b1", tried_since=NOW, device="ABC", attempts=2)
    assert two == notice("2")


async def test_a_crash_between_attempt_and_mark(open_database: OpenDatabase) -> None:
    before = Stores(await open_database())
    await before.notices.add([notice("1"), notice("2")])
    await before.notices.attempt(["1", "2"], "b1", "ABC", NOW)
    await before.notices.sent(["1"], EventId("$1"), NOW)
    after = Stores(await open_database())
    (due,) = await after.notices.due_to(ROOM, NOW)
    assert (due.key, due.batch, due.tried_since, due.device) == ("2", "b1", NOW, "ABC")


async def test_a_room_that_is_replaced_takes_along_what_was_not_tried(stores: Stores) -> None:
    await stores.notices.add([notice("1"), notice("tried"), notice("sent")])
    await stores.notices.attempt(["tried"], "b", "D", NOW)
    await stores.notices.sent(["sent"], EventId("$1"), NOW)
    await stores.notices.transfer(ROOM, OTHER)
    assert [one.key for one in await stores.notices.waiting([OTHER])] == ["1"]
    assert [one.key for one in await stores.notices.waiting([ROOM])] == ["tried"]


async def test_whoever_is_to_be_told_nothing_any_more(stores: Stores) -> None:
    await stores.notices.add([notice("1"), notice("2", recipient=OTHER)])
    await stores.notices.withdraw(ROOM)
    assert await keys(stores) == ["2"]


async def test_forgets_what_is_done_with(stores: Stores) -> None:
    old = -timedelta(days=40)
    await stores.notices.add([notice("old", old), notice("waiting", old), notice("new")])
    await stores.notices.sent(["old", "new"], EventId("$1"), NOW)
    await stores.notices.forget_before(NOW - timedelta(days=30))
    await stores.notices.add([notice("old", old), notice("new")])
    assert await keys(stores) == ["old", "waiting"]
