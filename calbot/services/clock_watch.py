"""How far the bot's clock is from the homeserver's, as far as what people say tells."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

_SINCE: Final = timedelta(minutes=15)
_MOST: Final = 50


@dataclass(slots=True)
class ClockWatch:
    """What was heard of late: when, and how long after the server's time of it. What was on its way for long, or waited
    for a key, came late for another reason, so the quickest one says most."""

    _heard: deque[tuple[datetime, timedelta]] = field(default_factory=lambda: deque(maxlen=_MOST))

    def note(self, now: datetime, sent: datetime) -> None:
        self._heard.append((now, now - sent))

    def off(self, now: datetime) -> timedelta | None:
        """How far the bot's clock is ahead; None where nothing was heard of late."""
        return min((late for at, late in self._heard if now - at <= _SINCE), default=None)
