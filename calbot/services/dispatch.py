"""Which use case a command is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from typing_extensions import assert_never

from calbot.core import commands, dates, messages
from calbot.core.commands import CommandId, Entry, Misunderstood
from calbot.core.i18n import Reader
from calbot.core.messages import CommandHelp, HelpExtent
from calbot.core.model import Message
from calbot.core.permissions import Action
from calbot.core.room_settings import Setting
from calbot.errors import UserError

from . import (
    addresses,
    answers,
    attaching,
    cancelling,
    creating,
    deciding,
    digests,
    editing,
    feeds,
    finding,
    importing,
    listings,
    looking,
    mapping,
    moving,
    open_polls,
    own_data,
    own_settings,
    places,
    polls,
    reminding,
    rights,
    room_settings,
    showing,
    status,
    undo,
)
from .readings import locales_of
from .requests import Reply, Request
from .world import World


async def perform(world: World, request: Request, command: commands.Command) -> Reply | None:
    """Do it. None where everything there is to say has been said."""
    if request.place.mapped and not request.place.direct:
        await rights.require_presence(world, request)
    match command:
        case commands.Help():
            usable = await _usable(world, request)
            return Reply(help_message(request.reader, command, usable, unmapped=not request.place.mapped))
        case commands.When():
            return Reply(_when(world, request, command))
        case commands.Status():
            return await status.report(world, request)
        case commands.ChooseZone():
            return await own_settings.zone(world, request, command)
        case commands.ChooseLanguage():
            return await own_settings.language(world, request, command)
        case commands.Calendars():
            return await mapping.calendars(world, request)
        case commands.Map():
            return await mapping.connect(world, request, command)
        case commands.Unmap():
            return await mapping.disconnect(world, request, command)
        case commands.ChooseSetting():
            return await room_settings.choose(world, request, command)
        case commands.MyData():
            return await own_data.my_data(world, request)
        case commands.ForgetMe():
            return await own_data.forget_me(world, request)
        case commands.Feed():
            return await feeds.give(world, request, command)
        case commands.Answer() | commands.NeverMind():
            raise AssertionError("answers are taken before commands are performed")
        case _:
            await places.require_calendars(world, request.place)
            if commands.alters(command):
                await addresses.find_out(world, (request.sender, *commands.people_in(command)))
            looking.is_read(world, request.place.calendars)
    match command:
        case commands.New():
            return await creating.new(world, request, command)
        case commands.List():
            return await listings.agenda(world, request, command)
        case commands.Next():
            return await listings.next_meeting(world, request, command)
        case commands.Find():
            return await finding.find(world, request, command)
        case commands.Show():
            return await showing.show(world, request, command)
        case commands.Move():
            return await moving.move(world, request, command)
        case commands.Edit():
            return await editing.edit(world, request, command)
        case commands.Import():
            return await importing.import_file(world, request, command)
        case commands.Cancel():
            return await cancelling.cancel(world, request, command)
        case commands.Rsvp():
            return await answers.answer(world, request, command)
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


# Errors that say by themselves what would work.
_WITH_EXAMPLE: Final = frozenset({"setting_elsewhere", *(f"setting_{setting.id}" for setting in Setting)})
# Where another example than the first shows better what would work.
_TITLE_IN_EXAMPLE: Final = 80  # characters
_EXAMPLES: Final[Mapping[str, str]] = {"leads_not_understood_me": "help.remind.private"}


def example_for(reader: Reader, command: commands.Command | Misunderstood | None) -> str | None:
    """A command that would work, for whoever wrote one that did not."""
    if not isinstance(command, Misunderstood) or command.command is None or command.reason in _WITH_EXAMPLE:
        return None
    title = messages.clean(str(command.params.get("title", "")), _TITLE_IN_EXAMPLE)
    if command.reason == "when_missing" and title and '"' not in title:
        return reader.catalog.text("help.new.titled", prefix=reader.prefix, title=title)
    id = _EXAMPLES.get(command.reason, f"help.{command.command.value}.example1")
    return reader.catalog.text(id, prefix=reader.prefix)


_ANYWHERE: Final = frozenset({CommandId.HELP, CommandId.WHEN, CommandId.STATUS, CommandId.ZONE, CommandId.LANGUAGE})
_IN_DIRECT_CHATS: Final = frozenset({CommandId.MY_DATA, CommandId.FORGET_ME})
_IN_ROOMS: Final = frozenset({CommandId.POLL, CommandId.EVENT, CommandId.MAP, CommandId.UNMAP, CommandId.SET})


async def _usable(world: World, request: Request) -> Sequence[Entry]:
    """What the sender may use here: without a calendar little, polls only in rooms, `sync` only with the right to."""
    may_map = not request.place.direct and bool(await mapping.may_connect(world, request))
    if not request.place.mapped:
        usable = _ANYWHERE | (_IN_DIRECT_CHATS if request.place.direct else {CommandId.CALENDARS})
        usable |= {CommandId.MAP} if may_map else set()
        return [entry for entry in commands.ENTRIES if entry.command in usable]
    hidden = set(_IN_ROOMS if request.place.direct else _IN_DIRECT_CHATS)
    if not feeds.are_offered(world):
        hidden.add(CommandId.FEED)
    if not may_map:
        hidden.add(CommandId.MAP)
    try:
        await rights.require(world, request, Action.SETTINGS, None)
    except UserError:
        hidden |= {CommandId.SYNC, CommandId.SET}
        if not may_map:
            hidden.add(CommandId.UNMAP)
        if not request.place.direct:
            hidden.add(CommandId.DIGEST)
    return [entry for entry in commands.ENTRIES if entry.command not in hidden]


def in_direct_chats() -> Sequence[Entry]:
    """What everybody may use in a direct chat."""
    return [entry for entry in commands.ENTRIES if entry.command not in _IN_ROOMS | {CommandId.SYNC}]


def help_message(reader: Reader, command: commands.Help, usable: Sequence[Entry], *, unmapped: bool = False) -> Message:
    if command.topic is None:
        groups = {
            group: [_command_help(entry) for entry in entries] for group, entries in commands.grouped(usable).items()
        }
        extent = HelpExtent.SHORT if command.short else HelpExtent.FULL if command.full else HelpExtent.USUAL
        return messages.help_overview(reader, reader.prefix, groups, extent=extent, unmapped=unmapped)
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
