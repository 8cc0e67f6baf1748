"""Numbers, replies and `last`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

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
from calbot.db.stores import Stores
from calbot.ports import Card, Listed, StoredObject

ROOM, OTHER = RoomId("!r:example.org"), RoomId("!o:example.org")
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
IT = CalendarName("it-team")
SERIES = OccurrenceId(Uid("s"), RecurrenceId("20261124T110000Z"))
WHOLE = OccurrenceId(Uid("s"))


def listed(*uids: str) -> list[Listed]:
    return [Listed(number, IT, OccurrenceId(Uid(uid))) for number, uid in enumerate(uids, start=1)]


async def test_cards_of_many_events(stores: Stores) -> None:
    cards = [
        Card(ROOM, SERIES, IT, EventId("$1")),
        Card(OTHER, WHOLE, IT, EventId("$2")),
        Card(ROOM, OccurrenceId(Uid("a")), IT, EventId("$3")),
    ]
    for card in cards:
        await stores.references.save_card(card)
    assert await stores.references.cards_about([Uid("s")]) == [cards[1], cards[0]]
    assert len(await stores.references.cards_about([*(Uid(f"x{n}") for n in range(1200)), Uid("s"), Uid("a")])) == 3
    assert await stores.references.cards_about([]) == []


async def test_one_card_per_room_and_occurrence(stores: Stores) -> None:
    first = Card(ROOM, SERIES, IT, EventId("$1"))
    whole = Card(ROOM, WHOLE, IT, EventId("$2"))
    elsewhere = Card(OTHER, SERIES, IT, EventId("$3"))
    for card in (first, whole, elsewhere):
        await stores.references.save_card(card)
    assert await stores.references.card(ROOM, SERIES) == first
    assert await stores.references.card(ROOM, WHOLE) == whole
    assert await stores.references.card(OTHER, SERIES) == elsewhere
    assert await stores.references.card(OTHER, WHOLE) is None


async def test_a_new_card_takes_the_place_and_the_old_message_still_says_what_it_is_about(stores: Stores) -> None:
    first, second = (Card(ROOM, SERIES, IT, EventId(id)) for id in ("$1", "$2"))
    await stores.references.save_card(first)
    await stores.references.save_card(second)
    assert await stores.references.card(ROOM, SERIES) == second
    assert await stores.references.card_at(ROOM, EventId("$1")) == first
    assert await stores.references.card_at(ROOM, EventId("$2")) == second
    assert await stores.references.card_at(OTHER, EventId("$1")) is None


async def test_another_message_about_it_is_not_its_card(stores: Stores) -> None:
    reminder = Card(ROOM, SERIES, IT, EventId("$reminder"))
    await stores.references.note_message(reminder)
    assert await stores.references.card_at(ROOM, EventId("$reminder")) == reminder
    assert await stores.references.card(ROOM, SERIES) is None


async def shown(stores: Stores, user: UserId, room: RoomId = ROOM) -> list[str]:
    return [items[0].occurrence.uid for items in await stores.references.lists(room, user)]


async def test_the_last_list_of_a_person_and_all_newer_ones(stores: Stores) -> None:
    for id, reader in (("a1", ANNA), ("agenda", None), ("a2", ANNA), ("b", BEN), ("agenda2", None)):
        await stores.references.save_list(ROOM, reader, EventId(f"${id}"), listed(id))
    assert await shown(stores, ANNA) == ["agenda2", "a2"]
    assert await shown(stores, BEN) == ["agenda2", "b"]
    assert await shown(stores, ANNA, OTHER) == []


async def test_somebody_who_was_shown_none_means_the_newest(stores: Stores) -> None:
    await stores.references.save_list(ROOM, ANNA, EventId("$1"), listed("a1"))
    await stores.references.save_list(ROOM, ANNA, EventId("$2"), listed("a2"))
    assert await shown(stores, BEN) == ["a2"]


async def test_the_three_newest_lists_per_reader_are_kept(stores: Stores) -> None:
    await stores.references.save_list(ROOM, None, EventId("$agenda"), listed("x"))
    for number in range(5):
        await stores.references.save_list(ROOM, ANNA, EventId(f"${number}"), listed(f"a{number}"))
    ids = ["$agenda", "$0", "$1", "$2", "$3", "$4"]
    kept = [id for id in ids if await stores.references.list_at(ROOM, EventId(id))]
    assert kept == ["$agenda", "$2", "$3", "$4"]


async def test_a_list_by_its_message(stores: Stores) -> None:
    items = [Listed(1, IT, SERIES), Listed(2, CalendarName("hr"), WHOLE)]
    await stores.references.save_list(ROOM, ANNA, EventId("$1"), items)
    assert await stores.references.list_at(ROOM, EventId("$1")) == tuple(items)
    assert await stores.references.list_at(OTHER, EventId("$1")) is None
    assert await stores.references.list_at(ROOM, EventId("$2")) is None


async def test_a_list_sent_again_counts_as_the_newest(stores: Stores) -> None:
    for id in ("$1", "$2", "$1"):
        await stores.references.save_list(ROOM, ANNA, EventId(id), listed(id))
    assert await shown(stores, ANNA) == ["$1"]
    assert await stores.references.list_at(ROOM, EventId("$2")) == tuple(listed("$2"))


async def test_what_refers_to_an_occurrence_follows_it(stores: Stores) -> None:
    """One may become what another was: each goes one on, and none two."""
    ids = [OccurrenceId(Uid("u"), RecurrenceId(f"2026112{day}T090000Z")) for day in (4, 5, 6)]
    following = {ids[0]: ids[1], ids[1]: ids[2]}
    other = Listed(3, CalendarName("hr"), ids[0])
    for id, event in zip(ids[:2], ("$1", "$2"), strict=True):
        await stores.references.save_card(Card(ROOM, id, IT, EventId(event)))
    await stores.references.note_message(*(Card(ROOM, id, IT, EventId("$both")) for id in ids[:2]))
    await stores.references.save_list(ROOM, ANNA, EventId("$l"), [Listed(1, IT, ids[0]), Listed(2, IT, ids[1]), other])
    await stores.references.save_last(ROOM, ANNA, IT, ids[1])
    await stores.references.follow(IT, Uid("u"), lambda id: following[id], [ROOM])
    assert await stores.references.card(ROOM, ids[0]) is None
    assert await stores.references.card(ROOM, ids[1]) == Card(ROOM, ids[1], IT, EventId("$1"))
    assert await stores.references.card(ROOM, ids[2]) == Card(ROOM, ids[2], IT, EventId("$2"))
    assert [one.occurrence for one in await stores.references.newest(ROOM)] == ids[1:]
    assert await stores.references.lists(ROOM, ANNA) == [(Listed(1, IT, ids[1]), Listed(2, IT, ids[2]), other)]
    assert await stores.references.last(ROOM, ANNA) == (IT, ids[2])


async def test_a_list_after_what_was_spoken_of_last_is_known(stores: Stores) -> None:
    await stores.references.save_last(ROOM, ANNA, IT, SERIES)
    for reader, since in ((BEN, False), (None, False), (ANNA, True)):
        await stores.references.save_list(ROOM, reader, EventId(f"${reader}"), listed("a"))
        assert await stores.references.listed_since(ROOM, ANNA) is since
    await stores.references.save_last(ROOM, ANNA, IT, WHOLE)
    assert not await stores.references.listed_since(ROOM, ANNA)


async def test_the_maker_of_an_event_stays(stores: Stores) -> None:
    assert await stores.references.maker(Uid("u")) is None
    await stores.references.save_maker(Uid("u"), ANNA)
    await stores.references.save_maker(Uid("u"), BEN)
    assert await stores.references.maker(Uid("u")) == ANNA


async def test_last_is_per_person_and_room(stores: Stores) -> None:
    await stores.references.save_last(ROOM, ANNA, IT, SERIES)
    await stores.references.save_last(ROOM, BEN, IT, WHOLE)
    assert await stores.references.last(ROOM, ANNA) == (IT, SERIES)
    assert await stores.references.last(ROOM, BEN) == (IT, WHOLE)
    await stores.references.save_last(ROOM, ANNA, CalendarName("hr"), WHOLE)
    assert await stores.references.last(ROOM, ANNA) == (CalendarName("hr"), WHOLE)
    assert await stores.references.last(OTHER, ANNA) is None


async def test_forgets_what_is_in_no_calendar(stores: Stores) -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    when = Timed(start, start + timedelta(hours=1))
    occurrence = Occurrence(IT, Href("/s.ics"), Uid("s"), None, when, Details())
    await stores.calendars.put([StoredObject(IT, Href("/s.ics"), None, Uid("s"), "", False, None, (occurrence,))])
    there = Card(ROOM, WHOLE, IT, EventId("$there"))
    gone = Card(ROOM, OccurrenceId(Uid("gone")), IT, EventId("$gone"))
    for card, user in ((there, ANNA), (gone, BEN)):
        await stores.references.save_card(card)
        await stores.references.save_last(ROOM, user, IT, card.occurrence)
        await stores.references.save_maker(card.occurrence.uid, user)
    await stores.references.forget_gone(start)
    assert await stores.references.card(ROOM, there.occurrence) == there
    assert await stores.references.card_at(ROOM, there.event_id) == there
    assert await stores.references.last(ROOM, ANNA) == (IT, WHOLE)
    assert await stores.references.card(ROOM, gone.occurrence) is None
    assert await stores.references.card_at(ROOM, gone.event_id) is None
    assert await stores.references.last(ROOM, BEN) is None
    assert await stores.references.maker(Uid("s")) == ANNA
    assert await stores.references.maker(Uid("gone")) is None


async def test_forgets_messages_about_what_was_long_ago_though_the_series_goes_on(stores: Stores) -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    when = Timed(start, start + timedelta(hours=1))
    ids = [RecurrenceId(f"{day}T120000Z") for day in ("20260922", "20260923", "20261124", "20270922")]
    kept = [Occurrence(IT, Href("/s.ics"), Uid("s"), id, when, Details()) for id in (ids[1], ids[2])]
    await stores.calendars.put([StoredObject(IT, Href("/s.ics"), None, Uid("s"), "", True, None, tuple(kept))])
    cards = [Card(ROOM, OccurrenceId(Uid("s"), id), IT, EventId(f"${id}")) for id in ids]
    for card in cards:
        await stores.references.note_message(card)
    await stores.references.forget_gone(start - timedelta(days=30))
    # One was moved to a later day, one is beyond what is known of the series.
    assert [await stores.references.card_at(ROOM, card.event_id) for card in cards] == [None, *cards[1:]]


async def test_a_message_about_several_is_about_none_of_them_alone(stores: Stores) -> None:
    message = EventId("$several")
    cards = [Card(ROOM, OccurrenceId(Uid(uid)), IT, message) for uid in ("b", "a", "c")]
    await stores.references.note_message(*cards, cards[0])
    assert await stores.references.subjects(ROOM, message) == cards
    assert await stores.references.card_at(ROOM, message) is None
    assert await stores.references.subjects(OTHER, message) == []
    await stores.references.note_message(cards[1])
    assert await stores.references.card_at(ROOM, message) == cards[1]


async def test_the_last_message_about_anything(stores: Stores) -> None:
    first, second = (Card(ROOM, OccurrenceId(Uid(uid)), IT, EventId(f"${uid}")) for uid in ("a", "b"))
    assert list(await stores.references.newest(ROOM)) == []
    await stores.references.save_card(first)
    await stores.references.note_message(second)
    assert await stores.references.newest(ROOM) == [second]
    await stores.references.save_card(first)  # sent again
    assert await stores.references.newest(ROOM) == [first]
    assert list(await stores.references.newest(OTHER)) == []
