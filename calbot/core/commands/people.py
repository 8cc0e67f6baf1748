"""Whom a command names."""

from __future__ import annotations

from calbot.core.model import UserId

from .model import Command, Edit, Find, Import, New, Poll


def people_in(command: Command) -> tuple[UserId, ...]:
    """Those whose addresses it may need, in the order in which they were named."""
    match command:
        case New() | Import():
            return (*command.attendees, *command.optional)
        case Edit():
            return (*command.add, *command.optional, *command.remove)
        case Poll():
            return command.asked
        case Find():
            return (*command.required, *command.optional)
        case _:
            return ()
