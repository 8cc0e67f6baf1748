"""What may be taken back is found again as it was, once, and by whom it belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import (
    CalendarName,
    Details,
    EventId,
    Href,
    Occurrence,
    PartStat,
    RecurrenceId,
    RoomId,
    Timed,
    Uid,
    UserId,
)
from calbot.core.undo import (
    Act,
    Answered,
    Booked,
    Cancelled,
    Deed,
    Edited,
    Imported,
    Made,
    Moved,
    Rebooked,
    Second,
    TakenOut,
    Undoable,
)
from calbot.db.stores import Stores
from calbot.db.undo import decode_act, encode_act

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
EARLIER = NOW - timedelta(minutes=10)
ROOM, OTHER = RoomId("!a:example.org"), RoomId("!b:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
TEAM = CalendarName("it-team")
START = datetime(2026, 12, 1, 14, tzinfo=ZoneInfo("Europe/Berlin"))
WHEN = Timed(START, START + timedelta(hours=1))
OLD = Occurrence(TEAM, Href("/x.ics"), Uid("u"), RecurrenceId("20261201T130000Z"), WHEN, Details(title="Runde"))
UNDO, AGAIN = EventId("$undo"), EventId("$again")


def change(key: str, act: Act | None = None, *, room: RoomId = ROOM, person: UserId = ANNA) -> Undoable:
    return Undoable(key, room, person, TEAM, Uid("u"), Href("/u.ics"), act or Made(), NOW)


async def did(stores: Stores, *changes: Undoable, at: datetime = NOW) -> None:
    for one in changes:
        await stores.undo.begin(one)
        await stores.undo.done(one.key, at)


@pytest.mark.parametrize(
    "act",
    [
        Answered(None, PartStat.DECLINED, ((None, None),)),
        Answered(OLD.recurrence_id, PartStat.ACCEPTED, ((None, PartStat.NEEDS_ACTION), (OLD.recurrence_id, None))),
        Made("mark"),
        Imported((Second(Uid("u"), Href("/u.ics"), "mark"), Second(Uid("v"), Href("/v.ics")))),
        Moved(OLD, Timed(START + timedelta(days=1), START + timedelta(days=1, hours=1)), whole=True),
        Cancelled(OLD, "BEGIN:VCALENDAR\r\n", whole=False),
        TakenOut(OLD, ""),
        Edited(Deed.CHANGED, OLD, "BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n", whole=True),
        Edited(Deed.MOVED, OLD, "", "", second=Second(Uid("v"), Href("/v.ics"), "mark")),
        Booked("poll", "mark"),
        Rebooked("poll", "option-2", "option-3"),
    ],
)
def test_each_act_survives(act: Act) -> None:
    assert decode_act(encode_act(act)) == act


async def test_the_last_thing_done_comes_first_then_the_one_before(stores: Stores) -> None:
    first, second = change("first"), change("second", Rebooked("p", "o", "q"))
    await did(stores, first, second)
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) == second
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) == second  # the same command again
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, AGAIN) == first
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, EventId("$third")) is None


async def test_what_was_done_in_a_room_can_be_taken_back_in_the_one_that_replaces_it(stores: Stores) -> None:
    """Polls end with their room."""
    await did(stores, change("moved"), change("booked", Booked("p")), change("others", room=OTHER))
    new = RoomId("!new:example.org")
    await stores.undo.transfer(ROOM, new)
    assert await stores.undo.claim(new, ANNA, EARLIER, UNDO) == change("moved", room=new)
    assert await stores.undo.claim(new, ANNA, EARLIER, AGAIN) is None
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, AGAIN) == change("booked", Booked("p"))


async def test_what_is_given_back_is_taken_again(stores: Stores) -> None:
    await did(stores, change("first"))
    await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO)
    await stores.undo.give_back(UNDO)
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, AGAIN) == change("first")


async def test_what_was_begun_is_known_by_its_key(stores: Stores) -> None:
    await stores.undo.begin(change("first"))
    assert await stores.undo.get("first") == change("first")
    assert await stores.undo.get("other") is None


async def test_what_was_only_begun_is_not_taken_back(stores: Stores) -> None:
    await stores.undo.begin(change("first"))
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) is None


async def test_a_repeat_changes_neither_what_was_recorded_nor_when(stores: Stores) -> None:
    await did(stores, change("first", Made("mark")))
    await stores.undo.begin(change("first", Made("other")))
    await stores.undo.done("first", NOW + timedelta(hours=1))
    assert await stores.undo.claim(ROOM, ANNA, NOW, UNDO) == change("first", Made("mark"))


async def test_what_was_taken_back_is_not_done_again_by_a_repeat(stores: Stores) -> None:
    await did(stores, change("first", Made("mark")))
    await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO)
    await stores.undo.done("first", NOW, Made("other"))
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) == change("first", Made("mark"))


async def test_what_was_made_is_completed_when_it_is_done(stores: Stores) -> None:
    await stores.undo.begin(change("first"))
    await stores.undo.done("first", NOW, Made("mark"))
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) == change("first", Made("mark"))


@pytest.mark.parametrize(
    ("room", "person", "since"),
    [(OTHER, ANNA, EARLIER), (ROOM, BEN, EARLIER), (ROOM, ANNA, NOW + timedelta(seconds=1))],
)
async def test_only_what_that_person_did_here_of_late(
    stores: Stores, room: RoomId, person: UserId, since: datetime
) -> None:
    await did(stores, change("first"))
    assert await stores.undo.claim(room, person, since, UNDO) is None


async def test_an_event_written_back_is_meant_under_its_new_name(stores: Stores) -> None:
    await did(stores, change("first"))
    await stores.undo.rename(TEAM, Uid("u"), Uid("v"), Href("/v.ics"))
    claimed = await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO)
    assert claimed is not None
    assert (claimed.uid, claimed.href) == ("v", "/v.ics")


async def test_forgotten_in_time(stores: Stores) -> None:
    await did(stores, change("first"))
    await stores.undo.forget_before(NOW)
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) is not None
    await stores.undo.forget_before(NOW + timedelta(milliseconds=1))
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, AGAIN) is None


async def test_nothing_is_left_of_a_calendar_that_is_forgotten(stores: Stores) -> None:
    other = replace(change("other"), calendar=CalendarName("other"))
    await did(stores, other, change("first"))
    await stores.undo.forget(TEAM)
    assert await stores.undo.claim(ROOM, ANNA, EARLIER, UNDO) == other


async def test_whether_something_was_begun(stores: Stores) -> None:
    assert not await stores.undo.began("$command")
    await stores.undo.begin(change("$command"))
    assert await stores.undo.began("$command")
