"""Takes edits back for `undo`: what they changed, and no more, so that what others have changed since stays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from calbot.core import messages
from calbot.core.ical import editing
from calbot.core.ical.reverting import Overlap, reverted
from calbot.core.model import Attendee, CalendarObject, Details, Message, Occurrence, OccurrenceId, UserId
from calbot.core.undo import Deed, Edited, Second, Undoable, mark_of
from calbot.errors import Code, UserError
from calbot.ports import StoredObject

from . import following, inviting, people, showing, splitting, writing
from .requests import Request
from .world import World


@dataclass(frozen=True, slots=True)
class Back:
    """What is there again, what to say of it, and whether it is about a series."""

    shown: Occurrence
    message: Message
    series: bool
    off: tuple[UserId, ...] = ()  # who was on it until now, and is not any more


async def take_back(world: World, request: Request, change: Undoable, act: Edited) -> Back:
    """UserError where nothing was kept, or somebody has changed the same since."""
    if not act.before:
        raise UserError(Code.NOT_FOUND, "nothing_kept")
    zone = world.settings.defaults.timezone

    def revert(current: CalendarObject) -> str | None:
        try:
            return reverted(current.data, act.before, act.after, zone=zone, now=request.now)
        except Overlap as error:
            raise UserError(Code.CONFLICT, "undo_changed") from error

    changed = await _changed(world, change, act)
    if act.second is None:
        stored = await writing.edit(world, change.calendar, change.href, revert, told=request.place.room)
    else:
        stored = await _join(world, request, change, act, act.second, revert)
    back = next((one for one in stored.occurrences if one.recurrence_id == act.old.recurrence_id), None)
    back = back or showing.first_occurrence(stored)
    notes = await inviting.change_notes(world, back, stored)
    rest = act.second is not None
    if act.deed is Deed.CANCELLED:
        message = messages.undone_cancel(request.reader, back, notes=notes, whole_series=True)
        return Back(back, message, series=True)
    between, before = changed if changed is not None and not back.details.hidden else (Details(), Details())
    members = await world.chat.members(showing.room_of(request, change.calendar).id)
    on, off = (
        people.persons(world, replace(back, details=replace(one, attendees=_only(one, other))), members)
        for one, other in ((before, between), (between, before))
    )
    message = messages.undone_edit(
        request.reader,
        back,
        changed=(between, before),
        added=[one.name for one in on],
        removed=[one.name for one in off],
        notes=notes,
        whole_series=act.whole,
        following=rest,
    )
    return Back(back, message, series=act.whole or rest, off=people.to_mention(off, [one.user for one in members]))


async def _changed(world: World, change: Undoable, act: Edited) -> tuple[Details, Details] | None:
    """What the edit had made of it, and what it said before; None where that is not known (any more)."""
    zone = world.settings.defaults.timezone
    slot, whole = act.old.recurrence_id, act.whole or act.second is not None

    def said(data: str) -> Details | None:
        found = editing.said(data, slot, whole_series=whole, zone=zone)
        return None if found is None else found[0]

    before = await asyncio.to_thread(said, act.before)
    if act.second is None:
        between = await asyncio.to_thread(said, act.after)
    else:
        known = await world.stores.calendars.occurrences_of(change.calendar, act.second.uid)
        between = min(known, key=lambda one: one.recurrence_id or "").details if known else None
    return None if before is None or between is None else (between, before)


def _only(these: Details, others: Details) -> tuple[Attendee, ...]:
    """Who is on an event in one version and not in the other."""
    there = {(one.address, one.user) for one in others.attendees}
    return tuple(one for one in these.attendees if (one.address, one.user) not in there)


async def _join(
    world: World, request: Request, change: Undoable, act: Edited, second: Second, revert: writing.Edit
) -> StoredObject:
    def check(current: CalendarObject) -> None:
        if mark_of(current.data, hidden=act.old.details.hidden) != second.mark:
            raise UserError(Code.CONFLICT, "undo_changed")

    known = await world.stores.calendars.occurrences_of(change.calendar, second.uid)
    # Of a run that was cut short nobody noted where the server has put it.
    place = known[0].href if known else second.href
    stored = await splitting.join(world, change.calendar, change.href, revert, place, check, told=request.place.room)
    first = min((one.recurrence_id or "" for one in known), default="")
    shown = next((one for one in known if (one.recurrence_id or "") == first), None)
    gone = shown or replace(act.old, uid=second.uid)
    await following.move_cards(world, gone, OccurrenceId(change.uid, act.old.recurrence_id))
    return stored
