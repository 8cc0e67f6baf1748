"""From the end of a poll to the event: by a person's word, after a confirmation, killed at every step on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from calbot.core import identity
from calbot.core.model import CalendarObject, EventId, Kind, Message, UserId
from calbot.core.poll_events import POLL_END, POLL_START
from calbot.core.poll_model import PollState
from calbot.core.settings import Delivery, Resource
from calbot.errors import CalendarReadOnly, CalendarUnavailable
from calbot.services import closing

from . import poll_room
from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect
from .test_polls import OPEN, end, handmade, only, open_poll, response, votes

LINE_ENDS = "\r\n "


def results(office: Office) -> list[Message]:
    return office.said(Kind.POLL_RESULT)


def posted_cards(office: Office) -> list[EventId]:
    return [
        one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING and not one.edits
    ]


def files(office: Office) -> int:
    return sum(1 for one in office.chat.posted if one.file is not None)


def events(office: Office) -> list[str]:
    """What is on the calendar besides holds, unfolded."""
    texts = [text.replace(LINE_ENDS, "") for text in office.texts()]
    return [text for text in texts if "UID:calbot-hold-" not in text]


def holding(office: Office) -> int:
    return len(office.texts()) - len(events(office))


def moderator(office: Office, *users: UserId) -> None:
    power = office.chat.rooms[ROOM].power
    office.chat.rooms[ROOM].power = replace(power, users={**power.users, **dict.fromkeys(users, 50)})


async def voted_poll(office: Office, options: str = "") -> EventId:
    """Everybody for the second date, two also for the first, nobody for the third."""
    poll = await open_poll(office, OPEN + options)
    await votes(office, poll, ANNA, 1, 2)
    await votes(office, poll, BEN, 1, 2)
    await votes(office, poll, CARLA, 2)
    return poll


# ------------------------------------------------------------------------------------------------------------- killed


@pytest.mark.parametrize("way", ["close", "book", "client", "deadline"])
@pytest.mark.parametrize("step", closing.STEPS)
async def test_killed_anywhere_it_comes_to_one_event_result_card_and_file(office: Office, step: str, way: str) -> None:
    poll = await voted_poll(office, ' holds bis:"heute 18 Uhr"')
    assert holding(office) == 3
    moderator(office, BEN)

    async def act() -> None:
        if way == "deadline":
            await office.pass_time(timedelta(hours=11))
        elif way == "client":
            await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll)))
        else:
            await office.says("!meet schließen" if way == "close" else "!meet buche 1")

    assert await killed_at(office, step, act)
    await office.pass_time(timedelta(minutes=20))
    day = "20261125T140000" if way == "book" else "20261126T100000"
    assert [day in text for text in events(office)] == [True]
    assert holding(office) == 0
    assert len(results(office)) == len(posted_cards(office)) == files(office) == 1
    assert sum(1 for event in office.chat.rooms[ROOM].events if event.type == POLL_END) == 1
    assert office.said(Kind.ERROR) == []
    assert await office.world.stores.inbox.unfinished() == []


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 10))
async def test_killed_before_or_after_any_effect(
    office: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    """The end, the event, the result, the card, the file, three holds to be removed, the card of the poll."""
    await voted_poll(office, " holds")
    close = partial(office.says, "!meet schließen")
    killed = await killed_at_effect(office, number, close, monkeypatch, done=done)
    assert killed is (number <= 8)
    await office.pass_time(timedelta(minutes=5))
    assert (len(events(office)), holding(office)) == (1, 0)
    assert len(results(office)) == len(posted_cards(office)) == files(office) == 1
    assert office.said(Kind.ERROR) == []


@pytest.mark.parametrize("step", closing.STEPS)
async def test_killed_while_it_is_moved_to_another_date(office: Office, step: str) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")

    async def act() -> None:
        await office.replies(poll, "!meet buche 1")

    assert await killed_at(office, step, act)
    (text,) = events(office)
    assert "20261125T140000" in text
    assert "SEQUENCE:1" in text
    assert len(results(office)) == 2
    assert len(posted_cards(office)) == 1
    assert files(office) == 2


async def test_a_closing_that_finds_no_votes_removes_the_holds_too(office: Office) -> None:
    await open_poll(office, OPEN + " holds")
    assert await killed_at(office, "poll.done", lambda: office.says("!meet schließen"))
    assert holding(office) == 0
    assert only(results(office)).data["outcome"] == "no_votes"


# --------------------------------------------------------------------------------------------------------------- book


async def test_an_option_is_booked_against_the_majority_and_it_says_by_whom(office: Office) -> None:
    await voted_poll(office)
    await office.says("!meet buche 1")
    said = only(results(office))
    assert "Gewählt von Anna: Mi., 25.11., 14:00–15:00 Uhr (2 statt 3 Stimmen)" in said.text.splitlines()
    assert "Mehr Stimmen: Do., 26.11., 10:00–11:00 Uhr" in said.text.splitlines()
    assert said.data["outcome"] == "booked"
    (text,) = events(office)
    carla = next(line for line in text.splitlines() if "carla@" in line)
    assert "PARTSTAT=NEEDS-ACTION" in carla


async def test_without_a_number_the_winner_is_booked(office: Office) -> None:
    await voted_poll(office)
    await office.says("!meet book")
    said = only(results(office))
    assert "Gewählt: Do., 26.11., 10:00–11:00 Uhr" in said.text.splitlines()
    assert [posted.type for posted in office.chat.posted].count(POLL_END) == 1


async def test_what_nobody_voted_for_can_be_booked(office: Office) -> None:
    await open_poll(office)
    await office.says("!meet buche 3")
    assert "Gewählt von Anna: Fr., 27.11., 09:30–10:30 Uhr" in only(results(office)).text
    assert "20261127T093000" in events(office)[0]


async def test_a_booked_poll_is_moved_by_replying_to_its_card(office: Office) -> None:
    await voted_poll(office)
    await office.says("!meet schließen")
    uid = only(results(office)).data["uid"]
    (card,) = posted_cards(office)
    await office.replies(card, "!meet buche 1")
    moved = results(office)[-1]
    assert moved.data["uid"] == uid
    assert moved.data["sequence"] == 1
    assert "Bisher gebucht: Do., 26.11., 10:00–11:00 Uhr" in moved.text.splitlines()
    (text,) = events(office)
    answers = {
        name: next(line for line in text.splitlines() if f"{name}@" in line) for name in ("anna", "ben", "carla")
    }
    assert "PARTSTAT=ACCEPTED" in answers["ben"]
    assert "PARTSTAT=NEEDS-ACTION" in answers["carla"]
    assert "RSVP=TRUE" in answers["carla"]
    edits = [one for one in office.chat.posted if one.edits == card and one.message]
    assert edits[-1].message is not None
    assert edits[-1].message.data["start"]["localtime"] == "2026-11-25T14:00:00"


async def test_the_result_is_one_to_reply_to_as_well(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 2)
    await office.says("!meet schließen")
    result = next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.POLL_RESULT)
    await open_poll(office, '!meet umfrage "Klausur" Mi 9; Do 9')
    await office.replies(result, "!meet buche 3")
    assert "20261127T093000" in events(office)[0]


async def test_a_deleted_event_is_booked_anew_under_another_uid(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    first = only(results(office)).data["uid"]
    office.calendar.remove(CALENDAR, office.name())
    await office.replies(poll, "!meet buche 1")
    second = results(office)[-1].data["uid"]
    assert second not in (None, first)
    assert [second in text for text in events(office)] == [True]
    assert len(posted_cards(office)) == 2


@pytest.mark.parametrize("typed", ["!meet buche 2", "!meet buche"])
async def test_a_deleted_event_is_booked_anew_for_the_same_date(office: Office, typed: str) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    office.calendar.remove(CALENDAR, office.name())
    await office.pull()
    await office.replies(poll, typed)
    assert "20261126T100000" in events(office)[0]
    assert "Bisher gebucht" not in results(office)[-1].text
    assert results(office)[-1].data["uid"] != results(office)[0].data["uid"]


async def test_what_somebody_moved_meanwhile_is_not_moved(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    (text,) = office.texts()
    moved = text.replace("20261126T100000", "20261126T160000").replace("20261126T110000", "20261126T170000")
    office.calendar.put(CALENDAR, office.name(), moved)
    said = await office.replies(poll, "!meet buche 1")
    assert only([message for message in said if message.kind is Kind.ERROR]).data["code"] == "conflict"
    (stored,) = await office.world.stores.polls.in_room(ROOM, [PollState.BOOKED])
    assert stored.chosen == stored.booked == "option-2"
    assert "20261126T160000" in events(office)[0]


async def test_a_poll_that_came_to_nothing_can_still_be_booked(office: Office) -> None:
    await open_poll(office)
    await office.says("!meet schließen")
    assert only(results(office)).data["outcome"] == "no_votes"
    await office.says("!meet buche 2")
    assert results(office)[-1].data["outcome"] == "booked"
    assert len(events(office)) == 1


async def test_what_is_booked_already_stays(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    assert only(await office.replies(poll, "!meet buche 2")).kind is Kind.OK
    assert only(await office.replies(poll, "!meet buche")).kind is Kind.OK
    assert len(results(office)) == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("!meet buche 4", "not_found"),
        ("!meet buche Mittwoch", "not_understood"),
        ("!meet buche 2 Fr 10 Uhr", "not_understood"),
    ],
)
async def test_what_is_no_option_is_refused(office: Office, typed: str, code: str) -> None:
    await voted_poll(office)
    assert only(await office.says(typed)).data["code"] == code
    assert results(office) == []


async def test_a_date_that_has_begun_is_not_booked(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    office.clock.advance(timedelta(days=1, hours=6, minutes=30))
    assert only(await office.replies(poll, "!meet buche 1")).data["code"] == "in_past"
    assert len(results(office)) == 1


async def test_only_the_asker_or_a_moderator_books(office: Office) -> None:
    await voted_poll(office)
    assert only(await office.says("!meet buche 1", by=BEN)).data["code"] == "forbidden"
    assert results(office) == []
    moderator(office, CARLA)
    await office.says("!meet buche 1", by=CARLA)
    assert "Gewählt von Carla" in only(results(office)).text


async def test_an_option_that_is_no_date_is_booked_with_one(office: Office) -> None:
    poll = office.chat.sends(ROOM, BEN, POLL_START, handmade("Do 12 Uhr", "nach Feierabend"))
    await office.replies(poll.id, "!meet termin", by=BEN)
    await office.hears(office.chat.sends(ROOM, CARLA, "org.matrix.msc3381.poll.response", response(poll.id, "id1")))
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll.id)))
    said = only(results(office))
    assert said.data["outcome"] == "unreadable"
    assert "buche 2 Di 14-15 Uhr" in said.text
    error = only(await office.replies(poll.id, "!meet buche 2", by=BEN))
    assert error.data["code"] == "not_understood"
    await office.replies(poll.id, "!meet buche 2 Do 17-18 Uhr", by=BEN)
    booked = results(office)[-1]
    assert booked.data["start"]["localtime"] == "2026-11-26T17:00:00"
    assert "nach Feierabend → Do., 26.11., 17:00–18:00 Uhr" in booked.text


async def test_several_polls_are_asked_about_and_one_that_waits_goes_first(office: Office) -> None:
    await voted_poll(office)
    await office.says("!meet schließen")
    await open_poll(office, '!meet umfrage "Klausur" Mi 9; Do 9')
    await office.says("!meet buche 2")
    assert results(office)[-1].data["title"] == "Klausur"


async def test_the_calendar_away_while_it_is_booked(office: Office) -> None:
    await voted_poll(office)
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    said = await office.says("!meet buche 1")
    assert only([message for message in said if message.kind is Kind.ERROR]).data["code"] == "calendar_unavailable"
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=2))
    assert "Gewählt von Anna" in only(results(office)).text
    assert len(events(office)) == 1


# ------------------------------------------------------------------------------------------------------------ confirm


async def confirm_message(office: Office) -> EventId:
    return next(
        one.event
        for one in reversed(office.chat.posted)
        if one.message and one.message.data.get("outcome") == "unconfirmed"
    )


async def test_with_confirm_nothing_is_booked_before_the_asker_says_so(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    asked = only(results(office))
    assert asked.mentions == (ANNA,)
    assert "✅" in asked.text
    assert "uid" not in asked.data
    assert events(office) == []
    target = await confirm_message(office)
    await office.hears(office.chat.reacts(ROOM, BEN, target, "✅"))
    assert events(office) == []
    await office.hears(office.chat.reacts(ROOM, ANNA, target, "✅\N{VARIATION SELECTOR-16}"))
    assert len(events(office)) == 1
    booked = results(office)[-1]
    assert "Bestätigt von Anna" in booked.text.splitlines()
    assert booked.data["outcome"] == "booked"
    assert len(posted_cards(office)) == files(office) == 1


async def test_the_card_says_that_nothing_was_booked_where_that_is_declined(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    assert "wartet auf Bestätigung" in await poll_room.card(office)
    await office.says("!meet schließen")
    assert "Es wurde kein Termin eingetragen" in await poll_room.card(office)


@pytest.mark.parametrize("step", ["poll.closing", "poll.end", "poll.chosen", closing.ASKED])
async def test_killed_before_it_is_asked_it_asks_once(office: Office, step: str) -> None:
    await voted_poll(office, " confirm")
    assert await killed_at(office, step, lambda: office.says("!meet schließen"))
    assert only(results(office)).data["outcome"] == "unconfirmed"
    await office.says("!meet buche")
    assert results(office)[-1].data["outcome"] == "booked"
    assert len(events(office)) == 1


@pytest.mark.parametrize("step", closing.STEPS)
async def test_killed_while_a_confirmed_poll_is_booked(office: Office, step: str) -> None:
    await voted_poll(office, " confirm holds")
    await office.says("!meet schließen")
    target = await confirm_message(office)
    reaction = office.chat.reacts(ROOM, ANNA, target, "✅")
    assert await killed_at(office, step, lambda: office.hears(reaction))
    await office.pass_time(timedelta(minutes=5))
    assert [result.data["outcome"] for result in results(office)] == ["unconfirmed", "booked"]
    assert len(events(office)) == len(posted_cards(office)) == files(office) == 1
    assert holding(office) == 0


async def test_a_confirmation_while_the_bot_was_away_counts(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    office.chat.reacts(ROOM, ANNA, await confirm_message(office), "✅")
    office.alarm.forget()
    await office.resume()
    assert results(office)[-1].data["outcome"] == "booked"


@pytest.mark.parametrize("way", ["reaction", "close"])
async def test_a_declined_poll_ends_without_an_event(office: Office, way: str) -> None:
    await voted_poll(office, " confirm holds")
    await office.says("!meet schließen")
    if way == "reaction":
        await office.hears(office.chat.reacts(ROOM, ANNA, await confirm_message(office), "❌"))
    else:
        await office.says("!meet schließen")
    said = results(office)[-1]
    assert said.data["outcome"] == "declined"
    assert "Abgelehnt von Anna" in said.text
    assert office.texts() == []
    assert office.said(Kind.ERROR) == []
    await office.hears(office.chat.reacts(ROOM, ANNA, await confirm_message(office), "✅"))
    assert office.texts() == []


async def test_what_nobody_confirms_ends_when_its_date_begins(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    await office.pass_time(timedelta(hours=49))
    assert len(results(office)) == 1
    await office.pass_time(timedelta(hours=2))
    assert results(office)[-1].data["outcome"] == "confirm_expired"
    assert results(office)[-1].mentions == (ANNA,)
    assert office.texts() == []


async def test_another_option_than_the_one_to_confirm_can_be_booked(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    await office.says("!meet buche 3")
    assert "20261127T093000" in events(office)[0]


# ---------------------------------------------------------------------------------------------------------- afterwards


async def test_the_result_says_who_decided_and_the_card_what_there_is(office: Office) -> None:
    poll = await open_poll(office, f"{OPEN} ort:Rathaus")
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    result, card = only(results(office)), office.said(Kind.MEETING)[-1]
    assert "Rathaus" not in result.text
    assert "Ort: Rathaus" in card.text
    assert "1 Stimme (Anna)" in result.text
    assert "Stimme" not in card.text
    assert "Einladungen per E-Mail wurden nicht verschickt." not in result.text


@pytest.mark.parametrize(
    ("delivery", "said"), [(Delivery.NONE, True), (Delivery.EMAIL, True), (Delivery.SERVER, False)]
)
async def test_the_card_says_whether_anybody_was_mailed(office: Office, delivery: Delivery, said: bool) -> None:
    calendars = office.world.settings.calendars
    office.change(calendars={CALENDAR: replace(calendars[CALENDAR], delivery=delivery)})
    await voted_poll(office)
    await office.says("!meet schließen")
    assert ("nicht verschickt" in office.said(Kind.MEETING)[-1].text) is said
    assert ("ATTENDEE" in events(office)[0]) is True


async def test_all_of_a_poll_in_a_thread_stays_there(office: Office) -> None:
    root = office.chat.says(ROOM, BEN, "Wann?").id
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    await office.relates(thread, OPEN + " confirm")
    poll = next(posted.event for posted in office.chat.posted if posted.type == POLL_START)
    await votes(office, poll, ANNA, 2)
    await office.relates(thread, "!meet schließen")
    await office.hears(office.chat.reacts(ROOM, ANNA, await confirm_message(office), "✅"))
    said = [one for one in office.chat.posted if one.type == "m.room.message" and not one.edits]
    assert {one.thread for one in said} == {root}
    assert [one.message.kind for one in said if one.message][-2:] == [Kind.POLL_RESULT, Kind.MEETING]


async def test_a_poll_taken_out_of_the_room_is_not_booked(office: Office) -> None:
    poll = await voted_poll(office, ' holds bis:"heute 18 Uhr"')
    office.chat.redacts(ROOM, poll)
    await office.pass_time(timedelta(hours=11))
    assert office.texts() == []
    assert results(office) == []
    assert "Budgetrunde" in only(office.said(Kind.ERROR)).text


async def test_reminders_are_planned_for_the_event_and_for_no_hold(office: Office) -> None:
    poll = await open_poll(office, '!meet umfrage "Runde" heute 12-13; heute 15-16 holds')
    await votes(office, poll, BEN, 2)
    await office.says("!meet buche 2")
    await office.pass_time(timedelta(hours=10))
    reminded = office.said(Kind.REMINDER)
    assert [message.data["title"] for message in reminded] == ["Runde"]


# -------------------------------------------------------------------------------------------------------------- holds


async def test_holds_are_seen_as_such(office: Office) -> None:
    await open_poll(office, OPEN + " holds")
    texts = [text.replace(LINE_ENDS, "") for text in office.texts()]
    assert all("STATUS:TENTATIVE" in text and "TRANSP:TRANSPARENT" in text for text in texts)
    assert all("ATTENDEE" not in text and "ORGANIZER" not in text for text in texts)
    listed = only(await office.says("!meet liste"))
    assert listed.text.count("Vorgemerkt: Budgetrunde (Umfrage) (vorläufig)") == 3
    said = only(await office.says("!meet neu Runde morgen 14-15 Uhr"))
    assert "Achtung" not in said.text


async def test_killed_while_it_is_opened_the_rest_of_the_holds_follows(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = office.calendar.create
    made = 0

    async def once(*args: Any) -> CalendarObject:
        nonlocal made
        made += 1
        if made == 2:
            raise CalendarUnavailable("calendar_unreachable")
        return await create(*args)

    monkeypatch.setattr(office.calendar, "create", once)
    said = await office.says(OPEN + " holds")
    assert only([message for message in said if message.kind is Kind.ERROR]).data["code"] == "calendar_unavailable"
    assert holding(office) == 1
    monkeypatch.setattr(office.calendar, "create", create)
    office.alarm.forget()
    await office.resume()
    assert holding(office) == 3
    assert len(office.said(Kind.ERROR)) == 1


async def test_the_calendar_away_at_the_opening_delays_the_holds_only(office: Office) -> None:
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    poll = await open_poll(office, OPEN + " holds")
    await votes(office, poll, BEN, 2)
    assert office.texts() == []
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=2))
    assert holding(office) == 3
    await office.says("!meet schließen")
    assert (holding(office), len(events(office))) == (0, 1)


async def test_a_calendar_that_refuses_holds_runs_the_poll_without(office: Office) -> None:
    office.calendar.read_only.add(CALENDAR)
    await open_poll(office, OPEN + " holds")
    assert only(office.said(Kind.ERROR)).data["code"] == CalendarReadOnly().code.value
    await office.pass_time(timedelta(hours=1))
    assert len(office.said(Kind.ERROR)) == 1


async def test_a_hold_removed_by_hand_stays_away(office: Office) -> None:
    await open_poll(office, OPEN + " holds")
    (stored,) = await office.world.stores.polls.in_room(ROOM, [PollState.OPEN])
    office.calendar.remove(CALENDAR, identity.uid_for_hold(stored.key, "option-1"))
    await office.pull()
    office.alarm.forget()
    await office.resume()
    assert holding(office) == 2
    await office.says("!meet schließen")
    assert office.texts() == []


async def test_nobody_is_told_what_becomes_of_holds(office: Office) -> None:
    await office.pull()
    await open_poll(office, OPEN + " holds")
    (stored,) = await office.world.stores.polls.in_room(ROOM, [PollState.OPEN])
    uid = identity.uid_for_hold(stored.key, "option-1")
    hold = office.calendar.objects(CALENDAR)[office.calendar.href(CALENDAR, uid)].data
    office.calendar.remove(CALENDAR, uid)
    office.calendar.put(CALENDAR, "other", hold.replace(uid, "other").replace("Vorgemerkt: Budgetrunde", "Messe"))
    await office.pass_time(timedelta(hours=2))
    await office.says("!meet schließen")
    await office.pass_time(timedelta(hours=2))
    (told,) = office.said(Kind.CHANGE)  # the other event alone
    assert "Messe" in told.text
    assert "Budgetrunde" not in told.text


async def test_holds_that_cannot_be_removed_now_are_removed_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_poll(office, OPEN + " holds")
    delete = office.calendar.delete

    async def away(*_: object) -> None:
        raise CalendarUnavailable("calendar_unreachable")

    monkeypatch.setattr(office.calendar, "delete", away)
    await office.says("!meet schließen")
    assert only(results(office)).data["outcome"] == "no_votes"
    assert holding(office) == 3
    monkeypatch.setattr(office.calendar, "delete", delete)
    office.alarm.forget()
    await office.resume()
    assert office.texts() == []


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 6))
async def test_killed_before_or_after_any_effect_of_the_opening(
    office: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    """The poll, the text beside it, three holds."""
    assert await killed_at_effect(office, number, partial(office.says, OPEN + " holds"), monkeypatch, done=done)
    await office.pass_time(timedelta(minutes=2))
    assert holding(office) == 3
    assert [one.type for one in office.chat.posted].count(POLL_START) == 1
    assert (
        len([one for one in office.chat.posted if one.message and one.message.kind is Kind.POLL and not one.edits]) == 1
    )
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_poll_is_not_moved_to_when_its_room_is_taken(office: Office) -> None:
    room = Resource("Raum 4", "raum4@example.org")
    office.change(resources={room.name: room})
    poll = await voted_poll(office, ' raum:"Raum 4"')
    await office.says("!meet schließen")
    assert "raum4@example.org" in events(office)[0]
    await office.says('!meet neu Andere morgen 14-15 Uhr raum:"Raum 4"')
    said = await office.replies(poll, "!meet buche 1")
    assert only([message for message in said if message.kind is Kind.ERROR]).data["code"] == "conflict"
    (stored,) = await office.world.stores.polls.in_room(ROOM, [PollState.BOOKED])
    assert stored.chosen == "option-2"
    await office.replies(poll, "!meet buche 3")
    assert any("20261127T093000" in text and "raum4@example.org" in text for text in events(office))
