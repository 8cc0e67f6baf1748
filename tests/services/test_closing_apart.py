"""What else can happen while a poll closes: a large room, another mapping, a hand-moved event, words that come late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import CalendarName, EventId, Kind, Message, RoomFacts, UserId
from calbot.core.poll_events import POLL_END, POLL_RESPONSE
from calbot.core.poll_model import PollState
from calbot.errors import CalendarUnavailable, ChatForbidden, ChatUnavailable
from calbot.services import startup

from .conftest import ANNA, BEN, CALENDAR, ROOM, Office
from .test_closing import confirm_message, events, holding, results, voted_poll
from .test_polls import end, only, open_poll, response


async def the_poll(office: Office) -> PollState:
    (poll,) = await office.world.stores.polls.in_room(ROOM, tuple(PollState))
    return poll.state


async def test_a_thousand_voters_learn_what_came_out_and_the_booking_can_be_taken_back(office: Office) -> None:
    many = [UserId(f"@person.mit-einem-langen-namen{number}:example.org") for number in range(1000)]
    for user in many:
        office.chat.enter(ROOM, user)
    poll = await open_poll(office, '!meet umfrage "Groß" ' + "; ".join(f"{day}.12. 9-10" for day in range(1, 21)))
    for user in many:
        answers = [f"option-{number}" for number in range(1, 21)]
        office.chat.sends(ROOM, user, POLL_RESPONSE, response(poll, *answers))
    await office.says("!meet schließen")
    said = only(results(office))
    assert said.data["outcome"] == "booked"
    assert len(said.mentions) > 100
    await office.replies(poll, "!meet buche 2")
    assert results(office)[-1].data["option"] == "option-2"
    await office.says("!meet undo")
    await office.says("!meet undo")
    assert events(office) == []
    assert office.said(Kind.ERROR) == []


async def test_a_calendar_that_the_room_shows_no_more_gets_no_event(office: Office) -> None:
    await voted_poll(office, " holds")
    other = CalendarName("other")
    office.calendar.add(other)
    calendars = office.world.settings.calendars
    office.change(calendars={**calendars, other: replace(calendars[CALENDAR], name=other)})
    office.change_room(calendars=(other,), write_to=other)
    await startup.begin(office.world)
    await office.pass_time(timedelta(hours=30))
    assert office.texts() == []
    error = only(office.said(Kind.ERROR))
    assert error.data["code"] == "not_mapped"
    assert "Budgetrunde" in error.text
    assert await the_poll(office) is PollState.ENDED


async def test_an_end_that_the_room_does_not_let_the_bot_send_does_not_keep_the_event_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await voted_poll(office)
    send = office.chat.send

    async def refusing(room: Any, event_type: str, *arguments: Any, **options: Any) -> EventId:
        if event_type == POLL_END:
            raise ChatForbidden
        return await send(room, event_type, *arguments, **options)

    monkeypatch.setattr(office.chat, "send", refusing)
    await office.says("!meet schließen")
    assert len(events(office)) == 1
    assert "noch als offen" in only(results(office)).text


async def test_a_long_outage_costs_fewer_and_fewer_looks(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await voted_poll(office)
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet schließen")
    looks = 0
    relations = office.chat.relations

    async def counted(*arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        return await relations(*arguments)

    monkeypatch.setattr(office.chat, "relations", counted)
    await office.pass_time(timedelta(hours=12))
    assert looks < 1000
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=6))
    assert len(events(office)) == len(results(office)) == 1


# ------------------------------------------------------------------------------------------------------------ confirm


async def test_a_confirmation_after_the_beginning_is_too_late(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    target = await confirm_message(office)
    office.alarm.forget()
    office.clock.advance(timedelta(hours=51))
    office.chat.reacts(ROOM, ANNA, target, "✅")
    await office.resume()
    assert results(office)[-1].data["outcome"] == "confirm_expired"
    assert office.texts() == []


async def test_booking_what_waits_for_confirmation_is_refused_once_it_has_begun(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    office.clock.advance(timedelta(hours=51))
    assert only(await office.says("!meet buche")).data["code"] == "in_past"
    assert office.texts() == []


async def test_admins_may_confirm(office: Office) -> None:
    office.change(admins=frozenset({BEN}))
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    await office.hears(office.chat.reacts(ROOM, BEN, await confirm_message(office), "✅"))
    assert "Bestätigt von Ben" in results(office)[-1].text


async def test_whoever_left_does_not_confirm(office: Office) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    reaction = office.chat.reacts(ROOM, ANNA, await confirm_message(office), "✅")
    office.chat.put_out(ROOM, ANNA)
    await office.hears(reaction)
    assert events(office) == []


@pytest.mark.parametrize("way", ["reaction", "time"])
async def test_nothing_is_said_of_the_end_while_others_could_read_along(office: Office, way: str) -> None:
    await voted_poll(office, " confirm")
    await office.says("!meet schließen")
    target, facts = await confirm_message(office), office.chat.rooms[ROOM].facts
    office.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    office.world.known.forget(ROOM)
    if way == "reaction":
        await office.hears(office.chat.reacts(ROOM, ANNA, target, "❌"))
    else:
        await office.pass_time(timedelta(hours=51))
    assert len(results(office)) == 1
    office.chat.rooms[ROOM].facts = facts
    await office.pass_time(timedelta(minutes=6))
    assert results(office)[-1].data["outcome"] == ("declined" if way == "reaction" else "confirm_expired")


async def test_put_out_of_the_room_it_waits_for_nobody_s_word_any_more(office: Office) -> None:
    await voted_poll(office, " confirm holds")
    await office.says("!meet schließen")
    office.chat.kick(ROOM)
    await office.pass_time(timedelta(hours=51))
    assert await the_poll(office) is PollState.ENDED
    assert holding(office) == 0


# -------------------------------------------------------------------------------------------------------------- holds


async def test_that_the_holds_have_to_wait_is_said_once_and_why_they_never_come_too(office: Office) -> None:
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await open_poll(office, '!meet umfrage "Budgetrunde" 10.12. 14-15; 11.12. 10-11 holds')
    for _ in range(2):
        await office.pass_time(timedelta(hours=25))
        office.chat.forget_transactions()
    assert len(office.said(Kind.ERROR)) == 1
    office.calendar.unavailable = None
    office.calendar.read_only.add(CALENDAR)
    await office.pass_time(timedelta(minutes=20))
    assert "kann ich im Kalender nicht vormerken" in office.said(Kind.ERROR)[-1].text
    assert len(office.said(Kind.ERROR)) == 2


# --------------------------------------------------------------------------------------------------------------- book


def put_by_hand(office: Office, before: str, after: str) -> None:
    office.calendar.put(CALENDAR, office.name(), office.texts()[0].replace(before, after))


async def test_what_was_moved_by_hand_is_booked_for_its_option_again(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    put_by_hand(office, "20261126T1", "20261127T1")
    await office.pull()
    said = only(await office.replies(poll, "!meet buche"))
    assert "Fr., 27.11.2026, 10:00–11:00 Uhr" in said.text
    await office.replies(poll, "!meet buche 2")
    assert "20261126T100000" in events(office)[0]
    await office.says("!meet undo")
    assert "20261127T100000" in events(office)[0]


async def test_an_event_that_the_mirror_lost_is_moved_and_not_doubled(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.world.stores.calendars.forget(CALENDAR)
    await office.replies(poll, "!meet buche 1")
    assert ["20261125T140000" in text for text in events(office)] == [True]


async def test_an_event_that_was_made_a_series_is_left_alone(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    put_by_hand(office, "SUMMARY", "RRULE:FREQ=WEEKLY\r\nSUMMARY")
    await office.pull()
    before = office.texts()
    await office.replies(poll, "!meet buche 1")
    assert office.texts() == before
    assert only(office.said(Kind.ERROR)).data["code"] == "not_understood"
    assert await the_poll(office) is PollState.BOOKED


async def test_in_a_direct_chat_it_says_where_the_result_is(office: Office) -> None:
    await voted_poll(office)
    direct = office.chat.add_room("!direct:example.org", ANNA)
    await office.says("!meet buche 1", room=direct)
    answer = only([one.message for one in office.chat.posted if one.room == direct and one.message])
    assert "Budgetrunde" in answer.text
    assert only(results(office)).data["outcome"] == "booked"


async def test_that_nobody_was_told_of_another_date_by_mail_is_said(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.replies(poll, "!meet buche 1")
    assert "Von dieser Änderung wurde niemand per E-Mail benachrichtigt." in results(office)[-1].text


# --------------------------------------------------------------------------------------------------------------- undo


async def test_an_undo_before_the_result_is_out_is_not_undone_by_the_closing(office: Office) -> None:
    poll = await voted_poll(office)
    office.chat.rooms[ROOM].power = replace(office.chat.rooms[ROOM].power, users={BEN: 50})
    post, down = office.chat.post, True

    async def posting(room: Any, message: Message, **options: Any) -> EventId:
        if down and message.kind is Kind.POLL_RESULT:
            raise ChatUnavailable
        return await post(room, message, **options)

    office.chat.post = posting  # type: ignore[method-assign]
    await office.hears(office.chat.sends(ROOM, BEN, POLL_END, end(poll)))
    assert len(events(office)) == 1
    down = False
    await office.says("!meet undo", by=BEN)
    await office.pass_time(timedelta(minutes=10))
    assert events(office) == []
    assert await the_poll(office) is PollState.ENDED


async def test_a_booking_that_somebody_else_changed_since_is_not_taken_back(office: Office) -> None:
    poll = await voted_poll(office)
    office.chat.rooms[ROOM].power = replace(office.chat.rooms[ROOM].power, users={BEN: 50})
    await office.says("!meet schließen")
    await office.replies(poll, "!meet buche 1")
    await office.replies(poll, "!meet buche 3", by=BEN)
    assert only(await office.says("!meet undo")).data["code"] == "conflict"
    assert "20261127T093000" in events(office)[0]


async def test_a_booking_whose_event_was_moved_by_hand_since_is_not_taken_back(office: Office) -> None:
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    await office.replies(poll, "!meet buche 1")
    put_by_hand(office, "20261125T1", "20261127T1")
    await office.pull()
    assert only(await office.says("!meet undo")).data["code"] == "conflict"
    assert "20261127T140000" in events(office)[0]


async def test_carla_and_ben_who_answered_keep_what_they_said_to_the_time_that_stays(office: Office) -> None:
    """Booking again what is booked writes nothing: an answer given in a calendar program stays."""
    poll = await voted_poll(office)
    await office.says("!meet schließen")
    text = office.texts()[0].replace("\r\n ", "")
    line = next(one for one in text.splitlines() if "carla@example.org" in one)
    put = text.replace(line, line.replace("ACCEPTED", "DECLINED"))
    office.calendar.put(CALENDAR, office.name(), put)
    await office.pull()
    await office.replies(poll, "!meet buche 2")
    assert "DECLINED" in events(office)[0]
