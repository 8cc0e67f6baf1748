"""Polls that cannot become an event any more, because their room or its calendar is not what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from calbot.core.model import CalendarName, RoomId
from calbot.core.poll_model import Poll, PollState

from . import closing
from .world import World

UNFINISHED: Final = (PollState.OPENING, PollState.OPEN, PollState.CLOSING, PollState.CONFIRMING)


async def end(world: World, polls: Sequence[Poll]) -> None:
    """End polls without an event; `holds.resume` then removes what holds their dates."""
    for poll in polls:
        await closing.change(world, poll.key, _without_event)


async def without_calendar(world: World, room: RoomId, calendar: CalendarName) -> Sequence[str]:
    """End those that would write to a calendar which their room has no longer, or only to read; their titles."""
    found = [one for one in await world.stores.polls.in_room(room, UNFINISHED) if one.calendar == calendar]
    await end(world, found)
    return [one.title for one in found]


def _without_event(poll: Poll) -> Poll | None:
    return replace(poll, state=PollState.ENDED) if poll.state in UNFINISHED else None
