"""What was voted in a poll, read again from the server and decrypted whenever something depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from calbot.core import polls
from calbot.core.i18n import Reader
from calbot.core.model import Member, UserId
from calbot.core.people import server_of
from calbot.core.permissions import allowed_servers
from calbot.core.poll_events import PollStart, is_end, is_response, read_reaction, read_response, read_start
from calbot.core.poll_model import End, Poll, Vote
from calbot.core.polls import Pinned, Tally
from calbot.ports import ChatEvent, Relations

from .world import World


@dataclass(frozen=True, slots=True)
class Votes:
    """What the server knows of a poll: votes of all three ways, ends, and who cast what cannot be read."""

    votes: tuple[Vote, ...]
    ends: tuple[End, ...]
    unreadable: tuple[UserId, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a poll stands now."""

    found: Votes
    tally: Tally
    members: Sequence[Member]


async def standing(world: World, poll: Poll) -> Standing:
    """Read everything about an open poll and count it."""
    found = await read_votes(world, poll)
    members = await world.chat.members(poll.room)
    return Standing(found, await count(world, poll, found, None, members), members)


async def read_votes(world: World, poll: Poll) -> Votes:
    """Everything about a poll, read again from the server and decrypted; votes by command are in the database."""
    options = [option.id for option in poll.options]
    start = poll.start_event
    related = await world.chat.relations(poll.room, start, "m.reference") if start else Relations((), ())
    votes = [read_response(e.id, e.sender, e.at, e.content) for e in related.events if is_response(e.type)]
    ends = [End(e.id, e.sender, e.at) for e in related.events if is_end(e.type)]
    votes += await world.stores.polls.votes(poll.key)
    if poll.text_event is not None and not poll.behaviour.hidden:
        reactions = await world.chat.relations(poll.room, poll.text_event, "m.annotation")
        read = (read_reaction(e.id, e.sender, e.at, e.content, options) for e in reactions.events)
        votes += [vote for vote in read if vote is not None and vote.sender != world.chat.user]
    return Votes(tuple(votes), tuple(ends), related.unreadable)


async def count(
    world: World, poll: Poll, found: Votes, cutoff: int | None, members: Sequence[Member] | None = None
) -> Tally:
    """Count in a thread of its own: hundreds of voters take a while. The server says who is joined, unless known."""
    if members is None:
        members = await world.chat.members(poll.room)
    return await asyncio.to_thread(
        polls.count,
        poll,
        found.votes,
        cutoff=cutoff,
        joined=frozenset(member.user for member in members),
        bot=world.chat.user,
        servers=allowed_servers(world.settings, world.chat.user),
    )


async def pinned_start(world: World, event: ChatEvent, original: PollStart, votes: Sequence[Vote]) -> Pinned:
    """The poll as it stood when it was first voted on."""
    replaced = await world.chat.relations(event.room, event.id, "m.replace")
    edits = [polls.PollEdit(one.id, one.sender, one.at, read_start(one.content)) for one in replaced.events]
    return polls.pin(original, event.sender, edits, votes)


def ending_servers(world: World) -> frozenset[str]:
    """Whose ends count: those of people who are heard, and the bot's own."""
    return allowed_servers(world.settings, world.chat.user) | {server_of(world.chat.user)}


def zone_of(world: World, poll: Poll) -> ZoneInfo:
    return world.settings.rooms.get(poll.room, world.settings.defaults).timezone


def reader_of(world: World, poll: Poll) -> Reader:
    """Whoever reads in the room of a poll."""
    place = world.settings.rooms.get(poll.room, world.settings.defaults)
    return world.reader(place.language, place.timezone)
