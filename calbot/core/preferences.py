"""What rooms and people have chosen by command, and how it stands above what the file says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .model import CalendarName, EventId, Locale, OccurrenceId, Recipient, RecurrenceId, RoomId, Uid, UserId
from .settings import Access, Alarms, Calendar, Defaults, Digest, Levels, Mention, Room, Settings

KEPT_WITHOUT_BOT = timedelta(days=30)  # a mapping of a room that the bot has left or was put out of


@dataclass(frozen=True, slots=True)
class ChosenLevels:
    """Power levels that were chosen in a room; None: as the file says."""

    new: int | None = None
    cancel: int | None = None
    settings: int | None = None


@dataclass(frozen=True, slots=True)
class RoomMapping:
    """A calendar that somebody connected to a room by command; `read_only`: not to be written from there.

    `command` is the message that said so. `removed`: it was taken away again, by that person and command; kept for a
    while, so that a repeat of the command is known as such.
    """

    room: RoomId
    calendar: CalendarName
    read_only: bool
    by: UserId
    at: datetime
    command: EventId
    removed: bool = False


@dataclass(frozen=True, slots=True)
class RoomPreferences:
    """What was chosen in a room; None: as the file says. No lead times at all: no reminders, of alarms neither."""

    reminders: tuple[timedelta, ...] | None = None
    digest: Digest | None = None
    language: Locale | None = None
    timezone: ZoneInfo | None = None
    alarms: Alarms | None = None
    mention: Mention | None = None
    write_to: CalendarName | None = None
    duration: timedelta | None = None
    levels: ChosenLevels = field(default_factory=ChosenLevels)


@dataclass(frozen=True, slots=True)
class PersonPreferences:
    """What somebody chose for themselves; None: nothing. `reminders` are for all meetings that they are on."""

    reminders: tuple[timedelta, ...] | None = None
    digest: Digest | None = None
    language: Locale | None = None
    timezone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class EventLeads:
    """The lead times that a recipient wants for one event, in place of all others. Without any: no reminders of it.

    `recurrence_id` is None for an event outside a series, and for a whole series.
    """

    recipient: Recipient
    uid: Uid
    recurrence_id: RecurrenceId | None
    leads: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody wants to be reminded again, by a reaction: shortly before the start, but not before `earliest`."""

    reaction: EventId
    person: UserId
    occurrence: OccurrenceId
    earliest: datetime


@dataclass(slots=True)
class PrivateLeads:
    """Who is reminded privately of the meetings that they are on: by Matrix ID, and by address on calendars."""

    leads: dict[UserId, tuple[timedelta, ...]] = field(default_factory=dict)
    by_address: dict[str, UserId] = field(default_factory=dict)

    def put(self, user: UserId, leads: tuple[timedelta, ...] | None, address: str | None) -> None:
        if leads:
            self.leads[user] = leads
        else:
            self.leads.pop(user, None)
        if address is not None:
            self.by_address[address] = user


def applied(
    file: Settings,
    rooms: Mapping[RoomId, RoomPreferences],
    successors: Mapping[RoomId, RoomId],
    given_up: Collection[RoomId] = (),
    mappings: Iterable[RoomMapping] = (),
) -> Settings:
    """The settings in force: those of the file, for rooms as they are called now, with what was chosen in them, and
    with the `mappings` made by command.

    Rooms that are `given_up` are not mapped, whatever the file says.
    """
    moved = {room: latest(room, successors) for room in successors}
    mapped: dict[RoomId, Room] = {}
    for room in file.rooms.values():
        id = moved.get(room.id, room.id)
        stands = id == room.id or id not in file.rooms  # what the file says of the new room
        if stands and id not in given_up:
            mapped[id] = room if id == room.id else replace(room, id=id)
    for id, calendars in _by_room(mappings, moved).items():
        # Not what is no longer in the file, or what the file connects by now.
        before = mapped.get(id) or _unset(id, file.defaults)
        more = [one for one in calendars if one.calendar in file.calendars and one.calendar not in before.calendars]
        if more and id not in given_up:
            mapped[id] = _with_calendars(before, more, file.calendars)
    for id, chosen in rooms.items():
        if id in mapped:
            mapped[id] = _preferred(mapped[id], chosen, file.calendars)
    return replace(
        file, rooms=mapped, calendars={name: _moved(calendar, moved) for name, calendar in file.calendars.items()}
    )


def of_file(file: Settings, room: RoomId, successors: Mapping[RoomId, RoomId]) -> Room | None:
    """A room as the file has it, whatever it was called when that was written."""
    if room in file.rooms:
        return file.rooms[room]
    before = [old for old in successors if old in file.rooms and latest(old, successors) == room]
    return replace(file.rooms[before[-1]], id=room) if before else None


def writable(room: Room, calendars: Mapping[CalendarName, Calendar]) -> tuple[CalendarName, ...]:
    """Those of a room's calendars that may be written from there."""
    return tuple(_writable(room.calendars, room.read_only, calendars))


def _writable(
    names: Iterable[CalendarName], read_only: Collection[CalendarName], calendars: Mapping[CalendarName, Calendar]
) -> Iterator[CalendarName]:
    for name in names:
        if name not in read_only and name in calendars and calendars[name].access is Access.READ_WRITE:
            yield name


def _by_room(mappings: Iterable[RoomMapping], moved: Mapping[RoomId, RoomId]) -> Mapping[RoomId, Sequence[RoomMapping]]:
    """Those that stand, each calendar of a room once, by what the rooms are called now."""
    found: dict[RoomId, dict[CalendarName, RoomMapping]] = {}
    for one in mappings:
        if not one.removed:
            found.setdefault(moved.get(one.room, one.room), {}).setdefault(one.calendar, one)
    return {room: list(ones.values()) for room, ones in found.items()}


def _unset(id: RoomId, defaults: Defaults) -> Room:
    """A room of which the file says nothing."""
    return Room(
        id=id,
        calendars=(),
        write_to=None,
        language=defaults.language,
        timezone=defaults.timezone,
        duration=defaults.duration,
        reminders=defaults.reminders,
        alarms=defaults.alarms,
        mention=defaults.mention,
    )


def _with_calendars(room: Room, more: Sequence[RoomMapping], calendars: Mapping[CalendarName, Calendar]) -> Room:
    names = (*room.calendars, *(one.calendar for one in more))
    read_only = room.read_only | {one.calendar for one in more if one.read_only}
    write_to = room.write_to or next(_writable(names, read_only, calendars), None)
    return replace(room, calendars=names, read_only=read_only, write_to=write_to)


def latest(room: RoomId, successors: Mapping[RoomId, RoomId]) -> RoomId:
    """Where a room goes on now, after any number of upgrades; nowhere else, if they lead in a circle."""
    passed = [room]
    while (after := successors.get(passed[-1])) is not None:
        if after in passed:
            return room
        passed.append(after)
    return passed[-1]


def _preferred(room: Room, chosen: RoomPreferences, calendars: Mapping[CalendarName, Calendar]) -> Room:
    # Who wants no reminders does not want those either that somebody entered in a calendar program.
    silent = Alarms.IGNORE if chosen.reminders == () else room.alarms
    levels, wanted = room.levels, chosen.levels
    may_be_written = chosen.write_to is not None and chosen.write_to in writable(room, calendars)
    return replace(
        room,
        write_to=chosen.write_to if may_be_written else room.write_to,
        language=chosen.language or room.language,
        timezone=chosen.timezone or room.timezone,
        duration=chosen.duration or room.duration,
        reminders=room.reminders if chosen.reminders is None else chosen.reminders,
        alarms=chosen.alarms or silent,
        mention=chosen.mention or room.mention,
        digest=chosen.digest or room.digest,
        levels=Levels(
            new=levels.new if wanted.new is None else wanted.new,
            cancel=levels.cancel if wanted.cancel is None else wanted.cancel,
            settings=levels.settings if wanted.settings is None else wanted.settings,
        ),
    )


def _moved(calendar: Calendar, moved: Mapping[RoomId, RoomId]) -> Calendar:
    rooms = frozenset(moved.get(room, room) for room in calendar.map.rooms)
    return calendar if rooms == calendar.map.rooms else replace(calendar, map=replace(calendar.map, rooms=rooms))
