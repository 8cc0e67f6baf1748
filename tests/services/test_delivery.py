"""One discipline for all that is due: once, in order, nobody held up by another, and the homeserver left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from calbot.core.model import Kind, Message, RoomId
from calbot.core.notices import Hold, Notice, NoticeKind
from calbot.core.settings import Hours
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, UserError
from calbot.services import delivery, reminders, startup
from calbot.services.notices import Kind as NoticeSort
from calbot.services.notices import Notices, Post
from calbot.services.reminders import Reminders
from calbot.services.world import World

from .conftest import ANNA, BEN, BERLIN, ROOM, Office

ROOMS = [RoomId(f"!room{number}:example.org") for number in range(12)]


def at(hour: int, minute: int = 0, second: int = 0, *, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=BERLIN)


class Killed(BaseException):
    """The process is gone."""


def kill_at(office: Office, step: str) -> None:
    """Once."""
    before = office.world

    def passed(name: str) -> None:
        if name == step:
            office.world = before
            raise Killed

    office.world = replace(office.world, passed=passed)


async def with_rooms(office: Office) -> None:
    """Twelve rooms beside the first, which show the same calendar."""
    for room in ROOMS:
        office.chat.add_room(room, ANNA, BEN)
    settings = office.world.settings
    more = {room: replace(settings.rooms[ROOM], id=room) for room in ROOMS}
    office.change(rooms={**settings.rooms, **more})
    await startup.begin(office.world)
    await office.alarm.settle()


def reminded(office: Office) -> list[RoomId]:
    """The rooms that were reminded, in order."""
    return [p.room for p in office.chat.posted if p.message is not None and p.message.kind is Kind.REMINDER]


# ---------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("step", ["reminder.tried", "reminder.posted", "reminder.sent"])
@pytest.mark.parametrize("device", ["DEVICE", "OTHER"])
async def test_killed_at_any_step_a_reminder_is_sent_once(office: Office, step: str, device: str) -> None:
    """On another device, as after a fail-over, the homeserver does not know the transaction id."""
    await office.says(f"!meet neu Runde heute 12-13 Uhr {BEN}")
    kill_at(office, step)
    await startup.begin(office.world)
    with pytest.raises(Killed):
        await office.until(at(11, 46))
    if device != office.chat.device:
        office.chat.device = device
        office.chat.forget_transactions()
    office.clock.advance(timedelta(minutes=2))
    await office.resume()
    await office.until(at(11, 55))
    assert len(office.said(Kind.REMINDER)) == 1


async def test_two_kills_in_a_row_and_a_fail_over(office: Office) -> None:
    """Tried on one device, posted from the next, finished on a third."""
    await office.says("!meet neu Runde heute 12-13 Uhr")
    for device, step in (("DEVICE", "reminder.tried"), ("SECOND", "reminder.posted")):
        office.chat.device = device
        office.chat.forget_transactions()
        kill_at(office, step)
        await startup.begin(office.world)
        with pytest.raises(Killed):
            await office.until(at(11, 50))
    office.chat.device = "THIRD"
    office.chat.forget_transactions()
    await office.resume()
    await office.until(at(12, 30))
    assert len(office.said(Kind.REMINDER)) == 1


# ----------------------------------------------------------------------------------------------------------- outages


@pytest.mark.parametrize(
    "error", [ChatForbidden(), UserError(Code.FORBIDDEN, "exposed_public"), ChatUnavailable()], ids=str
)
async def test_a_room_that_cannot_be_sent_to_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: CalbotError
) -> None:
    await with_rooms(office)
    await office.says("!meet neu Runde heute 12-13 Uhr")
    post = office.chat.post

    async def refused(room: RoomId, message: Message, *, key: str) -> object:
        if room == ROOMS[3]:
            raise error
        return await post(room, message, key=key)

    monkeypatch.setattr(office.chat, "post", refused)
    await office.until(at(11, 45, 5))
    assert set(reminded(office)) == {ROOM, *ROOMS} - {ROOMS[3]}
    monkeypatch.setattr(office.chat, "post", post)
    await office.until(at(11, 52))
    assert len(reminded(office)) == len({ROOM, *ROOMS})


async def test_what_is_too_large_to_be_sent_is_dropped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would hold up for ever what comes after it."""
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.says("!meet neu Telefonat heute 12:05-13 Uhr")
    post = office.chat.post

    async def too_large(room: RoomId, message: Message, *, key: str) -> object:
        if "Runde" in message.text:
            raise UserError(Code.LIMIT, "message_too_large")
        return await post(room, message, key=key)

    monkeypatch.setattr(office.chat, "post", too_large)
    await office.until(at(11, 51))
    assert [message.data["title"] for message in office.said(Kind.REMINDER)] == ["Telefonat"]


async def test_too_many_requests_hold_everybody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_rooms(office)
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.until(at(9))  # the other rooms hear of it
    post, tries = office.chat.post, []

    async def limited(room: RoomId, message: Message, *, key: str) -> object:
        tries.append(office.clock())
        if office.clock() < at(11, 45, 40):
            raise ChatUnavailable(retry_after=40)
        return await post(room, message, key=key)

    monkeypatch.setattr(office.chat, "post", limited)
    await office.until(at(11, 45, 39))
    assert len(tries) == 1  # with the fake alarm one is served after the other; on a real clock there are eight
    await office.until(at(11, 45, 41))
    assert len(reminded(office)) == len(ROOMS) + 1


async def test_a_homeserver_that_is_away_is_not_hammered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_rooms(office)
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.until(at(9))  # the other rooms hear of it
    post, tries = office.chat.post, []

    async def away(room: RoomId, message: Message, *, key: str) -> object:
        tries.append(office.clock())
        raise ChatUnavailable

    monkeypatch.setattr(office.chat, "post", away)
    await office.until(at(11, 50))
    assert 20 <= len(tries) <= 80  # thirteen rooms with a back-off each would be some hundred
    monkeypatch.setattr(office.chat, "post", post)
    await office.until(at(11, 51))
    assert len(reminded(office)) == len(ROOMS) + 1
    assert all(message.data["late"] for message in office.said(Kind.REMINDER))


async def test_what_was_due_first_is_sent_first_though_it_failed(office: Office) -> None:
    await office.says("!meet neu Runde heute 12-13 Uhr")
    await office.says("!meet neu Telefonat heute 12:01-13 Uhr")
    office.chat.refuse(ChatForbidden())
    await office.until(at(11, 47))
    assert [message.data["title"] for message in office.said(Kind.REMINDER)] == ["Runde", "Telefonat"]


# -------------------------------------------------------------------------------------------------- order, and counting


async def test_who_has_least_time_left_comes_first(office: Office) -> None:
    """A lead of a day does not come before one of a quarter of an hour, only because its room was looked at first."""
    await with_rooms(office)
    settings = office.world.settings
    lead = {room: timedelta(hours=24) for room in ROOMS[:6]}
    rooms = {id: replace(room, reminders=(lead.get(id, timedelta(minutes=15)),)) for id, room in settings.rooms.items()}
    office.change(rooms=rooms)
    await startup.begin(office.world)
    await office.says("!meet neu Klausur morgen 12-13 Uhr")
    await office.says("!meet neu Runde heute 12:15-13 Uhr")
    await office.until(at(12, 0, 5))
    assert set(reminded(office)[:7]) == {ROOM, *ROOMS[6:]}
    assert set(reminded(office)[7:]) == set(ROOMS[:6])


async def test_too_late_ones_are_counted(office: Office) -> None:
    await office.says("!meet neu Runde heute 12-13 Uhr")
    assert await reminders.missed(office.world, ROOM) is None
    office.clock.set(at(14))
    await office.resume()
    missed = await reminders.missed(office.world, ROOM)
    assert missed == reminders.Missed(1, at(14))
    await office.says("!meet neu Runde morgen 12-13 Uhr")
    office.clock.set(at(14, day=25))
    await office.resume()
    assert await reminders.missed(office.world, ROOM) == reminders.Missed(2, at(14))


# ----------------------------------------------------------------------------------------------------- other kinds


async def test_a_notice_is_worded_when_it_is_sent_and_only_if_it_is_wanted(office: Office) -> None:
    """What another kind of notice (an agenda) can rely on."""
    wanted = [True]

    async def render(_: World, batch: list[Notice] | object) -> Post | None:
        return Post(Message(Kind.AGENDA, "Tag", "Tag")) if wanted.pop() else None

    kinds = {NoticeKind.AGENDA: NoticeSort(render)}
    delivery.begin(office.world, Reminders(), Notices(kinds))
    await office.alarm.settle()

    async def add(key: str) -> list[Message]:
        notice = Notice(key, ROOM, NoticeKind.AGENDA, {}, office.clock())
        await office.world.stores.notices.add([notice, notice])
        delivery.ring_soon(office.world)
        return await office.pass_time(timedelta(seconds=1))

    assert [message.text for message in await add("one")] == ["Tag"]
    assert await add("one") == []
    wanted.append(False)
    assert await add("two") == []
    assert await office.world.stores.notices.waiting([ROOM]) == []


async def test_an_expired_notice_is_dropped(office: Office) -> None:
    office.chat.down = True
    soon = office.clock() + timedelta(minutes=10)
    notice = Notice("one", ROOM, NoticeKind.SHOWN, {"calendar": "it-team"}, office.clock(), expires=soon)
    await office.world.stores.notices.add([notice])
    delivery.ring_soon(office.world)
    await office.pass_time(timedelta(minutes=5))
    office.chat.down = False
    await office.pass_time(timedelta(minutes=20))
    assert await office.world.stores.notices.waiting([ROOM]) == []
    assert office.chat.posted == []


async def test_why_a_notice_waits_is_known(office: Office) -> None:
    notice = Notice("one", RoomId("!gone:example.org"), NoticeKind.AGENDA, {}, office.clock())

    async def render(_: World, __: object) -> Post:
        return Post(Message(Kind.AGENDA, "Tag", "Tag"))

    delivery.begin(office.world, Notices({NoticeKind.AGENDA: NoticeSort(render)}))
    await office.world.stores.notices.add([notice])
    await office.pass_time(timedelta(seconds=1))
    (waiting,) = await office.world.stores.notices.waiting([notice.recipient])
    assert waiting.hold is Hold.UNREACHABLE


async def test_status_says_what_waits_and_what_was_too_late(office: Office) -> None:
    office.change(defaults=replace(office.world.settings.defaults, quiet_hours=Hours(time(0), time(9))))
    await startup.begin(office.world)
    await office.alarm.settle()
    await office.says("!meet neu Runde heute 8:20-8:30 Uhr")
    office.chat.down = True
    await office.until(at(8, 40))
    office.chat.down = False
    notice = Notice("one", ROOM, NoticeKind.CHANGE, {"calendar": "it-team"}, office.clock(), hold=Hold.QUIET)
    await office.world.stores.notices.add([replace(notice, not_before=at(9))])
    await office.until(at(8, 45))
    (status,) = await office.says("!meet zustand")
    assert "1 Mitteilung wartet, bis die Ruhezeit vorbei ist" in status.text
    assert "1 Erinnerung konnte nicht rechtzeitig gesendet werden" in status.text
    assert status.data["waiting"] == {"quiet": 1}
    assert status.data["missed_reminders"] == 1
