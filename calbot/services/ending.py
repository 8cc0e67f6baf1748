"""The end of a poll on the homeserver: the one that is there, or one that the bot sends; and all votes up to it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from calbot.core import identity, messages, polls
from calbot.core.i18n import Reader
from calbot.core.permissions import PowerLevels, level_of
from calbot.core.poll_events import POLL_END, read_start
from calbot.core.poll_model import Poll
from calbot.errors import ChatForbidden, Code, UserError

from . import ballots
from .ballots import Votes
from .world import World


@dataclass(frozen=True, slots=True)
class Ending:
    """Up to when votes count (milliseconds), what there is to count, whether clients still show the poll as open."""

    cutoff: int
    found: Votes
    still_open: bool


async def find_or_send(world: World, poll: Poll, reader: Reader) -> Ending:
    """See to it that the poll is over for everybody, and read all votes. UserError where it cannot be counted."""
    power = await world.chat.power_levels(poll.room)
    found = await ballots.read_votes(world, poll)
    await _require_countable(world, poll, found)
    servers = ballots.ending_servers(world)
    end = polls.valid_end(found.ends, poll.creator, power, servers=servers)
    if end is None and may_end(world, poll, power):
        # The room may want a higher level for this type of event than for others: then it stays open in clients.
        with suppress(ChatForbidden):
            content = messages.poll_end_content(reader, poll)
            await world.chat.send(poll.room, POLL_END, content, key=identity.key_for("poll-end", poll.key))
        # Only now, with the end's own time on the server, is it certain which votes were in time.
        found = await ballots.read_votes(world, poll)
        end = polls.valid_end(found.ends, poll.creator, power, servers=servers)
    if end is not None:
        return Ending(end.at, found, still_open=False)
    if poll.ended is None:
        raise RuntimeError("a poll closes without a cause")
    return Ending(poll.ended.at, found, still_open=True)


def may_end(world: World, poll: Poll, power: PowerLevels) -> bool:
    """Whether an end event of the bot's would be taken for valid by clients."""
    return poll.creator == world.chat.user or level_of(world.chat.user, power) >= power.redact


async def _require_countable(world: World, poll: Poll, found: Votes) -> None:
    """UserError if the poll was taken out of the room, or if one that somebody made was edited after it was voted on:
    nobody knows what the votes were for."""
    event = None if poll.start_event is None else await world.chat.event(poll.room, poll.start_event)
    if event is not None and event.redacted:
        raise UserError(Code.NOT_FOUND, "poll_removed", title=poll.title)
    if poll.by_bot:
        return
    original = None if event is None else read_start(event.content)
    if event is None or original is None:
        raise UserError(Code.NOT_FOUND, "poll_gone")
    pinned = await ballots.pinned_start(world, event, original, found.votes)
    if pinned.changed or polls.is_changed(poll, pinned.start):
        raise UserError(Code.CONFLICT, "poll_changed", title=poll.title)
