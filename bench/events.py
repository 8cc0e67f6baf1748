"""Events such as lie on calendars of an office."""

from __future__ import annotations

from typing import Final

_RULES: Final = (
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=WEEKLY;COUNT=20",
)


def calendar_of(number: int, *, recurring: bool) -> str:
    rule = f"RRULE:{_RULES[number % 4]}" if recurring else "CLASS:PUBLIC"
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//bench//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:event-{number}\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Besprechung {number}\r\n"
        f"DTSTART;TZID=Europe/Berlin:2027{number % 12 + 1:02}{number % 28 + 1:02}T090000\r\nDURATION:PT1H\r\n"
        f"DESCRIPTION:{'Tagesordnung und Unterlagen folgen. ' * 8}\r\nLOCATION:Raum 4.{number % 50}\r\n"
        f"{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
