"""Times in words: dates always with their weekday, so that a slip shows, and in a form that `core.dates` reads again.

Patterns are in the catalogs, under ``pattern.``, in the notation of CLDR. Relative words ("tomorrow") only stand beside
an absolute date, and only in messages about the present: a card is still read when they have become wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import babel
from babel.dates import format_date, format_time, get_timezone_location, get_timezone_name

from calbot.core.i18n import Reader
from calbot.core.model import AllDay, When

_DAY = timedelta(days=1)
_JUST_NOW = 5  # seconds
_RELATIVE = {-1: "relative.yesterday", 0: "relative.today", 1: "relative.tomorrow", 2: "relative.day_after_tomorrow"}


def day_text(reader: Reader, day: date, *, year: bool = True) -> str:
    """ "Tue, 24 Nov 2026". Without `year` it is left out where it is the reader's present one."""
    pattern = "pattern.day_year" if year or day.year != reader.today.year else "pattern.day"
    return _date(reader, day, pattern)


def heading_text(reader: Reader, day: date) -> str:
    """A day as a heading, with its relative word if it has one: "Tomorrow, Tuesday 24 November"."""
    pattern = "pattern.heading" if day.year == reader.today.year else "pattern.heading_year"
    text = _date(reader, day, pattern)
    word = relative_day(reader, day)
    return text if word is None else reader.catalog.text("relative.heading", word=capitalised(word), day=text)


def relative_day(reader: Reader, day: date) -> str | None:
    """ "today", "tomorrow" and their neighbours."""
    id = _RELATIVE.get((day - reader.today).days)
    return None if id is None else reader.catalog.text(id)


def clock_text(reader: Reader, instant: datetime, *, named: bool = False) -> str:
    """ "14:00", on the reader's clock; with the zone in the second of two hours that a clock change makes."""
    local = instant.astimezone(reader.zone)
    pattern, locale = reader.catalog.text("pattern.clock"), reader.catalog.locale
    text = format_time(local.replace(tzinfo=None), pattern, locale=locale)
    if not (named or _is_second(reader, instant)):
        return text
    return reader.catalog.text("when.repeated", time=text, zone=_zone_text(local, locale))


def _zone_text(local: datetime, locale: babel.Locale) -> str:
    """ "MEZ", where the language has a name for it, else "UTC+1"."""
    name = get_timezone_name(local, width="short", locale=locale)
    if name.isalpha():
        return name
    offset = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, minutes = divmod(abs(offset), 60)
    return f"UTC{'-' if offset < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "") if offset else "UTC"


def clock_texts(reader: Reader, start: datetime, end: datetime) -> tuple[str, str]:
    """Start and end; where one of them needs its zone, so does the other, which is not in the same."""
    named = _is_second(reader, start, end)
    return clock_text(reader, start, named=named), clock_text(reader, end, named=named)


def hour_text(reader: Reader, instant: datetime, *, named: bool = False) -> str:
    """The time as it stands alone: "14:00", in German "14:00 Uhr", and "02:30 Uhr MEZ" where the zone is shown."""
    clock = clock_text(reader, instant, named=named)
    return clock if named or _is_second(reader, instant) else reader.catalog.text("when.clock", start=clock)


def _is_second(reader: Reader, *instants: datetime) -> bool:
    """Whether one of the instants lies in the second of two hours that a clock change makes."""
    return any(instant.astimezone(reader.zone).fold for instant in instants)


def instant_text(reader: Reader, instant: datetime) -> str:
    """A moment near the present: the time, with its day unless that is today."""
    day = instant.astimezone(reader.zone).date()
    if day == reader.today:
        return hour_text(reader, instant)
    return moment_text(reader, instant)


def moment_text(reader: Reader, instant: datetime) -> str:
    """A moment with its day, for texts that are still read on another one."""
    day = instant.astimezone(reader.zone).date()
    return reader.catalog.text("when.at", date=day_text(reader, day, year=False), start=hour_text(reader, instant))


def when_text(reader: Reader, when: When, *, year: bool = True) -> str:
    """When something takes place, as one line."""
    first, last = days_of(reader, when)
    if isinstance(when, AllDay):
        if first == last:
            return reader.catalog.text("when.all_day", date=day_text(reader, first, year=year))
        return reader.catalog.text("when.days", **_ends(reader, first, last, year=year))
    seen = when.seen_in(reader.zone)
    named = _is_second(reader, seen.start, seen.end)
    start, end = (hour_text(reader, instant, named=named) for instant in (seen.start, seen.end))
    if seen.start.date() != seen.end.date():
        ends = _ends(reader, seen.start.date(), seen.end.date(), year=year)
        return reader.catalog.text("when.span", start=start, end=end, **ends)
    day = day_text(reader, first, year=year)
    if seen.start.timestamp() == seen.end.timestamp():
        return reader.catalog.text("when.at", date=day, start=start)
    return reader.catalog.text("when.range", date=day, start=clock_text(reader, seen.start, named=named), end=end)


def hours_text(reader: Reader, when: When, day: date) -> str:
    """The part of `when` that belongs below a heading for `day`: "14:00–15:00", "all day:", "until 01:00:"."""
    first, last = days_of(reader, when)
    if isinstance(when, AllDay):
        if last == day:
            return reader.catalog.text("hours.all_day")
        return reader.catalog.text("hours.all_day_until", date=day_text(reader, last, year=False))
    seen = when.seen_in(reader.zone)
    start, end = clock_texts(reader, seen.start, seen.end)
    if first == seen.end.date():
        return reader.catalog.text("hours.range", start=start, end=end) if start != end else start
    until = day_text(reader, seen.end.date(), year=False)
    if first == day:
        return reader.catalog.text("hours.until_day", start=start, date=until, end=end)
    if seen.end.date() == day:
        return reader.catalog.text("hours.until", end=end)
    return reader.catalog.text("hours.all_day_until", date=until)


def elsewhere_text(reader: Reader, when: When) -> str:
    """The time on the clocks of the zone that the event was written in, if these show something else; else nothing."""
    if isinstance(when, AllDay) or when.floating:
        return ""
    zone = when.start.tzinfo
    if not isinstance(zone, ZoneInfo) or "/" not in zone.key or zone.key.startswith("Etc/"):
        return ""  # UTC is what servers store, not where people meet
    here, there = when.seen_in(reader.zone), when.seen_in(zone)
    if here.start.utcoffset() == there.start.utcoffset() and here.end.utcoffset() == there.end.utcoffset():
        return ""
    city = get_timezone_location(zone, locale=reader.catalog.locale, return_city=True)
    start, end = there.start.astimezone(zone), there.end.astimezone(zone)
    away = replace(reader, zone=zone)
    if start.date() == here.start.date() and start.date() == end.date():
        hours = reader.catalog.text("hours.range", start=clock_text(away, start), end=clock_text(away, end))
        return reader.catalog.text("when.elsewhere", time=hours, city=city)
    return reader.catalog.text("when.elsewhere_day", time=when_text(away, when, year=False), city=city)


def days_of(reader: Reader, when: When) -> tuple[date, date]:
    """First and last day that it touches in the reader's zone; midnight at the end belongs to the day before."""
    if isinstance(when, AllDay):
        return when.start, max(when.start, when.last)
    seen = when.seen_in(reader.zone)
    first, last = seen.start.date(), seen.end.date()
    if last > first and seen.end.time().replace(second=0, microsecond=0) == datetime.min.time():
        last -= _DAY
    return first, last


def duration_text(reader: Reader, duration: timedelta) -> str:
    """ "15 minutes", "1 h 30 min", "2 days": the two largest units, minutes at least."""
    days, hours, minutes = _units(duration)
    plural = reader.catalog.plural
    if days:
        parts = [plural("duration.days", days)] + ([plural("duration.h", hours)] if hours else [])
        return " ".join(parts)
    if hours and minutes:
        return f"{plural('duration.h', hours)} {plural('duration.min', minutes)}"
    return plural("duration.hours", hours) if hours else plural("duration.minutes", minutes)


def in_text(reader: Reader, duration: timedelta) -> str:
    """ "in 15 minutes", "in 1 h 30 min", "in 2 days"; "now" below half a minute."""
    if duration < timedelta(seconds=30):
        return reader.catalog.text("in.now")
    days, hours, minutes = _units(duration)
    plural = reader.catalog.plural
    if days and not hours:
        return plural("in.days", days)
    if not days and not minutes:
        return plural("in.hours", hours)
    if not days and not hours:
        return plural("in.minutes", minutes)
    return reader.catalog.text("in.both", duration=duration_text(reader, duration))


def ago_text(reader: Reader, instant: datetime) -> str:
    """How long ago: in words within the hour, else the moment."""
    seconds = int((reader.now - instant).total_seconds())
    if seconds < _JUST_NOW:
        return reader.catalog.text("ago.now")
    if seconds < 60:
        return reader.catalog.plural("ago.seconds", seconds)
    if seconds < 3600:
        return reader.catalog.plural("ago.minutes", seconds // 60)
    return instant_text(reader, instant)


def left_text(reader: Reader, start: datetime) -> str:
    """How long until `start`: by the clock within a day, else by the days of the calendar, as people count."""
    left = start - reader.now
    if left < _DAY:
        return in_text(reader, left)
    return reader.catalog.plural("in.days", (start.astimezone(reader.zone).date() - reader.today).days)


def capitalised(text: str) -> str:
    """As the beginning of a line."""
    return f"{text[:1].upper()}{text[1:]}"


def _units(duration: timedelta) -> tuple[int, int, int]:
    """Days, hours and minutes, rounded to minutes, and to hours where there are days."""
    minutes = max(0, round(duration.total_seconds() / 60))
    if minutes >= 24 * 60:
        minutes = round(minutes / 60) * 60
    return minutes // (24 * 60), minutes // 60 % 24, minutes % 60


def _date(reader: Reader, day: date, pattern: str) -> str:
    return format_date(day, reader.catalog.text(pattern), locale=reader.catalog.locale)


def _ends(reader: Reader, first: date, last: date, *, year: bool) -> dict[str, str | int]:
    """First and last day; the year that both share is said once."""
    shown = day_text(reader, last, year=year)
    if first.year == last.year:
        return {"first": _date(reader, first, "pattern.day"), "last": shown}
    return {"first": day_text(reader, first), "last": day_text(reader, last)}
