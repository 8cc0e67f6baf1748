"""What came in is there until it is finished."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import CalendarName, Details, EventId, Href, Occurrence, RecurrenceId, RoomId, Timed, Uid, UserId
from calbot.db.stores import Stores
from calbot.ports import InboxState, Incoming
from tests.conftest import OpenDatabase


def raw(id: str, at: Any = 1000, **content: Any) -> dict[str, Any]:
    return {
        "event_id": id,
        "room_id": "!r:example.org",
        "sender": "@anna:example.org",
        "origin_server_ts": at,
        "type": "m.room.message",
        "content": content,
    }


def ids(events: Any) -> list[str]:
    return [event.event_id for event in events]


async def test_accepts_what_is_new_together_with_the_token(stores: Stores) -> None:
    assert await stores.inbox.token() is None
    first = await stores.inbox.accept([raw("$a", body="ä"), raw("$b")], "s1")
    assert first == [
        Incoming(EventId("$a"), RoomId("!r:example.org"), UserId("@anna:example.org"), 1000, 1, raw("$a", body="ä")),
        Incoming(EventId("$b"), RoomId("!r:example.org"), UserId("@anna:example.org"), 1000, 2, raw("$b")),
    ]
    assert ids(await stores.inbox.accept([raw("$b"), raw("$c"), raw("$c")], "s2")) == ["$c"]
    assert await stores.inbox.token() == "s2"
    assert ids(await stores.inbox.unfinished()) == ["$a", "$b", "$c"]
    assert await stores.inbox.get(EventId("$a")) == first[0]
    assert await stores.inbox.get(EventId("$x")) is None


async def test_a_token_alone_and_events_without_one(stores: Stores) -> None:
    await stores.inbox.accept([], "s1")
    assert await stores.inbox.token() == "s1"
    await stores.inbox.accept([raw("$a")], None)
    assert await stores.inbox.token() == "s1"
    assert ids(await stores.inbox.unfinished()) == ["$a"]


async def test_token_and_events_go_in_together_or_not_at_all(stores: Stores) -> None:
    await stores.inbox.accept([raw("$a")], "s1")

    async def fail() -> None:
        async with stores.transaction():
            await stores.inbox.accept([raw("$b")], "s2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await stores.inbox.token() == "s1"
    assert ids(await stores.inbox.accept([raw("$b")], "s2")) == ["$b"]


@pytest.mark.parametrize(
    ("at", "read"), [(2**70, 2**53 - 1), (-5, 0), ("soon", 0), (None, 0), (1.5, 0), (1795000000000, 1795000000000)]
)
async def test_nonsense_times_cannot_stop_the_intake(stores: Stores, at: Any, read: int) -> None:
    accepted = await stores.inbox.accept([raw("$a", at)], "s1")
    assert [event.at for event in accepted] == [read]


@pytest.mark.parametrize("key", ["event_id", "room_id", "sender"])
@pytest.mark.parametrize("value", [None, 3, "", {}])
async def test_events_without_ids_are_left_out(stores: Stores, key: str, value: Any) -> None:
    assert ids(await stores.inbox.accept([{**raw("$bad"), key: value}, raw("$good")], "s1")) == ["$good"]


async def test_positions_grow_for_ever(stores: Stores) -> None:
    await stores.inbox.accept([raw("$a"), raw("$b")], "s1")
    await stores.inbox.drop([EventId("$a"), EventId("$b")])
    (third,) = await stores.inbox.accept([raw("$c")], "s2")
    assert third.position == 3


async def test_a_large_catch_up(stores: Stores) -> None:
    events = [raw(f"${n}") for n in range(1200)]
    await stores.inbox.accept(events[:600], "s1")
    accepted = await stores.inbox.accept(events, "s2")
    assert ids(accepted) == [f"${n}" for n in range(600, 1200)]
    assert ids(await stores.inbox.unfinished()) == [f"${n}" for n in range(1200)]


async def test_from_new_through_running_to_done(stores: Stores) -> None:
    await stores.inbox.accept([raw("$a"), raw("$b")], "s1")
    readable = raw("$a", body="!meet neu geheim")
    await stores.inbox.start(EventId("$a"), readable, [("when", 2), ("move_series", 1)])
    running = await stores.inbox.get(EventId("$a"))
    assert running is not None
    assert (running.state, running.raw, running.position) == (InboxState.RUNNING, readable, 1)
    assert running.picks == (("when", 2), ("move_series", 1))
    assert ids(await stores.inbox.unfinished()) == ["$a", "$b"]

    await stores.inbox.finish(EventId("$a"))
    done = await stores.inbox.get(EventId("$a"))
    assert done is not None
    assert (done.state, done.raw, done.picks) == (InboxState.DONE, {}, ())
    assert ids(await stores.inbox.unfinished()) == ["$b"]
    assert await stores.inbox.accept([raw("$a")], "s2") == []


async def test_what_a_running_command_changes_is_kept_until_it_is_done(stores: Stores) -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    before = Occurrence(
        CalendarName("it-team"),
        Href("/a.ics"),
        Uid("u"),
        RecurrenceId("20261124T110000Z"),
        Timed(start, start + timedelta(hours=1)),
        Details(title="Jour fixe"),
    )
    await stores.inbox.accept([raw("$a"), raw("$new")], "s1")
    await stores.inbox.start(EventId("$a"), raw("$a"))
    await stores.inbox.note(EventId("$a"), before)
    await stores.inbox.note(EventId("$new"), before)
    await stores.inbox.start(EventId("$a"), raw("$a"))
    assert [event.before for event in await stores.inbox.unfinished()] == [before, None]
    await stores.inbox.finish(EventId("$a"))
    done = await stores.inbox.get(EventId("$a"))
    assert done is not None
    assert done.before is None


async def test_a_finished_command_runs_again_with_an_answer(stores: Stores) -> None:
    await stores.inbox.accept([raw("$a")], "s1")
    await stores.inbox.start(EventId("$a"), raw("$a"))
    await stores.inbox.finish(EventId("$a"))
    await stores.inbox.start(EventId("$a"), raw("$a"), [("when", 1)])
    again = await stores.inbox.get(EventId("$a"))
    assert again is not None
    assert (again.state, again.picks, again.raw) == (InboxState.RUNNING, (("when", 1),), raw("$a"))


async def test_a_forgotten_command_runs_again_too(stores: Stores) -> None:
    await stores.inbox.accept([raw("$other")], "s1")
    await stores.inbox.start(EventId("$a"), raw("$a", 77), [("when", 1)])
    again = await stores.inbox.get(EventId("$a"))
    assert again is not None
    assert (again.state, again.at, again.position) == (InboxState.RUNNING, 77, 2)


async def test_postpone_counts_tries_of_new_events_only(stores: Stores) -> None:
    await stores.inbox.accept([raw("$a")], "s1")
    assert await stores.inbox.postpone(EventId("$a")) == 1
    assert await stores.inbox.postpone(EventId("$a")) == 2
    await stores.inbox.start(EventId("$a"), raw("$a"))
    assert await stores.inbox.postpone(EventId("$a")) == 0
    assert await stores.inbox.postpone(EventId("$unknown")) == 0


async def test_forgets_old_finished_ones_only(stores: Stores) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    old, recent = (int((now - timedelta(days=days)).timestamp() * 1000) for days in (10, 1))
    await stores.inbox.accept([raw("$old", old), raw("$open", old), raw("$recent", recent)], "s1")
    await stores.inbox.finish(EventId("$old"))
    await stores.inbox.finish(EventId("$recent"))
    await stores.inbox.forget_before(now - timedelta(days=7))
    assert await stores.inbox.get(EventId("$old")) is None
    assert await stores.inbox.get(EventId("$open")) is not None
    assert await stores.inbox.get(EventId("$recent")) is not None


async def test_everything_is_there_after_a_crash(open_database: OpenDatabase) -> None:
    before = Stores(await open_database())
    await before.inbox.accept([raw("$a"), raw("$b")], "s1")
    await before.inbox.start(EventId("$a"), raw("$a", body="x"), [("when", 3)])
    after = Stores(await open_database())
    assert await after.inbox.token() == "s1"
    assert [(event.event_id, event.state, event.picks) for event in await after.inbox.unfinished()] == [
        ("$a", InboxState.RUNNING, (("when", 3),)),
        ("$b", InboxState.NEW, ()),
    ]


async def test_edits_and_redactions_are_found_by_their_message(stores: Stores) -> None:
    """Both name it in clear, also where what they say is encrypted."""
    replacing = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}}
    edit = {**raw("$edit", ciphertext="…", **replacing), "type": "m.room.encrypted"}
    old_redaction = {**raw("$r1"), "type": "m.room.redaction", "redacts": "$a"}
    redaction = {**raw("$r2", redacts="$a"), "type": "m.room.redaction"}
    others = [
        raw("$b", **{"m.relates_to": {"rel_type": "m.thread", "event_id": "$a"}}),
        {**raw("$c"), "type": "m.room.redaction", "redacts": 7},
        {**raw("$d"), "type": "m.room.redaction", "content": None},
    ]
    await stores.inbox.accept([raw("$a"), edit, old_redaction, redaction, *others], "s1")
    about = await stores.inbox.about(EventId("$a"))
    assert ids(about) == ["$a", "$edit", "$r1", "$r2"]
    assert [one.changes for one in about] == [None, "$a", "$a", "$a"]
    assert ids(await stores.inbox.about(EventId("$x"))) == []


async def test_an_edit_that_runs_is_still_one(stores: Stores) -> None:
    await stores.inbox.accept([raw("$edit", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}})], "s1")
    await stores.inbox.start(EventId("$edit"), raw("$edit", body="!meet list"))
    (running,) = await stores.inbox.about(EventId("$a"))
    assert (running.state, running.changes, running.raw["content"]) == (
        InboxState.RUNNING,
        "$a",
        {"body": "!meet list"},
    )


@pytest.mark.parametrize("wrote", [True, False])
async def test_whether_anything_was_changed_is_kept(stores: Stores, wrote: bool) -> None:
    await stores.inbox.accept([raw("$a")], "s1")
    await stores.inbox.start(EventId("$a"), raw("$a"))
    await stores.inbox.finish(EventId("$a"), wrote=wrote)
    (done,) = await stores.inbox.about(EventId("$a"))
    assert (done.state, done.wrote) == (InboxState.DONE, wrote)
