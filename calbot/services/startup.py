"""What has to happen whenever a world begins: at start, and when the settings have changed."""

from __future__ import annotations

from functools import partial

from calbot.core.notices import NoticeKind

from . import (
    agendas,
    attaching,
    closing,
    conversation,
    delivery,
    holds,
    planning,
    preferences,
    presence,
    repeats,
    rooms,
    running,
    sync,
    telling,
)
from .notices import Kind, Notices
from .reminders import Reminders
from .world import World


async def prepare(world: World) -> None:
    """What has to hold before anything that comes in is acted on."""
    await repeats.note_device(world)
    await preferences.put_in_force(world)


async def begin(world: World) -> None:
    """Set the alarms, under the settings as they are now; the network is asked when they ring."""
    await prepare(world)
    delivery.begin(world, Reminders(), Notices({**telling.KINDS, NoticeKind.AGENDA: Kind(agendas.render)}))
    await planning.replan_all(world)
    await sync.start(world)
    await running.resume(world)
    await attaching.resume(world)
    await closing.resume(world)
    await holds.resume(world)
    world.alarm.at("rooms", world.clock(), partial(rooms.look_around, world))
    await agendas.begin(world)
    await conversation.await_expiry(world)
    world.alarm.at("encryption", world.clock(), partial(presence.log_encryption, world))
