"""What rooms have to be told, and what the bot writes itself, outlive a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from calbot.core.model import (
    AllDay,
    Attendee,
    CalendarName,
    Details,
    Href,
    Occurrence,
    RecurrenceId,
    RoomId,
    Timed,
    Uid,
)
from calbot.core.untold import PastState
from calbot.db.stores import Stores
from calbot.ports import OwnWrite

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")
IT, HR = CalendarName("it-team"), CalendarName("hr")
ROOM, OTHER = RoomId("!a:example.org"), RoomId("!b:example.org")
U = Uid("ü\0")


def occurrence(day: int, details: Details, *, recurrence_id: str | None = None) -> Occurrence:
    start = datetime(2026, 11, day, 14, tzinfo=BERLIN)
    name = None if recurrence_id is None else RecurrenceId(recurrence_id)
    return Occurrence(IT, Href("/it/u.ics"), Uid("u"), name, Timed(start, start + timedelta(hours=1)), details)


SERIES = Details("Jour fixe", rule="FREQ=WEEKLY", attendees=(Attendee("Anna", "anna@example.org"),))
OCCURRENCES = (
    occurrence(24, SERIES, recurrence_id="20261124T130000Z"),
    occurrence(25, replace(SERIES, title="Ausnahme"), recurrence_id="20261201T130000Z"),
    replace(occurrence(1, SERIES), when=AllDay(date(2026, 12, 8), date(2026, 12, 9))),
)


async def test_states_come_back_as_they_were_in_order(stores: Stores) -> None:
    states = [PastState(Uid("u"), OCCURRENCES, NOW), PastState(Uid("v"), (), NOW, told=ROOM)]
    first, last = await stores.changes.append(IT, states, NOW)
    assert last == first + 1
    assert await stores.changes.between(IT, first) == [
        replace(states[0], number=first),
        replace(states[1], number=last),
    ]
    assert await stores.changes.between(IT, last, last) == [replace(states[1], number=last)]
    assert await stores.changes.between(HR, 0) == []


async def test_numbers_grow_and_do_not_come_again(stores: Stores) -> None:
    state = PastState(Uid("u"), (), NOW)
    first, last = await stores.changes.append(IT, [state] * 100, NOW)
    second, _ = await stores.changes.append(IT, [state], NOW)
    assert second == last + 1
    await stores.changes.forget_states(IT)
    third, _ = await stores.changes.append(IT, [state], NOW + timedelta(seconds=1))
    assert third > second
    assert (await stores.changes.append(HR, [state], NOW))[0] == first


async def test_forgets_what_was_noted_long_ago(stores: Stores) -> None:
    state = PastState(Uid("u"), OCCURRENCES, NOW)
    await stores.changes.append(IT, [state], NOW - timedelta(days=9))
    number, _ = await stores.changes.append(IT, [state], NOW)
    await stores.changes.forget_before(NOW - timedelta(days=8))
    assert await stores.changes.between(IT, 0) == [replace(state, number=number)]


async def test_own_writes(stores: Stores) -> None:
    log = stores.changes
    first = OwnWrite(IT, Uid("u"), OCCURRENCES, NOW, ROOM)
    await log.announce_write(first)
    await log.announce_write(OwnWrite(HR, Uid("u"), (), NOW))
    assert await log.own_writes(IT) == {Uid("u"): first}
    second = replace(first, occurrences=(), written_at=NOW + timedelta(minutes=1), told=None)
    await log.announce_write(second)
    assert await log.own_writes(IT) == {Uid("u"): second}
    await log.settle_writes_before(IT, NOW + timedelta(minutes=1))
    assert await log.own_writes(IT) == {Uid("u"): second}
    await log.settle_write(IT, Uid("u"))
    assert await log.own_writes(IT) == {}
    assert len(await log.own_writes(HR)) == 1
    await log.settle_writes_before(HR, NOW + timedelta(minutes=1))
    assert await log.own_writes(HR) == {}


async def test_a_uid_that_no_database_takes(stores: Stores) -> None:
    await stores.changes.announce_write(OwnWrite(IT, U, (), NOW))
    assert len(await stores.changes.own_writes(IT)) == 1
    await stores.changes.settle_write(IT, U)
    assert await stores.changes.own_writes(IT) == {}


async def test_what_rooms_were_shown(stores: Stores) -> None:
    log = stores.changes
    await log.note_shown(IT, [OTHER, ROOM])
    await log.note_shown(IT, [ROOM])
    await log.note_shown(HR, [ROOM])
    assert await log.shown_in(IT) == [ROOM, OTHER]
    await log.note_hidden(IT, [OTHER])
    assert await log.shown_in(IT) == [ROOM]
    await log.append(IT, [PastState(Uid("u"), (), NOW)], NOW)
    await log.forget_states(IT)
    assert await log.between(IT, 0) == []
    assert await log.shown_in(IT) == [ROOM]
    await log.forget(IT)
    assert await log.shown_in(IT) == []
    assert await log.shown_in(HR) == [ROOM]
