"""Hints for polls, warnings of conflicts, and who may be asked about at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from calbot.core.model import AccountName, AllDay, Busy, CalendarName, Kind, Message, Timed, UserId, When
from calbot.core.poll_model import Option
from calbot.errors import UserError
from calbot.services import freebusy
from tests.core.ical_samples import calendar as calendar_of
from tests.core.ical_samples import event, single

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .test_finding import busy, everybody_is_known, kill_at

DORA = UserId("@dora:example.org")


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def timed(day: int, start: int, end: int) -> Timed:
    return Timed(datetime(2026, 11, day, start, tzinfo=BERLIN), datetime(2026, 11, day, end, tzinfo=BERLIN))


async def look(
    office: Office, users: Sequence[UserId], start: datetime, end: datetime
) -> dict[UserId, tuple[Busy, ...] | None]:
    room = office.world.settings.rooms[ROOM]
    known = await freebusy.look(office.world, room, users, start, end, within=freebusy.FOR_A_SEARCH)
    return {user: None if one is None else one.busy for user, one in known.items()}


async def hints(
    office: Office, times: Sequence[When | None], users: Sequence[UserId] = (ANNA, BEN, CARLA)
) -> dict[str, tuple[int, int]]:
    options = [Option(str(number), "", when) for number, when in enumerate(times, 1)]
    room = office.world.settings.rooms[ROOM]
    return dict(await freebusy.hints(office.world, room, options, users))


# ------------------------------------------------------------------------------------------------------------ of whom


async def test_members_only(office: Office) -> None:
    start = office.clock()
    with pytest.raises(UserError) as refused:
        await look(office, [BEN, DORA], start, start + timedelta(days=1))
    assert (refused.value.code.value, refused.value.params) == ("forbidden", {"name": DORA})


async def test_busy_times_by_person(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    start = datetime(2026, 11, 25, tzinfo=BERLIN)
    found = await look(office, [ANNA, BEN], start, start + timedelta(days=1))
    assert found[ANNA] == ()
    assert found[BEN] == (busy(25, 10, 11),)
    assert await look(office, [], start, start + timedelta(days=1)) == {}


async def test_nobody_is_asked_for_longer_than_two_months(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    found = await look(office, [BEN], office.clock(), office.clock() + timedelta(days=300))
    assert found[BEN] == (busy(25, 10, 11),)


# --------------------------------------------------------------------------------------------------------------- hints


async def test_how_many_are_free_at_each_option(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 12)], carla=[busy(25, 11, 12, tentative=True)])
    times = [timed(25, 9, 10), timed(25, 10, 11), timed(25, 11, 12), None, timed(25, 12, 13)]
    assert await hints(office, times) == {"1": (3, 3), "2": (2, 3), "3": (1, 3), "5": (3, 3)}


async def test_a_whole_day_is_free_for_who_has_nothing_in_the_working_hours(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 19, 21)], carla=[busy(26, 10, 11)])
    days = [AllDay(date(2026, 11, 25), date(2026, 11, 26)), AllDay(date(2026, 11, 25), date(2026, 11, 27))]
    assert await hints(office, days) == {"1": (3, 3), "2": (2, 3)}


async def test_hints_are_of_members_only_and_silent_about_others(office: Office) -> None:
    everybody_is_known(office)
    bot = office.world.chat.user
    assert await hints(office, [timed(25, 9, 10)], [ANNA, DORA, bot, ANNA]) == {"1": (1, 1)}
    assert await hints(office, [timed(25, 9, 10)], [DORA]) == {}
    assert await hints(office, [None]) == {}
    asked = {address for _, addresses in office.calendar.asked for address in addresses}
    assert asked == {"anna@example.org"}


async def test_options_too_far_apart_or_over_have_no_hint(office: Office) -> None:
    everybody_is_known(office)
    near = timed(25, 9, 10)
    far = Timed(near.start + timedelta(days=70), near.end + timedelta(days=70))
    assert await hints(office, [timed(25, 9, 10), far, timed(23, 9, 10)]) == {"1": (3, 3)}


async def test_hints_do_not_wait_for_a_slow_server(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freebusy, "FOR_A_HINT", timedelta(milliseconds=20))
    office.calendar.outbox_gate = asyncio.Event()
    await office.says(f"!meet neu Runde morgen 9-10 {BEN}")
    assert await hints(office, [timed(25, 9, 10), timed(25, 10, 11)]) == {"1": (1, 3), "2": (3, 3)}


# ------------------------------------------------------------------------------------------------------------ conflicts


async def test_who_is_invited_and_busy_is_named_without_why(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 10, 11)], carla=[busy(25, 10, 11, tentative=True)])
    question = only(await office.says(f"!meet neu Runde morgen 10-11 {BEN} {CARLA}"))
    assert question.kind is Kind.QUESTION
    assert question.text.startswith("Zu dieser Zeit schon belegt: Ben. Soll")
    assert office.texts() == []
    card = only(await office.says("!meet 1"))
    assert card.kind is Kind.MEETING
    assert "Zu dieser Zeit schon belegt: Ben" in card.text
    assert "Carla" not in card.text.partition("schon belegt")[2]
    quiet = only(await office.says(f"!meet neu Runde morgen 11-12 {BEN} {CARLA}"))
    assert "belegt" not in quiet.text


async def test_of_many_who_are_busy_some_are_named_and_the_rest_counted(office: Office) -> None:
    many = [UserId(f"@p{number}:example.org") for number in range(30)]
    office.chat.add_room(ROOM, ANNA, *many)
    office.calendar.outbox |= {f"p{number}@example.org": [busy(25, 10, 11)] for number in range(30)}
    question = only(await office.says("!meet neu Runde morgen 10-11 " + " ".join(many)))
    assert "P9 und 20 weitere. Soll" in question.text
    card = only(await office.says("!meet 1"))
    (line,) = (line for line in card.text.splitlines() if "schon belegt" in line)
    assert line.endswith("und 20 weitere")


async def test_a_calendar_full_of_holidays_hides_no_conflict(office: Office) -> None:
    for number in range(60):
        lines = ("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261128", f"SUMMARY:Urlaub {number}")
        office.calendar.put(CALENDAR, f"u{number}", calendar_of(event(*lines, uid=f"u{number}")))
    office.calendar.put(CALENDAR, "x", single("DTSTART:20261125T090000Z", "DTEND:20261125T100000Z", "SUMMARY:Rat"))
    await office.pull()
    card = only(await office.says("!meet neu Runde morgen 10-11"))
    assert "Achtung, zur selben Zeit: Rat" in card.text


async def test_who_is_busy_with_what_is_named_already_is_not_named_again(office: Office) -> None:
    await office.says(f"!meet neu Rat morgen 10-11 {CARLA}")
    everybody_is_known(office, anna=[busy(25, 10, 11)])
    card = only(await office.says("!meet neu Runde morgen 10-11"))
    assert "Achtung, zur selben Zeit: Rat" in card.text
    assert "schon belegt" not in card.text
    everybody_is_known(office, anna=[busy(25, 10, 12)])
    card = only(await office.says("!meet neu Runde morgen 10:30-12:00"))
    assert "Zu dieser Zeit schon belegt: Anna" in card.text, "and by something else besides"


async def test_a_whole_day_that_takes_the_time_of_somebody_is_named(office: Office) -> None:
    lines = ("DTSTART;VALUE=DATE:20261125", "DTEND;VALUE=DATE:20261126", "SUMMARY:Fortbildung")
    mine = "ORGANIZER:mailto:anna@example.org"
    office.calendar.put(CALENDAR, "f", calendar_of(event(*lines, mine, uid="f")))
    office.calendar.put(CALENDAR, "u", calendar_of(event(*lines[:2], "SUMMARY:Feiertag", uid="u")))
    await office.pull()
    everybody_is_known(office, anna=[busy(25, 0, 23)])
    card = only(await office.says("!meet neu Runde morgen 10-11"))
    assert "Achtung, zur selben Zeit: Fortbildung" in card.text
    assert "Feiertag" not in card.text
    assert "schon belegt" not in card.text


async def test_the_question_before_a_move_names_the_event_its_time_and_all_who_are_busy(office: Office) -> None:
    everybody_is_known(office, ben=[busy(25, 14, 15)], anna=[busy(25, 14, 15)])
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    question = only(await office.says("!meet verschiebe last 14 Uhr"))
    assert question.text.startswith(
        "„Runde“ auf Mi., 25.11., 14:00–15:00 Uhr verschieben? Zu dieser Zeit schon belegt: Anna und Ben."
    )


async def test_one_slow_account_does_not_hold_up_what_others_know(office: Office) -> None:
    """The second account hangs; the first has told of everybody."""
    world = office.world.settings
    slow, calendar = AccountName("slow"), CalendarName("elsewhere")
    office.calendar.add(calendar)
    office.change(
        accounts={**world.accounts, slow: replace(world.accounts[AccountName("city")], name=slow)},
        calendars={**world.calendars, calendar: replace(world.calendars[CALENDAR], name=calendar, account=slow)},
        rooms={ROOM: replace(world.rooms[ROOM], calendars=(calendar, CALENDAR))},
    )
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    works = office.calendar.free_busy
    asked = []

    async def free_busy(
        account: AccountName, addresses: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        asked.append(account)
        if account == slow:
            await asyncio.Event().wait()
        return await works(account, addresses, start, end)

    office.calendar.free_busy = free_busy  # type: ignore[method-assign]
    start = datetime(2026, 11, 25, tzinfo=BERLIN)
    found = await asyncio.wait_for(look(office, [BEN], start, start + timedelta(days=1)), 2)
    assert found[BEN] == (busy(25, 10, 11),)
    assert set(asked) == {slow, AccountName("city")}


async def test_of_who_is_not_in_the_room_nothing_is_asked(office: Office) -> None:
    everybody_is_known(office)
    office.calendar.outbox["dora@example.org"] = [busy(25, 10, 11)]
    card = only(await office.says(f"!meet neu Runde morgen 10-11 {DORA}"))
    assert "belegt" not in card.text
    assert all("dora@example.org" not in addresses for _, addresses in office.calendar.asked)


async def test_what_must_not_be_seen_is_only_busy(office: Office) -> None:
    office.calendar.put(
        CALENDAR, "x", single("DTSTART:20261125T090000Z", "DTEND:20261125T100000Z", "SUMMARY:Geheim", "CLASS:PRIVATE")
    )
    await office.pull()
    card = only(await office.says("!meet neu Runde morgen 10-11"))
    assert "belegt" in card.text
    assert "Geheim" not in card.text + card.html + repr(card.data)


async def test_a_move_warns_too_but_not_of_the_event_itself(office: Office) -> None:
    everybody_is_known(office)
    await office.says(f"!meet neu Runde morgen 10-12 {BEN}")
    everybody_is_known(office, ben=[busy(25, 10, 12)])  # the event itself
    (moved, *_) = await office.says("!meet verschiebe last morgen 11-13")
    assert "belegt" not in moved.text
    everybody_is_known(office, ben=[busy(25, 11, 13), busy(25, 15, 16)])
    question = only(await office.says("!meet verschiebe last morgen 15-16"))
    assert question.kind is Kind.QUESTION
    assert "DTSTART;TZID=Europe/Berlin:20261125T110000" in office.texts()[0]
    said = await office.says("!meet 1")
    assert any("Zu dieser Zeit schon belegt: Ben" in message.text for message in said)


async def test_a_repeated_move_does_not_warn_of_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_is_known(office)
    await office.says(f"!meet neu Runde morgen 10-12 {BEN}")
    kill_at(monkeypatch, office.chat, "edit")
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet verschiebe last morgen 15-16")
    everybody_is_known(office, ben=[busy(25, 15, 16)])
    await office.resume()
    (answer,) = office.said(Kind.CHANGE)
    assert "belegt" not in answer.text


async def test_a_failing_server_does_not_hold_a_meeting_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freebusy, "FOR_A_HINT", timedelta(milliseconds=20))
    office.calendar.outbox_gate = asyncio.Event()
    card = only(await office.says(f"!meet neu Runde morgen 10-11 {BEN}"))
    assert card.kind is Kind.MEETING
    assert len(office.texts()) == 1


async def test_periods_come_back_as_instants(office: Office) -> None:
    office.calendar.outbox["anna@example.org"] = [Busy(timed(25, 9, 10).start, timed(25, 9, 10).end)]
    start = datetime(2026, 11, 25, 9, 30, tzinfo=BERLIN)
    found = await look(office, [ANNA], start, start + timedelta(hours=5))
    assert found[ANNA] == (Busy(start, timed(25, 9, 10).end),)
