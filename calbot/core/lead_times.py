"""How long before an event somebody is reminded of it: as was set, chosen, entered as an alarm, or put off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from . import identity
from .model import (
    AllDay,
    CalendarName,
    Details,
    Occurrence,
    OccurrenceId,
    PartStat,
    Recipient,
    Status,
    Trigger,
    Uid,
    UserId,
    instants,
)
from .preferences import EventLeads, Snooze
from .settings import Alarms, Room

MAX_LEADS: Final = 10
MAX_LEAD: Final = timedelta(days=400)
SNOOZED_UNTIL: Final = timedelta(minutes=5)  # before the start
SNOOZED_FOR: Final = timedelta(minutes=5)  # at least

# A day has no hour at which it begins for people: a quarter of an hour before it is 23:45 the evening before. Only lead
# times that are meant in days make sense of it. What was chosen for the event itself is taken at its word.
_SHORTEST_ALL_DAY_LEAD: Final = timedelta(hours=12)

_UTC: Final = timezone.utc
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Attending:
    """Whoever is reminded of the meetings that they are on."""

    user: UserId
    address: str | None = None

    def is_on(self, details: Details) -> bool:
        """Invited and not declined, or the one who invites."""
        entries = [one for one in details.attendees if self._is(one.user, one.address)]
        if entries:
            return any(one.partstat is not PartStat.DECLINED for one in entries)
        return details.organizer is not None and self._is(details.organizer.user, details.organizer.address)

    def _is(self, user: UserId | None, address: str | None) -> bool:
        return user == self.user if user is not None else address is not None and address == self.address


@dataclass(frozen=True, slots=True)
class Rules:
    """What a recipient is to be reminded of.

    `calendars` are those that they see; of an event that lies in several the first counts. `leads` are for all events,
    or for those that `attending` is on. `chosen` for one event, or a series, stands in place of these and of alarms.
    """

    recipient: Recipient
    zone: ZoneInfo
    calendars: tuple[CalendarName, ...]
    leads: tuple[timedelta, ...] = ()
    alarms: bool = False
    attending: Attending | None = None
    chosen: Mapping[OccurrenceId, tuple[timedelta, ...]] = field(default_factory=dict)
    snoozed: Mapping[OccurrenceId, tuple[datetime, ...]] = field(default_factory=dict)


def rules_of_room(room: Room, chosen: Iterable[EventLeads] = ()) -> Rules:
    return Rules(
        recipient=room.id,
        zone=room.timezone,
        calendars=room.calendars,
        leads=room.reminders,
        alarms=room.alarms is Alarms.USE,
        chosen=_chosen(room.id, chosen),
    )


def rules_of_person(
    attending: Attending,
    zone: ZoneInfo,
    calendars: Iterable[CalendarName],
    leads: tuple[timedelta, ...],
    chosen: Iterable[EventLeads] = (),
    snoozes: Iterable[Snooze] = (),
) -> Rules:
    """Private reminders. Alarms are for the room; what somebody put off is for them alone."""
    snoozed: dict[OccurrenceId, tuple[datetime, ...]] = {}
    for snooze in snoozes:
        if snooze.person == attending.user:
            snoozed[snooze.occurrence] = (*snoozed.get(snooze.occurrence, ()), snooze.earliest)
    return Rules(
        recipient=attending.user,
        zone=zone,
        calendars=tuple(calendars),
        leads=leads,
        attending=attending,
        chosen=_chosen(attending.user, chosen),
        snoozed=snoozed,
    )


def _chosen(recipient: Recipient, chosen: Iterable[EventLeads]) -> Mapping[OccurrenceId, tuple[timedelta, ...]]:
    return {OccurrenceId(one.uid, one.recurrence_id): one.leads for one in chosen if one.recipient == recipient}


@dataclass(frozen=True, slots=True)
class Ringing:
    """An occurrence with its start and end in UTC, and how many seconds before the start it rings, longest first."""

    occurrence: Occurrence
    start: datetime
    end: datetime
    leads: tuple[int, ...]


def ringing(occurrences: Iterable[Occurrence], rules: Rules) -> list[Ringing]:
    """When each of the occurrences rings for the recipient of `rules`, if it does at all.

    Of an event, all occurrences that are not over have to be among them: an alarm at a fixed instant, which a whole
    series shares, rings once.
    """
    spans = [(one, *_span(one, rules.zone)) for one in _each_once(occurrences, rules) if _takes_place(one)]
    fixed = _rings_about(spans)
    found = []
    for one, start, end in spans:
        leads = {*_lead_seconds(one, start, end, rules, fixed), *_snoozed_seconds(one, start, end, rules)}
        if leads:
            found.append(Ringing(one, start, end, tuple(sorted(leads, reverse=True))))
    return found


def general_leads(occurrence: Occurrence, rules: Rules) -> tuple[timedelta, ...]:
    """Those that hold for the occurrence because they hold for all events."""
    if rules.attending is not None and not rules.attending.is_on(occurrence.details):
        return ()
    if isinstance(occurrence.when, AllDay):
        return tuple(lead for lead in rules.leads if lead >= _SHORTEST_ALL_DAY_LEAD)
    return rules.leads


def chosen_leads(occurrence: OccurrenceId, rules: Rules) -> tuple[timedelta, ...] | None:
    """Those that were chosen for this occurrence, else for its series; None where nothing was."""
    one = rules.chosen.get(occurrence)
    return one if one is not None else rules.chosen.get(OccurrenceId(occurrence.uid))


def _takes_place(occurrence: Occurrence) -> bool:
    return occurrence.details.status is not Status.CANCELLED and not identity.is_hold(occurrence.uid)


def _span(occurrence: Occurrence, zone: ZoneInfo) -> tuple[datetime, datetime]:
    # In UTC: a lead is elapsed time, also across a clock change, and within the hour that is repeated times of
    # different zones are never equal (PEP 495).
    start, end = instants(occurrence.when, zone)
    return start.astimezone(_UTC), end.astimezone(_UTC)


def _lead_seconds(
    occurrence: Occurrence,
    start: datetime,
    end: datetime,
    rules: Rules,
    fixed: Mapping[tuple[Uid, datetime], OccurrenceId],
) -> Iterable[int]:
    chosen = chosen_leads(occurrence.id, rules)
    if chosen is not None:
        yield from (lead // _SECOND for lead in chosen)
        return
    yield from (lead // _SECOND for lead in general_leads(occurrence, rules))
    for trigger in occurrence.details.alarms if rules.alarms else ():
        if trigger.at is not None and fixed[occurrence.uid, trigger.at] != occurrence.id:
            continue
        lead = _lead_of(trigger, start, end)
        # One that goes off when all is over reminds of nothing.
        if start - end <= lead <= MAX_LEAD:
            yield lead // _SECOND


def _lead_of(trigger: Trigger, start: datetime, end: datetime) -> timedelta:
    if trigger.at is not None:
        return start - trigger.at
    before = timedelta(seconds=trigger.before)
    return before - (end - start) if trigger.from_end else before


def _snoozed_seconds(occurrence: Occurrence, start: datetime, end: datetime, rules: Rules) -> Iterable[int]:
    for earliest in rules.snoozed.get(occurrence.id, ()):
        # Five minutes before a day is late in the evening before: what is said then helps nobody.
        soonest = earliest if isinstance(occurrence.when, AllDay) else start - SNOOZED_UNTIL
        due = max(soonest, earliest)
        if due < end:
            yield (start - due) // _SECOND


def _rings_about(spans: Iterable[tuple[Occurrence, datetime, datetime]]) -> Mapping[tuple[Uid, datetime], OccurrenceId]:
    """Of which occurrence an alarm at a fixed instant reminds: of the first that begins then or later, else the last.

    Programs copy the alarms of a series into its exceptions, so all that share uid and instant are one alarm.
    """
    fixed = [(span[1], span[0]) for span in spans if any(one.at for one in span[0].details.alarms)]
    found: dict[tuple[Uid, datetime], tuple[datetime, OccurrenceId]] = {}
    for start, occurrence in sorted(fixed, key=lambda pair: (pair[0], pair[1].recurrence_id or "")):
        for at in [one.at for one in occurrence.details.alarms if one.at is not None]:
            before = found.get((occurrence.uid, at))
            if before is None or before[0] < at:
                found[occurrence.uid, at] = (start, occurrence.id)
    return {key: id for key, (_, id) in found.items()}


def _each_once(occurrences: Iterable[Occurrence], rules: Rules) -> Iterable[Occurrence]:
    rank = {name: place for place, name in enumerate(rules.calendars)}
    seen: dict[OccurrenceId, Occurrence] = {}
    for occurrence in occurrences:
        if occurrence.calendar not in rank:
            continue
        other = seen.get(occurrence.id)
        if other is None or rank[occurrence.calendar] < rank[other.calendar]:
            seen[occurrence.id] = occurrence
    return seen.values()
