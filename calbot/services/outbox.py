"""Whom something is due to, who of them comes first, and how long the homeserver wants to be left alone.

In memory only: what is due stands in the database, and is looked up there again after a restart.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from calbot.core.model import Recipient
from calbot.core.notices import Hold
from calbot.core.pacing import back_off
from calbot.errors import ChatUnavailable, InvitationsLimited

if TYPE_CHECKING:
    from .world import World

_AWAY: Final = 3  # recipients in a row that nothing gets through to, until the homeserver itself is taken to be away
_PROBE: Final = timedelta(seconds=10)  # between looks whether it is back
_NOT_LOOKED: Final = timedelta(minutes=5)  # then nothing waits for it any more, and nobody knows whether it is
_SHORTEST_HOLD: Final = timedelta(seconds=1)  # what is put off to this very instant is not seen to become due
_LONGEST_HOLD: Final = timedelta(hours=1)  # a homeserver that asks for more is asked again all the same


class Urgency(NamedTuple):
    """Who comes first: reminders before all that can wait, and among them whatever begins sooner."""

    rank: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to one recipient as one message. `start`, then `due`: its place among what goes to the same one.

    `tried`: it may have arrived already. `send` says whether anything was sent, and raises what the chat raises;
    `put_off` and `give_up` concern all that is in it.
    """

    due: datetime
    start: datetime
    tried: bool
    send: Callable[[], Awaitable[bool]]
    put_off: Callable[[datetime, Hold], Awaitable[None]]
    give_up: Callable[[], Awaitable[None]]


class Source(Protocol):
    """One kind of things that become due."""

    async def due_recipients(self, world: World, now: datetime) -> Mapping[Recipient, Urgency]: ...

    async def next_due(self, world: World, after: datetime) -> datetime | None: ...

    async def parcels(self, world: World, recipient: Recipient, now: datetime) -> Sequence[Parcel]: ...


@dataclass(slots=True)
class Outbox:
    """The line of those who wait for something, and what came of the last attempts."""

    sources: tuple[Source, ...] = ()
    looked_at: datetime | None = None  # what was due by then has been put in line
    held_until: datetime | None = None  # nothing is sent to anybody before
    away_at: datetime | None = None  # the homeserver, when last seen: nothing gets through to anybody
    _line: list[tuple[Urgency, Recipient]] = field(default_factory=list)
    _waiting: dict[Recipient, Urgency] = field(default_factory=dict)
    _serving: set[Recipient] = field(default_factory=set)
    _failures: dict[Recipient, int] = field(default_factory=dict)
    _in_a_row: set[Recipient] = field(default_factory=set)
    _reasons: dict[Recipient, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, recipient: Recipient, urgency: Urgency) -> None:
        """In line, further in front where that is more urgent."""
        known = self._waiting.get(recipient)
        if known is None or urgency < known:
            self._waiting[recipient] = urgency
            heapq.heappush(self._line, (urgency, recipient))

    def is_held(self, now: datetime) -> bool:
        return self.held_until is not None and now < self.held_until

    def is_away(self, now: datetime) -> bool:
        """Whether the homeserver was away a moment ago. While anything waits for it, it is looked at all the time."""
        return self.away_at is not None and now - self.away_at < _NOT_LOOKED

    def take(self, now: datetime) -> Recipient | None:
        """Whose turn it is; nobody's while the homeserver wants its peace. Nobody is served twice at the same time."""
        if self.is_held(now):
            return None
        busy = []
        found = None
        while self._line and found is None:
            urgency, recipient = heapq.heappop(self._line)
            if self._waiting.get(recipient) != urgency:
                continue  # moved to the front, or taken
            if recipient in self._serving:
                busy.append((urgency, recipient))
            else:
                found = recipient
        for entry in busy:
            heapq.heappush(self._line, entry)
        if found is not None:
            del self._waiting[found]
            self._serving.add(found)
        return found

    def done(self, recipient: Recipient) -> None:
        self._serving.discard(recipient)

    def took(self, recipient: Recipient) -> bool:
        """The homeserver took something for them; whether it was away before."""
        was_away, self.away_at = self.away_at is not None, None
        self._failures.pop(recipient, None)
        self._reasons.pop(recipient, None)
        self._in_a_row.clear()
        return was_away

    def refused(self, recipient: Recipient, error: ChatUnavailable, now: datetime, chance: float) -> datetime:
        """The homeserver did not take it: when to try again.

        That it takes no more for now (429) concerns everybody, and so does an outage, which shows in that nothing gets
        through to anybody: then everything waits, instead of one recipient after the other being tried. That it opens
        no more direct chats for now concerns those who have none.
        """
        if isinstance(error, InvitationsLimited):
            return now + timedelta(seconds=error.retry_after or 0) + back_off(1, chance)
        if error.retry_after is not None:
            wanted = timedelta(seconds=error.retry_after)
            return self._hold(now + min(max(wanted, _SHORTEST_HOLD), _LONGEST_HOLD))
        if self.away_at is not None and not self.is_away(now):
            self.away_at = None
            self._in_a_row.clear()
        self._in_a_row.add(recipient)
        if len(self._in_a_row) >= _AWAY:
            self.away_at = now
            return self._hold(now + _PROBE)
        self._failures[recipient] = self._failures.get(recipient, 0) + 1
        return now + back_off(self._failures[recipient], chance)

    def note_reason(self, recipient: Recipient, reason: str) -> bool:
        """Why nothing can be sent to them; whether that is news."""
        known = self._reasons.get(recipient)
        self._reasons[recipient] = reason
        return known != reason

    def reasons(self) -> Mapping[Recipient, str]:
        """Whom nothing can be sent to, and why."""
        return dict(self._reasons)

    def _hold(self, until: datetime) -> datetime:
        self.held_until = max(until, self.held_until or until)
        return self.held_until
