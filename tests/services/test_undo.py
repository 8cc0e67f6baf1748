"""`undo` takes back what somebody changed last, once, and only what nobody has changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from calbot.core.model import EventId, Kind, Message
from calbot.core.poll_events import POLL_END
from calbot.core.settings import Show
from calbot.errors import CalendarUnavailable
from calbot.services import startup

from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect
from .test_closing import events, files, moderator, results, voted_poll
from .test_polls import end, only


def unfolded(office: Office) -> str:
    (text,) = office.texts()
    return text.replace("\r\n ", "")


def card(office: Office) -> EventId:
    return next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING)


def last_edit(office: Office, of: EventId) -> Message:
    return next(one.message for one in reversed(office.chat.posted) if one.edits == of and one.message)


async def test_what_was_made_is_deleted(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    said = only([one for one in await office.says("!meet rückgängig") if one.kind is Kind.CANCELLED])
    assert office.texts() == []
    assert "Runde" in said.text
    assert said.data["status"] == "cancelled"
    assert said.mentions == (BEN,)
    assert last_edit(office, card(office)).data["status"] == "cancelled"


async def test_what_was_moved_is_moved_back(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    await office.says("!meet verschiebe last 16-18 Uhr")
    said = only([one for one in await office.says("!meet undo") if one.kind is Kind.CHANGE])
    assert said.data["start"]["localtime"] == "2026-11-25T10:00:00"
    assert said.data["old"]["start"]["localtime"] == "2026-11-25T16:00:00"
    assert "SEQUENCE:2" in unfolded(office)
    assert "T110000" in unfolded(office)
    assert last_edit(office, card(office)).data["start"]["localtime"] == "2026-11-25T10:00:00"


async def test_one_date_of_a_series_is_moved_back(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste")
    await office.says("!meet verschiebe 1 diesen Do 15 Uhr")
    await office.says("!meet 1")
    assert "RECURRENCE-ID" in unfolded(office)
    said = only([one for one in await office.says("!meet undo") if one.kind is Kind.CHANGE])
    assert said.data["start"]["localtime"] == "2026-11-25T10:00:00"
    listed = only(await office.says("!meet liste 14t"))
    assert [item["start"]["localtime"] for item in listed.data["items"]] == [
        "2026-11-25T10:00:00",
        "2026-12-02T10:00:00",
    ]


async def test_a_whole_series_is_moved_back(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    before = unfolded(office)
    await office.says("!meet verschiebe last 14-15 Uhr alle")
    assert "T140000" in unfolded(office)
    await office.says("!meet undo")
    assert "T140000" not in unfolded(office)
    rules = [[line for line in text.splitlines() if "RRULE" in line] for text in (before, unfolded(office))]
    assert rules[0] == rules[1]


async def test_what_was_cancelled_is_written_back_under_another_uid(office: Office) -> None:
    made = only(await office.says(f'!meet neu "Runde" morgen 10-11 {BEN} ort:Rathaus text:"Bitte Zahlen"'))
    await office.says("!meet absagen last")
    assert office.texts() == []
    said = only([one for one in await office.says("!meet undo") if one.kind is Kind.OK])
    assert said.mentions == (BEN,)
    assert said.data["uid"] != made.data["uid"]
    text = unfolded(office)
    assert f"UID:{said.data['uid']}" in text
    assert made.data["uid"] not in text
    assert "LOCATION:Rathaus" in text
    assert "DESCRIPTION:Bitte Zahlen" in text
    assert "mailto:ben@example.org" in text
    assert last_edit(office, card(office)).data["uid"] == said.data["uid"]
    assert last_edit(office, card(office)).data["status"] == "confirmed"
    # It is still Anna's own, and the card still means it.
    moved = await office.replies(card(office), "!meet verschiebe 16 Uhr")
    assert [one.kind for one in moved].count(Kind.CHANGE) == 1


async def test_one_date_of_a_series_takes_place_after_all_as_it_was(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste")
    await office.says("!meet verschiebe 1 diesen Do 15 Uhr")
    await office.says("!meet 1")
    await office.says("!meet liste")
    await office.says("!meet absagen 1")
    await office.says("!meet 1")
    assert "EXDATE" in unfolded(office)
    assert "RECURRENCE-ID" not in unfolded(office)
    said = only([one for one in await office.says("!meet undo") if one.kind is Kind.OK])
    assert said.data["start"]["localtime"] == "2026-11-26T15:00:00"
    assert "EXDATE" not in unfolded(office)
    assert "RECURRENCE-ID" in unfolded(office)


async def test_again_takes_back_the_one_before(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet verschiebe last 16 Uhr")
    await office.says("!meet absagen last")
    for text in ("T160000", "T100000"):
        await office.says("!meet undo")
        assert text in unfolded(office)
    await office.says("!meet undo")
    assert office.texts() == []
    error = only(await office.says("!meet undo"))
    assert (error.kind, error.data["code"]) == (Kind.ERROR, "not_found")


async def test_what_somebody_else_changed_since_stays(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.put(CALENDAR, office.name(), office.texts()[0].replace("SUMMARY:Runde", "SUMMARY:Große Runde"))
    refused = only(await office.says("!meet rückgängig"))
    assert refused.data["code"] == "conflict"
    assert "Runde“ wurde inzwischen geändert" in refused.text
    assert only(await office.says("!meet undo")).data["code"] == "not_found"
    assert "Große Runde" in unfolded(office)


async def test_what_cannot_be_taken_back_does_not_stand_before_what_was_done_earlier(office: Office) -> None:
    await office.says("!meet neu Alpha morgen 10-11")
    await office.says("!meet neu Beta morgen 14-15")
    await office.says("!meet verschiebe last 16-17 Uhr")
    (second,) = [one for one in office.calendar.objects(CALENDAR).values() if "Beta" in one.data]
    name = second.href.rpartition("/")[2].removesuffix(".ics")
    office.calendar.put(CALENDAR, name, second.data.replace("T160000", "T163000"))
    assert "„Beta“" in only(await office.says("!meet rückgängig")).text  # the move
    assert "„Beta“" in only(await office.says("!meet rückgängig")).text  # that it was made
    said = [one for one in await office.says("!meet rückgängig") if one.kind is Kind.CANCELLED]
    assert "Alpha" in said[-1].text
    assert ["Beta" in text for text in office.texts()] == [True]


async def test_an_answer_to_an_event_that_is_gone_does_not_stand_in_the_way(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    await office.says("!meet neu Eigenes morgen 14-15", BEN)
    await office.says("!meet liste", BEN)
    await office.says("!meet ja 1", BEN)
    await office.says("!meet liste")
    await office.says("!meet absagen 1")
    assert only(await office.says("!meet rückgängig", BEN)).kind is Kind.ERROR
    said = [one for one in await office.says("!meet rückgängig", BEN) if one.kind is Kind.CANCELLED]
    assert "Eigenes" in said[-1].text


async def test_an_edit_that_is_taken_back_says_what_went_back_and_tells_those_concerned(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 ort:Rathaus {BEN}")
    await office.says(f"!meet ändere last titel:Klausur ort:Markt mit:{CARLA} ohne:{BEN}")
    said = only([one for one in await office.says("!meet rückgängig") if one.kind is Kind.CHANGE])
    assert said.text.splitlines()[:6] == [
        "Rückgängig gemacht, wieder wie vorher: Runde",
        "Mi., 25.11.2026, 10:00–11:00 Uhr",
        "Titel: Klausur → Runde",
        "Ort: Markt → Rathaus",
        "Neu dabei: Ben",
        "Nicht mehr dabei: Carla",
    ]
    assert set(said.mentions) == {BEN, CARLA}


async def test_an_answer_is_no_change(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    text = (
        office.texts()[0].replace("\r\n ", "").replace("NEEDS-ACTION", "ACCEPTED").replace("SEQUENCE:0", "SEQUENCE:1")
    )
    office.calendar.put(CALENDAR, office.name(), text)
    await office.says("!meet undo")
    assert office.texts() == []


async def test_what_somebody_else_moved_since_is_not_moved_back(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet verschiebe last 16-17 Uhr")
    office.calendar.put(CALENDAR, office.name(), office.texts()[0].replace("T160000", "T163000"))
    assert only(await office.says("!meet undo")).data["code"] == "conflict"
    assert "T163000" in unfolded(office)


async def test_a_title_that_somebody_else_changed_is_kept_when_it_is_moved_back(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet verschiebe last 16-17 Uhr")
    office.calendar.put(CALENDAR, office.name(), office.texts()[0].replace("SUMMARY:Runde", "SUMMARY:Kreis"))
    await office.says("!meet undo")
    assert "SUMMARY:Kreis" in unfolded(office)
    assert "T100000" in unfolded(office)


async def test_after_ten_minutes_it_is_too_late(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.clock.advance(timedelta(minutes=10, seconds=1))
    assert only(await office.says("!meet undo")).data["code"] == "not_found"
    assert len(office.texts()) == 1


async def test_only_what_the_sender_changed_here_is_taken_back(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    assert only(await office.says("!meet undo", by=BEN)).data["code"] == "not_found"
    other = office.chat.add_room("!other:example.org", ANNA)
    office.change(rooms={**office.world.settings.rooms, other: replace(office.world.settings.rooms[ROOM], id=other)})
    assert only(await office.says("!meet undo", room=other)).data["code"] == "not_found"
    assert len(office.texts()) == 1


async def test_what_was_not_written_is_not_taken_back(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet verschiebe last 16 Uhr")
    office.calendar.unavailable = None
    await office.says("!meet undo")
    assert office.texts() == []


async def test_the_calendar_away_lets_it_be_tried_again(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet absagen last")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    assert only(await office.says("!meet undo")).data["code"] == "calendar_unavailable"
    office.calendar.unavailable = None
    await office.says("!meet undo")
    assert len(office.texts()) == 1


@pytest.mark.parametrize("what", ["new", "move", "cancel"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("done", [False, True])
async def test_killed_anywhere_it_takes_back_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch, what: str, number: int, done: bool
) -> None:
    """Before or after the calendar, the card and the answer: nothing else is taken back instead, and nothing twice."""
    await office.says("!meet neu Andere morgen 8-9")
    await office.says("!meet neu Runde morgen 10-11")
    if what != "new":
        await office.says("!meet verschiebe last 16-17 Uhr" if what == "move" else "!meet absagen last")
    before = len(office.chat.posted)
    undo = partial(office.says, "!meet undo")
    assert await killed_at_effect(office, number, undo, monkeypatch, done=done)
    texts = "".join(office.texts())
    assert "SUMMARY:Andere" in texts
    assert texts.count("SUMMARY:Runde") == (0 if what == "new" else 1)
    assert "T160000" not in texts
    assert [bool(one.edits) for one in office.chat.posted[before:]] == [True, False]
    assert await office.world.stores.inbox.unfinished() == []


async def test_of_a_hidden_event_only_its_time_is_shown_and_nothing_is_kept(office: Office) -> None:
    calendars = office.world.settings.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], show=Show.BUSY)})
    await office.says("!meet neu Personalgespräch morgen 10-11")
    await office.says("!meet verschiebe last 16 Uhr")
    said = await office.says("!meet undo")
    assert "T100000" in unfolded(office)
    await office.says("!meet absagen last")
    said += await office.says("!meet undo")
    assert said[-1].data["code"] == "not_found"
    await office.says("!meet neu Gespräch morgen 12-13")
    said += await office.says("!meet undo")
    assert office.texts() == []
    assert all("espräch" not in one.text for one in said)


async def test_of_an_event_that_became_hidden_since_nothing_more_is_shown(office: Office) -> None:
    await office.says("!meet neu Personalgespräch morgen 10-11")
    await office.says("!meet verschiebe last 16-17 Uhr")
    text = office.texts()[0].replace("SUMMARY", "CLASS:PRIVATE\r\nSUMMARY")
    office.calendar.put(CALENDAR, office.name(), text)
    await office.pull()
    said = await office.says("!meet undo")
    assert "T100000" in unfolded(office)
    assert all("espräch" not in f"{one.text} {one.html} {one.data}" for one in said)


async def test_an_event_that_became_hidden_since_is_changed_by_its_maker_only(office: Office) -> None:
    moderator(office, BEN)
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet liste", by=BEN)
    await office.says("!meet verschiebe 1 16-17 Uhr", by=BEN)
    text = office.texts()[0].replace("SUMMARY", "CLASS:PRIVATE\r\nSUMMARY")
    office.calendar.put(CALENDAR, office.name(), text)
    await office.pull()
    assert only(await office.says("!meet undo", by=BEN)).data["code"] == "forbidden"
    assert "T160000" in unfolded(office)


async def test_what_was_brought_back_though_nobody_heard_so_does_not_stand_beside_the_next_one(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet absagen last")
    office.calendar.lose_answer = True
    assert only(await office.says("!meet undo")).data["code"] == "calendar_unavailable"
    await office.says("!meet undo")
    await office.pull()
    assert len(office.texts()) == 1


async def test_reminders_that_were_set_for_it_come_back_with_it(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet erinnere 2h last")
    await office.says("!meet absagen last")
    await office.says("!meet undo")
    said = await office.until(office.clock() + timedelta(hours=25))
    assert [one.data["lead"] for one in said if one.kind is Kind.REMINDER] == [7200]


# --------------------------------------------------------------------------------------------------------------- polls


@pytest.mark.parametrize("typed", ["!meet schließen", "!meet buche 1"])
async def test_a_booked_poll_is_unbooked_and_stays_closed(office: Office, typed: str) -> None:
    poll = await voted_poll(office)
    await office.says(typed)
    uid = results(office)[-1].data["uid"]
    said = only([one for one in await office.says("!meet undo") if one.kind is Kind.CANCELLED])
    assert office.texts() == []
    assert "Budgetrunde" in said.text
    assert set(said.mentions) == {BEN, CARLA}
    assert last_edit(office, card(office)).data["status"] == "cancelled"
    await office.replies(poll, "!meet buche 3")
    assert results(office)[-1].data["uid"] != uid
    assert "20261127T093000" in events(office)[0]


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("done", [False, True])
async def test_killed_while_a_booking_is_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    """Before or after the calendar, the card and the answer."""
    await voted_poll(office)
    await office.says("!meet schließen")
    assert await killed_at_effect(office, number, partial(office.says, "!meet undo"), monkeypatch, done=done)
    await office.pass_time(timedelta(minutes=5))
    assert office.texts() == []
    assert len(office.said(Kind.CANCELLED)) == len(results(office)) == 1
    assert office.said(Kind.ERROR) == []


async def test_whoever_ended_it_in_a_client_takes_the_booking_back(office: Office) -> None:
    poll = await voted_poll(office)
    power = office.chat.rooms[ROOM].power
    office.chat.rooms[ROOM].power = replace(power, users={BEN: 50})
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll)))
    assert only(await office.says("!meet undo")).data["code"] == "not_found"
    await office.says("!meet undo", by=BEN)
    assert office.texts() == []


async def test_what_a_deadline_booked_is_nobodys_change(office: Office) -> None:
    await voted_poll(office, ' bis:"heute 18 Uhr"')
    await office.pass_time(timedelta(hours=10, minutes=1))
    assert len(events(office)) == 1
    assert only(await office.says("!meet undo")).data["code"] == "not_found"


async def test_another_booking_is_moved_back_once(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.replies(poll, "!meet buche 1")
    await office.says("!meet undo")
    (text,) = events(office)
    assert "20261126T100000" in text
    assert "PARTSTAT=NEEDS-ACTION" not in text
    assert results(office)[-1].data["option"] == "option-2"
    assert files(office) == 3
    await office.says("!meet undo")  # the booking itself
    assert office.texts() == []


async def test_killed_while_a_booking_is_moved_back(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.replies(poll, "!meet buche 1")
    assert await killed_at(office, "poll.event", lambda: office.says("!meet undo"))
    assert "20261126T100000" in events(office)[0]
    assert len(results(office)) == 3
    assert office.said(Kind.ERROR) == []


async def test_a_booked_event_that_was_cancelled_and_brought_back_is_still_the_polls(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.replies(card(office), "!meet absagen")
    await office.says("!meet undo")
    uid = last_edit(office, card(office)).data["uid"]
    await office.replies(poll, "!meet buche 1")
    assert results(office)[-1].data["uid"] == uid
    assert "20261125T140000" in events(office)[0]


async def test_what_is_kept_for_it_is_forgotten_after_a_day(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet absagen last")
    await office.pass_time(timedelta(days=2, hours=1))
    claimed = await office.world.stores.undo.claim(ROOM, ANNA, office.clock() - timedelta(days=9), EventId("$undo"))
    assert claimed is None


@pytest.mark.parametrize("shown", [True, False])
async def test_nothing_is_kept_of_a_calendar_that_is_shown_no_more_or_shows_less(office: Office, shown: bool) -> None:
    await office.pull()
    await office.says("!meet neu Personalgespräch morgen 10-11")
    await office.says("!meet absagen last")
    calendars = office.world.settings.calendars
    if shown:
        office.change(calendars={CALENDAR: replace(calendars[CALENDAR], show=Show.BUSY)})
    else:
        await office.says("!meet neu Andere morgen 8-9")  # one that is in the mirror
        office.change(rooms={})
    await startup.begin(office.world)
    await office.alarm.settle()
    since = office.clock() - timedelta(hours=1)
    assert await office.world.stores.undo.claim(ROOM, ANNA, since, EventId("$undo")) is None
