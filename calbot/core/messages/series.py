"""The rule of a series in words, for the rules that people make; others are only called a series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone

from babel.dates import get_day_names, get_month_names
from babel.lists import format_list

from calbot.core.i18n import Reader
from calbot.core.recurrence_rule import Frequency, Rule, Until, read_rule
from calbot.errors import BadCalendarData

from .times import day_text

_WORKDAYS = frozenset((0, 1, 2, 3, 4))
_ORDINALS = {
    -1: "ordinal.last",
    1: "ordinal.first",
    2: "ordinal.second",
    3: "ordinal.third",
    4: "ordinal.fourth",
    5: "ordinal.fifth",
}


def series_text(reader: Reader, rule: str, *, all_day: bool, local_until: bool = False) -> str:
    """ "every Tuesday, until Fri, 18 Dec 2026"; nothing for a rule that has no simple name.

    `local_until`: UNTIL is written as a date of the reader's, as the date reader does, not in UTC.
    """
    try:
        read = read_rule(rule)
    except BadCalendarData:
        return ""
    pattern = _pattern(reader, read)
    if not pattern:
        return ""
    if read.count is not None:
        return reader.catalog.plural("series.count", read.count, rule=pattern)
    if read.until is not None:
        last = day_text(reader, _last_day(reader, read.until, as_written=all_day or local_until))
        return reader.catalog.text("series.until", rule=pattern, date=last)
    return pattern


def _last_day(reader: Reader, until: Until, *, as_written: bool) -> date:
    if as_written or until.clock is None or not until.utc:
        return until.day
    instant = datetime.combine(until.day, until.clock, tzinfo=timezone.utc)
    return instant.astimezone(reader.zone).date()


def _pattern(reader: Reader, rule: Rule) -> str:
    if rule.byhour or rule.byminute or rule.bysecond or rule.byyearday or rule.byweekno:
        return ""
    if rule.freq is Frequency.DAILY:
        return _daily(reader, rule)
    if rule.freq is Frequency.WEEKLY:
        return _weekly(reader, rule)
    if rule.freq is Frequency.MONTHLY:
        return _monthly(reader, rule)
    return _yearly(reader, rule) if rule.freq is Frequency.YEARLY else ""


def _daily(reader: Reader, rule: Rule) -> str:
    if rule.bymonthday or rule.bymonth or rule.bysetpos or any(nth for nth, _ in rule.byday):
        return ""
    weekdays = [weekday for _, weekday in rule.byday]
    if weekdays:
        return _weekdays_every_week(reader, weekdays) if rule.interval == 1 else ""
    return reader.catalog.plural("series.days", rule.interval)


def _weekly(reader: Reader, rule: Rule) -> str:
    if rule.bymonthday or rule.bymonth or rule.bysetpos or any(nth for nth, _ in rule.byday):
        return ""
    weekdays = [weekday for _, weekday in rule.byday]
    if not weekdays:
        return reader.catalog.plural("series.weeks", rule.interval)
    if rule.interval == 1:
        return _weekdays_every_week(reader, weekdays)
    days = _listed(reader, [reader.catalog.text(f"weekday.on.{weekday}") for weekday in sorted(weekdays)])
    return reader.catalog.plural("series.weeks_on", rule.interval, days=days)


def _weekdays_every_week(reader: Reader, weekdays: Sequence[int]) -> str:
    if frozenset(weekdays) == _WORKDAYS:
        return reader.catalog.text("series.workdays")
    return reader.catalog.text("series.every", days=_weekdays(reader, weekdays))


def _monthly(reader: Reader, rule: Rule) -> str:
    plural, n = reader.catalog.plural, rule.interval
    if rule.bymonth:
        return ""
    if not (rule.bymonthday or rule.byday or rule.bysetpos):
        return plural("series.months", n)
    if rule.bymonthday == (-1,) and not (rule.byday or rule.bysetpos):
        return plural("series.months_on_last_day", n)
    days = _days_of_month(reader, rule)
    if days:
        return plural("series.months_on_day", n, days=days)
    nth, weekdays = _nth_weekdays(reader, rule)
    return plural("series.months_on_nth", n, nth=nth, days=weekdays) if nth else ""


def _yearly(reader: Reader, rule: Rule) -> str:
    plural, n = reader.catalog.plural, rule.interval
    if not (rule.bymonth or rule.bymonthday or rule.byday or rule.bysetpos):
        return plural("series.years", n)
    if len(rule.bymonth) != 1:
        return ""
    month = get_month_names("wide", locale=reader.catalog.locale)[rule.bymonth[0]]
    days = _days_of_month(reader, rule)
    if days:
        return plural("series.years_on_day", n, days=days, month=month)
    nth, weekdays = _nth_weekdays(reader, rule)
    return plural("series.years_on_nth", n, nth=nth, days=weekdays, month=month) if nth else ""


def _days_of_month(reader: Reader, rule: Rule) -> str:
    """ "15th": the days of the month that the rule names by number, counted from its beginning; else nothing."""
    if rule.byday or rule.bysetpos or not rule.bymonthday or min(rule.bymonthday) < 0:
        return ""
    return _listed(reader, [reader.catalog.text("series.day", day=day) for day in rule.bymonthday])


def _nth_weekdays(reader: Reader, rule: Rule) -> tuple[str, str]:
    """ "first", "Monday"; nothing where the rule is not of that form."""
    nths = {nth for nth, _ in rule.byday}
    if nths == {0} and len(rule.byday) == len(rule.bysetpos) == 1:
        nths = set(rule.bysetpos)  # BYDAY=MO;BYSETPOS=1 is how Outlook writes 1MO
    elif rule.bysetpos:
        return "", ""
    if rule.bymonthday or len(nths) != 1 or not nths <= _ORDINALS.keys():
        return "", ""
    ordinal = reader.catalog.text(_ORDINALS[nths.pop()])
    return ordinal, _weekdays(reader, [weekday for _, weekday in rule.byday])


def _weekdays(reader: Reader, weekdays: Sequence[int]) -> str:
    names = get_day_names("wide", "stand-alone", reader.catalog.locale)
    return _listed(reader, [names[weekday] for weekday in sorted(set(weekdays))])


def _listed(reader: Reader, words: Sequence[str]) -> str:
    return format_list(words, "standard", reader.catalog.locale)
