"""The package in a maubot server, as admins handle it: replaced, twice in a room, reconfigured, badly set up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio

from demo.accounts import Login
from demo.client import Person
from demo.events import ENCRYPTED, REACTION, REDACTION, RoomEvent
from demo.package import pack
from demo.scene import PrepareScene, Scene
from demo.stack import ROOT, Bot, Stack
from tests.package.builds import VERSION, build

from .test_main_path import open_poll

PLUGIN = "io.calbot"
# What clients leave in clear in encrypted rooms, too.
ALWAYS_CLEAR = {REACTION, REDACTION, "m.room.member"}


async def version_said(scene: Scene) -> str:
    await scene.anna.say(scene.room_id, "!meet zustand")
    status = await scene.anna.hears(scene.room_id, lambda event: event.kind == "status")
    assert f"calbot {status.part['version']}" in status.body
    return str(status.part["version"])


async def raw_history(stack: Stack, reader: Login, room_id: str, sender: str) -> list[dict[str, Any]]:
    """What an account sent into a room, as the homeserver keeps it."""
    path = f"/_matrix/client/v3/rooms/{quote(room_id, safe='')}/messages?dir=b&limit=500"
    page = await stack.homeserver.request("GET", path, token=reader.access_token)
    return [event for event in page["chunk"] if event["sender"] == sender]


async def send_in_clear(stack: Stack, sender: Person, room_id: str, text: str) -> None:
    path = f"/_matrix/client/v3/rooms/{quote(room_id, safe='')}/send/m.room.message/{uuid4()}"
    content = {"msgtype": "m.text", "body": text}
    await stack.homeserver.request("PUT", path, token=sender.login.access_token, json=content)


@pytest_asyncio.fixture(loop_scope="session")
async def other_builds(stack: Stack) -> AsyncIterator[None]:
    """For a test that gives maubot other builds of the plugin: the tests after it get this working tree's again."""
    yield
    stack.state.packages.pop(PLUGIN, None)
    await stack.install(ROOT)


@pytest.mark.usefixtures("other_builds")
async def test_a_build_is_replaced_by_upload_and_in_place(scene: Scene, stack: Stack) -> None:
    api = stack.maubot_api
    assert await version_said(scene) == VERSION

    await api.upload(pack(ROOT))
    assert await version_said(scene) == VERSION

    await api.upload(build("0.9.8"))
    assert await version_said(scene) == "0.9.8"

    (installed,) = [plugin for plugin in await api.plugins() if plugin["id"] == PLUGIN]
    await asyncio.to_thread(Path(installed["path"]).write_bytes, build("0.9.7"))
    await api.reload(PLUGIN)
    assert await version_said(scene) == "0.9.7"
    # What was lazily read from the archive before is read from the new one as well.
    await scene.anna.say(scene.room_id, '!meet neu "Jour fixe" morgen 10-10:30')
    card = await scene.anna.hears(scene.room_id, lambda event: event.kind == "meeting")
    assert card.part["title"] == "Jour fixe"
    assert await scene.bot.running()


async def test_two_bots_in_a_room_answer_to_their_own_prefix(scene: Scene, stack: Stack) -> None:
    anna, room = scene.anna, scene.room_id
    second = await stack.bot(f"second-{scene.bot.instance}", "Zweiter")
    try:
        await second.run(PLUGIN, {**scene.settings, "command_prefix": "!plan"})
        await stack.homeserver.invite(scene.admin.login, room, second.mxid)
        await anna.hears(room, lambda event: event.kind == "ok" and event.sender == second.mxid)

        async def answer(text: str) -> RoomEvent:
            await anna.say(room, text)
            return await anna.hears(room, lambda event: event.kind in {"agenda", "error"})

        assert (await answer("!meet liste")).sender == scene.bot.mxid
        assert (await answer("!plan liste")).sender == second.mxid
        # A bot works through a room in order: what was said before the last one has been passed over by now.
        assert (await answer("!meet liste")).sender == scene.bot.mxid
        assert (await answer("!plan liste")).sender == second.mxid
        answers = [event.sender for event in await anna.history(room) if event.kind in {"agenda", "error"}]
        assert answers == [scene.bot.mxid, second.mxid] * 2
    finally:
        await second.remove()


async def test_a_saved_configuration_is_in_force_at_once_and_no_reminder_is_lost(
    stack: Stack, prepared: PrepareScene
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared() as scene:
        anna, room = scene.anna, scene.room_id
        scene.settings["rooms"][room]["reminders"] = ["10s"]
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        await scene.calendar.put("bald", event_at(datetime.now(timezone.utc) + timedelta(seconds=21), "Bald"))
        await scene.admin.say(room, "!meet abgleich")
        await scene.admin.hears(room, lambda event: event.kind == "ok")

        await scene.bot.configure({**scene.settings, "command_prefix": "!termin"})
        await anna.say(room, "!meet liste")
        await anna.say(room, "!termin liste")
        agenda = await anna.hears(room, lambda event: event.kind == "agenda", timeout=5)
        assert [item["title"] for item in agenda.part["items"]] == ["Bald"]
        reminder = await anna.hears(room, lambda event: event.kind == "reminder")
        assert reminder.part["title"] == "Bald"
        assert reminder.part["late"] is False
        kinds = [event.kind for event in await anna.history(room)]
        assert kinds.count("agenda") == 1  # nothing answers to the old prefix
        assert kinds.count("reminder") == 1


async def test_a_bad_configuration_leaves_the_last_good_one_in_force_even_after_a_restart(
    stack: Stack, prepared: PrepareScene, tmp_path: Path
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared() as scene:
        admin, room = scene.admin, scene.room_id
        account = scene.settings["accounts"]["city"]
        # What is kept is without passwords, unless they are given by reference.
        await asyncio.to_thread((tmp_path / "password").write_text, account["password"])
        account["password"] = {"file": str(tmp_path / "password")}
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        bad = {"command_prefix": "!termin", "accounts": {"city": {**account, "url": "caldav.example.org"}}}
        await scene.bot.configure({**scene.settings, **bad})
        for title in ("Vorher", "Nachher"):
            await admin.say(room, "!meet zustand")
            status = await admin.hears(room, lambda event: event.kind == "status")
            assert status.part["problems"][0]["path"] == "accounts.city.url"
            assert "accounts.city.url" in status.body
            await scene.anna.say(room, f"!meet neu {title} morgen 10-11 Uhr")
            await scene.anna.hears(room, lambda event: event.kind == "meeting")
            if title == "Vorher":
                await stack.maubot.restart()
        assert len(await scene.calendar.objects()) == 2


async def test_without_encryption_a_bot_says_once_what_is_wrong_and_nothing_else(
    stack: Stack, prepared: PrepareScene
) -> None:
    plugin_id = await stack.install(ROOT)
    async with prepared() as scene:
        anna, room = scene.anna, scene.room_id
        await scene.calendar.put("geheim", event_at(datetime.now(timezone.utc) + timedelta(hours=1), "Geheimes"))
        name = f"plain-{scene.bot.instance}"
        account = await stack.account(name, "Ohne Schlüssel")
        login = Login(account.login.mxid, "", account.login.access_token)
        await stack.maubot_api.create_client(stack.homeserver_url, login, sync=False)
        bot = Bot(stack.maubot_api, login, account.display_name, instance=name)
        try:
            await bot.run(plugin_id, scene.settings)
            await stack.homeserver.invite(scene.admin.login, room, bot.mxid)
            greeting = await anna.hears(room, lambda event: event.kind == "error")
            for text in ("!meet liste", "!meet nächster", "!meet neu Übergabe morgen 9 Uhr"):
                await anna.say(room, text)
            # Only what a careless client sends in clear can be understood.
            await send_in_clear(stack, anna, room, "!meet liste")
            await send_in_clear(stack, anna, room, "!meet hilfe")
            await anna.hears(room, lambda event: event.kind == "help")
            history = await raw_history(stack, anna.login, room, bot.mxid)
        finally:
            await bot.remove()
        *said, joined = [event["content"] for event in history]
        assert joined["membership"] == "join"
        assert [content["io.calbot"].get("code") for content in said] == [None, *["not_encrypted"] * 2]
        _, refused, told = [content["body"] for content in said]
        assert told == greeting.body  # said once: when it came, and not again to those it could not read
        assert refused != told
        for secret in ("Geheimes", "Übergabe", scene.calendar_name):
            assert secret not in str(history)


async def test_nothing_is_ever_sent_in_clear_into_an_encrypted_room(scene: Scene, stack: Stack) -> None:
    anna, ben, room = scene.anna, scene.ben, scene.room_id

    async def answer(text: str, kind: str) -> None:
        await anna.say(room, text)
        await anna.hears(room, lambda event: event.kind == kind)

    await answer('!meet neu "Jour fixe" morgen 10-10:30', "meeting")
    await answer("!meet liste", "agenda")
    await answer("!meet zeige 1", "meeting")
    await anna.hears(room, lambda event: event.content.get("msgtype") == "m.file")
    await answer("!meet verschiebe 1 11 Uhr", "change")
    await answer("!meet absagen 1", "cancelled")
    await answer("!meet quatsch", "error")
    await answer("!meet neu Besprechung am 31.2.", "error")
    await answer("!meet zustand", "status")
    await answer("!meet hilfe", "help")
    poll = await open_poll(scene)
    await ben.vote(poll, 2)
    await answer("!meet schließen", "poll_result")
    await anna.hears(room, lambda event: event.content.get("msgtype") == "m.file")

    sent = await raw_history(stack, anna.login, room, scene.bot.mxid)
    assert sum(event["type"] == ENCRYPTED for event in sent) >= 12
    assert {event["type"] for event in sent} - {ENCRYPTED} <= ALWAYS_CLEAR
    # Relations have to be in clear; nothing else of a message is.
    in_clear = {key for event in sent if event["type"] == ENCRYPTED for key in event["content"]}
    assert in_clear == {"algorithm", "ciphertext", "device_id", "sender_key", "session_id", "m.relates_to"}


def event_at(start: datetime, title: str) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Other//EN"),
        *("BEGIN:VEVENT", f"UID:{title.lower()}", "DTSTAMP:20261101T000000Z"),
        *(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", f"SUMMARY:{title}"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)
