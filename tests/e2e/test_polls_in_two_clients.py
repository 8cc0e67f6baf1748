"""Polls between clients that share no code: matrix-js-sdk, matrix-nio and the bot have to come to the same result.

Jana's client is the library that Element Web runs on, Anna's and Ben's is matrix-nio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from demo.events import POLL_END, POLL_RESPONSE, RoomEvent
from demo.scene import PrepareScene, Scene
from demo.stack import ROOT, Stack

from .interception import Interceptor
from .js_person import Counted, JsPerson
from .node import MISSING, Node, find_node, installed_client
from .test_main_path import open_poll

JoinsWith = Callable[..., Awaitable[JsPerson]]


@dataclass(frozen=True, slots=True)
class Client:
    node: Node
    program: Path


@pytest.fixture(scope="session")
def client() -> Client:
    node = find_node()
    if node is None:
        pytest.skip(MISSING)
    return Client(node, installed_client(node))


@pytest_asyncio.fixture(loop_scope="session")
async def jana_joins(client: Client, stack: Stack) -> AsyncIterator[JoinsWith]:
    """`await jana_joins(scene)`: a member of the scene's room on matrix-js-sdk."""
    async with AsyncExitStack() as clients:

        async def join(scene: Scene, *, homeserver_url: str | None = None) -> JsPerson:
            account = await stack.account(f"jana-{scene.bot.instance}", "Jana Sommer")
            jana = JsPerson(
                client.node, client.program, display_name=account.display_name, log=stack.directory / "js.log"
            )
            clients.push_async_callback(jana.close)
            await jana.login(homeserver_url or stack.homeserver_url, account.name, account.password)
            await stack.homeserver.invite(scene.admin.login, scene.room_id, jana.mxid)
            await jana.join(scene.room_id)
            return jana

        yield join


@pytest_asyncio.fixture(loop_scope="session")
async def jana(jana_joins: JoinsWith, scene: Scene) -> JsPerson:
    return await jana_joins(scene)


def is_result(event: RoomEvent) -> bool:
    return event.kind == "poll_result"


def votes_by_bot(result: RoomEvent) -> list[int]:
    return [option["votes"] for option in result.part["options"]]


async def counted_after_end(jana: JsPerson, poll: RoomEvent) -> Counted:
    await jana.hears(poll.room_id, lambda event: event.type == POLL_END, after=poll.event_id)
    return await jana.counts(poll)


async def closed(scene: Scene) -> RoomEvent:
    await scene.anna.say(scene.room_id, "!meet schließen")
    return await scene.anna.hears(scene.room_id, is_result, timeout=40)


@pytest.mark.parametrize(
    "room",
    [
        pytest.param({"encrypted": True}, id="encrypted"),
        pytest.param({"encrypted": False}, id="plain"),
        pytest.param({"encrypted": True, "room_version": "12"}, id="version 12"),
    ],
)
async def test_a_poll_of_the_bot_has_the_same_result_everywhere(
    stack: Stack, prepared: PrepareScene, jana_joins: JoinsWith, room: dict[str, object]
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared(**room) as scene:
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        jana = await jana_joins(scene)
        poll = await open_poll(scene)
        shown = await jana.sees(scene.room_id, poll.event_id)
        assert shown.was_encrypted is room["encrypted"]
        await jana.vote(shown, 2, 3)
        await scene.ben.vote(await scene.ben.sees(scene.room_id, poll.event_id), 2)
        result = await closed(scene)
        assert result.part["outcome"] == "booked"
        counted = await counted_after_end(jana, shown)
        assert votes_by_bot(result) == counted.totals == [0, 2, 1]
        assert list(counted.voters.values())[1] == tuple(sorted((jana.mxid, scene.ben.mxid)))
        assert counted.ended
        assert counted.unreadable == 0
        (ics,) = (await scene.calendar.objects()).values()
        assert ics.replace("\r\n ", "").count("PARTSTAT=ACCEPTED") == 2
        read = await jana.hears(scene.room_id, is_result, after=poll.event_id)
        assert read.body == result.body


@pytest.mark.parametrize("version", ["11", "12"])
async def test_a_poll_made_in_an_element_client_is_booked_when_its_creator_ends_it(
    stack: Stack, prepared: PrepareScene, jana_joins: JoinsWith, version: str
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared(room_version=version) as scene:
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        jana = await jana_joins(scene)
        room = scene.room_id
        poll_id = await jana.poll(room, "Teamessen", "übermorgen 12 Uhr", "übermorgen 13 Uhr")
        poll = await jana.sees(room, poll_id)
        await jana.reply(room, poll_id, "!meet termin")
        attached = await jana.hears(room, lambda event: event.kind in {"poll", "error"})
        assert attached.kind == "poll", attached.body
        await scene.ben.vote(await scene.ben.sees(room, poll_id), 2)
        await jana.vote(poll, 2)
        await scene.ben.end_poll(poll)  # not his, and he may not redact: ignored
        await scene.anna.vote(await scene.anna.sees(room, poll_id), 1)
        await jana.end_poll(poll)
        result = await jana.hears(room, is_result)
        assert result.part["outcome"] == "booked"
        assert "13:00" in result.body
        counted = await jana.counts(poll)
        assert votes_by_bot(result) == counted.totals == [1, 2]
        assert counted.ended
        assert len(await scene.calendar.objects()) == 1


async def test_the_creator_of_a_room_of_version_12_may_end_any_poll(
    stack: Stack, prepared: PrepareScene, jana_joins: JoinsWith
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared(room_version="12") as scene:
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        jana = await jana_joins(scene)
        poll = await open_poll(scene)
        await jana.vote(await jana.sees(scene.room_id, poll.event_id), 3)
        await scene.admin.end_poll(await scene.admin.sees(scene.room_id, poll.event_id))
        result = await jana.hears(scene.room_id, is_result)
        assert result.part["outcome"] == "booked"
        counted = await jana.counts(poll)
        assert votes_by_bot(result) == counted.totals == [0, 0, 1]
        assert counted.ended


async def test_changed_and_redacted_votes_count_as_clients_show_them(scene: Scene, jana: JsPerson) -> None:
    poll = await open_poll(scene)
    shown = await jana.sees(scene.room_id, poll.event_id)
    await jana.vote(shown, 1)
    await jana.vote(shown, 2)  # changed
    await scene.ben.vote(poll, 2)
    mistake = await scene.ben.vote(poll, 1)
    await scene.ben.redact(scene.room_id, mistake)  # uncovers the first
    await scene.anna.vote(poll, 3)
    await scene.anna.vote(poll)  # withdrawn
    result = await closed(scene)
    counted = await counted_after_end(jana, shown)
    assert votes_by_bot(result) == counted.totals == [0, 2, 0]


async def test_votes_and_end_while_the_bot_is_down_count(scene: Scene, stack: Stack, jana: JsPerson) -> None:
    room = scene.room_id
    poll_id = await jana.poll(room, "Klausur", "übermorgen 9 Uhr", "übermorgen 14 Uhr")
    poll = await jana.sees(room, poll_id)
    await jana.reply(room, poll_id, "!meet termin")
    await jana.hears(room, lambda event: event.kind == "poll")
    await stack.maubot.stop()
    await jana.vote(poll, 2)
    await scene.ben.vote(await scene.ben.sees(room, poll_id), 2)
    await jana.end_poll(poll)
    await scene.anna.vote(await scene.anna.sees(room, poll_id), 1)  # too late
    await stack.maubot.start()
    result = await jana.hears(room, is_result, timeout=40)
    counted = await jana.counts(poll)
    assert votes_by_bot(result) == counted.totals == [0, 2]
    assert len(await scene.calendar.objects()) == 1


@pytest.mark.parametrize("in_time", [True, False], ids=["before closing", "never"])
async def test_a_vote_whose_key_comes_late_is_counted_or_named(
    scene: Scene, stack: Stack, jana_joins: JoinsWith, *, in_time: bool
) -> None:
    async with Interceptor(stack.homeserver_url) as between:
        jana = await jana_joins(scene, homeserver_url=between.url)
        keys = between.deliver_late(r"/sendToDevice/m\.room\.encrypted/")
        poll = await open_poll(scene)
        await scene.ben.vote(poll, 1)
        vote = await jana.vote(await jana.sees(scene.room_id, poll.event_id), 2)
        assert not (await scene.anna.sees(scene.room_id, vote)).readable  # nobody has the key yet
        if in_time:
            keys.set()
            await scene.anna.hears(scene.room_id, lambda event: event.type == POLL_RESPONSE and event.event_id == vote)
        result = await closed(scene)
        assert votes_by_bot(result) == ([1, 1, 0] if in_time else [1, 0, 0])
        assert ("entschlüsseln" in result.body) is not in_time
        assert in_time or "Jana Sommer" in result.body
        assert (await counted_after_end(jana, poll)).totals == [1, 1, 0]
