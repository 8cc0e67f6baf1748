"""Meetings by chat, from what somebody types to what lies on the calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import Kind, Message, UserId
from calbot.core.settings import Sync
from calbot.errors import CalendarUnavailable, ChatUnavailable

from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office


@pytest.fixture
def sync_settings() -> Sync:
    return Sync()  # a look each minute


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def test_a_meeting_is_written_and_its_card_invites(office: Office) -> None:
    card = only(await office.says(f'!meet neu "Jour fixe" morgen 10-10:30 {BEN}'))
    assert card.kind is Kind.MEETING
    assert "Jour fixe" in card.text
    assert "Mi., 25.11.2026, 10:00–10:30 Uhr" in card.text
    assert card.mentions == (BEN,)
    assert card.notify
    (text,) = office.texts()
    assert "DTSTART;TZID=Europe/Berlin:20261125T100000" in text
    assert "ORGANIZER" in text
    assert "mailto:ben@example.org" in text
    assert "ROLE=CHAIR" in text
    assert card.data["start"]["utc"] == "2026-11-25T09:00:00Z"


async def test_whoever_makes_a_meeting_is_on_it(office: Office) -> None:
    card = only(await office.says("!meet neu Konzept schreiben morgen 9-11"))
    assert card.mentions == ()
    assert not card.notify
    unfolded = office.texts()[0].replace("\r\n ", "")
    (attendee,) = (line for line in unfolded.splitlines() if line.startswith("ATTENDEE"))
    assert "anna@example.org" in attendee
    assert "PARTSTAT=ACCEPTED" in attendee


async def test_moving_to_where_it_is_says_so_and_writes_nothing(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    before = office.texts()
    answer = only(await office.says("!meet verschiebe last morgen 10-11"))
    assert answer.kind is Kind.OK
    assert not answer.notify
    assert office.texts() == before


async def test_moving_what_concerns_nobody_else_notifies_nobody(office: Office) -> None:
    await office.says("!meet neu Konzept morgen 9-11")
    assert [message.notify for message in await office.says("!meet verschiebe last 12-13 Uhr")] == [False, False]


async def test_the_card_of_a_series_stands_for_the_series(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11 Uhr")
    card = office.chat.last(ROOM).event
    await office.says("!meet liste")
    await office.says("!meet verschiebe 1 Do 15 Uhr")
    moved_one = await office.says("!meet 1")
    assert [message.kind for message in moved_one] == [Kind.CHANGE]  # the card still says what holds for the series
    await office.replies(card, "!meet verschiebe 16 Uhr")
    moved_all = await office.says("!meet 2")
    assert Kind.MEETING in [message.kind for message in moved_all]
    assert any(posted.edits == card for posted in office.chat.posted)
    await office.replies(card, "!meet absagen alle")
    assert office.texts() == []
    assert "Abgesagt" in office.said(Kind.MEETING)[-1].text


async def test_a_cancelled_event_that_was_moved_before_is_struck_on_its_card(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    card = office.chat.last(ROOM).event
    await office.replies(card, "!meet verschiebe 12 Uhr")
    await office.replies(card, "!meet absagen")
    edits = [posted for posted in office.chat.posted if posted.edits == card]
    assert len(edits) == 2
    assert edits[-1].message is not None
    assert "<del>" in edits[-1].message.html


async def test_a_number_in_reply_to_an_answered_question_answers_no_other(office: Office) -> None:
    await office.says("!meet neu Klausur nächsten Freitag 9 Uhr")
    first = office.chat.last(ROOM).event
    await office.says("!meet 1")
    await office.says("!meet neu Workshop nächsten Freitag 13 Uhr")
    error = only(await office.replies(first, "!meet 2"))
    assert error.kind is Kind.ERROR
    assert len(office.texts()) == 1


async def test_a_new_question_takes_the_place_of_the_one_before(office: Office) -> None:
    await office.says("!meet neu Klausur nächsten Freitag 9 Uhr")
    first = office.chat.last(ROOM).event
    await office.says("!meet neu Workshop nächsten Freitag 13 Uhr")
    await office.alarm.settle()
    assert any(posted.edits == first for posted in office.chat.posted)
    card = only(await office.says("!meet 1"))
    assert card.data["title"] == "Workshop"
    assert only(await office.says("!meet 1")).data["code"] == "not_found"


async def test_the_question_to_somebody_else_is_not_ones_own(office: Office) -> None:
    await office.says("!meet neu Klausur nächsten Freitag 9 Uhr")
    question = office.chat.last(ROOM).event
    assert only(await office.replies(question, "!meet 1", by=BEN)).data["code"] == "forbidden"
    assert office.texts() == []


async def test_a_search_names_a_series_once(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11 Uhr")
    assert len(only(await office.says("!meet suche Jour")).data["items"]) == 1


async def test_a_search_lists_each_time_in_the_window_that_was_named_in_order(office: Office) -> None:
    await office.says("!meet neu Teamrunde jeden Mittwoch 10-11 Uhr")
    await office.says("!meet neu Teamessen übermorgen 12-13")
    found = only(await office.says("!meet liste 14t suche:Team")).data["items"]
    assert [one["title"] for one in found] == ["Teamrunde", "Teamessen", "Teamrunde"]
    found = only(await office.says("!meet suche Team")).data["items"]
    assert [one["title"] for one in found] == ["Teamrunde", "Teamessen"]


async def test_an_outage_that_a_write_runs_into_is_known_at_once(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.says("!meet neu Weitere morgen 12-13")
    assert "antwortet gerade nicht" in only(await office.says("!meet liste")).text


async def test_help_names_what_one_may_use_here(office: Office) -> None:
    mine = {one["id"] for one in only(await office.says("!meet hilfe", by=BEN)).data["commands"]}
    assert "sync" not in mine
    assert "poll" in mine
    room = office.chat.add_room("!other:example.org", ANNA, BEN)
    there = {one["id"] for one in only(await office.says("!meet hilfe", room=room)).data["commands"]}
    assert there == {"help", "when", "tz", "lang", "calendars", "status"}


async def test_a_list_numbers_events_and_numbers_refer_to_it(office: Office) -> None:
    await office.says("!meet neu Vorbesprechung morgen 10-11")
    await office.says("!meet neu Nachbesprechung morgen 12-13")
    agenda = only(await office.says("!meet liste"))
    assert [item["title"] for item in agenda.data["items"]] == ["Vorbesprechung", "Nachbesprechung"]
    shown = only(await office.says("!meet zeige 2"))
    assert "Nachbesprechung" in shown.text
    assert office.chat.last(ROOM).file is not None  # the .ics follows the card


async def test_reading_asks_the_calendar_server_nothing(office: Office) -> None:
    await office.says("!meet neu Vorbesprechung morgen 10-11")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    assert "Vorbesprechung" in only(await office.says("!meet liste")).text
    assert "Vorbesprechung" in only(await office.says("!meet nächster")).text


async def test_what_is_stale_says_so(office: Office) -> None:
    await office.says("!meet neu Vorbesprechung morgen 10-11")
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    await office.pass_time(timedelta(minutes=5))
    assert "antwortet gerade nicht" in only(await office.says("!meet liste")).text
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=20))
    assert "antwortet gerade nicht" not in only(await office.says("!meet liste")).text


async def test_a_move_keeps_what_is_not_said_and_edits_the_card(office: Office) -> None:
    await office.says(f"!meet neu Jour fixe morgen 10-10:30 {BEN}")
    card, change = await office.says("!meet verschiebe last 16 Uhr")
    assert change.kind is Kind.CHANGE
    assert change.data["old"]["start"]["localtime"] == "2026-11-25T10:00:00"
    assert change.data["start"]["localtime"] == "2026-11-25T16:00:00"
    assert change.data["end"]["localtime"] == "2026-11-25T16:30:00"
    assert change.mentions == (BEN,)
    assert card.kind is Kind.MEETING
    text = office.texts()[0]
    assert "DTSTART;TZID=Europe/Berlin:20261125T160000" in text
    assert "SEQUENCE:1" in text


async def test_a_reply_to_a_card_names_its_event(office: Office) -> None:
    await office.says("!meet neu Vorbesprechung morgen 10-11")
    card = office.chat.last(ROOM).event
    await office.says("!meet neu Nachbesprechung morgen 12-13")
    moved = (await office.replies(card, "!meet verschiebe Do 9 Uhr"))[-1]
    assert moved.data["title"] == "Vorbesprechung"
    assert moved.data["start"]["localtime"] == "2026-11-26T09:00:00"


async def test_a_cancelled_event_is_gone_and_said_to_be(office: Office) -> None:
    await office.says(f"!meet neu Jour fixe morgen 10-11 {BEN}")
    said = await office.says('!meet absagen last grund:"keine Themen"')
    assert said[-1].kind is Kind.CANCELLED
    assert "keine Themen" in said[-1].text
    assert said[-1].mentions == (BEN,)
    assert office.texts() == []
    assert only(await office.says("!meet liste")).data["items"] == []


async def test_of_a_series_it_is_asked_what_is_meant(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste")
    question = only(await office.says("!meet absagen 1"))
    assert question.kind is Kind.QUESTION
    assert question.mentions == (ANNA,)
    assert office.texts()[0].count("EXDATE") == 0
    said = await office.says("!meet 1")
    assert said[-1].kind is Kind.CANCELLED
    assert office.texts()[0].count("EXDATE") == 1


async def test_only_whom_the_bot_asked_can_answer(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet absagen last")
    question = office.chat.last(ROOM).event
    await office.hears(office.chat.reacts(ROOM, BEN, question, "2️⃣"))
    assert len(office.texts()) == 1
    await office.hears(office.chat.reacts(ROOM, ANNA, question, "2️⃣"))
    assert office.texts() == []


async def test_two_readings_are_asked_about_before_anything_is_written(office: Office) -> None:
    question = only(await office.says("!meet neu Budgetrunde nächsten Freitag 9 Uhr"))
    assert question.kind is Kind.QUESTION
    assert len(question.data["choices"]) == 2
    assert office.texts() == []
    card = only(await office.says("!meet 2"))
    assert card.data["start"]["localtime"] == "2026-12-04T09:00:00"


async def test_a_question_is_withdrawn_after_ten_minutes(office: Office) -> None:
    await office.says("!meet neu Budgetrunde nächsten Freitag 9 Uhr")
    assert len(await office.pass_time(timedelta(minutes=11))) == 1
    error = only(await office.says("!meet 2"))
    assert error.data["code"] == "not_found"
    assert office.texts() == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("!meet neu Runde gestern 9 Uhr", "in_past"),
        ("!meet neu Runde irgendwann", "not_understood"),
        ("!meet zeige 7", "not_found"),
        ("!meet zeige last", "not_found"),
        ("!meet lsite", "not_understood"),
    ],
)
async def test_what_cannot_be_done_is_said_with_its_reason(office: Office, text: str, code: str) -> None:
    error = only(await office.says(text))
    assert error.kind is Kind.ERROR
    assert error.data["code"] == code
    assert office.texts() == []


async def test_the_server_away_means_nothing_written_and_says_so(office: Office) -> None:
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    error = only(await office.says("!meet neu Runde morgen 10-11"))
    assert error.data["code"] == "calendar_unavailable"
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=20))
    assert office.texts() == []


async def test_somebody_else_moved_it_meanwhile(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    text = office.texts()[0].replace("20261125T1", "20261126T1")
    office.calendar.put(CALENDAR, office.name(), text)
    error = only(await office.says("!meet verschiebe last 16 Uhr"))
    assert error.data["code"] == "conflict"
    assert "20261126T100000" in office.texts()[0]


async def test_a_member_does_not_cancel_the_events_of_others(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    card = office.chat.last(ROOM).event
    error = only(await office.replies(card, "!meet absagen", by=CARLA))
    assert error.data["code"] == "forbidden"
    assert len(office.texts()) == 1


async def test_a_command_that_was_cut_off_is_finished_once(office: Office) -> None:
    """Killed between writing the event and saying so: the next start says so, and writes nothing a second time."""
    event = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.chat.refuse(*[ChatUnavailable()])
    office.handlers.close()  # does not wait for the homeserver
    await office.deliver(event)
    assert len(office.texts()) == 1
    assert office.said(Kind.MEETING) == []
    await office.resume()
    assert len(office.texts()) == 1
    assert len(office.said(Kind.MEETING)) == 1
    await office.resume()
    assert len(office.said(Kind.MEETING)) == 1


async def test_a_cut_off_move_still_says_from_where(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    event = office.chat.says(ROOM, ANNA, "!meet verschiebe last 16 Uhr")
    office.chat.refuse(ChatUnavailable(), ChatUnavailable())
    office.handlers.close()
    await office.deliver(event)
    await office.resume()
    (change,) = office.said(Kind.CHANGE)
    assert change.data["old"]["start"]["localtime"] == "2026-11-25T10:00:00"
    assert change.data["start"]["localtime"] == "2026-11-25T16:00:00"
    assert "SEQUENCE:1" in office.texts()[0]


async def test_a_cut_off_move_of_a_series_is_not_done_twice(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet verschiebe last 16 Uhr")
    event = office.chat.says(ROOM, ANNA, "!meet 2")  # the whole series
    office.chat.refuse(ChatUnavailable(), ChatUnavailable())
    office.handlers.close()
    await office.deliver(event)
    await office.resume()
    (change,) = office.said(Kind.CHANGE)
    assert change.data["old"]["start"]["localtime"] == "2026-11-25T10:00:00"
    assert change.data["start"]["localtime"] == "2026-11-25T16:00:00"
    assert "DTSTART;TZID=Europe/Berlin:20261125T160000" in office.texts()[0]
    assert "SEQUENCE:1" in office.texts()[0]


async def test_a_lost_answer_of_the_calendar_server_makes_no_second_event(office: Office) -> None:
    office.calendar.lose_answer = True
    error = only(await office.says("!meet neu Runde morgen 10-11"))
    assert error.data["code"] == "calendar_unavailable"
    assert len(office.texts()) == 1  # stored, but nobody knows
    assert only(await office.says("!meet neu Runde morgen 10-11")).kind is Kind.MEETING
    await office.pass_time(timedelta(minutes=20))
    assert len(office.texts()) == 1
    assert len(only(await office.says("!meet liste")).data["items"]) == 1


async def test_old_commands_are_not_run(office: Office) -> None:
    event = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.clock.advance(timedelta(minutes=16))
    assert await office.hears(event) == []
    assert office.texts() == []


async def test_strangers_and_notices_are_not_heard(office: Office) -> None:
    stranger = office.chat.says(ROOM, "@eve:elsewhere.org", "!meet liste")
    assert await office.hears(stranger) == []
    assert await office.says("!meet liste", msgtype="m.notice") == []


async def test_nothing_is_shown_while_the_room_is_open_to_others(office: Office) -> None:
    await office.says("!meet neu Geheim morgen 10-11")
    office.chat.rooms[ROOM].members[UserId("@eve:elsewhere.org")] = "Eve"
    office.world.known.forget(ROOM)
    error = only(await office.says("!meet liste"))
    assert error.data["code"] == "forbidden"
    assert "Geheim" not in error.text


async def test_in_an_unmapped_room_help_works_and_the_rest_says_what_is_missing(office: Office) -> None:
    room = office.chat.add_room("!other:example.org", ANNA, BEN)
    assert only(await office.says("!meet hilfe", room=room)).kind is Kind.HELP
    refused = only(await office.says("!meet liste", room=room))
    assert refused.data["code"] == "not_mapped"
    assert "!meet kalender" in refused.text


async def test_in_a_direct_chat_no_prefix_is_needed_and_all_of_ones_rooms_count(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    direct = office.chat.add_room("!direct:example.org", ANNA)
    assert "Runde" in only(await office.says("liste", room=direct)).text
    dave = UserId("@dave:example.org")  # in none of the mapped rooms
    error = only(await office.says("liste", by=dave, room=office.chat.add_room("!dave:example.org", dave)))
    assert error.data["code"] == "not_mapped"


async def test_an_unencrypted_direct_chat_hears_nothing_of_an_encrypted_room(office: Office) -> None:
    await office.says("!meet neu Geheim morgen 10-11")
    direct = office.chat.add_room("!direct:example.org", ANNA, encrypted=False)
    error = only(await office.says("liste", room=direct))
    assert error.data["code"] == "not_encrypted"
    assert "Geheim" not in error.text


async def test_answers_go_into_the_thread_of_the_command(office: Office) -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True, "m.in_reply_to": {"event_id": "$x"}}
    await office.relates(thread, "!meet liste")
    assert office.chat.last(ROOM).thread == "$root"


async def test_when_says_how_a_date_is_read_and_writes_nothing(office: Office) -> None:
    answer = only(await office.says("!meet wann morgen halb drei"))
    assert "Mi., 25.11.2026, 14:30" in answer.text
    assert office.texts() == []


async def test_status_names_the_calendar_and_its_state(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    status = only(await office.says("!meet zustand"))
    assert status.kind is Kind.STATUS
    assert status.data["calendars"][0]["ahead"] == 1
    assert status.data["crypto"] == "verified"


async def test_what_another_program_wrote_is_listed_after_the_next_look(office: Office) -> None:
    office.calendar.put(CALENDAR, "extern", EXTERNAL)
    await office.pass_time(timedelta(minutes=2))
    agenda = only(await office.says("!meet liste"))
    assert [item["title"] for item in agenda.data["items"]] == ["Von außen"]


async def test_an_unreadable_object_is_set_aside_and_the_others_work(office: Office) -> None:
    office.calendar.put(CALENDAR, "kaputt", "BEGIN:VCALENDAR\r\nthis is no calendar")
    office.calendar.put(CALENDAR, "extern", EXTERNAL)
    await office.pull()
    assert len(only(await office.says("!meet liste")).data["items"]) == 1
    assert only(await office.says("!meet zustand")).data["calendars"][0]["set_aside"] == 1


async def test_an_unchanged_calendar_costs_one_request(office: Office) -> None:
    office.calendar.calls.clear()
    await office.pull()
    assert office.calendar.calls == [("changes", CALENDAR)]


async def test_a_failing_calendar_is_asked_less_often_and_then_as_before(office: Office) -> None:
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    office.calendar.calls.clear()
    await office.pass_time(timedelta(minutes=10))
    assert 2 <= office.calendar.calls.count(("changes", CALENDAR)) <= 4  # of ten in good times
    state = await office.world.stores.calendars.state(CALENDAR)
    assert state.failures >= 2
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=30))
    state = await office.world.stores.calendars.state(CALENDAR)
    assert state.failures == 0
    assert state.problem is None


EXTERNAL = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Other//EN\r
BEGIN:VEVENT\r
UID:external-1\r
DTSTAMP:20261101T000000Z\r
DTSTART:20261126T090000Z\r
DTEND:20261126T100000Z\r
SUMMARY:Von außen\r
END:VEVENT\r
END:VCALENDAR\r
"""


async def test_a_duration_has_a_limit_and_an_end_has_none(office: Office) -> None:
    refused = only(await office.says("!meet neu Sperrung morgen 8 Uhr dauer:40d"))
    assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "limit")
    assert "höchstens 30 Tage" in refused.text
    assert office.texts() == []
    assert only(await office.says("!meet neu Sperrung 1.12. bis 15.1.")).kind is Kind.MEETING


async def test_in_a_direct_chat_it_is_asked_whether_all_are_to_see_the_event(office: Office) -> None:
    direct = office.chat.add_room("!direct:example.org", ANNA)
    question = only(await office.says("neu Zahnarzt morgen 8 Uhr", room=direct))
    assert question.kind is Kind.QUESTION
    assert "für alle sichtbar" in question.text
    await office.says("nein", room=direct)
    assert office.texts() == []
    await office.says("neu Zahnarzt morgen 8 Uhr", room=direct)
    await office.says("ja", room=direct)
    assert len(office.texts()) == 1
