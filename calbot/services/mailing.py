"""Sends what is in the outbox for mail: each mail until the server takes it, or refuses it for good, or two days.

Mail to one recipient goes in the order it came, so that nobody hears of a change before the invitation; a recipient
that nothing can be sent to holds up nobody else. It is marked when the server has taken it: a crash in between, or a
connection that breaks before the answer, sends it again under the same Message-ID, and with the same UID, SEQUENCE and
DTSTAMP in it, by which programs know it (RFC 5546, 2.1.5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.mail import Queued, is_over, pause_after
from calbot.core.model import CalendarName, RoomId, Uid
from calbot.core.notices import Notice, NoticeKind
from calbot.errors import Code, MailDeferred, MailRefused, MailUnavailable, UserError
from calbot.ports import Mailer, MailSession

from . import delivery
from .notices import Outcome, Post
from .world import World

_ALARM: Final = "mail"
_LOT: Final = 100
_BROKEN: Final = 3  # connections in a row that break, until the server itself is taken to be out of order
_TOLD_WITHIN: Final = timedelta(days=2)


def ring_soon(world: World) -> None:
    """Something may be there to be sent."""
    if world.mailer is not None:
        world.alarm.at(_ALARM, world.clock(), partial(ring, world))


async def ring(world: World) -> None:
    """Send what is due, and wait for what is put off."""
    if world.mailer is None:
        return
    async with world.locks.hold(_ALARM):
        now = world.clock()
        while due := await world.stores.mail.due(now, _LOT):
            if not await _send(world, world.mailer, due):
                break
        ahead = await world.stores.mail.next_due(now)
        if ahead is not None:
            world.alarm.at(_ALARM, ahead, partial(ring, world))


async def _send(world: World, mailer: Mailer, due: Sequence[Queued]) -> bool:
    """Send a lot, over as few connections as hold. Whether the server works: else all that is left is put off."""
    rest = deque(due)
    broken = 0
    while rest:
        connected = False
        try:
            async with mailer.session() as session:
                connected = True
                while rest:
                    await _attempt(world, session, rest[0])
                    rest.popleft()
                    broken = 0
        except MailUnavailable as error:
            if connected:
                # Perhaps only this one makes the server hang up; it must not keep the others waiting.
                broken += 1
                await _put_off(world, rest.popleft(), error)
            if not connected or broken == _BROKEN:
                world.log.warning("the mail server takes nothing, all mail has to wait: %s", error.reason)
                for queued in rest:
                    await _put_off(world, queued, error)
                return False
    return True


async def _attempt(world: World, session: MailSession, queued: Queued) -> None:
    world.passed("mail.sending")
    try:
        await session.send(queued.mail)
    except MailDeferred as error:
        await _put_off(world, queued, error)
    except MailRefused as error:
        await _fail(world, queued, error.reason)
    else:
        world.passed("mail.accepted")
        await world.stores.mail.sent(queued.number, world.clock())


async def _put_off(world: World, queued: Queued, error: MailDeferred | MailUnavailable) -> None:
    now = world.clock()
    if is_over(queued.mail, now):
        await _fail(world, queued, "mail_given_up")
        return
    await world.stores.mail.put_off(queued.number, now + pause_after(queued.attempts + 1), error.reason)


async def _fail(world: World, queued: Queued, reason: str) -> None:
    """Whoever asked for it hears of it where they asked."""
    mail, now = queued.mail, world.clock()
    world.log.warning("a mail about an event of %s could not be delivered: %s", mail.calendar, reason)
    async with world.stores.transaction():
        await world.stores.mail.failed(queued.number, reason, now)
        if mail.room is not None:
            subject = {
                "name": mail.recipient_name or mail.recipient,
                "calendar": mail.calendar,
                "uid": mail.uid,
                "reason": reason,
            }
            key = identity.key_for("undelivered", mail.key)
            kind = NoticeKind.UNDELIVERED
            await world.stores.notices.add([Notice(key, mail.room, kind, subject, now, now + _TOLD_WITHIN)])
    delivery.ring_soon(world)


async def render(world: World, notices: Sequence[Notice]) -> Outcome:
    """That a mail came to nothing. The title only of what the room may see."""
    (notice,) = notices
    room = world.settings.rooms.get(RoomId(notice.recipient))
    calendar = CalendarName(notice.subject["calendar"])
    if room is None or calendar not in room.calendars:
        return None
    reader = world.reader(room.language, room.timezone)
    known = await world.stores.calendars.known([calendar], [Uid(notice.subject["uid"])])
    title = next((one.details.title for one in known if not one.details.hidden), "")
    why = str(notice.subject["reason"])
    name = notice.subject["name"]
    if title:
        error = UserError(Code.INTERNAL, "mail_undelivered", name=name, title=title, why=why)
    else:
        error = UserError(Code.INTERNAL, "mail_undelivered_hidden", name=name, why=why)
    return Post(messages.error(reader, error))
