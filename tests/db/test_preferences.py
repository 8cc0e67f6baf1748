"""What was chosen comes back as it was, and goes when it has nothing to be about."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.model import (
    CalendarName,
    Details,
    EventId,
    Href,
    Occurrence,
    OccurrenceId,
    RecurrenceId,
    RoomId,
    Timed,
    Uid,
    UserId,
)
from calbot.core.preferences import ChosenLevels, EventLeads, PersonPreferences, RoomPreferences, Snooze
from calbot.core.settings import Alarms, Digest, Mention, Weekday
from calbot.db.stores import Stores
from calbot.ports import StoredObject

A, B = RoomId("!a:example.org"), RoomId("!b:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
U, V = Uid("u"), Uid("v")
RID = RecurrenceId("20261124T130000Z")


@pytest.mark.parametrize(
    "chosen",
    [
        RoomPreferences(reminders=(DAY, QUARTER)),
        RoomPreferences(reminders=()),
        RoomPreferences(digest=Digest()),
        RoomPreferences(digest=Digest(daily=time(7, 30), weekly=(Weekday.MON, time(8)), always=True)),
        RoomPreferences(reminders=(QUARTER,), digest=Digest(daily=time(7))),
    ],
)
async def test_of_rooms_and_people_come_back_as_they_were(stores: Stores, chosen: RoomPreferences) -> None:
    personal = PersonPreferences(chosen.reminders, chosen.digest)
    await stores.preferences.save_room(A, RoomPreferences(reminders=(timedelta(hours=3),)))
    await stores.preferences.save_room(A, chosen)
    await stores.preferences.save_person(ANNA, personal)
    assert await stores.preferences.rooms() == {A: chosen}
    assert await stores.preferences.room(A) == chosen
    assert await stores.preferences.people() == {ANNA: personal}
    assert await stores.preferences.person(ANNA) == personal


async def test_whatever_is_set_in_a_room_comes_back_and_goes_on_in_another(stores: Stores) -> None:
    chosen = RoomPreferences(
        language="en",
        timezone=ZoneInfo("Europe/London"),
        alarms=Alarms.IGNORE,
        mention=Mention.ROOM,
        write_to=CalendarName("press"),
        duration=timedelta(minutes=45),
        levels=ChosenLevels(new=0, settings=-1),
    )
    await stores.preferences.save_room(A, RoomPreferences(alarms=Alarms.USE))
    await stores.preferences.save_room(A, chosen)
    assert await stores.preferences.room(A) == chosen
    await stores.preferences.transfer(A, B)
    assert await stores.preferences.rooms() == {B: chosen}


async def test_choosing_nothing_any_more_leaves_nothing(stores: Stores) -> None:
    await stores.preferences.save_room(A, RoomPreferences(reminders=()))
    await stores.preferences.save_person(ANNA, PersonPreferences(reminders=()))
    await stores.preferences.save_room(A, RoomPreferences())
    await stores.preferences.save_person(ANNA, PersonPreferences())
    assert (await stores.preferences.rooms(), await stores.preferences.people()) == ({}, {})
    assert await stores.preferences.room(A) == RoomPreferences()
    assert await stores.preferences.person(ANNA) == PersonPreferences()


async def test_lead_times_of_events_are_found_by_event(stores: Stores) -> None:
    series = EventLeads(A, U, None, (DAY,))
    once = EventLeads(A, U, RID, ())
    mine = EventLeads(ANNA, V, None, (QUARTER,))
    for leads in (EventLeads(A, U, None, (QUARTER,)), series, once, mine):
        await stores.preferences.save_event_leads(leads)
    assert await stores.preferences.event_leads([U]) == [series, once]
    assert await stores.preferences.event_leads([V, Uid("w")]) == [mine]
    assert await stores.preferences.event_leads([]) == []
    assert await stores.preferences.all_event_leads() == [series, once, mine]
    await stores.preferences.drop_event_leads(A, U, None)
    assert await stores.preferences.all_event_leads() == [once, mine]


async def test_a_snooze_stands_as_it_was_first_and_goes_with_its_reaction(stores: Stores) -> None:
    first = Snooze(EventId("$1"), ANNA, OccurrenceId(U, RID), NOW)
    second = Snooze(EventId("$1"), ANNA, OccurrenceId(V), NOW)
    other = Snooze(EventId("$2"), BEN, OccurrenceId(U, RID), NOW + DAY)
    for snooze in (first, second, other, Snooze(EventId("$1"), ANNA, OccurrenceId(U, RID), NOW + DAY)):
        await stores.preferences.save_snooze(snooze)
    assert await stores.preferences.snoozes([U]) == [first, other]
    assert await stores.preferences.snoozed_by(EventId("$1")) == [first, second]
    await stores.preferences.drop_snoozes(EventId("$1"))
    assert await stores.preferences.all_snoozes() == [other]


async def test_an_upgraded_room_hands_on_what_was_chosen_in_it(stores: Stores) -> None:
    await stores.preferences.save_room(A, RoomPreferences(reminders=(DAY,)))
    for leads in (
        EventLeads(A, U, None, (DAY,)),
        EventLeads(A, V, None, (DAY,)),
        EventLeads(B, V, None, (QUARTER,)),
        EventLeads(ANNA, U, None, ()),
    ):
        await stores.preferences.save_event_leads(leads)
    await stores.preferences.transfer(A, B)
    assert await stores.preferences.rooms() == {B: RoomPreferences(reminders=(DAY,))}
    assert await stores.preferences.all_event_leads() == [
        EventLeads(B, U, None, (DAY,)),
        EventLeads(B, V, None, (QUARTER,)),
        EventLeads(ANNA, U, None, ()),
    ]


async def test_what_was_chosen_for_a_date_is_forgotten_with_it(stores: Stores) -> None:
    it, href = CalendarName("it"), Href("/u.ics")
    there = Occurrence(it, href, U, RID, Timed(NOW, NOW + DAY), Details(title="Jour fixe"))
    await stores.calendars.put([StoredObject(it, href, None, U, "", True, None, (there,))])
    kept = EventLeads(A, U, RID, (DAY,))
    for leads in (kept, EventLeads(A, U, RecurrenceId("20250101T130000Z"), (DAY,))):
        await stores.preferences.save_event_leads(leads)
    await stores.preferences.forget_gone(NOW - DAY)
    assert await stores.preferences.all_event_leads() == [kept]


async def test_what_is_about_events_that_are_gone_is_forgotten(stores: Stores) -> None:
    await stores.calendars.put([StoredObject(CalendarName("it"), Href("/u.ics"), None, U, "", False, None, ())])
    kept, gone = EventLeads(A, U, None, (DAY,)), EventLeads(A, V, None, (DAY,))
    fresh = Snooze(EventId("$1"), ANNA, OccurrenceId(U), NOW)
    stale = Snooze(EventId("$2"), ANNA, OccurrenceId(U), NOW - 2 * DAY)
    of_gone = Snooze(EventId("$3"), ANNA, OccurrenceId(V), NOW)
    for leads in (kept, gone):
        await stores.preferences.save_event_leads(leads)
    for snooze in (fresh, stale, of_gone):
        await stores.preferences.save_snooze(snooze)
    await stores.preferences.forget_gone(NOW - DAY)
    assert await stores.preferences.all_event_leads() == [kept]
    assert await stores.preferences.all_snoozes() == [fresh]
