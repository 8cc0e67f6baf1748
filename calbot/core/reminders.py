"""Which reminders there have to be: planned from occurrences, reconciled with what is stored, sorted when they are due.

A reminder is named by room, event, start and lead (`identity.reminder_id`), so planning again finds the same ones. What
becomes of one, and why it is never sent twice and not lost:

=========  ==========================================  =====================================================
state      still planned                               no longer planned (moved, cancelled, rule changed)
=========  ==========================================  =====================================================
(none)     WAITING, unless its time is over already    nothing
WAITING    stays, with the end as it is now            CANCELLED, unless the meeting is over
CANCELLED  WAITING again, unless its time is over      stays
SENT       stays: a meeting moved away and back does   stays
           not ring twice for the same time
SKIPPED    stays                                       stays
=========  ==========================================  =====================================================

"Its time is over" is judged at the instant at which the event, its new time, the rule or the mapping became known.
WAITING becomes SENT only after the homeserver took the message, SKIPPED if that was not possible before the meeting
ended or if the event turns out to be another one at the last look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from . import identity
from .model import AllDay, CalendarName, Occurrence, OccurrenceId, RecurrenceId, RoomId, Status, Uid, instants
from .settings import Alarms, Room

# A day has no hour at which it begins for people: a quarter of an hour before it is 23:45 the evening before. Only lead
# times that are meant in days make sense of it. An alarm on the event itself is taken at its word.
_SHORTEST_ALL_DAY_LEAD = 12 * 60 * 60

_UTC = timezone.utc
ON_TIME = timedelta(seconds=60)  # what is later than this is called late


class ReminderState(str, Enum):
    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"  # too late, or overtaken
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder in one room. `id` is derived from room, uid, recurrence_id, start and lead, so replanning keeps it.

    `lead` is in seconds before `start`. `start` and `end` are instants in UTC (all-day: midnight in the room's zone).
    `batch`, `tried_since` and `device` tell of attempts whose outcome is unknown.
    """

    id: str
    room: RoomId
    calendar: CalendarName
    uid: Uid
    recurrence_id: RecurrenceId | None
    start: datetime
    end: datetime
    lead: int
    due: datetime
    state: ReminderState = ReminderState.WAITING
    batch: str | None = None  # key of the message it is being sent in
    tried_since: datetime | None = None
    device: str | None = None
    attempts: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What to change in the store. `insert` has new ones, and ones that are there already and wait (again): those keep
    what is known of attempts."""

    insert: tuple[Reminder, ...]
    cancel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """Reminders of one room that are late, to be sent as one message. `reminders` are all of them, by start."""

    room: RoomId
    reminders: tuple[Reminder, ...]

    @property
    def meetings(self) -> tuple[Reminder, ...]:
        """One for each meeting: of several lead times the shortest."""
        shortest: dict[OccurrenceId, Reminder] = {}
        for reminder in self.reminders:
            name = OccurrenceId(reminder.uid, reminder.recurrence_id)
            if name not in shortest or reminder.lead < shortest[name].lead:
                shortest[name] = reminder
        return tuple(shortest.values())


@dataclass(frozen=True, slots=True)
class Due:
    """What is due, by what to do with it. `on_time` is in the order in which to send."""

    on_time: tuple[Reminder, ...]
    late: tuple[Late, ...]
    too_late: tuple[Reminder, ...]


def leads(occurrence: Occurrence, room: Room) -> tuple[int, ...]:
    """The lead times for an occurrence in a room, in seconds, longest first: the room's and, if used, its alarms'."""
    of_room = {int(lead.total_seconds()) for lead in room.reminders}
    if isinstance(occurrence.when, AllDay):
        of_room = {lead for lead in of_room if lead >= _SHORTEST_ALL_DAY_LEAD}
    alarms = occurrence.details.alarms if room.alarms is Alarms.USE else ()
    return tuple(sorted(of_room.union(alarms), reverse=True))


def plan(occurrences: Iterable[Occurrence], room: Room) -> tuple[Reminder, ...]:
    """Every reminder that `occurrences` call for in `room`, whatever the time is now; by due time.

    `occurrences` has to hold all that the room sees of the events concerned, from each of its calendars: of an event
    that lies in several of them the first calendar of the room counts.
    """
    planned = [
        reminder
        for occurrence in _each_once(occurrences, room)
        if occurrence.details.status is not Status.CANCELLED
        for reminder in _for_occurrence(occurrence, room)
    ]
    return tuple(sorted(planned, key=lambda reminder: (reminder.due, reminder.start, reminder.id)))


def reconcile(planned: Iterable[Reminder], stored: Iterable[Reminder], now: datetime) -> Reconciled:
    """How to make `stored` what was planned, by the table above.

    `now` is when the cause of planning became known. Both sides have to be about the same rooms and events.
    """
    there = {reminder.id: reminder for reminder in stored}
    wanted = {reminder.id: reminder for reminder in planned}
    return Reconciled(
        insert=tuple(reminder for reminder in wanted.values() if _to_insert(reminder, there.get(reminder.id), now)),
        cancel=tuple(
            reminder.id
            for reminder in there.values()
            if reminder.id not in wanted and reminder.state is ReminderState.WAITING and reminder.end > now
        ),
    )


def still_right(reminder: Reminder, occurrence: Occurrence | None, room: Room | None) -> bool:
    """The last look before sending: whether planning would ask for it with the event and the room as they are now."""
    if occurrence is None or room is None:
        return False
    return any(one.id == reminder.id for one in plan((occurrence,), room))


def split_due(due: Iterable[Reminder], now: datetime) -> Due:
    """What is due now, by how late it is.

    Too late is what is late and about a meeting that has ended. What is on time is sent in any case, also at the end of
    a meeting that takes no time or whose alarm is set to its end.
    """
    on_time: list[Reminder] = []
    late: dict[RoomId, list[Reminder]] = {}
    too_late: list[Reminder] = []
    for reminder in sorted(due, key=lambda one: (one.start, one.room, -one.lead, one.id)):
        if now - reminder.due <= ON_TIME:
            on_time.append(reminder)
        elif now >= reminder.end:
            too_late.append(reminder)
        else:
            late.setdefault(reminder.room, []).append(reminder)
    return Due(
        on_time=tuple(on_time),
        late=tuple(Late(room, tuple(reminders)) for room, reminders in late.items()),
        too_late=tuple(too_late),
    )


def _to_insert(reminder: Reminder, stored: Reminder | None, now: datetime) -> bool:
    if stored is None or stored.state is ReminderState.CANCELLED:
        return reminder.due >= now
    return stored.state is ReminderState.WAITING and (stored.end, stored.calendar) != (reminder.end, reminder.calendar)


def _for_occurrence(occurrence: Occurrence, room: Room) -> Iterable[Reminder]:
    # In UTC: a lead is elapsed time, also across a clock change, and within the hour that is repeated times of
    # different zones are never equal (PEP 495).
    start, end = (instant.astimezone(_UTC) for instant in instants(occurrence.when, room.timezone))
    for lead in leads(occurrence, room):
        yield Reminder(
            id=identity.reminder_id(room.id, occurrence.uid, occurrence.recurrence_id, start, lead),
            room=room.id,
            calendar=occurrence.calendar,
            uid=occurrence.uid,
            recurrence_id=occurrence.recurrence_id,
            start=start,
            end=end,
            lead=lead,
            due=start - timedelta(seconds=lead),
        )


def _each_once(occurrences: Iterable[Occurrence], room: Room) -> Iterable[Occurrence]:
    rank: Mapping[CalendarName, int] = {name: place for place, name in enumerate(room.calendars)}
    seen: dict[OccurrenceId, Occurrence] = {}
    for occurrence in occurrences:
        if occurrence.calendar not in rank:
            continue
        other = seen.get(occurrence.id)
        if other is None or rank[occurrence.calendar] < rank[other.calendar]:
            seen[occurrence.id] = occurrence
    return seen.values()
