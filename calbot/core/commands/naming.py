"""Which command a value stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calbot.core.model import PartStat

from . import model
from .model import Command, CommandId, Misunderstood

_BY_TYPE: Final[Mapping[type, CommandId]] = {
    model.Help: CommandId.HELP,
    model.New: CommandId.NEW,
    model.List: CommandId.LIST,
    model.Next: CommandId.NEXT,
    model.Find: CommandId.FIND,
    model.Show: CommandId.SHOW,
    model.Move: CommandId.MOVE,
    model.Edit: CommandId.EDIT,
    model.Cancel: CommandId.CANCEL,
    model.When: CommandId.WHEN,
    model.Poll: CommandId.POLL,
    model.Vote: CommandId.VOTE,
    model.Close: CommandId.CLOSE,
    model.Book: CommandId.BOOK,
    model.Event: CommandId.EVENT,
    model.Undo: CommandId.UNDO,
    model.Until: CommandId.UNTIL,
    model.Polls: CommandId.POLLS,
    model.Import: CommandId.IMPORT,
    model.Digest: CommandId.DIGEST,
    model.Status: CommandId.STATUS,
    model.Sync: CommandId.SYNC,
    model.Remind: CommandId.REMIND,
    model.ChooseZone: CommandId.ZONE,
    model.ChooseLanguage: CommandId.LANGUAGE,
    model.Calendars: CommandId.CALENDARS,
    model.Map: CommandId.MAP,
    model.Unmap: CommandId.UNMAP,
    model.ChooseSetting: CommandId.SET,
    model.Feed: CommandId.FEED,
    model.MyData: CommandId.MY_DATA,
    model.ForgetMe: CommandId.FORGET_ME,
    model.Answer: CommandId.ANSWER,
    model.NeverMind: CommandId.ANSWER,
}
_RSVP: Final = {PartStat.ACCEPTED: CommandId.YES, PartStat.DECLINED: CommandId.NO, PartStat.TENTATIVE: CommandId.MAYBE}


def id_of(command: Command | Misunderstood) -> CommandId | None:
    """None for what was not understood so far as to be one."""
    if isinstance(command, Misunderstood):
        return command.command
    if isinstance(command, model.Rsvp):
        return _RSVP[command.answer]
    return _BY_TYPE[type(command)]
