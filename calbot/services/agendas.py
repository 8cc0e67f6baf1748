"""Agendas that come by themselves: noted when their time has come, read and worded at the moment of sending.

Up to which moment agendas have been noted is kept. So what was due while the bot was down is caught up, if it is of use
still, and what is set for a time that is over already waits for its next turn. An agenda is named by whom it goes to,
whether it is that of the day or of the week, and for when it was set: it comes once, whatever is repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from calbot.core import digests, identity, messages, quiet
from calbot.core.digests import Agenda, Bell, Period, Schedule
from calbot.core.i18n import Reader
from calbot.core.model import CalendarName, OccurrenceId, Recipient, RoomId, Uid, is_person
from calbot.core.notices import Notice, NoticeKind
from calbot.core.settings import Digest, Room
from calbot.ports import Listed

from . import delivery, direct_chats, listings, places, readers, repeats
from .notices import Post
from .world import World

_LOOK: Final = 600.0  # seconds between looks in case a bell was missed, as a clock change can make one
_NOTED_UNTIL: Final = "agendas noted until"
_SHOWN: Final = 20  # events
_ALARM: Final = "agendas"
_DAY: Final = timedelta(days=1)
_NONE: Final = Digest()


# -------------------------------------------------------------------------------------------------------- what is due


async def begin(world: World) -> None:
    """Note what was due while the bot was away, and wait for what comes."""
    if region := world.settings.defaults.holidays:
        await asyncio.to_thread(quiet.is_holiday, world.clock().date(), region)  # takes long, the first time
    await _look(world, await arm(world))


async def arm(world: World) -> frozenset[Schedule]:
    """Set a bell for each time at which agendas come, for however many rooms and people; returns what they are for."""
    schedules = frozenset(await _by_schedule(world))
    ring = partial(_look, world, schedules)
    for bell in {bell for schedule in schedules for bell in schedule.bells()}:
        world.alarm.cron(_name(bell), bell.clock, bell.weekday, bell.zone, ring)
    world.alarm.every(_ALARM, _LOOK, ring)
    return schedules


async def catch_up(world: World) -> None:
    """Note what is due by now; before a schedule changes, so that nothing that is due goes with the old one."""
    await _look(world, frozenset(await _by_schedule(world)))


async def _look(world: World, schedules: frozenset[Schedule]) -> None:
    """Note the agendas whose time has come since the last look."""
    async with world.locks.hold(_ALARM):
        now = world.clock()
        kept = await world.stores.keeper.get(_NOTED_UNTIL)
        # A clock that was set back has to be followed, or nothing would come until it is there again.
        since = now if kept is None else min(now, datetime.fromisoformat(kept))
        notices: list[Notice] = []
        if any(digests.set_between(schedule, since, now) for schedule in schedules):
            for schedule, recipients in (await _by_schedule(world)).items():
                due = digests.set_between(schedule, since, now)
                notices += [_notice(recipient, agenda) for agenda in due for recipient in recipients]
        async with world.stores.transaction():
            await world.stores.notices.add(notices)
            await world.stores.keeper.put(_NOTED_UNTIL, now.isoformat())
    if notices:
        delivery.ring_soon(world)


async def _by_schedule(world: World) -> Mapping[Schedule, Sequence[Recipient]]:
    """Whoever gets agendas, by when."""
    defaults = world.settings.defaults
    found: dict[Schedule, list[Recipient]] = {}
    for room in world.settings.rooms.values():
        if room.digest != _NONE:
            found.setdefault(Schedule.of(room.digest, room.timezone, defaults), []).append(room.id)
    for person, chosen in (await world.stores.preferences.people()).items():
        if chosen.digest is not None and chosen.digest != _NONE:
            zone = chosen.timezone or defaults.timezone
            found.setdefault(Schedule.of(chosen.digest, zone, defaults), []).append(person)
    return found


def _notice(recipient: Recipient, agenda: Agenda) -> Notice:
    period, day, clock = agenda.period.value, agenda.day.isoformat(), agenda.clock.isoformat()
    return Notice(
        key=identity.key_for("agenda", recipient, period, day, clock),
        recipient=recipient,
        kind=NoticeKind.AGENDA,
        subject={"period": period, "day": day, "clock": clock},
        due=agenda.due,
        expires=agenda.expires,
    )


def _name(bell: Bell) -> str:
    day = "daily" if bell.weekday is None else bell.weekday.value
    return f"{_ALARM}:{day}:{bell.clock.isoformat()}:{bell.zone.key}"


# ------------------------------------------------------------------------------------------------------- what it says


async def render(world: World, batch: Sequence[Notice]) -> Post | None:
    """The agenda as it is now; None where there is nothing to tell, or nobody wants to be told any more."""
    (notice,) = batch
    if (posted := await _posted_before(world, notice)) is not None:
        return posted
    period, day = Period(notice.subject["period"]), date.fromisoformat(notice.subject["day"])
    clock = time.fromisoformat(notice.subject["clock"])
    recipient = notice.recipient
    rooms: Sequence[Room]
    room = None if is_person(recipient) else world.settings.rooms.get(RoomId(recipient))
    if room is not None:
        digest, reader, rooms = room.digest, world.reader(room.language, room.timezone), (room,)
    elif is_person(recipient):
        digest = (await world.stores.preferences.person(recipient)).digest or _NONE
        reader = await readers.reader_of(world, recipient)
        rooms = await places.rooms_seen_by(world, recipient, world.settings.rooms.values())
    else:
        return None
    if not rooms or not digests.asks_for(digest, period, day, clock):
        return None
    calendars = tuple(dict.fromkeys(name for room in rooms for name in room.calendars))
    return await _agenda(world, reader, calendars, (day, digests.last_day(period, day)), always=digest.always)


async def _posted_before(world: World, notice: Notice) -> Post | None:
    """What an earlier attempt posted, if it did: its numbers are those that people see."""
    if notice.batch is None or notice.tried_since is None:
        return None
    room = await direct_chats.room_for(world, notice.recipient)
    sent = await world.chat.find_by_key(room, notice.batch, notice.tried_since - repeats.CLOCKS_DIFFER)
    event = None if sent is None else await world.chat.event(room, sent)
    if event is None:
        return None
    agenda = messages.posted_agenda(event.content)
    listed = (
        Listed(item["ref"], CalendarName(item["calendar"]), OccurrenceId(Uid(item["uid"]), item["recurrence_id"]))
        for item in agenda.data["items"]
    )
    return Post(agenda, listed=tuple(listed))


async def _agenda(
    world: World, reader: Reader, calendars: Sequence[CalendarName], days: tuple[date, date], *, always: bool
) -> Post | None:
    first, last = max(days[0], reader.today), days[1]
    if first > last:
        return None
    start = quiet.instant_of(first, time.min, reader.zone)
    end = quiet.instant_of(last + _DAY, time.min, reader.zone)
    found = await world.stores.calendars.occurrences(calendars, start, end)
    told = digests.told(found, reader.zone, (first, last), reader.now)
    if not told and not always:
        return None
    ordered = sorted(told, key=partial(messages.agenda_order, reader))
    items = list(enumerate(ordered[:_SHOWN], 1))
    agenda = messages.agenda(
        reader,
        items,
        window=(first, last),
        rest=ordered[_SHOWN:],
        as_of=await listings.stale_since(world, calendars),
        with_calendar=len(calendars) > 1,
        holidays=_holidays(world, reader, first, last),
    )
    listed = tuple(Listed(number, one.calendar, one.id) for number, one in items)
    return Post(messages.scheduled(agenda), listed=listed)


def _holidays(world: World, reader: Reader, first: date, last: date) -> list[tuple[date, str]]:
    region = world.settings.defaults.holidays
    days = (first + ahead * _DAY for ahead in range((last - first).days + 1))
    return [(day, name) for day in days if (name := quiet.holiday_name(day, region, reader.locale)) is not None]
