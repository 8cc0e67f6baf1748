"""More commands than allowed: a clear answer once, and nothing lost that counts whenever it comes."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from calbot.core.model import EventId, Kind, Message, UserId
from calbot.core.rate_limits import NO_LIMIT, Admission, Limits, Rate
from calbot.errors import StorageUnavailable
from calbot.matrix import handlers
from calbot.ports import ChatEvent
from calbot.services.rate_limits import Buckets

from .conftest import ANNA, BEN, CARLA, ROOM, Office

MINUTE = timedelta(minutes=1)
FEW = Limits(person=Rate(5, MINUTE), room=Rate(20, MINUTE))


def codes(said: list[Message]) -> list[str]:
    return [one.data["code"] for one in said if one.kind is Kind.ERROR]


async def flood(office: Office, number: int, by: UserId = ANNA) -> list[Message]:
    return [one for _ in range(number) for one in await office.says("!meet wann morgen 14 Uhr", by=by)]


async def accept(office: Office, event: ChatEvent) -> dict[str, object]:
    """Received and recorded, but not acted on yet."""
    raw = {
        "event_id": event.id,
        "room_id": event.room,
        "sender": event.sender,
        "origin_server_ts": event.at,
        "type": event.type,
        "content": event.content,
    }
    await office.world.stores.inbox.accept([raw], None)
    return raw


def exhaust(office: Office, *people: UserId) -> None:
    """As after too many commands, without what these do to an open question."""
    for user in people:
        while office.world.buckets.admit(FEW, user, ROOM, office.clock())[0] is not Admission.IGNORED:
            pass


class TestOnePerson:
    async def test_is_told_once_and_when_to_go_on(self, office: Office) -> None:
        office.change(limits=FEW)
        said = await flood(office, 12)
        assert len(said) == 6
        refusal = said[-1]
        assert refusal.data["code"] == "limit"
        assert refusal.text == (
            "Das waren mehr Befehle auf einmal, als ich von einer Person annehme. Den nächsten nehme ich in 12 s an; "
            "was Sie bis dahin schreiben, führe ich nicht aus. Stimmen und Antworten zählen weiterhin."
        )

    async def test_writes_nothing_more(self, office: Office) -> None:
        office.change(limits=FEW)
        for hour in range(8, 18):
            await office.says(f"!meet neu Runde morgen {hour} Uhr")
        assert len(office.texts()) == 5

    async def test_what_was_refused_is_not_run_after_a_crash(self, office: Office) -> None:
        office.change(limits=FEW)
        exhaust(office, ANNA)
        for hour in range(8, 11):
            event = office.chat.says(ROOM, ANNA, f"!meet neu Runde morgen {hour} Uhr")
            await accept(office, event)
            incoming = await office.world.stores.inbox.get(event.id)
            assert incoming is not None
            assert await office.handlers.on_event(event, incoming)
        office.world = replace(office.world, buckets=Buckets())
        await office.resume()
        assert office.texts() == []

    async def test_goes_on_later_in_english_too(self, office: Office) -> None:
        office.change(limits=FEW)
        await office.says("!meet lang en")
        assert "more commands at once than I take from one person" not in (await flood(office, 4))[-1].text
        office.change_room(language="en")
        said = await flood(office, 1)
        assert "I take the next one in 12 s" in said[-1].text
        await office.pass_time(timedelta(seconds=13))
        assert codes(await flood(office, 1)) == []
        assert await flood(office, 3) == []

    async def test_does_not_stop_others(self, office: Office) -> None:
        office.change(limits=FEW)
        await flood(office, 30)
        assert codes(await flood(office, 5, by=BEN)) == []

    async def test_counts_in_all_rooms_together(self, office: Office) -> None:
        office.change(limits=FEW)
        alone = office.chat.add_room("!alone:example.org", ANNA)
        await flood(office, 5)
        assert codes(await office.says("liste", room=alone)) == ["limit"]

    async def test_nothing_is_said_to_what_is_no_command(self, office: Office) -> None:
        office.change(limits=FEW)
        await flood(office, 5)
        assert await office.says("Guten Morgen zusammen") == []

    async def test_an_edit_is_one_more(self, office: Office) -> None:
        office.change(limits=FEW)
        await flood(office, 4)
        question = await office.says("!meet neu Runde 14 Uhr 3 Uhr")
        assert question
        content = {"msgtype": "m.text", "body": "* x", "m.new_content": {"msgtype": "m.text", "body": "!meet liste"}}
        original = next(one.id for one in reversed(office.chat.rooms[ROOM].events) if one.sender == ANNA)
        edit = {**content, "m.relates_to": {"rel_type": "m.replace", "event_id": original}}
        assert codes(await office.hears(office.chat.sends(ROOM, ANNA, "m.room.message", edit))) == ["limit"]


class TestOneRoom:
    async def test_all_together_are_told_once(self, office: Office) -> None:
        office.change(limits=Limits(person=NO_LIMIT, room=Rate(20, MINUTE)))
        said = [one for who in (ANNA, BEN, CARLA) for one in await flood(office, 10, by=who)]
        assert len(said) == 21
        assert codes(said) == ["limit"]
        assert "als ich in einem Raum annehme" in said[-1].text

    async def test_other_rooms_go_on(self, office: Office) -> None:
        office.change(limits=Limits(person=NO_LIMIT, room=Rate(20, MINUTE)))
        alone = office.chat.add_room("!alone:example.org", BEN)
        await flood(office, 30)
        assert codes(await office.says("liste", by=BEN, room=alone)) == []

    async def test_whoever_is_refused_takes_nothing_from_the_others_there(self, office: Office) -> None:
        office.change(limits=Limits(person=Rate(5, MINUTE), room=Rate(20, MINUTE)))
        await flood(office, 100)
        assert codes(await flood(office, 5, by=BEN) + await flood(office, 5, by=CARLA)) == []


class TestWhatAlwaysCounts:
    async def test_votes_and_the_end_of_polls(self, office: Office) -> None:
        office.change(limits=FEW)
        await office.says("!meet umfrage Runde morgen 14 Uhr; morgen 15 Uhr")
        await flood(office, 10)
        await flood(office, 10, by=BEN)
        assert codes(await office.says("!meet stimme 2")) == []
        assert codes(await office.says("!meet stimme 2", by=BEN)) == []
        said = await office.says("!meet schließen")
        assert [one.kind for one in office.chat.messages(ROOM) if one.kind is Kind.POLL_RESULT], said
        (event,) = office.texts()
        assert "20261125T150000" in event

    async def test_answers_to_questions_and_invitations(self, office: Office) -> None:
        office.change(limits=FEW)
        await office.says(f"!meet neu Runde morgen 14 Uhr {BEN}")
        card = office.chat.last(ROOM).event
        question = (await office.says("!meet neu Essen nächsten Freitag 13 Uhr"))[-1]
        assert question.kind is Kind.QUESTION
        exhaust(office, ANNA, BEN)
        assert [one.kind for one in await office.says("!meet 1")] == [Kind.MEETING]
        assert codes(await office.replies(card, "!meet ja", by=BEN)) == []
        await office.hears(office.chat.reacts(ROOM, CARLA, card, "👍"))
        await office.alarm.settle()
        texts = " ".join(office.texts()).replace("\r\n ", "")
        assert texts.count("PARTSTAT=ACCEPTED") >= 2

    async def test_giving_up_what_was_asked(self, office: Office) -> None:
        office.change(limits=FEW)
        question = (await office.says("!meet neu Essen nächsten Freitag 13 Uhr"))[-1]
        assert question.kind is Kind.QUESTION
        exhaust(office, ANNA)
        said = await office.says("!meet abbrechen")
        assert said
        assert codes(said) == []

    async def test_admins(self, office: Office) -> None:
        office.change(limits=FEW, admins=frozenset({ANNA}))
        assert len(await flood(office, 30)) == 30

    async def test_a_command_is_one_however_often_it_is_tried(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As with a disk that is full for a while."""
        office.change(limits=Limits(person=Rate(5, timedelta(hours=1)), room=NO_LIMIT))
        monkeypatch.setattr(handlers, "_FIRST_DELAY", 0.0)
        store = type(office.world.stores.inbox)
        start, refused = store.start, iter(range(10))

        async def refuse_at_first(*args: Any, **kwargs: Any) -> None:
            if next(refused, None) is not None:
                raise StorageUnavailable
            await start(*args, **kwargs)

        monkeypatch.setattr(store, "start", refuse_at_first)
        monkeypatch.setattr(handlers, "_LONGEST_DELAY", 0.0)
        said = await office.says("!meet neu Runde morgen 14 Uhr")
        assert "limit" not in codes(said)
        assert len(office.texts()) == 1

    async def test_what_was_begun_before_a_crash(self, office: Office) -> None:
        office.change(limits=FEW)
        await flood(office, 5)
        event = office.chat.says(ROOM, ANNA, "!meet liste")
        raw = await accept(office, event)
        await office.world.stores.inbox.start(EventId(event.id), raw, ())
        before = len(office.chat.posted)
        await office.resume()
        assert codes([one.message for one in office.chat.posted[before:] if one.message is not None]) == []


class TestByDefault:
    async def test_a_busy_office_never_meets_it(self, office: Office) -> None:
        office.change(limits=Limits())
        for who in (ANNA, BEN, CARLA):
            assert codes(await flood(office, 50, by=who)) == []

    async def test_the_log_has_no_names(self, office: Office, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "test.services")
        office.change(limits=FEW)
        await flood(office, 10)
        lines = [one.getMessage() for one in caplog.records if "more commands" in one.getMessage()]
        assert lines == [f"more commands than allowed: too_many_person, in {ROOM}"]


def test_memory_is_bounded_and_the_busiest_are_kept() -> None:
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    buckets = Buckets(most=100)
    limits = Limits(person=Rate(5, MINUTE), room=NO_LIMIT)
    noisy = UserId("@noisy:example.org")
    for number in range(1000):
        buckets.admit(limits, UserId(f"@p{number}:example.org"), ROOM, now)
        admission, _ = buckets.admit(limits, noisy, ROOM, now)
    assert len(buckets) == 100
    assert admission is Admission.IGNORED
