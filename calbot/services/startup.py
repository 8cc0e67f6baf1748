"""What has to happen whenever a world begins: at start, and when the settings have changed."""

from __future__ import annotations

from functools import partial

from calbot.core.notices import NoticeKind

from . import (
    addresses,
    admin_notices,
    agendas,
    attaching,
    cleaning,
    closing,
    delivery,
    file_mappings,
    holds,
    invitations,
    joining,
    looking,
    mailing,
    planning,
    preferences,
    presence,
    questions,
    reacting,
    repeats,
    replies,
    rooms,
    running,
    telling,
    uninvited,
)
from .notices import Kind, Notices
from .reminders import Reminders
from .world import World


async def prepare(world: World) -> None:
    """What has to hold before anything that comes in is acted on."""
    await repeats.note_device(world)
    await preferences.put_in_force(world)
    await addresses.load(world)


async def begin(world: World) -> None:
    """Set the alarms, under the settings as they are now; the network is asked when they ring."""
    await prepare(world)
    others = {
        NoticeKind.AGENDA: Kind(agendas.render),
        NoticeKind.UNDELIVERED: Kind(mailing.render),
        NoticeKind.UNINVITED: Kind(uninvited.render),
        NoticeKind.ADMIN: admin_notices.KIND,
        NoticeKind.MAPPED: file_mappings.KIND,
    }
    delivery.begin(world, Reminders(), Notices({**telling.KINDS, **others}))
    await planning.replan_all(world)
    await looking.start(world)
    await cleaning.begin(world)
    await running.resume(world)
    await attaching.resume(world)
    await closing.resume(world)
    await holds.resume(world)
    world.alarm.at("mail-drafts", world.clock(), partial(invitations.resume, world))
    mailing.ring_soon(world)
    await joining.begin(world)
    await replies.begin(world)
    world.alarm.at("rooms", world.clock(), partial(rooms.look_around, world))
    await agendas.begin(world)
    await file_mappings.begin(world)
    await admin_notices.begin(world)
    await questions.await_expiry(world)
    await reacting.begin(world)
    world.alarm.at("encryption", world.clock(), partial(presence.log_encryption, world))
