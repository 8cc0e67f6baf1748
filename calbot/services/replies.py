"""Answers that lie in the scheduling inbox of an account: those that a server did not apply by itself, and all that it
did, which nobody needs any more (RFC 6638, 4.1).

An answer is deleted when the event says it, so it is looked at again after a crash, and applied once; until then it is
tried for a day. Other messages, invitations to the account for example, are left alone: somebody may want to read them.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Final

from calbot.core.audit import REPLIED
from calbot.core.ical.attendees import organizer_of
from calbot.core.ical.replies import Reply, replies_in, with_reply
from calbot.core.ical.values import write_utc
from calbot.core.model import AccountName, CalendarName, CalendarObject, Href
from calbot.core.settings import Access, Delivery
from calbot.errors import CalbotError, CalendarReadOnly, CalendarUnavailable, PreconditionFailed

from . import audit, writing
from .world import World

_NOBODY_ASKS: Final = timedelta(days=1)  # after which an answer to what is not there, or cannot be written, is deleted


class _Fate(Enum):
    """What becomes of a message: done with, left for the next look, none of our business."""

    DONE = "done"
    LATER = "later"
    NOT_OURS = "not_ours"


async def begin(world: World) -> None:
    """Look into the inboxes of accounts in whose name their server invites."""
    for account in {world.settings.calendars[name].account for name in _served(world)}:
        world.alarm.at(f"inbox:{account}", world.clock(), partial(look, world, account, frozenset()))


async def look(world: World, account: AccountName, seen: frozenset[Href]) -> None:
    """Apply what came since, and look again by and by. `seen`: what is there and none of our business."""
    wait = world.settings.sync.interval
    try:
        for message in await world.gateway.messages(account, but=seen):
            fate = await _take(world, account, message)
            if fate is _Fate.DONE:
                await world.gateway.discard(account, message)
            elif fate is _Fate.NOT_OURS:
                seen |= {message.href}
    except CalendarUnavailable as error:
        world.log.info("the inbox of %s could not be looked at: %s", account, error.reason)
        wait = max(world.settings.sync.max_interval, timedelta(seconds=error.retry_after or 0))
    world.alarm.at(f"inbox:{account}", world.clock() + wait, partial(look, world, account, seen))


async def _take(world: World, account: AccountName, message: CalendarObject) -> _Fate:
    zone = world.settings.defaults.timezone
    replies = await asyncio.to_thread(replies_in, message.data, zone=zone)
    if not replies:
        return _Fate.NOT_OURS
    done = [await _apply(world, account, reply) for reply in replies]
    return _Fate.DONE if all(done) else _Fate.LATER


async def _apply(world: World, account: AccountName, reply: Reply) -> bool:
    """Whether nothing is left to be done about it. The event may turn up with the next look at its calendar."""
    over = reply.at < write_utc(world.clock() - _NOBODY_ASKS)
    for calendar in _served(world):
        if world.settings.calendars[calendar].account != account:
            continue
        stored = await world.stores.calendars.by_uid(calendar, reply.uid)
        if stored is not None:
            return await _write(world, calendar, stored.href, reply) or over
    return over


async def _write(world: World, calendar: CalendarName, href: Href, reply: Reply) -> bool:
    """Whether it says so, or never will; not while others write all the time, or rights are missing."""

    zone, organizer = world.settings.defaults.timezone, world.settings.organizer(calendar).lower()

    def change(current: CalendarObject) -> str | None:
        if organizer_of(current.data, zone=zone) != organizer:
            return None  # answers to others are not for us to write down, whoever sent this here
        return with_reply(current.data, reply, zone=zone, now=world.clock())

    try:
        async with audit.acting(world, audit.by_bot(world, REPLIED, calendar, reply.uid, reply.at)):
            await writing.edit(world, calendar, href, change)
    except CalendarUnavailable:
        raise
    except (CalendarReadOnly, PreconditionFailed) as error:
        world.log.info("an answer to an event of %s cannot be written for now: %s", calendar, error.reason)
        return False
    except CalbotError as error:
        world.log.info("an answer to an event of %s does not count: %s", calendar, error.reason)
    return True


def _served(world: World) -> list[CalendarName]:
    settings = world.settings
    return [
        name
        for name in settings.mapped_calendars
        if settings.delivery(name) is Delivery.SERVER and settings.calendars[name].access is Access.READ_WRITE
    ]
