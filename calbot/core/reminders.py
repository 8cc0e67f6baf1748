"""Which reminders there have to be: planned from occurrences, reconciled with what is stored, sorted when they are due.

A reminder is named by recipient, event, start and lead (`identity.reminder_id`), so planning again finds the same ones,
and whatever asks twice for the same instant (a lead time set for the room and an alarm, a private lead time and a
snooze) asks for one. What becomes of it, and why it is never sent twice and not lost:

=========  ==========================================  =====================================================
state      still planned                               no longer planned (moved, cancelled, other lead times)
=========  ==========================================  =====================================================
(none)     WAITING, unless its time is over already    nothing
WAITING    stays, with the end as it is now            CANCELLED, unless the meeting is over
CANCELLED  WAITING again, unless its time is over      stays
SENT       stays: a meeting moved away and back does   stays
           not ring twice for the same time
SKIPPED    stays                                       stays
=========  ==========================================  =====================================================

"Its time is over" is judged at the instant at which the event, its new time, the lead time or the mapping became known.
WAITING becomes SENT only after the homeserver took the message, SKIPPED if that was not possible before the meeting
ended or if the event turns out to be another one at the last look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from . import identity
from .lead_times import Rules, ringing
from .model import CalendarName, Occurrence, OccurrenceId, Recipient, RecurrenceId, Uid

ON_TIME = timedelta(seconds=60)  # what is later than this is called late


class ReminderState(str, Enum):
    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"  # too late, or overtaken
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder to one recipient. `id` is derived from the recipient and from uid, recurrence_id, start and lead of
    the event, so replanning keeps it.

    `lead` is in seconds before `start`. `start` and `end` are instants in UTC (all-day: midnight in the room's zone).
    `batch`, `tried_since` and `device` tell of attempts whose outcome is unknown.
    """

    id: str
    recipient: Recipient
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

    @property
    def occurrence(self) -> OccurrenceId:
        return OccurrenceId(self.uid, self.recurrence_id)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What to change in the store. `insert` has new ones, and ones that are there already and wait (again): those keep
    what is known of attempts."""

    insert: tuple[Reminder, ...]
    cancel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """Reminders to one recipient that are late, to be sent as one message. `reminders` are all of them, by start."""

    recipient: Recipient
    reminders: tuple[Reminder, ...]

    @property
    def meetings(self) -> tuple[Reminder, ...]:
        """One for each meeting: of several lead times the shortest."""
        shortest: dict[OccurrenceId, Reminder] = {}
        for reminder in self.reminders:
            name = reminder.occurrence
            if name not in shortest or reminder.lead < shortest[name].lead:
                shortest[name] = reminder
        return tuple(shortest.values())


@dataclass(frozen=True, slots=True)
class Due:
    """What is due, by what to do with it. `on_time` is in the order in which to send."""

    on_time: tuple[Reminder, ...]
    late: tuple[Late, ...]
    too_late: tuple[Reminder, ...]


def plan(occurrences: Iterable[Occurrence], rules: Rules) -> tuple[Reminder, ...]:
    """Every reminder that `occurrences` call for, whatever the time is now; by due time.

    `occurrences` has to hold all that the recipient sees of the events concerned, from each of their calendars, and
    that is not over.
    """
    name = identity.reminder_id
    planned = [
        Reminder(
            id=name(rules.recipient, ring.occurrence.uid, ring.occurrence.recurrence_id, ring.start, lead),
            recipient=rules.recipient,
            calendar=ring.occurrence.calendar,
            uid=ring.occurrence.uid,
            recurrence_id=ring.occurrence.recurrence_id,
            start=ring.start,
            end=ring.end,
            lead=lead,
            due=ring.start - timedelta(seconds=lead),
        )
        for ring in ringing(occurrences, rules)
        for lead in ring.leads
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


def wanted(reminder: Reminder, occurrences: Iterable[Occurrence], rules: Rules) -> Occurrence | None:
    """The last look before sending: what the reminder is about, if planning would ask for it as the event is now.

    `occurrences` as for planning.
    """
    for ring in ringing(occurrences, rules):
        if ring.occurrence.id == reminder.occurrence:
            return ring.occurrence if ring.start == reminder.start and reminder.lead in ring.leads else None
    return None


def split_due(due: Iterable[Reminder], now: datetime) -> Due:
    """What is due now, by how late it is.

    Too late is what is late and about a meeting that has ended. What is on time is sent in any case, also at the end of
    a meeting that takes no time or whose alarm is set to its end.
    """
    on_time: list[Reminder] = []
    late: dict[Recipient, list[Reminder]] = {}
    too_late: list[Reminder] = []
    for reminder in sorted(due, key=lambda one: (one.start, one.recipient, -one.lead, one.id)):
        if now - reminder.due <= ON_TIME:
            on_time.append(reminder)
        elif now >= reminder.end:
            too_late.append(reminder)
        else:
            late.setdefault(reminder.recipient, []).append(reminder)
    return Due(
        on_time=tuple(on_time),
        late=tuple(Late(recipient, tuple(reminders)) for recipient, reminders in late.items()),
        too_late=tuple(too_late),
    )


def _to_insert(reminder: Reminder, stored: Reminder | None, now: datetime) -> bool:
    if stored is None or stored.state is ReminderState.CANCELLED:
        return reminder.due >= now
    return stored.state is ReminderState.WAITING and (stored.end, stored.calendar) != (reminder.end, reminder.calendar)
