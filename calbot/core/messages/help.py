"""Help: what one may do here, and how a command is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message

from .text import NOTHING, Rich, blocks, code, lines, say, strong

FIRST = ("new", "list", "next", "move", "poll")  # what people do most


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A command as help shows it: the texts are below ``help.<id>.``; `names` are all words for it, in any language."""

    id: str
    names: tuple[str, ...]


def help_overview(reader: Reader, prefix: str, commands: Sequence[CommandHelp], *, unmapped: bool = False) -> Message:
    """What one may do here: the five things people do most, with an example, then the rest in one line each.

    `unmapped`: there is no calendar here that the other commands could be about.
    """
    by_id = {command.id: command for command in commands}
    first = [by_id[id] for id in FIRST if id in by_id]
    rest = [command for command in commands if command.id not in FIRST]
    summaries = [_summary(reader, command) for command in rest]
    if first and rest:
        summaries.insert(0, strong(say(reader, "help.more")))
    footer = [_footer(reader, prefix, command) for command in [*first, *rest][:1]]
    body = blocks(
        strong(say(reader, "help.heading")),
        say(reader, "help.unmapped") if unmapped else NOTHING,
        lines(*(line for command in first for line in (_summary(reader, command), _example(reader, prefix, command)))),
        lines(*summaries),
        *footer,
    )
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


def _example(reader: Reader, prefix: str, command: CommandHelp) -> Rich:
    return code(reader.catalog.text(f"help.{command.id}.example1", prefix=prefix))


def _data(commands: Sequence[CommandHelp]) -> dict[str, Any]:
    return {"commands": [{"id": command.id, "names": list(command.names)} for command in commands]}
