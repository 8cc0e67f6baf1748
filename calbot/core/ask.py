"""What has to be asked before a command can have any effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .dates.readings import At, Day, Every
from .model import Occurrence


@dataclass(frozen=True, slots=True)
class Say:
    """A catalog text, to be said where the reader's language is known. `id` is short: who says it knows the family."""

    id: str
    params: Mapping[str, str | int] = field(default_factory=dict)


Choice: TypeAlias = Say | At | Day | Every | Occurrence


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with numbered choices. `key` is a catalog id below ``ask.``, those of choices are below ``choice.``

    `memo` is what the answer goes by, whatever may have changed by the time it comes; without one an answer only
    holds for the same choices.
    """

    key: str
    choices: tuple[Choice, ...]
    params: Mapping[str, str | int] = field(default_factory=dict)
    memo: str = ""
