"""What rooms and people have chosen by command, and how it stands above what the file says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .model import EventId, OccurrenceId, Recipient, RecurrenceId, RoomId, Uid, UserId
from .settings import Alarms, Calendar, Digest, Room, Settings

KEPT_WITHOUT_BOT = timedelta(days=30)  # a mapping of a room that the bot has left or was put out of


@dataclass(frozen=True, slots=True)
class RoomPreferences:
    """What was chosen in a room; None: as the file says. No lead times at all: no reminders, of alarms neither."""

    reminders: tuple[timedelta, ...] | None = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class PersonPreferences:
    """What somebody chose for themselves; None: nothing. `reminders` are for all meetings that they are on."""

    reminders: tuple[timedelta, ...] | None = None
    digest: Digest | None = None


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
) -> Settings:
    """The settings in force: those of the file, for rooms as they are called now, with what was chosen in them.

    Rooms that are `given_up` are not mapped, whatever the file says.
    """
    moved = {room: _latest(room, successors) for room in successors}
    mapped: dict[RoomId, Room] = {}
    for room in file.rooms.values():
        id = moved.get(room.id, room.id)
        stands = id == room.id or id not in file.rooms  # what the file says of the new room
        if stands and id not in given_up:
            mapped[id] = _preferred(replace(room, id=id), rooms.get(id, RoomPreferences()))
    return replace(
        file, rooms=mapped, calendars={name: _moved(calendar, moved) for name, calendar in file.calendars.items()}
    )


def _latest(room: RoomId, successors: Mapping[RoomId, RoomId]) -> RoomId:
    """Where a room goes on now, after any number of upgrades; nowhere else, if they lead in a circle."""
    passed = [room]
    while (after := successors.get(passed[-1])) is not None:
        if after in passed:
            return room
        passed.append(after)
    return passed[-1]


def _preferred(room: Room, preferences: RoomPreferences) -> Room:
    if preferences.reminders is not None:
        # Who wants no reminders does not want those either that somebody entered in a calendar program.
        alarms = room.alarms if preferences.reminders else Alarms.IGNORE
        room = replace(room, reminders=preferences.reminders, alarms=alarms)
    if preferences.digest is not None:
        room = replace(room, digest=preferences.digest)
    return room


def _moved(calendar: Calendar, moved: Mapping[RoomId, RoomId]) -> Calendar:
    rooms = frozenset(moved.get(room, room) for room in calendar.map.rooms)
    return calendar if rooms == calendar.map.rooms else replace(calendar, map=replace(calendar.map, rooms=rooms))
