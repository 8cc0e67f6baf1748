"""Answers given in a chat, on a server that schedules."""

from __future__ import annotations

import re

from calbot.core.model import EventId, Kind
from tests import cyrus

from .conftest import ANNA, BEN, ROOM
from .test_invitations_on_cyrus import MINUTE, Town, town

__all__ = ["town"]

pytestmark = cyrus.needs_cyrus


def partstats(text: str, name: str = "anna") -> list[str]:
    """Of somebody in each component, in the order of the object."""
    lines = [line for line in text.split("\r\n") if line.endswith(f":mailto:{name}@example.org") and "ATTENDEE" in line]
    return [found[1] if (found := re.search(r"PARTSTAT=([A-Z-]+)", line)) else "NEEDS-ACTION" for line in lines]


def card(town: Town) -> EventId:
    return next(one.event for one in town.office.chat.posted if one.message and one.message.kind is Kind.MEETING)


async def test_an_answer_stays_until_another_one_is_given_elsewhere(town: Town) -> None:
    """Cyrus keeps what the organiser writes of an attendee, and leaves the attendee's own copy as it is."""
    office = town.office
    await office.says("!meet neu Budgetrunde Do 14-15 @anna:example.org", by=BEN)
    sequence = re.findall(r"SEQUENCE:\d+", await town.ours())
    await office.replies(card(town), "!meet ja", ANNA)
    assert partstats(await town.ours()) == ["ACCEPTED"]
    await office.deliver(office.chat.reacts(ROOM, ANNA, card(town), "👎"))
    assert partstats(await town.ours()) == ["DECLINED"]
    assert partstats(await town.anna_s()) == ["NEEDS-ACTION"]
    assert re.findall(r"SEQUENCE:\d+", await town.ours()) == sequence
    await office.pass_time(20 * MINUTE)
    assert "Abgelehnt: Anna" in town.card()
    await town.anna_answers("TENTATIVE")
    await office.pass_time(20 * MINUTE)
    assert partstats(await town.ours()) == ["TENTATIVE"]
    assert "Vielleicht: Anna" in town.card()
    assert len(await town.inbox_of_anna.names()) == 1, "she was invited once, and not for her own answers"


async def test_dates_of_a_series_and_back(town: Town) -> None:
    office = town.office
    await office.says("!meet neu Jour fixe jeden Donnerstag 14-15 @anna:example.org", by=BEN)
    await office.says("!meet liste 21t", by=ANNA)
    await office.says("!meet nein 2", by=ANNA)
    assert partstats(await town.ours()) == ["NEEDS-ACTION", "DECLINED"]
    await office.says("!meet ja 3 alle", by=ANNA)
    assert partstats(await town.ours()) == ["ACCEPTED", "DECLINED"]
    await office.says("!meet vielleicht 3 folgende", by=ANNA)
    assert sorted(partstats(await town.ours())) == ["ACCEPTED", "DECLINED", "TENTATIVE"]
    await office.says("!meet undo", by=ANNA)
    assert partstats(await town.ours()) == ["ACCEPTED", "DECLINED", "ACCEPTED"]


async def test_who_adds_themselves_gets_it_in_their_own_calendar(town: Town) -> None:
    office = town.office
    await office.says("!meet neu Budgetrunde Do 14-15", by=BEN)
    assert await town.anna.names() == []
    await office.replies(card(town), "!meet ja", ANNA)
    assert partstats(await town.ours()) == ["ACCEPTED"]
    assert len(await town.anna.names()) == 1
    await office.says("!meet undo", by=ANNA)
    assert partstats(await town.ours()) == []
    assert "STATUS:CANCELLED" in await town.anna_s()
