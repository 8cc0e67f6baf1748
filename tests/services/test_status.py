"""`status` in one screen: also what it is that the bot cannot do here, whose clock is wrong, and why it is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.mail import Mail
from calbot.core.model import Message, RoomFacts, RoomId, Uid, UserId
from calbot.core.permissions import Lack, PowerLevels, lacking
from calbot.core.settings import KeyHolders, Mention, Privacy
from calbot.matrix.handlers import Handlers
from calbot.services import configuration
from calbot.services.clock_watch import ClockWatch
from tests.core.configuration.example import example

from .conftest import ANNA, BEN, CALENDAR, LOG, ROOM, Office

BOT = UserId("@calbot:example.org")


async def status(office: Office, room: RoomId = ROOM, language: str = "de") -> Message:
    (said,) = await office.says("!meet status" if language == "en" else "!meet zustand", room=room)
    return said


@pytest.mark.parametrize(
    ("why", "power", "encrypted", "mentions_room", "expected"),
    [
        ("as rooms are made", PowerLevels(), True, False, (Lack.END_POLLS,)),
        ("a moderator", PowerLevels(users={BOT: 50}), True, True, ()),
        ("a creator in version 12", PowerLevels(creators=frozenset({BOT}), events_default=100), True, True, ()),
        ("everybody", PowerLevels(), True, True, (Lack.MENTION_ROOM, Lack.END_POLLS)),
        ("a room to listen", PowerLevels(users={BOT: 10}, events_default=50), True, False,
         (Lack.POLLS, Lack.REACTIONS, Lack.END_POLLS)),
        ("no reactions", PowerLevels(users={BOT: 50}, events={"m.reaction": 60}), True, False, (Lack.REACTIONS,)),
        ("polls for few, in clear", PowerLevels(users={BOT: 50}, events={"org.matrix.msc3381.poll.start": 60}), False,
         False, (Lack.POLLS,)),
        ("polls for few, where nobody sees what is sent", PowerLevels(users={BOT: 50},
         events={"org.matrix.msc3381.poll.start": 60}), True, False, ()),
    ],
)  # fmt: skip
def test_what_the_bot_cannot_do(
    why: str, power: PowerLevels, encrypted: bool, mentions_room: bool, expected: tuple[Lack, ...]
) -> None:
    assert lacking(BOT, power, encrypted=encrypted, mentions_room=mentions_room) == expected, why


async def test_the_rights_that_are_missing_are_said(office: Office) -> None:
    office.change_room(mention=Mention.ROOM)
    office.chat.rooms[ROOM].power = PowerLevels(events={"m.reaction": 50})
    said = await status(office)
    assert said.data["notes"] == ["lacks_reactions", "lacks_mention_room", "lacks_end_polls"]
    assert "Mir fehlt hier das Recht, alle im Raum zu benachrichtigen, wie es eingestellt ist." in said.text
    office.chat.rooms[ROOM].power = PowerLevels(users={BOT: 50})
    assert (await status(office)).data["notes"] == []


async def test_who_can_read_what_the_bot_writes(office: Office) -> None:
    assert "Schlüssel: an alle Geräte im Raum" in (await status(office)).text
    office.change(privacy=Privacy(send_keys_to=KeyHolders.CROSS_SIGNED))
    said = await status(office)
    assert said.data["send_keys_to"] == "cross-signed"
    assert "Schlüssel: nur an bestätigte Geräte." in said.text


@pytest.mark.parametrize(("seconds", "words"), [(0, "geht richtig"), (4, "geht richtig"), (90, "vor"), (-90, "nach")])
async def test_the_clock_is_held_against_the_servers(office: Office, seconds: int, words: str) -> None:
    event = office.chat.says(ROOM, ANNA, "!meet zustand")
    (said,) = await office.hears(replace(event, at=event.at - seconds * 1000))
    (line,) = [line for line in said.text.splitlines() if line.startswith("Uhr")]
    assert line.endswith(words)
    assert said.data["clock_off"] == pytest.approx(seconds, abs=1)


async def test_what_came_late_for_another_reason_is_no_wrong_clock(office: Office) -> None:
    late = office.chat.says(ROOM, BEN, "!meet liste")
    await office.hears(replace(late, at=late.at - 300_000))
    assert (await status(office)).data["clock_off"] == 0


def test_what_was_heard_long_ago_says_nothing_any_more(office: Office) -> None:
    watch, now = ClockWatch(), office.clock()
    assert watch.off(now) is None
    watch.note(now, now - timedelta(seconds=9))
    assert watch.off(now) == timedelta(seconds=9)
    assert watch.off(now + timedelta(hours=1)) is None


async def test_where_nothing_may_be_said_it_says_why_and_nothing_of_calendars(office: Office) -> None:
    await office.says("!meet neu Haushalt morgen 14 Uhr")
    office.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    office.world.known.forget(ROOM)
    said = await status(office)
    assert said.data["paused"] == "exposed_public"
    assert said.data["calendars"] == []
    assert "it-team" not in said.text
    assert "Dieser Raum ist öffentlich" in said.text


async def test_where_nothing_may_be_said_nobody_is_named_whom_no_mail_reached(office: Office) -> None:
    guest = "guest@other.example"
    mail = Mail("m-1", CALENDAR, Uid("talk"), ROOM, "bot@example.org", "it-team", "termine@example.org", guest, "Guest",
                "Einladung", "Text", "REQUEST", "BEGIN:VCALENDAR", office.clock())  # fmt: skip
    await office.world.stores.mail.add([mail])
    (queued,) = await office.world.stores.mail.due(office.clock(), 1)
    await office.world.stores.mail.failed(queued.number, "mail_recipient", office.clock())
    assert guest in (await status(office)).text
    office.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    office.world.known.forget(ROOM)
    said = await status(office)
    assert guest not in said.text
    assert said.data["mail_undelivered"] == 0


async def test_when_somebody_lets_themselves_be_reminded_is_not_told_to_the_room(office: Office) -> None:
    home = office.chat.add_room(RoomId("!home:example.org"), ANNA)
    await office.says("!meet neu Haushalt morgen 14 Uhr")
    assert "Nächste Erinnerung: Mi., 25.11., 13:45 Uhr" in (await status(office)).text
    await office.says("!meet liste", room=home)
    await office.says("!meet erinnern #1 3h", room=home)
    assert "Nächste Erinnerung: Mi., 25.11., 13:45 Uhr" in (await status(office)).text
    assert "Nächste Erinnerung: Mi., 25.11., 11:00 Uhr" in (await status(office, home)).text


async def test_admins_read_what_to_mend_while_the_previous_configuration_is_in_force(office: Office) -> None:
    office.change(admins=frozenset({ANNA}))
    raw = example()
    await configuration.on_change(office.world, raw)
    raw["accounts"]["city"]["url"] = "nowhere"
    _, problems = await configuration.on_change(office.world, raw)
    assert "left_out_account" in {one.expected for one in problems}
    office.world = replace(office.world, problems=problems)
    office.handlers = Handlers(office.world, LOG)
    said = await status(office)
    assert said.data["previous_configuration"] is True
    assert [one["path"] for one in said.data["problems"]] == ["accounts.city.url"]
    assert "gilt die vorige Konfiguration weiter" in said.text
    (for_others,) = await office.says("!meet zustand", by=BEN)
    assert for_others.data["previous_configuration"] is False


@pytest.mark.parametrize("language", ["de", "en"])
async def test_it_fits_on_one_screen_of_a_phone(office: Office, language: str) -> None:
    office.change_room(language=language)
    await office.says("!meet new Haushalt tomorrow 14:00")
    lines = (await status(office, language=language)).text.splitlines()
    assert len(lines) <= 16
    assert sum(1 + len(line) // 42 for line in lines) <= 26


async def test_alone_with_the_bot_only_the_rooms_one_may_set_are_looked_at(office: Office) -> None:
    alone = office.chat.add_room("!alone:example.org", ANNA)
    (said,) = await office.says("!meet sync", room=alone)
    assert said.data["code"] == "forbidden"
    office.chat.rooms[ROOM].power = PowerLevels(users={ANNA: 50})
    (said,) = await office.says("!meet sync", room=alone)
    assert said.data.get("code") is None
