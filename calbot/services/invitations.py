"""Who is told by whom of what the bot writes: by the calendar server, by mail, or by nobody.

Mail about a write is drafted before it, as text before and after, and released into the outbox when the calendar
server has taken it. So nobody hears of what did not happen, and a crash in between loses nothing: what became of a
draft is found out from the server (`resume`). The keys of mails follow from the write; releasing twice sends once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.ical import is_same_version, uid_of
from calbot.core.ical.itip import Letter, Sender, letters
from calbot.core.ical.scheduling import guests_of, left_to_us
from calbot.core.mail import Mail, MailDraft
from calbot.core.model import CalendarName, Href, RoomId, Uid
from calbot.core.people import plain_address
from calbot.core.settings import Delivery
from calbot.errors import BadCalendarData, CalendarUnavailable

from . import disowned, mailing, sync
from .world import World

_LOOK_AGAIN: Final = timedelta(minutes=1)  # at what became of a write whose answer was lost


# ------------------------------------------------------------------------------------------------------------ by whom


async def way(world: World, calendar: CalendarName) -> Delivery:
    """Who really invites from a calendar.

    A server does so in the name of its own users only, and silently not in any other (Cyrus, sabre): what the account
    says holds where the organizer is the account itself. What is set on the calendar itself, the admin knows.
    """
    settings = world.settings
    organizer = settings.organizer(calendar)
    delivery = settings.delivery(calendar)
    if not organizer:
        return Delivery.NONE
    if delivery is Delivery.SERVER and settings.calendars[calendar].delivery is None:
        principal = await world.gateway.principal(settings.calendars[calendar].account)
        if principal is None or not principal.delivers or not principal.is_own(organizer):
            delivery = Delivery.EMAIL
    if delivery is Delivery.EMAIL and (world.mailer is None or plain_address(organizer) is None):
        return Delivery.NONE
    return delivery


async def _sender(world: World, calendar: CalendarName) -> Sender | None:
    """In whose name the bot mails about a calendar; None where it does not."""
    organizer = world.settings.organizer(calendar)
    if world.mailer is None or plain_address(organizer) is None:
        return None
    by = await way(world, calendar)
    if by is Delivery.NONE:
        return None
    return Sender(organizer, world.settings.email.sender or organizer, serves=by is Delivery.SERVER)


async def addressed(world: World, calendar: CalendarName, before: str | None, after: str) -> str:
    """What is about to be written, so that the server invites only whom it is to invite.

    Attendees who are on it already stay with whoever invited them.
    """
    if await way(world, calendar) is Delivery.SERVER:
        return after
    return await asyncio.to_thread(_left_to_us, before, after)


def _left_to_us(before: str | None, after: str) -> str:
    return left_to_us(after, but=frozenset() if before is None else guests_of(before))


# -------------------------------------------------------------------------------------------------------- what is sent


async def draft(
    world: World, calendar: CalendarName, href: Href, before: str | None, after: str | None, told: RoomId | None
) -> None:
    """An object is about to be written (None: was not there, or is deleted); `told` is the room it is done for."""
    if await _sender(world, calendar) is None:
        return
    if not await asyncio.to_thread(_has_guests, before, after):
        return
    room = told if told in world.settings.rooms else None
    await world.stores.mail.draft(MailDraft(calendar, href, before, after, room, world.clock()))
    world.passed("mail.drafted")


def _has_guests(*versions: str | None) -> bool:
    return any(guests_of(data) for data in versions if data is not None)


async def release(world: World, calendar: CalendarName, href: Href, now_is: str | None) -> None:
    """An object is like this now: where that is because of what was drafted, whom it concerns is to hear of it."""
    found = await world.stores.mail.drafted(calendar, href)
    if found is None:
        return
    if await asyncio.to_thread(_was_written, found, now_is):
        await _release(world, found, now_is)
    elif now_is is None:
        await forget(world, calendar, href)


def _was_written(found: MailDraft, now_is: str | None) -> bool:
    if now_is is None or found.after is None or found.before is None:
        return (now_is is None) == (found.after is None)
    return not is_same_version(now_is, found.before)


async def forget(world: World, calendar: CalendarName, href: Href) -> None:
    """It was not written, or is not to have been."""
    await world.stores.mail.drop_draft(calendar, href)


def look_later(world: World) -> None:
    """The answer to a write was lost: what became of it is found out soon."""
    world.alarm.at("mail-drafts", world.clock() + _LOOK_AGAIN, partial(resume, world))


async def resume(world: World) -> None:
    """Find out what became of the writes that a crash or a lost answer left open."""
    away = False
    for found in await world.stores.mail.drafts():
        if found.calendar not in world.settings.calendars:
            await forget(world, found.calendar, found.href)
            continue
        try:
            await _resolve(world, found.calendar, found.href)
        except CalendarUnavailable:
            away = True
    if away:
        look_later(world)


async def _resolve(world: World, calendar: CalendarName, href: Href) -> None:
    async with world.locks.hold(sync.lock_name(calendar)):
        found = await world.stores.mail.drafted(calendar, href)
        if found is None:
            return
        current = await world.gateway.read(calendar, href)
        text = None if current is None else current.data
        # What the room was told did not happen is taken away again.
        unwanted = uid_of(found.after or found.before or "") in await disowned.of(world, calendar)
        if not unwanted and await asyncio.to_thread(_was_written, found, text):
            await _release(world, found, text)
        else:
            await forget(world, calendar, href)


async def _release(world: World, found: MailDraft, now_is: str | None) -> None:
    sender = await _sender(world, found.calendar)
    mails: Sequence[Mail] = ()
    if sender is not None:
        try:
            mails = await asyncio.to_thread(_mails, world, found, now_is, sender)
        except BadCalendarData as error:
            world.log.warning("nobody could be mailed about an event of %s: %s", found.calendar, error.reason)
    async with world.stores.transaction():
        await world.stores.mail.add(mails)
        await world.stores.mail.drop_draft(found.calendar, found.href)
    world.passed("mail.released")
    if mails:
        mailing.ring_soon(world)


def _mails(world: World, found: MailDraft, now_is: str | None, sender: Sender) -> Sequence[Mail]:
    after = found.after
    if after is not None and now_is is not None and not is_same_version(after, now_is):
        after = now_is  # what somebody made of it since, or the server
    told = letters(found.before, after, sender, zone=world.settings.defaults.timezone, now=found.drafted_at)
    return [_mail(world, found, sender, letter) for letter in told]


def _mail(world: World, found: MailDraft, sender: Sender, letter: Letter) -> Mail:
    place = world.settings.rooms.get(found.room) if found.room is not None else None
    reads = place or world.settings.defaults
    reader = world.reader(reads.language, reads.timezone)
    text = messages.invitation(reader, letter)
    uid = uid_of(letter.data) or Uid("")
    # A new event is new once, whatever time a repeat of its command writes into it.
    change = ("new",) if found.before is None else (found.before, found.after)
    return Mail(
        key=identity.key_for("mail", found.calendar, found.href, letter.recipient, letter.method.value, *change),
        calendar=found.calendar,
        uid=uid,
        room=found.room,
        sender=sender.address,
        sender_name=letter.organizer if letter.organizer != sender.organizer else "",
        reply_to=sender.organizer,
        recipient=letter.recipient,
        recipient_name=letter.name if letter.name != letter.recipient else "",
        subject=text.subject,
        text=text.text,
        method=letter.method.value,
        ics=letter.data,
        queued_at=found.drafted_at,
    )
