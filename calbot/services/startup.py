"""What has to happen whenever a world begins: at start, and when the settings have changed."""

from __future__ import annotations

from functools import partial
from typing import Final

from . import conversation, planning, presence, repeats, running, sync
from .world import World

_QUESTIONS: Final = 30.0  # seconds between looks for questions that nobody answered


async def begin(world: World) -> None:
    """Set the alarms, under the settings as they are now; the network is asked when they ring."""
    await repeats.note_device(world)
    await planning.replan_all(world)
    await sync.start(world)
    await running.resume(world)
    world.alarm.every("questions", _QUESTIONS, partial(conversation.expire_questions, world))
    world.alarm.at("encryption", world.clock(), partial(presence.log_encryption, world))
