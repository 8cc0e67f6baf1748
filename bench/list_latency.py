"""How long `!meet liste` takes in an encrypted room, from typing it to seeing the answer.

The floor is what any answer costs here: an echo plugin's, in the same maubot server and the same minute, asked in turn.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from demo.events import MESSAGE
from demo.scene import Scene, prepare_scene
from demo.stack import ROOT, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.events import RoomEvent

ROUNDS = 50
EVENTS = 20
# The first commands of a pair of devices pay for the exchange of keys.
WARM_UP = 3
_SYNC_DEADLINE = 90.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds, one for each command."""

    name: str
    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]

    def __str__(self) -> str:
        return f"{self.name:<14} median {self.median * 1000:4.0f} ms   p95 {self.p95 * 1000:4.0f} ms"


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as directory:
        async with Stack(Path(directory)) as stack:
            calbot = await prepare_scene(stack, suffix="-calbot", people=("anna", "ben"))
            echo = await prepare_scene(stack, suffix="-echo", people=("anna", "ben"), bot_syncs_itself=True)
            await fill(calbot)
            await calbot.bot.run(await stack.install(ROOT), calbot.settings)
            await calbot.bot_joins()
            await echo.bot.run(await stack.install(ROOT / "bench" / "echo"), {})
            await stack.homeserver.join(echo.bot.login, echo.room_id)
            await until_listed(calbot)
            floor, listing = await measure(echo, calbot)
    print(f"A command in an encrypted room, {ROUNDS} of each in turn; the list has {EVENTS} events")
    print(f"  {floor}")
    print(f"  {listing}")
    print(f"  ratio          median {listing.median / floor.median:4.2f}      p95 {listing.p95 / floor.p95:4.2f}")
    return 0


async def fill(scene: Scene) -> None:
    """Events within the seven days that `liste` covers."""
    first = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) + timedelta(hours=12)
    for number in range(EVENTS):
        start = first + timedelta(hours=6 * number)
        lines = [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calbot//bench//EN", "BEGIN:VEVENT"),
            *(f"UID:bench-{number}", f"DTSTAMP:{first:%Y%m%dT%H%M%SZ}", f"SUMMARY:Besprechung {number}"),
            *(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", "LOCATION:Raum 4.12", "END:VEVENT", "END:VCALENDAR"),
        ]
        await scene.calendar.put(f"bench-{number}.ics", "".join(f"{line}\r\n" for line in lines))


async def until_listed(scene: Scene) -> None:
    """The plugin reads the calendar on its own schedule."""
    deadline = time.monotonic() + _SYNC_DEADLINE
    while True:
        await scene.anna.say(scene.room_id, "!meet liste")
        agenda = await scene.anna.hears(scene.room_id, is_agenda)
        if len(agenda.part["items"]) >= EVENTS:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"after {_SYNC_DEADLINE:.0f} s the list had {len(agenda.part['items'])} of {EVENTS} events"
            )
        await asyncio.sleep(1)


def is_agenda(event: RoomEvent) -> bool:
    return event.kind == "agenda"


def is_message(event: RoomEvent) -> bool:
    return event.type == MESSAGE


async def measure(echo: Scene, calbot: Scene) -> tuple[Latencies, Latencies]:
    floor, listing = Latencies("!echo liste", []), Latencies("!meet liste", [])
    for number in range(WARM_UP + ROUNDS):
        for latencies, scene, wanted in ((floor, echo, is_message), (listing, calbot, is_agenda)):
            seconds = await command(scene, latencies.name, wanted)
            if number >= WARM_UP:
                latencies.seconds.append(seconds)
    return floor, listing


async def command(scene: Scene, text: str, answer: Callable[[RoomEvent], bool]) -> float:
    started = time.monotonic()
    await scene.anna.say(scene.room_id, text)
    await scene.anna.hears(scene.room_id, answer)
    return time.monotonic() - started


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
