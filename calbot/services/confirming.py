"""What those who may decide said to the winner of a poll that has to be confirmed, by reaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calbot.core.permissions import Action, Ground, Subject, may
from calbot.core.poll_events import plain_reaction
from calbot.core.poll_model import Decision, Poll

from . import rights
from .world import World

_YES: Final = frozenset("✅✔")
_NO: Final = frozenset("❌✖")


@dataclass(frozen=True, slots=True)
class Verdict:
    confirmed: bool
    by: Decision


async def verdict(world: World, poll: Poll, *, before: datetime) -> Verdict | None:
    """The first word of somebody who may decide, as the server has it now; None where there is none in time."""
    if poll.result_event is None:
        return None
    reactions = await world.chat.relations(poll.room, poll.result_event, "m.annotation")
    said = [(event, plain_reaction(event.content)) for event in reactions.events]
    said = [(event, key) for event, key in said if key in _YES | _NO and event.at < before.timestamp() * 1000]
    if not said:
        return None
    power = await world.chat.power_levels(poll.room)
    joined = {member.user for member in await world.chat.members(poll.room)}
    for event, key in sorted(said, key=lambda one: (one[0].at, one[0].id)):
        ground = Ground(power, joined=event.sender in joined)
        if event.sender != world.chat.user and may(
            rights.actor(world, event.sender), Action.CLOSE_POLL, ground, Subject(maker=poll.asker)
        ):
            return Verdict(key in _YES, Decision(event.id, event.sender, event.at))
    return None
