"""Lead times by command: for a room, for a person, or for one event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot.core import messages
from calbot.core.ask import Ask, Say
from calbot.core.commands import Remind, Scope
from calbot.core.i18n import Reader
from calbot.core.messages import EventReminders, LeadsInForce
from calbot.core.model import Message, Occurrence, OccurrenceId, Recipient, RecurrenceId, instants
from calbot.core.permissions import Action
from calbot.core.preferences import EventLeads
from calbot.core.reminders import ReminderState
from calbot.core.room_settings import Setting, with_choice
from calbot.core.settings import Alarms
from calbot.errors import ChatForbidden, Code, NotEncrypted, UserError
from calbot.ports import Encryption

from . import delivery, direct_chats, people, planning, preferences, references, rights, room_notes
from .requests import Reply, Request
from .world import World

_NONE: Final = timedelta(0)


async def remind(world: World, request: Request, command: Remind) -> Reply:
    """Safe to repeat: what is said holds, whatever was there before, and from when it was said. In a direct chat, for
    the sender alone."""
    personal = command.me or request.place.direct
    if (
        max(command.leads or (), default=_NONE) > world.settings.sync.horizon
    ):  # of what is further ahead nothing is known
        raise UserError(Code.LIMIT, "lead_too_long", maximum=world.settings.sync.horizon.days)
    if personal and command.leads:
        await require_encryption(world)
        await _require_chat(world, request)
    if command.ref is not None:
        occurrence = await references.resolve(world, request, command.ref)
        return await _for_event(world, request, command, occurrence, personal=personal)
    if not command.changes:
        return Reply(await _in_force(world, request, room=not request.place.direct, person=True, how=True))
    wanted = None if command.standard else command.leads
    if personal:
        await preferences.change_person(world, request.sender, lambda chosen: replace(chosen, reminders=wanted))
        await planning.replan_person(world, request.sender, request.now)
    else:
        await rights.require(world, request, Action.SETTINGS, None)
        choose = partial(with_choice, setting=Setting.REMINDERS, value=wanted)
        await preferences.change_room(world, request.place.room, choose)
        await planning.replan_room(world, request.place.room, request.now)
        of_room = _of_room(world, request)

        def said(reader: Reader) -> Message:
            return messages.leads_set(reader, of_room, None)

        await room_notes.tell(world, request, world.settings.rooms.get(request.place.room), said)
    return Reply(await _in_force(world, request, room=not personal, person=personal, how=False))


async def require_encryption(world: World) -> None:
    """NotEncrypted where nothing can be said to people alone: they are told things in encrypted chats only."""
    if await world.chat.encryption() is Encryption.OFF:
        raise NotEncrypted("private_not_encrypted")


async def _require_chat(world: World, request: Request) -> None:
    """UserError where the sender cannot be reminded alone. Who has left or declined their chat is invited to another:
    now they ask for what is said there. Who was never invited is when there is something to say."""
    if await world.stores.direct_chats.of(request.sender) is None:
        return
    try:
        await direct_chats.room_asked_for(world, request)
    except ChatForbidden as error:
        raise UserError(Code.FORBIDDEN, "private_no_direct_chat") from error


async def _in_force(world: World, request: Request, *, room: bool, person: bool, how: bool) -> Message:
    of_room = _of_room(world, request) if room else None
    chosen = await world.stores.preferences.person(request.sender)
    return messages.leads_set(
        request.reader,
        of_room,
        LeadsInForce(chosen.reminders or ()) if person else None,
        how=how,
        reachable=people.address(world, request.sender) is not None,
    )


def _of_room(world: World, request: Request) -> LeadsInForce | None:
    # Not as the request has it: the settings may have changed since.
    mapped = world.settings.rooms.get(request.place.room)
    return None if mapped is None else LeadsInForce(mapped.reminders, mapped.alarms is Alarms.USE)


# -------------------------------------------------------------------------------------------------------- for one event


async def _for_event(
    world: World, request: Request, command: Remind, occurrence: Occurrence, *, personal: bool
) -> Reply:
    recipient: Recipient = request.sender if personal else request.place.room
    if command.changes and not personal:
        subject = await rights.subject(world, occurrence)
        await rights.require(world, request, Action.REMIND, occurrence.calendar, subject)
    series = _scope(request, command, occurrence) is Scope.ALL
    if command.changes:
        await _choose(world, request, recipient, occurrence, command, series=series)
        delivery.ring_soon(world)
    name = OccurrenceId(occurrence.uid, None if series else occurrence.recurrence_id)
    chosen = await world.stores.preferences.event_leads([occurrence.uid])
    found = {OccurrenceId(one.uid, one.recurrence_id): one.leads for one in chosen if one.recipient == recipient}
    in_force = found.get(name, found.get(OccurrenceId(occurrence.uid)))
    start = instants(occurrence.when, request.reader.zone)[0]
    over = () if series else tuple(lead for lead in command.leads or () if start - lead < request.now)
    about = EventReminders(
        occurrence,
        in_force,
        await _next_ring(world, recipient, occurrence, series=series),
        series=series,
        over=over,
    )
    return Reply(
        messages.event_reminders(request.reader, about, personal=personal), about=(occurrence.calendar, occurrence.id)
    )


def _scope(request: Request, command: Remind, occurrence: Occurrence) -> Scope:
    """Which part of a series is meant; asked where that is not clear and makes a difference."""
    if occurrence.recurrence_id is None:
        return Scope.THIS
    if command.scope is Scope.FOLLOWING:
        raise UserError(Code.NOT_UNDERSTOOD, "following_not_possible")
    if command.scope is Scope.UNSAID and command.changes:
        choices = (occurrence, Say("whole_series"))
        return (Scope.THIS, Scope.ALL)[request.picks.take(Ask("remind_series", choices))]
    return command.scope


async def _choose(
    world: World, request: Request, recipient: Recipient, occurrence: Occurrence, command: Remind, *, series: bool
) -> None:
    store, uid = world.stores.preferences, occurrence.uid
    names: list[RecurrenceId | None] = [occurrence.recurrence_id]
    async with world.stores.transaction():
        if series:
            # What was chosen for single dates gives way: all of them are meant.
            there = await store.event_leads([uid])
            names = [one.recurrence_id for one in there if one.recipient == recipient]
        for name in names:
            await store.drop_event_leads(recipient, uid, name)
        if command.leads is not None:
            name = None if series else occurrence.recurrence_id
            await store.save_event_leads(EventLeads(recipient, uid, name, command.leads))
        await planning.replan_event(world, uid, request.now)


async def _next_ring(world: World, recipient: Recipient, occurrence: Occurrence, *, series: bool) -> datetime | None:
    waiting = [
        one.due
        for one in await world.stores.reminders.about([occurrence.uid])
        if one.recipient == recipient
        and one.state is ReminderState.WAITING
        and (series or one.occurrence == occurrence.id)
    ]
    return min(waiting, default=None)
