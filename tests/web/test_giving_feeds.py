"""Links to feeds as they are given: for which room, what is recorded of it, and when another takes their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calbot.core.model import EventId, RoomId
from calbot.errors import ChatForbidden
from tests.services.conftest import ANNA, ROOM

from .conftest import DIRECT, Site


async def recorded(site: Site) -> list[tuple[str, RoomId | None]]:
    return [(f"{one.action} {one.outcome.value}", one.room) for one in await site.office.world.stores.audit.newest(10)]


async def test_rooms_that_show_the_same_are_told_apart_by_their_names(site: Site) -> None:
    room = site.office.world.settings.rooms[ROOM]
    other = site.office.chat.add_room("!other:example.org", ANNA)
    site.office.change(rooms={ROOM: room, other: replace(room, id=other)})
    site.office.chat.rooms[ROOM].name = "Personalrat"
    site.office.chat.add_room(DIRECT, ANNA)
    (question,) = await site.office.says("!meet abo", room=DIRECT)
    named, nameless = (choice["text"] for choice in question.data["choices"])
    assert "Personalrat" in named
    assert other.removeprefix("!") in nameless
    await site.office.says("2", room=DIRECT)
    assert [feed.room for feed in await site.office.world.stores.feeds.of(ANNA)] == [other]


async def test_that_a_link_was_given_is_recorded_with_the_room_that_it_shows(site: Site) -> None:
    site.office.chat.add_room(DIRECT, ANNA)
    await site.office.says("!meet abo", room=DIRECT)
    assert await recorded(site) == [("feed done", ROOM)]
    await site.office.says("!meet abo", room=DIRECT)
    assert await recorded(site) == [("feed done", ROOM)], "that there is one changes nothing"
    await site.office.says("!meet abo neu")
    assert await recorded(site) == [("feed done", ROOM)] * 2


async def test_a_link_holds_where_another_could_not_be_delivered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await site.subscribe()
    direct = site.office.chat.posted[-2].room
    post = site.office.chat.post

    async def put_out(room: RoomId, *arguments: Any, **options: Any) -> EventId:
        if room == direct:
            raise ChatForbidden
        return await post(room, *arguments, **options)

    with monkeypatch.context() as patches:
        patches.setattr(site.office.chat, "post", put_out)
        (refused,) = await site.office.says("!meet abo neu")
    assert refused.data["code"] == "forbidden"
    assert (await site.get(path)).status == 200
    assert [what for what, _ in await recorded(site)] == ["feed forbidden", "feed done"]
    another = await site.subscribe(text="!meet abo neu")
    assert ((await site.get(path)).status, (await site.get(another)).status) == (404, 200)
