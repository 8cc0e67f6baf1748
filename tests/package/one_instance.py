"""One instance of the package at a set time, until the input ends. A program: `python -m tests.package.one_instance …`

A process of its own, as with `scenes`: the modules that come from the package must not be there already from the
working tree. Says `started`, and at the end as JSON what went wrong.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .small_maubot import plugin_modules, running


def _set_clock(now: datetime) -> None:
    """The plugin's clock goes on from `now`; its alarms ring as much later or earlier by the clock on the wall."""
    ahead = now - datetime.now(timezone.utc)
    sys.modules["calbot.plugin"].__dict__["utc_now"] = lambda: datetime.now(timezone.utc) + ahead
    alarms = sys.modules["calbot.scheduling"].__dict__["AlarmClock"]
    ring_at: Callable[..., None] = alarms.at

    @functools.wraps(ring_at)
    def at(self: object, name: str, when: datetime, ring: object) -> None:
        ring_at(self, name, when - ahead, ring)

    alarms.at = at


async def play(package: Path, homeserver: str, calendars: str, settings: str, now: datetime) -> dict[str, Any]:
    async with running(package, homeserver, calendars) as maubot:
        _set_clock(now)
        instance = await maubot.instance("one", settings)
        await instance.start()
        sys.stdout.write("started\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        modules = plugin_modules()
        await maubot.stop(instance)
        gc.collect()
        return {"errors": maubot.log.errors, "unraisable": maubot.unraisable, "modules": modules}


def main(package: str, homeserver: str, calendars: str, settings: str, now: str) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    text = Path(settings).read_text(encoding="utf-8")
    json.dump(asyncio.run(play(Path(package), homeserver, calendars, text, datetime.fromisoformat(now))), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
