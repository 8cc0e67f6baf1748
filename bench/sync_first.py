"""The first sync of a large calendar, a fifth of it series: time against a bare transfer by the same HTTP client, and
for how long the event loop stands still.

The floor lists the calendar and fetches all of it in the same lots, and does nothing with it. The server is a real
Radicale; the stalls include the collector of garbage and SQLite.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp

from calbot.core.model import RoomId
from calbot.core.settings import Room, Settings
from calbot.dav import xml
from calbot.services import sync

from .calendars import NAME, bot, fill, radicale, report, settings_for, url_on, watched

EVENTS = 10_000  # or as many as the command line says; to get these ready takes Radicale half a minute
LOT = 100
ROOM = RoomId("!room:example.org")
BOUND = 2.0
LONGEST_STALL = 0.05


async def main(events: int = EVENTS) -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        directory = Path(name)
        fill(directory, events)
        server = radicale(directory)
        async with server:
            url = url_on(server)
            await transfer(url, events)  # the server has all of it at hand from now on
            begin = time.perf_counter()
            await transfer(url, events)
            floor = time.perf_counter() - begin
            async with bot(seen_in_a_room(settings_for(url)), directory) as world, watched() as stalls:
                begin = time.perf_counter()
                await sync.pull(world, NAME)
                seconds = time.perf_counter() - begin
                known = len(await world.stores.calendars.etags(NAME))
                until = world.clock() + timedelta(days=180)
                ahead = await world.stores.calendars.occurrences([NAME], world.clock(), until)
                reminders = await world.stores.reminders.waiting(ROOM)
    if known != events:
        raise SystemExit(f"the first sync brought {known} of {events} events")
    print(
        f"The first sync of {events:,} events, {events // 5:,} of them series: {len(ahead):,} occurrences ahead, "
        f"{len(reminders):,} reminders"
    )
    print(f"  bare transfer {floor:6.2f} s")
    print(f"  first sync    {seconds:6.2f} s   {seconds / floor:5.2f} x floor")
    print(f"  the event loop stood still for {stalls.longest * 1000:.0f} ms at most")
    good = seconds <= BOUND * floor and stalls.longest <= LONGEST_STALL
    print(f"  {'ok' if good else 'TOO MUCH'}: at most {BOUND} x floor, and {LONGEST_STALL * 1000:.0f} ms")
    return 0 if good else 1


def seen_in_a_room(settings: Settings) -> Settings:
    """With reminders, which a first sync plans as well."""
    defaults = settings.defaults
    room = Room(
        id=ROOM,
        calendars=(NAME,),
        write_to=NAME,
        language=defaults.language,
        timezone=defaults.timezone,
        duration=defaults.duration,
        reminders=defaults.reminders,
        alarms=defaults.alarms,
        mention=defaults.mention,
    )
    return replace(settings, rooms={ROOM: room})


async def transfer(url: str, events: int) -> None:
    timeout = aiohttp.ClientTimeout(total=900)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        listed = await report(http, url, xml.sync_collection(""))
        hrefs = [href for href in re.findall(r"<(?:\w+:)?href>([^<]+)<", listed.decode()) if href.endswith(".ics")]
        if len(hrefs) != events:
            raise SystemExit(f"the server lists {len(hrefs)} of {events} events")
        for at in range(0, len(hrefs), LOT):
            await report(http, url, xml.calendar_multiget(hrefs[at : at + LOT]))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*(int(argument) for argument in sys.argv[1:]))))
