"""Kills between the closing of a poll and the last message about it: one event, one result, no hold left.

Polls are closed in all rooms at once, in the ways there are. Then the bot kills itself at a step that has a name, or is
killed at a random instant, and is started again. What came of it is read from the rooms and from the calendar server.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from random import Random

import icalendar

from calbot.services.closing import STEPS
from demo.caldav_servers import Calendar
from demo.client import NotHeard
from demo.events import POLL_END, POLL_START, RoomEvent, poll_question
from demo.scene import Scene

from .arena import PATIENCE, Arena, new

_CLOSING_TAKES = 1.5  # seconds in which a random kill comes
_AT_ONCE = 3  # polls that close at the same time when it comes
_OPTIONS = 3


@dataclass(frozen=True, slots=True)
class Report:
    polls: int
    kills: Counter[str]  # by the step
    wrong: list[str]
    seconds: float

    @property
    def good(self) -> bool:
        return not self.wrong

    def __str__(self) -> str:
        at = ", ".join(f"{step} {times}" for step, times in sorted(self.kills.items()))
        polls = f"polls: {self.polls} closed amid {sum(self.kills.values())} kills ({at})"
        said = f"{polls}, {len(self.wrong)} wrong, {self.seconds:.0f} s"
        return said + "".join(f"\n  {one}" for one in self.wrong)


async def run(
    arena: Arena,
    polls: int,
    random: Random,
    *,
    steps: Sequence[str | None] = (*STEPS, None),
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """So many polls, killed at each of the steps in turn; None is any instant, while several are closing."""
    began = time.monotonic()
    opened: list[tuple[Scene, RoomEvent]] = []
    kills: Counter[str] = Counter()
    scenes = cycle(arena.scenes)
    for step in cycle(steps):
        left = min(1 if step else _AT_ONCE, polls - len(opened))
        if not left:
            break
        batch = [
            (scene, await _open(scene, f"Runde {len(opened) + place:05}"))
            for place, scene in enumerate(islice(scenes, left))
        ]
        opened += batch
        await _close_and_kill(arena, batch, step, random)
        kills[step or "any instant"] += 1
        await arena.start()
        await _until_all_said(arena, batch)
        progress(f"{len(opened)} of {polls} polls")
    await arena.settle()
    return Report(len(opened), kills, await _wrong(arena, opened), time.monotonic() - began)


async def _open(scene: Scene, title: str) -> RoomEvent:
    """A poll that Anna and Ben voted on, whose dates are held."""
    anna, ben, room = scene.anna, scene.ben, scene.room_id
    options = "morgen 14-15 Uhr; übermorgen 10-11 Uhr; übermorgen 15-16 Uhr"
    await anna.say(room, f'!meet umfrage "{title}" {options} holds', ben)
    poll = await anna.hears(
        room, lambda event: event.type == POLL_START and poll_question(event) == title, timeout=PATIENCE
    )
    await ben.vote(await ben.sees(room, poll.event_id), 2, 3)
    # Answered when the command before it is done, so that all is there by then.
    await anna.say(room, "!meet stimme 2")
    await anna.hears(room, lambda event: event.kind in {"ok", "error"}, timeout=PATIENCE)
    held = _held(title, await _on(scene.calendar))
    if held != _OPTIONS:
        raise AssertionError(f"{held} of {_OPTIONS} dates of {title} are held")
    return poll


async def _close_and_kill(
    arena: Arena, batch: Sequence[tuple[Scene, RoomEvent]], step: str | None, random: Random
) -> None:
    if step is None:
        await _close(batch)
        await asyncio.sleep(random.uniform(0, _CLOSING_TAKES))
        await arena.kill()
    else:
        await arena.kill()
        await _close(batch)
        await arena.start(fatal=step)
        await asyncio.wait_for(arena.stack.maubot.ended(), PATIENCE)


async def _close(batch: Sequence[tuple[Scene, RoomEvent]]) -> None:
    """By command, and by an end event of somebody who may."""
    for place, (scene, poll) in enumerate(batch):
        if place % 2 == 0:
            await scene.anna.say(scene.room_id, "!meet schließen")
        else:
            await scene.admin.end_poll(await scene.admin.sees(scene.room_id, poll.event_id))


async def _until_all_said(arena: Arena, batch: Sequence[tuple[Scene, RoomEvent]]) -> None:
    """Or until it is clear that something will not be: the count at the end names it."""
    deadline = time.monotonic() + PATIENCE
    with suppress(NotHeard):
        for scene, poll in batch:
            for wanted in ("poll_result", "meeting", "file"):
                left = deadline - time.monotonic()
                await scene.anna.hears(scene.room_id, partial(_is, wanted), after=poll.event_id, timeout=left)


def _is(wanted: str, event: RoomEvent) -> bool:
    return _what(event) == wanted


def _what(event: RoomEvent) -> str:
    if event.content.get("msgtype") == "m.file":
        return "file"
    return POLL_END if event.type == POLL_END else event.kind


async def _wrong(arena: Arena, opened: Sequence[tuple[Scene, RoomEvent]]) -> list[str]:
    wrong: list[str] = []
    posted = await arena.posted()
    on_calendar = {calendar: await _on(calendar) for calendar in arena.calendars}
    for scene, poll in opened:
        title = poll_question(poll)
        said = posted[scene.room_id]
        results = [event for event in new(said, "poll_result") if event.part["poll"] == poll.event_id]
        uids = {event.part.get("uid") for event in results}
        found = {
            "results": len(results),
            "bookings": sum(event.part["outcome"] == "booked" for event in results),
            "cards": sum(event.part["uid"] in uids for event in new(said, "meeting")),
            "files": sum(_what(event) == "file" and event.body == _file_name(title) for event in said),
            "events": on_calendar[scene.calendar].count((title, "CONFIRMED")),
            "holds": _held(title, on_calendar[scene.calendar]),
        }
        expected = {"results": 1, "bookings": 1, "cards": 1, "files": 1, "events": 1, "holds": 0}
        if found != expected:
            wrong.append(f"{title} in {scene.room_id}: {found}")
    wrong += [f"unreadable in {room}" for room, said in posted.items() for event in said if not event.readable]
    return wrong


def _file_name(title: str) -> str:
    return f"{title.lower().replace(' ', '-')}.ics"


def _held(title: str, on_calendar: Sequence[tuple[str, str]]) -> int:
    return sum(title in summary and status == "TENTATIVE" for summary, status in on_calendar)


async def _on(calendar: Calendar) -> list[tuple[str, str]]:
    """Title and status of everything on a calendar."""
    events = [icalendar.Calendar.from_ical(ics).walk("VEVENT")[0] for ics in (await calendar.objects()).values()]
    return [(str(event["SUMMARY"]), str(event.get("STATUS", "CONFIRMED"))) for event in events]
