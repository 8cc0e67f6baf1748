"""One change among 10,000 events: requests, and bytes against a full time-range query by python-caldav."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
from caldav.async_davclient import AsyncDAVClient
from caldav.collection import Calendar

from calbot.dav.transport import Answer, Transport
from calbot.services import sync

from .calendars import AUTHORIZATION, NAME, NOW, PASSWORD, USER, bot, counted, in_memory, settings_for, url_on
from .events import calendar_of

EVENTS = 10_000
REQUESTS = 2
FEWER = 100


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="calbot-bench-") as name:
        directory = Path(name)
        server = in_memory(directory, 1, EVENTS)
        async with server:
            url = url_on(server, "c0")
            async with bot(settings_for(url), directory) as world:
                await sync.pull(world, NAME)
                text = calendar_of(77, recurring=False).replace("Raum 4.27", "Raum 5")
                async with aiohttp.ClientSession(headers=AUTHORIZATION) as http:
                    (await http.put(f"{url}event-77.ics", data=text)).raise_for_status()
                received: list[int] = []
                send = Transport.send

                async def counting(*arguments: object) -> tuple[Answer, list[str]]:
                    answer, challenges = await send(*arguments)  # type: ignore[arg-type]
                    received.append(len(answer.body))
                    return answer, challenges

                with counted() as traffic, patch.object(Transport, "send", counting):
                    await sync.pull(world, NAME)
                stored = await world.stores.calendars.occurrences(
                    [NAME], NOW, NOW + timedelta(days=400), search="Raum 5"
                )
            whole = await by_query(url)
    if len(stored) != 1:
        raise SystemExit("the change did not arrive")
    print(f"One change among {EVENTS:,} events")
    print(f"  calbot        {traffic.requests} requests {sum(received):>12,} bytes")
    print(f"  python-caldav a time-range query {whole:>8,} bytes   {whole / sum(received):,.0f} times as many")
    good = traffic.requests <= REQUESTS and whole >= FEWER * sum(received)
    print(f"  {'ok' if good else 'TOO MUCH'}: at most {REQUESTS} requests, and {FEWER} times fewer bytes")
    return 0 if good else 1


async def by_query(url: str) -> int:
    """What python-caldav receives to see all of the calendar."""
    # The library types what it shares between its two kinds of clients for the other one.
    client: Any = AsyncDAVClient(url=url, username=USER, password=PASSWORD, auth_type="basic", enable_rfc6764=False)
    try:
        calendar: Any = Calendar(client=client, url=url)
        found = await calendar.search(start=NOW, end=NOW + timedelta(days=800), event=True, post_filter=False)
        return sum(len(one.data.encode()) for one in found)
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
