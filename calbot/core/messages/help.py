"""Help: what one may do here, and how a command is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message

from .text import NOTHING, Rich, blocks, code, joined, lines, say, strong

FIRST = ("new", "list", "next", "move", "poll")  # what people do most
_HEADINGS = {
    "events": "help.group_events",
    "polls": "help.group_polls",
    "posted": "help.group_posted",
    "settings": "help.group_settings",
}


class HelpExtent(Enum):
    """How much of everything: what people do most, besides that the names of the rest, or a line for each command."""

    SHORT = "short"
    USUAL = "usual"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A command as help shows it: the texts are below ``help.<id>.``; `names` are all words for it, in any language."""

    id: str
    names: tuple[str, ...]


def help_overview(
    reader: Reader,
    prefix: str,
    groups: Mapping[str, Sequence[CommandHelp]],
    *,
    extent: HelpExtent = HelpExtent.USUAL,
    unmapped: bool = False,
) -> Message:
    """What one may do here, by what it is about: the keys of `groups` are those of `_HEADINGS`.

    Where there is nothing of what people do most, each command has its line. `unmapped`: that is because there is no
    calendar here.
    """
    commands = [command for group in groups.values() for command in group]
    by_id = {command.id: command for command in commands}
    first = [by_id[id] for id in FIRST if id in by_id]
    some = [_footer(reader, prefix, command) for command in (first or commands)[:1]]
    if not first:
        parts = [lines(*(_summary(reader, command) for command in commands)), *some]
    elif extent is HelpExtent.FULL:
        parts = [*(_in_lines(reader, group, found) for group, found in groups.items()), *some]
    else:
        parts = [lines(*(line for command in first for line in _introduced(reader, prefix, command)))]
        if extent is HelpExtent.USUAL:
            rest = {name: [one for one in found if one not in first] for name, found in groups.items()}
            parts.append(lines(*(_in_a_row(reader, group, found) for group, found in rest.items() if found)))
            parts.append(lines(say(reader, "help.full", prefix=prefix), *some))
        elif len(commands) > len(first):
            parts.append(say(reader, "help.all", prefix=prefix))
    note = say(reader, "help.unmapped") if unmapped else NOTHING
    body = blocks(strong(say(reader, "help.heading")), note, *parts)
    return Message(Kind.HELP, body.text, body.html, _data(commands), discloses=False)


def help_command(reader: Reader, prefix: str, command: CommandHelp) -> Message:
    """One command: what it does, how it is written, two examples, its other names."""
    catalog = reader.catalog
    family = f"help.{command.id}"
    name = catalog.text(f"{family}.name")
    others = [other for other in command.names if other != name]
    examples = dict.fromkeys(catalog.text(f"{family}.{which}", prefix=prefix) for which in ("example1", "example2"))
    body = blocks(
        say(reader, "help.entry", name=strong(code(f"{prefix} {name}")), summary=say(reader, f"{family}.summary")),
        lines(say(reader, "help.syntax", syntax=code(catalog.text(f"{family}.syntax", prefix=prefix)))),
        say(reader, f"{family}.more") if f"{family}.more" in catalog else NOTHING,
        lines(say(reader, "help.examples"), *map(code, examples)),
        say(reader, "help.names", names=", ".join(others)) if others else NOTHING,
    )
    return Message(Kind.HELP, body.text, body.html, _data([command]), discloses=False)


def _summary(reader: Reader, command: CommandHelp) -> Rich:
    name = strong(say(reader, f"help.{command.id}.name"))
    return say(reader, "help.entry", name=name, summary=say(reader, f"help.{command.id}.summary"))


def _footer(reader: Reader, prefix: str, command: CommandHelp) -> Rich:
    return say(reader, "help.footer", prefix=prefix, command=say(reader, f"help.{command.id}.name"))


def _introduced(reader: Reader, prefix: str, command: CommandHelp) -> tuple[Rich, ...]:
    """What it does, and an example if that is more than the bare command."""
    catalog = reader.catalog
    example = catalog.text(f"help.{command.id}.example1", prefix=prefix)
    bare = f"{prefix} {catalog.text(f'help.{command.id}.name')}"
    return (_summary(reader, command), *(() if example == bare else (code(example),)))


def _in_lines(reader: Reader, group: str, commands: Sequence[CommandHelp]) -> Rich:
    return lines(strong(say(reader, _HEADINGS[group])), *(_summary(reader, command) for command in commands))


def _in_a_row(reader: Reader, group: str, commands: Sequence[CommandHelp]) -> Rich:
    names = joined(", ", (say(reader, f"help.{command.id}.name") for command in commands))
    return say(reader, "help.group", group=say(reader, _HEADINGS[group]), names=names)


def _data(commands: Sequence[CommandHelp]) -> dict[str, Any]:
    return {"commands": [{"id": command.id, "names": list(command.names)} for command in commands]}
