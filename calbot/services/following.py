"""Changes one occurrence of a series and all that follow: they become a series of their own.

What people have of the series goes with what lies ahead: cards, lead times, whose event it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from calbot.core.ical.splitting import Halves
from calbot.core.ical.splitting import split as split_data
from calbot.core.model import CalendarObject, Occurrence, OccurrenceId, Uid, When
from calbot.core.undo import Deed, Edited, Second, mark_of
from calbot.errors import PreconditionFailed
from calbot.ports import StoredObject

from . import resources, scopes, splitting, undoable
from .requests import Request
from .world import World


async def change(
    world: World,
    request: Request,
    old: Occurrence,
    uid: Uid,
    *,
    deed: Deed,
    check: Callable[[CalendarObject], None],
    change: Callable[[str], str],
    when: When | None = None,
) -> StoredObject:
    """Split the series at `old`, unless `check` objects to what the server has now, and write what goes on, changed,
    as `uid`. `when`: the time that `old` gets, if it gets another."""
    zone = world.settings.defaults.timezone
    now, place = request.now, await scopes.place(world, old, uid)
    kept: list[Edited] = []

    def divide(current: CalendarObject) -> Halves:
        check(current)
        if old.recurrence_id is None:
            raise PreconditionFailed
        halves = split_data(current.data, old.recurrence_id, uid, zone=zone, now=now)
        return replace(halves, second=change(halves.second))

    async def record(before: str, halves: Halves) -> None:
        before, after = ("", "") if old.details.hidden else (before, halves.first)
        mark = await asyncio.to_thread(mark_of, halves.second, hidden=old.details.hidden)
        second = Second(uid, place, mark)
        kept[:] = [Edited(deed, old, before, after, second=second)]
        await undoable.begin(world, request, old.calendar, old.uid, old.href, kept[0])

    times = await _times(world, request, old, divide, when)
    async with resources.moving(world, request.reader, old, times):
        await world.stores.inbox.note(request.event.id, old)
        await _prepare(world, old, uid)
        parts = await splitting.split(world, old, uid, divide, told=request.place.room, record=record)
    if kept and not old.details.hidden:
        second = Second(uid, parts.second.href, await undoable.mark(parts.second))
        await undoable.complete(world, request, replace(kept[0], after=parts.first.data, second=second))
    shown = next((one for one in parts.second.occurrences if one.when == (when or old.when)), None)
    await move_cards(world, old, OccurrenceId(uid, None if shown is None else shown.recurrence_id))
    return parts.second


async def _times(
    world: World, request: Request, old: Occurrence, divide: Callable[[CalendarObject], Halves], when: When | None
) -> Sequence[When]:
    """The times at which what is booked with the series has to be free, if they are others than before."""
    if when is None or request.before is not None or not resources.on_event(world, old):
        return ()
    stored = await world.stores.calendars.get(old.calendar, old.href)
    if stored is None:
        return [when]
    try:
        halves = await asyncio.to_thread(divide, CalendarObject(stored.href, stored.etag, stored.data))
    except PreconditionFailed:
        return [when]  # whoever writes finds that out
    return await resources.times_of(world, old.calendar, halves.second, when)


async def _prepare(world: World, old: Occurrence, uid: Uid) -> None:
    """Whose event it is, and when people want to be reminded of it, has to be known as soon as it is there."""
    maker = await world.stores.references.maker(old.uid)
    if maker is not None:
        await world.stores.references.save_maker(uid, maker)
    for leads in await world.stores.preferences.event_leads([old.uid]):
        await world.stores.preferences.save_event_leads(replace(leads, uid=uid))


async def move_cards(world: World, old: Occurrence, new: OccurrenceId) -> None:
    """The cards of a series and of one of its occurrences are those of another series from now on."""
    references = world.stores.references
    async with world.stores.transaction():
        for room in world.settings.rooms_of(old.calendar):
            for before, after in ((OccurrenceId(old.uid), OccurrenceId(new.uid)), (old.id, new)):
                card = await references.card(room.id, before)
                if card is not None:
                    await references.save_card(replace(card, occurrence=after))
