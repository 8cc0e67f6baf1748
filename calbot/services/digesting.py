"""Calendar objects are parsed and expanded in worker threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.ical.recurrence import read_and_expand
from calbot.core.model import CalendarName, CalendarObject, Uid
from calbot.core.settings import Show
from calbot.errors import BadCalendarData
from calbot.ports import StoredObject

from .world import World

_LOT: Final = 100  # a thread goes on to its end even if nobody wants that any more


def window(world: World, now: datetime) -> tuple[datetime, datetime]:
    """From when to when occurrences are kept."""
    return now - world.settings.privacy.retention.events, now + world.settings.sync.horizon


async def digest(
    world: World, calendar: CalendarName, objects: Sequence[CalendarObject], now: datetime, *, makes_way: bool = False
) -> list[StoredObject]:
    """What is stored of objects. One that is no good is set aside with the reason, and harms no other.

    `makes_way`: nobody waits for it, so that commands go first.
    """
    work = partial(
        _digest,
        calendar=calendar,
        hidden=world.settings.calendars[calendar].show is Show.BUSY,
        zone=world.settings.defaults.timezone,
        window=window(world, now),
    )
    digested: list[StoredObject] = []
    for at in range(0, len(objects), _LOT):
        pause = world.precedence.pauses(makes_way=makes_way)
        digested += await asyncio.to_thread(work, objects[at : at + _LOT], pause=pause)
    return digested


def _digest(
    objects: Sequence[CalendarObject],
    *,
    calendar: CalendarName,
    hidden: bool,
    zone: ZoneInfo,
    window: tuple[datetime, datetime],
    pause: Callable[[], None],
) -> list[StoredObject]:
    digested = []
    for one in objects:
        pause()
        try:
            read = read_and_expand(one, calendar=calendar, hidden=hidden, zone=zone, window=window, pause=pause)
        except BadCalendarData as error:
            digested.append(StoredObject(calendar, one.href, one.etag, Uid(""), "", False, error.reason, ()))
        else:
            kept = read.uid, read.data, read.recurring, None, read.occurrences, read.resumes
            digested.append(StoredObject(calendar, one.href, one.etag, *kept))
    return digested
