"""Polls survive as they are, and so do votes by command."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import AllDay, CalendarName, EventId, RoomId, Timed, Uid, UserId
from calbot.core.poll_model import (
    CardState,
    Cause,
    Decision,
    End,
    Option,
    Poll,
    PollOptions,
    PollState,
    Quorum,
    Vote,
    Way,
)
from calbot.db.poll_encoding import decode_poll, encode_poll
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
NOW_MS = int(NOW.timestamp() * 1000)
BERLIN = ZoneInfo("Europe/Berlin")
ROOM, OTHER = RoomId("!a:example.org"), RoomId("!b:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")


def poll(key: str = "p", **changes: Any) -> Poll:
    start = datetime(2026, 12, 1, 14, tzinfo=BERLIN)
    return replace(
        Poll(
            key=key,
            room=ROOM,
            asker=ANNA,
            by_bot=True,
            creator=UserId("@bot:example.org"),
            created_at=NOW_MS,
            title="Budgetrunde",
            options=(
                Option("1", "Di 14-15", Timed(start, start + timedelta(hours=1))),
                Option("2", "Mi", AllDay(date(2026, 12, 2), date(2026, 12, 3))),
                Option("3", "irgendwann", None, free=(2, 5)),
            ),
            max_selections=3,
            behaviour=PollOptions(),
            asked=(ANNA, BEN),
            required=(BEN,),
            optional=(),
            calendar=CalendarName("it-team"),
            until=NOW + timedelta(days=3),
            state=PollState.OPEN,
        ),
        **changes,
    )


FULL = poll(
    behaviour=PollOptions(single=True, hidden=True, auto=True, confirm=True, holds=True, quorum=Quorum(percent=60)),
    optional=(BEN,),
    until=None,
    state=PollState.BOOKED,
    location="Raum 4.12",
    description="Text",
    thread=EventId("$thread"),
    start_event=EventId("$start"),
    text_event=EventId("$text"),
    cause=Cause.DEADLINE,
    ended=End(EventId("$end"), ANNA, 5),
    chosen="1",
    uid=Uid("uid"),
    generation=2,
    revision=3,
    result_event=EventId("$result"),
    decision=Decision(EventId("$book"), BEN, 6, undoes=True),
    booked="2",
    held=True,
    released=True,
    origin=EventId("$command"),
    attached_by=ANNA,
    nudge_at=NOW,
    nudged=True,
)


@pytest.mark.parametrize(
    "value", [poll(), FULL, poll(ended=End(None, BEN, 7), behaviour=PollOptions(quorum=Quorum(people=5)))]
)
def test_encoding(value: Poll) -> None:
    read = decode_poll(encode_poll(value))
    assert read == value
    when = read.options[0].when
    assert isinstance(when, Timed)
    assert when.start.tzinfo is BERLIN


async def test_saved_and_replaced_by_key(stores: Stores) -> None:
    assert await stores.polls.get("p") is None
    await stores.polls.save(poll())
    assert await stores.polls.get("p") == poll()
    await stores.polls.save(FULL)
    assert await stores.polls.get("p") == FULL


async def test_found_by_its_messages(stores: Stores) -> None:
    await stores.polls.save(FULL)
    await stores.polls.save(poll("q"))
    assert await stores.polls.at(ROOM, EventId("$start")) == FULL
    assert await stores.polls.at(ROOM, EventId("$text")) == FULL
    assert await stores.polls.at(ROOM, EventId("$result")) == FULL
    assert await stores.polls.at(OTHER, EventId("$start")) is None
    assert await stores.polls.at(ROOM, EventId("$thread")) is None


async def test_found_by_its_event(stores: Stores) -> None:
    await stores.polls.save(FULL)
    await stores.polls.save(poll("q"))
    assert await stores.polls.of_event(CalendarName("it-team"), Uid("uid")) == FULL
    assert await stores.polls.of_event(CalendarName("other"), Uid("uid")) is None
    assert await stores.polls.of_event(CalendarName("it-team"), Uid("other")) is None


async def test_those_that_are_over_may_hold_their_dates_until_these_are_released(stores: Stores) -> None:
    holds = PollOptions(holds=True)
    for value in (
        poll("open", behaviour=holds),
        poll("closing", behaviour=holds, state=PollState.CLOSING),
        poll("booked", behaviour=holds, state=PollState.BOOKED),
        poll("ended", behaviour=holds, state=PollState.ENDED),
        poll("released", behaviour=holds, state=PollState.BOOKED, released=True),
        poll("never", state=PollState.BOOKED),
    ):
        await stores.polls.save(value)
    assert [found.key for found in await stores.polls.holding()] == ["booked", "ended"]


async def test_found_by_room_and_state_newest_first(stores: Stores) -> None:
    for value in (
        poll("old", created_at=1),
        poll("new", created_at=2),
        poll("closing", state=PollState.CLOSING),
        poll("elsewhere", room=OTHER, created_at=3),
    ):
        await stores.polls.save(value)

    async def in_room(*states: PollState) -> list[str]:
        return [found.key for found in await stores.polls.in_room(ROOM, states)]

    assert await in_room(PollState.OPEN) == ["new", "old"]
    assert await in_room(PollState.OPEN, PollState.CLOSING) == ["closing", "new", "old"]
    assert await in_room(PollState.BOOKED) == []
    assert await in_room() == []
    assert [found.key for found in await stores.polls.in_state([PollState.OPEN])] == ["elsewhere", "new", "old"]
    assert await stores.polls.in_state([]) == []


async def test_next_deadline_is_that_of_an_open_one(stores: Stores) -> None:
    assert await stores.polls.next_deadline() is None
    await stores.polls.save(poll("a", until=NOW + timedelta(hours=3)))
    await stores.polls.save(poll("b", until=NOW + timedelta(hours=2)))
    await stores.polls.save(poll("c", until=None))
    await stores.polls.save(poll("d", until=NOW, state=PollState.CLOSING))
    assert await stores.polls.next_deadline() == NOW + timedelta(hours=2)


async def test_votes_oldest_first_and_each_once(stores: Stores) -> None:
    await stores.polls.save(poll())
    await stores.polls.save(poll("q"))
    later = Vote(EventId("$2"), ANNA, 20, Way.COMMAND, ("1", "2"))
    earlier = Vote(EventId("$1"), BEN, 10, Way.COMMAND, ())
    spoiled = Vote(EventId("$3"), BEN, 30, Way.COMMAND, None)
    for vote in (later, earlier, spoiled, replace(later, answers=("3",))):
        await stores.polls.save_vote("p", vote)
    assert await stores.polls.votes("p") == [earlier, later, spoiled]
    assert await stores.polls.votes("q") == []


async def test_saving_the_poll_again_keeps_its_votes(stores: Stores) -> None:
    await stores.polls.save(poll())
    vote = Vote(EventId("$1"), BEN, 10, Way.COMMAND, ("1",))
    await stores.polls.save_vote("p", vote)
    await stores.polls.save(poll().closing(Cause.COMMAND, None, Uid("u")))
    assert await stores.polls.votes("p") == [vote]


async def test_forgets_finished_ones_with_their_votes(stores: Stores) -> None:
    old, recent = (NOW - timedelta(days=days) for days in (100, 10))

    def ended(at: datetime) -> End:
        return End(None, ANNA, int(at.timestamp() * 1000))

    for value in (
        poll("booked", state=PollState.BOOKED, ended=ended(old)),
        poll("ended", state=PollState.ENDED, until=old),
        poll("recent", state=PollState.BOOKED, ended=ended(recent), until=old),
        poll("open", until=old, created_at=0),
        poll("made long ago", state=PollState.ENDED, until=None, created_at=0),
    ):
        await stores.polls.save(value)
        await stores.polls.save_vote(value.key, Vote(EventId("$1"), BEN, 10, Way.COMMAND, ("1",)))
    await stores.polls.forget_before(NOW - timedelta(days=90))
    left = [key for key in ("booked", "ended", "recent", "open", "made long ago") if await stores.polls.get(key)]
    assert left == ["recent", "open"]
    assert await stores.polls.votes("booked") == []
    assert len(await stores.polls.votes("recent")) == 1


async def test_closing_is_there_after_a_crash(open_database: OpenDatabase) -> None:
    closing = poll().closing(Cause.COMMAND, End(EventId("$e"), ANNA, 9), Uid("u"), "1")
    await Stores(await open_database()).polls.save(closing)
    assert await Stores(await open_database()).polls.in_state([PollState.CLOSING]) == [closing]


async def test_a_vote_by_command_can_be_forgotten(stores: Stores) -> None:
    await stores.polls.save(poll("p"))
    await stores.polls.save(poll("q"))
    for key, event in (("p", "$1"), ("p", "$2"), ("q", "$3")):
        await stores.polls.save_vote(key, Vote(EventId(event), ANNA, 1, Way.COMMAND, ("1",)))
    assert await stores.polls.voted_in(EventId("$2")) == poll("p")
    await stores.polls.forget_vote(EventId("$2"))
    assert [vote.event_id for vote in await stores.polls.votes("p")] == ["$1"]
    assert [vote.event_id for vote in await stores.polls.votes("q")] == ["$3"]
    assert await stores.polls.voted_in(EventId("$2")) is None


async def test_what_a_card_shows_is_kept_until_the_poll_is_forgotten(stores: Stores) -> None:
    await stores.polls.save(poll("p"))
    assert await stores.polls.card("p") == CardState()
    for state in (CardState(1), CardState(1, "digest"), CardState(2, "other", over=True)):
        await stores.polls.save_card("p", state)
        assert await stores.polls.card("p") == state
    await stores.polls.save(poll("p", title="Other"))
    assert (await stores.polls.card("p")).edits == 2
    await stores.polls.forget("p")
    assert await stores.polls.get("p") is None
    assert await stores.polls.card("p") == CardState()


async def test_those_whose_card_does_not_say_that_they_are_over(stores: Stores) -> None:
    text = EventId("$text")
    for key, state, event in (
        ("open", PollState.OPEN, text),
        ("booked", PollState.BOOKED, text),
        ("ended", PollState.ENDED, text),
        ("shown", PollState.ENDED, text),
        ("shown before", PollState.BOOKED, text),
        ("without", PollState.ENDED, None),
    ):
        await stores.polls.save(poll(key, state=state, text_event=event))
    await stores.polls.save_card("shown", CardState(1, "digest", over=True))
    await stores.polls.save_card("shown before", CardState(1, "digest"))
    assert await stores.polls.without_last_card() == ["booked", "ended", "shown before"]


async def test_what_was_begun_and_never_opened_is_forgotten_in_time(stores: Stores) -> None:
    await stores.polls.save(poll("old", state=PollState.OPENING, created_at=NOW_MS - 1000))
    await stores.polls.save(poll("new", state=PollState.OPENING, created_at=NOW_MS + 1000))
    await stores.polls.save(poll("open", created_at=NOW_MS - 1000))
    await stores.polls.forget_before(NOW)
    left = await stores.polls.in_state(tuple(PollState))
    assert sorted(one.key for one in left) == ["new", "open"]
