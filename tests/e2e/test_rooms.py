"""Rooms that are upgraded or that the bot is put out of, on a real homeserver."""

from __future__ import annotations

from demo.events import RoomEvent
from demo.scene import Scene
from demo.stack import Stack

from .test_main_path import plan_reminder


async def upgraded(scene: Scene) -> str:
    """As a client does it: a new room that names the old one, a tombstone in that, and everybody invited."""
    homeserver, admin = scene.stack.homeserver, scene.admin.login
    path = f"/_matrix/client/v3/rooms/{scene.room_id}/upgrade"
    answer = await homeserver.request("POST", path, token=admin.access_token, json={"new_version": "11"})
    new: str = answer["replacement_room"]
    await homeserver.invite(admin, new, scene.anna.mxid)
    await scene.anna.join(new)
    await homeserver.invite(admin, new, scene.bot.mxid)
    return new


def greeting(event: RoomEvent) -> bool:
    return event.kind == "ok"


async def test_an_upgraded_room_goes_on_where_the_old_one_was(scene: Scene, stack: Stack) -> None:
    await plan_reminder(scene, seconds=25)
    new = await upgraded(scene)
    greeted = await scene.anna.hears(new, greeting, timeout=40)
    assert greeted.was_encrypted
    assert scene.calendar_name in greeted.body
    # The mapping in the file still names the old room; a restart does not bring that back.
    await stack.maubot.stop()
    await stack.maubot.start()
    await scene.anna.say(new, "!meet liste")
    await scene.anna.hears(new, lambda event: event.kind == "agenda", timeout=40)
    reminder = await scene.anna.hears(new, lambda event: event.kind == "reminder", timeout=90)
    assert reminder.was_encrypted
    assert not [event for event in await scene.anna.history(scene.room_id) if event.kind == "reminder"]


async def test_put_out_and_invited_again_it_goes_on(scene: Scene) -> None:
    homeserver, admin = scene.stack.homeserver, scene.admin.login
    path = f"/_matrix/client/v3/rooms/{scene.room_id}/kick"
    await homeserver.request("POST", path, token=admin.access_token, json={"user_id": scene.bot.mxid})
    await homeserver.invite(admin, scene.room_id, scene.bot.mxid)
    await scene.anna.hears(scene.room_id, greeting, timeout=40)
    asked = await scene.anna.say(scene.room_id, "!meet liste")
    await scene.anna.hears(scene.room_id, lambda event: event.replies_to == asked, timeout=40)
