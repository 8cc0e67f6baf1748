"""What has to be known besides the text to understand a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from calbot.core.dates import Locale


@dataclass(frozen=True, slots=True)
class ParseContext:
    """`now` is aware, in the sender's zone: when the command was sent. `locales`: the sender's, then the others.

    `replying`: the message is a reply to something that stands for one event or poll, such as a card.
    """

    now: datetime
    locales: tuple[Locale, ...]
    replying: bool = False
    default_duration: timedelta = timedelta(minutes=60)
    max_options: int = 20
