"""Until when polls are open: who is reminded, another deadline, which polls there are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from calbot.core.model import Kind, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.poll_model import PollState
from calbot.core.settings import FreeBusy, Hours
from calbot.errors import ChatUnavailable
from calbot.ports import Relations

from .conftest import ANNA, BEN, BERLIN, CARLA, ROOM, Office
from .poll_room import DIRECT, card, look_at_free_times, nudges, stored
from .test_polls import OPEN, only, open_poll, votes


@pytest.fixture(autouse=True)
def nobody_tells_who_is_free(office: Office) -> None:
    look_at_free_times(office, FreeBusy.OFF)


# ------------------------------------------------------------------------------------------------------------ reminding


async def test_who_has_not_voted_is_reminded_once(office: Office) -> None:
    poll = await open_poll(office, '!meet umfrage "Klausur" Fr 10; Fr 14 @ben:example.org @carla:example.org')
    await votes(office, poll, BEN, 1)
    await office.until(datetime(2026, 11, 26, 8, 59, tzinfo=BERLIN))
    assert nudges(office) == []
    await office.pass_time(timedelta(minutes=2))
    said = only(nudges(office))
    assert said.mentions == (ANNA, CARLA)
    assert "Offen bis Fr., 27.11., 09:00 Uhr" in said.text
    assert office.chat.last(ROOM).reply_to == poll
    await office.pass_time(timedelta(hours=20))
    assert len(nudges(office)) == 1


async def test_a_short_poll_is_reminded_of_after_half_of_its_time(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 1)
    await office.until(datetime(2026, 11, 24, 12, 59, tzinfo=BERLIN))
    assert nudges(office) == []
    await office.pass_time(timedelta(minutes=2))
    assert only(nudges(office)).mentions == (ANNA, CARLA)


async def test_nobody_is_reminded_when_all_have_voted(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    for person in (ANNA, BEN, CARLA):
        await votes(office, poll, person, 1)
    await office.pass_time(timedelta(hours=9))
    assert nudges(office) == []


async def test_only_those_are_reminded_who_are_there_and_whose_vote_is_missing(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    del office.chat.rooms[ROOM].members[BEN]
    office.chat.sends_unreadable(ROOM, CARLA, poll)
    await office.pass_time(timedelta(hours=9))
    assert only(nudges(office)).mentions == (ANNA,)


async def test_a_room_full_of_people_is_reminded_without_names(office: Office) -> None:
    for number in range(60):
        office.chat.rooms[ROOM].members[UserId(f"@p{number}:example.org")] = f"Person {number}"
    await open_poll(office, '!meet umfrage "Sommerfest" Mi 14; Do 14 bis:"heute 18 Uhr"')
    await office.pass_time(timedelta(hours=9))
    (said,) = [m for m in office.said(Kind.POLL) if "endet bald" in m.text]
    assert said.mentions == ()
    assert said.notify
    assert "Es fehlen noch 63 Personen." in said.text
    assert "Person 1" not in said.text


async def test_a_reminder_waits_until_quiet_hours_end(office: Office) -> None:
    defaults = office.world.settings.defaults
    office.change(defaults=replace(defaults, quiet_hours=Hours(time(20), time(9, 30))))
    await open_poll(office, '!meet umfrage "Klausur" Fr 10; Fr 14 @ben:example.org')
    await office.until(datetime(2026, 11, 26, 9, 29, tzinfo=BERLIN))
    assert nudges(office) == []
    await office.pass_time(timedelta(minutes=2))
    assert len(nudges(office)) == 1


async def test_a_reminder_does_not_wait_until_the_poll_is_over(office: Office) -> None:
    defaults = office.world.settings.defaults
    office.change(defaults=replace(defaults, quiet_hours=Hours(time(12), time(20))))
    await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await office.pass_time(timedelta(hours=6))
    assert len(nudges(office)) == 1


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_reminder_survives_an_outage_and_is_not_doubled(office: Office, lost: int) -> None:
    await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await office.until(datetime(2026, 11, 24, 12, 59, tzinfo=BERLIN))
    if lost:
        office.chat.lose_answers(1)
    else:
        office.chat.refuse(ChatUnavailable())
    await office.pass_time(timedelta(minutes=5))
    assert len(nudges(office)) == 1
    await office.resume()
    await office.pass_time(timedelta(hours=1))
    assert len(nudges(office)) == 1


async def test_a_reminder_cut_off_is_not_sent_twice(office: Office) -> None:
    """Killed after it was sent, before that was stored; the homeserver has forgotten the transaction by then."""
    await open_poll(office, '!meet umfrage "Klausur" Fr 10; Fr 14 @ben:example.org')

    def killed(step: str) -> None:
        if step == "poll.nudged":
            raise asyncio.CancelledError

    whole = office.world
    office.world = replace(whole, passed=killed)
    await office.resume()
    with pytest.raises(asyncio.CancelledError):
        await office.until(datetime(2026, 11, 26, 9, 30, tzinfo=BERLIN))
    assert len(nudges(office)) == 1
    office.chat.forget_transactions()
    office.clock.advance(timedelta(hours=13))
    office.world = whole
    await office.resume()
    await office.pass_time(timedelta(hours=1))
    assert len(nudges(office)) == 1
    assert (await stored(office)).nudged


async def test_a_reminder_waits_while_others_could_read_along(office: Office) -> None:
    await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    facts = office.chat.rooms[ROOM].facts
    office.chat.rooms[ROOM].facts = replace(facts, join_rule="public")
    await office.pass_time(timedelta(hours=6))
    assert nudges(office) == []
    office.chat.rooms[ROOM].facts = facts
    await office.pass_time(timedelta(minutes=7))
    assert len(nudges(office)) == 1


async def test_nobody_is_reminded_in_a_room_that_the_bot_was_put_out_of(office: Office) -> None:
    await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    office.chat.kick(ROOM)
    await office.pass_time(timedelta(hours=9))
    assert nudges(office) == []


async def test_a_reminder_missed_while_the_bot_was_down_comes_late(office: Office) -> None:
    await open_poll(office, '!meet umfrage "Klausur" Fr 10; Fr 14 @ben:example.org')
    office.clock.set(datetime(2026, 11, 26, 15, tzinfo=BERLIN))
    await office.resume()
    assert len(nudges(office)) == 1


# ---------------------------------------------------------------------------------------------------------------- until


async def test_a_deadline_can_be_moved(office: Office) -> None:
    poll = await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await votes(office, poll, BEN, 1)
    said = only(await office.says("!meet frist Mi 9 Uhr"))
    assert said.text == "Die Umfrage „Budgetrunde“ ist jetzt offen bis Mi., 25.11., 09:00 Uhr."
    assert "Offen bis Mi., 25.11., 09:00 Uhr" in await card(office)
    await office.until(datetime(2026, 11, 25, 8, 59, tzinfo=BERLIN))
    assert office.said(Kind.POLL_RESULT) == []
    await office.pass_time(timedelta(minutes=2))
    assert len(office.said(Kind.POLL_RESULT)) == 1


async def test_the_reminder_follows_the_deadline_unless_it_was_sent(office: Office) -> None:
    await open_poll(office, f'{OPEN} bis:"heute 18 Uhr"')
    await office.says("!meet bis Mi 10 Uhr")
    await office.until(datetime(2026, 11, 24, 20, 59, tzinfo=BERLIN))  # half of what is left then is at 21:00
    assert nudges(office) == []
    await office.pass_time(timedelta(minutes=2))
    assert len(nudges(office)) == 1
    await office.says("!meet bis Mi 12 Uhr")
    await office.pass_time(timedelta(hours=14))
    assert len(nudges(office)) == 1


async def test_a_deadline_is_moved_in_reply_where_there_are_several(office: Office) -> None:
    first = await open_poll(office)
    await open_poll(office, '!meet umfrage "Klausur" Do 9; Fr 9')
    await office.replies(first, "!meet frist heute 18 Uhr")
    untils = {poll.title: poll.until for poll in await office.world.stores.polls.in_state([PollState.OPEN])}
    assert untils["Budgetrunde"] == datetime(2026, 11, 24, 18, tzinfo=BERLIN)
    assert untils["Klausur"] == datetime(2026, 11, 26, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "by", "code"),
    [
        ("!meet frist Mi 14 Uhr", ANNA, "not_understood"),  # the first date begins
        ("!meet frist Freitag", ANNA, "not_understood"),
        ("!meet frist gestern", ANNA, "in_past"),
        ("!meet frist bald", ANNA, "not_understood"),
        ("!meet frist heute 18 Uhr", BEN, "forbidden"),
    ],
)
async def test_a_deadline_that_cannot_be(office: Office, text: str, by: UserId, code: str) -> None:
    await open_poll(office)
    before = (await stored(office)).until
    assert only(await office.says(text, by=by)).data["code"] == code
    assert (await stored(office)).until == before


async def test_a_moderator_moves_a_deadline(office: Office) -> None:
    await open_poll(office)
    office.chat.rooms[ROOM].power = PowerLevels(users={BEN: 50})
    await office.says("!meet until today 6pm", by=BEN)
    assert (await stored(office)).until == datetime(2026, 11, 24, 18, tzinfo=BERLIN)


async def test_a_deadline_moved_in_a_direct_chat_is_said_in_the_room(office: Office) -> None:
    await open_poll(office)
    office.chat.add_room(DIRECT, ANNA)
    await office.says("frist heute 18 Uhr", room=DIRECT)
    said = [posted.room for posted in office.chat.posted if posted.message and "jetzt offen bis" in posted.message.text]
    assert sorted(said) == sorted([ROOM, DIRECT])


async def test_a_closed_poll_has_no_deadline(office: Office) -> None:
    poll = await open_poll(office)
    await votes(office, poll, ANNA, 1)
    await office.says("!meet schließen")
    error = only(await office.replies(poll, "!meet frist heute 18 Uhr"))
    assert "schon beendet" in error.text


# ------------------------------------------------------------------------------------------------------------- the list


async def test_the_open_polls_are_listed(office: Office) -> None:
    first = await open_poll(office)
    await votes(office, first, ANNA, 1)
    office.clock.advance(timedelta(minutes=1))
    await open_poll(office, '!meet umfrage "Klausur" Do 9; Fr 9')
    said = only(await office.says("!meet umfragen"))
    assert not said.notify
    assert said.text.splitlines()[:4] == [
        "Offene Umfragen",
        "",
        "1. Klausur, offen bis Do., 26.11., 08:00 Uhr, 0 abgestimmt, 3 noch offen",
        "2. Budgetrunde, offen bis Mi., 25.11., 13:00 Uhr, 1 abgestimmt, 2 noch offen",
    ]
    question = only(await office.says("!meet schließen"))
    assert [choice["text"].split("“")[0] for choice in question.data["choices"]] == ["„Klausur", "„Budgetrunde"]


async def test_votes_that_cannot_be_counted_now_are_left_out_of_the_list(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_poll(office)

    async def away(*_: Any) -> Relations:
        raise ChatUnavailable

    monkeypatch.setattr(office.chat, "relations", away)
    said = only(await office.says("!meet umfragen"))
    assert "1. Budgetrunde, offen bis Mi., 25.11., 13:00 Uhr\n" in said.text
    assert "voted" not in said.data["items"][0]


async def test_no_poll_is_open(office: Office) -> None:
    assert only(await office.says("!meet polls")).text == "Zurzeit ist keine Umfrage offen."


async def test_in_a_direct_chat_those_of_all_rooms_are_listed_that_one_is_in(office: Office) -> None:
    await open_poll(office)
    dora = UserId("@dora:example.org")
    office.chat.add_room(DIRECT, ANNA)
    assert "Budgetrunde" in only(await office.says("umfragen", room=DIRECT)).text
    other = office.chat.add_room("!other:example.org", dora)
    assert only(await office.says("umfragen", by=dora, room=other)).kind is Kind.ERROR
