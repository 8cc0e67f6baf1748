"""Reminders: what begins soon, and whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Kind, Member, Message, Occurrence, instants

from .card import names
from .events import event_data, link_line, place_line, title, when_line
from .text import NAME, NOTHING, Rich, blocks, data, lines, own, pill, say, strong
from .times import capitalised, hour_text, in_text, instant_text, left_text, relative_day

_DAY = timedelta(hours=23)  # from here on a relative day says it better; less than 24 because of summer time


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to be said. `late`: more than a minute after it was due. `source`: to one person, the calendar that
    it comes from."""

    occurrence: Occurrence
    lead: timedelta
    late: bool = False
    source: str = ""


def reminder(
    reader: Reader,
    occurrence: Occurrence,
    *,
    lead: timedelta,
    late: bool = False,
    mentions: Sequence[Member] = (),
    mention_room: bool = False,
) -> Message:
    """One reminder, mentioning `mentions`."""
    return reminders(reader, [Due(occurrence, lead, late)], mentions=mentions, mention_room=mention_room)


def reminders(
    reader: Reader, items: Sequence[Due], *, mentions: Sequence[Member] = (), mention_room: bool = False
) -> Message:
    """Reminders for one room in one message, such as several that were held up. `items` is not empty."""
    several = len(items) > 1
    held_up = several and all(item.late for item in items)
    head = say(reader, "reminder.held_up" if held_up else "reminder.several") if several else NOTHING
    people = names(reader, [pill(member.user, member.name) for member in mentions])
    body = blocks(
        head,
        *(_reminder(reader, item, say_late=item.late and not held_up) for item in items),
        say(reader, "reminder.for", names=people) if people else NOTHING,
    )
    parts = [_reminder_data(reader, item) for item in items]
    part = parts[0] if len(parts) == 1 else {"items": parts}
    return Message(
        Kind.REMINDER,
        body.text,
        body.html,
        part,
        mentions=tuple(member.user for member in mentions),
        mention_room=mention_room,
        notify=True,
    )


def _reminder(reader: Reader, item: Due, *, say_late: bool) -> Rich:
    occurrence = item.occurrence
    head = say(reader, "reminder.title", how=own(_how_soon(reader, item)), title=strong(title(reader, occurrence)))
    return lines(
        head,
        when_line(reader, occurrence.when, year=False),
        place_line(reader, occurrence),
        link_line(reader, occurrence),
        say(reader, "reminder.from", calendar=data(item.source, NAME)) if item.source else NOTHING,
        say(reader, "reminder.late") if say_late else NOTHING,
    )


def _how_soon(reader: Reader, item: Due) -> str:
    """ "In 15 minutes, 14:00": by the lead if in time, else by the clock; "Tomorrow, 14:00" a day ahead."""
    catalog = reader.catalog
    start, _ = instants(item.occurrence.when, reader.zone)
    word = relative_day(reader, start.astimezone(reader.zone).date())
    if isinstance(item.occurrence.when, AllDay):
        return capitalised(word or left_text(reader, start))
    begins = item.lead == timedelta(0) and not item.late
    if start <= reader.now and not begins:
        return catalog.text("reminder.running", since=instant_text(reader, start))
    if word is None or start - reader.now < _DAY:
        word = left_text(reader, start) if item.late else in_text(reader, item.lead)
    return capitalised(catalog.text("reminder.soon", left=word, time=hour_text(reader, start)))


def _reminder_data(reader: Reader, item: Due) -> dict[str, Any]:
    seconds = int(item.lead.total_seconds())
    return {**event_data(reader, item.occurrence), "lead": seconds, "late": item.late}
