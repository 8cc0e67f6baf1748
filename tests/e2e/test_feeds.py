"""Feeds on a whole maubot server: given in an encrypted direct chat, read by a calendar program, ended by leaving."""

from __future__ import annotations

import asyncio
import re

from demo.client import Person
from demo.events import RoomEvent
from demo.scene import Scene
from demo.stack import Stack
from tests.core.strict_ical import faults
from tests.core.test_ical_subscribing import events_in


async def subscribe(person: Person, room_id: str, *, instead_of: RoomEvent | None = None) -> RoomEvent:
    """The message with the link that somebody gets who asks for one in the room."""
    await person.say(room_id, "!meet abo" if instead_of is None else "!meet abo neu")
    said = await person.hears(room_id, lambda event: event.kind in {"ok", "error"})
    assert (said.kind, "/feed/" in said.body) == ("ok", False), said.body
    if instead_of is None:
        (direct,) = await person.invites()
        await person.join(direct)
        given = await person.hears(direct, _has_link)
    else:
        given = await person.hears(instead_of.room_id, _has_link, after=instead_of.event_id)
    assert given.was_encrypted
    return given


def _has_link(event: RoomEvent) -> bool:
    return "feed" in event.part


async def test_a_room_is_subscribed_to_until_one_leaves_it(scene: Scene, stack: Stack) -> None:
    anna, ben, room = scene.anna, scene.ben, scene.room_id
    await anna.say(room, '!meet neu "Jour fixe" morgen 10-10:30 ort:Rathaus')
    await anna.hears(room, lambda event: event.kind == "meeting")
    hers = str((await subscribe(anna, room)).part["feed"])
    given = await subscribe(ben, room)
    his = str(given.part["feed"])
    assert hers.startswith(f"{stack.maubot_url}/_matrix/maubot/plugin/{scene.bot.instance}/feed/")
    assert hers != his

    async def titles(link: str) -> list[str] | int:
        async with stack.http.get(link) as response:
            if response.status != 200:
                return response.status
            text = await response.text()
            assert faults(text) == []
            return [str(event["SUMMARY"]) for event in events_in(text)]

    assert await titles(hers) == await titles(his) == ["Jour fixe"]
    again = str((await subscribe(ben, room, instead_of=given)).part["feed"])
    assert (await titles(his), await titles(again)) == (404, ["Jour fixe"])

    path = f"/_matrix/client/v3/rooms/{room}/leave"
    await stack.homeserver.request("POST", path, token=ben.login.access_token, json={})
    await anna.say(room, "!meet liste")  # what the bot hears of after that he has left
    await anna.hears(room, lambda event: event.kind == "agenda")
    assert (await titles(again), await titles(hers)) == (404, ["Jour fixe"])

    log = await asyncio.to_thread(stack.maubot.log.read_text, errors="replace")
    secrets = [link.rpartition("/")[2].removesuffix(".ics") for link in (hers, his, again)]
    assert [secret for secret in secrets if secret in log] == []
    assert len(re.findall(rf'"GET \S*/{scene.bot.instance}/feed/\*\*\* (?:200|404) ', log)) == 6
