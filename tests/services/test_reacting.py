"""Answers by reaction: 👍 👎 🤔 on the card of an event, or on a reminder."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from calbot.core.ical.attendees import answer_to, answers_of
from calbot.core.model import Attendee, EventId, Kind, Message, PartStat, RoomId, UserId
from calbot.core.settings import Access, Show
from calbot.errors import CalendarUnavailable, ChatUnavailable
from calbot.ports import ChatEvent
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect
from .test_answers import DM, MEET, WEEKLY, answer_of, card, elsewhere, event, shown, theirs

YES, NO, MAYBE, OPEN = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.NEEDS_ACTION
UP, DOWN, THINKING = "\N{THUMBS UP SIGN}", "\N{THUMBS DOWN SIGN}", "\N{THINKING FACE}"
MOMENT = timedelta(seconds=10)


async def react(
    office: Office, emoji: str, by: UserId = BEN, message: EventId | None = None, room: RoomId = ROOM
) -> ChatEvent:
    reaction = office.chat.reacts(room, by, message or card(office), emoji)
    await office.deliver(reaction)
    return reaction


async def take_back(office: Office, reaction: ChatEvent) -> None:
    office.chat.redacts(reaction.room, reaction.id)
    redaction = office.chat.sends(reaction.room, reaction.sender, "m.room.redaction", {"redacts": reaction.id})
    await office.deliver(redaction)


def said_since(office: Office, before: int) -> list[Message]:
    """New messages, without edits."""
    return [one.message for one in office.chat.posted[before:] if one.message is not None and one.edits is None]


async def reminded(office: Office, text: str = f"!meet neu Runde heute 12-13 Uhr {BEN}") -> EventId:
    await office.says(text)
    await office.until(datetime(2026, 11, 24, 11, 46, tzinfo=BERLIN))
    return next(one.event for one in reversed(office.chat.posted) if one.message and one.message.kind is Kind.REMINDER)


# ------------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("emoji", "answer"),
    [
        (UP, YES),
        (f"{UP}\N{VARIATION SELECTOR-16}", YES),
        (f"{UP}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}", YES),
        ("\N{WHITE HEAVY CHECK MARK}", YES),
        (DOWN, NO),
        (f"{DOWN}\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}\N{VARIATION SELECTOR-16}", NO),
        ("\N{CROSS MARK}", NO),
        (THINKING, MAYBE),
        ("\N{BLACK QUESTION MARK ORNAMENT}", MAYBE),
        ("\N{BLACK QUESTION MARK ORNAMENT}\N{VARIATION SELECTOR-15}", MAYBE),
        ("\N{PARTY POPPER}", OPEN),
        (f"{UP}{UP}", OPEN),
        ("ja", OPEN),
        ("1\N{COMBINING ENCLOSING KEYCAP}", OPEN),
        ("", OPEN),
    ],
)
async def test_a_reaction_to_the_card(office: Office, emoji: str, answer: PartStat) -> None:
    await office.says(f"{MEET} {BEN}")
    before = len(office.chat.posted)
    await react(office, emoji)
    assert answer_of(office) is answer
    await office.pass_time(MOMENT)
    assert said_since(office, before) == [], "the card says it"
    assert ("Noch offen: Ben" in shown(office)) is (answer is OPEN)
    assert await office.world.stores.inbox.unfinished() == []


async def test_the_card_is_edited_once_for_all_who_react_at_the_same_time(office: Office) -> None:
    await office.says(f"{MEET} {BEN} {CARLA}")
    before = len(office.chat.posted)
    await react(office, UP)
    await react(office, DOWN, CARLA)
    await office.pass_time(MOMENT)
    assert [one.edits for one in office.chat.posted[before:]] == [card(office)]
    assert "Abgelehnt: Carla" in shown(office)


async def test_a_reaction_to_a_reminder(office: Office) -> None:
    message = await reminded(office)
    await react(office, DOWN, message=message)
    assert answer_of(office) is NO


@pytest.mark.parametrize("text", ["!meet verschiebe last 14-15 Uhr", "!meet liste", "!meet hilfe"])
async def test_a_thumb_below_anything_else_is_no_answer(office: Office, text: str) -> None:
    await office.says(f"{MEET} {BEN}")
    await office.says(text)
    target = next(one.event for one in reversed(office.chat.posted) if one.message and one.edits is None)
    await react(office, DOWN, message=target)
    assert answer_of(office) is OPEN


async def test_nor_below_what_people_say(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await react(office, DOWN, message=office.chat.says(ROOM, ANNA, "Passt das?").id)
    assert answer_of(office) is OPEN


async def test_who_was_not_invited_is_on_the_list_until_they_take_it_back(office: Office) -> None:
    await office.says(MEET)
    reaction = await react(office, UP, CARLA)
    assert answer_of(office, CARLA) is YES
    await office.pass_time(MOMENT)
    assert office.said(Kind.CHANGE) == []
    await take_back(office, reaction)
    assert answer_of(office, CARLA) is None


# ---------------------------------------------------------------------------------------------------------- taken back


async def test_taken_back_the_answer_before_holds_again(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    up = await react(office, UP)
    await office.pass_time(MOMENT)
    down = await react(office, DOWN)
    assert answer_of(office) is NO
    await office.pass_time(MOMENT)
    await take_back(office, down)
    assert answer_of(office) is YES
    await office.pass_time(MOMENT)
    await take_back(office, up)
    assert answer_of(office) is OPEN
    await office.pass_time(MOMENT)
    assert "Noch offen: Ben" in shown(office)


async def test_taken_back_in_another_order(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    up = await react(office, UP)
    await office.pass_time(MOMENT)
    thinking = await react(office, THINKING)
    await office.pass_time(MOMENT)
    await take_back(office, up)
    assert answer_of(office) is MAYBE, "the last one added counts"
    await office.pass_time(MOMENT)
    await take_back(office, thinking)
    assert answer_of(office) is OPEN


async def test_on_card_and_reminder_together_the_last_one_counts(office: Office) -> None:
    message = await reminded(office)
    up = await react(office, UP)
    await office.pass_time(MOMENT)
    down = await react(office, DOWN, message=message)
    assert answer_of(office) is NO
    await office.pass_time(MOMENT)
    await take_back(office, up)
    await office.pass_time(MOMENT)
    assert answer_of(office) is NO
    await take_back(office, down)
    await office.pass_time(MOMENT)
    assert answer_of(office) is OPEN


async def test_faster_than_it_is_written_the_last_one_counts(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    writes = len([one for one in office.calendar.calls if one[0] == "update"])
    up = await react(office, UP)
    down = await react(office, DOWN)
    await take_back(office, down)
    await take_back(office, up)
    last = await react(office, THINKING)
    await office.pass_time(MOMENT)
    assert answer_of(office) is MAYBE
    assert len([one for one in office.calendar.calls if one[0] == "update"]) - writes == 2, "the first, and the last"
    await take_back(office, last)
    await office.pass_time(MOMENT)
    assert answer_of(office) is OPEN


async def test_a_redaction_that_the_server_did_not_follow_is_none(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    reaction = await react(office, UP)
    await office.deliver(office.chat.sends(ROOM, CARLA, "m.room.redaction", {"redacts": reaction.id}))
    await office.pass_time(MOMENT)
    assert answer_of(office) is YES


@pytest.mark.parametrize("redacts", [None, 7, "$unknown"])
async def test_a_malformed_redaction_is_nothing(office: Office, redacts: object) -> None:
    await office.says(f"{MEET} {BEN}")
    await react(office, UP)
    await office.deliver(office.chat.sends(ROOM, BEN, "m.room.redaction", {"redacts": redacts}))
    assert answer_of(office) is YES


async def test_what_was_answered_by_command_since_stands(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    reaction = await react(office, UP)
    await office.replies(card(office), "!meet vielleicht", BEN)
    await take_back(office, reaction)
    await office.pass_time(MOMENT)
    assert answer_of(office) is MAYBE


async def test_what_was_answered_elsewhere_since_stands(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    reaction = await react(office, UP)
    elsewhere(office, NO)
    await office.pull()
    await take_back(office, reaction)
    await office.pass_time(MOMENT)
    assert answer_of(office) is NO


async def test_what_is_due_does_not_overtake_a_command(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    await react(office, UP)
    await react(office, DOWN)  # to be written in a moment
    await office.replies(card(office), "!meet vielleicht", BEN)
    await office.pass_time(MOMENT)
    assert answer_of(office) is MAYBE


# ------------------------------------------------------------------------------------------------------------- series


async def test_the_card_of_a_series_is_answered_as_a_whole(office: Office) -> None:
    await office.says(f"{WEEKLY} {BEN}")
    reaction = await react(office, UP)
    assert {answer_of(office, date=day) for day in ("20261125", "20261202")} == {YES}
    await office.pass_time(MOMENT)
    assert "Zugesagt: Anna (Leitung) und Ben" in shown(office)
    await take_back(office, reaction)
    assert {answer_of(office, date=day) for day in ("20261125", "20261202")} == {OPEN}


async def test_the_reminder_of_a_date_is_that_date(office: Office) -> None:
    message = await reminded(office, f"!meet neu Runde täglich 12-13 Uhr {BEN}")
    reaction = await react(office, DOWN, message=message)
    text = office.texts()[0]
    assert "RECURRENCE-ID" in text
    assert answer_of(office) is OPEN, "of the series"
    await office.pass_time(MOMENT)
    await take_back(office, reaction)
    await react(office, UP)
    assert answer_of(office) is YES


async def ask_which(office: Office) -> tuple[EventId, ChatEvent, list[str]]:
    """Somebody reacts to one reminder of two meetings: message and reaction, and the choices."""
    await office.says(f"!meet neu Alpha heute 12:00-12:01 {BEN}")
    await office.says(f"!meet neu Beta heute 12:01-13:00 {BEN}")
    await office.until(datetime(2026, 11, 24, 11, 44, tzinfo=BERLIN))
    office.chat.down = True
    await office.until(datetime(2026, 11, 24, 11, 48, tzinfo=BERLIN))
    office.chat.down = False
    await office.pass_time(timedelta(minutes=5))
    (combined,) = [one.event for one in office.chat.posted if one.message and one.message.kind is Kind.REMINDER]
    before = len(office.chat.posted)
    reaction = await react(office, UP, message=combined)
    (question,) = said_since(office, before)
    assert question.kind is Kind.QUESTION
    assert question.mentions == (BEN,)
    assert answer_in(office, "Beta") is OPEN
    titles = [choice["event"]["title"] for choice in question.data["choices"]]
    return combined, reaction, titles


def answer_in(office: Office, title: str) -> PartStat | None:
    text = next(text for text in office.texts() if f"SUMMARY:{title}" in text)
    return answer_to(answers_of(text, Attendee("", "ben@example.org", BEN), zone=BERLIN), None)


async def test_of_several_in_one_reminder_it_asks_which(office: Office) -> None:
    _, reaction, titles = await ask_which(office)
    question = next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.QUESTION)
    await react(office, f"{titles.index('Beta') + 1}\N{COMBINING ENCLOSING KEYCAP}", message=question)
    assert (answer_in(office, "Alpha"), answer_in(office, "Beta")) == (OPEN, YES)
    assert await office.world.stores.inbox.unfinished() == []
    await office.pass_time(MOMENT)
    await take_back(office, reaction)
    assert answer_in(office, "Beta") is OPEN


async def test_whoever_does_not_say_which_answers_none(office: Office) -> None:
    await ask_which(office)
    await office.pass_time(timedelta(minutes=15))
    assert (answer_in(office, "Alpha"), answer_in(office, "Beta")) == (OPEN, OPEN)
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_restart_asks_no_second_time(office: Office) -> None:
    _, _, titles = await ask_which(office)
    await office.resume()
    assert len(office.said(Kind.QUESTION)) == 1
    await office.says(f"!meet {titles.index('Beta') + 1}", by=BEN)
    assert answer_in(office, "Beta") is YES


async def test_a_reply_to_several_in_one_reminder_asks_as_well(office: Office) -> None:
    message, _, _ = await ask_which(office)
    said = await office.replies(message, "!meet nein", BEN)
    (question,) = [one for one in said if one.kind is Kind.QUESTION]  # the one before is withdrawn
    titles = [choice["event"]["title"] for choice in question.data["choices"]]
    await office.says(f"!meet {titles.index('Alpha') + 1}", by=BEN)
    assert answer_in(office, "Alpha") is NO


async def test_to_cancel_in_a_reply_to_several_cancels_none(office: Office) -> None:
    message, _, _ = await ask_which(office)
    (said,) = await office.replies(message, "!meet absagen")
    assert said.kind is Kind.ERROR
    assert len(office.texts()) == 2


# ------------------------------------------------------------------------------------------------------ what goes wrong


async def test_what_does_not_work_is_told_once(office: Office) -> None:
    await theirs(office, "ORGANIZER:mailto:chef@example.org", "ATTENDEE:mailto:ben@example.org")
    await office.says("!meet zeige 1", by=BEN)
    before = len(office.chat.posted)
    reaction = await react(office, UP)
    await react(office, UP)
    await take_back(office, reaction)
    await react(office, DOWN)
    (told,) = said_since(office, before)
    assert told.data["code"] == "read_only"
    assert told.mentions == (BEN,)
    assert office.chat.posted[-1].reply_to == card(office)


async def test_a_calendar_that_cannot_be_written(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.read_only.add(CALENDAR)
    before = len(office.chat.posted)
    reaction = await react(office, UP)
    assert [one.data["code"] for one in said_since(office, before)] == ["read_only"]
    office.calendar.read_only.clear()
    await take_back(office, reaction)
    await office.pass_time(MOMENT)
    assert answer_of(office) is OPEN


async def test_hidden_events(office: Office) -> None:
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)}
    office.change(calendars=calendars)
    await startup.begin(office.world)
    await office.says(f"{MEET} {BEN}")
    before = len(office.chat.posted)
    await react(office, UP, BEN)
    await react(office, DOWN, ANNA)
    assert [one.data["code"] for one in said_since(office, before)] == ["forbidden", "forbidden"]
    assert answer_of(office, ANNA) is YES


async def test_below_what_is_over_or_cancelled_a_thumb_says_nothing(office: Office) -> None:
    message = await reminded(office)
    await office.until(datetime(2026, 11, 24, 13, 1, tzinfo=BERLIN))
    before = len(office.chat.posted)
    await react(office, UP, message=message)
    await theirs(office)
    await office.says("!meet zeige 1", by=BEN)
    shown_there = office.chat.posted[-2 if office.chat.posted[-1].file else -1].event
    office.calendar.put(CALENDAR, "theirs", event("STATUS:CANCELLED"))
    await office.pull()
    count = len(office.chat.posted)
    await react(office, UP, message=shown_there)
    assert said_since(office, count) == []
    assert all(one.kind is not Kind.ERROR for one in said_since(office, before))


async def test_a_read_only_calendar(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], access=Access.READ_ONLY)}
    office.change(calendars=calendars)
    before = len(office.chat.posted)
    await react(office, UP)
    assert "Kalenderprogramm" in said_since(office, before)[0].text


async def test_while_the_calendar_is_away_answers_wait(office: Office) -> None:
    await office.says(f"{MEET} {BEN} {CARLA}")
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    before = len(office.chat.posted)
    await react(office, UP)
    await react(office, DOWN, CARLA)
    (told,) = said_since(office, before)
    assert "sobald er wieder da ist" in told.text
    await office.pass_time(timedelta(minutes=5))
    office.calendar.unavailable = None
    await office.pass_time(timedelta(minutes=2))
    assert (answer_of(office), answer_of(office, CARLA)) == (YES, NO)
    assert await office.world.stores.answers.due() == []


async def test_what_waits_is_written_after_a_restart(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await react(office, UP)
    office.alarm.forget()
    office.calendar.unavailable = None
    await office.resume()
    assert answer_of(office) is YES


async def test_the_homeserver_is_away(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.chat.refuse(ChatUnavailable())
    await react(office, UP)
    await office.pass_time(timedelta(minutes=10))
    assert answer_of(office) is YES
    assert "Zugesagt: Anna (Leitung) und Ben" in shown(office)


async def test_who_has_left_the_room_answers_nothing(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await react(office, UP)
    office.calendar.unavailable = None
    office.chat.put_out(ROOM, BEN)
    office.world.known.forget(ROOM)
    await office.pass_time(timedelta(minutes=2))
    assert answer_of(office) is OPEN
    assert await office.world.stores.answers.due() == []


# ---------------------------------------------------------------------------------------------------------- direct chat


async def test_a_private_reminder_takes_reactions(office: Office) -> None:
    office.chat.add_room(DM, BEN)
    await office.says("erinnere mich 10m", by=BEN, room=DM)
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    await office.until(datetime(2026, 11, 24, 11, 51, tzinfo=BERLIN))
    message = next(one.event for one in reversed(office.chat.posted) if one.room == DM)
    before = len(office.chat.posted)
    reaction = await react(office, DOWN, message=message, room=DM)
    assert answer_of(office) is NO
    (told,) = said_since(office, before)
    assert told.text.startswith("Abgelehnt: Runde"), "there is no card to show it here"
    await office.pass_time(MOMENT)
    assert "Abgelehnt: Ben" in shown(office), "but in the room"
    await take_back(office, reaction)
    assert answer_of(office) is OPEN
    assert office.chat.messages(DM)[-1].text.startswith("Antwort zurückgenommen: Runde")


async def test_a_card_in_a_direct_chat_takes_reactions(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.chat.add_room(DM, BEN)
    await office.says("liste", by=BEN, room=DM)
    await office.says("zeige 1", by=BEN, room=DM)
    message = next(
        one.event for one in office.chat.posted if one.room == DM and one.message and one.message.kind is Kind.MEETING
    )
    await react(office, UP, message=message, room=DM)
    assert answer_of(office) is YES


async def test_a_room_that_is_no_direct_chat_any_more_takes_none(office: Office) -> None:
    await office.says(f"{MEET} {BEN}")
    office.chat.add_room(DM, BEN)
    await office.says("liste", by=BEN, room=DM)
    await office.says("zeige 1", by=BEN, room=DM)
    message = next(
        one.event for one in office.chat.posted if one.room == DM and one.message and one.message.kind is Kind.MEETING
    )
    office.chat.enter(DM, UserId("@dora:example.org"))
    office.world.known.forget(DM)
    await react(office, UP, UserId("@dora:example.org"), message, DM)
    assert "dora@" not in office.texts()[0]


# ------------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("step", ["answer.noted", "answer.written", "write.expected", "write.done"])
async def test_killed_on_the_way_it_is_answered_all_the_same(office: Office, step: str) -> None:
    await office.says(f"{MEET} {BEN}")
    reactions: list[ChatEvent] = []

    async def reacts() -> None:
        reactions.append(office.chat.reacts(ROOM, BEN, card(office), UP))
        await office.deliver(reactions[0])

    assert await killed_at(office, step, reacts)
    await office.pass_time(timedelta(minutes=1))
    assert answer_of(office) is YES
    assert await office.world.stores.inbox.unfinished() == []
    await take_back(office, reactions[0])
    await office.pass_time(MOMENT)
    assert answer_of(office) is OPEN, "the answer before is known"


@pytest.mark.parametrize("done", [False, True])
async def test_killed_at_any_effect(office: Office, done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.says(f"{MEET} {BEN}")

    async def back_and_forth() -> None:
        reaction = await react(office, UP)
        await office.pass_time(MOMENT)
        await take_back(office, reaction)
        await office.pass_time(MOMENT)
        await react(office, DOWN)
        await office.pass_time(MOMENT)

    for number in range(1, 12):
        killed = await killed_at_effect(office, number, back_and_forth, monkeypatch, done=done)
        await office.pass_time(timedelta(minutes=1))
        assert await office.world.stores.answers.due() == []
        assert said_since(office, 0)[1:] == [], "nothing but the card"
        if not killed:
            break
        await react(office, THINKING)
        await office.pass_time(MOMENT)
    assert answer_of(office) is NO
    assert "Abgelehnt: Ben" in shown(office)
