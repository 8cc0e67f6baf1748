"""Acts on what comes in: hands events to the use cases, and sees to it that no exception and no outage loses one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from logging import Logger
from typing import Final, TypeVar

from calbot import outages
from calbot.core.model import EventId, RoomId, UserId
from calbot.core.poll_events import (
    REACTION,
    annotated_event,
    is_end,
    is_response,
    is_start,
    referenced_event,
    replaced_event,
)
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, NotEncrypted, StorageUnavailable
from calbot.ports import ChatEvent, Incoming
from calbot.services import (
    amending,
    attaching,
    closing,
    conversation,
    feeds,
    presence,
    reacting,
    rooms,
    running,
    snoozing,
)
from calbot.services.world import World

from .delivery import Unread
from .timeline import Invitation, StateChange

_FIRST_DELAY: Final = 1.0  # seconds until an answer is tried again that homeserver or database did not take
_LONGEST_DELAY: Final = 60.0
_NOT_IN: Final = ("leave", "ban")

_T = TypeVar("_T")


class Handlers:
    """The listener of the intake. `world` is replaced when the settings change; what is under way keeps the old one."""

    def __init__(self, world: World, log: Logger) -> None:
        self._world = world
        self._log = log
        self._closing = asyncio.Event()
        self._busy: dict[int, int] = {}
        self._settled = asyncio.Condition()

    async def switch(self, world: World) -> None:
        """Use `world` from now on; returns when nothing that began before is under way any more."""
        old, self._world = self._world, world
        async with self._settled:
            await self._settled.wait_for(lambda: not self._busy.get(id(old)))

    def close(self) -> None:
        """Do not wait any longer for a homeserver that is away: what is unfinished stays in the inbox."""
        self._closing.set()

    async def on_event(self, event: ChatEvent, incoming: Incoming) -> bool:
        handled = await self._persistently(event, incoming)
        while not isinstance(handled, bool):
            # An answer to a question: the command that asked goes on, and is what has to be repeated from here on.
            handled = await self._persistently(conversation.as_event(handled), handled)
        return handled

    async def _persistently(self, event: ChatEvent, incoming: Incoming) -> conversation.Handled:
        async def act(world: World) -> conversation.Handled:
            try:
                with outages.told():
                    return await _act(world, event, await world.stores.inbox.get(event.id) or incoming)
            except StorageUnavailable as error:
                with suppress(CalbotError):
                    await conversation.on_outage(world, event, error)
                raise

        try:
            return await self._outlast(event.room, act) or self._closing.is_set()
        except (ChatForbidden, NotEncrypted) as error:
            self._log.info("nothing can be said in %s: %s", event.room, error.reason)
            await self._world.stores.inbox.finish(event.id)
            return True

    async def _outlast(self, room: RoomId, act: Callable[[World], Awaitable[_T]]) -> _T | None:
        """Try until homeserver and database are there, each time under the settings of the moment, so that these can
        change meanwhile. None where the bot is closed before that."""
        delay = _FIRST_DELAY
        while True:
            try:
                with outages.told():  # the homeserver's side, too, has things in a database
                    async with self._current_world() as world:
                        return await act(world)
            except (ChatUnavailable, StorageUnavailable) as error:
                self._log.warning("an answer in %s has to wait: %s", room, error.reason)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), max(delay, error.retry_after or 0.0))
                    return None
                delay = min(delay * 2, _LONGEST_DELAY)

    @asynccontextmanager
    async def _current_world(self) -> AsyncIterator[World]:
        """The world, which ends no sooner than this."""
        world = self._world
        self._busy[id(world)] = self._busy.get(id(world), 0) + 1
        try:
            yield world
        finally:
            async with self._settled:
                self._busy[id(world)] -= 1
                if not self._busy[id(world)]:
                    del self._busy[id(world)]
                self._settled.notify_all()

    async def on_unreadable(self, room: RoomId, sender: UserId, event: EventId, reason: Unread) -> None:
        self._world.tally.unreadable[reason.value] += 1

        async def act(world: World) -> None:
            await presence.not_understood(world, room, sender, crypto=reason is not Unread.NO_CRYPTO)
            await running.on_unclear(world, room)  # it may have been a vote

        with suppress(ChatForbidden):
            await self._outlast(room, act)

    async def on_state(self, change: StateChange) -> None:
        self._world.known.forget(change.room)
        own = change.state_key == self._world.chat.user and change.content.get("membership") == "join"
        if change.type == "m.room.tombstone":
            await self._follow(change.room, rooms.replaced)
        elif change.type == "m.room.member" and own:
            await self._follow(change.room, rooms.entered)
        elif change.type == "m.room.member" and change.content.get("membership") in _NOT_IN:
            await self._follow(change.room, partial(feeds.left, person=UserId(change.state_key)))

    async def _follow(self, room: RoomId, step: Callable[[World, RoomId], Awaitable[object]]) -> None:
        async def act(world: World) -> None:
            await step(world, room)

        with suppress(ChatForbidden):  # put out of the room meanwhile
            await self._outlast(room, act)

    async def on_invite(self, invitation: Invitation) -> None:
        async def act(world: World) -> None:
            await presence.invited(world, invitation.room, invitation.inviter, direct=invitation.direct)

        try:
            await self._outlast(invitation.room, act)
        except ChatForbidden as error:
            self._log.info("an invitation to %s could not be accepted: %s", invitation.room, error.reason)

    async def on_left(self, room: RoomId) -> None:
        self._world.known.forget(room)
        await self._follow(room, rooms.left)


async def _act(world: World, event: ChatEvent, incoming: Incoming) -> conversation.Handled:
    """Whether there was anything to act on that the inbox has to remember."""
    if not presence.counts(world, event.sender):
        return False
    if event.type == "m.room.message":
        return await conversation.on_message(world, event, incoming)
    if event.type == REACTION:
        handled = await conversation.on_reaction(world, event)
        target = annotated_event(event.content)
        if handled is False and target is not None:
            await running.on_vote(world, event, target)
            await closing.on_reaction(world, event.room, target)
            await snoozing.on_reaction(world, event)
            return await reacting.on_reaction(world, event, incoming)
        return handled
    if event.type == "m.room.redaction":
        await amending.on_redaction(world, event)
        await running.on_redaction(world, event)
        await snoozing.on_redaction(world, event)
        await reacting.on_redaction(world, event)
    elif is_start(event.type):
        edited = replaced_event(event.content)
        await (attaching.on_start(world, event) if edited is None else running.on_edit(world, event, edited))
    poll = referenced_event(event.content)
    if poll is not None and is_end(event.type):
        await running.on_end(world, event, poll)
    elif poll is not None and is_response(event.type):
        await running.on_vote(world, event, poll)
    return False
