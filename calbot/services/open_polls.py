"""The polls that are open, by command: which there are, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Final

from calbot.core import commands, identity, messages, polls
from calbot.core.ask import Ask
from calbot.core.dates import At
from calbot.core.messages import ListedPoll
from calbot.core.poll_model import Poll, PollState
from calbot.errors import CalbotError, Code, UserError

from . import ballots, nudging, running, which_poll
from .requests import Reply, Request
from .world import World

_MOST_COUNTED: Final = 10  # of more, nobody waits for the numbers of votes
_OPEN: Final = (PollState.OPEN,)


async def list_open(world: World, request: Request) -> Reply:
    """The open polls of the room, in a direct chat of all rooms that the sender is in."""
    found = await which_poll.in_place(world, request.place, _OPEN)
    counted = await asyncio.gather(*(_counted(world, poll) for poll in found[:_MOST_COUNTED]))
    listed = [*counted, *(ListedPoll(poll, None) for poll in found[_MOST_COUNTED:])]
    return Reply(messages.poll_list(request.reader, listed))


async def _counted(world: World, poll: Poll) -> ListedPoll:
    try:
        return ListedPoll(poll, (await ballots.standing(world, poll)).tally)
    except CalbotError as error:
        world.log.info("the votes of a poll could not be read for a list: %s", error.reason)
        return ListedPoll(poll, None)


async def extend(world: World, request: Request, command: commands.Until) -> Reply:
    """Let a poll close at another time, earlier or later. A repeat finds that it does so already."""
    poll = await which_poll.meant(world, request, _OPEN)
    if poll.state is not PollState.OPEN:
        raise UserError(Code.NOT_FOUND, "poll_is_closed", title=poll.title)
    await which_poll.require_to_decide(world, request, poll)
    until = _settled(request, poll, _plausible(world, request, poll, command))
    async with world.locks.hold(f"poll:{poll.key}"):
        latest = await world.stores.polls.get(poll.key)
        if latest is None or latest.state is not PollState.OPEN:
            raise UserError(Code.NOT_FOUND, "poll_is_closed", title=poll.title)
        opened = datetime.fromtimestamp(poll.created_at / 1000, timezone.utc)
        poll = replace(latest, until=until, nudge_at=nudging.planned(world, opened, until))
        await world.stores.polls.save(poll)
    await running.arm(world)
    nudging.arm(world, poll)
    running.look_soon(world, poll.key)
    if request.place.room != poll.room:
        await _say_there(world, request, poll, until)
    return Reply(messages.until_changed(request.reader, poll.title, until))


def _plausible(world: World, request: Request, poll: Poll, command: commands.Until) -> Sequence[datetime]:
    now, zone = world.clock(), ballots.zone_of(world, poll)
    moments = [one for one in command.moments if polls.is_before_options(one, poll.options, now=now, zone=zone)]
    if not moments:
        first = polls.first_option(poll.options, zone, after=now) or poll.options[0]
        named = messages.poll_option_name(request.reader, poll, first)
        raise UserError(Code.NOT_UNDERSTOOD, "poll_until_too_late", until=command.text, first=named)
    return moments


def _settled(request: Request, poll: Poll, moments: Sequence[datetime]) -> datetime:
    if len(moments) == 1:
        return moments[0]
    return moments[request.picks.take(Ask("when", tuple(At(one) for one in moments), {"title": poll.title}))]


async def _say_there(world: World, request: Request, poll: Poll, until: datetime) -> None:
    """To those who vote: the command came in a direct chat."""
    message = messages.until_changed(ballots.reader_of(world, poll), poll.title, until)
    key = identity.key_for("poll-until", request.event.id)
    await world.chat.post(poll.room, message, key=key, thread=poll.thread)
