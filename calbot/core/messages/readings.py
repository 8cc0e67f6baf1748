"""How the bot read a date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from calbot.core.dates.readings import At, Choice, Day, Every, Reading, Unread
from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Kind, Message, Timed, When
from calbot.core.unread import code_of, params_of, reason_of
from calbot.errors import UserError

from .errors import error
from .events import when_data, when_line
from .series import series_text
from .text import NOTHING, QUOTE, Rich, data, lines, own, say, strong
from .times import day_text, days_of, duration_text, hour_text, relative_day

_ONE_DAY = timedelta(days=1)


def when_answer(
    reader: Reader, text: str, reading: Reading, *, duration: timedelta, example: str | None = None
) -> Message:
    """What `text` was read as. `duration` is how long an event without an end lasts here."""
    if isinstance(reading, Unread):
        return error(reader, unread_error(reading, text), example=example)
    asked = data(text, QUOTE)
    if isinstance(reading, Choice):
        choices = [
            say(reader, "question.choice", number=number, choice=reading_line(reader, one))
            for number, one in enumerate(reading.readings, 1)
        ]
        body = lines(say(reader, "when_answer.choice", text=asked), *choices)
        part: dict[str, Any] = {"readings": [_reading_data(reader, one) for one in reading.readings]}
        return Message(Kind.OK, body.text, body.html, part, discloses=False)
    first = reading.first if isinstance(reading, Every) else reading
    day = days_of(reader, as_when(first))[0]
    word = relative_day(reader, day)
    open_end = isinstance(first, At) and first.end is None
    body = lines(
        say(reader, "when_answer.read", text=asked),
        strong(reading_line(reader, reading)),
        say(reader, "when_answer.relative", word=word) if word and not isinstance(reading, Every) else NOTHING,
        say(reader, "when_answer.open_end", duration=own(duration_text(reader, duration))) if open_end else NOTHING,
    )
    return Message(Kind.OK, body.text, body.html, {"readings": [_reading_data(reader, reading)]}, discloses=False)


def reading_line(reader: Reader, reading: At | Day | Every) -> Rich:
    """A reading in words."""
    if isinstance(reading, Every):
        rule = series_text(reader, reading.rule, all_day=isinstance(reading.first, Day), local_until=True)
        first = reading_line(reader, reading.first)
        if not rule:
            return say(reader, "when_answer.every_other", first=first)
        return say(reader, "when_answer.every", rule=own(rule), first=first)
    if isinstance(reading, At) and reading.end is None:
        start = reading.start.astimezone(reader.zone)
        day = day_text(reader, start.date())
        return own(reader.catalog.text("when.at", date=day, start=hour_text(reader, start)))
    return when_line(reader, as_when(reading))


def as_when(reading: At | Day) -> When:
    """A reading as the time of an event; without an end it is a moment."""
    if isinstance(reading, Day):
        return AllDay(reading.first, reading.last + _ONE_DAY)
    return Timed(reading.start, reading.start if reading.end is None else reading.end)


def unread_error(reading: Unread, text: str) -> UserError:
    """The error that says why `text` was not read as a date."""
    return UserError(code_of(reading), reason_of(reading), words=reading.words or text, **params_of(reading))


def _reading_data(reader: Reader, reading: At | Day | Every) -> dict[str, Any]:
    if isinstance(reading, Every):
        return {**_reading_data(reader, reading.first), "rule": reading.rule}
    part = when_data(reader, as_when(reading))
    if isinstance(reading, At) and reading.end is None:
        part["end"] = None
    return part
