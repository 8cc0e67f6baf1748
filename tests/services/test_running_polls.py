"""Polls from their creation until they close: how they open, the card beside them, what is removed, what was missed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core.model import EventId, Kind, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.poll_events import POLL_END, POLL_RESPONSE, POLL_START
from calbot.core.poll_model import PollState
from calbot.core.settings import FreeBusy
from calbot.matrix.handlers import Handlers
from calbot.services import running

from .conftest import ANNA, BEN, CARLA, LOG, ROOM, Office
from .poll_room import DIRECT, LATER, card, edits, look_at_free_times, redact, stored, text_event
from .test_polls import OPEN, end, only, open_poll, response, votes


@pytest.fixture(autouse=True)
def nobody_tells_who_is_free(office: Office) -> None:
    look_at_free_times(office, FreeBusy.OFF)


# -------------------------------------------------------------------------------------------------------------- opening


@pytest.mark.parametrize("step", ["poll.opening", "poll.started", "poll.opened"])
async def test_a_poll_is_opened_once_wherever_the_bot_is_killed(office: Office, step: str) -> None:
    def killed(passed: str) -> None:
        if passed == step:
            raise asyncio.CancelledError

    whole = office.world
    office.world = replace(whole, passed=killed)
    office.handlers = Handlers(office.world, LOG)
    with pytest.raises(asyncio.CancelledError):
        await office.says(OPEN)
    office.world = whole
    await office.resume()
    assert [posted.type for posted in office.chat.posted].count(POLL_START) == 1
    assert len(office.said(Kind.POLL)) == 1
    poll = await stored(office)
    assert poll.start_event is not None
    await votes(office, poll.start_event, BEN, 1)
    assert "1 Stimme (Ben)" in await card(office)
    assert office.alarm.set_for("poll-deadline") == poll.until
    assert office.alarm.set_for(f"poll-nudge:{poll.key}") == poll.nudge_at


async def test_each_date_says_how_many_are_free(office: Office) -> None:
    look_at_free_times(office, FreeBusy.MEMBERS)
    await office.pull()
    await office.says(f"!meet neu Zahnarzt Do 10-11 {BEN}")
    poll = await open_poll(office)
    (text,) = (message.text for message in office.said(Kind.POLL))
    assert "1. Mi., 25.11., 14:00–15:00 Uhr (3 von 3 frei)" in text
    assert "2. Do., 26.11., 10:00–11:00 Uhr (1 von 3 frei)" in text
    assert "Zahnarzt" not in text
    start = next(posted for posted in office.chat.posted if posted.type == POLL_START)
    assert "frei" not in str(start.content)
    await votes(office, poll, BEN, 1)
    voted = await card(office)
    assert "1. Mi., 25.11., 14:00–15:00 Uhr: 1 Stimme (Ben)" in voted
    assert "2. Do., 26.11., 10:00–11:00 Uhr (1 von 3 frei): keine Stimme" in voted


async def test_of_a_crowd_nobody_s_free_time_is_looked_at(office: Office) -> None:
    look_at_free_times(office, FreeBusy.MEMBERS)
    await office.pull()
    for number in range(30):
        office.chat.rooms[ROOM].members[UserId(f"@p{number}:example.org")] = f"Person {number}"
    await open_poll(office, '!meet umfrage "Sommerfest" Mi 14; Do 14')
    assert "frei" not in only(office.said(Kind.POLL)).text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("einzeln", "Wählen Sie nur einen Termin."),
        ("bestätigen", "bestätigt ihn, wer die Umfrage gestartet hat"),
        ("vormerken", "alle Termine im Kalender vorgemerkt"),
        ("quorum:60%", "mindestens 60\N{NO-BREAK SPACE}%"),
        ("auto", "sobald alle Gefragten"),
    ],
)
async def test_how_a_poll_behaves_is_said_beside_it(office: Office, words: str, said: str) -> None:
    await open_poll(office, f"{OPEN} {words}")
    assert said in only(office.said(Kind.POLL)).text


# ------------------------------------------------------------------------------------------------------------- the card


async def test_the_card_shows_who_can_when_and_who_is_missing(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1, 2)
    await votes(office, poll, BEN, 2)
    assert (await card(office)).splitlines() == [
        "Umfrage: Budgetrunde",
        "Offen bis Mi., 25.11., 13:00 Uhr",
        "Wählen Sie alle Termine, die Ihnen passen.",
        "",
        "1. Mi., 25.11., 14:00–15:00 Uhr: 1 Stimme (Anna)",
        "2. Do., 26.11., 10:00–11:00 Uhr: 2 Stimmen (Anna und Ben)",
        "3. Fr., 27.11., 09:30–10:30 Uhr: keine Stimme",
        "",
        "Bisher haben 2 Personen abgestimmt.",
        "Noch nicht abgestimmt: Carla",
        "",
        "Sie können auch mit den Ziffern 1️⃣ bis 3️⃣ auf diese Nachricht reagieren oder !meet stimme 1 2 schreiben.",
    ]
    shown = edits(office)[-1]
    assert shown.edits == text_event(office)
    assert shown.content["m.mentions"] == {}
    assert shown.content["m.new_content"]["m.mentions"] == {}
    assert shown.content["msgtype"] == "m.text"  # as the message it replaces
    part = shown.content["m.new_content"]["io.calbot"]
    assert [option["votes"] for option in part["options"]] == [1, 2, 0]
    assert (part["voted"], part["missing"]) == (2, 1)


async def test_a_burst_of_votes_is_shown_at_once_and_then_once_more(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await office.alarm.settle()
    assert len(edits(office)) == 1
    for number in (1, 2, 3, 1, 2):
        event = office.chat.sends(ROOM, BEN, POLL_RESPONSE, response(poll, f"option-{number}"))
        await office.hears(event)
        await office.alarm.settle()
    assert len(edits(office)) == 1
    await office.pass_time(LATER)
    assert len(edits(office)) == 2
    assert "2. Do., 26.11., 10:00–11:00 Uhr: 1 Stimme (Ben)" in await card(office)
    await office.pass_time(timedelta(minutes=5))
    assert len(edits(office)) == 2


async def test_votes_for_hours_are_shown_at_most_every_five_seconds(office: Office) -> None:
    poll = await open_poll(office)
    for second in range(60):
        await votes(office, poll, (ANNA, BEN, CARLA)[second % 3], second % 2 + 1)
        await office.alarm.settle()
    await office.pass_time(LATER)
    assert 10 <= len(edits(office)) <= 14


async def test_what_changes_nothing_edits_nothing(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await card(office)
    await votes(office, poll, ANNA, 1)
    await card(office)
    assert len(edits(office)) == 1


async def test_the_card_goes_back_to_what_it_showed_before(office: Office) -> None:
    """With keys of the content alone the homeserver would take the third edit for the first one."""
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    first = await card(office)
    await votes(office, poll, ANNA, 2)
    assert await card(office) != first
    await votes(office, poll, ANNA, 1)
    assert await card(office) == first
    assert len({one.key for one in edits(office)}) == len(edits(office)) == 3


async def test_a_hidden_poll_shows_only_how_many_voted(office: Office) -> None:
    poll = await open_poll(office, OPEN + " verdeckt")
    await votes(office, poll, ANNA, 1)
    shown = await card(office)
    assert "Bisher hat 1 Person abgestimmt." in shown
    assert "Noch nicht abgestimmt: Ben und Carla" in shown
    assert "Stimme (" not in shown
    assert "Anna" not in shown
    part = edits(office)[-1].content["m.new_content"]["io.calbot"]
    assert all("votes" not in option for option in part["options"])


async def test_votes_of_all_three_ways_are_on_the_card(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await office.says("!meet stimme 2", by=BEN)
    await office.hears(office.chat.reacts(ROOM, CARLA, text_event(office), "3️⃣"))
    shown = await card(office)
    for line in ("1 Stimme (Anna)", "1 Stimme (Ben)", "1 Stimme (Carla)", "Alle Gefragten haben abgestimmt."):
        assert line in shown


async def test_votes_that_count_for_nothing_are_named_on_the_card(office: Office) -> None:
    poll = await open_poll(office)
    await office.hears(office.chat.sends(ROOM, BEN, POLL_RESPONSE, response(poll, "nobody-knows")))
    office.chat.sends_unreadable(ROOM, CARLA, poll)
    shown = await card(office)
    assert "Ungültig abgestimmt: Ben" in shown
    assert "Nicht entschlüsseln kann ich bisher Stimmen von: Carla" in shown


async def test_an_unreadable_message_may_have_been_a_vote(office: Office) -> None:
    poll = await open_poll(office)
    office.chat.sends_unreadable(ROOM, CARLA, poll)
    await running.on_unclear(office.world, ROOM)
    assert "Nicht entschlüsseln kann ich bisher Stimmen von: Carla" in await card(office)


async def test_a_late_key_is_counted(office: Office) -> None:
    poll = await open_poll(office)
    office.chat.sends_unreadable(ROOM, CARLA, poll)
    await votes(office, poll, ANNA, 1)
    assert "Carla" in await card(office)
    office.chat.rooms[ROOM].unreadable.clear()
    await votes(office, poll, CARLA, 1)
    shown = await card(office)
    assert "2 Stimmen (Anna und Carla)" in shown
    assert "entschlüsseln" not in shown


async def test_the_quorum_is_on_the_card_while_it_is_missed(office: Office) -> None:
    poll = await open_poll(office, OPEN + " quorum:2")
    await votes(office, poll, ANNA, 1)
    missed = "Damit ein Termin eingetragen wird, muss noch 1 Person abstimmen."
    assert missed in await card(office)
    await votes(office, poll, BEN, 1)
    assert missed not in await card(office)


async def test_in_the_end_the_card_says_so(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    shown = await card(office)
    assert shown.startswith("Umfrage beendet: Budgetrunde\nDas Ergebnis steht weiter unten.")
    assert "2. Do., 26.11., 10:00–11:00 Uhr (gewählt)" in shown
    before = len(edits(office))
    await votes(office, poll, BEN, 1)
    await card(office)
    assert len(edits(office)) == before


async def test_a_poll_without_votes_ends_on_the_card_too(office: Office) -> None:
    await open_poll(office)
    await office.says("!meet schließen")
    assert "Es wurde kein Termin eingetragen." in await card(office)


async def test_the_card_ends_after_an_outage_too(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    office.chat.down = True
    await office.pass_time(LATER)
    office.chat.down = False
    assert edits(office) == []
    await office.pass_time(timedelta(minutes=1))
    assert "(gewählt)" in await card(office)


async def test_votes_while_the_bot_was_down_are_shown_after_the_start(office: Office) -> None:
    poll = await open_poll(office)
    office.clock.advance(timedelta(minutes=10))
    office.chat.sends(ROOM, BEN, POLL_RESPONSE, response(poll, "option-1"))
    await office.resume()
    assert "1 Stimme (Ben)" in await card(office)


async def test_votes_are_shown_when_the_homeserver_is_back(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    office.chat.down = True
    await office.pass_time(timedelta(seconds=20))
    office.chat.down = False
    await office.pass_time(timedelta(seconds=30))
    assert "1 Stimme (Ben)" in await card(office)


async def test_the_homeserver_away_at_the_start_is_asked_again(office: Office) -> None:
    poll = await open_poll(office)
    office.chat.sends(ROOM, BEN, POLL_RESPONSE, response(poll, "option-1"))
    office.clock.advance(timedelta(minutes=1))
    await running.resume(office.world)
    office.chat.down = True
    await office.pass_time(timedelta(seconds=20))
    office.chat.down = False
    await office.pass_time(timedelta(seconds=40))
    assert "1 Stimme (Ben)" in await card(office)


async def test_a_start_without_anything_new_edits_nothing(office: Office) -> None:
    poll = await open_poll(office)
    await office.resume()
    await office.pass_time(LATER)
    assert edits(office) == []
    await votes(office, poll, BEN, 1)
    await card(office)
    await office.resume()
    await office.pass_time(LATER)
    assert len(edits(office)) == 1


async def test_an_edit_cut_off_is_made_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    edit = office.chat.edit

    async def killed(*_: Any, **__: Any) -> EventId:
        monkeypatch.setattr(office.chat, "edit", edit)
        raise asyncio.CancelledError

    monkeypatch.setattr(office.chat, "edit", killed)
    with pytest.raises(asyncio.CancelledError):
        await office.alarm.settle()
    await office.resume()
    await office.pass_time(timedelta(seconds=20))
    assert "1 Stimme (Ben)" in await card(office)


async def test_the_end_is_shown_after_a_crash(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the poll was booked, before its card said so."""
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    office.alarm.cancel(f"poll-look:{(await stored(office, PollState.BOOKED)).key}")
    await office.pass_time(LATER)
    assert edits(office) == []
    await office.resume()
    assert "(gewählt)" in await card(office)
    shown = len(edits(office))
    await office.resume()
    await office.pass_time(LATER)
    assert len(edits(office)) == shown


async def test_nothing_is_shown_while_others_could_read_along(office: Office) -> None:
    poll = await open_poll(office)
    facts = office.chat.rooms[ROOM].facts
    office.chat.rooms[ROOM].facts = replace(facts, join_rule="public")
    office.world.known.forget(ROOM)
    await votes(office, poll, BEN, 1)
    assert await card(office) == ""
    office.chat.rooms[ROOM].facts = facts
    office.world.known.forget(ROOM)
    await votes(office, poll, ANNA, 1)
    assert "2 Stimmen" in await card(office)


async def test_a_room_that_the_bot_was_put_out_of_is_left_alone(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 2)
    await office.says("!meet schließen")
    office.chat.kick(ROOM)
    await office.pass_time(LATER)
    await office.resume()
    await office.pass_time(timedelta(minutes=10))
    assert edits(office) == []


# -------------------------------------------------------------------------------------------------- redacted, late, all


async def test_a_removed_vote_uncovers_the_one_before(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    office.clock.advance(timedelta(seconds=1))
    second = office.chat.sends(ROOM, BEN, POLL_RESPONSE, response(poll, "option-2"))
    await office.hears(second)
    assert "2. Do., 26.11., 10:00–11:00 Uhr: 1 Stimme (Ben)" in await card(office)
    await redact(office, second.id)
    assert "1. Mi., 25.11., 14:00–15:00 Uhr: 1 Stimme (Ben)" in await card(office)


async def test_a_removed_vote_by_command_is_none(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    typed = office.chat.says(ROOM, BEN, "!meet stimme 3")
    await office.hears(typed)
    assert "3. Fr., 27.11., 09:30–10:30 Uhr: 1 Stimme (Ben)" in await card(office)
    await redact(office, typed.id)
    assert "1. Mi., 25.11., 14:00–15:00 Uhr: 1 Stimme (Ben)" in await card(office)


async def test_a_redaction_that_the_server_did_not_carry_out_is_none(office: Office) -> None:
    await open_poll(office)
    typed = office.chat.says(ROOM, BEN, "!meet stimme 3")
    await office.hears(typed)
    await office.hears(office.chat.sends(ROOM, CARLA, "m.room.redaction", {"redacts": typed.id}))
    assert "1 Stimme (Ben)" in await card(office)


async def test_a_removed_reaction_is_no_vote_any_more(office: Office) -> None:
    await open_poll(office)
    reaction = office.chat.reacts(ROOM, CARLA, text_event(office), "3️⃣")
    await office.hears(reaction)
    assert "1 Stimme (Carla)" in await card(office)
    await redact(office, reaction.id)
    assert "Carla)" not in await card(office)


@pytest.mark.parametrize("heard", [True, False])
async def test_a_removed_poll_ends_without_an_event_and_it_is_said_once(office: Office, heard: bool) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    if heard:
        await redact(office, poll)
    else:
        office.chat.redacts(ROOM, poll)
        await office.resume()
        await office.pass_time(timedelta(seconds=20))
    said = only(office.said(Kind.ERROR))
    assert "entfernt" in said.text
    assert office.texts() == []
    assert office.said(Kind.POLL_RESULT) == []
    assert [posted.type for posted in office.chat.posted].count(POLL_END) == 0
    assert "Es wurde kein Termin eingetragen." in await card(office)
    await office.resume()
    await office.pass_time(timedelta(hours=2))
    assert len(office.said(Kind.ERROR)) == 1


async def test_an_end_while_the_bot_was_down_counts_after_what_was_said_before_it(office: Office) -> None:
    """A vote by command and the end both came meanwhile: the vote is in time, though it is only stored later."""
    poll = await open_poll(office)
    office.chat.rooms[ROOM].power = PowerLevels(users={BEN: 50})
    office.clock.advance(timedelta(minutes=1))
    vote = office.chat.says(ROOM, CARLA, "!meet stimme 3")
    ended = office.chat.sends(ROOM, BEN, POLL_END, end(poll))
    office.world = replace(office.world, began=office.clock())
    await office.resume()
    assert office.said(Kind.POLL_RESULT) == []
    await office.hears(vote)
    await office.hears(ended)
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-27T09:30:00"


async def test_an_end_that_nobody_heard_closes_the_poll_after_the_start(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, BEN, 1)
    office.chat.rooms[ROOM].power = PowerLevels(creators=frozenset({BEN}))
    office.chat.sends(ROOM, BEN, POLL_END, end(poll))
    await office.resume()
    await office.pass_time(timedelta(seconds=20))
    assert len(office.said(Kind.POLL_RESULT)) == 1


async def test_the_vote_that_all_waited_for_closes_after_the_start(office: Office) -> None:
    poll = await open_poll(office, OPEN + " auto")
    for person in (ANNA, BEN, CARLA):
        office.chat.sends(ROOM, person, POLL_RESPONSE, response(poll, "option-2"))
    await office.resume()
    await office.pass_time(timedelta(seconds=20))
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-26T10:00:00"


async def test_a_private_vote_may_be_the_one_that_all_waited_for(office: Office) -> None:
    """It was looked for in the direct chat, where no poll is."""
    poll = await open_poll(office, OPEN + " auto verdeckt")
    await votes(office, poll, ANNA, 2)
    await votes(office, poll, BEN, 2)
    office.chat.add_room(DIRECT, CARLA)
    await office.says("stimme 2", by=CARLA, room=DIRECT)
    assert only(office.said(Kind.POLL_RESULT)).data["start"]["localtime"] == "2026-11-26T10:00:00"


async def test_the_card_says_what_was_booked_by_hand(office: Office) -> None:
    """`book` on a running poll, then another option, then both taken back: the card never stays behind."""
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await office.says("!meet buche 2")
    await office.pass_time(LATER)
    assert "2. Do., 26.11., 10:00–11:00 Uhr (gewählt)" in await card(office)
    await office.says("!meet buche 1")
    await office.pass_time(LATER)
    assert "1. Mi., 25.11., 14:00–15:00 Uhr (gewählt)" in await card(office)
    await office.says("!meet rückgängig")
    await office.pass_time(LATER)
    assert "2. Do., 26.11., 10:00–11:00 Uhr (gewählt)" in await card(office)
    await office.says("!meet rückgängig")
    await office.pass_time(LATER)
    assert "Es wurde kein Termin eingetragen." in await card(office)


@pytest.mark.parametrize(
    "said",
    ["!meet umfrage Sommerfest Di 14 Uhr oder Mi 15 Uhr", '!meet umfrage "Sommerfest" morgen 12, Mi 12:30, Do 13 Uhr'],
)
async def test_dates_with_another_separator_are_not_guessed(office: Office, said: str) -> None:
    answer = only(await office.says(said))
    assert "Sind das mehrere Termine? Bitte trennen Sie sie durch Semikolon." in answer.text
    assert not any(posted.type == POLL_START for posted in office.chat.posted)


async def test_the_number_of_a_listed_poll_does_not_close_it(office: Office) -> None:
    await open_poll(office)
    await office.says("!meet umfragen")
    answer = only(await office.says("!meet schließen 1"))
    assert "zeigt mir eine Antwort auf die Umfrage selbst, nicht „1“." in answer.text
    assert (await stored(office)).state is PollState.OPEN
