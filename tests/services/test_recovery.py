"""What was begun is finished, and nothing else is done instead, whatever happens in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbot.core.feeds import feed_digest
from calbot.core.model import EventId, Kind, Message, RoomId
from calbot.core.poll_events import POLL_START
from calbot.core.poll_model import PollState
from calbot.core.settings import Show
from calbot.errors import CalendarReadOnly, ChatUnavailable
from calbot.matrix.handlers import Handlers
from calbot.ports import Feed, Listed
from calbot.services import planning, startup
from calbot.services.world import InForce

from .conftest import ANNA, BEN, BERLIN, CALENDAR, LOG, ROOM, Office
from .kills import killed_at, killed_at_effect
from .test_polls import open_poll, votes


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


# ------------------------------------------------------------------------------------------------- questions


async def test_a_cut_off_cancellation_of_one_date_does_not_become_one_of_the_series(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to "which list" was taken for the one to "the whole series" when the command was repeated."""
    await office.says("!meet neu Vorbesprechung morgen 8-9")
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste nächste Woche")
    await agenda_of(office, "Vorbesprechung")
    which = only(await office.says("!meet absagen 1"))  # the first of the agenda is another than that of Anna's list
    assert which.kind is Kind.QUESTION
    jour_fixe = next(n for n, choice in enumerate(which.data["choices"], 1) if "Jour fixe" in str(choice))
    assert jour_fixe == 2  # the number that would mean the whole series
    scope = only(await office.says("!meet 2"))
    assert scope.kind is Kind.QUESTION
    read = office.calendar.read

    async def killed(*_: Any) -> None:
        monkeypatch.setattr(office.calendar, "read", read)
        raise asyncio.CancelledError

    monkeypatch.setattr(office.calendar, "read", killed)
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet 1")  # this one only
    await office.resume()
    assert len(office.said(Kind.CANCELLED)) == 1
    assert len(office.texts()) == 2
    assert sum(text.count("EXDATE") for text in office.texts()) == 1


async def agenda_of(office: Office, title: str) -> None:
    """A scheduled agenda of one event, shown to all."""
    stores = office.world.stores
    day = office.clock() + timedelta(days=2)
    (one,) = await stores.calendars.occurrences([CALENDAR], office.clock(), day, search=title)
    await stores.references.save_list(ROOM, None, EventId(f"$agenda-{title}"), [Listed(1, CALENDAR, one.id)])


async def test_an_answer_holds_for_the_choices_that_were_shown(office: Office) -> None:
    """Another list came between question and answer: the number must not mean what stands there now."""
    await office.says("!meet neu Alpha morgen 8-9")
    await office.says("!meet neu Beta morgen 10-11")
    await office.says("!meet neu Gamma morgen 12-13")
    await office.says("!meet liste")
    await agenda_of(office, "Beta")
    question = only(await office.says("!meet absagen 1"))
    assert question.kind is Kind.QUESTION
    await agenda_of(office, "Gamma")
    again = only(await office.says("!meet 1"))
    assert again.kind is Kind.QUESTION
    assert len(office.texts()) == 3
    said = await office.says("!meet 1")
    assert only([message for message in said if message.kind is Kind.CANCELLED]).data["title"] == "Gamma"


async def test_an_answered_command_goes_on_when_the_homeserver_is_back(office: Office) -> None:
    """The answer was repeated instead of the command, found the question gone, and the command lay there."""
    await office.says("!meet neu Budgetrunde nächsten Freitag 9 Uhr")
    office.chat.refuse(ChatUnavailable(retry_after=0.0))
    said = await office.says("!meet 2")
    assert only(said).kind is Kind.MEETING
    assert await office.world.stores.inbox.unfinished() == []


async def test_a_picked_reaction_is_finished_with_what_it_answers(office: Office) -> None:
    await office.says("!meet neu Budgetrunde nächsten Freitag 9 Uhr")
    question = office.chat.last(ROOM).event
    await office.hears(office.chat.reacts(ROOM, ANNA, question, "2️⃣"))
    assert len(office.texts()) == 1
    assert await office.world.stores.inbox.unfinished() == []


@pytest.mark.parametrize("relation", ["text", ["list"], 7, None])
async def test_a_malformed_reaction_is_nothing(office: Office, relation: object) -> None:
    await office.hears(office.chat.sends(ROOM, ANNA, "m.reaction", {"m.relates_to": relation}))
    assert await office.world.stores.inbox.unfinished() == []


# ----------------------------------------------------------------------------------------------------- polls


async def test_a_cut_off_close_does_not_close_the_next_poll(office: Office) -> None:
    """Its poll was booked by then, so that the repeat found the other one to be the only one open."""
    await open_poll(office, '!meet umfrage "Klausur" Mi 9; Do 9')
    await open_poll(office)
    question = only(await office.says("!meet schließen"))
    picked = next(n for n, choice in enumerate(question.data["choices"], 1) if "Budgetrunde" in str(choice))
    event = office.chat.says(ROOM, ANNA, f"!meet {picked}")
    await office.deliver(event)
    asked = next(e for e in office.chat.rooms[ROOM].events if e.content.get("body") == "!meet schließen")
    again = await office.world.stores.inbox.get(asked.id)
    assert again is not None
    # Killed after the result was posted, before the command was marked as done.
    raw = {"event_id": asked.id, "room_id": ROOM, "sender": ANNA, "origin_server_ts": asked.at}
    await office.world.stores.inbox.start(asked.id, {**raw, "type": asked.type, "content": dict(asked.content)})
    await office.resume()
    assert [message.data["title"] for message in office.said(Kind.POLL_RESULT)] == ["Budgetrunde"]
    assert office.said(Kind.ERROR) == []


async def test_the_answer_to_which_poll_does_not_close_another(office: Office) -> None:
    first = await open_poll(office, '!meet umfrage "Klausur" Mi 9; Do 9')
    second = await open_poll(office)
    await office.says("!meet schließen")
    question = office.chat.last(ROOM).event
    await office.replies(second, "!meet schließen")
    assert len(office.said(Kind.POLL_RESULT)) == 1
    await office.hears(office.chat.reacts(ROOM, ANNA, question, "1️⃣"))  # which was the one closed meanwhile
    poll = await office.world.stores.polls.at(ROOM, first)
    assert poll is not None
    assert poll.state is PollState.OPEN


async def test_to_vote_on_or_to_close_what_is_closed_says_so(office: Office) -> None:
    poll = await open_poll(office)
    await office.says("!meet schließen")
    assert only(await office.replies(poll, "!meet stimme 1")).data["code"] == "not_found"
    assert only(await office.replies(poll, "!meet schließen")).data["code"] == "not_found"


async def test_a_vote_and_a_close_count_whenever_they_were_sent(office: Office) -> None:
    await open_poll(office)
    office.clock.advance(timedelta(minutes=1))
    vote = office.chat.says(ROOM, BEN, "!meet stimme 2")
    close = office.chat.says(ROOM, ANNA, "!meet schließen")
    office.clock.advance(timedelta(minutes=40))
    await office.hears(vote)
    await office.hears(close)
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-26T10:00:00"


async def test_a_refused_closing_that_cannot_be_told_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The homeserver was away just when the calendar's refusal was to be said: the poll closed no more."""
    poll = await open_poll(office, '!meet umfrage "Budgetrunde" Mi 14-15; Do 10 bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 1)
    office.calendar.read_only.add(CALENDAR)
    post = office.chat.post

    async def away_once(*_: Any, **__: Any) -> EventId:
        monkeypatch.setattr(office.chat, "post", post)
        raise ChatUnavailable

    monkeypatch.setattr(office.chat, "post", away_once)
    await office.until(datetime(2026, 11, 24, 18, 5, tzinfo=BERLIN))
    assert only(office.said(Kind.ERROR)).data["code"] == CalendarReadOnly().code.value
    stored = await office.world.stores.polls.at(ROOM, poll)
    assert stored is not None
    assert stored.state is PollState.ENDED


async def test_in_a_direct_chat_no_poll_is_taken_on(office: Office) -> None:
    direct = office.chat.add_room("!direct:example.org", ANNA)
    answer = {"org.matrix.msc1767.text": "Do 12 Uhr"}
    content = {POLL_START: {"question": {"body": "?"}, "answers": [{"id": "a", **answer}, {"id": "b", **answer}]}}
    poll = office.chat.sends(direct, ANNA, POLL_START, content)
    reply = {"msgtype": "m.text", "body": "!meet event", "m.relates_to": {"m.in_reply_to": {"event_id": poll.id}}}
    said = await office.hears(office.chat.sends(direct, ANNA, "m.room.message", reply))
    assert only(said).kind is Kind.ERROR
    assert await office.world.stores.polls.at(direct, poll.id) is None


# --------------------------------------------------------------------------------------------------- meetings


async def test_the_card_of_a_moved_event_that_is_cancelled_says_so(office: Office) -> None:
    """The two edits had one transaction id, so that homeservers took the second for a repeat of the first."""
    await office.says("!meet neu Runde morgen 10-11")
    await office.says("!meet verschiebe last 16 Uhr")
    await office.says("!meet absagen last")
    edits = [posted for posted in office.chat.posted if posted.edits is not None and posted.message is not None]
    assert [edit.message.data["status"] for edit in edits if edit.message] == ["confirmed", "cancelled"]


async def test_a_message_that_breaks_the_parser_is_answered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake in the grammar")

    monkeypatch.setattr("calbot.services.conversation.commands.parse", broken)
    assert only(await office.says("!meet liste")).data["code"] == "internal"
    assert await office.world.stores.inbox.unfinished() == []


# ------------------------------------------------------------------------------------------------------ feeds


@pytest.fixture
def pages(office: Office) -> Office:
    """An office whose bot has pages."""
    office.world = replace(office.world, address="https://bot.example.org/calbot")
    office.handlers = Handlers(office.world, LOG)
    return office


def links_given(office: Office) -> list[str]:
    """By what their secrets are known, in all chats."""
    posted = [one.message.data.get("feed", "") for one in office.chat.posted if one.message is not None]
    return [feed_digest(link.rpartition("/")[2].removesuffix(".ics")) for link in posted if link]


async def test_a_link_made_before_a_crash_is_the_one_given_after_it(pages: Office) -> None:
    """Otherwise nobody would have the link that is known, and the repeat would say that there is one already."""
    feeds = pages.world.stores.feeds
    for number, command in enumerate(("!meet abo", "!meet abo neu"), 1):
        at_the_crash: list[Feed] = []

        async def asks(command: str = command, made: list[Feed] = at_the_crash) -> None:
            try:
                await pages.says(command)
            finally:
                made += await feeds.of(ANNA)

        assert await killed_at(pages, "feed.saved", asks)
        (made,) = at_the_crash
        assert await feeds.of(ANNA) == [made]
        assert len(links_given(pages)) == number
        assert links_given(pages)[-1] == made.digest
        assert len(pages.said(Kind.OK)) == number
    assert len(set(links_given(pages))) == 2


async def test_a_link_holds_until_another_was_delivered_and_the_repeat_gives_the_same(pages: Office) -> None:
    feeds = pages.world.stores.feeds
    await pages.says("!meet abo")
    at_the_crash: list[Feed] = []

    async def asks() -> None:
        try:
            await pages.says("!meet abo neu")
        finally:
            at_the_crash.extend(await feeds.of(ANNA))

    assert await killed_at(pages, "feed.told", asks)
    first, second = links_given(pages)
    assert [feed.digest for feed in at_the_crash] == [first]
    assert [feed.digest for feed in await feeds.of(ANNA)] == [second]
    acts = await pages.world.stores.audit.newest(10)
    assert [(act.action, act.outcome.value) for act in acts] == [("feed", "done")] * 2


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", [1, 2])
async def test_a_crash_while_a_link_is_given_gives_it_once(
    pages: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    assert await killed_at_effect(pages, number, lambda: pages.says("!meet abo"), monkeypatch, done=done)
    assert links_given(pages) == [feed.digest for feed in await pages.world.stores.feeds.of(ANNA)]
    assert len(pages.said(Kind.OK)) == 1


# -------------------------------------------------------------------------------------------------- reminders


async def test_a_room_whose_reminders_fail_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    other = office.chat.add_room("!other:example.org", ANNA)
    rooms = {**office.world.settings.rooms, other: replace(office.world.settings.rooms[ROOM], id=other)}
    office.change(rooms=rooms)
    await startup.begin(office.world)
    await office.says("!meet neu Runde heute 12-13 Uhr")
    members = office.chat.members

    async def broken(room: RoomId) -> object:
        if room == ROOM:
            raise RuntimeError("a mistake of ours")
        return await members(room)

    monkeypatch.setattr(office.chat, "members", broken)
    await office.until(datetime(2026, 11, 24, 11, 46, tzinfo=BERLIN))
    assert len(office.chat.messages(other, Kind.REMINDER)) == 1
    monkeypatch.setattr(office.chat, "members", members)
    await office.until(datetime(2026, 11, 24, 11, 55, tzinfo=BERLIN))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_what_was_tried_in_time_is_not_sent_after_the_meeting(office: Office) -> None:
    """The homeserver was away from before the reminder was due until the next day."""
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.until(datetime(2026, 11, 24, 11, 44, tzinfo=BERLIN))
    refuse = [ChatUnavailable() for _ in range(3)]
    office.chat.refuse(*refuse)
    await office.until(datetime(2026, 11, 24, 11, 45, 10, tzinfo=BERLIN))
    office.chat.down = True
    await office.until(datetime(2026, 11, 25, 9, tzinfo=BERLIN))
    office.chat.down = False
    await office.until(datetime(2026, 11, 25, 10, tzinfo=BERLIN))
    assert office.said(Kind.REMINDER) == []


async def test_what_is_made_while_all_is_planned_again_keeps_its_reminder(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that waited for the bot to start was worked on between reading what there is and planning it."""
    calendars = office.world.stores.calendars
    upcoming_uids = calendars.upcoming_uids

    async def and_then_a_meeting_is_made(*args: Any, **named: Any) -> Any:
        found = await upcoming_uids(*args, **named)
        monkeypatch.setattr(calendars, "upcoming_uids", upcoming_uids)
        await office.says("!meet neu Runde heute 12-13 Uhr")
        return found

    monkeypatch.setattr(calendars, "upcoming_uids", and_then_a_meeting_is_made)
    await planning.replan_all(office.world)
    await office.until(datetime(2026, 11, 24, 11, 46, tzinfo=BERLIN))
    assert len(office.said(Kind.REMINDER)) == 1


# ------------------------------------------------------------------------------------------ changes of settings


async def test_settings_change_while_the_homeserver_is_away(office: Office) -> None:
    """What cannot be said kept the old settings alive, and whoever saved the new ones waiting, for as long."""
    handlers = Handlers(office.world, LOG)
    event = office.chat.says(ROOM, ANNA, "!meet neu Runde morgen 10-11")
    office.chat.refuse(ChatUnavailable())
    await office.world.stores.inbox.accept(
        [
            {
                "event_id": event.id,
                "room_id": ROOM,
                "sender": ANNA,
                "origin_server_ts": event.at,
                "type": event.type,
                "content": dict(event.content),
            }
        ],
        None,
    )
    incoming = await office.world.stores.inbox.get(event.id)
    assert incoming is not None
    acting = asyncio.create_task(handlers.on_event(event, incoming))
    while not office.texts():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)
    renewed = replace(office.world, in_force=InForce.of(office.world.settings))
    await asyncio.wait_for(handlers.switch(renewed), 0.9)  # before the first repeat
    assert await asyncio.wait_for(acting, 5)
    assert len(office.said(Kind.MEETING)) == 1


def _with_calendar(office: Office, show: Show) -> None:
    office.change(calendars={CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=show)})


async def test_what_is_to_be_shown_as_busy_is_hidden_at_once(office: Office) -> None:
    """The server says that nothing has changed, so that titles went on being shown for ever."""
    await office.says("!meet neu Personalgespräch morgen 10-11")
    _with_calendar(office, Show.BUSY)
    await startup.begin(office.world)
    assert "Personalgespräch" not in only(await office.says("!meet liste")).text
    stored = await office.world.stores.calendars.get(CALENDAR, next(iter(office.calendar.objects(CALENDAR))))
    assert stored is not None
    assert "Personalgespräch" not in stored.data
    _with_calendar(office, Show.FULL)
    await startup.begin(office.world)
    await office.alarm.settle()
    assert "Personalgespräch" in only(await office.says("!meet liste")).text


async def test_a_calendar_that_no_room_shows_is_not_kept(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.change(rooms={})
    await startup.begin(office.world)
    assert await office.world.stores.calendars.calendars() == []
    await office.pass_time(timedelta(minutes=5))
    assert await office.world.stores.calendars.calendars() == []


async def test_the_horizon_rolls_on_though_the_bot_is_started_every_night(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    before = await office.world.stores.calendars.state(CALENDAR)
    for _ in range(3):
        await office.pass_time(timedelta(hours=20))
        await startup.begin(office.world)
    after = await office.world.stores.calendars.state(CALENDAR)
    assert before.horizon is not None
    assert after.horizon is not None
    assert after.horizon - before.horizon >= timedelta(days=1)


async def test_what_an_encrypted_room_shows_is_not_said_in_clear_elsewhere(office: Office) -> None:
    await office.says("!meet neu Geheimrunde heute 12-13 Uhr")
    plain = office.chat.add_room("!plain:example.org", ANNA, encrypted=False)
    rooms = {**office.world.settings.rooms, plain: replace(office.world.settings.rooms[ROOM], id=plain)}
    office.change(rooms=rooms)
    await startup.begin(office.world)
    assert only(await office.says("!meet liste", room=plain)).data["code"] == "not_encrypted"
    await office.until(datetime(2026, 11, 24, 12, 30, tzinfo=BERLIN))
    assert len(office.said(Kind.REMINDER)) == 1
    assert all("Geheimrunde" not in message.text for message in office.chat.messages(plain))
    chat = office.chat.add_room("!direct:example.org", BEN, encrypted=False)
    office.change(rooms={ROOM: rooms[ROOM], plain: rooms[plain]})
    office.chat.rooms[plain].members[BEN] = "Ben"
    office.chat.rooms[ROOM].members.pop(BEN)
    for room in (ROOM, plain):  # as the sync would tell
        office.world.known.forget(room)
    assert only(await office.says("liste", by=BEN, room=chat)).data["code"] == "not_encrypted"
