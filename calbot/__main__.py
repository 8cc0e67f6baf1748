"""The command line: `python -m calbot COMMAND`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from calbot import agenda, check, copying, when

Command = Callable[[Sequence[str], TextIO, TextIO], int]

COMMANDS: Mapping[str, tuple[Command, str]] = {
    "agenda": (agenda.main, "lists what takes place in a calendar file"),
    "check": (check.main, "finds what is wrong with a configuration, calendar servers included"),
    "copy": (copying.main, "takes an instance over from SQLite into PostgreSQL"),
    "when": (when.main, "says how dates are read"),
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="calbot", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.epilog = "commands:\n" + "\n".join(f"  {name:<8} {text}" for name, (_, text) in COMMANDS.items())
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    options = parser.parse_args(argv)
    command, _ = COMMANDS[options.command]
    return command(options.arguments, sys.stdin, sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
