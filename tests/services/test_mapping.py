"""Calendars that are connected to rooms by command: who may, what they are told, what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from calbot.core.model import AccountName, CalendarName, EventId, Kind, Message, RoomFacts, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.poll_model import PollState
from calbot.core.settings import Access, Calendar, MapRights, Privacy, Show
from calbot.matrix.timeline import StateChange
from calbot.services import preferences, rooms, startup
from tests.fakes.calendar import FakeCalendarGateway

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect

ADMIN = UserId("@admin:example.org")
STRANGER = UserId("@eve:evil.example")
PRESS, BOARD, MAYOR = CalendarName("press"), CalendarName("board"), CalendarName("mayor")
OTHER = RoomId("!press:example.org")
PLAIN = RoomId("!plain:example.org")
OPEN = RoomId("!open:example.org")
HOME = RoomId("!home:example.org")
NEW = RoomId("!press-2:example.org")
EVENT = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "BEGIN:VEVENT",
    "UID:press-talk",
    "DTSTAMP:20261101T000000Z",
    "DTSTART:20261125T090000Z",
    "DTEND:20261125T100000Z",
    "SUMMARY:Pressegespräch",
    "END:VEVENT",
    "END:VCALENDAR",
    "",
)
ASKED = Kind.QUESTION


def only(said: list[Message]) -> Message:
    (message,) = said
    return message


def configured(office: Office) -> None:
    """Further calendars: press, which Anna may connect anywhere; board, in one room by the moderation; the mayor's."""
    rights: Mapping[CalendarName, MapRights] = {
        PRESS: MapRights(users=frozenset({ANNA})),
        BOARD: MapRights(rooms=frozenset({OTHER, PLAIN}), power_level=50),
        MAYOR: MapRights(),
    }
    file = office.world.in_force.file
    more = {
        name: Calendar(name, AccountName("city"), f"https://dav.example.org/{name}/", map=right)
        for name, right in rights.items()
    }
    office.change(calendars={**file.calendars, **more}, admins=frozenset({ADMIN}))


@pytest.fixture
async def town(office: Office) -> Office:
    """Rooms without a calendar, and further calendars."""
    gateway = FakeCalendarGateway((CALENDAR, PRESS, BOARD, MAYOR))
    gateway.put(PRESS, "talk", "\r\n".join(EVENT))
    office.world = replace(office.world, gateway=gateway)
    office.calendar = gateway
    configured(office)
    office.chat.enter(ROOM, ADMIN)
    people = (ANNA, BEN, CARLA, ADMIN)
    moderated = PowerLevels(users={BEN: 50, ADMIN: 0})
    office.chat.add_room(OTHER, *people, STRANGER, power=moderated)
    del office.chat.rooms[OTHER].members[STRANGER]
    office.chat.add_room(PLAIN, *people, encrypted=False, power=moderated)
    office.chat.add_room(OPEN, *people, power=moderated, facts=RoomFacts(join_rule="public"))
    office.chat.add_room(HOME, ANNA)
    await startup.begin(office.world)
    await office.alarm.settle()
    return office


async def connect(office: Office, name: str = "press", room: RoomId = OTHER, by: UserId = ANNA) -> Message:
    question = only(await office.says(f"!meet verbinde {name}", by=by, room=room))
    assert question.kind is ASKED
    return only(await office.says("!meet 1", by=by, room=room))


class TestConnecting:
    async def test_the_room_is_told_what_will_be_seen_before_anything_happens(self, town: Office) -> None:
        question = only(await town.says("!meet verbinde press", room=OTHER))
        assert question.kind is ASKED
        assert set(question.mentions) == {ANNA}
        assert "Den Kalender press mit diesem Raum verbinden?" in question.text
        assert "Alle 4 Personen in diesem Raum, und wer später dazukommt, sehen dann alle Termine" in question.text
        assert "Von hier aus kann eingetragen" in question.text
        assert OTHER not in town.world.settings.rooms
        assert ("changes", PRESS) not in town.calendar.calls

    async def test_agreed_to_it_is_read_told_and_reminded_of(self, town: Office) -> None:
        done = await connect(town)
        assert done.kind is Kind.OK
        assert done.data == {"calendar": "press", "mapped": True, "writable": True}
        assert done.text.startswith("Anna hat den Kalender press mit diesem Raum verbunden.")
        room = town.world.settings.rooms[OTHER]
        assert (room.calendars, room.write_to, room.language) == ((PRESS,), PRESS, "de")
        await town.pass_time(timedelta(minutes=2))
        shown = [one.text for one in town.chat.messages(OTHER) if "press" in one.text]
        assert any("1 Termin" in text for text in shown)
        assert "Pressegespräch" in only(await town.says("!meet liste", room=OTHER)).text
        await town.until(datetime(2026, 11, 25, 9, 46, tzinfo=BERLIN))
        (reminder,) = [one for one in town.chat.messages(OTHER) if one.kind is Kind.REMINDER]
        assert "Pressegespräch" in reminder.text

    async def test_yes_is_an_answer_too(self, town: Office) -> None:
        await town.says("!meet map press", room=OTHER)
        await town.says("!meet ja", room=OTHER)
        assert OTHER in town.world.settings.rooms

    @pytest.mark.parametrize(
        ("typed", "two_members", "invite"),
        [
            ("!meet verbinde press", "nur zwei Mitglieder", "laden Sie zuerst eine weitere Person"),
            ("!meet map press", "only two members", "invite another person here first"),
        ],
    )
    async def test_a_room_with_nobody_else_is_a_direct_chat_until_somebody_is_invited(
        self, town: Office, typed: str, two_members: str, invite: str
    ) -> None:
        """Somebody makes a room for the purpose, invites the bot first, and wonders why it sees no room there."""
        room = town.chat.add_room("!fresh:example.org", ANNA)
        if "map" in typed:
            await town.says("!meet lang en", room=room)
        refused = only(await town.says(typed, room=room))
        assert refused.data["code"] == "not_understood"
        assert two_members in refused.text
        assert invite in refused.text
        town.chat.rooms[room].invited.add(BEN)
        await town.handlers.on_state(StateChange(room, "m.room.member", BEN, ANNA, {"membership": "invite"}))
        assert only(await town.says(typed, room=room)).kind is ASKED

    async def test_whoever_says_no_has_done_nothing(self, town: Office) -> None:
        await town.says("!meet map press", room=OTHER)
        declined = only(await town.says("!meet 2", room=OTHER))
        assert "bleibt von diesem Raum getrennt" in declined.text
        assert OTHER not in town.world.settings.rooms
        assert await town.world.stores.mappings.all() == []

    async def test_the_question_says_how_little_is_shown(self, town: Office) -> None:
        calendars = town.world.in_force.file.calendars
        busy = replace(calendars[PRESS], show=Show.BUSY, access=Access.READ_ONLY)
        town.change(calendars={**calendars, PRESS: busy})
        question = only(await town.says("!meet map press", room=OTHER))
        assert "wann darin etwas belegt ist, sonst nichts" in question.text
        assert "Von hier aus kann nichts darin geändert werden." in question.text

    async def test_of_a_calendar_that_shows_busy_times_only_all_is_said_alike(self, town: Office) -> None:
        calendars = town.world.in_force.file.calendars
        town.change(calendars={**calendars, PRESS: replace(calendars[PRESS], show=Show.BUSY)})
        question = only(await town.says("!meet verbinde press", room=OTHER))
        assert "ändern und absagen kann einen Termin nur, wer ihn eingetragen hat" in question.text
        assert "Neue Termine dieses Raums" not in question.text
        done = only(await town.says("!meet 1", room=OTHER))
        assert "Alle hier sehen, wann darin etwas belegt ist, sonst nichts" in done.text
        assert "sehen seine Termine" not in done.text

    async def test_where_new_events_will_go_is_said_if_it_changes(self, town: Office) -> None:
        calendars = town.world.in_force.file.calendars
        room = replace(town.world.in_force.file.rooms[ROOM], write_to=None)
        town.change(
            calendars={**calendars, CALENDAR: replace(calendars[CALENDAR], access=Access.READ_ONLY)},
            rooms={**town.world.in_force.file.rooms, ROOM: room},
        )
        question = only(await town.says("!meet verbinde press", room=ROOM))
        assert "Neue Termine dieses Raums kommen dann in diesen Kalender" in question.text
        done = only(await town.says("!meet 1", room=ROOM))
        assert "Neue Termine dieses Raums kommen jetzt in diesen Kalender" in done.text

    async def test_another_meaning_meanwhile_is_asked_anew(self, town: Office) -> None:
        calendars = town.world.in_force.file.calendars
        town.change(calendars={**calendars, PRESS: replace(calendars[PRESS], show=Show.BUSY)})
        await town.says("!meet map press", room=OTHER)
        town.change(calendars=calendars)
        assert only(await town.says("!meet 1", room=OTHER)).kind is ASKED
        assert OTHER not in town.world.settings.rooms

    async def test_more_people_meanwhile_are_asked_about_anew(self, town: Office) -> None:
        await town.says("!meet map press", room=OTHER)
        dora = UserId("@dora:example.org")
        town.chat.enter(OTHER, dora)
        await town.handlers.on_state(StateChange(OTHER, "m.room.member", dora, dora, {"membership": "join"}))
        again = only(await town.says("!meet 1", room=OTHER))
        assert again.kind is ASKED
        assert "5 Personen" in again.text
        assert OTHER not in town.world.settings.rooms
        await town.says("!meet 1", room=OTHER)
        assert town.world.settings.rooms[OTHER].calendars == (PRESS,)

    async def test_the_right_is_asked_again_with_the_answer(self, town: Office) -> None:
        await town.says("!meet map press", room=OTHER)
        calendars = town.world.in_force.file.calendars
        town.change(calendars={**calendars, PRESS: replace(calendars[PRESS], map=MapRights())})
        refused = only(await town.says("!meet 1", room=OTHER))
        assert refused.data["code"] == "forbidden"
        assert OTHER not in town.world.settings.rooms

    async def test_it_survives_a_restart_and_another_configuration(self, town: Office) -> None:
        await connect(town)
        configured(town)
        await town.resume()
        assert town.world.settings.rooms[OTHER].calendars == (PRESS,)
        assert town.world.settings.rooms[ROOM].calendars == (CALENDAR,)

    async def test_beside_what_the_file_connects(self, town: Office) -> None:
        await connect(town, room=ROOM)
        room = town.world.settings.rooms[ROOM]
        assert (room.calendars, room.write_to) == ((CALENDAR, PRESS), CALENDAR)

    async def test_again_changes_nothing(self, town: Office) -> None:
        await connect(town)
        again = only(await town.says("!meet map PRESS", room=OTHER))
        assert "schon mit diesem Raum verbunden" in again.text

    async def test_who_wanted_to_be_forgotten_is_named_by_nothing(self, town: Office) -> None:
        """Not by what stands for them in the record either: the room knows who it was."""
        await connect(town)
        await town.says("vergiss mich", room=HOME)
        await town.says("1", room=HOME)
        told = only(await town.says("!meet kalender", by=BEN, room=OTHER))
        assert "verbunden am Di., 24.11.2026" in told.text
        assert "forgotten" not in told.text
        assert [one["source"] for one in told.data["calendars"]] == ["chat"]

    async def test_read_only_keeps_everybody_there_from_writing(self, town: Office) -> None:
        await town.says("!meet verbinde press nur-lesen", room=OTHER)
        done = only(await town.says("!meet 1", room=OTHER))
        assert "Von hier aus wird nichts darin geändert" in done.text
        assert town.world.settings.rooms[OTHER].write_to is None
        await town.pass_time(timedelta(minutes=2))
        assert only(await town.says("!meet neu Runde morgen 14 Uhr", room=OTHER)).data["code"] == "read_only"
        named = only(await town.says("!meet neu Runde morgen 14 Uhr kal:press", room=OTHER))
        assert named.data["code"] == "read_only"
        await town.says("!meet liste", room=OTHER)
        for command in ("absagen 1", "verschiebe 1 15 Uhr", "ändere 1 ort:Rathaus", "ja 1"):
            assert only(await town.says(f"!meet {command}", room=OTHER)).data["code"] == "read_only"
        status = only(await town.says("!meet zustand", room=OTHER))
        assert [one["writable"] for one in status.data["calendars"]] == [False]
        assert len(town.calendar.objects(PRESS)) == 1

    async def test_read_only_is_turned_on_and_off_without_a_question(self, town: Office) -> None:
        await connect(town)
        assert only(await town.says("!meet map press read-only", room=OTHER)).data["writable"] is False
        assert only(await town.says("!meet map press", room=OTHER)).data["writable"] is True
        assert only(await town.says("!meet map press read-only", by=BEN, room=OTHER)).data["code"] == "forbidden"

    async def test_the_room_hears_it_in_its_own_language_as_well(self, town: Office) -> None:
        await town.says("!meet lang en", room=OTHER)
        await town.says("!meet map press", room=OTHER)
        said = await town.says("!meet 1", room=OTHER)
        assert [one.text.splitlines()[0] for one in said] == [
            "Anna hat den Kalender press mit diesem Raum verbunden.",
            "Anna connected the calendar press to this room.",
        ]

    async def test_in_a_thread_the_room_hears_it_outside(self, town: Office) -> None:
        thread: dict[str, Any] = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}
        await town.says("!meet map press", room=OTHER, **thread)
        said = await town.says("!meet 1", room=OTHER, **thread)
        assert [one.text for one in said] == [said[0].text] * 2
        assert [one.thread for one in town.chat.posted[-2:]] == [None, EventId("$root")]


class TestRights:
    @pytest.mark.parametrize("room", [ROOM, OTHER, PLAIN, OPEN, HOME])
    @pytest.mark.parametrize("who", [ANNA, BEN, CARLA, ADMIN])
    @pytest.mark.parametrize("calendar", [PRESS, BOARD, MAYOR])
    async def test_who_may_connect_what_where(
        self, town: Office, calendar: CalendarName, who: UserId, room: RoomId
    ) -> None:
        if room == HOME:
            town.chat.add_room(HOME, who)
        said = only(await town.says(f"!meet map {calendar}", by=who, room=room))
        named = {PRESS: who == ANNA, BOARD: who == BEN and room in (OTHER, PLAIN), MAYOR: False}[calendar]
        if room == HOME:
            assert said.data["code"] == "not_understood"
        elif not (named or who == ADMIN):
            assert said.data["code"] in ("forbidden", "not_found")
        elif room == OPEN:
            assert said.data["code"] == "forbidden"
            assert "öffentlich" in said.text
        else:
            assert said.kind is ASKED
        assert [one.calendar for one in await town.world.stores.mappings.all()] == []

    async def test_people_of_other_servers_are_not_even_answered_yes(self, town: Office) -> None:
        town.chat.enter(OTHER, STRANGER)
        calendars = town.world.in_force.file.calendars
        rights = MapRights(users=frozenset({STRANGER}))
        town.change(calendars={**calendars, PRESS: replace(calendars[PRESS], map=rights)})
        said = await town.says("!meet map press", by=STRANGER, room=OTHER)
        assert [one.data.get("code") for one in said] in ([], ["forbidden"])
        assert OTHER not in town.world.settings.rooms

    @pytest.mark.parametrize("calendar", ["mayor", "mayors", "no-such-calendar"])
    async def test_what_one_may_not_connect_sounds_like_what_is_not_there(self, town: Office, calendar: str) -> None:
        anna = only(await town.says(f"!meet map {calendar}", room=OTHER))
        assert anna.text.replace(calendar, "X").startswith("„X“ ist keiner der Kalender")
        assert "press" in anna.text
        assert anna.data["code"] == "not_found"
        carla = only(await town.says(f"!meet map {calendar}", by=CARLA, room=OTHER))
        assert carla.text.startswith("Sie können hier keinen Kalender verbinden.")
        assert "mayor" not in carla.text

    async def test_a_mistyped_name_gets_the_nearest_that_may_be_connected(self, town: Office) -> None:
        assert "`" not in only(await town.says("!meet map pres", room=OTHER)).text
        assert "!meet verbinde press?" in only(await town.says("!meet map pres", room=OTHER)).text
        admin = only(await town.says("!meet map major", by=ADMIN, room=OTHER))
        assert "!meet verbinde mayor?" in admin.text

    async def test_whoever_is_named_hears_which_level_is_missing(self, town: Office) -> None:
        calendars = town.world.in_force.file.calendars
        rights = MapRights(users=frozenset({CARLA}), power_level=50)
        town.change(calendars={**calendars, PRESS: replace(calendars[PRESS], map=rights)})
        refused = only(await town.says("!meet map press", by=CARLA, room=OTHER))
        assert refused.data["code"] == "forbidden"
        assert "Moderation" in refused.text


class TestEncryption:
    async def test_what_is_shown_encrypted_is_not_shown_in_clear(self, town: Office) -> None:
        await connect(town)
        refused = only(await town.says("!meet map press", room=PLAIN))
        assert refused.data["code"] == "not_encrypted"
        assert "auch mit einem verschlüsselten Raum verbunden" in refused.text
        assert PLAIN not in town.world.settings.rooms

    async def test_whoever_connects_it_encrypted_is_told_who_loses_it(self, town: Office) -> None:
        await connect(town, room=PLAIN)
        question = only(await town.says("!meet map press", room=OTHER))
        assert "In 1 unverschlüsselten Raum, der diesen Kalender zeigt, sage ich dann nichts mehr." in question.text
        await town.says("!meet 1", room=OTHER)
        refused = only(await town.says("!meet liste", room=PLAIN))
        assert refused.data["code"] == "not_encrypted"
        assert "auch mit einem verschlüsselten Raum verbunden" in refused.text
        # Taking it away is possible there all the same.
        assert only(await town.says("!meet unmap press", room=PLAIN)).data == {"calendar": "press", "mapped": False}

    async def test_encryption_can_be_required(self, town: Office) -> None:
        town.change(privacy=Privacy(require_encryption=True))
        for command in ("map press", "kalender"):
            assert only(await town.says(f"!meet {command}", room=PLAIN)).data["code"] == "not_encrypted"


class TestDisconnecting:
    async def test_reminders_stop_and_nothing_is_kept(self, town: Office) -> None:
        await connect(town)
        await town.pass_time(timedelta(minutes=2))
        assert PRESS in await town.world.stores.calendars.calendars()
        card = only(await town.says("!meet nächster", room=OTHER))
        done = only(await town.says("!meet trenne press", room=OTHER))
        assert done.data == {"calendar": "press", "mapped": False}
        assert "Wieder verbinden: !meet verbinde press" in done.text
        assert OTHER not in town.world.settings.rooms
        assert PRESS not in await town.world.stores.calendars.calendars()
        before = len(town.chat.messages(OTHER))
        await town.until(datetime(2026, 11, 25, 12, tzinfo=BERLIN))
        assert town.chat.messages(OTHER)[before:] == []
        assert card in town.chat.messages(OTHER)
        assert len(town.calendar.objects(PRESS)) == 1

    async def test_while_another_room_shows_it_the_mirror_stays(self, town: Office) -> None:
        await connect(town)
        await connect(town, room=ROOM)
        await town.pass_time(timedelta(minutes=2))
        await town.says("!meet trenne press", room=OTHER)
        assert PRESS in await town.world.stores.calendars.calendars()
        await town.until(datetime(2026, 11, 25, 9, 46, tzinfo=BERLIN))
        told = [room for room in (ROOM, OTHER) for one in town.chat.messages(room) if one.kind is Kind.REMINDER]
        assert told == [ROOM]

    async def test_it_can_be_connected_again(self, town: Office) -> None:
        await connect(town)
        await town.pass_time(timedelta(minutes=2))
        await town.says("!meet unmap press", room=OTHER)
        await connect(town)
        await town.pass_time(timedelta(minutes=2))
        assert "Pressegespräch" in only(await town.says("!meet liste", room=OTHER)).text

    async def test_what_the_file_connects_is_not_changed_from_the_chat(self, town: Office) -> None:
        for command in ("trenne it-team", "verbinde it-team nur-lesen", "verbinde it-team"):
            refused = only(await town.says(f"!meet {command}", by=ADMIN))
            assert refused.data["code"] == "forbidden", command
            assert "durch die Konfiguration" in refused.text
            assert "rooms" in refused.text
        assert town.world.settings.rooms[ROOM].calendars == (CALENDAR,)

    @pytest.mark.parametrize(("who", "may"), [(ANNA, True), (BEN, True), (ADMIN, True), (CARLA, False)])
    async def test_whoever_may_connect_it_or_set_the_room_may(self, town: Office, who: UserId, may: bool) -> None:
        await connect(town)
        said = only(await town.says("!meet unmap press", by=who, room=OTHER))
        assert (said.data.get("code") is None) is may
        assert (OTHER not in town.world.settings.rooms) is may

    async def test_also_while_the_room_is_exposed(self, town: Office) -> None:
        await connect(town)
        town.chat.rooms[OTHER].facts = RoomFacts(join_rule="public")
        town.world.known.forget(OTHER)
        assert only(await town.says("!meet unmap press", room=OTHER)).data["mapped"] is False
        assert only(await town.says("!meet unmap press", room=OTHER)).data["code"] == "not_mapped"

    async def test_what_is_not_connected_here(self, town: Office) -> None:
        refused = only(await town.says("!meet unmap press"))
        assert refused.data["code"] == "not_found"
        assert "it-team" in refused.text
        assert only(await town.says("!meet unmap press", room=HOME)).data["code"] == "not_understood"

    @pytest.mark.parametrize("command", ["unmap press", "map press read-only"])
    async def test_polls_about_it_end_without_an_event(self, town: Office, command: str) -> None:
        await connect(town)
        await town.pass_time(timedelta(minutes=2))
        await town.says('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10 holds', room=OTHER)
        assert len(town.calendar.objects(PRESS)) == 3
        done = only(await town.says(f"!meet {command}", room=OTHER))
        assert "Diese Umfragen enden ohne Termin: Klausur" in done.text
        assert [one.title for one in await town.world.stores.polls.in_room(OTHER, [PollState.ENDED])] == ["Klausur"]
        await town.until(datetime(2026, 12, 3, 12, tzinfo=BERLIN))
        assert len(town.calendar.objects(PRESS)) == 1


class TestCrashes:
    async def test_a_connection_that_was_cut_off_is_finished(self, town: Office) -> None:
        """Saved, but neither in force nor said: a repeat says it, once, without asking again."""
        await town.says("!meet map press", room=OTHER)
        assert await killed_at(town, "mapping.saved", lambda: town.says("!meet 1", room=OTHER))
        await town.pass_time(timedelta(minutes=2))
        told = [one for one in town.chat.messages(OTHER) if one.data.get("mapped") is True]
        assert len(told) == 1
        assert len([one for one in town.chat.messages(OTHER) if one.kind is ASKED]) == 1
        assert town.world.settings.rooms[OTHER].calendars == (PRESS,)

    async def test_so_is_a_disconnection(self, town: Office) -> None:
        await connect(town)
        assert await killed_at(town, "mapping.removed", lambda: town.says("!meet unmap press", room=OTHER))
        told = [one for one in town.chat.messages(OTHER) if one.data.get("mapped") is False]
        assert len(told) == 1
        assert OTHER not in town.world.settings.rooms

    @pytest.mark.parametrize("done", [False, True])
    async def test_at_the_answer_it_is_said_once(
        self, town: Office, monkeypatch: pytest.MonkeyPatch, done: bool
    ) -> None:
        for command in ("!meet map press", "!meet 1", "!meet unmap press"):
            before = len(town.chat.messages(OTHER))
            act = partial(town.says, command, room=OTHER)
            assert await killed_at_effect(town, 1, act, monkeypatch, done=done)
            assert len(town.chat.messages(OTHER)) == before + 1, command
        assert OTHER not in town.world.settings.rooms

    async def test_two_commands_at_once_leave_one_connection(self, town: Office) -> None:
        await town.says("!meet map press", room=OTHER)
        await town.says("!meet map press", by=ADMIN, room=OTHER)
        await asyncio.gather(
            town.says("!meet 1", room=OTHER),
            town.says("!meet 1", by=ADMIN, room=OTHER),
        )
        assert [one.calendar for one in await town.world.stores.mappings.all()] == [PRESS]
        assert town.world.settings.rooms[OTHER].calendars == (PRESS,)


class TestRoomsThatComeAndGo:
    async def test_an_upgrade_takes_it_along(self, town: Office) -> None:
        await connect(town)
        await town.says("!meet set duration 45m", by=BEN, room=OTHER)
        town.chat.add_room(NEW, ANNA, BEN)
        town.chat.rooms[NEW].predecessor = OTHER
        town.chat.rooms[OTHER].successor = NEW
        await town.handlers.on_state(StateChange(OTHER, "m.room.tombstone", "", ANNA, {"replacement_room": NEW}))
        assert OTHER not in town.world.settings.rooms
        room = town.world.settings.rooms[NEW]
        assert (room.calendars, room.duration) == ((PRESS,), timedelta(minutes=45))
        await town.resume()
        assert town.world.settings.rooms[NEW].calendars == (PRESS,)
        assert only(await town.says("!meet unmap press", room=NEW)).data["mapped"] is False

    async def test_thirty_days_without_the_bot_end_it_for_good(self, town: Office) -> None:
        await connect(town)
        town.chat.kick(OTHER)
        await rooms.left(town.world, OTHER)
        await town.is_down_for(timedelta(days=28))
        await town.pass_time(timedelta(days=1))
        assert OTHER in town.world.settings.rooms
        await town.pass_time(timedelta(days=2))
        assert OTHER not in town.world.settings.rooms
        town.chat.enter(OTHER, town.chat.user)
        await rooms.entered(town.world, OTHER)
        assert OTHER not in town.world.settings.rooms
        assert await town.world.stores.mappings.all() == []

    async def test_a_calendar_that_is_not_configured_any_more_is_left_out_and_told_of(self, town: Office) -> None:
        await connect(town)
        calendars = dict(town.world.in_force.file.calendars)
        del calendars[PRESS]
        town.change(calendars=calendars)
        await preferences.put_in_force(town.world)
        assert OTHER not in town.world.settings.rooms
        status = only(await town.says("!meet zustand", room=OTHER))
        assert status.data["notes"] == ["mapping_lost"]
        assert "press" in status.text
        told = only(await town.says("!meet kalender", by=ADMIN, room=OTHER))
        assert told.data["lost"] == ["press"]
        assert only(await town.says("!meet unmap press", by=ADMIN, room=OTHER)).data["mapped"] is False
        assert only(await town.says("!meet zustand", room=OTHER)).data["notes"] == []


class TestTelling:
    async def test_where_each_comes_from_and_what_one_may_connect(self, town: Office) -> None:
        await connect(town, room=ROOM)
        told = only(await town.says("!meet kalender"))
        assert [(one["calendar"], one["source"], one["write_to"]) for one in told.data["calendars"]] == [
            ("it-team", "file", True),
            ("press", "chat", False),
        ]
        assert "verbunden von Anna am Di., 24.11.2026" in told.text
        assert "verbunden durch die Konfiguration" in told.text
        assert told.data["possible"] == []

    @pytest.mark.parametrize(
        ("who", "room", "possible"),
        [
            (ANNA, OTHER, ["press"]),
            (BEN, OTHER, ["board"]),
            (BEN, ROOM, []),
            (CARLA, OTHER, []),
            (ADMIN, OTHER, ["it-team", "press", "board", "mayor"]),
        ],
    )
    async def test_only_what_one_may_connect(
        self, town: Office, who: UserId, room: RoomId, possible: list[str]
    ) -> None:
        told = only(await town.says("!meet calendars", by=who, room=room))
        assert told.data["possible"] == possible
        assert [name for name in ("press", "board", "mayor") if name in told.text] == [
            name for name in ("press", "board", "mayor") if name in possible
        ]

    async def test_nothing_in_a_room_that_is_exposed(self, town: Office) -> None:
        told = only(await town.says("!meet calendars", by=ADMIN, room=OPEN))
        assert told.data["code"] == "forbidden"
        assert "mayor" not in told.text

    async def test_alone_with_the_bot_through_which_rooms(self, town: Office) -> None:
        await connect(town)
        told = only(await town.says("kalender", room=HOME))
        assert [(one["calendar"], one["rooms"]) for one in told.data["calendars"]] == [
            ("it-team", [ROOM]),
            ("press", [OTHER]),
        ]

    @pytest.mark.parametrize(
        ("who", "offered"),
        [(ANNA, {"calendars", "map"}), (CARLA, {"calendars"}), (ADMIN, {"calendars", "map"})],
    )
    async def test_help_offers_what_one_may(self, town: Office, who: UserId, offered: set[str]) -> None:
        help = only(await town.says("!meet hilfe alle", by=who, room=OTHER))
        ids = {one["id"] for one in help.data["commands"]}
        assert ids & {"calendars", "map", "unmap", "set"} == offered
