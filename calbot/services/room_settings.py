"""How a room is set, told and changed by command. Safe to repeat: what is said holds, whatever was there before."""

from __future__ import annotations

from dataclasses import replace

from calbot.core import messages
from calbot.core import room_settings as core
from calbot.core.commands import ChooseSetting
from calbot.core.i18n import Reader
from calbot.core.model import Message
from calbot.core.permissions import Action, may_set_level
from calbot.core.preferences import writable
from calbot.core.room_settings import LEVELS, InForce, Setting, Value
from calbot.core.settings import Room
from calbot.errors import Code, UserError

from . import mapping, places, planning, preferences, rights, room_notes
from .requests import Reply, Request
from .world import World

_OF_REMINDERS = frozenset({Setting.REMINDERS, Setting.ALARMS})


async def choose(world: World, request: Request, command: ChooseSetting) -> Reply:
    """`set [KEY [VALUE]]`."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "no_room_here")
    room = world.settings.rooms.get(request.place.room)
    if room is None:
        raise UserError(Code.NOT_MAPPED, "not_mapped_here")
    await places.require_private(world, room.id)
    if command.setting is None or not command.changes:
        found = await _in_force(world, room)
        shown = [one for one in found if command.setting in (None, one.setting)]
        return Reply(messages.room_settings(request.reader, shown, how=command.setting is None))
    await rights.require(world, request, Action.SETTINGS, None)
    setting, value = command.setting, _meant(world, room, command)
    if setting in LEVELS:
        await _require_level(world, request, room, setting, value)
    await preferences.change_room(world, room.id, lambda chosen: core.with_choice(chosen, setting, value))
    world.log.info("%s set %s in room %s", request.sender, setting.value, room.id)
    world.passed("setting.saved")
    if setting in _OF_REMINDERS:
        await planning.replan_room(world, room.id, request.now)
    return await _told(world, request, setting)


async def _in_force(world: World, room: Room) -> tuple[InForce, ...]:
    chosen = await world.stores.preferences.room(room.id)
    defaults = world.settings.defaults
    standard = replace(
        room,
        reminders=defaults.reminders,
        alarms=defaults.alarms,
        mention=defaults.mention,
        duration=defaults.duration,
        write_to=next(iter(writable(room, world.settings.calendars)), None),
        levels=core.STANDARD_LEVELS,
    )
    return core.in_force(room, await mapping.of_file(world, room.id), standard, chosen)


def _meant(world: World, room: Room, command: ChooseSetting) -> Value:
    """The value, with the name of a calendar as it is written here; UserError for one that cannot be."""
    if command.standard:
        return None
    value = command.value
    if command.setting is Setting.REMINDERS and isinstance(value, tuple):
        longest = max(value, default=None)
        if longest is not None and longest > world.settings.sync.horizon:  # nothing is known of what is further ahead
            raise UserError(Code.LIMIT, "lead_too_long", maximum=world.settings.sync.horizon.days)
    if command.setting is not Setting.WRITE_TO:
        return value
    possible = writable(room, world.settings.calendars)
    found = next((name for name in room.calendars if name.casefold() == str(value).casefold()), None)
    if found in possible:
        return found
    if not possible:
        raise UserError(Code.READ_ONLY, "no_writable_calendar")
    if found is not None:
        raise UserError(Code.READ_ONLY, "setting_write_to_read_only", text=found, known=", ".join(possible))
    raise UserError(Code.NOT_FOUND, "setting_write_to", text=str(value), known=", ".join(possible))


async def _require_level(world: World, request: Request, room: Room, setting: Setting, value: Value) -> None:
    ground = await rights.ground_of(world, request)
    file = await mapping.of_file(world, room.id)
    of_file = core.value_of(file, setting) if file is not None else getattr(core.STANDARD_LEVELS, LEVELS[setting])
    before, after = (
        one if isinstance(one, int) else ground.power.state_default
        for one in (core.value_of(room, setting), of_file if value is None else value)
    )
    rights.enforce(may_set_level(rights.actor(world, request.sender), ground, before, after))


async def _told(world: World, request: Request, setting: Setting) -> Reply:
    room = world.settings.rooms[request.place.room]
    (now_set,) = [one for one in await _in_force(world, room) if one.setting is setting]
    name = await world.chat.display_name(room.id, request.sender)

    def said(reader: Reader) -> Message:
        return messages.setting_changed(reader, now_set, by=name)

    await room_notes.tell(world, request, room, said)
    return Reply(said(request.reader))
