"""The links by which people subscribe to what they see in a room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from calbot.core.model import RoomId, UserId
from calbot.db.stores import Stores
from calbot.ports import Feed

HERE, THERE = RoomId("!here:example.org"), RoomId("!there:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
FEED = Feed(ANNA, HERE, "a" * 64, NOW)
OTHER = Feed(ANNA, THERE, "b" * 64, NOW + timedelta(minutes=1))
BENS = Feed(BEN, HERE, "c" * 64, NOW)


async def test_it_is_found_by_its_digest_and_by_whose_it_is(stores: Stores) -> None:
    for one in (OTHER, FEED, BENS):
        await stores.feeds.save(one)
    assert await stores.feeds.by_digest(FEED.digest) == FEED
    assert await stores.feeds.by_digest("d" * 64) is None
    assert await stores.feeds.get(ANNA, THERE) == OTHER
    assert await stores.feeds.get(BEN, THERE) is None
    assert list(await stores.feeds.of(ANNA)) == [FEED, OTHER]


async def test_another_takes_the_place_of_the_one_before(stores: Stores) -> None:
    await stores.feeds.save(FEED)
    again = replace(FEED, digest="d" * 64, made_at=NOW + timedelta(days=1))
    await stores.feeds.save(again)
    assert await stores.feeds.by_digest(FEED.digest) is None
    assert list(await stores.feeds.of(ANNA)) == [again]


async def test_it_ends_for_one_room_for_a_person_and_for_all_of_a_room(stores: Stores) -> None:
    for one in (FEED, OTHER, BENS):
        await stores.feeds.save(one)
    await stores.feeds.end(ANNA, HERE)
    assert list(await stores.feeds.of(ANNA)) == [OTHER]
    assert list(await stores.feeds.of(BEN)) == [BENS]
    await stores.feeds.forget(ANNA)
    assert await stores.feeds.of(ANNA) == []
    await stores.feeds.drop(HERE)
    assert await stores.feeds.of(BEN) == []


async def test_it_moves_with_the_room_unless_there_is_one(stores: Stores) -> None:
    for one in (FEED, OTHER, BENS):
        await stores.feeds.save(one)
    await stores.feeds.transfer(HERE, THERE)
    assert list(await stores.feeds.of(ANNA)) == [OTHER]
    assert list(await stores.feeds.of(BEN)) == [replace(BENS, room=THERE)]
