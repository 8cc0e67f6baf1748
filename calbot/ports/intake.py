"""What came in from the homeserver and is not finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from calbot.core.model import EventId, Occurrence, RoomId, UserId


class InboxState(str, Enum):
    """What has become of something that came in."""

    NEW = "new"  # as it came, maybe still encrypted
    RUNNING = "running"  # taken as something to act on; its effects may have begun
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Listening:
    """Whether the sync runs, whether it is the bot's own, and when the homeserver last answered it; None: not told."""

    running: bool = True
    own: bool = True
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event that came in, as JSON.

    `picks` are the bot's questions about it so far, each with the number that was picked: 0 while it is open.
    """

    event_id: EventId
    room: RoomId
    sender: UserId
    at: int  # origin_server_ts, milliseconds
    position: int  # grows in the order of arrival from the server, within a room the order of the room
    raw: Mapping[str, Any]
    state: InboxState = InboxState.NEW
    picks: tuple[tuple[str, int], ...] = ()
    tries: int = 0
    before: Occurrence | None = None  # what a running command changes, as it was before; for a repeat after a crash
    changes: EventId | None = None  # of an edit or a redaction: the message that it is of
    wrote: bool = False  # of a command that is done: whether it changed anything


class Inbox(Protocol):
    """What came in and is not finished, and the position in the sync stream up to which everything is in here."""

    async def token(self) -> str | None:
        """The sync token from which on the server has to be asked again after a crash."""
        ...

    async def accept(self, events: Sequence[Mapping[str, Any]], token: str | None) -> Sequence[Incoming]:
        """Record raw events (with `room_id`) and the token in one transaction; returns those not seen before."""
        ...

    async def get(self, event_id: EventId) -> Incoming | None: ...

    async def unfinished(self) -> Sequence[Incoming]:
        """NEW and RUNNING, by position."""
        ...

    async def start(self, event_id: EventId, raw: Mapping[str, Any], picks: Sequence[tuple[str, int]] = ()) -> None:
        """Mark RUNNING, before the first effect; keeps the readable event."""
        ...

    async def note(self, event_id: EventId, before: Occurrence) -> None:
        """Keep what a running command is about to change, as it is before."""
        ...

    async def finish(self, event_id: EventId, *, wrote: bool = False) -> None:
        """Mark DONE, after the last effect; the content is dropped, the id kept so that a replay is recognised."""
        ...

    async def about(self, message: EventId) -> Sequence[Incoming]:
        """A message itself, its edits and its redactions, by position, as far as they are kept."""
        ...

    async def postpone(self, event_id: EventId) -> int:
        """Count one more failed try of a NEW event; returns how many."""
        ...

    async def drop(self, event_ids: Sequence[EventId]) -> None:
        """Forget events that are nothing to act on."""
        ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete DONE rows that came in before."""
        ...
