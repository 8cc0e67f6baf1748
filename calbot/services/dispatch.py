"""Which use case a command is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from typing_extensions import assert_never

from calbot.core import commands, dates, messages
from calbot.core.commands import CommandId, Entry, Misunderstood
from calbot.core.i18n import Reader
from calbot.core.messages import CommandHelp
from calbot.core.model import Message
from calbot.core.permissions import Action
from calbot.errors import UserError

from . import (
    attaching,
    deciding,
    digests,
    finding,
    listings,
    meetings,
    open_polls,
    places,
    polls,
    reminding,
    rights,
    status,
    undo,
)
from .readings import locales_of
from .requests import Reply, Request
from .world import World


async def perform(world: World, request: Request, command: commands.Command) -> Reply | None:
    """Do it. None where everything there is to say has been said."""
    match command:
        case commands.Help():
            usable = await _usable(world, request)
            return Reply(help_message(request.reader, command, usable, unmapped=not request.place.mapped))
        case commands.When():
            return Reply(_when(world, request, command))
        case commands.Status():
            return await status.report(world, request)
        case commands.Answer():
            raise AssertionError("answers are taken before commands are performed")
        case _:
            await places.require_calendars(world, request.place)
    match command:
        case commands.New():
            return await meetings.new(world, request, command)
        case commands.List():
            return await listings.agenda(world, request, command)
        case commands.Next():
            return await listings.next_meeting(world, request, command)
        case commands.Find():
            return await finding.find(world, request, command)
        case commands.Show():
            return await meetings.show(world, request, command)
        case commands.Move():
            return await meetings.move(world, request, command)
        case commands.Cancel():
            return await meetings.cancel(world, request, command)
        case commands.Poll():
            await polls.open_poll(world, request, command)
            return None
        case commands.Vote():
            return await polls.vote(world, request, command)
        case commands.Close():
            return await polls.close(world, request, command)
        case commands.Book():
            return await deciding.book(world, request, command)
        case commands.Undo():
            return await undo.undo(world, request)
        case commands.Until():
            return await open_polls.extend(world, request, command)
        case commands.Polls():
            return await open_polls.list_open(world, request)
        case commands.Event():
            return await attaching.attach(world, request, command)
        case commands.Remind():
            return await reminding.remind(world, request, command)
        case commands.Digest():
            return await digests.digest(world, request, command)
        case commands.Sync():
            return await status.sync_now(world, request)
        case _:
            assert_never(command)


def example_for(reader: Reader, command: commands.Command | Misunderstood | None) -> str | None:
    """A command that would work, for whoever wrote one that did not."""
    id = command.command if isinstance(command, Misunderstood) else None
    if id is None:
        return None
    return reader.catalog.text(f"help.{id.value}.example1", prefix=reader.prefix)


_ANYWHERE: Final = frozenset({CommandId.HELP, CommandId.WHEN, CommandId.STATUS})
_IN_ROOMS: Final = frozenset({CommandId.POLL, CommandId.EVENT})


async def _usable(world: World, request: Request) -> Sequence[Entry]:
    """What the sender may use here: without a calendar little, polls only in rooms, `sync` only with the right to."""
    if not request.place.mapped:
        return [entry for entry in commands.ENTRIES if entry.command in _ANYWHERE]
    hidden = set(_IN_ROOMS) if request.place.direct else set()
    try:
        await rights.require(world, request, Action.SETTINGS, None)
    except UserError:
        hidden.add(CommandId.SYNC)
        if not request.place.direct:
            hidden.add(CommandId.DIGEST)
    return [entry for entry in commands.ENTRIES if entry.command not in hidden]


def in_direct_chats() -> Sequence[Entry]:
    """What everybody may use in a direct chat."""
    return [entry for entry in commands.ENTRIES if entry.command not in _IN_ROOMS | {CommandId.SYNC}]


def help_message(reader: Reader, command: commands.Help, usable: Sequence[Entry], *, unmapped: bool = False) -> Message:
    if command.topic is None:
        shown = [_command_help(entry) for entry in usable]
        return messages.help_overview(reader, reader.prefix, shown, unmapped=unmapped)
    return messages.help_command(reader, reader.prefix, _command_help(commands.entry_of(command.topic)))


def _command_help(entry: commands.Entry) -> CommandHelp:
    return CommandHelp(entry.command.value, (*entry.en, *entry.de))


def _when(world: World, request: Request, command: commands.When) -> Message:
    reading = dates.read_either(command.text, locales=locales_of(request.reader.locale), now=request.now)
    rooms = request.place.mapped
    duration = rooms[0].duration if rooms else world.settings.defaults.duration
    return messages.when_answer(
        request.reader,
        command.text,
        reading,
        duration=duration,
        example=request.reader.catalog.text(f"help.{CommandId.WHEN.value}.example1", prefix=request.reader.prefix),
    )
