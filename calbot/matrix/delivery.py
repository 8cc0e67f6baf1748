"""Hands recorded events on once they can be read, room by room in order.

An event whose key is late holds up its room for a moment; then what comes after it goes first, and it follows when the
key has come. Whoever cannot be understood for longer is told so, by the listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import partial
from logging import Logger
from typing import Any, Protocol

from calbot.core.model import EventId, RoomId, UserId
from calbot.errors import ChatUnavailable
from calbot.ports import ChatEvent, Clock, Inbox, Incoming

from .lanes import Job, Lanes
from .reading import ENCRYPTED, KeyMissing, NoCrypto, Reader, Unreadable
from .timeline import Invitation, StateChange, is_acted_on

# How many keys may be waited for at once; anybody can send events with made-up ones.
_MAX_WAITING = 200
_DROP_LOT = 50
_FIRST_PAUSE, _MAX_PAUSE = 0.5, 30.0


class Unread(str, Enum):
    """Why a message could not be read."""

    NO_CRYPTO = "no_crypto"  # the bot has no encryption
    NO_KEY = "no_key"  # the sender's client has not given it the key
    BROKEN = "broken"  # what came is not what the protocol expects


class Listener(Protocol):
    """Who acts on what comes in. Calls about one room come one after the other; exceptions are logged, no more."""

    async def on_event(self, event: ChatEvent, incoming: Incoming) -> bool:
        """Whether it was something to act on, started and finished in the inbox by the listener; else it is forgotten.

        Edits come as such, with their relation.
        """
        ...

    async def on_unreadable(self, room: RoomId, sender: UserId, event: EventId, reason: Unread) -> None: ...

    async def on_state(self, change: StateChange) -> None: ...

    async def on_invite(self, invitation: Invitation) -> None:
        """Somebody wants the bot in a room. Comes again at each start while the invitation waits."""
        ...

    async def on_left(self, room: RoomId) -> None:
        """The bot is no longer in the room: it left, was kicked or banned, or the invitation was taken back."""
        ...


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a key may be late. `first` holds up the room; after `telling` the sender hears of it."""

    first: timedelta = timedelta(seconds=10)
    telling: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=15)


class Delivery:
    def __init__(
        self, reader: Reader, inbox: Inbox, listener: Listener, clock: Clock, log: Logger, waits: Waits
    ) -> None:
        self._reader = reader
        self._inbox = inbox
        self._listener = listener
        self._clock = clock
        self._waits = waits
        self._lanes = Lanes(log, self._flush)
        self._closing = asyncio.Event()
        self._dropped: list[EventId] = []
        # By session: what waits for its key, in order.
        self._waiting: dict[tuple[RoomId, str], list[Incoming]] = {}
        self._late_senders: set[tuple[RoomId, UserId]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, incoming: Incoming) -> None:
        self._lanes.put(incoming.room, partial(self._work, incoming))

    def put_job(self, room: RoomId, job: Job) -> None:
        """Something else about a room, in its turn."""
        self._lanes.put(room, job)

    def is_recent(self, at: int) -> bool:
        """Whether somebody may still be waiting for an answer to what was sent `at` (milliseconds)."""
        return self._clock() - datetime.fromtimestamp(at / 1000, tz=timezone.utc) <= self._waits.longest

    async def close(self, grace: float) -> None:
        """What is being acted on may end within `grace` seconds; all else stays in the inbox for the next start."""
        self._closing.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close(grace)

    async def _work(self, incoming: Incoming) -> None:
        try:
            event = await self._read(incoming)
        except KeyMissing as missing:
            self._set_aside(incoming, missing)
        except NoCrypto:
            await self._give_up(incoming, Unread.NO_CRYPTO)
        except Unreadable:
            await self._give_up(incoming, Unread.BROKEN)
        else:
            if event is not None:
                await self._hand_on(event, incoming)

    async def _hand_on(self, event: ChatEvent, incoming: Incoming) -> None:
        wanted = is_acted_on(event.type, was_encrypted=incoming.raw["type"] == ENCRYPTED)
        if not wanted or not await self._listener.on_event(event, incoming):
            await self._drop(incoming.event_id)

    async def _read(self, incoming: Incoming) -> ChatEvent | None:
        """The event, after a moment's wait for its key. None where the bot is closed before it can be read."""
        pause = _FIRST_PAUSE
        held_up = False
        while True:
            try:
                return await self._reader.read(incoming.raw)
            except KeyMissing as missing:
                # Once, and once only for a sender who goes on without giving keys: nobody can hold up a room for long.
                late = (incoming.room, incoming.sender)
                if held_up or late in self._late_senders or not self.is_recent(incoming.at):
                    raise
                held_up = True
                if not await self._unless_closing(
                    self._reader.wait_for_key(missing, self._waits.first.total_seconds())
                ):
                    self._late_senders.add(late)
            except ChatUnavailable:
                # Reading asks for the sender's devices. Nothing can be answered either while the server is away.
                await self._unless_closing(asyncio.sleep(pause, result=True))
                pause = min(pause * 2, _MAX_PAUSE)
            if self._closing.is_set():
                return None

    def _set_aside(self, incoming: Incoming, missing: KeyMissing) -> None:
        key = (missing.room, missing.session)
        if key in self._waiting:
            self._waiting[key].append(incoming)
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting[key] = [incoming]
            task = asyncio.create_task(self._await_key(missing, incoming), name=f"calbot key {missing.session}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._lanes.put(incoming.room, partial(self._give_up, incoming, Unread.NO_KEY))

    async def _await_key(self, missing: KeyMissing, first: Incoming) -> None:
        came = await self._reader.wait_for_key(missing, self._waits.telling.total_seconds())
        if not came:
            self._lanes.put(first.room, partial(self._tell, first, Unread.NO_KEY))
            longest = self._waits.longest - self._waits.telling
            came = await self._reader.wait_for_key(missing, longest.total_seconds())
        for incoming in self._waiting.pop((missing.room, missing.session)):
            if came:
                self._late_senders.discard((incoming.room, incoming.sender))
                self.put(incoming)
            else:
                self._lanes.put(incoming.room, partial(self._drop, incoming.event_id))

    async def _give_up(self, incoming: Incoming, reason: Unread) -> None:
        await self._tell(incoming, reason)
        await self._drop(incoming.event_id)

    async def _tell(self, incoming: Incoming, reason: Unread) -> None:
        """Only of what was said a short while ago: nobody waits for an answer to older messages."""
        if self.is_recent(incoming.at):
            await self._listener.on_unreadable(incoming.room, incoming.sender, incoming.event_id, reason)

    async def _drop(self, event: EventId) -> None:
        self._dropped.append(event)
        if len(self._dropped) >= _DROP_LOT:
            await self._flush()

    async def _flush(self) -> None:
        lot, self._dropped = self._dropped, []
        if lot:
            await self._inbox.drop(lot)

    async def _unless_closing(self, waiting: Coroutine[Any, Any, bool]) -> bool:
        """Its result, or False as soon as the bot is being closed."""
        wanted = asyncio.create_task(waiting)
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({wanted, closing}, return_when=asyncio.FIRST_COMPLETED)
            return wanted.done() and wanted.result()
        finally:
            wanted.cancel()
            closing.cancel()
            await asyncio.gather(wanted, closing, return_exceptions=True)
