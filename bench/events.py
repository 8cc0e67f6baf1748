"""Events such as lie on calendars of an office."""

from __future__ import annotations

from typing import Final

_RULES: Final = (
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=WEEKLY;COUNT=20",
)
# As calendar programs put it beside their events; where it is missing, Radicale takes ten times as long to work it out.
_ZONE: Final = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
    "BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
    "DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n"
    "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"
    "END:VTIMEZONE\r\n"
)


def calendar_of(number: int, *, recurring: bool) -> str:
    rule = f"RRULE:{_RULES[number % 4]}" if recurring else "CLASS:PUBLIC"
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//bench//EN\r\n"
        f"{_ZONE}BEGIN:VEVENT\r\nUID:event-{number}\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Besprechung {number}\r\n"
        f"DTSTART;TZID=Europe/Berlin:2027{number % 12 + 1:02}{number % 28 + 1:02}T090000\r\nDURATION:PT1H\r\n"
        f"DESCRIPTION:{'Tagesordnung und Unterlagen folgen. ' * 8}\r\nLOCATION:Raum 4.{number % 50}\r\n"
        f"{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
