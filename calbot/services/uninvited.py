"""A server may find out late that it cannot invite somebody (RFC 6638, 3.2.9): what it says in reply to a write is said
with the answer, what it notes later is told where the event has its card, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from calbot.core import identity, messages
from calbot.core.ical.scheduling import STATUS, failures
from calbot.core.model import CalendarName, RoomId, Uid, instants
from calbot.core.notices import Notice, NoticeKind
from calbot.errors import BadCalendarData, Code, UserError
from calbot.ports import StoredObject

from . import delivery
from .notices import Outcome, Post
from .world import World

_TOLD_WITHIN: Final = timedelta(days=2)
_NAMED: Final = 10


async def note(world: World, calendar: CalendarName, stored: Sequence[StoredObject]) -> None:
    """Note whom the server could not invite, of objects that were just read, before they go into the mirror: what they
    say there now was said already."""
    now, zone = world.clock(), world.settings.defaults.timezone
    notices: list[Notice] = []
    for one in stored:
        if STATUS not in one.data or not any(instants(found.when, zone)[1] > now for found in one.occurrences):
            continue
        kept = await world.stores.calendars.get(calendar, one.href)
        rooms = {card.room for card in await world.stores.references.cards_about([one.uid])}
        if kept is None or not rooms:
            continue
        names = await asyncio.to_thread(_missed, kept.data, one.data)
        if names:
            sequence = max(found.details.sequence for found in one.occurrences)
            subject = {"calendar": calendar, "uid": one.uid, "names": names[:_NAMED], "more": len(names) > _NAMED}
            notices += [
                Notice(
                    key=identity.key_for("uninvited", room, calendar, one.uid, sequence, *names),
                    recipient=room,
                    kind=NoticeKind.UNINVITED,
                    subject=subject,
                    due=now,
                    expires=now + _TOLD_WITHIN,
                )
                for room in sorted(rooms)
            ]
    if notices:
        await world.stores.notices.add(notices)
        delivery.ring_soon(world)


def _missed(before: str, after: str) -> list[str]:
    """The names of those who are missed by now and were not before."""
    try:
        known = {one.attendee.address for one in failures(before)}
    except BadCalendarData:
        known = set()
    return [one.attendee.name for one in failures(after) if one.attendee.address not in known]


async def render(world: World, notices: Sequence[Notice]) -> Outcome:
    """The title only of what the room may see."""
    (notice,) = notices
    room = world.settings.rooms.get(RoomId(notice.recipient))
    calendar = CalendarName(notice.subject["calendar"])
    if room is None or calendar not in room.calendars:
        return None
    known = await world.stores.calendars.known([calendar], [Uid(notice.subject["uid"])])
    title = next((one.details.title for one in known if not one.details.hidden), "")
    if not title:
        return None  # nothing of it is shown any more
    names = ", ".join([*notice.subject["names"], *(["…"] if notice.subject["more"] else [])])
    error = UserError(Code.INTERNAL, "uninvited", names=names, title=title)
    return Post(messages.error(world.reader(room.language, room.timezone), error))
