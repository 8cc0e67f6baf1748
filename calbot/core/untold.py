"""What a room does not know yet: found out when it is told, from what was noted when it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from .changes import Change, diff
from .model import CalendarName, Occurrence, RecurrenceId, RoomId, Uid, instants

EVERY_ROOM: Final = RoomId("*")  # knows of a change that nobody is to be told of
ON_CARDS: Final = RoomId("+")  # seen on the cards of the event, and told nobody besides
COMPLETION: Final = RoomId("&")  # of what somebody else wrote: told as a part of that, and by itself on cards only
_NOT_BY_ITSELF: Final = (ON_CARDS, COMPLETION)


def is_told_by_itself(told: RoomId | None) -> bool:
    """Whether a change is one that rooms are to hear of, other than the one that knows."""
    return told not in _NOT_BY_ITSELF


@dataclass(frozen=True, slots=True)
class PastState:
    """An event as people saw it before it changed. `number` grows with each change of the calendar.

    `before` has what lay ahead, up to `horizon`. `told` is the room that knows of the change already, because the
    change was asked for there.
    """

    uid: Uid
    before: tuple[Occurrence, ...]
    horizon: datetime
    told: RoomId | None = None
    number: int = 0

    def is_known_in(self, room: RoomId) -> bool:
        return self.told in (room, EVERY_ROOM)


class Range(NamedTuple):
    """Changes of a calendar by number, `last` included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Version:
    """An event of one calendar at the beginning and the end of what is to be told; None: as it is now."""

    before: tuple[Occurrence, ...]
    after: tuple[Occurrence, ...] | None
    horizon: datetime


def untold(
    noted: Mapping[CalendarName, Sequence[PastState]],
    ranges: Mapping[CalendarName, Sequence[Range]],
    current: Iterable[Occurrence],
    *,
    room: RoomId,
    calendars: Sequence[CalendarName],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Change, ...]:
    """The changes within `ranges` that are still changes now, one for each event, by time.

    `noted` reaches from the first of these changes to the newest of all, `current` is what the room's `calendars` have
    now of the events concerned. An event that lies in several of them is one event, of which the first calendar counts.
    What changed before the room itself had the event changed is known there from the answer.
    """
    versions: dict[Uid, dict[CalendarName, _Version]] = {}
    for calendar in calendars:
        for uid, states in _by_uid(noted.get(calendar, ())).items():
            version = _version(states, ranges.get(calendar, ()), room)
            if version is not None:
                versions.setdefault(uid, {})[calendar] = version
    present: dict[tuple[Uid, CalendarName], list[Occurrence]] = {}
    for one in current:
        present.setdefault((one.uid, one.calendar), []).append(one)
    found: list[Change] = []
    for uid, theirs in versions.items():
        before: dict[RecurrenceId | None, Occurrence] = {}
        after: dict[RecurrenceId | None, Occurrence] = {}
        for calendar in calendars:
            as_it_is = present.get((uid, calendar), ())
            known = theirs.get(calendar)
            for one in as_it_is if known is None else known.before:
                before.setdefault(one.recurrence_id, one)
            for one in as_it_is if known is None or known.after is None else known.after:
                after.setdefault(one.recurrence_id, one)
        horizon = min(version.horizon for version in theirs.values())
        changes = diff(list(before.values()), list(after.values()), now=now, horizon=horizon, zone=zone)
        found += [change for change in changes if change.announced]
    return tuple(sorted(found, key=lambda change: (_start(change, zone), change.uid)))


def _version(states: Sequence[PastState], ranges: Sequence[Range], room: RoomId) -> _Version | None:
    known_from = max((state.number for state in states if state.is_known_in(room)), default=0)
    new = [state for state in states if state.number > known_from]
    told = [state for state in new if is_told_by_itself(state.told)]
    wanted = [state for state in told if any(first <= state.number <= last for first, last in ranges)]
    if not wanted:
        return None
    later = [state for state in new if state.number > wanted[-1].number and state.told != COMPLETION]
    return _Version(wanted[0].before, later[0].before if later else None, min(state.horizon for state in wanted))


def _by_uid(states: Iterable[PastState]) -> Mapping[Uid, list[PastState]]:
    found: dict[Uid, list[PastState]] = {}
    for state in sorted(states, key=lambda one: one.number):
        found.setdefault(state.uid, []).append(state)
    return found


def _start(change: Change, zone: ZoneInfo) -> datetime:
    return min(instants(one.when, zone)[0] for one in (change.before, change.after) if one is not None)
