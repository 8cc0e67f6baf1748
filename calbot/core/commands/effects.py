"""What a command leaves behind once it was done."""

from __future__ import annotations

from .model import (
    Answer,
    Calendars,
    ChooseLanguage,
    ChooseSetting,
    ChooseZone,
    Command,
    Digest,
    Help,
    List,
    MyData,
    NeverMind,
    Next,
    Polls,
    Remind,
    Show,
    Status,
    Sync,
    When,
)

_ONLY_TELL = (Answer, Calendars, Help, List, MyData, NeverMind, Next, Polls, Show, Status, Sync, When)


def alters(command: Command) -> bool:
    """Whether there is anything different after it: in a calendar, a poll or a setting."""
    if isinstance(command, Remind | ChooseSetting):
        return command.changes
    if isinstance(command, Digest):
        return command != Digest()
    if isinstance(command, ChooseZone | ChooseLanguage):
        return bool(command.said) or command.standard
    return not isinstance(command, _ONLY_TELL)
