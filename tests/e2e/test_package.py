"""The package in a maubot server, as admins handle it: replaced, reloaded, twice in a room, reconfigured, badly set up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from demo.accounts import Login
from demo.events import ENCRYPTED, REACTION, REDACTION, RoomEvent
from demo.package import pack, plugin_meta
from demo.scene import PrepareScene, Scene
from demo.stack import ROOT, Bot, Stack

from .test_main_path import open_poll

PLUGIN = "io.calbot"
# What clients leave in clear in encrypted rooms, too.
ALWAYS_CLEAR = {REACTION, REDACTION, "m.room.member"}


def build(version: str) -> bytes:
    """The package of this working tree under another version."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack(ROOT))) as given, zipfile.ZipFile(changed, "w") as archive:
        for name in given.namelist():
            data = given.read(name)
            if name == "maubot.yaml":
                # Ahead of everything else: each file of the archive then lies elsewhere than before.
                data = f"# {'moved ' * 50}\n".encode() + data.replace(plugin_meta(ROOT)["version"].encode(), version.encode())
            archive.writestr(name, data)
    return changed.getvalue()


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


@pytest_asyncio.fixture(loop_scope="session")
async def other_builds(stack: Stack) -> AsyncIterator[None]:
    """For a test that gives maubot other builds of the plugin: the tests after it get this working tree's again."""
    yield
    stack.state.packages.pop(PLUGIN, None)
    await stack.install(ROOT)


@pytest.mark.usefixtures("other_builds")
async def test_a_build_is_replaced_by_upload_and_in_place(scene: Scene, stack: Stack) -> None:
    api = stack.maubot_api
    assert await version_said(scene) == plugin_meta(ROOT)["version"]

    await api.upload(pack(ROOT))
    assert await version_said(scene) == plugin_meta(ROOT)["version"]

    await api.upload(build("0.9.8"))
    assert await version_said(scene) == "0.9.8"

    (installed,) = [plugin for plugin in await api.plugins() if plugin["id"] == PLUGIN]
    Path(installed["path"]).write_bytes(build("0.9.7"))
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
    scene: Scene, stack: Stack
) -> None:
    admin, room = scene.admin, scene.room_id
    bad = {
        **scene.settings,
        "command_prefix": "!termin",
        "accounts": {"city": {**scene.settings["accounts"]["city"], "url": "caldav.example.org"}},
    }
    await scene.bot.configure(bad)
    for restart in (False, True):
        if restart:
            await stack.maubot.restart()
        await admin.say(room, "!meet zustand")
        status = await admin.hears(room, lambda event: event.kind == "status")
        assert [problem["path"] for problem in status.part["problems"]] == ["accounts.city.url"]
        assert "accounts.city.url" in status.body
        await scene.anna.say(room, "!meet liste")
        await scene.anna.hears(room, lambda event: event.kind == "agenda")


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
            await anna.hears(room, lambda event: event.state_key == bot.mxid and event.content["membership"] == "join")
            await anna.say(room, "!meet liste")
            said = await anna.hears(room, lambda event: event.kind == "error")
            assert said.part["code"] == "not_encrypted"
            assert not said.was_encrypted
            await anna.say(room, "!meet nächster")
            # In clear, by a client that does not know better: the only way to be understood, and no reason to answer.
            in_clear = {"msgtype": "m.text", "body": "!meet liste"}
            path = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/send/m.room.message/{name}"
            await stack.homeserver.request("PUT", path, token=anna.login.access_token, json=in_clear)
            await stack.homeserver.request(
                "PUT", f"{path}-2", token=anna.login.access_token, json={"msgtype": "m.text", "body": "!meet hilfe"}
            )
            await anna.hears(room, lambda event: event.kind == "help")
            sent = await raw_history(stack, anna.login, room, bot.mxid)
            kinds = [event["content"].get("io.calbot", {}).get("kind") for event in sent if "state_key" not in event]
            assert kinds.count("error") == 1, kinds
            assert set(kinds) <= {"error", "help"}
            for secret in ("Geheimes", scene.calendar_name):
                assert secret not in str(sent)
        finally:
            await bot.remove()


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
    for event in sent:
        # Relations have to be in clear; nothing else of a message is.
        assert event["type"] != ENCRYPTED or not [key for key in event["content"] if key.startswith("io.calbot")]


def event_at(start: datetime, title: str) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Other//EN"),
        *("BEGIN:VEVENT", f"UID:{title.lower()}", "DTSTAMP:20261101T000000Z"),
        *(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", f"SUMMARY:{title}"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)
