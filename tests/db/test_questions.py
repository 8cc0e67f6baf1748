"""Questions wait for one answer of one person."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from calbot.core.model import EventId, RoomId, UserId
from calbot.db.stores import Stores
from calbot.ports import Question

ROOM, OTHER = RoomId("!r:example.org"), RoomId("!o:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def question(id: str, asker: UserId = ANNA, minutes: int = 15) -> Question:
    return Question(EventId(id), ROOM, asker, EventId("$command"), 3, NOW + timedelta(minutes=minutes))


async def test_found_by_message_and_as_the_newest_of_a_person(stores: Stores) -> None:
    for asked in (question("$1"), question("$2"), question("$ben", BEN)):
        await stores.questions.save(asked)
    assert await stores.questions.at(ROOM, EventId("$1")) == question("$1")
    assert await stores.questions.at(OTHER, EventId("$1")) is None
    assert next(iter(await stores.questions.open_for(ROOM, ANNA))) == question("$2")
    assert await stores.questions.open_for(ROOM, BEN) == [question("$ben", BEN)]
    assert await stores.questions.open_for(OTHER, ANNA) == []
    assert await stores.questions.open_in(ROOM) == [question("$ben", BEN), question("$2"), question("$1")]
    assert await stores.questions.open_in(OTHER) == []


async def test_only_the_first_answer_closes_it(stores: Stores) -> None:
    await stores.questions.save(question("$1"))
    assert await stores.questions.close(EventId("$1")) is True
    assert await stores.questions.close(EventId("$1")) is False
    assert await stores.questions.at(ROOM, EventId("$1")) is None
    assert await stores.questions.open_for(ROOM, ANNA) == []


async def test_saved_again_it_stays_one(stores: Stores) -> None:
    await stores.questions.save(question("$1"))
    await stores.questions.save(question("$1", minutes=30))
    assert await stores.questions.at(ROOM, EventId("$1")) == question("$1", minutes=30)
    assert await stores.questions.close(EventId("$1")) is True
    assert await stores.questions.open_for(ROOM, ANNA) == []


async def test_expired_ones(stores: Stores) -> None:
    for asked in (question("$1", minutes=0), question("$2", minutes=-5), question("$3", minutes=1)):
        await stores.questions.save(asked)
    assert [asked.event_id for asked in await stores.questions.expired(NOW)] == ["$1", "$2"]


async def test_the_next_expiry_is_the_earliest(stores: Stores) -> None:
    assert await stores.questions.next_expiry() is None
    await stores.questions.save(question("$later", minutes=16))
    await stores.questions.save(question("$soon", minutes=15))
    assert await stores.questions.next_expiry() == NOW + timedelta(minutes=15)
