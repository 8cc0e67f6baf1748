"""Nothing that came in is lost or handed on twice, whatever happens, and every room keeps its order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from mautrix.client import InternalEventType, MemorySyncStore
from mautrix.errors import MUnknownToken
from mautrix.types import SyncToken

from calbot.core.model import EventId, RoomId, UserId
from calbot.db.stores import Stores
from calbot.matrix.delivery import Unread, Waits
from calbot.matrix.syncing import SyncOwner, SyncSetup
from calbot.matrix.timeline import Invitation
from calbot.ports import InboxState, Incoming
from tests.fakes.clock import FakeClock

from .sync_world import ANNA, BEN, BOT, ROOM, Bot, Raw, Script, ServerRow, bot, response

MakeBot = Callable[..., Bot]


@pytest.fixture
async def make_bot(stores: Stores, clock: FakeClock) -> AsyncIterator[MakeBot]:
    """Bots on the same database, one after the other as if restarted; closed at the end."""
    made: list[Bot] = []
    async with aiohttp.ClientSession() as session:

        def make(store: ServerRow | None = None, **options: Any) -> Bot:
            made.append(bot(session, store or ServerRow(sync=False), stores.inbox, clock, **options))
            return made[-1]

        yield make
        for one in made:
            await one.intake.close()
    assert {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("calbot")} == set()


@pytest.fixture
def script(clock: FakeClock) -> Script:
    return Script(clock)


async def test_hands_on_in_order_and_forgets_what_is_not_for_it(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    bot = make_bot(ServerRow("s0", sync=False))
    await bot.intake.start()
    await bot.client.responses.put(
        response(
            "s1",
            script.said("$1"),
            script.said("$2", "Mahlzeit!"),
            script.said("$own", sender=BOT),
            script.said("$3"),
        )
    )
    await bot.diary.until(lambda: len(bot.diary.events) == 3)
    await bot.intake.close()
    assert bot.diary.ids == ["$1", "$2", "$3"]
    states = [await stores.inbox.get(EventId(id)) for id in ("$1", "$2", "$3", "$own")]
    assert [known and known.state for known in states] == [InboxState.DONE, None, InboxState.DONE, None]


async def test_after_a_crash_the_server_is_asked_from_before_the_last_response(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    row = ServerRow("s0", sync=False)
    first = make_bot(row)
    await first.intake.start()
    await first.client.responses.put(response("s1", script.said("$1")))
    await first.client.responses.put(response("s2", script.said("$2")))
    await first.diary.until(lambda: len(first.diary.events) == 2)
    await first.client.asked(3)
    assert first.client.asked_from == ["s0", "s1", "s2"]
    assert await row.get_next_batch() == "s2"
    assert await stores.inbox.token() == "s1"
    await first.intake.close()

    second = make_bot(row)
    await second.intake.start()
    await second.client.responses.put(response("s3", script.said("$2"), script.said("$3")))
    await second.diary.until(lambda: bool(second.diary.events))
    assert second.client.asked_from[0] == "s1"
    assert second.diary.ids == ["$3"]


async def test_what_was_not_finished_comes_first(make_bot: MakeBot, script: Script, stores: Stores) -> None:
    left: Sequence[Incoming] = await stores.inbox.accept(
        [{**script.said("$1"), "room_id": ROOM}, {**script.said("$2"), "room_id": ROOM}], "s0"
    )
    await stores.inbox.start(EventId("$2"), left[1].raw, picks=[("when", 1)])
    bot = make_bot()
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.said("$2"), script.said("$3")))
    await bot.diary.until(lambda: len(bot.diary.events) == 3)
    assert bot.diary.ids == ["$1", "$2", "$3"]


async def test_keys_are_taken_in_their_order_before_the_events_they_open(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot()
    await bot.intake.start()
    encrypted = [script.encrypted(f"${number}", f"k{number}") for number in range(20)]
    keys = tuple(f"k{number}" for number in range(20))
    await bot.client.responses.put(response("s1", *encrypted, keys=keys))
    await bot.diary.until(lambda: len(bot.diary.events) == 20)
    assert bot.client.plain_crypto is not None
    assert bot.client.plain_crypto.taken == list(keys)
    assert bot.diary.ids == [f"${number}" for number in range(20)]
    assert bot.diary.events[0].content["body"] == "!meet k0"


async def test_a_late_key_delays_one_message_and_not_the_room(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    bot = make_bot()
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.encrypted("$late", "k"), script.said("$next", sender=BEN)))
    await bot.diary.until(lambda: bot.diary.ids == ["$next"])
    await bot.diary.until(lambda: bot.diary.unreadable == [("$late", Unread.NO_KEY)])
    await bot.client.responses.put(response("s2", keys=("k",)))
    await bot.diary.until(lambda: bot.diary.ids == ["$next", "$late"])
    await bot.intake.close()
    assert await stores.inbox.unfinished() == []


async def test_a_key_that_comes_within_moments_keeps_the_order(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot(waits=Waits())
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.encrypted("$1", "k"), script.said("$2")))
    await bot.client.responses.put(response("s2", keys=("k",)))
    await bot.diary.until(lambda: len(bot.diary.events) == 2)
    assert bot.diary.ids == ["$1", "$2"]


async def test_who_never_gives_keys_holds_up_nobody_twice(make_bot: MakeBot, script: Script) -> None:
    waits = Waits(first=timedelta(seconds=0.3), telling=timedelta(minutes=1))
    bot = make_bot(waits=waits)
    await bot.intake.start()
    hostile = [script.encrypted(f"$x{number}", f"none{number}") for number in range(300)]
    began = asyncio.get_running_loop().time()
    await bot.client.responses.put(response("s1", *hostile, script.said("$next", sender=BEN)))
    await bot.diary.until(lambda: bot.diary.ids == ["$next"])
    assert asyncio.get_running_loop().time() - began < 3


async def test_a_key_that_never_comes_is_given_up(
    make_bot: MakeBot, script: Script, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Waits(timedelta(seconds=0.01), timedelta(seconds=0.02), timedelta(seconds=0.05))
    bot = make_bot(waits=waits)
    drop, dropped = stores.inbox.drop, asyncio.Event()

    async def drop_and_tell(ids: Sequence[EventId]) -> None:
        await drop(ids)
        if not await stores.inbox.unfinished():
            dropped.set()

    monkeypatch.setattr(stores.inbox, "drop", drop_and_tell)
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.encrypted("$never", "k"), script.encrypted("$more", "k")))
    await asyncio.wait_for(dropped.wait(), 5)
    assert bot.diary.unreadable == [("$never", Unread.NO_KEY)]


async def test_without_encryption_people_are_told(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot(crypto=False)
    await bot.intake.start()
    await bot.client.responses.put(
        response("s1", script.encrypted("$old", "k", ago=timedelta(hours=1)), script.encrypted("$new", "k"))
    )
    await bot.diary.until(lambda: bool(bot.diary.unreadable))
    assert bot.diary.unreadable == [("$new", Unread.NO_CRYPTO)]


async def test_what_is_no_proper_event_is_broken_and_ends_nothing(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot()
    await bot.intake.start()
    broken = script.encrypted("$broken", "k")
    broken["content"]["ciphertext"] = "[]"
    olm = script.event("$olm", "m.room.encrypted", {"algorithm": "m.olm.v1.curve25519-aes-sha2", "ciphertext": {}})
    await bot.client.responses.put(response("s1", broken, olm, script.said("$next"), keys=("k",)))
    await bot.diary.until(lambda: bot.diary.ids == ["$next"])
    assert bot.diary.unreadable == [("$broken", Unread.BROKEN), ("$olm", Unread.BROKEN)]


async def test_a_gap_is_filled_back_to_where_it_was_seen(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot(ServerRow("s0", sync=False))
    pages = {
        "p2": {"chunk": [script.said("$4"), script.said("$3")], "end": "p1"},
        "p1": {
            "chunk": [script.said("$2", ago=timedelta(hours=2)), script.said("$1", ago=timedelta(days=3))],
            "end": "p0",
        },
    }
    asked: list[Mapping[str, str]] = []

    def page(query: Mapping[str, str]) -> Raw:
        asked.append(query)
        return pages[query["from"]]

    bot.server.answers.append(("/messages", page))
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.said("$5"), limited=True, prev_batch="p2"))
    await bot.diary.until(lambda: len(bot.diary.events) == 4)
    assert bot.diary.ids == ["$2", "$3", "$4", "$5"]
    assert [(query["from"], query["to"]) for query in asked] == [("p2", "s0"), ("p1", "s0")]


async def test_the_first_sync_of_all_does_not_wake_the_past(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot()
    await bot.intake.start()
    old, new = script.said("$old", ago=timedelta(days=1)), script.said("$new")
    await bot.client.responses.put(response("s1", old, new, limited=True, prev_batch="p"))
    await bot.diary.until(lambda: bool(bot.diary.events))
    assert bot.client.asked_from[0] is None
    assert bot.diary.ids == ["$new"]


async def test_the_next_request_waits_until_everything_is_recorded(
    make_bot: MakeBot, script: Script, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = make_bot(ServerRow("s0", sync=False))
    await bot.intake.start()
    await bot.client.asked(1)
    works, failures = stores.inbox.accept, 2

    async def accept(events: Sequence[Mapping[str, Any]], token: str | None) -> Sequence[Incoming]:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError("disk full")
        assert bot.client.asked_from == ["s0"]
        return await works(events, token)

    monkeypatch.setattr(stores.inbox, "accept", accept)
    monkeypatch.setattr("calbot.matrix.intake._FIRST_PAUSE", 0.01)
    await bot.client.responses.put(response("s1", script.said("$1")))
    await bot.diary.until(lambda: bot.diary.ids == ["$1"])
    await bot.client.asked(2)
    assert failures == 0


async def test_rooms_do_not_wait_for_each_other(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot()
    bot.diary.hold = asyncio.Event()
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.said("$1"), script.said("$2")))
    await bot.client.responses.put(response("s2", script.said("$other"), room="!other:example.org"))
    await bot.diary.until(lambda: len(bot.diary.events) == 2)
    assert bot.diary.ids == ["$1", "$other"]
    bot.diary.hold.set()
    await bot.diary.until(lambda: bot.diary.ids == ["$1", "$other", "$2"])


async def test_a_failing_listener_ends_nothing(
    make_bot: MakeBot, script: Script, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_bot()

    def acts(event: Any) -> bool:
        if event.id == "$1":
            raise ZeroDivisionError
        return True

    bot.diary.acts = acts
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.said("$1"), script.said("$2")))
    await bot.diary.until(lambda: len(bot.diary.events) == 2)
    await bot.intake.close()
    assert [incoming.event_id for incoming in await stores.inbox.unfinished()] == ["$1"]
    assert "An event could not be worked on" in caplog.text


async def test_closing_lets_what_is_being_done_end_and_leaves_the_rest(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    bot = make_bot()
    bot.diary.hold = asyncio.Event()
    await bot.intake.start()
    await bot.client.responses.put(response("s1", script.said("$1"), script.said("$2")))
    await bot.diary.until(lambda: bot.diary.ids == ["$1"])
    closing = asyncio.create_task(bot.intake.close())
    await asyncio.sleep(0)
    bot.diary.hold.set()
    await closing
    assert bot.diary.ids == ["$1"]
    assert [incoming.event_id for incoming in await stores.inbox.unfinished()] == ["$2"]
    assert not bot.intake.setup().running
    assert bot.client.event_handlers == {}


async def test_invitations_and_goodbyes(make_bot: MakeBot) -> None:
    bot = make_bot()

    def invitation(sender: str) -> Raw:
        member = {"type": "m.room.member", "state_key": BOT, "sender": sender, "content": {"membership": "invite"}}
        return {"invite_state": {"events": [member]}}

    waiting = {"next_batch": "x", "rooms": {"invite": {"!waiting:example.org": invitation(ANNA)}}}
    bot.server.answers.append(("/v3/sync", lambda _: waiting))
    await bot.intake.start()
    await bot.diary.until(lambda: len(bot.diary.invitations) == 1)
    new = {"invite": {"!new:example.org": invitation(BEN)}, "leave": {ROOM: {}}}
    await bot.client.responses.put({"next_batch": "s1", "rooms": new})
    await bot.diary.until(lambda: len(bot.diary.invitations) == 2 and bool(bot.diary.left))
    assert bot.diary.invitations == [
        Invitation(RoomId("!waiting:example.org"), UserId(ANNA), direct=False),
        Invitation(RoomId("!new:example.org"), UserId(BEN), direct=False),
    ]
    assert bot.diary.left == [ROOM]


async def test_where_maubot_syncs_it_listens_and_asks_for_what_it_missed(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    await stores.inbox.accept([], "s1")
    row = ServerRow("s5", sync=True, autojoin=True)
    bot = make_bot(row)
    asked: list[Mapping[str, str]] = []

    def missed(query: Mapping[str, str]) -> Raw:
        asked.append(query)
        return response("s5", script.said("$missed")) if "since" in query else {"next_batch": "x"}

    bot.server.answers.append(("/v3/sync", missed))
    bot.server.failures = 1
    theirs = bot.client.start(None)
    await bot.intake.start()
    await bot.client.responses.put(response("s6", script.said("$now")))
    await bot.diary.until(lambda: len(bot.diary.events) == 2)
    assert bot.diary.ids == ["$missed", "$now"]
    assert (asked[0]["since"], asked[0]["filter"]) == ("s1", "7")
    assert await stores.inbox.token() == "s5"
    assert bot.intake.setup() == SyncSetup(SyncOwner.FOREIGN, running=True, autojoin=True)
    await bot.intake.close()
    assert not theirs.done()
    bot.client.stop()
    await theirs


async def test_where_nobody_syncs_it_does(make_bot: MakeBot) -> None:
    bot = make_bot(ServerRow("s0", sync=False))
    bot.client.ignore_first_sync = bot.client.ignore_initial_sync = True
    await bot.intake.start()
    await bot.client.asked(1)
    assert bot.intake.setup() == SyncSetup(SyncOwner.OWN, running=True, autojoin=False)
    assert (bot.client.ignore_first_sync, bot.client.ignore_initial_sync) == (False, False)


async def test_it_goes_on_with_the_sync_that_another_instance_ran(make_bot: MakeBot, script: Script) -> None:
    bot = make_bot(ServerRow("s0", sync=False))
    other = bot.client.start(None)
    await bot.intake.start()
    await bot.diary.until(lambda: True)
    await bot.client.asked(1)
    bot.client.stop()
    await other
    await bot.client.asked(2)
    await bot.client.responses.put(response("s1", script.said("$1")))
    await bot.diary.until(lambda: bot.diary.ids == ["$1"])
    assert bot.intake.setup().running


async def test_in_standalone_mode_it_takes_the_running_sync_over(
    make_bot: MakeBot, script: Script, stores: Stores
) -> None:
    await stores.inbox.accept([], "s1")
    bot = make_bot(MemorySyncStore(SyncToken("s5")))
    running = bot.client.start(None)
    await bot.client.asked(1)
    await bot.intake.start()
    await bot.client.asked(2)
    assert running.done()
    assert bot.client.asked_from == ["s5", "s1"]
    assert bot.intake.setup() == SyncSetup(SyncOwner.OWN, running=True, autojoin=None)


async def test_a_sync_that_ends_by_itself_is_reported(
    make_bot: MakeBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = make_bot()

    ended = asyncio.Event()

    async def note_end(_: Any) -> None:
        ended.set()

    bot.client.add_event_handler(InternalEventType.SYNC_STOPPED, note_end)

    async def refused(**_: Any) -> Raw:
        raise MUnknownToken(401, "Token is not active")

    monkeypatch.setattr(bot.client, "sync", refused)
    with caplog.at_level(logging.ERROR, "tests.intake"):
        await bot.intake.start()
        await asyncio.wait_for(ended.wait(), 5)
    assert "nothing comes in any more" in caplog.text
    assert not bot.intake.setup().running
