"""What has happened since the bot was started, counted for those who watch over it.

Only names of the configuration and words of fixed lists are counted by, so that there is nothing of what people wrote
in it, and no more numbers than those lists are long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Final

from calbot.core.commands import CommandId
from calbot.core.model import AccountName

BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds


class Outcome(str, Enum):
    """What came of a command."""

    DONE = "done"
    ASKED = "asked"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"  # a calendar, or the homeserver
    FAILED = "failed"  # by a mistake in the bot


class FeedOutcome(str, Enum):
    """What came of a request for a feed."""

    SENT = "sent"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


@dataclass(slots=True)
class Durations:
    """How many took how long: by the first of `BOUNDS` that they stayed within, and at the end those beyond all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def note(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Tally:
    commands: dict[tuple[CommandId | None, Outcome], Durations] = field(default_factory=dict)
    sync_errors: Counter[AccountName] = field(default_factory=Counter)
    reminders: Counter[bool] = field(default_factory=Counter)  # sent, by whether they were late
    missed_reminders: int = 0
    outages: int = 0  # of the homeserver
    unreadable: Counter[str] = field(default_factory=Counter)
    limited: int = 0
    feed_requests: Counter[FeedOutcome] = field(default_factory=Counter)
    feed_builds: int = 0

    def command(self, command: CommandId | None, outcome: Outcome, took: timedelta) -> None:
        """None for what was not understood so far as to be one."""
        self.commands.setdefault((command, outcome), Durations()).note(max(0.0, took.total_seconds()))

    @property
    def questions(self) -> int:
        return sum(
            sum(durations.counts) for (_, outcome), durations in self.commands.items() if outcome is Outcome.ASKED
        )
