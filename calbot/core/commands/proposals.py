"""The options of a poll and its deadline as dates, each bad one named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from calbot.core.dates import At, Base, Choice, Day, Every, Reading, Reason, Unread
from calbot.core.unread import params_of
from calbot.errors import Code

from .context import ParseContext
from .model import Misunderstood, Poll, Proposal
from .phrases import date_refusal, part, read_phrase
from .refusal import Refusal

MOST_OPTIONS = 20  # what clients show of a poll (MSC3381)
_END_OF_DAY = time(23, 59)
# What people write between dates in place of a semicolon. It also stands inside of a date ("Di., 24.11., 14 Uhr").
_OTHER_SEPARATOR = re.compile(r"\s*[,/|]\s+|\s[/|]\s|\s(?:oder|or|und|and)\s", re.IGNORECASE)


def read_options(texts: Sequence[str], duration: timedelta | None, context: ParseContext) -> tuple[Proposal, ...]:
    """Each option on its own, with the day of the one before where it has none."""
    maximum = min(context.max_options, MOST_OPTIONS)
    if len(texts) > maximum:
        raise Refusal("poll_too_many", Code.LIMIT, maximum=maximum, option=texts[maximum])
    options: list[Proposal] = []
    for text in texts:
        options.append(_option(text, options[-1] if options else None, context))
        if duration is not None and any(isinstance(reading, Day) for reading in options[-1].readings):
            raise Refusal("poll_option_without_time", option=text)
    if len(options) < 2:
        raise Refusal("poll_only_one", option=texts[0]) if texts else Refusal("poll_too_few")
    if (twin := _twin(options, duration or context.default_duration)) is not None:
        raise Refusal("poll_option_twice", option=twin)
    return tuple(options)


def is_several(text: str, context: ParseContext) -> bool:
    """Whether a text that reads as no date seems to be several: the first, perhaps behind a title, and the last are."""
    first, *others = _OTHER_SEPARATOR.split(text)
    if not others or isinstance(read_phrase(others[-1], context), Unread):
        return False
    return any(not isinstance(way.reading, Unread) for way in part(first.split(), context))


def check_settled(poll: Poll, context: ParseContext) -> Misunderstood | None:
    """What is wrong with a poll whose readings were chosen only after it was parsed."""
    twin = _twin(poll.options, poll.duration or context.default_duration)
    if twin is not None:
        return Misunderstood("poll_option_twice", params={"option": twin})
    if poll.until and not _before_all(poll.until[0], poll.options, context):
        first = _first(poll.options, context)
        return Misunderstood("poll_until_too_late", params={"until": poll.until_text, "first": first.text})
    return None


def read_until(text: str, options: Sequence[Proposal], context: ParseContext) -> tuple[datetime, ...]:
    """The plausible readings of the deadline of a new poll: still ahead, and before the first option."""
    plausible = tuple(moment for moment in read_deadline(text, context) if _before_all(moment, options, context))
    if not plausible:
        raise Refusal("poll_until_too_late", until=text, first=_first(options, context).text)
    return plausible


def read_deadline(text: str, context: ParseContext) -> tuple[datetime, ...]:
    """The readings of a deadline that are still ahead."""
    reading = read_phrase(text, context)
    if isinstance(reading, Unread):
        raise date_refusal(reading, text, context)
    moments = [_moment(each, context) for each in (reading.readings if isinstance(reading, Choice) else (reading,))]
    if None in moments:
        raise Refusal("poll_until_not_a_moment", text=text)
    ahead = tuple(moment for moment in moments if moment is not None and moment > context.now)
    if not ahead:
        raise Refusal("date_in_past", Code.IN_PAST, text=text, words=text)
    return ahead


def _option(text: str, before: Proposal | None, context: ParseContext) -> Proposal:
    if before is None:
        return Proposal(text, _plausible(read_phrase(text, context), text, context))
    bases = [Base.after(reading) for reading in before.readings]
    read = [read_phrase(text, context, base) for base in bases]
    if len(read) == 1 and any(isinstance(day, Day) and day.first != day.last for day in before.readings):
        read.append(read_phrase(text, context, replace(bases[0], day=bases[0].day + timedelta(days=7))))
        if read[0] != read[1]:  # which of several days?
            raise Refusal("poll_option_without_date", option=text)
    if all(reading == read[0] for reading in read):
        return Proposal(text, _plausible(read[0], text, context))
    each = [_plausible(reading, text, context) for reading in read]
    if any(len(readings) != 1 for readings in each):
        raise Refusal("poll_option_without_date", option=text)
    return Proposal(text, tuple(reading for (reading,) in each), follows=True)


def _plausible(reading: Reading, text: str, context: ParseContext) -> tuple[At | Day, ...]:
    if isinstance(reading, Unread):
        if reading.reason is Reason.IN_PAST:
            raise Refusal("poll_option_past", Code.IN_PAST, option=text)
        if reading.reason is Reason.SERIES:
            raise Refusal("poll_option_series", option=text)
        refusal = date_refusal(reading, text, context)
        if refusal.misunderstood.reason == "unknown_option":
            raise refusal
        if is_several(text, context):
            raise Refusal("poll_option_several", option=text)
        words, why = reading.words or text, refusal.misunderstood.reason
        raise Refusal(
            "poll_option_not_understood",
            Code.NOT_UNDERSTOOD,
            option=text,
            words=words,
            why=why,
            **params_of(reading),
        )
    readings = reading.readings if isinstance(reading, Choice) else (reading,)
    ahead: list[At | Day] = []
    for each in readings:
        if isinstance(each, Every):
            raise Refusal("poll_option_series", option=text)
        if _begins(each, context) > context.now:
            ahead.append(each)
    if not ahead:
        raise Refusal("poll_option_past", Code.IN_PAST, option=text)
    return tuple(ahead)


def _begins(reading: At | Day, context: ParseContext) -> datetime:
    if isinstance(reading, At):
        return reading.start
    return datetime.combine(reading.first, time.min, tzinfo=context.now.tzinfo)


def _moment(reading: At | Day | Every, context: ParseContext) -> datetime | None:
    """A deadline: a day means its end; what lasts or repeats is none."""
    if isinstance(reading, Every):
        return None
    if isinstance(reading, Day):
        if reading.first != reading.last:
            return None
        return datetime.combine(reading.first, _END_OF_DAY, tzinfo=context.now.tzinfo)
    return reading.start if reading.end is None else None


def _before_all(moment: datetime, options: Sequence[Proposal], context: ParseContext) -> bool:
    """Whether a moment is before every option, as late as that can be read."""
    return moment < _latest(_first(options, context), context)


def _first(options: Sequence[Proposal], context: ParseContext) -> Proposal:
    return min(options, key=lambda option: _latest(option, context))


def _latest(option: Proposal, context: ParseContext) -> datetime:
    return max(_begins(reading, context) for reading in option.readings)


def _twin(options: Sequence[Proposal], duration: timedelta) -> str | None:
    """The first settled option that takes place when an earlier one does."""
    seen: set[tuple[object, object]] = set()
    for option in options:
        if len(option.readings) > 1:
            continue
        (reading,) = option.readings
        if isinstance(reading, Day):
            times: tuple[object, object] = (reading.first, reading.last)
        else:
            end = reading.end.timestamp() if reading.end else reading.start.timestamp() + duration.total_seconds()
            times = (reading.start.timestamp(), end)
        if times in seen:
            return option.text
        seen.add(times)
    return None
