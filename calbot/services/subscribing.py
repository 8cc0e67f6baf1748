"""What subscribers of a feed get: put together when something has changed, and kept for all who ask for the same.

A feed looks the same to everybody in a room, so one is kept for each room. Whether something has changed shows in how
often the mirror of its calendars was written to; that may be noted a moment before what was written can be read, so
that what was put together right after a change is put together once more before it is relied on.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final

from calbot.core.feeds import feed_digest, is_same_digest, may_be_feed_secret
from calbot.core.ical.subscribing import Subscribed, Subscription, subscription
from calbot.core.model import CalendarName
from calbot.core.settings import Room, Show
from calbot.ports import Feed

from . import places
from .pages import Page
from .world import World

_OBJECTS: Final = 10_000  # of a calendar
_UNSETTLED_FOR: Final = timedelta(seconds=60)


async def page(world: World, secret: str) -> Page | None:
    """The feed that a link leads to; None for each that leads nowhere, for whatever reason.

    ChatUnavailable where it cannot be found out whether its owner is still in the room.
    """
    if not world.settings.web.feeds or not may_be_feed_secret(secret):
        return None
    digest = feed_digest(secret)
    feed = await world.stores.feeds.by_digest(digest)
    if feed is None or not is_same_digest(feed.digest, digest):
        return None
    room = world.settings.rooms.get(feed.room)
    if room is None or not await _may_read(world, feed, room):
        return None
    async with world.locks.hold(f"feed:{room.id}"):
        return await _page(world, room)


async def _may_read(world: World, feed: Feed, room: Room) -> bool:
    """Whether the owner is in the room now, as it was known a minute ago at most."""
    if await places.rooms_seen_by(world, feed.person, [room]):
        return True
    joined = world.known.joined(room.id, world.clock()) or ()
    if world.chat.user in joined and feed.person not in joined:
        # They left while nobody looked. The link is not to work again should they come back.
        await world.stores.feeds.end(feed.person, room.id)
    return False


async def _page(world: World, room: Room) -> Page:
    now = world.clock()
    busy = world.catalogs[room.language].text("event.busy")
    hidden = {name: world.settings.calendars[name].show is Show.BUSY for name in room.calendars}
    revisions = tuple(world.stores.calendars.revision(name) for name in room.calendars)
    state = (busy, *hidden.items(), *revisions)
    before = world.built.get(room.id)
    if before is not None and before.state == state and (before.settled or now - before.made_at < _UNSETTLED_FOR):
        return before
    objects = await _objects(world, room.calendars, hidden)
    pause = world.precedence.pauses(makes_way=True)
    put_together = partial(subscription, objects, name=", ".join(room.calendars), busy=busy, pause=pause)
    made = await asyncio.to_thread(_make, put_together, state, now)
    if made.left_out:
        world.log.warning("the feed of %s is too large: %d objects are not in it", room.id, made.left_out)
    page = made.page
    if before is not None:
        page = replace(page, settled=before.state == state)
        if before.etag == page.etag:
            page = replace(page, modified=before.modified)
    world.tally.feed_builds += 1
    world.built.put(room.id, page)
    return page


async def _objects(
    world: World, calendars: Sequence[CalendarName], hidden: dict[CalendarName, bool]
) -> list[Subscribed]:
    """The same UID in several calendars is one event, that of the first."""
    found: dict[str, Subscribed] = {}
    for name in calendars:
        for uid, data in await world.stores.calendars.contents(name, _OBJECTS):
            found.setdefault(uid, Subscribed(uid, data, hidden[name]))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Made:
    page: Page
    left_out: int


def _make(put_together: Callable[[], Subscription], state: tuple[object, ...], now: datetime) -> _Made:
    made = put_together()
    text = made.text.encode()
    etag = f'W/"{hashlib.sha256(text).hexdigest()[:32]}"'
    body = gzip.compress(text, 6, mtime=0)
    return _Made(
        Page(state, etag, body, now.astimezone(timezone.utc).replace(microsecond=0), now, settled=False), made.left_out
    )
