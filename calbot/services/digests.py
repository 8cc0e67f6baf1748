"""When agendas come by themselves: told and changed by command, for a room or, in a direct chat, for oneself."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from calbot.core import commands, digests, messages
from calbot.core.commands import Off
from calbot.core.digests import Schedule
from calbot.core.i18n import Reader
from calbot.core.model import Message
from calbot.core.permissions import Action
from calbot.core.settings import Digest
from calbot.errors import Code, UserError

from . import agendas, preferences, reminding, rights, room_notes
from .requests import Reply, Request
from .world import World

_T = TypeVar("_T")


async def digest(world: World, request: Request, command: commands.Digest) -> Reply:
    """Safe to repeat: what is said holds, whatever was there before."""
    changes = command != commands.Digest()
    if changes and not request.place.direct:
        await rights.require(world, request, Action.SETTINGS, None)
    if changes:
        await _change(world, request, command)
    now_set = await _in_force(world, request)
    following = digests.next_due(await _schedule(world, request, now_set), world.clock())
    due = None if following is None else following.due

    def said(reader: Reader) -> Message:
        return messages.digest_set(reader, now_set, due, personal=request.place.direct, changed=changes)

    if changes and not request.place.direct:
        await room_notes.tell(world, request, world.settings.rooms.get(request.place.room), said)
    return Reply(said(request.reader))


async def _change(world: World, request: Request, command: commands.Digest) -> None:
    before = await _in_force(world, request)
    wanted = None if command.standard else _changed(before, command)
    if wanted is not None:
        await _require_ever(world, request, wanted)
        if request.place.direct and wanted != Digest():
            await reminding.require_encryption(world)
    # What is due by now comes as it was set; what is set for a time that is over today comes tomorrow.
    await agendas.catch_up(world)
    if request.place.direct:
        await preferences.change_person(world, request.sender, lambda chosen: replace(chosen, digest=wanted))
    else:
        await preferences.change_room(world, request.place.room, lambda chosen: replace(chosen, digest=wanted))
    await agendas.arm(world)


def _changed(before: Digest, command: commands.Digest) -> Digest:
    return Digest(
        daily=_said(command.daily, before.daily),
        weekly=_said(command.weekly, before.weekly),
        always=before.always if command.always is None else command.always,
    )


def _said(said: _T | Off | None, before: _T | None) -> _T | None:
    if said is None:
        return before
    return None if isinstance(said, Off) else said


async def _require_ever(world: World, request: Request, wanted: Digest) -> None:
    """UserError for an agenda that would never come, as it is set for quiet hours that end after its day."""
    quiet = world.settings.defaults.quiet_hours
    if quiet is None or wanted.daily is None:
        return
    if digests.next_due(await _schedule(world, request, Digest(daily=wanted.daily)), world.clock()) is None:
        time, hours = messages.clock_words(request.reader, wanted.daily), messages.hours_words(quiet)
        raise UserError(Code.LIMIT, "digest_in_quiet_hours", time=time, hours=hours)


async def _schedule(world: World, request: Request, digest: Digest) -> Schedule:
    defaults = world.settings.defaults
    if not request.place.direct:
        return Schedule.of(digest, request.place.mapped[0].timezone, defaults)
    chosen = (await world.stores.preferences.person(request.sender)).timezone
    return Schedule.of(digest, chosen or defaults.timezone, defaults)


async def _in_force(world: World, request: Request) -> Digest:
    if request.place.direct:
        return (await world.stores.preferences.person(request.sender)).digest or Digest()
    # Not as the request has it: the settings may have changed since.
    room = world.settings.rooms.get(request.place.room)
    return Digest() if room is None else room.digest
