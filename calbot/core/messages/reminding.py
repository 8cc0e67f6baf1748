"""What lead times are set, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence

from .card import names
from .events import event_data, title, utc_text, when_line
from .text import NOTHING, Rich, lines, own, say, strong
from .times import instant_text

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LeadsInForce:
    """Lead times of a room or a person for all events. `alarms`: those that are entered on events ring as well."""

    leads: tuple[timedelta, ...]
    alarms: bool = False


@dataclass(frozen=True, slots=True)
class EventReminders:
    """Of one event, or a whole `series`: what was `chosen` for it, if anything, and when it rings `following`.

    `over`: of what was chosen just now, that for which it is too late.
    """

    occurrence: Occurrence
    chosen: tuple[timedelta, ...] | None
    following: datetime | None
    series: bool = False
    over: tuple[timedelta, ...] = ()


def leads_set(
    reader: Reader, room: LeadsInForce | None, person: LeadsInForce | None, *, how: bool = False, reachable: bool = True
) -> Message:
    """What holds for all events: in a room, for one person, or both. `reachable`: the person is known on calendars."""
    body = lines(
        NOTHING if room is None else _of_room(reader, room),
        say(reader, "remind.alarms") if room is not None and room.alarms and room.leads else NOTHING,
        NOTHING if person is None else _of_person(reader, person),
        NOTHING if reachable or person is None or not person.leads else say(reader, "remind.no_address"),
        say(reader, "remind.how" if room is not None else "remind.how_private") if how else NOTHING,
    )
    part = {
        **({} if room is None else {"room": {"leads": _seconds(room.leads), "alarms": room.alarms}}),
        **({} if person is None else {"person": {"leads": _seconds(person.leads)}}),
    }
    return Message(Kind.OK, body.text, body.html, {"reminders": part}, discloses=False)


def event_reminders(reader: Reader, event: EventReminders, *, personal: bool) -> Message:
    """What holds for one event, in the room or for one person."""
    occurrence = event.occurrence
    name = strong(title(reader, occurrence))
    whole = event.series and occurrence.recurrence_id is not None
    head = (
        say(reader, "remind.series", title=name)
        if whole
        else say(reader, "remind.event", title=name, when=when_line(reader, occurrence.when, year=False))
    )
    body = lines(
        head,
        _chosen(reader, event, personal=personal),
        say(reader, "remind.over", leads=lead_words(reader, event.over)) if event.over else NOTHING,
        _following(reader, event),
    )
    part: Mapping[str, Any] = {
        **event_data(reader, occurrence),
        "reminders": {
            "personal": personal,
            "series": whole,
            "leads": None if event.chosen is None else _seconds(event.chosen),
            "over": _seconds(event.over),
            "next": None if event.following is None else utc_text(event.following),
        },
    }
    return Message(Kind.OK, body.text, body.html, part)


def lead_words(reader: Reader, leads: Sequence[timedelta]) -> Rich:
    """ "1 day before, 15 minutes before and at the start"."""
    return names(reader, [own(_words(reader, lead)) for lead in sorted(leads, reverse=True)], limit=len(leads))


def _of_room(reader: Reader, room: LeadsInForce) -> Rich:
    if room.leads:
        return say(reader, "remind.room", leads=lead_words(reader, room.leads))
    return say(reader, "remind.room_alarms_only" if room.alarms else "remind.room_off")


def _of_person(reader: Reader, person: LeadsInForce) -> Rich:
    if not person.leads:
        return say(reader, "remind.person_off")
    return say(reader, "remind.person", leads=lead_words(reader, person.leads))


def _chosen(reader: Reader, event: EventReminders, *, personal: bool) -> Rich:
    if event.chosen is None:
        return say(reader, "remind.as_always_private" if personal else "remind.as_always")
    if not event.chosen:
        return say(reader, "remind.not_at_all_private" if personal else "remind.not_at_all")
    id = "remind.chosen_private" if personal else "remind.chosen"
    return say(reader, id, leads=lead_words(reader, event.chosen))


def _following(reader: Reader, event: EventReminders) -> Rich:
    if event.following is not None:
        return say(reader, "remind.next", time=own(instant_text(reader, event.following)))
    return NOTHING if event.chosen == () else say(reader, "remind.none_ahead")


def _words(reader: Reader, lead: timedelta) -> str:
    """Exactly, unlike `duration_text`: "1 day 2 h 30 min before"."""
    text, plural = reader.catalog.text, reader.catalog.plural
    if lead < _MINUTE:
        return text("remind.at_start")
    days, hours, minutes = lead // _DAY, lead % _DAY // _HOUR, lead % _HOUR // _MINUTE
    if [days, hours, minutes].count(0) == 2:
        id = "duration.days" if days else "duration.hours" if hours else "duration.minutes"
        duration = plural(id, days or hours or minutes)
    else:
        parts = (("duration.days", days), ("duration.h", hours), ("duration.min", minutes))
        duration = " ".join(plural(id, number) for id, number in parts if number)
    return text("remind.before", duration=duration)


def _seconds(leads: Sequence[timedelta]) -> list[int]:
    return [int(lead.total_seconds()) for lead in leads]
