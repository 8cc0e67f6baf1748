"""When the alarms of an event go off (RFC 5545, 3.6.6; RFC 9074)."""

from __future__ import annotations

from datetime import timedelta, timezone, tzinfo
from typing import Final

from calbot.core.model import Trigger
from calbot.errors import BadCalendarData

from .content import Component, Line
from .values import read_date_time, read_duration

MAX_ALARMS: Final = 10  # of one event
_RINGING: Final = ("DISPLAY", "AUDIO")  # mail is the mail system's to send, and programs are nobody's to run
# What goes off at a place, not at a time: its trigger is a date long past, by which other programs stay silent.
_PROXIMITY: Final = ("PROXIMITY", "X-APPLE-PROXIMITY")


def triggers_of(event: Component, zone: tzinfo) -> tuple[Trigger, ...]:
    """When the alarms of a VEVENT go off, each time once, in order of the document; no more than the first few.

    An alarm that cannot be read is no reason to lose the event. That somebody has acknowledged an alarm, or put it off
    in their own program, is their own affair (RFC 9074, 6 and 7): the room is reminded all the same, and the alarm that
    keeps what was put off is not for the room.
    """
    found: dict[Trigger, None] = {}
    for alarm in event.components:
        trigger = alarm.first("TRIGGER")
        if alarm.name != "VALARM" or trigger is None or not _is_for_all(alarm):
            continue
        try:
            found |= dict.fromkeys(_repeated(_read(trigger, zone), alarm))
        except (BadCalendarData, OverflowError):
            continue
        if len(found) >= MAX_ALARMS:
            break
    return tuple(found)[:MAX_ALARMS]


def _is_for_all(alarm: Component) -> bool:
    if alarm.value("ACTION").strip().upper() not in _RINGING:
        return False
    if any(alarm.first(name) for name in _PROXIMITY):
        return False
    return not any(line.param("RELTYPE").upper() == "SNOOZE" for line in alarm.all("RELATED-TO"))


def _read(trigger: Line, zone: tzinfo) -> Trigger:
    if trigger.value.strip()[:1] in "+-Pp":
        before = -read_duration(trigger.value).total()
        return Trigger(int(before.total_seconds()), from_end=trigger.param("RELATED").upper() == "END")
    return Trigger(at=read_date_time(trigger.value, zone).astimezone(timezone.utc))


def _repeated(first: Trigger, alarm: Component) -> list[Trigger]:
    """With the repetitions that REPEAT and DURATION ask for; neither means anything without the other."""
    times, pause = alarm.value("REPEAT").strip(), alarm.first("DURATION")
    step = read_duration(pause.value).total() if pause is not None else timedelta()
    if not times.isdecimal() or step <= timedelta():
        return [first]
    number = min(int(times[:9]), MAX_ALARMS - 1)
    return [first.later(count * step) for count in range(number + 1)]
