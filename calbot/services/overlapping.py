"""Says that somebody else changed the same of an event meanwhile: both versions, and that nothing was written."""

from __future__ import annotations

from calbot.core import messages
from calbot.core.messages import Wanted
from calbot.core.model import Occurrence
from calbot.errors import Code, UserError

from . import showing
from .requests import Reply, Request
from .world import World


async def reply(world: World, request: Request, old: Occurrence, wanted: Wanted) -> Reply:
    """The mirror has their version by now, so that the same command, sent once more, is about that."""
    theirs = await world.stores.calendars.occurrence([old.calendar], old.id)
    if theirs is None:
        raise UserError(Code.CONFLICT, "conflict")
    return Reply(messages.overlapping(request.reader, theirs, wanted), about=showing.about(theirs))
