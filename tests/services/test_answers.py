"""``yes``, ``no`` and ``maybe``: what is on the calendar then, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core.ical.attendees import answer_to, answered, answers_of
from calbot.core.model import Attendee, EventId, Kind, Message, PartStat, RecurrenceId, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.settings import Access, People, Show
from calbot.errors import CalendarUnavailable
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect

YES, NO, MAYBE, OPEN = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.NEEDS_ACTION
DM = RoomId("!dm:example.org")
MEET = "!meet neu Runde morgen 10-11"
WEEKLY = "!meet neu Jour fixe jeden Mittwoch 10-11"


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def answer_of(office: Office, user: UserId = BEN, date: str | None = None) -> PartStat | None:
    """What the only event on the calendar says that somebody answered; of a series, to the date in UTC."""
    (text,) = office.texts()
    who = Attendee("", f"{user[1:].partition(':')[0]}@example.org", user)
    slot = None if date is None else RecurrenceId(f"{date}T090000Z")
    return answer_to(answers_of(text, who, zone=BERLIN), slot)


def unfolded(office: Office) -> str:
    (text,) = office.texts()
    return text.replace("\r\n ", "")


def card(office: Office) -> EventId:
    return next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING)


def shown(office: Office, room: RoomId = ROOM) -> str:
    """What the card says now."""
    first = next(one for one in office.chat.posted if one.room == room and one.message)
    edits = [one.message for one in office.chat.posted if one.edits == first.event and one.message]
    assert first.message is not None
    return (edits[-1] if edits else first.message).text


def elsewhere(office: Office, answer: PartStat, user: UserId = BEN) -> None:
    """Somebody answers in their own calendar program."""
    who = Attendee("", f"{user[1:].partition(':')[0]}@example.org", user)
    text = answered(office.texts()[0], who, answer, zone=BERLIN, now=office.clock())
    assert text is not None
    office.calendar.put(CALENDAR, office.name(), text)


def event(*lines: str, uid: str = "theirs") -> str:
    return "\r\n".join(
        (
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", f"UID:{uid}"),
            *("DTSTAMP:20261101T000000Z", "DTSTART:20261125T090000Z", "DTEND:20261125T100000Z", "SUMMARY:Fremd"),
            *(*lines, "END:VEVENT", "END:VCALENDAR", ""),
        )
    )


async def theirs(office: Office, *lines: str) -> None:
    """An event that somebody wrote in another program, as number 1 of a list."""
    office.calendar.put(CALENDAR, "theirs", event(*lines))
    await office.pull()
    await office.says("!meet liste", by=BEN)


# ------------------------------------------------------------------------------------------------------------ answering


@pytest.mark.parametrize(
    ("text", "answer", "first"),
    [
        ("!meet ja", YES, "Zugesagt: Runde"),
        ("!meet zusagen", YES, "Zugesagt: Runde"),
        ("!meet yes", YES, "Zugesagt: Runde"),
        ("!meet nein", NO, "Abgelehnt: Runde"),
        ("!meet ablehnen", NO, "Abgelehnt: Runde"),
        ("!meet no", NO, "Abgelehnt: Runde"),
        ("!meet vielleicht", MAYBE, "Unter Vorbehalt zugesagt: Runde"),
        ("!meet maybe", MAYBE, "Unter Vorbehalt zugesagt: Runde"),
        ("!meet Ja, ich komme gerne!", YES, "Zugesagt: Runde"),
        ("!meet nein danke", NO, "Abgelehnt: Runde"),
    ],
)
async def test_an_answer_to_the_card(office: Office, text: str, answer: PartStat, first: str) -> None:
    await office.says(f"{MEET} {BEN}")
    said = only(await office.replies(card(office), text, BEN))
    assert said.kind is Kind.OK
    assert said.text.splitlines() == [first, "Mi., 25.11.2026, 10:00–11:00 Uhr"]
    assert said.data["answer"] == answer.value.lower()
    assert said.data["title"] == "Runde"
    assert not said.notify
    assert answer_of(office) is answer
    assert answer_of(office, ANNA) is YES
    assert "SEQUENCE:0" in unfolded(office), "it is no new revision"


async def test_the_card_shows_it_and_nothing_else_is_said(office: Office) -> None:
    await office.says(f"{MEET} {BEN} {CARLA}")
    await office.replies(card(office), "!meet ja", BEN)
    await office.replies(card(office), "!meet nein", CARLA)
    before = len(office.chat.posted)
    await office.pass_time(timedelta(minutes=1))
    assert [one.edits for one in office.chat.posted[before:]] == [card(office)], "both in one edit"
    lines = shown(office).splitlines()
    assert lines[0] == "Runde"
    assert "Zugesagt: Anna (Leitung) und Ben" in lines
    assert "Abgelehnt: Carla" in lines
    assert office.said(Kind.CHANGE) == []


async def test_by_number_and_to_what_was_spoken_of_last(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await office.says("!meet liste", by=BEN)
    assert (await office.says("!meet vielleicht 1", by=BEN))[0].data["answer"] == "tentative"
    assert (await office.says("!meet ja last", by=BEN))[0].data["answer"] == "accepted"
    assert (await office.says("!meet nein", by=BEN))[0].data["answer"] == "declined"
    assert answer_of(office) is NO


async def test_the_reminder_that_came_last_is_meant(office: Office) -> None:
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    await office.until(datetime(2026, 11, 24, 11, 46, tzinfo=BERLIN))
    said = only(await office.says("!meet nein", by=BEN))
    assert said.data["title"] == "Runde"
    assert answer_of(office) is NO


async def test_where_two_were_spoken_of_it_asks(office: Office) -> None:
    await office.says(f"!meet neu Alpha morgen 8-9 {BEN}")
    await office.says("!meet zeige last", by=ANNA)
    await office.says("!meet liste", by=BEN)
    await office.says("!meet zeige 1", by=BEN)
    await office.says(f"!meet neu Beta morgen 10-11 {BEN}")
    question = only(await office.says("!meet ja", by=BEN))
    assert question.kind is Kind.QUESTION
    assert question.mentions == (BEN,)
    titles = [choice["event"]["title"] for choice in question.data["choices"]]
    assert sorted(titles) == ["Alpha", "Beta"]
    said = only(await office.says(f"!meet {titles.index('Alpha') + 1}", by=BEN))
    assert (said.data["title"], said.data["answer"]) == ("Alpha", "accepted")


async def test_where_nothing_was_spoken_of_the_only_open_invitation_is_meant(office: Office) -> None:
    office.calendar.put(CALENDAR, "theirs", event("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@example.org"))
    await office.pull()
    assert only(await office.says("!meet ja", by=CARLA)).data["code"] == "not_found"
    assert only(await office.says("!meet ja", by=BEN)).data["title"] == "Fremd"
    assert answer_of(office) is YES


async def test_of_several_open_invitations_it_asks_which(office: Office) -> None:
    for name in ("one", "two"):
        office.calendar.put(CALENDAR, name, event("ATTENDEE:mailto:ben@example.org", uid=name))
    await office.pull()
    question = only(await office.says("!meet ja", by=BEN))
    assert question.kind is Kind.QUESTION
    assert only(await office.says("!meet 2", by=BEN)).kind is Kind.OK


async def test_a_reply_to_something_else_means_nothing(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    other = office.chat.says(ROOM, ANNA, "Kommst du?")
    assert only(await office.replies(other.id, "!meet ja", BEN)).kind is Kind.ERROR
    assert answer_of(office) is OPEN


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("!meet ja 7", "not_found"),
        ("!meet nein, krank", "not_understood"),
        ("!meet ja nicht", "not_understood"),
        ("!meet nein ich komme", "not_understood"),
        (f"!meet ja {CARLA}", "not_understood"),
        ("!meet ja alle diesen", "not_understood"),
        ("!meet ja 1 2", "not_understood"),
        ("!meet ja morgen", "not_understood"),
    ],
)
async def test_what_is_no_answer(office: Office, text: str, code: str) -> None:
    await office.says(f"{MEET} {BEN}")
    said = only(await office.says(text, by=BEN))
    assert said.data["code"] == code
    assert "!meet" in said.text, "with an example"
    assert answer_of(office) is OPEN


async def test_an_answer_counts_whenever_it_was_sent(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    typed = office.chat.says(ROOM, BEN, "!meet ja")
    office.clock.advance(timedelta(minutes=40))  # the bot was not running
    assert only(await office.hears(typed)).data["answer"] == "accepted"


async def test_the_same_again_is_said_to_be_there(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await office.replies(card(office), "!meet ja", BEN)
    before = office.texts()
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.text.startswith("Sie haben schon zugesagt: Runde")
    assert office.texts() == before


async def test_in_english(office: Office) -> None:
    office.change_room(language="en")
    await office.says(f"!meet new Budget tomorrow 10-11 {BEN}")
    said = only(await office.replies(card(office), "!meet no, thanks", BEN))
    assert said.text.splitlines()[0] == "Declined: Budget"
    assert answer_of(office) is NO


# ------------------------------------------------------------------------------------------------------------ who may


async def test_who_was_not_invited_is_added_as_optional(office: Office) -> None:
    await office.says(MEET)
    said = only(await office.replies(card(office), "!meet ja", CARLA))
    assert "Sie waren nicht eingeladen" in said.text
    line = next(line for line in unfolded(office).split("\r\n") if "carla@" in line)
    assert "ROLE=OPT-PARTICIPANT" in line
    assert "PARTSTAT=ACCEPTED" in line
    await office.pass_time(timedelta(minutes=1))
    assert "Carla (optional)" in shown(office)
    assert office.said(Kind.CHANGE) == [], "an answer is no news"


async def test_other_rooms_hear_nothing_but_their_cards_show_it(office: Office) -> None:
    other = RoomId("!other:example.org")
    office.chat.add_room(other, CARLA)
    file = office.world.in_force.file
    rooms = {**file.rooms, other: replace(file.rooms[ROOM], id=other)}
    office.change(rooms=rooms)
    await startup.begin(office.world)
    await office.says(MEET)
    await office.pass_time(timedelta(minutes=1))
    await office.says("!meet liste", by=CARLA, room=other)
    await office.says("!meet zeige 1", by=CARLA, room=other)
    in_other = next(
        one.event
        for one in office.chat.posted
        if one.room == other and one.message and one.message.kind is Kind.MEETING
    )
    before = len(office.chat.posted)
    await office.replies(card(office), "!meet ja", BEN)
    await office.pass_time(timedelta(minutes=1))
    assert {one.edits for one in office.chat.posted[before:] if one.edits} == {card(office), in_other}
    assert office.chat.messages(other, Kind.CHANGE) == []


async def test_an_answer_does_not_swallow_what_others_changed_just_before(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    name = office.name()
    office.calendar.put(CALENDAR, name, office.texts()[0].replace("SUMMARY:Runde", "SUMMARY:Sitzung"))
    await office.pull()
    await office.replies(card(office), "!meet ja", CARLA)
    await office.pass_time(timedelta(minutes=1))
    assert ["Sitzung" in message.text for message in office.said(Kind.CHANGE)] == [True]


async def test_without_an_address_they_are_listed_by_name_and_told_so(office: Office) -> None:
    office.change(people=People())
    await office.says(MEET)
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert "people.addresses" in said.text
    assert "X-CALBOT-ATTENDEE" in unfolded(office)
    again = only(await office.replies(card(office), "!meet nein", BEN))
    assert again.data["answer"] == "declined"
    assert unfolded(office).count(str(BEN)) == 1


@pytest.mark.parametrize("organizer", ["", "ORGANIZER:MAILTO:Termine@Example.org"])
async def test_where_nobody_or_the_calendar_invites(office: Office, organizer: str) -> None:
    await theirs(office, *([organizer] if organizer else []), "ATTENDEE;CN=Ben:MAILTO:Ben@Example.org")
    assert only(await office.says("!meet ja 1", by=BEN)).kind is Kind.OK
    assert answer_of(office) is YES
    assert unfolded(office).lower().count("ben@example.org") == 1


async def test_where_somebody_else_invites(office: Office) -> None:
    await theirs(office, "ORGANIZER:mailto:chef@example.org", "ATTENDEE:mailto:ben@example.org")
    before = office.texts()
    said = only(await office.says("!meet ja 1", by=BEN))
    assert said.data["code"] == "read_only"
    assert "Kalenderprogramm" in said.text
    assert office.texts() == before


async def test_a_calendar_that_cannot_be_written(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.read_only.add(CALENDAR)
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.data["code"] == "read_only"
    office.calendar.read_only.clear()
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], access=Access.READ_ONLY)}
    office.change(calendars=calendars)
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.data["code"] == "read_only"
    assert "Kalenderprogramm" in said.text


async def test_hidden_events_are_answered_by_their_maker_alone(office: Office) -> None:
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)}
    office.change(calendars=calendars)
    await startup.begin(office.world)
    await office.says(f"{MEET} {BEN}")
    await office.says("!meet liste", by=BEN)
    said = only(await office.says("!meet nein 1", by=BEN))
    assert said.data["code"] == "forbidden"
    assert "Runde" not in said.text
    await office.says("!meet liste")
    said = only(await office.says("!meet nein 1"))
    assert said.data["answer"] == "declined"
    assert "Runde" not in said.text + said.html + str(said.data)
    assert answer_of(office, ANNA) is NO


async def test_what_is_cancelled_or_over(office: Office) -> None:
    await theirs(office, "STATUS:CANCELLED")
    await office.says("!meet liste", by=BEN)
    office.calendar.remove(CALENDAR, "theirs")
    await office.says(f"!meet neu Runde heute 9-10 Uhr {BEN}")
    await office.until(datetime(2026, 11, 24, 10, 1, tzinfo=BERLIN))
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.data["code"] == "in_past"
    assert "Runde" in said.text


async def test_a_cancelled_event(office: Office) -> None:
    await theirs(office)
    office.calendar.put(CALENDAR, "theirs", event("STATUS:CANCELLED"))
    await office.pull()
    said = only(await office.says("!meet ja 1", by=BEN))
    assert said.text.startswith("Dieser Termin ist abgesagt.")


async def test_an_event_that_is_gone(office: Office) -> None:
    await theirs(office)
    office.calendar.remove(CALENDAR, "theirs")
    said = only(await office.says("!meet ja 1", by=BEN))
    assert said.data["code"] == "stale_reference"


async def test_nobody_accepts_a_time_that_they_have_not_seen(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    moved = (
        office.texts()[0].replace("20261125T100000", "20261125T150000").replace("20261125T110000", "20261125T160000")
    )
    office.calendar.put(CALENDAR, office.name(), moved)
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.data["code"] == "conflict"
    assert answer_of(office) is OPEN


async def test_only_calendars_of_ones_own_rooms(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.chat.add_room(DM, "@dora:example.org")
    said = only(await office.says("ja", by=UserId("@dora:example.org"), room=DM))
    assert said.kind is Kind.ERROR
    assert "Runde" not in said.text


async def test_in_a_direct_chat_for_oneself(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.chat.add_room(DM, BEN)
    await office.says("liste", by=BEN, room=DM)
    before = len(office.chat.posted)
    said = only(await office.says("ja 1", by=BEN, room=DM))
    assert said.data["answer"] == "accepted"
    assert {one.room for one in office.chat.posted[before:]} == {DM}
    assert answer_of(office) is YES
    await office.pass_time(timedelta(minutes=1))
    assert "Ben" in next(line for line in shown(office).splitlines() if line.startswith("Zugesagt"))


# ------------------------------------------------------------------------------------------------------------- a series


async def test_a_date_of_a_series_is_that_date(office: Office) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    await office.says("!meet liste 14t", by=BEN)
    said = only(await office.says("!meet nein 2", by=BEN))
    assert "Nur dieser Termin der Serie" in said.text
    assert answer_of(office, date="20261202") is NO
    assert answer_of(office, date="20261125") is OPEN


async def test_where_the_series_was_spoken_of_it_asks(office: Office) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    question = only(await office.replies(card(office), "!meet ja", BEN))
    assert question.kind is Kind.QUESTION
    said = only(await office.says("!meet 2", by=BEN))
    assert said.data["answer"] == "accepted"
    assert "jeden Mittwoch" in said.text
    assert {answer_of(office, date=day) for day in ("20261125", "20261202")} == {YES}


@pytest.mark.parametrize("text", ["!meet ja 2 alle", "!meet ja alle 2", "!meet yes 2 all"])
async def test_all_of_a_series(office: Office, text: str) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    await office.says("!meet liste 14t", by=BEN)
    await office.says("!meet nein 1", by=BEN)
    said = only(await office.says(text, by=BEN))
    assert "Zu 1 einzelnen Terminen" in said.text
    assert answer_of(office, date="20261202") is YES
    assert answer_of(office, date="20261125") is NO


async def test_this_and_the_following(office: Office) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    await office.says("!meet liste 14t", by=BEN)
    said = only(await office.says("!meet nein 2 folgende", by=BEN))
    assert "Ab Mi., 02.12.2026" in said.text
    assert answer_of(office, date="20261125") is OPEN
    assert {answer_of(office, date=day) for day in ("20261202", "20261209")} == {NO}


# ------------------------------------------------------------------------------------------------------------- undo


@pytest.mark.parametrize("text", ["nein 2", "nein 2 alle", "nein 2 folgende"])
async def test_taken_back(office: Office, text: str) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    await office.says("!meet liste 14t", by=BEN)
    await office.says("!meet vielleicht 1", by=BEN)
    await office.says(f"!meet {text}", by=BEN)
    said = only(await office.says("!meet undo", by=BEN))
    assert said.kind is Kind.OK
    assert "Antwort zurückgenommen: Jour fixe" in said.text
    assert [answer_of(office, date=day) for day in ("20261125", "20261202", "20261209")] == [MAYBE, OPEN, OPEN]


async def test_who_was_not_invited_is_taken_off_by_undo(office: Office) -> None:
    await office.says(MEET)
    await office.replies(card(office), "!meet ja", CARLA)
    said = only(await office.says("!meet undo", by=CARLA))
    assert "Sie stehen nicht mehr auf der Teilnahmeliste." in said.text
    assert answer_of(office, CARLA) is None
    assert len(office.texts()) == 1, "it is not Carla's event"


async def test_what_was_answered_elsewhere_since_is_not_undone(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await office.replies(card(office), "!meet ja", BEN)
    elsewhere(office, NO)
    said = only(await office.says("!meet undo", by=BEN))
    assert said.data["code"] == "conflict"
    assert answer_of(office) is NO


async def test_to_answer_the_same_again_leaves_nothing_to_undo(office: Office) -> None:
    await office.says(MEET)
    await office.replies(card(office), "!meet ja", CARLA)
    await office.replies(card(office), "!meet ja", CARLA)
    await office.says("!meet undo", by=CARLA)
    assert answer_of(office, CARLA) is None


# ------------------------------------------------------------------------------------------------------- cancelling


async def cancelled_by_ben(office: Office, text: str = "!meet absagen") -> Message:
    await office.says(f"{MEET} {BEN}")
    return only(await office.replies(card(office), text, BEN))


async def test_who_did_not_make_an_event_and_may_not_cancel_it_declines(office: Office) -> None:
    question = await cancelled_by_ben(office)
    assert question.kind is Kind.QUESTION
    assert "Für alle können Sie den Termin nicht absagen" in question.text
    said = only(await office.says("!meet 1", by=BEN))
    assert said.data["answer"] == "declined"
    assert answer_of(office) is NO
    assert len(office.texts()) == 1


async def test_who_changes_their_mind_does_nothing(office: Office) -> None:
    await cancelled_by_ben(office)
    said = only(await office.says("!meet 2", by=BEN))
    assert said.kind is Kind.OK
    assert answer_of(office) is OPEN


@pytest.mark.parametrize(("number", "left"), [(1, 1), (2, 0)])
async def test_who_may_cancel_it_is_asked(office: Office, number: int, left: int) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users={BEN: 50})
    question = await cancelled_by_ben(office)
    assert question.kind is Kind.QUESTION
    said = await office.says(f"!meet {number}", by=BEN)
    assert len(office.texts()) == left, "and is not asked once more"
    assert (Kind.OK if left else Kind.CANCELLED) in [message.kind for message in said]


async def test_who_made_it_or_is_not_on_it_is_not_asked(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    said = only(await office.replies(card(office), "!meet absagen", CARLA))
    assert said.data["code"] == "forbidden"
    assert Kind.CANCELLED in [one.kind for one in await office.replies(card(office), "!meet absagen")]


async def test_one_date_of_a_series_for_oneself(office: Office) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    await office.says("!meet liste 14t", by=BEN)
    assert only(await office.says("!meet absagen 2", by=BEN)).kind is Kind.QUESTION
    await office.says("!meet 1", by=BEN)
    assert answer_of(office, date="20261202") is NO
    assert answer_of(office, date="20261125") is OPEN


@pytest.mark.parametrize("power", [0, 50])
async def test_killed_on_the_way_a_refusal_never_becomes_a_cancellation(
    office: Office, power: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.chat.rooms[ROOM].power = PowerLevels(users={BEN: power})
    await cancelled_by_ben(office)

    async def declines() -> None:
        await office.says("!meet 1", by=BEN)

    assert await killed_at(office, "answer.written", declines)
    assert answer_of(office) is NO
    assert len(office.texts()) == 1
    assert office.said(Kind.CANCELLED) == []
    assert [one.data.get("answer") for one in office.said(Kind.OK)] == ["declined"]


# --------------------------------------------------------------------------------------------------------- side by side


async def test_two_at_the_same_moment_are_both_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one second, DTSTAMP and SEQUENCE of both are the same."""
    await office.says(f"{MEET} {BEN} {CARLA}")
    update = office.calendar.update

    async def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(office.calendar, "update", update)
        elsewhere(office, NO, CARLA)
        return await update(*arguments)

    monkeypatch.setattr(office.calendar, "update", overtaken)
    assert only(await office.replies(card(office), "!meet ja", BEN)).kind is Kind.OK
    assert answer_of(office) is YES
    assert answer_of(office, CARLA) is NO


async def test_the_calendar_is_away(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    said = only(await office.replies(card(office), "!meet ja", BEN))
    assert said.data["code"] == "calendar_unavailable"
    office.calendar.unavailable = None
    assert answer_of(office) is OPEN


async def test_a_lost_answer_of_the_calendar_is_found_written(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.lose_answer = True
    await office.replies(card(office), "!meet ja", BEN)
    assert only(await office.replies(card(office), "!meet ja", BEN)).text.startswith("Sie haben schon zugesagt")
    assert unfolded(office).count("mailto:ben@") == 1


@pytest.mark.parametrize("done", [False, True])
async def test_killed_at_any_effect_it_is_answered_once(
    office: Office, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.says(MEET)

    async def answers() -> None:
        await office.replies(card(office), "!meet ja", CARLA)
        await office.pass_time(timedelta(minutes=1))

    for number in range(1, 10):
        office.chat.forget_transactions()
        killed = await killed_at_effect(office, number, answers, monkeypatch, done=done)
        await office.pass_time(timedelta(minutes=1))
        assert unfolded(office).count("carla@example.org") == 1
        assert answer_of(office, CARLA) is YES
        said = [message for message in office.said(Kind.OK) if message.data.get("answer") == "accepted"]
        assert len(said) == number, "one for each that was typed"
        if not killed:
            break
    else:
        pytest.fail("more effects than expected")


async def test_killed_between_writing_and_saying_it_can_still_be_undone(office: Office) -> None:
    await office.says(MEET)

    async def answers() -> None:
        await office.replies(card(office), "!meet ja", CARLA)

    assert await killed_at(office, "answer.written", answers)
    said = office.said(Kind.OK)[-1]
    assert said.text.startswith("Zugesagt"), "not that it was there before"
    await office.says("!meet undo", by=CARLA)
    assert answer_of(office, CARLA) is None


# ------------------------------------------------------------------------------------------------------- what follows


async def test_who_declined_is_mentioned_in_no_reminder_of_that_date(office: Office) -> None:
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN} {CARLA}")
    await office.replies(card(office), "!meet nein", BEN)
    await office.until(datetime(2026, 11, 24, 12, 1, tzinfo=BERLIN))
    (reminder,) = office.said(Kind.REMINDER)
    assert reminder.mentions == (ANNA, CARLA)


async def test_who_declined_gets_no_private_reminder_of_that_date(office: Office) -> None:
    office.chat.add_room(DM, BEN)
    await office.says("erinnere mich 10m", by=BEN, room=DM)
    await office.says(f"!meet neu Jour fixe täglich 12-13 Uhr {BEN}")
    await office.says("!meet liste", by=BEN)
    await office.says("!meet nein 2", by=BEN)
    await office.until(datetime(2026, 11, 27, 8, tzinfo=BERLIN))
    days = [message.data["start"]["localtime"][8:10] for message in office.chat.messages(DM, Kind.REMINDER)]
    assert days == ["24", "26"]


async def test_an_answer_given_in_another_program_reaches_the_card(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await office.pass_time(timedelta(minutes=1))
    elsewhere(office, MAYBE)
    await office.pull()
    before = len(office.chat.posted)
    await office.pass_time(timedelta(minutes=1))
    assert [one.edits for one in office.chat.posted[before:]] == [card(office)]
    assert "Vielleicht: Ben" in shown(office).splitlines()
    assert shown(office).startswith("Runde"), "an answer alone does not make it “updated”"
