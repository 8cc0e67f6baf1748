"""Records who did what to which event: in the database, and as a line in the log.

Writes to calendars are recorded in the one place they all pass (`writing.expecting`), before they happen, so that a
crash in between loses none. Who is behind them says whoever began: a command, a reaction, a poll that ends. What was
begun is settled once the calendar server has answered, or when a repeat finds that it was done before.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

from calbot.core import audit as core
from calbot.core import commands, identity
from calbot.core.audit import Doing, Entry, Outcome
from calbot.core.model import CalendarName, Href, RoomId, Uid, UserId
from calbot.core.undo import Act
from calbot.errors import CalbotError, ChatForbidden, Code, Unavailable

from .requests import Request
from .world import World

LOGGER: Final = "calbot.audit"  # the same for all instances: whoever collects logs tells it apart by its name
_log: Final = logging.getLogger(LOGGER)
_MOST_REFUSED: Final = 50  # attempts without the right to do that, recorded of somebody in a day
_DAY: Final = timedelta(days=1)
_SECRET: Final = "pseudonyms"  # noqa: S105 the name of it


# ------------------------------------------------------------------------------------------------------------ commands


@asynccontextmanager
async def commanded(world: World, request: Request, command: commands.Command) -> AsyncIterator[None]:
    """Inside, a command is done. Recorded is also what it does beside calendars, and that somebody may not do it."""
    what = core.action_of(command, direct=request.place.direct)
    if what is None:
        yield
        return
    cause = _cause(request, what, request.place.room)
    try:
        async with acting(world, cause):
            yield
    except CalbotError as error:
        if error.code is Code.FORBIDDEN and not isinstance(error, ChatForbidden):
            await _refused(world, cause)
        raise
    if core.is_of_room(command):
        await _settled_room(world, request, command, cause)


async def subscribed(world: World, request: Request, room: RoomId) -> None:
    """`feed` gave its sender a link to what a room shows, wherever that was typed."""
    await _record(world, core.entry(_cause(request, core.SUBSCRIBED, room), world.clock(), Outcome.DONE))


def _cause(request: Request, what: str, room: RoomId) -> Doing:
    """A question that was answered makes another run, which is the same act."""
    return Doing(request.sender, what, identity.key_for("command", request.event.id), room)


async def _settled_room(world: World, request: Request, command: commands.Command, cause: Doing) -> None:
    calendar = None
    if isinstance(command, commands.Map | commands.Unmap):
        records = await world.stores.mappings.of_room(request.place.room)
        calendar = next((one.calendar for one in records if one.command == request.event.id), None)
        if calendar is None:  # it was as it was to be
            return
    if isinstance(command, commands.ForgetMe):
        cause = replace(cause, actor=UserId(await pseudonym(world, request.sender)))
    await _record(world, core.entry(cause, world.clock(), Outcome.DONE, calendar))


async def pseudonym(world: World, person: UserId) -> str:
    """What stands in the record for somebody who wanted to be forgotten."""
    return core.pseudonym(await world.stores.keeper.secret(_SECRET), person)


async def _refused(world: World, cause: Doing) -> None:
    """Whoever tries again and again fills no disk with it."""
    now = world.clock()
    if await world.stores.audit.refused(cause.actor, now - _DAY) < _MOST_REFUSED:
        await _record(world, core.entry(cause, now, Outcome.FORBIDDEN))


# -------------------------------------------------------------------------------------------------- writes to calendars


@asynccontextmanager
async def acting(world: World, cause: Doing) -> AsyncIterator[None]:
    """Inside, all that is written to calendars is done for that cause.

    Of what was begun, also by a run that a crash has ended, nothing is left open unless nobody knows what became of it.
    """
    try:
        with world.acts.doing(cause):
            yield
    except Unavailable:
        raise
    except CalbotError:
        await _settle_all(world, cause, Outcome.FAILED)
        raise
    await _settle_all(world, cause, Outcome.DONE)


async def _settle_all(world: World, cause: Doing, outcome: Outcome) -> None:
    for one in await world.stores.audit.begun(cause.key):
        await _settle(world, one.key, outcome)


def is_about(world: World, act: Act) -> None:
    """What is being done is known better: of a series, which date it is about."""
    current = world.acts.current()
    if current is not None:
        current.recurrence_id = core.date_of(act)


async def begin(world: World, calendar: CalendarName, href: Href, uid: Uid) -> str:
    """An event is about to be written. The key to settle it by."""
    current, now = world.acts.current(), world.clock()
    if current is None:  # by itself, and whenever it is done it is another time
        key = identity.key_for("write", calendar, href, int(now.timestamp() * 1000))
        cause, recurrence_id = Doing(world.chat.user, core.WRITTEN, key), None
    else:
        cause, recurrence_id = current.cause, current.recurrence_id
    one = core.entry(cause, now, Outcome.BEGUN, calendar, uid, recurrence_id)
    await world.stores.audit.add(one)
    return one.key


async def done(world: World, key: str) -> None:
    await _settle(world, key, Outcome.DONE)


async def _settle(world: World, key: str, outcome: Outcome) -> None:
    settled = await world.stores.audit.settle(key, outcome)
    if settled is not None:
        _log.info("%s", core.line(settled))


async def _record(world: World, one: Entry) -> None:
    if await world.stores.audit.add(one):
        _log.info("%s", core.line(one))


# ------------------------------------------------------------------------------------------- acts that are no commands


def by_bot(world: World, what: str, *causes: str | int | None) -> Doing:
    """What the bot does by itself."""
    return Doing(world.chat.user, what, identity.key_for(what, *causes))
