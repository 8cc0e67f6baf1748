"""The servers and clients that all other end-to-end tests rely on do what they say, without calbot."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from demo.caldav_servers import Calendar, xandikos
from demo.client import NotHeard
from demo.crosssigning import is_cross_signed
from demo.events import MESSAGE, POLL_RESPONSE, POLL_START, RoomEvent
from demo.process import StartError, free_port, port_is_free
from demo.scene import PrepareScene
from demo.stack import ROOT, Stack
from demo.synapse import synapse

from .interception import Interceptor

if TYPE_CHECKING:
    from pathlib import Path

ECHO = ROOT / "bench" / "echo"


def is_message(event: RoomEvent) -> bool:
    return event.type == MESSAGE


async def test_people_and_a_bot_talk_in_an_encrypted_room(stack: Stack, prepared: PrepareScene) -> None:
    plugin_id = await stack.install(ECHO)
    async with prepared(bot_syncs_itself=True) as scene:
        await scene.bot.run(plugin_id, {})
        await stack.homeserver.join(scene.bot.login, scene.room_id)

        sent = await scene.anna.say(scene.room_id, "!echo Grüße")
        heard = await scene.anna.hears(scene.room_id, is_message)
        assert (heard.sender, heard.body, heard.was_encrypted) == (scene.bot.mxid, "Grüße", True)
        assert (await scene.ben.hears(scene.room_id, is_message, after=sent)).event_id == heard.event_id


async def test_the_bots_device_is_cross_signed_for_third_parties(stack: Stack, prepared: PrepareScene) -> None:
    async with prepared() as scene:
        asker = scene.ben.login
        assert await is_cross_signed(stack.homeserver, asker, scene.bot.mxid, scene.bot.login.device_id)
        assert not await is_cross_signed(stack.homeserver, asker, scene.anna.mxid, scene.anna.login.device_id)


async def test_a_later_device_of_the_bot_is_verified_by_its_recovery_key(stack: Stack, prepared: PrepareScene) -> None:
    async with prepared() as scene:
        mxid, name = scene.bot.mxid, scene.bot.instance
        password = stack.state.accounts[name].password
        later = await stack.homeserver.login(name, password, device_name="later")
        await stack.maubot_api.update_client(
            mxid, homeserver=stack.homeserver_url, access_token=later.access_token, device_id=later.device_id
        )
        assert not await is_cross_signed(stack.homeserver, scene.ben.login, mxid, later.device_id)
        await stack.maubot_api.verify(mxid, stack.state.recovery_keys[mxid])
        assert await is_cross_signed(stack.homeserver, scene.ben.login, mxid, later.device_id)


async def test_custom_events_attachments_edits_and_reactions_cross_the_encryption(prepared: PrepareScene) -> None:
    async with prepared() as scene:
        room, anna, ben = scene.room_id, scene.anna, scene.ben
        await anna.poll(room, "Wann?", "Montag", "Dienstag", max_selections=2)
        poll = await ben.hears(room, lambda event: event.type == POLL_START)
        await ben.vote(poll, 2)
        vote = await anna.hears(room, lambda event: event.type == POLL_RESPONSE)
        assert poll.was_encrypted
        assert vote.was_encrypted
        assert vote.content[POLL_RESPONSE] == {"answers": ["answer-2"]}
        assert vote.relation == {"rel_type": "m.reference", "event_id": poll.event_id}

        await anna.share_file(room, "termin.ics", b"BEGIN:VCALENDAR", "text/calendar")
        file = await ben.hears(room, lambda event: event.content.get("msgtype") == "m.file")
        assert await ben.download(file) == b"BEGIN:VCALENDAR"

        said = await anna.say(room, "Hallo", ben)
        await anna.edit(room, said, "Servus", ben)
        await anna.react(room, said, "👍")
        original = await ben.hears(room, lambda event: event.event_id == said)
        edit = await ben.hears(room, lambda event: event.replaces == said)
        reaction = await ben.hears(room, lambda event: event.type == "m.reaction")
        assert original.body == "Hallo Ben Yıldız"
        assert original.html == f'Hallo <a href="https://matrix.to/#/{ben.mxid}">Ben Yıldız</a>'
        assert original.mentions == {ben.mxid}
        assert edit.body == "Servus Ben Yıldız"
        assert not reaction.was_encrypted

        seen = [event.event_id for event in await ben.history(room) if event.was_encrypted]
        assert seen == [event.event_id for event in ben.timeline(room) if event.was_encrypted]


async def test_waiting_ends_with_what_was_heard_instead(prepared: PrepareScene) -> None:
    async with prepared() as scene:
        await scene.ben.say(scene.room_id, "etwas anderes")
        with pytest.raises(NotHeard, match=r"Anna Huber waited 0\.5 s .*etwas anderes"):
            await scene.anna.hears(scene.room_id, lambda event: event.body == "das Richtige", timeout=0.5)


async def test_calendar_is_seen_as_a_calendar_program_sees_it(prepared: PrepareScene) -> None:
    async with prepared() as scene:
        await scene.calendar.put("a.ics", _event("a", "Jour fixe"))
        assert await scene.calendar.names() == ["a.ics"]
        assert "SUMMARY:Jour fixe" in (await scene.calendar.objects())["a.ics"]
        await scene.calendar.delete("a.ics")
        assert await scene.calendar.objects() == {}


async def test_maubot_comes_back_after_a_kill_with_its_bots(stack: Stack, prepared: PrepareScene) -> None:
    plugin_id = await stack.install(ECHO)
    async with prepared(bot_syncs_itself=True) as scene:
        await scene.bot.run(plugin_id, {})
        before = stack.maubot.pid
        await stack.maubot.kill()
        assert not stack.maubot.running
        await stack.maubot.start()
        assert stack.maubot.pid != before
        assert await scene.bot.running()


async def test_a_bot_can_be_killed_between_its_message_and_the_servers_answer(
    stack: Stack, prepared: PrepareScene
) -> None:
    plugin_id = await stack.install(ECHO)
    async with (
        Interceptor(stack.homeserver_url) as between,
        prepared(bot_syncs_itself=True, homeserver_url=between.url) as scene,
    ):
        await scene.bot.run(plugin_id, {})
        await stack.homeserver.join(scene.bot.login, scene.room_id)
        killed = between.once_done("PUT", r"/send/m\.room\.encrypted/", stack.maubot.kill)
        await scene.anna.say(scene.room_id, "!echo letzte Worte")
        assert (await scene.anna.hears(scene.room_id, is_message)).body == "letzte Worte"
        await killed.wait(timeout=5)
        assert not stack.maubot.running


async def test_homeserver_and_calendar_server_come_back_after_a_kill(stack: Stack, prepared: PrepareScene) -> None:
    async with prepared() as scene:
        await scene.calendar.put("a.ics", _event("a", "Jour fixe"))
        said = await scene.anna.say(scene.room_id, "vorher")
        for server in (stack.synapse, stack.radicale):
            await server.kill()
            await server.start()
        assert await scene.calendar.names() == ["a.ics"]
        assert (await scene.ben.sees(scene.room_id, said)).body == "vorher"
        said = await scene.anna.say(scene.room_id, "nachher")
        assert (await scene.ben.sees(scene.room_id, said)).body == "nachher"


async def test_a_plugin_in_standalone_mode_comes_back_after_a_kill(stack: Stack, prepared: PrepareScene) -> None:
    async with prepared() as scene:
        await stack.homeserver.join(scene.bot.login, scene.room_id)
        async with await scene.standalone(ECHO) as standalone:
            await scene.anna.say(scene.room_id, "!echo eins")
            assert (await scene.anna.hears(scene.room_id, is_message)).body == "eins"
            await standalone.kill()
            await scene.anna.say(scene.room_id, "!echo zwei")
            await standalone.start()
            assert (await scene.anna.hears(scene.room_id, is_message)).body == "zwei"


async def test_xandikos_serves_a_calendar(tmp_path: Path, stack: Stack) -> None:
    port = free_port()
    async with xandikos(tmp_path, port, principal="anna"):
        calendar = Calendar(stack.http, f"http://127.0.0.1:{port}/anna/calendars/calendar/", "", "")
        await calendar.put("a.ics", _event("a", "Jour fixe"))
        assert "SUMMARY:Jour fixe" in (await calendar.objects())["a.ics"]


async def test_a_second_stack_on_the_same_data_finds_everything(tmp_path: Path) -> None:
    async with Stack(tmp_path) as first:
        anna = await first.person("anna", "Anna Huber")
        room = await first.homeserver.create_room(anna.login, "Raum")
        sent = await anna.say(room, "vorher")
        bot = await first.bot("calbot", "Kalender")
    async with Stack(tmp_path) as second:
        anna_again = await second.person("anna")
        assert anna_again.login == anna.login
        (found,) = [event for event in anna_again.timeline(room) if event.event_id == sent]
        assert found.body == "vorher"
        assert (await second.bot("calbot", "Kalender")).login == bot.login
        assert await is_cross_signed(second.homeserver, anna.login, bot.mxid, bot.login.device_id)


async def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = synapse(tmp_path, port, server_name="x.localhost", registration_secret="secret")
        with pytest.raises(StartError, match=f"^port {port} for synapse is in use by another program$"):
            await server.start()


async def test_servers_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    port = free_port()
    program = tmp_path / "program.py"
    program.write_text(_STARTS_A_SERVER.format(directory=str(tmp_path / "radicale"), port=port))
    running = await asyncio.create_subprocess_exec(sys.executable, str(program), cwd=ROOT, stdout=subprocess.PIPE)
    assert running.stdout
    assert await running.stdout.readline() == b"ready\n"
    assert not port_is_free(port)
    running.kill()
    await running.wait()
    deadline = time.monotonic() + 10
    while not port_is_free(port):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


_STARTS_A_SERVER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, "")
from demo.caldav_servers import radicale

async def main():
    async with radicale(Path({directory!r}), {port}, passwords={{}}, shared="nobody"):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_server_that_dies_at_start_says_why_and_where(tmp_path: Path) -> None:
    server = synapse(tmp_path, free_port(), server_name="not a server name", registration_secret="secret")
    with pytest.raises(StartError, match=r"^synapse ended at start \(exit 1\): .*\(log: .*synapse\.log\)$"):
        await server.start()
    assert not server.running


def _event(uid: str, summary: str) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//calbot//tests//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T080000Z",
        "DTSTART:20261124T090000Z",
        "DTEND:20261124T100000Z",
        f"SUMMARY:{summary}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{line}\r\n" for line in lines)
