"""Kills while dozens of reminders are due: each has to be in its room once.

In each burst another program writes meetings whose reminders ring within seconds of each other, in all rooms. From then
on the bot is killed at random instants, and at the steps of sending that have names, and started again. What there
should be is read from the calendar server, what there is from the rooms.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from random import Random

import icalendar

from demo.client import NotHeard
from demo.events import RoomEvent

from .arena import PATIENCE, Arena, new

LEAD = timedelta(minutes=1)  # of all rooms, see `demo.scene`
MEETINGS = 20  # of one burst, in each of the rooms
_SPREAD = 8  # seconds in which they are due
_MARGIN = 3.0  # seconds between what is known to be planned and what is first due
_AFTER_START = 2.0  # seconds after a start in which the next kill comes
_DOWN = 0.5  # seconds the bot stays away at most
_STEPS = ("reminder.tried", "reminder.posted", "reminder.sent")
_ANY = "any instant"


@dataclass(frozen=True, slots=True)
class Report:
    kills: Counter[str]  # by the step
    mid_burst: int  # kills after which reminders that had been due before, or were about to be, still came
    reminders: int
    lost: list[str]
    doubled: list[str]
    unreadable: int
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.unreadable)

    def __str__(self) -> str:
        at = ", ".join(f"{step} {times}" for step, times in sorted(self.kills.items()))
        said = (
            f"reminders: {sum(self.kills.values())} kills ({at}; {self.mid_burst} of them amid a burst), "
            f"{self.reminders} reminders, "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {self.unreadable} unreadable, {self.seconds:.0f} s"
        )
        wrong = [f"\n  lost {one}" for one in self.lost] + [f"\n  doubled {one}" for one in self.doubled]
        return said + "".join(wrong)


@dataclass(slots=True)
class _Burst:
    uids: list[str]
    kills: list[tuple[str, datetime]] = field(default_factory=list)

    def killed(self, step: str) -> None:
        self.kills.append((step, datetime.now(timezone.utc)))


async def run(
    arena: Arena, kills: int, random: Random, *, each: int = 5, progress: Callable[[str], None] = lambda _: None
) -> Report:
    """So many kills, `each` of them in one burst."""
    began = time.monotonic()
    bursts: list[_Burst] = []
    in_advance = _MARGIN
    while (done := sum(len(burst.kills) for burst in bursts)) < kills:
        burst, took = await _prepare(arena, len(bursts), in_advance)
        in_advance = _MARGIN + 2 * took
        bursts.append(burst)
        await _kill_at_random(arena, burst, random, min(each, kills - done))
        await _until_all_came(arena, burst)
        progress(f"{done + len(burst.kills)} of {kills} kills amid reminders")
    await arena.settle()
    return await _report(arena, bursts, time.monotonic() - began)


async def _prepare(arena: Arena, number: int, in_advance: float) -> tuple[_Burst, float]:
    """Meetings that the bot knows of before their reminders are due, and how long that took."""
    while True:
        began = time.monotonic()
        first_due = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=in_advance + 1)
        uids = [f"burst-{number}-{first_due:%H%M%S}-{place}" for place in range(MEETINGS)]
        for place, uid in enumerate(uids):
            starts = first_due + LEAD + timedelta(seconds=place % _SPREAD)
            for calendar in arena.calendars:
                await calendar.put(f"{uid}.ics", _MEETING.format(uid=uid, start=starts))
        await arena.take_over_calendars()
        took = time.monotonic() - began
        if datetime.now(timezone.utc) < first_due:
            await asyncio.sleep((first_due - datetime.now(timezone.utc)).total_seconds())
            return _Burst(uids), took
        # Too slow: what is due before it is known is not sent, and that is right. Another try with more time.
        for uid in uids:
            for calendar in arena.calendars:
                await calendar.delete(f"{uid}.ics")
        await arena.take_over_calendars()
        in_advance *= 2


async def _kill_at_random(arena: Arena, burst: _Burst, random: Random, kills: int) -> None:
    within = float(_SPREAD)
    while len(burst.kills) < kills:
        await asyncio.sleep(random.uniform(0, within))
        await arena.kill()
        burst.killed(_ANY)
        await asyncio.sleep(random.uniform(0, _DOWN))
        step = random.choice(_STEPS)
        if len(burst.kills) < kills and await arena.dies_at(step, within=_AFTER_START):
            burst.killed(step)
        await arena.start()
        within = _AFTER_START


async def _until_all_came(arena: Arena, burst: _Burst) -> None:
    """Or until it is clear that some will not: the count at the end names them."""
    deadline = time.monotonic() + PATIENCE
    with suppress(NotHeard):
        for room in arena.rooms:
            for uid in burst.uids:
                await arena.anna.hears(room, partial(_is_about, uid), timeout=deadline - time.monotonic())


async def _report(arena: Arena, bursts: list[_Burst], seconds: float) -> Report:
    written = {uid for burst in bursts for uid in burst.uids}
    on_calendar = {one: {_uid(ics) for ics in (await one.objects()).values()} for one in arena.calendars}
    posted = await arena.posted()
    reminded = 0
    lost: list[str] = []
    doubled: list[str] = []
    came: dict[str, list[datetime]] = {}
    for scene in arena.scenes:
        room, expected = scene.room_id, on_calendar[scene.calendar] & written
        reminded += len(expected)
        reminders = list(new(posted[room], "reminder"))
        times = Counter(_uids(reminders))
        lost += [f"{uid} in {room}" for uid in sorted(expected - times.keys())]
        doubled += [f"{uid} in {room}, {times[uid]} times" for uid in sorted(expected) if times[uid] > 1]
        for event in reminders:
            for uid in _uids([event]):
                came.setdefault(uid, []).append(event.at)
    return Report(
        kills=Counter(step for burst in bursts for step, _ in burst.kills),
        mid_burst=sum(
            any(at > kill for uid in burst.uids for at in came.get(uid, ()))
            for burst in bursts
            for _, kill in burst.kills
        ),
        reminders=reminded,
        lost=lost,
        doubled=doubled,
        unreadable=sum(not event.readable for events in posted.values() for event in events),
        seconds=seconds,
    )


def _is_about(uid: str, event: RoomEvent) -> bool:
    return uid in _uids([event])


def _uids(events: Iterable[RoomEvent]) -> list[str]:
    """What reminders are about; several that were held up come in one message."""
    parts = [event.part for event in events if event.kind == "reminder"]
    return [item["uid"] for part in parts for item in part.get("items", [part])]


def _uid(ics: str) -> str:
    (event,) = icalendar.Calendar.from_ical(ics).walk("VEVENT")
    return str(event["UID"])


_MEETING = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Other//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261101T000000Z\r
DTSTART:{start:%Y%m%dT%H%M%SZ}\r
DURATION:PT30M\r
SUMMARY:{uid}\r
END:VEVENT\r
END:VCALENDAR\r
"""
