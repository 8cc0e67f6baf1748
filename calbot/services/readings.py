"""From what a phrase can mean to the one time that is meant: asks where two readings are plausible."""

from __future__ import annotations

from datetime import timedelta, timezone

from calbot.core import dates
from calbot.core.ask import Ask
from calbot.core.commands import ParseContext
from calbot.core.dates import At, Choice, Day, Every, Reading, Unread
from calbot.core.messages import unread_error
from calbot.core.model import AllDay, Locale, Timed, When

from .requests import Request


def settle(request: Request, reading: Reading, title: str, duration: timedelta, *, text: str = "") -> tuple[When, str]:
    """The time meant and the RRULE value of the series, empty outside one. Asked or UserError where it is not clear.

    `title` is what the time is for, `text` what was typed.
    """
    match reading:
        case Unread():
            raise unread_error(reading, text)
        case Choice(readings):
            picked = readings[request.picks.take(Ask("when", readings, {"title": title} if title else {}))]
            return settle(request, picked, title, duration, text=text)
        case Every(first, rule):
            return as_when(first, duration), rule
        case At() | Day():
            return as_when(reading, duration), ""


def locales_of(reads: Locale) -> tuple[dates.Locale, ...]:
    """In which languages a date is read by whoever reads texts in `reads`: the other only where the first gives
    nothing."""
    return ("de", "en") if reads == "de" else ("en", "de")


def context_of(request: Request, max_options: int = 20) -> ParseContext:
    """What the grammar of commands has to know of a request."""
    return ParseContext(
        now=request.now,
        locales=locales_of(request.reader.locale),
        replying=request.replying,
        default_duration=request.duration,
        max_options=max_options,
    )


def as_when(single: At | Day, duration: timedelta) -> When:
    """A reading as the time of an event; without an end it lasts `duration`."""
    if isinstance(single, Day):
        return AllDay(single.first, single.last + timedelta(days=1))
    if single.end is not None:
        return Timed(single.start, single.end)
    # The default duration is elapsed time: across a clock change an hour stays an hour.
    instant = single.start.astimezone(timezone.utc) + duration
    return Timed(single.start, instant.astimezone(single.start.tzinfo))
