"""Addresses that calendar servers are asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import Kind, Message, PartStat, UserId
from calbot.core.settings import People
from calbot.errors import CalendarUnavailable
from calbot.ports import FoundPerson
from calbot.services import addresses, people, startup
from calbot.services.world import InForce

from .conftest import ANNA, BEN, CALENDAR, CARLA, Office
from .test_answers import DM, MEET, answer_of, card, event, unfolded

SEARCH = People(principal_search=True)


@pytest.fixture
def searching(office: Office) -> Office:
    office.change(people=SEARCH)
    office.calendar.people = [
        FoundPerson("Anna Huber", ("anna@stadt.example",)),
        FoundPerson("Ben Maier", ("ben@stadt.example",)),
        FoundPerson("Carla Eins", ("carla@stadt.example",)),
        FoundPerson("Carla Zwei", ("carla@land.example",)),
    ]
    return office


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def known(office: Office, user: UserId) -> str | None:
    return people.address(office.world, user)


async def test_who_is_named_is_searched_for(searching: Office) -> None:
    await searching.says(f"{MEET} {BEN} {CARLA}")
    text = unfolded(searching)
    assert "mailto:anna@stadt.example" in text
    assert "mailto:ben@stadt.example" in text
    assert "carla@" not in text.replace("@carla:example.org", ""), "there are two of that name"
    assert "Carla" in searching.said(Kind.MEETING)[0].text.split("nur hier eingeladen")[-1]


async def test_who_answers_is_searched_for(searching: Office) -> None:
    await searching.says(MEET)
    said = only(await searching.replies(card(searching), "!meet ja", BEN))
    assert "people.addresses" not in said.text
    assert "mailto:ben@stadt.example" in unfolded(searching)


async def test_by_reaction_too(searching: Office) -> None:
    await searching.says(MEET)
    await searching.deliver(searching.chat.reacts("!it:example.org", BEN, card(searching), "👎"))  # type: ignore[arg-type]
    assert "PARTSTAT=DECLINED" in unfolded(searching)
    assert "mailto:ben@stadt.example" in unfolded(searching)


async def test_what_is_known_is_not_asked_for_again(searching: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = searching.calendar.find_people

    async def counted(account: object, text: str) -> object:
        asked.append(text)
        return await find(account, text)  # type: ignore[arg-type]

    monkeypatch.setattr(searching.calendar, "find_people", counted)
    await addresses.find_out(searching.world, [BEN, CARLA])
    first = len(asked)
    assert first > 0
    await addresses.find_out(searching.world, [BEN, CARLA, searching.chat.user, UserId("@x:other.example")])
    assert len(asked) == first
    searching.clock.advance(timedelta(hours=2))
    await addresses.find_out(searching.world, [BEN])
    assert len(asked) == first, "what was found holds for a day"
    await addresses.find_out(searching.world, [CARLA])
    assert len(asked) > first, "that nobody was, for an hour"


async def test_table_and_template_come_first(searching: Office) -> None:
    searching.change(people=replace(SEARCH, addresses={BEN: "b@tab.example"}, address_template=""))
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) == "b@tab.example"
    searching.change(people=replace(SEARCH, address_template="{localpart}@temp.example"))
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) == "ben@temp.example"
    assert await searching.world.stores.addresses.of(BEN) is None


async def test_not_unless_it_is_wanted(searching: Office) -> None:
    searching.change(people=People())
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) is None


async def test_it_outlives_a_restart_and_a_change_of_the_settings(searching: Office) -> None:
    await addresses.find_out(searching.world, [BEN])
    searching.world = replace(searching.world, in_force=InForce.of(searching.world.in_force.file))
    assert known(searching, BEN) is None
    await startup.begin(searching.world)
    assert known(searching, BEN) == "ben@stadt.example"
    await searching.says("!meet erinnere 10m", by=ANNA)
    assert known(searching, BEN) == "ben@stadt.example"


async def test_who_has_another_address_by_now(searching: Office) -> None:
    await addresses.find_out(searching.world, [BEN])
    searching.calendar.people = [FoundPerson("Ben Maier", ("ben@neu.example",))]
    searching.clock.advance(timedelta(days=2))
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) == "ben@neu.example"
    searching.calendar.people = []
    searching.clock.advance(timedelta(days=2))
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) is None


async def test_a_server_that_fails_means_no_address_and_is_told(
    searching: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await searching.says(MEET)

    async def fails(*_: object) -> object:
        raise CalendarUnavailable("calendar_timeout")

    with monkeypatch.context() as patches:
        patches.setattr(searching.calendar, "find_people", fails)
        said = only(await searching.replies(card(searching), "!meet ja", BEN))
    assert "nicht antwortet" in said.text
    assert "people.addresses" not in said.text
    assert str(BEN) in unfolded(searching)
    assert answer_of(searching) is PartStat.ACCEPTED
    searching.clock.advance(timedelta(minutes=2))
    await searching.replies(card(searching), "!meet vielleicht", BEN)
    assert answer_of(searching) is PartStat.TENTATIVE
    assert unfolded(searching).count("CN=Ben") == 1, "they are the same person"


async def test_what_was_known_stays_known_while_a_server_fails(
    searching: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await addresses.find_out(searching.world, [BEN])
    searching.clock.advance(timedelta(days=2))

    async def fails(*_: object) -> object:
        raise CalendarUnavailable("calendar_timeout")

    monkeypatch.setattr(searching.calendar, "find_people", fails)
    await addresses.find_out(searching.world, [BEN])
    assert known(searching, BEN) == "ben@stadt.example"


async def test_a_server_that_hangs_holds_nobody_up_for_long(searching: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object) -> object:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(searching.calendar, "find_people", hangs)
    monkeypatch.setattr(addresses, "_PATIENCE", 0.01)
    await addresses.find_out(searching.world, [BEN])
    assert addresses.is_silent(searching.world, BEN)
    await addresses.find_out(searching.world, [BEN])  # is not asked again at once


async def test_private_reminders_follow(searching: Office) -> None:
    """An event of another program names people by their addresses only."""
    searching.chat.add_room(DM, BEN)
    await searching.says("erinnere mich 10m", by=BEN, room=DM)
    searching.calendar.put(CALENDAR, "theirs", event("ATTENDEE:mailto:ben@stadt.example"))
    await searching.pull()
    assert await searching.world.stores.reminders.waiting_about(BEN) == ["theirs"]


async def test_who_is_found_later_is_reminded_from_then_on(searching: Office) -> None:
    searching.calendar.people, there = [], searching.calendar.people
    searching.chat.add_room(DM, BEN)
    await searching.says("erinnere mich 10m", by=BEN, room=DM)
    searching.calendar.put(CALENDAR, "theirs", event("ATTENDEE:mailto:ben@stadt.example"))
    await searching.pull()
    assert await searching.world.stores.reminders.waiting_about(BEN) == []
    searching.calendar.people = there
    searching.clock.advance(timedelta(hours=2))
    await addresses.find_out(searching.world, [BEN])
    assert await searching.world.stores.reminders.waiting_about(BEN) == ["theirs"]
