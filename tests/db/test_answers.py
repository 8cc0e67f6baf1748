"""Answers by reaction, and those that still have to be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from calbot.core.answers import Answer, DueAnswer, Reacted
from calbot.core.model import (
    CalendarName,
    Details,
    EventId,
    Href,
    Occurrence,
    OccurrenceId,
    PartStat,
    RecurrenceId,
    RoomId,
    Timed,
    Uid,
    UserId,
)
from calbot.db.encoding import to_ms
from calbot.db.stores import Stores
from calbot.ports import StoredObject

ROOM = RoomId("!r:example.org")
BEN, CARLA = UserId("@ben:example.org"), UserId("@carla:example.org")
IT, HR = CalendarName("it-team"), CalendarName("hr")
SERIES = OccurrenceId(Uid("s"))
DATE = OccurrenceId(Uid("s"), RecurrenceId("20261124T110000Z"))
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def reacted(name: str, about: OccurrenceId = SERIES, before: Answer = None, *, by: UserId = BEN) -> Reacted:
    message = EventId("$card")
    return Reacted(EventId(f"${name}"), ROOM, message, by, IT, about, PartStat.ACCEPTED, before, to_ms(NOW))


async def test_what_stands_in_order(stores: Stores) -> None:
    first, second = reacted("2", before=PartStat.NEEDS_ACTION), reacted("1", before=PartStat.ACCEPTED)
    await stores.answers.put(BEN, IT, SERIES, [first, second])
    assert await stores.answers.given(BEN, IT, SERIES) == [first, second]
    assert await stores.answers.by_reaction(first.reaction) == first
    for nothing in ((CARLA, IT, SERIES), (BEN, HR, SERIES), (BEN, IT, DATE)):
        assert await stores.answers.given(*nothing) == []
    changed = replace(second, before=None)
    await stores.answers.put(BEN, IT, SERIES, [changed])
    assert await stores.answers.given(BEN, IT, SERIES) == [changed]
    assert await stores.answers.by_reaction(first.reaction) is None


async def test_what_was_answered_in_another_way_leaves_nothing_of_that_event(stores: Stores) -> None:
    other = OccurrenceId(Uid("other"))
    for about in (SERIES, DATE, other):
        await stores.answers.put(BEN, IT, about, [reacted(str(about), about)])
        await stores.answers.save_due(DueAnswer(BEN, IT, about, None, ROOM, EventId("$card")))
    await stores.answers.put(CARLA, IT, SERIES, [reacted("carla", by=CARLA)])
    await stores.answers.forget_given(BEN, IT, Uid("s"))
    assert [len(await stores.answers.given(BEN, IT, about)) for about in (SERIES, DATE, other)] == [0, 0, 1]
    assert [one.occurrence for one in await stores.answers.due()] == [other]
    assert len(await stores.answers.given(CARLA, IT, SERIES)) == 1


async def test_the_latest_that_is_due_takes_the_place_of_the_one_before(stores: Stores) -> None:
    yes = DueAnswer(BEN, IT, SERIES, PartStat.ACCEPTED, ROOM, EventId("$card"))
    absent = replace(yes, answer=None)
    await stores.answers.save_due(yes)
    assert await stores.answers.due_of(BEN, IT, SERIES) == yes
    await stores.answers.save_due(absent)
    assert await stores.answers.due() == [absent]
    await stores.answers.drop_due(yes)
    assert await stores.answers.due() == [absent], "another answer is due by now"
    await stores.answers.drop_due(absent)
    assert await stores.answers.due_of(BEN, IT, SERIES) is None


async def test_forgets_what_is_in_no_calendar_and_what_is_long_ago(stores: Stores) -> None:
    when = Timed(NOW, NOW + timedelta(hours=1))
    occurrence = Occurrence(IT, Href("/s.ics"), Uid("s"), None, when, Details())
    await stores.calendars.put([StoredObject(IT, Href("/s.ics"), None, Uid("s"), "", False, None, (occurrence,))])
    gone = OccurrenceId(Uid("gone"))
    await stores.answers.put(BEN, IT, gone, [reacted("gone", gone)])
    await stores.answers.save_due(DueAnswer(BEN, IT, gone, None, ROOM, EventId("$card")))
    old = replace(reacted("old"), at=to_ms(NOW - timedelta(days=31)))
    await stores.answers.put(BEN, IT, SERIES, [old, reacted("new")])
    await stores.answers.forget_gone(NOW - timedelta(days=30))
    assert await stores.answers.given(BEN, IT, gone) == []
    assert await stores.answers.due() == []
    assert [one.reaction for one in await stores.answers.given(BEN, IT, SERIES)] == ["$new"]
