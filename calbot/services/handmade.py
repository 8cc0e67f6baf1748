"""Polls that somebody made in their client: their answers as dates, as they stood at the first vote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from calbot.core import dates, polls
from calbot.core.dates import At, Base, Day
from calbot.core.model import AllDay
from calbot.core.poll_events import Answer, PollStart, read_start
from calbot.core.poll_model import Option, Poll, PollOptions, PollState
from calbot.core.settings import Room
from calbot.ports import ChatEvent

from . import ballots
from .readings import as_when, locales_of
from .world import World


def asking(poll: Poll, start: PollStart, room: Room) -> Poll:
    """The poll as its start event puts it; closed at the latest when no option can win any more."""
    at = datetime.fromtimestamp(poll.created_at / 1000, room.timezone)
    options = _read_options(start.answers, room, at)
    return replace(
        poll,
        title=start.question,
        options=options,
        max_selections=start.max_selections,
        behaviour=PollOptions(single=start.max_selections == 1, hidden=not start.disclosed),
        until=polls.last_start(options, room.timezone),
    )


async def follow_edits(world: World, key: str, event: ChatEvent) -> None:
    """Take on what the start event was edited to, as long as nobody has voted. Later edits are found at the end."""
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        original = read_start(event.content)
        if poll is None or poll.state is not PollState.OPEN or original is None:
            return
        room = world.settings.rooms.get(poll.room)
        cast = await ballots.read_votes(world, poll)
        pinned = await ballots.pinned_start(world, event, original, cast.votes)
        if room is not None and not pinned.changed and polls.is_changed(poll, pinned.start):
            await world.stores.polls.save(asking(poll, pinned.start, room))


def _read_options(answers: Iterable[Answer], room: Room, at: datetime) -> tuple[Option, ...]:
    """Answers as dates, as they were meant when the poll was made; one without a day has that of the one before."""
    options: list[Option] = []
    base: Base | None = None
    for answer in answers:
        reading = dates.read_either(answer.text, locales=locales_of(room.language), now=at, base=base)
        when = as_when(reading, room.duration) if isinstance(reading, (At, Day)) else None
        options.append(Option(answer.id, answer.text, when))
        if when is not None:
            base = Base(when.start if isinstance(when, AllDay) else when.start.astimezone(room.timezone).date())
    return tuple(options)
