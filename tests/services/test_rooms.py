"""Rooms that are upgraded, that the bot is put out of, and comes back to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from calbot.core.model import Kind, RoomId
from calbot.core.poll_model import PollState
from calbot.core.settings import Sync
from calbot.matrix.timeline import Invitation, StateChange
from calbot.services import rooms

from .conftest import ANNA, BEN, BERLIN, CALENDAR, ROOM, Office

NEW = RoomId("!it-2:example.org")
QUARTER_TO_TEN = datetime(2026, 11, 24, 9, 45, tzinfo=BERLIN)


def tombstone(room: RoomId = ROOM) -> StateChange:
    return StateChange(room, "m.room.tombstone", "", ANNA, {"replacement_room": NEW})


def own_join(office: Office, room: RoomId) -> StateChange:
    return StateChange(room, "m.room.member", office.chat.user, office.chat.user, {"membership": "join"})


def upgrade(office: Office, *, predecessor: RoomId | None = ROOM) -> None:
    """As Anna's client does it, and invites the bot."""
    office.chat.add_room(NEW, ANNA, BEN)
    del office.chat.rooms[NEW].members[office.chat.user]
    office.chat.rooms[NEW].invited.add(office.chat.user)
    office.chat.rooms[NEW].predecessor = predecessor
    office.chat.rooms[ROOM].successor = NEW


async def test_an_upgraded_room_keeps_its_calendar_and_its_reminders(office: Office) -> None:
    await office.says('!meet neu "Jour fixe" heute 10-11')
    upgrade(office)
    await office.handlers.on_state(tombstone())
    (greeting,) = office.chat.messages(NEW)
    assert "it-team" in greeting.text
    assert "Jour fixe" in (await office.says("!meet liste", room=NEW))[0].text
    await office.until(QUARTER_TO_TEN)
    assert [one.kind for one in office.chat.messages(NEW)].count(Kind.REMINDER) == 1
    assert office.said(Kind.REMINDER) == []


async def test_what_was_done_before_an_upgrade_is_taken_back_after_it(office: Office) -> None:
    await office.says('!meet neu "Jour fixe" morgen 10-11')
    await office.says("!meet ändere last ort:Rathaus")
    upgrade(office)
    await office.handlers.on_state(tombstone())
    await office.says("!meet undo", room=NEW)
    assert all("Rathaus" not in text for text in office.texts())
    await office.says("!meet undo", room=NEW)
    assert office.texts() == []


async def test_an_upgrade_is_followed_once(office: Office) -> None:
    upgrade(office)
    await office.handlers.on_state(tombstone())
    await office.handlers.on_state(own_join(office, NEW))
    await office.handlers.on_state(tombstone())
    await rooms.look_around(office.world)
    assert len(office.chat.messages(NEW)) == 1


async def test_an_upgrade_that_came_while_the_bot_was_away_is_found_at_the_start(office: Office) -> None:
    upgrade(office)
    await office.resume()
    assert NEW in office.world.settings.rooms
    assert ROOM not in office.world.settings.rooms


async def test_what_was_due_while_the_old_room_was_closed_is_said_in_the_new_one(office: Office) -> None:
    await office.says('!meet neu "Jour fixe" heute 10-11')
    upgrade(office)
    office.chat.kick(ROOM)
    await office.until(QUARTER_TO_TEN + timedelta(minutes=5))
    office.chat.rooms[ROOM].members[office.chat.user] = "Kalender"
    await office.handlers.on_state(tombstone())
    await office.pass_time(timedelta(minutes=1))
    (reminder,) = [one for one in office.chat.messages(NEW) if one.kind is Kind.REMINDER]
    assert reminder.data["late"] is True


async def test_a_room_that_does_not_say_where_it_comes_from_is_left(office: Office) -> None:
    upgrade(office, predecessor=RoomId("!other:example.org"))
    await office.handlers.on_state(tombstone())
    assert office.chat.user not in office.chat.rooms[NEW].members
    assert office.chat.messages(NEW) == []
    assert ROOM in office.world.settings.rooms


async def test_a_room_that_claims_to_go_on_from_another_gets_nothing(office: Office) -> None:
    """Anybody can name a predecessor; only the old room's tombstone counts."""
    upgrade(office)
    office.chat.rooms[ROOM].successor = None
    await office.handlers.on_invite(Invitation(NEW, BEN, direct=False))
    await office.handlers.on_state(own_join(office, NEW))
    assert NEW not in office.world.settings.rooms


async def test_without_an_invitation_it_follows_when_that_comes(office: Office) -> None:
    upgrade(office)
    office.chat.rooms[NEW].invited.clear()
    await office.handlers.on_state(tombstone())
    assert NEW not in office.world.settings.rooms
    office.chat.rooms[NEW].invited.add(office.chat.user)
    await office.handlers.on_invite(Invitation(NEW, ANNA, direct=False))
    assert NEW in office.world.settings.rooms
    assert len(office.chat.messages(NEW)) == 1  # one greeting, not two


async def test_open_polls_of_the_old_room_end_and_the_new_one_is_told(office: Office) -> None:
    await office.says('!meet umfrage "Budgetrunde" Mi 14-15; Do 10')
    upgrade(office)
    await office.handlers.on_state(tombstone())
    assert "Budgetrunde" in office.chat.messages(NEW)[0].text
    (poll,) = await office.world.stores.polls.in_room(ROOM, tuple(PollState))
    assert poll.state is PollState.ENDED
    assert office.texts() == []


async def test_settings_follow_an_upgrade_of_an_upgrade(office: Office) -> None:
    upgrade(office)
    await office.handlers.on_state(tombstone())
    third = RoomId("!it-3:example.org")
    office.chat.add_room(third, ANNA, BEN)
    office.chat.rooms[third].predecessor = NEW
    office.chat.rooms[NEW].successor = third
    await office.handlers.on_state(replace(tombstone(NEW), content={"replacement_room": third}))
    assert list(office.world.settings.rooms) == [third]
    assert office.world.settings.rooms[third].calendars == (CALENDAR,)


async def test_kicked_and_invited_again_it_goes_on_where_it_was(office: Office) -> None:
    await office.says('!meet neu "Jour fixe" heute 10-11')
    office.chat.kick(ROOM)
    await office.handlers.on_left(ROOM)
    await office.until(QUARTER_TO_TEN + timedelta(minutes=5))
    assert office.said(Kind.REMINDER) == []
    office.chat.rooms[ROOM].invited.add(office.chat.user)
    await office.handlers.on_invite(Invitation(ROOM, ANNA, direct=False))
    await office.pass_time(timedelta(minutes=6))
    (reminder,) = office.said(Kind.REMINDER)
    assert reminder.data["late"] is True


async def test_after_thirty_days_without_the_bot_a_mapping_is_over_until_it_comes_back(office: Office) -> None:
    office.change(sync=Sync(interval=timedelta(hours=12), max_interval=timedelta(days=1)))
    await office.resume()
    await office.says('!meet neu "Jour fixe" jeden Montag um 10')
    office.chat.kick(ROOM)
    await office.handlers.on_left(ROOM)
    await office.is_down_for(timedelta(days=28))
    await office.pass_time(timedelta(days=1))
    assert ROOM in office.world.settings.rooms
    await office.pass_time(timedelta(days=2))
    assert ROOM not in office.world.settings.rooms
    assert await office.world.stores.calendars.calendars() == []
    assert await office.world.stores.reminders.waiting(ROOM) == []
    office.chat.rooms[ROOM].invited.add(office.chat.user)
    await office.handlers.on_invite(Invitation(ROOM, ANNA, direct=False))
    await office.pass_time(timedelta(minutes=1))
    assert "Jour fixe" in (await office.says("!meet liste"))[0].text


async def test_being_put_out_while_the_bot_was_down_is_noticed_at_the_start(office: Office) -> None:
    office.chat.kick(ROOM)
    await office.resume()
    assert list(await office.world.stores.rooms.absences()) == [ROOM]
