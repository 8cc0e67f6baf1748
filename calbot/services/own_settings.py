"""What people choose for themselves, and for rooms: language and zone. Both commands are safe to repeat."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from calbot.core import messages
from calbot.core.commands import ChooseLanguage, ChooseZone
from calbot.core.i18n import Reader
from calbot.core.languages import language_called
from calbot.core.model import Locale, Message
from calbot.core.permissions import Action
from calbot.core.settings import Room
from calbot.core.zone_names import zones_called, zones_near
from calbot.errors import Code, UserError

from . import agendas, planning, preferences, readers, rights, room_notes
from .requests import Reply, Request
from .world import World


async def zone(world: World, request: Request, command: ChooseZone) -> Reply:
    """`tz [room] ZONE`."""
    room = await _room(world, request, changes=bool(command.said)) if command.room else None
    wanted = None if command.standard or not command.said else _zone_said(command)
    if command.said and room is not None:
        await agendas.catch_up(world)  # what is due by now comes on the old clock
        await preferences.change_room(world, room.id, lambda chosen: replace(chosen, timezone=wanted))
        await agendas.arm(world)
        await planning.replan_room(world, room.id, request.now)
    elif command.said:
        await agendas.catch_up(world)
        await preferences.change_person(world, request.sender, lambda chosen: replace(chosen, timezone=wanted))
        await agendas.arm(world)
    if room is not None:
        in_force = world.settings.rooms[room.id]

        def said(reader: Reader) -> Message:
            return messages.zone_of_room(replace(reader, zone=in_force.timezone), changed=bool(command.said))

        if command.said:
            await room_notes.tell(world, request, in_force, said)
        return Reply(said(request.reader))
    habits = await readers.habits_of(world, request.sender, _here(world, request))
    reader = replace(request.reader, zone=habits.zone)
    return Reply(messages.zone_of_sender(reader, habits.source, changed=bool(command.said)))


async def language(world: World, request: Request, command: ChooseLanguage) -> Reply:
    """`lang [room] LANGUAGE`. The answer comes in the new one."""
    room = await _room(world, request, changes=bool(command.said)) if command.room else None
    wanted = None if command.standard or not command.said else _language_said(world, command.said)
    if command.said and room is not None:
        await preferences.change_room(world, room.id, lambda chosen: replace(chosen, language=wanted))
    elif command.said:
        await preferences.change_person(world, request.sender, lambda chosen: replace(chosen, language=wanted))
    habits = await readers.habits_of(world, request.sender, _here(world, request))
    reader = world.reader(habits.language, request.reader.zone)
    if room is not None:
        in_force = world.settings.rooms[room.id]

        def said(reader: Reader) -> Message:
            return messages.language_of_room(reader, in_force.language, changed=bool(command.said))

        if command.said:
            await room_notes.tell(world, replace(request, reader=reader), in_force, said)
        return Reply(said(reader))
    return Reply(messages.language_of_sender(reader, list(world.catalogs), changed=bool(command.said)))


async def _room(world: World, request: Request, *, changes: bool) -> Room:
    """The room whose settings are meant, if the sender may change them."""
    here = _here(world, request)
    if here is None:
        if request.place.direct:
            raise UserError(Code.NOT_UNDERSTOOD, "no_room_here")
        raise UserError(Code.NOT_MAPPED, "not_mapped_here")
    if changes:
        await rights.require(world, request, Action.SETTINGS, None)
    return here


def _here(world: World, request: Request) -> Room | None:
    # Not as the request has it: the settings may have changed since.
    return None if request.place.direct else world.settings.rooms.get(request.place.room)


def _zone_said(command: ChooseZone) -> ZoneInfo:
    said = command.said
    found = zones_called(said)
    if len(found) == 1:
        return found[0]
    near, unknown = ("zone_near_room", "zone_unknown_room") if command.room else ("zone_near", "zone_unknown")
    names = [zone.key for zone in found] or zones_near(said)
    if names:
        shown = ", ".join(names[:3])
        raise UserError(Code.NOT_UNDERSTOOD, near, text=said, zones=shown, example=names[0])
    raise UserError(Code.NOT_UNDERSTOOD, unknown, text=said)


def _language_said(world: World, said: str) -> Locale:
    found = language_called(said, world.catalogs)
    if found is None:
        raise UserError(Code.NOT_UNDERSTOOD, "language_unknown", text=said, languages=", ".join(world.catalogs))
    return found
