"""What everybody in a room has to know of what somebody set there."""

from __future__ import annotations

from collections.abc import Callable

from calbot.core import identity
from calbot.core.i18n import Reader
from calbot.core.model import Message
from calbot.core.settings import Room
from calbot.errors import ChatForbidden, NotEncrypted

from .requests import Request
from .world import World


async def tell(world: World, request: Request, room: Room | None, said: Callable[[Reader], Message]) -> None:
    """Say it to the room in its own language, unless the answer to the sender does that already.

    It answers the command, so that everybody sees whose it was. `room`: whose language counts; None: a room without a
    calendar.
    """
    defaults = world.settings.defaults
    reader = world.reader((room or defaults).language, (room or defaults).timezone)
    if request.thread is None and reader.locale == request.reader.locale:
        return
    key = identity.key_for("room-note", request.event.id)
    try:
        await world.chat.post(request.place.room, said(reader), key=key, reply_to=request.event.id)
    except (ChatForbidden, NotEncrypted) as error:
        world.log.info("what was set in %s could not be said there: %s", request.place.room, error.reason)
