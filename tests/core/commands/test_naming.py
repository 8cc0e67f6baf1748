"""Every command has a name to be counted by."""

from __future__ import annotations

from typing import get_args

import pytest

from calbot.core.commands import CommandId, Misunderstood, Rsvp, id_of
from calbot.core.commands.model import Command
from calbot.core.commands.naming import _BY_TYPE
from calbot.core.model import PartStat


def test_none_is_forgotten() -> None:
    assert {*get_args(Command)} == {*_BY_TYPE, Rsvp}
    assert {*_BY_TYPE.values(), CommandId.YES, CommandId.NO, CommandId.MAYBE} == {*CommandId}


@pytest.mark.parametrize(
    ("command", "id"),
    [
        (Rsvp(PartStat.ACCEPTED), CommandId.YES),
        (Rsvp(PartStat.DECLINED), CommandId.NO),
        (Rsvp(PartStat.TENTATIVE), CommandId.MAYBE),
        (Misunderstood("unknown_command"), None),
        (Misunderstood("when_missing", command=CommandId.NEW), CommandId.NEW),
    ],
)
def test_what_they_are_called(command: Command | Misunderstood, id: CommandId | None) -> None:
    assert id_of(command) is id
