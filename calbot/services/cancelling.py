"""`cancel`: takes an event, one occurrence of a series, its rest or the whole of it off the calendar, for everybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from calbot.core import messages
from calbot.core.commands import Cancel, Scope
from calbot.core.ical import editing, splitting
from calbot.core.messages import Wanted
from calbot.core.model import CalendarObject, Occurrence, Status
from calbot.core.permissions import Action
from calbot.core.undo import Cancelled, Deed, Edited, TakenOut
from calbot.errors import PreconditionFailed
from calbot.ports import StoredObject

from . import answers, consent, inviting, overlapping, people, references, rights, scopes, showing, undoable, writing
from .requests import Reply, Request
from .world import World


async def cancel(world: World, request: Request, command: Cancel) -> Reply:
    """Cancel for everybody: delete an event or a whole series, take one occurrence out of its series, or end that."""
    old = request.before or await references.resolve(world, request, command.ref)
    own_part = await answers.in_place_of_cancelling(world, request, command, old)
    if own_part is not None:
        return own_part
    room = showing.room_of(request, old.calendar)
    await rights.require(world, request, Action.CHANGE, old.calendar, await rights.subject(world, old))
    scope = scopes.chosen(request, command.scope, old, "cancel_series")
    if not request.picks.was_asked("cancel_part"):  # where that was asked, "for all" was the answer
        consent.to_cancel_for_many(request, old)
    await world.stores.inbox.note(request.event.id, old)
    scope = await scopes.settled(world, request, scope, old)
    if scope is Scope.THIS and await _is_last(world, old):
        scope = Scope.ALL
    try:
        left = await _write(world, request, old, scope)
    except PreconditionFailed:
        return await overlapping.reply(world, request, old, Wanted(cancelled=True))
    whole, rest = scope is Scope.ALL, scope is Scope.FOLLOWING
    members = await world.chat.members(room.id)
    attending = people.persons(world, old, members)
    reason = command.reason or None
    notes = await inviting.change_notes(world, old, left)
    message = messages.cancelled(request.reader, old, reason=reason, notes=notes, whole_series=whole, following=rest)
    gone = replace(old, details=replace(old.details, status=Status.CANCELLED))
    await showing.update_card(world, room, gone, attending, series=whole)
    if rest and left is not None and left.occurrences:
        await showing.update_card(world, room, left.occurrences[-1], attending, series=True)
    return Reply(
        message.mentioning(*people.to_mention(attending, [member.user for member in members], but=request.sender)),
        about=showing.about(old),
    )


async def _is_last(world: World, old: Occurrence) -> bool:
    """Whether nothing is left of a series without this one, so that it goes as a whole: an earlier run of the command
    may have seen to that."""
    if old.recurrence_id is None:
        return False
    current = await world.gateway.read(old.calendar, old.href)
    if current is None:
        return True
    is_only = partial(splitting.is_only, zone=world.settings.defaults.timezone)
    return await asyncio.to_thread(is_only, current.data, old.recurrence_id)


async def _write(world: World, request: Request, old: Occurrence, scope: Scope) -> StoredObject | None:
    """What is left of the series, if it is still there."""
    zone, told = world.settings.defaults.timezone, request.place.room
    whole = scope is Scope.ALL or old.recurrence_id is None
    if scope is Scope.FOLLOWING and not whole:
        return await _end(world, request, old)
    await _keep(world, request, old, whole=whole)
    left = None
    if whole:
        unchanged = partial(_check_unchanged, old=old, zone=zone)
        await writing.delete(world, old.calendar, old.href, unchanged, told=told)
    else:
        taken_out = partial(_taken_out, old=old, zone=zone, now=request.now)
        left = await writing.edit(world, old.calendar, old.href, taken_out, told=told)
    await undoable.done(world, request)
    return left


async def _end(world: World, request: Request, old: Occurrence) -> StoredObject:
    """End the series before an occurrence."""
    kept: list[Edited] = []

    async def record(before: str, after: str) -> None:
        if old.details.hidden:
            before = after = ""
        kept[:] = [Edited(Deed.CANCELLED, old, before, after)]
        await undoable.begin(world, request, old.calendar, old.uid, old.href, kept[0])

    ended = partial(_ended, old=old, zone=world.settings.defaults.timezone, now=request.now)
    stored = await writing.edit(world, old.calendar, old.href, ended, told=request.place.room, record=record)
    if kept and not old.details.hidden:
        await undoable.complete(world, request, replace(kept[0], after=stored.data))
    else:
        await undoable.done(world, request)
    return stored


def _ended(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo, now: datetime) -> str | None:
    if old.recurrence_id is None or not splitting.goes_on(current.data, old.recurrence_id, zone=zone):
        return None
    _check_unchanged(current, old=old, zone=zone)
    return splitting.ended(current.data, old.recurrence_id, zone=zone, now=now)


async def _keep(world: World, request: Request, old: Occurrence, *, whole: bool) -> None:
    """Keep what is about to be cancelled, as the server has it now; nothing but the times of what must not be seen."""
    current = await world.gateway.read(old.calendar, old.href)
    if current is None:
        return  # gone, or an earlier run of this command kept it
    data = "" if old.details.hidden else current.data
    act = Cancelled(old, data, whole) if whole or old.recurrence_id is None else TakenOut(old, data)
    await undoable.begin(world, request, old.calendar, old.uid, old.href, act)


def _taken_out(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo, now: datetime) -> str | None:
    if old.recurrence_id is None or not editing.has_occurrence(current.data, old.recurrence_id, zone=zone):
        return None
    _check_unchanged(current, old=old, zone=zone)
    return editing.cancelled_occurrence(current.data, old.recurrence_id, zone=zone, now=now)


def _check_unchanged(current: CalendarObject, *, old: Occurrence, zone: ZoneInfo) -> None:
    if editing.time_of(current.data, old.recurrence_id, zone=zone) != old.when:
        raise PreconditionFailed
