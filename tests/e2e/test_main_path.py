"""The main job on real servers: a meeting, a poll that becomes an event, a reminder, in an encrypted room."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from demo.events import RoomEvent
from demo.scene import ADDRESSES, Scene

POLL_START = "org.matrix.msc3381.poll.start"


async def open_poll(scene: Scene) -> RoomEvent:
    await scene.anna.say(
        scene.room_id,
        '!meet umfrage "Budgetrunde" morgen 14-15 Uhr; übermorgen 10-11 Uhr; übermorgen 15-16 Uhr ',
        scene.ben,
    )
    return await scene.anna.hears(scene.room_id, lambda event: event.type == POLL_START)


async def test_a_meeting_made_by_chat_lies_on_the_calendar_and_in_the_list(scene: Scene) -> None:
    anna, room = scene.anna, scene.room_id
    await anna.say(room, '!meet neu "Jour fixe" morgen 10-10:30 ', scene.ben)
    card = await anna.hears(room, lambda event: event.kind == "meeting")
    assert card.was_encrypted
    assert card.part["title"] == "Jour fixe"
    assert scene.ben.mxid in card.mentions
    assert anna.mxid not in card.mentions
    (ics,) = (await scene.calendar.objects()).values()
    assert "SUMMARY:Jour fixe" in ics
    assert "ben.y" in ics.lower().replace("\r\n ", "")

    await anna.say(room, "!meet liste")
    agenda = await anna.hears(room, lambda event: event.kind == "agenda")
    assert [item["title"] for item in agenda.part["items"]] == ["Jour fixe"]

    await anna.say(room, "!meet verschiebe 1 16 Uhr")
    change = await anna.hears(room, lambda event: event.kind == "change")
    assert change.part["start"]["localtime"].endswith("T16:00:00")
    assert change.part["end"]["localtime"].endswith("T16:30:00")

    await anna.say(room, "!meet absagen 1 grund:Urlaub")
    await anna.hears(room, lambda event: event.kind == "cancelled")
    assert await scene.calendar.objects() == {}


async def test_a_poll_voted_on_in_two_clients_becomes_the_event(scene: Scene) -> None:
    anna, ben, room = scene.anna, scene.ben, scene.room_id
    poll = await open_poll(scene)
    assert poll.was_encrypted
    await anna.vote(poll, 1, 2)
    await ben.vote(poll, 2)
    await anna.say(room, "!meet schließen")
    result = await anna.hears(room, lambda event: event.kind == "poll_result")
    assert result.part["outcome"] == "booked"
    assert "10:00–11:00" in result.body
    (ics,) = (await scene.calendar.objects()).values()
    assert ics.replace("\r\n ", "").count("PARTSTAT=ACCEPTED") == 2
    attached = await anna.hears(room, lambda event: event.content.get("msgtype") == "m.file")
    assert b"SUMMARY:Budgetrunde" in await anna.download(attached)


async def test_a_poll_made_in_a_client_is_booked_when_its_creator_ends_it(scene: Scene) -> None:
    anna, ben, room = scene.anna, scene.ben, scene.room_id
    poll_id = await ben.poll(room, "Teamessen", "übermorgen 12 Uhr", "übermorgen 13 Uhr")
    await ben.reply(room, poll_id, "!meet termin")
    await ben.hears(room, lambda event: event.kind == "poll")
    poll = await anna.sees(room, poll_id)
    await anna.vote(poll, 2)
    await ben.end_poll(poll)
    result = await ben.hears(room, lambda event: event.kind == "poll_result")
    assert "13:00" in result.body
    assert len(await scene.calendar.objects()) == 1


async def test_a_reminder_arrives_and_mentions_who_attends(scene: Scene) -> None:
    anna, ben, room = scene.anna, scene.ben, scene.room_id
    due = await plan_reminder(scene)
    reminder = await anna.hears(room, lambda event: event.kind == "reminder", timeout=60)
    assert reminder.was_encrypted
    assert reminder.content["msgtype"] == "m.text"
    assert reminder.mentions == {ben.mxid}
    assert "https://meet.example.org/kurz" in reminder.body
    assert reminder.part["lead"] == 60
    assert reminder.part["late"] is False
    assert abs(reminder.at - due) < timedelta(seconds=5)


async def plan_reminder(scene: Scene, *, seconds: int = 12) -> datetime:
    """An event with Ben, written by another program, so close that its reminder rings in a moment; when that is due."""
    due = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).replace(microsecond=0)
    start = due + timedelta(minutes=1)  # the room's lead time
    await scene.calendar.put("kurz", SOON.format(start=start, end=start + timedelta(minutes=15), ben=ADDRESSES["ben"]))
    await scene.admin.say(scene.room_id, "!meet abgleich")
    await scene.admin.hears(scene.room_id, lambda event: event.kind == "ok")
    return due


async def test_what_another_program_writes_is_listed(scene: Scene) -> None:
    await scene.calendar.put("von-aussen", EXTERNAL)
    await scene.anna.say(scene.room_id, "!meet abgleich")
    refused = await scene.anna.hears(scene.room_id, lambda event: event.kind == "error")
    assert refused.part["code"] == "forbidden"  # not for everybody
    await scene.admin.say(scene.room_id, "!meet abgleich")
    await scene.admin.hears(scene.room_id, lambda event: event.kind == "ok")
    await scene.anna.say(scene.room_id, "!meet suche Sommerfest")
    found = await scene.anna.hears(scene.room_id, lambda event: event.kind == "agenda")
    assert [item["title"] for item in found.part["items"]] == ["Sommerfest"]


SOON = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Other//EN\r
BEGIN:VEVENT\r
UID:kurz-1\r
DTSTAMP:20261101T000000Z\r
DTSTART:{start:%Y%m%dT%H%M%SZ}\r
DTEND:{end:%Y%m%dT%H%M%SZ}\r
SUMMARY:Kurzabstimmung\r
URL:https://meet.example.org/kurz\r
ORGANIZER:mailto:termine@stadt.example\r
ATTENDEE;CN=Ben;PARTSTAT=NEEDS-ACTION:mailto:{ben}\r
END:VEVENT\r
END:VCALENDAR\r
"""

EXTERNAL = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Other//EN\r
BEGIN:VEVENT\r
UID:external-1\r
DTSTAMP:20261101T000000Z\r
DTSTART;VALUE=DATE:20270102\r
SUMMARY:Sommerfest\r
END:VEVENT\r
END:VCALENDAR\r
"""
