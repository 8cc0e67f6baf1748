"""The text beside a poll, edited in place: how the poll stands, and in the end that it is over.

What it shows is stored, so that nothing is edited to what is there already, before a restart or after. An edit that was
cut off is made again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.i18n import Reader
from calbot.core.model import EventId, Member, Message
from calbot.core.poll_model import CardState, Poll, PollState
from calbot.errors import CalbotError, ChatForbidden, Unavailable

from . import ballots, places
from .ballots import Standing, Votes
from .world import World

_MOMENT: Final = timedelta(seconds=5)  # most closings are done by then, and one edit says it all
_AGAIN: Final = timedelta(seconds=30)
_PAUSE: Final = timedelta(minutes=5)  # until a room is looked at again in which nothing may be posted
_RUNNING: Final = (PollState.OPENING, PollState.OPEN)
_FINISHED: Final = (PollState.BOOKED, PollState.ENDED)


async def show_standing(world: World, poll: Poll, standing: Standing) -> None:
    """Show the votes of an open poll."""
    await _show(world, poll, _message(ballots.reader_of(world, poll), poll, standing))


def follow(world: World, key: str, wait: timedelta = _MOMENT) -> None:
    """Show in a moment what has become of a poll that closes, or that is booked anew."""
    world.alarm.at(alarm(key), world.clock() + wait, partial(_follow, world, key))


def alarm(key: str) -> str:
    """The alarm at which a poll is looked at next."""
    return f"poll-look:{key}"


def alone(world: World, key: str) -> AbstractAsyncContextManager[None]:
    """One look after the other: an older one must not be shown over a newer one."""
    return world.locks.hold(alarm(key))


async def _follow(world: World, key: str) -> None:
    try:
        async with alone(world, key):
            poll = await world.stores.polls.get(key)
            if poll is None or poll.state in _RUNNING:
                return
            await _show(world, poll, messages.poll_over(ballots.reader_of(world, poll), poll))
            if poll.state is PollState.CLOSING:
                follow(world, key, _AGAIN)
    except ChatForbidden:
        await _give_up(world, key)
    except CalbotError as error:
        world.log.info("that a poll is over has to be shown later: %s", error.reason)
        follow(world, key, _AGAIN if isinstance(error, Unavailable) else _PAUSE)


async def post(world: World, poll: Poll, standing: Standing, *, reply_to: EventId | None) -> EventId:
    """Begin with the card, beside a poll that somebody made in their client."""
    message = _message(ballots.reader_of(world, poll), poll, standing)
    key = identity.key_for("poll-text", poll.key, poll.origin)
    sent = await world.chat.post(poll.room, message, key=key, thread=poll.thread, reply_to=reply_to)
    await world.stores.polls.save_card(poll.key, CardState(shown=_digest(message)))
    return sent


async def note_posted(world: World, poll: Poll, members: Sequence[Member]) -> None:
    """Take note that the text was posted with the poll: as long as nobody votes there is nothing to edit."""
    nothing = Votes((), (), ())
    standing = Standing(nothing, await ballots.count(world, poll, nothing, None, members), members)
    message = _message(ballots.reader_of(world, poll), poll, standing)
    await world.stores.polls.save_card(poll.key, CardState(shown=_digest(message)))


async def _give_up(world: World, key: str) -> None:
    """The bot is not in the room any more: there is nothing left to show."""
    card = await world.stores.polls.card(key)
    await world.stores.polls.save_card(key, replace(card, over=True))


async def _show(world: World, poll: Poll, message: Message) -> None:
    if poll.text_event is None:
        return
    digest = _digest(message)
    before = await world.stores.polls.card(poll.key)
    if before.shown == digest:
        return
    await places.require_private(world, poll.room)
    # A number for each attempt: with the content alone for a key, going back to what was shown once would be dropped.
    card = CardState(before.edits + 1)
    await world.stores.polls.save_card(poll.key, card)
    await world.chat.edit(
        poll.room, poll.text_event, message, key=identity.key_for("poll-standing", poll.key, card.edits, digest)
    )
    over = poll.state in _FINISHED
    await world.stores.polls.save_card(poll.key, CardState(card.edits, digest, over))


def _message(reader: Reader, poll: Poll, standing: Standing) -> Message:
    people = {member.user: member.name for member in standing.members}
    return messages.poll_card(reader, poll, standing.tally, people, standing.found.unreadable)


def _digest(message: Message) -> str:
    return identity.key_for("shown", message.text, message.html, json.dumps(message.data, sort_keys=True))
