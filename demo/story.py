"""The main job as two employees do it, step by step. A step that is not seen to happen ends the story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import icalendar

from .events import POLL_END, POLL_START
from .transcript import ZONE

if TYPE_CHECKING:
    from .client import Person
    from .events import RoomEvent
    from .scene import Scene
    from .transcript import Transcript

# Room reminders come this long before the start (see `plugin_settings`), within the tolerance that calbot promises.
REMINDER_LEAD = timedelta(minutes=1)
REMINDER_TOLERANCE = timedelta(seconds=5)


class StepFailed(RuntimeError):
    """Something that should have happened was not seen to; one line."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise StepFailed(what)


@dataclass(frozen=True, slots=True)
class Story:
    scene: Scene
    transcript: Transcript

    async def play(self) -> None:
        await self.transcript.begin()
        meeting = await self.make_a_meeting()
        await self.list_meetings()
        poll = await self.ask_for_a_date()
        await self.vote_and_close(poll)
        await self.move_in_another_program(meeting)
        await self.be_reminded()

    async def make_a_meeting(self) -> RoomEvent:
        anna, ben = self.scene.anna, self.scene.ben
        self.transcript.heading("1  Anna legt einen Termin an und lädt Ben ein")
        tomorrow = datetime.now(ZONE).date() + timedelta(days=1)
        await self._say(anna, '!meet neu "Jour fixe" morgen 10-10:30', ben)
        card = await self._answer(anna, "meeting")
        await self.transcript.show_new()
        expect(card.part["title"] == "Jour fixe", f"the card is about Jour fixe, not {card.part['title']!r}")
        expect(card.part["start"]["localtime"] == f"{tomorrow}T10:00:00", "the meeting starts tomorrow at 10:00")
        expect(card.part["end"]["localtime"] == f"{tomorrow}T10:30:00", "the meeting ends tomorrow at 10:30")
        expect(card.was_encrypted, "the card was encrypted")
        expect(ben.mxid in card.mentions, "the card mentions Ben, who is invited")
        expect((await ben.sees(self.scene.room_id, card.event_id)).readable, "Ben can read the card")
        return card

    async def list_meetings(self) -> None:
        self.transcript.heading("2  Ben fragt, was ansteht")
        await self._say(self.scene.ben, "!meet liste")
        agenda = await self._answer(self.scene.ben, "agenda")
        await self.transcript.show_new()
        titles = [item["title"] for item in agenda.part["items"]]
        expect("Jour fixe" in titles, f"the list names Jour fixe; it has {titles}")

    async def ask_for_a_date(self) -> RoomEvent:
        anna, ben = self.scene.anna, self.scene.ben
        self.transcript.heading("3  Anna lässt über drei Termine abstimmen")
        tuesday = datetime.now(ZONE).date() + timedelta(days=7)
        tuesday += timedelta(days=(1 - tuesday.weekday()) % 7)
        days = [tuesday, tuesday + timedelta(days=1), tuesday + timedelta(days=3)]
        hours = ["14-15 Uhr", "10-11 Uhr", "9:30-10:30 Uhr"]
        options = "; ".join(f"{day.day}.{day.month}. {time}" for day, time in zip(days, hours, strict=True))
        asked = await self._say(anna, f'!meet umfrage "Budgetrunde" {options}', ben)
        poll = await ben.hears(self.scene.room_id, lambda event: event.type == POLL_START, after=asked)
        invitation = await self._answer(anna, "poll")
        await self.transcript.show_new()
        expect(poll.was_encrypted, "the poll was encrypted")
        expect(ben.mxid in invitation.mentions, "the text beside the poll mentions Ben")
        return poll

    async def vote_and_close(self, poll: RoomEvent) -> None:
        anna, ben, room = self.scene.anna, self.scene.ben, self.scene.room_id
        self.transcript.heading("4  Beide stimmen ab, Anna schließt die Umfrage")
        await ben.vote(poll, 2, 3)
        await anna.vote(await anna.sees(room, poll.event_id), 2)
        await self._say(anna, "!meet schließen")
        end = await anna.hears(room, lambda event: event.type == POLL_END)
        result = await self._answer(anna, "poll_result")
        await self._answer(anna, "meeting")
        attached = await anna.hears(room, lambda event: event.content.get("msgtype") == "m.file")
        # The text beside the poll is edited some seconds later, as edits are sent sparingly.
        await anna.hears(room, lambda event: event.kind == "poll" and event.part.get("state") == "booked")
        await self.transcript.show_new()
        expect(end.relation.get("event_id") == poll.event_id, "the poll that ended is the one that was voted on")
        expect(result.was_encrypted, "the result was encrypted")
        expect(b"SUMMARY:Budgetrunde" in await anna.download(attached), "the attached file is the event, readable")
        await self.look_at_the_calendar(result)

    async def look_at_the_calendar(self, result: RoomEvent) -> None:
        self.transcript.heading("5  Der Termin liegt im Kalender (GET, so wie ihn jedes Kalenderprogramm sieht)")
        name, text = await self._on_calendar(result.part["uid"])
        self.transcript.note(f"{self.scene.calendar.url}{name}")
        self.transcript.quote(text)
        (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
        starts = event.decoded("DTSTART").astimezone(timezone.utc)
        expect(event["SUMMARY"] == "Budgetrunde", "the event is called Budgetrunde")
        expect(starts.strftime("%Y-%m-%dT%H:%M:%SZ") == result.part["start"]["utc"], "event and result start together")
        attendees = event.get("ATTENDEE", [])
        accepted = [attendee for attendee in attendees if attendee.params.get("PARTSTAT") == "ACCEPTED"]
        expect(len(accepted) == 2, "both voters are attendees who accepted")

    async def move_in_another_program(self, meeting: RoomEvent) -> None:
        ben, room = self.scene.ben, self.scene.room_id
        self.transcript.heading("6  Jemand verschiebt den Jour fixe in einem Kalenderprogramm um eine Stunde")
        name, text = await self._on_calendar(meeting.part["uid"])
        calendar = icalendar.Calendar.from_ical(text)
        (event,) = calendar.events
        event.start, event.end = (moment + timedelta(hours=1) for moment in (event.start, event.end))
        event["SEQUENCE"] = int(event.get("SEQUENCE", 0)) + 1
        await self.scene.calendar.put(name, calendar.to_ical().decode())
        change = await ben.hears(room, lambda event: event.kind == "change", timeout=60)
        await self.transcript.show_new()
        expect(change.part["uid"] == meeting.part["uid"], "what changed is the Jour fixe")
        expect(change.part["old"]["start"] == meeting.part["start"], "the notice says when it would have been")
        expect(change.part["start"]["localtime"].endswith("T11:00:00"), "the notice says when it is now")
        expect(change.was_encrypted, "the notice was encrypted")

    async def be_reminded(self) -> None:
        anna, ben = self.scene.anna, self.scene.ben
        self.transcript.heading("7  Ein Termin in drei Minuten, und die Erinnerung eine Minute vorher")
        await self._say(anna, '!meet neu "Kurzabstimmung" in 3 min', ben)
        card = await self._answer(anna, "meeting")
        await self.transcript.show_new()
        starts = datetime.fromisoformat(card.part["start"]["utc"].replace("Z", "+00:00"))
        due = starts - REMINDER_LEAD
        wait = max((due - datetime.now(timezone.utc)).total_seconds(), 0) + 30
        reminder = await ben.hears(
            self.scene.room_id,
            lambda event: event.kind == "reminder" and event.part["uid"] == card.part["uid"],
            timeout=wait,
            after=card.event_id,
        )
        await self.transcript.show_new()
        late = reminder.at - due
        self.transcript.note(f"Abweichung vom Soll: {late.total_seconds():+.1f} s")
        expect(reminder.content.get("msgtype") == "m.text", "the reminder is a text, which notifies")
        expect({anna.mxid, ben.mxid} <= reminder.mentions, "the reminder mentions both attendees")
        expect(abs(late) <= REMINDER_TOLERANCE, f"the reminder came {late.total_seconds():+.1f} s from when it was due")

    async def _say(self, who: Person, *parts: str | Person) -> str:
        return await who.say(self.scene.room_id, *parts)

    async def _answer(self, who: Person, kind: str) -> RoomEvent:
        """The bot's answer to what this person said last; an error in its place ends the story with its text."""
        answer = await who.hears(
            self.scene.room_id,
            lambda event: event.sender == self.scene.bot.mxid and event.kind in {kind, "error", "question"},
            timeout=30,
        )
        if answer.kind != kind:
            await self.transcript.show_new()
            raise StepFailed(f"{who.display_name} was answered with {answer.kind} instead of {kind}: {answer.body}")
        return answer

    async def _on_calendar(self, uid: str) -> tuple[str, str]:
        for name, text in (await self.scene.calendar.objects()).items():
            if f"UID:{uid}" in text.replace("\r\n ", ""):
                return name, text
        raise StepFailed(f"no object with UID {uid} on the calendar server")
