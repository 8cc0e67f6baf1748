"""Which event a number, `last` or a reply means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pytest

from calbot.core.model import EventId, Kind, Message, UserId

from .conftest import ANNA, BEN, BERLIN, CARLA, ROOM, Office
from .kills import killed_at_effect


@pytest.fixture
async def three(office: Office) -> Office:
    """Alpha at 8, Beta at 10 and Gamma at 12 tomorrow, written by a moderator who has seen no list."""
    for title, hours in (("Alpha", "8-9"), ("Beta", "10-11"), ("Gamma", "12-13")):
        await office.says(f"!meet neu {title} morgen {hours}", by=CARLA)
    return office


def only(messages: Sequence[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def shown(office: Office, ref: str, by: UserId = ANNA) -> str:
    """The title of what is shown, or the kind of the answer."""
    answer = only(await office.says(f"!meet zeige {ref}", by=by))
    return str(answer.data["title"]) if answer.kind is Kind.MEETING else answer.kind.value


async def test_numbers_are_those_of_the_last_list_shown_to_the_sender(three: Office) -> None:
    await three.says("!meet liste")
    await three.says("!meet suche Gamma")
    assert await shown(three, "1") == "Gamma"
    assert await shown(three, "2") == "error"
    await three.says("!meet liste")
    assert await shown(three, "2") == "Beta"


async def test_who_was_shown_no_list_means_the_one_that_all_can_see(three: Office) -> None:
    await three.says("!meet suche Beta", by=BEN)
    assert await shown(three, "1") == "Beta"


async def test_a_newer_list_of_somebody_else_changes_nothing(three: Office) -> None:
    await three.says("!meet liste")
    await three.says("!meet suche Gamma", by=BEN)
    assert await shown(three, "1") == "Alpha"
    assert await shown(three, "3") == "Gamma"
    assert await shown(three, "1", by=BEN) == "Gamma"


async def test_a_newer_list_that_agrees_asks_nothing(three: Office) -> None:
    await three.says("!meet liste")
    await three.says("!meet liste morgen", by=BEN)
    assert await shown(three, "2") == "Beta"


async def test_a_scheduled_agenda_counts_for_everybody(three: Office) -> None:
    await three.says("!meet suche Gamma")
    three.change(admins=(ANNA,))
    await three.says("!meet übersicht täglich 9:30")
    await three.until(datetime(2026, 11, 25, 9, 35, tzinfo=BERLIN))
    assert [item["title"] for item in three.said(Kind.AGENDA)[-1].data["items"]] == ["Beta", "Gamma"]
    assert await shown(three, "2", by=BEN) == "Gamma"
    assert await shown(three, "1") == "question"  # Gamma in the list, Beta in the agenda


async def test_what_a_number_meant_is_gone(three: Office) -> None:
    await three.says("!meet liste")
    await three.says("!meet absagen 2", by=CARLA)
    await three.says("!meet 1", by=CARLA)
    error = only(await three.says("!meet zeige 2"))
    assert error.data["code"] == "stale_reference"


@pytest.mark.parametrize("word", ["last", "letzter", "letzte", "letztes", "LETZTER"])
async def test_last_is_what_was_spoken_of_last_with_this_person(three: Office, word: str) -> None:
    await three.says("!meet liste")
    await three.says("!meet zeige 2")
    await three.says("!meet zeige 3", by=BEN)
    assert await shown(three, word) == "Beta"
    assert await shown(three, word, by=CARLA) == "Gamma"


async def test_a_reply_to_a_list_means_its_numbers(three: Office) -> None:
    await three.says("!meet liste")
    agenda = three.chat.last(ROOM).event
    await three.says("!meet suche Gamma")
    assert only(await three.replies(agenda, "!meet zeige 1")).data["title"] == "Alpha"


async def test_what_only_looks_like_a_reply_is_none(three: Office) -> None:
    """In a thread, clients that know no threads are shown each message as a reply to the one before."""
    card = next(posted.event for posted in three.chat.posted if posted.message is not None)
    thread = {"rel_type": "m.thread", "event_id": card, "m.in_reply_to": {"event_id": card}}
    fallback = only(await three.relates({**thread, "is_falling_back": True}, "!meet zeige", by=CARLA))
    assert fallback.kind is Kind.ERROR
    assert three.chat.last(ROOM).thread == card
    meant = await three.relates({**thread, "is_falling_back": False}, "!meet zeige", by=CARLA)
    assert meant[0].data["title"] == "Alpha"


async def test_answers_go_into_the_thread_and_the_file_with_them(three: Office) -> None:
    root = EventId("$root")
    relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    await three.relates(relation, "!meet liste")
    await three.relates(relation, "!meet zeige 1")
    assert [posted.thread for posted in three.chat.posted[-3:]] == [root] * 3
    assert three.chat.posted[-1].file is not None


async def test_a_number_in_a_reply_to_a_card_is_a_time(three: Office) -> None:
    card = next(posted.event for posted in three.chat.posted if posted.message is not None)
    await three.says("!meet liste", by=CARLA)
    said = await three.replies(card, "!meet verschiebe 15 Uhr", by=CARLA)
    assert said[-1].data["title"] == "Alpha"
    assert said[-1].data["start"]["localtime"] == "2026-11-25T15:00:00"


# -------------------------------------------------------------------------------------------------- what stays in force


def card_of(office: Office) -> EventId:
    return next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING)


def last_edit(office: Office, of: EventId) -> Message:
    return next(one.message for one in reversed(office.chat.posted) if one.edits == of and one.message)


async def test_changes_go_to_the_first_card_also_when_it_was_shown_since(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    card = card_of(office)
    await office.says("!meet liste")
    await office.says("!meet zeige 1")
    copy = [one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING][-1]
    assert copy != card
    await office.says("!meet verschiebe 1 16-17 Uhr")
    assert last_edit(office, card).data["start"]["localtime"] == "2026-11-25T16:00:00"
    assert (await office.replies(copy, "!meet ja", by=BEN))[0].data["answer"] == "accepted"
    assert "Ben" in last_edit(office, card).text


async def test_what_is_shown_is_the_card_where_the_first_was_redacted(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.chat.redacts(ROOM, card_of(office))
    await office.says("!meet zeige last")
    copy = [one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING][-1]
    await office.says("!meet verschiebe last 16-17 Uhr")
    assert last_edit(office, copy).data["start"]["localtime"] == "2026-11-25T16:00:00"


async def test_all_that_names_an_event_means_it_again_when_it_was_cancelled_and_written_back(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    card = card_of(office)
    await office.says("!meet liste", by=BEN)
    await office.says("!meet liste")
    await office.says("!meet zeige 1")
    copy = [one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING][-1]
    await office.says("!meet absagen 1")
    await office.says("!meet 1")  # where it was asked whether for all
    await office.says("!meet rückgängig")
    for message in (card, copy):
        assert (await office.replies(message, "!meet zeige"))[0].data["title"] == "Runde"
    assert await shown(office, "1") == "Runde"
    assert await shown(office, "1", by=BEN) == "Runde"
    assert (await office.replies(card, "!meet ja", by=BEN))[0].data["answer"] == "accepted"
    assert "Ben" in last_edit(office, card).text


async def test_numbers_hold_when_a_series_was_moved_as_a_whole_and_back(office: Office) -> None:
    await office.says("!meet neu Stand-up jeden Tag 9-9:15")
    await office.says("!meet liste")
    await office.says("!meet zeige 2")
    shown_before = office.chat.posted[-2].event
    for text, starts in (
        ("!meet verschiebe 1 alle 9:30", "09:30"),
        ("!meet rückgängig", "09:00"),
        ("!meet verschiebe 2 alle 8 Uhr", "08:00"),
        ("!meet verschiebe 3 alle 7 Uhr", "07:00"),
    ):
        await office.says(text)
        for number, day in ((1, 24), (2, 25), (3, 26)):
            answer = only(await office.says(f"!meet zeige {number}"))
            assert answer.data["start"]["localtime"] == f"2026-11-{day}T{starts}:00", text
        answer = only(await office.replies(shown_before, "!meet zeige"))
        assert answer.data["start"]["localtime"] == f"2026-11-25T{starts}:00"


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("command", ["verschiebe 1 alle 9:30", "rückgängig"])
async def test_numbers_follow_once_though_the_bot_is_killed(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: str, number: int, done: bool
) -> None:
    """Before or after the calendar, the card and the answer."""
    await office.says("!meet neu Stand-up jeden Tag 9-9:15")
    await office.says("!meet liste")
    if command == "rückgängig":
        await office.says("!meet verschiebe 1 alle 9:30")
    assert await killed_at_effect(office, number, partial(office.says, f"!meet {command}"), monkeypatch, done=done)
    starts = "09:00" if command == "rückgängig" else "09:30"
    assert only(await office.says("!meet zeige 2")).data["start"]["localtime"] == f"2026-11-25T{starts}:00"


async def test_a_number_goes_with_its_occurrence_to_another_day(office: Office) -> None:
    await office.says("!meet neu Stand-up jeden Mi 9-9:15")
    await office.says("!meet liste 30t")
    await office.says("!meet verschiebe 1 alle auf 26.11.")
    for number, day in ((1, "11-26"), (2, "12-03")):
        answer = only(await office.says(f"!meet zeige {number}"))
        assert answer.data["start"]["localtime"] == f"2026-{day}T09:00:00"


@pytest.mark.parametrize("command", ["absagen letzter", "verschiebe last 16 Uhr", "ändere last ort:Rathaus"])
async def test_last_after_a_list_is_not_guessed(three: Office, command: str) -> None:
    await three.says("!meet zeige last", by=CARLA)
    await three.says("!meet suche Beta", by=CARLA)
    before = three.texts()
    refused = only(await three.says(f"!meet {command}", by=CARLA))
    assert refused.data["code"] == "ambiguous"
    assert "Nummer" in refused.text
    assert three.texts() == before
    await three.says("!meet zeige 1", by=CARLA)
    assert await shown(three, "last", by=CARLA) == "Beta"


async def test_last_after_a_list_that_ends_with_it_is_clear(three: Office) -> None:
    await three.says("!meet liste", by=CARLA)
    assert await shown(three, "last", by=CARLA) == "Gamma"


async def test_the_list_of_somebody_else_leaves_last_alone(three: Office) -> None:
    await three.says("!meet liste", by=BEN)
    assert await shown(three, "last", by=CARLA) == "Gamma"
